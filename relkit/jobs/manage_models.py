"""`relkit models` and `relkit models promote`: list the registered versions, and choose the one in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from relkit.tracking.registry import ModelVersion


class ListModels(Job):
    """List the registered versions of one model or of all, newest first, with aliases and holdout metrics."""

    command: ClassVar[str] = "models"
    reads: ClassVar[str] = "tables"
    writes: ClassVar[bool] = False
    asks_registry: ClassVar[bool] = True

    model: str | None = Field(default=None, description="Name of a model. Default: all.")

    def run(self, progress: Progress = quiet) -> Result:
        """Read the registry."""
        from relkit.tracking import registry

        progress("reading the registry", 0.0)
        found = registry.versions(self.model and registry.registered_name(self.model, self.programme))
        if "programme" in self.model_fields_set and not self._taken:
            found = [version for version in found if version.programme == self.programme]
        if not found:
            first = f"No model is registered yet. Run {command('fit', 'lifetime_value.auto')} first."
            return Result(job=self.command, sentences=(first,), details={"versions": []})
        names, chosen = {version.name for version in found}, registry.chosen_names()
        return Result(
            job=self.command,
            counts={"models": len(names), "versions": len(found)},
            sentences=tuple(_line(version, is_chosen=version.name in chosen) for version in found),
            details={"versions": [_facts(version) | {"is_chosen": version.name in chosen} for version in found]},
        )


class PromoteModel(Job):
    """Make a registered version the champion, which the scoring job uses, and keep the reason with it."""

    command: ClassVar[str] = "models promote"
    reads: ClassVar[str] = "tables"
    writes: ClassVar[bool] = False
    asks_registry: ClassVar[bool] = True

    model: str = Field(description="Name of the model, e.g. lifetime_value.bg_nbd.")
    version: str = Field(description="Number of the version, as relkit models lists it.", coerce_numbers_to_str=True)
    reason: str = Field(default="", description="Why; kept with the version.")

    def verify(self) -> None:
        """Refuse a promotion without a reason."""
        if not self.reason.strip():
            raise ParameterError("a reason is needed; it is kept with the version.", where="models promote", remedy='Give --reason "...".')

    def run(self, progress: Progress = quiet) -> Result:
        """Move the alias."""
        from relkit.tracking import registry

        self.verify()
        progress("reading the registry", 0.0)
        name = registry.registered_name(self.model, self.programme)
        before = registry.champion(name)
        now = registry.promote(name, self.version, reason=self.reason)
        was = f" in place of version {before.version}" if before and before.version != now.version else ""
        return Result(
            job=self.command,
            sentences=(f"{now.name} version {now.version} is champion{was}: {now.reason}. Run {command('score')} to use it.",),
            details={"version": _facts(now), "champion_before": before.version if before else None},
        )


def _line(version: ModelVersion, *, is_chosen: bool) -> str:
    """Return the line on a version; the champion that `relkit fit` chose for orders among all models is marked."""
    chosen = [f"chosen by {version.model.partition('.')[0]}.auto"] if is_chosen and version.is_champion else []
    marks = (*version.aliases, *chosen)
    alias = f" ({', '.join(marks)})" if marks else ""
    judged = (
        f"{version.metric} {version.metric_value:.6g} on {version.holdout}"
        if version.metric_value is not None
        else "not judged on a holdout"
    )
    why = f"; {version.reason}" if version.reason else ""
    return f"{version.name} version {version.version}{alias}: as of {version.as_of}, {judged}{why}."


def _facts(version: ModelVersion) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: str(value) if name in {"as_of", "created_at"} else value for name, value in asdict(version).items()}

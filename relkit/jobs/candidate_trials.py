"""Trials of the candidates of a choice: each is fitted to what was known at every past origin, on the same sample of customers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError
from relkit.jobs.model_fitting import fit_named
from relkit.jobs.trials import Ready, Tried, tried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.families.inputs import ModelInputs
    from relkit.jobs.base import Result
    from relkit.jobs.choice import Choice
    from relkit.jobs.holdouts import Known
    from relkit.jobs.model_fitting import FitRequest
    from relkit.jobs.registering import Beside
    from relkit.models.comparison import ModelComparison
    from relkit.periods import DrawnHoldout, Holdout
    from relkit.progress import Progress

SHARE_OF_TRIALS, SHARE_OF_COMPARISON = 0.4, 0.5
"""Progress of the whole work when the trials and when the comparison are done."""


@dataclass(eq=False)
class Trials:
    """The trials of the candidates.

    Attributes:
        choice: the candidates with their settings.
        request: the fit requested.
        splits: the origins at which they are judged, the newest first; empty if there is nothing to judge on.
        known: the information on the customers drawn.
        at: by origin, in the order of `splits`, the model of each candidate left.
        failed: the reason of each candidate that could not be judged.
        left_out: sentences on origins at which too few candidates could be fitted.
        problem: why nothing could be compared; empty if it could.
    """

    choice: Choice
    request: FitRequest
    splits: tuple[Holdout | DrawnHoldout, ...]
    known: Known
    at: list[tuple[Holdout | DrawnHoldout, dict[str, Tried]]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates that have not failed."""
        return tuple(name for name in self.choice.candidates if name not in self.failed)

    def run(self, progress: Progress) -> None:
        """Fit every candidate at every origin, and keep the reasons for which some fail."""
        for i, split in enumerate(self.splits):
            made, failed = self._at(split, _part(progress, i, len(self.splits)))
            if self.at and self._too_few(made, failed):
                why = next(iter(failed.values()))
                self.left_out.append(f"The origin {split.calibration} was left out, as too few candidates could be fitted there. {why}")
                continue
            self.failed |= failed
            self.at.append((split, made))
        self.at = [(split, {name: made[name] for name in self.names}) for split, made in self.at]

    def _at(self, split: Holdout | DrawnHoldout, progress: Progress) -> tuple[dict[str, Tried], dict[str, str]]:
        made: dict[str, Tried] = {}
        failed: dict[str, str] = {}
        names = self.names
        for i, name in enumerate(names):
            progress(f"{name}: fitted up to {split.calibration}", i / len(names))
            try:
                made[name] = self._trial(name, split)
            except FitError as error:
                failed[name] = str(error)
        return made, failed

    def _too_few(self, made: dict[str, Tried], failed: dict[str, str]) -> bool:
        """Return whether an older origin would cost more candidates than it is worth."""
        from relkit.models.catalogue import family

        by = family(self.request.model).yardstick
        return len(failed) > len(made) or any(by is not None and name == by.preferred for name in failed)

    def _trial(self, name: str, split: Holdout | DrawnHoldout) -> Tried:
        from relkit.families.bindings import absence
        from relkit.models.catalogue import settings_class

        if absent := absence(name, self.known.tables):
            raise FitError(f"{absent}, from which it learns.", where=name)
        self._refuse_a_twin(name, split)
        given = {**settings_class(name).judged_at(split.days), **self.choice.of(name)}
        ready = Ready.of(name, given, self.inputs(name), self.known, self.request.as_of, split)
        if ready.lacking:
            raise FitError(ready.lacking, where=name)
        return tried(ready)

    def inputs(self, name: str) -> ModelInputs:
        """Return the inputs of a candidate."""
        from relkit.families.bindings import inputs_of

        return inputs_of(name, self.known.tables, self.choice.read(name))

    def _refuse_a_twin(self, name: str, split: Holdout | DrawnHoldout) -> None:
        """Refuse a model that is identical to another one because both learn from the same rows."""
        from relkit.families.bindings import inputs_of
        from relkit.models.catalogue import settings_class

        twin, known = settings_class(name).twin, self.known
        if not twin:
            return
        own, other = (inputs_of(each, known.tables) for each in (name, twin))
        if known.features(own, split.calibration).equals(known.features(other, split.calibration)):
            raise FitError(f"nothing changes while a row of the {own.table} holds, so it is {twin}.", where=name)

    def compared(self, progress: Progress) -> ModelComparison | None:
        """Return the comparison of the models that could be fitted; None if there is none, with the problem kept."""
        from relkit.models.catalogue import family

        own = family(self.request.model)
        if not self.at or not self.names or own.compare is None:
            return None
        split = self.at[0][0]
        progress(f"{len(self.names)} models compared {split.spoken}", SHARE_OF_TRIALS)
        more: dict[str, Any] = {"replicates": self.choice.replicates, "seed": self.choice.seed}
        try:
            if own.compare_origins is not None:
                return own.compare_origins(self._origins(), **more)
            origin = self._origins()[0]
            return own.compare(origin.fitted, origin.features, origin.outcomes, past=origin.past, **more)
        except FitError as error:
            self.problem = f"Nothing could be judged on the {split.days} days after {split.calibration}: {error}"
            return None

    def _origins(self) -> Sequence[Any]:
        from relkit.families.bindings import binding
        from relkit.models.comparison import Origin

        inputs, own = self.inputs(self.names[0]), binding(self.request.model)
        return [
            Origin(
                fitted={name: trial.fitted for name, trial in made.items()},
                features={name: trial.judged for name, trial in made.items()},
                outcomes=self.known.what_happened(inputs, split),
                past=self.known.past(inputs, split.end) if i == 0 else None,
                order_value=own.order_value(next(iter(made.values())).judged, split.calibration.day),
            )
            for i, (split, made) in enumerate(self.at)
        ]

    def named(self, name: str) -> FitRequest:
        """Return the request of a candidate, as if it had been named."""
        return replace(self.request, model=name, settings=self.choice.of(name))

    def newest(self, name: str) -> Tried | None:
        """Return the trial of a candidate at the newest origin; None if there was none."""
        return self.at[0][1].get(name) if self.at else None

    def fitted(self, name: str, progress: Progress, beside: Beside | None = None) -> Result:
        """Fit a candidate to all days and register it, as if it had been named; its newest trial is reused."""
        named = self.named(name)
        return fit_named(named, self.inputs(name), progress, beside=beside, tried=self.newest(name))


def _part(progress: Progress, i: int, parts: int) -> Progress:
    """Return a progress callback for one of several parts of the trials."""
    return lambda what, done=None: progress(what, SHARE_OF_TRIALS * (i + (done or 0.0)) / parts)

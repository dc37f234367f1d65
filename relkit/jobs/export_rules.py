"""`relkit rules`: the rules of the champion as files for merchandisers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion


class ExportRules(Job):
    """Write the association rules of the champion, the strongest first, as CSV, XLSX and Parquet, in names and in ids."""

    command: ClassVar[str] = "rules"
    reads: ClassVar[str] = "tables"

    top: int = Field(default=1_000, ge=1, description="Rules in the files at most.")
    every: bool = Field(default=False, description="Rules that are not significant, superfluous, or rarer than by chance as well.")
    language: Literal["en", "fr"] = Field(default="en", description="Language of the files.")

    def run(self, progress: Progress = quiet) -> Result:
        """Load the champion, name its products, write the files."""
        from relkit.delivery.rule_files import rule_rows, write_rules
        from relkit.tables.table_set import TableSet
        from relkit.tracking import registry

        tables = TableSet.open(self.out_dir / "tables")
        progress("loading the rules", 0.0)
        version = self._version()
        fitted: Any = registry.load(version)
        rules = (fitted.associations() if self.every else fitted.strongest(self.top)).head(self.top)
        rows = rule_rows(rules, _names(tables, fitted), by=fitted.settings.by)
        facts = {"model": version.name, "version": version.version, "as_of": str(version.as_of), "rules": len(rows)}
        facts |= {"rules_found": len(fitted.associations()), "every": self.every}
        progress("writing the files", 0.6)
        folder = self.out_dir / "rules" / str(version.as_of)
        paths = write_rules(rows, folder, "rules", language=self.language, facts=facts)
        return Result(
            job=self.command,
            counts={"rules": len(rows), "rules_found": facts["rules_found"]},
            paths=paths,
            warnings=() if len(rows) else ("No rule is significant. Give --every for all rules found.",),
            sentences=(f"{len(rows):,} of {facts['rules_found']:,} rules of {version.name} version {version.version} were written.",),
            details=facts,
        )

    def _version(self) -> ModelVersion:
        """Return the champion among the models that associate products.

        Raises:
            ParameterError: none was fitted; the message names the command that does it.
        """
        from relkit.models import catalogue
        from relkit.models.affinity.family import ASSOCIATIONS
        from relkit.tracking import registry

        names = catalogue.models_of(ASSOCIATIONS)
        found = (registry.champion(registry.registered_name(name, self.programme)) for name in names)
        version = next((each for each in found if each is not None), None)
        if version is None:
            raise ParameterError("no rules were found yet.", where=self.command, remedy=f"Run {command('fit', names[0])} first.")
        return version


def _names(tables: TableSet, fitted: Any) -> dict[str, str]:
    """Return the names of products by id, as of the fit."""
    from relkit.features.product_facts import product_facts
    from relkit.models.base import edge_of

    facts = product_facts(tables, edge_of(fitted.info, tables.facts.business_zone))
    return dict(facts.select("product_id", "name").drop_nulls().iter_rows())

"""`relkit fit MODEL`: fits a model, judges it on a holdout, registers it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.jobs.choice import read_choice
from relkit.jobs.choose_model import choose
from relkit.jobs.fit_side_by_side import fit_side_by_side, read_members
from relkit.jobs.given_settings import read_settings
from relkit.jobs.holdouts import Known
from relkit.jobs.model_fitting import FitRequest, fit_named
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from relkit.jobs.check_tables import CheckTables
    from relkit.tables.table_set import TableSet


class FitModel(Job):
    """Fit a model, judge it on a holdout, refit it on all days, and register it as a version."""

    command: ClassVar[str] = "fit"
    reads: ClassVar[str] = "tables"
    asks_registry: ClassVar[bool] = True

    model: str = Field(
        description="Name of the model, e.g. lifetime_value.bg_nbd; lifetime_value.auto compares the models of orders and takes one, "
        "survival.auto those of contracts, uplift.auto those of the effects of actions; attribution.all fits all that credit channels."
    )
    as_of: str | None = Field(
        default=None, description="Date (whole business day) or instant to learn up to. Default: the last in the data."
    )
    holdout_days: int | None = Field(
        default=None,
        ge=0,
        description="Last days on which the model is judged; 0 for none. Default: a third of the history, at most 182; "
        "for lifetime_value.auto the horizon, at several past dates: 90.",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the model by name, e.g. --settings.period_days 7.")
    data: str | Path | None = Field(default=None, description="Raw tables to check first. Default: what relkit check left behind.")
    mapping: Path | None = Field(default=None, description="Mapping file of DATA. Default: DATA/mapping.yaml when there is one.")
    figures: bool = Field(default=True, description="Draw the diagnostic plots and keep them with the run.")
    force: bool = Field(default=False, description="Make the new version the champion whatever its metric; give a reason.")
    reason: str = Field(default="", description="Why the promotion is forced; kept with the version.")
    cross_check: bool = Field(
        default=False, description="Fit it with lifelines as well and print its log-likelihood and coefficients: survival.cox and the AFTs."
    )

    def inputs(self) -> tuple[Path, ...]:
        """Return the facts of the tables (with every table's checksum), and the raw files if given."""
        check = self._check()
        return (self.out_dir / "tables" / "facts.json", *(check.inputs() if check else ()))

    def state(self) -> str:
        """Return the registry in use (a version exists only in its own), and what determines the reading of raw data."""
        check = self._check()
        return os.environ.get("MLFLOW_TRACKING_URI", "") + (check.state() if check else "")

    @property
    def shares(self) -> bool:
        """Several fits may run at once, as long as none checks raw data first."""
        return self.data is None

    def verify(self) -> None:
        """Refuse an unknown model or setting, and a promotion forced without a reason."""
        from relkit.models import catalogue

        choices, families = catalogue.choices(), catalogue.side_by_side()
        known = (*catalogue.names(), *choices, *families)
        if self.model not in known:
            raise ParameterError.unknown("model", self.model, known, where="fit")
        if self.force and not self.reason.strip():
            raise ParameterError("force needs a reason; it is kept with the version.", where="fit", remedy='Give --reason "...".')
        if self.cross_check:
            from relkit.models.survival.cross_check import refuse_cross_check

            refuse_cross_check(self.model)
        if self.model in choices:
            read_choice(self.model, self.settings)
        elif self.model in families:
            read_members(self.model, self.settings)
        elif self.settings:
            given = read_settings(self.model, self.settings)
            # Columns chosen later from the features may be those that the splines name.
            bent = list(given.get("splines") or ["none"])
            stand_in = {name: bent for name in catalogue.required_settings(self.model) if name not in given}
            catalogue.make(self.model, stand_in | given)

    def run(self, progress: Progress = quiet) -> Result:
        """Build features, judge, fit, compare with the champion, register."""
        from relkit.families.bindings import absence, inputs_of
        from relkit.models.catalogue import choices, side_by_side
        from relkit.tables.table_set import TableSet

        self.verify()
        check = self._check()
        checked = check.run(progress) if check else None
        if checked and not checked.passed:
            return checked.model_copy(update={"job": self.command})
        tables = TableSet.open(self.out_dir / "tables")
        if lacking := absence(self.model, tables):
            return Result(job=self.command, skipped=f"{self.model}: {lacking}, from which it learns.")
        if self.model in choices():
            return choose(self.request(tables), progress)
        if self.model in side_by_side():
            return fit_side_by_side(self.request(tables), progress)
        settings = read_settings(self.model, self.settings)
        return fit_named(self.request(tables), inputs_of(self.model, tables, settings), progress)

    def request(self, tables: TableSet) -> FitRequest:
        """Return the fit to make on the tables."""
        return FitRequest(
            model=self.model,
            settings=self.settings,
            known=Known(tables),
            as_of=tables.as_of(self.as_of),
            holdout_days=self.holdout_days,
            programme=self.programme,
            forced=self.reason.strip() if self.force else "",
            cross_check=self.cross_check,
            figures=self.figures,
        )

    def _check(self) -> CheckTables | None:
        """Return the check of the raw tables; None if none are given."""
        from relkit.jobs.check_tables import CheckTables

        if self.data is None:
            return None
        return CheckTables(programme=self.programme, out=self.out, data=self.data, mapping=self.mapping)

"""Models of attribution fitted again: with other lookbacks, with and without reuse of touches, or to the days of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

LOOKBACKS_DAYS = (7.0, 30.0, 90.0)
"""Lookbacks with which the robustness of credit is shown."""


@dataclass(frozen=True, eq=False)
class CreditVariants:
    """A fitted model and the company from which it learnt.

    Attributes:
        fitted: the model.
        tables: the company.
    """

    fitted: Any
    tables: TableSet

    @property
    def edge(self) -> AsOf:
        """The cutoff of what the model learnt from."""
        from relkit.models.base import edge_of

        return edge_of(self.fitted.info, self.tables.facts.business_zone)

    def journeys(self) -> pl.DataFrame:
        """Return the rows that the model was fitted to, read again."""
        return self._rows(self.fitted.settings)

    def by_setting(self) -> pl.DataFrame:
        """Return source (lookback or reuse), setting, channel, share: the credit by other lookbacks, and with and without reuse."""
        import polars as pl

        tried: list[tuple[str, float, dict[str, Any]]] = [("lookback", days, {"lookback_days": days}) for days in LOOKBACKS_DAYS]
        tried += [("reuse", float(reused), {"reuse_touches": reused}) for reused in (False, True)]
        parts = []
        for source, setting, changed in tried:
            credit = self._credit(changed)
            if credit is not None:
                parts.append(credit.select(pl.lit(source).alias("source"), pl.lit(setting).alias("setting"), "channel", "share"))
        return pl.concat(parts) if parts else no_variants()

    def in_days(self, channel: str, starts_on: date, ends_on: date) -> float | None:
        """Return the conversions of some days that are credited to a channel by the same settings; None if there is nothing to credit."""
        import polars as pl

        from relkit.errors import NotEnoughEventsError
        from relkit.families.bindings import inputs_of
        from relkit.periods import AsOf, Holdout

        settings = replace(self.fitted.settings, by="", period="")
        start, end = (AsOf.end_of(day, zone=self.edge.zone) for day in (starts_on - timedelta(days=1), ends_on))
        days = Holdout(calibration=start, end=end, days=(end.day - start.day).days)
        rows = inputs_of(settings.name, self.tables, settings.reads_with).what_happened(self.tables, days)
        try:
            credit = settings.fit(rows, as_of=ends_on).credit()
        except NotEnoughEventsError:
            return None
        own = credit.filter(pl.col("channel") == channel)["conversions"]
        return float(own[0]) if len(own) else 0.0

    def _credit(self, changed: dict[str, Any]) -> pl.DataFrame | None:
        """Return the credit of all journeys by settings that differ; None if there is nothing to credit."""
        from relkit.errors import NotEnoughEventsError

        varied = replace(self.fitted.settings, **{"by": "", "period": "", **changed})
        try:
            found: pl.DataFrame = varied.fit(self._rows(varied), as_of=self.edge.day).credit()
        except NotEnoughEventsError:
            return None
        return found

    def _rows(self, settings: Any) -> pl.DataFrame:
        from relkit.families.bindings import inputs_of

        return inputs_of(settings.name, self.tables, settings.reads_with).features(self.tables, self.edge)


def no_variants() -> pl.DataFrame:
    """Return the table of variants without a row."""
    import polars as pl

    return pl.DataFrame(schema={"source": pl.String, "setting": pl.Float64, "channel": pl.String, "share": pl.Float64})

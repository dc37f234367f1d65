"""Weeks of spend and credited value of each channel, from which responses are read, and the factors of experiments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError, TableError

if TYPE_CHECKING:
    import polars as pl

    from relkit.models.attribution.channel_responses import ChannelResponses
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet
    from relkit.tracking.registry import ModelVersion

WEEK = "week"
_WEEK_DAYS = 7


@dataclass(frozen=True, eq=False, kw_only=True)
class WeeklyResponse:
    """The credit of one version by week.

    Attributes:
        tables: the company.
        version: of a model that credits channels.
        fitted: the model itself.
    """

    tables: TableSet
    version: ModelVersion
    fitted: Any

    @classmethod
    def of_champion(cls, tables: TableSet, programme: str, model: str = "", *, where: str = "") -> WeeklyResponse:
        """Return that of a champion: of the model named, or of the first in its role that has one.

        Raises:
            ParameterError: an unknown model, or one without a champion; the message names the command that makes one.
        """
        from relkit.models import catalogue
        from relkit.tracking import registry

        known = tuple(name for role in catalogue.roles() if role.credits_channels for name in catalogue.models_of(role))
        named = (catalogue.named_in_full(model, known[0]),) if model else known
        if named[0] not in known:
            raise ParameterError.unknown("model", model, known, where=where)
        found = (registry.champion(registry.registered_name(name, programme)) for name in named)
        version = next((each for each in found if each is not None), None)
        if version is None:
            lacking = f"{named[0]} has no champion." if model else "no model that credits channels has a champion."
            everything = catalogue.side_by_side()[0] if not model else named[0]
            raise ParameterError(lacking, where=where, remedy=f"Run {command('fit', everything)} first.")
        return cls(tables=tables, version=version, fitted=registry.load(version))

    @property
    def edge(self) -> AsOf:
        """The cutoff up to which the version learnt."""
        from relkit.models.base import edge_of

        return edge_of(self.fitted.info, self.tables.facts.business_zone)

    def weeks(self) -> pl.DataFrame:
        """Return channel, period, spend and value of the whole weeks of touchpoints; channels without a known cost have no row."""
        import polars as pl

        from relkit.features.channel_spend import channel_spend

        spend = channel_spend(self.tables, self.edge, period=WEEK).filter(pl.col("period").is_not_null())
        whole = self._whole(spend["period"])
        priced = spend.filter(pl.col("period").is_in(whole.implode())).select("channel", "period", spend="cost")
        known = priced.filter(pl.col("spend").is_not_null().any().over("channel"))
        full = known["channel"].unique().to_frame().join(whole.to_frame(), how="cross")
        found = full.join(known, on=["channel", "period"], how="left").join(self._credit(), on=["channel", "period"], how="left")
        return found.with_columns(pl.col("spend", "value").fill_null(0.0)).sort("channel", "period")

    def _whole(self, weeks: pl.Series) -> pl.Series:
        """Return the weeks without the first one, which the data may cut, and without one that the cutoff cuts."""
        last = self.edge.day - timedelta(days=_WEEK_DAYS - 1)
        return weeks.unique().sort()[1:].filter(weeks.unique().sort()[1:] <= last)

    def _credit(self) -> pl.DataFrame:
        """Return channel, period and value of the credit by week: as kept with the version, or from the same settings fitted by week."""
        import polars as pl

        fitted = self.fitted if self.fitted.settings.period == WEEK else self._fitted_by_week()
        rows = fitted.credits.filter(pl.col("segment").is_null(), pl.col("period").is_not_null())
        return rows.select("channel", "period", "value")  # type: ignore[no-any-return]

    def _fitted_by_week(self) -> Any:
        from relkit.families.bindings import inputs_of
        from relkit.models.base import fit_as_of

        settings = replace(self.fitted.settings, period=WEEK, by="")
        inputs = inputs_of(self.version.model, self.tables, settings.reads_with)
        return fit_as_of(settings, inputs.features(self.tables, self.edge), self.edge)

    def lift(self) -> pl.DataFrame | None:
        """Return channel, factor and log_error of the channels that experiments measured; None if there are none.

        The credit of a calibrated model is already multiplied by its factors, so that 1 with their relative error is left.
        """
        import polars as pl

        factors: pl.DataFrame | None = getattr(self.fitted, "factors", None)
        if factors is None:
            return None
        tested = factors.filter(pl.col("source") == "test", pl.col("factor") > 0)
        reach = NormalDist().inv_cdf((1 + self.fitted.settings.level) / 2)
        error = (pl.col("factor_upper") - pl.col("factor_lower")) / (2 * reach * pl.col("factor"))
        return None if tested.is_empty() else tested.select("channel", pl.lit(1.0).alias("factor"), error.alias("log_error"))

    def responses(self) -> ChannelResponses:
        """Return the responses of the channels.

        Raises:
            TableError: the cost of no channel is known.
        """
        from relkit.models.attribution.channel_responses import ChannelResponses

        weeks = self.weeks()
        if weeks.is_empty():
            remedy = "Map the cost of touchpoints, or declare costs with scope channel."
            raise TableError("the cost of no channel is known.", where=str(self.tables.folder), remedy=remedy)
        return ChannelResponses.of(weeks, lift=self.lift())

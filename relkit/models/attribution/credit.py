"""Credit of channels: the tables that every fitted model of attribution keeps and returns.

    fitted.credit()      one row per channel, for all journeys
    fitted.credits       the same, then one row per channel, segment and period, if the settings ask for groups
    fitted.totals        what there was to credit, one row per group

What no channel is credited with (conversions without a touch, or those that would have come anyway) stands in the totals: the credit
of all channels and `unattributed` add up to the conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.cards import FittedCard
from relkit.models.base import FitInfo  # noqa: TC001 storage reads the types of the fields

if TYPE_CHECKING:
    from relkit.contracts import Contract

GROUP_SCHEMA: dict[str, Any] = {"segment": pl.String, "period": pl.Date}
GROUP = tuple(GROUP_SCHEMA)
CREDIT_SCHEMA: dict[str, Any] = {
    "channel": pl.String,
    "conversions": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "value": pl.Float64,
    "value_lower": pl.Float64,
    "value_upper": pl.Float64,
    "share": pl.Float64,
}
"""Columns of credit: lower and upper bound the conversions; share is that of the conversions credited to any channel."""
TOTALS_SCHEMA: dict[str, Any] = {
    "journeys": pl.Float64,
    "conversions": pl.Float64,
    "value": pl.Float64,
    "unattributed": pl.Float64,
    "unattributed_value": pl.Float64,
    "nulls": pl.Float64,
    "null_value": pl.Float64,
}
"""Columns of totals: null_value is the value on rows without a conversion, which is reported and credited to nobody."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedCredit(FittedCard):
    """The credit that a model gives to channels.

    Attributes:
        settings: the settings that were fitted.
        info: facts about the fit.
        credits: segment, period, then the columns of `CREDIT_SCHEMA`; both are null in the rows for all journeys, which come first.
        totals: segment, period, then the columns of `TOTALS_SCHEMA`.
    """

    info: FitInfo
    credits: pl.DataFrame
    totals: pl.DataFrame

    if TYPE_CHECKING:

        @property
        def settings(self) -> Any:
            """The settings that were fitted."""

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        needs: Contract = self.settings.needs
        return needs

    def credit(self) -> pl.DataFrame:
        """Return channel, conversions, lower, upper, value, value_lower, value_upper, share: one row per channel, the largest first."""
        return self.credits.filter(pl.all_horizontal(pl.col(*GROUP).is_null())).drop(*GROUP)

    def summary(self) -> pl.DataFrame:
        """Return term (the channel), estimate (conversions credited), std_error, lower, upper."""
        nothing = pl.lit(None, pl.Float64)
        return self.credit().select("lower", "upper", term="channel", estimate="conversions", std_error=nothing)[
            ["term", "estimate", "std_error", "lower", "upper"]
        ]


def credit_table(parts: list[tuple[dict[str, Any], pl.DataFrame]]) -> pl.DataFrame:
    """Return the credits of several groups as one table, that of all journeys first, then by segment, period and credit.

    Args:
        parts: for each group its segment and period (empty for all journeys), and its credit: channel, conversions, value, and bounds
            if there are any.

    Examples:
        >>> whole = pl.DataFrame({"channel": ["a", "b"], "conversions": [1.0, 3.0], "value": [10.0, 20.0]})
        >>> credit_table([({}, whole)]).select("channel", "conversions", "share").rows()
        [('b', 3.0, 0.75), ('a', 1.0, 0.25)]
    """
    schema = GROUP_SCHEMA | CREDIT_SCHEMA
    tables = [
        _with_share(frame).with_columns(pl.lit(group.get(name), GROUP_SCHEMA[name]).alias(name) for name in GROUP) for group, frame in parts
    ]
    full = [
        frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns).select(*schema)
        for frame in tables
    ]
    return pl.concat(full).sort(*GROUP, "conversions", "channel", descending=[False, False, True, False])


def _with_share(frame: pl.DataFrame) -> pl.DataFrame:
    """Return credit with the share of each channel; 0 for all if there is no credit."""
    total = pl.col("conversions").sum()
    return frame.with_columns(share=pl.when(total != 0).then(pl.col("conversions") / total).otherwise(0.0))

"""Comparison of those contacted for an action with similar customers who were not, nobody having been drawn, as rows for its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.measurement.campaign_money import FIGURES
from relkit.measurement.comparison import AdjustedComparison, adjusted_comparison
from relkit.measurement.result_tables import BALANCE, ESTIMATES, MONEY, TABLES, label_of, made
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.measurement.campaign_outcomes import Outcome, Outcomes
    from relkit.remarks import Remark

_FIGURES = {"revenue": "incremental_revenue", "orders": "incremental_orders"}


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignComparison:
    """Adjusted differences between those contacted and others.

    Attributes:
        units: one row per customer and wave: is_contacted, cluster_id, the columns of the outcomes and the covariates.
        outcomes: what is compared.
        covariates: columns known before the first contact.
        response_days, post_days: lengths of the windows.
        level: of the intervals.
    """

    units: pl.DataFrame
    outcomes: Outcomes
    covariates: Sequence[str]
    response_days: int
    post_days: int
    level: float = LEVEL

    @property
    def shown(self) -> tuple[Outcome, ...]:
        """The outcomes that are compared: the amount, revenue and orders; each of them is modelled anew at both windows."""
        money = self.outcomes.money
        named = [] if money is None else [money]
        return (*named, *(each for each in self.outcomes.gains if each.column in _FIGURES and each is not money))

    def compared(self) -> dict[tuple[str, str], AdjustedComparison]:
        """Return the comparison of each outcome at the end of each window."""
        found = {}
        for outcome in self.shown:
            for window, column in (("response", outcome.column), ("post", outcome.column_after or outcome.column)):
                found[outcome.column, window] = self._of(column)
        return found

    def tables(self, compared: dict[tuple[str, str], AdjustedComparison]) -> dict[str, pl.DataFrame]:
        """Return the tables of a measurement; those that need a draw are empty."""
        estimates = [row for outcome in self.shown for row in self._estimates(outcome, compared)]
        filled = {"estimates": made(ESTIMATES, estimates), "money": self._money(compared), "balance": self._balance(compared)}
        return {table.name: filled.get(table.name, made(table, [])) for table in TABLES}

    def remarks(self, compared: dict[tuple[str, str], AdjustedComparison]) -> tuple[Remark, ...]:
        """Return the remarks on the comparison of the amount."""
        return self._of_money(compared).remarks

    def _of(self, column: str) -> AdjustedComparison:
        return adjusted_comparison(self.units, column, self.covariates, cluster="cluster_id", level=self.level)

    def _of_money(self, compared: dict[tuple[str, str], AdjustedComparison]) -> AdjustedComparison:
        outcome = self.outcomes.money
        return compared[outcome.column, "post"] if outcome is not None else next(iter(compared.values()))

    def _estimates(self, outcome: Outcome, compared: dict[tuple[str, str], AdjustedComparison]) -> list[dict[str, Any]]:
        rows = []
        for window, days in (("response", self.response_days), ("post", self.response_days + self.post_days)):
            found = compared[outcome.column, window]
            named = {"measure": outcome.column, **label_of(outcome.label), "kind": outcome.kind, "window": window, "window_days": days}
            sizes = {"n_treated": found.n_contacted, "n_other": found.n_others}
            ends = {"estimate": found.estimate, "low": found.low, "high": found.high, "std_error": found.se, "p_value": found.p_value}
            rows += [
                {**named, "method": "unadjusted", "estimate": found.unadjusted, **sizes},
                {**named, "method": "adjusted", **ends, **sizes},
            ]
        return rows

    def _money(self, compared: dict[tuple[str, str], AdjustedComparison]) -> pl.DataFrame:
        """Return the amounts over all contacted; costs are not known per customer, so that nothing is deducted."""
        outcome = self.outcomes.money
        rows = []
        for (column, window), found in compared.items():
            names = [_FIGURES[column]] if column in _FIGURES else []
            names += ["incremental_margin", "net_margin"] if outcome is not None and column == outcome.column else []
            ends = {
                name: value * found.n_contacted for name, value in (("value", found.estimate), ("low", found.low), ("high", found.high))
            }
            rows += [self._row(name, window, ends) for name in names]
        return made(MONEY, rows)

    def _row(self, figure: str, window: str, ends: dict[str, float]) -> dict[str, Any]:
        kind, label = FIGURES[figure]
        what = Text("Margin", "Marge") if self.outcomes.money is None else self.outcomes.money.label
        return {"figure": figure, **label_of(label.filled(what=what)), "kind": kind, "window": window, **ends}

    def _balance(self, compared: dict[tuple[str, str], AdjustedComparison]) -> pl.DataFrame:
        rows = self._of_money(compared).balance.iter_rows(named=True)
        named = ((row, row["covariate"].replace("_", " ")) for row in rows)
        return made(
            BALANCE,
            [
                {"covariate": row["covariate"], **label_of(Text(name, name)), "difference": row["before"], "difference_after": row["after"]}
                for row, name in named
            ],
        )

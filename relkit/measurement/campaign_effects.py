"""Effects of a campaign on each measure: as drawn, adjusted, with the largest amounts capped, and on those reached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.measurement.campaign_outcomes import WINDOW_NAMES, Outcomes, columns_of, parts_of
from relkit.measurement.lifts import lift
from relkit.measurement.limited_spend import limits_of
from relkit.measurement.reached import effect_on_reached
from relkit.measurement.result_tables import ESTIMATES, label_of, made, reason_of
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.measurement.campaign_outcomes import Outcome
    from relkit.measurement.designs import Design
    from relkit.measurement.effect import Effect
    from relkit.measurement.estimates import Estimates
    from relkit.remarks import Remark

ADJUSTED_FROM = 100
"""Units that each arm needs for the adjusted effects to be the figures of money: slopes from fewer are uncertain themselves."""
REACHED = "is_reached"
"""Column of the units that received the contact."""


CAPPED = 0.01
"""Share of units whose amount is capped; of those with an amount, if fewer units than that have one."""


def capped_above(amounts: pl.Series) -> float:
    """Return the share of units that lie below the cap.

    Examples:
        >>> capped_above(pl.Series([1.0, 2.0, 0.0, 5.0])), round(capped_above(pl.Series([7.0] + [0.0] * 999)), 5)
        (0.99, 0.99999)
    """
    some = float((amounts > 0).mean() or 0.0)  # type: ignore[arg-type]  # the mean of truth values is a number
    return 1 - CAPPED * (some if 0 < some <= CAPPED else 1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignEffects:
    """Effects per unit drawn.

    Attributes:
        design: units drawn, with the design of the draw.
        outcomes: what is measured.
        response_days, post_days: lengths of the windows, one after the other.
        level: of the intervals.
        adjusts: whether effects are adjusted for what was known before the draw, if that is possible.
    """

    design: Design
    outcomes: Outcomes
    response_days: int
    post_days: int
    level: float = LEVEL
    adjusts: bool = True

    @property
    def method(self) -> str:
        """The method of the figures of money and of the verdict: adjusted if both arms have enough units, else drawn."""
        enough = min(self.design.sizes) >= ADJUSTED_FROM
        return "adjusted" if self.adjusts and enough and self.outcomes.covariates else "drawn"

    def covariates(self, method: str) -> tuple[str, ...]:
        """Return the covariates of a method."""
        return self.outcomes.covariates if method == "adjusted" else ()

    def table(self) -> pl.DataFrame:
        """Return all effects: a row for each measure, window and method."""
        return made(ESTIMATES, [row for outcome in self.outcomes.gains for row in self._rows(outcome)])

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks on how the effects were estimated."""
        return (*self._drawn.remarks, *self._adjusted.remarks)

    def drawn(self, outcome: Outcome, window: str) -> Effect:
        """Return an effect as drawn, at the end of a window."""
        return self._drawn.effect(parts_of(outcome, window) or {outcome.column: 1.0}, name=outcome.column, level=self.level)

    @cached_property
    def on_treated(self) -> Estimates:
        """Estimates of the measures and of `cost` on the treated: each stratum counts by its treated units, as totals do."""
        columns = (*columns_of(self.outcomes.gains), "cost")
        return self.design.estimates(columns, covariates=self.covariates(self.method), target="treated")

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return columns_of(self.outcomes.gains)

    @cached_property
    def _drawn(self) -> Estimates:
        return self.design.estimates(self._columns)

    @cached_property
    def _adjusted(self) -> Estimates:
        return self.design.estimates(self._columns, covariates=self.outcomes.covariates)

    @cached_property
    def _capped(self) -> Estimates:
        amounts = columns_of([each for each in self.outcomes.gains if each.kind == "money"])
        units = self.design.units
        for name in amounts:
            units = limits_of(units, name, upper=capped_above(units[name].cast(pl.Float64))).applied(units)
        return replace(self.design, units=units).estimates(amounts)

    def _rows(self, outcome: Outcome) -> list[dict[str, Any]]:
        """Return the effects on a measure."""
        kinds = {"drawn": self._drawn}
        if self.adjusts and self.outcomes.covariates:
            kinds["adjusted"] = self._adjusted
        if outcome.kind == "money":
            kinds["winsorised"] = self._capped
        windows = [(window, parts) for window in WINDOW_NAMES if (parts := parts_of(outcome, window)) is not None]
        rows = [
            self._row(outcome, window, method, found.effect(parts, name=outcome.column, level=self.level))
            for window, parts in windows
            for method, found in kinds.items()
        ]
        ends = {"response": outcome.column, "post": outcome.column_after or outcome.column}
        return [*rows, *(row for window, column in ends.items() for row in self._on_reached(outcome, window, column))]

    def _on_reached(self, outcome: Outcome, window: str, column: str) -> list[dict[str, Any]]:
        """Return the effect on those whom the draw made be reached, estimated like the figures of money.

        There is none if the draw did not raise the share reached, or if all the treated were reached and no control: then it is the
        effect on those drawn.
        """
        if REACHED not in self.design.units.columns or (self.design.units[REACHED].to_numpy() == self.design.treated).all():
            return []
        covariates = self.covariates(self.method)
        found = effect_on_reached(self.design, column, reached=REACHED, covariates=covariates, target="treated", level=self.level)
        if found.estimate is None:
            return []
        shown = found.robust if found.is_weak and found.robust is not None else found
        ends = {"estimate": found.estimate, "low": shown.low, "high": shown.high, "std_error": found.se, "p_value": found.p_value}
        sizes = dict(zip(("n_treated", "n_other"), self.design.sizes, strict=True))
        return [{**self._named(outcome, window, "reached"), **ends, **sizes, **reason_of(shown.reason or None)}]

    def _named(self, outcome: Outcome, window: str, method: str) -> dict[str, Any]:
        days = self.response_days if window == "response" else self.response_days + self.post_days
        return {
            "measure": outcome.column,
            **label_of(outcome.label),
            "kind": outcome.kind,
            "window": window,
            "window_days": days,
            "method": method,
        }

    def _row(self, outcome: Outcome, window: str, method: str, effect: Effect) -> dict[str, Any]:
        relative = lift(effect) if window != "later" else None
        return {
            **self._named(outcome, window, method),
            "mean_treated": effect.treated,
            "mean_other": effect.control,
            "estimate": effect.estimate,
            "low": effect.low,
            "high": effect.high,
            "std_error": effect.se,
            "p_value": effect.p_value,
            **({} if relative is None else {"lift": relative.estimate, "lift_low": relative.low, "lift_high": relative.high}),
            "n_treated": effect.n_treated,
            "n_other": effect.n_control,
            **reason_of(effect.reason or None),
        }

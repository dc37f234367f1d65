"""Budget scenario: the spend on each channel at which one more unit of money would bring the same everywhere.

    scenario = BudgetScenario.of(responses, total=10_000.0, level=0.9)
    scenario.channels     spend and value per period now and in the scenario, and what one more unit brings, with intervals
    scenario.moves        what moving one unit of money from one channel to another would change, the best move first; less than one unit
                          if one of them cannot go that far
    scenario.gain         value gained per period, with its interval

The value of a channel is concave in its spend (`relkit.models.attribution.channel_responses`), so the largest total value at a given total
spend is where the marginal returns are equal, apart from channels at a limit. With m for the common marginal return,

    spend = (scale * elasticity / m)^(1 / (1 - elasticity))

Each channel stays within `reach` of its present spend, because nothing is known further away.

Intervals: scale, elasticity and the factor of an experiment are drawn from their normal approximation; the scenario is one, and the gain of
that one is judged in every draw. Channels that were refused a response keep their spend and are in no total.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import FitError
from relkit.models.attribution.channel_responses import LEAST_ELASTICITY, MOST_ELASTICITY
from relkit.scalars import check_level, check_scalar
from relkit.units import LEVEL

if TYPE_CHECKING:
    from typing import Self

    from relkit.models.attribution.channel_responses import ChannelResponses, Response

Floats = NDArray[np.float64]

DRAWS = 400
REACH = 0.5
"""Largest relative change of a channel's spend in a scenario."""
_STEPS = 200
CHANNELS_SCHEMA: dict[str, Any] = {
    "channel": pl.String,
    "spend": pl.Float64,
    "value": pl.Float64,
    "marginal": pl.Float64,
    "marginal_lower": pl.Float64,
    "marginal_upper": pl.Float64,
    "best_spend": pl.Float64,
    "best_value": pl.Float64,
    "change": pl.Float64,
    "is_at_limit": pl.Boolean,
}
"""Columns of the channels of a scenario, per period; `change` is that of the spend, `marginal` the value of one more unit now."""
MOVES_SCHEMA: dict[str, Any] = {
    "from": pl.String,
    "to": pl.String,
    "amount": pl.Float64,
    "gain": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "chance": pl.Float64,
}
"""Columns of moves, per period: at most one unit of money, less if a channel's reach ends before; `chance` is the share of draws in which
the move gains."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Responses as arrays, of k channels in r draws; r is 1 for the estimates.

    Attributes:
        log_scale, elasticity: (r, k).
    """

    log_scale: Floats
    elasticity: Floats

    def value(self, spend: Floats) -> Floats:
        """Return the value at a spend of shape (k,) or (r, k)."""
        return np.asarray(np.exp(self.log_scale) * spend**self.elasticity)

    def marginal(self, spend: Floats) -> Floats:
        """Return the value of one more unit of money."""
        return np.asarray(np.exp(self.log_scale) * self.elasticity * spend ** (self.elasticity - 1))

    def log_spend_at(self, log_marginal: Floats) -> Floats:
        """Return the logarithm of the spend at which one more unit brings exp(log_marginal)."""
        return np.asarray((self.log_scale + np.log(self.elasticity) - log_marginal) / (1 - self.elasticity))


@dataclass(frozen=True, eq=False)
class BudgetScenario:
    """A scenario.

    Attributes:
        channels: one row per channel (`CHANNELS_SCHEMA`), the one with the largest increase first.
        moves: one row per pair of channels (`MOVES_SCHEMA`), the best move first.
        total: spend per period that is shared out.
        gain: value gained per period, and its bounds.
        level: of the intervals.
        reach: largest relative change of a channel's spend.
    """

    channels: pl.DataFrame
    moves: pl.DataFrame
    total: float
    gain: tuple[float, float, float]
    level: float
    reach: float = field(default=REACH)

    @classmethod
    def of(
        cls,
        responses: ChannelResponses,
        *,
        total: float | None = None,
        level: float = LEVEL,
        reach: float = REACH,
        draws: int = DRAWS,
        seed: int = 0,
    ) -> Self:
        """Return the scenario in which a total is shared out at equal marginal returns.

        Args:
            responses: of the channels.
            total: spend per period to share out; None for what is spent now.
            level: of the intervals.
            reach: largest relative change of a channel's spend; 0.5 lets it be halved, or grow by half.
            draws: of the parameters, for the intervals.
            seed: of the draws.

        Raises:
            FitError: fewer than two channels have a response.
            ParameterError: a total that the channels cannot reach, or a reach that is not in (0, 1].

        Examples:
            >>> from datetime import date, timedelta
            >>> from relkit.models.attribution.channel_responses import ChannelResponses
            >>> weeks = [date(2025, 1, 6) + timedelta(weeks=i) for i in range(10)]
            >>> def of(channel, scale):
            ...     money = [100.0 + 10.0 * i for i in range(10)]
            ...     value = [scale * each**0.5 for each in money]
            ...     return pl.DataFrame({"channel": [channel] * 10, "period": weeks, "spend": money, "value": value})
            >>> scenario = BudgetScenario.of(ChannelResponses.of(pl.concat([of("ad", 30.0), of("tv", 20.0)])))
            >>> scenario.channels.select("channel", pl.col("best_spend").round(1)).rows()
            [('ad', 200.8), ('tv', 89.2)]
        """
        check_level(level, where="budget")
        check_scalar(reach, "reach", gt=0, le=1, where="budget", remedy="Write 0.5 for half of the present spend.")
        made = list(responses.responses.values())
        if len(made) < 2:
            problem = f"{len(made)} of {len(responses.table)} channels has a response; money can only move between two."
            raise FitError(
                problem, where="budget", remedy="Vary the spend of each channel for eight weeks, or measure it by an experiment."
            )
        present = np.array([each.spend for each in made])
        limits = present * (1 - reach), present * (1 + reach)
        wanted = _checked_total(total, present, limits)
        curves = Curves(np.array([[each.log_scale for each in made]]), np.array([[each.elasticity for each in made]]))
        best = best_spend(curves, wanted, *limits)[0]
        drawn = _drawn(made, draws, seed)
        names = list(responses.responses)
        gains = (drawn.value(best) - drawn.value(present)).sum(axis=1)
        gain = float((curves.value(best) - curves.value(present)).sum())
        return cls(
            channels=_channels(names, present, best, limits, curves, drawn, level),
            moves=_moves(names, present, reach, curves, drawn, level),
            total=wanted,
            gain=(gain, *_bounds(gains, level)),
            level=level,
            reach=reach,
        )


def best_spend(curves: Curves, total: float, low: Floats, high: Floats) -> Floats:
    """Return the spend on each channel with the largest total value; (r, k).

    The total falls as the common marginal return rises, so it is found by bisection on its logarithm.

    Args:
        curves: of k channels in r draws.
        total: to be spent, from the sum of `low` to that of `high`.
        low: least spend on each channel, (k,); 0 is never binding.
        high: largest spend on each channel, (k,).

    Examples:
        >>> curves = Curves(np.log([[30.0, 20.0]]), np.array([[0.5, 0.5]]))
        >>> best_spend(curves, 130.0, np.zeros(2), np.full(2, 1e9)).round(6).tolist()
        [[90.0, 40.0]]
    """
    least = np.maximum(low, 1e-12 * high)
    limits = np.log(least), np.log(high)
    lower = np.log(curves.marginal(high).min(axis=1, keepdims=True)) - 1e-9
    upper = np.log(curves.marginal(least).max(axis=1, keepdims=True)) + 1e-9
    for _ in range(_STEPS):
        middle = (lower + upper) / 2
        spent = np.exp(np.clip(curves.log_spend_at(middle), *limits)).sum(axis=1, keepdims=True)
        lower, upper = np.where(spent > total, middle, lower), np.where(spent > total, upper, middle)
    return np.asarray(np.exp(np.clip(curves.log_spend_at((lower + upper) / 2), *limits)))


def _checked_total(total: float | None, present: Floats, limits: tuple[Floats, Floats]) -> float:
    """Return the total to share out, which the limits admit."""
    if total is None:
        return float(present.sum())
    least, most = (float(each.sum()) for each in limits)
    remedy = f"Between {least:,.2f} and {most:,.2f} per period is possible; widen reach for more."
    return check_scalar(total, "total", ge=least, le=most, where="budget", remedy=remedy)


def _drawn(made: list[Response], draws: int, seed: int) -> Curves:
    """Return draws of the parameters, the elasticities within their bounds; curves move around their mean spend as they bend."""
    rng = np.random.default_rng(seed)
    parts = []
    for each in made:
        root = np.linalg.cholesky(each.covariance + 1e-15 * np.eye(2))
        deviation = rng.standard_normal((draws, 2)) @ root.T
        bend = np.clip(each.elasticity + deviation[:, 1], LEAST_ELASTICITY, MOST_ELASTICITY)
        # What a bound takes from the elasticity goes into the scale: the value at the mean spend stays as it was drawn.
        scale = each.log_scale + deviation[:, 0] + (each.elasticity + deviation[:, 1] - bend) * np.log(each.spend)
        parts.append((scale + each.log_error * rng.standard_normal(draws), bend))
    return Curves(np.column_stack([scale for scale, _ in parts]), np.column_stack([bend for _, bend in parts]))


def _bounds(values: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _channels(
    names: list[str], present: Floats, best: Floats, limits: tuple[Floats, Floats], curves: Curves, drawn: Curves, level: float
) -> pl.DataFrame:
    marginal = drawn.marginal(present)
    bounds = [_bounds(marginal[:, i], level) for i in range(len(names))]
    frame = pl.DataFrame(
        {
            "channel": names,
            "spend": present,
            "value": curves.value(present)[0],
            "marginal": curves.marginal(present)[0],
            "marginal_lower": [low for low, _ in bounds],
            "marginal_upper": [high for _, high in bounds],
            "best_spend": best,
            "best_value": curves.value(best)[0],
            "change": best - present,
            "is_at_limit": np.isclose(best, limits[0]) | np.isclose(best, limits[1]),
        },
        schema=CHANNELS_SCHEMA,
    )
    return frame.sort("change", "channel", descending=[True, False])


def _moves(names: list[str], present: Floats, reach: float, curves: Curves, drawn: Curves, level: float) -> pl.DataFrame:
    """Return the effect of moving money between two channels; of the two directions, the one that gains."""
    marginal = curves.marginal(present)[0]
    rows = []
    for i, j in zip(*np.nonzero(marginal[:, None] < marginal[None, :]), strict=True):
        amount = min(1.0, reach * float(min(present[i], present[j])))
        spend = present.copy()
        spend[i], spend[j] = present[i] - amount, present[j] + amount
        gain, gains = (float((curves.value(spend) - curves.value(present)).sum()), (drawn.value(spend) - drawn.value(present)).sum(axis=1))
        rows.append((names[i], names[j], amount, gain, *_bounds(gains, level), float((gains > 0).mean())))
    frame = pl.DataFrame(rows, schema=MOVES_SCHEMA, orient="row")
    return frame.sort("gain", "from", "to", descending=[True, False, False])

"""Tables of a fitted chain: credit, removal effects, transitions and the chain in numbers, each by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.intervals import normal_reach
from relkit.models.attribution.credit import GROUP_SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import Floats
    from relkit.models.attribution.removal_effects import SolvedChain
    from relkit.models.attribution.transition_sums import TransitionSums

START, CONVERSION, NOTHING = "(start)", "(conversion)", "(null)"
"""Names of the states before the first touch and after the last one."""
JOINED = " > "
EFFECT_SCHEMA: dict[str, Any] = GROUP_SCHEMA | {
    "channel": pl.String,
    "removal_effect": pl.Float64,
    "std_error": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "value_effect": pl.Float64,
    "value_std_error": pl.Float64,
    "value_lower": pl.Float64,
    "value_upper": pl.Float64,
}
"""Columns of removal effects: the share of conversions lost without the channel, and that of their value."""
CHAIN_SCHEMA: dict[str, Any] = GROUP_SCHEMA | {
    "journeys": pl.Float64,
    "conversion_probability": pl.Float64,
    "value_per_journey": pl.Float64,
    "states": pl.Int64,
}
"""Columns of chains: states counts that before any touch, and those of fewer touches than the order only if a journey ended there."""


@dataclass(frozen=True, eq=False)
class SplitShares:
    """Shares of the credit of a group, with their standard errors.

    Attributes:
        conversions, value: share of each channel; (K,).
        error, value_error: standard errors; (K,).
        follows: whether the value is shared out as the conversions are, as a channel's effect on it is below zero.
    """

    conversions: Floats
    error: Floats
    value: Floats
    value_error: Floats
    follows: bool

    @classmethod
    def of(cls, chain: SolvedChain) -> SplitShares:
        """Return the shares of a chain."""
        own = chain.shares, np.sqrt(np.maximum(np.diag(chain.shares_variance), 0.0))
        effects = chain.value_effects[: chain.channels]
        if (effects < 0).any() or not chain.value_shares.any():
            return cls(*own, *own, follows=bool((effects < 0).any()))
        return cls(*own, chain.value_shares, np.sqrt(np.maximum(np.diag(chain.value_shares_variance), 0.0)), follows=False)


def credit_rows(sums: TransitionSums, chain: SolvedChain, split: SplitShares, credited: tuple[float, float], level: float) -> pl.DataFrame:
    """Return the credit of each channel of a group.

    Args:
        sums: of the group.
        chain: solved.
        split: its shares.
        credited: conversions and value to be shared out.
        level: of the intervals.

    Returns:
        channel, conversions, lower, upper, value, value_lower, value_upper.
    """
    number, value = credited
    most = _most_shares(sums, chain, level)
    columns: dict[str, Any] = {"channel": list(sums.names)}
    for amount, prefix, share, error in (
        (number, "", split.conversions, split.error),
        (value, "value_", split.value, split.value_error),
    ):
        low, high = share_limits(share, error, level, most)
        columns |= {"value" if prefix else "conversions": amount * share}
        columns |= {f"{prefix}lower": np.minimum(amount * low, amount * high), f"{prefix}upper": np.maximum(amount * low, amount * high)}
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def share_limits(share: Floats, error: Floats, level: float, most: Floats) -> tuple[Floats, Floats]:
    """Return bounds of shares, symmetric in the logarithm of their odds, so that they lie between 0 and 1.

    Args:
        share: (K,).
        error: standard errors; (K,).
        level: of the intervals.
        most: upper bounds of shares of zero; (K,).

    Examples:
        >>> low, high = share_limits(np.array([0.5, 0.0]), np.array([0.05, 0.0]), 0.95, np.array([1.0, 0.01]))
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([0.403, 0.0], [0.597, 0.01])
    """
    inner = (share > 0) & (share < 1)
    p = np.where(inner, share, 0.5)
    reach = normal_reach(level) * np.where(inner, error, 0.0) / (p * (1 - p))
    odds = p / (1 - p)
    low, high = (
        np.where(inner, odds * by / (1 + odds * by), share) for by in (np.exp(-np.minimum(reach, 600)), np.exp(np.minimum(reach, 600)))
    )
    return low, np.where(share == 0, most, high)


def clearly_above(share: Floats, covariance: Floats, level: float) -> NDArray[np.bool_]:
    """Return which channels are clearly above which others, all pairs together at a level; (K, K), row above column.

    Examples:
        >>> clearly_above(np.array([0.7, 0.3]), np.array([[0.01, -0.01], [-0.01, 0.01]]), 0.95).tolist()
        [[False, True], [False, False]]
    """
    pairs = max(len(share) * (len(share) - 1) / 2, 1)
    variance = np.diag(covariance)
    error = np.sqrt(np.maximum(variance[:, None] + variance[None] - 2 * covariance, 0.0))
    difference = share[:, None] - share[None]
    return np.asarray((difference > normal_reach(1 - (1 - level) / pairs) * error) & (difference > 0))


def _most_shares(sums: TransitionSums, chain: SolvedChain, level: float) -> Floats:
    """Return upper bounds of the shares of channels that no conversion followed; NaN if there is no conversion at all.

    Of n touches none led on to a conversion, so that the chance of one is at most 1 - ((1 - level) / 2)^(1/n) (Clopper and Pearson 1934);
    no more journeys pass the channel than there are touches of it.
    """
    k = len(sums.names)
    if not chain.conversion_probability:
        return np.full(k, np.nan)
    touches = np.bincount(sums.outcome, sums.count, k + 2)[:k]
    journeys = sums.count[sums.state == 0].sum()
    chance = 1 - ((1 - level) / 2) ** (1 / np.maximum(touches, 1.0))
    most = np.minimum(touches / journeys * chance / chain.conversion_probability, 1.0)
    return np.asarray(most / (chain.effects[:k].sum() + most))


def effect_rows(group: dict[str, Any], names: list[str], chain: SolvedChain, places: slice, level: float) -> pl.DataFrame:
    """Return the removal effects of channels, or of sequences, of a group, as `EFFECT_SCHEMA` lists them.

    Args:
        group: segment and period.
        names: of the channels or sequences.
        chain: solved.
        places: which of its effects.
        level: of the intervals.
    """
    columns: dict[str, Any] = {"channel": names}
    for prefix, all_effects, variance in (("", chain.effects, chain.variance), ("value_", chain.value_effects, chain.value_variance)):
        effects, error = all_effects[places], np.sqrt(np.maximum(np.diag(variance), 0.0))[places]
        low, high = share_limits(effects, error, level, effects)
        columns |= {f"{prefix}effect" if prefix else "removal_effect": effects, f"{prefix}std_error": error}
        columns |= {f"{prefix}lower": low, f"{prefix}upper": high}
    return grouped(group, pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)), EFFECT_SCHEMA)


def chain_row(group: dict[str, Any], sums: TransitionSums, chain: SolvedChain) -> pl.DataFrame:
    """Return the numbers of a chain as `CHAIN_SCHEMA` lists them."""
    numbers = {
        "journeys": [float(sums.count[sums.state == 0].sum())],
        "conversion_probability": [chain.conversion_probability],
        "value_per_journey": [chain.value_per_journey],
        "states": [sums.counted_states],
    }
    return grouped(group, pl.DataFrame(numbers), CHAIN_SCHEMA)


def grouped(group: dict[str, Any], frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """Return rows of a group with its segment and period, in the order of a schema."""
    return frame.with_columns(pl.lit(group.get(name), dtype).alias(name) for name, dtype in GROUP_SCHEMA.items()).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )


def transition_table(sums: TransitionSums) -> pl.DataFrame:
    """Return the transitions of a group: state, next, journeys, probability.

    A state is the last touches, joined by " > ", or (start); next is a channel, (conversion) or (null).

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> from relkit.models.attribution.transition_sums import TransitionSums
        >>> frame = pl.DataFrame({"channels": [["a"], ["a"]], "conversions": [1, 0], "nulls": [0, 3]})
        >>> transition_table(TransitionSums.of(CodedPaths.of(frame))).rows()
        [('(start)', 'a', 4.0, 1.0), ('a', '(conversion)', 1.0, 0.25), ('a', '(null)', 3.0, 0.75)]
    """
    names = sums.names
    states = [JOINED.join(names[code] for code in row if code >= 0) or START for row in sums.states.tolist()]
    total = np.bincount(sums.state, sums.count, len(states))
    return pl.DataFrame(
        {
            "state": pl.Series(states).gather(sums.state),
            "next": pl.Series([*names, CONVERSION, NOTHING]).gather(sums.outcome),
            "journeys": sums.count,
            "probability": sums.count / total[sums.state],
        }
    )

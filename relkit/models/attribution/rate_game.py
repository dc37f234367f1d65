"""The rate game: a coalition of channels is worth the conversion rate of the journeys that touched no other channel.

    v(S) = conversions / journeys, over the journeys whose channels all lie in S;  0 if there is no such journey

The credit of a channel is its Shapley value times all journeys, so that credits add up to the conversions with a touch. A channel whose
journeys convert less often than those without it has negative credit: that is the answer of this game, and is not cut off at zero.

Up to `EXACT_CHANNELS` channels all coalitions are valued at once; above, orders of joining are drawn, each with its reverse, and the
standard error of the mean is reported. Sampling variance is that of the delta method: journeys are independent draws, and what one more of
them would add to the credit is the derivative of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.journey_groups import sums_by
from relkit.models.attribution.shapley_games import contribution_weights, shapley_values, subset_sums, superset_sums

if TYPE_CHECKING:
    from relkit.models.attribution.channel_sets import ChannelSets
    from relkit.models.attribution.coded_paths import Floats, Ints

EXACT_CHANNELS = 22
"""Largest number of channels whose 2^k coalitions are all valued."""
TRACED_ORDERS = 100
"""Largest number of drawn orders from which the sampling variance is derived."""


@dataclass(frozen=True, eq=False)
class RateCredit:
    """Credit of k channels in the rate game.

    Attributes:
        conversions, value: credited; (k,).
        conversions_variance, value_variance: of the sampling of journeys; (k,).
        std_error: of the conversions, because not all orders of joining were drawn; (k,), zero if all were valued.
    """

    conversions: Floats
    value: Floats
    conversions_variance: Floats
    value_variance: Floats
    std_error: Floats


def exact_rate_credit(sets: ChannelSets) -> RateCredit:
    """Return the credit from the worth of all coalitions.

    Args:
        sets: journeys by their channels, of which there are at most `EXACT_CHANNELS`.

    Examples:
        Journeys of a alone convert at 0.5, those of b never, those of both at 0.25: b takes away.

        >>> import polars as pl
        >>> from relkit.models.attribution.channel_sets import ChannelSets
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> frame = pl.DataFrame({"channels": [["a"], ["b"], ["a", "b"]], "conversions": [5, 0, 5], "nulls": [5, 10, 15]})
        >>> exact_rate_credit(ChannelSets.of(CodedPaths.of(frame))).conversions.tolist()
        [15.0, -5.0]
    """
    rates = _Rates.of(sets)
    journeys = rates.journeys[-1]
    phi, phi_value = shapley_values(rates.rate), shapley_values(rates.value)
    each = [_variances(sets, rates, channel, phi[channel], phi_value[channel]) for channel in range(sets.channels)]
    plain, of_value = np.array(each).reshape(-1, 2).T
    return RateCredit(phi * journeys, phi_value * journeys, plain, of_value, np.zeros(sets.channels))


@dataclass(frozen=True, eq=False)
class _Rates:
    """Journeys inside each coalition, their conversion rate and their value per journey; each (2^k,)."""

    journeys: Floats
    rate: Floats
    value: Floats

    @classmethod
    def of(cls, sets: ChannelSets) -> _Rates:
        codes, size = sets.codes, 1 << sets.channels
        inside = [subset_sums(sums_by(codes, amount, size)) for amount in (sets.journeys, sets.conversions, sets.amounts.value)]
        return cls(inside[0], *(_ratio(each, inside[0]) for each in inside[1:]))


def _variances(sets: ChannelSets, rates: _Rates, channel: int, phi: float, phi_value: float) -> tuple[float, float]:
    """Return the sampling variance of the credit of one channel, in conversions and in value."""
    per_journey = _ratio(contribution_weights(len(rates.rate), channel), rates.journeys)
    codes, journeys = sets.codes, rates.journeys[-1]
    gain = journeys * superset_sums(per_journey)[codes]
    loss = phi - journeys * superset_sums(per_journey * rates.rate)[codes]
    value_loss = phi_value - journeys * superset_sums(per_journey * rates.value)[codes]
    return _spread(sets, gain, loss), _value_spread(sets, gain, value_loss)


def _spread(sets: ChannelSets, gain: Floats, loss: Floats) -> float:
    """Return the variance of credit to which one more conversion of a set adds gain and loss, and one more failure the loss."""
    return float((sets.conversions * (gain + loss) ** 2 + sets.nulls * loss**2).sum())


def _value_spread(sets: ChannelSets, gain: Floats, loss: Floats) -> float:
    """Return the same of value: a conversion adds its value times gain, and the loss."""
    amounts = sets.amounts
    return float((amounts.squares * gain**2 + 2 * amounts.value * gain * loss + sets.journeys * loss**2).sum())


def sampled_rate_credit(sets: ChannelSets, orders: int, rng: np.random.Generator) -> RateCredit:
    """Return the credit as the mean over drawn orders of joining, each with its reverse.

    Args:
        sets: journeys by their channels, of any number.
        orders: number of orders, made even.
        rng: source of the orders.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.attribution.channel_sets import ChannelSets
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> frame = pl.DataFrame({"channels": [["a"], ["b"], ["a", "b"]], "conversions": [5, 0, 5], "nulls": [5, 10, 15]})
        >>> sampled_rate_credit(ChannelSets.of(CodedPaths.of(frame)), 2, np.random.default_rng(0)).conversions.tolist()
        [15.0, -5.0]
    """
    pairs = max(orders // 2, 1)
    traced = _Traced(sets)
    draws = np.zeros((pairs, 2, sets.channels))
    for pair in range(pairs):
        drawn = rng.permutation(sets.channels)
        for order in (drawn, drawn[::-1]):
            draws[pair] += traced.joined(order, is_traced=2 * pair < TRACED_ORDERS) / 2
    journeys = traced.total
    phi, phi_value = draws.mean(axis=0)
    error = draws[:, 0].std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else np.full(sets.channels, np.nan)
    return RateCredit(phi * journeys, phi_value * journeys, *traced.variances(phi, phi_value), error * journeys)


class _Traced:
    """Contributions in drawn orders, and the mean derivatives of them by the journeys of each set."""

    def __init__(self, sets: ChannelSets) -> None:
        self.sets, self.orders = sets, 0
        self.total = float(sets.journeys.sum())
        self.derivatives = np.zeros((3, len(sets.conversions), sets.channels))

    def joined(self, order: Ints, *, is_traced: bool) -> Floats:
        """Return the contribution of each channel to rate and value per journey when channels join in this order; (2, channels)."""
        sets = self.sets
        place = np.empty(sets.channels, np.int64)
        place[order] = np.arange(sets.channels)
        complete = np.maximum.reduceat(place[sets.members], sets.offsets[:-1])
        amounts = (sets.journeys, sets.conversions, sets.amounts.value)
        journeys, *inside = (np.cumsum(sums_by(complete, amount, sets.channels)) for amount in amounts)
        worth = np.array([_ratio(each, journeys) for each in inside])
        if is_traced:
            self._trace(place, complete, journeys, worth)
        added: Floats = np.diff(worth, axis=1, prepend=0.0)[:, place]
        return added

    def variances(self, phi: Floats, phi_value: Floats) -> tuple[Floats, Floats]:
        """Return the sampling variances of the credit, in conversions and in value; each (channels,)."""
        gain, loss, value_loss = self.derivatives * (self.total / max(self.orders, 1))
        of_channel = range(self.sets.channels)
        plain = [_spread(self.sets, gain[:, i], phi[i] - loss[:, i]) for i in of_channel]
        of_value = [_value_spread(self.sets, gain[:, i], phi_value[i] - value_loss[:, i]) for i in of_channel]
        return np.array(plain), np.array(of_value)

    def _trace(self, place: Ints, complete: Ints, journeys: Floats, worth: Floats) -> None:
        """Add the derivatives of one order: a set counts from the place at which its last channel has joined."""
        self.orders += 1
        here, before = complete[:, None] <= place[None, :], complete[:, None] < place[None, :]
        per_journey = _ratio(np.ones_like(journeys), journeys)
        for at, factor in enumerate((per_journey, per_journey * worth[0], per_journey * worth[1])):
            self.derivatives[at] += here * factor[place] - before * np.append(0.0, factor)[place]


def _ratio(amounts: Floats, journeys: Floats) -> Floats:
    """Return amounts per journey, 0 if there is none."""
    return np.divide(amounts, journeys, out=np.zeros_like(journeys), where=journeys > 0)

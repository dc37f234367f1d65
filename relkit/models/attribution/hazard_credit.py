"""Share of each conversion that each channel caused, added up over groups of conversions, with what intervals need.

At a conversion with exposure x the intensity is theta(x) times what it would have been without any touch. With the channels S alone it is
theta(x_S), and v(S) = theta(x_S) / theta(x) is the part of the conversion that would have come. Markers stay as they were in all of them.
Without any channel v(nothing) would have come anyway; the rest is incremental.

- Shapley: the mean, over the orders in which channels could be switched on, of what each adds. If effects add, this is the channel's own
  effect over theta. If they multiply, v is a product, and the mean over all subsets follows from the elementary symmetric polynomials
  of the factors of the other channels, without listing subsets.
- Removal of one channel, the others staying on: what a test that switches off the channel measures.

The variance of a sum of shares f over conversions has three parts. Conversions come as a Poisson process: sum of f^2. The effects were
estimated from the same people: a' S a, with a = H^-1 J, J the slopes of the sum, H the information and S the sums of squares of the
scores of people. And both vary together: 2 a' sum of f times the score of the conversion. The penalty is added to S, as a Bayesian
would: what it holds back is not known any better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relkit.models.affinity.compiling import compiled
from relkit.models.attribution.hazard_likelihood import HELPERS, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.exposure_sweep import Floats, Ints
    from relkit.models.attribution.hazard_fit import FittedHazard
    from relkit.models.attribution.hazard_likelihood import Combination, HazardData

Game = Literal["shapley", "removal"]


@dataclass(frozen=True, eq=False)
class GroupCredit:
    """Sums of shares over g groups of conversions for c channels, of conversions and of their value.

    Attributes:
        sums, squares: of f, or of f times the value of the conversion; (2, g, c).
        slopes: of the sums by the parameters; (2, g, c, q).
        products: sums of f with the score of the conversion; (2, g, c, q).
        scores: sums of squares of the scores of people; (q, q).
    """

    sums: Floats
    squares: Floats
    slopes: Floats
    products: Floats
    scores: Floats

    def variances(self, fitted: FittedHazard, precision: Floats) -> Floats:
        """Return the variance of each sum; (2, g, c).

        Args:
            fitted: the effects.
            precision: of their prior; (q, q).
        """
        a = self.slopes @ fitted.covariance
        spread = np.einsum("...i,...i->...", a @ (self.scores + precision), a)
        return np.asarray(np.maximum(self.squares + spread + 2 * np.einsum("...i,...i->...", a, self.products), 0.0))

    def added(self, groups: Ints, number: int) -> GroupCredit:
        """Return the sums of groups of groups: `groups` has the new one of each; (g,)."""
        member = np.zeros((number, len(groups)))
        member[groups, np.arange(len(groups))] = 1.0
        parts = [np.einsum("ng,vg...->vn...", member, each) for each in (self.sums, self.squares, self.slopes, self.products)]
        return GroupCredit(*parts, self.scores)


def group_credit(
    data: HazardData, parameters: Floats, combination: Combination, game: Game, values: Floats, groups: Ints, number: int, channel_of: Ints
) -> GroupCredit:
    """Return the credit of channels for groups of conversions.

    Args:
        data: exposures of the fit, with all n conversions.
        parameters: of the fit.
        combination: how effects combine.
        game: how conversions are shared out.
        values: of each conversion; (n,).
        groups: of each conversion; -1 for none; (n,).
        number: of groups.
        channel_of: channel of each code.
    """
    found = _kernel()(
        *data.arguments(parameters, combination),
        combination.channels == "add",
        data.is_marker,
        values,
        groups,
        number,
        channel_of,
        game == "removal",
    )
    sums, squares, slopes, products, scores = found
    scores += np.tril(scores, -1).T
    return GroupCredit(sums, squares, slopes[..., data.kept], products[..., data.kept], scores[np.ix_(data.kept, data.kept)])


@cache
def _kernel() -> Callable[..., Any]:
    return compiled(_credit, *HELPERS, _before, _shares, _slopes_of, _effects_of, _add_order, _expected)


def _before(factors, n, leaving, polynomials):  # type: ignore[no-untyped-def]
    """Return the mean product of the factors of the channels switched on before one of them, over all orders of n channels."""
    polynomials[0] = 1.0
    m = 0
    for j in range(n):
        if j == leaving:
            continue
        m += 1
        polynomials[m] = 0.0
        for k in range(m, 0, -1):
            polynomials[k] += polynomials[k - 1] * factors[j]
    mean, subsets = 0.0, 1.0
    for k in range(n):  # each of the C(n - 1, k) subsets of size k has the weight 1 / (n C(n - 1, k))
        mean += polynomials[k] / (n * subsets)
        subsets = subsets * (n - 1 - k) / (k + 1)
    return mean


def _shares(shares, effects, n, adds, removal, factors, polynomials):  # type: ignore[no-untyped-def]
    """Write the share of each of n channels in a conversion, from the effect of each."""
    total, product = 1.0, 1.0
    for a in range(n):
        total += effects[a]
        factors[a] = np.exp(effects[a])
        product *= factors[a]
    for a in range(n):
        if adds:
            shares[a] = effects[a] / max(total, SMALLEST)
        elif removal or n == 1:
            shares[a] = 1.0 - 1.0 / factors[a]
        else:
            shares[a] = (factors[a] - 1.0) * _before(factors, n, a, polynomials) / product


def _slopes_of(slopes, effects, n, adds, removal, room):  # type: ignore[no-untyped-def]
    """Write the slope of each share by each effect, by central differences."""
    step = 1e-5
    for b in range(n):
        effects[b] += step
        _shares(room[1], effects, n, adds, removal, room[3], room[4])
        effects[b] -= 2 * step
        _shares(room[2], effects, n, adds, removal, room[3], room[4])
        effects[b] += step
        for a in range(n):
            slopes[a, b] = (room[1, a] - room[2, a]) / (2 * step)


def _effects_of(room, place, codes, start, end, effects, is_marker, channel_of):  # type: ignore[no-untyped-def]
    """Write the effect of each channel of an exposure and its number, without markers; return how many channels there are."""
    n = 0
    for c in range(start, end):
        if is_marker[codes[c]]:
            continue
        if n == 0 or place[n - 1] != channel_of[codes[c]]:
            place[n], room[n] = channel_of[codes[c]], 0.0
            n += 1
        room[n - 1] += effects[codes[c]]
    return n


def _add_order(out, codes, start, end, is_marker, channel_of, place, n, group, worth, v, x, shares, slopes):  # type: ignore[no-untyped-def]
    """Add the shares of one conversion to its group; x is its score, v 1 for values."""
    sums, squares, gradients, products = out
    for a in range(n):
        k = place[a]
        sums[v, group, k] += shares[a] * worth
        squares[v, group, k] += (shares[a] * worth) ** 2
        for p in range(len(x)):
            products[v, group, k, p] += shares[a] * worth * x[p]
        b = 0
        for c in range(start, end):
            if is_marker[codes[c]]:
                continue
            while place[b] != channel_of[codes[c]]:
                b += 1
            gradients[v, group, k, codes[c]] += slopes[a, b] * worth


def _expected(  # type: ignore[no-untyped-def]
    mean, at_risk, base, q, start, end, period, length, codes, code_offsets, effects, adds, parts, active, slopes
):
    """Write the expected score of a conversion of one person: the mean of the slopes over the person's time at risk."""
    total = 0.0
    for p in range(q):
        mean[p] = 0.0
    for k in range(len(base)):
        mean[q + k] = base[k] * at_risk[k]
        total += mean[q + k]
    for s in range(start, end):
        plain = base[period[s]] * length[s]
        expected = plain * _factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, parts)  # noqa: F821
        total += expected - plain
        mean[q + period[s]] += expected - plain
        for a in range(_listed(active, slopes, codes, code_offsets[s], code_offsets[s + 1], adds, parts)):  # noqa: F821
            mean[active[a]] += expected * slopes[a]
    for p in range(len(mean)):
        mean[p] = mean[p] / total if total > 0.0 else 0.0


def _credit(  # type: ignore[no-untyped-def]
    offsets, period, length, codes, code_offsets, order_offsets, order_period, order_codes, order_code_offsets, at_risk, effects, calendar,
    adds, channels_add, is_marker, values, groups, number, channel_of, removal,
):  # fmt: skip
    q, base, channels = len(effects), np.exp(calendar), channel_of[-1] + 1
    size = q + len(base)
    sums, squares, scores = np.zeros((2, number, channels)), np.zeros((2, number, channels)), np.zeros((size, size))
    gradients, products = np.zeros((2, number, channels, size)), np.zeros((2, number, channels, size))
    out, parts, active, slopes = (sums, squares, gradients, products), np.ones(3), np.empty(4096, np.int64), np.empty(4096)
    mean, score, x = np.zeros(size), np.zeros(size), np.zeros(size)
    room, place, own = np.zeros((5, channels + 2)), np.zeros(channels + 2, np.int64), np.zeros((channels + 1, channels + 1))
    for i in range(len(at_risk)):
        if order_offsets[i + 1] == order_offsets[i]:
            continue
        _expected(
            mean, at_risk[i], base, q, offsets[i], offsets[i + 1], period, length, codes, code_offsets, effects, adds, parts, active, slopes
        )
        for p in range(size):
            score[p] = 0.0
        for o in range(order_offsets[i], order_offsets[i + 1]):
            start, end = order_code_offsets[o], order_code_offsets[o + 1]
            for p in range(size):
                x[p] = -mean[p] if order_period[o] >= 0 else 0.0
            if order_period[o] >= 0:
                _factor(order_codes, start, end, effects, adds, parts)  # noqa: F821
                for a in range(_listed(active, slopes, order_codes, start, end, adds, parts)):  # noqa: F821
                    x[active[a]] += slopes[a]
                x[q + order_period[o]] += 1.0
                for p in range(size):
                    score[p] += x[p]
            n = _effects_of(room[0], place, order_codes, start, end, effects, is_marker, channel_of) if groups[o] >= 0 else 0
            if n:
                add = channels_add
                _slopes_of(own, room[0], n, add, removal, room)
                _shares(room[1], room[0], n, add, removal, room[3], room[4])
                for v in range(2):
                    worth = values[o] if v else 1.0
                    _add_order(out, order_codes, start, end, is_marker, channel_of, place, n, groups[o], worth, v, x, room[1], own)
        for p in range(size):
            if score[p] != 0.0:
                for r in range(p + 1):
                    scores[p, r] += score[p] * score[r]
    return sums, squares, gradients, products, scores

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

from relkit.models.attribution.exposure_factors import SMALLEST, factor, listed
from relkit.models.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.attribution.exposure_factors import Bools, Orders, Signs, Stretches
    from relkit.models.attribution.exposure_sweep import Codes, Floats, Ints
    from relkit.models.attribution.hazard_fit import FittedHazard
    from relkit.models.attribution.hazard_likelihood import Combination, HazardData

    Out = tuple[Floats, Floats, Floats, Floats]
    Who = tuple[Bools, Ints]
    Slopes = tuple[Ints, Floats, Floats]
    Room = tuple[Floats, Ints, Floats]

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
        return self.mixed(member)

    def mixed(self, member: Floats) -> GroupCredit:
        """Return the sums of groups of groups, which may overlap: `member` is 1 where a group belongs to a new one; (new, g)."""
        parts = (self.sums, self.squares, self.slopes, self.products)
        sums, squares, slopes, products = (np.einsum("ng,vg...->vn...", member, each) for each in parts)
        return GroupCredit(sums, squares, slopes, products, self.scores)


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
    game_codes = (int(combination.channels == "add"), int(game == "removal"))
    found = _kernel()(*data.arguments(parameters, combination), (data.is_marker, channel_of), game_codes, (values, groups, number))
    sums, squares, slopes, products, scores = found
    scores += np.tril(scores, -1).T
    return GroupCredit(sums, squares, slopes[..., data.kept], products[..., data.kept], scores[np.ix_(data.kept, data.kept)])


@cache
def _kernel() -> Callable[..., Any]:
    return compiled(_credit, factor, listed, _before, _shares, _slopes_of, _effects_of, _add_order, _expected, _score, _add_squares, _order)


def _before(factors: Floats, n: int, leaving: int, polynomials: Floats) -> float:
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


def _shares(shares: Floats, effects: Floats, n: int, game: tuple[int, int], factors: Floats, polynomials: Floats) -> None:
    """Write the share of each of n channels in a conversion, from the effect of each."""
    adds, removal = game
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


def _slopes_of(slopes: Floats, n: int, game: tuple[int, int], room: Floats) -> None:
    """Write the slope of each share by each effect, by central differences."""
    step, effects = 1e-5, room[0]
    for b in range(n):
        effects[b] += step
        _shares(room[1], effects, n, game, room[3], room[4])
        effects[b] -= 2 * step
        _shares(room[2], effects, n, game, room[3], room[4])
        effects[b] += step
        for a in range(n):
            slopes[a, b] = (room[1, a] - room[2, a]) / (2 * step)


def _effects_of(effects_at: Floats, place: Ints, codes: Codes, start: int, end: int, effects: Floats, who: Who) -> int:
    """Write the effect of each channel of an exposure and its number, without markers; return how many channels there are."""
    is_marker, channel_of = who
    n = 0
    for c in range(start, end):
        if is_marker[codes[c]]:
            continue
        if n == 0 or place[n - 1] != channel_of[codes[c]]:
            place[n], effects_at[n] = channel_of[codes[c]], 0.0
            n += 1
        effects_at[n - 1] += effects[codes[c]]
    return n


def _add_order(
    out: Out, codes: Codes, span: tuple[int, int], who: Who, n: int, cell: tuple[int, int], worth: float, x: Floats, room: Room
) -> None:
    """Add the shares of one conversion to its group; x is its score, `cell` 1 for values and the group."""
    sums, squares, gradients, products = out
    shares, place, slopes = room[0][1], room[1], room[2]
    v, group = cell
    for a in range(n):
        k = place[a]
        sums[v, group, k] += shares[a] * worth
        squares[v, group, k] += (shares[a] * worth) ** 2
        for p in range(len(x)):
            products[v, group, k, p] += shares[a] * worth * x[p]
        b = 0
        for c in range(span[0], span[1]):
            if who[0][codes[c]]:
                continue
            while place[b] != who[1][codes[c]]:
                b += 1
            gradients[v, group, k, codes[c]] += slopes[a, b] * worth


def _expected(
    mean: Floats, at_risk: Floats, base: Floats, stretches: Stretches, i: int, effects: Floats, adds: Signs, room: Slopes
) -> None:
    """Write the expected score of a conversion of one person: the mean of the slopes over the person's time at risk."""
    offsets, period, length, codes, ends = stretches
    active, slopes, parts = room
    q, total = len(effects), 0.0
    for p in range(q):
        mean[p] = 0.0
    for k in range(len(base)):
        mean[q + k] = base[k] * at_risk[k]
        total += mean[q + k]
    for s in range(offsets[i], offsets[i + 1]):
        plain = base[period[s]] * length[s]
        expected = plain * factor(codes, ends[s], ends[s + 1], effects, adds, parts)
        total += expected - plain
        mean[q + period[s]] += expected - plain
        for a in range(listed(active, slopes, codes, ends[s], ends[s + 1], adds, parts)):
            mean[active[a]] += expected * slopes[a]
    for p in range(len(mean)):
        mean[p] = mean[p] / total if total > 0.0 else 0.0


def _score(x: Floats, score: Floats, mean: Floats, orders: Orders, o: int, effects: Floats, adds: Signs, room: Slopes) -> None:
    """Write the score of a conversion, zero outside the time at risk, and add it to that of the person."""
    period, codes, ends = orders[1], orders[2], orders[3]
    active, slopes, parts = room
    for p in range(len(x)):
        x[p] = -mean[p] if period[o] >= 0 else 0.0
    if period[o] >= 0:
        factor(codes, ends[o], ends[o + 1], effects, adds, parts)
        for a in range(listed(active, slopes, codes, ends[o], ends[o + 1], adds, parts)):
            x[active[a]] += slopes[a]
        x[len(effects) + period[o]] += 1.0
        for p in range(len(x)):
            score[p] += x[p]


def _add_squares(scores: Floats, score: Floats) -> None:
    """Add the products of the score of a person, in the lower triangle, and set it to zero."""
    for p in range(len(score)):
        if score[p] != 0.0:
            for r in range(p + 1):
                scores[p, r] += score[p] * score[r]
    for p in range(len(score)):
        score[p] = 0.0


def _order(
    out: Out, orders: Orders, o: int, effects: Floats, who: Who, game: tuple[int, int], group: int, value: float, x: Floats, room: Room
) -> None:
    """Add one conversion and its value to a group."""
    codes, ends = orders[2], orders[3]
    n = _effects_of(room[0][0], room[1], codes, ends[o], ends[o + 1], effects, who)
    if n > 0:
        _slopes_of(room[2], n, game, room[0])
        _shares(room[0][1], room[0][0], n, game, room[0][3], room[0][4])
        _add_order(out, codes, (ends[o], ends[o + 1]), who, n, (0, group), 1.0, x, room)
        _add_order(out, codes, (ends[o], ends[o + 1]), who, n, (1, group), value, x, room)


def _credit(
    stretches: Stretches,
    orders: Orders,
    at_risk: Floats,
    effects: Floats,
    calendar: Floats,
    adds: Signs,
    who: Who,
    game: tuple[int, int],
    cells: tuple[Floats, Ints, int],
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    values, groups, number = cells
    base, channels = np.exp(calendar), who[1][-1] + 1
    size = len(effects) + len(base)
    sums, squares, scores = np.zeros((2, number, channels)), np.zeros((2, number, channels)), np.zeros((size, size))
    gradients, products = np.zeros((2, number, channels, size)), np.zeros((2, number, channels, size))
    mean, score, x = np.zeros(size), np.zeros(size), np.zeros(size)
    slopes = (np.empty(4096, np.int64), np.empty(4096), np.ones(3))
    room = (np.zeros((5, channels + 2)), np.zeros(channels + 2, np.int64), np.zeros((channels + 1, channels + 1)))
    for i in range(len(at_risk)):
        if orders[0][i + 1] == orders[0][i]:
            continue
        _expected(mean, at_risk[i], base, stretches, i, effects, adds, slopes)
        for o in range(orders[0][i], orders[0][i + 1]):
            _score(x, score, mean, orders, o, effects, adds, slopes)
            if groups[o] >= 0:
                _order((sums, squares, gradients, products), orders, o, effects, who, game, groups[o], values[o], x, room)
        _add_squares(scores, score)
    return sums, squares, gradients, products, scores

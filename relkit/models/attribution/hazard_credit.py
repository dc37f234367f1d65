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
    from relkit.models.attribution.hazard_likelihood import Form, HazardData

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
    data: HazardData, parameters: Floats, form: Form, game: Game, values: Floats, groups: Ints, number: int, channels: int
) -> GroupCredit:
    """Return the credit of channels for groups of conversions.

    Args:
        data: exposures of the fit, with all n conversions.
        parameters: of the fit.
        form: how effects combine.
        game: how conversions are shared out.
        values: of each conversion; (n,).
        groups: of each conversion; -1 for none; (n,).
        number: of groups.
        channels: their number.
    """
    each, terms = data.exposures, data.terms
    calendar = np.concatenate([np.zeros(1), parameters[terms.parameters :]])
    adds = terms.adds(form)
    found = _kernel()(
        each.stretch_offsets,
        each.stretch_period,
        each.stretch_length,
        each.stretch_codes,
        each.stretch_code_offsets,
        data.order_offsets,
        data.order_period,
        each.order_codes,
        each.order_code_offsets,
        data.at_risk,
        terms.effects(parameters[: terms.parameters]),
        terms.first,
        terms.second,
        terms.weight,
        terms.parameters,
        calendar,
        adds,
        terms.is_marker,
        SMALLEST,
        values,
        groups,
        number,
        channels,
        len(terms.first) // max(channels, 1),
        game == "removal",
    )
    sums, squares, slopes, products, scores = found
    keep = np.delete(np.arange(terms.parameters + data.periods), terms.parameters)
    return GroupCredit(sums, squares, slopes[..., keep], products[..., keep], scores[np.ix_(keep, keep)])


@cache
def _kernel() -> Callable[..., Any]:
    return compiled(_credit, *HELPERS, _before, _multiplied, _shares, _slopes_of, _add_order, _expected)


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


def _multiplied(shares, factors, n, polynomials):  # type: ignore[no-untyped-def]
    """Write the Shapley shares of n factors that multiply."""
    product = 1.0
    for a in range(n):
        product *= factors[a]
    for a in range(n):
        shares[a] = (factors[a] - 1.0) * _before(factors, n, a, polynomials) / product


def _shares(shares, effects, n, adds, removal, smallest, factors, polynomials):  # type: ignore[no-untyped-def]
    """Write the share of each of n channels in a conversion, from the effect of each."""
    if adds:
        total = 1.0
        for a in range(n):
            total += effects[a]
        for a in range(n):
            shares[a] = effects[a] / max(total, smallest)
        return
    for a in range(n):
        factors[a] = np.exp(effects[a])
        shares[a] = 1.0 - 1.0 / factors[a]
    if not removal and n > 1:
        _multiplied(shares, factors, n, polynomials)


def _slopes_of(slopes, high, low, effects, n, adds, removal, smallest, factors, polynomials):  # type: ignore[no-untyped-def]
    """Write the slope of each share by each effect, by differences."""
    step = 1e-5
    for b in range(n):
        effects[b] += step
        _shares(high, effects, n, adds, removal, smallest, factors, polynomials)
        effects[b] -= 2 * step
        _shares(low, effects, n, adds, removal, smallest, factors, polynomials)
        effects[b] += step
        for a in range(n):
            slopes[a, b] = (high[a] - low[a]) / (2 * step)


def _add_order(  # type: ignore[no-untyped-def]
    out, codes, start, end, effects, first, second, weight, adds, is_marker, smallest, removal, kinds, group, value, x, room, slopes
):
    """Add the shares of one conversion to its group; x is its score."""
    sums, squares, gradients, products = out
    n = 0
    for c in range(start, end):
        if not is_marker[codes[c]]:
            room[0, n], room[5, n] = effects[codes[c]], float(codes[c])
            n += 1
    if n == 0:
        return
    add = adds[int(room[5, 0])]
    _slopes_of(slopes, room[1], room[2], room[0], n, add, removal, smallest, room[3], room[4])
    _shares(room[1], room[0], n, add, removal, smallest, room[3], room[4])
    for v in range(2):
        worth = value if v else 1.0
        for a in range(n):
            channel = int(room[5, a]) // kinds
            sums[v, group, channel] += room[1, a] * worth
            squares[v, group, channel] += (room[1, a] * worth) ** 2
            products[v, group, channel] += room[1, a] * worth * x
            for b in range(n):
                code = int(room[5, b])
                gradients[v, group, channel, first[code]] += slopes[a, b] * worth
                gradients[v, group, channel, second[code]] += slopes[a, b] * worth * weight[code]


def _expected(  # type: ignore[no-untyped-def]
    mean, at_risk, base, q, start, end, period, length, codes, code_offsets, effects, first, second, weight, adds, smallest, active, slopes
):
    """Write the expected score of a conversion of one person: the mean of the slopes over the person's time at risk."""
    mean[:] = 0.0
    total = 0.0
    for k in range(len(base)):
        mean[q + k] = base[k] * at_risk[k]
        total += mean[q + k]
    for s in range(start, end):
        theta, added = _factor(codes, code_offsets[s], code_offsets[s + 1], effects, adds, smallest)  # noqa: F821
        plain = base[period[s]] * length[s]
        total += plain * (theta - 1.0)
        mean[q + period[s]] += plain * (theta - 1.0)
        n = _listed(active, slopes, codes, code_offsets[s], code_offsets[s + 1], first, second, weight, added, adds, smallest)  # noqa: F821
        for a in range(n):
            mean[active[a]] += plain * theta * slopes[a]
    if total > 0.0:
        mean /= total


def _credit(  # type: ignore[no-untyped-def]
    offsets, period, length, codes, code_offsets, order_offsets, order_period, order_codes, order_code_offsets, at_risk, effects, first,
    second, weight, q, calendar, adds, is_marker, smallest, values, groups, number, channels, kinds, removal,
):  # fmt: skip
    size, base = q + at_risk.shape[1], np.exp(calendar)
    sums, squares = np.zeros((2, number, channels)), np.zeros((2, number, channels))
    gradients, products = np.zeros((2, number, channels, size)), np.zeros((2, number, channels, size))
    out, scores = (sums, squares, gradients, products), np.zeros((size, size))
    active, slopes = np.empty(2 * len(effects) + 2, np.int64), np.empty(2 * len(effects) + 2)
    mean, score, x = np.zeros(size), np.zeros(size), np.zeros(size)
    room, own = np.zeros((6, channels + 2)), np.zeros((channels + 1, channels + 1))
    for i in range(len(at_risk)):
        if order_offsets[i + 1] == order_offsets[i]:
            continue
        _expected(
            mean, at_risk[i], base, q, offsets[i], offsets[i + 1], period, length, codes, code_offsets, effects, first, second, weight,
            adds, smallest, active, slopes,
        )  # fmt: skip
        score[:] = 0.0
        for o in range(order_offsets[i], order_offsets[i + 1]):
            start, end = order_code_offsets[o], order_code_offsets[o + 1]
            x[:] = 0.0
            if order_period[o] >= 0:
                added = _factor(order_codes, start, end, effects, adds, smallest)[1]  # noqa: F821
                n = _listed(active, slopes, order_codes, start, end, first, second, weight, added, adds, smallest)  # noqa: F821
                for a in range(n):
                    x[active[a]] += slopes[a]
                x[q + order_period[o]] += 1.0
                x -= mean
                score += x
            if groups[o] >= 0 and end > start:
                _add_order(
                    out, order_codes, start, end, effects, first, second, weight, adds, is_marker, smallest, removal, kinds, groups[o],
                    values[o], x, room, own,
                )  # fmt: skip
        for p in range(size):
            if score[p] != 0.0:
                for r in range(size):
                    scores[p, r] += score[p] * score[r]
    return sums, squares, gradients, products, scores

"""Learning of the weights of the next-product model: on baskets that came after a day, calibrated on those of other customers.

Histories up to a day give the terms, the first basket after it the answer. Customers who came back are split at random: most of them
fit the weights, others calibrate the probabilities, the rest show how far these can be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.intervals import share_bounds
from relkit.models.affinity.exploration import explored
from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.logistic import Logistic, fit_logistic
from relkit.models.affinity.next_terms import Candidates, new_candidates, next_days, repeat_candidates

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.exploration import Explored
    from relkit.models.affinity.histories import Histories, Integers
    from relkit.models.affinity.product_figures import ProductFigures
    from relkit.models.affinity.similarity import Neighbours

Floats = NDArray[np.float64]

SHARES = (0.6, 0.2, 0.2)
"""Shares of the customers who fit the weights, who calibrate, and who show the calibration."""
EDGES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0)
"""Edges of the probabilities by which the calibration is shown."""
FEWEST_BOUGHT = 30
"""Fewest candidates bought from which weights are fitted."""
LATEST_SHARE = 0.3
"""Share of customers whose last basket lies before the day that splits histories and answers."""


@dataclass(frozen=True, eq=False)
class Head:
    """The chance of a repeat purchase, or of a first one, as a function of its terms.

    Attributes:
        terms: names of the terms.
        coefficients: shape (1 + k,), the constant first.
        covariance: shape (1 + k, 1 + k); NaN without a fit.
        shift: of the logit in the calibration.
        slope: of the logit in the calibration.
        rows: candidates from which the weights were fitted; 0 if they were not.
    """

    terms: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    shift: float = 0.0
    slope: float = 1.0
    rows: int = 0

    def probabilities(self, candidates: Candidates) -> Floats:
        """Return the calibrated probability of each candidate, shape (c,)."""
        from scipy.special import expit

        return np.asarray(expit(self.shift + self.slope * candidates.logits(self.coefficients)))


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Counts from which candidates and their terms are made.

    Attributes:
        figures: of the products.
        near: nearest neighbours of each product.
        most: candidates of a customer by similarity.
        popular: number of candidates that are offered to everyone.
    """

    figures: ProductFigures
    near: Neighbours
    most: int
    popular: int

    def repeats(self, histories: Histories, pairs: Pairs, expected: Floats) -> Candidates:
        """Return the candidates that customers have bought before."""
        return repeat_candidates(histories, pairs, self.figures, expected)

    def explored(self, histories: Histories, pairs: Pairs, allowed: NDArray[np.bool_], popular: Integers) -> Explored:
        """Return the candidates that they have not."""
        in_last = pairs.last_orders == histories.baskets[pairs.customers] - 1
        return explored(pairs, in_last, self.near, popular, most=self.most, allowed=allowed)

    def most_popular(self, allowed: NDArray[np.bool_], number: int) -> Integers:
        """Return the positions of the products that sell best of late, the first by position among equals."""
        places = np.flatnonzero(allowed)
        order = np.argsort(-self.figures.recent[places], kind="stable")
        return places[order[:number]].astype(np.int32)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt from the baskets after a day.

    Attributes:
        repeat: chance that a product is bought again.
        new: chance that a product is bought for the first time.
        calibration: for `repeat` and `new`, by range of the probability: candidates, predicted and observed share with its bounds.
        customers: whose next baskets were used; 0 if there were too few.
        cut: the day, days since 1970-01-01.
        converged: whether both fits did.
    """

    repeat: Head
    new: Head
    calibration: pl.DataFrame
    customers: int
    cut: int
    converged: bool = True


def learn(histories: Histories, items: int, know: Callable[[Histories, Pairs, int], Knowledge], *, most: int, seed: int) -> Learnt:
    """Return the weights and their calibration.

    Args:
        histories: of all customers.
        items: number of products.
        know: makes the counts from histories up to a day.
        most: customers whose next baskets are used, at most.
        seed: of the choice of customers.
    """
    cut = splitting_day(histories)
    before = histories.until(cut)
    customers, targets = first_baskets_after(histories, cut, items)
    some = before.baskets[customers] > 0
    chosen = _drawn(customers[some], most, seed)
    knowledge = know(before, Pairs.of(before, items), cut)
    if not len(chosen):
        return Learnt(_plain_repeat(), _plain_new(), _no_calibration(), 0, cut)
    own = before.picked(chosen)
    repeat, new = _both(own, knowledge, items, cut)
    answers = [_bought(candidates, chosen, targets, items) for candidates in (repeat, new)]
    part = _parts(len(chosen), seed)
    heads = [
        _head(c, y, part[c.customers], plain) for c, y, plain in zip((repeat, new), answers, (_plain_repeat(), _plain_new()), strict=True)
    ]
    shown = [
        _calibration(head.probabilities(c), y, part[c.customers] == 2, kind)
        for head, c, y, kind in zip((heads[0][0], heads[1][0]), (repeat, new), answers, ("repeat", "new"), strict=True)
    ]
    return Learnt(heads[0][0], heads[1][0], pl.concat(shown), len(chosen), cut, converged=heads[0][1] and heads[1][1])


def splitting_day(histories: Histories) -> int:
    """Return the day that splits histories and answers: most customers' last basket lies after it."""
    last = histories.last_days[histories.baskets > 0]
    return int(np.quantile(last, LATEST_SHARE, method="lower")) - 1


def first_baskets_after(histories: Histories, day: int, items: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the customers with a basket after a day, ascending, and the keys (customer times `items` plus product) of the first one."""
    after = histories.days > day
    customer = np.repeat(np.arange(histories.customers), np.diff(histories.offsets))[after]
    order, item = histories.orders[after], histories.items[after]
    starts = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]]) if len(customer) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(customer)])
    first = (order == np.repeat(order[starts], lengths)) & (item >= 0)
    return customer[starts], np.unique(customer[first] * items + item[first])


def _drawn(customers: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Return at most `most` of the customers, in order."""
    if len(customers) <= most:
        return customers
    return np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))


def _parts(customers: int, seed: int) -> NDArray[np.int64]:
    """Return the use of each customer: 0 to fit, 1 to calibrate, 2 to show."""
    edges = np.cumsum(SHARES)[:-1]
    places = (np.random.default_rng([seed, 1]).permutation(customers) + 0.5) / max(customers, 1)
    return np.searchsorted(edges, places)


def _both(own: Histories, knowledge: Knowledge, items: int, day: int) -> tuple[Candidates, Candidates]:
    pairs = Pairs.of(own, items)
    allowed = np.ones(items, np.bool_)
    found = knowledge.explored(own, pairs, allowed, knowledge.most_popular(allowed, knowledge.popular))
    repeat = knowledge.repeats(own, pairs, next_days(own, day))
    return repeat, new_candidates(own, pairs, found, knowledge.figures)


def _bought(candidates: Candidates, chosen: NDArray[np.int64], targets: NDArray[np.int64], items: int) -> NDArray[np.bool_]:
    return np.isin(chosen[candidates.customers] * items + candidates.items, targets)


def _head(candidates: Candidates, bought: NDArray[np.bool_], part: NDArray[np.int64], plain: Head) -> tuple[Head, bool]:
    """Return a head fitted to the first part and calibrated on the second, and whether the fit converged; `plain` if they are too small."""
    rows = part == 0
    if bought[rows].sum() < FEWEST_BOUGHT or bought[rows].all():
        return plain, True
    fit = fit_logistic(candidates.matrix(rows), bought[rows].astype(float), candidates.customers[rows])
    head = Head(candidates.names, fit.coefficients, fit.covariance, rows=int(rows.sum()))
    return _calibrated(head, candidates.logits(head.coefficients), bought, candidates.customers, part == 1), fit.converged


def _calibrated(head: Head, logits: Floats, bought: NDArray[np.bool_], customers: NDArray[np.int64], rows: NDArray[np.bool_]) -> Head:
    """Return the head with the straight line in the logit (Platt 1999) that fits the rows."""
    if bought[rows].sum() < FEWEST_BOUGHT or bought[rows].all():
        return head
    X = np.column_stack([np.ones(int(rows.sum())), logits[rows]])
    line: Logistic = fit_logistic(X, bought[rows].astype(float), customers[rows], ridge=0.0)
    shift, slope = (float(value) for value in line.coefficients)
    if slope <= 0:  # too few customers to tell: the order of the products must not turn round
        return head
    return Head(head.terms, head.coefficients, head.covariance, shift, slope, head.rows)


def _calibration(predicted: Floats, bought: NDArray[np.bool_], rows: NDArray[np.bool_], kind: str) -> pl.DataFrame:
    """Return the calibration by range of the probability."""
    p, y = predicted[rows], bought[rows].astype(float)
    group = np.clip(np.searchsorted(EDGES, p, side="right") - 1, 0, len(EDGES) - 2)
    size = np.bincount(group, minlength=len(EDGES) - 1).astype(float)
    there = size > 0
    mean, share = (np.bincount(group, weights=values, minlength=len(size))[there] / size[there] for values in (p, y))
    low, high = share_bounds(share, size[there])
    return pl.DataFrame(
        {
            "kind": [kind] * int(there.sum()),
            "from": np.array(EDGES[:-1])[there],
            "to": np.array(EDGES[1:])[there],
            "candidates": size[there].astype(np.int64),
            "predicted": mean,
            "observed": share,
            "observed_lower": low,
            "observed_upper": high,
        },
        schema=_CALIBRATION,
    )


_CALIBRATION = {
    "kind": pl.String,
    "from": pl.Float64,
    "to": pl.Float64,
    "candidates": pl.Int64,
    "predicted": pl.Float64,
    "observed": pl.Float64,
    "observed_lower": pl.Float64,
    "observed_upper": pl.Float64,
}


def _no_calibration() -> pl.DataFrame:
    return pl.DataFrame(schema=_CALIBRATION)


def _plain_repeat() -> Head:
    """Return the head used when too few customers came back: the customer's own share of baskets with the product."""
    return _plain(_REPEAT_TERMS, "frequency")


def _plain_new() -> Head:
    """Return the head used when too few customers came back: the share of recent baskets with the product."""
    return _plain(_NEW_TERMS, "popularity_recent")


def _plain(terms: tuple[str, ...], only: str) -> Head:
    coefficients = np.r_[0.0, [float(name == only) for name in terms]]
    return Head(terms, coefficients, np.full((len(terms) + 1,) * 2, np.nan))


_PRODUCT_TERMS = ("popularity", "popularity_recent", "bought_again")
_CUSTOMER_TERMS = ("basket_size", "baskets", "new_share")
_REPEAT_TERMS = (
    *_PRODUCT_TERMS,
    *_CUSTOMER_TERMS,
    "frequency",
    "frequency_since_first",
    "frequency_slow",
    "frequency_fast",
    "baskets_since",
    "days_since",
    "overdue",
    "due_squared",
    "bought_once",
    "bought_once_again",
    "frequency_baskets",
)
_NEW_TERMS = (*_PRODUCT_TERMS, *_CUSTOMER_TERMS, "products", "near", "near_last_basket", "nearest", "near_each", "not_near")

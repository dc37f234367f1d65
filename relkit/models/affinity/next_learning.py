"""Learning of the weights of the next-product model: on baskets that came after a day, calibrated on those of other customers.

Histories up to a day give the terms, the first basket after it the answer; several days are taken, as one is a season of its own. Customers
are split at random: most of them fit the weights, others calibrate the probabilities, the rest show how far these can be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.metrics.intervals import share_bounds
from relkit.models.affinity.exploration import Explored, Predictor, discoveries, explored
from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.logistic import fit_logistic
from relkit.models.affinity.next_terms import Candidates, new_candidates, next_days, repeat_candidates, usual_gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.models.affinity.exploration import Discoveries
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
COUNTED_CUSTOMERS = 200_000
"""Most customers from whom the counts before each day are made; the counts that a model keeps are those of all."""
MOST_ROWS = 200_000
"""Most candidates from which weights are fitted; more if that leaves fewer than `OTHERS_EACH` others for each one bought."""
OTHERS_EACH = 5
EARLIER_SHARES = (0.3, 0.5, 0.7)
"""Shares of customers whose last basket lies before each of the days that split histories and answers."""


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
        highest: the highest probability that the calibration has seen, and the most that is stated: beyond it, a line is a guess.
    """

    terms: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    shift: float = 0.0
    slope: float = 1.0
    rows: int = 0
    highest: float = 1.0

    def probabilities(self, candidates: Candidates) -> Floats:
        """Return the calibrated probability of each candidate, shape (c,)."""
        return self.calibrated(candidates.logits(self.coefficients))

    def chances(self, X: Floats) -> Floats:
        """Return the same of candidates given as ones and terms, shape (c, 1 + k)."""
        return self.calibrated(np.asarray(X @ self.coefficients))

    def calibrated(self, logits: Floats) -> Floats:
        """Return the calibrated probability of logits; the higher the logit, the higher it is, up to the highest."""
        from scipy.special import expit

        return np.minimum(expit(self.shift + self.slope * logits), self.highest)


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Counts from which candidates and their terms are made.

    Attributes:
        figures: of the products.
        near: nearest neighbours of each product.
        most: candidates of a customer by similarity.
        popular: number of candidates that are offered to everyone.
        gap_days: usual gap between baskets, that of customers with fewer than two.
    """

    figures: ProductFigures
    near: Neighbours
    most: int
    popular: int
    gap_days: float

    def repeats(self, histories: Histories, pairs: Pairs, expected: Floats) -> Candidates:
        """Return the candidates that customers have bought before."""
        return repeat_candidates(histories, pairs, self.figures, expected)

    def explored(self, histories: Histories, pairs: Pairs, allowed: NDArray[np.bool_], popular: Integers) -> Explored:
        """Return the candidates that they have not."""
        return explored(pairs, in_last_basket(histories, pairs), self.near, popular, most=self.most, allowed=allowed)

    def discoveries(
        self, histories: Histories, pairs: Pairs, head: Head, allowed: NDArray[np.bool_], popular: Integers, top: int
    ) -> Discoveries:
        """Return the best of these."""
        nothing = Explored.nothing(histories.customers)
        parts = new_candidates(histories, pairs, nothing, self.figures).parts(head.coefficients)
        predictor = Predictor(*parts, self.figures.first)
        in_last = in_last_basket(histories, pairs)
        return discoveries(pairs, in_last, self.near, popular, histories.baskets, predictor, most=self.most, allowed=allowed, top=top)

    def most_popular(self, allowed: NDArray[np.bool_], number: int) -> Integers:
        """Return the positions of the products that sell best of late, the first by position among equals."""
        places = np.flatnonzero(allowed)
        order = np.argsort(-self.figures.recent[places], kind="stable")
        return places[order[:number]].astype(np.int32)


def in_last_basket(histories: Histories, pairs: Pairs) -> NDArray[np.bool_]:
    """Return whether each pair is in its customer's last basket."""
    return np.asarray(pairs.last_orders == np.repeat(histories.baskets, np.diff(pairs.offsets)) - 1)


@dataclass(frozen=True, eq=False)
class Learnt:
    """Weights and calibration learnt from the baskets after some days.

    Attributes:
        repeat: chance that a product is bought again.
        new: chance that a product is bought for the first time.
        calibration: for `repeat` and `new`, by range of the probability: candidates, predicted and observed share with its bounds.
        customers: whose next baskets were used.
        days: that split histories and answers, days since 1970-01-01.
        converged: whether both fits did.
    """

    repeat: Head
    new: Head
    calibration: pl.DataFrame
    customers: int
    days: tuple[int, ...]
    converged: bool = True


@dataclass(frozen=True, eq=False)
class Rows:
    """Candidates of the customers who came back after some days, and whether each was bought.

    Attributes:
        X: shape (n, 1 + k), ones and the terms, day after day: a large matrix, of which few rows are ever needed in order.
        bought: shape (n,), in order of customers.
        customers: shape (n,), in order.
        places: shape (n,), row of X of each.
    """

    X: Floats
    bought: NDArray[np.bool_]
    customers: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, X: Floats, bought: NDArray[np.bool_], customers: NDArray[np.int64]) -> Rows:
        """Return rows in order of customers, those of a customer in the order given."""
        places = np.argsort(customers, kind="stable")
        return cls(X, bought[places], customers[places], places)

    @classmethod
    def joined(cls, parts: list[Rows]) -> Rows:
        """Return the rows of several days, each in order of customers."""
        X, bought, customers = (np.concatenate([getattr(part, name) for part in parts]) for name in ("X", "bought", "customers"))
        return cls.of(X, bought, customers)

    def terms(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Floats:
        """Return the ones and terms of some rows."""
        return np.asarray(self.X[self.places[which]])

    def chances(self, head: Head) -> Floats:
        """Return the calibrated probability of every row, shape (n,)."""
        return head.chances(self.X)[self.places]


def learn(histories: Histories, items: int, know: Callable[[Histories, Pairs, int], Knowledge], *, most: int, seed: int) -> Learnt:
    """Return the weights and their calibration.

    Args:
        histories: of all customers.
        items: number of products.
        know: makes the counts from histories up to a day.
        most: next baskets that are used, at most.
        seed: of the choice of customers.
    """
    rng = np.random.default_rng(seed)
    if histories.customers > COUNTED_CUSTOMERS:
        histories = histories.picked(_drawn(np.arange(histories.customers), COUNTED_CUSTOMERS, rng))
    days = splitting_days(histories)
    found = [_rows_after(day, histories, items, know, most // len(days), rng) for day in days]
    repeat, new = (Rows.joined([both[kind] for both in found]) for kind in (0, 1))
    part = _parts(histories.customers, rng)
    own_head, repeats_converged = _head(repeat, part[repeat.customers], _plain_repeat(), rng)
    new_head, new_converged = _head(new, part[new.customers], _plain_new(), rng)
    kinds = (("repeat", own_head, repeat), ("new", new_head, new))
    shown = [_calibration(rows.chances(head), rows.bought, part[rows.customers] == 2, kind) for kind, head, rows in kinds]
    customers = int((np.diff(repeat.customers, prepend=-1) != 0).sum())
    return Learnt(own_head, new_head, pl.concat(shown), customers, days, converged=repeats_converged and new_converged)


def splitting_days(histories: Histories) -> tuple[int, ...]:
    """Return the days that split histories and answers, each with the last baskets of another share of the customers before it."""
    last = histories.last_days[histories.baskets > 0]
    return tuple(sorted({int(day) - 1 for day in np.quantile(last, EARLIER_SHARES, method="lower")}))


def _rows_after(
    day: int,
    histories: Histories,
    items: int,
    know: Callable[[Histories, Pairs, int], Knowledge],
    most: int,
    rng: np.random.Generator,
) -> tuple[Rows, Rows]:
    """Return the candidates for a repeat and for a first purchase in the first baskets after a day."""
    before = histories.until(day)
    customers, targets = first_baskets_after(histories, day, items)
    chosen = _drawn(customers[before.baskets[customers] > 0], most, rng)
    targets = targets[_is_in(targets // items, chosen)]
    if not len(chosen):
        return _no_rows(_REPEAT_TERMS), _no_rows(_NEW_TERMS)
    both = _both(before.picked(chosen), know(before, Pairs.of(before, items), day), items, day)
    own = [Rows.of(c.matrix(), _bought(c, chosen, targets, items), chosen[c.customers]) for c in both]
    return own[0], own[1]


def _no_rows(terms: tuple[str, ...]) -> Rows:
    return Rows.of(np.zeros((0, 1 + len(terms))), np.zeros(0, np.bool_), np.zeros(0, np.int64))


def first_baskets_after(histories: Histories, day: int, items: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the customers with a basket after a day, ascending, and the keys (customer times `items` plus product) of the first one."""
    after = histories.days > day
    customer = np.repeat(np.arange(histories.customers), np.diff(histories.offsets))[after]
    order, item = histories.orders[after], histories.items[after]
    starts = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]]) if len(customer) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(customer)])
    first = (order == np.repeat(order[starts], lengths)) & (item >= 0)
    keys = np.sort(customer[first] * items + item[first])
    return customer[starts], keys[np.diff(keys, prepend=-1) != 0]


def _drawn(customers: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return at most `most` of the customers, in order."""
    return customers if len(customers) <= most else np.sort(rng.choice(customers, most, replace=False))


def _parts(customers: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the use of each customer: 0 to fit, 1 to calibrate, 2 to show."""
    places = (rng.permutation(customers) + 0.5) / max(customers, 1)
    return np.searchsorted(np.cumsum(SHARES)[:-1], places)


def _both(own: Histories, knowledge: Knowledge, items: int, day: int) -> tuple[Candidates, Candidates]:
    pairs = Pairs.of(own, items)
    allowed = np.ones(items, np.bool_)
    found = knowledge.explored(own, pairs, allowed, knowledge.most_popular(allowed, knowledge.popular))
    repeat = knowledge.repeats(own, pairs, next_days(own, day, usual_gap(own)))
    return repeat, new_candidates(own, pairs, found, knowledge.figures)


def _bought(candidates: Candidates, chosen: NDArray[np.int64], targets: NDArray[np.int64], items: int) -> NDArray[np.bool_]:
    return _is_in(chosen[candidates.customers] * items + candidates.items, targets)


def _is_in(values: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each value is among known ones, which are in ascending order."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    return np.asarray(known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values)


def _head(rows: Rows, part: NDArray[np.int64], plain: Head, rng: np.random.Generator) -> tuple[Head, bool]:
    """Return a head fitted to the first part and calibrated on the second, and whether the fit converged; `plain` if they are too small."""
    first = part == 0
    if not _can_learn(rows.bought[first]):
        return plain, True
    used, share = _thinned(first, rows.bought, rng)
    fit = fit_logistic(rows.terms(used), rows.bought[used].astype(float), rows.customers[used])
    coefficients = fit.coefficients + np.r_[np.log(share), np.zeros(len(plain.terms))]
    head = Head(plain.terms, coefficients, fit.covariance, rows=len(used))
    return _calibrated(head, rows, part == 1), fit.converged


def _thinned(rows: NDArray[np.bool_], bought: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.int64], float]:
    """Return the rows to fit and the share kept of those not bought: all bought, and of the others so many that a fit stays quick.

    In a logistic regression such a choice shifts the constant by the logarithm of the share, and nothing else (Prentice and Pyke 1979).
    """
    cases, others = np.flatnonzero(rows & bought), np.flatnonzero(rows & ~bought)
    most = max(MOST_ROWS - len(cases), OTHERS_EACH * len(cases))
    if len(others) <= most:
        return np.flatnonzero(rows), 1.0
    chosen = rng.choice(others, most, replace=False)
    return np.sort(np.concatenate([cases, chosen])), most / len(others)


def _calibrated(head: Head, rows: Rows, which: NDArray[np.bool_]) -> Head:
    """Return the head with the straight line in the logit (Platt 1999) that fits some rows, and the highest probability among them."""
    logits, bought = np.asarray(rows.terms(which) @ head.coefficients), rows.bought[which]
    if not len(logits):
        return head
    shift, slope = _line(logits, bought, rows.customers[which])
    # With too few customers to tell, the order of the products must not turn round.
    made = replace(head, shift=shift, slope=slope) if slope > 0 else head
    return replace(made, highest=float(made.calibrated(logits).max()))


def _line(logits: Floats, bought: NDArray[np.bool_], customers: NDArray[np.int64]) -> tuple[float, float]:
    """Return constant and slope of the logit among some rows; 0 and 1 if too few of them were bought."""
    if not _can_learn(bought):
        return 0.0, 1.0
    X = np.column_stack([np.ones(len(bought)), logits])
    shift, slope = fit_logistic(X, bought.astype(float), customers, ridge=0.0).coefficients
    return float(shift), float(slope)


def _can_learn(bought: NDArray[np.bool_]) -> bool:
    return bool(bought.sum() >= FEWEST_BOUGHT and not bought.all())


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

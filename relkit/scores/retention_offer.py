"""Value of a retention offer for each holder of a contract, and the ranking of the calls.

    offers = offer_values(fitted, running, offer=RetentionOffer(contact_cost=4.0), ahead=Ahead(24, 0.10))
    called = under_budget(offers, budget=5_000)
    comparison = by_profit_and_by_risk(offers, budget=5_000)

The offer averts a share of the ends due within a window of days. A contract whose end is averted runs on to the end of the
window, and from there as others of its age: at age t after now it runs with

    S(t) + share F(t)                  within the window w,
    S(t) + share F(w) S(t) / S(w)      past it,

where F is the probability of an end that the offer can avert: 1 - S, or, if it averts ends of some causes only (a discount
keeps customers who want to leave, not customers who move), the incidence of those causes, F_1(t) + F_2(t) + ... . So the value of
the offer is share times the margin of the added months, each at its middle and discounted as in `relkit.scores.expected_margin`,
less a contact for each customer called and the cost of the offer for each customer who takes it: those it keeps, share F(w), and,
of those who would have stayed anyway, S(w), the share who take it. Customers who leave for another cause take nothing.

The averted share is an assumption until it has been measured on a control group: it determines the amount of money, but, if equal
for all, not the ranking. The ranking is by risk times the value at stake, less the cost: ranking by risk alone spends the calls
on customers who are likely to leave and bring little. Customers who may not be phoned have a value like anyone under contract,
but they are in no ranking and use none of the budget (`to_be_called`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.models.lifetime_value.discounted_months import months_ahead
from relkit.score_kinds import ScoreKind
from relkit.scores.score_table import to_long

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from relkit.models.lifetime_value.discounted_months import SurvivesAhead
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.score_table import ScoreTable, Source

Floats = NDArray[np.float64]
_ROWS = 50_000
OFFER_VALUE = ScoreKind(stem="retention_offer_value", low=None, applies_to="contract")
OFFER_COST = ScoreKind(stem="retention_offer_cost", applies_to="contract")
OFFER_PROFIT = ScoreKind(stem="retention_offer_profit", low=None, applies_to="contract")
CALL_RANK = ScoreKind(stem="retention_call_rank", low=1.0, applies_to="contract")
KINDS = (OFFER_VALUE, OFFER_COST, OFFER_PROFIT, CALL_RANK)
NOT_CALLED = "not_called_because"
"""Column with the reason why a customer may not be phoned: protected, no_consent or unreachable; null for those who may."""


@runtime_checkable
class TellsCauses(Protocol):
    """A fitted model that distinguishes causes of ends."""

    def incidence_ahead(self, features: pl.DataFrame, days: Any, *, cause: str) -> Floats:
        """Return the probability that each contract, running now, ends by a cause within each number of days, shape (n, m)."""


@dataclass(frozen=True, kw_only=True)
class RetentionOffer:
    """Assumptions of an offer; the defaults are those of Verbraken, Verbeke and Baesens (2013, section 5), in the currency.

    Attributes:
        averted_share: share of the ends due within the window that it averts.
        window_days: length of its effect.
        contact_cost: cost per customer called, money.
        offer_cost: cost per customer who takes it, money.
        stayers_take_share: share of those who would have stayed anyway who take it too.
        budget: largest expected cost of the calls, money; None for no limit.
        averts: causes of the ends that it can avert, as named by the model of contracts; empty for all ends.
    """

    averted_share: float = 0.3
    window_days: int = 90
    contact_cost: float = 1.0
    offer_cost: float = 10.0
    stayers_take_share: float = 1.0
    budget: float | None = None
    averts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        for name in ("averted_share", "stayers_take_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} is {getattr(self, name):g}; it must lie in [0, 1].", where="offer")
        for name in ("contact_cost", "offer_cost"):
            if not (0 <= getattr(self, name) < np.inf):
                raise ParameterError(f"{name} is {getattr(self, name):g}; it must be 0 or more.", where="offer")
        if self.window_days < 1:
            raise ParameterError(f"window_days is {self.window_days}; it must be at least 1.", where="offer")
        if self.budget is not None and not 0 <= self.budget < np.inf:
            raise ParameterError(f"budget is {self.budget:g}; it must be 0 or more.", where="offer", remedy="Leave it out for no limit.")


def offer_values(fitted: SurvivesAhead, contracts: pl.DataFrame, *, offer: RetentionOffer, ahead: Ahead) -> pl.DataFrame:
    """Return the value of the offer for each contract, in the order of `contracts`.

    Args:
        fitted: a fitted model of contract duration.
        contracts: one row per running contract: customer_id, margin_a_month (known), the columns that the model scores, and, if
            estimated, averted_share: the customer's own, in place of the assumed one. not_called_because is passed through.
        offer: the assumptions.
        ahead: horizon and discount rate of margin.

    Returns:
        customer_id, churn_probability (within the window, by any cause), margin_saved (if every avertable end were averted),
        uplift (in the probability of running at the end of the window), value, cost and expected_profit, their difference; money.

    Raises:
        ParameterError: the offer averts ends of some causes only, and the model does not distinguish causes, or not these.

    Examples:
        >>> from relkit.scores.expected_margin import Ahead
        >>> class Hazard:
        ...     def survival_ahead(self, features, days):
        ...         return np.exp(-0.002 * np.tile(days, (len(features), 1)))
        >>> two = pl.DataFrame({"customer_id": ["a", "b"], "margin_a_month": [30.0, 3.0]})
        >>> offer_values(Hazard(), two, offer=RetentionOffer(), ahead=Ahead(24, 0.10)).select("customer_id", pl.last().round(2)).rows()
        [('a', 8.48), ('b', -8.01)]
    """
    if offer.averts and not isinstance(fitted, TellsCauses):
        raise ParameterError(
            f"averts is {', '.join(offer.averts)}, and {getattr(fitted, 'name', 'the model')} does not tell why contracts end.",
            where="offer",
            remedy="Score with a model that does, such as survival.discrete_competing_risks, or leave averts out.",
        )
    months, risk, avertible = _months_and_risks(fitted, contracts, offer, ahead)
    share = contracts["averted_share"].cast(float).to_numpy() if "averted_share" in contracts.columns else offer.averted_share
    saved = months * contracts["margin_a_month"].to_numpy()
    takers = share * avertible + offer.stayers_take_share * (1 - risk)
    cost = offer.contact_cost + offer.offer_cost * takers
    columns = {"churn_probability": risk, "margin_saved": saved, "uplift": share * avertible, "value": share * saved, "cost": cost}
    barred = [NOT_CALLED] if NOT_CALLED in contracts.columns else []
    made = contracts.select(pl.col("customer_id").cast(pl.String), *barred).with_columns(
        pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()
    )
    return made.with_columns(expected_profit=pl.col("value") - pl.col("cost"))


def _months_and_risks(fitted: Any, contracts: pl.DataFrame, offer: RetentionOffer, ahead: Ahead) -> tuple[Floats, Floats, Floats]:
    """Return the discounted months added by averting every avertable end, and the probabilities of any end and of an avertable one."""
    counted = months_ahead(ahead.months, ahead.annual_discount_rate)
    days, inside = np.append(counted.days, float(offer.window_days)), counted.days <= offer.window_days
    months, risk, avertible = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for part in contracts.iter_slices(_ROWS):
        S: Floats = fitted.survival_ahead(part, days)
        F = _incidence(fitted, part, days, offer.averts) if offer.averts else 1 - S
        again = np.divide(F[:, -1:] * S, S[:, -1:], out=np.zeros_like(S), where=S[:, -1:] > 0)
        months.append(np.where(inside, F[:, :-1], again[:, :-1]) @ counted.weights)
        risk.append(1 - S[:, -1])
        avertible.append(F[:, -1])
    return np.concatenate(months), np.concatenate(risk), np.concatenate(avertible)


def _incidence(fitted: TellsCauses, contracts: pl.DataFrame, days: Floats, causes: Sequence[str]) -> Floats:
    """Return the probability of an end by any of the causes within each number of days, shape (n, m)."""
    found: Floats = np.sum([fitted.incidence_ahead(contracts, days, cause=cause) for cause in dict.fromkeys(causes)], axis=0)
    return found


def to_be_called(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the offers to customers who may be phoned; all, if the column is absent.

    Examples:
        >>> offers = pl.DataFrame({"customer_id": ["a", "b"], "not_called_because": ["protected", None]})
        >>> to_be_called(offers)["customer_id"].to_list()
        ['b']
    """
    return offers.filter(pl.col(NOT_CALLED).is_null()) if NOT_CALLED in offers.columns else offers


def under_budget(
    offers: pl.DataFrame, *, budget: float | None = None, by: str = "expected_profit", only_gains: bool = True
) -> pl.DataFrame:
    """Return the customers to call, in order: ranked until the budget is spent.

    Under a budget those come first who bring most for each unit of money spent, as in a knapsack of which the last piece
    may be left out; without one, in the order of profit.

    Args:
        offers: as returned by `offer_values`.
        budget: largest expected cost, money; None for no limit.
        by: the column to rank by, the highest first; expected_profit under a budget is ranked per unit of cost.
        only_gains: leave out customers on whom money would be lost.

    Returns:
        The rows that are called, with rank from 1 and the cumulated cost and profit.
    """
    if budget is not None and not budget >= 0:
        raise ParameterError(f"budget is {budget}; it must be 0 or more.", where="budget")
    rank: pl.Expr = pl.col(by)
    if by == "expected_profit" and budget is not None:
        rank = pl.when(pl.col("cost") > 0).then(rank / pl.col("cost")).otherwise(pl.lit(np.inf))
    rows = offers.filter(pl.col("expected_profit") > 0) if only_gains else offers
    ranked = rows.sort([rank, pl.col("customer_id")], descending=[True, False]).with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        cumulated_cost=pl.col("cost").cum_sum(),
        cumulated_profit=pl.col("expected_profit").cum_sum(),
    )
    return ranked if budget is None else ranked.filter(pl.col("cumulated_cost") <= budget * (1 + 1e-12))


def call_scores(offers: pl.DataFrame, *, budget: float | None = None, as_of: date, source: Source) -> ScoreTable:
    """Return the score table of an offer: its value and cost for each customer, and the rank of the calls.

    `retention_call_rank` is 1 for the first to call; customers on whom money would be lost, for whom the budget is spent, or who
    may not be phoned have none.

    Args:
        offers: as returned by `offer_values`.
        budget: largest expected cost, money; None for no limit.
        as_of: day of the contracts.
        source: the version of the model.

    Examples:
        >>> from datetime import date
        >>> from relkit.scores.score_table import Source
        >>> offers = pl.DataFrame({"customer_id": ["a", "b", "c"], "value": [9.0, 2.0, 8.0], "cost": [4.0, 3.0, 2.0]})
        >>> offers = offers.with_columns(expected_profit=pl.col("value") - pl.col("cost"))
        >>> day, cox = date(2025, 6, 30), Source(model="survival.cox", version="1", trained_as_of=date(2025, 6, 30))
        >>> scores = call_scores(offers, budget=6.0, as_of=day, source=cox)
        >>> scores.of(CALL_RANK.at()).select("customer_id", "value").rows()
        [('a', 2.0), ('c', 1.0)]
    """
    ranks = under_budget(to_be_called(offers), budget=budget).select("customer_id", pl.col("rank").alias(CALL_RANK.stem))
    named = {OFFER_VALUE.stem: "value", OFFER_COST.stem: "cost", OFFER_PROFIT.stem: "expected_profit"}
    values = offers.select("customer_id", **{name: pl.col(column) for name, column in named.items()})
    wide = values.join(ranks, on="customer_id", how="left", maintain_order="left")
    return to_long(wide, {kind.at(): kind for kind in KINDS}, as_of=as_of, source=source)


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """Gain from calling by expected profit, compared with calling as many customers by risk.

    Attributes:
        called: customers called by expected profit.
        profit: their expected profit.
        cost: expected cost of calling them.
        profit_by_risk: expected profit of as many customers, those with the highest risk.
        best_by_risk: largest profit of a ranking by risk within the same cost, at any depth.
        called_by_risk: customers called at that depth.
        shared: customers in both lists of equal length.
    """

    called: int
    profit: float
    cost: float
    profit_by_risk: float
    best_by_risk: float
    called_by_risk: int
    shared: int

    @property
    def missed_share(self) -> float:
        """Share of the profit that a ranking by risk alone misses, even at its own best depth; 0 if there is no profit."""
        return 1 - self.best_by_risk / self.profit if self.profit > 0 else 0.0


def by_profit_and_by_risk(offers: pl.DataFrame, *, budget: float | None = None) -> Rankings:
    """Return the gain from calling by expected profit, compared with calling by the risk of an end alone.

    Args:
        offers: as returned by `offer_values`.
        budget: largest expected cost, money; None for no limit.
    """
    called = under_budget(offers, budget=budget)
    risky = under_budget(offers, budget=budget, by="churn_probability", only_gains=False)
    along = np.r_[0.0, risky["cumulated_profit"].to_numpy()]
    as_many = offers.sort(["churn_probability", "customer_id"], descending=[True, False]).head(len(called))
    depth = int(along.argmax())
    return Rankings(
        called=len(called),
        profit=float(called["expected_profit"].sum()),
        cost=float(called["cost"].sum()),
        profit_by_risk=float(as_many["expected_profit"].sum()),
        best_by_risk=float(along[depth]),
        called_by_risk=depth,
        shared=len(called.join(as_many, on="customer_id", how="semi")),
    )

"""Money that an action added: totals over the treated, net of cost, with their intervals; returns per euro; cost per further order.

    found = design.estimates(("margin", "orders", "cost"), target="treated")
    added = incremental(found, "margin")                 margin that the action added on all treated units
    account = account_of(found, margin="margin", cost="cost", orders="orders")

The effect is per unit drawn, and an action was given to the treated only: totals are the effect times the units treated. Cost is a measure
like the others, so that its covariance with margin is in the interval of the net.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import TableError
from relkit.measurement.effect import Effect
from relkit.measurement.fieller import RatioSet, fieller
from relkit.measurement.t_intervals import reach
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.measurement.estimates import Estimates
    from relkit.metrics.risk_sets import Floats

NO_COST = Text("The action cost nothing.", "L’action n’a rien coûté.")
ORDERS_NOT_RAISED = Text(
    "The action did not clearly add orders: a cost per additional order is undefined.",
    "L’action n’a pas clairement apporté de commandes : le coût par commande supplémentaire n’est pas défini.",
)
UNKNOWN_COVARIANCE = Text("An arm has too few units for an interval.", "Un groupe compte trop peu d’unités pour un intervalle.")


@dataclass(frozen=True)
class PerEuro:
    """A ratio of two effects.

    Attributes:
        estimate: None if it is undefined.
        low: lower bound (Fieller); None if the ratio is undefined or its set is unbounded.
        high: upper bound.
        reason: why figures are missing; empty if none is.
    """

    estimate: float | None
    low: float | None
    high: float | None
    reason: Text = EMPTY


@dataclass(frozen=True)
class Account:
    """The money of an action on all its treated units.

    Attributes:
        n_treated: units treated.
        margin: margin that the action added, before its cost.
        cost: what the action cost, over the cost of control (0 unless control units were contacted).
        net: margin minus cost.
        roi: net per euro of cost: 0 breaks even, 0.5 returns 1.50 for each euro.
        margin_per_cost: margin added per euro of cost: 1 breaks even.
        cost_per_order: cost of an additional order; None if orders were not clearly raised.
        orders: orders that the action added; None without that measure.
    """

    n_treated: int
    margin: Effect
    cost: Effect
    net: Effect
    roi: PerEuro
    margin_per_cost: PerEuro
    cost_per_order: PerEuro | None
    orders: Effect | None


def incremental(found: Estimates, measure: str | Mapping[str, float], *, level: float = LEVEL, name: str = "") -> Effect:
    """Return the total that the action added on all treated units: the effect times their number.

    Args:
        found: estimates, best with `target="treated"`.
        measure: a measure, or weights of several, such as margin 1 and cost -1.
        level: of the interval.
        name: of a sum of measures.
    """
    return found.effect(measure, name=name, level=level).times(found.sizes[0])


def account_of(found: Estimates, *, margin: str = "margin", cost: str = "cost", orders: str | None = None, level: float = LEVEL) -> Account:
    """Return the money of an action.

    Args:
        found: estimates of these measures.
        margin: measure of margin, before the cost of the action.
        cost: measure of cost per unit.
        orders: measure of orders; None leaves out the cost per order.
        level: of the intervals.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated", "control"] * 4, "margin": [9.0, 1, 5, 2, 7, 3, 8, 2], "cost": [1.0, 0] * 4}
        >>> design = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None)
        >>> account = account_of(design.estimates(("margin", "cost"), target="treated"))
        >>> account.margin.estimate, account.net.estimate, account.roi.estimate
        (21.0, 17.0, 4.25)
    """
    net = incremental(found, {margin: 1.0, cost: -1.0}, level=level, name="net")
    spent = incremental(found, cost, level=level)
    added = None if orders is None else incremental(found, orders, level=level)
    per_order = None if added is None or orders is None else _cost_per_order(found, cost, orders, level)
    return Account(
        round(found.sizes[0]), incremental(found, margin, level=level), spent, net,
        _per_cost(found, {margin: 1.0, cost: -1.0}, cost, level), _per_cost(found, {margin: 1.0}, cost, level), per_order, added,
    )  # fmt: skip


def ratio_of_effects(found: Estimates, above: Mapping[str, float], below: Mapping[str, float], *, level: float = LEVEL) -> RatioSet:
    """Return the ratio of two weighted sums of effects with Fieller's set, from their joint covariance."""
    a, b = found.weights(above), found.weights(below)
    sums = [float(weights @ found.means) for weights in (a, b)]
    estimate = sums[0] / sums[1] if sums[1] else None
    # Of above minus the estimated ratio times below: the same for a ratio and for that ratio minus one.
    df = found.df(a - (estimate or 0.0) * b)
    if df is None:
        return RatioSet(estimate, None, None, None, UNKNOWN_COVARIANCE)
    return fieller(sums[0], sums[1], found.covariance(a, a), found.covariance(b, b), found.covariance(a, b), reach(level, df))


def _per_cost(found: Estimates, above: Mapping[str, float], cost: str, level: float) -> PerEuro:
    spent = found.effect(cost).estimate
    if spent is None or spent <= 0:
        return PerEuro(None, None, None, NO_COST)
    ratio = ratio_of_effects(found, above, {cost: 1.0}, level=level)
    return PerEuro(ratio.estimate, ratio.low, ratio.high, ratio.reason)


def _cost_per_order(found: Estimates, cost: str, orders: str, level: float) -> PerEuro:
    raised = found.effect(orders, level=level)
    if raised.estimate is None or raised.estimate <= 0:
        return PerEuro(None, None, None, ORDERS_NOT_RAISED)
    ratio = ratio_of_effects(found, {cost: 1.0}, {orders: 1.0}, level=level)
    if not ratio.is_bounded:
        return PerEuro(ratio.estimate, None, None, ORDERS_NOT_RAISED)
    return PerEuro(ratio.estimate, ratio.low, ratio.high)


@dataclass(frozen=True, eq=False)
class Campaign:
    """One campaign's part in a total: its effect over the treated and the influence of each customer on it.

    Attributes:
        total: effect times units treated.
        influence: of each row on the total, shape (n,).
        customers: identifier of the customer of each row, shape (n,).
        sizes: units treated and in control.
    """

    total: float
    influence: Floats
    customers: Sequence[object]
    sizes: tuple[float, float]


def cumulated(campaigns: Sequence[Campaign], *, level: float = LEVEL, measure: str = "margin") -> Effect:
    """Return the total of several campaigns, whose customers may overlap: a customer's influence is summed over them.

    Args:
        campaigns: parts, as `campaign_part` makes them.
        level: of the interval.
        measure: name of the measure.

    Raises:
        TableError: no campaign.
    """
    if not campaigns:
        raise TableError("there is no campaign.", where="campaigns", remedy="Give at least one that has ended.")
    import polars as pl

    parts = [pl.DataFrame({"customer": list(part.customers), "influence": part.influence}) for part in campaigns]
    values = pl.concat(parts, how="vertical_relaxed").group_by("customer").agg(pl.col("influence").sum())["influence"].to_numpy()
    groups, total = len(values), float(sum(part.total for part in campaigns))
    variance = float(values @ values) * groups / (groups - 1) if groups > 1 else None
    sizes = (sum(part.sizes[0] for part in campaigns), sum(part.sizes[1] for part in campaigns))
    spread = None if variance is None else (variance, 0.0, 0.0)
    df = None if variance is None else float(groups - 1)
    return Effect.of(measure, (total, 0.0), sizes, spread=spread, df=df, level=level, method="clustered")


def campaign_part(found: Estimates, influence: Floats, customers: Sequence[object], parts: Mapping[str, float]) -> Campaign:
    """Return a campaign's part in a total, from `Design.influence`.

    Args:
        found: estimates of the campaign's measures.
        influence: of each unit on the means, shape (n, 2 m).
        customers: customer of each unit, shape (n,).
        parts: weight of each measure in the total, such as margin 1 and cost -1.
    """
    weights, n_treated = found.weights(parts), found.sizes[0]
    return Campaign(float(weights @ found.means) * n_treated, np.asarray(influence @ weights) * n_treated, customers, found.sizes)

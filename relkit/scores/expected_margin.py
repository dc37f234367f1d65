"""Expected margin of customers, from purchases and contracts: one column, one meaning.

    purchases = purchase_margins(orders, order_value, features, margin_rate=0.3, ahead=Ahead(24, 0.10))
    contracts = contract_margins(survival, running, ahead=Ahead(24, 0.10))
    scores = future_margin([purchases, contracts], ahead=..., as_of=day, source=versions)

Both parts are the margin of the months ahead, each euro discounted from its own day (a month of a contract from its
middle) at ln(1 + rate) / 365.25 per day: expected orders times the expected value of an order times the margin rate, and the
expected remaining months of a running contract times its monthly margin. A customer with both parts has their sum; a customer
with an unknown part has no margin, since a partial margin would pass for a whole one.

Returns. If goods are returned, purchases are net of returns: times one minus the expected return share, less the returns
still to come of sales already made (`relkit.features.return_shares`), all at the margin rate. That rate is the margin of goods kept
over the amount of goods kept, returns deducted from both, so that net sales times the rate are the margin of sales less that of returns
and nothing is deducted twice, whatever a return costs. A return counts on the day of its sale: sales of the horizon are net of their
later returns, and returns to come count in full.

Intervals. Orders and order values are two models, assumed independent, so the relative variances of their product add;
so do the variances of purchases and contracts. The customer's own return share has the error of its estimate from a few purchases.
Bounds are symmetric on the logarithm, or on the amount itself if a part is a loss, or if returns make its error more than half of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.models.lifetime_value.discounted_months import months_ahead, worth, worth_errors
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders
from relkit.models.lifetime_value.family import EXPECTED_ORDER_VALUE
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.score_kinds import Score, ScoreKind
from relkit.scores.intervals import can_move, signed_bounds
from relkit.scores.score_table import to_long
from relkit.units import HORIZON_MONTHS, days_of_months

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from relkit.models.lifetime_value.discounted_months import SurvivesAhead
    from relkit.models.lifetime_value.discounted_value import Orders
    from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma
    from relkit.scores.score_table import ScoreTable, Source

Floats = NDArray[np.float64]

ANNUAL_DISCOUNT_RATE = 0.10
FUTURE_MARGIN = ScoreKind(stem="future_margin", horizon="months", low=None)
CONTRACT_RESIDUAL_VALUE = ScoreKind(stem="contract_residual_value", horizon="months", low=None, applies_to="contract")
KINDS = (FUTURE_MARGIN, CONTRACT_RESIDUAL_VALUE)


@dataclass(frozen=True)
class Ahead:
    """Horizon and discount rate of margin.

    Attributes:
        months: horizon, in months of a twelfth of 365.25 days; None for no end.
        annual_discount_rate: 0.10 for 10 % a year; above 0 if there is no end.

    Examples:
        >>> str(Ahead(24, 0.10).score), str(Ahead(None, 0.10).score)
        ('future_margin_24m', 'future_margin_endless')
        >>> str(Ahead(24, 0.10).of_contracts)
        'contract_residual_value_24m'
    """

    months: int | None = HORIZON_MONTHS
    annual_discount_rate: float = ANNUAL_DISCOUNT_RATE

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        if self.months is not None and self.months < 1:
            raise ParameterError(f"horizon_months is {self.months}; it must be at least 1.", where="horizon_months")

    @property
    def score(self) -> Score:
        """The score of all margin ahead."""
        return FUTURE_MARGIN.at(self.months)

    @property
    def of_contracts(self) -> Score:
        """The score of the part of it that comes from running contracts."""
        return CONTRACT_RESIDUAL_VALUE.at(self.months)


def purchase_margins(
    orders: Orders,
    order_value: FittedGammaGamma,
    features: pl.DataFrame,
    *,
    margin_rate: float,
    ahead: Ahead,
    returns: pl.DataFrame | None = None,
    intervals: bool = True,
) -> pl.DataFrame:
    """Return the value of each customer's future orders, net of returns: customer_id, value, error (null if unknown).

    The two models assume that spend is independent of the number of orders.

    Args:
        orders: the model of purchase frequency.
        order_value: the model of order value.
        features: one row per customer, with the columns that both need.
        margin_rate: margin over net amount, in [0, 1].
        ahead: horizon and discount rate.
        returns: one row per customer: customer_id, expected_return_share, share_error, returns_to_come, to_come_slope, most_to_come
            (`relkit.features.return_shares`); None if nothing is returned. Customers not in it return nothing.
        intervals: compute the errors.

    Returns:
        With returns, also unsure: whether the error is more than half the value; and least: the value if everything were returned.

    Raises:
        ParameterError: a margin rate outside [0, 1], or an invalid discount rate.
    """
    if not 0 <= margin_rate <= 1:
        raise ParameterError(f"margin_rate is {margin_rate}; it must lie in [0, 1].", where="margin_rate", remedy="Write 0.30 for 30 %.")

    def coming(model: Any) -> Floats:
        if ahead.months is None:
            return dert(model, features, ahead.annual_discount_rate)["discounted_orders"].to_numpy()
        return discounted_orders(model, features, days_of_months(ahead.months), ahead.annual_discount_rate).to_series(1).to_numpy()

    def worth_of_an_order(model: Any) -> Floats:
        return cast("Floats", model.score(features)[EXPECTED_ORDER_VALUE.stem].to_numpy())

    found = coming(orders) * worth_of_an_order(order_value) * margin_rate
    made = pl.DataFrame({"customer_id": features["customer_id"].cast(pl.String), "value": found})
    if not (intervals and can_move(orders) and can_move(order_value)):
        made = made.with_columns(error=pl.lit(None, pl.Float64))
    else:
        relative = [_relative(model, of) for model, of in ((orders, coming), (order_value, worth_of_an_order))]
        error = found * np.sqrt(relative[0] ** 2 + relative[1] ** 2)
        made = made.with_columns(error=pl.Series(error).fill_nan(None) if (relative[1] > 0).any() else pl.lit(None, pl.Float64))
    return made if returns is None else _net(made, returns, margin_rate)


def _net(gross: pl.DataFrame, returns: pl.DataFrame, margin_rate: float) -> pl.DataFrame:
    """Return the margin of purchases less that of returns, its error, whether the error is large, and its lowest value."""
    joined = gross.join(returns.with_columns(pl.col("customer_id").cast(pl.String)), on="customer_id", how="left", maintain_order="left")
    names = ("expected_return_share", "share_error", "returns_to_come", "to_come_slope", "most_to_come")
    share, spread, to_come, slope, most = (pl.col(name).fill_null(0.0) for name in names)
    kept, value, error = 1 - share, pl.col("value"), pl.col("error")
    net = value * kept - to_come * margin_rate
    spoken = ((error * kept) ** 2 + (spread * (value + slope * margin_rate)) ** 2).sqrt()
    made = joined.select("customer_id", value=net, error=spoken, least=0.0 - most * margin_rate)
    return made.with_columns(unsure=(error > value / 2).fill_null(value=False))


def contract_margins(fitted: SurvivesAhead, contracts: pl.DataFrame, *, ahead: Ahead, intervals: bool = True) -> pl.DataFrame:
    """Return the value of each customer's running contracts: customer_id, value, error (null if unknown).

    Args:
        fitted: a fitted model of contract duration.
        contracts: one row per running contract: customer_id, contract_id, margin_a_month (known), and the inputs of the model.
        ahead: horizon and discount rate.
        intervals: compute the errors.
    """
    if contracts.is_empty():
        return pl.DataFrame(schema={"customer_id": pl.String, "value": pl.Float64, "error": pl.Float64})
    owners = contracts["customer_id"].unique(maintain_order=True).cast(pl.String)
    owner = contracts["customer_id"].cast(pl.Enum(owners)).to_physical().to_numpy().astype(np.intp)
    rows, monthly = contracts.with_columns(customer_id="contract_id"), contracts["margin_a_month"].to_numpy()
    counted = months_ahead(ahead.months, ahead.annual_discount_rate)
    found = worth(fitted, rows, counted, monthly, owner)
    errors = worth_errors(fitted, rows, counted, monthly, owner) if intervals else None
    made = pl.DataFrame({"customer_id": owners, "value": found})
    return made.with_columns(error=pl.lit(None, pl.Float64) if errors is None else pl.Series(errors).fill_nan(None))


def unknown_margins(customers: pl.Series) -> pl.DataFrame:
    """Return a part of unknown value for these customers."""
    ids = customers.cast(pl.String).unique(maintain_order=True).alias("customer_id")
    return pl.DataFrame(ids).with_columns(value=pl.lit(None, pl.Float64), error=pl.lit(None, pl.Float64))


def future_margin(parts: Sequence[pl.DataFrame], *, ahead: Ahead, as_of: date, source: Source) -> ScoreTable:
    """Return the score table of the margin ahead: the sum of each customer's parts, for customers with all parts known.

    Args:
        parts: each with customer_id, value, error, and unsure and least if returns are deducted; a customer at most once in each.
        ahead: the horizon, which the name of the score contains.
        as_of: day of the features.
        source: the versions of all models behind the parts.

    Examples:
        >>> from datetime import date
        >>> from relkit.scores.score_table import Source
        >>> bought = pl.DataFrame({"customer_id": ["a", "b"], "value": [100.0, 20.0], "error": [9.0, 2.0]})
        >>> holds = pl.DataFrame({"customer_id": ["a"], "value": [50.0], "error": [12.0]})
        >>> both = Source(model="m+n", version="1+1", trained_as_of=date(2025, 6, 30))
        >>> scores = future_margin([bought, holds], ahead=Ahead(24, 0.10), as_of=date(2025, 6, 30), source=both)
        >>> scores.frame.select("customer_id", "value", pl.col("lower", "upper").round(1)).rows()
        [('a', 150.0, 123.3, 182.5), ('b', 20.0, 16.4, 24.3)]
    """
    return _as_score(FUTURE_MARGIN, ahead, parts, as_of=as_of, source=source)


def residual_value(parts: Sequence[pl.DataFrame], *, ahead: Ahead, as_of: date, source: Source) -> ScoreTable:
    """Return the score table of the residual value of running contracts: their part of the margin ahead.

    Args:
        parts: as returned by `contract_margins` and `unknown_margins`; a customer at most once in each.
        ahead: the horizon, which the name of the score contains.
        as_of: day of the features.
        source: the version of the model of contracts.
    """
    return _as_score(CONTRACT_RESIDUAL_VALUE, ahead, parts, as_of=as_of, source=source)


def _as_score(kind: ScoreKind, ahead: Ahead, parts: Sequence[pl.DataFrame], *, as_of: date, source: Source) -> ScoreTable:
    """Return the sum of each customer's parts as a score with its bounds, for customers with all parts known."""
    value, error = pl.col("value"), pl.col("error")
    nets = pl.DataFrame(schema={"customer_id": pl.String, "least": pl.Float64, "unsure": pl.Boolean})
    gain = pl.when(value >= 0).then(0.0).otherwise(float("-inf"))
    sums = (
        pl.concat([*parts, nets], how="diagonal")
        .group_by("customer_id", maintain_order=True)
        .agg(
            value=pl.when(value.is_not_null().all()).then(value.sum()),
            error=pl.when(error.is_not_null().all()).then((error**2).sum().sqrt()),
            all_gains=((value >= 0) & ~pl.col("unsure").fill_null(value=False)).all(),
            least=pl.coalesce("least", gain).sum(),
        )
        .filter(value.is_not_null())
        .sort("customer_id")
    )
    errors = sums["error"].fill_null(np.nan).to_numpy()
    low, high = signed_bounds(sums["value"].to_numpy(), errors, all_gains=sums["all_gains"].to_numpy())
    low = np.maximum(low, np.minimum(sums["least"].to_numpy(), sums["value"].to_numpy()))
    score = kind.at(ahead.months)
    wide = sums.select("customer_id", value.alias(str(score)))
    return to_long(wide, {score: kind}, as_of=as_of, source=source, bounds={score: (low, high)})


def _relative(model: Any, value: Any) -> Floats:
    """Return the relative standard error of a value, 0 if the value is 0."""
    found: Floats = value(model)
    return np.divide(standard_errors(model, value), found, out=np.zeros_like(found), where=found > 0)

"""Share of a customer's sales that is expected to come back, and the part of past sales that is still to come back.

    found = return_shares(tables, as_of)        None if nothing ever came back
    found.customers                             one row per buyer: expected_return_share, returns_to_come

In the notation of docs/models.md: purchase j of customer i has the value S_ij and the age a_ij, R_i is the amount returned so far, F the
share of eventual returns that is back at an age (`relkit.features.return_lags`).

The overall share is rho = sum R / sum S F(a): sales count in so far as they have had the time to come back. If products have categories,
each has its own rate, and a customer's prior pi_i is that of what the customer buys. The customer's own rate r_i = R_i / sum S F(a)
counts as much as the purchases that it comes from,

    n_i = (sum S F)^2 / sum S^2 F

which are purchases of equal weight, not euros: one large order that came back is one observation. The variation between customers is
learnt from all (`relkit.features.return_prior`), starting from the variances within and between customers of the share of each purchase
that came back, by moments, so heavy amounts do not move them. If customers do not differ, all have the prior. Of a purchase of which
K is left, K rho_i (1 - F) / (1 - rho_i F) is still to come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.features.known_rows import known_rows
from relkit.features.purchase_days import names_of, purchase_days
from relkit.features.return_lags import DEFAULT_DAYS, ReturnLags, return_lags
from relkit.features.return_prior import beta_weights, learnt_weights, posterior
from relkit.features.returned_sales import returned_sales, sale_lines
from relkit.remarks import Remark

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIPE = 0.9
"""Share of a purchase's returns that must be in for it to inform the variation between customers."""
FEWEST_AGAIN = 30
"""Fewest purchases beyond their customer's first from which the variation between customers is estimated."""
DEFAULT_WEIGHT = 5.0
"""Weight of the prior in purchases if there are too few to estimate the variation between customers."""
LEAST_WEIGHT, MOST_WEIGHT = 0.25, 1_000.0
"""Bounds of the weight of the prior; at the upper one customers are taken not to differ."""
CATEGORY_WEIGHT = 50.0
"""Weight of the overall share in the rate of a category, in days of sale."""
NAMED = 0.8
"""Share of the amounts returned whose category must be known for categories to count."""


@dataclass(frozen=True, eq=False)
class ReturnShares:
    """Expected returns, as of a day.

    Attributes:
        customers: one row per buyer, in order of customer_id: customer_id, expected_return_share, share_error (standard deviation of the
            customer's own share around it), returns_to_come (net amount), to_come_slope (its derivative by the share), most_to_come (what
            is left of the sales of which not all returns are in).
        share: of all sales.
        prior_weight: weight of the overall share against a customer's own, in purchases, from the variances: k = within / between.
        lags: time until returns come in.
        by_category: whether categories differ in the prior.
        remarks: on how to read the estimate.
    """

    customers: pl.DataFrame
    share: float
    prior_weight: float
    lags: ReturnLags
    by_category: bool
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, eq=False)
class _Purchases:
    """The purchases, one value each: customer (code), value, amount returned, share of returns that is in at its age."""

    customer: Ints
    value: Floats
    back: Floats
    seen: Floats
    customers: int

    def only(self, rows: NDArray[np.bool_]) -> _Purchases:
        """Return some of the purchases, of the same customers."""
        return _Purchases(self.customer[rows], self.value[rows], self.back[rows], self.seen[rows], self.customers)

    def sums(self, values: Floats) -> Floats:
        """Return the sum of values by customer."""
        return np.asarray(np.bincount(self.customer, weights=values, minlength=self.customers), dtype=np.float64)


def return_shares(tables: TableSet, as_of: AsOf) -> ReturnShares | None:
    """Return the share of sales expected back for every buyer, as known at `as_of`; None if nothing came back.

    Raises:
        TableError: there is no transactions table.
    """
    back = returned_sales(tables, as_of).drop_nulls("sale_day")
    if back.is_empty():
        return None
    days = purchase_days(tables, as_of)
    lags = _lags(back, as_of)
    bought = _purchases(days, back, lags, as_of)
    exposed = bought.sums(bought.value * bought.seen)
    # No more than was bought can come back: the rest belongs to sales outside the data.
    returned = np.minimum(bought.sums(bought.back), bought.sums(bought.value))
    share = float(min(returned.sum() / exposed.sum(), 1.0)) if exposed.sum() > 0 else 0.0
    prior, by_category = _priors(tables, as_of, back, names_of(days), lags, share)
    prior = np.clip(prior * _level(returned, exposed, prior), 0.0, 1.0)
    differ = _differences(bought, prior)
    known = _Known(exposed, returned, bought.sums(bought.value**2 * bought.seen), prior)
    customers = _customers(names_of(days), bought, *known.shares(differ))
    return ReturnShares(customers, share, differ.weight, lags, by_category, _remarks(lags, is_known=differ.is_known))


def _lags(back: pl.DataFrame, as_of: AsOf) -> ReturnLags:
    """Return the lags of returns, from those whose sale is named if these are enough."""
    own = back.filter(link="line")
    used = own if len(own) * 2 >= len(back) else back
    lag = (used["day"] - used["sale_day"]).dt.total_days().to_numpy()
    age = used.select((pl.lit(as_of.day) - pl.col("sale_day")).dt.total_days()).to_series().to_numpy()
    return return_lags(lag, np.maximum(age, lag), used["amount"].to_numpy())


def _purchases(days: pl.DataFrame, back: pl.DataFrame, lags: ReturnLags, as_of: AsOf) -> _Purchases:
    """Return every purchase with the amount returned."""
    names = names_of(days)
    by_sale = back.group_by(pl.col("customer_id").cast(pl.Enum(names), strict=False), day="sale_day").agg(pl.col("amount").sum().round(6))
    joined = days.join(by_sale.drop_nulls("customer_id"), on=["customer_id", "day"], how="left", maintain_order="left")
    age = joined.select((pl.lit(as_of.day) - pl.col("day")).dt.total_days().clip(0)).to_series().to_numpy()
    return _Purchases(
        customer=joined["customer_id"].to_physical().to_numpy().astype(np.int64),
        value=joined["value"].clip(0.0).to_numpy(),
        back=joined["amount"].fill_null(0.0).to_numpy(),
        seen=lags.at(age),
        customers=len(names),
    )


def _priors(tables: TableSet, as_of: AsOf, back: pl.DataFrame, ids: pl.Series, lags: ReturnLags, share: float) -> tuple[Floats, bool]:
    """Return the share by what each customer buys, and whether categories are used."""
    everybody = np.full(len(ids), share)
    category = _categories(tables, as_of)
    if category is None:
        return everybody, False
    known = back.join(category, on="product_id", how="inner")
    if float(known["amount"].sum()) < NAMED * float(back["amount"].sum()):
        return everybody, False
    sold = sale_lines(tables, as_of, "sale").join(category.lazy(), on="product_id", how="inner")
    by_day = sold.group_by("category", "day").agg(pl.col("amount").sum().round(6)).collect(engine="streaming")
    if by_day["category"].n_unique() < 2:
        return everybody, False
    rates = _category_rates(by_day, known, lags, as_of, share)
    mix = sold.join(rates.lazy(), on="category").group_by("customer_id")
    amount = pl.col("amount").clip(0.0)
    sums = mix.agg(whole=amount.sum().round(6), back=(amount * pl.col("rate")).sum().round(9)).filter(pl.col("whole") > 0)
    own = pl.DataFrame({"customer_id": ids.cast(pl.String)}).join(
        sums.collect(engine="streaming"), on="customer_id", how="left", maintain_order="left"
    )
    return own.select((pl.col("back") / pl.col("whole")).fill_null(share)).to_series().to_numpy(), True


def _categories(tables: TableSet, as_of: AsOf) -> pl.DataFrame | None:
    """Return product_id and category as last known; None if products have none."""
    if not tables.has("products") or "category_1" not in tables.columns("products"):
        return None
    versions = known_rows(tables, "products", as_of, "product_id", "valid_from", "category_1").collect()
    last = versions.sort("product_id", "valid_from").unique("product_id", keep="last", maintain_order=True)
    return last.select("product_id", category="category_1").drop_nulls()


def _category_rates(by_day: pl.DataFrame, back: pl.DataFrame, lags: ReturnLags, as_of: AsOf, share: float) -> pl.DataFrame:
    """Return category and rate: returns over the sales that had the time to come back, shrunk to the overall share."""
    age = by_day.select((pl.lit(as_of.day) - pl.col("day")).dt.total_days().clip(0)).to_series().to_numpy()
    exposed = by_day.with_columns(exposed=by_day["amount"].clip(0.0) * pl.Series(lags.at(age)))
    sums = exposed.group_by("category", maintain_order=True).agg(pl.col("exposed").sum(), days=pl.len())
    returned = back.group_by("category").agg(back=pl.col("amount").sum())
    rate = pl.col("back").fill_null(0.0) / pl.col("exposed")
    drawn = (pl.col("days") * rate + CATEGORY_WEIGHT * share) / (pl.col("days") + CATEGORY_WEIGHT)
    return sums.join(returned, on="category", how="left").select(
        "category", rate=pl.when(pl.col("exposed") > 0).then(drawn).otherwise(share)
    )


def _level(returned: Floats, exposed: Floats, prior: Floats) -> float:
    """Return the factor by which priors add up to the amount returned."""
    expected = float((exposed * prior).sum())
    return float(returned.sum()) / expected if expected > 0 else 1.0


@dataclass(frozen=True)
class _Differences:
    """Variation of the share of a purchase that came back: within customers, between them, and its mean; is_known if there are enough."""

    within: float = 0.0
    between: float = 0.0
    mean: float = 0.0
    is_known: bool = False

    @property
    def weight(self) -> float:
        """Weight of the prior in purchases: k = within / between."""
        if not self.is_known:
            return DEFAULT_WEIGHT
        return float(np.clip(self.within / self.between, LEAST_WEIGHT, MOST_WEIGHT)) if self.between > 0 else MOST_WEIGHT

    @property
    def partial(self) -> float:
        """The variance within customers over that of purchases which come back whole or not at all; 1 if nothing is known.

        Purchases that come back in part vary less, so each is more informative, and the prior weighs more in proportion.
        """
        whole = self.mean * (1 - self.mean) - max(self.between, 0.0)
        return float(np.clip(self.within / whole, 0.02, 1.0)) if self.is_known and whole > 0 else 1.0


def _differences(bought: _Purchases, prior: Floats) -> _Differences:
    """Return the variation of the share of a purchase that came back, by moments; purchases count alike whatever their amount."""
    ripe = bought.only((bought.value > 0) & (bought.seen >= RIPE))
    customer, share = ripe.customer, np.minimum(ripe.back / ripe.value, 1.0)
    number = np.bincount(customer, minlength=bought.customers).astype(np.float64)
    mean = np.divide(np.bincount(customer, weights=share, minlength=bought.customers), number, out=np.zeros_like(number), where=number > 0)
    again = float((number - 1)[number > 0].sum())
    if again < FEWEST_AGAIN or not share.any():
        return _Differences()
    within = float(((share - mean[customer]) ** 2).sum()) / again
    # Around each prior for purchases of equal weight, as shares by amount may differ.
    level = float(share.mean()) / float(prior[customer].mean()) if prior[customer].any() else 1.0
    apart = float((number * (mean - level * prior) ** 2).sum())
    whole, kept = float(number.sum()), int((number > 0).sum())
    between = (apart - (kept - 1) * within) / (whole - float((number**2).sum()) / whole)
    return _Differences(within, between, float(share.mean()), is_known=True)


@dataclass(frozen=True, eq=False)
class _Known:
    """Per customer: exposed and returned amounts, the sum of the squares of the purchases exposed, the prior's mean."""

    exposed: Floats
    returned: Floats
    squares: Floats
    prior: Floats

    def shares(self, differ: _Differences) -> tuple[Floats, Floats]:
        """Return the share of each customer and its standard deviation."""
        whole = float(self.exposed.sum())
        mean = float(self.prior @ self.exposed) / whole if whole > 0 else 0.0
        weight, partial = differ.weight, differ.partial
        of_all = partial * mean * (1 - mean) * float(self.squares.sum()) / whole**2 if whole > 0 else 0.0
        if weight >= MOST_WEIGHT or not 0 < mean < 1:
            return self.prior, np.full(len(self.prior), np.sqrt(of_all))
        number = np.divide(self.exposed**2, self.squares, out=np.zeros_like(self.exposed), where=self.squares > 0)
        own = np.minimum(np.divide(self.returned, self.exposed, out=np.zeros_like(self.exposed), where=self.exposed > 0), 1.0)
        weights = beta_weights(mean, weight / partial)
        weights = learnt_weights(number / partial, own, weights) if differ.is_known else weights
        share, error = posterior(number / partial, own, self.prior, weights)
        return share, np.sqrt(error**2 + (weight / (number + weight)) ** 2 * of_all)


def _customers(ids: pl.Series, bought: _Purchases, share: Floats, error: Floats) -> pl.DataFrame:
    """Return the expected returns of each customer."""
    young = bought.only(bought.seen < 1)
    rho, seen = share[young.customer], young.seen
    kept = np.maximum(young.value - young.back, 0.0)
    left = kept * (1 - seen)
    # If everything comes back and is in, nothing is left to come: 0 / 0.
    rest = np.maximum(1 - rho * seen, 1e-9)
    return pl.DataFrame(
        {
            "customer_id": ids.cast(pl.String),
            "expected_return_share": share,
            "share_error": error,
            "returns_to_come": young.sums(left * rho / rest),
            "to_come_slope": young.sums(left / rest**2),
            "most_to_come": young.sums(kept),
        }
    )


def _remarks(lags: ReturnLags, *, is_known: bool) -> tuple[Remark, ...]:
    return (*(() if lags.returns else (_FEW_RETURNS,)), *(() if is_known else (_FEW_AGAIN,)))


_FEW_RETURNS = Remark(
    "few_returns",
    f"Too few returns are known to tell how fast they come in: they are taken to come evenly over {DEFAULT_DAYS} days.",
    f"Trop peu de retours sont connus pour dire à quel rythme ils arrivent : on les suppose répartis sur {DEFAULT_DAYS} jours.",
)
_FEW_AGAIN = Remark(
    "few_buyers_again",
    f"Too few customers bought again to tell how much their shares of returns differ: the share of all weighs {DEFAULT_WEIGHT:g} "
    "purchases in each customer's own.",
    "Trop peu de clients ont racheté pour dire à quel point leurs parts de retours diffèrent : la part de l’ensemble pèse "
    f"{DEFAULT_WEIGHT:g} achats dans celle de chacun.",
)

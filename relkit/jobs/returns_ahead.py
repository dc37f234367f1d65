"""Expected returns of sales: their scores, the facts kept in models.json, and the remarks for readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.jobs.scored import Found
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.features.return_shares import ReturnShares
    from relkit.jobs.scored import Scored, ScoredModel
    from relkit.score_kinds import Score
    from relkit.scores.returns_used import ReturnsUsed
    from relkit.scores.score_table import ScoreTable


@dataclass(frozen=True, eq=False, kw_only=True)
class ReturnsAhead:
    """The returns expected by one run.

    Attributes:
        found: their scores, facts and remarks.
        facts: facts of the return share, which margin ahead is net of; empty if nothing was ever returned.
        customers: return shares, one row per customer, to net the margin ahead; None if nothing was ever returned.
    """

    found: Found = field(default_factory=Found)
    facts: Mapping[str, Any] = field(default_factory=dict)
    customers: pl.DataFrame | None = None


def returns_ahead(scored: Scored) -> ReturnsAhead:
    """Return the expected returns of the customers whose orders were scored; empty if nothing was ever returned."""
    import polars as pl

    from relkit.features.return_shares import return_shares
    from relkit.models.lifetime_value.family import ORDERS
    from relkit.scores.returns_used import KINDS

    orders = scored.by(ORDERS)
    shares = return_shares(scored.tables, scored.as_of) if orders else None
    if orders is None or shares is None:
        return ReturnsAhead()
    own = orders.rows.select(pl.col("customer_id").cast(pl.String))
    customers = own.join(shares.customers, on="customer_id", how="inner", maintain_order="left")
    if customers.is_empty():
        return ReturnsAhead()
    used = _used(scored, customers)
    made = Found(scores=(_as_scores(scored, orders, customers),))
    if used is None:
        return ReturnsAhead(found=made, customers=customers)
    facts = _facts(used, shares)
    remarks = _remarks(scored, used, shares)
    return ReturnsAhead(found=made + Found(facts={kind.at(): facts for kind in KINDS}) + remarks, facts=facts, customers=customers)


def _as_scores(scored: Scored, orders: ScoredModel, customers: pl.DataFrame) -> ScoreTable:
    """Return the share of returns, with its bounds, and the returns to come."""
    from relkit.scores.intervals import interval_of
    from relkit.scores.returns_used import KINDS, RETURN_SHARE
    from relkit.scores.score_table import to_long

    share = RETURN_SHARE.at()
    bands = interval_of(RETURN_SHARE, customers[str(share)], customers["share_error"].to_numpy()) if scored.terms.intervals else None
    wide = customers.select("customer_id", *(kind.stem for kind in KINDS))
    kinds = {kind.at(): kind for kind in KINDS}
    return to_long(wide, kinds, as_of=scored.as_of.day, source=orders.source, bounds={} if bands is None else {share: bands})


def _used(scored: Scored, customers: pl.DataFrame) -> ReturnsUsed | None:
    """Return the share of future sales expected to be returned, over the customers whose scores are kept."""
    from relkit.models.lifetime_value.family import EXPECTED_ORDER_VALUE, EXPECTED_ORDERS
    from relkit.scores.returns_used import returns_used

    orders, order_value = EXPECTED_ORDERS.at(scored.terms.horizon_days), EXPECTED_ORDER_VALUE.at()
    shown = customers.join(scored.refusing, on="customer_id", how="anti", maintain_order="left")
    return returns_used(_with_scores(scored, shown, orders, order_value), orders=str(orders), order_value=str(order_value))


def _with_scores(scored: Scored, customers: pl.DataFrame, *scores: Score) -> pl.DataFrame:
    """Return the customers with the earlier scores, as far as they exist."""
    import polars as pl

    for score in scores:
        for table in scored.found.scores:
            rows = table.of(score).select("customer_id", pl.col("value").alias(str(score)))
            if len(rows) and str(score) not in customers.columns:
                customers = customers.join(rows, on="customer_id", how="left")
    return customers


def _facts(used: ReturnsUsed, shares: ReturnShares) -> dict[str, Any]:
    return {
        "return_share": used.share,
        "return_share_low": used.low,
        "return_share_high": used.high,
        "return_share_of_past_sales": round(shares.share, 6),
        "returns_to_come": round(used.to_come, 2),
    }


def _remarks(scored: Scored, used: ReturnsUsed, shares: ReturnShares) -> Found:
    """Return the remarks on the share of future sales expected to be returned; they concern all money ahead."""
    from relkit.scores.returns_used import RETURN_SHARE

    net = _net_of_returns(used, shares, scored.tables.facts.currency)
    about = [str(score) for score in (RETURN_SHARE.at(), *(ahead.score for ahead in scored.terms.ahead))]
    found = Found().noting(net.on(about), as_warning=False)
    for remark in shares.remarks:
        found = found.noting(remark.on(about))
    return found


def _net_of_returns(used: ReturnsUsed, found: ReturnShares, currency: str) -> Remark:
    """Return the remark that states the share of returns in use."""
    half = found.lags.days_until(0.5)
    share, low, high = (f"{french(100 * each, 1)} %" for each in (used.share, used.low, used.high))
    return Remark(
        "net_of_returns",
        f"Money ahead is net of expected returns: {used.share:.1%} of coming sales, from {used.low:.1%} to {used.high:.1%} for four "
        f"customers in five{', by what they buy' if found.by_category else ''}. Returns of {used.to_come:,.0f} {currency} of sales "
        f"already made are still to come; half of what comes back is back within {half} days.",
        f"Les montants attendus sont nets des retours attendus : {share} des ventes à venir, de {low} à {high} pour quatre clients sur "
        f"cinq{', selon ce qu’ils achètent' if found.by_category else ''}. {french(used.to_come)} {currency} de retours sur des ventes "
        f"déjà faites sont encore à venir ; la moitié de ce qui revient est revenue en {half} jours.",
    )

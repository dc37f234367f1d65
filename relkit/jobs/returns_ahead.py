"""What of the sales is expected back: the scores of it, what is kept for models.json, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    import polars as pl

    from relkit.features.return_shares import ReturnShares
    from relkit.jobs.margin_ahead import Scored
    from relkit.scores.returns_used import ReturnsUsed


@dataclass
class ReturnsAhead:
    """The returns expected by one run.

    Attributes:
        run: what has been scored.
        orders: the model of orders that scored, "" where none did.
        facts: of the share used, for models.json; empty where nothing ever came back.
        said, warnings: one sentence each.
        remarks: what changes how money ahead is to be read.
    """

    run: Scored
    orders: str
    facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def scores(self) -> tuple[list[pl.DataFrame], pl.DataFrame | None]:
        """Return the score table of returns, and the frame that nets the margin ahead; nothing and None where nothing ever came back."""
        import polars as pl

        from relkit.features.return_shares import return_shares

        if not self.orders:
            return [], None
        found = return_shares(self.run.tables, self.run.as_of)
        if found is None:
            return [], None
        own = self.run.rows(self.orders).select(pl.col("customer_id").cast(pl.String))
        customers = own.join(found.customers, on="customer_id", how="inner", maintain_order="left")
        if customers.is_empty():
            return [], None
        self._say(found, customers)
        return [self._as_scores(customers)], customers

    def _as_scores(self, customers: pl.DataFrame) -> pl.DataFrame:
        """Return share and returns to come with the bounds of the share."""
        from relkit.scores.intervals import interval_of
        from relkit.scores.score_table import to_long

        share = "expected_return_share"
        bounds = {share: interval_of(share, customers[share], customers["share_error"].to_numpy())} if self.run.job.intervals else {}
        wide = customers.select("customer_id", share, "returns_to_come")
        return to_long(wide, as_of=self.run.as_of.day, source=self.run.source_of(self.orders), bounds=bounds)

    def _say(self, found: ReturnShares, customers: pl.DataFrame) -> None:
        """Keep and report the share of coming sales that is expected back."""
        from relkit.scores.returns_used import returns_used

        orders, value = f"expected_orders_{self.run.job.horizon_days}d", "expected_order_value"
        shown = customers.join(self.run.refusing, on="customer_id", how="anti", maintain_order="left")
        used = returns_used(self._with_scores(shown, orders, value), orders=orders, value=value)
        if used is None:
            return
        self.facts = {
            "return_share": used.share,
            "return_share_low": used.low,
            "return_share_high": used.high,
            "return_share_of_past_sales": round(found.share, 6),
            "returns_to_come": round(used.to_come, 2),
        }
        net = _net_of_returns(used, found, self.run.tables.facts.currency)
        scores = ("expected_return_share", *(f"future_margin_{span}" for span in self._spans()))
        self.said.append(net.en)
        self.warnings += [remark.en for remark in found.remarks]
        self.remarks += [remark.on(scores) for remark in (net, *found.remarks)]

    def _spans(self) -> list[str]:
        """Return the horizons of the margin ahead, as scores name them."""
        return [f"{self.run.job.horizon_months}m", *(["endless"] if self.run.job.endless else [])]

    def _with_scores(self, customers: pl.DataFrame, *names: str) -> pl.DataFrame:
        """Return the customers with scores that were made before, as far as they were."""
        import polars as pl

        for name in names:
            for part in self.run.parts:
                rows = part.filter(score=name).select("customer_id", pl.col("value").alias(name))
                if len(rows) and name not in customers.columns:
                    customers = customers.join(rows, on="customer_id", how="left")
        return customers


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

"""What of the sales is expected back: the scores of it, what is kept for models.json, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from relkit.features.return_shares import ReturnShares
    from relkit.jobs.margin_ahead import Scored

RANGE = (0.1, 0.9)
"""Of the shares of customers: the range that is reported."""


@dataclass
class ReturnsAhead:
    """The returns expected by one run.

    Attributes:
        run: what has been scored.
        orders: the model of orders that scored, "" where none did.
        facts: of the share used, for models.json; empty where nothing ever came back.
        said, warnings: one sentence each.
    """

    run: Scored
    orders: str
    facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

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
        share = self._of_coming_sales(customers)
        low, high = (float(customers["expected_return_share"].quantile(q) or 0.0) for q in RANGE)
        to_come = float(customers["returns_to_come"].sum())
        self.facts = {
            "return_share": round(share, 6),
            "return_share_low": round(low, 6),
            "return_share_high": round(high, 6),
            "return_share_of_past_sales": round(found.share, 6),
            "returns_to_come": round(to_come, 2),
        }
        currency, half = self.run.tables.facts.currency, found.lags.days_until(0.5)
        self.said.append(
            f"Money ahead is net of expected returns: {share:.1%} of coming sales, from {low:.1%} to {high:.1%} for four customers in five"
            f"{', by what they buy' if found.by_category else ''}. Returns of {to_come:,.0f} {currency} of sales already made are still to "
            f"come; half of what comes back is back within {half} days."
        )
        self.warnings += found.remarks

    def _of_coming_sales(self, customers: pl.DataFrame) -> float:
        """Return the share of the sales of the days ahead that is expected back: each customer counts by orders times order value."""
        import polars as pl

        names = (f"expected_orders_{self.run.job.horizon_days}d", "expected_order_value")
        weighed = customers.with_columns(weight=pl.lit(1.0))
        for name in names:
            tables = [part.filter(score=name).select("customer_id", "value") for part in self.run.parts if name in part["score"]]
            if tables:
                weighed = weighed.join(tables[0], on="customer_id", how="left").with_columns(weight=pl.col("weight") * pl.col("value"))
                weighed = weighed.drop("value")
        weight = pl.col("weight").fill_null(0.0)
        whole = float(weighed.select(weight.sum()).item())
        return float(weighed.select((weight * pl.col("expected_return_share")).sum()).item()) / whole if whole > 0 else 0.0

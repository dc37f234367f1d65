"""A retention offer valued for a report: its value for each holder of a contract, and the profit of its ranking on the holdout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.jobs.declared_offer import ContractsOffered

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.trials import Tried
    from relkit.models.survival.profit_of_risk import HeldOutProfit
    from relkit.periods import AsOf
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.retention_offer import RetentionOffer
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class ValuedOffer:
    """An offer, the model of contracts that values it, and the horizon of margin.

    Attributes:
        offer: the offer and its assumptions.
        margin_rate: margin over amount for a contract without a margin of its own; None for the rate the company declared.
        ahead: the horizon of margin, and its discount.
        model: name of the model.
        fitted: the version behind the scores.
        tables: the company.
        as_of: the day of the report.
    """

    offer: RetentionOffer
    margin_rate: float | None
    ahead: Ahead
    model: str
    fitted: Any
    tables: TableSet
    as_of: AsOf

    def offers(self, risk: pl.DataFrame) -> pl.DataFrame | None:
        """Return the value of the offer for contracts with a known monthly margin; None if no contract has one.

        Args:
            risk: the customers with a score, by customer_id.
        """
        from relkit.families.bindings import inputs_of
        from relkit.scores.retention_offer import offer_values

        inputs = inputs_of(self.model, self.tables)
        rows = inputs.one_a_customer(inputs.features(self.tables, self.as_of))
        scored = rows.join(risk, on="customer_id", how="semi", maintain_order="left")
        held = ContractsOffered.of(self.tables, self.as_of, scored, self.fitted.needs, margin_rate=self.margin_rate)
        if held is None or held.known.is_empty():
            return None
        return offer_values(self.fitted, held.known, offer=self.offer, ahead=self.ahead)

    def held_out(self, offers: pl.DataFrame, trial: Tried | None) -> HeldOutProfit | None:
        """Return the profit of a ranking by risk on the holdout; an averted end counts at today's mean value."""
        from relkit.families.bindings import inputs_of
        from relkit.models.survival.profit_of_risk import held_out_profit
        from relkit.periods import Holdout

        averted = float(offers["uplift"].sum())
        # Drawn customers are judged from their first day on, which is not the list of a day.
        if trial is None or not isinstance(trial.split, Holdout) or not averted > 0:
            return None
        reasons = inputs_of(self.model, self.tables).features(self.tables, trial.split.end) if self.offer.averts else None
        clv = float(offers["value"].sum()) / averted
        return held_out_profit(trial.fitted, trial.judged, trial.outcomes, reasons, offer=self.offer, clv=clv)

"""What the declared offer is worth to each holder of a contract, from the model of contracts that scored: the scores, and what to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.declared_offer import WHERE, ContractsOffered, as_kept, declared_offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.jobs.margin_ahead import Scored
    from relkit.scores.retention_offer import RetentionOffer

TELLS_CAUSES = "survival.discrete_competing_risks"
"""Named where the model that scored does not tell why contracts end."""


@dataclass
class CallsToMake:
    """The offer of one run.

    Attributes:
        run: what has been scored.
        contracts: models of contracts that may have scored, the first one wanted first.
        facts: of the offer, for models.json.
        said, warnings: one sentence each.
    """

    run: Scored
    contracts: Sequence[str]
    facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def scores(self) -> list[pl.DataFrame]:
        """Return the score table of the offer; none where no offer was declared or it cannot be valued.

        Raises:
            ParameterError: the offer averts ends of some causes, and no model that scored tells causes, or not these.
        """
        from relkit.scores.expected_margin import Ahead
        from relkit.scores.retention_offer import call_scores, offer_values

        job = self.run.job
        if not job.offer:
            return []
        offer = declared_offer(job.offer)
        model = self._model(offer)
        held = self._held(model)
        if held is None:
            return []
        ahead = Ahead(job.horizon_months, job.annual_discount_rate)
        offers = offer_values(self.run.fitted[model], held.known, offer=offer, ahead=ahead)
        self.facts = as_kept(offer, job.offer, job.margin_rate) | {
            "horizon_months": ahead.months,
            "annual_discount_rate": ahead.annual_discount_rate,
        }
        self._say(offer, offers, held, model)
        return [call_scores(offers, budget=offer.budget, as_of=self.run.as_of.day, source=self.run.source_of(model))]

    def _model(self, offer: RetentionOffer) -> str:
        """Return the model of contracts that scored, "" where none did; one that tells causes where the offer asks for them."""
        from relkit.scores.retention_offer import TellsCauses

        scored = [name for name in self.contracts if name in self.run.fitted]
        if not (offer.averts and scored):
            return scored[0] if scored else ""
        able = [name for name in scored if isinstance(self.run.fitted[name], TellsCauses)]
        if not able:
            others = [name for name in self.run.fitted if name not in self.contracts]
            raise ParameterError(
                f"averts is {', '.join(offer.averts)}, and {scored[0]} does not tell why contracts end.",
                where=WHERE,
                remedy=f"Run {command('fit', TELLS_CAUSES)}, then score with --models {' '.join([*others, TELLS_CAUSES])}; "
                "or leave averts out.",
            )
        return able[0]

    def _held(self, model: str) -> ContractsOffered | None:
        """Return the contracts the offer is about; None, said in a warning, where it can be valued for none."""
        if not model:
            self.warnings.append(f"The offer says nothing: no model of contracts scored. Run {command('fit', 'survival.cox')} first.")
            return None
        rows, needs = self.run.rows(model), self.run.fitted[model].needs
        held = ContractsOffered.of(self.run.tables, self.run.as_of, rows, needs, margin_rate=self.run.job.margin_rate)
        if held is None:
            billed = "what contracts bill is counted among the transactions, so they have no margin of their own."
            none = "the margin of a month is not known. It needs a contracts table, or snapshots with a monthly amount and a margin rate."
            self.warnings.append(f"The offer says nothing: {billed if self.run.tables.has('contracts') else none}")
            return None
        if held.known.is_empty():
            self.warnings.append(
                "The offer says nothing: the margin of no running contract is known. Map monthly_margin, declare assumed_margin_rate, "
                "or give --margin-rate."
            )
            return None
        return held

    def _say(self, offer: RetentionOffer, offers: pl.DataFrame, held: ContractsOffered, model: str) -> None:
        """Say whom calling pays for, what is assumed, and who is left out."""
        from relkit.tables.findings import counted

        if held.refusing:
            self.said.append(f"{counted(held.refusing, 'customer')} under contract left out of the offer: profiling refused.")
        if held.unknown:
            self.warnings.append(
                f"The offer has no value for {counted(held.unknown, 'customer')}: the monthly margin of the contract, or a value that "
                f"{model} must know, is not known."
            )
        self._tell_of_calls(offer, offers)
        assumed = {name: value for name, value in self.facts["offer"].items() if name not in self.facts["offer_declared"]}
        told = ", ".join(f"{name} {value:g}" for name, value in assumed.items() if name not in ("budget", "averts"))
        if told:
            self.said.append(f"Assumed of the offer, as it was not declared: {told}.")

    def _tell_of_calls(self, offer: RetentionOffer, offers: pl.DataFrame) -> None:
        from relkit.scores.retention_offer import by_profit_and_by_risk, under_budget
        from relkit.tables.findings import counted

        everybody = under_budget(offers)
        found = by_profit_and_by_risk(offers, budget=offer.budget)
        if everybody.is_empty():
            self.warnings.append("Calling pays for nobody under the declared offer: it costs more than it keeps.")
            return
        if not found.called:
            first = under_budget(offers, budget=float(everybody["cost"].sum()))["cost"][0]
            self.warnings.append(
                f"The budget of {self._money(offer.budget)} pays for no call: the first one should cost {self._money(first)}. "
                f"Calling would pay for {counted(len(everybody), 'customer')}."
            )
            return
        held = f"of {counted(len(offers), 'customer')} under contract"
        reach = "" if found.called == len(everybody) else f", within a budget of {self._money(offer.budget)} for {found.called:,} of them"
        if offer.budget is not None and not reach:
            reach = f" (the budget of {self._money(offer.budget)} is not spent)"
        self.said.append(
            f"Calling pays for {len(everybody):,} {held}{reach}: {self._money(found.profit)} are expected, at a cost of "
            f"{self._money(found.cost)}. In the order of risk alone {found.missed_share:.0%} of that would be missed."
        )

    def _money(self, value: float | None) -> str:
        digits = 0 if value is None or value >= 100 else 2
        return f"{value or 0.0:,.{digits}f} {self.run.tables.facts.currency}"

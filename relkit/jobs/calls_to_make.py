"""What the declared offer is worth to each holder of a contract, from the model of contracts that scored: the scores, and what to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.declared_offer import WHERE, ContractsOffered, as_kept, declared_offer
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.jobs.margin_ahead import Scored
    from relkit.scores.retention_offer import RetentionOffer

BARRED = {"protected": "protected", "no_consent": "without consent to calls", "unreachable": "out of reach by phone"}
"""Why a customer may not be phoned, in words."""
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
        remarks: those of them that change how the scores are to be read.
    """

    run: Scored
    contracts: Sequence[str]
    facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

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
            self._warn(_no_model())
            return None
        rows, needs = self.run.rows(model), self.run.fitted[model].needs
        held = ContractsOffered.of(self.run.tables, self.run.as_of, rows, needs, margin_rate=self.run.job.margin_rate)
        if held is None:
            self._warn(_BILLED if self.run.tables.has("contracts") else _NO_MONTH)
            return None
        if held.known.is_empty():
            self._warn(_NO_CONTRACT)
            return None
        return held

    def _warn(self, remark: Remark) -> None:
        """Keep a remark and warn of it."""
        self.warnings.append(remark.en)
        self.remarks.append(remark)

    def _say(self, offer: RetentionOffer, offers: pl.DataFrame, held: ContractsOffered, model: str) -> None:
        """Say whom calling pays for, what is assumed, and who is left out."""
        from relkit.tables.findings import counted

        if held.refusing:
            self.said.append(f"{counted(held.refusing, 'customer')} under contract left out of the offer: profiling refused.")
        if held.unknown:
            self._warn(_no_value(held.unknown, model))
        self._tell_of_calls(offer, offers)
        assumed = {name: value for name, value in self.facts["offer"].items() if name not in self.facts["offer_declared"]}
        told = ", ".join(f"{name} {value:g}" for name, value in assumed.items() if name not in ("budget", "averts"))
        if told:
            self.said.append(f"Assumed of the offer, as it was not declared: {told}.")

    def _tell_of_calls(self, offer: RetentionOffer, offers: pl.DataFrame) -> None:
        from relkit.scores.retention_offer import by_profit_and_by_risk, to_be_called, under_budget
        from relkit.tables.findings import counted

        free = to_be_called(offers)
        self._tell_of_barred(offers)
        if free.is_empty():
            self.warnings.append("None of the customers under contract may be phoned, so nobody is ranked.")
            return
        everybody = under_budget(free)
        found = by_profit_and_by_risk(free, budget=offer.budget)
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
        held = f"of {counted(len(free), 'customer')} under contract{' who may be phoned' if len(free) < len(offers) else ''}"
        reach = "" if found.called == len(everybody) else f", within a budget of {self._money(offer.budget)} for {found.called:,} of them"
        if offer.budget is not None and not reach:
            reach = f" (the budget of {self._money(offer.budget)} is not spent)"
        self.said.append(
            f"Calling pays for {len(everybody):,} {held}{reach}: a profit of {self._money(found.profit)} is expected, after costs of "
            f"{self._money(found.cost)}. In the order of risk alone {found.missed_share:.0%} of that profit would be missed."
        )

    def _tell_of_barred(self, offers: pl.DataFrame) -> None:
        """Say for how many customers calling would pay who may not be phoned, by reason."""
        import polars as pl

        from relkit.scores.retention_offer import NOT_CALLED, under_budget
        from relkit.tables.findings import counted

        barred = offers.filter(pl.col(NOT_CALLED).is_not_null())
        if barred.is_empty():
            return
        paying = under_budget(barred)[NOT_CALLED]
        reasons = [f"{n:,} {said}" for reason, said in BARRED.items() if (n := int((paying == reason).sum()))]
        of_them = f": {', '.join(reasons)}" if reasons else ""
        self.said.append(
            f"{counted(len(barred), 'customer')} under contract may not be phoned and have no rank; "
            f"calling would pay for {len(paying):,} of them{of_them}."
        )

    def _money(self, value: float | None) -> str:
        digits = 0 if value is None or value >= 100 else 2
        return f"{value or 0.0:,.{digits}f} {self.run.tables.facts.currency}"


def _no_value(customers: int, model: str) -> Remark:
    from relkit.tables.findings import counted

    return Remark(
        "offer_without_value",
        f"The offer has no value for {counted(customers, 'customer')}: the monthly margin of the contract, or a value that "
        f"{model} must know, is not known.",
        f"L’offre n’a pas de valeur pour {french(customers)} client{'s' if customers > 1 else ''} : la marge mensuelle du contrat, ou une "
        f"valeur dont {model} a besoin, n’est pas connue.",
    )


_BILLED = Remark(
    "offer_on_billed_contracts",
    "The offer says nothing: what contracts bill is counted among the transactions, so they have no margin of their own.",
    "L’offre ne dit rien : ce que facturent les contrats compte parmi les achats, donc ils n’ont pas de marge propre.",
)
_NO_MONTH = Remark(
    "offer_without_monthly_margin",
    "The offer says nothing: the margin of a month is not known. It needs a contracts table, or snapshots with a monthly amount and a "
    "margin rate.",
    "L’offre ne dit rien : la marge d’un mois n’est pas connue. Il faut une table contracts, ou des relevés avec un montant mensuel et un "
    "taux de marge.",
)
_NO_CONTRACT = Remark(
    "offer_without_contract_margin",
    "The offer says nothing: the margin of no running contract is known. Map monthly_margin, declare assumed_margin_rate, "
    "or give --margin-rate.",
    "L’offre ne dit rien : aucun contrat en cours n’a de marge connue. Associez monthly_margin, déclarez assumed_margin_rate, ou donnez "
    "--margin-rate.",
)


def _no_model() -> Remark:
    """Return the remark for an offer that no model can value."""
    fit = command("fit", "survival.cox")
    return Remark(
        "offer_without_model",
        f"The offer says nothing: no model of contracts scored. Run {fit} first.",
        f"L’offre ne dit rien : aucun modèle de contrats n’a donné de score. Lancez d’abord {fit}.",
    )

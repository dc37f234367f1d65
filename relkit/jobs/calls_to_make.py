"""The value of the declared offer for each holder of a contract, from the model of contracts that scored: scores and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.declared_offer import WHERE, ContractsOffered, as_kept, declared_offer
from relkit.jobs.scored import Found
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.jobs.scored import Scored, ScoredModel
    from relkit.scores.retention_offer import RetentionOffer

BARRED = {"protected": "protected", "no_consent": "without consent to calls", "unreachable": "out of reach by phone"}
"""Reasons why a customer may not be phoned, in words."""


def calls_to_make(scored: Scored) -> Found:
    """Return the value of the declared offer and whom to call first; nothing if no offer was declared.

    Raises:
        ParameterError: the offer averts ends by cause, and no model that scored distinguishes causes, or not these.
    """
    from relkit.scores.retention_offer import KINDS, call_scores, offer_values

    terms = scored.terms
    if not terms.offer:
        return Found()
    offer = declared_offer(terms.offer)
    model = _model(scored, offer)
    if model is None:
        return Found().noting(_no_model())
    held = _held(scored, model)
    if isinstance(held, Remark):
        return Found().noting(held)
    ahead = terms.ahead[0]
    offers = offer_values(model.fitted, held.known, offer=offer, ahead=ahead)
    facts = as_kept(offer, terms.offer, terms.margin_rate) | {
        "horizon_months": ahead.months,
        "annual_discount_rate": ahead.annual_discount_rate,
    }
    table = call_scores(offers, budget=offer.budget, as_of=scored.as_of.day, source=model.source)
    made = Found(scores=(table,), facts={kind.at(): facts for kind in KINDS})
    called = CallSentences(offer=offer, offers=offers, currency=scored.tables.facts.currency).found()
    return made + _left_out(held, model.name) + called + _assumed(facts)


def _model(scored: Scored, offer: RetentionOffer) -> ScoredModel | None:
    """Return the model of contracts that scored, or None; one that distinguishes causes if the offer needs them."""
    from relkit.models.survival.family import CONTRACTS
    from relkit.scores.retention_offer import TellsCauses

    having = scored.having(CONTRACTS)
    if not (offer.averts and having):
        return having[0] if having else None
    able = [model for model in having if isinstance(model.fitted, TellsCauses)]
    if not able:
        raise _no_causes(offer, having[0].name, [name for name in scored.models if name not in {model.name for model in having}])
    return able[0]


def _no_causes(offer: RetentionOffer, model: str, others: list[str]) -> ParameterError:
    """Return the error for an offer that averts ends by cause when no model that scored distinguishes causes."""
    instead = _model_with_causes()
    return ParameterError(
        f"averts is {', '.join(offer.averts)}, and {model} does not tell why contracts end.",
        where=WHERE,
        remedy=f"Run {command('fit', instead)}, then score with --models {' '.join([*others, instead])}; or leave averts out.",
    )


def _model_with_causes() -> str:
    """Return the preferred model of contracts that distinguishes causes."""
    from relkit.models.catalogue import fitted_class, models_of
    from relkit.models.survival.family import CONTRACTS

    return next(name for name in models_of(CONTRACTS) if hasattr(fitted_class(name), "incidence_ahead"))


def _held(scored: Scored, model: ScoredModel) -> ContractsOffered | Remark:
    """Return the contracts the offer concerns, or a remark if it can be valued for none."""
    held = ContractsOffered.of(scored.tables, scored.as_of, model.rows, model.fitted.needs, margin_rate=scored.terms.margin_rate)
    if held is None:
        return _BILLED if scored.tables.has("contracts") else _NO_MONTH
    return _NO_CONTRACT if held.known.is_empty() else held


def _left_out(held: ContractsOffered, model: str) -> Found:
    """Return the sentences on customers left out of the offer."""
    from relkit.tables.findings import counted

    found = Found()
    if held.refusing:
        found = found.saying(f"{counted(held.refusing, 'customer')} under contract left out of the offer: profiling refused.")
    return found.noting(_no_value(held.unknown, model)) if held.unknown else found


def _assumed(facts: Mapping[str, Any]) -> Found:
    """Return the sentence on the assumptions of the offer that were not declared."""
    assumed = {name: value for name, value in facts["offer"].items() if name not in facts["offer_declared"]}
    assumptions = ", ".join(f"{name} {value:g}" for name, value in assumed.items() if name not in ("budget", "averts"))
    return Found().saying(f"Assumed of the offer, as it was not declared: {assumptions}.") if assumptions else Found()


@dataclass(frozen=True, eq=False, kw_only=True)
class CallSentences:
    """Sentences on the customers for whom calling pays.

    Attributes:
        offer: the offer used.
        offers: as returned by `relkit.scores.retention_offer.offer_values`.
        currency: ISO code of money.
    """

    offer: RetentionOffer
    offers: pl.DataFrame
    currency: str

    def found(self) -> Found:
        """Return the sentences on customers for whom calling pays, and on those who may not be phoned."""
        from relkit.scores.retention_offer import to_be_called, under_budget

        free = to_be_called(self.offers)
        if free.is_empty():
            return self._barred() + Found().warning("None of the customers under contract may be phoned, so nobody is ranked.")
        everybody = under_budget(free)
        if everybody.is_empty():
            nobody = "Calling pays for nobody under the declared offer: it costs more than it keeps."
            return self._barred() + Found().warning(nobody)
        return self._barred() + self._within_budget(free, everybody)

    def _within_budget(self, free: pl.DataFrame, everybody: pl.DataFrame) -> Found:
        """Return the number of calls that the budget pays for, and their expected profit."""
        from relkit.scores.retention_offer import by_profit_and_by_risk, under_budget
        from relkit.tables.findings import counted

        found, budget = by_profit_and_by_risk(free, budget=self.offer.budget), self.offer.budget
        if not found.called:
            first = under_budget(self.offers, budget=float(everybody["cost"].sum()))["cost"][0]
            return Found().warning(
                f"The budget of {self._money(budget)} pays for no call: the first one should cost {self._money(first)}. "
                f"Calling would pay for {counted(len(everybody), 'customer')}."
            )
        held = f"of {counted(len(free), 'customer')} under contract{' who may be phoned' if len(free) < len(self.offers) else ''}"
        reach = "" if found.called == len(everybody) else f", within a budget of {self._money(budget)} for {found.called:,} of them"
        if budget is not None and not reach:
            reach = f" (the budget of {self._money(budget)} is not spent)"
        return Found().saying(
            f"Calling pays for {len(everybody):,} {held}{reach}: a profit of {self._money(found.profit)} is expected, after costs of "
            f"{self._money(found.cost)}. In the order of risk alone {found.missed_share:.0%} of that profit would be missed."
        )

    def _barred(self) -> Found:
        """Return the number of customers for whom calling would pay but who may not be phoned, by reason."""
        import polars as pl

        from relkit.scores.retention_offer import NOT_CALLED, under_budget
        from relkit.tables.findings import counted

        barred = self.offers.filter(pl.col(NOT_CALLED).is_not_null())
        if barred.is_empty():
            return Found()
        paying = under_budget(barred)[NOT_CALLED]
        reasons = [f"{n:,} {words}" for reason, words in BARRED.items() if (n := int((paying == reason).sum()))]
        of_them = f": {', '.join(reasons)}" if reasons else ""
        return Found().saying(
            f"{counted(len(barred), 'customer')} under contract may not be phoned and have no rank; "
            f"calling would pay for {len(paying):,} of them{of_them}."
        )

    def _money(self, value: float | None) -> str:
        digits = 0 if value is None or value >= 100 else 2
        return f"{value or 0.0:,.{digits}f} {self.currency}"


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

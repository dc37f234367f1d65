"""The margin ahead, from the models that scored: its parts by customer, the parts that are known, and sentences on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.jobs.scored import Found, source_of_all
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from relkit.features.margin_rate import MarginRate
    from relkit.jobs.returns_ahead import ReturnsAhead
    from relkit.jobs.scored import Scored, ScoredModel
    from relkit.score_kinds import Score
    from relkit.scores.expected_margin import Ahead

REPORTED_SHARE = 0.1
"""Smallest share of the value of contracts past the largest observed age that is reported."""


def margin_ahead(scored: Scored) -> Found:
    """Return the expected returns and the margin ahead, one score per horizon; no margin if no part of it is known."""
    from relkit.jobs.returns_ahead import returns_ahead
    from relkit.models.lifetime_value.family import ORDER_VALUE, ORDERS
    from relkit.models.survival.family import CONTRACTS

    returns = returns_ahead(scored)
    orders, order_value, contracts = (scored.by(role) for role in (ORDERS, ORDER_VALUE, CONTRACTS))
    bought = (orders, order_value) if orders and order_value else None
    rate = _rate(scored) if bought else None
    running = _running(scored) if bought or contracts else None
    margin = MarginAhead(scored=scored, bought=bought, rate=rate, contracts=contracts, running=running, returns=returns)
    return returns.found + margin.found()


def _rate(scored: Scored) -> MarginRate | None:
    """Return the margin rate of purchases; None if unknown."""
    from relkit.features.margin_rate import MarginRate, margin_rate

    given = scored.terms.margin_rate
    return MarginRate(given, "given") if given is not None else margin_rate(scored.tables, scored.as_of)


def _running(scored: Scored) -> pl.DataFrame | None:
    """Return the running contracts with their monthly margin; None if contracts have none of their own."""
    import polars as pl

    from relkit.families.bindings import inputs_of
    from relkit.features.contract_margins import contract_margins, has_contract_margins
    from relkit.features.tenure_ages import at_middle
    from relkit.models.catalogue import models_of
    from relkit.models.survival.family import CONTRACTS

    tables, as_of, rate = scored.tables, scored.as_of, scored.terms.margin_rate
    if not has_contract_margins(tables, rate=rate):
        return None
    model = scored.by(CONTRACTS)
    spells = inputs_of(model.name if model else models_of(CONTRACTS)[0], tables).features(tables, as_of)
    margins = contract_margins(tables, as_of, rate=rate)
    margins = margins.select("contract_id", margin_a_month="monthly_margin", is_measured="margin_is_measured")
    return at_middle(spells.filter(pl.col("is_active"))).join(margins, on="contract_id", how="left", maintain_order="left")


@dataclass(frozen=True, eq=False, kw_only=True)
class MarginAhead:
    """The margin ahead of one run.

    Attributes:
        scored: the findings so far.
        bought: the models of orders and of order value; None if one of them did not score.
        rate: margin over net amount of purchases; None if it is unknown, or purchases were not scored.
        contracts: the model of contracts; None if none scored.
        running: running contracts with their monthly margin; None if they have none of their own.
        returns: the expected returns of purchases.
    """

    scored: Scored
    bought: tuple[ScoredModel, ScoredModel] | None
    rate: MarginRate | None
    contracts: ScoredModel | None
    running: pl.DataFrame | None
    returns: ReturnsAhead

    def found(self) -> Found:
        """Return the score tables of the margin ahead, the rates behind it, and remarks on customers without it."""
        found = self._about_all(Found(), _NO_RATE) if self.bought and self.rate is None else Found()
        if self.rate is None and not (self._has_running and self.contracts):
            return found
        found = found + self._rates()
        for ahead in self.scored.terms.ahead:
            found = found + self._at(ahead)
        return found

    @property
    def _has_running(self) -> bool:
        return self.running is not None and not self.running.is_empty()

    def _at(self, ahead: Ahead) -> Found:
        """Return the scores at one horizon."""
        from relkit.scores.expected_margin import future_margin, residual_value

        held, tail = self._of_contracts(ahead)
        bought, models = self._of_purchases(ahead)
        behind = [self.contracts] if held and self.contracts else []
        day, tables = self.scored.as_of.day, []
        if source := source_of_all([*models, *behind]):
            tables.append(future_margin([*bought, *held], ahead=ahead, as_of=day, source=source))
        if source := source_of_all(behind):
            tables.append(residual_value(held, ahead=ahead, as_of=day, source=source))
        return tail + Found(scores=tuple(tables))

    def _of_purchases(self, ahead: Ahead) -> tuple[list[pl.DataFrame], tuple[ScoredModel, ...]]:
        """Return the part of every customer who buys, and the models behind it if it is known."""
        from relkit.models.catalogue import models_of
        from relkit.models.lifetime_value.family import ORDERS
        from relkit.scores.expected_margin import purchase_margins, unknown_margins

        if self.bought and self.rate is not None:
            orders, order_value = self.bought
            part = purchase_margins(
                orders.fitted,
                order_value.fitted,
                orders.rows,
                margin_rate=self.rate.rate,
                ahead=ahead,
                returns=self.returns.customers,
                intervals=self.scored.terms.intervals,
            )
            return [part], self.bought
        if not self.scored.tables.has("transactions"):
            return [], ()
        buyers = self.scored.by(ORDERS)
        rows = buyers.rows if buyers else self.scored.rows.of(models_of(ORDERS)[0])
        return [unknown_margins(rows["customer_id"])], ()

    def _of_contracts(self, ahead: Ahead) -> tuple[list[pl.DataFrame], Found]:
        """Return the value of contracts, the customers with an unknown one, and the remark on large ages."""
        from relkit.scores.expected_margin import contract_margins, unknown_margins

        if self.running is None or self.running.is_empty():
            return [], Found()
        known = self._known(self.running)
        lacking = self.running.join(known, on="contract_id", how="anti")["customer_id"]
        if self.contracts is None:
            return [unknown_margins(lacking)], Found()
        whole, fitted = known.filter(~known["customer_id"].is_in(lacking.implode())), self.contracts.fitted
        worth = contract_margins(fitted, whole, ahead=ahead, intervals=self.scored.terms.intervals)
        return [unknown_margins(lacking), worth], _tail(fitted, whole, ahead)

    def _known(self, running: pl.DataFrame) -> pl.DataFrame:
        """Return the contracts with known margin and model inputs."""
        from relkit.scores.scoring import scorable

        if self.contracts is None:
            return running.clear()
        return scorable(running.drop_nulls("margin_a_month"), self.contracts.fitted.needs)[0]

    def _rates(self) -> Found:
        """Return the margin rates, as facts and sentences, and remarks on customers without a margin."""
        terms = self.scored.terms
        facts = {"annual_discount_rate": terms.annual_discount_rate, **self.returns.facts}
        found = Found()
        if self.rate is not None:
            facts |= {"margin_rate": self.rate.rate, "margin_source": self.rate.source}
            span = f"{terms.horizon_months} months{' and of all time' if terms.endless else ''}"
            found = found.saying(
                f"The margin of the next {span} is counted at {self.rate.rate:.1%} of sales ({self.rate.source}), "
                f"discounted at {terms.annual_discount_rate:.0%} a year."
            )
        if self.running is not None and self._has_running:
            source, sentences = self._contract_rates(self.running)
            facts, found = facts | source, found + sentences
        of_contracts = {name: fact for name, fact in facts.items() if name in ("annual_discount_rate", "contract_margin_source")}
        kept: dict[Score, dict[str, Any]] = {ahead.score: facts for ahead in terms.ahead}
        return found + Found(facts=kept | {ahead.of_contracts: of_contracts for ahead in terms.ahead})

    def _contract_rates(self, running: pl.DataFrame) -> tuple[dict[str, str], Found]:
        """Return the source of the margins of running contracts, as a fact and a sentence, and remarks on those without."""
        from relkit.tables.findings import counted

        if self.contracts is None:
            return {}, self._about_all(Found(), _no_model(running["customer_id"].n_unique()))
        known = self._known(running)
        measured = int(known["is_measured"].sum())
        given = {len(known): "as given", 0: "a share of the monthly amount"}
        how = given.get(measured, f"{measured:,} of them as given, the others as a share of the monthly amount")
        found = Found().saying(f"It counts {counted(len(known), 'running contract')} at their monthly margin, {how}.")
        if lacking := len(running) - len(known):
            customers = running.join(known, on="contract_id", how="anti")["customer_id"].n_unique()
            found = self._about_all(found, _margin_unknown(customers, lacking, self.contracts.name))
        return {"contract_margin_source": "measured" if measured == len(known) else "assumed"}, found

    def _about_all(self, found: Found, remark: Remark) -> Found:
        """Return the findings with a remark about all margin ahead."""
        return found.noting(remark.on(_names(ahead.score for ahead in self.scored.terms.ahead)))


def _names(scores: Iterable[Score]) -> tuple[str, ...]:
    return tuple(map(str, scores))


def _tail(fitted: Any, whole: pl.DataFrame, ahead: Ahead) -> Found:
    """Return the remark on the value past the largest age that the model observed, if its share is large."""
    from relkit.models.lifetime_value.discounted_months import months_ahead, share_past

    if whole.is_empty() or not hasattr(fitted, "domain"):
        return Found()
    counted_months = months_ahead(ahead.months, ahead.annual_discount_rate)
    share = share_past(fitted, whole.with_columns(customer_id="contract_id"), counted_months, whole["margin_a_month"].to_numpy())
    if share < REPORTED_SHARE:
        return Found()
    return Found().noting(_past_largest_age(share, float(fitted.domain[1]), ahead.score), as_warning=ahead.months is None)


def _no_model(customers: int) -> Remark:
    from relkit.tables.findings import counted

    return Remark(
        "contracts_without_model",
        f"{counted(customers, 'customer')} without future margin: they hold a contract, and no model of contracts scored.",
        f"Pas de marge à venir pour {french(customers)} client{'s' if customers > 1 else ''} sous contrat : aucun modèle de contrats n’a "
        "donné de score.",
    )


def _margin_unknown(customers: int, contracts: int, model: str) -> Remark:
    from relkit.tables.findings import counted

    return Remark(
        "contract_margin_unknown",
        f"{counted(customers, 'customer')} without future margin: of {counted(contracts, 'running contract')} the monthly "
        f"margin, or a value that {model} must know, is not known.",
        f"Pas de marge à venir pour {french(customers)} client{'s' if customers > 1 else ''} : pour {french(contracts)} de leurs contrats "
        f"en cours, la marge mensuelle, ou une valeur dont {model} a besoin, n’est pas connue.",
    )


def _past_largest_age(share: float, days: float, score: Score) -> Remark:
    return Remark(
        "margin_past_largest_age",
        f"{score}: {share:.0%} of what contracts are worth lies past {days:,.0f} days, the largest age seen, "
        "where the risk of leaving is taken to stay that of the last observed stretch.",
        f"{score} : {100 * share:.0f} % de ce que valent les contrats se situe au-delà de {french(days)} jours, l’âge le plus grand "
        "observé, où le rythme de départ est supposé rester celui de la fin de la période observée.",
        about=(str(score),),
    )


_NO_RATE = Remark(
    "no_future_margin",
    "No margin is known, so there is no future margin: declare assumed_margin_rate, or give --margin-rate.",
    "Aucune marge n’est connue, donc pas de marge à venir : déclarez assumed_margin_rate, ou donnez --margin-rate.",
)

"""The margin ahead, from the models that scored: who has which part of it, which parts are known, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    import polars as pl

    from relkit.features.margin_rate import MarginRate
    from relkit.jobs.score_customers import ScoreCustomers
    from relkit.periods import AsOf
    from relkit.scores.expected_margin import Ahead
    from relkit.scores.score_table import Source
    from relkit.tables.table_set import TableSet

TOLD_SHARE = 0.1
"""From this share of the value of contracts on, what lies past the largest age seen is said."""


class Scored(Protocol):
    """What the job knows when its models have scored."""

    job: ScoreCustomers
    tables: TableSet
    as_of: AsOf
    fitted: dict[str, Any]
    parts: list[pl.DataFrame]

    @property
    def refusing(self) -> pl.DataFrame:
        """Customers whose scores are not kept."""

    def rows(self, model: str) -> pl.DataFrame:
        """Return the features that a model scores."""

    def source_of(self, model: str) -> Source:
        """Return the version behind a model's scores."""


@dataclass
class MarginAhead:
    """The margin ahead of one run.

    Attributes:
        run: what has been scored.
        orders, value, contracts: the models that scored, "" where none did.
        facts: of the rates behind it, for models.json.
        return_facts: of the share of returns that it is net of, for models.json.
        said, warnings: one sentence each.
        remarks: those of them that change how the scores are to be read.
    """

    run: Scored
    orders: str
    value: str
    contracts: str
    facts: dict[str, Any] = field(default_factory=dict)
    return_facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def scores(self) -> list[pl.DataFrame]:
        """Return the score tables of expected returns and of the margin ahead, one a horizon; none where no part of it is known."""
        from relkit.scores.expected_margin import Ahead, future_margin, residual_value

        rate, running = self._rate(), self._running()
        returned, returns = self._returns()
        if not self._is_bought(rate) and (running is None or running.is_empty() or not self.contracts):
            return returned
        self._say(rate, running)
        horizons = [self.run.job.horizon_months, *([None] if self.run.job.endless else [])]
        found = returned
        for ahead in [Ahead(months, self.run.job.annual_discount_rate) for months in horizons]:
            held = [] if running is None or running.is_empty() else self._of_contracts(ahead, running)
            behind = [self.contracts] if held and self.contracts else []
            parts, models = self._of_purchases(ahead, rate, returns)
            if source := self._source([*models, *behind]):
                found.append(future_margin([*parts, *held], ahead=ahead, as_of=self.run.as_of.day, source=source))
            if source := self._source(behind):
                found.append(residual_value(held, ahead=ahead, as_of=self.run.as_of.day, source=source))
        return found

    def _returns(self) -> tuple[list[pl.DataFrame], pl.DataFrame | None]:
        """Return the scores of expected returns, and what nets the purchases."""
        from relkit.jobs.returns_ahead import ReturnsAhead

        ahead = ReturnsAhead(self.run, self.orders)
        found = ahead.scores()
        self.return_facts, self.said, self.warnings = ahead.facts, self.said + ahead.said, self.warnings + ahead.warnings
        self.remarks += ahead.remarks
        return found

    def _of_purchases(self, ahead: Ahead, rate: MarginRate | None, returns: pl.DataFrame | None) -> tuple[list[pl.DataFrame], list[str]]:
        """Return the part of everybody who buys, and the models behind it where it is known."""
        from relkit.scores.expected_margin import purchase_margins, unknown_margins

        parts, models, fitted = [], [], self.run.fitted
        if self._is_bought(rate) and rate is not None:
            rows, asked = self.run.rows(self.orders), self.run.job.intervals
            orders, value = fitted[self.orders], fitted[self.value]
            parts.append(purchase_margins(orders, value, rows, margin_rate=rate.rate, ahead=ahead, returns=returns, intervals=asked))
            models += [self.orders, self.value]
        elif self.run.tables.has("transactions"):
            parts.append(unknown_margins(self.run.rows(self.orders or "lifetime_value")["customer_id"]))
        return parts, models

    def _of_contracts(self, ahead: Ahead, running: pl.DataFrame) -> list[pl.DataFrame]:
        """Return what contracts are worth, and the customers of whom one is not known."""
        from relkit.scores.expected_margin import contract_margins, unknown_margins

        known = self._known(running)
        lacking = running.join(known, on="contract_id", how="anti")["customer_id"]
        whole = known.filter(~known["customer_id"].is_in(lacking.implode()))
        parts = [unknown_margins(lacking)]
        if self.contracts:
            fitted = self.run.fitted[self.contracts]
            parts.append(contract_margins(fitted, whole, ahead=ahead, intervals=self.run.job.intervals))
            self._tell_of_tail(fitted, whole, ahead)
        return parts

    def _known(self, running: pl.DataFrame) -> pl.DataFrame:
        """Return the contracts of which both the margin and all that the model reads are known."""
        from relkit.scores.scoring import scorable

        if not self.contracts:
            return running.clear()
        return scorable(running.drop_nulls("margin_a_month"), self.run.fitted[self.contracts].needs)[0]

    def _running(self) -> pl.DataFrame | None:
        """Return the running contracts with the margin of a month of each; None where contracts have none of their own."""
        import polars as pl

        from relkit.families.bindings import inputs_of
        from relkit.features.contract_margins import contract_margins, has_contract_margins

        if not has_contract_margins(self.run.tables, rate=self.run.job.margin_rate):
            return None
        spells = inputs_of(self.contracts or "survival", self.run.tables).features(self.run.tables, self.run.as_of)
        margins = contract_margins(self.run.tables, self.run.as_of, rate=self.run.job.margin_rate)
        margins = margins.select("contract_id", margin_a_month="monthly_margin", is_measured="margin_is_measured")
        return spells.filter(pl.col("is_active")).join(margins, on="contract_id", how="left", maintain_order="left")

    def _rate(self) -> MarginRate | None:
        """Return the margin rate of purchases, where they are scored."""
        from relkit.features.margin_rate import MarginRate, margin_rate

        if not (self.orders and self.value):
            return None
        given = self.run.job.margin_rate
        return MarginRate(given, "given") if given is not None else margin_rate(self.run.tables, self.run.as_of)

    def _is_bought(self, rate: MarginRate | None) -> bool:
        if self.orders and self.value and rate is None:
            self._warn(_NO_RATE)
        return rate is not None

    def _warn(self, remark: Remark) -> None:
        """Keep a remark, about all margin ahead, and warn of it once."""
        from relkit.scores.expected_margin import Ahead

        job = self.run.job
        horizons = [job.horizon_months, *([None] if job.endless else [])]
        if remark.en not in self.warnings:
            self.warnings.append(remark.en)
            self.remarks.append(remark.on([Ahead(months, job.annual_discount_rate).score for months in horizons]))

    def _source(self, models: list[str]) -> Source | None:
        sources = [self.run.source_of(model) for model in models]
        if not sources:
            return None
        first, *others = sources
        for other in others:
            first = first.with_(other)
        return first

    def _say(self, rate: MarginRate | None, running: pl.DataFrame | None) -> None:
        """Say at what rates margin is counted, and who has none."""
        from relkit.tables.findings import counted

        job = self.run.job
        self.facts = {"annual_discount_rate": job.annual_discount_rate, **self.return_facts}
        if rate is not None:
            self.facts |= {"margin_rate": rate.rate, "margin_source": rate.source}
            ahead = f"{job.horizon_months} months{' and of all time' if job.endless else ''}"
            self.said.append(
                f"The margin of the next {ahead} is counted at {rate.rate:.1%} of sales ({rate.source}), "
                f"discounted at {job.annual_discount_rate:.0%} a year."
            )
        if running is None or running.is_empty():
            return
        if not self.contracts:
            self._warn(_no_model(running["customer_id"].n_unique()))
            return
        known = self._known(running)
        measured = int(known["is_measured"].sum())
        self.facts["contract_margin_source"] = "measured" if measured == len(known) else "assumed"
        given = {len(known): "as given", 0: "a share of the monthly amount"}
        how = given.get(measured, f"{measured:,} of them as given, the others as a share of the monthly amount")
        self.said.append(f"It counts {counted(len(known), 'running contract')} at their monthly margin, {how}.")
        if lacking := len(running) - len(known):
            customers = running.join(known, on="contract_id", how="anti")["customer_id"].n_unique()
            self._warn(_margin_unknown(customers, lacking, self.contracts))

    def _tell_of_tail(self, fitted: Any, whole: pl.DataFrame, ahead: Ahead) -> None:
        from relkit.models.lifetime_value.discounted_months import months_ahead, share_past

        if whole.is_empty() or not hasattr(fitted, "domain"):
            return
        counted_months = months_ahead(ahead.months, ahead.annual_discount_rate)
        share = share_past(fitted, whole.with_columns(customer_id="contract_id"), counted_months, whole["margin_a_month"].to_numpy())
        if share >= TOLD_SHARE:
            remark = _past_largest_age(share, float(fitted.domain[1]), ahead.score)
            told = self.warnings if ahead.months is None else self.said
            told.append(remark.en)
            self.remarks.append(remark)


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


def _past_largest_age(share: float, days: float, score: str) -> Remark:
    return Remark(
        "margin_past_largest_age",
        f"{score}: {share:.0%} of what contracts are worth lies past {days:,.0f} days, the largest age seen, "
        "where the risk of leaving is taken to stay that of the last observed stretch.",
        f"{score} : {100 * share:.0f} % de ce que valent les contrats se situe au-delà de {french(days)} jours, l’âge le plus grand "
        "observé, où le rythme de départ est supposé rester celui de la fin de la période observée.",
        about=(score,),
    )


_NO_RATE = Remark(
    "no_future_margin",
    "No margin is known, so there is no future margin: declare assumed_margin_rate, or give --margin-rate.",
    "Aucune marge n’est connue, donc pas de marge à venir : déclarez assumed_margin_rate, ou donnez --margin-rate.",
)

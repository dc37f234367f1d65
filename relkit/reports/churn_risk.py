"""Content of the churn report: headlines, key figures and tables, from contracts and their scores.

risk = RiskReading.of(spells, scores, as_of=day, days=90, currency="EUR", language="fr")
risk.headlines(curve), risk.key_figures(curve), risk.by_tenth(), risk.ends_by_reason(), risk.survival(curve), risk.factors(ratios)
risk.reasons(incidence), risk.reasons_by_age(incidence)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.errors import TableError
from relkit.plots.style import money, number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, KeyFigures, Shown, SummaryTable
from relkit.texts import Text, in_language
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.covariates import Ratios
    from relkit.models.survival.cumulative_incidence import CumulativeIncidence
    from relkit.models.survival.curve import SurvivalCurve

YEAR = 365
AGES_MONTHS = (3, 6, 12, 24, 36, 48, 60)
TEXTS: dict[str, Text] = {
    "expected": Text(
        "Of {running} running contracts with a forecast, {ends} ({share}) are expected to end within {days} days.",
        "Sur {running} contrats en cours dotés d’une prévision, {ends} ({share}) devraient prendre fin sous {days} jours.",
    ),
    "without": Text(
        "{n} more running contracts have no forecast of their own: {second} are further contracts of customers counted above, "
        "{others} are held by customers who refuse profiling or of whom the model lacks a value.",
        "{n} autres contrats en cours n’ont pas de prévision propre : {second} sont d’autres contrats de clients comptés plus "
        "haut, {others} appartiennent à des clients qui refusent le profilage ou dont une valeur manque au modèle.",
    ),
    "without_few": Text(
        "{n} more running contracts have no forecast of their own: further contracts of customers counted above, or of "
        "customers who refuse profiling or of whom the model lacks a value.",
        "{n} autres contrats en cours n’ont pas de prévision propre : autres contrats de clients comptés plus haut, ou de "
        "clients qui refusent le profilage ou dont une valeur manque au modèle.",
    ),
    "concentrated": Text(
        "The tenth most at risk, {n} contracts, holds {share} of the expected ends. That is the risk alone; whom to call "
        "also depends on what is at stake: see “Whom to call first”.",
        "Le dixième le plus exposé, {n} contrats, concentre {share} des fins attendues. Ce n’est que le risque ; qui "
        "appeler dépend aussi de l’enjeu : voir « Qui appeler en premier ».",
    ),
    "money": Text(
        "{lost} of monthly payments are expected to go within {days} days, out of {all}.",
        "{lost} de mensualités devraient disparaître sous {days} jours, sur {all}.",
    ),
    "median": Text("Half of all contracts last longer than {months} months.", "La moitié des contrats durent plus de {months} mois."),
    "year": Text(
        "After twelve months {share} of the contracts are still running.",
        "Au bout de douze mois, {share} des contrats sont encore en cours.",
    ),
    "k_running": Text("running contracts with a forecast", "contrats en cours dotés d’une prévision"),
    "k_ends": Text("ends expected within {days} days ({share})", "fins attendues sous {days} jours ({share})"),
    "k_lost": Text(
        "of monthly payments expected to go within {days} days, of {all}", "de mensualités menacées sous {days} jours, sur {all}"
    ),
    "k_year": Text("still running after twelve months", "encore en cours au bout de douze mois"),
    "tenth": Text("Tenth, 1 = most at risk", "Dixième, 1 = plus exposé"),
    "contracts": Text("Contracts", "Contrats"),
    "probability": Text("Probability of ending, {days} days, mean", "Probabilité de fin sous {days} jours, moyenne"),
    "ends": Text("Expected ends", "Fins attendues"),
    "share_ends": Text("Share of expected ends", "Part des fins attendues"),
    "monthly": Text("Monthly payments", "Mensualités"),
    "lost": Text("Expected to go, per month", "Menacées, par mois"),
    "by_tenth": Text("Running contracts by risk of ending", "Contrats en cours selon le risque de fin"),
    "total": Text("All", "Ensemble"),
    "tenure": Text("Age, months, mean", "Ancienneté moyenne, mois"),
    "reason": Text("Reason", "Motif"),
    "ended": Text("Ended", "Terminés"),
    "share": Text("Share", "Part"),
    "ends_by_reason": Text("Contracts that ended in the last twelve months", "Contrats terminés dans les douze derniers mois"),
    "none_ended": Text(
        "No contract is known to have ended in the last twelve months.", "Aucune fin de contrat n’est connue dans les douze derniers mois."
    ),
    "undated": Text(
        "On what day contracts ended is not known (a snapshot says that they ended, not when), so the ends of the last twelve "
        "months cannot be counted.",
        "On ignore quel jour les contrats ont pris fin (un instantané dit qu’ils sont terminés, pas depuis quand) : les fins "
        "des douze derniers mois ne peuvent être comptées.",
    ),
    "voluntary": Text("Cancelled by the customer", "Résilié par le client"),
    "involuntary": Text("Ended by the company (unpaid, say)", "Interrompu par l’entreprise (impayé, par exemple)"),
    "move": Text("Moved away", "Déménagement"),
    "other": Text("Other", "Autre"),
    "unknown": Text("Not given", "Non renseigné"),
    "age": Text("Age, months", "Ancienneté, mois"),
    "still": Text("Still running", "Encore en cours"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "at_risk": Text("Contracts observed at that age", "Contrats observés à cet âge"),
    "survival": Text("How long contracts last", "Combien de temps durent les contrats"),
    "factor": Text("What differs", "Ce qui diffère"),
    "step": Text("By how much", "De combien"),
    "ratio": Text("Risk of ending, times", "Risque de fin, multiplié par"),
    "ratio_low": Text("From", "De"),
    "ratio_high": Text("to (95%)", "à (95\u00a0%)"),
    "reading": Text("In words", "En clair"),
    "factors": Text("What goes with an earlier end", "Ce qui va avec une fin plus précoce"),
    "flag": Text("yes rather than no", "oui plutôt que non"),
    "level": Text("rather than “{level}”", "plutôt que «\u00a0{level}\u00a0»"),
    "sooner": Text("ends sooner", "finit plus tôt"),
    "longer": Text("lasts longer", "dure plus longtemps"),
    "unclear": Text("no clear difference", "pas de différence nette"),
    "factor_note": Text(
        "These go together; they do not prove that one causes the other.",
        "Ces éléments vont ensemble ; cela ne prouve pas que l’un cause l’autre.",
    ),
    "step_note": Text(
        "By how much: of a number, the usual distance between contracts (one standard deviation).",
        "De combien : d’un nombre, l’écart habituel entre contrats (un écart type).",
    ),
    "no_factors": Text(
        "The scores do not come from a plain Cox regression, from which this is read, so nothing is said of it.",
        "Les scores ne viennent pas d’une régression de Cox simple, d’où ceci est lu : rien n’en est dit.",
    ),
    "c_curve": Text(
        "Of contracts of any age, the share that lasts at least so long; the band holds 95%.",
        "Part des contrats qui durent au moins aussi longtemps ; la bande couvre 95\u00a0%.",
    ),
    "c_reasons": Text(
        "Share of all contracts that has ended for each reason by that age; the bands hold 95%. A contract that ended for one "
        "reason cannot end for another, so the shares add up to all ends.",
        "Part de tous les contrats terminée pour chaque motif à cet âge ; les bandes couvrent 95\u00a0%. Un contrat terminé "
        "pour un motif ne peut plus l’être pour un autre : les parts s’additionnent.",
    ),
    "no_reasons": Text(
        "No end has a reason in the table of contracts, so nothing can be said of why they end.",
        "Aucune fin n’a de motif dans la table des contrats : rien ne peut être dit des raisons.",
    ),
    "reasons_by_age": Text(
        "Of contracts that begin, the share that has ended, by reason", "Sur les contrats qui commencent, part terminée, selon le motif"
    ),
    "months": Text("{months} months", "{months} mois"),
    "running": Text("Still running", "Encore en cours"),
    "c_ends": Text(
        "Running contracts ranked by risk, in ten groups of equal size; above each bar its share of all expected ends.",
        "Contrats en cours classés par risque, en dix groupes de même effectif ; au-dessus de chaque barre, sa part des fins attendues.",
    ),
    "c_factors": Text(
        "Right of 1: ends sooner; left: lasts longer. A bar across 1 means no clear difference.",
        "À droite de 1 : finit plus tôt ; à gauche : dure plus longtemps. Un trait qui croise 1 : pas de différence nette.",
    ),
    "monthly_amount": Text("Monthly amount", "Montant mensuel"),
    "monthly_margin": Text("Monthly margin", "Marge mensuelle"),
    "term_months": Text("Agreed term, months", "Durée d’engagement, mois"),
    "pays_by_direct_debit": Text("Pays by direct debit", "Paie par prélèvement"),
    "other_contracts_at_start": Text("Other contracts at the start", "Autres contrats à l’ouverture"),
    "age_at_start_years": Text("Age of the customer at the start", "Âge du client à l’ouverture"),
}


def _large_enough(incidence: CumulativeIncidence | None) -> CumulativeIncidence | None:
    """Return the curves of the reasons for which enough contracts ended to be shown."""
    if incidence is None:
        return None
    shown = tuple(cause for cause, ended in zip(incidence.causes, incidence.ended, strict=True) if ended.sum() >= SMALLEST_GROUP)
    return incidence.only(shown) if shown else None


@dataclass(frozen=True, eq=False, kw_only=True)
class RiskReading:
    """Running contracts with their risk, and those that ended.

    Attributes:
        running: one row per scored customer's main contract: probability, amount (null if unknown), tenure_days, tenth
            (1 = most at risk).
        unscored: running contracts without a forecast of their own.
        second: those of them whose holder has a forecast for the main contract.
        ended: end_reason of the contracts that ended in the last year.
        is_undated: whether contracts ended, but none on a known day.
        days: horizon of the probability.
        currency: ISO code.
        language: en or fr.
    """

    running: pl.DataFrame
    unscored: int
    second: int
    ended: pl.DataFrame
    is_undated: bool
    days: int
    currency: str
    language: str

    @classmethod
    def of(cls, spells: pl.DataFrame, scores: pl.DataFrame, *, as_of: date, days: int, currency: str, language: str) -> RiskReading:
        """Join contracts with their scores.

        Args:
            spells: one row per contract: customer_id, duration_days, event, ended_on, end_reason, and monthly_amount if given;
                the main contract of a customer comes first among the running ones.
            scores: customer_id, probability of ending within `days`.
            as_of: day of both.
            days: horizon.
            currency: ISO code.
            language: en or fr.

        Raises:
            TableError: no running contract has a score.
        """
        amount = pl.col("monthly_amount") if "monthly_amount" in spells.columns else pl.lit(None, pl.Float64)
        main = spells.filter(~pl.col("event")).unique("customer_id", keep="first", maintain_order=True)
        joined = main.join(scores, on="customer_id").sort(["probability", "customer_id"], descending=[True, False])
        if joined.is_empty():
            raise TableError(
                "no running contract has a score.",
                where="scores",
                remedy=f"Run {command('fit', 'survival.cox')} and {command('score')} first.",
            )
        tenth = (10 * pl.int_range(pl.len(), dtype=pl.Int64) // pl.len() + 1).cast(pl.Int8)
        running = joined.select("probability", amount=amount, tenure_days="duration_days", tenth=tenth)
        since = as_of - timedelta(days=YEAR)
        ended = spells.filter(pl.col("event") & (pl.col("ended_on") > since))
        reason = pl.col("end_reason") if "end_reason" in spells.columns else pl.lit(None, pl.String)
        unscored = int((~spells["event"]).sum()) - len(running)
        second = len(spells.filter(~pl.col("event")).join(joined, on="customer_id", how="semi")) - len(running)
        why = ended.select(end_reason=reason)
        gone = spells.filter("event")["ended_on"]
        return cls(
            running=running,
            unscored=unscored,
            second=second,
            ended=why,
            is_undated=gone.count() == 0 < len(gone),
            days=days,
            currency=currency,
            language=language,
        )

    def headlines(self, curve: SurvivalCurve) -> Headlines:
        """Return the main findings, in sentences."""
        top = self.running.filter(pl.col("tenth") == 1)
        lines = [
            self._say("expected", running=len(self.running), ends=round(self._ends), share=self._percent(self._ends / len(self.running), 1))
        ]
        if len(top) >= SMALLEST_GROUP:
            lines.append(self._say("concentrated", n=len(top), share=self._percent(float(top["probability"].sum()) / (self._ends or 1.0))))
        if self._amount:
            lines.append(self._say("money", lost=self._money(self._lost), all=self._money(self._amount)))
        if curve.domain[1] >= YEAR:
            lines.append(self._say("year", share=self._percent(float(curve.at([YEAR])[0]))))
        if (median := curve.median) is not None:
            lines.append(self._say("median", months=round(median / DAYS_PER_MONTH)))
        if self.unscored >= SMALLEST_GROUP:
            others = self.unscored - self.second
            key = "without" if min(self.second, others) >= SMALLEST_GROUP else "without_few"
            lines.append(self._say(key, n=self.unscored, second=self.second, others=others))
        return Headlines(tuple(lines))

    def key_figures(self, curve: SurvivalCurve) -> KeyFigures:
        """Return a few large numbers."""
        figures = [
            (number(len(self.running), self.language), self._say("k_running")),
            (number(self._ends, self.language), self._say("k_ends", share=self._percent(self._ends / len(self.running), 1))),
        ]
        if self._amount:
            figures.append((self._money(self._lost), self._say("k_lost", all=self._money(self._amount))))
        if curve.domain[1] >= YEAR:
            figures.append((self._percent(float(curve.at([YEAR])[0])), self._say("k_year")))
        return KeyFigures(tuple(figures))

    def by_tenth(self) -> SummaryTable:
        """Return running contracts by risk, the most at risk first."""
        measures = self._measures()
        rows = self.running.group_by("tenth").agg(**measures).sort("tenth").with_columns(pl.col("tenth").cast(pl.String))
        total = {"tenth": self._say("total"), **self.running.select(**measures).row(0, named=True)}
        paid = (Shown("amount", self._say("monthly"), "money"), Shown("lost", self._say("lost"), "money"))
        columns = (
            Shown("tenth", self._say("tenth")),
            Shown("contracts", self._say("contracts"), "count"),
            Shown("probability", self._say("probability"), "share", 1),
            Shown("ends", self._say("ends"), "number", 1),
            Shown("share", self._say("share_ends"), "share"),
            Shown("months", self._say("tenure"), "number"),
            *(paid if self._amount else ()),
        )
        return self._table(rows, columns, self._say("by_tenth"), count="contracts", total=total)

    def ends(self) -> Picture:
        """Return the expected ends by tenth."""
        from relkit.plots.customer_groups import plot_expected_ends

        ends = self.running.group_by("tenth").agg(pl.col("probability").sum()).sort("tenth")["probability"].to_numpy()
        return Picture(plot_expected_ends(ends, days=self.days, language=self.language), self._say("c_ends"))

    def curve(self, curve: SurvivalCurve) -> Picture:
        """Return the survival curve of the contracts."""
        from relkit.plots.survival import plot_survival

        return Picture(plot_survival(curve, language=self.language), self._say("c_curve"))

    def forest(self, ratios: Ratios | None) -> Gallery:
        """Return a picture of the factors that go with an earlier end, or a sentence if no model gives them."""
        from relkit.plots.survival import plot_hazard_ratios

        if ratios is None:
            return Gallery((), self._say("no_factors"))
        return Gallery((Picture(plot_hazard_ratios(self.named(ratios), language=self.language), self._say("c_factors")),))

    def reasons(self, incidence: CumulativeIncidence | None) -> Gallery:
        """Return a picture of the reasons for which contracts end, by age, or a sentence if no end has a reason."""
        from relkit.plots.cumulative_incidence import plot_incidence

        shown = _large_enough(incidence)
        if shown is None:
            return Gallery((), self._say("no_reasons"))
        return Gallery((Picture(plot_incidence(shown, language=self.language), self._say("c_reasons")),))

    def reasons_by_age(self, incidence: CumulativeIncidence | None) -> SummaryTable | Gallery:
        """Return the share ended for each reason by round ages, within the observed range; nothing if reasons are unknown."""
        shown = _large_enough(incidence)
        if shown is None:
            return Gallery(())
        ages = [months for months in AGES_MONTHS if months * DAYS_PER_MONTH <= shown.domain[1]]
        days = [months * DAYS_PER_MONTH for months in ages]
        if not days:
            return Gallery(())
        shares = {cause: shown.at(cause, days) for cause in shown.causes} | {"running": shown.survival_at(days)}
        names = [in_language(TEXTS, self.language).get(cause, cause) for cause in shares]
        columns = (
            Shown("reason", self._say("reason")),
            *(Shown(f"at_{months}", self._say("months", months=months), "share", 1) for months in ages),
        )
        by_age = {f"at_{months}": [float(values[i]) for values in shares.values()] for i, months in enumerate(ages)}
        return self._table(pl.DataFrame({"reason": names, **by_age}), columns, self._say("reasons_by_age"))

    def ends_by_reason(self) -> SummaryTable | Gallery:
        """Return the reasons for which contracts ended in the last twelve months, or a sentence if none is known to have ended."""
        if self.ended.is_empty():
            return Gallery((), self._say("undated" if self.is_undated else "none_ended"))
        named = self.ended.with_columns(pl.col("end_reason").fill_null("unknown"))
        rows = named.group_by("end_reason").agg(ended=pl.len().cast(pl.Int64)).sort("ended", "end_reason", descending=[True, False])
        shares = rows.with_columns(
            pl.col("end_reason").replace(in_language(TEXTS, self.language)), share=pl.col("ended") / max(len(named), 1)
        )
        columns = (
            Shown("end_reason", self._say("reason")),
            Shown("ended", self._say("ended"), "count"),
            Shown("share", self._say("share"), "share"),
        )
        return self._table(
            shares,
            columns,
            self._say("ends_by_reason"),
            count="ended",
            total={"end_reason": self._say("total"), "ended": len(named), "share": 1.0},
        )

    def survival(self, curve: SurvivalCurve) -> SummaryTable:
        """Return the share of contracts still running at round ages, within the observed range."""
        ages = [months for months in AGES_MONTHS if months * DAYS_PER_MONTH <= curve.domain[1]]
        days = [months * DAYS_PER_MONTH for months in ages]
        low, high = curve.band(days)
        columns = (
            Shown("age", self._say("age")),
            Shown("still", self._say("still"), "share", 1),
            Shown("low", self._say("low"), "share", 1),
            Shown("high", self._say("high"), "share", 1),
            Shown("at_risk", self._say("at_risk"), "count"),
        )
        rows = pl.DataFrame({"age": ages, "still": curve.at(days), "low": low, "high": high, "at_risk": curve.at_risk_at(days)})
        return self._table(rows, columns, self._say("survival"))

    def factors(self, ratios: Ratios | None) -> SummaryTable | Gallery:
        """Return the factors that go with an earlier end, strongest first, with a reading in words; nothing if no model gives them."""
        if ratios is None:
            return Gallery(())
        rows = [
            {
                "factor": term,
                "step": self._step(reference, float(step), is_flag=bool(flag)),
                "ratio": float(ratio),
                "low": float(low),
                "high": float(high),
                "reading": self._say("unclear" if low <= 1 <= high else "sooner" if ratio > 1 else "longer"),
            }
            for term, reference, flag, step, ratio, low, high in zip(
                self.named(ratios).terms,
                ratios.references,
                ratios.is_flag,
                ratios.step,
                ratios.ratio,
                ratios.lower,
                ratios.upper,
                strict=True,
            )
        ]
        columns = (
            Shown("factor", self._say("factor")),
            Shown("step", self._say("step")),
            Shown("ratio", self._say("ratio"), "number", 2),
            Shown("low", self._say("ratio_low"), "number", 2),
            Shown("high", self._say("ratio_high"), "number", 2),
            Shown("reading", self._say("reading")),
        )
        return self._table(pl.DataFrame(rows), columns, self._say("factors"), notes=(self._say("step_note"), self._say("factor_note")))

    def _step(self, reference: str, step: float, *, is_flag: bool) -> str:
        """Return the contrast of an effect: a level of a category with the reference, yes with no, or a number with one step less."""
        if reference:
            return self._say("level", level=reference)
        return self._say("flag") if is_flag else f"+{number(step, self.language, 1)}"

    def named(self, ratios: Ratios) -> Ratios:
        """Return the ratios with the factors named in the reader's language."""
        texts = in_language(TEXTS, self.language)
        return replace(ratios, terms=tuple(texts.get(term, term.replace("_", " ")) for term in ratios.terms))

    @property
    def _ends(self) -> float:
        return float(self.running["probability"].sum())

    @property
    def _amount(self) -> float:
        return float(self.running["amount"].sum())

    @property
    def _lost(self) -> float:
        return float((self.running["amount"] * self.running["probability"]).sum())

    def _measures(self) -> dict[str, pl.Expr]:
        return {
            "contracts": pl.len().cast(pl.Int64),
            "ends": pl.col("probability").sum(),
            "share": pl.col("probability").sum() / (self._ends or 1.0),
            "probability": pl.col("probability").mean(),
            "months": pl.col("tenure_days").mean() / DAYS_PER_MONTH,
            "amount": pl.col("amount").sum(),
            "lost": (pl.col("amount") * pl.col("probability")).sum(),
        }

    def _table(
        self,
        rows: pl.DataFrame,
        columns: tuple[Shown, ...],
        caption: str,
        *,
        count: str | None = None,
        total: dict[str, Any] | None = None,
        notes: tuple[str, ...] = (),
    ) -> SummaryTable:
        return SummaryTable(
            frame=rows,
            columns=columns,
            caption=caption,
            language=self.language,
            currency=self.currency,
            count=count,
            total=total,
            notes=notes,
        )

    def _say(self, key: str, **values: Any) -> str:
        written = {name: number(value, self.language) if isinstance(value, int) else value for name, value in values.items()}
        return TEXTS[key][self.language].format(**{"days": number(self.days, self.language), **written})

    def _money(self, value: float) -> str:
        return money(value, self.currency, self.language)

    def _percent(self, share: float, digits: int = 0) -> str:
        return percent(share, self.language, digits)

"""Experiments on channels next to what models credit in the same days: the only part of the page that shows causes.

experiments = ChannelExperiments(tests=tests, credit=credit, language="fr")
experiments.headlines(), experiments.picture(), experiments.table()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.plots.style import number, percent
from relkit.reports.channel_attribution_texts import TEXTS as PAGE
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import DASH, SMALLEST_GROUP, Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

TEXTS: dict[str, Text] = {
    "within": Text(
        "{test}: {estimate} incremental conversions ({low} to {high}). Every model is within that interval.",
        "{test} : {estimate} conversions incrémentales (de {low} à {high}). Tous les modèles tombent dans cet intervalle.",
    ),
    "too_much": Text(
        "{test}: {estimate} incremental conversions ({low} to {high}). Models that credit more: {above}.",
        "{test} : {estimate} conversions incrémentales (de {low} à {high}). Modèles qui en attribuent davantage : {above}.",
    ),
    "too_little": Text(
        "{test}: {estimate} incremental conversions ({low} to {high}). Models that credit fewer: {below}.",
        "{test} : {estimate} conversions incrémentales (de {low} à {high}). Modèles qui en attribuent moins : {below}.",
    ),
    "both_ways": Text(
        "{test}: {estimate} incremental conversions ({low} to {high}). Models that credit more: {above}; fewer: {below}.",
        "{test} : {estimate} conversions incrémentales (de {low} à {high}). Modèles qui en attribuent davantage : {above} ; moins : "
        "{below}.",
    ),
    "alone": Text(
        "{test}: {estimate} incremental conversions ({low} to {high}). No model credits anything in these days.",
        "{test} : {estimate} conversions incrémentales (de {low} à {high}). Aucun modèle n’attribue quoi que ce soit sur ces jours.",
    ),
    "none": Text(
        "No experiment on a channel is known. A channel switched off for people or regions drawn at random, entered in the table "
        "lift_tests, would stand here next to the models.",
        "Aucune expérience n’est connue sur un canal. Un canal coupé pour des personnes ou des régions tirées au sort, saisi dans la table "
        "lift_tests, figurerait ici à côté des modèles.",
    ),
    "partial": Text(
        "Measured by a draw, but for a part of their channel only, and so not compared with it: {actions}.",
        "Mesurées par tirage, mais pour une partie de leur canal seulement, donc non comparées à lui : {actions}.",
    ),
    "named": Text("{channel}, {start} to {end}", "{channel}, du {start} au {end}"),
    "caption": Text("Experiments and models", "Expériences et modèles"),
    "c_tests": Text(
        "The bar is the interval of the experiment, the line in it its estimate, a mark the credit of one model in the same days. A mark "
        "outside its bar is contradicted.",
        "La barre est l’intervalle de l’expérience, le trait son estimation, une marque le crédit d’un modèle sur les mêmes jours. Une "
        "marque hors de sa barre est contredite.",
    ),
    "test": Text("Experiment", "Expérience"),
    "method": Text("Method", "Méthode"),
    "estimate": Text("Incremental conversions", "Conversions incrémentales"),
    "interval": Text("Interval", "Intervalle"),
    "model": Text("Model", "Modèle"),
    "conversions": Text("Credited in these days", "Attribuées sur ces jours"),
    "verdict": Text("Verdict", "Verdict"),
    "inside": Text("within the interval", "dans l’intervalle"),
    "above": Text("more than found", "plus que constaté"),
    "below": Text("fewer than found", "moins que constaté"),
    "range": Text("{low} to {high} ({level})", "de {low} à {high} ({level})"),
    "channel": Text("Channel", "Canal"),
    "factor": Text("Factor", "Facteur"),
    "limits": Text("{low} to {high}", "de {low} à {high}"),
    "source": Text("From", "Origine"),
    "source_test": Text("an experiment on the channel", "une expérience sur le canal"),
    "source_borrowed": Text("experiments on other channels", "des expériences sur d’autres canaux"),
    "source_none": Text("nothing: unchanged", "aucune : inchangé"),
    "factors": Text("Correction of the incremental credit by experiments", "Correction du crédit incrémental par les expériences"),
    "factor_note": Text(
        "A factor of 0.5 halves the credit of the channel: the experiment found half of what the model had predicted. A vague experiment "
        "hardly moves it.",
        "Un facteur de 0,5 divise par deux le crédit du canal : l’expérience a constaté la moitié de ce que le modèle prévoyait. Une "
        "expérience imprécise le modifie à peine.",
    ),
    "before": Text("{model}, before its correction", "{model}, avant correction"),
    "note": Text(
        "An experiment shows what would be missing without the channel while the others go on. Rules divide all conversions among the "
        "channels touched, so that they may credit more without an error in arithmetic.",
        "Une expérience montre ce qui manquerait sans le canal, les autres continuant. Les règles partagent toutes les conversions entre "
        "les canaux touchés : elles peuvent en attribuer davantage sans erreur de calcul.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelExperiments:
    """Experiments and the credit of models in their days.

    Attributes:
        tests: test_id, channel, starts_on, ends_on, estimate, low, high, level, method: one row per experiment.
        credit: test_id, model (names for people), conversions: one row per experiment and model.
        factors: channel, factor, factor_lower, factor_upper, source (test, borrowed or none): the calibration of a model; None without one.
        partial: actions that were measured, but are a part of their channel only.
        language: en or fr.
    """

    tests: pl.DataFrame
    credit: pl.DataFrame
    factors: pl.DataFrame | None = None
    partial: tuple[str, ...] = ()
    language: str = "en"

    @property
    def channels(self) -> set[str]:
        """Channels on which there was an experiment."""
        return set(self.tests["channel"])

    @cached_property
    def compared(self) -> pl.DataFrame:
        """Each experiment with each model: the columns of both, test (its name), verdict (inside, above, below) and gap (0 if inside)."""
        names = [self._name(*row) for row in self.tests.select("channel", "starts_on", "ends_on").iter_rows()]
        both = self.tests.with_columns(test=pl.Series(names, dtype=pl.String)).join(
            self.credit, on="test_id", how="left", maintain_order="left_right"
        )
        above, below = pl.col("conversions") > pl.col("high"), pl.col("conversions") < pl.col("low")
        verdict = pl.when(above).then(pl.lit("above")).when(below).then(pl.lit("below")).otherwise(pl.lit("inside"))
        gap = pl.max_horizontal(pl.col("conversions") - pl.col("high"), pl.col("low") - pl.col("conversions"), 0.0)
        return both.with_columns(verdict=pl.when(pl.col("conversions").is_not_null()).then(verdict), gap=gap)

    def headline(self) -> str:
        """Return one sentence on all experiments."""
        if self.tests.is_empty():
            return PAGE["untested"][self.language]
        contradicted = self.compared.filter(pl.col("gap") > 0)
        n = self._number(len(self.tests))
        one = "_one" if len(self.tests) == 1 else ""
        if contradicted.is_empty():
            return PAGE[f"confirmed{one}"][self.language].format(n=n, test=self.compared["test"][0])
        widest = contradicted.sort("gap", descending=True, maintain_order=True).row(0, named=True)
        words = {name: self._number(widest[name]) for name in ("estimate", "low", "high")}
        words |= {"test": widest["test"], "model": widest["model"], "credit": self._number(widest["conversions"])}
        return PAGE[f"contradicted{one}"][self.language].format(k=contradicted["test_id"].n_unique(), n=n, **words)

    def headlines(self) -> Headlines:
        """Return a sentence for each experiment."""
        found = [self._sentence(part) for _, part in self.compared.group_by("test_id", maintain_order=True)] or [self._say("none")]
        if self.partial:
            found.append(self._say("partial", actions=", ".join(self.partial)))
        return Headlines(tuple(found))

    def picture(self) -> Gallery:
        """Return the experiments with the marks of the models."""
        from relkit.plots.credit_experiments import plot_credit_experiments

        if self.tests.is_empty():
            return Gallery(())
        rows = self.compared.unique("test_id", keep="first", maintain_order=True)
        drawn = plot_credit_experiments(rows, self.compared.drop_nulls("conversions"), language=self.language)
        return Gallery((Picture(drawn, self._say("c_tests")),))

    def table(self) -> SummaryTable | Gallery:
        """Return all experiments and models in one table."""
        if self.tests.is_empty():
            return Gallery(())
        first = self.compared["test_id"].is_first_distinct()
        rows = pl.DataFrame([self._cells(row, is_first) for row, is_first in zip(self.compared.iter_rows(named=True), first, strict=True)])
        kinds: dict[str, Any] = {"estimate": "figure", "interval": "figure", "conversions": "figure"}
        columns = tuple(Shown(name, self._say(name), kinds.get(name, "text")) for name in rows.columns)
        return SummaryTable(frame=rows, columns=columns, caption=self._say("caption"), language=self.language, notes=(self._say("note"),))

    def factors_table(self) -> SummaryTable | Gallery:
        """Return the factors by which experiments corrected the credit of a model; nothing without any."""
        if self.factors is None:
            return Gallery(())
        rows = pl.DataFrame([self._factor(row) for row in self.factors.iter_rows(named=True)])
        heads = {"channel": "channel", "factor": "factor", "limits": "interval", "source": "source"}
        columns = tuple(Shown(name, self._say(head), "figure" if name in {"factor", "limits"} else "text") for name, head in heads.items())
        notes = (self._say("factor_note"),)
        return SummaryTable(frame=rows, columns=columns, caption=self._say("factors"), language=self.language, notes=notes)

    def _factor(self, row: dict[str, Any]) -> dict[str, str]:
        if row["source"] == "none":
            return {"channel": row["channel"], "factor": DASH, "limits": DASH, "source": self._say("source_none")}
        value, low, high = (number(row[name], self.language, 2) for name in ("factor", "factor_lower", "factor_upper"))
        limits = self._say("limits", low=low, high=high)
        return {"channel": row["channel"], "factor": value, "limits": limits, "source": self._say(f"source_{row['source']}")}

    def _cells(self, row: dict[str, Any], is_first: bool) -> dict[str, str]:  # noqa: FBT001
        """Return a row of the table; what concerns the experiment stands in its first row only."""
        level = percent(row["level"], self.language)
        interval = self._say("range", low=self._number(row["low"]), high=self._number(row["high"]), level=level)
        test = {"test": row["test"], "method": row["method"] or DASH, "estimate": self._number(row["estimate"]), "interval": interval}
        return {
            **(test if is_first else dict.fromkeys(test, "")),
            "model": row["model"] or DASH,
            "conversions": DASH if row["conversions"] is None else self._number(row["conversions"]),
            "verdict": DASH if row["verdict"] is None else self._say(row["verdict"]),
        }

    def _sentence(self, part: pl.DataFrame) -> str:
        """Return the sentence on an experiment."""
        row = part.row(0, named=True)
        words = {"test": row["test"]} | {name: self._number(row[name]) for name in ("estimate", "low", "high")}
        models = {name: ", ".join(part.filter(pl.col("verdict") == name)["model"]) for name in ("above", "below")}
        if part["conversions"].drop_nulls().is_empty():
            return self._say("alone", **words)
        if models["above"] and models["below"]:
            return self._say("both_ways", **words, **models)
        key = "too_much" if models["above"] else "too_little" if models["below"] else "within"
        return self._say(key, **words, **models)

    def _name(self, channel: str, start: date, end: date) -> str:
        return self._say("named", channel=channel, start=day_in_words(start, self.language), end=day_in_words(end, self.language))

    def _number(self, value: float) -> str:
        """Return a number of conversions, with a decimal if it is small."""
        return number(value, self.language, int(isinstance(value, float) and abs(value) < SMALLEST_GROUP))

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(**words)


def uncalibrated(model: str, language: str) -> str:
    """Return the name of a model whose credit is shown as it was before experiments corrected it.

    Examples:
        >>> uncalibrated("Incremental", "en")
        'Incremental, before its correction'
    """
    return TEXTS["before"][language].format(model=model)

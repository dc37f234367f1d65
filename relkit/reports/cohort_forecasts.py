"""Forecast and came by cohort of first order, on the days of the holdout, which the model had not seen.

    cohorts = CohortForecasts.of(material.trial(name), past, language="fr")
    cohorts.headlines(), cohorts.picture(), cohorts.table()

Customers who may have ordered before the data start are a cohort of their own. The bounds of a cohort are those of a total known on
that day, with the error that a group formed by its history does not share with the portfolio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.cohorts import LENGTHS, cohort_length
from relkit.models.lifetime_value.past_forecasts import NO_PAST
from relkit.models.lifetime_value.purchases import meet_outcomes
from relkit.models.lifetime_value.total_spread import HISTORY_SPREAD
from relkit.plots.cohorts import cohort_label
from relkit.plots.style import number
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from relkit.models.lifetime_value.past_forecasts import PastForecasts
    from relkit.reports.segment_forecasts import Tried

TEXTS: dict[str, Text] = {
    "none": Text(
        "There was too little history to compare cohorts with their forecasts.",
        "L’historique était trop court pour comparer les cohortes à leur prévision.",
    ),
    "within": Text(
        "In {held} of {cohorts} cohorts the orders of the {days} days after {day} lay within their bounds.",
        "Dans {held} cohortes sur {cohorts}, les commandes des {days} jours suivant le {day} sont tombées entre leurs bornes.",
    ),
    "before": Text("Before the data start", "Avant le début des données"),
    "cohort": Text("Customers won in", "Clients arrivés en"),
    "customers": Text("Customers", "Clients"),
    "came": Text("Came", "Constaté"),
    "forecast": Text("Forecast", "Prévu"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "each": Text("Came per customer", "Constaté par client"),
    "each_forecast": Text("Forecast per customer", "Prévu par client"),
    "caption": Text("Orders by cohort, {days} days after {day}", "Commandes par cohorte, {days} jours suivant le {day}"),
    "title": Text("Orders by cohort of first order", "Commandes par cohorte de première commande"),
    "axis": Text("Orders in {days} days", "Commandes en {days} jours"),
    "c_picture": Text(
        "Round: what came. Diamond and line: the forecast with its 95% bounds, made without these days. A cohort outside its bounds buys "
        "otherwise than the model believes of customers of its age.",
        "Rond : ce qui est venu. Losange et trait : la prévision et ses bornes à 95\u00a0%, faite sans ces jours. Une cohorte hors de ses "
        "bornes achète autrement que ce que le modèle croit de clients de son âge.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class CohortForecasts:
    """Cohorts on a holdout.

    Attributes:
        rows: cohort (its name), customers, forecast, came, low, high, each and each_forecast, the oldest first; no rows if
            nothing was tried.
        days: length of the holdout.
        day: the last that the model had seen; None if nothing was tried.
        language: en or fr.
    """

    rows: pl.DataFrame
    days: int
    day: date | None
    language: str

    @classmethod
    def of(cls, trial: Tried | None, past: PastForecasts | None, *, language: str) -> CohortForecasts:
        """Sum the forecasts and the orders of each cohort.

        Args:
            trial: the model fitted without its holdout; None if there was too little history.
            past: forecasts at past days, for the bounds.
            language: en or fr.
        """
        if trial is None:
            return cls(rows=pl.DataFrame(), days=0, day=None, language=language)
        both = meet_outcomes(trial.judged, trial.outcomes, ("holdout_purchases", "holdout_days"))
        days, day = float(both["holdout_days"][0]), trial.split.calibration.day
        spread = (past or NO_PAST).known_on(day).spread(days)
        rows = _cohorts(both.with_columns(expected=pl.Series(trial.fitted.expected_purchases(both, days))), language)
        reach = pl.Series([spread.reach(total, of_segment=HISTORY_SPREAD) for total in rows["forecast"]], dtype=pl.Float64)
        bounded = rows.with_columns(low=pl.col("forecast") / reach, high=pl.col("forecast") * reach)
        return cls(rows=bounded, days=round(days), day=day, language=language)

    def headlines(self) -> Headlines:
        """Return the number of cohorts that came as forecast."""
        shown = self._shown
        if shown.is_empty():
            return Headlines((self._say("none"),))
        held = int(shown.select(pl.col("came").is_between("low", "high").sum()).item())
        return Headlines((self._say("within", held=number(held, self.language), cohorts=number(len(shown), self.language)),))

    def picture(self) -> Gallery:
        """Return forecast and came by cohort."""
        from relkit.plots.dots import Dots, plot_dots

        shown = self._shown
        if shown.is_empty():
            return Gallery(())
        came, forecast, low, high = (shown[name].to_numpy() for name in ("came", "forecast", "low", "high"))
        drawn = plot_dots(
            shown["cohort"].to_list(),
            [Dots(value=came, label=self._say("came")), Dots(value=forecast, lower=low, upper=high, label=self._say("forecast"))],
            title=self._say("title"),
            x_label=self._say("axis"),
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_picture")),))

    def table(self) -> SummaryTable | Gallery:
        """Return the same in numbers."""
        if self.rows.is_empty():
            return Gallery(())
        columns = (
            Shown("cohort", self._say("cohort")),
            Shown("customers", self._say("customers"), "count"),
            *(Shown(name, self._say(name), "number") for name in ("came", "forecast", "low", "high")),
            *(Shown(name, self._say(name), "number", 2) for name in ("each", "each_forecast")),
        )
        return SummaryTable(frame=self.rows, columns=columns, caption=self._say("caption"), language=self.language, count="customers")

    @property
    def _shown(self) -> pl.DataFrame:
        """The cohorts that are large enough to be shown."""
        return self.rows if self.rows.is_empty() else self.rows.filter(pl.col("customers") >= SMALLEST_GROUP)

    def _say(self, key: str, **values: str) -> str:
        day = "" if self.day is None else day_in_words(self.day, self.language)
        return TEXTS[key][self.language].format(**{"days": number(self.days, self.language), "day": day, **values})


def _cohorts(judged: pl.DataFrame, language: str) -> pl.DataFrame:
    """Return the sums of each cohort, those of before the data first."""
    is_old = pl.col("is_left_censored").fill_null(value=False) if "is_left_censored" in judged.columns else pl.lit(value=False)
    length = cohort_length(judged.filter(~is_old)["first_order_on"])
    starts = pl.when(~is_old).then(pl.col("first_order_on").dt.truncate(LENGTHS[length]))
    sums = judged.group_by(starts_on=starts).agg(
        customers=pl.len().cast(pl.Int64), forecast=pl.col("expected").sum(), came=pl.col("holdout_purchases").cast(pl.Float64).sum()
    )
    before: Any = TEXTS["before"][language]
    rows = sums.sort("starts_on", nulls_last=False)
    names = [before if day is None else cohort_label(day, length, language) for day in rows["starts_on"]]
    return rows.with_columns(
        cohort=pl.Series(names, dtype=pl.String),
        each=pl.col("came") / pl.col("customers"),
        each_forecast=pl.col("forecast") / pl.col("customers"),
    )

"""Forecasts of past days against what came: totals in money and in orders, the model behind the scores and the others it was judged with.

    past = PastTotals.of(material.fitted(name), material.kept_frame(name, "model_origins"), currency="EUR", language="fr")
    past.headlines(), past.picture(), past.by_day(), past.by_model()

Nothing is fitted here: fits keep what they forecast at past days. The bounds of a past forecast are those that were known on its day,
from the days whose outcome was known by then, so that they are a fair test of the bounds of today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.models.catalogue import names, settings_class
from relkit.models.lifetime_value.past_forecasts import NO_PAST, PastForecasts
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGINS = "model_origins"
"""Frame that `relkit fit lifetime_value.auto` keeps with a version: one row per model and past day."""
MOST_MODELS = 5
"""Models in the picture besides the chosen one."""
SCORES = ("log_score", "crps", "rmse")
"""Scores of the table of models."""
TEXTS: dict[str, Text] = {
    "none": Text(
        "No forecast of a past day is kept with this model. {command} compares several models at several past days.",
        "Aucune prévision d’une date passée n’est conservée avec ce modèle. {command} compare plusieurs modèles à plusieurs dates passées.",
    ),
    "alone": Text(
        "This model was fitted by name, and tried on one past day only. {command} compares several models at several past days.",
        "Ce modèle a été ajusté seul, et éprouvé à une seule date passée. {command} compare plusieurs modèles à plusieurs dates passées.",
    ),
    "within": Text(
        "At {held} of {days} past days the total of the {span} days that followed lay within the bounds known on that day.",
        "À {held} dates passées sur {days}, le total des {span} jours suivants est tombé entre les bornes connues ce jour-là.",
    ),
    "one_inside": Text(
        "On the one past day that was tried, the forecast total of the {span} days that followed was {off} too {side}, within the bounds "
        "known on that day.",
        "À la seule date passée mise à l’épreuve, le total prévu des {span} jours suivants était {off} trop {side}, entre les bornes "
        "connues ce jour-là.",
    ),
    "one_outside": Text(
        "On the one past day that was tried, the forecast total of the {span} days that followed was {off} too {side}, outside the bounds "
        "known on that day.",
        "À la seule date passée mise à l’épreuve, le total prévu des {span} jours suivants était {off} trop {side}, hors des bornes "
        "connues ce jour-là.",
    ),
    "overlap": Text(
        "The days overlap: only {apart} of them are independent of each other.",
        "Ces périodes se chevauchent : seules {apart} sont indépendantes les unes des autres.",
    ),
    "off": Text(
        "The forecast was {off} off on average, and too {side} at {n} of {days} days.",
        "L’écart de la prévision était de {off} en moyenne ; elle était trop {side} à {n} dates sur {days}.",
    ),
    "naive": Text("“{rule}” was {off} off on the same days.", "« {rule} » s’écartait de {off} aux mêmes dates."),
    "sampled": Text(
        "Models were compared on {customers} customers, a sample where there are more.",
        "Les modèles ont été comparés sur {customers} clients, un échantillon s’il y en a davantage.",
    ),
    "high": Text("high", "haute"),
    "low_side": Text("low", "basse"),
    "one_high": Text("high", "haut"),
    "one_low_side": Text("low", "bas"),
    "title": Text("Forecast and came true: totals of {span} days", "Prévu et constaté : totaux à {span} jours"),
    "money": Text("Value of orders, {currency}", "Valeur des commandes, {currency}"),
    "orders": Text("Orders", "Commandes"),
    "caption": Text(
        "Bars: what came from the customers known on that day. Diamond and line: the forecast behind today’s scores with its 95% bounds, "
        "made with what was known then. The closer the marks of a model to the top of the bars, the better.",
        "Barres : ce qui est venu des clients connus à cette date. Losange et trait : la prévision derrière les scores d’aujourd’hui et "
        "ses bornes à 95\u00a0%, faite avec ce que l’on savait alors. Plus les marques d’un modèle sont proches du haut des barres, "
        "meilleur il est.",
    ),
    "by_day": Text("Totals at each past day", "Totaux à chaque date passée"),
    "by_model": Text("Error of totals at past days, by model", "Écart des totaux aux dates passées, par modèle"),
    "from": Text("From", "À partir du"),
    "span": Text("Days", "Jours"),
    "came_money": Text("Came", "Constaté"),
    "forecast_money": Text("Forecast", "Prévu"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high_end": Text("High (95%)", "Haut (95\u00a0%)"),
    "difference": Text("Forecast over came", "Prévu sur constaté"),
    "came": Text("Orders, came", "Commandes, constatées"),
    "forecast": Text("Orders, forecast", "Commandes, prévues"),
    "model": Text("Model", "Modèle"),
    "is_chosen": Text("Chosen", "Retenu"),
    "yes": Text("yes", "oui"),
    "times": Text("Past days", "Dates passées"),
    "error": Text("Total, error", "Total, écart"),
    "bias": Text("Total, forecast over came", "Total, prévu sur constaté"),
    "log_score": Text("Log-score (higher is better)", "Score logarithmique (plus haut = meilleur)"),
    "crps": Text("CRPS (lower is better)", "CRPS (plus bas = meilleur)"),
    "rmse": Text("RMSE, orders", "RMSE, commandes"),
    "model_note": Text(
        "Error: mean distance of the forecast total from what came, as a share. Forecast over came: +10% is a total a tenth too high, on "
        "average. Totals are of {unit}.",
        "Écart : distance moyenne entre le total prévu et le constaté, en part. Prévu sur constaté : +10\u00a0% est un total trop haut "
        "d’un dixième, en moyenne. Les totaux sont en {unit}.",
    ),
    "unit_money": Text("money", "valeur"),
    "unit_orders": Text("orders", "nombre de commandes"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class PastTotals:
    """Totals at past days.

    Attributes:
        chosen: name of the model behind the scores.
        past: its forecasts; without rows if it kept none.
        frame: model, origin, days, customers, forecast, came, forecast_money, came_money of all models that were compared, the chosen one
            included, with log_score, crps and rmse if they were measured; None if none were.
        currency: ISO code.
        language: en or fr.
        days: horizon that is shown, if it was judged; otherwise the nearest to it.
    """

    chosen: str
    past: PastForecasts
    frame: pl.DataFrame | None
    currency: str
    language: str
    days: float = HORIZON_DAYS

    @classmethod
    def of(cls, fitted: Any, frame: pl.DataFrame | None, *, currency: str, language: str, days: float = HORIZON_DAYS) -> PastTotals:
        """Read what a fitted model and its version kept; see the class."""
        past = getattr(fitted, "past_forecasts", None) or NO_PAST
        return cls(chosen=fitted.name, past=past, frame=frame, currency=currency, language=language, days=days)

    @property
    def rows(self) -> pl.DataFrame:
        """The chosen model's forecasts at the shown horizon, the earliest first; low and high are of money if it is known."""
        past, span = self.past, self.past.nearest(self.days)
        totals = {name: getattr(past, name) for name in ("forecast", "came", "forecast_money", "came_money")}
        table = pl.DataFrame({"origin": pl.Series(past.origins, dtype=pl.Date), "days": past.horizons, **totals})
        shown = table.filter(pl.col("days") == span).sort("origin")
        reach = [self._reach(row) for row in shown.iter_rows(named=True)]
        value, factor = pl.col("forecast_money" if self.in_money else "forecast"), pl.Series(reach, dtype=pl.Float64)
        return shown.with_columns(low=value / factor, high=value * factor)

    def _reach(self, row: Mapping[str, Any]) -> float:
        """Return the factor of the bounds as they were known on the day of a forecast."""
        spread = self.past.known_on(row["origin"]).spread(row["days"], money=self.in_money)
        return spread.reach(row["forecast"])

    @property
    def in_money(self) -> bool:
        """True if every total at the shown horizon is known in money."""
        here = self.past.horizons == self.past.nearest(self.days)
        known = (self.past.forecast_money[here] > 0) & (self.past.came_money[here] > 0)  # false for a total that is not known
        return bool(here.any() and known.all())

    def headlines(self) -> Headlines:
        """Return the number of days on which bounds held and the error of totals, or the command for what is missing."""
        if not len(self.past.horizons):
            return Headlines((self._say("none", command=command("fit", "lifetime_value.auto")),))
        how = self._one() if len(self.rows) == 1 else self._several()
        alone = [self._say("alone", command=command("fit", "lifetime_value.auto"))] if self.frame is None else []
        return Headlines((*how, *self._rule(), *alone, *self._sample()))

    def _one(self) -> list[str]:
        row, (forecast, came) = self.rows.row(0, named=True), self._names
        key = "one_inside" if row["low"] <= row[came] <= row["high"] else "one_outside"
        over = row[forecast] / row[came] - 1 if row[came] else 0.0
        return [self._say(key, span=self._span, off=self._percent(abs(over)), side=self._side(over >= 0, key="one"))]

    def _several(self) -> list[str]:
        rows, (forecast, came) = self.rows, self._names
        days, held = len(rows), int(rows.select(pl.col(came).is_between("low", "high").sum()).item())
        apart, too_high = len(self.past.errors(self.days, money=self.in_money)), int((rows[forecast] > rows[came]).sum())
        was_high = 2 * too_high >= days
        n = self._number(too_high if was_high else days - too_high)
        return [
            self._say("within", held=self._number(held), days=self._number(days), span=self._span),
            *([self._say("overlap", apart=self._number(apart))] if apart < days else []),
            self._say("off", off=self._percent(_mean_error(rows, forecast, came)), side=self._side(was_high), n=n, days=self._number(days)),
        ]

    @property
    def _span(self) -> str:
        return self._number(self.past.nearest(self.days))

    def _side(self, was_high: bool, key: str = "") -> str:  # noqa: FBT001
        return self._say(f"{key}{'_' if key else ''}{'high' if was_high else 'low_side'}")

    def _rule(self) -> list[str]:
        """Return the sentence on the naive rule at the same days."""
        rule = self._of_model(self._naive) if self._naive else None
        if rule is None or rule.is_empty():
            return []
        return [self._say("naive", rule=self._label(self._naive), off=self._percent(_mean_error(rule, *self._names)))]

    def _sample(self) -> list[str]:
        if self.frame is None or "customers" not in self.frame.columns:
            return []
        return [self._say("sampled", customers=self._number(float(self.frame["customers"].max())))]  # type: ignore[arg-type]

    def picture(self) -> Gallery:
        """Return totals forecast by each model and what came, by past day; nothing if there is one forecast of one day."""
        from relkit.plots.past_totals import plot_past_totals

        rows = self.rows
        if len(rows) < 2 and not self._others:
            return Gallery(())
        forecast, came = self._names
        others = {
            self._label(name): rows.join(self._of_model(name).select("origin", other=forecast), on="origin", how="left")
            for name in self._others[:MOST_MODELS]
        }
        marks = {self._label(self.chosen): rows[forecast].to_numpy()}
        marks |= {name: joined.sort("origin")["other"].fill_null(float("nan")).to_numpy() for name, joined in others.items()}
        drawn = plot_past_totals(
            [day_in_words(day, self.language) for day in rows["origin"]],
            rows[came].to_numpy(),
            marks,
            (rows["low"].to_numpy(), rows["high"].to_numpy()),
            title=self._say("title", span=self._span),
            y_label=self._say("money", currency=self.currency) if self.in_money else self._say("orders"),
            currency=self.currency if self.in_money else "",
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("caption")),))

    def by_day(self) -> SummaryTable | Gallery:
        """Return the chosen model's totals at each past day, with the bounds that were known then."""
        if not len(self.past.horizons):
            return Gallery(())
        forecast, came = self._names
        rows = self.rows.with_columns(difference=pl.Series(_signed(pl.col(forecast) / pl.col(came) - 1, self.rows, self.language)))
        kind, digits = ("money", 0) if self.in_money else ("number", 0)
        columns = [
            Shown("origin", self._say("from"), "date"),
            Shown("days", self._say("span"), "number"),
            *(Shown(name, self._say(key), kind, digits) for name, key in ((came, "came_money"), (forecast, "forecast_money"))),  # type: ignore[arg-type]
            Shown("low", self._say("low"), kind, digits),  # type: ignore[arg-type]
            Shown("high", self._say("high_end"), kind, digits),  # type: ignore[arg-type]
            Shown("difference", self._say("difference"), "figure"),
            *(Shown(name, self._say(name), "number") for name in (("came", "forecast") if self.in_money else ())),
        ]
        return self._table(rows, tuple(columns), self._say("by_day"))

    def by_model(self) -> SummaryTable | Gallery:
        """Return the errors of each model over the past days, the smallest first; nothing if no models were compared."""
        if self.frame is None:
            return Gallery(())
        rows = self._errors(self.frame)
        named = rows.with_columns(
            model=pl.Series([self._label(name) for name in rows["model"]], dtype=pl.String),
            is_chosen=pl.Series([self._say("yes") if name == self.chosen else "" for name in rows["model"]], dtype=pl.String),
            bias=pl.Series(_signed(pl.col("bias"), rows, self.language), dtype=pl.String),
        )
        columns = (
            Shown("model", self._say("model")),
            Shown("is_chosen", self._say("is_chosen")),
            Shown("times", self._say("times"), "number"),
            Shown("error", self._say("error"), "share"),
            Shown("bias", self._say("bias"), "figure"),
            *(Shown(name, self._say(name), "number", 3) for name in SCORES if name in rows.columns),
        )
        note = self._say("model_note", unit=self._say("unit_money" if self.in_money else "unit_orders"))
        return self._table(named, columns, self._say("by_model"), (note,))

    def _errors(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return model, times, error and bias of totals, and the mean scores that were measured, the smallest error first."""
        forecast, came = self._names
        error = (pl.col(came) / pl.col(forecast)).log()
        measured = {name: pl.col(name).mean() for name in SCORES if name in frame.columns}
        here = frame.filter((pl.col("days") == self.past.nearest(self.days)) & (pl.col(forecast) > 0) & (pl.col(came) > 0))
        found = here.group_by("model").agg(times=pl.len(), error=error.abs().mean().exp() - 1, bias=(-error.mean()).exp() - 1, **measured)
        return found.sort("error", "model")

    @property
    def _names(self) -> tuple[str, str]:
        return ("forecast_money", "came_money") if self.in_money else ("forecast", "came")

    @property
    def _others(self) -> list[str]:
        """The other models at the shown horizon, the naive rule first, then those with the smallest error of totals."""
        if self.frame is None:
            return []
        found = [name for name in self._errors(self.frame)["model"] if name != self.chosen]
        return sorted(found, key=lambda name: name != self._naive)

    @property
    def _naive(self) -> str:
        """The naive rule among the models compared; empty if it is not one of them."""
        found = [] if self.frame is None else self.frame["model"].unique().to_list()
        return next((name for name in sorted(found) if name.endswith(".same_again")), "")

    def _of_model(self, name: str) -> pl.DataFrame:
        assert self.frame is not None
        return self.frame.filter((pl.col("model") == name) & (pl.col("days") == self.past.nearest(self.days))).sort("origin")

    def _label(self, name: str) -> str:
        return settings_class(name).label[self.language] if name in names() else name

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...] = ()) -> SummaryTable:
        return SummaryTable(frame=rows, columns=columns, caption=caption, language=self.language, currency=self.currency, notes=notes)

    def _number(self, value: float) -> str:
        return number(value, self.language)

    def _percent(self, share: float) -> str:
        return percent(share, self.language)

    def _say(self, key: str, **values: str) -> str:
        return TEXTS[key][self.language].format(**values)


def _mean_error(rows: pl.DataFrame, forecast: str, came: str) -> float:
    """Return the mean distance of totals from what came, as a share: the mean of the logarithms' absolute values, as a factor less 1."""
    known = rows.filter((pl.col(forecast) > 0) & (pl.col(came) > 0))
    return float(known.select((pl.col(came) / pl.col(forecast)).log().abs().mean().exp() - 1).item() or 0.0)


def _signed(share: pl.Expr, rows: pl.DataFrame, language: str) -> list[str]:
    """Return shares as text with their sign, none for 0%."""
    found = [round(value, 2) for value in rows.select(share).to_series()]
    return [("+" if value > 0 else "") + percent(value or 0.0, language) for value in found]

"""The value report beyond the ranking: portfolio, certainty of the forecasts, cohorts and payback.

    study = ValueStudy.of(material.tables, material.as_of, value)
    study.portfolio(), study.certainty(), study.cohort_value(), study.by_cohort()

`value` is the reading of the scored customer file (`relkit.reports.customer_value`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.acquisition_cost import acquisition_cost
from relkit.features.cohorts import Cohorts, acquisition_cohorts
from relkit.models.lifetime_value.total_spread import HISTORY_SPREAD
from relkit.plots.cohorts import cohort_label, plot_cohort_returns, plot_cohort_value
from relkit.plots.customer_groups import plot_value_with_bounds
from relkit.plots.style import money, number, percent
from relkit.reports.customer_value import TEXTS as READING
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, KeyFigures, Shown, SummaryTable
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.reports.customer_value import ValueReading
    from relkit.tables.table_set import TableSet

MOST_VALUE = 0.8
TEXTS: dict[str, Text] = {
    "range": Text(
        "{future}, customers of today; {low} to {high} by how far such totals were off in the past (95%)",
        "{future}, clients d’aujourd’hui ; de {low} à {high} d’après l’écart constaté sur de tels totaux par le passé (95\u00a0%)",
    ),
    "range_usual": Text(
        "{future}, customers of today; {low} to {high} by the errors usual in other shops (95%)",
        "{future}, clients d’aujourd’hui ; de {low} à {high} d’après les erreurs habituelles d’autres enseignes (95\u00a0%)",
    ),
    "of_forecast": Text("{past}, of the customers with a forecast", "{past}, clients dotés d’une prévision"),
    "held": Text("of these customers hold {share} of it", "de ces clients en portent {share}"),
    "payback": Text(
        "months for a customer to pay back the cost of winning one ({cost}), median of the cohorts",
        "mois pour qu’un client rembourse son coût d’acquisition ({cost}), médiane des cohortes",
    ),
    "at_once": Text(
        "months to pay back the cost of winning a customer ({cost}): the first purchase does, median of the cohorts",
        "mois pour rembourser le coût d’acquisition d’un client ({cost}) : le premier achat y suffit, médiane des cohortes",
    ),
    "margin": Text("margin", "marge"),
    "revenue": Text("revenue", "chiffre d’affaires"),
    "tenth": Text("Tenth, 1 = best", "Dixième, 1 = meilleur"),
    "customers": Text("Customers", "Clients"),
    "low": Text("Low, mean", "Bas, moyenne"),
    "mean": Text("Expected, mean", "Attendu, moyenne"),
    "high": Text("High, mean", "Haut, moyenne"),
    "width": Text("High over low", "Haut sur bas"),
    "by_certainty": Text("Expected {what} of the {span}, and how sure it is", "Valeur attendue ({what}, {span}) et sa fiabilité"),
    "certainty_note": Text(
        "Low and high, mean: what is expected of customers like these, if the model is right (95%). What one customer will really do "
        "scatters far more.",
        "Bas et haut, moyenne : ce qui est attendu de clients semblables, si le modèle est juste (95\u00a0%). "
        "Ce que fera un client donné varie bien davantage.",
    ),
    "tenths_note": Text(
        "In all: the tenth together, with how far totals were off in the past, and tenths more than the portfolio (95%).",
        "Total : le dixième tout entier, compte tenu de l’écart constaté sur les totaux par le passé, plus grand pour un dixième que pour "
        "l’ensemble (95\u00a0%).",
    ),
    "total": Text("Expected, in all", "Attendu, total"),
    "total_low": Text("Low, in all", "Bas, total"),
    "total_high": Text("High, in all", "Haut, total"),
    "no_bounds": Text(
        "These scores have no low and high: score again with a model that gives them.",
        "Ces scores n’ont ni bas ni haut : recalculez-les avec un modèle qui les donne.",
    ),
    "c_certainty": Text(
        "Each bar is the mean of a tenth of the customers; the line goes from the mean low to the mean high, if the model is right.",
        "Chaque barre est la moyenne d’un dixième des clients ; le trait va du bas moyen au haut moyen, si le modèle est juste.",
    ),
    "cohort": Text("Customers won in", "Clients arrivés en"),
    "age": Text("Months seen", "Mois observés"),
    "brought": Text("{what} per customer so far", "{what} par client à ce jour"),
    "in_year": Text("{what} per customer, first year", "{what} par client, première année"),
    "months_to_pay": Text("Months to pay back", "Mois pour rembourser"),
    "by_cohort": Text("What each cohort has brought", "Ce que chaque cohorte a apporté"),
    "cost_note": Text(
        "Winning a customer costs {cost}, as the table of costs says. A dash: under a year old, or not yet paid back.",
        "Acquérir un client coûte {cost}, selon la table des coûts. Un tiret : cohorte de moins d’un an, ou coût pas encore remboursé.",
    ),
    "no_cost": Text(
        "The cost of winning a customer is not known: declare it in the table of costs, with the scope acquisition.",
        "Le coût d’acquisition d’un client n’est pas connu : déclarez-le dans la table des coûts (périmètre acquisition).",
    ),
    "left_out": Text(
        "{n} customers who may have bought before the data start are left out.",
        "{n} clients qui achetaient peut-être avant le début des données sont laissés de côté.",
    ),
    "c_value": Text(
        "Each line is a cohort, the latest the darkest; it ends where its youngest customers end.",
        "Chaque courbe est une cohorte, la plus récente la plus foncée ; elle s’arrête avec ses clients les plus jeunes.",
    ),
    "c_cost": Text(
        " Where a line crosses the dashed one, the cost of winning a customer has come back.",
        " Là où une courbe franchit le pointillé, le coût d’acquisition est remboursé.",
    ),
    "c_returns": Text(
        "Read a row to see a cohort grow older, a column to compare cohorts at the same age.",
        "Lisez une ligne pour voir vieillir une cohorte, une colonne pour comparer les cohortes au même âge.",
    ),
    "no_cohorts": Text("No cohort is a month old yet.", "Aucune cohorte n’a encore un mois."),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueStudy:
    """The portfolio behind a reading of the scored customers.

    Attributes:
        value: the reading.
        cohorts: of customers by first purchase; None if the data have no transactions.
        cost: of acquiring a customer; None if not known.
    """

    value: ValueReading
    cohorts: Cohorts | None
    cost: float | None

    @classmethod
    def of(cls, tables: TableSet, as_of: AsOf, value: ValueReading) -> ValueStudy:
        """Read the cohorts and the cost of acquisition."""
        cohorts = acquisition_cohorts(tables, as_of) if tables.has("transactions") else None
        return cls(value=value, cohorts=cohorts, cost=acquisition_cost(tables, as_of))

    def portfolio(self) -> KeyFigures:
        """Return the total value of the customers, its certainty, its concentration, and payback."""
        scored = self.value.scored
        future = self._named("future")
        if len(scored):
            total, key = self.value.total(), "range" if self.value.bounds.money.origins > 1 else "range_usual"
            future = self._say(key, future=future, low=self._money(total.low), high=self._money(total.high))
        figures = [
            (self._money(float(scored["past"].sum())), self._say("of_forecast", past=self._named("past"))),
            (self._money(float(scored["future"].sum())), future),
        ]
        if (holders := self._holders()) is not None:
            figures.append((self._percent(holders), self._say("held", share=self._percent(MOST_VALUE))))
        return KeyFigures((*figures, *self._payback()))

    def certainty(self) -> Gallery:
        """Return the expected value of each tenth with its low and high."""
        if not self._has_bounds:
            return Gallery((), self._say("no_bounds"))
        rows = self._by_tenth()
        low, mean, high = (rows[name].to_numpy() for name in ("low", "mean", "high"))
        title = self._say("by_certainty")
        drawn = plot_value_with_bounds(mean, low, high, title=title, currency=self.value.currency, language=self.value.language)
        return Gallery((Picture(drawn, self._say("c_certainty")),))

    def by_certainty(self) -> SummaryTable | Gallery:
        """Return the same in numbers."""
        if not self._has_bounds:
            return Gallery(())
        rows = self._by_tenth().with_columns(
            decile=pl.col("decile").cast(pl.String), width=pl.when(pl.col("low") > 0).then(pl.col("high") / pl.col("low"))
        )
        money_columns = [Shown(name, self._say(name), "money") for name in ("low", "mean", "high")]
        columns = (Shown("decile", self._say("tenth")), Shown("customers", self._say("customers"), "count"), *money_columns)
        totals = [Shown(name, self._say(name), "money") for name in ("total", "total_low", "total_high")]
        columns = (*columns, Shown("width", self._say("width"), "number", 2), *totals)
        return self._table(rows, columns, self._say("by_certainty"), (self._say("certainty_note"), self._say("tenths_note")))

    def cohort_value(self) -> Gallery:
        """Return the value brought by each cohort by age, next to the cost of acquiring a customer."""
        if self._shown is None:
            return Gallery((), self._say("no_cohorts"))
        drawn = plot_cohort_value(self._shown, cost=self.cost, currency=self.value.currency, language=self.value.language)
        caption = self._say("c_value") + ("" if self.cost is None else self._say("c_cost"))
        return Gallery((Picture(drawn, caption),))

    def cohort_returns(self) -> Gallery:
        """Return the customers who came back, by cohort and age."""
        if self._shown is None:
            return Gallery(())
        return Gallery((Picture(plot_cohort_returns(self._shown, language=self.value.language), self._say("c_returns")),))

    def by_cohort(self) -> SummaryTable | Gallery:
        """Return the value brought by each cohort, in its first year and so far, and the months it took to pay back."""
        if self._shown is None:
            return Gallery(())
        cohorts = self._shown
        year = cohorts.frame.filter(pl.col("age_months") == 12).select("starts_on", in_year="value")
        rows = cohorts.payback_months(float("inf") if self.cost is None else self.cost).join(
            year, on="starts_on", how="left", maintain_order="left"
        )
        names = [cohort_label(day, cohorts.length, self.value.language) for day in rows["starts_on"]]
        columns = (
            Shown("cohort", self._say("cohort")),
            Shown("customers", self._say("customers"), "count"),
            Shown("age_months", self._say("age"), "count"),
            Shown("in_year", self._say("in_year"), "money", 2),
            Shown("value", self._say("brought"), "money", 2),
            *([Shown("payback_months", self._say("months_to_pay"), "number", 1)] if self.cost is not None else []),
        )
        note = self._say("no_cost") if self.cost is None else self._say("cost_note", cost=self._money(self.cost, 2))
        left = [self._say("left_out", n=number(cohorts.left_out, self.value.language))] if cohorts.left_out >= SMALLEST_GROUP else []
        return self._table(rows.with_columns(cohort=pl.Series(names)), columns, self._say("by_cohort"), (note, *left))

    @property
    def _shown(self) -> Cohorts | None:
        """The cohorts that are large enough to be shown."""
        if self.cohorts is None:
            return None
        frame = self.cohorts.frame.filter(pl.col("customers") >= SMALLEST_GROUP, pl.col("starts_on").count().over("starts_on") > 1)
        return replace(self.cohorts, frame=frame) if len(frame) else None

    @property
    def _has_bounds(self) -> bool:
        return len(self.value.scored) > 0 and not self.value.scored["low"].is_null().all()

    def _by_tenth(self) -> pl.DataFrame:
        measures = {"customers": pl.len().cast(pl.Int64), **{name: pl.coalesce(name, "future").mean() for name in ("low", "high")}}
        placed = self.value.scored.drop_nulls("decile")
        rows = placed.group_by("decile").agg(mean=pl.col("future").mean(), **measures).sort("decile")
        found = [self.value.total(placed.filter(pl.col("decile") == tenth), of_segment=HISTORY_SPREAD) for tenth in rows["decile"]]
        return rows.with_columns(
            total=pl.Series([total.value for total in found], dtype=pl.Float64),
            total_low=pl.Series([total.low for total in found], dtype=pl.Float64),
            total_high=pl.Series([total.high for total in found], dtype=pl.Float64),
        )

    def _holders(self) -> float | None:
        """Return the share of customers who account for most of the expected value."""
        from relkit.metrics.ranking import customers_holding

        future = self.value.scored["future"].clip(0.0).to_numpy()
        return customers_holding(future, future, MOST_VALUE) if len(future) else None

    def _payback(self) -> list[tuple[str, str]]:
        if self.cost is None or self._shown is None:
            return []
        months = self._shown.payback_months(self.cost)["payback_months"].median()
        if months is None:
            return []
        key, cost = "payback" if round(float(months), 1) else "at_once", self._money(self.cost, 2)  # type: ignore[arg-type]
        return [(number(float(months), self.value.language, 1), self._say(key, cost=cost))]  # type: ignore[arg-type]

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(
            frame=rows,
            columns=columns,
            caption=caption,
            language=self.value.language,
            currency=self.value.currency,
            count="customers",
            notes=notes,
        )

    def _named(self, part: str) -> str:
        """Return the words of the reading for past or future value."""
        return READING[f"{part}_{self.value.measure}"][self.value.language].format(span=self.value.span)

    def _say(self, key: str, **values: Any) -> str:
        texts = in_language(TEXTS, self.value.language)
        of_cohorts = key in {"brought", "in_year"} and self.cohorts is not None
        what = texts[self.cohorts.measure if of_cohorts else self.value.measure]  # type: ignore[union-attr]
        text = texts[key].format(**{"what": what, "span": self.value.span, **values})
        return text[:1].upper() + text[1:] if key in {"brought", "in_year", "by_certainty"} else text

    def _money(self, value: float, digits: int = 0) -> str:
        return money(value, self.value.currency, self.value.language, digits)

    def _percent(self, share: float) -> str:
        return percent(share, self.value.language)

"""The value report by segment: past and expected value of the customers of each segment.

    segments = ValueSegments.of(customers, value, segment=None, declared={})
    segments.headlines(), segments.table(), segments.picture()

Of the columns that describe a customer, not their purchases, the one that explains most of the differences in expected value is
used (largest share of the variance between segments). Groups of fewer than ten customers are not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError
from relkit.features.segments import NO_SEGMENTS, Segments
from relkit.metrics.intervals import normal_reach
from relkit.models.lifetime_value.total_spread import DESCRIPTION_SPREAD
from relkit.plots.style import number, percent
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.segment_names import segment_name, value_names
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.reports.customer_value import ValueReading

DESCRIBING = ("type", "country", "region", "language", "household_size")
"""Columns of the customer table that describe a person; attributes that the mapping declares are tried too."""
LEAST = 0.01
"""Share of the variance below which segments are not reported to differ."""
TEXTS: dict[str, Text] = {
    "chosen": Text(
        "“{name}” accounts best for the differences in expected {what}: for {share} of their variance (columns tried: {tried}).",
        "« {name} » explique le mieux les écarts de valeur attendue : {share} de leur variance (colonnes essayées : {tried}).",
    ),
    "named": Text(
        "“{name}” accounts for {share} of the variance of expected {what}.",
        "« {name} » explique {share} de la variance de la valeur attendue.",
    ),
    "alike": Text(
        "No column that describes customers tells those worth more from the others ({tried} tried): even “{name}” accounts for "
        "less than {least} of the variance of expected {what}. Look for value in what customers do, not in who they are.",
        "Aucune colonne décrivant les clients ne distingue ceux qui valent plus (colonnes essayées : {tried}) : même « {name} » "
        "explique moins de {least} de la variance de la valeur attendue. La valeur tient à ce que font les clients, non à ce qu’ils sont.",
    ),
    "none": Text("No column of the customer table makes segments.", "Aucune colonne de la table des clients ne forme de segments."),
    "apart": Text("Highest on average: {high}; lowest: {low}.", "Moyenne la plus haute : {high} ; la plus basse : {low}."),
    "today": Text(
        "Segments are those of today: customers may have changed since, and one segment may hold the older customers.",
        "Les segments sont ceux d’aujourd’hui : des clients ont pu en changer, et un segment peut réunir les clients anciens.",
    ),
    "segment": Text("Segment", "Segment"),
    "customers": Text("Customers", "Clients"),
    "share_of": Text("Share of customers", "Part des clients"),
    "sum_past": Text("Brought so far", "Apporté jusqu’ici"),
    "sum_future": Text("Expected, {span}", "Attendu, {span}"),
    "share": Text("Share of what is expected", "Part de ce qui est attendu"),
    "mean": Text("Expected per customer, mean", "Attendu par client, moyenne"),
    "caption": Text("Value by segment: {name}", "Valeur par segment : {name}"),
    "total": Text("All", "Ensemble"),
    "title": Text("Expected {what} per customer: {name}", "Valeur attendue par client : {name}"),
    "axis": Text(
        "{currency} per customer, {span}, with the 95% interval of the difference from the others",
        "{currency} par client, {span}, avec l’intervalle à 95 % de l’écart aux autres",
    ),
    "c_picture": Text(
        "Where intervals do not overlap, the segments differ by more than chance and the forecast’s own error within segments. An error of "
        "the whole forecast would move all of them together; the bounds of the table contain it.",
        "Si les intervalles ne se chevauchent pas, l’écart entre segments dépasse le hasard et l’erreur propre de la prévision par "
        "segment. Une erreur de toute la prévision les déplacerait tous ensemble ; les bornes du tableau la comprennent.",
    ),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "margin": Text("margin", "marge"),
    "revenue": Text("revenue", "chiffre d’affaires"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueSegments:
    """Customers with a forecast, in segments.

    Attributes:
        rows: as `ValueReading.scored`, without customer_id, and segment, the index in `names` (null: in none).
        names: of the segments.
        name: of the column that defines them; empty if none does.
        explained: share of the variance of expected value that lies between segments.
        tried: number of columns that were tried; 0 if the reader named one.
        value: the words for value.
    """

    rows: pl.DataFrame
    names: tuple[str, ...]
    name: str
    explained: float
    tried: int
    value: ValueReading

    @classmethod
    def of(cls, customers: pl.DataFrame, value: ValueReading, *, segment: str | None, declared: Mapping[str, str]) -> ValueSegments:
        """Choose the segments.

        Args:
            customers: the customer table, one row per customer.
            value: the reading of the scored customer file.
            segment: a column of the customer table; None for the one that explains most.
            declared: names of attributes, from the mapping.

        Raises:
            ParameterError: `segment` is no column of the customer table.
        """
        if segment is not None and (segment not in customers.columns or segment in NO_SEGMENTS):
            raise ParameterError.unknown("segment", segment, sorted(set(customers.columns) - NO_SEGMENTS), where="segment")
        columns = [segment] if segment else [name for name in (*DESCRIBING, *declared) if name in customers.columns]
        described = customers.select("customer_id", *(pl.col(name).alias(f"by_{name}") for name in dict.fromkeys(columns)))
        held = value.scored.join(described, on="customer_id", how="left", maintain_order="left")
        named = {name: held.select(pl.col(f"by_{name}").alias(name)) for name in dict.fromkeys(columns)}
        ways = {name: Segments.of(named[name], name) for name in named}
        rows = value.scored.drop("customer_id")
        placed = {name: rows.with_columns(segment=way.places(named[name])) for name, way in ways.items() if segment or len(way) > 1}
        best = max(placed, key=lambda name: _explained(placed[name]), default="")
        return cls(
            rows=placed[best] if best else rows.with_columns(segment=pl.lit(None, pl.Int32)),
            names=value_names(ways[best], value.language) if best else (),
            name=segment_name(best, declared, value.language) if best else "",
            explained=_explained(placed[best]) if best else 0.0,
            tried=0 if segment else len(placed),
            value=value,
        )

    def headlines(self) -> Headlines:
        """Return the main findings: which segments, and how far apart they are."""
        if not self.names:
            return Headlines((self._say("none"),))
        if self.tried and self.explained < LEAST:
            return Headlines((self._say("alike", tried=self.tried, least=percent(LEAST, self.value.language)),))
        first = self._say("chosen" if self.tried else "named", share=percent(self.explained, self.value.language), tried=self.tried)
        shown = self._groups().filter(pl.col("customers") >= SMALLEST_GROUP).sort("mean", descending=True)
        apart = [self._say("apart", high=shown["name"][0], low=shown["name"][-1])] if len(shown) > 1 else []
        return Headlines((first, *apart, self._say("today")))

    def table(self) -> SummaryTable | Gallery:
        """Return customers, past value and expected value, by segment."""
        if not self.names:
            return Gallery(())
        columns = (
            Shown("name", self._say("segment")),
            Shown("customers", self._say("customers"), "count"),
            Shown("share_of", self._say("share_of"), "share"),
            Shown("past", self._say("sum_past"), "money"),
            Shown("future", self._say("sum_future"), "money"),
            Shown("low", self._say("low"), "money"),
            Shown("high", self._say("high"), "money"),
            Shown("share", self._say("share"), "share"),
            Shown("mean", self._say("mean"), "money"),
        )
        placed = self.rows.drop_nulls("segment")
        whole = self.value.total(placed, of_segment=0.0 if len(placed) == len(self.rows) else DESCRIPTION_SPREAD)
        total = {"name": self._say("total"), **placed.select(**_measures(placed)).row(0, named=True), "low": whole.low, "high": whole.high}
        return SummaryTable(
            frame=self._groups(),
            columns=columns,
            caption=self._say("caption"),
            language=self.value.language,
            currency=self.value.currency,
            count="customers",
            total=total,
        )

    def picture(self) -> Gallery:
        """Return the mean expected value of a customer of each segment, with intervals; small groups are left out."""
        from relkit.plots.dots import Dots, plot_dots

        shown = self._groups().filter(pl.col("customers") >= SMALLEST_GROUP)
        if shown.is_empty():
            return Gallery(())
        chance, own = pl.col("std").fill_null(0.0) / pl.col("customers").sqrt(), DESCRIPTION_SPREAD * pl.col("mean")
        mean, half = shown["mean"].to_numpy(), normal_reach() * shown.select((chance**2 + own**2).sqrt()).to_series().to_numpy()
        drawn = plot_dots(
            shown["name"].to_list(),
            [Dots(value=mean, lower=mean - half, upper=mean + half)],
            title=self._say("title"),
            x_label=self._say("axis"),
            language=self.value.language,
        )
        return Gallery((Picture(drawn, self._say("c_picture")),))

    def _groups(self) -> pl.DataFrame:
        """Return one row per segment, in their order, with the bounds of what is expected of it."""
        placed = self.rows.drop_nulls("segment")
        groups = placed.group_by("segment").agg(**_measures(placed)).sort("segment")
        found = [self.value.total(placed.filter(pl.col("segment") == at), of_segment=DESCRIPTION_SPREAD) for at in groups["segment"]]
        groups = groups.with_columns(
            low=pl.Series([total.low for total in found], dtype=pl.Float64),
            high=pl.Series([total.high for total in found], dtype=pl.Float64),
        )
        return groups.with_columns(name=pl.col("segment").map_elements(lambda at: self.names[at], return_dtype=pl.String))

    def _say(self, key: str, **values: Any) -> str:
        texts = in_language(TEXTS, self.value.language)
        written = {name: number(value, self.value.language) if isinstance(value, int) else value for name, value in values.items()}
        shared = {"name": self.name, "what": texts[self.value.measure], "span": self.value.span, "currency": self.value.currency}
        return texts[key].format(**{**shared, **written})


def _explained(rows: pl.DataFrame) -> float:
    """Return the share of the variance of expected value that lies between segments."""
    placed = rows.drop_nulls("segment")
    whole = float(placed["future"].var() or 0.0) * max(len(placed) - 1, 0)  # type: ignore[arg-type]
    within = placed.select(((pl.col("future") - pl.col("future").mean().over("segment")) ** 2).sum()).item()
    return 1.0 - float(within) / whole if whole else 0.0


def _measures(placed: pl.DataFrame) -> dict[str, pl.Expr]:
    return {
        "customers": pl.len().cast(pl.Int64),
        "share_of": pl.len() / max(len(placed), 1),
        "past": pl.col("past").sum(),
        "future": pl.col("future").sum(),
        "share": pl.col("future").sum() / (float(placed["future"].sum()) or 1.0),
        "mean": pl.col("future").mean(),
        "std": pl.col("future").std(),
    }

"""The model behind a forecast next to the other candidates, as `relkit fit survival.auto` or `lifetime_value.auto` kept them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError
from relkit.models.catalogue import family
from relkit.plots.model_comparison import plot_model_comparison
from relkit.plots.style import number
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import DASH, SMALLEST_GROUP, Shown, SummaryTable
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.models.roles import ComparisonTexts

FRAMES = ("model_comparison", "model_comparison_groups", "model_comparison_course")
"""Frames that are read from what is kept with a run."""
TEXTS = {
    "title": Text("Which model?", "Quel modèle ?"),
    "caption": Text("Models judged on the same days, which none had seen", "Modèles jugés sur les mêmes jours, qu’aucun n’avait vus"),
    "model": Text("Model", "Modèle"),
    "chosen": Text("Chosen", "Retenu"),
    "yes": Text("yes", "oui"),
    "parameters": Text("Parameters", "Paramètres"),
    "range": Text("{value} ({low} to {high})", "{value} ({low} à {high})"),
    "picture": Text(
        "Black: what happened. The closer the line of a model, the better its forecast: on the left of whom, on the right of when.",
        "En noir, ce qui s’est passé. Plus la courbe d’un modèle en est proche, meilleure est sa prévision : à gauche de qui, "
        "à droite de quand.",
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelChoice:
    """The candidates next to the chosen model; in a notebook, heading, picture and table, or nothing if none was compared.

    Attributes:
        model: the one that was chosen.
        kept: frames kept with its run, by the names of `FRAMES`; None for those that are not kept.
        language: en or fr.
    """

    model: str
    kept: Mapping[str, pl.DataFrame | None]
    language: str

    @property
    def exists(self) -> bool:
        """True if models were compared."""
        return all(self.kept.get(name) is not None for name in FRAMES)

    def picture(self) -> Gallery:
        """Return the expectations of each model next to what happened, small groups left out; nothing if none was compared."""
        groups, course = self.kept.get(FRAMES[1]), self.kept.get(FRAMES[2])
        if groups is None or course is None:
            return Gallery(())
        shown = groups.cast({"group": pl.String}).filter(pl.col("customers") >= SMALLEST_GROUP)
        if shown.is_empty():
            return Gallery(())
        drawn = plot_model_comparison(shown, course, texts=self._texts, language=self.language)
        return Gallery((Picture(drawn, self._say("picture")),))

    def candidates(self) -> SummaryTable | Gallery:
        """Return the measures of each model; nothing if none was compared."""
        table = self.kept.get(FRAMES[0])
        if table is None:
            return Gallery(())
        rows = [
            {
                "model": row["model"],
                "chosen": self._say("yes") if row["model"] == self.model else "",
                "parameters": row["parameters"],
                **{name: self._range(row, name) for name in self._texts.measures},
            }
            for row in table.iter_rows(named=True)
        ]
        measures = [Shown(name, text[self.language]) for name, text in self._texts.measures.items()]
        named = (Shown("model", self._say("model")), Shown("chosen", self._say("chosen")))
        return SummaryTable(
            frame=pl.DataFrame(rows),
            columns=(*named, Shown("parameters", self._say("parameters"), "count"), *measures),
            caption=self._say("caption"),
            language=self.language,
            notes=(self._texts.rule[self.language],),
        )

    def _repr_html_(self) -> str:
        if not self.exists:
            return ""
        return f"<h2>{escape(self._say('title'))}</h2>" + self.picture()._repr_html_() + self.candidates()._repr_html_()

    @property
    def _texts(self) -> ComparisonTexts:
        found = family(self.model).texts
        if found is None:
            raise ParameterError(f"the family of {self.model} has no comparison to show.", where="report")
        return found

    @property
    def _digits(self) -> Mapping[str, int]:
        yardstick = family(self.model).yardstick
        return {} if yardstick is None else yardstick.digits

    def _range(self, row: Mapping[str, Any], name: str) -> str:
        values = {end: row[f"{name}{end}"] for end in ("", "_lower", "_upper")}
        written = {end: number(value, self.language, self._digits.get(name, 3)) for end, value in values.items() if value is not None}
        if len(written) < len(values):
            return written.get("", DASH)
        return self._say("range").format(value=written[""], low=written["_lower"], high=written["_upper"])

    def _say(self, key: str) -> str:
        return TEXTS[key][self.language]

"""Test of proportional hazards in words: whether what goes with an early end does so at every age.

effects = LastingEffects.of(fitted, features, declared={}, language="fr")
effects.headlines(), effects.table()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import FitError, ParameterError
from relkit.metrics.multiplicity import holm
from relkit.models.covariates import by_covariate
from relkit.models.survival.effects_over_age import effects_over_age
from relkit.models.survival.proportional_hazards import ALL, proportional_hazards
from relkit.plots.style import number
from relkit.reports.churn_segment_texts import TEXTS
from relkit.reports.pictures import Gallery
from relkit.reports.segment_names import segment_name
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable
from relkit.texts import Text
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.models.survival.cox import FittedCox

CLEAR = 0.05
"""Adjusted p-values below this are read as a change with age."""
LITTLE = 1.1
"""A ratio nearer to 1 than this has no direction worth reporting."""
NO_RATIO = dict.fromkeys(("level", "ratio", "early", "late"))
"""Of a covariate that bends: its effect is a curve."""
SCHEMA = {
    "name": pl.String,
    "level": pl.String,
    "ratio": pl.Float64,
    "early": pl.Float64,
    "late": pl.Float64,
    "chi2": pl.Float64,
    "df": pl.Int64,
    "p": pl.Float64,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class LastingEffects:
    """The effects of a regression, and whether they change with age.

    Attributes:
        rows: one per covariate: name, level (of a covariate with several columns, the one that changes most), ratio, early, late (hazard
            ratios of a step; null if the covariate bends), chi2, df, p (adjusted); None if it cannot be tested.
        days: ages that are called early and late.
        language: en or fr.
    """

    rows: pl.DataFrame | None
    days: tuple[float, float]
    language: str

    @classmethod
    def of(cls, fitted: FittedCox | None, features: pl.DataFrame | None, *, declared: Mapping[str, str], language: str) -> LastingEffects:
        """Test the effects.

        Args:
            fitted: None if the scores do not come from a Cox regression.
            features: what it was fitted to.
            declared: names of columns, from the mapping, in the reader's language.
            language: en or fr.
        """
        if fitted is None or features is None or not fitted.terms:
            return cls(rows=None, days=(0.0, 0.0), language=language)
        try:
            tested, over_age = proportional_hazards(fitted, features), effects_over_age(fitted, features)
        except (ParameterError, FitError):
            return cls(rows=None, days=(0.0, 0.0), language=language)
        single = tested.filter(pl.col("term") != ALL)
        adjusted = holm(single["p_value"].to_numpy())
        rows = []
        for known, (term, part), one, p in zip(
            fitted.covariates, by_covariate(fitted.covariates), single.iter_rows(named=True), adjusted, strict=True
        ):
            row = {"name": segment_name(term, declared, language), "chi2": one["chi2"], "df": one["df"], "p": float(p)}
            rows.append(row | (NO_RATIO if known.knots else _leaning_most(term, over_age[part.start : part.stop])))
        ages = over_age.row(0, named=True)
        return cls(rows=pl.DataFrame(rows, schema=SCHEMA), days=(ages["early_days"], ages["late_days"]), language=language)

    def headlines(self) -> Headlines:
        """Return the effects that change with age, in a sentence."""
        if self.rows is None:
            return Headlines((self._say("no_effects"),))
        changing = self.rows.filter(pl.col("p") < CLEAR).sort("p")["name"].to_list()
        names = ", ".join(Text("“{}”", "« {} »")[self.language].format(name) for name in changing)
        return Headlines((self._say("some_change", names=names) if changing else self._say("none_changes"),))

    def table(self) -> SummaryTable | Gallery:
        """Return each covariate with its ratio on average, early and late, the test, and a reading in words."""
        if self.rows is None:
            return Gallery(())
        rows = [{**row, "reading": self._reading(row)} for row in self.rows.iter_rows(named=True)]
        early, late = (number(days / DAYS_PER_MONTH, self.language, int(days < 3 * DAYS_PER_MONTH)) for days in self.days)
        columns = (
            Shown("name", self._say("factor")),
            Shown("ratio", self._say("ratio"), "number", 2),
            Shown("early", self._say("early", months=early), "number", 2),
            Shown("late", self._say("late_age", months=late), "number", 2),
            Shown("chi2", self._say("chi2"), "number", 1),
            Shown("df", self._say("df"), "count"),
            Shown("p", self._say("p_adjusted"), "p_value"),
            Shown("reading", self._say("reading")),
        )
        note = self._say("effects_note", tried=number(len(rows), self.language))
        frame = pl.DataFrame(rows, infer_schema_length=None)
        return SummaryTable(frame=frame, columns=columns, caption=self._say("effects"), language=self.language, notes=(note,))

    def _reading(self, row: Mapping[str, Any]) -> str:
        """Return the change of an effect: it fades towards 1, grows away from it, or turns round."""
        if row["p"] >= CLEAR:
            return self._say("lasts")
        if row["ratio"] is None:
            return self._say("bends")
        if row["level"] is not None:
            return self._say("changes", level=row["level"])
        early, late = row["early"], row["late"]
        if (early - 1) * (late - 1) < 0 and min(_strength(early), _strength(late)) > LITTLE:
            return self._say("turns")
        return self._say("fades" if _strength(early) > _strength(late) else "grows")

    def _say(self, key: str, **values: str) -> str:
        return TEXTS[key][self.language].format(**values)


def _leaning_most(term: str, columns: pl.DataFrame) -> dict[str, Any]:
    """Return level, ratio, early and late of the column of a covariate that changes most with age."""
    moved = (pl.col("late") / pl.col("early")).log().abs()
    most = columns.sort(moved, descending=True).row(0, named=True)
    level = most["column"].removeprefix(f"{term}=") if len(columns) > 1 else None
    return {"level": level, **{key: most[key] for key in ("ratio", "early", "late")}}


def _strength(ratio: float) -> float:
    """Return the size of a ratio, whatever its direction: 2 for both 2 and a half."""
    return max(ratio, 1 / ratio)

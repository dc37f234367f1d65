"""Forecast and observed ends, segment by segment.

found = SegmentForecasts.of(study, trial, days=90, customers=customers)
found.picture(), found.table()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.metrics.calibration import calibration_of_groups
from relkit.models.survival.judging import Forecasts
from relkit.periods import DrawnHoldout
from relkit.plots.style import number
from relkit.reports.churn_segment_texts import TEXTS
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Shown, SummaryTable, day_in_words

if TYPE_CHECKING:
    from relkit.metrics.calibration import Calibration
    from relkit.periods import Holdout
    from relkit.reports.churn_segments import SegmentStudy

JOINT = 0.95
"""Joint coverage of the intervals of all segments."""


class Tried(Protocol):
    """A model fitted without its holdout: `relkit.jobs.trials.Tried`."""

    @property
    def split(self) -> Holdout | DrawnHoldout:
        """The days of the holdout, or the customers drawn for it."""

    @property
    def fitted(self) -> Any:
        """A survival model."""

    @property
    def judged(self) -> pl.DataFrame:
        """Features of that day, one row per customer."""

    @property
    def outcomes(self) -> pl.DataFrame:
        """The outcomes of these customers."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentForecasts:
    """Forecast and observed shares of ends by segment.

    Attributes:
        study: with the segments.
        split: of the holdout; None if the forecast was not put to the test.
        places: segments of the rows of `found`.
        found: forecast and observed, with joint intervals; None if there was too little history.
    """

    study: SegmentStudy
    split: Holdout | DrawnHoldout | None = None
    places: tuple[int, ...] = ()
    found: Calibration | None = None

    @classmethod
    def of(cls, study: SegmentStudy, trial: Tried | None, *, days: int, customers: pl.DataFrame) -> SegmentForecasts:
        """Score the contracts of the earlier day and compare with what happened, segment by segment.

        Args:
            study: with the segments.
            trial: None if there was too little history.
            days: horizon; shorter if fewer days were observed since.
            customers: as of today, for a segment of their table.
        """
        places = None if trial is None else study.places(trial.judged, customers)
        if trial is None or places is None:
            return cls(study=study)
        try:
            seen = Forecasts.of(trial.fitted, trial.judged.with_columns(segment_place=places), trial.outcomes)
        except NotEnoughEventsError:
            return cls(study=study)
        counts = seen.rows["segment_place"].drop_nulls().value_counts().filter(pl.col("count") >= SMALLEST_GROUP)
        shown = tuple(sorted(counts["segment_place"].to_list()))
        if not shown:
            return cls(study=study)
        horizon = min(days, int(seen.days))
        mine = seen.rows["segment_place"].is_in(shown).fill_null(value=False).to_numpy()
        group = seen.rows["segment_place"].fill_null(-1).to_numpy()[mine]
        churn = trial.fitted.score(seen.rows, horizon_days=horizon)[f"churn_probability_{horizon}d"].to_numpy()[mine]
        level = 1 - (1 - JOINT) / len(shown)
        found = calibration_of_groups(seen.remaining[mine], seen.ended[mine], churn, horizon, group, level=level)
        return cls(study=study, split=trial.split, places=shown, found=found)

    def picture(self) -> Gallery:
        """Return forecast and observed shares by segment, or a sentence if there are none."""
        from relkit.plots.dots import Dots, plot_dots

        if self.found is None:
            return Gallery((), self._say("no_forecast"))
        observed = Dots(value=self.found.observed, lower=self.found.lower, upper=self.found.upper, label=self._say("observed"))
        drawn = plot_dots(
            self._names,
            [observed, Dots(value=self.found.predicted, label=self._say("forecast"))],
            title=self._say("forecast_title"),
            x_label=self._say("forecast_axis"),
            kind="share",
            language=self.study.language,
        )
        return Gallery((Picture(drawn, self._say("c_forecast")),))

    def table(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with a reading."""
        if self.found is None or self.split is None:
            return Gallery(())
        parts = {"judged": self.found.size, "forecast": self.found.predicted, "observed": self.found.observed}
        rows = pl.DataFrame({"name": self._names, **parts, "low": self.found.lower, "high": self.found.upper}).with_columns(
            reading=pl.when(pl.col("forecast") < pl.col("low"))
            .then(pl.lit(self._say("more_ended")))
            .when(pl.col("forecast") > pl.col("high"))
            .then(pl.lit(self._say("fewer_ended")))
            .otherwise(pl.lit(self._say("as_forecast")))
        )
        columns = (
            Shown("name", self._say("segment")),
            Shown("judged", self._say("judged"), "count"),
            Shown("forecast", self._say("forecast"), "share", 1),
            Shown("observed", self._say("observed"), "share", 1),
            Shown("low", self._say("low"), "share", 1),
            Shown("high", self._say("high"), "share", 1),
            Shown("reading", self._say("reading")),
        )
        day = day_in_words(self.split.calibration.day, self.study.language)
        note = self._say("drawn_note" if isinstance(self.split, DrawnHoldout) else "forecast_note", day=day)
        caption, language = self._say("by_forecast", name=self.study.name), self.study.language
        return SummaryTable(frame=rows, columns=columns, caption=caption, language=language, count="judged", notes=(note,))

    @property
    def _names(self) -> list[str]:
        return [self.study.names[place] for place in self.places]

    def _say(self, key: str, **values: str) -> str:
        days = "" if self.found is None else number(self.found.horizon, self.study.language)
        text = TEXTS[key][self.study.language].format(days=days, **values)
        return text if key in {"as_forecast", "more_ended", "fewer_ended"} else text[:1].upper() + text[1:]

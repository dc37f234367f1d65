from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from relkit.models.survival.cox import Cox
from relkit.periods import AsOf, DrawnHoldout, Holdout
from relkit.reports.churn_segments import SegmentStudy
from relkit.reports.segment_forecasts import SegmentForecasts
from relkit.reports.summary_tables import SummaryTable

DAY = date(2025, 1, 1)
N = 3000


class Trial(NamedTuple):
    fitted: Any
    judged: pl.DataFrame
    outcomes: pl.DataFrame
    split: Holdout | DrawnHoldout = Holdout.before(AsOf.parse("2025-06-30"), days=180)


def world(hazard: np.ndarray, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Contracts as of a day, and the same half a year later."""
    rng = np.random.default_rng(seed)
    plan = np.where(np.arange(N) % 2 == 0, "basic", "plus")
    rate = np.where(plan == "basic", 0.001, 0.003)
    begun = rng.integers(1, 800, N).astype(float)
    first = rng.exponential(1 / rate)
    before = first < begun
    more = rng.exponential(1 / (rate * hazard))
    seen = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(N)],
            "duration_days": np.maximum(np.ceil(np.minimum(first, begun)), 1.0),
            "event": before,
            "plan": plan,
            "x": (plan == "plus") * 1.0,
        }
    )
    later = seen.with_columns(
        duration_days=pl.Series(np.where(before, seen["duration_days"], seen["duration_days"] + np.ceil(np.minimum(more, 180)))),
        event=pl.Series(before | (more < 180)),
    )
    return seen, later.select("customer_id", "duration_days", "event")


def read(hazard: np.ndarray, language: str = "en") -> SegmentForecasts:
    seen, later = world(hazard, 1)
    fitted = Cox(covariates=("x",)).fit(seen, as_of=DAY)
    study = SegmentStudy.of(seen, seen.select("customer_id"), segment="plan", declared={}, language=language)
    return SegmentForecasts.of(study, Trial(fitted, seen, later), days=90, customers=seen.select("customer_id"))


def test_a_forecast_that_came_true_in_each_segment() -> None:
    table = read(np.ones(N)).table()
    assert isinstance(table, SummaryTable)
    assert [row[0] for row in table.cells()] == ["basic", "plus"]
    assert [row[-1] for row in table.cells()] == ["as forecast"] * 2
    seen, later = world(np.ones(N), 1)
    running = seen.filter(~pl.col("event"))
    scored = Cox(covariates=("x",)).fit(seen, as_of=DAY).score(running, horizon_days=90).join(running, on="customer_id")
    means = scored.group_by("plan").agg(pl.col("churn_probability_90d").mean()).sort("plan")["churn_probability_90d"]
    assert table.frame["forecast"].to_list() == pytest.approx(means.to_list())
    gone = running.join(later, on="customer_id").filter(pl.col("duration_days_right") - pl.col("duration_days") <= 90, "event_right")
    shares = gone["plan"].value_counts().sort("plan")["count"] / running["plan"].value_counts().sort("plan")["count"]
    assert table.frame["observed"].to_list() == pytest.approx(shares.to_list())  # nobody was censored within 90 days
    drawn = DrawnHoldout(calibration=AsOf.parse("2025-01-01"), days=180, share=0.3, seed=1)
    told_of_drawn = replace(read(np.ones(N)), split=drawn).table()
    assert isinstance(told_of_drawn, SummaryTable)
    assert "customers drawn at random" in told_of_drawn.notes[0]
    for low, high, truth in zip(table.frame["low"], table.frame["high"], 1 - np.exp(-90 * np.array([0.001, 0.003])), strict=True):
        assert low < truth < high
    assert "within 90 days" in table.caption
    assert "1 January 2025" in table.notes[0]


def test_a_segment_in_which_twice_as_many_left_shows() -> None:
    hazard = np.where(np.arange(N) % 2 == 0, 3.0, 0.4)
    rows = read(hazard, "fr").table()
    assert isinstance(rows, SummaryTable)
    assert [row[-1] for row in rows.cells()] == ["plus de fins que prévu", "moins de fins que prévu"]


def test_the_picture_shows_both() -> None:
    (picture,) = read(np.ones(N), "fr").picture().pictures
    assert [label.get_text() for label in picture.drawn.get_yticklabels()] == ["basic", "plus"]
    assert len(picture.drawn.collections) == 3


def test_without_a_trial_or_a_segment_a_sentence_says_so() -> None:
    seen, later = world(np.ones(N), 1)
    people = seen.select("customer_id")
    study = SegmentStudy.of(seen, people, segment="plan", declared={}, language="fr")
    none = SegmentForecasts.of(study, None, days=90, customers=people)
    assert "trop court" in none.picture()._repr_html_()
    assert none.table()._repr_html_() == "<p></p>"
    fitted = Cox(covariates=("x",)).fit(seen, as_of=DAY)
    gone = Trial(fitted, seen.drop("plan"), later)
    assert SegmentForecasts.of(study, gone, days=90, customers=people).found is None
    ended = Trial(fitted, seen.with_columns(event=pl.lit(value=True)), later)
    assert SegmentForecasts.of(study, ended, days=90, customers=people).found is None
    few = Trial(fitted, seen.filter(~pl.col("event")).head(15), later)
    assert SegmentForecasts.of(study, few, days=90, customers=people).found is None

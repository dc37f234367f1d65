"""Records of a Cox regression: steps of each covariate, and the baseline by age."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import datasets

from relkit.models.survival.cox import Cox, FittedCox
from relkit.models.survival.diagnostics import baseline_rates, hazard_ratios

COVARIATES = ("fin", "age", "prio")


@pytest.fixture(scope="module")
def fitted() -> FittedCox:
    frame = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    return Cox(covariates=COVARIATES, level=0.9).fit(frame, as_of=date(2025, 6, 30))


def test_flags_step_by_one_and_the_others_by_a_standard_deviation(fitted: FittedCox) -> None:
    found, rossi = hazard_ratios(fitted), datasets.load_rossi()
    assert found.terms == ("age", "fin", "prio")  # by the size of their effect
    assert found.is_flag.tolist() == [False, True, False]
    np.testing.assert_allclose(found.step, [rossi["age"].std(ddof=0), 1.0, rossi["prio"].std(ddof=0)])
    table = {row["term"]: row for row in fitted.summary().iter_rows(named=True)}
    for i, term in enumerate(found.terms):
        step = found.step[i]
        assert found.ratio[i] == pytest.approx(np.exp(step * table[term]["estimate"]))
        assert found.lower[i] == pytest.approx(np.exp(step * table[term]["lower"]))
        assert found.upper[i] == pytest.approx(np.exp(step * table[term]["upper"]))
    assert found.level == 0.9


def test_baseline_rates_are_those_of_the_average_customer(fitted: FittedCox) -> None:
    found = baseline_rates(fitted, step_days=13)
    assert found.edges.tolist() == [0, 13, 26, 39, 52]
    stays = np.exp(-fitted.cumulative_baseline(found.edges))
    np.testing.assert_allclose(found.probability, 1 - stays[1:] / stays[:-1])
    rossi = datasets.load_rossi()
    assert found.at_risk.tolist() == [(rossi["week"] > edge).sum() for edge in found.edges[:-1]]


def test_a_history_shorter_than_a_step_is_one_step(fitted: FittedCox) -> None:
    assert baseline_rates(fitted, step_days=60).edges.tolist() == [0, 52]

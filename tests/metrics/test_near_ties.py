"""Ages that differ by rounding: the rule of R's survival package, and every measure and model the same as on exact ages."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.metrics.brier import brier_score, integrated_brier_score, log_loss
from relkit.metrics.calibration import calibration
from relkit.metrics.concordance import concordance, uno_concordance
from relkit.metrics.near_ties import TOLERANCE, one_age
from relkit.metrics.risk_sets import risk_sets, step_at
from relkit.metrics.time_dependent_auc import time_dependent_auc
from relkit.models import catalogue
from relkit.models.survival.cumulative_incidence import cumulative_incidence
from relkit.models.survival.log_rank import log_rank
from relkit.models.survival.nelson_aalen import nelson_aalen

ROUNDED = np.array([0.1 + 0.2, 0.3, 0.3, 0.7, 0.1 * 7, 1.0, 1.2])
EXACT = np.array([0.3, 0.3, 0.3, 0.7, 0.7, 1.0, 1.2])
EVENT = np.array([True, True, False, True, True, False, True])
Z = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0])


def spells(days: Any, **more: Any) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": [f"c{i}" for i in range(len(days))], "duration_days": days, "event": EVENT, "z": Z, **more})


def fitted(name: str, frame: pl.DataFrame, **settings: Any) -> Any:
    return catalogue.make(name, settings).fit(frame, as_of=date(2025, 6, 30))


def test_the_case_that_was_wrong() -> None:
    """The ages as decimal fractions: 5/7 survive .31, and Efron's likelihood, written out, has its maximum at -0.15602699 (scipy)."""
    assert fitted("survival.kaplan_meier", spells(ROUNDED)).curve().at([0.31])[0] == pytest.approx(5 / 7)
    assert fitted("survival.cox", spells(ROUNDED), covariates=("z",)).coefficients[0] == pytest.approx(-0.15602699, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("survival.kaplan_meier", {}),
        ("survival.cox", {"covariates": ("z",)}),
        ("survival.cox_time_varying", {"covariates": ("z",)}),
        ("survival.weibull_aft", {"covariates": ("z",)}),
        ("survival.piecewise_exponential", {"covariates": ("z",)}),
    ],
)
def test_models_learn_the_same_from_rounded_ages_as_from_exact_ones(name: str, settings: dict[str, Any]) -> None:
    rounded, exact = (fitted(name, spells(days), **settings) for days in (ROUNDED, EXACT))
    assert rounded.summary().equals(exact.summary())
    asked = spells(EXACT).with_columns(event=pl.lit(value=False))
    assert rounded.score(asked, horizon_days=1).equals(exact.score(asked, horizon_days=1))


@pytest.mark.parametrize(
    "measure",
    [
        lambda t: concordance(t, EVENT, Z),
        lambda t: uno_concordance(t, EVENT, Z),
        lambda t: brier_score(t, EVENT, 0.2 + 0.5 * Z, 0.3),
        lambda t: brier_score(t, EVENT, 0.2 + 0.5 * Z, 0.1 + 0.2),
        lambda t: integrated_brier_score(t, EVENT, np.full((7, 2), 0.5), np.array([0.3, 0.7])),
        lambda t: log_loss(t, EVENT, 0.2 + 0.5 * Z, 0.7),
        lambda t: calibration(t, EVENT, 0.2 + 0.5 * Z, 0.3, groups=1).observed.tolist(),
        lambda t: time_dependent_auc(t, EVENT, Z, np.array([0.3, 0.7])).auc.tolist(),
        lambda t: log_rank(t, EVENT, Z).chi2,
        lambda t: nelson_aalen(t, EVENT).at([0.3, 0.1 + 0.2, 0.7, 0.1 * 7]).tolist(),
        lambda t: (
            cumulative_incidence(t, np.array(["left" if ended else None for ended in EVENT]), np.zeros(7))
            .at("left", [0.3, 0.1 * 7])
            .tolist()
        ),
    ],
)
def test_measures_are_those_of_exact_ages(measure: Any) -> None:
    assert measure(ROUNDED) == measure(EXACT)


def test_an_entry_at_the_end_is_no_time_at_risk_and_no_entry_after_the_end() -> None:
    late = spells([0.3, 0.3, 0.3, 0.7, 0.1 * 7, 1.0, 1.2], entry_days=[0.1 + 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    found = fitted("survival.kaplan_meier", late)
    assert found.info.notes[0] == "1 spell was left out: it was first seen on the day it was last seen."
    assert fitted("survival.cox", late, covariates=("z",)).info.rows == 6
    with pytest.raises(TableError, match="entry_days: over duration_days"):
        fitted("survival.kaplan_meier", late.with_columns(entry_days=pl.when(pl.col("entry_days") > 0).then(0.31).otherwise(0.0)))


def test_bounds_of_a_lifetime_that_differ_by_rounding() -> None:
    bounds = {"low_days": [0.1 + 0.2, 0.2, 0.5, 0.7, 0.4], "high_days": [0.3, 0.4, None, 0.1 * 7, 0.9]}
    frame = pl.DataFrame({"customer_id": list("abcde"), **bounds}, strict=False)
    columns: dict[str, Any] = {"covariates": (), "lower_column": "low_days", "upper_column": "high_days"}
    exact = frame.with_columns(low_days=pl.Series([0.3, 0.2, 0.5, 0.7, 0.4]), high_days=pl.Series([0.3, 0.4, None, 0.7, 0.9]))
    rounded = fitted("survival.weibull_aft", frame, **columns)
    assert rounded.summary().equals(fitted("survival.weibull_aft", exact, **columns).summary())


def test_the_rule_of_r() -> None:
    """aeqSurv: tied if dy <= tol or dy / mean(unique ages) <= tol; ties chain, and the lowest age stands for all."""
    chain = np.array([1.0, 1.0 + 0.9 * TOLERANCE, 1.0 + 1.8 * TOLERANCE, 2.0])
    assert one_age(chain)[0].tolist() == [1.0, 1.0, 1.0, 2.0]
    apart = np.array([1.0, 1.0 + 3 * TOLERANCE, 2.0])
    assert one_age(apart)[0] is apart
    far = np.array([1000.0, 1000.0 + 900 * TOLERANCE, 1001.0, np.inf, np.nan])
    assert one_age(far)[0][:3].tolist() == [1000.0, 1000.0, 1001.0]
    assert np.isinf(one_age(far)[0][3])
    whole = np.arange(100_000.0)
    assert one_age(whole)[0] is whole
    assert one_age(np.array([]))[0].tolist() == []


def test_entries_are_compared_with_durations() -> None:
    entry, duration = one_age(np.array([0.1 + 0.2, 0.0]), np.array([0.3, 1.0]))
    assert entry.tolist() == [0.3, 0.0]
    assert duration.tolist() == [0.3, 1.0]
    assert risk_sets(np.array([0.3, 1.0]), np.ones(2, bool), np.array([0.1 + 0.2, 0.0])).days.tolist() == [0.3, 1.0]


def test_a_step_is_found_by_an_age_next_to_it() -> None:
    days, values = np.array([0.1 + 0.2]), np.array([0.5])
    assert step_at(days, values, np.array([0.3]), 1.0).tolist() == [0.5]
    assert step_at(np.array([0.3]), values, np.array([0.1 + 0.2]), 1.0, strictly=True).tolist() == [1.0]

"""The comparison with lifelines 0.30.3: ties, weights, late entry, strata, categories and splines."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from model_checks import spells

from relkit.errors import FitError, ParameterError
from relkit.models import catalogue
from relkit.models.survival import cross_check as module
from relkit.models.survival.cross_check import cross_check, refuse_cross_check

DAY = date(2025, 6, 30)


def frame() -> pl.DataFrame:
    """Return 300 contracts with ties, late entries, a plan and weights."""
    rows = spells()[0]
    by_five = {"duration_days": (pl.col("duration_days") / 5).ceil() * 5, "entry_days": (pl.col("entry_days") / 5).floor() * 5}
    plan = pl.Series(np.random.default_rng(1).choice(["S", "M", "L"], len(rows)))
    return rows.with_columns(**by_five, plan=plan, n=pl.int_range(pl.len()) % 3 + 1.0)


CASES: list[tuple[str, dict[str, Any]]] = [
    ("survival.cox", {}),
    ("survival.cox", {"weight_column": "n"}),
    ("survival.cox", {"strata": ("plan",), "covariates": ("pays_by_direct_debit",)}),
    ("survival.weibull_aft", {}),
    ("survival.weibull_aft", {"weight_column": "n", "shape_covariates": ("monthly_amount",)}),
    ("survival.weibull_aft", {"covariates": ()}),
    ("survival.log_normal_aft", {"splines": {"monthly_amount": 3}}),
    ("survival.log_logistic_aft", {"weight_column": "n"}),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_lifelines_finds_the_same(name: str, settings: dict[str, Any]) -> None:
    """Lifelines' quasi-Newton search of AFTs stops a little short of the maximum, never beyond it."""
    rows = frame()
    model: Any = catalogue.make(name, {"covariates": ("pays_by_direct_debit", "monthly_amount", "plan")} | settings)
    fitted = model.fit(rows, as_of=DAY)
    found = cross_check(model, fitted, rows)
    assert found.rows == fitted.info.rows
    assert found.term in fitted.terms
    assert -1e-3 < found.their_log_likelihood - found.log_likelihood < 1e-6
    assert found.largest_difference < (1e-6 if name == "survival.cox" else 5e-3)
    assert found.sentence.startswith("lifelines 0.")
    assert "the largest difference between coefficients is" in found.sentence


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("survival.mixture_cure", {}, "survival.mixture_cure cannot be checked against lifelines. Fit survival.cox or"),
        ("survival.cox_time_varying", {}, "survival.cox_time_varying cannot be checked"),
        ("survival.cox", {"ties": "breslow"}, "it has no treatment of ties but Efron's"),
        ("survival.cox", {"penalty": 0.1}, "it scales penalties otherwise"),
        ("survival.weibull_aft", {"lower_column": "a", "upper_column": "b"}, "of ends known by intervals"),
    ],
)
def test_what_lifelines_does_otherwise_is_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        refuse_cross_check(name, catalogue.make(name, {"covariates": ("x",)} | settings))


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    model: Any = catalogue.make("survival.cox", {"covariates": ("monthly_amount",)})
    with pytest.raises(FitError, match="too many to fit a second time with lifelines; at most 10 are"):
        cross_check(model, model.fit(frame(), as_of=DAY), frame())

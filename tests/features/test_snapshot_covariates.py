from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.features.snapshot_covariates import barred, covariates_of, declined_covariates, usable_covariates, with_role

RNG = np.random.default_rng(5)
N = 400
SPELLS = pl.DataFrame(
    {
        "customer_id": [str(i) for i in range(N)],
        "duration_days": RNG.uniform(1, 900, N),
        "event": RNG.random(N) < 0.4,
        "amount": RNG.gamma(2.0, 10.0, N),
        "plan": RNG.choice(["S", "M", "L"], N),
        "is_paperless": RNG.integers(0, 2, N).astype(float),
    }
)


def why(**column: pl.Expr | pl.Series) -> str:
    """Return the reason why one more column is declined as a covariate."""
    frame = SPELLS.with_columns(**column)
    assert {*usable_covariates(frame), *declined_covariates(frame)} == {"amount", "plan", "is_paperless", *column}
    return declined_covariates(frame).get(*column, "")


def test_numbers_truth_values_and_categories_are_usable():
    assert usable_covariates(SPELLS) == ("amount", "plan", "is_paperless")
    assert why(age=pl.Series(RNG.integers(18, 80, N))) == ""
    assert why(is_new=pl.Series(RNG.random(N) < 0.5)) == ""
    assert why(town=pl.when(pl.col("amount") > 5).then(pl.Series(RNG.choice(["x", "y"], N)))) == ""  # a category may be empty


ENDLESS = "of one of its levels nobody has left"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.lit("FR"), "the same for all"),
        (pl.lit(3.0), "the same for all"),
        (pl.lit(None, pl.String), "the same for all"),
        (pl.Series([*RNG.random(N - 1), None]), "not known of all"),
        (pl.col("customer_id"), "400 levels, over 50"),
        (pl.date_range(pl.date(2020, 1, 1), pl.date(2021, 2, 3)), "a date"),
        (
            pl.when(pl.col("event") | (pl.col("amount") > 9)).then(pl.lit("u")).otherwise(pl.lit("v")),
            ENDLESS,
        ),
        (pl.when(pl.col("event") | (pl.col("amount") > 9)).then(1.0).otherwise(0.0), ENDLESS),
        (2 * pl.col("amount") + 1, "it follows from those before it"),
        (pl.when(pl.col("plan") == "L").then(pl.lit("big")).otherwise(pl.lit("small")), "it follows from those before it"),
    ],
)
def test_what_a_model_cannot_use_is_declined(column, expected):
    assert why(more=column) == expected


def test_of_two_that_are_nearly_the_same_the_first_stays():
    noisy = SPELLS["amount"] * 12 + RNG.normal(0, 1.0, N)
    assert usable_covariates(SPELLS.with_columns(a_year=noisy)) == ("amount", "plan", "is_paperless")
    assert "a_year" in usable_covariates(SPELLS.with_columns(a_year=noisy + RNG.normal(0, 100.0, N)))


def test_personal_data_need_the_purpose(company):
    declared = {
        "plan": {"personal_data": "none"},
        "age": {"personal_data": "personal", "purpose": "Profiling, service"},
        "income": {"personal_data": "personal", "purpose": "service"},
        "health": {"personal_data": "sensitive"},
        "total": {"personal_data": "none", "role": "left_out"},
        "gone": {"personal_data": "none", "role": "ended"},
        "score": {"personal_data": "none", "known_at": "later"},
    }
    rows = {"customer_id": ["a"], "as_of": [None]} | {name: [1] for name in (*declared, "undeclared")}
    tables = company({"customer_snapshots": rows}, attributes=declared)
    assert covariates_of(tables) == ("plan", "age")
    assert barred(tables) == ("income", "health", "undeclared")
    assert (with_role(tables, "ended"), with_role(tables, "tenure")) == ("gone", None)

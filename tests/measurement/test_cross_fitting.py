from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from relkit.errors import TableError
from relkit.measurement.cross_fitting import CovariateRows, chances, fitted_chances, fitted_line, folds_of, on_line


def test_the_logistic_regression_is_the_likeliest() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 2))
    y = rng.random(500) < 1 / (1 + np.exp(-(0.5 + x @ [1.0, -2.0])))

    def unlikely(beta: np.ndarray) -> float:
        linear = beta[0] + x @ beta[1:]
        return float(np.logaddexp(0, linear).sum() - linear[y].sum())

    found = fitted_chances(x, y)
    assert found == pytest.approx(optimize.minimize(unlikely, np.zeros(3), tol=1e-12).x, abs=1e-4)
    assert chances(x, found).sum() == pytest.approx(y.sum(), abs=1e-4)


def test_the_line_is_least_squares() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(200, 3)), rng.normal(size=200)
    right = np.linalg.lstsq(np.hstack([np.ones((200, 1)), x]), y, rcond=None)[0]
    assert fitted_line(x, y) == pytest.approx(right, abs=1e-6)
    assert on_line(x, fitted_line(x, y)).mean() == pytest.approx(y.mean())


def test_groups_that_are_apart_do_not_break_it() -> None:
    x = np.linspace(-1, 1, 100)[:, None]
    found = chances(x, fitted_chances(x, x[:, 0] > 0))
    assert np.isfinite(found).all()
    assert found[0] < 1e-3 < 1 - 1e-3 < found[-1]


def test_covariates_become_numbers() -> None:
    units = pl.DataFrame({
        "age": [30.0, None, 50.0, 40.0],
        "town": ["Lyon", "Paris", "Paris", None],
        "card": [True, False, True, True],
        "same": [1, 1, 1, 1],
        "kind": pl.Series(["a", "b", "b", "b"], dtype=pl.Enum(["a", "b"])),
    })  # fmt: skip
    found = CovariateRows.of(units, units.columns)
    assert found.names == ("age", "age:missing", "town=missing", "town=Lyon", "card", "kind=a")
    assert found.rows.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-12)
    assert found.rows.std(axis=0) == pytest.approx(np.ones(6))


def test_a_covariate_that_is_always_missing_says_nothing() -> None:
    assert CovariateRows.of(pl.DataFrame({"age": [None, None]}, schema={"age": pl.Float64}), ("age",)).names == ()


def test_groups_stay_in_one_fold_and_folds_are_level() -> None:
    groups = np.repeat(np.arange(50), 2)
    fold = folds_of(groups, 5, np.random.default_rng(1))
    assert (fold[::2] == fold[1::2]).all()
    assert np.bincount(fold).tolist() == [20] * 5


def test_covariates_that_are_no_numbers_are_refused() -> None:
    units = pl.DataFrame({"id": [str(i) for i in range(40)], "day": [None] * 40}, schema_overrides={"day": pl.Date})
    with pytest.raises(TableError, match=r"units.id: the covariate has 40 different words. Group them: at most 30"):
        CovariateRows.of(units, ("id",))
    with pytest.raises(TableError, match=r"units.day: the covariate is neither a number nor a word"):
        CovariateRows.of(units, ("day",))
    with pytest.raises(TableError, match="units: no column age"):
        CovariateRows.of(units, ("age",))

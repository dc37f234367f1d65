from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.metrics.forecasts import MEASURES
from relkit.models import catalogue
from relkit.models.base import FitInfo
from relkit.models.comparison import ModelComparison, _dominates, readable
from relkit.models.lifetime_value.comparison import compare_models

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = tuple(f"lifetime_value.{name}" for name in ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"))
DAY = date(1997, 9, 30)


@dataclass
class Oracle:
    """A model with given forecasts: `expected` and the logarithm of the probability of what happened."""

    expected: NDArray[np.float64]
    log_probability: NDArray[np.float64]
    parameters: int = 4

    @property
    def coordinates(self) -> NDArray[np.float64]:
        return np.zeros(self.parameters)

    @property
    def info(self) -> FitInfo:
        return FitInfo(as_of=DAY, rows=2, log_likelihood=-1.0, converged=True, fingerprint="")

    def expected_purchases(self, *_: Any) -> NDArray[np.float64]:
        return self.expected

    def purchases_probability(self, *_: Any) -> NDArray[np.float64]:
        return np.exp(self.log_probability)


RNG = np.random.default_rng(0)
ACTUAL = RNG.poisson(RNG.gamma(1.0, 2.0, 500))
NOISE, LOGS = RNG.normal(0, 1, 500), -RNG.exponential(1.0, 500)


def compared(**models: Oracle) -> ModelComparison:
    ids = [f"{i:04d}" for i in range(500)]
    features = pl.DataFrame({"customer_id": ids, "repeat_purchases": np.arange(500) % 9})
    outcomes = pl.DataFrame({"customer_id": ids, "holdout_purchases": ACTUAL, "holdout_days": 90})
    return compare_models(models, dict.fromkeys(models, features), outcomes)


def near(shift: float = 0.0, *, logs: float = 0.0, spread: float = 1.0, parameters: int = 4) -> Oracle:
    return Oracle(ACTUAL + spread * NOISE - spread * NOISE.mean() + shift, LOGS + logs, parameters)


@pytest.fixture(scope="module")
def cdnow_comparison(cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> ModelComparison:
    fitted = {name: catalogue.make(name).fit(cdnow, as_of=DAY) for name in NAMES}
    return compare_models(fitted, dict.fromkeys(NAMES, cdnow), cdnow_outcomes)


class TestCdnow:
    def test_accuracy_of_the_published_models(self, cdnow_comparison: ModelComparison) -> None:
        """MAE of the Pareto/NBD .7545, MBG/NBD .7648, BG/NBD .7855 (computed at the maxima with scipy), 39 weeks."""
        mae = dict(cdnow_comparison.table.select("model", "mae").iter_rows())
        assert mae["lifetime_value.pareto_nbd"] == pytest.approx(0.7545, abs=6e-5)
        assert mae["lifetime_value.mbg_nbd"] == pytest.approx(0.7648, abs=6e-5)
        assert mae["lifetime_value.bg_nbd"] == pytest.approx(0.7855, abs=6e-5)

    def test_the_pareto_nbd_is_chosen(self, cdnow_comparison: ModelComparison) -> None:
        assert cdnow_comparison.chosen == "lifetime_value.pareto_nbd"
        assert cdnow_comparison.reason.startswith("lifetime_value.pareto_nbd was chosen: it alone was left.")
        aside = "lifetime_value.pareto_nbd is clearly better than them on MAE or total, and worse on nothing."
        assert cdnow_comparison.reason.endswith(aside)

    def test_the_log_score_is_the_mean_log_probability(
        self, cdnow_comparison: ModelComparison, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame
    ) -> None:
        both = cdnow.join(cdnow_outcomes, on="customer_id")
        fitted = catalogue.make("lifetime_value.nbd").fit(cdnow, as_of=DAY)
        mean = np.log(fitted.purchases_probability(both, both["holdout_purchases"].to_numpy(), 273)).mean()
        assert cdnow_comparison.table.filter(pl.col("model") == "lifetime_value.nbd")["log_score"].item() == pytest.approx(mean, rel=1e-12)

    def test_values_lie_in_their_intervals_and_nobody_is_in_the_tables(self, cdnow_comparison: ModelComparison) -> None:
        table = cdnow_comparison.table
        assert (cdnow_comparison.customers, cdnow_comparison.days) == (2357, 273)
        for name in set(MEASURES) - {"calibration_error"}:  # its resamples add noise to what cannot be below 0
            assert (table[f"{name}_lower"] < table[name]).all(), name
            assert (table[name] < table[f"{name}_upper"]).all(), name
        assert len(table) == 4
        assert len(cdnow_comparison.differences) == 4 * 3 * len(MEASURES)

    def test_lines_for_people(self, cdnow_comparison: ModelComparison) -> None:
        lines = readable(cdnow_comparison)
        assert len(lines) == 5
        assert [line.split()[1] for line in lines if line.startswith("*")] == ["lifetime_value.pareto_nbd"]
        assert "0.755 (" in lines[3]


class TestRule:
    def test_the_best_log_score_is_taken(self) -> None:
        found = compared(a=near(), b=near(0.01, logs=-0.5))
        assert found.chosen == "a"
        assert found.reason == f"a was chosen: its log-score of {LOGS.mean():.4f} is clearly the best."

    def test_one_that_is_clearly_worse_on_mae_is_set_aside_though_it_leads_a_little(self) -> None:
        found = compared(rough=Oracle(near(spread=3.0).expected, LOGS[::-1] + 0.01), sober=near())
        assert found.chosen == "sober"
        aside = "rough was set aside: sober is clearly better than it on MAE or total, and worse on nothing."
        assert found.reason == f"sober was chosen: it alone was left. {aside}"

    def test_one_that_is_clearly_better_on_the_log_score_is_not(self) -> None:
        assert compared(rough=near(logs=0.5, spread=3.0), sober=near()).chosen == "rough"

    def test_a_total_that_is_hit_by_luck_sets_nobody_aside(self) -> None:
        assert compared(lucky=near(logs=-0.5, parameters=2), low=near(-0.2)).chosen == "low"

    def test_a_ring_of_models_that_beat_one_another_sets_nobody_aside(self) -> None:
        better = {("a", "b", "mae"), ("b", "c", "total_error"), ("c", "a", "mae")}
        assert all(_dominates(one, other, better) for one, other, _ in better)
        assert not _dominates("b", "a", better)

    def test_of_equals_the_simplest_is_taken(self) -> None:
        found = compared(large=near(logs=0.001, parameters=6), small=Oracle(near(0.01).expected, LOGS[::-1].copy(), 2))
        assert found.chosen == "small"
        assert "it has the fewest parameters (2) of small and large" in found.reason

    def test_of_equally_simple_equals_the_least_mae_decides(self) -> None:
        found = compared(first=near(spread=1.003), second=Oracle(near().expected, LOGS[::-1].copy()))
        assert found.chosen == "second"
        assert "it has the least MAE of second and first" in found.reason

    def test_models_that_are_all_but_the_same_do_not_beat_one_another(self) -> None:
        found = compared(first=near(0.3001, logs=-1e-5, parameters=2), second=near(0.3))
        assert found.chosen == "first"
        assert "set aside" not in found.reason

    def test_one_alone_is_taken(self) -> None:
        assert compared(only=near()).reason == "only was chosen: there was no other candidate to judge."

    def test_without_purchases_the_total_has_no_ratio(self) -> None:
        ids = ["a", "b"]
        features = pl.DataFrame({"customer_id": ids, "repeat_purchases": [0, 1]})
        outcomes = pl.DataFrame({"customer_id": ids, "holdout_purchases": [0, 0], "holdout_days": 90})
        models = {"a": Oracle(np.ones(2), np.full(2, -1.0)), "b": Oracle(np.zeros(2), np.full(2, -0.1))}
        found = compare_models(models, dict.fromkeys(models, features), outcomes)
        assert found.chosen == "b"
        assert found.table["total_ratio"].null_count() == 2
        assert "-" in readable(found)[1].split()

    def test_nothing_to_compare_is_refused(self) -> None:
        with pytest.raises(ParameterError, match="no model was given"):
            compared()

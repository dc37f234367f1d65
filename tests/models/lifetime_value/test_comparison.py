from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from relkit.errors import ParameterError
from relkit.metrics.forecasts import MEASURES
from relkit.models import catalogue
from relkit.models.base import FitInfo
from relkit.models.comparison import ModelComparison, Origin, readable
from relkit.models.lifetime_value.comparison import compare_models, compare_origins
from relkit.models.lifetime_value.origins import ORIGINS, past_forecasts_of

NAMES = tuple(f"lifetime_value.{name}" for name in ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"))
DAY = date(1997, 9, 30)


@dataclass
class PoissonOracle:
    """A model that expects `factor` times the column `rate` of each customer, with a Poisson distribution."""

    factor: float = 1.0
    day: date = DAY
    coordinates: Any = ()
    name: str = "oracle"

    @property
    def info(self) -> FitInfo:
        return FitInfo(as_of=self.day, rows=2, log_likelihood=-1.0, converged=True, fingerprint="")

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Any:
        return self.factor * features["rate"].to_numpy() * days / 90

    def purchases_probability(self, features: pl.DataFrame, purchases: Any, days: float) -> Any:
        return stats.poisson.pmf(purchases, self.expected_purchases(features, days))


def origin(customers: range, *, day: date = DAY, seed: int = 0, **factors: float) -> Origin:
    """Return an origin of customers with rates by their number, and models with these factors."""
    rng = np.random.default_rng(seed)
    rate = 0.2 + np.array([number % 7 for number in customers]) / 2
    ids = [f"{number:04d}" for number in customers]
    features = pl.DataFrame({"customer_id": ids, "repeat_purchases": [number % 9 for number in customers], "rate": rate})
    outcomes = pl.DataFrame({"customer_id": ids, "holdout_purchases": rng.poisson(rate), "holdout_days": 90})
    models = {name: PoissonOracle(factor, day) for name, factor in factors.items()}
    return Origin(fitted=models, features=dict.fromkeys(models, features), outcomes=outcomes)


@pytest.fixture(scope="module")
def cdnow_comparison(cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> ModelComparison:
    fitted = {name: catalogue.make(name).fit(cdnow, as_of=DAY) for name in NAMES}
    return compare_models(fitted, dict.fromkeys(NAMES, cdnow), cdnow_outcomes)


class TestCdnow:
    @pytest.mark.parametrize(("name", "mae"), [("pareto_nbd", 0.7545), ("mbg_nbd", 0.7648), ("bg_nbd", 0.7855)])
    def test_accuracy_of_the_published_models(self, name: str, mae: float, cdnow: pl.DataFrame, cdnow_outcomes: pl.DataFrame) -> None:
        """MAE of the means in 39 weeks, computed at the maxima with scipy."""
        model = catalogue.make(f"lifetime_value.{name}")
        found = model.judge(model.fit(cdnow, as_of=DAY), cdnow, cdnow_outcomes)
        assert found["mae_repeat_purchases"] == pytest.approx(mae, abs=6e-5)

    def test_the_best_log_score_of_those_level_is_chosen(self, cdnow_comparison: ModelComparison) -> None:
        assert cdnow_comparison.chosen == "lifetime_value.pareto_nbd"
        assert "lifetime_value.nbd were set aside" in cdnow_comparison.reason

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
        for name in MEASURES:
            assert (table[f"{name}_lower"] < table[name]).all(), name
            assert (table[name] < table[f"{name}_upper"]).all(), name
        assert len(table) == 4
        assert len(cdnow_comparison.differences) == 4 * 3 * len(MEASURES)
        assert "0001" not in str(cdnow_comparison.origins.to_dicts())

    def test_lines_for_people(self, cdnow_comparison: ModelComparison) -> None:
        lines = readable(cdnow_comparison)
        assert len(lines) == 5
        assert [line.split()[1] for line in lines if line.startswith("*")] == ["lifetime_value.pareto_nbd"]


class TestOrigins:
    def test_measures_are_means_over_origins_and_one_origin_alone_is_its_own(self) -> None:
        newest = origin(range(300), seed=1, right=1.0, high=1.3)
        older = origin(range(200), day=DAY - timedelta(days=90), seed=2, right=1.0, high=1.3)
        both, one, two = compare_origins([newest, older]), compare_origins([newest]), compare_origins([older])
        for name in set(MEASURES) - {"total_ratio", "rmse"}:
            mean = (one.table[name] + two.table[name]) / 2
            assert both.table[name].to_list() == pytest.approx(mean.to_list(), rel=1e-9), name
        assert both.chosen == "right"
        assert both.customers == 300
        assert len(both.origins) == 4

    def test_customers_in_any_order_give_the_same_bytes(self) -> None:
        first = origin(range(300), right=1.0, high=1.3)
        mixed = {name: frame.sample(fraction=1.0, shuffle=True, seed=5) for name, frame in first.features.items()}
        other = replace(first, features=mixed, outcomes=first.outcomes.sample(fraction=1.0, shuffle=True, seed=6))
        found, again = compare_origins([first]), compare_origins([other])
        assert found.table.equals(again.table)
        assert found.differences.equals(again.differences)
        assert found.origins.equals(again.origins)

    def test_the_rows_of_origins_have_totals_and_their_overlaps(self) -> None:
        days = [DAY, DAY - timedelta(days=45), DAY - timedelta(days=90)]
        found = compare_origins([origin(range(100), day=day, seed=i, right=1.0) for i, day in enumerate(days)]).origins
        assert found.schema == ORIGINS
        assert found["overlaps"].to_list() == [False, True, False]
        assert found["forecast"].to_list() == pytest.approx([sum(0.2 + number % 7 / 2 for number in range(100))] * 3)
        assert found["forecast_money"].null_count() == 3
        past = past_forecasts_of("right", found)
        assert past is not None
        expected = np.log(found["came"] / found["forecast"]).gather([0, 2])
        assert past.errors(90).tolist() == pytest.approx(expected.to_list())
        assert past_forecasts_of("other", found) is None

    def test_intervals_of_differences_hold_customers_together(self) -> None:
        """Two origins with the same customers and outcomes are no more certain than one."""
        once = origin(range(400), right=1.0, high=1.2)
        again = replace(once, fitted={name: PoissonOracle(model.factor, DAY - timedelta(days=90)) for name, model in once.fitted.items()})
        one, two = (compare_origins(origins).differences.filter(measure="log_score") for origins in ([once], [once, again]))
        assert two["lower"].to_list() == pytest.approx(one["lower"].to_list(), rel=1e-6)

    def test_without_purchases_the_total_has_no_ratio(self) -> None:
        first = origin(range(40), a=1.0, b=0.1)
        found = compare_origins([replace(first, outcomes=first.outcomes.with_columns(holdout_purchases=0))])
        assert found.chosen == "b"
        assert found.table["total_ratio"].null_count() == 2
        assert "-" in readable(found)[1].split()

    def test_nothing_to_compare_is_refused(self) -> None:
        with pytest.raises(ParameterError, match="no model was given"):
            compare_models({}, {}, pl.DataFrame())

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.metrics.end_forecasts import MEASURES
from relkit.models import catalogue
from relkit.models.base import FitInfo
from relkit.models.comparison import ModelComparison, readable
from relkit.models.survival.comparison import compare_models, parameters_of
from relkit.models.survival.judging import judge_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY, HOLDOUT = date(2024, 12, 31), 180
NAMES = tuple(
    f"survival.{name}" for name in ("cox", "kaplan_meier", "weibull_aft", "log_normal_aft", "piecewise_exponential", "discrete_hazard")
)


def spells(n: int, *, seed: int, log_normal: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contracts as of the day, and the outcomes of those that ran: Weibull ends of shape 1.6, or log-normal ones."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(0, 1, n)
    if log_normal:
        length = np.exp(6.0 - 0.8 * amount + 0.9 * rng.normal(size=n))
    else:
        length = 700 * np.exp(-0.5 * amount) * rng.exponential(1.0, n) ** (1 / 1.6)
    begun = rng.uniform(0, 1500, n)
    length, begun = np.ceil(length), np.ceil(begun)
    ids = [f"{i:05d}" for i in range(n)]
    age = np.minimum(length, begun)
    features = pl.DataFrame({"customer_id": ids, "duration_days": age, "event": length <= begun, "amount": amount})
    later = pl.DataFrame({"customer_id": ids, "duration_days": np.minimum(length, begun + HOLDOUT), "event": length <= begun + HOLDOUT})
    return features, later.filter(length > begun)


def compared(features: pl.DataFrame, outcomes: pl.DataFrame, names: tuple[str, ...] = NAMES) -> tuple[dict[str, Any], ModelComparison]:
    fitted = {}
    for name in names:
        settings = {} if name == "survival.kaplan_meier" else {"covariates": ("amount",)}
        fitted[name] = catalogue.make(name, settings).fit(features, as_of=DAY)
    judged = features.filter(~pl.col("event"))
    return fitted, compare_models(fitted, dict.fromkeys(names, judged), outcomes)


def set_aside(reason: str) -> str:
    """Return the parts of the sentences that name the models set aside."""
    return " ".join(part.rpartition(". ")[2] for part in reason.split(" set aside: ")[:-1])


@pytest.fixture(scope="module")
def weibull_world() -> tuple[dict[str, Any], ModelComparison, pl.DataFrame, pl.DataFrame]:
    features, outcomes = spells(6000, seed=1)
    return *compared(features, outcomes), features, outcomes


class TestWeibullWorld:
    def test_the_model_that_is_true_is_chosen_and_the_baseline_is_set_aside(self, weibull_world: Any) -> None:
        _, found, *_ = weibull_world
        assert found.chosen == "survival.weibull_aft"
        assert "survival.kaplan_meier" in set_aside(found.reason)
        better = found.differences.filter(
            (pl.col("model") == "survival.weibull_aft") & (pl.col("other") == "survival.kaplan_meier"),
            pl.col("measure").is_in(["integrated_brier_score", "log_score", "uno_c"]),
        )
        assert dict(better.select("measure", pl.col("difference") > 0).iter_rows()) == {
            "integrated_brier_score": False,
            "log_score": True,
            "uno_c": True,
        }

    def test_the_table_agrees_with_how_each_model_is_judged(self, weibull_world: Any) -> None:
        fitted, found, features, outcomes = weibull_world
        judged = features.filter(~pl.col("event"))
        for row in found.table.iter_rows(named=True):
            alone = judge_ends(fitted[row["model"]], judged, outcomes)
            for name in ("integrated_brier_score", "brier_score", "uno_c", "ici"):
                assert row[name] == pytest.approx(alone[name], rel=1e-9), (row["model"], name)
            assert row["total_ratio"] == pytest.approx(alone["expected_ends"] / alone["observed_ends"], rel=1e-9)

    def test_values_lie_in_their_intervals_and_nobody_is_in_the_tables(self, weibull_world: Any) -> None:
        _, found, _, outcomes = weibull_world
        table = found.table
        assert (found.customers, found.days) == (len(outcomes), HOLDOUT)
        for name in MEASURES:
            assert (table[f"{name}_lower"] <= table[name]).all(), name
            assert (table[name] <= table[f"{name}_upper"]).all(), name
        assert len(table) == len(NAMES)
        assert len(found.differences) == len(NAMES) * (len(NAMES) - 1) * len(MEASURES)

    def test_groups_and_course_add_up_to_the_ends(self, weibull_world: Any) -> None:
        _, found, _, outcomes = weibull_world
        ended = int(outcomes["event"].sum())
        for name, ratio in found.table.select("model", "total_ratio").iter_rows():
            groups, course = (frame.filter(pl.col("model") == name) for frame in (found.groups, found.course))
            assert groups["customers"].sum() == len(outcomes)
            assert groups["customers"].min() >= 10
            assert float((groups["seen"] * groups["customers"]).sum()) == pytest.approx(ended)
            assert course["seen"].sum() == pytest.approx(ended)
            assert course["expected"].sum() == pytest.approx(ratio * ended)
            assert float((groups["expected"] * groups["customers"]).sum()) == pytest.approx(ratio * ended)
        assert found.course["day"].max() == DAY + timedelta(days=HOLDOUT)
        cox = found.groups.filter(pl.col("model") == "survival.cox")
        assert cox["seen"][0] > cox["seen"][-1]

    def test_lines_for_people(self, weibull_world: Any) -> None:
        _, found, *_ = weibull_world
        lines = readable(found)
        assert [line.split()[1] for line in lines if line.startswith("*")] == ["survival.weibull_aft"]
        assert lines[0].endswith(" ICI")
        assert "integrated Brier score" in lines[0]

    def test_parameters_besides_a_free_baseline(self, weibull_world: Any) -> None:
        fitted, found, *_ = weibull_world
        counted = dict(found.table.select("model", "parameters").iter_rows())
        assert counted["survival.kaplan_meier"] == 0
        assert counted["survival.cox"] == 1
        assert counted["survival.weibull_aft"] == 3
        assert counted["survival.piecewise_exponential"] == len(fitted["survival.piecewise_exponential"].log_rates) + 1


def test_another_world_another_model() -> None:
    features, outcomes = spells(6000, seed=2, log_normal=True)
    _, found = compared(features, outcomes)
    assert found.chosen == "survival.log_normal_aft"
    assert "survival.weibull_aft" in set_aside(found.reason)


def test_where_covariates_say_nothing_the_baseline_may_win() -> None:
    features, outcomes = spells(4000, seed=3)
    noise = features.with_columns(amount=pl.Series(np.random.default_rng(0).normal(size=len(features))))
    _, found = compared(noise, outcomes, ("survival.cox", "survival.kaplan_meier"))
    assert found.chosen == "survival.kaplan_meier"
    assert "it has the fewest parameters (0)" in found.reason


def test_of_trees_every_leaf_counts() -> None:
    features, _ = spells(600, seed=4)
    fitted = catalogue.make("survival.boosted_hazard", {"covariates": ("amount",), "trees": 5, "leaves": 4}).fit(features, as_of=DAY)
    trees: Any = fitted.trees  # type: ignore[attr-defined]
    assert parameters_of(fitted) == int((trees.left == np.arange(len(trees.left))).sum())
    assert 5 < parameters_of(fitted) <= 20


@dataclass
class Constant:
    """A model with one hazard for all."""

    rate: float
    coefficients: NDArray[np.float64]

    @property
    def info(self) -> FitInfo:
        return FitInfo(as_of=DAY, rows=2, log_likelihood=None, converged=True)

    def survival_ahead(self, features: pl.DataFrame, days: Any) -> NDArray[np.float64]:
        return np.exp(-self.rate * np.tile(np.asarray(days, float), (len(features), 1)))

    def score(self, features: pl.DataFrame, *, horizon_days: int) -> pl.DataFrame:
        churn = 1 - self.survival_ahead(features, [horizon_days])[:, 0]
        return features.select("customer_id").with_columns(pl.Series(f"churn_probability_{horizon_days}d", churn))


def test_all_are_judged_on_the_contracts_that_every_one_can_score() -> None:
    rng = np.random.default_rng(5)
    ids, ended = [f"{i:03d}" for i in range(300)], rng.random(300) < 0.3
    features = pl.DataFrame({"customer_id": ids, "contract_id": ids, "duration_days": 50.0})
    outcomes = features.with_columns(duration_days=pl.Series(np.where(ended, 80.0, 150.0)), event=pl.Series(ended))
    models = {"a": Constant(0.0036, np.zeros(1)), "b": Constant(0.0036, np.zeros(2))}
    found = compare_models(models, {"a": features, "b": features.sample(200, seed=1, shuffle=True)}, outcomes, replicates=20)
    assert found.customers == 200
    assert found.table["log_score"].n_unique() == 1
    assert found.chosen == "a"


def test_small_groups_are_put_together() -> None:
    ids = [f"{i:02d}" for i in range(25)]
    features = pl.DataFrame({"customer_id": ids, "duration_days": 50.0})
    outcomes = features.with_columns(duration_days=pl.lit(80.0), event=pl.lit(value=True))
    found = compare_models({"a": Constant(0.01, np.zeros(1))}, {"a": features}, outcomes, replicates=20)
    assert found.groups["customers"].to_list() == [25]


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ParameterError, match="no model was given"):
        compare_models({}, {}, pl.DataFrame())

"""The map of order probabilities learnt from a holdout, and its calibration by tenth on the public data and the simulated company."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import pytest
from scipy import special

from relkit.jobs.check_tables import CheckTables
from relkit.models import catalogue
from relkit.models.lifetime_value.judging import taught_by
from relkit.models.lifetime_value.order_calibration import FEWEST, learnt

if TYPE_CHECKING:
    from relkit.models.lifetime_value.order_calibration import OrderCalibration
    from relkit.tables.table_set import TableSet

DAY = date(2025, 3, 31)


def forecasts(n: int, *, seed: int = 1) -> tuple[Any, Any]:
    """Return own probabilities and repeat purchases of n customers."""
    rng = np.random.default_rng(seed)
    return rng.beta(0.7, 2.0, n), rng.integers(0, 4, n)


def happened(p: Any, *, seed: int = 2) -> Any:
    return np.random.default_rng(seed).random(len(p)) < p


def taught(own: Any, bought: Any, x: Any) -> OrderCalibration:
    found = learnt(own, bought, x, days=90, calibrated_from=DAY)
    assert found is not None
    return found


def test_a_known_distortion_is_undone() -> None:
    """The truth is a line in the logit with a step for those who bought once."""
    own, x = forecasts(60_000)
    truth = special.expit(0.4 + 0.7 * special.logit(own) - 0.5 * (x == 0))
    found = taught(own, happened(truth), x)
    applied = found.applied(own, x)
    assert np.abs(applied - truth).max() < 0.03
    assert found.once == pytest.approx(-0.5, abs=0.06)
    assert found.slopes == pytest.approx(0.7, abs=0.15)
    assert found.judged.holds
    assert not found.own.holds


def test_probabilities_that_are_right_are_left_nearly_alone() -> None:
    own, x = forecasts(20_000)
    found = taught(own, happened(own), x)
    assert np.abs(found.applied(own, x) - own).max() < 0.03
    assert found.judged.holds


def test_a_map_that_does_not_help_on_the_other_half_is_not_kept() -> None:
    own, x = forecasts(400)
    kept = [taught(own, happened(own, seed=seed), x) for seed in range(30)]
    unkept = [each for each in kept if not each.changes]
    assert len(unkept) > 10
    for each in unkept:
        assert each.applied(own, x) is own
        assert each.judged is each.own


def test_few_customers_move_little_and_too_few_nothing() -> None:
    own, x = forecasts(120)
    bought = happened(np.minimum(1.5 * own, 1.0))
    assert np.abs(taught(own, bought, x).applied(own, x) - own).max() < 0.25
    few = np.arange(120) < FEWEST - 1
    assert learnt(own, few, x, days=90, calibrated_from=DAY) is None
    assert learnt(own, ~few, x, days=90, calibrated_from=DAY) is None


def test_the_ranking_of_like_customers_is_preserved() -> None:
    """Even if the truth falls with the forecast: the pieces of the line rise."""
    own, x = forecasts(5_000)
    found = taught(own, happened(0.4 - 0.3 * own), x)
    grid = np.sort(np.concatenate((np.logspace(-14, -1, 200), 1 - np.logspace(-14, -1, 200))))
    for repeat in (0, 3):
        assert (np.diff(found.applied(grid, np.full(400, repeat))) >= 0).all()


@pytest.mark.parametrize("repeat", [0, 2])
def test_other_horizons_keep_the_factor_of_the_rate(repeat: int) -> None:
    own, x = forecasts(20_000)
    found = taught(own, happened(own**0.7), x)
    assert found.changes
    at_days, rates = np.array([0.05, 0.3, 0.8]), np.log1p(-np.array([0.05, 0.3, 0.8])) / 90
    who = np.full(3, repeat)
    mapped = found.applied(at_days, who)
    factor = np.log1p(-mapped) / np.log1p(-at_days)
    for days in (1e-3, 30, 90, 365):
        applied = found.applied(-np.expm1(rates * days), who, at_days)
        assert np.log1p(-applied) == pytest.approx(factor * rates * days, rel=1e-9)
    assert found.applied(np.zeros(3), who, at_days).tolist() == [0, 0, 0]
    ends = found.applied(np.array([0.0, 1.0, 1e-300]), who)
    assert ends[0] == 0
    assert 0.9 < ends[1] <= 1
    assert ends[2] < 1e-100


def test_a_fitted_model_follows_its_map_at_every_horizon() -> None:
    case = model_checks.case_of("lifetime_value.pareto_nbd")
    fitted = case.fit()
    own, x = fitted.order_probability(case.features, 60), case.features["repeat_purchases"].to_numpy()
    model = fitted.with_calibration(learnt(own, happened(own * 0.6), x, days=60, calibrated_from=DAY))
    assert model.order_calibration.changes
    found = np.array([model.order_probability(case.features, days) for days in (0, 1e-6, 1, 59.999, 60, 60.001, 200)])
    assert (found[0] == 0).all()
    assert found[1].max() < 1e-6
    assert (np.diff(found, axis=0) >= -1e-12).all()
    assert found[4] == pytest.approx(found[3], rel=1e-4)
    assert found[4] == pytest.approx(found[5], rel=1e-4)


def test_the_order_of_rows_does_not_matter() -> None:
    case = model_checks.case_of("lifetime_value.bg_nbd")
    fitted = case.fit()
    one = taught_by(fitted, case.features, case.outcomes)
    other = taught_by(fitted, case.features.sample(fraction=1.0, shuffle=True, seed=1), case.outcomes.reverse())
    assert one is not None
    assert other is not None
    assert (one.intercept, one.once, one.slopes.tolist()) == (other.intercept, other.once, other.slopes.tolist())
    assert one.judged.observed.tolist() == other.judged.observed.tolist()


def test_the_reported_calibration_is_out_of_sample() -> None:
    """Fair coins: a map judged on its own customers would beat the constant; out of sample it does not."""
    rng = np.random.default_rng(3)
    own, x, bought = np.full(2000, 0.3) + rng.normal(0, 0.02, 2000), rng.integers(0, 2, 2000), rng.random(2000) < 0.3
    found = taught(own, bought, x)
    assert found.judged.log_score <= np.mean(np.where(bought, np.log(bought.mean()), np.log1p(-bought.mean()))) + 1e-3


# --- calibration by tenth on data ----------------------------------------------------------------------------------
#
# The rule, that of `Reliability.holds`: on the 90 days that follow a model's last day, by tenth of the forecast, the sum
# of squared standardised gaps has a p-value above 0.01, and no tenth is further than 3 standard errors off. Each forecast is made by a
# map learnt from the other half of the customers.


def checked(data: Path, mapping: str, place: Path) -> TableSet:
    """Return the tables of public data as written by `relkit check`."""
    from relkit.tables.table_set import TableSet

    mappings = Path(__file__).resolve().parents[3] / "pipelines" / "mappings"
    CheckTables.parse(data=str(data), out=str(place / "out"), mapping=str(mappings / f"{mapping}.yaml")).run()
    return TableSet.open(place / "out" / "tables")


def holdout_of(tables: TableSet, model: str) -> OrderCalibration:
    """Return the calibration learnt from the default holdout of `relkit fit`."""
    from relkit.families.bindings import inputs_of
    from relkit.jobs.holdouts import HeldOut, Known, split_of
    from relkit.periods import Holdout

    inputs = inputs_of(model, tables)
    split, _ = split_of(inputs, tables, tables.as_of(), None)
    assert isinstance(split, Holdout)
    held = HeldOut.of(inputs, Known(tables), split.first(90))
    fitted = catalogue.make(model, {}).fit(held.before, as_of=split.calibration.day)
    found = taught_by(fitted, held.judged, held.outcomes)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "mapping", ["cdnow_sample", *(pytest.param(name, marks=pytest.mark.slow) for name in ("online_retail", "completejourney"))]
)
def test_on_public_data_it_is_calibrated_by_tenth(real_data: Path, tmp_path: Path, mapping: str) -> None:
    tables = checked(real_data, mapping, tmp_path)
    for model in ("bg_nbd", "pareto_nbd"):
        found = holdout_of(tables, f"lifetime_value.{model}")
        assert found.days == 90
        assert found.judged.holds, (model, found.judged.p_value, found.judged.errors)
        assert found.changes
        assert not found.own.holds  # the models' own probabilities are not
        assert found.judged.mean_error < found.own.mean_error
        assert found.judged.brier < found.own.brier


@pytest.fixture(scope="module")
def company_tables(tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    """Return the tables of the simulated company in its hard world, half as large as the demo's."""
    from relkit.tables.simulation import SimulationSettings, simulate_company
    from relkit.tables.table_set import TableSet

    place = tmp_path_factory.mktemp("company")
    company = simulate_company(SimulationSettings(customers=10_000), place / "company")
    CheckTables.parse(data=str(company.data), out=str(place / "out")).run()
    return TableSet.open(place / "out" / "tables")


@pytest.mark.parametrize("model", ["bg_nbd", "pareto_nbd", "mbg_nbd"])
def test_on_the_simulated_company_it_is_calibrated_by_tenth(company_tables: TableSet, model: str) -> None:
    found = holdout_of(company_tables, f"lifetime_value.{model}")
    assert found.judged.holds, (found.judged.p_value, found.judged.errors)
    assert found.customers > 4000

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation import CompanyTruth, ContractParameters, SimulationSettings
from relkit.tables.simulation.contracts import (
    cumulative_hazard,
    draw_contracts,
    draw_end_age,
    expected_days,
    hazard_per_day,
    survival_given,
)
from relkit.tables.simulation.people import BOTH, CONTRACT, draw_people

TRUTH = ContractParameters()


def test_ends_follow_the_weibull_of_their_covariates():
    """S(t | x) = exp(-(t / scale)^shape exp(x beta)) at five ages; tolerance: 4 standard errors of a share."""
    n, log_hazard = 200_000, 0.4
    ages = draw_end_age(np.random.default_rng(1), np.zeros(n), np.full(n, log_hazard), TRUTH)
    for age in (30, 180, 365, 900, 2000):
        survival = np.exp(-((age / 1000) ** 1.25) * np.exp(log_hazard))
        assert abs((ages > age).mean() - survival) < 4 * np.sqrt(survival * (1 - survival) / n)


def test_contracts_that_had_survived_end_as_if_they_had():
    n, survived = 100_000, 500.0
    rng = np.random.default_rng(2)
    later = draw_end_age(rng, np.full(n, survived), np.zeros(n), TRUTH)
    share = float(survival_given(np.array([survived]), 300, np.zeros(1), TRUTH)[0])
    assert later.min() > survived
    assert abs((later > survived + 300).mean() - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_hazard_is_the_derivative_of_its_integral():
    age, log_hazard = np.array([1.0, 100.0, 1500.0]), np.array([0.0, -1.0, 1.0])
    step = 1e-3
    slope = (cumulative_hazard(age + step, log_hazard, TRUTH) - cumulative_hazard(age - step, log_hazard, TRUTH)) / (2 * step)
    np.testing.assert_allclose(hazard_per_day(age, log_hazard, TRUTH), slope, rtol=1e-6)


def test_expected_days_are_the_mean_of_what_is_lived():
    n, age, horizon = 200_000, 200.0, 730
    ends = draw_end_age(np.random.default_rng(3), np.full(n, age), np.full(n, 0.2), TRUTH)
    lived = np.clip(ends - age, 0, horizon)
    want = expected_days(np.array([age]), horizon, np.array([0.2]), TRUTH)[0]
    assert abs(lived.mean() - want) < 4 * lived.std() / np.sqrt(n)


def test_the_hazard_of_a_contract_is_a_unit_exponential_whatever_its_covariates():
    """Cox-Snell residuals H(T | x) - H(entry | x) are Exp(1) and do not correlate with a covariate; 4 standard errors."""
    settings = SimulationSettings(customers=60_000, contract_share=1.0, prospect_share=0.0)
    people = draw_people(np.random.default_rng(4), settings, np.arange(1, 60_001))
    contracts = draw_contracts(np.random.default_rng(5), settings, people)
    entry = np.maximum(-contracts.started_day, 0).astype(float)
    residual = cumulative_hazard(contracts.end_age, contracts.log_hazard, TRUTH) - cumulative_hazard(entry, contracts.log_hazard, TRUTH)
    n = len(contracts)
    assert abs(residual.mean() - 1) < 4 / np.sqrt(n)
    for covariate in (contracts.monthly_amount, contracts.term_months, contracts.payment == 0, entry > 0):
        assert abs(np.corrcoef(residual, covariate)[0, 1]) < 4 / np.sqrt(n)
    assert abs((~contracts.voluntary).mean() - TRUTH.involuntary_share) < 4 * np.sqrt(0.15 * 0.85 / n)
    assert set(people.came_as[contracts.customer].tolist()) <= {CONTRACT, BOTH}


def test_versions_of_a_contract(clean: CompanyTruth):
    rows = pl.read_parquet(clean.data / "contracts.parquet")
    first = rows.filter(pl.col("status") == "active")
    ended = rows.filter(pl.col("status") == "ended")
    assert (first["valid_from"] == first["started_on"]).all()
    assert first["ended_on"].null_count() == len(first)
    assert (ended["valid_from"] == ended["ended_on"]).all()
    assert ended["end_reason"].null_count() == 0
    assert set(ended["contract_id"]) <= set(first["contract_id"])
    truth = clean.contracts.collect()
    assert len(first) == len(truth)
    assert set(ended["contract_id"]) == set(truth.filter(~pl.col("is_running"))["contract_id"])
    assert (rows["ended_on"].drop_nulls() > rows.filter(pl.col("ended_on").is_not_null())["started_on"]).all()


def test_a_partial_likelihood_recovers_the_coefficients(clean: CompanyTruth):
    """Cox's partial likelihood with left truncation (Breslow), Newton steps from zero; each within 4 standard errors."""
    rows = pl.read_parquet(clean.data / "contracts.parquet").sort("valid_from")
    last_day, start = pl.date(2025, 6, 30), pl.date(2022, 7, 1)
    spells = (
        rows.group_by("contract_id", maintain_order=True)
        .agg(pl.col("monthly_amount", "term_months", "payment_method", "started_on").first(), pl.col("ended_on").last())
        .with_columns(
            event=pl.col("ended_on").is_not_null(),
            duration=(pl.col("ended_on").fill_null(last_day) - pl.col("started_on")).dt.total_days(),
            entry=pl.max_horizontal((start - pl.col("started_on")).dt.total_days(), 0),
            direct=(pl.col("payment_method") == "direct_debit").cast(pl.Int8),
        )
        .filter(pl.col("duration") > pl.col("entry"))
    )
    x = spells.select("monthly_amount", "term_months", "direct").to_numpy().astype(float)
    duration, entry, event = (spells[name].to_numpy() for name in ("duration", "entry", "event"))
    beta = np.zeros(3)
    for _ in range(8):
        gradient, information = _partial_score(beta, x, duration, entry, event)
        beta = beta + np.linalg.solve(information, gradient)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    truth = [TRUTH.monthly_amount, TRUTH.term_months, TRUTH.pays_by_direct_debit]
    assert (np.abs(beta - truth) < 4 * errors).all()
    assert (errors < np.abs(truth) / 4).all()


def _partial_score(
    beta: np.ndarray, x: np.ndarray, duration: np.ndarray, entry: np.ndarray, event: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    weight = np.exp((x - x.mean(axis=0)) @ beta)
    gradient, information = np.zeros(3), np.zeros((3, 3))
    for time in np.unique(duration[event]):
        risk = (duration >= time) & (entry < time)
        ends = event & (duration == time)
        w = weight[risk]
        mean = w @ x[risk] / w.sum()
        spread = (x[risk] * w[:, None]).T @ x[risk] / w.sum() - np.outer(mean, mean)
        gradient += x[ends].sum(axis=0) - ends.sum() * mean
        information += ends.sum() * spread
    return gradient, information


def test_prices_move_the_amounts_of_running_contracts_in_the_hard_world(hard: CompanyTruth):
    rows = pl.read_parquet(hard.data / "contracts.parquet").filter(pl.col("status") == "active").sort("contract_id", "valid_from")
    ratio = rows.with_columns(before=pl.col("monthly_amount").shift(1).over("contract_id")).drop_nulls("before")
    changes = ratio.group_by("valid_from").agg((pl.col("monthly_amount") / pl.col("before")).median(), pl.len()).sort("valid_from")
    assert changes["monthly_amount"].to_list() == pytest.approx([1.06, 1.04], abs=0.001)
    assert changes["len"].min() > 1000

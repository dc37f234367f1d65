from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from model_checks import case_of, spells

from relkit.families.bindings import diagnostic_figures
from relkit.models.survival.discrete_hazard import DiscreteHazard
from relkit.models.survival.period_diagnostics import coefficient_ratios, period_rates, period_rates_by_cause
from relkit.plots.period_hazard import plot_odds_ratios, plot_period_hazard

DAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def fitted() -> Any:
    return case_of("survival.discrete_hazard").fit()


def test_the_observed_rates_are_ends_over_trials(fitted: Any) -> None:
    rates = period_rates(fitted)
    np.testing.assert_allclose(rates.seen, fitted.ended / (fitted.ended + fitted.stayed))
    assert ((rates.lower <= rates.seen) & (rates.seen <= rates.upper)).all()
    assert len(rates.edges) == len(rates.seen) + 1
    ax = plot_period_hazard(rates)
    container: Any = ax.containers[0]
    np.testing.assert_allclose(container.lines[0].get_ydata(), rates.seen)
    assert ax.get_ylabel() == "Ends within a period of 30.4 days"


def test_without_covariates_the_model_is_what_was_observed() -> None:
    features, _ = spells()
    rates = period_rates(DiscreteHazard(covariates=(), link="cloghlog").fit(features, as_of=DAY))
    np.testing.assert_allclose(rates.fitted, rates.seen, rtol=1e-6)


def test_rates_by_cause() -> None:
    both = period_rates_by_cause(case_of("survival.discrete_competing_risks").fit())
    assert list(both) == ["voluntary", "involuntary"]
    ax = plot_period_hazard(both["voluntary"], cause="voluntary", language="fr")
    assert ax.get_title(loc="left") + ax.get_title() == "Risque de fin, selon l’âge du contrat: voluntary"


def test_effects_are_of_one_step(fitted: Any) -> None:
    ratios = coefficient_ratios(fitted)
    assert ratios.terms[0] == "pays_by_direct_debit"
    assert ratios.ratio[0] == pytest.approx(np.exp(fitted.coefficients[0]))
    assert ratios.step[1] == pytest.approx(fitted.effects[1].spread)
    assert "Odds ratio" in plot_odds_ratios(ratios).get_xlabel()


def test_what_a_run_keeps() -> None:
    case = case_of("survival.discrete_hazard")
    assert list(diagnostic_figures(case.fit(), case.features)) == ["hazard_by_period", "odds_ratios"]
    hazards = DiscreteHazard(covariates=("monthly_amount",), link="cloghlog").fit(case.features, as_of=DAY)
    assert list(diagnostic_figures(hazards, case.features, outcomes=case.outcomes)) == ["hazard_by_period", "hazard_ratios", "calibration"]
    trees = case_of("survival.boosted_hazard").fit()
    assert list(diagnostic_figures(trees, case.features)) == ["hazard_by_period", "importance"]
    by_cause = case_of("survival.discrete_competing_risks").fit()
    names = ["hazard_by_period_voluntary", "hazard_by_period_involuntary", "odds_ratios_voluntary", "odds_ratios_involuntary"]
    assert list(diagnostic_figures(by_cause, case.features)) == names


def test_what_a_run_keeps_of_a_cox_regression_by_cause() -> None:
    case = case_of("survival.cause_specific_cox")
    figures = diagnostic_figures(case.fit(), case.features, outcomes=case.outcomes)
    pairs = [f"{figure}_{cause}" for cause in ("voluntary", "involuntary") for figure in ("hazard_ratios", "baseline")]
    assert list(figures) == [*pairs, "calibration"]
    for name in pairs:
        (ax,) = figures[name].axes
        assert (ax.get_title(loc="left") + ax.get_title()).endswith(f": {name.rpartition('_')[2]}")


def test_what_a_run_keeps_of_fine_and_gray() -> None:
    case = case_of("survival.fine_gray")
    fitted = case.fit()
    figures = diagnostic_figures(fitted, case.features, outcomes=case.outcomes, language="fr")
    assert list(figures) == ["subdistribution_ratios_voluntary", "calibration"]
    (ax,) = figures["subdistribution_ratios_voluntary"].axes
    assert (ax.get_title(loc="left") + ax.get_title()).startswith("Ce qui va avec une plus grande part de fins")

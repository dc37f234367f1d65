"""Figures of each model, with and without a holdout, and none left in pyplot."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure
from simulated_spells import leavers

from relkit.errors import ParameterError
from relkit.families.bindings import binding, diagnostic_figures
from relkit.models import catalogue
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.gamma_gamma import GammaGamma
from relkit.models.lifetime_value.shifted_beta_geometric import ShiftedBetaGeometric
from relkit.models.survival.cox import Cox
from relkit.models.survival.fitted_curves import fitted_curve
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.texts import Text

DAY = date(2025, 6, 30)


def customers(n: int = 400) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Features, outcomes of the next 90 days, and the purchases themselves."""
    rng = np.random.default_rng(1)
    rate = rng.gamma(1.5, 0.02, n)
    lines = []
    for i in range(n):
        first = int(rng.integers(0, 200))
        days = first + np.cumsum(np.ceil(rng.exponential(1 / rate[i], 40)))
        lines += [(str(i), day) for day in [first, *days[days <= 455]]]
    bought = pl.DataFrame(lines, schema={"customer_id": pl.String, "at": pl.Int64}, orient="row").unique()
    before = bought.filter(pl.col("at") <= 365).group_by("customer_id", maintain_order=True)
    features = before.agg(
        repeat_purchases=pl.len() - 1,
        last_purchase_age_days=(pl.col("at").max() - pl.col("at").min()).cast(pl.Float64),
        observed_days=(365 - pl.col("at").min()).cast(pl.Float64),
        first_order_on=(pl.lit(date(2024, 6, 30)) + pl.duration(days=pl.col("at").min())).cast(pl.Date),
        repeat_ages_days=(pl.col("at").sort() - pl.col("at").min()).slice(1).cast(pl.Float64),
    ).sort("customer_id")
    spend = pl.Series(rng.gamma(4.0, 10.0, len(features)))
    features = features.with_columns(mean_repeat_value=pl.when(pl.col("repeat_purchases") > 0).then(spend))
    after = bought.filter(pl.col("at") > 365).group_by("customer_id").agg(holdout_purchases=pl.len())
    outcomes = features.select("customer_id").join(after, on="customer_id", how="left", maintain_order="left")
    outcomes = outcomes.with_columns(
        pl.col("holdout_purchases").fill_null(0), holdout_days=90.0, holdout_mean_value=pl.when(pl.col("holdout_purchases") > 0).then(spend)
    )
    day = (pl.lit(date(2024, 6, 30)) + pl.duration(days="at")).cast(pl.Date)
    return features, outcomes, bought.select("customer_id", day=day)


def contracts(n: int = 400) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spells, and the state of the running ones 90 days later."""
    rng = np.random.default_rng(2)
    direct = rng.integers(0, 2, n)
    lifetime, watched = np.ceil(rng.exponential(300 * (1 + direct))), rng.integers(30, 700, n)
    spells = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(n)],
            "duration_days": np.minimum(lifetime, watched).astype(float),
            "event": lifetime <= watched,
            "pays_by_direct_debit": direct.astype(float),
            "monthly_amount": rng.gamma(4, 10, n),
            "plan": np.where(direct == 1, "a", "b"),
        }
    )
    until = np.minimum(lifetime, watched + 90.0)
    return spells, spells.select("customer_id", duration_days=pl.Series(until), event=pl.Series(lifetime <= watched + 90))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_purchase_models(language: str) -> None:
    features, outcomes, purchases = customers()
    model = BgNbd().fit(features, as_of=DAY)
    alone = diagnostic_figures(model, features, language=language)
    assert list(alone) == ["frequency_histogram", "alive_surface", "spread_of_purchase_rate", "spread_of_leaving_probability"]
    whole = diagnostic_figures(model, features, outcomes=outcomes, purchases=purchases, language=language)
    more = ["cumulative_purchases", "purchases_over_time", "purchases_by_frequency", "decile_calibration", "concentration"]
    assert list(whole) == [*alone, *more]
    for figure in whole.values():
        assert isinstance(figure, Figure)
        figure.canvas.draw()
    days = Text("purchases in 90 days", "achats en 90 jours")[language]
    assert whole["decile_calibration"].axes[0].get_ylabel().endswith(days)


@pytest.mark.parametrize(
    "name", [name for name in catalogue.families()["lifetime_value"] if name.endswith("nbd") and not catalogue.settings_class(name).is_bar]
)
def test_every_model_of_purchases_is_drawn(name: str) -> None:
    """If nobody can leave there is no surface of P(alive)."""
    features, outcomes, purchases = customers()
    drawn = diagnostic_figures(catalogue.make(name).fit(features, as_of=DAY), features, outcomes=outcomes, purchases=purchases)
    assert ("alive_surface" in drawn) == (name != "lifetime_value.nbd")
    assert len(drawn) == 7 + 2 * ("alive_surface" in drawn) + ("season" in drawn)
    assert ("season" in drawn) == (name == "lifetime_value.time_varying_pareto_nbd")
    for figure in drawn.values():
        figure.canvas.draw()


def test_spend_model() -> None:
    features, outcomes, _ = customers()
    model = GammaGamma().fit(features, as_of=DAY)
    assert list(diagnostic_figures(model, features)) == ["spend_distribution"]
    whole = diagnostic_figures(model, features, outcomes=outcomes, currency="USD")
    assert list(whole) == ["spend_distribution", "decile_calibration"]
    whole["spend_distribution"].canvas.draw()
    assert any("$" in label.get_text() for label in whole["spend_distribution"].axes[0].get_xticklabels())
    nobody = outcomes.with_columns(holdout_mean_value=pl.lit(None, pl.Float64))
    assert list(diagnostic_figures(model, features, outcomes=nobody)) == ["spend_distribution"]


def test_survival_models() -> None:
    spells, outcomes = contracts()
    plain, by = KaplanMeier().fit(spells, as_of=DAY), KaplanMeier(by="plan").fit(spells, as_of=DAY)
    assert list(diagnostic_figures(plain, spells)) == ["survival"]
    assert list(diagnostic_figures(by, spells, outcomes=outcomes)) == ["survival", "survival_by_stratum", "calibration"]
    renewals = ShiftedBetaGeometric().fit(spells, as_of=DAY)
    own = ["retention", "contracts_left", "renewals_to_come"]
    assert list(diagnostic_figures(renewals, spells)) == own
    assert list(diagnostic_figures(renewals, spells, outcomes=outcomes)) == [*own, "calibration"]
    running = spells.filter(pl.col("event") == 0)
    assert list(diagnostic_figures(renewals, running, learnt=spells, outcomes=outcomes)) == [*own, "calibration"]
    cox = Cox(covariates=("pays_by_direct_debit", "monthly_amount")).fit(spells, as_of=DAY)
    assert list(diagnostic_figures(cox, spells)) == ["hazard_ratios", "baseline"]
    assert list(diagnostic_figures(cox, spells, outcomes=outcomes)) == ["hazard_ratios", "baseline", "calibration"]


def test_a_model_that_names_no_figures_has_none() -> None:
    silent: Any = SimpleNamespace(name="survival.cox", settings=SimpleNamespace(figures=()))
    assert diagnostic_figures(silent, pl.DataFrame()) == {}


def test_a_figure_that_nobody_draws_is_refused() -> None:
    boastful: Any = SimpleNamespace(name="survival.cox", settings=SimpleNamespace(figures=("hazard_ratio",)))
    with pytest.raises(ParameterError, match=r"survival.cox: unknown figure 'hazard_ratio'; did you mean 'hazard_ratios'"):
        diagnostic_figures(boastful, pl.DataFrame())


@pytest.mark.parametrize("name", catalogue.names())
def test_the_binding_of_its_family_draws_every_figure_that_a_model_names(name: str) -> None:
    figures = catalogue.settings_class(name).figures
    assert figures
    assert set(figures) <= set(binding(name).figures)


def test_no_figure_is_known_to_pyplot() -> None:
    program = """
from datetime import date
import polars as pl
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.families.bindings import diagnostic_figures
spells = pl.DataFrame({"duration_days": [1.0, 2.0, 3.0], "event": [True, True, False]})
figures = diagnostic_figures(KaplanMeier().fit(spells, as_of=date(2025, 6, 30)), spells)
import matplotlib.pyplot as plt
print(len(figures), plt.get_fignums())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["1", "[]\n"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["weibull", "log_normal", "log_logistic"])
def test_accelerated_failure_time_models(kind: str, language: str) -> None:
    """The fitted curve stays close to the observed one, late entries included; a covariate that stretches time is right of 1."""
    spells, outcomes = contracts(2000)
    late = spells.with_columns(entry_days=10.0 * (pl.int_range(pl.len()) % 20)).filter(pl.col("entry_days") < pl.col("duration_days"))
    model = catalogue.make(f"survival.{kind}_aft", {"covariates": ("pays_by_direct_debit",)})
    fitted = model.fit(late, as_of=DAY)
    drawn = diagnostic_figures(fitted, late, outcomes=outcomes, language=language)
    assert list(drawn) == ["fitted_survival", "time_ratios", "calibration"]
    observed, expected = drawn["fitted_survival"].axes[0].lines[:2]
    assert expected.get_label().startswith(Text("fitted", "ajust")[language])
    ages = np.arange(30, 500, 30)
    steps = np.interp(ages, *observed.get_data())
    np.testing.assert_allclose(np.interp(ages, *expected.get_data()), steps, atol=0.05 if kind == "weibull" else 0.1)
    ratio = drawn["time_ratios"].axes[0].collections[-1].get_offsets()[0][0]
    assert 1.5 < ratio < 2.6
    alone = catalogue.make(f"survival.{kind}_aft", {"covariates": ()}).fit(spells, as_of=DAY)
    assert list(diagnostic_figures(alone, spells, language=language)) == ["fitted_survival"]


@pytest.mark.parametrize(("name", "effects"), [("mixture_cure", "odds_of_leaving"), ("piecewise_exponential", "hazard_ratios")])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_models_of_stayers_and_of_stretches(name: str, effects: str, language: str) -> None:
    spells = leavers(3000, np.random.default_rng(3), x=0.5, z=-0.8, intercept=0.4, latency=5.0, log_rho=0.3)
    fitted = catalogue.make(f"survival.{name}", {"covariates": ("x", "z")}).fit(spells, as_of=DAY)
    drawn = diagnostic_figures(fitted, spells, language=language)
    assert list(drawn) == ["fitted_survival", effects]
    observed, expected = drawn["fitted_survival"].axes[0].lines[:2]
    ages = np.arange(30, 700, 30)
    np.testing.assert_allclose(np.interp(ages, *expected.get_data()), np.interp(ages, *observed.get_data()), atol=0.05)
    z, x = (drawn[effects].axes[0].collections[-1].get_offsets()[row][0] for row in (0, 1))
    assert z < 1 < x


def test_the_observed_curve_is_that_of_the_contracts_learnt_from() -> None:
    """The contracts judged were all running: nothing is observed of them."""
    spells, outcomes = contracts(600)
    fitted = catalogue.make("survival.weibull_aft", {"covariates": ("monthly_amount",)}).fit(spells, as_of=DAY)
    running = spells.filter(~pl.col("event"))
    drawn = diagnostic_figures(fitted, running, learnt=spells, outcomes=outcomes)
    assert list(drawn) == ["fitted_survival", "time_ratios", "calibration"]
    assert drawn["fitted_survival"].axes[0].lines[0].get_ydata()[-1] < 0.9


def test_a_fit_to_intervals_has_no_observed_curve_and_weights_count_in_both() -> None:
    spells, _ = contracts(600)
    model = catalogue.make("survival.weibull_aft", {"covariates": ("monthly_amount",), "lower_column": "low", "upper_column": "high"})
    seen = spells.with_columns(low="duration_days", high=pl.when("event").then("duration_days"))
    assert list(diagnostic_figures(model.fit(seen, as_of=DAY), seen.drop("duration_days", "event"))) == ["time_ratios"]
    doubled = spells.with_columns(weight=pl.when(pl.col("plan") == "a").then(2.0).otherwise(1.0))
    weighted = catalogue.make("survival.weibull_aft", {"covariates": ("monthly_amount",), "weight_column": "weight"})
    twice = pl.concat([spells, spells.filter(pl.col("plan") == "a")])
    plain = catalogue.make("survival.weibull_aft", {"covariates": ("monthly_amount",)})
    one, other = (fitted_curve(m.fit(frame, as_of=DAY), frame) for m, frame in ((weighted, doubled), (plain, twice)))
    np.testing.assert_allclose(one.survival, other.survival, rtol=1e-6)
    np.testing.assert_allclose(one.observed.survival, other.observed.survival, rtol=1e-9)

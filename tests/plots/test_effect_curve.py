"""Non-linear effects: the drawn curve is the model's, with the band of its covariance."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.families.bindings import diagnostic_figures
from relkit.models import catalogue
from relkit.models.covariates import Covariate
from relkit.models.survival.cox import Cox
from relkit.models.survival.diagnostics import hazard_curves, hazard_ratios
from relkit.models.survival.effects import EffectCurve, effect_curves, effect_ratios
from relkit.plots.effect_curve import plot_effect
from relkit.texts import LANGUAGES

DAY = date(2025, 6, 30)


def people(n: int = 1_500) -> pl.DataFrame:
    """Contracts that end sooner far from an amount of 50; a fifth of them never end."""
    rng = np.random.default_rng(8)
    amount, visits = rng.gamma(5.0, 10.0, n), rng.normal(3.0, 1.0, n)
    risk = ((amount - 50) / 40) ** 2 - 0.2 * (visits - 3)
    ends = np.where(rng.random(n) < 0.2, np.inf, 300 * (rng.exponential(size=n) * np.exp(-risk)) ** 0.7 + 1)
    stop = rng.uniform(200, 1500, n)
    return pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(n)],
            "duration_days": np.minimum(ends, stop),
            "event": ends <= stop,
            "end_reason": np.where(ends <= stop, rng.choice(["voluntary", "move"], n), None),
            "amount": amount,
            "visits": pl.Series(np.where(rng.random(n) < 0.2, np.nan, visits)).fill_nan(None),
        }
    )


PEOPLE = people()
BENT = {"covariates": ("amount", "visits"), "splines": {"amount": 3}, "missing": "indicator"}


def test_a_curve_is_the_hazard_ratio_of_customers_who_differ_in_one_thing() -> None:
    """At each value: the ratio of `hazard_ratio`, relative to that of a customer at the mean."""
    fitted = Cox(**BENT).fit(PEOPLE, as_of=DAY)  # type: ignore[arg-type]
    (curve,) = hazard_curves(fitted)
    assert (curve.covariate, curve.kind, curve.level) == ("amount", "hazard", 0.95)
    assert (curve.values[0], curve.values[-1]) == pytest.approx(np.quantile(PEOPLE["amount"], [0.05, 0.95]))
    shown = PEOPLE.head(len(curve.values)).with_columns(amount=pl.Series(curve.values), visits=pl.lit(3.0))
    at_mean = fitted.hazard_ratio(shown.with_columns(amount=pl.lit(curve.mean)))
    np.testing.assert_allclose(curve.ratio, fitted.hazard_ratio(shown) / at_mean, rtol=1e-10)
    assert (curve.lower <= curve.ratio).all() and (curve.ratio <= curve.upper).all()  # noqa: PT018
    # Of a line, the band is the coefficient's interval times the distance from the mean.
    straight = Covariate(name="age", mean=40.0, spread=10.0)
    ratios = effect_ratios([straight], np.array([0.02]), np.array([0.01]), 0.9)
    assert (ratios.ratio[0], ratios.upper[0]) == pytest.approx((np.exp(0.2), np.exp(0.2 + 1.6448536269514722 * 0.1)))
    assert effect_curves([straight], np.array([0.02]), np.array([[1e-4]]), 0.9, kind="hazard") == ()


def test_the_band_is_that_of_the_coefficients() -> None:
    """The variance of the log ratio, computed from the matrix of two customers and the covariance of all coefficients."""
    fitted = Cox(**BENT).fit(PEOPLE, as_of=DAY)  # type: ignore[arg-type]
    (curve,) = hazard_curves(fitted)
    from relkit.models.covariates import matrix

    pair = pl.DataFrame({"amount": [float(curve.values[30]), curve.mean], "visits": [3.0, 3.0]})
    difference = np.subtract(*matrix(pair, fitted.covariates))
    error = np.sqrt(difference @ fitted.covariance @ difference)
    assert np.log(curve.upper[30] / curve.ratio[30]) == pytest.approx(1.959963984540054 * error, rel=1e-9)


def test_columns_that_bend_are_in_no_forest() -> None:
    ratios = hazard_ratios(Cox(**BENT).fit(PEOPLE, as_of=DAY))  # type: ignore[arg-type]
    assert set(ratios.terms) == {"visits", "visits is empty"}
    assert dict(zip(ratios.terms, ratios.is_flag.tolist(), strict=True)) == {"visits": False, "visits is empty": True}


@pytest.mark.parametrize(
    ("name", "more", "drawn"),
    [
        ("cox", {}, ["hazard_ratios", "effect_amount", "baseline"]),
        ("weibull_aft", {}, ["fitted_survival", "time_ratios", "effect_amount"]),
        ("piecewise_exponential", {}, ["fitted_survival", "hazard_ratios", "effect_amount"]),
        (
            "mixture_cure",
            {"latency_covariates": ("amount",)},
            ["fitted_survival", "odds_of_leaving", "effect_amount", "effect_amount_on_time"],
        ),
        ("discrete_hazard", {}, ["hazard_by_period", "odds_ratios", "effect_amount"]),
        ("discrete_hazard", {"link": "cloghlog"}, ["hazard_by_period", "hazard_ratios", "effect_amount"]),
        (
            "discrete_competing_risks",
            {},
            [
                *("hazard_by_period_move", "hazard_by_period_voluntary", "odds_ratios_move", "effect_amount_move"),
                *("odds_ratios_voluntary", "effect_amount_voluntary"),
            ],
        ),
        ("cox", {"covariates": ("amount",)}, ["effect_amount", "baseline"]),
    ],
)
def test_every_regression_draws_its_bends(name: str, more: dict[str, Any], drawn: list[str]) -> None:
    fitted = catalogue.make(f"survival.{name}", BENT | more).fit(PEOPLE, as_of=DAY)
    figures = diagnostic_figures(fitted, PEOPLE)
    assert sorted(figures) == sorted(drawn)
    labels = [figures[figure].axes[0].get_ylabel() for figure in drawn if figure.startswith("effect_")]
    of = {"weibull_aft": "Time", "cox": "Hazard", "piecewise_exponential": "Hazard"}.get(name, "Hazard" if "link" in more else "Odds")
    assert labels[0] == f"{of} ratio (log scale)"
    assert labels[1:] in ([], ["Time ratio (log scale)"], ["Odds ratio (log scale)"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["hazard", "time", "odds", "leaving"])
def test_a_curve_is_drawn_in_both_languages(language: str, kind: Any) -> None:
    values = np.linspace(10.0, 90.0, 5)
    ratio = np.array([1.5, 1.1, 1.0, 1.2, 1.8])
    curve = EffectCurve("amount", kind, values, ratio, ratio * 0.8, ratio / 0.8, 50.0, (10.0, 40.0, 90.0), 0.95)
    ax = plot_effect(curve, language=language, cause="move")
    assert ax.lines[1].get_xydata().tolist() == np.column_stack([values, ratio]).tolist()
    assert ax.get_title(loc="left").endswith("amount goes with an earlier end: move" if (language, kind) == ("en", "hazard") else ": move")
    assert ax.lines[3].get_xdata().tolist() == [10.0, 40.0, 90.0]
    low, high = ax.get_ylim()
    assert low < ratio.min() * 0.8
    assert high > ratio.max() / 0.8
    legend = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    assert ("50.0" in legend) == (language == "en")
    assert ("50,0" in legend) == (language == "fr")

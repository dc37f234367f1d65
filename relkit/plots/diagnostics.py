"""The plots that go with a fitted model, by its name: what a run of `relkit fit` keeps beside its numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.metrics.ranking import decile_lift, lorenz_curve
from relkit.models.lifetime_value import diagnostics as value_diagnostics
from relkit.models.lifetime_value.heterogeneity import spreads
from relkit.models.lifetime_value.purchases import meet_outcomes
from relkit.models.lifetime_value.regularity import interval_shares
from relkit.models.lifetime_value.retention import retention_curves
from relkit.models.lifetime_value.season import season_curve
from relkit.models.survival.diagnostics import baseline_rates, hazard_curves, hazard_ratios
from relkit.models.survival.fitted_curves import (
    fitted_curve,
    leaving_curves,
    odds_of_leaving,
    rate_curves,
    rate_ratios,
    time_curves,
    time_ratios,
)
from relkit.models.survival.judging import Forecasts
from relkit.models.survival.period_diagnostics import (
    coefficient_curves,
    coefficient_ratios,
    curves_by_cause,
    period_rates,
    period_rates_by_cause,
    rates_of,
    ratios_by_cause,
)
from relkit.plots import covariate_effects, heterogeneity, lifetime_value, period_hazard, regularity, retention, survival
from relkit.plots.effect_curve import plot_effect
from relkit.plots.fitted_survival import plot_fitted_survival, plot_odds_of_leaving, plot_time_ratios
from relkit.plots.order_probability import plot_order_probability
from relkit.plots.season import plot_season
from relkit.plots.style import figure_of, number
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from relkit.models.base import Fitted
    from relkit.models.covariates import Ratios
    from relkit.models.survival.effects import EffectCurve

MOST_CURVES = 6
"""Strata drawn in one plot, the largest first."""


class _Given(NamedTuple):
    """What the plots of a model are drawn from."""

    features: pl.DataFrame
    learnt: pl.DataFrame
    outcomes: pl.DataFrame | None
    purchases: pl.DataFrame | None
    currency: str
    language: str


def diagnostic_figures(
    fitted: Fitted,
    features: pl.DataFrame,
    *,
    learnt: pl.DataFrame | None = None,
    outcomes: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    currency: str = "EUR",
    language: str = "en",
) -> dict[str, Figure]:
    """Return the diagnostic figures of a model by name; those that need what is not given are left out.

    No figure is known to pyplot: it is gone when the caller lets go of it.

    Args:
        fitted: a fitted model; one whose family has no plots gives none.
        features: as of the fit; with outcomes, those that are judged.
        learnt: what the model was fitted to, where that is more than is judged: contracts that had ended are learnt from only.
        outcomes: what happened on a holdout that follows it, as `Model.judge` takes it.
        purchases: customer_id, day of all purchases, the holdout's included, for the tracking of purchases over time.
        currency: ISO code of money.
        language: en or fr.
    """
    draw = _BY_NAME.get(fitted.name)
    if draw is None:
        return {}
    axes = draw(fitted, _Given(features, features if learnt is None else learnt, outcomes, purchases, currency, language))
    return {name: figure_of(ax) for name, ax in axes.items()}


def order_figures(fitted: Any, *, language: str = "en") -> dict[str, Figure]:
    """Return the figure of what a holdout taught of the probability of an order; none of a model that had no such holdout."""
    found = getattr(fitted, "order_calibration", None)
    return {} if found is None else {"order_probability": figure_of(plot_order_probability(found, language=language))}


def _purchases(fitted: Any, given: _Given) -> dict[str, Axes]:
    histogram = value_diagnostics.frequency_histogram(fitted, given.features)
    drawn = {"frequency_histogram": lifetime_value.plot_frequency_histogram(histogram, language=given.language)}
    if fitted.name == "lifetime_value.bg_bb":
        surface = value_diagnostics.opportunity_surface(fitted, given.features)
        drawn["alive_surface"] = lifetime_value.plot_alive_surface(surface, language=given.language)
    elif fitted.name != "lifetime_value.nbd":  # in which nobody leaves
        surface = value_diagnostics.alive_surface(fitted, given.features)
        drawn["alive_surface"] = lifetime_value.plot_alive_surface(surface, language=given.language)
    drawn |= {f"spread_of_{spread.of}": heterogeneity.plot_spread(spread, language=given.language) for spread in spreads(fitted)}
    if getattr(fitted, "covariates", ()):
        ratios = value_diagnostics.effect_ratios(fitted)
        drawn["rate_ratios"] = covariate_effects.plot_rate_ratios(ratios, language=given.language)
    if given.purchases is not None:
        until = given.purchases["day"].max()
        tracking = value_diagnostics.purchase_tracking(fitted, given.purchases, until=until, features=given.features)  # type: ignore[arg-type]
        drawn["cumulative_purchases"] = lifetime_value.plot_cumulative_purchases(tracking, language=given.language)
        drawn["purchases_over_time"] = lifetime_value.plot_purchases_over_time(tracking, language=given.language)
    if given.outcomes is not None:
        by_frequency = value_diagnostics.purchases_by_frequency(fitted, given.features, given.outcomes)
        drawn["purchases_by_frequency"] = lifetime_value.plot_purchases_by_frequency(by_frequency, language=given.language)
        drawn |= _purchase_deciles(fitted, given, given.outcomes)
    return drawn


def _regular_purchases(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = _purchases(fitted, given)
    try:
        shares = interval_shares(given.features, k=(1, max(fitted.k, 2), max(fitted.k, 2) + 2))
    except NotEnoughEventsError:  # too few customers bought three times
        return drawn
    return drawn | {"interval_shares": regularity.plot_interval_shares(shares, language=given.language)}


def _purchase_deciles(fitted: Any, given: _Given, outcomes: pl.DataFrame) -> dict[str, Axes]:
    both = meet_outcomes(given.features, outcomes, ("holdout_purchases", "holdout_days"))
    days = float(both["holdout_days"][0])
    actual, expected = both["holdout_purchases"].to_numpy(), fitted.expected_purchases(both, days)
    deciles, unit = decile_lift(actual, expected, bins=min(10, len(both))), Text("purchases in {} days", "achats en {} jours")
    said = unit[given.language].format(number(days, given.language))
    curve = lorenz_curve(actual, expected)
    return {
        "decile_calibration": lifetime_value.plot_decile_calibration(deciles, unit=said, language=given.language),
        "concentration": lifetime_value.plot_concentration(curve, of="purchases", language=given.language),
    }


def _time_varying(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = _purchases(fitted, given)
    if fitted.settings.season_harmonics:
        drawn["season"] = plot_season(season_curve(fitted), language=given.language)
    return drawn


def _gamma_gamma(fitted: Any, given: _Given) -> dict[str, Axes]:
    spend = value_diagnostics.spend_distribution(fitted, given.features)
    drawn = {"spend_distribution": lifetime_value.plot_spend_distribution(spend, currency=given.currency, language=given.language)}
    if given.outcomes is None:
        return drawn
    both = meet_outcomes(given.features, given.outcomes, ("holdout_mean_value",)).filter(pl.col("holdout_mean_value") > 0)
    if len(both):
        actual, expected = both["holdout_mean_value"].to_numpy(), fitted.expected_order_value(both)
        deciles = decile_lift(actual, expected, bins=min(10, len(both)))
        drawn["decile_calibration"] = lifetime_value.plot_decile_calibration(deciles, currency=given.currency, language=given.language)
    return drawn


def _renewals(fitted: Any, given: _Given) -> dict[str, Axes]:
    curves = retention_curves(fitted, given.learnt)
    drawn = {
        "retention": retention.plot_retention(curves, language=given.language),
        "contracts_left": retention.plot_contracts_left(curves, language=given.language),
        "renewals_to_come": retention.plot_renewals_to_come(curves, language=given.language),
    }
    return drawn | _calibration(fitted, given)


def _kaplan_meier(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = {"survival": survival.plot_survival(fitted.curve(), language=given.language)}
    strata = fitted.strata.drop_nulls("stratum").sort("rows", descending=True).head(MOST_CURVES)["stratum"]
    if len(strata):
        curves = {value: fitted.curve(value) for value in strata}
        drawn["survival_by_stratum"] = survival.plot_survival(curves, language=given.language)
    return drawn | _calibration(fitted, given)


def _cox(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = _effects(hazard_ratios(fitted), hazard_curves(fitted), given, {"hazard_ratios": survival.plot_hazard_ratios})
    drawn["baseline"] = survival.plot_baseline(baseline_rates(fitted), language=given.language)
    return drawn | _calibration(fitted, given)


def _effects(
    ratios: Ratios, curves: Iterable[EffectCurve], given: _Given, forest: Mapping[str, Callable[..., Axes]], *, cause: str = ""
) -> dict[str, Axes]:
    """Return the forest of ratios under its name, where there are some, and a curve for each covariate that bends."""
    of_cause, end = ({"cause": cause}, f"_{_file_name(cause)}") if cause else ({}, "")
    drawn = {f"{name}{end}": plot(ratios, language=given.language, **of_cause) for name, plot in forest.items() if ratios.terms}
    for curve in curves:
        name = f"effect_{_file_name(curve.covariate)}{end}"
        drawn[f"{name}_on_{curve.kind}" if name in drawn else name] = plot_effect(curve, language=given.language, cause=cause)
    return drawn


def _fitted_survival(
    fitted: Any, given: _Given, ratios: Ratios, curves: Iterable[EffectCurve], forest: Mapping[str, Callable[..., Axes]]
) -> dict[str, Axes]:
    drawn = {}
    if {"duration_days", "event"} <= set(given.learnt.columns):  # a fit to intervals has no observed curve
        drawn["fitted_survival"] = plot_fitted_survival(fitted_curve(fitted, given.learnt), language=given.language)
    return drawn | _effects(ratios, curves, given, forest) | _calibration(fitted, given)


def _accelerated(fitted: Any, given: _Given) -> dict[str, Axes]:
    return _fitted_survival(fitted, given, time_ratios(fitted), time_curves(fitted), {"time_ratios": plot_time_ratios})


def _cured(fitted: Any, given: _Given) -> dict[str, Axes]:
    return _fitted_survival(fitted, given, odds_of_leaving(fitted), leaving_curves(fitted), {"odds_of_leaving": plot_odds_of_leaving})


def _piecewise(fitted: Any, given: _Given) -> dict[str, Axes]:
    return _fitted_survival(fitted, given, rate_ratios(fitted), rate_curves(fitted), {"hazard_ratios": survival.plot_hazard_ratios})


def _boosted_hazard(fitted: Any, given: _Given) -> dict[str, Axes]:
    rates = rates_of(fitted, fitted.ended, fitted.stayed, fitted.hazard_by_level, of_mean=False)
    drawn = {"hazard_by_period": period_hazard.plot_period_hazard(rates, language=given.language)}
    drawn["importance"] = period_hazard.plot_importance(fitted.summary(), language=given.language)
    return drawn | _calibration(fitted, given)


def _competing_risks(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = {
        f"hazard_by_period_{_file_name(cause)}": period_hazard.plot_period_hazard(rates, cause=cause, language=given.language)
        for cause, rates in period_rates_by_cause(fitted).items()
    }
    curves = curves_by_cause(fitted)
    for cause, ratios in ratios_by_cause(fitted).items():
        drawn |= _effects(ratios, curves[cause], given, {"odds_ratios": period_hazard.plot_odds_ratios}, cause=cause)
    return drawn | _calibration(fitted, given)


def _causes_of_ends(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn: dict[str, Axes] = {}
    for cause in fitted.causes:
        own = fitted.of(cause)
        drawn |= _effects(hazard_ratios(own), hazard_curves(own), given, {"hazard_ratios": survival.plot_hazard_ratios}, cause=cause)
        drawn[f"baseline_{_file_name(cause)}"] = survival.plot_baseline(baseline_rates(own), cause=cause, language=given.language)
    return drawn | _calibration(fitted, given)


def _subdistribution(fitted: Any, given: _Given) -> dict[str, Axes]:
    forest = {"subdistribution_ratios": survival.plot_subdistribution_ratios}
    drawn = _effects(hazard_ratios(fitted), hazard_curves(fitted), given, forest, cause=fitted.settings.cause)
    return drawn | _calibration(fitted, given)


def _file_name(cause: str) -> str:
    """Return a cause, which may be any text, as part of the name of a figure."""
    return re.sub(r"\W+", "_", cause).strip("_").lower() or "unnamed"


def _discrete_hazard(fitted: Any, given: _Given) -> dict[str, Axes]:
    drawn = {"hazard_by_period": period_hazard.plot_period_hazard(period_rates(fitted), language=given.language)}
    odds = fitted.settings.link == "logit"
    forest = {"odds_ratios": period_hazard.plot_odds_ratios} if odds else {"hazard_ratios": survival.plot_hazard_ratios}
    drawn |= _effects(coefficient_ratios(fitted), coefficient_curves(fitted), given, forest)
    return drawn | _calibration(fitted, given)


def _calibration(fitted: Any, given: _Given) -> dict[str, Axes]:
    if given.outcomes is None:
        return {}
    found = Forecasts.of(fitted, given.features, given.outcomes).calibration()
    return {"calibration": survival.plot_calibration(found, language=given.language)}


_BY_NAME: dict[str, Callable[[Any, _Given], dict[str, Axes]]] = {
    "lifetime_value.beta_discrete_weibull": _renewals,
    "lifetime_value.bg_bb": _purchases,
    "lifetime_value.bg_nbd": _purchases,
    "lifetime_value.gamma_gamma": _gamma_gamma,
    "lifetime_value.mbg_cnbd_k": _regular_purchases,
    "lifetime_value.mbg_nbd": _purchases,
    "lifetime_value.nbd": _purchases,
    "lifetime_value.pareto_nbd": _purchases,
    "lifetime_value.shifted_beta_geometric": _renewals,
    "lifetime_value.time_varying_pareto_nbd": _time_varying,
    "survival.kaplan_meier": _kaplan_meier,
    "survival.log_logistic_aft": _accelerated,
    "survival.log_normal_aft": _accelerated,
    "survival.mixture_cure": _cured,
    "survival.piecewise_exponential": _piecewise,
    "survival.weibull_aft": _accelerated,
    "survival.cause_specific_cox": _causes_of_ends,
    "survival.cox": _cox,
    "survival.cox_time_varying": _cox,
    "survival.fine_gray": _subdistribution,
    "survival.boosted_hazard": _boosted_hazard,
    "survival.discrete_competing_risks": _competing_risks,
    "survival.discrete_hazard": _discrete_hazard,
}

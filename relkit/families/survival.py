"""The life of contracts: the inputs of its models and their figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from relkit.families.binding import Binding, Given, file_name
from relkit.families.inputs import Drawn, ModelInputs
from relkit.features import snapshot_spells, snapshot_versions
from relkit.features.contract_versions import contract_versions
from relkit.features.snapshot_covariates import declined_covariates
from relkit.features.snapshot_covariates import usable_covariates as usable_attributes
from relkit.features.snapshot_remarks import remarks
from relkit.features.spells import contract_spells, main_contracts, spell_outcomes, usable_covariates
from relkit.models.survival.diagnostics import baseline_rates, hazard_curves, hazard_ratios
from relkit.models.survival.family import CONTRACT_VERSIONS, SNAPSHOT_VERSIONS, SNAPSHOTS, SPELLS
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from matplotlib.axes import Axes

    from relkit.models.covariates import Ratios
    from relkit.models.survival.effects import EffectCurve

MOST_CURVES = 6
"""Strata drawn in one plot, the largest first."""


def calibration(fitted: Any, given: Given) -> dict[str, Axes]:
    """Draw forecast and observed ends on the holdout; nothing if there was none."""
    from relkit.plots.survival import plot_calibration

    if given.outcomes is None:
        return {}
    found = Forecasts.of(fitted, given.features, given.outcomes).calibration()
    return {"calibration": plot_calibration(found, language=given.language)}


def _survival(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_survival

    drawn = {"survival": plot_survival(fitted.curve(), language=given.language)}
    strata = fitted.strata.drop_nulls("stratum").sort("rows", descending=True).head(MOST_CURVES)["stratum"]
    if len(strata):
        curves = {value: fitted.curve(value) for value in strata}
        drawn["survival_by_stratum"] = plot_survival(curves, language=given.language)
    return drawn


def _effects(
    ratios: Ratios, curves: Iterable[EffectCurve], given: Given, forest: Mapping[str, Callable[..., Axes]], *, cause: str = ""
) -> dict[str, Axes]:
    """Return the forest plot of ratios under its name, if there are any, and a curve for each nonlinear covariate."""
    from relkit.plots.effect_curve import plot_effect

    of_cause, end = ({"cause": cause}, f"_{file_name(cause)}") if cause else ({}, "")
    drawn = {f"{name}{end}": plot(ratios, language=given.language, **of_cause) for name, plot in forest.items() if ratios.terms}
    for curve in curves:
        name = f"effect_{file_name(curve.covariate)}{end}"
        drawn[f"{name}_on_{curve.kind}" if name in drawn else name] = plot_effect(curve, language=given.language, cause=cause)
    return drawn


def _hazard_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_hazard_ratios

    return _effects(hazard_ratios(fitted), hazard_curves(fitted), given, {"hazard_ratios": plot_hazard_ratios})


def _baseline(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_baseline

    return {"baseline": plot_baseline(baseline_rates(fitted), language=given.language)}


def _hazard_ratios_by_cause(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_baseline, plot_hazard_ratios

    drawn: dict[str, Axes] = {}
    for cause in fitted.causes:
        own = fitted.of(cause)
        drawn |= _effects(hazard_ratios(own), hazard_curves(own), given, {"hazard_ratios": plot_hazard_ratios}, cause=cause)
        drawn[f"baseline_{file_name(cause)}"] = plot_baseline(baseline_rates(own), cause=cause, language=given.language)
    return drawn


def _subdistribution_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_subdistribution_ratios

    forest = {"subdistribution_ratios": plot_subdistribution_ratios}
    return _effects(hazard_ratios(fitted), hazard_curves(fitted), given, forest, cause=fitted.settings.cause)


def _fitted_survival(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.fitted_survival import plot_fitted_survival

    if not {"duration_days", "event"} <= set(given.learnt.columns):  # a fit to intervals has no observed curve
        return {}
    return {"fitted_survival": plot_fitted_survival(fitted_curve(fitted, given.learnt), language=given.language)}


def _time_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.fitted_survival import plot_time_ratios

    return _effects(time_ratios(fitted), time_curves(fitted), given, {"time_ratios": plot_time_ratios})


def _odds_of_leaving(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.fitted_survival import plot_odds_of_leaving

    return _effects(odds_of_leaving(fitted), leaving_curves(fitted), given, {"odds_of_leaving": plot_odds_of_leaving})


def _rate_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.survival import plot_hazard_ratios

    return _effects(rate_ratios(fitted), rate_curves(fitted), given, {"hazard_ratios": plot_hazard_ratios})


def _boosted_hazard(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_period_hazard

    rates = rates_of(fitted, fitted.ended, fitted.stayed, fitted.hazard_by_level, of_mean=False)
    return {"hazard_by_period": plot_period_hazard(rates, language=given.language)}


def _importance(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_importance

    return {"importance": plot_importance(fitted.summary(), language=given.language)}


def _hazards_by_cause(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_period_hazard

    return {
        f"hazard_by_period_{file_name(cause)}": plot_period_hazard(rates, cause=cause, language=given.language)
        for cause, rates in period_rates_by_cause(fitted).items()
    }


def _odds_ratios_by_cause(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_odds_ratios

    drawn: dict[str, Axes] = {}
    curves = curves_by_cause(fitted)
    for cause, ratios in ratios_by_cause(fitted).items():
        drawn |= _effects(ratios, curves[cause], given, {"odds_ratios": plot_odds_ratios}, cause=cause)
    return drawn


def _hazard_by_period(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_period_hazard

    return {"hazard_by_period": plot_period_hazard(period_rates(fitted), language=given.language)}


def _period_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.period_hazard import plot_odds_ratios
    from relkit.plots.survival import plot_hazard_ratios

    odds = fitted.settings.link == "logit"
    forest = {"odds_ratios": plot_odds_ratios} if odds else {"hazard_ratios": plot_hazard_ratios}
    return _effects(coefficient_ratios(fitted), coefficient_curves(fitted), given, forest)


_OF_SPELLS = ModelInputs(
    reading=SPELLS,
    learnt=contract_spells,
    outcomes=spell_outcomes,
    one_each=main_contracts,
    choices={"covariates": usable_covariates},
)
_OF_SNAPSHOTS = ModelInputs(
    reading=SNAPSHOTS,
    learnt=snapshot_spells.snapshot_spells,
    outcomes=snapshot_spells.snapshot_outcomes,
    one_each=snapshot_spells.scored_contracts,
    choices={"covariates": usable_attributes},
    declined={"covariates": declined_covariates},
    remarks=remarks,
    drawn=Drawn(to_learn=snapshot_spells.to_learn, to_judge=snapshot_spells.to_judge, holdout=snapshot_spells.drawn_holdout),
    is_there=snapshot_spells.has_snapshot_spells,
    undeclared="the mapping does not say which attributes of customer_snapshots are the tenure and the end (role)",
)
BINDING = Binding(
    inputs={
        SPELLS: _OF_SPELLS,
        CONTRACT_VERSIONS: replace(_OF_SPELLS, reading=CONTRACT_VERSIONS, learnt=contract_versions),
        SNAPSHOTS: _OF_SNAPSHOTS,
        SNAPSHOT_VERSIONS: replace(_OF_SNAPSHOTS, reading=SNAPSHOT_VERSIONS, learnt=snapshot_versions.snapshot_versions),
    },
    figures={
        "survival": _survival,
        "hazard_ratios": _hazard_ratios,
        "baseline": _baseline,
        "hazard_ratios_by_cause": _hazard_ratios_by_cause,
        "subdistribution_ratios": _subdistribution_ratios,
        "fitted_survival": _fitted_survival,
        "time_ratios": _time_ratios,
        "odds_of_leaving": _odds_of_leaving,
        "rate_ratios": _rate_ratios,
        "boosted_hazard": _boosted_hazard,
        "importance": _importance,
        "hazards_by_cause": _hazards_by_cause,
        "odds_ratios_by_cause": _odds_ratios_by_cause,
        "hazard_by_period": _hazard_by_period,
        "period_ratios": _period_ratios,
        "calibration": calibration,
    },
)

"""Customer value: the inputs of its models, their figures, and the lesson of a holdout for models of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.families import survival
from relkit.families.binding import Binding, Given
from relkit.families.inputs import ModelInputs
from relkit.features.calendar_events import declared_events
from relkit.features.purchase_days import purchase_days
from relkit.features.purchase_histories import purchase_histories
from relkit.features.purchases import holdout_purchases, purchase_features, purchase_summary
from relkit.metrics.ranking import decile_lift, lorenz_curve
from relkit.models.lifetime_value import diagnostics
from relkit.models.lifetime_value.family import HISTORIES, SUMMARIES
from relkit.models.lifetime_value.heterogeneity import spreads
from relkit.models.lifetime_value.judging import taught_by
from relkit.models.lifetime_value.origin_totals import totals_at
from relkit.models.lifetime_value.origin_values import order_value_at
from relkit.models.lifetime_value.origins import with_origins
from relkit.models.lifetime_value.past_forecasts import PastForecasts
from relkit.models.lifetime_value.past_remarks import remarks_on
from relkit.models.lifetime_value.purchases import meet_outcomes
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead
from relkit.models.lifetime_value.regularity import interval_shares
from relkit.models.lifetime_value.retention import retention_curves
from relkit.models.lifetime_value.season import season_curve
from relkit.texts import Text
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from relkit.models.lifetime_value.diagnostics import AliveSurface
    from relkit.remarks import Remark

_WHOLE = 1_000_000
"""Days that no holdout has: its outcomes are those of all of it."""


def _frequency_histogram(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_frequency_histogram

    histogram = diagnostics.frequency_histogram(fitted, given.features)
    return {"frequency_histogram": plot_frequency_histogram(histogram, language=given.language)}


def _alive_surface(fitted: Any, given: Given) -> dict[str, Axes]:
    return _surface(diagnostics.alive_surface(fitted, given.features), given)


def _opportunity_surface(fitted: Any, given: Given) -> dict[str, Axes]:
    return _surface(diagnostics.opportunity_surface(fitted, given.features), given)


def _surface(surface: AliveSurface, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_alive_surface

    return {"alive_surface": plot_alive_surface(surface, language=given.language)}


def _spreads(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.heterogeneity import plot_spread

    return {f"spread_of_{spread.of}": plot_spread(spread, language=given.language) for spread in spreads(fitted)}


def _rate_ratios(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.covariate_effects import plot_rate_ratios

    if not fitted.covariates:
        return {}
    return {"rate_ratios": plot_rate_ratios(diagnostics.effect_ratios(fitted), language=given.language)}


def _tracking(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_cumulative_purchases, plot_purchases_over_time

    if given.purchases is None:
        return {}
    until: Any = given.purchases["day"].max()
    tracking = diagnostics.purchase_tracking(fitted, given.purchases, until=until, features=given.features)
    return {
        "cumulative_purchases": plot_cumulative_purchases(tracking, language=given.language),
        "purchases_over_time": plot_purchases_over_time(tracking, language=given.language),
    }


def _purchases_by_frequency(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_purchases_by_frequency

    if given.outcomes is None:
        return {}
    found = diagnostics.purchases_by_frequency(fitted, given.features, given.outcomes)
    return {"purchases_by_frequency": plot_purchases_by_frequency(found, language=given.language)}


def _deciles(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_concentration, plot_decile_calibration
    from relkit.plots.style import number

    if given.outcomes is None:
        return {}
    both = meet_outcomes(given.features, given.outcomes, ("holdout_purchases", "holdout_days"))
    days = float(both["holdout_days"][0])
    actual, expected = both["holdout_purchases"].to_numpy(), fitted.expected_purchases(both, days)
    deciles, unit = decile_lift(actual, expected, bins=min(10, len(both))), Text("purchases in {} days", "achats en {} jours")
    horizon = unit[given.language].format(number(days, given.language))
    curve = lorenz_curve(actual, expected)
    return {
        "decile_calibration": plot_decile_calibration(deciles, unit=horizon, language=given.language),
        "concentration": plot_concentration(curve, of="purchases", language=given.language),
    }


def _interval_shares(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.regularity import plot_interval_shares

    try:
        shares = interval_shares(given.features, k=(1, max(fitted.k, 2), max(fitted.k, 2) + 2))
    except NotEnoughEventsError:  # too few customers bought three times
        return {}
    return {"interval_shares": plot_interval_shares(shares, language=given.language)}


def _season(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.season import plot_season

    if not fitted.settings.season_harmonics:
        return {}
    return {"season": plot_season(season_curve(fitted), language=given.language)}


def _pool_parts(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.pool_parts import plot_pool_parts

    return {"pool_parts": plot_pool_parts(fitted.knots, language=given.language)} if len(fitted.knots) else {}


def _spend_distribution(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_spend_distribution

    spend = diagnostics.spend_distribution(fitted, given.features)
    return {"spend_distribution": plot_spend_distribution(spend, currency=given.currency, language=given.language)}


def _order_value_deciles(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lifetime_value import plot_decile_calibration

    if given.outcomes is None:
        return {}
    both = meet_outcomes(given.features, given.outcomes, ("holdout_mean_value",)).filter(pl.col("holdout_mean_value") > 0)
    if both.is_empty():
        return {}
    actual, expected = both["holdout_mean_value"].to_numpy(), fitted.expected_order_value(both)
    deciles = decile_lift(actual, expected, bins=min(10, len(both)))
    return {"decile_calibration": plot_decile_calibration(deciles, currency=given.currency, language=given.language)}


def _retention(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.retention import plot_contracts_left, plot_renewals_to_come, plot_retention

    curves = retention_curves(fitted, given.learnt)
    return {
        "retention": plot_retention(curves, language=given.language),
        "contracts_left": plot_contracts_left(curves, language=given.language),
        "renewals_to_come": plot_renewals_to_come(curves, language=given.language),
    }


def _taught(fitted: Any, tried: Any, judged: pl.DataFrame, happened: Callable[[int], pl.DataFrame]) -> tuple[Any, dict[str, float]]:
    """Return a model of orders with the calibration of the order probability on the holdout, and its metrics.

    The model fitted before the holdout forecasts its first days, as many as the horizon of the scores. Its totals of these days and of
    the whole holdout become past forecasts, unless the model brings some of its own.
    """
    if not isinstance(fitted, PurchasesAhead):
        return fitted, {}
    found = taught_by(tried, judged, happened(HORIZON_DAYS))
    if fitted.past_forecasts is None:
        fitted = fitted.with_past_forecasts(_past_forecasts(tried, judged, happened))
    return (fitted, {}) if found is None else (fitted.with_calibration(found), found.metrics)


def _past_forecasts(tried: Any, judged: pl.DataFrame, happened: Callable[[int], pl.DataFrame]) -> PastForecasts:
    order_value = order_value_at(judged, tried.info.as_of)
    totals = {total.days: total for days in (HORIZON_DAYS, _WHOLE) for total in [totals_at(tried, judged, happened(days), order_value)]}
    return PastForecasts.of(totals.values())


def _order_probability(fitted: Any, language: str) -> dict[str, Axes]:
    from relkit.plots.order_probability import plot_order_probability

    if not isinstance(fitted, PurchasesAhead) or fitted.order_calibration is None:
        return {}
    return {"order_probability": plot_order_probability(fitted.order_calibration, language=language)}


def _order_sentences(fitted: Any) -> list[str]:
    if not isinstance(fitted, PurchasesAhead):
        return []
    return [fitted.order_calibration.sentence] if fitted.order_calibration else []


def _order_remarks(fitted: Any) -> tuple[Remark, ...]:
    if not isinstance(fitted, PurchasesAhead) or fitted.past_forecasts is None:
        return ()
    return remarks_on(fitted.past_forecasts, days=HORIZON_DAYS)


BINDING = Binding(
    inputs={
        SUMMARIES: ModelInputs(
            reading=SUMMARIES,
            learnt=purchase_features,
            outcomes=holdout_purchases,
            history=purchase_days,
            of_each=True,
            who=purchase_summary,
        ),
        HISTORIES: ModelInputs(
            reading=HISTORIES,
            learnt=purchase_histories,
            outcomes=holdout_purchases,
            declared={"events": declared_events, "history_starts_on": lambda tables, _: tables.facts.history_starts_on},
            history=purchase_days,
            of_each=True,
            who=purchase_summary,
        ),
    },
    figures={
        "frequency_histogram": _frequency_histogram,
        "alive_surface": _alive_surface,
        "opportunity_surface": _opportunity_surface,
        "spreads": _spreads,
        "rate_ratios": _rate_ratios,
        "tracking": _tracking,
        "purchases_by_frequency": _purchases_by_frequency,
        "deciles": _deciles,
        "interval_shares": _interval_shares,
        "season": _season,
        "pool_parts": _pool_parts,
        "spend_distribution": _spend_distribution,
        "order_value_deciles": _order_value_deciles,
        "retention": _retention,
        "calibration": survival.calibration,
    },
    teach=_taught,
    lesson_figures=_order_probability,
    lesson_sentences=_order_sentences,
    order_value=order_value_at,
    with_origins=with_origins,
    lesson_remarks=_order_remarks,
)

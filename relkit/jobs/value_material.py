"""Material of the value report beyond the scored file: totals at past days, customers still to come, cohorts on the holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import polars as pl

    from relkit.features.new_customers import CustomersWon
    from relkit.jobs.report_material import ReportMaterial
    from relkit.reports.cohort_forecasts import CohortForecasts
    from relkit.reports.customer_value import ValueReading
    from relkit.reports.past_totals import PastTotals
    from relkit.reports.value_totals import ValueTotals
    from relkit.scores.customers_to_come import Pace
    from relkit.scores.total_bounds import Total

NEW_CUSTOMERS = 200
"""New customers whose covariates are those of customers to come, drawn at random; their mean is all that is used."""


def past_totals(material: ReportMaterial, value: ValueReading) -> PastTotals:
    """Return the totals at past days of the model behind the scores of orders, and of the models it was compared with."""
    from relkit.reports.past_totals import ORIGINS, PastTotals

    model = material.orders_model
    frame = material.kept_frame(model, ORIGINS)
    fitted, currency, language = material.fitted(model), material.currency, material.language
    return PastTotals.of(fitted, frame, currency=currency, language=language, days=value.order_days)


def cohort_forecasts(material: ReportMaterial) -> CohortForecasts:
    """Return forecast and came by cohort, from the trial of the model behind the scores of orders."""
    from relkit.reports.cohort_forecasts import CohortForecasts

    model = material.orders_model
    past = getattr(material.fitted(model), "past_forecasts", None)
    return CohortForecasts.of(material.trial(model), past, language=material.language)


def value_totals(material: ReportMaterial, value: ValueReading) -> ValueTotals:
    """Return the sentences on totals, with the value of customers still to come where acquisition is steady."""
    from relkit.features.new_customers import customers_won
    from relkit.reports.value_totals import ValueTotals
    from relkit.scores.customers_to_come import Pace

    if not material.tables.has("transactions"):
        return ValueTotals(value=value, pace=None, to_come=None)
    won = customers_won(material.tables, material.as_of)
    pace = Pace(counts=won.counts, year_before=won.year_before)
    return ValueTotals(value=value, pace=pace, to_come=_to_come(material, value, won, pace) if pace.is_steady else None)


def _to_come(material: ReportMaterial, value: ValueReading, won: CustomersWon, pace: Pace) -> Total | None:
    """Return the value that customers still to come would add; None if the model does not forecast new customers."""
    from relkit.scores.customers_to_come import added

    fitted = material.fitted(material.orders_model)
    if not hasattr(fitted, "expected_purchases_new") or won.mean_order_value is None:
        return None
    months = max(1, round(value.span_days / DAYS_PER_MONTH))
    days = [month * DAYS_PER_MONTH for month in range(months + 1)]
    terms = material.models.get(value.forecast.removesuffix(f"_{material.currency.lower()}"), {}) if value.measure == "margin" else {}
    kept = terms.get("margin_rate", 1.0) * (1 - (terms.get("return_share") or 0.0))
    return added(
        pace,
        value.bounds.money,
        repeat_orders=_repeat_orders(fitted, days, _new_rows(material, fitted, won)),
        worth_of_an_order=won.mean_order_value * kept,
        months=months,
        annual_discount_rate=terms.get("annual_discount_rate", 0.0),
    )


def _repeat_orders(fitted: Any, days: list[float], rows: pl.DataFrame | None) -> list[float]:
    """Return the repeat orders expected of a new customer within each number of days."""
    if rows is None:
        return [float(orders) for orders in fitted.expected_purchases_new(days)]
    return [float(fitted.expected_purchases_new(span, of=rows).mean()) for span in days]


def _new_rows(material: ReportMaterial, fitted: Any, won: CustomersWon) -> pl.DataFrame | None:
    """Return features of some of the customers won lately, if what is expected of new customers depends on covariates."""
    from relkit.families.bindings import inputs_of, reads_with
    from relkit.scores.scoring import scorable

    if not getattr(fitted, "covariates", ()):
        return None
    features = inputs_of(fitted.name, material.tables, reads_with(fitted)).features(material.tables, material.as_of)
    rows, _ = scorable(features.filter(features["customer_id"].is_in(won.customers.implode())), fitted.needs)
    return None if rows.is_empty() else rows.sort("customer_id").sample(min(NEW_CUSTOMERS, len(rows)), seed=0)

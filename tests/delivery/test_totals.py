"""Tests of the totals in the manifest, by hand and against the value report."""

from __future__ import annotations

import delivered_company as company
import numpy as np
import pytest
from scipy import stats
from score_records import SHOWN, kept, record

from relkit.delivery.customer_files import customer_file
from relkit.delivery.totals import totals_of
from relkit.reports.customer_value import ValueReading
from relkit.scores.kept_scores import record_of

PEOPLE = company.customers(400)
SPREAD = {"total_log_spread": 0.2, "total_degrees": 7, "total_origins": 4, "total_judged_days": 90.0, "total_in_money": True}


def test_totals_are_those_of_the_file_and_of_the_report() -> None:
    file = customer_file(PEOPLE, kept(company.scores(PEOPLE)), as_of=company.JUNE, currency="EUR")
    models = {name: record_of(record(name)) | SPREAD for name in ("expected_orders_90d", "future_margin_24m", "p_alive")}
    found = totals_of(file, models)
    assert list(found) == ["expected_orders_90d", "future_margin_24m"]
    orders = float(file.frame["expected_orders_90d"].sum())
    reach = np.exp(stats.t.ppf(0.975, 7) * np.sqrt(0.2**2 + 1 / orders))
    assert found["expected_orders_90d"] | {"customers": 0} == {
        "customers": 0,
        "total": pytest.approx(orders, abs=0.01),
        "low": pytest.approx(orders / reach, abs=0.01),
        "high": pytest.approx(orders * reach, abs=0.01),
        "level": 0.95,
        "past_days_compared": 4,
        "compared_horizon_days": 90.0,
    }
    total = ValueReading.of(file.frame, scores=SHOWN, currency="EUR", language="en", models=models).total()
    assert [found["future_margin_24m"][end] for end in ("total", "low", "high")] == pytest.approx(
        [total.value, total.low, total.high], abs=0.01
    )


def test_without_a_forecast_of_orders_there_are_no_totals() -> None:
    file = customer_file(PEOPLE, None, as_of=company.JUNE, currency="EUR")
    assert totals_of(file, {}) == {}

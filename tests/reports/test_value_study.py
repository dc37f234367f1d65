from __future__ import annotations

from dataclasses import replace
from datetime import date

import delivered_company as company
import numpy as np
import polars as pl
import pytest
from scipy import stats
from score_records import SHOWN, kept

from relkit.delivery.customer_files import customer_file
from relkit.features.cohorts import Cohorts
from relkit.metrics.ranking import customers_holding, share_of_top
from relkit.models.lifetime_value.total_spread import TotalSpread
from relkit.reports.customer_value import ValueReading
from relkit.reports.value_study import TEXTS, ValueStudy
from relkit.scores.total_bounds import TotalBounds

PEOPLE = company.customers(1000)


def reading(language: str = "en", scores: pl.DataFrame | None = None) -> ValueReading:
    file = customer_file(PEOPLE, kept(company.scores(PEOPLE) if scores is None else scores), as_of=company.JUNE, currency="EUR")
    return ValueReading.of(file.frame, scores=SHOWN, currency="EUR", language=language)


def cohorts(*, customers: int = 40, left_out: int = 0) -> Cohorts:
    """Return two cohorts: one that pays 15 back within a month, one that has not."""
    ages, value = [0, 1, 2] * 2, [10.0, 20.0, 24.0, 5.0, 6.0, 7.0]
    starts = [date(2024, 1, 1)] * 3 + [date(2024, 4, 1)] * 3
    columns = {"starts_on": starts, "customers": [customers] * 6, "age_months": ages, "value": value, "came_back": [0.0, 0.2, 0.1] * 2}
    return Cohorts(frame=pl.DataFrame(columns), length="quarter", measure="margin", left_out=left_out)


def study(
    language: str = "en", *, cost: float | None = 15.0, seen: Cohorts | None = None, scores: pl.DataFrame | None = None
) -> ValueStudy:
    return ValueStudy(value=reading(language, scores), cohorts=cohorts() if seen is None else seen, cost=cost)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_say_the_same_things():
    assert all(text.en and text.fr for text in TEXTS.values())


def test_the_portfolio_adds_up():
    found = study()
    figures = found.portfolio().figures
    future = found.value.scored["future"]
    total = found.value.total()
    orders = future.sum() ** 2 / (future**2 / found.value.scored["orders"]).sum()  # each order worth its part of the forecast
    reach = np.exp(stats.t.ppf(0.975, 3) * np.sqrt(0.16**2 + 1 / orders))
    assert (total.low, total.high) == pytest.approx((future.sum() / reach, future.sum() * reach))
    span = f"€{total.low:,.0f} to €{total.high:,.0f}"
    label = f"Expected margin, next 24 months, customers of today; {span} by the errors usual in other shops (95%)"
    assert figures[1] == (f"€{future.sum():,.0f}", label)
    assert figures[3] == ("0.5", "months for a customer to pay back the cost of winning one (€15.00), median of the cohorts")


def test_the_share_of_customers_who_hold_most_is_read_off_the_curve():
    found = study()
    future = found.value.scored["future"].to_numpy()
    share = customers_holding(future, future, 0.8)
    assert share_of_top(future, future, share) == pytest.approx(0.8)
    assert found.portfolio().figures[2] == (f"{share:.0%}", "of these customers hold 80% of it")


def test_certainty_shows_low_and_high_of_each_tenth():
    cells = study().by_certainty().cells()
    assert [row[0] for row in cells] == [*map(str, range(1, 11))]
    assert {row[5] for row in cells} == {"1.50"}
    (picture,) = study("fr").certainty().pictures
    assert picture.png().startswith(b"\x89PNG")
    assert "dixième" in picture.caption


def test_past_errors_narrow_or_widen_the_total_and_contracts_have_bounds_of_their_own():
    """A reach of 1.5 around purchases of 60 and contracts of 40, 30 to 60: 100 - sqrt(20^2 + 10^2), 100 + sqrt(30^2 + 20^2)."""
    value = reading()
    spread = TotalSpread(log_spread=np.log(1.5) / stats.t.ppf(0.975, 8), degrees=8, origins=5, judged_days=90.0, in_money=True)
    row = {"future": 100.0, "contracts": 40.0, "contracts_low": 30.0, "contracts_high": 60.0, "order_worth": 1e-9}
    total = replace(value, bounds=TotalBounds(orders=spread, money=spread)).total(pl.DataFrame([row]))
    assert (total.value, total.low, total.high) == pytest.approx((100.0, 100 - np.hypot(20, 10), 100 + np.hypot(30, 20)))


def test_scores_without_bounds_say_so_instead_of_drawing():
    bare = company.scores(PEOPLE).with_columns(lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64))
    found = study(scores=bare)
    assert "no low and high" in found.certainty()._repr_html_()
    assert found.by_certainty()._repr_html_() == "<p></p>"
    assert "errors usual in other shops" in found.portfolio().figures[1][1]


def test_cohorts_are_shown_with_their_payback():
    found = study(seen=cohorts(left_out=25))
    table = found.by_cohort()
    assert [(row[0], row[1], row[4], row[5]) for row in table.cells()] == [
        ("2024 Q1", "40", "€24.00", "0.5"),
        ("2024 Q2", "40", "€7.00", "–"),
    ]
    assert table.notes[1] == "25 customers who may have bought before the data start are left out."
    for gallery in (found.cohort_value(), found.cohort_returns()):
        assert gallery.pictures[0].png().startswith(b"\x89PNG")


def test_without_a_cost_it_says_where_to_declare_one():
    found = study("fr", cost=None)
    assert "table des coûts" in found.by_cohort()._repr_html_()
    assert [column.name for column in found.by_cohort().columns][-1] == "value"
    assert len(found.portfolio().figures) == 3


def test_cohorts_of_few_people_are_not_shown():
    found = study(seen=cohorts(customers=9))
    assert "No cohort" in found.cohort_value()._repr_html_()
    assert found.by_cohort()._repr_html_() == found.cohort_returns()._repr_html_() == "<p></p>"


def test_french_amounts_are_written_in_french():
    assert plain(study("fr").by_cohort().cells()[0][4]) == "24,00 €"

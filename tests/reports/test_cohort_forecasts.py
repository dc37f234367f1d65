"""Tests of the forecasts by cohort, with a model whose forecasts are known."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from relkit.models.lifetime_value.past_forecasts import NO_PAST
from relkit.models.lifetime_value.total_spread import HISTORY_SPREAD
from relkit.periods import AsOf, Holdout
from relkit.reports.cohort_forecasts import TEXTS, CohortForecasts

SPLIT = Holdout.before(AsOf.parse("2025-06-30"), days=90)
FIRST = [*[date(2024, 1, 5)] * 20, *[date(2024, 2, 9)] * 20, *[date(2024, 3, 1)] * 5, *[date(2025, 2, 1)] * 15]
"""Days of the first order of sixty customers; those of 2024-01 may have ordered before."""


def trial(came: tuple[int, int, int, int] = (1, 1, 0, 3)) -> SimpleNamespace:
    ids = [f"c{i:02d}" for i in range(60)]
    judged = pl.DataFrame({"customer_id": ids, "first_order_on": FIRST, "is_left_censored": [day.month == 1 for day in FIRST]})
    by_month = {1: came[0], 2: came[1], 3: came[2]}
    orders = [came[3] if day.year == 2025 else by_month[day.month] for day in FIRST]
    outcomes = pl.DataFrame({"customer_id": ids, "holdout_purchases": orders, "holdout_days": [90.0] * 60})
    fitted = SimpleNamespace(expected_purchases=lambda rows, _: pl.Series([1.0] * len(rows)).to_numpy())
    return SimpleNamespace(split=SPLIT, fitted=fitted, judged=judged, outcomes=outcomes)


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_sums_by_hand_and_bounds_of_a_group_by_history() -> None:
    """The three months of first orders have cohorts of their own; twenty older customers come first; five customers are masked."""
    found = CohortForecasts.of(trial(), None, language="en")
    assert found.rows["cohort"].to_list() == ["Before the data start", "2024-02", "2024-03", "2025-02"]
    assert found.rows.select("customers", "came", "forecast").rows() == [
        (20, 20.0, 20.0),
        (20, 20.0, 20.0),
        (5, 0.0, 5.0),
        (15, 45.0, 15.0),
    ]
    reach = NO_PAST.spread(90).reach(15.0, of_segment=HISTORY_SPREAD)
    assert found.rows["high"][3] == pytest.approx(15 * reach)
    assert found.table().cells()[2][1:4] == ["< 10", "–", "–"]
    assert found.headlines().sentences == ("In 2 of 3 cohorts the orders of the 90 days after 1 April 2025 lay within their bounds.",)
    assert found.picture().pictures[0].png().startswith(b"\x89PNG")


def test_without_a_trial_the_page_says_so() -> None:
    found = CohortForecasts.of(None, None, language="fr")
    assert found.headlines().sentences == (TEXTS["none"]["fr"],)
    assert found.picture()._repr_html_() == found.table()._repr_html_() == "<p></p>"

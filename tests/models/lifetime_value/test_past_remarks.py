"""Tests of the remarks on past forecasts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from relkit.models.lifetime_value.origin_totals import OriginTotals
from relkit.models.lifetime_value.past_forecasts import NO_PAST, PastForecasts
from relkit.models.lifetime_value.past_remarks import remarks_on


def past(*ratios: float) -> PastForecasts:
    """Return forecasts of 100 times each ratio where 100 came, without overlaps."""
    ends = (date(2025, 6, 30) - timedelta(days=90 * (i + 1)) for i in range(len(ratios)))
    return PastForecasts.of(
        OriginTotals(origin=day, days=90.0, forecast=100 * ratio, came=100.0) for day, ratio in zip(ends, ratios, strict=True)
    )


def test_totals_that_were_too_high_are_counted_with_their_size() -> None:
    (remark,) = remarks_on(past(1.5, 1.6, 0.9, 1.4), days=90)
    share = 100 * (np.exp(np.log([1.5, 1.6, 1.4]).mean()) - 1)
    assert remark.en == f"At 3 of 4 past days the forecast of all orders of 90 days was too high, by {share:.0f}% on average."
    assert remark.fr.startswith("À 3 dates passées sur 4, la prévision du total des commandes à 90 jours était trop haute, de 50")


def test_totals_that_were_too_low() -> None:
    *_, remark = remarks_on(past(0.5), days=90)
    assert remark.en == "At the one past day that was tried the forecast of all orders of 90 days was too low, by 50%."


@pytest.mark.parametrize(("ratios", "codes"), [((), []), ((1.1,), ["few_past_forecasts"]), ((1.1, 0.9, 1.2), [])])
def test_good_forecasts_of_several_days_need_no_remark(ratios: tuple[float, ...], codes: list[str]) -> None:
    found = past(*ratios) if ratios else NO_PAST
    assert [remark.code for remark in remarks_on(found, days=90)] == codes

"""The season plot: the drawn curve is the record's, and every word is there in both languages."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from relkit.models.lifetime_value.season import EventEffect, SeasonCurve
from relkit.plots.season import plot_season
from relkit.plots.style import figure_of


def curve(events: tuple[EventEffect, ...] = ()) -> SeasonCurve:
    days = tuple(date(2025, 1, 1) + timedelta(days=k) for k in range(365))
    rate = 1 + 0.4 * np.cos(2 * np.pi * np.arange(365) / 365)
    return SeasonCurve(days, rate, rate * 0.9, rate * 1.1, events, 0.95)


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Jan", "interval at 95%", "mean of the year")), ("fr", ("janv.", "intervalle", "moyenne"))]
)
def test_the_curve_is_drawn_with_its_interval(language: str, words: tuple[str, ...]) -> None:
    ax = plot_season(curve(), language=language)
    figure_of(ax).canvas.draw()
    assert ax.lines[0].get_ydata() == pytest.approx(curve().purchases)
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.6 * 0.9, 1.4 * 1.1), rel=1e-3)
    legend = ax.get_legend()
    assert legend is not None
    texts = [*(t.get_text() for t in legend.get_texts()), *(t.get_text() for t in ax.get_xticklabels(minor=True))]
    assert all(any(word in text for text in texts) for word in words)


def test_effects_of_events_are_written() -> None:
    events = (EventEffect("sales_season", 1.5, 1.2, 1.9), EventEffect("closure", 0.1, np.nan, np.nan))
    texts = {language: plot_season(curve(events), language=language).texts[0].get_text() for language in ("en", "fr")}
    assert texts["en"] == "sales season: \u00d7 1.50 (1.20 to 1.90)\nclosure: \u00d7 0.10"
    assert texts["fr"].replace("\u00a0", " ") == "sales season : \u00d7 1,50 (1,20 à 1,90)\nclosure : \u00d7 0,10"


def test_a_curve_without_interval_has_no_band() -> None:
    alone = curve()
    nothing = np.full(365, np.nan)
    assert not plot_season(SeasonCurve(alone.days, alone.purchases, nothing, nothing, (), 0.95)).collections

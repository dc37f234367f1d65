"""Value plots: the drawn data are the records', and every word is there in both languages."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relkit.metrics.purchases import calibration_by_frequency
from relkit.metrics.ranking import decile_lift, lorenz_curve
from relkit.models.lifetime_value.diagnostics import AliveSurface, FrequencyHistogram, PurchaseTracking, SpendDistribution
from relkit.plots.lifetime_value import (
    plot_alive_surface,
    plot_concentration,
    plot_cumulative_purchases,
    plot_decile_calibration,
    plot_frequency_histogram,
    plot_purchases_by_frequency,
    plot_purchases_over_time,
    plot_spend_distribution,
    plot_value_deciles,
)
from relkit.plots.style import figure_of
from relkit.texts import Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

both = pytest.mark.parametrize("language", ["en", "fr"])


def texts(ax: Axes) -> list[str]:
    """Every text of the axes, after rendering (a missing glyph would be a warning, hence an error here)."""
    figure_of(ax).canvas.draw()
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    legend = ax.get_legend()
    names = legend.get_texts() if legend else []
    return [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in (*ax.texts, *ticks, *names))]


def heights(ax: Axes, which: int) -> list[float]:
    return [bar.get_height() for bar in ax.containers[which]]


@both
def test_frequency_histogram(language: str) -> None:
    found = FrequencyHistogram(np.arange(3), np.array([50, 20, 9]), np.array([48.0, 21.0, 10.0]))
    ax = plot_frequency_histogram(found, language=language)
    assert heights(ax, 0) == [50, 20, 9]
    assert heights(ax, 1) == [48, 21, 10]
    assert {"0", "1", "2+"} <= set(texts(ax))
    assert Text("seen", "constatés")[language] in texts(ax)


def tracking(calibration: date) -> PurchaseTracking:
    ends = tuple(date(2025, 1, 7 * k) for k in (1, 2, 3, 4))
    return PurchaseTracking(ends, np.array([4, 6, 5, 9]), np.array([4.5, 5.5, 5.0, 4.0]), calibration, 7)


@both
def test_purchases_over_time_and_cumulated(language: str) -> None:
    weekly = plot_purchases_over_time(tracking(date(2025, 1, 14)), language=language)
    summed = plot_cumulative_purchases(tracking(date(2025, 1, 14)), language=language)
    assert [line.get_ydata().tolist() for line in weekly.lines[:2]] == [[4, 6, 5, 9], [4.5, 5.5, 5.0, 4.0]]
    assert [line.get_ydata().tolist() for line in summed.lines[:2]] == [[4, 10, 15, 24], [4.5, 10, 15, 19]]
    assert weekly.lines[0].get_xdata()[0] == np.datetime64("2025-01-07")
    assert weekly.lines[2].get_xdata()[0] == np.datetime64("2025-01-14")
    assert any(Text("the model had seen", "le modèle a vu")[language] in text for text in texts(weekly))
    assert Text("Repeat purchases in 7 days", "Réachats en 7 jours")[language] in texts(weekly)


def test_without_a_holdout_no_edge_is_drawn() -> None:
    assert len(plot_purchases_over_time(tracking(date(2025, 1, 28))).lines) == 2


@both
def test_purchases_by_frequency(language: str) -> None:
    found = calibration_by_frequency(np.array([0, 0, 1, 9]), np.array([0, 1, 2, 5]), np.array([0.4, 0.4, 1.0, 4.0]), top=2)
    ax = plot_purchases_by_frequency(found, language=language)
    assert ax.lines[0].get_ydata().tolist() == [0.5, 2, 5]
    assert ax.lines[1].get_ydata().tolist() == [0.4, 1, 4]
    assert {"0\n2", "1\n1", "2+\n1", Text("customers", "clients")[language]} <= set(texts(ax))


@both
def test_alive_surface(language: str) -> None:
    p = np.clip(np.linspace(1, 0, 12).reshape(3, 4)[::-1], 0, 1)
    ax = plot_alive_surface(AliveSurface(np.array([1, 2, 3]), np.array([0.0, 10, 20, 30]), p, 30.0), language=language)
    np.testing.assert_array_equal(ax.images[0].get_array(), p)
    assert ax.images[0].get_extent() == [-5.0, 35.0, 0.5, 3.5]
    assert ax.images[0].get_clim() == (0, 1)
    assert Text("Who is probably still a customer", "Qui est sans doute encore client")[language] in texts(ax)


@both
def test_spend_distribution(language: str) -> None:
    found = SpendDistribution(np.array([0.0, 20, 40]), np.array([0.6, 0.3]), np.array([0.5, 0.4]), 0.1)
    ax = plot_spend_distribution(found, currency="USD", language=language)
    assert [patch.get_data().values.tolist() for patch in ax.patches] == [[0.6, 0.3], [0.5, 0.4]]
    assert Text("10.0% above $40 not shown", "10,0\u00a0% au-delà de 40\u00a0$ non montrés")[language] in texts(ax)


@both
def test_decile_calibration(language: str) -> None:
    score = np.arange(20.0)
    ax = plot_decile_calibration(decile_lift(score / 2, score), unit="x", language=language)
    assert heights(ax, 1) == [18.5 - 2 * k for k in range(10)]
    assert heights(ax, 0) == [9.25 - k for k in range(10)]
    assert ax.get_ylabel().endswith(", x")
    in_money = plot_decile_calibration(decile_lift(score, score), currency="EUR", language=language)
    assert Text("€5.0", "5,0\u00a0€")[language] in texts(in_money)


@both
def test_concentration(language: str) -> None:
    curve = lorenz_curve(np.array([8.0, 1, 1, 0, 0]), np.arange(5.0)[::-1])
    ax = plot_concentration(curve, of="purchases", language=language)
    assert ax.lines[0].get_xdata().tolist() == curve.customer_share.tolist()
    assert ax.lines[0].get_ydata().tolist() == curve.value_share.tolist()
    np.testing.assert_allclose(ax.collections[1].get_offsets(), [[0.2, 0.8]])
    note = Text("80% of the purchases\n20% of the customers", "80\u00a0% des achats\n20\u00a0% des clients")[language]
    assert note in texts(ax)
    assert Text("Share of the value", "Part de la valeur")[language] in texts(plot_concentration(curve, language=language))


@both
def test_value_deciles(language: str) -> None:
    value = np.append(np.full(9, 1.0), 11.0)
    ax = plot_value_deciles(decile_lift(value, value), currency="EUR", language=language)
    assert heights(ax, 0) == [11] + [1] * 9
    assert Text("55%", "55\u00a0%")[language] in texts(ax)
    nothing = plot_value_deciles(decile_lift(np.zeros(10), np.zeros(10)), unit="x", language=language)
    assert heights(nothing, 0) == [0] * 10
    assert nothing.get_ylabel().endswith(", x")

"""Survival plots: the drawn data are the records', and every word is there in both languages."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from relkit.errors import ParameterError
from relkit.metrics.calibration import Calibration
from relkit.models.covariates import Ratios
from relkit.models.survival.diagnostics import BaselineRates
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.plots.style import MUTED, figure_of
from relkit.plots.survival import plot_baseline, plot_calibration, plot_hazard_ratios, plot_survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relkit.models.survival.curve import SurvivalCurve


def curve(mean: float, last: float = 700.0) -> SurvivalCurve:
    rng = np.random.default_rng(1)
    lifetime = np.ceil(rng.exponential(mean, 300))
    frame = pl.DataFrame({"duration_days": np.minimum(lifetime, last), "event": lifetime < last})
    return KaplanMeier().fit(frame, as_of=date(2025, 6, 30)).curve()


def texts(ax: Axes) -> list[str]:
    """Every text of the axes, after rendering (a missing glyph would be a warning, hence an error here)."""
    figure_of(ax).canvas.draw()
    named = [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in ax.texts)]
    legend = ax.get_legend()
    return named + ([t.get_text() for t in legend.get_texts()] if legend else [])


@pytest.mark.parametrize(
    ("language", "title", "at_risk"), [("en", "How long contracts last", "at risk"), ("fr", "Combien de temps", "à risque")]
)
def test_a_survival_curve_with_its_band_and_who_is_at_risk(language: str, title: str, at_risk: str) -> None:
    one = curve(400)
    ax = plot_survival(one, language=language)
    line = ax.lines[0]
    np.testing.assert_array_equal(line.get_xdata(), np.append(0, one.days))
    np.testing.assert_array_equal(line.get_ydata(), np.append(1, one.survival))
    assert line.get_drawstyle() == "steps-post"
    (band,) = ax.collections
    assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(one.lower.min())
    written = texts(ax)
    assert written[0].startswith(title)
    assert at_risk in written
    assert "300" in written
    below = {t.xy[0]: t.get_text() for t in ax.texts if t.get_text() != at_risk}
    quarter = 3 * 365.25 / 12
    assert sorted(below) == pytest.approx([quarter * k for k in range(len(below))])
    assert len(below) >= 7
    assert {day: int(count) for day, count in below.items()} == {day: one.at_risk_at([day])[0] for day in below}
    drawn = [label.get_text() for label in ax.get_xticklabels()]
    assert drawn[drawn.index("0") :][:4] == ["0", "3", "6", "9"]
    assert ax.get_xlabel().endswith(", months" if language == "en" else "en mois")


def test_several_curves_are_named_where_they_end_and_moved_apart() -> None:
    named = {"yearly": curve(900), "monthly": curve(300), "weekly": curve(310)}
    ax = plot_survival(named)
    heights = {t.get_text(): t.xy[1] for t in ax.texts if t.get_text() in named and t.xy[0] == 1}
    assert set(heights) == set(named)
    assert min(abs(a - b) for a, b in [(heights["yearly"], heights["monthly"]), (heights["monthly"], heights["weekly"])]) >= 0.06 - 1e-9
    written = texts(ax)
    assert written.count("at risk") == 1
    assert {name: written.count(name) for name in named} == dict.fromkeys(named, 2)  # at the end of the curve, and below
    assert [line.get_label() for line in ax.lines] == list(named)


def test_a_curve_ends_where_too_few_are_left_and_their_number_is_hidden() -> None:
    named = {"long": curve(900), "short": curve(100)}
    ax = plot_survival(named, at_least=10, rest="short", title="By term")
    last = named["short"].days[named["short"].at_risk >= 10][-1]
    assert ax.lines[1].get_xdata()[-1] == last
    assert ax.lines[1].get_color() == MUTED != ax.lines[0].get_color()
    assert ax.get_xlim()[1] == 700
    written = texts(ax)
    assert written[0] == "By term"
    assert "< 10" in written
    counts = [int(text) for text in written if text.isdigit()]
    assert not [count for count in counts if 0 < count < 10]


def test_long_names_do_not_run_into_the_curves() -> None:
    named = {"Bank transfer (automatic)": curve(310), "Electronic check of the very long kind, paid late": curve(300)}
    ax = plot_survival(named, language="fr")
    figure_of(ax).draw_without_rendering()
    inside = ax.get_window_extent()
    ends = [text for text in ax.texts if text.xy[0] == 1]
    assert not ends[0].get_window_extent().overlaps(ends[1].get_window_extent())
    assert all("\n" in text.get_text() and text.get_window_extent().x0 >= inside.x1 for text in ends)
    below = [text for text in ax.texts if text.xy == (0, 0) and text.get_ha() == "right"]
    assert all(text.get_window_extent().x1 <= inside.x0 and text.get_window_extent().x0 >= 0 for text in below)
    assert sum(text.get_text().endswith("…") for text in below) == 1


def test_axes_of_a_caller_are_drawn_on() -> None:
    ax = Figure().subplots()
    assert plot_survival(curve(400), ax) is ax


def test_baseline_steps_and_the_ages_with_few_at_risk() -> None:
    rates = BaselineRates(np.array([0.0, 30, 60, 90]), np.array([0.05, 0.02, 0.3]), np.array([900, 500, 12]))
    ax = plot_baseline(rates, language="fr")
    sure, filled, unsure = (patch.get_data() for patch in ax.patches)
    np.testing.assert_array_equal(sure.values, [0.05, 0.02, np.nan])
    np.testing.assert_array_equal(filled.values, rates.probability)
    np.testing.assert_array_equal(unsure.values, [np.nan, np.nan, 0.3])
    written = texts(ax)
    assert "Fin dans les 30 jours" in written
    assert "moins de 30 contrats à risque" in written
    assert len(plot_baseline(BaselineRates(rates.edges, rates.probability, np.full(3, 40))).patches) == 2


@pytest.mark.parametrize(
    ("language", "flag", "step", "first"),
    [
        ("en", "yes against no", "per 12.5 more", "0.50  [0.40, 0.62]"),
        ("fr", "oui contre non", "pour 12,5 de plus", "0,50  [0,40 ; 0,62]"),
    ],
)
def test_a_forest_of_hazard_ratios(language: str, flag: str, step: str, first: str) -> None:
    ratios = Ratios(
        ("debit", "amount", "age"),
        np.array([1.0, 12.5, 0.034]),
        np.array([True, False, False]),
        np.array([0.5, 1.4, 1.01]),
        np.array([0.4, 1.2, 0.9]),
        np.array([0.62, 1.7, 1.1]),
        0.95,
    )
    ax = plot_hazard_ratios(ratios, language=language)
    points = ax.collections[1].get_offsets()
    np.testing.assert_allclose(points, np.column_stack([ratios.ratio, [0, 1, 2]]))
    spans = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    assert spans == [[0.4, 0.62], [1.2, 1.7], [0.9, 1.1]]
    assert first in texts(ax)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[:2] == [f"debit\n{flag}", f"amount\n{step}"]
    assert names[2].endswith(("0.0340 more", "0,0340 de plus"))
    colours = ax.collections[1].get_facecolor()
    assert len({tuple(colour) for colour in colours}) == 3  # longer, sooner, not distinguishable from 1
    low, high = ax.get_xlim()
    assert low == pytest.approx(1 / high)


def test_a_forest_of_weak_effects_has_close_ticks() -> None:
    one = np.array([1.05])
    ratios = Ratios(("a",), np.ones(1), np.array([True]), one, one - 0.02, one + 0.02, 0.9)
    ax = plot_hazard_ratios(ratios)
    figure_of(ax).canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.95", "1", "1.05"]
    wide = Ratios(("a",), np.ones(1), np.array([True]), one + 11.06, one + 9.04, one + 20.04, 0.9)
    axes = plot_hazard_ratios(wide)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "20"]
    assert "12.1  [10.1, 21.1]" in texts(axes)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_calibration_points_intervals_and_the_diagonal(language: str) -> None:
    found = Calibration(
        90.0, np.array([0.02, 0.1]), np.array([0.03, 0.09]), np.array([0.02, 0.07]), np.array([0.05, 0.12]), np.array([50, 50]), 0.95
    )
    ax = plot_calibration(found, language=language)
    diagonal, points = ax.lines[0], ax.lines[1]
    assert diagonal.get_xdata().tolist() == diagonal.get_ydata().tolist()
    assert points.get_xdata().tolist() == found.predicted.tolist()
    assert points.get_ydata().tolist() == found.observed.tolist()
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [[0.02, 0.05], [0.07, 0.12]])
    assert any("90" in text for text in texts(ax))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match="unknown language 'es'"):
        plot_survival(curve(400), language="es")

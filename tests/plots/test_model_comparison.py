from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.metrics.purchases import FrequencyCalibration
from relkit.models.lifetime_value.diagnostics import PurchaseTracking
from relkit.plots.model_comparison import plot_model_comparison

CALIBRATIONS = {
    f"lifetime_value.{name}": FrequencyCalibration(np.arange(3), np.array([90, 1200, 4]), np.array([0.1, 0.5, 2.0]), np.array(expected), 2)
    for name, expected in (("bg_nbd", [0.2, 0.4, 1.5]), ("nbd", [0.3, 0.9, 4.0]))
}
ENDS = tuple(date(2025, 1, 1) + timedelta(days=7 * i) for i in range(1, 6))
TRACKINGS = {"lifetime_value.nbd": PurchaseTracking(ENDS, np.arange(5), np.ones(5), date(2025, 1, 20), 7)}


@pytest.mark.parametrize(("language", "title"), [("en", "What customers went on to buy"), ("fr", "Ce que les clients ont acheté ensuite")])
def test_both_sides(language, title):
    left, right = plot_model_comparison(CALIBRATIONS, TRACKINGS, language=language).axes
    assert left.get_title(loc="left") == title
    seen, bg_nbd, nbd = left.get_lines()
    assert seen.get_ydata().tolist() == [0.1, 0.5, 2.0]
    assert bg_nbd.get_ydata().tolist() == [0.2, 0.4, 1.5]
    actual, expected, edge = right.get_lines()
    assert actual.get_ydata().tolist() == [0, 1, 3, 6, 10]
    assert expected.get_ydata().tolist() == [1, 2, 3, 4, 5]
    assert edge.get_xdata()[0] == np.datetime64(date(2025, 1, 20))
    assert expected.get_color() == nbd.get_color() != bg_nbd.get_color()


def test_without_tracking_there_is_one_side():
    figure = plot_model_comparison(CALIBRATIONS, {})
    assert len(figure.axes) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["seen", "bg_nbd", "nbd"]


def test_an_unknown_language_is_refused():
    with pytest.raises(ParameterError, match="unknown language 'de'"):
        plot_model_comparison(CALIBRATIONS, {}, language="de")

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.models import catalogue
from relkit.plots.model_comparison import _look, plot_model_comparison

ORDERS, CONTRACTS = (catalogue.family(name).texts for name in ("lifetime_value", "survival"))
GROUPS = pl.concat(
    pl.DataFrame({"model": name, "group": ["0", "1", "2+"], "customers": [90, 1200, 4], "expected": expected, "seen": [0.1, 0.5, 2.0]})
    for name, expected in (("lifetime_value.bg_nbd", [0.2, 0.4, 1.5]), ("lifetime_value.nbd", [0.3, 0.9, 4.0]))
)
ENDS = [date(2025, 1, 1) + timedelta(days=7 * i) for i in range(1, 6)]
CALIBRATION = date(2025, 1, 20)
COURSE = pl.DataFrame(
    {
        "model": "lifetime_value.nbd",
        "day": ENDS,
        "expected": [1.0] * 5,
        "seen": [0.0, 1.0, 2.0, 3.0, 4.0],
        "calibration": CALIBRATION,
    }
)


@pytest.mark.parametrize(
    ("of", "language", "title"),
    [
        ("lifetime_value", "en", "What customers went on to buy"),
        ("lifetime_value", "fr", "Ce que les clients ont acheté ensuite"),
        ("survival", "en", "Which contracts went on to end"),
        ("survival", "fr", "Les contrats qui ont pris fin"),
    ],
)
def test_both_sides(of, language, title):
    left, right = plot_model_comparison(GROUPS, COURSE, texts=catalogue.family(of).texts, language=language).axes
    assert left.get_title(loc="left") == title
    seen, bg_nbd, nbd = left.get_lines()
    assert seen.get_ydata().tolist() == [0.1, 0.5, 2.0]
    assert bg_nbd.get_ydata().tolist() == [0.2, 0.4, 1.5]
    actual, expected, edge = right.get_lines()
    assert actual.get_ydata().tolist() == [0, 1, 3, 6, 10]
    assert expected.get_ydata().tolist() == [1, 2, 3, 4, 5]
    assert edge.get_xdata()[0] == np.datetime64(CALIBRATION)
    assert expected.get_color() == nbd.get_color() != bg_nbd.get_color()


def test_where_only_the_holdout_is_drawn_lines_begin_at_nothing():
    course = COURSE.with_columns(calibration=date(2025, 1, 1))
    _, right = plot_model_comparison(GROUPS, course, texts=CONTRACTS).axes
    actual, expected = right.get_lines()
    assert actual.get_ydata().tolist() == [0, 0, 1, 3, 6, 10]
    assert expected.get_ydata().tolist() == [0, 1, 2, 3, 4, 5]
    assert actual.get_xdata()[0] == np.datetime64(date(2025, 1, 1))


def test_without_a_course_there_is_one_side():
    figure = plot_model_comparison(GROUPS, COURSE.clear(), texts=ORDERS)
    assert len(figure.axes) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["seen", "bg_nbd", "nbd"]


def test_every_model_has_a_look_of_its_own():
    looks = [(look["color"], str(look["linestyle"])) for look in map(_look, range(14))]
    assert len(set(looks)) == 14


def test_an_unknown_language_is_refused():
    with pytest.raises(ParameterError, match="unknown language 'de'"):
        plot_model_comparison(GROUPS, COURSE, texts=ORDERS, language="de")


def test_dates_of_nearly_four_years_are_marked():
    """From three to four years neither years nor half-years fit seven marks, of which matplotlib warned."""
    ends = [date(2021, 9, 1) + timedelta(days=28 * i) for i in range(1, 51)]
    columns = {"model": "lifetime_value.nbd", "day": ends, "expected": [1.0] * 50, "seen": [1.0] * 50}
    long = pl.DataFrame({**columns, "calibration": CALIBRATION})
    figure = plot_model_comparison(GROUPS, long, texts=ORDERS)
    assert len(figure.axes[1].get_xticks()) >= 4

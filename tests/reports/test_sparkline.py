"""Lines the size of a word."""

from __future__ import annotations

import re

from relkit.reports.sparkline import HEIGHT, MARGIN, MOST_POINTS, WIDTH, sparkline


def points(svg):
    return [tuple(map(float, pair.split(","))) for pair in re.search(r'points="([^"]+)"', svg)[1].split()]


def test_zero_is_on_the_scale_and_the_last_point_is_marked():
    drawn = points(sparkline([5, 10], "rows"))
    assert drawn == [(MARGIN, HEIGHT / 2), (WIDTH - MARGIN, MARGIN)]
    assert f'cx="{WIDTH - MARGIN:.1f}" cy="{MARGIN:.1f}"' in sparkline([5, 10], "rows")


def test_negative_values_and_a_flat_zero_stay_inside():
    for values in ([-3, 0, 4], [0, 0], [-1, -1]):
        assert all(MARGIN <= y <= HEIGHT - MARGIN for _, y in points(sparkline(values, "x")))


def test_of_a_long_series_the_latest_points_are_drawn():
    assert len(points(sparkline(range(500), "x"))) == MOST_POINTS


def test_the_label_is_text():
    assert "<title>a &lt; b</title>" in sparkline([1, 2], "a < b")
    assert sparkline([1], "x") == sparkline([], "x") == ""

"""Titles above a header and totals below the data."""

from __future__ import annotations

import pytest

from relkit.tables.title_rows import is_total, rows_above_header


@pytest.mark.parametrize(
    ("rows", "above"),
    [
        ([["Export", None, None], ["id", "day", "sum"], ["1", "2", "3"]], 1),
        ([[], ["Export"], ["made", "today"], [], ["id", "day", "sum", "x", "y"], ["1", "2", "3", "4", "5"], ["1", "2", "3", "4", "5"]], 4),
        ([["id", "sum"], ["1", "2"]], 0), ([["id"], ["1"], ["2"]], 0), ([["remark"], ["a", "b"], ["c"], ["d"], ["e"]], 0), ([], 0),
        ([["", ""], ["", ""]], 0), ([["only"]], 0),
    ],
)  # fmt: skip
def test_the_header_is_the_first_row_that_begins_a_table(rows, above):
    assert rows_above_header(rows) == above


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Total", "", "12,50"], True), (["", "TOTAUX :", "1 234,50 €"], True), (["Sous-total mai", "3"], True),
        (["Grand total", "12.5"], True),
        (["Somme", "-3"], True), (["Total", "", ""], False), (["Total Energies SA, station of Lyon", "12"], False), (["Totem", "3"], False),
        ([None, "12"], False), (["12", "13"], False),
    ],
)  # fmt: skip
def test_a_row_of_totals_has_a_word_for_it_and_a_number(cells, expected):
    assert is_total(cells) == expected

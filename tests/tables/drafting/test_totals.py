"""Rows of totals: left out if they add up the others, asked about otherwise."""

from __future__ import annotations

from relkit.tables.drafting.pieces import Question
from relkit.tables.drafting.totals import totals_line
from tests.tables.drafting.drafted import desk_of

ROWS = "".join(f"T{i};2024-01-01;{i},50\n" for i in range(1, 5))


def test_a_row_that_adds_up_the_others_is_left_out(tmp_path):
    (line,) = totals_line(desk_of(tmp_path, f"ticket;date;montant\n{ROWS}Total;;12,00\n"))
    assert line.value == "ticket is null or ticket not in ('Total')"


def test_a_row_that_does_not_is_asked_about(tmp_path):
    (line,) = totals_line(desk_of(tmp_path, f"ticket;date;montant\n{ROWS}Total;;99,00\n"))
    assert isinstance(line.value, Question)


def test_no_row_of_totals(tmp_path):
    assert totals_line(desk_of(tmp_path, f"ticket;date;montant\n{ROWS}")) == ()

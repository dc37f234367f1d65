"""Lines that name columns, below titles."""

from __future__ import annotations

import pytest

from relkit.tables.drafting.heads import head_of_rows, head_of_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1;2\n", (";", 0, True, 2)),
        ("Export\n\na;b\n1;2\n3;4\n", (";", 2, True, 2)),
        ("Ventes;;\n;;\na;b;c\n1;2;3\n4;5;6\n", (";", 2, True, 3)),
        ("1\t2\n3\t4\n", ("\t", 0, False, 2)),
        (" 00004 0001 19970101\n 00004 0001 19970118\n", (" ", 0, False, 3)),
        ('a,b\n"x, y",2\n', (",", 0, True, 2)),
    ],
)
def test_head_of_text(text, expected):
    head = head_of_text(text.splitlines(keepends=True))
    assert (head.delimiter, head.skip, head.has_names, head.width) == expected


def test_names_with_gaps_and_addresses():
    gaps = head_of_text(["a;;b;;c\n", "1;2;3;4;5\n"])
    assert (gaps.has_names, gaps.has_gaps) == (True, True)
    trailing = head_of_text(["id_client;;ville;\n", "C1;x;Lyon;\n", "C2;y;Lyon;\n"])
    assert (trailing.skip, trailing.has_names) == (0, True)
    assert not head_of_text(["x@example.org;Lyon\n", "y@example.org;Nantes\n"]).has_names


def test_head_of_a_sheet():
    head = head_of_rows([(0, ["Fichier clients", "", ""]), (2, ["N°", "Ville", "Date"]), (3, ["1", "Lyon", "2024-01-01"])])
    assert (head.skip, head.has_names) == (2, True)
    assert head_of_rows([]) is None

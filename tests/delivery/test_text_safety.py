from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relkit.delivery.text_safety import FORMULA, escaped, escaped_text, looks_like_formula, refused_ids, unescaped_text

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
BLANKS = ["", " ", "   ", "\u00a0", "\u3000", "\t", "\r", "\n", "\u200b", "\ufeff"]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_sign_is_dangerous_also_after_blanks(sign: str, blank: str) -> None:
    frame = pl.DataFrame({"cell": [f"{blank}{sign}1+1", f"a{blank}{sign}1"]})
    assert frame.select(looks_like_formula("cell"))["cell"].to_list() == [True, blank in {"\t", "\r", "\n"}]


@pytest.mark.parametrize("start", ["\t", "\r", "\n", " \t"])
def test_a_tab_or_line_break_at_the_start_is_dangerous_by_itself(start: str) -> None:
    frame = pl.DataFrame({"cell": [f"{start}text", f"te{start}xt"]})
    assert frame.select(looks_like_formula("cell"))["cell"].to_list() == [True, False]


@pytest.mark.parametrize("text", ["", " ", "fine", "a=b", "1-2", "mail@shop", "'=1", "é", "(1)", '"x"'])
def test_ordinary_text_is_left_alone(text: str) -> None:
    frame = pl.DataFrame({"cell": [text]})
    assert escaped(frame)[0].equals(frame)


def _without(longer: str, shorter: str) -> bool:
    """Return whether apostrophes alone were put into a text."""
    at = 0
    for mark in longer:
        if at < len(shorter) and mark == shorter[at]:
            at += 1
        elif mark != "'":
            return False
    return at == len(shorter)


ATTACK = "=cmd|' /C calc'!A0"
TEXTS = [
    *(f"C2{mark}{ATTACK}" for mark in (";", ",", "|", "\t", "\n", ';"', "; ", ";;")),
    *("a;+1", "a,@b", ATTACK),
]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_cell_of_a_file_cut_at_any_delimiter_begins_like_a_formula(text, delimiter):
    """The file is written as CSV, comma and semicolon, and cut as a spreadsheet would, at each delimiter."""
    for separator in (",", ";"):
        written = escaped(pl.DataFrame({"a": [text], "b": ["x"]}))[0].write_csv(separator=separator, line_terminator="\r\n")
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
            cells = pl.DataFrame({"cell": row}, schema={"cell": pl.String})
            assert not cells["cell"].str.contains(FORMULA).any(), row
    assert unescaped_text(escaped_text(text)) == text


@pytest.mark.parametrize("identifier", [f"C2;{ATTACK}", "a,-1", "a|@b", "a\t+1", 'a;"=1'])
def test_identifiers_with_a_formula_behind_a_delimiter_are_refused(identifier):
    assert "formula behind a delimiter" in refused_ids(pl.DataFrame({"customer_id": [identifier]}))[0]


MARKS = [*SIGNS, *(blank for blank in BLANKS if len(blank) == 1), *",;|\"'", "a", "1"]
"""Characters that matter: half of the texts drawn have no others, so that every second list has one that is dangerous."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])  # of the first drawing, on a machine at work
@given(st.lists(st.text(st.sampled_from(MARKS), max_size=6) | st.text(max_size=6) | st.none(), min_size=1, max_size=8))
def test_nothing_dangerous_is_left_and_only_an_apostrophe_was_added(cells: list[str | None]) -> None:
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String})
    safe, counts = escaped(frame)
    assert not safe.select(looks_like_formula("cell").any()).item()
    changed = [(was, now) for was, now in zip(cells, safe["cell"], strict=True) if was != now]
    assert all(len(now) > len(was) and _without(now, was) for was, now in changed)
    assert all(unescaped_text(now) == was for was, now in changed if "'" not in was)
    assert counts.get("cell", 0) == len(changed)


def test_exempt_columns_and_numbers_are_not_touched() -> None:
    frame = pl.DataFrame({"customer_id": ["=1"], "amount": [-1.0], "note": ["=1"]})
    safe, counts = escaped(frame, except_for=("customer_id",))
    assert safe.row(0) == ("=1", -1.0, "'=1")
    assert counts == {"note": 1}


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("C1", None),
        ("00123", None),
        ("client 12/é", None),
        ("=C1", "begins like a formula"),
        ("-1", "begins like a formula"),
        ("+33612345678", "begins like a formula"),
        (" =C1", "begins like a formula"),
        ("", "is empty"),
        ("  ", "is empty"),
        (None, "is empty"),
        (" C1", "begins or ends with a blank"),
        ("C1\n", "begins or ends with a blank"),
        ("C\x001", "holds a control character"),
        ("C\u200b1", "holds a control character"),
    ],
)
def test_identifiers_are_refused_with_a_reason_and_never_altered(identifier: str | None, reason: str | None) -> None:
    found = refused_ids(pl.DataFrame({"customer_id": [identifier]}, schema={"customer_id": pl.String}))[0]
    assert found is None if reason is None else reason in found

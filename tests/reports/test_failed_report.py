"""Remains of a report that fails: the cell, the line and the printed output, and nobody's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from relkit.reports.failed_report import ERROR, NOTEBOOK, FailedReport, Failure, without_tables

if TYPE_CHECKING:
    from pathlib import Path

FRAME = "shape: (1, 2)\n┌─────────────┬─────┐\n│ customer_id ┆ age │\n╞═════════════╪═════╡\n│ C0007       ┆ 41  │\n└─────────────┴─────┘"
PANDAS = "  customer_id  age\n0  C0007   41\n1  C0008   52"
TRACE = ["\x1b[31mKeyError\x1b[0m Traceback", "Cell In[2], line 3", "KeyError: 'Dupont' of C0007, anna@example.org, +33612345678"]


def book():
    printed = [
        new_output("stream", name="stdout", text=f"reading\n{FRAME}\nread C0007\n{PANDAS}\ndone\n"),
        new_output("execute_result", data={"text/plain": FRAME, "text/html": "<table><td>C0007</td></table>"}, execution_count=1),
        new_output("error", ename="KeyError", evalue="'Dupont' of C0007", traceback=TRACE),
    ]
    failed = new_code_cell("a = 1\nb = 2\nrows['Dupont']", execution_count=2, outputs=printed)
    return new_notebook(cells=[new_markdown_cell("# Title"), failed])


def report(folder: Path, **more) -> FailedReport:
    given = {"folder": folder, "name": "value", "language": "en", "is_personal": True, "ids_among": lambda words: {"C0007"} & set(words)}
    return FailedReport(**(given | more))


def failure(**more) -> Failure:
    return Failure(**({"book": book(), "message": "it failed", "cell": 2, "line": 3, "trace": "\n".join(TRACE)} | more))


def test_the_page_of_errors_names_the_cell_and_the_line_with_what_was_printed(tmp_path: Path) -> None:
    said = report(tmp_path).keep(failure())
    assert said == f"What ran is kept in {tmp_path / 'value_en'}: error.txt has the cell, the line and what was printed."
    page = (tmp_path / "value_en" / ERROR).read_text(encoding="utf-8")
    assert page == (
        "The report value failed.\n\nCell 2 of 2, line 3\n\n"
        "The cell:\n    1 a = 1\n    2 b = 2\n>   3 rows['Dupont']\n\n"
        "The error:\nKeyError Traceback\nCell In[2], line 3\n"
        "KeyError: a 6-character text of a 5-character text, a 17-character text a 12-character text\n\n"
        "Printed before:\nreading\n[table]\nread a 5-character text\n[table]\ndone\n\n"
        "Tables and values that may be personal are left out.\n"
    )


def test_the_kept_notebook_shows_nobody_and_the_given_one_is_not_changed(tmp_path: Path) -> None:
    given = failure()
    report(tmp_path).keep(given)
    text = (tmp_path / "value_en" / NOTEBOOK).read_text(encoding="utf-8")
    for personal in ("C0007", "C0008", "anna@", "33612345678", "│ 41", "<table>"):
        assert personal not in text
    kept = nbformat.read(tmp_path / "value_en" / NOTEBOOK, as_version=4)
    nbformat.validate(kept)
    assert [output.output_type for output in kept.cells[1].outputs] == ["stream", "stream", "error"]
    assert [output.output_type for output in given.book.cells[1].outputs] == ["stream", "execute_result", "error"]


def test_a_study_of_no_company_is_kept_as_it_is(tmp_path: Path) -> None:
    report(tmp_path, is_personal=False).keep(failure())
    assert "C0007" in (tmp_path / "value_en" / ERROR).read_text(encoding="utf-8")
    assert "<table>" in (tmp_path / "value_en" / NOTEBOOK).read_text(encoding="utf-8")


def test_a_french_one_is_told_in_french(tmp_path: Path) -> None:
    report(tmp_path, language="fr").keep(failure(line=None))
    page = (tmp_path / "value_fr" / ERROR).read_text(encoding="utf-8")
    assert page.startswith("Le rapport value a échoué.\n\nCellule 2 sur 2\n\nLa cellule :\n")
    assert "Affiché auparavant :\nreading" in page


def test_a_page_that_could_not_be_written(tmp_path: Path) -> None:
    report(tmp_path).keep(failure(cell=None, line=None, trace="", message="the disk is full"))
    page = (tmp_path / "value_en" / ERROR).read_text(encoding="utf-8")
    assert "The notebook ran to its end; its page could not be written.\n\nThe error:\nthe disk is full\n" in page


def test_it_replaces_the_one_before_and_is_forgotten_after_a_success(tmp_path: Path) -> None:
    own, other = report(tmp_path / "failed"), report(tmp_path / "failed", name="risk")
    own.keep(failure(message="first", trace=""))
    own.keep(failure(message="second", trace=""))
    other.keep(failure())
    assert "second" in (own.place / ERROR).read_text(encoding="utf-8")
    own.forget()
    assert [path.name for path in (tmp_path / "failed").iterdir()] == ["risk_en"]
    other.forget()
    own.forget()
    assert not (tmp_path / "failed").exists()


@pytest.mark.parametrize("text", ["", "one line", "two\nlines", "a  b once\nand prose", "x = 1\ny = 2"])
def test_prose_is_no_table(text: str) -> None:
    assert without_tables(text) == text

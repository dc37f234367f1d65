from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import delivered_company as company
import polars as pl
import pytest
from openpyxl import load_workbook
from score_records import kept

from relkit.delivery.customer_files import CustomerFile, customer_file, narrowed
from relkit.delivery.difference import compare, no_difference
from relkit.delivery.manifest import Occasion
from relkit.delivery.summary import TEXTS, Summary, summary_of
from relkit.delivery.written_files import write_xlsx
from relkit.progress import quiet
from relkit.remarks import Remark
from relkit.tables.table_set import TableFacts

if TYPE_CHECKING:
    from pathlib import Path


def occasion(language="en", **more) -> Occasion:
    return Occasion(programme="demo", language=language, facts=TableFacts(rows={}, fingerprints={}), **more)


def contacted() -> CustomerFile:
    """The small company with contact columns: every seventh is protected, every fourth may be contacted."""
    at = pl.int_range(pl.len())
    why = pl.when(at % 7 == 0).then(pl.lit("protected")).when(at % 4 != 0).then(pl.lit("consent_refused"))
    people = company.customers().with_columns(is_protected=at % 7 == 0, not_contactable_because=why)
    people = people.with_columns(
        is_contactable=pl.col("not_contactable_because").is_null(),
        may_contact_email=pl.lit(value=False),
        may_contact_sms=pl.col("not_contactable_because").is_null(),
    )
    return customer_file(people, kept(company.scores(people)), as_of=company.JUNE, currency="EUR")


def blocks(summary: Summary) -> dict[str, list[tuple]]:
    return {block.title: list(block.rows) for block in summary.blocks}


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_every_table_counts_every_customer() -> None:
    file = contacted()
    shown = blocks(summary_of(file, occasion(), no_difference(200)))
    frame = file.frame
    assert shown["Value and activity"][-1][-1] == 200
    assert sum(row[-1] for row in shown["Value and activity"][:-1]) == 200
    assert shown["Value by tenth (1 = best)"][-1][1] == 200
    assert sum(row[1] for row in shown["Value by tenth (1 = best)"][:-1]) == 200
    assert sum(row[3] for row in shown["Value by tenth (1 = best)"][:-1]) == pytest.approx(float(frame["future_margin_24m_eur"].sum()))
    assert sum(row[1] for row in shown["Who may be contacted"]) == 200
    assert {row[0]: row[1] for row in shown["Who may be contacted"]}["Protected"] == frame["is_protected"].sum()
    assert [row[:2] for row in shown["May be contacted, by channel"]] == [("Email", 0), ("SMS", frame["may_contact_sms"].sum())]
    assert sum(row[1] for row in shown["What the scores rest on, and why some are empty"]) == 200
    assert sum(row[1] for row in shown["Recency and frequency of purchases"]) == 200 - frame["rfm_label"].null_count()


def test_remarks_are_shown_in_the_language_of_the_workbook(file: CustomerFile) -> None:
    long, own = Remark("long", "Told.", "Dit."), Remark("own", "Of the file.", "Du fichier.")
    made = replace(file, remarks=(own, long))
    texts = {language: dict(summary_of(made, occasion(language, remarks=[long]), no_difference(1)).texts) for language in ("en", "fr")}
    assert texts["en"]["Remarks"] == ("Told.", "Of the file.")
    assert texts["fr"]["Remarques"] == ("Dit.", "Du fichier.")
    assert dict(summary_of(file, occasion("fr"), no_difference(1)).texts)["Remarques"] == ("Rien qui change la lecture des nombres.",)


def test_changes_since_the_last_delivery_are_reported(file: CustomerFile) -> None:
    before = file.frame.with_columns(segment_value_activity=pl.lit("no_value"))
    texts = dict(summary_of(file, occasion(), compare(before, file.frame, file.columns, name="2025-05-31")).texts)
    changed = (file.frame["segment_value_activity"] != "no_value").sum()
    assert f"Segment: value and activity: {changed} customers changed." in texts["Since the last delivery"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("n", [0, 30])
def test_a_file_without_scores_has_a_workbook_too(tmp_path: Path, language, n: int) -> None:
    file = customer_file(company.customers(n), None, as_of=company.JUNE, currency="EUR")
    summary = summary_of(file, occasion(language), no_difference(n))
    assert summary.figures[0][0] == n
    path = tmp_path / "a.xlsx"
    write_xlsx(narrowed(file), path, language=language, summary=summary, progress=quiet)
    assert [sheet.max_column for sheet in load_workbook(path).worksheets[1:]] == [25, 10]


def test_charts_draw_the_cells_of_their_tables(tmp_path: Path) -> None:
    file = contacted()
    path = tmp_path / "a.xlsx"
    write_xlsx(narrowed(file), path, language="en", summary=summary_of(file, occasion(), no_difference(1)), progress=quiet)
    sheet = load_workbook(path).worksheets[0]
    assert len(sheet._charts) == 4
    for chart in sheet._charts:
        for series in chart.series:
            cells = series.val.numRef.f.rpartition("!")[2].replace("$", "")
            drawn = [cell[0].value for cell in sheet[cells]]
            assert drawn
            assert all(isinstance(value, int | float) for value in drawn)

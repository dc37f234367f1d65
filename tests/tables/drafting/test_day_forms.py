"""Orders of days: certain only if one order alone reads all values."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.tables.drafting.day_forms import day_forms
from relkit.tables.drafting.draft import draft_mapping
from tests.tables.drafting.drafted import answers, parsed, written


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["31/12/2024", "01/02/2024"], ["%d/%m/%Y"]),
        (["12/31/2024", "01/02/2024"], ["%m/%d/%Y"]),
        (["01/02/2024", "03/04/2024"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["31.12.2024 10:12", "01.02.2024 09:00"], ["%d.%m.%Y %H:%M"]),
        (["19970101", "19980630"], ["%Y%m%d"]),
        (["2024-12-31", "2024-02-01"], [None]),
        (["2024-05", "2023-12"], ["%Y-%m"]),
        (["TOTAL", "31/12/2024"], ["%d/%m/%Y"]),
        (["1949", "2024"], []),
        (["12.50", "1.75"], []),
        (["0612345678", "0698765432"], []),
        (["15634602", "15647311"], []),
        (["abc", "def"], []),
    ],
)
def test_forms_that_read_the_texts(texts, formats):
    assert [form.format for form in day_forms(pl.Series(texts))] == formats


def test_clocks_and_zones():
    (bare,) = day_forms(pl.Series(["2024-12-31 10:12:00"]))
    (zoned,) = day_forms(pl.Series(["2024-12-31T10:12:00Z", "2024-12-31T10:12:00+01:00"]))
    (midnight,) = day_forms(pl.Series(["2024-12-31 00:00:00"]))
    assert (bare.has_clock, bare.has_zone) == (True, False)
    assert (zoned.has_clock, zoned.has_zone) == (True, True)
    assert not midnight.has_clock


def test_an_order_that_reads_nearly_all_is_offered_with_its_swap():
    texts = [f"{day:02}/01/2024" for day in range(1, 32)] + ["32/01/2024"]
    found = day_forms(pl.Series(texts))
    assert found[0].format == "%d/%m/%Y"
    assert found[0].share == pytest.approx(31 / 32)


def test_counted_days_are_a_question_and_only_under_the_name_of_a_day(tmp_path):
    rows = "".join(f"{i};C{i % 4};{45_000 + i};{i},50;{45_000 + i}\n" for i in range(1, 31))
    draft = draft_mapping(written(tmp_path, sales=f"no_ticket;no_client;date;montant;poids\n{rows}"))
    rule = parsed(draft)["tables"]["transactions"][0]["columns"]["occurred_at"]
    assert answers(draft, rule["format"]) == ['"excel"', '"excel_1904"']
    assert "poids" in " ".join(draft.unplaced)

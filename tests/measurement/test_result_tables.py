"""Tables of a measurement: columns as declared, unknown ones refused, all of them documented in both languages."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.measurement.campaign_plan import PLAN
from relkit.measurement.result_tables import DAYS, MONEY, TABLES, documented, made, names
from relkit.measurement.results_ledger import LEDGER

DOC = Path(__file__).resolve().parents[2] / "docs" / "campaigns.md"


def test_rows_become_a_frame_with_the_columns_of_the_table() -> None:
    frame = made(DAYS, [{"day": 1, "estimate": 2.0}, {"day": 2}])
    assert dict(frame.schema) == DAYS.schema
    assert frame.select("day", "estimate", "high").rows() == [(1, 2.0, None), (2, None, None)]
    assert made(MONEY, []).columns == list(MONEY.schema)


def test_a_column_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(TableError, match=r"days: unknown column 'estimat'; did you mean 'estimate'"):
        made(DAYS, [{"day": 1, "estimat": 2.0}])


@pytest.mark.parametrize("table", [*TABLES, LEDGER, PLAN], ids=lambda table: table.name)
def test_every_column_is_documented_and_named_in_both_languages(table) -> None:
    text = DOC.read_text(encoding="utf-8")
    assert documented(table, "en") in text
    assert all(column.meaning.en and column.meaning.fr for column in table.columns)


def test_tables_have_names_of_their_own() -> None:
    assert len(set(names())) == len(TABLES)
    assert not {"measurement", "remarks"} & set(names())
    assert all(
        isinstance(dtype, type) or dtype == pl.Datetime("us", "UTC") for table in (*TABLES, LEDGER) for dtype in table.schema.values()
    )

"""No English word in any header or cell of the French files, over all values of a company after the whole pipeline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest
from french_words import english_words, words_of
from openpyxl import load_workbook
from reported_company import scored_file

from relkit.delivery.customer_delivery import FRENCH_CSV, MARKETER_FRENCH_CSV, WORKBOOK, deliver_customers
from relkit.delivery.manifest import Occasion
from relkit.models import catalogue
from relkit.tables.table_set import TableFacts

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.delivery.customer_files import CustomerFile

ENGLISH = english_words()
FILE_NAMES = ("customers_scored_fr.csv", "manifest.json")
MODELS = set(catalogue.names())


@pytest.fixture(scope="module")
def delivered(reported: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[CustomerFile, Path]:
    """Return the file of the company and the folder of its second delivery, in French."""
    file, root = scored_file(reported), tmp_path_factory.mktemp("deliveries")
    occasion = Occasion(programme="demo", language="fr", facts=TableFacts(rows={}, fingerprints={}))
    for _ in range(2):
        published = deliver_customers(file, root, occasion)
    return file, published.delivery.folder


def english_in(texts) -> dict[str, set[str]]:
    found = {}
    for text in texts:
        bare = text
        for name in (*FILE_NAMES, *MODELS):
            bare = bare.replace(name, " ")
        if wrong := words_of(bare) & ENGLISH:
            found[text] = wrong
    return found


def test_an_english_cell_would_be_found() -> None:
    for text in ("pays_by_direct_debit_no", "short_history", "granted", "best_gone", "Orders, 12 months", "pays by direct debit: no"):
        assert english_in([text]), text


@pytest.mark.parametrize("name", [FRENCH_CSV, MARKETER_FRENCH_CSV])
def test_headers_and_cells_of_the_french_csv(delivered: tuple[CustomerFile, Path], name: str) -> None:
    frame = pl.read_csv(delivered[1] / name, separator=";", infer_schema=False)
    assert english_in(frame.columns) == {}
    for column in frame.columns[1:]:
        assert english_in(v for v in frame[column].unique().drop_nulls() if not re.fullmatch(r"[-\d,.]+", v)) == {}, column


def test_every_cell_of_the_french_workbook(delivered: tuple[CustomerFile, Path]) -> None:
    file, folder = delivered
    summary, customers, dictionary = load_workbook(folder / WORKBOOK).worksheets
    ids, names = set(file.frame["customer_id"]), {c.name for c in file.columns}
    codes = {code for c in file.columns for code in c.codes}
    texts = {cell for sheet in (summary, customers) for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)}
    assert english_in({sheet.title for sheet in (summary, customers, dictionary)} | texts - ids) == {}
    for at, row in enumerate(dictionary.iter_rows(values_only=True)):
        cells = [cell for i, cell in enumerate(row) if cell and (i not in (1, 6) or at == 0)]
        assert at == 0 or row[1] in names or row[1].startswith(("retention_", "may_contact_", "order_probability_"))
        words = [line.partition(" = ")[2] if line.partition(" = ")[0] in codes else line for cell in cells for line in cell.split("\n")]
        assert english_in(words) == {}


def test_the_page_of_differences(delivered: tuple[CustomerFile, Path]) -> None:
    assert english_in((delivered[1] / "difference.md").read_text(encoding="utf-8").splitlines()) == {}


def test_every_code_is_declared_and_comes_up_somewhere(delivered: tuple[CustomerFile, Path]) -> None:
    file, _ = delivered
    texts = [c for c in file.columns if c.dtype == pl.String and c.name not in ("customer_id", "entity_id")]
    for column in texts:
        assert column.codes, column.name
        assert set(file.frame[column.name].drop_nulls()) <= set(column.words("fr")), column.name
    assert len(set(file.frame["segment_value_activity"])) >= 15
    assert len(set(file.frame["rfm_label"].drop_nulls())) == 11

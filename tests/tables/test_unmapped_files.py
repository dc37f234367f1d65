"""With a mapping: files and sheets that no source reads."""

from __future__ import annotations

import xlsxwriter

from relkit.tables.mapping import read_source_tables, source_files
from tests.tables.test_unread_files import CONTRACTS, folder_of, remark_of


def test_with_a_mapping_what_no_source_reads_is_named_once(tmp_path):
    columns = ", ".join(f"{name}: {name}" for name in CONTRACTS.splitlines()[0].split(","))
    mapping = f"sources: {{till: {{files: till_*.csv}}}}\ntables:\n  contracts: {{from: till, columns: {{{columns}}}}}\n"
    names = ["till_1.csv", "Till_2.csv.zip", "till_3.json", "suppressions.csv", "notes.md"]
    read = read_source_tables(folder_of(tmp_path, *((name, CONTRACTS) for name in names), ("mapping.yaml", mapping)))
    assert remark_of(read).startswith(
        "Not read: Till_2.csv.zip, near till (no source of the mapping reads it); suppressions.csv, near supp"
    )
    assert "till_3.json, near till" in remark_of(read)
    assert "Not read, and near no table: contracts.csv, notes.md." in read.notes
    assert source_files(tmp_path).unread == ("Till_2.csv.zip", "contracts.csv", "notes.md", "suppressions.csv", "till_3.json")


def test_sheets_beside_the_one_that_is_read_are_named(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "shop.xlsx")
    for name in ("Vertraege", "suppressions", "Notes"):
        for i, line in enumerate(CONTRACTS.splitlines()):
            (book.get_worksheet_by_name(name) or book.add_worksheet(name)).write_row(i, 0, line.split(","))
    book.close()
    columns = ", ".join(f"{name}: {name}" for name in CONTRACTS.splitlines()[0].split(","))
    mapping = f"sources: {{s: {{files: shop.xlsx}}}}\ntables:\n  contracts: {{from: s, columns: {{{columns}}}}}\n"
    (tmp_path / "mapping.yaml").write_text(mapping)
    read = read_source_tables(tmp_path)
    assert remark_of(read) == "Not read: shop.xlsx, sheet suppressions, near suppressions (no source of the mapping reads it)."
    assert "Not read, and near no table: shop.xlsx, sheet Notes." in read.notes
    assert source_files(tmp_path).files == (tmp_path / "mapping.yaml", tmp_path / "shop.xlsx")

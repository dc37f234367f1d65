"""Files that a check was pointed at: read, or named with what to do."""

from __future__ import annotations

import zipfile

import duckdb
import polars as pl
import pytest
import xlsxwriter

from relkit.errors import TableError
from relkit.tables.mapping import read_source_tables, source_files

LINES = "transaction_line_id,transaction_id,customer_id,occurred_at,net_amount\n1,1,007,2024-01-03,12.5\n"
CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
CONTRACTS = "contract_id,customer_id,status,started_on\nk,007,active,2024-01-01\n"


def folder_of(folder, *files):
    """Return the folder with a contracts.csv and these files; names ending in / are folders."""
    for name, content in (("contracts.csv", CONTRACTS), *files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(*names):
    import io

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, LINES)
    return file.getvalue()


def remark_of(read):
    return next((remark.en for remark in read.remarks if remark.code == "files_not_read"), "")


@pytest.mark.parametrize(
    ("names", "read_as"),
    [
        (["Transactions.csv"], ""), (["TRANSACTIONS.CSV"], ""), (["transactions.csv.gz"], ""),
        (["transaction.csv"], "transaction.csv: read as transactions."), (["Transaction.CSV"], "Transaction.CSV: read as transactions."),
        (["transactions_2024.csv"], "transactions_2024.csv: read as transactions."),
        (["transactions-2023.csv", "transactions-2024.csv"], "transactions-2023.csv, transactions-2024.csv: read as transactions."),
        (["transactions_part1.csv", "transactions_part2.csv"], "transactions_part1.csv, transactions_part2.csv: read as transactions."),
        (["transactions.csv/part-0.csv", "transactions.csv/part-1.csv", "transactions.csv/_SUCCESS"], ""), (["Transactions/a.csv"], ""),
    ],
)  # fmt: skip
def test_what_means_a_table_is_read_and_said(tmp_path, names, read_as):
    import gzip

    files = [(name, gzip.compress(LINES.encode()) if name.endswith("gz") else LINES) for name in names]
    read = read_source_tables(folder_of(tmp_path, *files))
    assert set(read.frames) == {"transactions", "contracts"}
    assert len(read.frames["transactions"].collect()) == sum(name.lower().endswith(("csv", "gz")) for name in names)
    assert read_as in ("", *read.notes)
    assert not read.remarks


def test_an_archive_of_one_file_is_read(tmp_path):
    read = read_source_tables(folder_of(tmp_path, ("transactions.csv.zip", zipped("export.csv", "__MACOSX/._export.csv"))))
    assert read.frames["transactions"].collect()["net_amount"].to_list() == [12.5]
    assert source_files(tmp_path).files == (tmp_path / "contracts.csv", tmp_path / "transactions.csv.zip")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("transactions.json", "{}", r"has the name of a table and cannot be read \(transactions\.json: relkit cannot read this format"),
        ("Transactions.jsonl", "{}", "Transactions.jsonl: relkit cannot read this format: export it as CSV or Parquet"),
        ("transactions.csv.bz2", b"BZh9", "transactions.csv.bz2: relkit cannot read this format"),
        ("transactions", LINES, "transactions: relkit cannot read this format"),
        ("transactions.zip", zipped("a.csv", "b.csv"), "an archive that does not hold one file of data: unpack it"),
        ("transactions.csv.zip", b"PK\x03\x04", "an archive that does not hold one file of data"),
        ("transactions.csv.part", LINES, "transactions.csv.part: an unfinished copy: fetch it again"),
        ("transactions.csv.crdownload", LINES, "an unfinished copy"),
        ("transactions.csv/", "", r"transactions\.csv/: a folder without a file that relkit can read"),
        ("transactions/notes.md", "x", "transactions/: a folder without a file that relkit can read"),
        ("transactions.xls", LINES, "transactions.xls: it is not an Excel workbook"),
        ("transactions.csv", "", "transactions.csv: the file is empty"),
    ],
)  # fmt: skip
def test_a_table_s_name_on_what_cannot_be_read_is_an_error(tmp_path, name, content, expected):
    with pytest.raises(TableError, match=expected):
        read_source_tables(folder_of(tmp_path, (name, content)))


def test_a_link_to_nothing_is_an_error_and_to_a_file_is_that_file(tmp_path):
    (folder_of(tmp_path) / "transactions.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(TableError, match=r"transactions\.csv: a link to a file that does not exist"):
        read_source_tables(tmp_path)
    (tmp_path / "gone.csv").write_text(LINES)
    assert "transactions" in read_source_tables(tmp_path).frames


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["transactions.csv", "transactions_2023.csv"], "transactions_2023.csv, near transactions (the table is read from another file"),
        (["transactions.csv", "transactions.json"], "transactions.json, near transactions (relkit cannot read this format"),
        (["transactions.csv", "transaction.csv"], "transaction.csv, near transactions (the table is read from another"),
        (["transactions_2023.csv", "transactions_2024-01.csv"], "transactions_2023.csv, near transactions (parts of different kinds"),
        (["transactions_old.csv"], "transactions_old.csv, near transactions (rename it, or map it)"),
        (["transactions (1).csv"], "transactions (1).csv, near transactions"), (["transacions.csv"], "transacions.csv, near transactions"),
        (["customer_list.json"], "customer_list.json, near customers (relkit cannot read this format"),
        (["contact.csv"], "contact.csv, near contacts (it lacks columns of the table"),  # people, perhaps
        (["archive/transactions.csv"], "archive/, near transactions (a folder"), (["transactions old/a.csv"], "transactions old/, near"),
    ],
)  # fmt: skip
def test_a_name_near_a_table_s_is_a_remark_that_travels(tmp_path, files, expected):
    read = read_source_tables(folder_of(tmp_path, *((name, LINES) for name in files)))
    assert expected in remark_of(read)
    assert set(source_files(tmp_path).unread)


def test_what_has_to_do_with_no_table_is_a_note_and_hidden_files_are_counted(tmp_path):
    names = [f"n{i}.md" for i in range(7)] + [".hidden.csv", "~$transactions.xlsx", ".~lock.contracts.csv#", "contracts.csv~", "Thumbs.db"]
    read = read_source_tables(folder_of(tmp_path, *((name, "x") for name in names)))
    assert "Not read, and near no table: n0.md, n1.md, n2.md, n3.md, n4.md and 2 more." in read.notes
    assert "Hidden, temporary and backup files passed over: 5." in read.notes
    assert not read.remarks


def test_sheets_and_tables_are_named_too(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "shop.xlsx")
    for name, text in {"Contracts": CONTRACTS, "transactions_old": LINES, "Notes": "x\n1\n", "CUSTOMERS": "customer_id\n7\n"}.items():
        sheet = book.add_worksheet(name)
        for i, line in enumerate(text.splitlines()):
            sheet.write_row(i, 0, line.split(","))
    book.close()
    read = read_source_tables(tmp_path)
    assert set(read.frames) == {"contracts", "customers"}
    assert "shop.xlsx, sheet transactions_old, near transactions" in remark_of(read)
    assert "Not read, and near no table: shop.xlsx, sheet Notes." in read.notes
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    read = read_source_tables(tmp_path)
    assert "shop.xlsx, sheet Contracts, near contracts (the table is read from another file already)" in remark_of(read)
    (tmp_path / "shop.xlsx").unlink()
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "create table Transactions as select '1' transaction_line_id, '1' transaction_id, date '2024-01-03' occurred_at, 2.5 net_amount"
        )
        connection.execute("create table contract_line as select 1 as a")
    assert set(read_source_tables(tmp_path / "shop.duckdb").frames) == {"transactions"}
    read = read_source_tables(tmp_path)
    assert set(read.frames) == {"transactions", "contracts"}
    assert "shop.duckdb, table contract_line, near contracts" in remark_of(read)


def test_an_open_document_sheet_is_read(tmp_path):
    cells = ["customer_id", "birth_year"], ["007", "1980"]
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in row)
        + "</table:table-row>"
        for row in cells
    )
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    sheet = f'<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet>'
    content = f"<office:document-content {spaces}><office:body>{sheet}</office:body></office:document-content>"
    with zipfile.ZipFile(folder_of(tmp_path) / "customers.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr("content.xml", content)
    assert read_source_tables(tmp_path).frames["customers"].collect()["customer_id"].to_list() == ["007"]


def test_a_parquet_file_cut_short_is_an_error(tmp_path):
    pl.DataFrame({"customer_id": ["7"]}).write_parquet(folder_of(tmp_path) / "customers.parquet")
    whole = (tmp_path / "customers.parquet").read_bytes()
    for cut in (whole[:-20], whole[:4], b""):
        (tmp_path / "customers.parquet").write_bytes(cut)
        with pytest.raises(TableError, match=r"customers\.parquet: it is not a Parquet file\. The copy may be incomplete"):
            read_source_tables(tmp_path)

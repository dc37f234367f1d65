from __future__ import annotations

import json
from typing import TYPE_CHECKING

import delivered_company as company
import polars as pl
import pytest
from score_records import kept

from relkit.delivery import written_files
from relkit.delivery.customer_delivery import Published, deliver_customers
from relkit.delivery.customer_files import CustomerFile, customer_file, marketer_view, narrowed
from relkit.delivery.manifest import Occasion
from relkit.remarks import Remark
from relkit.tables.table_set import TableFacts

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "customers_scored.parquet", "customers_scored.csv", "customers_scored_fr.csv", "customers_scored.xlsx", "data_dictionary.csv",
    "customers_marketer.csv", "customers_marketer_fr.csv", "difference.parquet", "difference.md", "manifest.json", "SHA256SUMS",
}  # fmt: skip


def publish(file: CustomerFile, root: Path, **more) -> Published:
    known = {"programme": "default", "language": "en", "facts": TableFacts(rows={}, fingerprints={}), "run_id": "x"}
    return deliver_customers(file, root, Occasion(**{**known, **more}))


def test_all_files_are_there(file: CustomerFile, tmp_path: Path) -> None:
    made = publish(file, tmp_path)
    assert {p.name for p in made.delivery.folder.iterdir()} == FILES
    assert made.is_first
    assert made.warnings == ()


def test_the_same_inputs_give_the_same_bytes_but_for_the_run_block(file: CustomerFile, tmp_path: Path) -> None:
    one, two = (publish(file, tmp_path / name, run_id=name).delivery.folder for name in ("a", "b"))
    for name in FILES - {"manifest.json", "SHA256SUMS"}:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (one, two)]
    assert [manifest.pop("run")["run_id"] for manifest in manifests] == ["a", "b"]
    assert manifests[0] == manifests[1]
    sums = [{line for line in (folder / "SHA256SUMS").read_text().splitlines() if "manifest.json" not in line} for folder in (one, two)]
    assert sums[0] == sums[1]


@pytest.mark.parametrize(("language", "rest"), [("en", "customers_marketer.csv"), ("fr", "customers_marketer_fr.csv")])
def test_a_workbook_lists_the_most_valuable_and_says_where_the_rest_is(file: CustomerFile, tmp_path: Path, language, rest) -> None:
    from openpyxl import load_workbook

    made = publish(file, tmp_path, workbook_rows=50, language=language)
    assert {p.name for p in made.delivery.folder.iterdir()} == FILES
    warning = (
        "customers_scored.xlsx lists the 50 most valuable of 200 customers; all are in customers_marketer.csv and customers_scored.parquet."
    )
    assert made.warnings == (warning,)
    assert made.delivery.manifest()["warnings"] == list(made.warnings)
    summary, customers, dictionary = load_workbook(made.delivery.folder / "customers_scored.xlsx").worksheets
    listed = [row[0] for row in customers.iter_rows(min_row=2, values_only=True)]
    assert listed == narrowed(file).frame["customer_id"].head(50).to_list()
    assert dictionary.max_row == 26
    texts = [cell for row in summary.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
    assert any(rest in text and " 50 " in text and " 200 " in text for text in texts)


def test_a_workbook_of_everybody_says_nothing_of_a_rest(file: CustomerFile, tmp_path: Path) -> None:
    assert publish(file, tmp_path, workbook_rows=200).warnings == ()


def test_a_previous_delivery_that_was_altered_is_not_compared_with(file: CustomerFile, tmp_path: Path) -> None:
    before = publish(file, tmp_path).delivery
    (before.folder / "customers_scored.csv").write_text("oops")
    made = publish(file, tmp_path)
    assert "the previous delivery 2025-06-30 cannot be used" in made.warnings[0]
    assert "customers_scored.csv was altered" in made.warnings[0]
    assert (made.difference.before, made.is_first) == (None, False)
    page = (made.delivery.folder / "difference.md").read_text(encoding="utf-8")
    assert "Nothing was compared: the previous delivery cannot be used." in page


def test_a_failure_in_the_midst_leaves_the_previous_delivery(file: CustomerFile, tmp_path: Path, monkeypatch) -> None:
    publish(file, tmp_path)
    monkeypatch.setattr(written_files, "write_xlsx", lambda *_a, **_k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        publish(file, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2025-06-30", "LATEST"]


def test_the_marketer_view_has_technical_and_french_headers(file: CustomerFile, tmp_path: Path) -> None:
    folder = publish(file, tmp_path).delivery.folder
    columns = marketer_view(file)
    technical = (folder / "customers_marketer.csv").read_text(encoding="utf-8").splitlines()[0]
    french = (folder / "customers_marketer_fr.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert technical.split(",") == [column.name for column in columns]
    assert french.split(";") == [column.label["fr"] for column in columns]


def test_escaped_cells_are_listed_by_file_and_column(tmp_path: Path) -> None:
    people = pl.DataFrame({"customer_id": ["a", "b"], "note": ["=1", "@x"]})
    file = customer_file(people, None, as_of=company.JUNE, currency="EUR", fields={"note": "a test"})
    made = publish(file, tmp_path)
    listed = made.delivery.manifest()["escaped_cells"]
    assert listed == {"customers_scored.csv": {"note": 2}, "customers_scored_fr.csv": {"note": 2}}


def test_the_first_sheet_names_the_models_and_the_remarks_in_the_chosen_language(file: CustomerFile, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    long = Remark("lives_look_longer", "Lives look longer than they are.", "Les durées semblent plus longues qu’elles ne le sont.")
    made = publish(file, tmp_path, language="fr", remarks=[long], warnings=[long.en])
    sheet = load_workbook(made.delivery.folder / "customers_scored.xlsx").worksheets[0]
    lines = [row[0] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], str)]
    assert long.fr in lines
    assert "Lives look longer than they are." not in lines
    assert "Première livraison du programme : il n'y a rien à quoi la comparer." in lines
    assert any(
        line.startswith("lifetime_value.bg_nbd, version 1, entraîné sur les faits connus au 30/06/2025 : Marge attendue") for line in lines
    )


def test_two_months_have_identical_headers_whatever_converged(tmp_path: Path) -> None:
    people = company.customers()
    scored = company.scores(people, company.MAY)
    one = customer_file(people, kept(scored.filter(pl.col("score") != "future_margin_24m")), as_of=company.MAY, currency="EUR")
    two = customer_file(people, kept(company.scores(people)), as_of=company.JUNE, currency="EUR")
    folders = [publish(month, tmp_path, workbook=False).delivery.folder for month in (one, two)]
    for name in ("customers_marketer.csv", "customers_marketer_fr.csv"):
        headers = [(folder / name).read_bytes().splitlines()[0] for folder in folders]
        assert headers[0] == headers[1]
    views = [json.loads((folder / "manifest.json").read_text())["marketer_columns"] for folder in folders]
    assert views[0] == views[1]

"""The page of the tables follows the contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from relkit.tables.documentation import tables_page
from relkit.tables.schemas import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def test_page_in_the_repository_is_the_one_made_from_the_contracts():
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "run: python -m relkit.tables.documentation > docs/tables.md"


def test_every_column_has_its_row_with_both_labels():
    page = tables_page()
    for name, contract in TABLES.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for column in contract.columns:
            assert f"{column.label['en']} / {column.label['fr']} |" in section


def test_rows_say_type_range_default_and_meaning_of_null():
    page = tables_page()
    assert "| **net_amount** | Net amount / Montant net | number (currency) | required | none | Paid for the line" in page
    assert "| whole number (year) | from 1850; to 2100; likely from 1915; likely to 2012 | personal |" in page
    assert "sale, return, cancel, fee, gift_card; default sale" in page
    assert "Empty: not identified (no card shown, guest order)." in page
    assert "- `quantity: zero`: warned about. Kept" in page
    assert "- `net_amount: negative on a sale`: quarantined." in page
    assert "Each row has at least one of `customer_id`, `anonymous_id`." in page


def test_the_command_prints_the_page():
    done = subprocess.run([sys.executable, "-m", "relkit.tables.documentation"], check=True, capture_output=True, encoding="utf-8")
    assert done.stdout == tables_page()

"""The page of the customer file follows the declared columns, and the examples of importing.md run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import delivered_company as company
import polars as pl
from score_records import kept

from relkit.delivery.columns import MARKETER, declared
from relkit.delivery.customer_files import customer_file, narrowed
from relkit.delivery.documentation import customer_file_page
from relkit.delivery.ranking_files import COLUMNS
from relkit.delivery.written_files import write_csv
from relkit.scores.next_products import OFFER_TABLE, TABLE
from relkit.scores.rfm import LABELS
from relkit.scores.value_activity import SEGMENTS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_page_in_the_repository_is_the_one_made_from_the_columns() -> None:
    page = (DOCS / "customer_file.md").read_text(encoding="utf-8")
    assert page == customer_file_page(), "run: python -m relkit.delivery.documentation > docs/customer_file.md"


def test_the_command_prints_the_page() -> None:
    done = subprocess.run([sys.executable, "-m", "relkit.delivery.documentation"], check=True, capture_output=True, encoding="utf-8")
    assert done.stdout == customer_file_page()


def test_every_column_and_every_code_has_its_row() -> None:
    page = customer_file_page()
    for column in declared():
        assert f"`{column.name}`" in page
        assert f"| {column.label['en']} / {column.label['fr']} |" in page
    for code, text in {**LABELS, **SEGMENTS}.items():
        assert f"`{code}`" in page
        assert text["en"] in page
        assert text["fr"] in page
    assert all(f"| `{name}` |" in page for name in MARKETER)


def test_the_page_on_next_products_has_every_column_of_its_tables() -> None:
    page = (DOCS / "next_products.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_{}]+", " ".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| "))))
    assert {*TABLE, *OFFER_TABLE, *(column.name for column in COLUMNS)} <= named


def test_the_examples_of_importing_run(tmp_path: Path, monkeypatch) -> None:
    people = company.customers().with_columns(may_contact_email=pl.int_range(pl.len()) % 3 == 0)
    file = customer_file(people, kept(company.scores(people)), as_of=company.JUNE, currency="EUR")
    write_csv(narrowed(file), tmp_path / "customers_marketer.csv")
    addresses = people.select("customer_id", email=pl.col("customer_id") + "@example.com", first_name=pl.lit("Zoé"))
    addresses.write_csv(tmp_path / "addresses.csv")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "importing.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})
    mailchimp, brevo = pl.read_csv("mailchimp.csv"), pl.read_csv("brevo.csv", separator=";")
    assert mailchimp.columns[:2] == ["Email Address", "First Name"]
    assert set(mailchimp["Segment"]) <= {"best_uncertain", "best_gone"}
    assert brevo.columns[:3] == ["EMAIL", "FIRSTNAME", "EXT_ID"]
    allowed = set(people.filter("may_contact_email")["customer_id"])
    assert set(mailchimp["Customer"]) | set(brevo["EXT_ID"]) <= allowed
    assert len(brevo) > 5

"""Page of a check: everything on it, in both languages, from what two checks left."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from relkit.reports.check_page import PAGES, write_check_pages
from relkit.reports.site import loads_from_outside
from relkit.tables.reading import read_tables

MAPPING = """
company: {history_starts_on: 2025-01-01, assumed_margin_rate: 0.3}
sources:
  till: {files: till.csv}
  web: {files: web.csv}
tables:
  transactions:
    - from: till
      key: file and row
      columns: {transaction_id: id, customer_id: card, occurred_at: day, net_amount: amount}
    - from: web
      where: amount <> '0'
      key: file and row
      columns: {transaction_id: id, customer_id: card, occurred_at: day, net_amount: amount}
rules:
  transactions:
    - {name: small, expression: net_amount < 50, severity: SEVERITY, allowed_share: 0.01, reason: {en: Till limit, fr: Plafond de caisse}}
"""
DAYS = [f"2025-{month:02}-{day:02}" for month in range(1, 6) for day in range(1, 29)]


def write(path, days, *, odd=0, more=""):
    lines = [f"{place},secret-{place},{day},{'gratis' if place < odd else 10 + place % 45}" for place, day in enumerate(days)]
    path.write_text(f"id,card,day,amount{more}\n" + "".join(f"{line}{',1' * bool(more)}\n" for line in lines))


def pages(out):
    return {name: path.read_text(encoding="utf-8") for name, path in write_check_pages(out, "spring").items()}


def words(page):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)))


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Give the pages after one check and after a second one that lost a month, gained a column and closed the gate."""
    root = tmp_path_factory.mktemp("checked")
    data = root / "data"
    data.mkdir()
    (data / "mapping.yaml").write_text(MAPPING.replace("SEVERITY", "warn"))
    write(data / "till.csv", DAYS, odd=3)
    write(data / "web.csv", DAYS[:40])
    read_tables(data, root / "out", now=datetime(2025, 6, 2, 8, tzinfo=UTC))
    first = pages(root / "out")
    write(data / "till.csv", [day for day in DAYS if not day.startswith("2025-04")], odd=5, more=",vat")
    read_tables(data, root / "out", is_gate=True, now=datetime(2025, 6, 9, 8, tzinfo=UTC))
    return root, first, pages(root / "out")


def test_a_page_in_each_language_loads_nothing_and_allows_nothing(checked):
    root, first, second = checked
    assert {path.name for path in (root / "out").glob("*.html")} == {PAGES.en, PAGES.fr}
    for page in (*first.values(), *second.values()):
        assert loads_from_outside(page) == []
        assert "default-src 'none'" in page
        assert "<script" not in page
        assert "style=" not in page.partition("<body>")[2]


def test_no_value_of_a_row_is_on_it(checked):
    _, first, second = checked
    for page in (*first.values(), *second.values()):
        assert "secret-" not in page
        assert "gratis" not in page


def test_the_first_page_has_sources_rows_rules_and_totals(checked):
    text = words(checked[1]["en"])
    assert "Compared with no earlier check" in text
    assert "till 1 1 140 2025-05-28" in text
    assert "transactions 180 177 3 1.7% quarantine/transactions.parquet" in text
    assert "transactions net_amount: not a number 3 1.7%" in text
    assert "row 1 of till.csv" in text
    assert "small Till limit warns" in text
    assert "There is no earlier check to compare with." in text
    assert "2025-01 25" in text


def test_the_second_page_shows_the_fall_the_drift_and_the_closed_gate(checked):
    text = words(checked[2]["en"])
    assert "The check did not pass. It was run as a gate" in text
    assert "Compared with the check of 2025-06-02" in text
    assert re.search(r"transactions: till has less .*rows of 2025-04 28 before, 0 now", text)
    assert re.search(r"2025-04 28 −100%", text)
    assert re.search(r"Columns Source New Gone Other type till vat", text)
    assert "2025-06-09 08:00 no" in text
    assert checked[2]["en"].count('class="sparkline"') >= 4


def test_the_french_page_is_french(checked):
    text = words(checked[2]["fr"]).replace("\u202f", " ").replace("\u00a0", " ")
    assert "Contrôle des données" in text
    assert "Le contrôle n’est pas passé." in text
    assert "net_amount : n’est pas un nombre 5" in text
    assert "Corrigez à la source ; si ces textes signifient" in text
    assert "small Plafond de caisse avertit" in text
    assert "du 01/01/2025 au 28/05/2025" in text
    assert not re.search(r"\b(the|rows|before|kept)\b", text.partition("Ces notes techniques")[0])


def test_a_rule_that_stops_and_too_many_faulty_rows_are_the_reasons(tmp_path):
    (tmp_path / "mapping.yaml").write_text(MAPPING.replace("SEVERITY", "stop"))
    write(tmp_path / "till.csv", DAYS[:60], odd=30)
    write(tmp_path / "web.csv", DAYS[:50])
    read_tables(tmp_path, tmp_path / "out")
    text = {language: words(page) for language, page in pages(tmp_path / "out").items()}
    assert "30 of 110 rows are faulty (27%), more than the 5.0% that max_quarantine_share permits." in text["en"]
    assert re.search(r"\d+ of 80 rows break the rule small \(\d+%\), more than the 1.0% that it allows.", text["en"])
    assert "enfreignent la règle small" in text["fr"]

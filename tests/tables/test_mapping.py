"""read_source_tables as a whole: several sources, facts of the company, attributes, the guide's example."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.mapping import SourceAttribute, read_source_tables
from relkit.texts import Text

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "mappings.md"


def written(folder, **files):
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder


LINES = "id;d;x\n1;2024-01-01;5\n1;2024-01-01;5\n2;2024-01-02;6\n"
TWO = """\
company: {currency: GBP, business_zone: Europe/London, tax_basis: incl, assumed_margin_rate: 0.2}
sources:
  shop: {files: "a*.csv", history_starts_on: 2020-01-01}
  web: {files: b.csv, history_starts_on: 2022-05-01}
  old: {files: none.csv, history_starts_on: 2030-01-01}
tables:
  transactions:
    - {from: shop, key: file and row, columns: {transaction_id: id, occurred_at: d, net_amount: x, quantity: x}}
    - {from: web, key: file and row, columns: {transaction_id: id, occurred_at: d, net_amount: y}}
"""


def test_several_sources_feed_one_table(tmp_path):
    read = read_source_tables(written(tmp_path, mapping__yaml=TWO, a1__csv=LINES, a2__csv=LINES, b__csv="id;d;y\n9;2024-01-01;5\n"))
    frame = read.frames["transactions"].collect()
    assert frame["transaction_line_id"].to_list() == ["a1:1", "a1:2", "a1:3", "a2:1", "a2:2", "a2:3", "b:1"]
    assert frame["quantity"].to_list() == [5.0, 5.0, 6.0, 5.0, 5.0, 6.0, None]
    assert read.counts == {
        "sources": {
            "shop": {"files": 2, "lines_before": 2, "rows": 6, "blank_lines": 0, "short_lines": 0, "long_lines": 0, "duplicates": 4},
            "web": {"files": 1, "lines_before": 1, "rows": 1, "blank_lines": 0, "short_lines": 0, "long_lines": 0, "duplicates": 0},
        },
        "tables": {"transactions": {"rows": 7, "left_out": 0, "folded": 0}},
    }
    assert "shop: 4 of 6 rows repeat an earlier one exactly; they are kept." in read.notes
    assert "old: no table reads this source; it was left alone." in read.notes


def test_facts_of_the_company(tmp_path):
    read = read_source_tables(written(tmp_path, mapping__yaml=TWO, a1__csv=LINES, b__csv="id;d;y\n9;2024-01-01;5\n"))
    assert (read.currency, read.business_zone, read.tax_basis, read.assumed_margin_rate) == ("GBP", "Europe/London", "incl", 0.2)
    assert read.history_starts_on == date(2022, 5, 1)  # before that, one of the two sources was not there
    stated = TWO.replace("currency: GBP", "currency: GBP, history_starts_on: 2021-02-03")
    assert read_source_tables(written(tmp_path, mapping__yaml=stated)).history_starts_on == date(2021, 2, 3)
    silent = re.sub(r", history_starts_on: \S+}", "}", TWO).replace("company: {", "company: {tax_basis: excl} #")
    read = read_source_tables(written(tmp_path, mapping__yaml=silent))
    assert (read.currency, read.history_starts_on, read.assumed_margin_rate) == ("EUR", None, None)


def test_declared_attributes_and_precisions(tmp_path):
    mapping = """\
sources: {c: {files: c.csv}}
tables:
  customers: {from: c, columns: {customer_id: id, created_on: {column: since, format: "%Y", precision: year}}}
  customer_snapshots:
    from: c
    columns: {customer_id: id, as_of: {constant: 2024-01-31}}
    attributes:
      age: {column: age, type: integer, unit: years, label: {en: Age, fr: Âge}, meaning: At the snapshot., purpose: profiling}
      left_us: {expression: "status = 'gone'", type: yes_no, personal_data: none, known_at: later}
      rate: {column: age, type: number}
"""
    read = read_source_tables(written(tmp_path, mapping__yaml=mapping, c__csv="id,since,age,status\n1,2019,40,gone\n2,2020,4x,here\n"))
    frame = read.frames["customer_snapshots"].collect()
    assert frame.select("age", "left_us", "rate", "_bad").rows() == [
        (40, True, 40.0, None),
        (None, False, None, ["age: 4x", "rate: 4x"]),
    ]
    assert read.precisions == {"customers.created_on": "year"}
    assert read.frames["customers"].collect()["created_on"].to_list() == [date(2019, 1, 1), date(2020, 1, 1)]
    assert read.attributes[0] == SourceAttribute(
        name="age", dtype=pl.Int64, label=Text("Age", "Âge"), meaning="At the snapshot.", unit="years", purpose="profiling"
    )
    assert read.attributes[1].label == Text("Left us", "Left us")
    assert (read.attributes[1].dtype, read.attributes[1].personal_data, read.attributes[1].known_at) == (pl.Boolean, "none", "later")
    assert (read.attributes[2].dtype, read.attributes[2].personal_data, read.attributes[2].known_at) == (pl.Float64, "personal", "as_of")


def test_the_mapping_that_is_given_wins_over_the_one_in_the_folder(tmp_path):
    given = TWO.replace("GBP", "SEK")
    folder = written(tmp_path, mapping__yaml=TWO, other__yaml=given, a1__csv=LINES, b__csv="id;d;y\n9;2024-01-01;5\n")
    assert read_source_tables(folder).currency == "GBP"
    assert read_source_tables(folder, tmp_path / "other.yaml").currency == "SEK"


def test_progress_reports_each_source(tmp_path):
    reported = []
    folder = written(tmp_path, mapping__yaml=TWO, a1__csv=LINES, b__csv="id;d;y\n9;2024-01-01;5\n")
    read_source_tables(folder, progress=lambda what, done=None: reported.append((what, done)))
    assert reported == [("opening shop", None), ("opening web", None), ("reading shop", 0.0), ("reading web", 0.5)]


def test_faults_are_found_before_anything_is_read_in_earnest(tmp_path):
    folder = written(tmp_path, mapping__yaml=TWO, a1__csv=LINES, b__csv='id;d;y\n9;"open;5\n')
    with pytest.raises(TableError, match=r"b\.csv: line 2 opens a quote that is not closed"):
        read_source_tables(folder)


def test_one_file_and_a_mapping_without_names_of_files(tmp_path):
    mapping = """\
sources: {till: {delimiter: ";"}}
tables:
  transactions: {from: till, key: file and row, columns: {transaction_id: id, occurred_at: d, net_amount: x}}
"""
    folder = written(tmp_path, m__yaml=mapping, a__csv=LINES, b__csv=LINES)
    read = read_source_tables(folder / "b.csv", folder / "m.yaml")
    assert read.frames["transactions"].collect()["_source"].unique().to_list() == ["b.csv"]
    with pytest.raises(ParameterError, match=r"source till: it names neither files nor a url\. Add files: NAME"):
        read_source_tables(folder, folder / "m.yaml")


def test_the_example_of_the_guide_does_what_the_guide_says(tmp_path):
    blocks = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    for name, content in blocks:
        (tmp_path / name).write_text(content, encoding="windows-1252" if name == "till_2024.csv" else "utf-8")
    read = read_source_tables(tmp_path)
    notes = [line.strip() for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith(("    till: ", "    cards: "))]
    assert list(read.notes) == notes
    lines = read.frames["transactions"].collect()
    assert lines["net_amount"].to_list() == [9.0, 6.9, 20.7, -6.9, None]
    assert lines["line_kind"].to_list() == ["sale", "sale", "sale", "return", "sale"]
    assert lines["customer_id"].to_list() == ["007", "007", None, "019", "019"]
    assert lines["_bad"].to_list() == [None] * 4 + [["net_amount: gratuit"]]
    assert read.frames["customers"].collect()["created_on"].to_list() == [date(2019, 5, 1), date(2023, 11, 1)]
    assert read.frames["customer_snapshots"].collect()["town"].to_list() == ["Lyon", "Villeurbanne"]
    assert read.precisions == {"customers.created_on": "month"}


def test_the_messages_of_the_guide_are_real(tmp_path):
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / "mapping.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("Qté * Prix", "Qté * Prixx"), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_source_tables(tmp_path)
    assert str(caught.value).replace(f"{tmp_path}/", "").split(" It has:")[0] in GUIDE.read_text(encoding="utf-8")
    path.write_text(good.replace("files: till_*.csv ", 'files: till_*.csv\n    delimiter: ","'), encoding="utf-8")
    with pytest.raises(TableError, match=r"its first line is one column; the lines look semicolon-separated, 8 columns"):
        read_source_tables(tmp_path)


@pytest.mark.parametrize(
    ("source", "hour"), [("", 22), (", zone: UTC", 23), (", zone: Asia/Tokyo", 14)], ids=["of the business", "UTC", "of another source"]
)
def test_bare_instants_and_bare_days_are_of_the_zone_of_the_source_by_default_of_the_business(tmp_path, source, hour):
    (tmp_path / "t.csv").write_text("id;day\n1;2024-01-01 23:30:00\n2;2024-01-02\n3;2024-01-01 23:30:00Z\n")
    (tmp_path / "mapping.yaml").write_text(
        f"company: {{business_zone: Europe/Paris}}\nsources: {{t: {{files: t.csv{source}}}}}\ntables:\n  transactions:\n    from: t\n"
        "    columns: {transaction_line_id: id, transaction_id: id, occurred_at: day, net_amount: {constant: 1}}\n"
    )
    at = read_source_tables(tmp_path).frames["transactions"].collect()["occurred_at"]
    assert [value.hour for value in at] == [hour, (hour + 1) % 24, 23]
    assert at[0].minute == 30


def test_files_named_after_our_tables_follow_the_same_rule(tmp_path):
    (tmp_path / "transactions.csv").write_text(
        "transaction_line_id,transaction_id,occurred_at,net_amount\n1,1,2024-01-01 23:30:00,1.5\n2,2,2024-01-02,1.5\n"
    )
    (tmp_path / "mapping.yaml").write_text("company: {business_zone: Europe/Paris}\n")
    at = read_source_tables(tmp_path).frames["transactions"].collect()["occurred_at"]
    assert [value.isoformat() for value in at] == ["2024-01-01T22:30:00+00:00", "2024-01-01T23:00:00+00:00"]

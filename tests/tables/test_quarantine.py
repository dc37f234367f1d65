"""The split into good and faulty rows, rule by rule."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relkit.contracts import INSTANT, Column, Contract, Rule, check
from relkit.errors import TableError
from relkit.tables.quarantine import Judged, first_rows, schema_of, unlikely_rules
from relkit.tables.schemas import BAD, ROW, SOURCE, TABLES
from relkit.tables.staging import stage

LINES = TABLES["transactions"]


def lines(rows=1, **columns):
    base = {
        "transaction_line_id": [str(place) for place in range(rows)],
        "transaction_id": ["t"] * rows,
        "customer_id": ["c"] * rows,
        "occurred_at": ["2025-06-30T12:00:00"] * rows,
        "net_amount": ["1.5"] * rows,
    }
    return pl.LazyFrame(base | columns, strict=False)


def split(tmp_path, raw, contract=LINES):
    judged = Judged.of(stage(raw, contract, tmp_path / "staged", zone="UTC"))
    judged = judged.write_kept(tmp_path / "kept.parquet")
    _, found = judged.write_quarantine(tmp_path / "faulty.parquet")
    faulty = pl.read_parquet(tmp_path / "faulty.parquet") if found else None
    return pl.read_parquet(tmp_path / "kept.parquet"), faulty, found, judged


FAULTS = [
    (LINES, lines(2, net_amount=["1", "twelve"]), "net_amount: not a number", "a text like aaaaaa"),
    (LINES, lines(2, net_amount=["1", None]), "net_amount: empty", "empty"),
    (LINES, lines(2, net_amount=[1.0, float("inf")]), "net_amount: infinite", "inf"),
    (LINES, lines(2, net_amount=["1", "-1"]), "net_amount: negative on a sale", "net_amount -1.0, line_kind 'sale'"),
    (
        LINES,
        lines(2, line_kind=["return", "cancel"], net_amount=["-1", "1"]),
        "net_amount: positive on a return or cancel",
        "net_amount 1.0, line_kind 'cancel'",
    ),
    (LINES, lines(2, line_kind=["sale", "gift"]), "line_kind: none of sale, return, cancel, fee, gift_card", "a text like aaaa"),
    (LINES, lines(2, occurred_at=["2025-06-30", "30/06/2025"]), "occurred_at: not an instant", "'30/06/2025'"),
    (LINES, lines(2, occurred_at=["2025-06-30", "2205-06-30"]), "occurred_at: not between 1900 and 2100", "2205-06-30T00:00:00+00:00"),
    (LINES, lines(2, transaction_line_id=["1", " "]), "transaction_line_id: empty", "empty"),
    (LINES, lines(2, transaction_line_id=["1", "1"]), "transaction_line_id: exact copy of an earlier row", "'1'"),
    (
        LINES,
        lines(2, transaction_line_id=["1", "1"], quantity=["1", "2"]),
        "transaction_line_id: key of an earlier row, other content",
        "'1'",
    ),
    (LINES, lines(2, **{BAD: [None, ["(long line): fields more than columns: 1"]]}), "line: more fields than columns", None),
    (LINES, lines(2, **{BAD: [None, ["(short line): fields fewer than columns: 1"]]}), "line: fewer fields than columns", None),
    (LINES, lines(2, **{BAD: [None, ["amount_eur: x"]]}), "amount_eur: could not be read", "a 1-character text"),
    (TABLES["products"], pl.LazyFrame({"product_id": ["a", "b"], "vat_rate": [0.2, 1.2]}), "vat_rate: over 1", "1.2"),
    (TABLES["products"], pl.LazyFrame({"product_id": ["a", "b"], "price": [0.0, -0.5]}), "price: below 0", "-0.5"),
    (
        TABLES["stores"],
        pl.LazyFrame({"store_id": ["a", "b"], "is_owned": ["oui", "perhaps"]}),
        "is_owned: not true or false",
        "a text like aaaaaaa",
    ),
    (
        TABLES["stores"],
        pl.LazyFrame({"store_id": ["a", "b"], "opened_on": ["2025-06-30", "June"]}),
        "opened_on: not a day",
        "a text like Aaaa",
    ),
    (
        TABLES["stores"],
        pl.LazyFrame({"store_id": ["a", "b"], "opened_on": ["2024-01-01"] * 2, "closed_on": ["9999-12-31", "2023-12-31"]}),
        "closed_on: before opened_on",
        "opened_on 2024-01-01, closed_on 2023-12-31",
    ),
    (
        TABLES["customers"],
        pl.LazyFrame({"customer_id": ["a", "b"], "birth_year": ["1980.0", "1980.5"]}),
        "birth_year: not a whole number",
        "a 6-character text",
    ),
    (TABLES["customers"], pl.LazyFrame({"customer_id": ["a", "b"], "birth_year": [1980, 180]}), "birth_year: below 1850", None),
    (
        TABLES["surveys"],
        pl.LazyFrame(
            {"response_id": ["a", "b"], "answered_at": ["2025-06-30"] * 2, "mode": ["hot"] * 2, "question": ["nps"] * 2, "weight": [1, 0]}
        ),
        "weight: not above 0",
        "0.0",
    ),
    (
        TABLES["touchpoints"],
        pl.LazyFrame(
            {
                "touchpoint_id": ["a", "b"],
                "occurred_at": ["2025-06-30"] * 2,
                "channel_id": ["web"] * 2,
                "customer_id": ["c", None],
                "anonymous_id": [None, ""],
            }
        ),
        "customer_id or anonymous_id: empty",
        "customer_id empty, anonymous_id empty",
    ),
]


@pytest.mark.parametrize(("contract", "raw", "rule", "value"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_faulty_row_goes_to_quarantine_under_its_rule_alone(tmp_path, contract, raw, rule, value):
    kept, faulty, found, _ = split(tmp_path, raw.with_columns(pl.lit("a.csv").alias(SOURCE), pl.Series(ROW, [10, 11])), contract)
    assert len(kept) == 1
    assert faulty.select("rule", "source", "row").rows() == [(rule, "a.csv", 11)]
    assert [(f.rule, f.rows, f.source, f.row, f.value) for f in found] == [(rule, 1, "a.csv", 11, value)]


def test_the_table_has_the_columns_of_the_contract_and_no_technical_ones(tmp_path):
    kept, faulty, found, _ = split(tmp_path, lines(3, quantity=[1, 2, 3], colour=["r", "g", "b"]))
    assert kept.columns == ["transaction_line_id", "transaction_id", "customer_id", "occurred_at", "quantity", "net_amount", "line_kind"]
    assert kept["line_kind"].unique().to_list() == ["sale"]
    assert kept.schema["occurred_at"] == INSTANT
    assert (faulty, found) == (None, ())
    assert not (tmp_path / "faulty.parquet").exists()


def test_rows_keep_their_order(tmp_path):
    amounts = [str(place % 7) if place % 5 else "x" for place in range(5000)]
    kept, faulty, _, _ = split(tmp_path, lines(5000, net_amount=amounts))
    assert kept["transaction_line_id"].to_list() == [str(place) for place in range(5000) if place % 5]
    assert faulty["row"].to_list() == [place + 1 for place in range(0, 5000, 5)]


def test_a_row_that_breaks_several_rules_is_counted_under_each_and_names_them_all(tmp_path):
    raw = lines(3, net_amount=["1", "x", None], quantity=["1", "y", "1"], line_kind=["sale", "gift", "sale"])
    _, faulty, found, _ = split(tmp_path, raw)
    rules = {finding.rule: finding.rows for finding in found}
    assert rules == {
        "net_amount: not a number": 1,
        "quantity: not a number": 1,
        "net_amount: empty": 1,
        "line_kind: none of sale, return, cancel, fee, gift_card": 1,
    }
    assert set(faulty["rule"][0].split("; ")) == set(rules) - {"net_amount: empty"}
    assert set(faulty["as_read"][0].split("; ")) == {"net_amount: x", "quantity: y"}
    assert faulty["as_read"][1] is None


def test_the_most_frequent_rule_comes_first_and_says_what_to_do(tmp_path):
    _, _, found, _ = split(tmp_path, lines(4, net_amount=["x", "-1", "-1", "1"]))
    assert [(finding.rule, finding.remedy) for finding in found] == [
        ("net_amount: negative on a sale", "Declare in the mapping how the source marks returns (kind and sign), or correct the lines."),
        ("net_amount: not a number", "Correct them where the file is made, or declare in the mapping how they are written."),
    ]


def test_both_kinds_of_repeated_key_are_distinguished(tmp_path):
    kept, faulty, found, _ = split(tmp_path, lines(4, transaction_line_id=["1", "1", "1", "2"], quantity=["1", "1", "2", "1"]))
    assert kept["transaction_line_id"].to_list() == ["1", "2"]
    assert len(faulty) == 2
    assert {finding.rule.split(": ")[1] for finding in found} == {"exact copy of an earlier row", "key of an earlier row, other content"}


def test_zero_on_a_return_and_negative_fees_are_possible(tmp_path):
    kept, _, found, _ = split(tmp_path, lines(3, line_kind=["return", "fee", "gift_card"], net_amount=["0", "-3", "20"]))
    assert (len(kept), found) == (3, ())


def test_the_unlikely_is_counted_with_its_first_row(tmp_path):
    raw = lines(4, quantity=["0", "13000", "1", "-2000"], line_kind=["sale", "sale", "sale", "return"], net_amount=["1", "1", "1", "-1"])
    *_, judged = split(tmp_path, raw)
    found = first_rows(judged.kept(), unlikely_rules(LINES, judged.staged.names), LINES)
    assert [(f.rule, f.rows, f.row, f.value) for f in found] == [
        ("quantity: zero", 1, 1, "0.0"),
        ("quantity: unlikely, below -1,000", 1, 4, "-2000.0"),
        ("quantity: unlikely, over 1,000", 1, 2, "13000.0"),
    ]


def test_the_unlikely_is_looked_for_among_the_rows_that_are_kept(tmp_path):
    *_, judged = split(tmp_path, lines(2, quantity=["0", "1"], net_amount=["x", "1"]))
    assert first_rows(judged.kept(), unlikely_rules(LINES, judged.staged.names), LINES) == ()
    assert first_rows(judged.kept(), [], LINES) == ()


def test_rules_whose_columns_are_absent_are_not_tried():
    assert unlikely_rules(LINES, ("customer_id",)) == []


def test_a_column_called_like_one_of_the_quarantine_is_renamed_there(tmp_path):
    columns = {"source": ["crm", "crm"], "id_type": ["card"] * 2, "id_value": ["1", None], "customer_id": ["c", "d"], SOURCE: ["a.csv"] * 2}
    kept, faulty, *_ = split(tmp_path, pl.LazyFrame(columns), TABLES["identifiers"])
    assert kept["source"].to_list() == ["crm"]
    assert faulty.select("source", "identifiers_source").row(0) == ("a.csv", "crm")


def test_an_attribute_may_be_called_like_anything(tmp_path):
    raw = pl.LazyFrame({"customer_id": ["p"], "as_of": ["2025-06-30"], "filter": ["x"], "columns": [1], "customer_id|min": [2.0]})
    kept, *_ = split(tmp_path, raw, TABLES["customer_snapshots"])
    assert kept.row(0)[2:] == ("x", 1, 2.0)


def test_the_same_rows_give_the_same_bytes(tmp_path):
    raw = lines(3000, net_amount=[str(place / 7) for place in range(3000)])
    texts = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        split(tmp_path / name, raw)
        texts.append((tmp_path / name / "kept.parquet").read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", TABLES)
def test_every_contract_gives_a_schema_with_its_columns_and_types(name):
    schema = schema_of(TABLES[name])
    assert tuple(schema.column_names()) == TABLES[name].names
    assert dict(schema.create_empty().schema) == {column.name: column.dtype for column in TABLES[name].columns}


MADE = Contract(
    name="made",
    key=(),
    one_of=(("n", "text"),),
    rules=(Rule(name="n: over x", columns=("n", "x"), broken=pl.col("n") > pl.col("x")),),
    columns=(
        Column(name="n", dtype=pl.Int32, low=0, high=3),
        Column(name="x", dtype=pl.Float64, above=0.0, nullable=False),
        Column(name="text", dtype=pl.String, allowed=("a", "b")),
        Column(name="at", dtype=INSTANT, nullable=False),
    ),
)


@settings(max_examples=80)
@given(
    n=st.none() | st.integers(-1, 4),
    x=st.none() | st.sampled_from([-1.0, 0.0, 1.0, 2.5, float("inf")]),
    text=st.none() | st.sampled_from("abc"),
    at=st.none() | st.just(datetime(2025, 6, 30, tzinfo=UTC)),
)
def test_the_check_in_memory_and_the_schema_agree_row_by_row(n, x, text, at):
    frame = pl.DataFrame({"n": [n], "x": [x], "text": [text], "at": [at]}, schema={c.name: c.dtype for c in MADE.columns})
    good = len(schema_of(MADE).filter(frame).result) == 1
    if good:
        assert len(check(frame, MADE)) == 1
    else:
        with pytest.raises(TableError, match="made: "):
            check(frame, MADE)


@pytest.mark.parametrize(("amounts", "faultless"), [(["1", "2"], True), (["1", "x"], False)])
def test_rules_that_no_row_breaks_are_not_tried_again(tmp_path, amounts, faultless):
    judged = Judged.of(stage(lines(2, net_amount=amounts), LINES, tmp_path / "staged", zone="UTC"))
    assert not judged.faultless
    judged = judged.write_kept(tmp_path / "kept.parquet")
    assert judged.faultless is faultless
    assert len(judged.kept().collect()) == amounts.count("1") + amounts.count("2")

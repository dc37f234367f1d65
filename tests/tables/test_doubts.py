"""Remarks on valid but doubtful tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from relkit.tables.doubts import doubts
from relkit.tables.table_set import TableFacts, TableSet, write_facts

CALM = TableFacts(rows={}, fingerprints={}, history_starts_on=date(2024, 1, 1), assumed_margin_rate=0.3, last_day=date(2025, 6, 30))


def doubted(tmp_path, facts=CALM, **frames):
    for name, columns in frames.items():
        pl.DataFrame(columns).write_parquet(tmp_path / f"{name}.parquet")
    write_facts(tmp_path, replace(facts, rows=dict.fromkeys(frames, 1)))
    return tuple(remark.en for remark in doubts(TableSet.open(tmp_path), today=date(2025, 7, 1)))


def test_no_doubt_gives_no_remark(tmp_path):
    lines = {"customer_id": ["p", "q"], "currency": ["EUR", None]}
    assert doubted(tmp_path, transactions=lines, customers={"customer_id": ["p", "q"]}) == ()


def test_references_to_rows_that_are_not_there_are_counted(tmp_path):
    lines = {"customer_id": ["p", "x", "x", "y", "p"], "product_id": ["a"] * 5}
    sentences = doubted(tmp_path, transactions=lines, customers={"customer_id": ["p"]}, products={"product_id": ["a", "a"]})
    assert sentences == ("transactions: 2 values of customer_id, in 3 rows, unknown to customers; kept.",)


def test_no_margin_anywhere_says_how_to_declare_one(tmp_path):
    (sentence,) = doubted(tmp_path, replace(CALM, assumed_margin_rate=None), transactions={"customer_id": ["p"]})
    assert sentence.startswith("No margin is known: lines carry no margin_amount, products no unit_margin")
    assert "assumed_margin_rate under company in the mapping file" in sentence


def test_a_margin_of_lines_or_products_is_enough(tmp_path):
    unknown = replace(CALM, assumed_margin_rate=None)
    assert doubted(tmp_path, unknown, transactions={"margin_amount": [1.0]}) == ()
    assert doubted(tmp_path, unknown, transactions={"product_id": ["a"]}, products={"product_id": ["a"], "unit_margin": [1.0]}) == ()
    assert doubted(tmp_path, unknown, contracts={"contract_id": ["a"]}) == ()


def test_other_currencies_are_counted(tmp_path):
    (sentence,) = doubted(tmp_path, transactions={"currency": ["EUR", "USD", "USD", "CHF"]})
    assert sentence.startswith("transactions: 3 rows were paid in another currency than EUR (USD 2, CHF 1)")
    (sentence,) = doubted(tmp_path, transactions={"currency": ["EUR", "USD", "zoe@mail.example", "+33612345678"]})
    assert "than EUR (no code 2, USD 1)" in sentence, "a shifted line may hold anything"


def test_a_history_whose_start_nobody_states_is_doubted_where_it_matters(tmp_path):
    unstated = replace(CALM, history_starts_on=None, first_day=date(2024, 2, 1))
    (sentence,) = doubted(tmp_path, unstated, contracts={"contract_id": ["a"]})
    assert sentence.startswith("No source says when its history starts, so the first day seen, 2024-02-01, is taken")
    assert doubted(tmp_path, unstated, customer_snapshots={"customer_id": ["a"]}) == ()
    assert doubted(tmp_path, replace(unstated, first_day=None), contracts={"contract_id": ["a"]}) == ()


def test_a_last_day_that_lies_ahead_is_doubted(tmp_path):
    ahead = replace(CALM, last_day=date(2025, 7, 2))
    assert doubted(tmp_path, ahead, transactions={"transaction_id": ["a"]}) == (
        "The last day in the data is 2025-07-02, which lies ahead; give --as-of, or work is done as of that day.",
    )


def test_lines_without_any_customer_are_doubted(tmp_path):
    (sentence,) = doubted(tmp_path, transactions={"customer_id": pl.Series([None, None], dtype=pl.String)})
    assert sentence.startswith("transactions: no line has a customer, so nothing can be said of who buys. Map customer_id")
    assert doubted(tmp_path, transactions={"customer_id": pl.Series([], dtype=pl.String)}) == ()


def test_the_share_of_sales_without_a_customer_is_stated_in_both_languages(tmp_path):
    pl.DataFrame({"customer_id": ["p", None, None, "q", "p"]}).write_parquet(tmp_path / "transactions.parquet")
    write_facts(tmp_path, replace(CALM, rows={"transactions": 5}))
    (remark,) = doubts(TableSet.open(tmp_path), today=date(2025, 7, 1))
    assert remark.en == "40.0% of the sales lines (2 of 5) name no customer: their amounts are in nobody's figures."
    assert remark.fr.replace("\u00a0", " ").startswith("40,0 % des lignes de vente (2 sur 5) n’ont pas de client : ")


def test_ids_that_stand_for_none_are_doubted(tmp_path):
    lines = {"customer_id": ["p", "NULL", "NULL", "n/a", "p"]}
    (sentence,) = doubted(tmp_path, transactions=lines)
    assert sentence == (
        "transactions: 3 rows with the customer_id 'NULL', 'n/a', taken for a customer; "
        "if it stands for no value, add nulls: ['NULL', 'n/a'] to the source in the mapping file."
    )

"""The cases of the affinity conventions, through the product's own path: the check of the raw file, the receipts, the fit.

Each case has its situation, convention and source in case.md, the values by hand in expected.json.
"""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from relkit.families.bindings import inputs_of
from relkit.features.receipts import receipt_counts
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.fit_model import FitModel
from relkit.models import catalogue, storage
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

if TYPE_CHECKING:
    from relkit.models.affinity.rules import FittedRules

CASES = Path(__file__).resolve().parents[1] / "golden" / "affinity"
LINES = ["transaction_line_id", "transaction_id", "product_id", "net_amount", "occurred_at", "line_kind"]


def settings_of(case: str) -> dict[str, Any]:
    given = json.loads((CASES / case / "settings.json").read_text(encoding="utf-8"))
    return {name: value for name, value in given.items() if name != "tables"}


def expected(case: str) -> Any:
    return json.loads((CASES / case / "expected.json").read_text(encoding="utf-8"))


def checked(case: str) -> TableSet:
    """Check a copy of the case's files in the working directory and open the tables."""
    files = sorted((CASES / case).glob("*.csv"))
    folder = Path("raw")
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder / ("transactions.csv" if len(files) == 1 else file.name))
    if len(files) > 1:
        columns = "\n".join(f"      {name}: {name}" for name in LINES)
        names = ", ".join(file.name for file in files)
        mapping = f"sources:\n  lines:\n    files: [{names}]\ntables:\n  transactions:\n    from: lines\n    columns:\n{columns}\n"
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    CheckTables.parse(data=str(folder)).run()
    return TableSet.open(Path("out/default/tables"))


def fitted(tables: TableSet, **settings: Any) -> FittedRules:
    edge = tables.as_of()
    receipts = inputs_of("affinity.rules", tables).features(tables, edge)
    found: FittedRules = catalogue.make("affinity.rules", settings).fit(receipts, as_of=edge.day)
    return found


def rule(found: FittedRules, words: str) -> dict[str, Any]:
    left, right = words.split("=>")
    return found.rules.filter(pl.col("antecedent") == [left], pl.col("consequent") == [right]).row(0, named=True)


def pairs(found: FittedRules) -> dict[tuple[str, str], tuple[int, int, int]]:
    return {(a, b): tuple(counts) for a, b, *counts in found.pairs.select("product_a", "product_b", "count", "count_a", "count_b").rows()}


def items(found: FittedRules) -> dict[str, int]:
    return dict(found.itemsets.filter(pl.col("size") == 1).select(pl.col("items").list.first(), "count").rows())


def exactly(found: FittedRules, words: str, values: dict[str, Any], fractions: dict[str, str]) -> None:
    row = rule(found, words)
    for name, value in values.items():
        wanted = float("inf") if value == "inf" else value
        assert row[name] == (None if wanted is None else pytest.approx(wanted, rel=0, abs=1e-12)), (words, name)
    for name, text in fractions.items():
        assert row[name] == pytest.approx(float(Fraction(text)), rel=0, abs=1e-15)


def test_support_exactly_at_minimum(workplace: Path) -> None:
    case = "01_support_exactly_at_minimum"
    tables, settings = checked(case), settings_of(case)
    for support in settings["min_support"]:
        found = fitted(tables, **settings | {"min_support": support})
        assert found.itemsets["items"].to_list() == expected(case)["values"][str(support)]


def test_lift_exactly_one_and_confidence_on_threshold(workplace: Path) -> None:
    case = "02_lift_exactly_one_and_confidence_on_threshold"
    tables, values = checked(case), expected(case)["values"]
    found = fitted(tables, **settings_of(case))
    assert found.info.rows == values["n"]
    rules = found.rules.select(pl.col("antecedent").list.first(), pl.col("consequent").list.first()).rows()
    assert sorted(rules) == [tuple(rule) for rule in values["rules_with_confidence_at_least_0.75"]]
    every = fitted(tables, min_count=1, single_to_single=True, min_lift=1.0)
    listed = {(a, b) for a, b in every.rules.select(pl.col("antecedent").list.first(), pl.col("consequent").list.first()).rows() if a < b}
    above = {pair for pair, (both, one, other) in pairs(found).items() if both * 60 > one * other}
    assert sorted(above) == [tuple(pair) for pair in values["pairs_with_lift_above_1"]]
    assert sorted(listed - above) == [tuple(pair) for pair in values["pairs_with_lift_exactly_1"]]
    attracting = every.rules.filter(pl.col("lift") > 1)
    assert {tuple(sorted((left[0], right[0]))) for left, right in attracting.select("antecedent", "consequent").rows()} == above


def test_product_codes_that_look_like_missing_or_numbers(workplace: Path) -> None:
    case = "03_product_codes_that_look_like_missing_or_numbers"
    found, values = fitted(checked(case), **settings_of(case)), expected(case)["values"]
    assert (found.info.rows, items(found)) == (values["n"], values["items"])
    exactly(found, "NA=>007", values["NA=>007"], expected(case)["exact"]["NA=>007"])


def test_one_item_baskets_stay_in_the_denominator(workplace: Path) -> None:
    case = "04_one_item_baskets_stay_in_the_denominator"
    found, values = fitted(checked(case), **settings_of(case)), expected(case)["values"]
    assert (found.info.rows, found.facts.one_item) == (values["n"], 6)
    exactly(found, "A=>B", values["A=>B"], expected(case)["exact"]["A=>B"])


def test_baskets_of_fees_gift_cards_or_unknown_products(workplace: Path) -> None:
    """Through the whole command: the registered version has the values, and the sentences count what was left apart."""
    case = "05_baskets_of_fees_gift_cards_or_unknown_products"
    tables, values = checked(case), expected(case)["values"]
    result = FitModel.parse(
        model="affinity.rules", settings={name: str(value) for name, value in settings_of(case).items()}, figures=False
    ).run()
    found: Any = registry.load_champion("affinity.rules")
    assert (found.info.rows, items(found)) == (values["n"], values["items"])
    exactly(found, "A=>B", values["A=>B"], expected(case)["exact"]["A=>B"])
    assert receipt_counts(tables, tables.as_of()).without_product == values["baskets_without_known_item"]
    assert "these are not among the baskets: 3 without a known product" in " ".join(result.sentences)
    assert "affinity.rules was fitted to 6 baskets" in result.sentences[0]
    assert storage.load(result.paths["model"]).rules.equals(found.rules)


def test_basket_cut_over_two_overlapping_files(workplace: Path) -> None:
    case = "06_basket_cut_over_two_overlapping_files"
    tables, values = checked(case), expected(case)["values"]
    found = fitted(tables, **settings_of(case))
    lines = tables.scan("transactions").select(pl.len().alias("lines"), pl.col("net_amount").sum()).collect()
    assert lines.row(0) == (values["lines"], pytest.approx(values["net_amount"], abs=1e-9))
    assert (found.info.rows, items(found)) == (values["n"], values["items"])
    assert {f"{a}+{b}": both for (a, b), (both, _, _) in pairs(found).items()} == values["pairs"]
    exactly(found, "A=>B", values["A=>B"], expected(case)["exact"]["A=>B"])


def test_weights_below_one_and_quantity_zero(workplace: Path) -> None:
    case = "07_weights_below_one_and_quantity_zero"
    found, values = fitted(checked(case), **settings_of(case)), expected(case)["values"]
    assert (found.info.rows, items(found)) == (values["n"], values["items"])
    exactly(found, "cheese=>bread", values["cheese=>bread"], expected(case)["exact"]["cheese=>bread"])


def test_measures_with_zero_denominator(workplace: Path) -> None:
    case = "09_measures_with_zero_denominator"
    found = fitted(checked(case), **settings_of(case))
    for words, values in expected(case)["values"].items():
        exactly(found, words, values, expected(case)["exact"][words])

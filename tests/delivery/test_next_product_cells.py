"""Next products in the delivered file: ids and codes with words, margins to the cent, nothing for whom nothing may be offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import delivered_company as company
import polars as pl
import pytest
from score_records import kept

from relkit.delivery.customer_files import CustomerFile, customer_file, data_dictionary, in_words, marketer_view
from relkit.delivery.next_product_cells import product_words
from relkit.delivery.written_files import write_csv
from relkit.file_column import MOST_LISTED, FileColumn
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

DAY = company.JUNE
ROWS = [  # customer, rank, product, name, probability, margin, reason, because
    ("a", 1, "P1", "Green tea", 0.41237, 2.678, "habit", None),
    ("a", 2, "P2", "Pot", 0.2, None, "bought_together", "P1"),
    ("b", 1, "P2", "Pot", 0.3, 1.0, "popular", None),
    ("c", 1, "P3", "=1+1", 0.1, 0.5, "popular", None),
]
WORDS = {
    "habit": "because you have bought it before",
    "popular": "because many customers buy it",
    "bought_together": "because you bought Green tea",
}


def products(rows: list[tuple[Any, ...]] = ROWS, *, version: str = "1", as_of: date = DAY) -> pl.DataFrame:
    names = ("customer_id", "rank", "product_id", "product", "probability", "expected_margin", "reason", "because")
    made = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("because").cast(pl.String))
    words = pl.col("reason").replace_strict(WORDS)
    shared = {"as_of": as_of, "model": "x.next", "version": version}
    return made.with_columns(**{k: pl.lit(v) for k, v in shared.items()}, reason_en=words, reason_fr=pl.concat_str(words, pl.lit(" (fr)")))


def file(people: pl.DataFrame | None = None, rows: pl.DataFrame | None = None) -> CustomerFile:
    """Return the file of customers a to d, of whom d has no next product."""
    people = pl.DataFrame({"customer_id": ["d", "c", "b", "a"]}) if people is None else people
    first = company.score(["a", "b", "c"], "next_product_probability", [0.41237, 0.3, 0.1], as_of=DAY, model="x.next")
    return customer_file(people, kept(first), as_of=DAY, currency="EUR", next_products=products() if rows is None else rows)


def cells(made: CustomerFile, customer: str) -> dict[str, Any]:
    return made.frame.filter(customer_id=customer).select(pl.selectors.starts_with("next_product")).row(0, named=True)


def test_a_customer_has_up_to_three_products_with_probability_margin_and_reason() -> None:
    made = file()
    assert cells(made, "a") == {
        "next_product_1": "P1",
        "next_product_probability_1": 0.4124,
        "next_product_margin_eur_1": 2.68,
        "next_product_reason_1": "habit",
        "next_product_2": "P2",
        "next_product_probability_2": 0.2,
        "next_product_reason_2": "bought_together=P1",
    }  # no margin of a second product is known, and nobody has a third
    assert set(cells(made, "d").values()) == {None}


def test_words_stand_for_products_and_reasons() -> None:
    made = file()
    english, french = (in_words(made.frame, made.columns, at).filter(customer_id="a") for at in ("en", "fr"))
    assert english["next_product_2"][0] == french["next_product_2"][0] == "Pot"
    assert english["next_product_reason_2"][0] == "because you bought Green tea"
    assert french["next_product_reason_2"][0] == "because you bought Green tea (fr)"


def test_the_dictionary_names_the_model_and_lists_the_words() -> None:
    entries = {row["column"]: row for row in data_dictionary(file()).iter_rows(named=True)}
    for name in ("next_product_1", "next_product_margin_eur_1", "next_product_reason_2"):
        assert (entries[name]["model"], entries[name]["model_version"], entries[name]["trained_as_of"]) == ("x.next", "1", str(DAY))
    assert entries["next_product_1"]["allowed_values_en"] == "P1 = Green tea; P2 = Pot; P3 = =1+1"
    assert "not the effect of an offer" in entries["next_product_margin_eur_1"]["meaning_en"]
    assert "protected from any contact" in entries["next_product_1"]["null_means_en"]


def test_the_marketer_s_view_stays_as_it_was() -> None:
    assert not [column.name for column in marketer_view(file()) if column.name.startswith("next_product")]


def test_products_of_another_version_or_day_are_not_shown() -> None:
    for rows in (products(version="2"), products(as_of=company.MAY)):
        assert "next_product_1" not in file(rows=rows).frame.columns


@pytest.mark.parametrize(
    ("column", "values"), [("is_protected", [False, True, None, True]), ("consent_profiling", ["granted", "refused", None, "refused"])]
)
def test_whoever_is_protected_or_refuses_profiling_by_now_has_empty_cells(column: str, values: list[Any]) -> None:
    people = pl.DataFrame({"customer_id": ["d", "c", "b", "a"], column: values})
    made = file(people)
    assert {name for name in "abcd" if set(cells(made, name).values()) != {None}} == {"b"}


def test_a_name_that_looks_like_a_formula_is_neutralised(tmp_path: Path) -> None:
    made = file()
    assert write_csv(made, tmp_path / "fr.csv", style="fr") == {"next_product_1": 1}
    shown = pl.read_csv(tmp_path / "fr.csv", separator=";", decimal_comma=True, encoding="utf8-lossy")
    assert shown.filter(pl.col(shown.columns[0]) == "c")["Prochain produit, 1"].to_list() == ["'=1+1"]


def test_names_that_several_products_share_include_the_id() -> None:
    rows = pl.DataFrame({"product_id": ["b", "a", "c"], "product": ["Tea", "Tea", "c"]})
    assert {code: text.en for code, text in product_words(rows).items()} == {"a": "Tea (a)", "b": "Tea (b)", "c": "c"}


def test_more_codes_than_a_cell_can_list_are_described_instead() -> None:
    codes = {str(i): Text(f"product {i}", f"produit {i}") for i in range(MOST_LISTED + 1)}
    column = FileColumn(name="x", dtype=pl.String, codes=codes, allowed=Text("ids of products", "identifiants de produits"))
    assert column.allowed_in("fr") == "identifiants de produits"
    assert column.words("fr")["0"] == "produit 0"


def test_a_prospect_with_a_popular_product_has_still_never_bought() -> None:
    people = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "days_since_last_order": [3, None, None, None]})
    quality = dict(file(people).frame.select("customer_id", "score_quality").iter_rows())
    assert quality == {"a": "margin_unknown", "b": "never_bought", "c": "never_bought", "d": "never_bought"}

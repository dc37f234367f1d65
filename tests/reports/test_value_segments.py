from __future__ import annotations

import delivered_company as company
import polars as pl
import pytest
from score_records import SHOWN, kept

from relkit.delivery.customer_files import customer_file
from relkit.errors import ParameterError
from relkit.reports.customer_value import ValueReading
from relkit.reports.value_segments import TEXTS, ValueSegments


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    given = company.customers(1000)
    return customer_file(given, kept(company.scores(given)), as_of=company.JUNE, currency="EUR").frame


@pytest.fixture(scope="module")
def customers(people: pl.DataFrame) -> pl.DataFrame:
    """Return a customer table in which margin is in the south, four people are far away, and the language explains nothing."""
    future = pl.col("future_margin_24m_eur").fill_null(0.0)
    south = future > future.median()
    rows = people.select("customer_id", "future_margin_24m_eur").with_row_index("at")
    return rows.with_columns(
        region=pl.when(pl.col("at") % 300 == 17).then(pl.lit("islands")).when(south).then(pl.lit("south")).otherwise(pl.lit("north")),
        language=pl.when(pl.col("at") % 2 == 0).then(pl.lit("fr")).otherwise(pl.lit("nl")),
    ).select("customer_id", "region", "language")


def segments(people: pl.DataFrame, customers: pl.DataFrame, language: str = "en", **given) -> ValueSegments:
    value = ValueReading.of(people, scores=SHOWN, currency="EUR", language=language)
    return ValueSegments.of(customers, value, **{"segment": None, "declared": {}, **given})


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_the_column_that_tells_most_is_taken(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    chosen = segments(people, customers)
    assert (chosen.name, chosen.tried) == ("Region", 2)
    assert "Highest on average: south; lowest: north." in chosen.headlines().sentences
    assert segments(people, customers, segment="language").explained < 0.05 < chosen.explained


def test_sums_are_those_of_the_file_and_small_groups_are_masked(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    table = segments(people, customers, segment="region").table()
    held = people.join(customers, on="customer_id").drop_nulls("future_margin_24m_eur")
    south = held.filter(pl.col("region") == "south")
    row = table.frame.filter(pl.col("name") == "south").row(0, named=True)
    assert row["future"] == pytest.approx(float(south["future_margin_24m_eur"].sum()))
    assert row["customers"] == len(south)
    assert 0 < len(held.filter(pl.col("region") == "islands")) < 10
    assert "islands" not in table._repr_html_()


def test_a_segment_of_nobody_is_refused_with_the_columns_there_are(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="unknown segment 'regoin'; did you mean 'region'"):
        segments(people, customers, segment="regoin")


def test_there_is_a_picture_and_french_words(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    french = segments(people, customers, "fr")
    assert "Valeur par segment" in french.table()._repr_html_()
    assert len(french.picture().pictures) == 1
    assert segments(people, customers.select("customer_id")).headlines().sentences == (TEXTS["none"]["en"],)


def test_revenue_is_that_of_the_rest_of_the_page(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    bare = people.drop("past_margin_eur").with_columns(expected_order_value_eur=pl.lit(50.0), expected_return_share=pl.lit(0.2))
    table = segments(bare, customers, segment="language").table()
    value = ValueReading.of(bare, scores=SHOWN, currency="EUR", language="en")
    assert value.measure == "revenue"
    assert float(table.frame["future"].sum()) == pytest.approx(float(value.scored["future"].sum()))
    assert float(table.frame["future"].sum()) == pytest.approx(0.8 * 50 * float(people["expected_orders_90d"].sum()))


def test_columns_that_tell_nothing_are_not_praised(people: pl.DataFrame, customers: pl.DataFrame) -> None:
    (line,) = segments(people, customers.select("customer_id", "language")).headlines().sentences
    assert line.startswith("No column that describes customers tells those worth more from the others (1 tried): even “Language” accounts")
    (french,) = segments(people, customers.select("customer_id", "language"), "fr").headlines().sentences
    assert "même « Langue » explique moins de 1" in french

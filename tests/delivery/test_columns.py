from __future__ import annotations

import polars as pl
import pytest
from score_records import records

from relkit.delivery.columns import file_columns, marketer_columns
from relkit.file_column import FileColumn
from relkit.texts import Text

SCORES = records("future_margin_24m", "churn_probability_90d", "expected_orders_30d", "expected_orders_90d")
ALL = file_columns(currency="EUR", channels=["email", "sms", "fax"], scores=SCORES)


def test_names_and_headers_are_unique_in_both_languages() -> None:
    for texts in ([c.name for c in ALL], [c.label["en"] for c in ALL], [c.label["fr"] for c in ALL]):
        assert len(set(texts)) == len(texts)


def test_every_column_speaks_both_languages() -> None:
    for column in ALL:
        assert all([column.label.en, column.label.fr, column.meaning.en, column.meaning.fr]), column.name
        assert bool(column.null_means.en) == bool(column.null_means.fr), column.name
        assert bool(column.absent_means.en) == bool(column.absent_means.fr), column.name


def test_no_placeholder_is_left() -> None:
    assert not [c.name for c in ALL if "{" in f"{c.name}{c.label.en}{c.label.fr}{c.meaning.en}{c.meaning.fr}{c.unit}{c.score}"]


def test_money_carries_the_currency_of_the_programme() -> None:
    dollars = [c for c in file_columns(currency="USD", scores=records("future_margin_24m")) if c.unit == "USD"]
    assert {"revenue_12m_usd", "past_margin_usd", "future_margin_24m_usd_low", "total_margin_usd"} <= {c.name for c in dollars}
    assert all("(USD)" in c.label["en"] for c in dollars)


def test_each_horizon_scored_has_its_column_and_others_have_none() -> None:
    names = [c.name for c in ALL]
    assert [n for n in names if n.startswith("expected_orders")] == ["expected_orders_30d", "expected_orders_90d"]
    assert [n for n in names if n.startswith("churn_probability")] == ["churn_probability_90d"]


def test_each_reason_scored_has_its_column_after_the_probability_of_any() -> None:
    scores = records(*(f"churn_probability_{end}" for end in ("90d", "90d_move", "90d_voluntary", "30d_voluntary", "90d_bought_out")))
    found = {c.name: c for c in file_columns(currency="EUR", scores=scores) if c.name.startswith("churn_probability")}
    ends = ["90d", "30d_voluntary", "90d_voluntary", "90d_move", "90d_bought_out"]
    assert list(found) == [f"churn_probability_{end}" for end in ends]
    voluntary = found["churn_probability_90d_voluntary"]
    assert voluntary.label["en"] == "Probability of ending the contract within 90 days: by the customer"
    assert voluntary.label["fr"] == "Probabilité de résiliation sous 90 jours : par le client"
    assert found["churn_probability_90d_bought_out"].label["fr"].endswith(": bought out")


def test_channels_are_named_in_french() -> None:
    labels = {c.name: c.label["fr"] for c in ALL}
    assert labels["consent_email"] == "Consentement e-mail"
    assert labels["contacts_30d_fax"] == "Contacts en 30 jours : fax"


def test_a_score_nobody_declared_gets_a_plain_column() -> None:
    last = file_columns(currency="EUR", scores=records("distance_to_store"))[-1]
    assert (last.name, last.label["en"], last.kind) == ("distance_to_store", "Distance to store", "score")


@pytest.mark.parametrize(
    ("column", "english", "french"),
    [
        (FileColumn(name="x", dtype=pl.Boolean), "true, false", "Oui, Non"),
        (FileColumn(name="x", dtype=pl.Float64, low=0, high=1), "0 to 1", "0 à 1"),
        (FileColumn(name="x", dtype=pl.Int32, low=0), ">= 0", ">= 0"),
        (FileColumn(name="x", dtype=pl.String), "", ""),
        (
            FileColumn(name="x", dtype=pl.String, codes={"a": Text("one", "un"), "b": Text("two", "deux")}),
            "a = one; b = two",
            "a = un; b = deux",
        ),
    ],
)
def test_allowed_values_are_given_in_words(column: FileColumn, english: str, french: str) -> None:
    assert (column.allowed_in("en"), column.allowed_in("fr")) == (english, french)


def test_units_are_translated_and_currencies_are_not() -> None:
    units = {c.name: (c.unit_in("en"), c.unit_in("fr")) for c in ALL}
    assert units["days_since_last_order"] == ("days", "jours")
    assert units["revenue_12m_eur"] == ("EUR", "EUR")


def test_the_marketer_view_has_the_same_columns_whatever_was_scored() -> None:
    names = [c.name for c in marketer_columns(currency="EUR")]
    assert 20 <= len(names) <= 25
    assert names == [c.name for c in marketer_columns(currency="EUR", scores=SCORES)]
    assert {c.name for c in marketer_columns(currency="EUR", scores=SCORES)} - {c.name for c in ALL} == {
        *("order_probability_90d", "may_contact_phone", "may_contact_post")
    }


def test_the_horizons_of_the_marketer_view_are_those_of_the_scores_there_are() -> None:
    names = [
        c.name for c in marketer_columns(currency="USD", scores=records("expected_orders_30d", "contract_residual_value_12m", "p_alive"))
    ]
    assert {"order_probability_30d", "churn_probability_30d", "future_margin_12m_usd_high"} <= set(names)
    assert "total_margin_usd" in names


def test_every_code_has_words_of_its_own_in_both_languages() -> None:
    for column in ALL:
        for language in ("en", "fr"):
            words = column.words(language)
            assert len(set(words.values())) == len(column.codes), column.name
            assert all(words.values()), column.name

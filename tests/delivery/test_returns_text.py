"""The dictionary tells of which share of returns a margin ahead is net."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.delivery.customer_files import customer_file, data_dictionary

DAY = date(2025, 6, 30)
SCORES = {
    "expected_orders_90d": (2.0, 1.0),
    "expected_order_value": (10.0, 20.0),
    "expected_return_share": (0.1, 0.2),
    "returns_to_come": (0.0, 3.456),
    "future_margin_24m": (50.0, -1.0),
}


def dictionary(*left_out: str) -> dict[str, dict[str, str]]:
    rows = [(who, name, values[i]) for name, values in SCORES.items() if name not in left_out for i, who in enumerate("ab")]
    scores = pl.DataFrame(rows, schema=["customer_id", "score", "value"], orient="row").with_columns(
        as_of=DAY, model=pl.lit("m"), version=pl.lit("1"), trained_as_of=DAY, lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64)
    )
    people = pl.DataFrame({"customer_id": ["a", "b"], "past_margin_eur": [1.0, 2.0]})
    file = customer_file(people, scores, as_of=DAY, currency="EUR")
    return {row["column"]: row for row in data_dictionary(file).iter_rows(named=True)}


def test_the_share_and_its_range_stand_in_the_meaning_of_the_margin_in_both_languages():
    """Both should buy for 20, so the share is 15 %; a tenth of the way between 10 and 20 % is 11 %."""
    said = dictionary()["future_margin_24m_eur"]
    assert "Net of expected returns: 15.0 % of coming sales, from 11.0 % to 19.0 % for four customers in five" in said["meaning_en"]
    assert "Nette des retours attendus : 15,0 % des ventes à venir, de 11,0 % à 19,0 % pour quatre clients sur cinq" in said["meaning_fr"]


@pytest.mark.parametrize("column", ["expected_return_share", "returns_to_come_eur"])
def test_the_parts_are_in_the_full_view_with_their_texts(column):
    said = dictionary()[column]
    assert said["view"] == "full"
    assert said["label_fr"] != said["label_en"]
    assert said["null_means_fr"].startswith("n'a jamais commandé")


def test_nothing_is_said_where_nothing_comes_back():
    assert "Net of expected" not in dictionary("expected_return_share", "returns_to_come")["future_margin_24m_eur"]["meaning_en"]

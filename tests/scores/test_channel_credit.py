"""The table of credit of channels, with its money."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from relkit.models.attribution.credit import credit_table
from relkit.scores.channel_credit import COLUMNS, ModelCredit, channel_credit, credit_columns, unpriced

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def given(**conversions: float) -> pl.DataFrame:
    value = [10 * each for each in conversions.values()]
    return pl.DataFrame({"channel": list(conversions), "conversions": list(conversions.values()), "value": value})


def spend(*rows: tuple[str, date | None, int, int, float | None]) -> pl.DataFrame:
    schema = {"channel": pl.String, "period": pl.Date, "touches": pl.Int64, "priced_touches": pl.Int64, "cost": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def part(spent: pl.DataFrame, worth: str = "revenue", model: str = "attribution.linear") -> ModelCredit:
    groups: list[tuple[dict[str, Any], pl.DataFrame]] = [
        ({}, given(ad=4.0, tv=1.0)),
        ({"period": MAY}, given(ad=3.0, tv=0.0)),
        ({"period": JUNE}, given(ad=1.0, tv=1.0)),
        ({"segment": "new"}, given(ad=2.0)),
    ]
    return ModelCredit(model=model, credits=credit_table(groups), worth=worth, spend=spent)


def row(table: pl.DataFrame, channel: str, *, period: date | None = None, segment: str | None = None) -> dict[str, Any]:
    same = [pl.col("channel") == channel, pl.col("period").eq_missing(period), pl.col("segment").eq_missing(segment)]
    return table.row(by_predicate=pl.all_horizontal(same), named=True)


def test_spend_is_that_of_the_period_and_of_no_segment() -> None:
    table = channel_credit([part(spend(("ad", None, 10, 10, 8.0), ("ad", MAY, 6, 6, 6.0), ("ad", JUNE, 4, 4, 2.0)))])
    assert [row(table, "ad", period=each)["cost"] for each in (None, MAY, JUNE)] == [8.0, 6.0, 2.0]
    assert row(table, "ad", period=MAY)["cost_per_conversion"] == 2.0
    assert row(table, "ad", period=MAY)["return_on_spend"] == 5.0
    by_segment = row(table, "ad", segment="new")
    assert by_segment["conversions"] == 2.0
    assert (by_segment["cost"], by_segment["cost_known_share"], by_segment["return_on_spend"]) == (None, None, None)


def test_a_cost_that_is_not_known_is_empty_and_never_zero() -> None:
    table = channel_credit([part(spend(("ad", None, 10, 0, None), ("tv", None, 5, 5, 3.0)))])
    unknown = row(table, "ad")
    assert (unknown["cost"], unknown["cost_known_share"], unknown["cost_per_conversion"]) == (None, 0.0, None)
    assert row(table, "tv")["cost_per_conversion"] == 3.0
    assert row(table, "tv", period=MAY)["cost"] is None  # no touch in that month


def test_ratios_need_nearly_all_costs_and_something_to_divide_by() -> None:
    few = channel_credit([part(spend(("ad", None, 100, 94, 94.0), ("tv", None, 100, 95, 0.0)))])
    assert (row(few, "ad")["cost"], row(few, "ad")["cost_per_conversion"], row(few, "ad")["return_on_spend"]) == (94.0, None, None)
    assert (row(few, "tv")["cost_per_conversion"], row(few, "tv")["return_on_spend"]) == (0.0, None)
    nobody = channel_credit([part(spend(("tv", MAY, 5, 5, 3.0)))])
    assert row(nobody, "tv", period=MAY)["cost_per_conversion"] is None
    assert row(nobody, "tv", period=MAY)["return_on_spend"] == 0.0


@pytest.mark.parametrize(
    ("worth", "rate", "margin"), [("revenue", 0.25, 10.0), ("margin", 0.25, 40.0), ("margin", None, 40.0), ("revenue", None, None)]
)
def test_the_margin_stands_beside_the_value(worth: str, rate: float | None, margin: float | None) -> None:
    table = channel_credit([part(spend(), worth)], margin_rate=rate)
    assert (row(table, "ad")["value"], row(table, "ad")["margin"], row(table, "ad")["worth"]) == (40.0, margin, worth)


def test_models_keep_their_order_and_their_rows() -> None:
    table = channel_credit([part(spend(), model="b"), part(spend(), model="a")])
    assert table["model"].unique(maintain_order=True).to_list() == ["b", "a"]
    assert table.columns == [column.name for column in COLUMNS]
    assert table.schema == {column.name: column.dtype for column in COLUMNS}
    assert channel_credit([]).schema == table.schema


def test_models_have_names_in_words() -> None:
    (words,) = (column.words("fr") for column in credit_columns("EUR") if column.name == "model")
    assert words["attribution.linear"] == "Linéaire"


def test_channels_with_unknown_costs_are_listed_with_the_known_share() -> None:
    assert unpriced([spend(("ad", None, 4, 1, 2.0), ("tv", None, 4, 4, 1.0), ("post", MAY, 3, 0, None))]) == {"ad": 0.25}

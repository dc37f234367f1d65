from __future__ import annotations

import delivered_company as company
import polars as pl
import pytest

from relkit.delivery.customer_files import customer_file
from relkit.errors import TableError
from relkit.reports.customer_value import TEXTS, ValueReading


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    given = company.customers(1000)
    return customer_file(given, company.scores(given), as_of=company.JUNE, currency="EUR").frame


@pytest.fixture(scope="module")
def value(people: pl.DataFrame) -> ValueReading:
    return ValueReading.of(people, currency="EUR", language="en")


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_say_the_same_things() -> None:
    assert set(TEXTS["en"]) == set(TEXTS["fr"])


def test_its_tenths_are_those_of_the_scored_file(people: pl.DataFrame, value: ValueReading) -> None:
    assert (value.people, value.prospects, len(value.scored)) == (1000, 200, 800)
    for decile in (1, 5, 10):
        here = value.scored.filter(pl.col("decile") == decile)
        there = people.filter(pl.col("value_decile") == decile)
        assert float(here["past"].sum()) == pytest.approx(float(there["past_margin_eur"].sum()))


def test_headlines_agree_with_the_file(people: pl.DataFrame, value: ValueReading) -> None:
    said = value.headlines().sentences
    future = people["future_margin_24m_eur"].drop_nulls().sort(descending=True)
    share = float(future.head(160).sum()) / float(future.sum())
    assert f"A fifth of the 800 customers with a forecast should bring {share:.0%} of the margin of the next 24 months" in said[0]
    gone = people.filter(pl.col("p_alive") < 0.3)
    assert any(line.startswith(f"{len(gone)} customers ({len(gone) / 800:.0%} of those") for line in said)
    slipping = people.filter((pl.col("p_alive") < 0.7) & pl.col("is_top20_margin"))
    assert any(line.startswith(f"{len(slipping)} of the fifth worth most") for line in said)
    assert said[-1] == "200 people have neither a purchase nor a running contract on record, and so no forecast."


def test_few_people_are_not_spoken_of() -> None:
    given = company.customers(30)
    file = customer_file(given, company.scores(given), as_of=company.JUNE, currency="EUR")
    said = ValueReading.of(file.frame, currency="EUR", language="en").headlines().sentences
    assert not [line for line in said if "fifth worth most" in line or "on record" in line]


def test_key_figures_in_french(people: pl.DataFrame) -> None:
    figures = ValueReading.of(people, currency="EUR", language="fr").key_figures().figures
    assert plain(figures[0][0]) == "1 000"
    assert figures[0][1] == "personnes connues, dont 800 avec une prévision"
    orders = round(float(people["expected_orders_90d"].sum()))
    assert (plain(figures[2][0]), figures[2][1]) == (f"{orders}", "commandes attendues, 90 prochains jours")


def test_the_table_by_tenth_adds_up(value: ValueReading) -> None:
    cells = value.by_decile().cells()
    assert [row[0] for row in cells] == [*map(str, range(1, 11)), "All"]
    assert {row[1] for row in cells[:-1]} == {"80"}
    assert cells[-1][1] == "800"
    assert sum(int(row[4].rstrip("%")) for row in cells[:-1]) == pytest.approx(100, abs=5)


def test_the_table_by_activity_names_each_group_once(value: ValueReading) -> None:
    cells = value.by_activity().cells()
    assert [row[0] for row in cells if row[0]] == ["Best 20%", "Next 30%", "Other 50%"]
    assert [row[1] for row in cells[:3]] == ["Active", "Uncertain", "Probably gone"]
    assert "at least 70%" in value.by_activity()._repr_html_()


def test_those_without_a_chance_are_under_contract_or_too_early_to_tell_and_never_active(people: pl.DataFrame) -> None:
    half = people.with_columns(p_alive=pl.when(pl.int_range(pl.len()) % 2 == 0).then("p_alive"))
    seen = ValueReading.of(half, currency="EUR", language="en").scored
    blank = half.filter(pl.col("p_alive").is_null() & pl.col("future_margin_24m_eur").is_not_null())
    counts = dict(seen.group_by("activity").len().iter_rows())
    assert counts["contract"] == blank["churn_probability_90d"].is_not_null().sum() > 0
    assert counts["early"] == blank["churn_probability_90d"].is_null().sum() > 0
    assert set(seen.filter(pl.col("alive").is_null())["activity"]) == {"contract", "early"}
    early = people.with_columns(
        score_quality=pl.when(pl.int_range(pl.len()) % 4 == 1).then(pl.lit("short_history")).otherwise("score_quality")
    )
    counts = dict(ValueReading.of(early, currency="EUR", language="en").scored.group_by("activity").len().iter_rows())
    assert counts["early"] == early.filter((pl.col("score_quality") == "short_history") & pl.col("p_alive").is_not_null()).height
    none = ValueReading.of(people.drop("p_alive"), currency="EUR", language="en")
    assert set(none.scored["activity"]) == {"contract", "early"}
    assert none.key_figures().figures[1][0] == "0"


def test_the_grid_holds_the_counts(value: ValueReading) -> None:
    texts = [text.get_text() for text in value.grid().drawn.texts]
    counts = value.scored.group_by("group", "activity").len()
    top_active = counts.filter((pl.col("group") == "top") & (pl.col("activity") == "active"))["len"][0]
    assert texts[0] == str(top_active)
    assert sum(int(text) for text in texts if text.isdigit()) <= 800


def test_pictures_say_what_to_see_in_both_languages(people: pl.DataFrame) -> None:
    for language, word in (("en", "customers"), ("fr", "clients")):
        reading = ValueReading.of(people, currency="EUR", language=language)
        for picture in (reading.concentration(), reading.means(), reading.grid()):
            assert word in picture.caption.lower()
            assert picture.png().startswith(b"\x89PNG")


def test_without_a_margin_it_speaks_of_revenue(people: pl.DataFrame) -> None:
    bare = people.drop("past_margin_eur").with_columns(expected_order_value_eur=pl.lit(50.0))
    reading = ValueReading.of(bare, currency="EUR", language="en")
    assert reading.headlines().sentences[-1] == "No margin is known: this report speaks of revenue."
    assert float(reading.scored["future"].sum()) == pytest.approx(50 * float(people["expected_orders_90d"].sum()))
    assert "Expected revenue, next 90 days" in reading.by_decile()._repr_html_()
    assert "margin" not in reading.by_decile()._repr_html_()


def test_who_only_holds_a_contract_is_in_it_with_his_margin(people: pl.DataFrame, value: ValueReading) -> None:
    never = pl.col("days_since_last_order").is_null()
    holder = pl.int_range(pl.len()).over(never) < 20
    held = people.with_columns(future_margin_24m_eur=pl.when(never & holder).then(500.0).otherwise("future_margin_24m_eur"))
    reading = ValueReading.of(held, currency="EUR", language="en")
    assert (len(reading.scored), reading.prospects) == (len(value.scored) + 20, value.prospects - 20)
    assert float(reading.scored["future"].sum()) == pytest.approx(float(value.scored["future"].sum()) + 20 * 500)
    assert float(reading.scored["orders"].sum()) == pytest.approx(float(value.scored["orders"].sum()))


def test_a_past_of_unknown_margin_is_said(people: pl.DataFrame) -> None:
    bought = pl.col("past_margin_eur").is_not_null()
    holed = people.with_columns(past_margin_eur=pl.when(pl.int_range(pl.len()).over(bought) >= 25).then("past_margin_eur"))
    said = ValueReading.of(holed, currency="EUR", language="en").headlines().sentences
    assert said[-1] == "25 of them have a past of unknown margin, which counts as nought here."


def test_quality_is_counted(value: ValueReading) -> None:
    assert value.by_quality().cells() == [["Enough history", "800", "100%"]]


def test_without_a_forecast_it_says_what_to_run() -> None:
    with pytest.raises(TableError, match=r"customers_scored: there is no forecast of orders. Run relkit fit and relkit score first"):
        ValueReading.of(pl.DataFrame({"customer_id": ["a"]}), currency="EUR", language="en")

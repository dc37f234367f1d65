from __future__ import annotations

import delivered_company as company
import polars as pl
import pytest
from score_records import SHOWN, kept

from relkit.delivery.customer_files import customer_file
from relkit.errors import TableError
from relkit.reports.customer_value import ACTIVITY, TEXTS, ValueReading
from relkit.scores.rfm import LABELS


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    given = company.customers(1000)
    return customer_file(given, kept(company.scores(given)), as_of=company.JUNE, currency="EUR").frame


@pytest.fixture(scope="module")
def value(people: pl.DataFrame) -> ValueReading:
    return ValueReading.of(people, scores=SHOWN, currency="EUR", language="en")


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_its_tenths_are_those_of_the_scored_file(people: pl.DataFrame, value: ValueReading) -> None:
    assert (value.people, value.prospects, len(value.scored)) == (1000, 200, 800)
    for decile in (1, 5, 10):
        here = value.scored.filter(pl.col("decile") == decile)
        there = people.filter(pl.col("value_decile") == decile)
        assert float(here["past"].sum()) == pytest.approx(float(there["past_margin_eur"].sum()))


def test_headlines_agree_with_the_file(people: pl.DataFrame, value: ValueReading) -> None:
    lines = value.headlines().sentences
    future = people["future_margin_24m_eur"].drop_nulls().sort(descending=True)
    share = float(future.head(160).sum()) / float(future.sum())
    assert f"A fifth of the 800 customers with a forecast should bring {share:.0%} of the margin of the next 24 months" in lines[0]
    judged = people.filter(pl.col("p_alive").is_not_null() & pl.col("churn_probability_90d").is_null())
    gone = judged.filter(pl.col("p_alive") < 0.3)
    assert any(line.startswith(f"{len(gone)} customers ({len(gone) / len(judged):.0%} of the {len(judged)} of whom") for line in lines)
    slipping = judged.filter((pl.col("p_alive") < 0.7) & pl.col("is_top20_margin"))
    assert any(line.startswith(f"{len(slipping)} of the fifth worth most") for line in lines)
    assert lines[-1] == "200 people have neither a purchase nor a running contract on record, and so no forecast."


def test_everybody_is_counted_once(people: pl.DataFrame) -> None:
    """Of 1,000: 60 holders and 100 buyers refuse profiling, 30 buyers have no score, and 20 prospects have a contract with one."""
    at, never = pl.int_range(pl.len()), pl.col("days_since_last_order").is_null()
    place = at.over(never)
    holder, refuser, lost = never & (place < 80), (never & (place < 60)) | (~never & (place < 100)), ~never & place.is_between(100, 129)
    scores = [name for name in people.columns if name.startswith(("expected_", "future_", "p_alive", "churn_"))]
    given = people.with_columns(
        pl.when(holder & ~refuser).then(50.0).otherwise("future_margin_24m_eur").alias("future_margin_24m_eur"),
        active_contracts=holder.cast(pl.Int32),
        consent_profiling=pl.when(refuser).then(pl.lit("refused")).otherwise(pl.lit("unknown")),
    ).with_columns(pl.when(~refuser & ~lost).then(name).alias(name) for name in scores)
    reading = ValueReading.of(given, scores=SHOWN, currency="EUR", language="en")
    assert (reading.prospects, reading.refusing, reading.unforecast, len(reading.scored)) == (120, 160, 30, 690)
    lines = reading.headlines().sentences
    assert lines[-4:-1] == (
        "120 people have neither a purchase nor a running contract on record, and so no forecast.",
        "160 customers with a purchase or a running contract refuse profiling, and so have no scores; 160 people refuse it in all.",
        "30 more customers have a history, from which no forecast of their margin can be made.",
    )


def test_few_people_are_not_spoken_of() -> None:
    given = company.customers(30)
    file = customer_file(given, kept(company.scores(given)), as_of=company.JUNE, currency="EUR")
    lines = ValueReading.of(file.frame, scores=SHOWN, currency="EUR", language="en").headlines().sentences
    assert not [line for line in lines if "fifth worth most" in line or "on record" in line]


def test_key_figures_in_french(people: pl.DataFrame) -> None:
    figures = ValueReading.of(people, scores=SHOWN, currency="EUR", language="fr").key_figures().figures
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


def test_groups_are_those_of_the_delivered_segment(people: pl.DataFrame, value: ValueReading) -> None:
    there = dict(people.group_by("segment_value_activity").len().iter_rows())
    names = {"top": "best", "early": "too_early"}
    for group, activity, n in value.scored.group_by("group", "activity").len().iter_rows():
        assert there[f"{names.get(group, group)}_{names.get(activity, activity)}"] == n


def test_those_whom_the_model_cannot_tell_are_early_and_not_active() -> None:
    given = company.customers(1000)
    given = given.with_columns(active_contracts=pl.int_range(pl.len()) % 4 // 3)
    scored = company.scores(given)
    half = pl.col("customer_id").is_in(given["customer_id"].gather_every(2).implode())
    scored = scored.filter(~((pl.col("score") == "p_alive") & half) & (pl.col("score") != "churn_probability_90d"))
    read = customer_file(given, kept(scored), as_of=company.JUNE, currency="EUR").frame
    seen = ValueReading.of(read, scores=SHOWN, currency="EUR", language="en")
    assert set(seen.scored["activity"]) == set(ACTIVITY)
    early = read.filter(pl.col("p_alive").is_null() & (pl.col("segment_value_activity").str.ends_with("too_early")))
    assert seen.scored.filter(pl.col("activity") == "early").height == early.height == 400
    never = customer_file(given, kept(scored.filter(pl.col("score") != "p_alive")), as_of=company.JUNE, currency="EUR").frame
    none = ValueReading.of(never, scores=SHOWN, currency="EUR", language="en")
    assert set(none.scored["activity"]) == {"early", "contract"}
    assert none.key_figures().figures[1][0] == "0"


def test_the_protected_are_counted_and_in_no_rank() -> None:
    given = company.customers(1000).with_columns(is_protected=pl.int_range(pl.len()) % 20 == 0)
    read = customer_file(given, kept(company.scores(given)), as_of=company.JUNE, currency="EUR").frame
    seen = ValueReading.of(read, scores=SHOWN, currency="EUR", language="en")
    assert len(seen.scored) == 800
    assert seen.scored["decile"].null_count() == seen.scored["group"].null_count() == 50
    assert float(seen.scored["future"].sum()) == pytest.approx(float(read["future_margin_24m_eur"].sum()))
    assert seen.by_decile().cells()[-2][:2] == ["Protected: not to be contacted", "50"]
    assert seen.by_activity().cells()[-1][:3] == ["Protected: not to be contacted", "", "50"]
    assert seen.grid().png().startswith(b"\x89PNG")
    assert seen.means().png().startswith(b"\x89PNG")


def test_recency_and_frequency_are_those_of_the_file(people: pl.DataFrame, value: ValueReading) -> None:
    cells = {row[0]: int(row[1]) for row in value.by_rfm().cells()}
    there = dict(people.drop_nulls("rfm_label").group_by("rfm_label").len().iter_rows())
    assert cells == {LABELS[code]["en"]: n for code, n in there.items()}
    texts = [text.get_text() for text in value.rfm().pictures[0].drawn.texts]
    assert sorted(set(texts[1::2])) == sorted(text["en"] for text in LABELS.values())
    best = people.filter((pl.col("rfm_recency") == 5) & (pl.col("rfm_frequency") == 1)).height
    assert texts[:2] == [str(best) if best >= 10 else f"< {10}", "New"]
    bare = ValueReading.of(people.drop("rfm_label"), scores=SHOWN, currency="EUR", language="fr")
    assert bare.rfm()._repr_html_().startswith("<p>Aucun achat")


def test_a_file_without_segments_is_refused(people: pl.DataFrame) -> None:
    with pytest.raises(TableError, match="there is no segment of value and activity"):
        ValueReading.of(people.drop("segment_value_activity"), scores=SHOWN, currency="EUR", language="en")


def test_the_grid_shows_the_counts(value: ValueReading) -> None:
    texts = [text.get_text() for text in value.grid().drawn.texts]
    counts = value.scored.group_by("group", "activity").len()
    top_active = counts.filter((pl.col("group") == "top") & (pl.col("activity") == "active"))["len"][0]
    assert texts[0] == str(top_active)
    assert sum(int(text) for text in texts if text.isdigit()) <= 800


def test_pictures_say_what_to_see_in_both_languages(people: pl.DataFrame) -> None:
    for language, word in (("en", "customers"), ("fr", "clients")):
        reading = ValueReading.of(people, scores=SHOWN, currency="EUR", language=language)
        for picture in (reading.concentration(), reading.means(), reading.grid()):
            assert word in picture.caption.lower()
            assert picture.png().startswith(b"\x89PNG")


def test_without_a_margin_it_speaks_of_revenue(people: pl.DataFrame) -> None:
    bare = people.drop("past_margin_eur").with_columns(expected_order_value_eur=pl.lit(50.0))
    reading = ValueReading.of(bare, scores=SHOWN, currency="EUR", language="en")
    lines = reading.headlines().sentences
    assert lines[0] == "No margin is known: this report speaks of revenue."
    assert any("they have brought €" in line and line.endswith(" in the last 12 months.") for line in lines)
    assert "Revenue of the last 12 months" in reading.by_decile()._repr_html_()
    assert float(reading.scored["future"].sum()) == pytest.approx(50 * float(people["expected_orders_90d"].sum()))
    assert "Expected revenue, next 90 days" in reading.by_decile()._repr_html_()
    assert "margin" not in reading.by_decile()._repr_html_()


def test_customers_with_only_a_contract_are_in_it_with_their_margin(people: pl.DataFrame, value: ValueReading) -> None:
    never = pl.col("days_since_last_order").is_null()
    holder = pl.int_range(pl.len()).over(never) < 20
    held = people.with_columns(future_margin_24m_eur=pl.when(never & holder).then(500.0).otherwise("future_margin_24m_eur"))
    held = held.with_columns(
        segment_value_activity=pl.when(never & holder).then(pl.lit("best_contract")).otherwise("segment_value_activity")
    )
    reading = ValueReading.of(held, scores=SHOWN, currency="EUR", language="en")
    assert (len(reading.scored), reading.prospects) == (len(value.scored) + 20, value.prospects - 20)
    assert float(reading.scored["future"].sum()) == pytest.approx(float(value.scored["future"].sum()) + 20 * 500)
    assert float(reading.scored["orders"].sum()) == pytest.approx(float(value.scored["orders"].sum()))


def test_a_past_of_unknown_margin_is_reported(people: pl.DataFrame) -> None:
    bought = pl.col("past_margin_eur").is_not_null()
    holed = people.with_columns(past_margin_eur=pl.when(pl.int_range(pl.len()).over(bought) >= 25).then("past_margin_eur"))
    lines = ValueReading.of(holed, scores=SHOWN, currency="EUR", language="en").headlines().sentences
    assert lines[-1] == "25 customers with a forecast have a past of unknown margin, which counts as zero here."


def test_quality_is_counted(value: ValueReading) -> None:
    assert value.by_quality().cells() == [["Enough history", "800", "100%"]]


def test_without_a_forecast_it_says_what_to_run() -> None:
    with pytest.raises(TableError, match=r"customers_scored: there is no forecast of orders. Run relkit fit lifetime_value.auto"):
        ValueReading.of(pl.DataFrame({"customer_id": ["a"]}), scores=SHOWN, currency="EUR", language="en")

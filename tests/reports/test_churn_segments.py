from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.models.survival.log_rank import log_rank
from relkit.reports.churn_segment_texts import TEXTS
from relkit.reports.churn_segments import SegmentStudy
from relkit.reports.summary_tables import SummaryTable
from relkit.texts import in_language

if TYPE_CHECKING:
    from relkit.reports.pictures import Gallery

N = 1200


def world(seed: int = 1) -> pl.DataFrame:
    """Contracts whose duration depends on a yearly term, and on nothing else."""
    rng = np.random.default_rng(seed)
    term = rng.choice([0.0, 12.0, 24.0], N)
    life = rng.exponential(300 + 25 * term)
    seen = rng.integers(200, 2200, N).astype(float)
    return pl.DataFrame(
        {
            "customer_id": [f"K{i:05d}" for i in range(N)],
            "duration_days": np.ceil(np.minimum(life, seen)),
            "event": life < seen,
            "entry_days": np.zeros(N),
            "product_id": rng.choice(["basic", "plus"], N),
            "term_months": term,
            "monthly_amount": rng.gamma(3, 10, N).round(2),
        }
    )


@pytest.fixture(scope="module")
def spells() -> pl.DataFrame:
    return world()


@pytest.fixture(scope="module")
def customers(spells: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": spells["customer_id"], "as_of": ["2025-06-30"] * N, "region": np.where(np.arange(N) % 3, "north", "south")}
    )


def study(
    spells: pl.DataFrame, customers: pl.DataFrame | None = None, *, segment: str | None = None, language: str = "en", **declared: str
) -> SegmentStudy:
    people = spells.select("customer_id") if customers is None else customers
    return SegmentStudy.of(spells, people, segment=segment, declared=declared, language=language)


def cells(shown: SummaryTable | Gallery) -> list[list[str]]:
    assert isinstance(shown, SummaryTable)
    return shown.cells()


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())
    for key, text in in_language(TEXTS, "en").items():
        fields = {name for name in ("{name}", "{p}", "{tried}", "{names}", "{days}", "{gap}", "{months}", "{smallest}") if name in text}
        assert all(name in TEXTS[key]["fr"] for name in fields), key


def test_the_most_telling_way_is_taken_and_p_values_count_all_that_were_tried(spells: pl.DataFrame) -> None:
    found = study(spells)
    assert found.segments is not None
    assert found.segments.column == "term_months"
    rows = cells(found.ways())
    assert rows[0][0] == "Agreed term"
    assert {row[0] for row in rows} == {"Agreed term", "Product", "Monthly amount"}
    alone = log_rank(spells["duration_days"], spells["event"], spells["product_id"])
    (product,) = (row for row in rows if row[0] == "Product")
    assert float(product[4]) == pytest.approx(alone.p_value, abs=6e-4)
    assert float(product[5]) >= float(product[4])
    assert found.headlines().sentences[0] == (
        "Contracts are told apart most clearly by “Agreed term”, of 3 ways that were tried (log-rank test, p < 0.001 after adjusting for "
        "all of them)."
    )


def test_how_long_each_segment_lasts_and_how_that_differs(spells: pl.DataFrame) -> None:
    """Exponential lifetimes: of the first tau days m (1 - exp(-tau / m)) are lived."""
    found = study(spells)
    table = found.lasting()
    assert isinstance(table, SummaryTable)
    months = int(table.caption.split("first ")[1].split()[0])
    rows = {row["name"]: row for row in table.frame.iter_rows(named=True)}
    truth = {f"{term} months": mean * -np.expm1(-months * 30.4375 / mean) for term, mean in ((0, 300), (12, 600), (24, 900))}
    for name, days in truth.items():
        assert rows[name]["low"] - 0.5 < days / 30.4375 < rows[name]["high"] + 0.5
    largest = max(rows, key=lambda name: rows[name]["contracts"])
    assert rows[largest]["gap"] is None
    assert [row[-1] for row in table.cells() if row[0] == largest] == ["–"]
    assert "a difference of" in found.headlines().sentences[1]
    assert "24 months” last" in found.headlines().sentences[1]


def test_pictures_show_the_curves_and_the_differences(spells: pl.DataFrame) -> None:
    found = study(spells, language="fr")
    (curves,) = found.curves().pictures
    assert curves.drawn.get_title(loc="left") == "Combien de temps durent les contrats, selon « Durée d’engagement »"
    assert [line.get_label() for line in curves.drawn.lines] == ["0 mois", "12 mois", "24 mois"]
    (differences,) = found.differences().pictures
    assert len(differences.drawn.collections[1].get_offsets()) == 2
    assert found.tests()._repr_html_() == "<p></p>"


def test_a_requested_segment_is_tested_as_is(spells: pl.DataFrame) -> None:
    found = study(spells, segment="product_id")
    (row,) = cells(found.ways())
    assert row[0] == "Product"
    assert found.headlines().sentences[0].startswith("Contracts are compared by “Product”, as asked for (log-rank test, p 0.")
    assert study(spells, segment="product_id", product_id="Plan").name == "Plan"


def test_a_column_of_the_customers_is_known_today_only_and_the_page_says_so(spells: pl.DataFrame, customers: pl.DataFrame) -> None:
    found = study(spells, customers, segment="region")
    assert found.names == ("north", "south")
    assert any("what is known of customers today" in sentence for sentence in found.headlines().sentences)
    places = found.places(spells.select("customer_id").reverse(), customers)
    assert places is not None
    assert places.to_list()[-2:] == [0, 1]


@pytest.mark.parametrize("segment", ["regoin", "event", "as_of", "customer_id"])
def test_a_segment_that_is_none_is_refused_with_those_there_are(spells: pl.DataFrame, customers: pl.DataFrame, segment: str) -> None:
    with pytest.raises(ParameterError, match=r"segment: unknown segment .*region"):
        study(spells, customers, segment=segment)


def test_curves_that_cross_are_tested_at_early_and_at_late_ages() -> None:
    rng = np.random.default_rng(3)
    group = np.repeat(["early", "steady"], 500)
    half = np.where(rng.random(500) < 0.5, rng.exponential(40, 500), 900 + rng.exponential(40, 500))
    life = np.concatenate([half, 80 + rng.exponential(400, 500)])
    frame = pl.DataFrame(
        {"customer_id": [str(i) for i in range(1000)], "duration_days": np.ceil(life), "event": np.ones(1000, bool), "offer": group}
    )
    found = study(frame, language="fr")
    assert any("se croisent" in sentence for sentence in found.headlines().sentences)
    rows = cells(found.tests())
    assert [row[0] for row in rows] == [
        "Tous les âges de même (log-rank)",
        "Les premiers âges comptent le plus",
        "Les derniers âges comptent le plus",
    ]
    plain = log_rank(frame["duration_days"], frame["event"], frame["offer"])
    assert float(rows[0][1].replace(",", ".")) == pytest.approx(plain.chi2, abs=0.051)


def test_contracts_not_observed_from_the_start_have_no_curve_and_the_page_says_so(spells: pl.DataFrame) -> None:
    late = spells.with_columns(entry_days=pl.when(pl.col("term_months") == 24).then(pl.col("duration_days") / 2).otherwise(0.0))
    found = study(late, segment="term_months")
    assert any("from their first day with “Agreed term: 24 months”" in sentence for sentence in found.headlines().sentences)
    (row,) = (row for row in cells(found.lasting()) if row[0] == "24 months")
    assert row[3:] == ["–"] * 7
    assert [line.get_label() for line in found.curves().pictures[0].drawn.lines] == ["0 months", "12 months"]


def test_a_segment_that_nobody_left_is_drawn_and_reported(spells: pl.DataFrame) -> None:
    stay = spells.with_columns(event=pl.col("event") & (pl.col("term_months") != 24))
    found = study(stay, segment="term_months")
    assert "No contract with “Agreed term: 24 months” ended." in found.headlines().sentences
    assert len(found.curves().pictures[0].drawn.lines) == 3
    few = stay.with_columns(event=pl.col("event") & (pl.col("term_months").cum_count().over("term_months") <= 12))
    rows = cells(study(few, segment="term_months").lasting())
    assert {row[2] for row in rows} <= {"–", "0", "10", "11", "12"}


@pytest.mark.parametrize(
    ("frame", "segment", "start"),
    [
        (world().drop("product_id", "term_months", "monthly_amount"), None, "There is nothing to segment the contracts by"),
        (world().with_columns(event=pl.lit(value=False)), None, "There is nothing to segment the contracts by"),
        (world().with_columns(product_id=pl.lit("basic")), "product_id", "By “Product” the contracts fall into one group"),
        (world().with_columns(product_id=pl.lit(None, pl.String)), "product_id", "By “Product” the contracts fall into one group"),
        (world().with_columns(product_id=pl.col("customer_id")).head(9), "product_id", "By “Product” the contracts fall into one group"),
        (world().clear(), None, "There is nothing to segment the contracts by"),
    ],
)
def test_if_there_is_nothing_to_compare_a_sentence_says_so(frame: pl.DataFrame, segment: str | None, start: str) -> None:
    found = study(frame, segment=segment)
    assert found.headlines().sentences[0].startswith(start)
    for shown in (found.ways(), found.curves(), found.tests(), found.differences(), found.lasting()):
        assert shown._repr_html_() == "<p></p>"


def test_too_few_from_the_first_day_for_curves_is_reported(spells: pl.DataFrame) -> None:
    late = spells.with_columns(entry_days=pl.col("duration_days") / 2)
    found = study(late)
    assert "Too few contracts were observed from their first day" in found.curves()._repr_html_()
    assert found.lasting()._repr_html_() == found.differences()._repr_html_() == "<p></p>"


def test_a_clear_way_is_not_made_of_nothing() -> None:
    noise = world(7).with_columns(term_months=pl.Series(np.random.default_rng(8).choice([0.0, 12.0], N)))
    flat = noise.with_columns(duration_days=pl.Series(np.ceil(np.random.default_rng(9).exponential(400, N))))
    assert study(flat).headlines().sentences[0].startswith("No way to segment the contracts tells them clearly apart")


def test_spells_without_entry_or_with_text_attributes_are_read(spells: pl.DataFrame) -> None:
    snapshot = spells.select("customer_id", "duration_days", "event", plan=pl.col("term_months").cast(pl.String))
    found = study(snapshot, plan="Plan chosen")
    assert found.name == "Plan chosen"
    assert found.names == ("0.0", "12.0", "24.0")

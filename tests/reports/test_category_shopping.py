from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.reports.category_shopping import TEXTS, CategoryShopping
from relkit.reports.pictures import Gallery
from relkit.reports.summary_tables import SummaryTable

START = date(2025, 1, 1)
NAMES = {"a": "Green tea", "b": "Black tea"}


def visits(rows: list[tuple[int, int, str, str]]) -> pl.DataFrame:
    """Return visits from (customer, day, product, category)."""
    schema = {"customer": pl.UInt32, "day": pl.Int64, "product_id": pl.String, "category": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row").unique().sort("customer", "day")
    return frame.with_columns(day=pl.lit(START) + pl.duration(days="day"))


def teas(customers: int = 200, *, loyal: bool = True, seed: int = 1) -> list[tuple[int, int, str, str]]:
    """Return weekly visits to tea: half of the customers choose among a and b, the others among c and d, or all among all."""
    rng = np.random.default_rng(seed)
    choices = [("a", "b"), ("c", "d")] if loyal else [("a", "b", "c", "d")] * 2
    return [(n, 7 * week, str(rng.choice(choices[n % 2])), "tea") for n in range(customers) for week in range(6)]


def read(rows: list[tuple[int, int, str, str]], language: str = "en", **more: Any) -> CategoryShopping:
    return CategoryShopping.of(visits(rows), names=NAMES, language=language, **more)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_have_the_same_numbers() -> None:
    for key, text in TEXTS.items():
        parts = [{part.split("}")[0] for part in text[language].split("{")[1:]} for language in ("en", "fr")]
        assert parts[0] == parts[1], key


def test_products_that_replace_each_other_are_named_with_switches_observed_and_expected() -> None:
    shopping = read(teas())
    (line,) = shopping.verdict().sentences
    assert line.startswith("In tea, ")
    assert " replace each other most: " in line
    table = shopping.substitutes()
    assert isinstance(table, SummaryTable)
    rows = table.cells()
    assert {frozenset(row[:2]) for row in rows} == {frozenset({"Green tea", "Black tea"}), frozenset({"c", "d"})}
    assert f"{rows[0][2]} switches between them" in line
    assert f"{rows[0][3]} expected" in line
    assert rows[0][3][-2] == "."  # with a decimal: 0.3 expected is not none
    assert all(int(row[2]) > float(row[3]) for row in rows)
    assert len(shopping.hierarchy().pictures) == 1


def test_where_all_choose_alike_nothing_replaces_anything() -> None:
    shopping = read(teas(loyal=False))
    assert "no two of the 4 products compared replace each other more than chance explains" in shopping.verdict().sentences[0]
    assert shopping.hierarchy().pictures == ()
    assert isinstance(shopping.substitutes(), Gallery)


def test_a_single_product_is_no_choice() -> None:
    shopping = read([(n, day, "a", "tea") for n in range(20) for day in (0, 7)])
    assert shopping.verdict().sentences == (TEXTS["no_choice"]["en"],)
    assert shopping.hierarchy().pictures == ()


def shop() -> list[tuple[int, int, str, str]]:
    """Return 100 customers: 60 buy tea, 50 wine (all of them tea too), 40 games (none of them tea)."""
    tea = [(n, 0, "a", "tea") for n in range(60)] + [(n, 30, "a", "tea") for n in range(30)]
    wine = [(n, 1, "w", "wine") for n in range(50)] + [(n, 11, "w", "wine") for n in range(20)]
    return [*tea, *wine, *((n, 2, "g", "games") for n in range(60, 100)), *((n, 3, "g", "games") for n in range(12))]


def test_cross_shopping_by_hand() -> None:
    """Of the 50 buyers of wine, all buy tea, as do 60 of all 100 (index 167); of the 60 of tea, 12 buy games, as do 52 of all (38)."""
    more, less, again = read(shop()).headlines().sentences
    assert more == (
        "Buyers of wine are the readiest to buy tea as well: 100% of them do, against 60% of all buyers (index 167); 50 customers buy both."
    )
    assert less == "The least shared are tea and games: 20% of the buyers of tea also buy games, against 52% of all buyers (index 38)."
    assert again == "Half of those who buy wine again do so within 10 days, the shortest of 2 categories."
    assert plain(read(shop(), "fr").headlines().sentences[0]).startswith(
        "Les acheteurs de « wine » sont les plus enclins à acheter aussi « tea »"
    )


def test_groups_of_fewer_than_ten_are_not_shown() -> None:
    few = [
        *((n, 0, "a", "tea") for n in range(60)),
        *((n, 1, "w", "wine") for n in range(55, 90)),
        *((n, 9, "w", "wine") for n in range(55, 58)),
    ]
    shopping = read(few)
    drawn = shopping.shared_buyers().pictures[0].drawn
    assert [text.get_text() for text in drawn.texts][1] == "–"  # type: ignore[attr-defined]
    table = shopping.gap_table()
    assert isinstance(table, SummaryTable)
    assert table.cells()[0][2:] == ["< 10", "–", "–", "–"]
    assert shopping.gap_picture().pictures == ()
    assert shopping.headlines().sentences == ()


def test_without_categories_the_page_states_it() -> None:
    nothing = CategoryShopping.of(visits([]), names={}, language="en")
    assert nothing.headlines().sentences == (TEXTS["no_categories"]["en"],)
    assert nothing.shared_buyers().pictures == ()
    assert nothing.gap_picture().pictures == ()


def test_an_unknown_category_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="tea"):
        read(teas(), category="te")


def test_the_category_asked_for_is_compared() -> None:
    other = [(n, 7 * week, "xyz"[(n + week) % 3], "wine") for n in range(30) for week in range(3)]
    assert read([*teas(), *other], category="wine").verdict().sentences[0].startswith("In wine, ")


def test_dates_are_days_apart() -> None:
    assert (visits([(0, 9, "a", "tea")])["day"][0] - START) == timedelta(days=9)


def test_products_of_narrower_categories_are_compared_unless_one_of_the_wide_ones_is_asked_for() -> None:
    """Tea and sugar of one department do not replace each other; teas do."""
    wide = [(customer, day, product, "groceries") for customer, day, product, _ in teas()]
    wide += [(customer, day, "sugar", "groceries") for customer, day, _, _ in teas()]
    narrow = [(customer, day, product, "sweet" if product == "sugar" else "tea") for customer, day, product, _ in wide]
    shown = read(wide, narrower=visits(narrow))
    assert shown.crossed.categories == ("groceries",)
    assert shown.switches is not None
    assert (shown.switches.category, set(shown.switches.products)) == ("tea", set("abcd"))
    asked = read(wide, narrower=visits(narrow), category="groceries")
    assert asked.switches is not None
    assert "sugar" in asked.switches.products
    with pytest.raises(ParameterError, match=r"coffee.*groceries.*tea"):
        read(wide, narrower=visits(narrow), category="coffee")

"""Customers like those drawn for an action."""

from __future__ import annotations

import polars as pl

from relkit.features.drawn_likeness import FEWEST, like_drawn

N = 1_000
PEOPLE = pl.DataFrame(
    {
        "orders": [0] * 400 + [3] * 600,
        "days_since_last_order": [None] * 400 + [20] * 600,
        "language": ["fr", "nl"] * 500,
        "open_cases": [1] * 10 + [0] * 990,
    }
)


def test_what_all_drawn_have_in_common_counts():
    buyers = PEOPLE[400:]
    assert like_drawn(PEOPLE, buyers).to_list() == [False] * 400 + [True] * 600
    assert like_drawn(PEOPLE, PEOPLE[:400]).to_list() == [True] * 400 + [False] * 600


def test_a_few_exceptions_do_not_hide_it():
    drawn = pl.concat([PEOPLE[400:], PEOPLE[:5]])
    assert like_drawn(PEOPLE, drawn).sum() == 600
    many = pl.concat([PEOPLE[400:], PEOPLE[:60]])
    assert like_drawn(PEOPLE, many).all()


def test_a_category_and_a_count_count_an_amount_does_not():
    french = PEOPLE.filter(pl.col("language") == "fr")
    assert like_drawn(PEOPLE, french).to_list() == [True, False] * 500
    amount = PEOPLE.select(amount=pl.lit(7.0))
    assert like_drawn(PEOPLE.with_columns(amount=pl.int_range(pl.len()).cast(pl.Float64)), amount).all()


def test_what_is_rare_among_all_is_not_taken_for_a_condition():
    assert like_drawn(PEOPLE, PEOPLE[10:]).all()  # nobody drawn has an open case, and 1 % of all have


def test_contacts_that_came_since_do_not_count():
    first = PEOPLE.with_columns(contacts_90d=0, days_since_last_contact=pl.lit(None, pl.Int32))
    assert like_drawn(PEOPLE.with_columns(contacts_90d=1, days_since_last_contact=14), first).all()


def test_few_drawn_say_nothing():
    assert like_drawn(PEOPLE, PEOPLE[400 : 400 + FEWEST - 1]).all()
    assert like_drawn(PEOPLE, PEOPLE.clear()).all()


def test_a_driver_that_only_one_side_has_is_ignored():
    assert like_drawn(PEOPLE.drop("language"), PEOPLE[400:].with_columns(other=1)).sum() == 600
    assert like_drawn(PEOPLE.clear(), PEOPLE).is_empty()

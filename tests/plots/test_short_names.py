"""Short names: never longer than asked, and different where the names are."""

from __future__ import annotations

import pytest

from relkit.plots.short_names import short_names

MILK = [f"FLUID MILK WHITE ONLY {code}" for code in (1029743, 1106523, 995242)]


@pytest.mark.parametrize("letters", [18, 22, 40])
def test_products_of_one_type_stay_apart(letters: int) -> None:
    shown = short_names([*MILK, "SALAD BAR FRESH FRUIT 1005186", "TEA"], letters)
    assert len(set(shown)) == 5
    assert max(map(len, shown)) <= letters
    assert shown[-1] == "TEA"
    assert all(name[-5:] == whole[-5:] for name, whole in zip(shown, MILK, strict=False))


def test_a_name_that_no_other_resembles_is_cut_between_words() -> None:
    assert short_names(["SALAD BAR FRESH FRUIT 1005186"], 22) == ["SALAD BAR FRESH FRUIT…"]


def test_a_single_long_word_is_cut_within() -> None:
    assert short_names(["Donaudampfschifffahrt"], 10) == ["Donaudamp…"]


def test_equal_names_stay_equal() -> None:
    assert short_names(["mug", "mug"], 10) == ["mug", "mug"]
    assert len(set(short_names([MILK[0], MILK[0]], 10))) == 1

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from random_baskets import random_lists

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import catalogue
from relkit.models.affinity.rules import FittedRules, Rules

DAY = date(2025, 6, 30)


def fitted(lists: list[list[Any]], columns: dict[str, Any] | None = None, **settings: Any) -> FittedRules:
    frame = pl.DataFrame({"products": lists, **(columns or {})}, schema_overrides={"products": pl.List(pl.String)})
    return Rules(**settings).fit(frame, as_of=DAY)


def rule(found: FittedRules, left: list[str], right: list[str]) -> dict[str, Any]:
    return found.rules.filter(pl.col("antecedent") == left, pl.col("consequent") == right).row(0, named=True)


def notes(found: FittedRules) -> str:
    return " ".join(found.info.notes)


def test_settings_come_from_text_as_from_numbers(grocery_lists: pl.Series) -> None:
    given = {"min_support": "0.001", "min_confidence": "0.8", "max_size": "0", "single_to_single": "false"}
    found = catalogue.make("affinity.rules", given).fit(pl.DataFrame({"products": grocery_lists}), as_of=DAY)
    assert len(found.rules) == 410
    assert len(found.itemsets) == 13_492
    assert len(found.pairs) == 2981


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_support": 1.5}, r"min_support is 1\.5; it must lie between 0 and 1\. Write 0\.01 for 1 %"),
        ({"min_confidence": -0.1}, r"min_confidence is -0\.1"),
        ({"min_count": -1}, r"min_count is -1; it must be 0 or more"),
        ({"max_size": 1}, r"max_size is 1; a rule has at least two products"),
        ({"max_consequent": 0}, r"max_consequent is 0"),
        ({"significance": 0.0}, r"significance is 0"),
        ({"item_levels": ()}, r"item_levels is empty"),
        ({"watch": ("a", "b")}, r"watch has 'a', which is no pair\. Write \"A=>B\""),
        ({"level": 95.0}, r"Write 0\.95 for 95 %"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Rules(**settings)


def test_both_smallest_numbers_apply_if_both_are_given() -> None:
    lists = [["a", "b"]] * 4 + [["c"]] * 6
    assert len(fitted(lists, min_support=0.4, min_count=3).rules) == 2
    assert len(fitted(lists, min_support=0.4, min_count=5).rules) == 0
    assert len(fitted(lists, min_support=0.41, min_count=1).rules) == 0


@pytest.mark.parametrize("settings", [{"min_support": 1.0}, {"min_confidence": 1.0}])
def test_a_threshold_of_one_keeps_what_always_holds(settings: dict[str, Any]) -> None:
    assert len(fitted([["a", "b"]] * 3, **settings).rules) == 2


def test_the_smallest_count_is_chosen_so_that_rules_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = random_lists(31, baskets=300)
    every = fitted(lists)
    assert every.facts.least == 1
    monkeypatch.setattr("relkit.models.affinity.mined_rules.MOST_USUAL_SETS", 40)
    fewer = fitted(lists)
    assert len(fewer.itemsets.filter(pl.col("size") > 1)) <= 40
    assert fewer.facts.least in (16, 32, 64)
    monkeypatch.setattr("relkit.models.affinity.grown_sets.MOST_SETS", 10)
    assert fitted(lists).facts.least > 16  # too many sets to list is a reason to double the count, not an error
    with pytest.raises(NotEnoughEventsError, match="over 10 sets"):
        fitted(lists, min_count=2)


def test_pairs_that_never_met_are_listed_on_request_only() -> None:
    lists = [["a", "b"], ["c"]]
    assert {tuple(row) for row in fitted(lists).pairs.select("product_a", "product_b").rows()} == {("a", "b")}
    every = fitted(lists, min_count=0, max_size=2)
    assert len(every.pairs) == 3
    assert rule(every, ["a"], ["c"])["lift"] == 0.0
    with pytest.raises(FitError, match=r"min_count 0 lists every pair of 3 products.*Set max_size to 2"):
        fitted(lists, min_count=0)


def test_what_is_left_out_stays_in_the_number_of_baskets() -> None:
    lists = [["bag", "a", "b"], ["bag"], ["bag", "a"], ["c"]]
    found = fitted(lists, without=("bag",))
    assert found.info.rows == 4
    assert "bag" not in found.rules["antecedent"].explode().to_list()
    assert rule(found, ["a"], ["b"])["confidence"] == 0.5
    assert rule(found, ["a"], ["b"])["baskets"] == 4


def test_sides_are_restricted_by_name() -> None:
    lists = random_lists(32)
    found = fitted(lists, min_count=3, antecedents=("i1", "i2", "never sold"), consequents=("i3",))
    assert found.rules.select(pl.col("antecedent").list.join("+"), pl.col("consequent").list.join("+")).sort("antecedent").rows() == [
        ("i1", "i3"),
        ("i1+i2", "i3"),
        ("i2", "i3"),
    ]
    with pytest.raises(FitError, match=r"antecedents: none of i33 is in any basket\. Did you mean 'i3'\?"):
        fitted(lists, antecedents=("i33",))


def test_single_to_single_and_several_on_the_right() -> None:
    lists = [["a", "b", "c"]] * 3
    sizes = [
        fitted(lists, **settings).rules.select(pl.col("antecedent", "consequent").list.len()).unique().sort(pl.all()).rows()
        for settings in ({"single_to_single": True}, {}, {"max_consequent": 2})
    ]
    assert sizes == [[(1, 1)], [(1, 1), (2, 1)], [(1, 1), (1, 2), (2, 1)]]


def test_redundant_and_insignificant_rules_can_be_left_out() -> None:
    lists = random_lists(33, baskets=200)
    every, fewer = fitted(lists, min_count=4), fitted(lists, min_count=4, drop_redundant=True, only_significant=True)
    expected = every.rules.filter(~pl.col("is_redundant"), pl.col("q_value") <= 0.05)
    assert_frame_equal(fewer.rules, expected)


def test_groups_of_baskets_have_rules_of_their_own() -> None:
    lists = random_lists(34, baskets=120)
    channel = ["web"] * 50 + ["store"] * 60 + [None] * 10
    found = fitted(lists, {"channel_id": channel}, by="channel_id", min_count=3)
    alone = [(name, fitted([x for x, c in zip(lists, channel, strict=True) if c == name], min_count=3)) for name in ("store", "web", None)]
    for name, one in alone:
        for frame in ("rules", "pairs", "itemsets"):
            own = getattr(found, frame).filter(pl.col("channel_id").eq_missing(pl.lit(name)))
            assert_frame_equal(own.drop("channel_id"), getattr(one, frame))
    with pytest.raises(TableError, match=r"receipts: column 'segment' is missing"):
        fitted(lists, by="segment")


def test_categories_are_items_and_an_item_never_meets_its_own_category() -> None:
    products = [["ale", "beer", "milk"], ["ale", "milk"], ["beer", "cream"], ["milk"]]
    categories = [["drinks", "drinks", "dairy"], ["drinks", "dairy"], ["drinks", "dairy"], ["dairy"]]
    alone = fitted(products, {"category_1": categories}, item_levels=("category_1",))
    assert rule(alone, ["drinks"], ["dairy"])["count"] == 3
    assert alone.info.rows == 4
    mixed = fitted(products, {"category_1": categories}, item_levels=("product", "category_1"), max_size=0)
    assert rule(mixed, ["ale"], ["category_1=dairy"])["count"] == 2
    sets = [set(items) for items in mixed.itemsets["items"].to_list()]
    assert {"ale", "milk"} in sets
    assert not any({"ale", "category_1=drinks"} <= items or {"milk", "category_1=dairy"} <= items for items in sets)
    with pytest.raises(TableError, match="category_1 differ from products in length"):
        fitted(products, {"category_1": [["drinks"]] * 4}, item_levels=("product", "category_1"))
    with pytest.raises(TableError, match="column 'category_2' is missing"):
        fitted(products, item_levels=("category_2",))


def test_large_baskets_are_reported_and_set_aside_on_request() -> None:
    lists = [[f"p{i:04d}" for i in range(5000)], ["p0000", "p0001"], ["p0000"]]
    counted = fitted(lists, max_size=2, min_count=2)
    assert rule(counted, ["p0000"], ["p0001"])["count"] == 2
    assert "Baskets of more than 100 different products, counted like the others: 1; the largest has 5,000." in notes(counted)
    aside = fitted(lists, max_basket_items=500, min_count=1)
    assert (aside.info.rows, aside.facts.set_aside) == (2, 1)
    assert rule(aside, ["p0000"], ["p0001"])["count"] == 1
    assert "Baskets of more than 500 different products, set aside and not counted: 1; the largest has 5,000." in notes(aside)


def test_repeated_nameless_and_empty_rows_are_counted_apart() -> None:
    found = fitted([["a", "a", "b"], [], [None, "a"], [None]])
    assert found.info.rows == 2
    expected = "baskets without a product, 2; lines without a product, 2; further lines of a product in the same basket, 1."
    assert notes(found).endswith(f"Not counted: {expected}")


@pytest.mark.parametrize("lists", [[], [[]], [[None]]])
def test_no_basket_is_an_error(lists: list[list[Any]]) -> None:
    with pytest.raises(NotEnoughEventsError, match=r"no basket has a product\. Check that product_id is mapped"):
        fitted(lists)


@pytest.mark.parametrize("lists", [[["a"]], [["a"], ["b"]], [["a"]] * 5])
def test_baskets_of_one_item_have_no_rule(lists: list[list[str]]) -> None:
    found = fitted(lists)
    assert found.rules.is_empty()
    assert found.pairs.is_empty()
    assert found.summary()["term"].to_list() == ["baskets", "products", "rules", "significant rules"]
    assert found.itemsets["is_maximal"].all()


def test_lists_of_anything_but_names_are_refused() -> None:
    with pytest.raises(TableError, match=r"receipts: products is String, expected List\(String\)"):
        Rules().fit(pl.DataFrame({"products": ["a", "b"]}), as_of=DAY)
    with pytest.raises(TableError, match="products: 1 of 2 rows are null"):
        Rules().fit(pl.DataFrame({"products": [["a"], None]}), as_of=DAY)
    with pytest.raises(TableError, match="day is String, expected Date"):
        Rules().fit(pl.DataFrame({"products": [["a"]], "day": ["today"]}), as_of=DAY)


def two_periods(before: float, after: float) -> tuple[list[list[str]], list[date]]:
    """Return baskets of 60 days; beer follows chips with probability `before` in the first 30 days and `after` in the others."""
    rng = np.random.default_rng(7)
    lists, days = [], []
    for number in range(3000):
        day = DAY - timedelta(days=59 - number // 50)
        chips = rng.random() < 0.4
        beer = rng.random() < (before if number < 1500 else after) if chips else rng.random() < 0.3
        lists.append(["bread", *["chips"] * chips, *["beer"] * bool(beer)])
        days.append(day)
    return lists, days


def test_an_alarm_where_the_lift_of_watched_pairs_drifts() -> None:
    lists, days = two_periods(0.3, 0.8)
    found = fitted(lists, {"day": days}, period_days=30, watch=("chips => beer", "chips=>never"))
    assert found.changes.select("product_a", "product_b", "baskets_before", "baskets_after", "has_drifted").rows() == [
        ("chips", "beer", 1500, 1500, True),
        ("chips", "never", 1500, 1500, False),
    ]
    assert "Lifts that changed between the last 30 days and the 30 before: 1 of 2 pairs (chips with beer from" in notes(found)
    assert found.changes["lift_ratio"][0] > 1.2


def test_no_alarm_without_a_change_and_no_comparison_without_two_periods() -> None:
    lists, days = two_periods(0.6, 0.6)
    still = fitted(lists, {"day": days}, period_days=30)
    assert still.changes.select("product_a", "product_b", "has_drifted").rows() == [("beer", "chips", False)]
    assert "Lifts that changed" not in notes(still)
    for columns, period_days in (({}, 30), ({"day": days}, 31)):
        assert fitted(lists, columns, period_days=period_days, watch=("chips=>beer",)).changes.is_empty()


def test_a_watched_product_that_nobody_bought_is_stated() -> None:
    lists = [["chips", "beer"], ["beer"]]
    assert "Watched, but in no basket: chps. Write ids" in notes(fitted(lists, watch=("beer=>chps",)))
    assert "Watched" not in notes(fitted(lists, watch=("beer=>chips",)))


@pytest.mark.parametrize(
    ("least", "english", "french"),
    [
        (0, "were bought together or not: 2", "ont été achetés ensemble ou non\u00a0: 2"),
        (1, "were bought together at least once: 2", "ont été achetés ensemble au moins une fois\u00a0: 2"),
        (2, "were bought together at least 2 times: 2", "ont été achetés ensemble au moins 2 fois\u00a0: 2"),
    ],
)
def test_the_smallest_count_is_stated_in_words(least: int, english: str, french: str) -> None:
    remarks = fitted([["a", "b"], ["a", "b"], ["a"]], min_count=least, max_size=2).info.remarks
    found = next(remark for remark in remarks if remark.code == "rules_found")
    assert english in found.en
    assert french in found.fr


def test_rules_are_judged_by_the_lift_in_later_baskets() -> None:
    lists, days = two_periods(0.7, 0.7)
    frame = pl.DataFrame({"products": lists, "day": days})
    found = Rules(max_size=2).fit(frame[:1500], as_of=DAY - timedelta(days=30))
    good = found.settings.judge(found, frame[:1500], frame[1500:])
    assert good["share_of_rules_that_hold"] == 1.0
    assert abs(good["mean_log_lift_difference"]) < 0.1
    apart = pl.DataFrame({"products": [["chips"], ["beer"], ["bread"]] * 100})
    assert found.settings.judge(found, frame, apart) == {
        "share_of_rules_that_hold": 0.0,
        "mean_log_lift_difference": 0.0,
        "rules_judged": 2.0,
    }
    with pytest.raises(NotEnoughEventsError, match="no significant rule has products that were bought later"):
        found.settings.judge(found, frame, pl.DataFrame({"products": [["wine"]]}))


def test_a_term_of_the_summary_names_its_group() -> None:
    lists, _ = two_periods(0.7, 0.7)
    terms = fitted(lists, {"channel_id": [None, "store"] * 1500}, by="channel_id", max_size=2).summary()["term"].to_list()[4:]
    assert sorted(terms) == ["-: beer => chips", "-: chips => beer", "store: beer => chips", "store: chips => beer"]


def test_rules_of_groups_are_judged_on_their_own_baskets() -> None:
    lists, _ = two_periods(0.7, 0.7)
    frame = pl.DataFrame({"products": lists, "channel_id": ["web", "store"] * 1500})
    found = Rules(max_size=2, by="channel_id").fit(frame, as_of=DAY)
    reversed_in_store = frame.with_columns(
        products=pl.when(pl.col("channel_id") == "web").then("products").otherwise(pl.lit(["chips"]).list.eval(pl.element()))
    )
    assert found.settings.judge(found, frame, frame)["rules_judged"] == 4.0
    assert found.settings.judge(found, frame, reversed_in_store)["rules_judged"] == 2.0


def test_the_summary_shows_the_strongest_rules_with_their_errors() -> None:
    lists, _ = two_periods(0.7, 0.7)
    summary = fitted(lists, max_size=2).summary()
    assert summary["term"].to_list()[4:] == ["beer => chips", "chips => beer"]
    row = summary.row(4, named=True)
    assert row["lower"] < row["estimate"] < row["upper"]
    assert np.exp(1.959964 * row["std_error"] / row["estimate"]) == pytest.approx(row["upper"] / row["estimate"], rel=1e-6)


def test_categories_enumerations_and_text_give_the_same_fit() -> None:
    lists = random_lists(35)
    frame = pl.DataFrame({"products": lists})
    kinds = [pl.String, pl.Categorical, pl.Enum([f"i{i}" for i in range(8, -1, -1)])]
    text, category, enum = (Rules().fit(frame.cast({"products": pl.List(kind)}), as_of=DAY) for kind in kinds)
    assert_frame_equal(text.rules, category.rules)
    assert_frame_equal(text.rules, enum.rules)
    assert category.info.fingerprint == enum.info.fingerprint

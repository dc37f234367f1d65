"""Rules, against an enumeration of small baskets, and the groceries against arules and integer counts.

Golden numbers of the groceries: 410 rules at support 0.001 and confidence 0.8 (published for the R package arules, Hahsler, Grün and Hornik
2005, and its vignettes), 5,668 at 0.5 (arulesViz vignette), 463 at 0.006 and 0.25 with at least two items (Lantz, Machine Learning with R);
the other figures were counted with integers by an independent program.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from random_baskets import counted, random_lists
from scipy import stats

from relkit.models.affinity.association_rules import COLUMNS, Wanted, mine_rules, rules_frame
from relkit.models.affinity.baskets import Baskets
from relkit.models.affinity.itemsets import frequent_itemsets

Rule = tuple[tuple[str, ...], tuple[str, ...]]


def rules_of(baskets: Baskets, least: int, wanted: Wanted, most_items: int | None = None) -> pl.DataFrame:
    return rules_frame(mine_rules(frequent_itemsets(baskets, least, most_items=most_items), wanted), baskets.names)


def keys(rules: pl.DataFrame) -> list[Rule]:
    return [(tuple(left), tuple(right)) for left, right in rules.select("antecedent", "consequent").iter_rows()]


def enumerated(lists: list[list[str]], least: int, most_right: int) -> dict[Rule, tuple[int, int, int]]:
    """Return the counts (both, left, right) of every rule, by a loop."""
    counts = {items: n for items, n in counted(lists, 9).items() if n >= least}
    found = {}
    for items, n in counts.items():
        for width in range(1, min(most_right, len(items) - 1) + 1):
            for right in combinations(items, width):
                left = tuple(item for item in items if item not in right)
                found[left, right] = (n, counts[left], counts[right])
    return found


@pytest.mark.parametrize("most_right", [1, 2, 8])
@pytest.mark.parametrize("confidence", [0.0, 0.5, 2 / 3, 1.0])
def test_rules_are_those_of_a_loop(most_right: int, confidence: float) -> None:
    lists = random_lists(11)
    expected = {rule: c for rule, c in enumerated(lists, 4, most_right).items() if c[0] >= confidence * c[1] * (1 - 1e-12)}
    found = rules_of(Baskets.of(pl.Series(lists)), 4, Wanted(min_confidence=confidence, most_right=most_right))
    counts = found.select("count", "antecedent_count", "consequent_count").rows()
    assert dict(zip(keys(found), counts, strict=True)) == expected


def test_a_rule_is_redundant_if_a_more_general_one_is_as_good() -> None:
    lists = random_lists(12)
    every = enumerated(lists, 3, 1)
    found = rules_of(Baskets.of(pl.Series(lists)), 3, Wanted())
    for row in found.iter_rows(named=True):
        left, right = tuple(row["antecedent"]), tuple(row["consequent"])
        simpler = [part for size in range(1, len(left)) for part in combinations(left, size)]
        best = max([every[part, right][0] / every[part, right][1] for part in simpler] + [row["consequent_count"] / 60])
        assert row["improvement"] == pytest.approx(row["confidence"] - best, abs=1e-15)
        assert row["is_redundant"] == (row["improvement"] <= 1e-15)
    assert 0 < found["is_redundant"].sum() < len(found)


def test_the_improvement_by_an_item_is_tested_among_the_baskets_with_the_others() -> None:
    lists = random_lists(14, baskets=80)
    counts = counted(lists, 4)
    for row in rules_of(Baskets.of(pl.Series(lists)), 5, Wanted(), most_items=4).iter_rows(named=True):
        left, right = row["antecedent"], row["consequent"]
        tails = []
        for item in left:
            others = tuple(one for one in left if one != item)
            among = counts[others] if others else 80
            with_right = counts[tuple(sorted((*others, *right)))]
            tails.append(stats.hypergeom.sf(row["count"] - 1, among, row["antecedent_count"], with_right))
        assert row["improvement_p_value"] == pytest.approx(max(tails), rel=1e-9, abs=1e-14)
        assert len(left) > 1 or row["improvement_p_value"] == row["p_value"]


def test_sides_can_be_restricted() -> None:
    baskets = Baskets.of(pl.Series(random_lists(13)))
    code = {name: i for i, name in enumerate(baskets.names.to_list())}
    wanted = Wanted(left=np.array([code["i1"], code["i2"]], np.int32), right=np.array([code["i2"], code["i5"]], np.int32))
    every, found = rules_of(baskets, 3, Wanted()), rules_of(baskets, 3, wanted)
    expected = [(left, right) for left, right in keys(every) if set(left) <= {"i1", "i2"} and set(right) <= {"i2", "i5"}]
    assert set(keys(found)) == set(expected) == {(("i1",), ("i2",)), (("i1",), ("i5",)), (("i2",), ("i5",)), (("i1", "i2"), ("i5",))}
    improvement = dict(zip(keys(every), every["improvement"], strict=True))
    assert found["improvement"].to_list() == [improvement[key] for key in keys(found)]


def test_a_lift_on_the_threshold_is_kept() -> None:
    baskets = Baskets.of(pl.Series([["a", "b"], ["a"], ["b"], ["c"]]))
    assert len(rules_of(baskets, 1, Wanted(min_lift=1.0))) == 2  # 1 * 4 = 2 * 2
    assert len(rules_of(baskets, 1, Wanted(min_lift=1.0000001))) == 0


def test_the_tests_made_are_counted_with_those_not_listed() -> None:
    """Four items give 4 * 3 rules of two; six pairs with two others each 12 more; four triples with the fourth item 4."""
    sets = frequent_itemsets(Baskets.of(pl.Series([["a", "b", "c", "d"]])), 1)
    assert mine_rules(sets, Wanted(min_confidence=1.0)).tried == 12 + 12 + 4
    pairs = frequent_itemsets(Baskets.of(pl.Series([["a", "b"], ["c"], ["d"]])), 1, most_items=2)
    assert mine_rules(pairs, Wanted()).tried == 12


def test_no_rule_is_an_empty_frame_of_the_same_columns() -> None:
    empty = rules_of(Baskets.of(pl.Series([["a"], ["b"]])), 1, Wanted())
    some = rules_of(Baskets.of(pl.Series([["a", "b"]])), 1, Wanted())
    assert empty.is_empty()
    assert empty.columns == list(COLUMNS)
    assert empty.schema == some.schema


@pytest.mark.parametrize(("least", "confidence", "rules"), [(10, 0.8, 410), (10, 0.5, 5668), (60, 0.25, 463), (99, 0.5, 15)])
def test_numbers_of_rules_of_the_groceries(groceries: Baskets, least: int, confidence: float, rules: int) -> None:
    assert len(rules_of(groceries, least, Wanted(min_confidence=confidence))) == rules


def test_rules_of_the_groceries_by_size(groceries: Baskets) -> None:
    found = rules_of(groceries, 10, Wanted(min_confidence=0.8))
    sizes = found["antecedent"].list.len() + 1
    assert dict(sizes.value_counts(name="rules").iter_rows()) == {3: 29, 4: 229, 5: 140, 6: 12}
    exactly = found.filter(pl.col("count") * 5 == pl.col("antecedent_count") * 4)
    assert len(exactly) == 39
    assert len(found.filter(pl.col("count") == pl.col("antecedent_count"))) == 28
    assert len(rules_of(groceries, 10, Wanted(min_confidence=0.8, most_right=9))) == 413
    few = rules_of(groceries, 60, Wanted(min_confidence=0.25))
    assert dict((few["antecedent"].list.len() + 1).value_counts(name="rules").iter_rows()) == {2: 150, 3: 297, 4: 16}


def test_the_strongest_rules_of_the_groceries(groceries: Baskets) -> None:
    found = rules_of(groceries, 10, Wanted(min_confidence=0.8))
    first = found.row(0, named=True)
    assert keys(found)[0] == (("liquor", "red/blush wine"), ("bottled beer",))
    assert first["count"] == 19
    expected = {"support": 0.0019318760, "confidence": 0.9047619, "lift": 11.2352694, "leverage": 0.001760}
    expected |= {"conviction": 9.654448, "zhang": 0.912944}
    for name, value in expected.items():
        assert first[name] == pytest.approx(value, abs=5e-7), name
    assert set(keys(found)[1:3]) == {
        (("oil", "other vegetables", "tropical fruit", "whole milk", "yogurt"), ("root vegetables",)),
        (("citrus fruit", "fruit/vegetable juice", "other vegetables", "soda"), ("root vegetables",)),
    }
    assert found["lift"][1:3].to_list() == pytest.approx([8.340400] * 2, abs=5e-7)
    few = rules_of(groceries, 60, Wanted(min_confidence=0.25))
    assert keys(few)[:2] == [(("herbs",), ("root vegetables",)), (("berries",), ("whipped/sour cream",))]
    assert few.select("count", "lift").rows()[:2] == [(69, pytest.approx(3.956477, abs=5e-7)), (89, pytest.approx(3.796886, abs=5e-7))]
    assert few["support"][0] == pytest.approx(0.007016, abs=5e-7)
    assert few["confidence"][0] == pytest.approx(0.43125)


def test_significance_and_redundancy_of_the_groceries(groceries: Baskets) -> None:
    found = rules_of(groceries, 10, Wanted(min_confidence=0.8))
    assert found["p_value"].max() == pytest.approx(4.56e-5, rel=1e-2)
    assert (found["p_bonferroni"] < 0.01).sum() == 377
    assert found["is_redundant"].sum() == 18
    assert (found["q_value"] >= found["p_value"]).all()


def test_the_published_rule_of_the_groceries(groceries: Baskets) -> None:
    """Root vegetables => other vegetables: support 0.04738, confidence 0.4347, lift 2.2466 (Hahsler, Hornik and Reutterer 2006)."""
    found = rules_of(groceries, 100, Wanted(), most_items=2)
    row = found.row(keys(found).index((("root vegetables",), ("other vegetables",))), named=True)
    assert [round(row[name], digits) for name, digits in (("support", 5), ("confidence", 4), ("lift", 4))] == [0.04738, 0.4347, 2.2466]

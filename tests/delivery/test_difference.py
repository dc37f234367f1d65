from __future__ import annotations

import polars as pl
from score_records import records

from relkit.delivery.columns import file_columns
from relkit.delivery.difference import SCHEMA, as_markdown, compare, main_changes, no_difference

COLUMNS = tuple(
    c
    for c in file_columns(currency="EUR", scores=records("p_alive", "future_margin_24m"))
    if c.name in {"customer_id", "orders_12m", "value_decile", "is_top20_margin", "p_alive"}
)


def frame(ids, **columns) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ids, **columns}, schema_overrides={"customer_id": pl.String, "value_decile": pl.Int8})


BEFORE = frame(["a", "b", "c", "d"], orders_12m=[1, 1, 1, 1], value_decile=[1, 2, None, 3], is_top20_margin=[True, True, None, False])
NOW = frame(["b", "c", "d", "e"], orders_12m=[9, 9, 9, 9], value_decile=[2, 5, 4, 1], is_top20_margin=[True, False, False, True])


def test_customers_who_entered_left_and_changed_group() -> None:
    difference = compare(BEFORE, NOW, COLUMNS, name="2025-05-31")
    assert difference.frame.schema == SCHEMA
    assert difference.frame.rows() == [
        ("c", "changed", "is_top20_margin", None, "false"),
        ("c", "changed", "value_decile", None, "5"),
        ("d", "changed", "value_decile", "3", "4"),
        ("e", "entered", None, None, None),
        ("a", "left", None, None, None),
    ]
    assert [difference.customers(change) for change in ("entered", "left", "changed")] == [1, 1, 2]


def test_equal_files_have_no_difference() -> None:
    difference = compare(NOW, NOW, COLUMNS, name="x")
    assert difference.frame.is_empty()
    assert difference.frame.schema == SCHEMA


def test_files_of_the_same_customers_differ_in_groups_alone() -> None:
    later = NOW.with_columns(BEFORE["customer_id"])
    changed = [("b", "is_top20_margin", "true", "false"), ("b", "value_decile", "2", "5"), ("a", "value_decile", "1", "2")]
    changed += [("c", "is_top20_margin", None, "false"), ("c", "value_decile", None, "4")]
    changed += [("d", "is_top20_margin", "false", "true"), ("d", "value_decile", "3", "1")]
    for before in (BEFORE, BEFORE.cast({"value_decile": pl.Int64})):
        found = compare(before, later, COLUMNS, name="2025-05-31").frame
        assert found["change"].unique().to_list() == ["changed"]
        assert found.drop("change").rows() == sorted(changed, key=lambda row: row[:2])


def test_columns_that_came_or_went_are_named_and_not_compared() -> None:
    difference = compare(BEFORE.drop("value_decile"), NOW.drop("orders_12m"), COLUMNS, name="x")
    assert (difference.new_columns, difference.gone_columns) == (("value_decile",), ("orders_12m",))
    assert set(difference.frame["column"].drop_nulls()) == {"is_top20_margin"}
    page = as_markdown(difference, name="y", columns=COLUMNS, language="en")
    assert "New columns: value_decile." in page
    assert "Columns no longer there: orders_12m." in page


def test_the_page_counts_flows_largest_first_in_words() -> None:
    ids = [str(i) for i in range(30)]
    before = frame(ids, value_decile=[1] * 30)
    now = frame(ids, value_decile=[2] * 20 + [3] * 9 + [None])
    page = as_markdown(compare(before, now, COLUMNS, name="2025-05-31"), name="2025-06-30", columns=COLUMNS, language="en")
    rows = [line for line in page.splitlines() if line.startswith("| 1 ")]
    assert rows == ["| 1 | 2 | 20 |", "| 1 | 3 | 9 |", "| 1 | (empty) | 1 |"]
    assert "## Value decile (1 = best): 30 customers changed" in page


def test_small_flows_are_summed_below_the_ten_largest() -> None:
    ids = [str(i) for i in range(90)]
    before = frame(ids, value_decile=[1 + i % 9 for i in range(90)])
    now = frame(ids, value_decile=[10 - i // 10 for i in range(90)])
    page = as_markdown(compare(before, now, COLUMNS, name="x"), name="y", columns=COLUMNS, language="en")
    shown = [line for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(shown) == 10
    total = compare(before, now, COLUMNS, name="x").customers("changed")
    assert f"... and {total - sum(int(line.split('|')[3]) for line in shown)} more customers" in page


def test_the_page_speaks_french() -> None:
    ids = [str(i) for i in range(1200)]
    difference = compare(frame(ids, is_top20_margin=[True] * 1200), frame(ids, is_top20_margin=[False] * 1200), COLUMNS, name="2025-05-31")
    page = as_markdown(difference, name="2025-06-30", columns=COLUMNS, language="fr")
    assert "# Ce qui a changé : 2025-06-30 par rapport à 2025-05-31" in page
    assert "20 % meilleurs par marge : 1\u202f200 clients ont changé" in page
    assert "| oui | non | 1\u202f200 |" in page


def test_a_first_delivery_says_so() -> None:
    first = no_difference(5)
    assert first.frame.schema == SCHEMA
    assert "Première livraison" in as_markdown(first, name="2025-06-30", columns=COLUMNS, language="fr")
    assert "first delivery" in as_markdown(first, name="2025-06-30", columns=COLUMNS, language="en")


def test_scores_that_shift_have_a_higher_index_than_scores_that_stay() -> None:
    ids = [str(i) for i in range(1000)]
    low = [i / 2000 for i in range(1000)]
    high = [0.5 + i / 2000 for i in range(1000)]
    same = compare(frame(ids, p_alive=low), frame(ids, p_alive=low), COLUMNS, name="x")
    moved = compare(frame(ids, p_alive=low), frame(ids, p_alive=high), COLUMNS, name="x")
    assert same.psi["p_alive"] < 0.01
    assert moved.psi["p_alive"] > 0.25
    page = as_markdown(moved, name="y", columns=COLUMNS, language="fr")
    assert f"| Probabilité d'être encore acheteur | {moved.psi['p_alive']:.3f} |".replace(".", ",") in page


def test_a_score_nobody_has_is_not_compared() -> None:
    empty = frame(["a"], p_alive=[None]).with_columns(pl.col("p_alive").cast(pl.Float64))
    assert compare(empty, empty, COLUMNS, name="x").psi == {}


def test_segments_change_in_words_of_the_language() -> None:
    columns = tuple(c for c in file_columns(currency="EUR") if c.name in {"customer_id", "segment_value_activity"})
    before, now = (frame(["a", "b"], segment_value_activity=[code, "no_value"]) for code in ("best_active", "best_gone"))
    difference = compare(before, now, columns, name="2025-05-31")
    assert difference.frame.rows() == [("a", "changed", "segment_value_activity", "best_active", "best_gone")]
    page = as_markdown(difference, name="2025-06-30", columns=columns, language="fr")
    assert "| Meilleurs : actifs | Meilleurs : à reconquérir (sans doute perdus) | 1 |" in page
    assert main_changes(difference, columns=columns, language="fr") == [
        "Par rapport au 2025-05-31 : 2 clients. 0 entrés, 0 sortis, 1 ont changé de groupe sur au moins un critère.",
        "Segment : valeur et activité : 1 clients ont changé.",
    ]

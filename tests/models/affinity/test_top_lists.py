"""Lists of the best candidates: excluded first, then ranked, then cut."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.models.affinity.top_lists import best_of_each, top_n

CASE = Path(__file__).resolve().parents[4] / "shared" / "cases" / "affinity" / "13_top_n_is_cut_after_the_exclusions"
SCORES = pl.DataFrame({"customer_id": ["b", "b", "b", "a"], "product_id": ["q", "p", "r", "r"], "score": [0.5, 0.5, 0.9, None]})


def as_lists(found: pl.DataFrame) -> dict[str, list[str]]:
    return {str(name): rows["product_id"].to_list() for (name,), rows in found.group_by("customer_id", maintain_order=True)}


def test_excluded_products_leave_their_place_to_the_next():
    assert as_lists(top_n(SCORES, 1)) == {"b": ["r"]}
    assert as_lists(top_n(SCORES, 1, out_of_stock=["r"])) == {"b": ["p"]}
    owned = pl.DataFrame({"customer_id": ["b", "b"], "product_id": ["r", "p"]})
    assert as_lists(top_n(SCORES, 2, owned=owned)) == {"b": ["q"]}


def test_row_order_does_not_matter_and_ties_go_by_product():
    expected = top_n(SCORES, 2).filter(customer_id="b")
    for seed in range(5):
        found = top_n(SCORES.sample(fraction=1, shuffle=True, seed=seed), 2).filter(customer_id="b")
        assert found.rows() == expected.rows() == [("b", 1, "r", 0.9), ("b", 2, "p", 0.5)]


def test_the_case_kept_with_the_data():
    if not CASE.is_dir():
        pytest.skip(f"{CASE} is not there: the cases are kept outside the repository")
    read = {path.stem: pl.read_csv(path) for path in CASE.glob("*.csv")}
    scores = next(frame for frame in read.values() if "score" in frame.columns)
    owned = next(frame for frame in read.values() if set(frame.columns) == {"customer_id", "product_id"})
    stock = next(frame for frame in read.values() if "in_stock" in frame.columns)
    people = next(frame for frame in read.values() if frame.columns == ["customer_id"])["customer_id"]
    n = json.loads((CASE / "settings.json").read_text())["n"]
    expected = json.loads((CASE / "expected.json").read_text())["values"]
    found = as_lists(top_n(scores, n, owned=owned, out_of_stock=stock.filter(~pl.col("in_stock"))["product_id"]))
    assert {name: found.get(name, []) for name in people} == expected


def test_a_category_limit_passes_over_products_of_a_full_category():
    offsets, items = np.array([0, 5]), np.arange(5, dtype=np.int32)
    values, groups = np.array([0.5, 0.9, 0.8, 0.7, 0.6]), np.array([1, 0, 0, 0, -1], np.int32)
    allowed = np.ones(5, np.bool_)
    assert best_of_each(offsets, items, values, allowed, top=3, groups=groups, most_of_group=1).tolist() == [[1, 4, 0]]
    assert best_of_each(offsets, items, values, allowed, top=3, groups=groups, most_of_group=2).tolist() == [[1, 2, 4]]
    assert best_of_each(offsets, items, values, allowed, top=3, groups=groups).tolist() == [[1, 2, 3]]


def test_limited_lists_are_those_of_taking_one_product_at_a_time():
    """Against the plain rule: best first, each taken unless its category is full; ties by product."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        n, top, most = int(rng.integers(1, 30)), int(rng.integers(1, 8)), int(rng.integers(1, 4))
        values, groups = rng.integers(0, 6, n) / 6, rng.integers(-1, 4, n).astype(np.int32)
        allowed = rng.random(n) < 0.8
        taken: list[int] = []
        for c in np.lexsort((np.arange(n), -values)):
            full = groups[c] >= 0 and sum(groups[t] == groups[c] for t in taken) >= most
            if allowed[c] and not full and len(taken) < top:
                taken.append(int(c))
        places = rng.permutation(n)
        found = best_of_each(
            np.array([0, n]), places.astype(np.int32), values[places], allowed[places], top=top, groups=groups, most_of_group=most
        )
        assert [int(places[at]) for at in found[0] if at >= 0] == taken


def test_bad_input_is_refused():
    with pytest.raises(TableError, match="top_n: a customer has a product twice"):
        top_n(pl.concat([SCORES, SCORES]), 2)
    with pytest.raises(TableError, match="unknown column 'score'"):
        top_n(SCORES.drop("score"), 2)
    with pytest.raises(ParameterError, match="n is 0; it must be at least 1"):
        top_n(SCORES, 0)
    assert top_n(SCORES.clear(), 2).is_empty()

"""The choice of an order: leaving journeys out one by one, against refitting without each of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.attribution import touch_states
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.markov_likelihood import held_out_log_likelihood
from relkit.models.attribution.markov_orders import chosen, compared_orders
from relkit.models.attribution.transition_sums import TransitionSums


def second_order(n: int, seed: int) -> pl.DataFrame:
    """Return journeys whose end depends on the last two touches, not on the last one."""
    rng = np.random.default_rng(seed)
    lists = [list(rng.choice(["a", "b"], rng.geometric(0.4))) for _ in range(n)]
    chance = [0.8 if len(each) > 1 and each[-1] != each[-2] else 0.2 for each in lists]
    won = (rng.random(n) < chance).astype(float)
    return pl.DataFrame({"channels": lists, "conversions": won, "nulls": 1 - won, "value": won})


def sums_of(frame: pl.DataFrame, order: int) -> TransitionSums:
    return TransitionSums.of(CodedPaths.of(frame), order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_leaving_one_out_is_refitting_without_it(order: int) -> None:
    frame = second_order(40, seed=1)
    parts = []
    for row in range(len(frame)):
        others = frame.with_row_index("row").filter(pl.col("row") != row).drop("row")
        learnt = sums_of(others, order)
        assert learnt.names == ("a", "b")
        parts.append(held_out_log_likelihood(learnt, sums_of(frame[row : row + 1], order)))
    right = sum(part[0] for part in parts) / sum(part[1] for part in parts)
    table = compared_orders(CodedPaths.of(frame), 3, collapse=False, nulls=True)
    assert table["held_out_per_step"][order - 1] == pytest.approx(right, rel=1e-12)


def test_grouped_journeys_are_left_out_one_at_a_time() -> None:
    frame = second_order(300, seed=2)
    grouped = frame.group_by("channels").agg(pl.sum("conversions", "nulls", "value"))
    one, many = (compared_orders(CodedPaths.of(each), 3, collapse=False, nulls=True) for each in (frame, grouped))
    for column in ("held_out_per_step", "log_likelihood", "bic", "auc"):
        assert many[column].to_list() == pytest.approx(one[column].to_list(), rel=1e-9)


def test_the_order_of_the_journeys_is_found_and_the_area_alone_would_exceed_it() -> None:
    table = compared_orders(CodedPaths.of(second_order(3000, seed=3)), 4, collapse=False, nulls=True)
    assert chosen(table) == 2
    assert table["bic"].arg_min() == 1
    assert table["auc"].is_sorted()
    assert table["auc"][3] > table["auc"][1] > table["auc"][0] + 0.1


def test_the_area_is_that_of_pairs() -> None:
    frame = pl.DataFrame({"channels": [["a"], ["b"], ["c"]], "conversions": [3.0, 1.0, 2.0], "nulls": [1.0, 3.0, 2.0]})
    score = np.repeat([0.75, 0.25, 0.5], [3, 1, 2])
    other = np.repeat([0.75, 0.25, 0.5], [1, 3, 2])
    pairs = (score[:, None] > other).mean() + (score[:, None] == other).mean() / 2
    assert compared_orders(CodedPaths.of(frame), 1, collapse=False, nulls=True)["auc"][0] == pytest.approx(pairs)


def test_orders_with_too_many_states_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = CodedPaths.of(second_order(500, seed=4))
    monkeypatch.setattr(touch_states, "MOST_STATES", 10)
    assert compared_orders(paths, 4, collapse=False, nulls=True)["order"].to_list() == [1, 2]

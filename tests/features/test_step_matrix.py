from __future__ import annotations

import polars as pl
import pytest
from walked_journeys import NAMES, drawn, walked

from relkit.features.step_matrix import CONVERTED, LEFT, NOT_BEGUN, TOUCH, step_matrix


def cell(matrix: pl.DataFrame, step: int, state: str, channel: str | None = None) -> int:
    own = matrix.filter(pl.col("step") == step, pl.col("state") == state, pl.col("channel").eq_missing(pl.lit(channel, pl.String)))
    return int(own["journeys"].sum())


def test_a_small_matrix_by_hand() -> None:
    matrix = step_matrix(walked([("ds", 1.0, 1.0), ("s", 1.0, 1.0), ("dds", 0.0, 0.0)]), most=3)
    assert [cell(matrix, 1, TOUCH, name) for name in ("display", "search")] == [2, 1]
    assert [cell(matrix, 2, TOUCH, "display"), cell(matrix, 2, TOUCH, "search"), cell(matrix, 2, CONVERTED)] == [1, 1, 1]
    assert [cell(matrix, 3, CONVERTED), cell(matrix, 3, LEFT), cell(matrix, 3, TOUCH, "search")] == [2, 0, 1]
    assert [cell(matrix, -1, TOUCH, "search"), cell(matrix, -2, TOUCH, "display"), cell(matrix, -2, NOT_BEGUN)] == [2, 1, 1]


@pytest.mark.parametrize("step", [1, 2, 5, 7])
def test_drawn_journeys_agree_with_a_count_one_by_one(step: int) -> None:
    walks = drawn(400)
    matrix = step_matrix(walked(walks), most=7)
    for letter, name in NAMES.items():
        assert cell(matrix, step, TOUCH, name) == sum(len(w) >= step and w[step - 1] == letter for w, _, _ in walks)
        assert cell(matrix, -step, TOUCH, name) == sum(n > 0 and len(w) >= step and w[-step] == letter for w, n, _ in walks)
    assert cell(matrix, step, CONVERTED) == sum(n > 0 and len(w) < step for w, n, _ in walks)
    assert cell(matrix, step, LEFT) == sum(n == 0 and len(w) < step for w, n, _ in walks)
    assert cell(matrix, -step, NOT_BEGUN) == sum(n > 0 and len(w) < step for w, n, _ in walks)


def test_each_column_adds_up_to_one() -> None:
    sums = step_matrix(walked(drawn(200))).group_by("step").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * len(sums))
    assert len(sums) == 12

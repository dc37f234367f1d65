from __future__ import annotations

import polars as pl
import pytest

from relkit.scores.value_activity import ACTIVITIES, SEGMENTS, VALUES, segment_value_activity


def segments(**columns) -> list[str]:
    n = len(next(iter(columns.values())))
    given = {"past": [1.0] * n, "future": [1.0] * n, "p_alive": [0.5] * n}
    given |= {name: [False] * n for name in ("is_holder", "is_protected", "is_refusing")}
    types = dict.fromkeys(("past", "future", "p_alive"), pl.Float64) | dict.fromkeys(
        ("is_holder", "is_protected", "is_refusing"), pl.Boolean
    )
    return segment_value_activity(pl.DataFrame({**given, **columns}, schema_overrides=types)).to_list()


@pytest.mark.parametrize(
    ("p_alive", "is_holder", "expected"),
    [
        (1.0, False, "active"),
        (0.7, False, "active"),
        (0.6999, False, "uncertain"),
        (0.3, False, "uncertain"),
        (0.2999, False, "gone"),
        (None, False, "too_early"),
        (None, True, "contract"),
        (0.9, True, "contract"),
    ],
)
def test_activity_goes_by_the_chance_and_a_contract_settles_it(p_alive, is_holder, expected) -> None:
    assert segments(p_alive=[p_alive], is_holder=[is_holder]) == [f"best_{expected}"]


def test_a_fifth_is_best_and_half_is_the_rest() -> None:
    found = segments(future=[float(i) for i in range(20)])
    assert [code.split("_")[0] for code in found] == ["rest"] * 10 + ["middle"] * 6 + ["best"] * 4


def test_equal_values_go_by_the_order_of_the_rows() -> None:
    assert [code.split("_")[0] for code in segments(future=[1.0] * 10)] == ["best"] * 2 + ["middle"] * 3 + ["rest"] * 5


def test_value_is_past_and_future_together_and_an_unknown_past_is_nought() -> None:
    assert segments(past=[None, 5.0, 0.0], future=[3.0, 0.0, 4.0]) == ["rest_uncertain", "best_uncertain", "middle_uncertain"]


def test_the_protected_and_those_who_refuse_are_in_no_group_and_move_nobody() -> None:
    found = segments(future=[9.0, 8.0, 7.0, None], is_protected=[True, True, False, False], is_refusing=[False, True, False, False])
    assert found == ["protected", "refused_profiling", "best_uncertain", "no_value"]

    assert set(SEGMENTS) == {f"{v}_{a}" for v in VALUES for a in ACTIVITIES} | {"protected", "refused_profiling", "no_value"}
    for language in ("en", "fr"):
        assert len({text[language] for text in SEGMENTS.values()}) == len(SEGMENTS)


def test_nobody_is_fine() -> None:
    assert segments(past=[]) == []

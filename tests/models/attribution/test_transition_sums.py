"""Sums of transitions against a count by dictionaries; they add up, over any split of the journeys, channels and groups."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import NotEnoughEventsError
from relkit.models.attribution import touch_states, transition_sums
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.transition_sums import TransitionSums

FIELDS = ("states", "group", "state", "outcome", "count", "value", "squares", "rows")


def walks(n: int, seed: int, names: str = "abcde", longest: int = 9) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    lists = [list(rng.choice(list(names), rng.integers(0, longest))) for _ in range(n)]
    columns = {"conversions": rng.integers(0, 3, n).astype(float), "nulls": rng.integers(0, 4, n).astype(float)}
    return pl.DataFrame({"channels": pl.Series(lists, dtype=pl.List(pl.String)), **columns}).with_columns(
        value=pl.col("conversions") * 1.5 * pl.Series(rng.integers(1, 9, n)), segment=pl.Series(rng.choice(["x", "y"], n))
    )


def sums_of(frame: pl.DataFrame, order: int = 1, *, collapse: bool = False, nulls: bool = True, by: tuple[str, ...] = ()) -> TransitionSums:
    return TransitionSums.of(CodedPaths.of(frame), order, collapse=collapse, nulls=nulls, by=by)


def named(sums: TransitionSums) -> dict[tuple[str, str], float]:
    """Return counts by the text of the state and what followed."""
    names = [*sums.names, "+", "-"]
    states = ["".join(sums.names[code] for code in state if code >= 0) for state in sums.states.tolist()]
    return {(states[s], names[o]): n for s, o, n in zip(sums.state, sums.outcome, sums.count, strict=True)}


def by_dictionary(frame: pl.DataFrame, order: int, *, collapse: bool) -> dict[tuple[str, str], float]:
    found: Counter[tuple[str, str]] = Counter()
    for touches, conversions, nulls in frame.select("channels", "conversions", "nulls").iter_rows():
        path = [t for at, t in enumerate(touches) if not collapse or at == 0 or t != touches[at - 1]]
        if not path or conversions + nulls == 0:
            continue
        for at, touch in enumerate(path):
            found["".join(path[max(at - order, 0) : at]), touch] += conversions + nulls
        found["".join(path[-order:]), "+"] += conversions
        found["".join(path[-order:]), "-"] += nulls
    return {key: count for key, count in found.items() if count}


def same(one: TransitionSums, other: TransitionSums) -> None:
    assert one.names == other.names
    assert_frame_equal(one.groups, other.groups)
    for field in FIELDS:
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), err_msg=field)


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_counts_are_those_of_a_dictionary(order: int, *, collapse: bool) -> None:
    frame = walks(200, seed=1)
    assert named(sums_of(frame, order, collapse=collapse)) == by_dictionary(frame, order, collapse=collapse)


@pytest.mark.parametrize("order", [1, 3])
def test_sorting_the_steps_gives_what_a_table_gives(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = walks(150, seed=2)
    table = sums_of(frame, order, by=("segment",))
    monkeypatch.setattr(transition_sums, "_DENSE", 0)
    monkeypatch.setattr(touch_states, "_FLAGS", 0)
    same(sums_of(frame, order, by=("segment",)), table)


def test_sums_of_parts_add_up_whatever_channels_each_has() -> None:
    parts = [walks(80, seed=3, names="ace"), walks(90, seed=4, names="bcd").with_columns(segment=pl.lit("z")), walks(70, seed=5, names="a")]
    whole = sums_of(pl.concat(parts), 2, by=("segment",))
    first, second, third = (sums_of(part, 2, by=("segment",)) for part in parts)
    same(first + second + third, whole)
    same(third + (second + first), whole)
    with pytest.raises(ValueError, match="order 2 and 1 cannot be added"):
        _ = first + sums_of(parts[0])


def test_groups_add_up_to_the_whole() -> None:
    frame = walks(120, seed=6)
    grouped, whole = sums_of(frame, 2, by=("segment",)), sums_of(frame, 2)
    same(grouped.chain(), whole)
    one = grouped.chain((grouped.groups["segment"] == "x").to_numpy())
    assert named(one) == named(sums_of(frame.filter(pl.col("segment") == "x"), 2))


@pytest.mark.parametrize("lower", [1, 2])
def test_a_lower_order_follows_from_a_higher_one(lower: int) -> None:
    frame = walks(150, seed=7)
    same(sums_of(frame, 3).of_lower(lower), sums_of(frame, lower))


def test_states_are_found_with_many_channels() -> None:
    """Codes above 255 need two bytes, and their order is that of the numbers."""
    rng = np.random.default_rng(8)
    lists = [[f"c{code:04d}" for code in rng.integers(0, 700, 4)] for _ in range(900)]
    sums = sums_of(pl.DataFrame({"channels": lists, "conversions": np.ones(900)}), 2)
    to = sums.targets()
    goes_on = sums.outcome < len(sums.names)
    assert (sums.states[to[goes_on]][:, -1] == sums.outcome[goes_on]).all()
    assert (sums.states[to[goes_on]][:, 0] == sums.states[sums.state[goes_on]][:, 1]).all()
    assert (to[~goes_on] == -1).all()


def test_too_many_states_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touch_states, "MOST_STATES", 20)
    with pytest.raises(NotEnoughEventsError, match=r"different states of 2 touches; at most 20 can be handled\. Choose a lower order"):
        sums_of(walks(100, seed=9), 2)

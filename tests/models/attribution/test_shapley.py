"""Shapley credit on the golden case, on published examples and on public data, in its three games."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING, Any

import golden_paths
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import ParameterError
from relkit.models.attribution.shapley import Shapley

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
ZHAO = {
    "alpha": 7627.9440,
    "iota": 3505.0440,
    "eta": 3613.6560,
    "beta": 1982.7393,
    "theta": 1190.9631,
    "lambda": 987.7821,
    "gamma": 138.1857,
    "epsilon": 374.6774,
    "kappa": 159.0571,
    "zeta": 199.9917,
    "mi": 2.6667,
    "delta": 2.2929,
}
"""Sum of w / |S| over the journeys of PathData (Zhao et al. 2018, their simplified formula), by a loop over its rows."""


def fit(paths: pl.DataFrame, **settings: Any) -> Any:
    return Shapley(**settings).fit(paths, as_of=DAY)


def random_paths(rng: np.random.Generator, channels: int, rows: int = 60) -> pl.DataFrame:
    names = np.array([f"c{i:02d}" for i in range(channels)])
    touches = pl.Series([names[rng.integers(0, channels, rng.integers(1, 5))].tolist() for _ in range(rows)], dtype=pl.List(pl.String))
    conversions = rng.integers(0, 4, rows)
    return pl.DataFrame({"channels": touches, "conversions": conversions, "nulls": rng.integers(0, 9, rows), "value": 3.0 * conversions})


def test_counts_and_coalitions_never_observed() -> None:
    fitted, right = fit(golden_paths.case("13")), golden_paths.expected("13")
    for column in ("conversions", "value"):
        assert golden_paths.credited(fitted, column) == pytest.approx(right[column], abs=1e-12)


def test_one_pass_agrees_with_all_orders_of_joining() -> None:
    paths = golden_paths.case("13")
    sets = [(set(row["channels"]), row["conversions"]) for row in paths.iter_rows(named=True)]
    names = sorted(set().union(*(channels for channels, _ in sets)))
    total = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        for place, channel in enumerate(order):
            before, after = set(order[:place]), set(order[: place + 1])
            total[channel] += sum(n for channels, n in sets if channels <= after) - sum(n for channels, n in sets if channels <= before)
    assert golden_paths.credited(fit(paths)) == pytest.approx({channel: each / 720 for channel, each in total.items()})


def test_a_published_example_of_three_channels() -> None:
    """Facebook, organic and landing page (github.com/tomgorb/misc, a notebook on Shapley values), from its ratios by set."""
    ratios = {"F": 0.2, "O": 0.1, "L": 0.17, "FO": 0.17, "FL": 0.3, "OL": 0.0, "FOL": 0.06}
    paths = pl.DataFrame({"channels": [list(each) for each in ratios], "conversions": list(ratios.values())})
    assert golden_paths.credited(fit(paths)) == pytest.approx({"F": 0.455, "O": 0.205, "L": 0.34})


def test_public_paths(real_data: Path) -> None:
    fitted = fit(golden_paths.path_data(real_data))
    assert golden_paths.credited(fitted) == pytest.approx(ZHAO, abs=5.1e-5)
    assert sum(golden_paths.credited(fitted).values()) == pytest.approx(19_785)


def test_order_and_repeats_do_not_matter_and_no_channel_is_dropped_by_its_name() -> None:
    one = pl.DataFrame({"channels": [["a", "b", "c", "d", "e"]], "conversions": [1.0]})
    other = pl.DataFrame({"channels": [["e", "e", "c", "b", "a", "d", "a"]], "conversions": [1.0]})
    for paths in (one, other):
        assert golden_paths.credited(fit(paths)) == pytest.approx(dict.fromkeys("abcde", 0.2))


ORDERED = {
    "a": [3.0, 3.666667, 0.0, 0.0, 0.0],
    "b": [1.5, 2.0, 2.5, 0.0, 0.0],
    "c": [5.0, 0.0, 2.0, 0.0, 0.666667],
    "d": [0.222222, 3.0, 0.222222, 3.222222, 0.0],
    "e": [3.0, 0.0, 0.0, 0.0, 2.0],
}
"""Position scores of OrderedShapleyAttribution in shapley-attribution 2.1.0, for case 13 and two journeys that return to a channel."""


def test_the_ordered_game_agrees_with_another_program() -> None:
    more = pl.DataFrame({"channels": [["b", "a", "b", "d"], ["d", "a", "d", "d", "c"]], "conversions": [3, 2]})
    fitted = fit(pl.concat([golden_paths.case("13").select("channels", "conversions"), more]), game="ordered")
    known = {(channel, place): credit for channel, row in ORDERED.items() for place, credit in enumerate(row, 1) if credit}
    found = {(channel, place): credit for channel, place, credit, _ in fitted.positions.iter_rows()}
    assert found == pytest.approx(known, abs=5e-7)


def test_credit_by_position_adds_up_to_that_of_the_channels() -> None:
    paths = random_paths(np.random.default_rng(9), 6)
    fitted = fit(paths, game="ordered")
    assert_frame_equal(fitted.credit(), fit(paths).credit())
    for column in ("conversions", "value"):
        sums = fitted.positions.group_by("channel").agg(pl.sum(column))
        assert dict(sums.iter_rows()) == pytest.approx(golden_paths.credited(fitted, column))
    assert fit(paths).positions.is_empty()


def test_rates_read_failures_and_may_take_credit_away() -> None:
    paths = pl.DataFrame({"channels": [["a"], ["b"], ["a", "b"]], "conversions": [5, 0, 5], "nulls": [5, 10, 15], "value": [50, 0, 50]})
    fitted = fit(paths, game="rate")
    assert golden_paths.credited(fitted) == pytest.approx({"a": 15.0, "b": -5.0})
    assert golden_paths.credited(fitted, "value") == pytest.approx({"a": 150.0, "b": -50.0})
    assert fitted.credit()["share"].sum() == pytest.approx(1.0)
    assert any(
        "Credit is negative where journeys convert less often with a channel than without it: b." in note for note in fitted.info.notes
    )
    assert fitted.drawn.is_empty()
    assert fitted.info.seed is None


def test_games_of_journeys_state_their_assumption() -> None:
    paths = golden_paths.case("13")
    assert any("as if each of them had been needed" in note for note in fit(paths).info.notes)
    assert any("as much as that of many" in note for note in fit(paths, game="rate").info.notes)


def test_many_channels_are_drawn_and_agree_with_all_coalitions(monkeypatch: pytest.MonkeyPatch) -> None:
    from relkit.models.attribution import shapley

    paths = random_paths(np.random.default_rng(5), 9)
    exact = fit(paths, game="rate").credit().sort("channel")
    monkeypatch.setattr(shapley, "EXACT_CHANNELS", 8)
    fitted = fit(paths, game="rate", orders=2000)
    drawn = fitted.credit().sort("channel").join(fitted.drawn, on="channel")
    away = (drawn["conversions"] - exact["conversions"]) / drawn["std_error"]
    assert away.abs().max() < 4  # type: ignore[operator]
    assert away.abs().max() > 0.1  # type: ignore[operator]
    assert drawn["orders"].to_list() == [2000] * 9
    assert fitted.info.seed == 0
    assert drawn["conversions"].sum() == pytest.approx(paths["conversions"].sum())
    ratio = (drawn["upper"] - drawn["lower"]) / (exact["upper"] - exact["lower"])
    assert ratio.to_list() == pytest.approx([1.0] * 9, rel=0.25)


@pytest.mark.parametrize("channels", [30, 63, 64, 130])
def test_sets_of_many_channels(channels: int) -> None:
    """Beyond a table of all sets, and beyond one and two words of bits."""
    paths = random_paths(np.random.default_rng(6), channels, rows=300)
    equal: dict[str, float] = {}
    for touches, number in paths.select("channels", "conversions").iter_rows():
        for channel in set(touches):
            equal[channel] = equal.get(channel, 0.0) + number / len(set(touches))
    assert golden_paths.credited(fit(paths)) == pytest.approx(equal)
    fitted = fit(paths, game="rate", orders=20)
    assert sum(golden_paths.credited(fitted).values()) == pytest.approx(paths["conversions"].sum())
    assert len(fitted.drawn) == len(equal)


@pytest.mark.parametrize("game", ["unanimity", "ordered", "rate"])
def test_segments_and_periods_add_up_to_games_of_their_own(game: str) -> None:
    rng = np.random.default_rng(7)
    paths = random_paths(rng, 4).with_columns(
        segment=pl.Series(rng.choice(["new", "known"], 60)), period=pl.Series([date(2025, 5 + i % 2, 1) for i in range(60)])
    )
    fitted = fit(paths, game=game)
    assert fitted.credits.select("segment", "period").unique().height == 1 + 2 + 2 + 4
    new = paths.filter(pl.col("segment") == "new", pl.col("period") == date(2025, 6, 1)).drop("segment", "period")
    own = fitted.credits.filter(pl.col("segment") == "new", pl.col("period") == date(2025, 6, 1)).drop("segment", "period")
    alone = fit(new, game=game).credit()
    assert dict(own.select("channel", "conversions").iter_rows()) == pytest.approx(dict(alone.select("channel", "conversions").iter_rows()))
    totals = fitted.totals.filter(pl.col("segment") == "new", pl.col("period") == date(2025, 6, 1))
    assert totals["conversions"].item() == own["conversions"].sum() == pytest.approx(new["conversions"].sum())


@pytest.mark.parametrize("game", ["unanimity", "ordered", "rate"])
def test_names_of_channels_and_order_of_rows_do_not_matter(game: str) -> None:
    paths = random_paths(np.random.default_rng(8), 5)
    names = {f"c{i:02d}": f"z{9 - i}" for i in range(5)}
    other = paths.with_columns(pl.col("channels").list.eval(pl.element().replace(names))).sample(fraction=1.0, shuffle=True, seed=1)
    plain, renamed = (golden_paths.credited(fit(each, game=game)) for each in (paths, other))
    assert renamed == pytest.approx({names[channel]: credit for channel, credit in plain.items()})


def test_rates_without_any_touch_or_conversion() -> None:
    untouched = pl.DataFrame({"channels": pl.Series([[]], dtype=pl.List(pl.String)), "conversions": [2.0]})
    assert fit(untouched, game="rate").credit().is_empty()
    failed = pl.DataFrame({"channels": [["a"], ["a", "b"]], "conversions": [0.0, 0.0], "nulls": [2.0, 1.0]})
    assert golden_paths.credited(fit(failed, game="rate")) == {"a": 0.0, "b": 0.0}


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="unknown game 'rates'; did you mean 'rate'"):
        Shapley(game="rates")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"shapley: orders is 1; it must be at least 4"):
        Shapley(orders=1)


def test_it_is_judged_by_the_shares_that_move() -> None:
    before, after = golden_paths.case("13"), pl.DataFrame({"channels": [["a"]], "conversions": [3.0], "value": [9.0]})
    fitted = fit(before)
    judged = fitted.settings.judge(fitted, before, after)
    assert judged == pytest.approx({"share_moved": 1 - 5 / 27, "value_moved": 1 - 26 / 227, "conversions_judged": 3.0})

"""Markov attribution on public data, on published examples and the golden cases, and on journeys that are easily got wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import golden_paths
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models import storage
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.markov_removal import FittedMarkovRemoval, MarkovRemoval
from relkit.models.attribution.removal_effects import solved_chain
from relkit.models.attribution.transition_sums import TransitionSums
from relkit.tables.simulation import journeys as simulated

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 6, 30)
PATH_DATA: dict[str, tuple[float, ...]] = {
    "alpha": (0.558399, 5344.947682, 18799.170626, 5260.069561, 5617.453854, 5748.098650),
    "iota": (0.405835, 3884.614702, 14978.437288, 3899.246228, 3810.511044, 3791.029167),
    "eta": (0.349026, 3340.847402, 12991.736667, 3347.765891, 3391.858163, 3396.070645),
    "beta": (0.264039, 2527.352167, 9687.809216, 2585.406272, 2439.648976, 2405.534040),
    "theta": (0.206010, 1971.912880, 7511.048475, 1938.846090, 1902.473610, 1849.812647),
    "lambda": (0.134022, 1282.847223, 5142.720297, 1295.482152, 1189.472022, 1150.740020),
    "epsilon": (0.062639, 599.570650, 2348.653825, 604.831524, 614.373523, 623.432061),
    "zeta": (0.039811, 381.062553, 1468.703015, 394.521465, 374.031325, 370.362997),
    "kappa": (0.028663, 274.363256, 1136.092538, 276.651119, 266.027054, 264.239346),
    "gamma": (0.017880, 171.145443, 719.236746, 176.028054, 171.918183, 178.482808),
    "delta": (0.000482, 4.613618, 13.918384, 4.258673, 5.159056, 5.070844),
    "mi": (0.000180, 1.722425, 5.444509, 1.892970, 2.073189, 2.126775),
}
"""Removal effect, conversions and value at order 1; conversions at order 1 without nulls, at order 2 and at order 3.

From a closed form in plain numpy, written apart from this code; the effects are also those of marketing-attribution-models 2.1.1 to all
digits. Its list has 1189.472020 for lambda at order 2, with which the twelve sum to 19784.999997 and not to 19785."""
TOLERANCE = 6e-7
"""Half a unit in the sixth decimal, and the rounding of the sum."""


def fit(frame: pl.DataFrame, **settings: Any) -> FittedMarkovRemoval:
    return MarkovRemoval(**settings).fit(frame, as_of=DAY)


def paths(*rows: tuple[str, float, float], value: list[float] | None = None) -> pl.DataFrame:
    """Return paths from "a > b", conversions and nulls."""
    text, conversions, nulls = zip(*rows, strict=True)
    lists = [each.split(" > ") if each else [] for each in text]
    numbers = {"conversions": [float(each) for each in conversions], "nulls": [float(each) for each in nulls]}
    frame = pl.DataFrame({"channels": pl.Series(lists, dtype=pl.List(pl.String)), **numbers})
    return frame if value is None else frame.with_columns(value=pl.Series(value))


def effects(fitted: FittedMarkovRemoval) -> dict[str, float | None]:
    return dict(
        fitted.effects.filter(pl.col("segment").is_null(), pl.col("period").is_null()).select("channel", "removal_effect").iter_rows()
    )


def number(fitted: FittedMarkovRemoval, name: str) -> float:
    return float(fitted.chains[name][0])


# --- published numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "column"), [({}, 1), ({"null_paths": False}, 3), ({"order": 2}, 4), ({"order": 3}, 5)], ids=["nulls", "no nulls", "2", "3"]
)
def test_public_paths_have_the_known_credit(real_data: Path, settings: dict[str, Any], column: int) -> None:
    fitted = fit(golden_paths.path_data(real_data), **settings)
    right = {name: row[column] for name, row in PATH_DATA.items()}
    assert golden_paths.credited(fitted) == pytest.approx(right, abs=TOLERANCE)
    assert fitted.credit()["conversions"].sum() == pytest.approx(19785, abs=1e-8)


def test_public_paths_have_the_known_effects_and_value(real_data: Path) -> None:
    fitted = fit(golden_paths.path_data(real_data))
    assert effects(fitted) == pytest.approx({name: row[0] for name, row in PATH_DATA.items()}, abs=TOLERANCE)
    assert golden_paths.credited(fitted, "value") == pytest.approx({name: row[2] for name, row in PATH_DATA.items()}, abs=TOLERANCE)


@pytest.mark.parametrize(("order", "states"), [(1, 13), (2, 121), (3, 934), (4, 3976)])
def test_a_chain_of_any_order_converts_as_its_journeys_do(real_data: Path, order: int, states: int) -> None:
    fitted = fit(golden_paths.path_data(real_data), order=order)
    assert number(fitted, "conversion_probability") == pytest.approx(19785 / (19785 + 68602), rel=1e-12)
    assert number(fitted, "value_per_journey") == pytest.approx(0.8463119190289, abs=1e-13)
    assert number(fitted, "states") == states


def test_two_channels_of_a_worked_example() -> None:
    """serhiipuzyrov.com 2019: G 2, M 1, G > M 1 conversions, G 1 null."""
    fitted = fit(paths(("G", 2, 1), ("M", 1, 0), ("G > M", 1, 0)))
    assert number(fitted, "conversion_probability") == pytest.approx(0.8)
    assert effects(fitted) == pytest.approx({"G": 0.75, "M": 0.5})
    assert golden_paths.credited(fitted) == pytest.approx({"G": 2.4, "M": 1.6})


def test_three_channels_of_a_worked_example() -> None:
    """analyzecore.com 2016, part 1, with the values that follow by hand."""
    fitted = fit(paths(("C1 > C2 > C3", 1, 0), ("C1", 0, 1), ("C2 > C3", 0, 1)))
    assert number(fitted, "conversion_probability") == pytest.approx(1 / 3)
    assert effects(fitted) == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert golden_paths.credited(fitted) == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})


def test_journeys_that_all_convert() -> None:
    """Test data of DP6's marketing-attribution-models, by exact fractions."""
    every = ("A", "A > B", "A > B > C", "B", "B > A", "B > C > A", "C", "C > A", "C > B > A")
    fitted = fit(paths(*((each, 1, 0) for each in every)))
    assert effects(fitted) == pytest.approx({"A": 2 / 3, "B": 8 / 15, "C": 28 / 57})
    assert golden_paths.credited(fitted) == pytest.approx({"A": 3.547718, "B": 2.838174, "C": 2.614108}, abs=TOLERANCE)


def test_two_channels_that_lead_back_and_forth() -> None:
    """stats.stackexchange.com/q/336227: 11.4 % buy when the notification centre leads to nothing, whatever it led to before."""
    after = {"social": {"store": 30, "notes": 15, "": 50, "+": 5}, "store": {"social": 40, "notes": 10, "": 40, "+": 10}}
    start = {"social": 50, "store": 50}
    for notes in ({"social": 3, "store": 4, "": 3}, {"": 1}, {"social": 7, "+": 1}):
        rows = {"": start, **after, "notes": notes}
        names, states = ("notes", "social", "store"), ["", "notes", "social", "store"]
        outcomes = [*names, "+", ""]
        count = np.array([[rows[state].get(outcome, 0) for outcome in outcomes] for state in states], float)
        state, outcome = np.nonzero(count)
        plain = TransitionSums.of(CodedPaths.of(paths(("notes > social > store", 1, 0))))
        sums = replace(plain, state=state, outcome=outcome, group=np.zeros(len(state), np.int64), count=count[state, outcome])
        chain = solved_chain(sums)
        assert chain.conversion_probability * (1 - chain.effects[0]) == pytest.approx(0.114, abs=5e-4)


def test_a_channel_seen_only_in_journeys_that_failed() -> None:
    right = golden_paths.expected("09")
    fitted = fit(golden_paths.case("09"))
    assert number(fitted, "conversion_probability") == pytest.approx(right["conversion_probability"], abs=1e-12)
    assert effects(fitted) == pytest.approx(right["removal_effect"], abs=1e-12)
    assert golden_paths.credited(fitted) == pytest.approx(right["credit"], abs=1e-12)
    assert any(remark.code == "channels_without_effect" and "X" in remark.en for remark in fitted.info.remarks)
    unsure = fitted.credit().row(by_predicate=pl.col("channel") == "X", named=True)
    assert 0 == unsure["lower"] < unsure["upper"] < 2


def test_journeys_of_which_none_converted() -> None:
    right = golden_paths.expected("09")["all_null"]
    fitted = fit(golden_paths.split(pl.read_csv(golden_paths.folder("09") / "all_null.csv")))
    assert number(fitted, "conversion_probability") == right["conversion_probability"]
    assert golden_paths.credited(fitted) == right["credit"]
    assert effects(fitted) == right["removal_effect"]
    assert any(remark.code == "no_conversion_to_credit" for remark in fitted.info.remarks)
    assert fitted.credit()["upper"].null_count() == 2
    assert (fitted.ranks()["best"] == 1).all()
    assert (fitted.ranks()["worst"] == 2).all()


@pytest.mark.parametrize("settings", [{"order": 0}, {"null_paths": False, "order": 0}, {"interval": "paths"}, {"removal": "fail"}], ids=str)
def test_settings_that_need_conversions_do_without_them(settings: dict[str, Any]) -> None:
    fitted = fit(paths(("a", 0, 2), ("a > b", 0, 1)), sequences=("a > b",), **settings)
    assert golden_paths.credited(fitted) == {"a": 0, "b": 0}
    assert effects(fitted) == {"a": None, "b": None}
    assert fitted.sequences["removal_effect"].to_list() == [None]


def test_repeats_change_nothing_at_order_one() -> None:
    right = golden_paths.expected("10")["markov_order_1"]
    kept, collapsed = (fit(golden_paths.case("10"), collapse_repeats=each) for each in (False, True))
    for fitted in (kept, collapsed):
        assert number(fitted, "conversion_probability") == pytest.approx(right["conversion_probability"], abs=1e-12)
        assert effects(fitted) == pytest.approx(right["removal_effect"], abs=1e-12)
    assert_frame_equal(kept.credit(), collapsed.credit())
    second = [effects(fit(golden_paths.case("10"), collapse_repeats=each, order=2)) for each in (False, True)]
    assert second[0] != pytest.approx(second[1])


# --- nothing moves that should not ------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"order": 2}, {"order": 0, "max_order": 3}, {"removal": "fail"}], ids=str)
def test_neither_order_nor_names_nor_grouping_of_rows_matter(settings: dict[str, Any]) -> None:
    frame = drawn(900, seed=1)
    fitted = fit(frame, **settings)
    new = {name: "zyxwv"[place] + name for place, name in enumerate(sorted(simulated.CHANNELS))}
    renamed = frame.with_columns(pl.col("channels").list.eval(pl.element().replace_strict(new))).sample(fraction=1.0, shuffle=True, seed=4)
    again = fit(renamed, **settings)
    assert again.order == fitted.order
    back = {new: old for old, new in new.items()}
    assert_frame_equal(
        again.credit().with_columns(pl.col("channel").replace_strict(back)).sort("channel"), fitted.credit().sort("channel"), rel_tol=1e-9
    )
    grouped = frame.group_by("channels").agg(pl.sum("conversions", "nulls", "value"))
    assert golden_paths.credited(fit(grouped, **settings)) == pytest.approx(golden_paths.credited(fitted), rel=1e-9)


def test_every_run_gives_the_same_to_the_bit() -> None:
    frame = drawn(300, seed=2)
    for settings in ({}, {"interval": "paths", "replicates": 20}):
        first, second = fit(frame, **settings), fit(frame, **settings)
        assert_frame_equal(first.credits, second.credits, check_exact=True)


def test_rare_channels_keep_their_effect() -> None:
    """One conversion in a million journeys, which simulations of the chain report as none."""
    fitted = fit(paths(("a", 10_000, 990_000), ("rare", 1, 0), ("a > rarer", 0.001, 0)))
    assert effects(fitted)["rare"] == pytest.approx(1 / 10_001.001, rel=1e-9)
    assert effects(fitted)["rarer"] == pytest.approx(0.001 / 10_001.001, rel=1e-9)


def test_a_nearly_endless_loop_loses_no_digits() -> None:
    rounds = 4000
    fitted = fit(paths((" > ".join(["a", "b"] * rounds), 1, 0), ("b", 1, 1)))
    assert number(fitted, "conversion_probability") == pytest.approx(2 / 3, rel=1e-12)
    # Two in three journeys begin in b, from which 2 of `rounds` + 2 steps lead to a conversion without a.
    assert effects(fitted) == pytest.approx({"a": 1 - (2 / 3) * 2 / (rounds + 2) / (2 / 3), "b": 1.0}, rel=1e-12)
    repeats = fit(paths((" > ".join(["a"] * 5000), 1, 0), ("a", 0, 1), ("b", 1, 1)))
    assert effects(repeats) == pytest.approx({"a": 0.5, "b": 0.5}, rel=1e-12)


def test_one_channel_has_all_there_is() -> None:
    fitted = fit(paths(("a", 3, 2), ("a > a", 1, 0)), order=2)
    row = fitted.credit().row(0, named=True)
    assert (row["conversions"], row["lower"], row["upper"], row["share"]) == pytest.approx((4, 4, 4, 1))


def test_credit_is_never_negative(real_data: Path) -> None:
    for order in (1, 3):
        credit = fit(golden_paths.path_data(real_data), order=order).credit()
        assert (credit.select("conversions", "lower", "value", "value_lower") > 0).select(pl.all_horizontal(pl.all().all())).item()


# --- value ------------------------------------------------------------------------------------------------------


def test_value_follows_the_conversions_it_belongs_to() -> None:
    fitted = fit(paths(("a", 1, 1), ("b", 1, 1), value=[10.0, 30.0]))
    assert golden_paths.credited(fitted) == pytest.approx({"a": 1, "b": 1})
    assert golden_paths.credited(fitted, "value") == pytest.approx({"a": 10, "b": 30})


def test_value_below_zero_is_shared_out_as_the_conversions_are() -> None:
    fitted = fit(paths(("a", 1, 0), ("b", 3, 0), value=[-10.0, 30.0]))
    assert golden_paths.credited(fitted, "value") == pytest.approx({"a": 5, "b": 15})
    assert any(remark.code == "value_follows_conversions" for remark in fitted.info.remarks)


def test_value_without_a_conversion_is_reported_and_credited_to_nobody() -> None:
    fitted = fit(paths(("a", 1, 0), ("b", 0, 4), value=[10.0, 80.0]))
    assert fitted.credit()["value"].sum() == pytest.approx(10)
    assert fitted.totals["null_value"][0] == 80


# --- groups -----------------------------------------------------------------------------------------------------


def test_groups_have_the_credit_of_their_own_journeys() -> None:
    frame = drawn(400, seed=3).with_columns(
        segment=pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.lit("new")), period=pl.date(2026, 1 + pl.int_range(pl.len()) % 2, 1)
    )
    fitted = fit(frame, by="segment", period="month")
    assert fitted.credits.select("segment", "period").n_unique() == 1 + 2 + 2 + 4
    for group in ({"segment": "new"}, {"segment": "unknown"}, {"period": date(2026, 2, 1)}, {"segment": "new", "period": date(2026, 1, 1)}):
        whole = {name: group.get(name) for name in ("segment", "period")}
        own = fitted.credits.filter(pl.col(name).eq_missing(pl.lit(value)) for name, value in whole.items())
        alone = frame.with_columns(pl.col("segment").fill_null("unknown")).filter(pl.col(name) == value for name, value in group.items())
        right = fit(alone.drop("segment", "period")).credit()
        assert_frame_equal(own.drop("segment", "period").sort("channel"), right.sort("channel"), rel_tol=1e-9)


# --- conventions ------------------------------------------------------------------------------------------------


def test_journeys_that_fail_are_those_with_the_channel() -> None:
    frame = paths(("a > b > a", 2, 1), ("b", 1, 5), ("c", 1, 0), ("a", 0, 3))
    assert effects(fit(frame, removal="fail")) == pytest.approx({"a": 0.5, "b": 0.75, "c": 0.25})
    assert effects(fit(frame, removal="detour")) == pytest.approx({"a": 0.0, "b": 0.25, "c": 0.25})


def test_learning_the_chain_anew_gives_the_effect_of_journeys_that_fail() -> None:
    frame = drawn(300, seed=5)
    whole = fit(frame)
    for name in ("email", "search"):
        failed = pl.col("channels").list.contains(name)
        other = frame.with_columns(
            conversions=pl.when(failed).then(0).otherwise("conversions"),
            nulls=pl.when(failed).then(pl.col("conversions") + pl.col("nulls")).otherwise("nulls"),
        )
        lost = 1 - number(fit(other, order=2), "conversion_probability") / number(whole, "conversion_probability")
        assert effects(fit(frame, removal="fail"))[name] == pytest.approx(lost)


def test_removing_a_sequence_stops_its_last_step() -> None:
    frame = paths(("a > b", 2, 1), ("b > a > b", 1, 0), ("b", 1, 2), ("a", 1, 1))
    fitted = fit(frame, order=2, sequences=("a > b", "b>a>b"))
    found = dict(fitted.sequences.select("channel", "removal_effect").iter_rows())
    # Three in four journeys convert that have been in a > b, whether they began there or came from b > a; five convert in all.
    assert found == pytest.approx({"a > b": 4 * 0.75 / 5, "b > a > b": 1 * 0.75 / 5})
    assert effects(fitted)["a"] == pytest.approx(4 / 5)
    loops = fit(paths(("a > a", 1, 1), ("a", 1, 1)), sequences=("a > a",)).sequences
    # Of 4 journeys in a, two go on to a in 6 steps: 2/3 end at once, so P = 1/2 and without the loop (2/6) = 1/3.
    assert loops["removal_effect"][0] == pytest.approx(1 - (1 / 3) / (1 / 2))


def test_orders_that_differ_only_in_length_agree() -> None:
    frame = paths(("a", 2, 1), ("b", 1, 3), ("c", 5, 5))
    assert effects(fit(frame)) == pytest.approx(effects(fit(frame, order=4)))


# --- ranks, tables, storage -------------------------------------------------------------------------------------


def test_ranks_are_claimed_only_where_intervals_part() -> None:
    fitted = fit(paths(("a", 500, 500), ("b", 490, 500), ("c", 20, 900)))
    assert fitted.ranks().rows() == [("a", 1, 2), ("b", 1, 2), ("c", 3, 3)]


def test_the_matrix_has_a_row_for_each_state() -> None:
    matrix = fit(paths(("a > b", 1, 0), ("a", 0, 1))).matrix()
    assert matrix.columns == ["state", "a", "b", "(conversion)", "(null)"]
    assert matrix.rows() == [("(start)", 1, 0, 0, 0), ("a", 0, 0.5, 0, 0.5), ("b", 0, 0, 1, 0)]
    assert (matrix.select(pl.sum_horizontal(pl.exclude("state")))["a"] == 1).all()


def test_a_saved_chain_has_all_its_tables(tmp_path: Path) -> None:
    fitted = fit(drawn(200, seed=6), order=0, max_order=2, sequences=("search > email",))
    storage.save(fitted, tmp_path / "model")
    loaded: Any = storage.load(tmp_path / "model")
    for name in ("credits", "totals", "effects", "sequences", "chains", "orders", "transitions"):
        assert_frame_equal(getattr(loaded, name), getattr(fitted, name), check_exact=True)
    assert_frame_equal(loaded.ranks(), fitted.ranks())


# --- judging ----------------------------------------------------------------------------------------------------


def test_the_chain_that_made_the_journeys_forecasts_them_best() -> None:
    frame, later = drawn(3000, seed=7), drawn(2000, seed=8)
    first, third = fit(frame), fit(frame, order=3)
    judged = [fitted.settings.judge(fitted, frame, later) for fitted in (first, third)]
    assert judged[0]["log_likelihood_per_step"] > judged[1]["log_likelihood_per_step"]
    assert 0 < judged[0]["share_moved"] < 0.05
    assert fit(frame, order=0).order == 1


def test_a_chain_without_failures_does_not_forecast_them() -> None:
    frame, later = drawn(500, seed=9), drawn(300, seed=10)
    judged = [fitted.settings.judge(fitted, frame, later) for fitted in (fit(frame), fit(frame, null_paths=False))]
    assert judged[0]["log_likelihood_per_step"] > judged[1]["log_likelihood_per_step"]
    assert judged[0]["steps_judged"] == judged[1]["steps_judged"]


def test_values_known_by_sums_only_have_wider_intervals() -> None:
    """Rows of several conversions: the chain estimates the variance within rows from that between them."""
    rng = np.random.default_rng(11)
    worth = rng.gamma(2.0, 10.0, 4000)
    names = rng.choice(["a", "b"], 4000)
    each = pl.DataFrame({"channels": [[name] for name in names], "conversions": np.ones(4000), "value": worth})
    some = (
        each.with_columns(part=pl.int_range(pl.len()) // 40).group_by("channels", "part").agg(pl.sum("conversions", "value")).drop("part")
    )
    one, many = fit(each), fit(some)
    assert golden_paths.credited(many, "value") == pytest.approx(golden_paths.credited(one, "value"))
    assert many.errors["value"].to_list() == pytest.approx(one.errors["value"].to_list(), rel=0.2)
    assert not any(remark.code == "values_taken_as_equal" for remark in many.info.remarks)
    assert any(remark.code == "values_taken_as_equal" for remark in fit(some, removal="fail").info.remarks)


def test_journeys_with_channels_never_seen_are_judged() -> None:
    fitted = fit(paths(("a", 3, 1)))
    judged = fitted.settings.judge(fitted, paths(("a", 1, 0)), paths(("a > new", 1, 0)))
    # P(a) = (4 + 1/4) / 5, P(new | a) = (1/4) / 5, P(conversion | new) = 1/4
    assert judged["log_likelihood_per_step"] == pytest.approx(np.log([4.25 / 5, 0.25 / 5, 0.25]).mean())
    assert judged["share_moved"] == pytest.approx(0.5)


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": -1}, "order is -1; it must .*Write 0 to have it chosen"),
        ({"order": 9}, "order is 9"),
        ({"removal": "to_nul"}, "to_null"),
        ({"interval": "path"}, "paths"),
        ({"replicates": 3}, "replicates is 3; it must be at least 20"),
        ({"sequences": ("search",)}, "sequences has 'search'.*at least two channels"),
    ],
)
def test_an_invalid_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MarkovRemoval(**settings)


def test_a_sequence_that_the_chain_forgets_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"'a > b > a' has 3 touches.*Choose order 2"):
        fit(paths(("a > b > a", 1, 0)), sequences=("a > b > a",))


def test_a_sequence_of_a_channel_without_a_touch_is_reported() -> None:
    fitted = fit(paths(("a > b", 1, 0)), sequences=("bb > a", "a > b"))
    assert fitted.sequences["removal_effect"].to_list() == [0.0, 1.0]
    assert any("without a touch: bb" in remark.en for remark in fitted.info.remarks)
    judged = fitted.settings.judge(fitted, paths(("a > b", 1, 0)), paths(("a", 1, 0)))
    assert judged["share_moved"] == pytest.approx(0.5)


def test_journeys_without_a_touch_are_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match="no journey has a touch"):
        fit(paths(("", 3, 0)))


def test_text_instead_of_lists_is_refused() -> None:
    with pytest.raises(TableError, match="channels is String, expected a list"):
        fit(pl.DataFrame({"channels": ["a > b"], "conversions": [1.0]}))


def test_conversions_without_a_touch_stay_in_the_total() -> None:
    fitted = fit(paths(("a", 3, 1), ("", 2, 0)))
    assert fitted.credit()["conversions"].sum() == pytest.approx(3)
    assert fitted.totals.select("conversions", "unattributed").row(0) == (5, 2)
    assert number(fitted, "conversion_probability") == pytest.approx(3 / 4)


# --- coverage ---------------------------------------------------------------------------------------------------


def drawn(conversions: int, seed: int) -> pl.DataFrame:
    """Return journeys of the simulated chain, whose removal effects are known; a conversion after channel k is worth 10 (k + 1)."""
    rng = np.random.default_rng(seed)
    made = simulated.draw_journeys(rng, conversions)
    names = pl.Series(simulated.CHANNELS).gather(made.channel)
    lists = pl.DataFrame({"journey": made.journey, "channels": names}).group_by("journey", maintain_order=True).agg("channels")
    last = np.append(made.journey[1:] != made.journey[:-1], True)
    worth = np.where(made.converts, 10.0 * (made.channel[last] + 1) * rng.gamma(2.0, 0.5, len(made.converts)), 0.0)
    won = made.converts.astype(float)
    return lists.select("channels", conversions=won, nulls=1 - won, value=worth)


def true_value_effects() -> dict[str, float]:
    """Return the share of value lost without each channel in the simulated chain."""
    steps, worth = np.array(simulated.STEPS), np.array(simulated.ORDER) * 10 * np.arange(1, 6)

    def total(removed: int) -> float:
        kept = np.arange(5) != removed
        return float(np.array(simulated.START) @ np.linalg.solve(np.eye(5) - steps * kept[:, None], worth * kept))

    return {name: 1 - total(k) / total(-1) for k, name in enumerate(simulated.CHANNELS)}


@pytest.mark.parametrize(("settings", "seeds"), [({}, 120), ({"interval": "paths", "replicates": 60}, 20)], ids=["steps", "paths"])
def test_intervals_have_their_coverage(settings: dict[str, Any], seeds: int) -> None:
    """Shares and effects of conversions and of value, at 90 %, over samples of the simulated chain."""
    right, worth = simulated.removal_effects(), true_value_effects()
    shares = [{name: effect / sum(each.values()) for name, effect in each.items()} for each in (right, worth)]
    found = []
    for seed in range(seeds):
        fitted = fit(drawn(250, seed=100 + seed), level=0.9, **settings)
        credit, totals = fitted.credit(), fitted.totals.row(0, named=True)
        bounds = [
            *zip(credit["channel"], credit["lower"] / totals["conversions"], credit["upper"] / totals["conversions"], strict=True),
            *zip(credit["channel"], credit["value_lower"] / totals["value"], credit["value_upper"] / totals["value"], strict=True),
            *fitted.effects.select("channel", "lower", "upper").iter_rows(),
            *fitted.effects.select("channel", "value_lower", "value_upper").iter_rows(),
        ]
        truths = [each for each in (*shares, right, worth) for _ in range(5)]
        found.append([low <= truth[name] <= high for truth, (name, low, high) in zip(truths, bounds, strict=True)])
    covered = np.array(found).reshape(seeds, 4, 5).mean(axis=(0, 2))
    assert covered == pytest.approx(0.9, abs=3.5 * np.sqrt(0.09 / seeds / 2)), covered

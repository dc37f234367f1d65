"""The six rules on the golden cases, on public data, and on journeys that are easily got wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import golden_paths
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models import catalogue

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)
RULES = ("first_touch", "last_touch", "last_non_direct", "linear", "position", "time_decay")
PATH_DATA: dict[str, tuple[float, ...]] = {
    "alpha": (6308, 8447, 7574.7186, 19121.2724, 7444.8238, 5742),
    "iota": (4606, 3355, 3857.0962, 19597.2613, 3944.9482, 4068),
    "eta": (3164, 4167, 3539.9512, 11909.4762, 3618.7961, 4765),
    "beta": (2831, 989, 2083.5001, 12235.5917, 1969.7662, 1238),
    "theta": (1606, 653, 1022.8014, 6652.3493, 1092.7445, 1403),
    "lambda": (902, 1207, 1035.2576, 3735.6022, 1046.9039, 1333),
    "gamma": (165, 92, 121.0416, 718.9780, 125.2409, 128),
    "epsilon": (99, 531, 272.1704, 412.3012, 301.0502, 678),
    "kappa": (74, 230, 137.9641, 305.7432, 147.4596, 256),
    "zeta": (27, 107, 136.5515, 103.0040, 88.6229, 167),
    "mi": (2, 2, 2.2222, 5.2730, 2.0571, 2),
    "delta": (1, 5, 1.7250, 6.1190, 2.5867, 5),
}
"""First, last, linear, value by first touch (ChannelAttribution 2.2.5, heuristic_models); 40/20/40 with two touches 50/50, and last
touch other than alpha (both by loops over the rows)."""


def fit(name: str, paths: pl.DataFrame, **settings: Any) -> Any:
    return catalogue.make(f"attribution.{name}", settings).fit(paths, as_of=DAY)


def journeys(*channels: list[str], **columns: Any) -> pl.DataFrame:
    lists = pl.Series(channels, dtype=pl.List(pl.String))
    seconds = pl.Series([list(range(len(each), 0, -1)) for each in channels], dtype=pl.List(pl.Int64))
    return pl.DataFrame({"channels": lists, "seconds_before": seconds, "conversions": [1.0] * len(channels), **columns})


def test_revenue_of_a_group_is_shared_out_once() -> None:
    raw, right = golden_paths.case("01"), golden_paths.expected("01")
    occurrences = pl.col("occurrences")
    paths = raw.select(
        "channels",
        conversions=pl.when("converted").then(occurrences).otherwise(0),
        nulls=pl.when("converted").then(0).otherwise(occurrences),
        value="revenue_of_the_group",
    )
    fitted = fit("linear", paths)
    totals = fitted.totals.row(0, named=True)
    assert golden_paths.credited(fitted) == pytest.approx(right["linear"]["conversions"], abs=1e-9)
    assert golden_paths.credited(fitted, "value") == pytest.approx(right["linear"]["value"], abs=1e-9)
    assert (totals["conversions"], totals["value"]) == (right["total_conversions"], right["total_value"])
    assert totals["null_value"] == right["value_on_journeys_that_did_not_convert"]
    assert any("Rows without a conversion have a value of 80.00" in note for note in fitted.info.notes)


def test_position_weights_that_differ() -> None:
    fitted = fit("position", golden_paths.case("02"), first=0.3, middle=0.2, last=0.5)
    assert golden_paths.credited(fitted) == pytest.approx(golden_paths.expected("02"), abs=1e-9)


def test_decay_at_the_instant_of_the_order_and_a_thousand_half_lives_before() -> None:
    files = [golden_paths.folder("03") / name for name in ("touchpoints.csv", "conversions.csv")]
    touches, orders = (pl.read_csv(file, try_parse_dates=True) for file in files)
    both = touches.join(orders, on="customer_id", suffix="_order").sort("customer_id", "occurred_at")
    elapsed = (pl.col("occurred_at_order") - pl.col("occurred_at")).dt.total_seconds()
    paths = both.group_by("customer_id", maintain_order=True).agg(
        channels="channel_id", seconds_before=elapsed, conversions=pl.lit(1.0).first()
    )
    assert paths["seconds_before"].explode().max() > 1000 * 6 * 3600
    fitted = fit("time_decay", paths, half_life_days=6 / 24, lookback_days=365)
    assert golden_paths.credited(fitted) == pytest.approx(golden_paths.expected("03"), abs=1e-9)


def test_linear_counts_touches_or_runs() -> None:
    paths = golden_paths.case("10")
    assert golden_paths.credited(fit("linear", paths)) == pytest.approx(golden_paths.expected("10")["linear_per_touch"], abs=1e-12)
    assert golden_paths.credited(fit("linear", paths, per_run=True)) == pytest.approx({"A": 3.5, "B": 2.5}, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "settings", "column", "at"),
    [
        ("first_touch", {}, "conversions", 0),
        ("last_touch", {}, "conversions", 1),
        ("linear", {}, "conversions", 2),
        ("first_touch", {}, "value", 3),
        ("position", {}, "conversions", 4),
        ("last_non_direct", {"direct": ("alpha",)}, "conversions", 5),
    ],
)
def test_rules_agree_with_another_program_on_public_paths(name: str, settings: Any, column: str, at: int, real_data: Path) -> None:
    fitted = fit(name, golden_paths.path_data(real_data), **settings)
    assert golden_paths.credited(fitted, column) == pytest.approx({channel: row[at] for channel, row in PATH_DATA.items()}, abs=5.1e-5)
    assert fitted.totals.row(0, named=True)["value"] == pytest.approx(74_802.971587, abs=1e-6)


@pytest.mark.parametrize("name", RULES)
def test_each_rule_gives_out_one_whole_conversion(name: str) -> None:
    paths = journeys(["a"], ["a", "a"], ["b", "a", "direct"], ["direct"], [], ["a", "b", "c", "a", "b"])
    fitted = fit(name, paths, **({"direct": ("direct",)} if name == "last_non_direct" else {}))
    assert sum(golden_paths.credited(fitted).values()) == pytest.approx(5.0)
    assert fitted.totals.row(0, named=True)["unattributed"] == 1.0
    assert "1 of 6 conversions (16.7 %) were preceded by no touch and are credited to no channel." in fitted.info.notes


def by_hand(name: str, touches: list[str], seconds: list[int]) -> dict[str, float]:
    """Return the parts of one journey, touch by touch."""
    n = len(touches)
    weights = {
        "first_touch": [float(i == 0) for i in range(n)],
        "last_touch": [float(i == n - 1) for i in range(n)],
        "linear": [1 / n] * n,
        "position": [1.0] if n == 1 else [0.5, 0.5] if n == 2 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4],
        "time_decay": [2 ** (-each / (7 * 86_400)) for each in seconds],
    }
    others = [i for i in range(n) if touches[i] != "d"]
    weights["last_non_direct"] = [float(i == (others or [n - 1])[-1]) for i in range(n)]
    parts: dict[str, float] = {}
    for channel, weight in zip(touches, weights[name], strict=True):
        parts[channel] = parts.get(channel, 0.0) + weight / sum(weights[name])
    return parts


@pytest.mark.parametrize("name", RULES)
def test_credit_and_its_variance_agree_with_loops(name: str) -> None:
    rng = np.random.default_rng(3)
    touches = [rng.choice(list("abcd"), rng.integers(0, 6)).tolist() for _ in range(80)]
    seconds = [np.sort(rng.integers(0, 30 * 86_400, len(each)))[::-1].tolist() for each in touches]
    number = rng.integers(0, 3, 80).astype(float)
    paths = journeys(*touches).with_columns(
        seconds_before=pl.Series(seconds, dtype=pl.List(pl.Int64)), conversions=pl.Series(number), value=pl.Series(number * 7)
    )
    settings = {"direct": ("d",)} if name == "last_non_direct" else {}
    fitted, total, squares = fit(name, paths, **settings), dict.fromkeys("abcd", 0.0), dict.fromkeys("abcd", 0.0)
    for each, elapsed, n in zip(touches, seconds, number, strict=True):
        for channel, part in (by_hand(name, each, elapsed) if each else {}).items():
            total[channel] += n * part
            squares[channel] += n * part**2
    assert golden_paths.credited(fitted) == pytest.approx(total)
    assert golden_paths.credited(fitted, "value") == pytest.approx({channel: 7 * each for channel, each in total.items()})
    from scipy.stats import gamma

    lower = {c: gamma.ppf(0.025, total[c] ** 2 / squares[c], scale=squares[c] / total[c]) for c in total}
    assert golden_paths.credited(fitted, "lower") == pytest.approx(lower)


@pytest.mark.parametrize("name", RULES)
def test_names_of_channels_and_order_of_journeys_do_not_matter(name: str) -> None:
    rng = np.random.default_rng(4)
    touches = [rng.choice(list("abcd"), rng.integers(1, 6)).tolist() for _ in range(50)]
    renamed = dict(zip("abcd", "zyxw", strict=True))
    settings, other = ({"direct": ("d",)}, {"direct": ("w",)}) if name == "last_non_direct" else ({}, {})
    plain = golden_paths.credited(fit(name, journeys(*touches), **settings))
    again = golden_paths.credited(fit(name, journeys(*[[renamed[c] for c in each] for each in reversed(touches)]), **other))
    assert again == pytest.approx({renamed[channel]: each for channel, each in plain.items()})


@pytest.mark.parametrize("name", [*RULES, "shapley"])
def test_conversions_without_any_touch_are_reported(name: str) -> None:
    fitted = fit(name, journeys([], []))
    assert fitted.credit().is_empty()
    assert fitted.totals.row(0, named=True)["unattributed"] == 2.0
    assert "2 of 2 conversions (100.0 %)" in fitted.info.notes[0]


@pytest.mark.parametrize("name", [*RULES, "shapley"])
def test_journeys_without_conversion_have_nothing_to_credit(name: str) -> None:
    fitted = fit(name, journeys(["a"], ["b"], conversions=[0.0, 0.0], nulls=[3.0, 4.0]))
    assert golden_paths.credited(fitted) == {"a": 0.0, "b": 0.0}
    assert fitted.credit()["share"].to_list() == [0.0, 0.0]
    assert "None of 7 journeys ended in a conversion: there is nothing to credit." in fitted.info.notes


def test_no_journey_at_all_is_refused() -> None:
    with pytest.raises(NotEnoughEventsError, match=r"attribution\.linear: there is no journey\. Check that touchpoints and sales"):
        fit("linear", journeys().clear())


def test_one_channel_only_is_reported() -> None:
    fitted = fit("position", journeys(["a"], ["a", "a"]))
    assert "All touches are of one channel, a: every model gives it all there is to credit." in fitted.info.notes


def test_decay_needs_times() -> None:
    with pytest.raises(TableError, match=r"attribution\.time_decay: the paths have no seconds_before.*Fit it to touchpoints"):
        fit("time_decay", journeys(["a"]).drop("seconds_before"))
    with pytest.raises(TableError, match="seconds_before of 1 touches is negative: they are later than the conversion"):
        fit("time_decay", journeys(["a"], seconds_before=[[-5]]))
    with pytest.raises(TableError, match="seconds_before of 1 touches is null"):
        fit("time_decay", journeys(["a", "b"], seconds_before=[[5, None]]))


def test_a_direct_channel_that_is_absent_is_reported() -> None:
    notes = fit("last_non_direct", journeys(["a"])).info.notes
    assert "No touch is of a channel given as direct (direct), so that nothing is skipped for it." in notes
    others = fit("last_non_direct", journeys(["a", "(Direct)"])).info.notes
    assert any(note.endswith("If (Direct) is meant, name it under direct.") for note in others)
    assert not any("given as direct" in note for note in fit("last_non_direct", journeys(["a", "direct"])).info.notes)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("position", {"first": -0.1}, r"position: first is -0\.1; it must be 0 or more\. Write 0\.4 for 40 %"),
        ("position", {"first": 0.0, "last": 0.0}, "first and last are both 0, which leaves"),
        ("time_decay", {"half_life_days": 0.0}, "half_life_days is 0; it must be above 0"),
        ("last_non_direct", {"direct": ()}, r"direct names no channel\. Name those to skip"),
        ("linear", {"lookback_days": 0.0}, "lookback_days is 0; it must be above 0"),
    ],
)
def test_invalid_settings_are_refused(name: str, settings: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        catalogue.make(f"attribution.{name}", settings)


def test_the_weights_of_a_rule_are_kept_when_it_is_judged() -> None:
    before, after = journeys(["a", "b"], ["b", "a", "c"]), journeys(["c", "b"])
    fitted = fit("first_touch", before)
    judged = fitted.settings.judge(fitted, before, after)
    assert judged == {"share_moved": 1.0, "conversions_judged": 1.0}
    assert_frame_equal(before, journeys(["a", "b"], ["b", "a", "c"]))

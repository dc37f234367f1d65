"""Gray's test: the output of R's cmprsk, the log-rank scores without competing causes, its size, and every refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.cumulative_incidence import cumulative_incidence
from relkit.models.survival.gray_test import gray_test
from relkit.models.survival.log_rank import log_rank

CMPRSK = Path(__file__).resolve().parents[2] / "golden" / "competing_risks" / "cmprsk_test.csv"
UNGROUPED = (4, 9, 49)
"""Rows whose group test.R takes for missing: 5, 10 and 50."""

PRINTED = {
    ("dd", "all"): [(1.214132, 0.5449473), (3.269462, 0.1950048)],
    ("ss", "all"): [(3.393977, 0.1832345), (1.989511, 0.3698139)],
    ("dd", "grouped"): [(1.008453, 0.6039725), (2.728735, 0.2555423)],
    ("ss", "first 80"): [(4.716769, 0.0945729), (2.696396, 0.2597078)],
    ("ss", "without b"): [(3.5151549, 0.06080997), (0.1400145, 0.70826655)],
}


@pytest.fixture(scope="module")
def given() -> pl.DataFrame:
    frame = pl.read_csv(CMPRSK).with_row_index("row")
    return frame.with_columns(cause=pl.when(pl.col("cc") > 0).then(pl.col("cc").cast(pl.String)))


def of_rows(frame: pl.DataFrame, rows: str) -> pl.DataFrame:
    grouped = ~pl.col("row").is_in(UNGROUPED)
    kept = {
        "all": pl.lit(value=True),
        "grouped": grouped,
        "first 80": grouped & (pl.col("row") < 80),
        "without b": grouped & (pl.col("gg") != "b"),
    }
    return frame.filter(kept[rows])


def columns(frame: pl.DataFrame, *names: str) -> list[Any]:
    return [frame[name].to_numpy() for name in names]


def test_the_rows_are_those_of_r(given: pl.DataFrame) -> None:
    """cmprsk, tests/test.Rout.save (R 3.6.1): cuminc(ss, cc) at ages 1 to 3, estimates and variances; cuminc(dd, cc, gg) at 1."""
    whole = cumulative_incidence(*columns(given, "ss", "cause"), variance="aalen")
    assert whole.at("1", [1, 2, 3]).round(7).tolist() == [0.2352861, 0.3287068, 0.4247898]
    assert whole.at("2", [1, 2, 3]).round(7).tolist() == [0.2567862, 0.3931580, 0.4631781]
    assert (whole.std_error_at("1", [1, 2, 3]) ** 2).round(9).tolist() == [0.002062112, 0.002957844, 0.004170634]
    for group, share, variance in (("a", 0.2105985, 0.006386094), ("b", 0.2685413, 0.007003493), ("c", 0.3082577, 0.008874672)):
        found = cumulative_incidence(*columns(given.filter(gg=group), "dd", "cause"), variance="aalen")
        assert (found.at("1", [1])[0].round(7), (found.std_error_at("1", [1])[0] ** 2).round(9)) == (share, variance)


@pytest.mark.parametrize("cause", ["1", "2"])
@pytest.mark.parametrize(("days", "rows"), PRINTED)
def test_r_prints_the_same(given: pl.DataFrame, days: str, rows: str, cause: str) -> None:
    """cmprsk, tests/test.Rout.save (R 3.6.1), cuminc(dd$ss | ss, cc, gg | gg2, strt, subset): stat and pv, in strata."""
    frame = of_rows(given, rows)
    found = gray_test(*columns(frame, days, "cause", "gg"), of=cause, stratum=frame["strt"].to_numpy())
    stat, p = PRINTED[days, rows][int(cause) - 1]
    assert found.degrees_of_freedom == frame["gg"].n_unique() - 1
    for ours, printed in ((found.chi2, stat), (found.p_value, p)):
        assert round(ours, len(str(printed).partition(".")[2])) == printed


def test_without_other_causes_the_scores_are_those_of_the_log_rank_test() -> None:
    rng = np.random.default_rng(1)
    days, event, group = rng.integers(1, 60, 300).astype(float), rng.random(300) < 0.7, rng.choice(["a", "b", "c"], 300)
    entry = np.where(rng.random(300) < 0.3, np.floor(days / 2), 0.0)
    found = gray_test(days, np.where(event, "end", None), group, entry, of="end")
    plain = log_rank(days, event, group, entry)
    np.testing.assert_allclose(found.observed, plain.observed)
    np.testing.assert_allclose(found.expected, plain.expected)
    assert found.chi2 == pytest.approx(plain.chi2, rel=0.1)
    assert found.rows.tolist() == plain.rows.tolist()


def test_the_scores_written_out() -> None:
    """Expected ends from the adjusted risk sets n (1 - F) / S of each group, with rho = 1."""
    rng = np.random.default_rng(2)
    days, group = rng.integers(1, 20, 80).astype(float), rng.integers(0, 2, 80)
    cause = rng.choice(np.array(["wish", "move", None], dtype=object), 80)
    found = gray_test(days, cause, group, of="wish", rho=1.0)
    curves = [cumulative_incidence(days[group == g], cause[group == g], causes=("wish", "move")) for g in (0, 1)]
    expected, observed, pooled = np.zeros(2), np.zeros(2), 0.0
    for age in np.unique(days[cause != np.array(None)]):
        n = np.array([(days[group == g] >= age).sum() for g in (0, 1)])
        d = np.array([((days == age) & (cause == "wish") & (group == g)).sum() for g in (0, 1)])
        before = [np.searchsorted(curve.days, age) - 1 for curve in curves]
        S = np.array([curve.survival[i] if i >= 0 else 1.0 for curve, i in zip(curves, before, strict=True)])
        F = np.array([curve.incidence[0, i] if i >= 0 else 0.0 for curve, i in zip(curves, before, strict=True)])
        h = np.where(n > 0, n / np.where(S > 0, S, 1.0), 0.0)
        R = h * (1 - F)
        observed += (1 - pooled) * d
        expected += (1 - pooled) * d.sum() * R / R.sum()
        pooled += d.sum() / h.sum()
    np.testing.assert_allclose(found.observed, observed)
    np.testing.assert_allclose(found.expected, expected)
    np.testing.assert_allclose(found.covariance.sum(axis=0), 0.0, atol=1e-9)


def test_its_size_among_groups_drawn_by_lot() -> None:
    """Of 400 drawings of the group by lot, 10 % are below 0.1: between 6.5 and 13.5 % but for one time in fifty."""
    rng = np.random.default_rng(3)
    days = np.ceil(rng.exponential(200, 240))
    cause = rng.choice(np.array(["wish", "move", "move", None], dtype=object), 240)
    group = np.arange(240) % 3
    p = np.array([gray_test(days, cause, rng.permutation(group), of="wish").p_value for _ in range(400)])
    assert 0.065 < (p < 0.1).mean() < 0.135
    assert abs(p.mean() - 0.5) < 0.05


def test_equal_pace_is_not_equal_incidence() -> None:
    """Both groups end by wish at one rate, but moves take more of group b away first: its incidence is smaller, its hazard is not."""
    rng = np.random.default_rng(4)
    n = 4_000
    group = np.arange(n) % 2
    wish, move = rng.exponential(300, n), rng.exponential(np.where(group == 1, 100, 400))
    days, cause = (
        np.minimum(np.minimum(wish, move), 500),
        np.where(np.minimum(wish, move) > 500, None, np.where(wish < move, "wish", "move")),
    )
    assert gray_test(days, cause, group, of="wish").p_value < 1e-10
    assert log_rank(days, cause == "wish", group).p_value > 0.01


def test_a_stratum_where_nobody_ends_says_nothing(given: pl.DataFrame) -> None:
    two = pl.concat([given.with_columns(strt=pl.lit("x")), given.with_columns(strt=pl.lit("y"), cause=pl.lit(None, pl.String))])
    both = gray_test(*columns(two, "ss", "cause", "gg"), of="1", stratum=two["strt"].to_numpy())
    alone = gray_test(*columns(given, "ss", "cause", "gg"), of="1")
    assert (both.chi2, both.p_value) == pytest.approx((alone.chi2, alone.p_value))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"of": "whish"}, ParameterError, "unknown cause 'whish'; did you mean 'wish'"),
        ({"group": ["a"] * 4}, ParameterError, "there is one group only, 'a'"),
        ({"rho": -1.0}, ParameterError, "rho is -1; it must be 0 or more"),
        ({"duration": [1.0, 2.0, 3.0, -1.0]}, ParameterError, "duration is below 0 for 1 of 4 spells"),
        ({"cause": [None] * 4}, NotEnoughEventsError, "none of the 4 spells ended"),
        ({"stratum": ["x", "x", "y", "y"]}, NotEnoughEventsError, "no spell ended while two groups were at risk"),
    ],
)
def test_invalid_input_is_refused(change: dict[str, Any], error: type[Exception], match: str) -> None:
    given = {"duration": [1.0, 2.0, 3.0, 4.0], "cause": ["wish", "move", "wish", None], "group": ["a", "a", "b", "b"], "of": "wish"}
    with pytest.raises(error, match=match):
        gray_test(**{**given, **change})

"""Portions: inputs stay as they are, and intervals cover the expected credit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.portions import Amounts, Portions, converting, converting_groups

TOUCHES = [["a"], ["a", "b"], ["b", "a", "c"], ["c", "a"], ["d", "a"], []]
EXPECTED = np.array([30.0, 12.0, 6.0, 3.0, 1.0, 5.0])


def coded(conversions: np.ndarray, value: np.ndarray | None = None) -> CodedPaths:
    lists = pl.Series(TOUCHES, dtype=pl.List(pl.String))
    return CodedPaths.of(
        pl.DataFrame({"channels": lists, "conversions": conversions, "value": conversions * 0 if value is None else value})
    )


def credit(paths: CodedPaths) -> pl.DataFrame:
    """Return credit shared equally among the touches of each journey."""
    from relkit.models.attribution.touch_rules import shared_equally

    ended = converting(paths)
    return Portions.of_touches(ended, shared_equally(ended)).credit(ended, converting_groups(paths)).sort("channel")


def test_the_paths_are_left_as_they_are() -> None:
    paths = coded(EXPECTED)
    touches, offsets = paths.touches.copy(), paths.offsets.copy()
    weights = np.ones(len(touches))
    Portions.of_touches(paths, weights)
    assert (paths.touches == touches).all()
    assert (paths.offsets == offsets).all()
    assert (weights == 1).all()


def drawn_worlds(rows: np.ndarray, worlds: np.ndarray, conversions: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of credit of many drawn worlds at once, each a group; (worlds, channels)."""
    from relkit.models.attribution.touch_rules import shared_equally

    lists = pl.Series(TOUCHES, dtype=pl.List(pl.Enum(list("abcd")))).gather(rows)
    paths = CodedPaths.of(pl.DataFrame({"channels": lists, "conversions": conversions, "value": value}))
    portions = Portions.of_touches(paths, shared_equally(paths))
    return portions.columns(Amounts.of(paths), worlds, (int(worlds.max()) + 1, 4), 0.95)


def test_intervals_cover_the_credit_of_the_world_they_come_from() -> None:
    """Rare channels too: c has 3.5 conversions on average, d half a one. The interval is known to be wide for these."""
    counts = np.random.default_rng(1).poisson(EXPECTED, (2000, 6)).astype(float)
    worlds, rows = np.nonzero(counts)
    truth = credit(coded(EXPECTED))["conversions"].to_numpy()
    found = drawn_worlds(rows, worlds, counts[worlds, rows], counts[worlds, rows])
    coverage = ((found["lower"] <= truth) & (truth <= found["upper"])).mean(axis=0)
    assert (coverage > 0.94).all()
    assert (coverage[:2] < 0.975).all()


def test_intervals_of_value_cover_it_although_values_differ() -> None:
    """The values are exponential. With ten of them, as d has, 0.945 of such sums are covered (20,000 draws); 0.92 is three errors less."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(EXPECTED * 10, (1000, 6))
    worlds, rows = (np.repeat(each, counts.reshape(-1)) for each in np.indices(counts.shape).reshape(2, -1))
    truth = credit(coded(EXPECTED * 10, EXPECTED * 10 * 20))["value"].to_numpy()
    found = drawn_worlds(rows, worlds, np.ones(len(rows)), rng.exponential(20.0, len(rows)))
    coverage = ((found["value_lower"] <= truth) & (truth <= found["value_upper"])).mean(axis=0)
    assert (coverage > 0.92).all()
    assert (coverage < 0.98).all()


def test_a_channel_without_conversions_has_an_upper_bound() -> None:
    found = credit(coded(np.array([10.0, 0, 0, 0, 0, 0]), np.array([50.0, 0, 0, 0, 0, 0])))
    d = found.row(3, named=True)
    assert (d["conversions"], d["lower"]) == (0.0, 0.0)
    assert d["upper"] == pytest.approx(-np.log(0.025))
    assert d["value_upper"] == pytest.approx(5.0 * d["upper"])


def test_negative_values_have_symmetric_intervals() -> None:
    found = credit(coded(np.array([10.0, 4.0, 0, 0, 0, 0]), np.array([50.0, -8.0, 0, 0, 0, 0]))).row(1, named=True)
    assert found["value"] == pytest.approx(-4.0)
    assert found["value_lower"] + found["value_upper"] == pytest.approx(-8.0)
    assert found["value_upper"] - found["value"] == pytest.approx(1.96 * 2.0, rel=1e-3)

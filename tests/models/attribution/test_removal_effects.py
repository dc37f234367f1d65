"""Removal effects against exact fractions, and their variances against numerical derivatives."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from relkit.models.attribution import markov_walks, removal_effects
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.removal_effects import SolvedChain, solved_chain
from relkit.models.attribution.transition_sums import TransitionSums


def walks(n: int, seed: int, names: str = "abcd") -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    lists = [list(rng.choice(list(names), rng.integers(1, 8))) for _ in range(n)]
    return pl.DataFrame({"channels": lists, "conversions": rng.integers(0, 3, n), "nulls": rng.integers(0, 4, n)}).with_columns(
        value=pl.col("conversions") * pl.Series(rng.integers(1, 30, n)) / 4
    )


def sums_of(frame: pl.DataFrame, order: int) -> TransitionSums:
    return TransitionSums.of(CodedPaths.of(frame), order)


def by_fractions(frame: pl.DataFrame, order: int, banned: str = "") -> Fraction:
    """Return the exact conversion probability of the chain of an order; steps that complete the banned sequence lead to nothing."""
    counts: dict[str, dict[str, int]] = {}
    for touches, conversions, nulls in frame.select("channels", "conversions", "nulls").iter_rows():
        for at in range(len(touches) + 1):
            seen = counts.setdefault("".join(touches[max(at - order, 0) : at]), {})
            ends = [("+", conversions), ("-", nulls)]
            for outcome, weight in ends if at == len(touches) else [(touches[at], conversions + nulls)]:
                seen[outcome] = seen.get(outcome, 0) + weight
    states = [state for state, seen in counts.items() if sum(seen.values())]
    place = {state: k for k, state in enumerate(states)}
    rows = []
    for state in states:
        total, row = sum(counts[state].values()), [Fraction(0)] * (len(states) + 1)
        row[place[state]] += 1
        for outcome, count in counts[state].items():
            if outcome == "+":
                row[-1] += Fraction(count, total)
            elif outcome != "-" and count and not (banned and (state + outcome).endswith(banned)):
                row[place[(state + outcome)[-order:]]] -= Fraction(count, total)
        rows.append(row)
    return eliminated(rows)[place[""]]


def eliminated(rows: list[list[Fraction]]) -> list[Fraction]:
    """Return the solution of linear equations whose last column is the right side."""
    n = len(rows)
    for k in range(n):
        at = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[at] = rows[at], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


@pytest.mark.parametrize("order", [1, 2])
def test_effects_are_those_of_exact_fractions(order: int) -> None:
    frame = walks(25, seed=order)
    whole = by_fractions(frame, order)
    chain = solved_chain(sums_of(frame, order), [(0, 1), (2, 2)])
    right = [float(1 - by_fractions(frame, order, banned) / whole) for banned in ("a", "b", "c", "d", "ab", "cc")]
    assert chain.conversion_probability == pytest.approx(float(whole), rel=1e-13)
    np.testing.assert_allclose(chain.effects, right, rtol=1e-12)


def test_dense_walked_and_sparse_solutions_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = sums_of(walks(300, seed=3, names="abcdefgh"), 2)
    dense = solved_chain(sums, [(0, 1)])
    monkeypatch.setattr(removal_effects, "_DENSE_STATES", 0)
    monkeypatch.setattr(removal_effects, "_BLOCK", 100)
    walked = solved_chain(sums, [(0, 1)])
    monkeypatch.setattr(markov_walks, "MOST_STEPS", 3)
    sparse = solved_chain(sums, [(0, 1)])
    for name in ("effects", "value_effects", "variance", "value_variance"):
        for other in (walked, sparse):
            np.testing.assert_allclose(getattr(other, name), getattr(dense, name), rtol=1e-9, atol=1e-14, err_msg=name)


def test_order_one_by_one_inverse_and_by_many_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = sums_of(walks(300, seed=4, names="abcdefgh"), 1)
    one = solved_chain(sums)
    monkeypatch.setattr(removal_effects, "_DENSE_CHANNELS", 0)
    many = solved_chain(sums)
    np.testing.assert_allclose(many.effects, one.effects, rtol=1e-12)
    np.testing.assert_allclose(many.variance, one.variance, rtol=1e-9, atol=1e-15)


def nudged(sums: TransitionSums, at: int, by: float) -> SolvedChain:
    """Return the chain with one count changed; the value of conversions keeps its mean."""
    count = sums.count.copy()
    count[at] += by
    value = sums.value
    if sums.outcome[at] == len(sums.names):
        value = value.copy()
        value[0, sums.state[at]] *= count[at] / sums.count[at]
    return solved_chain(replace(sums, count=count, value=value), variances=False)


@pytest.mark.parametrize("order", [1, 2])
def test_variances_are_those_of_numerical_derivatives(order: int) -> None:
    """Counts of a row are multinomial: Cov = sum over rows of G (diag(n_ij) - n_i. n_i.' / n_i) G', G being the derivatives by counts."""
    sums = sums_of(walks(400, seed=5, names="abc"), order)
    chain = solved_chain(sums)
    slopes = {name: np.array([central(sums, at, name) for at in range(len(sums.count))]).T for name in ("shares", "value_shares")}
    # A chain depends on the shares within rows, on which multiplying a row has no effect: what is taken off the diagonal vanishes.
    np.testing.assert_allclose(chain.shares_variance, slopes["shares"] * sums.count @ slopes["shares"].T, rtol=1e-4, atol=1e-12)
    of_counts = slopes["value_shares"] * sums.count @ slopes["value_shares"].T
    # The variance of the value of one conversion comes on top.
    assert (np.diag(chain.value_shares_variance) >= np.diag(of_counts) * (1 - 1e-4)).all()


def central(sums: TransitionSums, at: int, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    step = 1e-3 * sums.count[at]
    up, down = (getattr(nudged(sums, at, by), name) for by in (step, -step))
    return np.asarray((up - down) / (2 * step))


def test_a_channel_on_every_conversion_has_all_effect_and_no_variance() -> None:
    frame = pl.DataFrame({"channels": [["a", "b"], ["a"], ["b", "a"]], "conversions": [3, 2, 1], "nulls": [1, 1, 1]})
    chain = solved_chain(sums_of(frame, 3))
    assert chain.effects[0] == pytest.approx(1.0)
    assert chain.variance[0, 0] == pytest.approx(0.0, abs=1e-15)

"""Measures in fractions, on every table of counts of a few baskets."""

from __future__ import annotations

from fractions import Fraction
from math import inf, log, sqrt

import numpy as np
import pytest

from relkit.models.affinity.measures import Counts, log_lift_error, measures_of


def counts_of(*rows: tuple[int, int, int], n: int) -> Counts:
    both, left, right = np.array(rows, np.int64).T
    return Counts(both, left, right, n)


def ratio(top: Fraction, bottom: Fraction) -> float | None:
    if bottom == 0:
        return None if top == 0 else inf
    return float(top / bottom)


def by_hand(both: int, left: int, right: int, n: int) -> dict[str, float | None]:
    s, sx, sy = (Fraction(count, n) for count in (both, left, right))
    leverage, neither = s - sx * sy, n - left - right + both
    spread = sx * sy * (1 - sx) * (1 - sy)
    return {
        "support": float(s),
        "confidence": ratio(s, sx),
        "lift": ratio(s, sx * sy),
        "leverage": float(leverage),
        "conviction": ratio(1 - sy, 1 - s / sx),
        "zhang": ratio(leverage, max(s * (1 - sx), sx * (sy - s))),
        "phi": float(leverage) / sqrt(spread) if spread else None,
        "odds_ratio": ratio(Fraction(both * neither), Fraction((left - both) * (right - both))),
    }


def test_all_tables_of_seven_baskets() -> None:
    n = 7
    cells = [(k, x, y) for x in range(1, n + 1) for y in range(1, n + 1) for k in range(max(0, x + y - n), min(x, y) + 1)]
    found = measures_of(counts_of(*cells, n=n))
    for row, cell in zip(found.iter_rows(named=True), cells, strict=True):
        for name, value in by_hand(*cell, n).items():
            assert row[name] == (value if value in (None, inf) else pytest.approx(value, rel=1e-14, abs=1e-15)), (cell, name)


def test_intervals_are_null_without_a_count_and_contain_the_estimate_with_one() -> None:
    found = measures_of(counts_of((0, 3, 4), (3, 3, 4), (2, 5, 4), n=20))
    assert found["lift_lower"].null_count() == 1
    assert found["odds_ratio_lower"].to_list()[:2] == [None, None]
    row = found.row(2, named=True)
    error = sqrt(1 / 2 + 1 / 3 + 1 / 2 + 1 / 13)  # Woolf (1955)
    assert log(row["odds_ratio_upper"] / row["odds_ratio"]) == pytest.approx(1.959964 * error, rel=1e-6)
    assert row["lift_lower"] < row["lift"] < row["lift_upper"]


def test_the_standard_error_of_lift_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(5)
    n, shares = 2000, [0.06, 0.10, 0.14, 0.70]
    cells = rng.multinomial(n, shares, 20_000)
    both, left, right = cells[:, 0], cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2]
    spread = np.log(n * both / (left * right)).std()
    expected = log_lift_error(counts_of((120, 320, 400), n=n))[0]
    assert spread == pytest.approx(expected, rel=0.03)

"""Leaks: features that are only known because the product was taken, or refused, found by how far they stand above all others.

    found = suspects(frame, took, sequence)      {"duration": Suspect(...)}

Each feature is judged by itself, by the area under its curve (`relkit.metrics.binary_forecasts.auc`): a number in either direction, a
category by the share of takers at each level in other rows, and the absence of its value as a feature of its own. If rows are in an
order of time, areas are taken within tenths of it and averaged: a rate of interest that drifts along with demand tells nothing of one
customer against the next, while the length of the call in which the customer agreed tells everything.

A feature is suspect if
- its area is at least 0.98; or
- its area is at least 0.8, and its distance from chance at least twice that of the next feature, among at least three (up to two may
  lead together, as a leak in seconds and the same in minutes do); or
- one of its states (a level, a value being known, a value being absent) is found in a tenth of the takers, and nearly nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CERTAIN, STRONG = 0.98, 0.8
"""Areas under the curve: of a feature that is suspect whatever the others, and of one that is if it stands above them."""
TIMES_THE_NEXT = 2.0
MOST_LEADERS, FEWEST_OTHERS = 2, 2
PURE, OF_TAKERS, FEWEST = 0.95, 0.1, 20
"""A state is pure if this share of the customers in it took; it is looked at if it has this share of takers, and this many."""
BLOCKS = 10
PRIOR_ROWS = 5.0


@dataclass(frozen=True)
class Suspect:
    """A feature that may give away the outcome.

    Attributes:
        feature: its name.
        area: under its own curve, at least 0.5; that of its absence if this is larger.
        next_area: of the strongest feature that is not suspect; 0.5 if there is none.
        state: a state that nearly only takers, or nearly no takers, are in; empty if it is suspect by its area.
    """

    feature: str
    area: float
    next_area: float
    state: str = ""

    @property
    def sentence(self) -> str:
        """The finding, in a sentence."""
        if self.state:
            return f"{self.feature} {self.state} for takers, and for nearly nobody else."
        return (
            f"{self.feature} alone tells takers from the others with an AUC of {self.area:.2f}, the next feature with {self.next_area:.2f}."
        )


def suspects(features: pl.DataFrame, took: Flags, sequence: NDArray[np.int64] | None = None) -> tuple[Suspect, ...]:
    """Return the suspect features, the strongest first.

    Args:
        features: numbers (f64) and text, one row per customer.
        took: whether the customer took the product, shape (n,).
        sequence: rank of each row's moment, shape (n,); None if the rows have no order.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> took = rng.random(2000) < 0.2
        >>> rows = pl.DataFrame(
        ...     {"age": rng.normal(40, 9, 2000), "visits": rng.poisson(2, 2000) * 1.0, "minutes": took * 3 + rng.random(2000)}
        ... )
        >>> [found.feature for found in suspects(rows, took)]
        ['minutes']
    """
    blocks = _blocks(took, sequence)
    areas = {name: _strength(features[name], took, blocks) for name in features.columns}
    ranked = sorted(areas, key=lambda name: (-areas[name], name))
    leading = _leading([areas[name] for name in ranked])
    rest = max((areas[name] for name in ranked[leading:]), default=0.5)
    found = [Suspect(name, areas[name], rest) for name in ranked[:leading]]
    given = {suspect.feature for suspect in found}
    pure = ((name, _pure_state(features[name], took)) for name in ranked if name not in given)
    return (*found, *(Suspect(name, areas[name], rest, state) for name, state in pure if state))


def _leading(areas: list[float]) -> int:
    """Return the number of leading features that are suspect, of areas in descending order."""
    certain = sum(area >= CERTAIN for area in areas)
    for count in range(MOST_LEADERS, certain, -1):
        if len(areas) < count + FEWEST_OTHERS:
            continue
        if areas[count - 1] >= STRONG and areas[count - 1] - 0.5 >= TIMES_THE_NEXT * (areas[count] - 0.5):
            return count
    return certain


def _blocks(took: Flags, sequence: NDArray[np.int64] | None) -> list[NDArray[np.intp]]:
    """Return the rows of each tenth of the order of time in which some took and some did not; all rows if they have no order."""
    everything = [np.arange(len(took))]
    if sequence is None or len(np.unique(sequence)) < BLOCKS:
        return everything
    edges = np.quantile(sequence, np.arange(1, BLOCKS) / BLOCKS, method="higher")
    number = np.searchsorted(edges, sequence, side="right")
    parts = [np.flatnonzero(number == block) for block in range(BLOCKS)]
    return [rows for rows in parts if 0 < took[rows].sum() < len(rows)] or everything


def _strength(series: pl.Series, took: Flags, blocks: list[NDArray[np.intp]]) -> float:
    """Return the larger of the areas of a feature's value and of its absence, each at least 0.5."""
    absent = series.is_null().to_numpy().astype(np.float64)
    value = _by_share(series, took) if series.dtype == pl.String else series.fill_null(series.mean()).to_numpy()
    found = _area(value, took, blocks)
    return max(found, _area(absent, took, blocks)) if series.null_count() else found


def _by_share(series: pl.Series, took: Flags) -> Floats:
    """Return the share of takers at each row's level in the other half of the rows, shape (n,)."""
    codes = series.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    half = np.arange(len(codes)) % 2
    overall, found = took.mean(), np.empty(len(codes))
    for mine in (0, 1):
        other = half != mine
        size, takers = (np.bincount(codes[other], each, codes.max() + 1) for each in (np.ones(other.sum()), took[other]))
        shares = (takers + PRIOR_ROWS * overall) / (size + PRIOR_ROWS)
        found[~other] = shares[codes[~other]]
    return found


def _area(value: Floats, took: Flags, blocks: list[NDArray[np.intp]]) -> float:
    """Return the mean area over blocks, by the harmonic size of takers and others, in its better direction."""
    areas, sizes = zip(*_areas(value, took, blocks), strict=True)
    mean = float(np.average(areas, weights=sizes))
    return max(mean, 1 - mean)


def _areas(value: Floats, took: Flags, blocks: list[NDArray[np.intp]]) -> Iterator[tuple[float, float]]:
    from scipy import stats

    for rows in blocks:
        y = took[rows]
        ones, zeros = int(y.sum()), int((~y).sum())
        ranks = stats.rankdata(value[rows])
        yield float((ranks[y].sum() - ones * (ones + 1) / 2) / (ones * zeros)), ones * zeros / (ones + zeros)


def _pure_state(series: pl.Series, took: Flags) -> str:
    """Return a state that takers are in and nearly nobody else; empty if there is none."""
    base = float(took.mean())
    if base >= 0.5:
        return ""
    states = [("is known", series.is_not_null()), ("is empty", series.is_null())] if series.null_count() else []
    if series.dtype == pl.String:
        counted = (
            pl.DataFrame({"level": series, "took": took}).drop_nulls().group_by("level").agg(pl.col("took").sum(), pl.len()).sort("level")
        )
        if any(_is_pure(takers, rows, took) for _, takers, rows in counted.iter_rows()):
            return "has a value that is found"
    return next((words for words, mask in states if _is_pure(int(took[mask.to_numpy()].sum()), int(mask.sum()), took)), "")


def _is_pure(takers: int, rows: int, took: Flags) -> bool:
    return takers >= max(FEWEST, OF_TAKERS * took.sum()) and takers >= PURE * rows

"""Clusters of journeys: a few groups alike in their channels, their length and their duration, each named by its typical path.

A journey is the shares of its touches on each channel, the logarithm of its length and that of its duration in days; the two logarithms
are scaled to weigh as much as one channel. k-means (Lloyd, with the starts of Arthur and Vassilvitskii 2007) is run for each number of
clusters, weighted by the journeys of a row; the number with the highest ratio of Calinski and Harabasz (1974, eq. 4) is taken. The typical
path is that of the row nearest to the centre of the cluster; of rows equally near, the most frequent path. The seed makes it repeatable.
The groups describe; nothing is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.models.few_threads import few_threads
from relkit.scalars import check_scalar
from relkit.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints

FEWEST_CLUSTERS, MOST_CLUSTERS = 3, 6
MOST_LEARNT = 50_000
"""Rows from which the centres are learnt at most, drawn with their weights; the others are assigned to the nearest centre."""
STARTS = 4
NEAR = 1e-12
"""Squared distance by which equal points may differ through rounding."""
ARROW = " > "


@dataclass(frozen=True, eq=False, kw_only=True)
class PathClusters:
    """Groups of journeys, the largest first.

    Attributes:
        cluster: of each row of the paths, from 0; -1 for a row without a touch; shape (j,).
        summary: cluster (from 1), typical_path, journeys, share, conversions, conversion_rate, touches
            (mean), days (mean from the first touch to the end; null if times are unknown).
        channel_shares: cluster, channel, share of the touches of the cluster.
    """

    cluster: Ints
    summary: pl.DataFrame
    channel_shares: pl.DataFrame


def clustered_paths(paths: CodedPaths, *, clusters: int | None = None, seed: int = 0) -> PathClusters:
    """Group journeys.

    Args:
        paths: the journeys, one row each or grouped.
        clusters: their number; None for the one of `FEWEST_CLUSTERS` to `MOST_CLUSTERS` that separates them best.
        seed: of the starts and the rows drawn.

    Raises:
        ParameterError: fewer than 2 clusters.
        NotEnoughEventsError: there are fewer different journeys than clusters.

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> channels = [["search"], ["display", "display", "display"], ["search", "search"], ["display", "display"]]
        >>> frame = pl.DataFrame({"channels": channels, "conversions": [6.0, 1.0, 4.0, 1.0], "nulls": [0.0, 4.0, 1.0, 3.0]})
        >>> found = clustered_paths(CodedPaths.of(frame), clusters=2)
        >>> found.summary.select("typical_path", "journeys", "conversions").rows()
        [('search', 11.0, 10.0), ('display x 3', 9.0, 2.0)]
    """
    if clusters is not None:
        check_scalar(clusters, "clusters", ge=2, where="path_clusters", remedy="Ask for 2 groups or more.")
    there = np.flatnonzero(paths.lengths > 0)
    points, weight = _points(paths)[there], (paths.conversions + paths.nulls)[there]
    different = len(np.unique(points, axis=0))
    if different < (clusters or FEWEST_CLUSTERS):
        problem = f"{different:,} different journeys make no {clusters or FEWEST_CLUSTERS:,} groups."
        raise NotEnoughEventsError(problem, where="path_clusters", remedy="Ask for fewer clusters, or show the paths themselves.")
    numbers = [clusters] if clusters else list(range(FEWEST_CLUSTERS, min(MOST_CLUSTERS, different) + 1))
    labels = _by_size(_best(points, weight, numbers, seed), weight)
    cluster = np.full(paths.rows, -1, dtype=np.int64)
    cluster[there] = labels
    typical = [paths_of(paths, there[rows]) for rows in _nearest(points, weight, labels)]
    return PathClusters(cluster=cluster, summary=_summary(paths, cluster, typical), channel_shares=_channel_shares(paths, cluster))


def _points(paths: CodedPaths) -> Floats:
    """Return the coordinates of each row, shape (j, channels + 1 or 2)."""
    k, rows = len(paths.names), np.repeat(np.arange(paths.rows), paths.lengths)
    counts = np.bincount(rows * k + paths.touches, minlength=paths.rows * k).reshape(paths.rows, k)
    shares = counts / np.maximum(paths.lengths, 1)[:, None]
    columns = [np.log(np.maximum(paths.lengths, 1))]
    if paths.seconds_before is not None:
        columns.append(np.log1p(_days(paths)))
    weight = (paths.conversions + paths.nulls) * (paths.lengths > 0)
    spread = float(np.sqrt(np.mean([_variance(column, weight) for column in shares.T])))
    scaled = [column * (spread / scale if (scale := float(np.sqrt(_variance(column, weight)))) > 0 else 0.0) for column in columns]
    return np.column_stack([shares, *scaled])


def _variance(column: Floats, weight: Floats) -> float:
    total = max(float(weight.sum()), 1e-12)
    mean = float(weight @ column) / total
    return float(weight @ (column - mean) ** 2) / total


def _days(paths: CodedPaths) -> Floats:
    """Return the days from the first touch to the end of each row; 0 without a touch."""
    assert paths.seconds_before is not None
    days = np.zeros(paths.rows)
    there = paths.lengths > 0
    days[there] = paths.seconds_before[paths.offsets[:-1][there]] / SECONDS_PER_DAY
    return days


def _best(points: Floats, weight: Floats, numbers: list[int], seed: int) -> Ints:
    """Return the labels for the number of clusters that separates best."""
    from sklearn.cluster import KMeans

    learnt = _drawn(weight, seed)
    tried: list[tuple[float, Ints]] = []
    with few_threads(len(learnt)):
        for number in numbers:
            means = KMeans(number, n_init=STARTS, random_state=seed).fit(points[learnt], sample_weight=weight[learnt])
            labels = means.predict(points).astype(np.int64)
            tried.append((_separation(points, weight, labels), labels))
    return max(tried, key=lambda each: each[0])[1]


def _drawn(weight: Floats, seed: int) -> Ints:
    """Return the rows to learn from: all of them, or some drawn."""
    if len(weight) <= MOST_LEARNT:
        return np.arange(len(weight))
    return np.sort(np.random.default_rng(seed).choice(len(weight), MOST_LEARNT, replace=False))


def _separation(points: Floats, weight: Floats, labels: Ints) -> float:
    """Return the ratio of the variance between clusters and within them (Calinski and Harabasz 1974, eq. 4), weighted."""
    size = np.bincount(labels, weight)
    sums = np.column_stack([np.bincount(labels, weight * column) for column in points.T])
    centres = sums / np.maximum(size, 1e-12)[:, None]
    middle = sums.sum(axis=0) / max(float(size.sum()), 1e-12)
    between = float(size @ ((centres - middle) ** 2).sum(axis=1))
    within = float(weight @ ((points - centres[labels]) ** 2).sum(axis=1))
    k, n = int((size > 0).sum()), float(size.sum())
    return (between / max(k - 1, 1)) / max(within / max(n - k, 1.0), 1e-12)


def _nearest(points: Floats, weight: Floats, labels: Ints) -> list[Ints]:
    """Return, for each cluster, the rows nearest to its centre."""
    found = []
    for label in range(int(labels.max()) + 1):
        own = np.flatnonzero(labels == label)
        centre = np.average(points[own], axis=0, weights=weight[own]) if weight[own].any() else points[own].mean(axis=0)
        distance = ((points[own] - centre) ** 2).sum(axis=1)
        found.append(own[distance <= distance.min() + NEAR])
    return found


def _by_size(labels: Ints, weight: Floats) -> Ints:
    """Return the labels renumbered, the largest cluster first."""
    order = np.argsort(-np.bincount(labels, weight), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[labels]


def _summary(paths: CodedPaths, cluster: Ints, typical: list[str]) -> pl.DataFrame:
    rows = pl.DataFrame(
        {
            "cluster": cluster + 1,
            "journeys": paths.conversions + paths.nulls,
            "conversions": paths.conversions,
            "length": paths.lengths,
            "days": _days(paths) if paths.seconds_before is not None else pl.Series([None] * paths.rows, dtype=pl.Float64),
        }
    ).filter(pl.col("cluster") > 0)
    journeys = pl.col("journeys").sum()
    means = {"touches": (pl.col("length") * pl.col("journeys")).sum() / journeys, "days": _mean_days(journeys)}
    figures = rows.group_by("cluster").agg(pl.col("journeys", "conversions").sum(), **means).sort("cluster")
    shared = figures.with_columns(
        share=pl.col("journeys") / journeys,
        conversion_rate=pl.col("conversions") / pl.col("journeys"),
        typical_path=pl.Series(typical, dtype=pl.String),
    )
    return shared.select("cluster", "typical_path", "journeys", "share", "conversions", "conversion_rate", "touches", "days")


def _mean_days(journeys: pl.Expr) -> pl.Expr:
    """Return the mean of the days over journeys; null if times are unknown."""
    days = (pl.col("days") * pl.col("journeys")).sum() / journeys
    return pl.when(pl.col("days").count() > 0).then(days)


def paths_of(paths: CodedPaths, rows: Ints) -> str:
    """Return the most frequent path of some rows in words; of equally frequent ones the first in alphabetical order."""
    counted: dict[str, float] = {}
    for row in rows.tolist():
        codes = paths.touches[paths.offsets[row] : paths.offsets[row + 1]].astype(np.int64)
        text = path_text(paths.names.gather(codes))
        counted[text] = counted.get(text, 0.0) + float(paths.conversions[row] + paths.nulls[row])
    return min(counted, key=lambda text: (-counted[text], text))


def path_text(channels: pl.Series | list[str]) -> str:
    """Return a path in words, repeats in a row counted.

    Examples:
        >>> path_text(["display", "display", "search"])
        'display x 2 > search'
    """
    parts: list[tuple[str, int]] = []
    for name in channels:
        if parts and parts[-1][0] == name:
            parts[-1] = (name, parts[-1][1] + 1)
        else:
            parts.append((str(name), 1))
    return ARROW.join(name if times == 1 else f"{name} x {times}" for name, times in parts)


def _channel_shares(paths: CodedPaths, cluster: Ints) -> pl.DataFrame:
    weight = np.repeat(paths.conversions + paths.nulls, paths.lengths)
    own = np.repeat(cluster, paths.lengths)
    k, groups = len(paths.names), int(cluster.max(initial=-1)) + 1
    counts = np.bincount(own * k + paths.touches, weight, minlength=groups * k).reshape(groups, k).astype(np.float64)
    shares = counts / np.maximum(counts.sum(axis=1), 1e-12)[:, None]
    return pl.DataFrame(
        {
            "cluster": np.repeat(np.arange(groups) + 1, k),
            "channel": pl.concat([paths.names] * groups) if groups else paths.names.clear(),
            "share": shares.ravel(),
        }
    )

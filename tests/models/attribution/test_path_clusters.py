from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.path_clusters import (
    FEWEST_CLUSTERS,
    MOST_CLUSTERS,
    PathClusters,
    _points,
    _separation,
    clustered_paths,
    path_text,
)

DAY = 86_400


def planted(number: int = 300, *, seed: int = 5) -> tuple[pl.DataFrame, list[int]]:
    """Return journeys of three kinds and the kind of each: single searches, long displays, mixed mail and direct."""
    rng = np.random.default_rng(seed)
    kinds = [int(rng.choice(3, p=[0.5, 0.3, 0.2])) for _ in range(number)]
    channels = [["search"] if kind == 0 else ["display"] * int(rng.integers(7, 10)) if kind == 1 else ["mail", "direct"] for kind in kinds]
    seconds = [[DAY * (len(path) - place) for place in range(len(path))] for path in channels]
    conversions = [float(rng.random() < (0.9, 0.1, 0.5)[kind]) for kind in kinds]
    frame = pl.DataFrame({"channels": channels, "seconds_before": seconds, "conversions": conversions})
    return frame.with_columns(nulls=1 - pl.col("conversions")), kinds


def fit(frame: pl.DataFrame, clusters: int | None = None) -> PathClusters:
    return clustered_paths(CodedPaths.of(frame), clusters=clusters)


def test_planted_kinds_are_found() -> None:
    frame, kinds = planted()
    found = fit(frame, 3)
    assert found.cluster.tolist() == kinds  # planted in the order of their size
    assert found.summary["journeys"].to_list() == [float(kinds.count(kind)) for kind in range(3)]
    assert found.summary["typical_path"].to_list() == ["search", "display x 8", "mail > direct"]
    rates = [float(np.mean([n for n, kind in zip(frame["conversions"], kinds, strict=True) if kind == own])) for own in range(3)]
    assert found.summary["conversion_rate"].to_list() == pytest.approx(rates)
    assert found.summary["days"][0] == 1.0
    assert found.channel_shares.filter(pl.col("cluster") == 2, pl.col("channel") == "display")["share"].item() == 1.0


def test_the_number_of_clusters_is_the_one_that_scikit_learn_rates_highest() -> None:
    """The ratio of Calinski and Harabasz by scikit-learn 1.7 (`calinski_harabasz_score`), on the same coordinates."""
    from sklearn.metrics import calinski_harabasz_score

    rng = np.random.default_rng(3)
    channels = [list(rng.choice(["a", "b", "c", "d"], size=rng.integers(1, 9), p=rng.dirichlet([0.3] * 4))) for _ in range(400)]
    frame = pl.DataFrame({"channels": channels, "conversions": [1.0] * 400})
    points = _points(CodedPaths.of(frame))
    rated = {k: calinski_harabasz_score(points, fit(frame, k).cluster) for k in range(FEWEST_CLUSTERS, MOST_CLUSTERS + 1)}
    assert len(fit(frame).summary) == max(rated, key=lambda k: float(rated[k]))
    labels = fit(frame, 4).cluster
    assert _separation(points, np.ones(400), labels) == pytest.approx(rated[4])


def test_grouped_rows_give_the_clusters_of_the_journeys_they_stand_for() -> None:
    frame, _ = planted()
    grouped = frame.group_by("channels", "seconds_before", maintain_order=True).agg(pl.col("conversions", "nulls").sum())
    assert len(grouped) < 10
    assert_frame_equal(fit(grouped, 3).summary, fit(frame, 3).summary)


def test_the_order_of_rows_and_the_names_of_channels_do_not_matter() -> None:
    frame, kinds = planted()
    order = np.random.default_rng(1).permutation(len(frame))
    again = fit(frame[order.tolist()], 3)
    assert again.cluster.tolist() == [kinds[i] for i in order]
    renamed = frame.with_columns(pl.col("channels").list.eval(pl.element().replace({"search": "zz", "display": "aa"})))
    assert fit(renamed, 3).cluster.tolist() == kinds


def test_rows_without_a_touch_are_in_no_cluster_and_times_may_be_unknown() -> None:
    frame, kinds = planted(60)
    empty = pl.DataFrame({"channels": [[]], "conversions": [40.0], "nulls": [0.0]}, schema_overrides={"channels": pl.List(pl.String)})
    found = fit(pl.concat([frame.drop("seconds_before"), empty]), 3)
    assert found.cluster.tolist() == [*kinds, -1]
    assert found.summary["journeys"].sum() == 60
    assert found.summary["days"].to_list() == [None] * 3


def test_too_few_different_journeys_and_a_single_cluster_are_refused() -> None:
    same = pl.DataFrame({"channels": [["a"], ["a"], ["b"]], "conversions": [1.0, 1.0, 1.0]})
    with pytest.raises(NotEnoughEventsError, match="2 different journeys make no 3 groups"):
        fit(same)
    with pytest.raises(ParameterError, match="clusters"):
        fit(same, 1)


def test_a_path_in_words_counts_repeats() -> None:
    assert path_text(["a", "b", "b", "b", "a"]) == "a > b x 3 > a"
    assert path_text([]) == ""

from __future__ import annotations

import numpy as np
import polars as pl

from relkit.scores.rfm import FIFTHS, LABEL_OF, LABELS, rfm_scores


def buyers(recency, frequency=None, monetary=None) -> pl.DataFrame:
    n = len(recency)
    types = {"recency": pl.Int32, "frequency": pl.Int32, "monetary": pl.Float64}
    return pl.DataFrame({"recency": recency, "frequency": frequency or [1] * n, "monetary": monetary or [1.0] * n}, schema=types)


def test_distinct_values_make_five_equal_groups_and_the_most_recent_are_best() -> None:
    scores = rfm_scores(buyers(list(range(100))))["rfm_recency"]
    assert scores.to_list() == [5 - i // 20 for i in range(100)]


def test_equal_values_get_equal_scores_and_ties_never_lift() -> None:
    rng = np.random.default_rng(1)
    frequency = rng.geometric(0.6, 1000).tolist()
    frame = buyers(rng.integers(0, 500, 1000).tolist(), frequency)
    scores = rfm_scores(frame)["rfm_frequency"]
    pairs = pl.DataFrame({"value": frequency, "score": scores}).unique()
    assert pairs["value"].n_unique() == len(pairs)
    assert pairs.filter(value=1)["score"].item() == 1
    for value, score in pairs.iter_rows():
        worse = sum(other < value for other in frequency) / 1000
        assert (score - 1) / 5 <= worse < score / 5


def test_all_equal_is_the_lowest_score_for_all() -> None:
    assert rfm_scores(buyers([3] * 7)).rows() == [(1, 1, 1, "lost")] * 7


def test_who_is_not_scored_is_blank_and_counts_for_nothing() -> None:
    scores = rfm_scores(buyers([1, None, 2, None], [2, None, 1, None], [5.0, None, None, None]))
    assert scores.rows() == [(3, 3, 1, "need_attention"), (None,) * 4, (1, 1, None, "lost"), (None,) * 4]


def test_nobody_is_fine() -> None:
    assert rfm_scores(buyers([])).is_empty()


def test_every_pair_has_one_label_and_every_label_a_pair() -> None:
    assert set(LABEL_OF) == {(r, f) for r in range(1, FIFTHS + 1) for f in range(1, FIFTHS + 1)}
    assert set(LABEL_OF.values()) == set(LABELS)
    assert LABEL_OF[5, 5] == "champions"
    assert LABEL_OF[1, 5] == "cant_lose"

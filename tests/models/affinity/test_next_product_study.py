"""The claim of the study on real baskets: better than personal frequency, on every company, level and split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks import bench_next_product_study as study

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("which", study.SETS, ids=lambda which: f"{which[0]}-{which[1]}")
def test_it_beats_personal_frequency_with_global_fill(which: tuple[str, str], real_data: Path) -> None:
    """The paired 95 % intervals of recall@10 and NDCG@10 over customers lie above 0."""
    for row in study.rows((which,)):
        for measure in ("recall", "ndcg"):
            assert row["differences"][measure]["lower"] > 0, (row["split"], measure)


def test_the_last_basket_and_the_cut_date_leave_nothing_of_the_future_in_the_histories() -> None:
    import polars as pl

    at = pl.datetime_range(pl.datetime(2025, 1, 1), pl.datetime(2025, 1, 9), "1d", eager=True)
    lines = pl.DataFrame({"customer_id": list("aabbabcaa"), "at": at, "basket": list("112233455"), "product": list("xyxyzxxxy")})
    lines = lines.with_columns(at=pl.col("at").first().over("customer_id", "basket"))
    before, after, as_of, clock = study.split(study.in_baskets(lines), "last_basket", 3)
    assert dict(before.select("customer_id", pl.col("products").list.len()).iter_rows()) == {"a": 3, "b": 2, "c": 1}
    assert dict(after.iter_rows()) == {"a": ["x", "y"], "b": ["x"]}
    assert (str(as_of), clock) == ("2025-01-07", study.OWN_CLOCK)
    before, after, as_of, _ = study.split(study.in_baskets(lines), "cut_date", 3)
    assert str(as_of) == "2025-01-05"
    assert before["days"].explode().max() == as_of
    assert dict(after.iter_rows()) == {"a": ["x", "y"], "b": ["x"]}

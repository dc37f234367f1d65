"""The customers of a report are those of the delivered file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import delivered_company as company
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.scored_people import scored_people
from relkit.periods import AsOf

if TYPE_CHECKING:
    from pathlib import Path

EDGE = AsOf.end_of(company.JUNE)
OTHER = "lifetime_value.nbd"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return an output root where two models give different probabilities of being alive."""
    made = company.leave(tmp_path / "out")
    path = made / "scores" / str(EDGE) / "scores.parquet"
    scores = pl.read_parquet(path)
    alive = scores.filter(score="p_alive")
    second = alive.with_columns(value=1 - pl.col("value"), model=pl.lit(OTHER))
    pl.concat([scores, second]).write_parquet(path)
    return made


def people(out: Path) -> pl.DataFrame:
    return scored_people(out, programme="default", edge=EDGE, currency="EUR")


def deliver(out: Path, **more: object) -> pl.DataFrame:
    result = DeliverFiles.parse(out=out, workbook=False, **more).run()
    return pl.read_parquet(result.paths["customers_scored"])


def test_the_page_reads_the_file_that_was_delivered_whatever_it_prefers(out: Path) -> None:
    before = people(out)
    delivered = deliver(out, prefer=(OTHER,))
    now = people(out)
    assert now.select(delivered.columns).equals(delivered)
    assert not now["p_alive"].equals(before["p_alive"])
    again = deliver(out, prefer=("lifetime_value.bg_nbd",))
    assert people(out).select(again.columns).equals(again), "of one day the newest"


def test_before_a_delivery_it_is_what_would_be_delivered(out: Path) -> None:
    made = people(out)
    delivered = deliver(out)
    assert made.select(delivered.columns).equals(delivered)


def test_what_the_file_leaves_out_stands_beside_it(out: Path) -> None:
    path = out / "features" / str(EDGE) / "customers.parquet"
    given = pl.read_parquet(path).with_columns(active_contracts=pl.int_range(pl.len()) % 2)
    given.write_parquet(path)
    delivered = deliver(out)
    assert "active_contracts" not in delivered.columns
    found = people(out).join(given.select("customer_id", true="active_contracts"), on="customer_id")
    assert (found["active_contracts"] == found["true"]).all()
    assert len(found) == len(given)


def test_scores_that_were_made_again_since_are_read_instead(out: Path) -> None:
    old = deliver(out)
    path = out / "scores" / str(EDGE) / "scores.parquet"
    pl.read_parquet(path).with_columns(value=pl.col("value") * 0.5, lower=None, upper=None).cast(
        {"lower": pl.Float64, "upper": pl.Float64}
    ).write_parquet(path)
    assert people(out)["future_margin_24m_eur"].sum() == pytest.approx(old["future_margin_24m_eur"].sum() / 2, rel=1e-3)


def test_without_features_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="Run relkit features --as-of 2025-06-30 first"):
        people(tmp_path)

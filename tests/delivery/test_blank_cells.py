"""Every blank score, and every blank derived from scores, has a reason in the file itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from reported_company import scored_file

from relkit.delivery.customer_files import CustomerFile, customer_file

if TYPE_CHECKING:
    from pathlib import Path

OPEN_TO_ALL = ("next_product_", "propensity_")
"""Scores that do not rest on a purchase or a contract: prospects have them too."""
UNSCORED = ("refused_profiling", "never_bought", "no_model")
RULES = {
    "churn_": "no_contract",
    "expected_remaining_months_": "no_contract",
    "contract_residual_value_": "no_contract",
    "retention_call_rank": "no_contract",
    "future_margin_": "margin_unknown",
    "expected_orders_": "no_purchase",
    "expected_order_value_": "no_purchase",
    "order_probability_": "no_purchase",
    "p_alive": "no_p_alive",
    "total_margin_": "no_total",
    "value_decile": "no_rank",
    "is_top20_margin": "no_rank",
    "rfm_": "no_rfm",
    "next_product_": "apart",
    "propensity_": "has_it",
}
"""Prefix of a column's name, and its own rule for being blank although the customer is scored."""


def unexplained(file: CustomerFile, *, running: pl.DataFrame) -> dict[str, int]:
    """Return, by column, the number of blanks that neither score_quality nor the column's own rule explains.

    Args:
        file: full view.
        running: customer_id of the customers with a running contract.
    """
    frame = file.frame.join(running.with_columns(is_holder=pl.lit(value=True)), on="customer_id", how="left", maintain_order="left")
    quality, segment = pl.col("score_quality"), pl.col("segment_value_activity")
    held, bought = pl.col("is_holder").fill_null(value=False), pl.col("days_since_last_order").is_not_null()
    no_total = (quality == "margin_unknown") | pl.col("past_margin_eur").is_null()
    apart = segment.is_in(["protected", "refused_profiling"])
    rules = {
        "no_contract": ~held | (quality == "margin_unknown"),
        "margin_unknown": quality == "margin_unknown",
        "no_purchase": ~bought,
        "no_p_alive": held | ~bought | segment.str.ends_with("too_early") | (quality == "short_history"),
        "no_total": no_total,
        "no_rank": no_total | apart,
        "no_rfm": ~bought | apart,
        "apart": apart,
        "has_it": held,
    }
    found = {}
    for column in file.columns:
        if column.name.startswith("churn_reason_"):
            continue  # only the model knows whether anything raises the risk; tested with the reasons
        rule = next((rules[rule] for start, rule in RULES.items() if column.name.startswith(start)), None)
        if rule is None:
            assert column.kind == "table" or not column.null_means or column.name == "segment_value_activity", column.name
            continue
        explained = rule | (quality.is_in(UNSCORED) if not column.name.startswith("rfm_") else pl.lit(value=False))
        found[column.name] = frame.filter(pl.col(column.name).is_null() & ~explained).height
    return found


@pytest.fixture(scope="module")
def file(reported: Path) -> CustomerFile:
    return scored_file(reported)


@pytest.fixture(scope="module")
def running(reported: Path) -> pl.DataFrame:
    folder = next((reported / "out" / "default" / "features").iterdir())
    return pl.read_parquet(folder / "customers.parquet").filter(pl.col("active_contracts") > 0).select("customer_id")


def test_no_blank_is_without_a_reason(file: CustomerFile, running: pl.DataFrame) -> None:
    found = unexplained(file, running=running)
    assert len(found) >= 15
    assert {name: n for name, n in found.items() if n} == {}


def test_a_blank_without_a_reason_would_be_found(file: CustomerFile, running: pl.DataFrame) -> None:
    holed = replace(file, frame=file.frame.with_columns(future_margin_24m_eur=pl.lit(None, pl.Float64)))
    assert unexplained(holed, running=running)["future_margin_24m_eur"] > 500


def test_no_score_contradicts_the_quality(file: CustomerFile) -> None:
    scored = [c.name for c in file.columns if c.kind == "score"]
    without = file.frame.filter(pl.col("score_quality").is_in(UNSCORED))
    assert len(without) > 100
    of_history = [name for name in scored if not name.startswith(OPEN_TO_ALL)]
    assert without.select(pl.col(of_history).is_not_null().any()).row(0) == (False,) * len(of_history)
    refused = without.filter(score_quality="refused_profiling")
    assert refused.select(pl.col(scored).is_not_null().any()).row(0) == (False,) * len(scored)


def test_customers_without_any_score_have_a_reason(reported: Path) -> None:
    folder = next((reported / "out" / "default" / "features").iterdir())
    people = pl.read_parquet(folder / "customers.parquet")
    bare = customer_file(people, None, as_of=date.fromisoformat(folder.name), currency="EUR").frame
    assert set(bare["score_quality"]) == {"refused_profiling", "never_bought", "no_model"}
    bought = bare.filter(pl.col("days_since_last_order").is_not_null())
    assert set(bought["score_quality"]) == {"refused_profiling", "no_model"}

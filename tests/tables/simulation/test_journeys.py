from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation.journeys import CHANNELS, ORDER, START, STEPS, conversion_probability, draw_journeys, removal_effects

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


def test_rows_of_the_chain_are_probabilities():
    assert sum(START) == pytest.approx(1)
    assert all(sum(row) + order < 1 for row, order in zip(STEPS, ORDER, strict=True))


def test_journeys_are_a_sample_of_the_chain():
    """Starts, steps and conversions within 4 standard errors; the number of conversions is the requested one."""
    journeys = draw_journeys(np.random.default_rng(1), 30_000)
    n = len(journeys.converts)
    assert journeys.converts.sum() == 30_000
    assert journeys.converts[-1]
    p = conversion_probability()
    assert abs(30_000 / n - p) < 4 * np.sqrt(p * (1 - p) / n)
    first = np.concatenate([[True], journeys.journey[1:] != journeys.journey[:-1]])
    assert first.sum() == n
    starts = np.bincount(journeys.channel[first]) / n
    assert (np.abs(starts - START) < 4 * np.sqrt(0.25 / n)).all()
    last = np.concatenate([first[1:], [True]])
    for k in range(len(CHANNELS)):
        here = journeys.channel == k
        goes = np.bincount(journeys.channel[np.flatnonzero(here & ~last) + 1], minlength=5) / here.sum()
        assert (np.abs(goes - STEPS[k]) < 4 * np.sqrt(0.25 / here.sum())).all()
        orders = journeys.converts[journeys.journey[here & last]].sum() / here.sum()
        assert abs(orders - ORDER[k]) < 4 * np.sqrt(0.25 / here.sum())


def test_removal_effects_are_those_of_journeys_cut_at_the_channel():
    """Closed form against the share of converted journeys that pass through the channel, which is the same thing; 4 standard errors."""
    journeys = draw_journeys(np.random.default_rng(2), 40_000)
    for k, (name, effect) in enumerate(removal_effects().items()):
        touched = np.zeros(len(journeys.converts), dtype=bool)
        touched[journeys.journey[journeys.channel == k]] = True
        share = (touched & journeys.converts).sum() / 40_000
        assert name == CHANNELS[k]
        assert abs(share - effect) < 4 * np.sqrt(effect * (1 - effect) / 40_000)


def test_no_journeys_without_conversions():
    journeys = draw_journeys(np.random.default_rng(3), 0)
    assert len(journeys.converts) == len(journeys.journey) == 0


def test_journeys_lead_to_the_first_order(company: CompanyTruth):
    touches = pl.read_parquet(company.data / "touchpoints.parquet")
    assert (touches["customer_id"].is_null() != touches["anonymous_id"].is_null()).all()
    last = touches.drop_nulls("customer_id").group_by("customer_id").agg(pl.col("occurred_at").max().alias("touched"))
    first = company.customers.filter(pl.col("first_ordered_on") >= pl.date(2022, 7, 1)).select("customer_id", "first_ordered_on").collect()
    both = first.join(last, on="customer_id", how="full", coalesce=True)
    assert both["touched"].null_count() == both["first_ordered_on"].null_count() == 0
    days = both["touched"].dt.convert_time_zone("Europe/Paris").dt.date()
    assert (days == both["first_ordered_on"]).all()
    in_order = touches.filter(pl.col("customer_id").is_not_null()).select(pl.col("occurred_at").diff().over("customer_id"))
    assert in_order["occurred_at"].drop_nulls().min() is not None
    assert (in_order["occurred_at"].drop_nulls().dt.total_microseconds() >= 0).all()

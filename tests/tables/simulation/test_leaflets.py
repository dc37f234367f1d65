"""Leaflets: orders pulled forward cancel out, lines switched stay within their department, and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation import SimulationSettings
from relkit.tables.simulation.actions import ACTIONS, BORROWED_DAYS, PULL_DAYS, plan_waves
from relkit.tables.simulation.campaigns import Draws
from relkit.tables.simulation.leaflets import Switched, borrowed, landing_days, pulled, switched
from relkit.tables.simulation.market import make_market
from relkit.tables.simulation.purchases import Orders

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth
    from relkit.tables.simulation.actions import Wave

LEAFLETS = tuple(action.id for action in ACTIONS if action.is_leaflet)
SETTINGS = SimulationSettings(world="hard")
WAVES = plan_waves(SETTINGS)


def first_wave(outcome: str) -> Wave:
    return next(wave for wave in WAVES if ACTIONS[wave.action].outcome == outcome)


def draws(wave: Wave, treated: list[bool], effect: float) -> Draws:
    n = len(treated)
    zeros = np.zeros(n, dtype=np.int64)
    half, effects = np.full(n, 0.5), np.full(n, effect)
    return Draws(np.arange(n), zeros + wave.number, np.array(treated), half, effects, zeros, zeros, zeros, zeros.astype(bool))


def orders(*days: tuple[int, int]) -> Orders:
    customer, day = (np.array(each) for each in zip(*days, strict=True))
    return Orders(customer, day, 10.0 + np.arange(len(day)), np.full(len(day), -1))


def test_orders_move_from_the_weeks_after_the_window_into_it() -> None:
    wave, market = first_wave("pulled_forward"), make_market(SETTINGS)
    days = np.arange(wave.day + 1, wave.day + 28 + BORROWED_DAYS + 10)
    lent = days[borrowed(days, wave, market)]
    assert len(lent) > 20
    assert lent.min() > wave.day + 28
    assert lent.max() <= wave.day + 28 + BORROWED_DAYS
    before = orders(*((who, int(day)) for who in (0, 1) for day in lent[:6]))
    after = pulled(np.random.default_rng(1), before, draws(wave, [True, False], 1.0), WAVES, market, 2)
    moved, still = after.day[after.customer == 0], after.day[after.customer == 1]
    assert set(landing_days(wave, market)) >= set(moved) or moved.max() <= wave.day + PULL_DAYS + 6
    assert moved.max() <= wave.day + 28
    assert still.tolist() == lent[:6].tolist()
    assert len(set(moved)) == 6
    assert sorted(after.amount) == sorted(before.amount)
    assert sorted(after.planned_day[after.customer == 0]) == lent[:6].tolist()


def test_nothing_moves_without_an_effect() -> None:
    wave, market = first_wave("pulled_forward"), make_market(SETTINGS)
    before = orders((0, wave.day + 40), (1, wave.day + 40))
    assert pulled(np.random.default_rng(1), before, draws(wave, [True, True], 0.0), WAVES, market, 2) is before


def test_only_orders_of_the_window_of_treated_customers_switch() -> None:
    wave = first_wave("switched")
    bought = orders((0, wave.day), (0, wave.day + 1), (0, wave.day + 28), (0, wave.day + 29), (1, wave.day + 5))
    found = switched(bought, draws(wave, [True, False], 0.6), WAVES, 2)
    assert found is not None
    assert found.share.tolist() == [0.0, 0.6, 0.6, 0.0, 0.0]
    assert switched(bought, draws(wave, [False, False], 0.6), WAVES, 2) is None


def test_a_share_of_the_sibling_category_moves() -> None:
    n = 20_000
    order, category = np.repeat(np.arange(2), n), np.tile(np.array([2, 3]), n)
    after = Switched(np.array([0.6, 0.0]), 2).applied(np.random.default_rng(3), order, category)
    moved = (after != category) & (order == 0)
    assert (after[moved] == 2).all()
    assert moved[(order == 0) & (category == 3)].mean() == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / (n / 2)))
    assert (after[order == 1] == category[order == 1]).all()


def test_leaflets_are_of_no_effect_in_the_clean_world(clean: CompanyTruth) -> None:
    truth = clean.waves.filter(pl.col("action_id").is_in(LEAFLETS)).collect()
    assert len(truth) > 10
    assert truth.select(pl.col("^effect_.*$").abs().max()).row(0) == (0.0,) * 6


def test_the_planted_effects_cancel_or_move(hard: CompanyTruth) -> None:
    means = hard.waves.group_by("action_id").agg(pl.col("^effect_.*$").mean()).collect()
    early = means.row(by_predicate=pl.col("action_id") == "early_bird", named=True)
    wine = means.row(by_predicate=pl.col("action_id") == "wine_offer", named=True)
    assert early["effect_margin"] > 1
    assert early["effect_margin_after"] == early["effect_orders_after"] == 0
    assert wine["effect_margin_promoted"] > 0 > wine["effect_margin_category"]
    assert wine["effect_margin"] == pytest.approx(wine["effect_margin_promoted"] + wine["effect_margin_category"], abs=1e-8)
    assert wine["effect_orders"] == 0

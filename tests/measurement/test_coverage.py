"""Coverage of the intervals by simulation: 95 % intervals contain what they estimate in 93 to 97 % of 2,000 experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.measurement.designs import Design
from relkit.measurement.lifts import lift
from relkit.measurement.measures import Measure
from relkit.measurement.money import account_of, campaign_part, cumulated
from relkit.measurement.reached import effect_on_reached

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
RUNS = 2000
Bounds = tuple[float | None, float | None]


def shop(rng: np.random.Generator, n: int = 600) -> pl.DataFrame:
    """Return units in households of up to three, in two waves; margin of those who order is lognormal and rises by half in one wave."""
    home = rng.integers(0, n // 2, n)
    wave = rng.integers(0, 2, n)
    share = np.where(wave == 0, 0.5, 0.75)
    treated = rng.random(n) < share
    rich = rng.normal(size=n // 2)[home]
    before = np.exp(0.5 * rich + rng.normal(0, 0.5, n))
    reached = treated & (rng.random(n) < 0.7)
    orders = rng.poisson(0.8 + 0.3 * reached)
    margin = orders * np.exp(2.5 + 0.4 * rich + 0.2 * np.log(before))
    return pl.DataFrame({
        "arm": np.where(treated, "treated", "control"),
        "propensity": share,
        "wave_id": wave,
        "cluster_id": home,
        "margin": margin,
        "orders": orders,
        "cost": np.where(treated, rng.exponential(1.0, n), 0.0),
        "is_reached": reached,
        "pre_margin": pl.Series(before).replace([before.max()], [None]),
    })  # fmt: skip


def margin_per_order(rich: float = 0.4) -> float:
    """Return the mean of exp(2.5 + 0.4 r + 0.2 (0.5 r + e)), r standard normal and e of standard deviation 0.5."""
    return float(np.exp(2.5 + ((rich + 0.1) ** 2 + 0.1**2) / 2))


EFFECT = 0.3 * 0.7 * margin_per_order()


def covered(bounds_of: Callable[[Design], Bounds], truth: float, **columns: str | None) -> float:
    inside, measured = 0, 0
    for seed in range(RUNS):
        low, high = bounds_of(Design.of(shop(np.random.default_rng(seed)), **columns))
        if low is not None and high is not None:
            inside, measured = inside + (low <= truth <= high), measured + 1
    assert measured > 0.95 * RUNS
    return inside / measured


@pytest.mark.parametrize("covariates", [(), ("pre_margin",)])
@pytest.mark.parametrize("target", ["drawn", "treated"])
def test_effects_within_strata_of_households(covariates: tuple[str, ...], target: str) -> None:
    def found(design: Design) -> Bounds:
        effect = design.effect("margin", covariates=covariates, target=target)
        return effect.low, effect.high

    assert 0.93 <= covered(found, EFFECT) <= 0.97


def test_weighted_effects() -> None:
    def found(design: Design) -> Bounds:
        share = np.clip(design.share + np.linspace(-1e-3, 1e-3, len(design.share)), 0.01, 0.99)
        effect = Design.of(design.units.with_columns(propensity=pl.Series(share))).effect("margin", covariates=("pre_margin",))
        assert effect.method == "weighted clustered adjusted"
        return effect.low, effect.high

    assert 0.93 <= covered(found, EFFECT) <= 0.97


@pytest.mark.parametrize("method", ["log", "fieller", "delta"])
def test_relative_changes(method: str) -> None:
    def found(design: Design) -> Bounds:
        change = lift(design.effect("orders"), method=method)
        return change.low, change.high

    assert 0.93 <= covered(found, 0.21 / 0.8) <= 0.97


def test_ratios() -> None:
    def found(design: Design) -> Bounds:
        effect = design.effect(Measure("margin", per="orders"))
        return effect.low, effect.high

    assert 0.93 <= covered(found, 0.0) <= 0.97


def test_returns_per_euro() -> None:
    """Cost is 1 on average: the margin added per euro is the effect itself."""

    def found(design: Design) -> Bounds:
        account = account_of(design.estimates(("margin", "cost"), target="treated"))
        return account.margin_per_cost.low, account.margin_per_cost.high

    assert 0.93 <= covered(found, EFFECT) <= 0.97


def test_effects_on_those_reached() -> None:
    def found(design: Design) -> Bounds:
        effect = effect_on_reached(design, "margin")
        return effect.low, effect.high

    assert 0.93 <= covered(found, EFFECT / 0.7) <= 0.97


def test_totals_over_campaigns_with_the_same_customers() -> None:
    """Two draws on one population: margin of both follows the same taste for the shop, so that their errors are related."""
    inside = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        taste, parts = np.exp(rng.normal(size=400)), []
        truth = 0.0
        for effect in (1.0, 0.5):
            treated = rng.random(400) < 0.5
            units = pl.DataFrame({"arm": np.where(treated, "treated", "control"), "margin": 3 * taste + effect * treated * taste})
            design = Design.of(units, propensity=None, wave=None, cluster=None)
            found, influence = design.influence(("margin",), target="treated")
            parts.append(campaign_part(found, influence, np.arange(400).tolist(), {"margin": 1.0}))
            # Of the treated of this draw the expected effect is that of the population.
            truth += effect * np.exp(0.5) * treated.sum()
        total = cumulated(parts)
        inside.append(total.low <= truth <= total.high)
    assert 0.93 <= np.mean(inside) <= 0.97

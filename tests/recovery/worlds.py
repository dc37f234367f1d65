"""Worlds that follow each model, with known parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import simulated_purchases as simulated
import simulated_spells
from recovery import companies

from relkit.models.lifetime_value.exposure import day_numbers
from relkit.models.lifetime_value.older_customers import OLDER
from relkit.models.lifetime_value.time_varying_pareto_nbd import TimeVaryingParetoNbd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIZES = (500, 2_000, 8_000)
"""Customers; the last is where intervals are judged."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A model and customers who follow it.

    Attributes:
        model: name in the catalogue.
        truth: parameters by their name in the summary, in days.
        simulate: customers, of their number and a random generator.
        customer: one row, of whom the score is forecast with an interval.
        settings: of the model, besides a period of one day and the level.
        sizes: numbers of customers, ascending; three of them here.
        effects: terms that are effects of covariates, of either sign: they are coordinates themselves, not their logarithms.
        as_of: last day whose facts are known.
        family: of the model.
        label: under which it is shown; by default the model's name.
        forecast: the true score of the customer; None if the truth is all of the model's coordinates, so that it follows from them.
    """

    model: str
    truth: Mapping[str, float]
    simulate: Callable[[int, np.random.Generator], pl.DataFrame]
    customer: pl.DataFrame
    settings: Mapping[str, Any] = field(default_factory=lambda: {"period_days": 1.0})
    sizes: tuple[int, ...] = SIZES
    effects: tuple[str, ...] = ()
    as_of: date = date(2025, 6, 30)
    family: str = "lifetime_value"
    label: str = ""
    forecast: float | None = None

    @property
    def name(self) -> str:
        """Its name in the table."""
        return self.label or self.model


def _world(model: str, simulator: Callable[..., pl.DataFrame], truth: dict[str, float], customer: pl.DataFrame, **more: Any) -> World:
    """Return the world of a simulator whose arguments are the parameters, and whatever is not one of the world's fields."""
    own = {name: more.pop(name) for name in ("settings", "sizes", "effects", "as_of", "family", "forecast") if name in more}
    return World(model=model, truth=truth, simulate=partial(_simulated, simulator, truth | more), customer=customer, **own)


def _simulated(simulator: Callable[..., pl.DataFrame], arguments: dict[str, Any], n: int, rng: np.random.Generator) -> pl.DataFrame:
    return simulator(n, rng, **arguments)


def _at_a_rhythm(n: int, rng: np.random.Generator, **truth: Any) -> pl.DataFrame:
    return simulated.regular_buyers(n, rng, T=rng.uniform(0, 730, n), **truth)[0]


def _newcomers(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return customers of the MBG/NBD, each of whom began after the data did, with the days of their purchases."""
    T = np.ceil(rng.uniform(0, 730, n))
    first = [date(2025, 6, 30) - timedelta(days=int(days)) for days in T]
    own = {"first_order_on": pl.Series(first), OLDER: pl.lit(value=False)}
    return simulated.regular_buyers(n, rng, T=T, k=1, **truth)[0].with_columns(**own)


def _contracts(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return contracts of up to two years; the first two parameters have other names in each model."""
    alpha, beta, *c = truth.values()
    return simulated.contracts(n, rng, alpha=alpha, beta=beta, c=c[0] if c else 1.0, period_days=30.0, periods=24)


def _at_occasions(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return customers with 1 to 60 occasions to buy, every third day."""
    return simulated.takers(rng.integers(1, 61, n), rng, **truth, period_days=3)


_SEASON = TimeVaryingParetoNbd(period_days=1.0, season_harmonics=1)
_OPENED, _CLOSED = date(2022, 1, 3), date(2024, 1, 31)
_EFFECTS = ("purchase:season_sin_1", "purchase:season_cos_1")


def _with_a_season(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return customers whose rate follows the year, from whole days: so few purchases that hardly two fall on one."""
    days = day_numbers(_OPENED + timedelta(days=1), (_CLOSED - _OPENED).days + 1)
    buying = np.exp(_SEASON.calendar.on(days) @ [truth[name] for name in _EFFECTS])
    rates = {name: value for name, value in truth.items() if name not in _EFFECTS}
    seen = simulated.followers(n, rng, **rates, buying=buying, leaving=np.ones(len(buying)), first=_OPENED, join_days=600)
    return simulated.histories(seen, _CLOSED)


def _spells(
    model: str, simulator: Callable[..., pl.DataFrame], truth: dict[str, float], forecast: float | None = None, **settings: Any
) -> World:
    """Return the world of a survival model, all of whose terms are effects or logarithms."""
    given = {"covariates": simulated_spells.COVARIATES, **settings}
    known = {"settings": given, "effects": tuple(truth), "forecast": forecast}
    return World(model=model, family="survival", truth=truth, simulate=simulator, customer=_WITH_X, **known)


def _accelerated(model: str, shape: str, log_shape: float) -> World:
    truth = {"x": 0.4, "z": -0.3, "intercept": 5.5}
    arguments = {**truth, "error": model.removesuffix("_aft"), "log_shape": log_shape}
    return _spells(model, partial(_simulated, simulated_spells.accelerated, arguments), {**truth, shape: log_shape})


_BREAKS = (90.0, 365.0)
_RATES = {"log_rate_from_0d": -6.5, "log_rate_from_90d": -5.5, "log_rate_from_365d": -6.0}
_ENDS_IN_90_DAYS = float(-np.expm1(-90 * np.exp(-5.5 + 0.5 * 0.5 - 0.4)))
"""Of `_WITH_X`, who is 120 days old, within one stretch."""


def _in_stretches(n: int, rng: np.random.Generator) -> pl.DataFrame:
    return simulated_spells.in_stretches(n, rng, breaks=_BREAKS, log_rates=np.array(list(_RATES.values())), x=0.5, z=-0.4)


_LEAVING = {"x": 0.5, "z": -0.8, "intercept": 0.4, "latency:intercept": 5.0, "log_rho": 0.3}


def _leavers(n: int, rng: np.random.Generator) -> pl.DataFrame:
    return simulated_spells.leavers(n, rng, x=0.5, z=-0.8, intercept=0.4, latency=5.0, log_rho=0.3)


def _two_reasons(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return contracts that end in each period of 30 days by wish, 5 in 100, or default, 2 in 100, at x = 0; of up to two years."""
    x = rng.normal(size=n)
    wish, default = (np.exp(base + truth[f"{cause}: x"] * x) for cause, base in (("wish", -3.0), ("default", -4.0)))
    whole = 1 + wish + default
    ends, seen = rng.geometric((wish + default) / whole), rng.integers(1, 25, n)
    reason = np.where(rng.random(n) < wish / (wish + default), "wish", "default")
    reasons = pl.Series(np.where(ends <= seen, reason, "").tolist()).replace("", None)
    return pl.DataFrame({"duration_days": 30.0 * np.minimum(ends, seen), "event": ends <= seen, "x": x, "end_reason": reasons})


def _by_cause(n: int, rng: np.random.Generator, **truth: float) -> pl.DataFrame:
    """Return contracts that end by wish at 1/400 a day, and by default at 1/1000, at x = 0; half of them observed from a later age."""
    x = rng.normal(size=n)
    wish, default = (np.exp(truth[f"{cause}: x"] * x) / days for cause, days in (("wish", 400), ("default", 1000)))
    life = rng.exponential(1 / (wish + default))
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 200, n), 0.0)
    until = entry + rng.uniform(30, 730, n)
    reason = np.where(rng.random(n) < wish / (wish + default), "wish", "default")
    reasons = pl.Series(np.where(life <= until, reason, "").tolist()).replace("", None)
    frame = pl.DataFrame(
        {"duration_days": np.minimum(life, until), "event": life <= until, "entry_days": entry, "x": x, "end_reason": reasons}
    )
    return frame.filter(pl.Series(life > entry))


def _hazards(n: int, rng: np.random.Generator, *, amount: float, **plans: float) -> pl.DataFrame:
    """Return contracts of a constant hazard, 1/400 a day at an amount of 0 and the plan "basic"; one in four is observed late."""
    x, plan = rng.normal(size=n), rng.choice(3, n, p=(0.5, 0.3, 0.2))
    index = amount * x + np.array([0.0, *plans.values()])[plan]
    entry = np.where(rng.random(n) < 0.25, rng.integers(1, 300, n), 0.0)
    until = entry + rng.integers(1, 25, n) * 30.0
    ends = entry + np.maximum(np.ceil(rng.exponential(400 / np.exp(index))), 1.0)
    names = np.array(["basic", *(name.partition("=")[2] for name in plans)])[plan]
    seen = {"duration_days": np.minimum(ends, until), "event": ends <= until, "entry_days": entry}
    return pl.DataFrame({**seen, "amount": x, "plan": names})


_TWICE = {f"purchase.{OLDER}": float(np.log(2.0))}


def _older(model: str, truth: dict[str, float], sample: Callable[..., pl.DataFrame], customer: pl.DataFrame, **more: Any) -> World:
    """Return the world of a model in which six customers in ten are older than the data and buy twice as often as newcomers."""
    return World(
        model=model,
        label=f"{model}, 60 % older",
        truth={**truth, **_TWICE},
        simulate=partial(_simulated, simulated.mostly_older, {**truth, **more, "sample": sample}),
        customer=customer.with_columns(pl.lit(value=True).alias(OLDER)),
        effects=tuple(_TWICE),
    )


_MONTH = {"period_days": 30.0, "tolerance_days": 0.0}
# Quiet for longer than usual, so that whether he is alive is the question.
_BUYER = simulated.frame(*(np.array([value]) for value in (4, 250.0, 400.0)))
_REGULAR = _BUYER.with_columns(first_order_on=date(2024, 5, 26), repeat_ages_days=[60.0, 130.0, 190.0, 250.0])
_SPENDER = pl.DataFrame({"customer_id": ["0"], "repeat_purchases": [2], "mean_repeat_value": [50.0]})
_CONTRACT = pl.DataFrame({"customer_id": ["0"], "duration_days": [120.0]})
_WITH_X = _CONTRACT.with_columns(x=0.5, z=1.0)
_SUBSCRIBER = {"monthly_amount": 30.0, "term_months": 12.0, "pays_by_direct_debit": 1.0}

WORLDS = (
    _world("nbd", simulated.leavers, {"r": 0.8, "alpha": 40.0}, _BUYER, s=0.0, beta=1.0),
    _world("bg_nbd", simulated.buyers, {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0}, _BUYER),
    _world("mbg_nbd", simulated.buyers, {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0}, _BUYER, at_start=True),
    _world("pareto_nbd", simulated.leavers, {"r": 0.8, "alpha": 40.0, "s": 1.0, "beta": 200.0}, _BUYER),
    _world("gamma_gamma", simulated.spenders, {"p": 6.0, "q": 4.0, "v": 15.0}, _SPENDER, settings={}),
    _world(
        "time_varying_pareto_nbd",
        _with_a_season,
        {"r": 0.9, "alpha": 150.0, "s": 0.8, "beta": 400.0, _EFFECTS[0]: -0.1, _EFFECTS[1]: 0.6},
        _REGULAR,
        settings={"period_days": 1.0, "season_harmonics": 1},
        sizes=(300, 1_000, 3_000),
        effects=_EFFECTS,
        as_of=_CLOSED,
    ),
    _world(
        "bg_bb",
        _at_occasions,
        {"alpha": 1.2, "beta": 2.5, "gamma": 0.7, "delta": 6.0},
        _REGULAR,
        settings={"period_days": 3.0},
        as_of=date(2026, 1, 1),
    ),
    _world("mbg_cnbd_k", _at_a_rhythm, {"r": 0.8, "alpha": 20.0, "a": 0.8, "b": 4.0}, _REGULAR, k=2),
    _world(
        "pooled",
        _newcomers,
        {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0},
        _REGULAR.with_columns(pl.lit(value=False).alias(OLDER)),
        settings={"period_days": 1.0, "horizons_days": (90,)},
    ),
    _older("nbd", {"r": 0.8, "alpha": 40.0}, simulated.leavers, _BUYER, s=0.0, beta=1.0),
    _older("bg_nbd", {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0}, simulated.buyers, _BUYER),
    _older("mbg_nbd", {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0}, simulated.buyers, _BUYER, at_start=True),
    _older("pareto_nbd", {"r": 0.8, "alpha": 40.0, "s": 1.0, "beta": 200.0}, simulated.leavers, _BUYER),
    _world("shifted_beta_geometric", _contracts, {"alpha": 1.5, "beta": 6.0}, _CONTRACT, settings=_MONTH),
    _world(
        "discrete_hazard",
        _hazards,
        {"amount": 0.4, "plan=plus": 0.5, "plan=full": -0.7},
        _CONTRACT.with_columns(amount=pl.lit(0.5), plan=pl.lit("plus")),
        settings={"period_days": 30.0, "link": "cloghlog", "covariates": ("amount", "plan")},
        effects=("amount", "plan=plus", "plan=full"),
        family="survival",
        forecast=float(-np.expm1(-90 / 400 * np.exp(0.4 * 0.5 + 0.5))),
    ),
    _world(
        "discrete_competing_risks",
        _two_reasons,
        {"wish: x": 0.5, "default: x": -0.4},
        _CONTRACT.with_columns(x=pl.lit(1.0)),
        settings={"period_days": 30.0, "covariates": ("x",)},
        effects=("wish: x", "default: x"),
        family="survival",
        forecast=1 - float(1 + np.exp(-2.5) + np.exp(-4.4)) ** -3,
    ),
    _world(
        "cause_specific_cox",
        _by_cause,
        {"wish: x": 0.5, "default: x": -0.4},
        _CONTRACT.with_columns(x=pl.lit(1.0)),
        settings={"covariates": ("x",)},
        effects=("wish: x", "default: x"),
        family="survival",
        forecast=float(-np.expm1(-90 * (np.exp(0.5) / 400 + np.exp(-0.4) / 1000))),
    ),
    _world("beta_discrete_weibull", _contracts, {"gamma": 1.5, "delta": 6.0, "c": 1.3}, _CONTRACT, settings=_MONTH),
    _accelerated("weibull_aft", "log_rho", 0.3),
    _accelerated("log_normal_aft", "log_sigma", -0.2),
    _accelerated("log_logistic_aft", "log_beta", 0.5),
    _spells("piecewise_exponential", _in_stretches, {**_RATES, "x": 0.5, "z": -0.4}, breaks_days=_BREAKS),
    _spells("mixture_cure", _leavers, _LEAVING),
    _spells("cox", _in_stretches, {"x": 0.5, "z": -0.4}, forecast=_ENDS_IN_90_DAYS),
    World(
        model="cox",
        family="survival",
        label="cox, simulated company",
        truth=companies.TRUTH,
        simulate=companies.company_contracts,
        customer=_CONTRACT.with_columns(pl.lit(value).alias(name) for name, value in _SUBSCRIBER.items()),
        settings={"covariates": tuple(companies.TRUTH)},
        effects=tuple(companies.TRUTH),
        forecast=companies.ends_within(90, age=120, **_SUBSCRIBER),
    ),
)

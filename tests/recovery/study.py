"""Recovery study: the error and the coverage of each model's estimates in a world that follows it.

Two claims, each shown by repetition. The error of every parameter shrinks as there are more customers: it is the median of
|log(estimate / truth)|, which a rare fit that runs to a bound does not spoil. And the 90 % interval of every parameter, at
the largest size, contains the truth between 85 and 95 times in a hundred: 500 repetitions leave 1.3 points of chance. A fit
that is refused, or a parameter without an interval, counts as a miss. The same is asked of a forecast: the score of one
customer (orders in 90 days, value of an order, probability to leave), whose interval comes by the delta method.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from recovery.worlds import WORLDS, World

from relkit.errors import FitError
from relkit.models import catalogue
from relkit.models.lifetime_value.uncertainty import interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Floats = NDArray[np.float64]
Found = tuple[float, float, float, float]
"""The truth, its estimate, and the lower and upper bound of its interval."""

LEVEL = 0.90
LEAST, MOST = 0.85, 0.95
REPETITIONS = 500
"""At the largest size; a fifth of them (ten at least) at the others, where only the error counts."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Findings on one parameter of one model.

    Attributes:
        model: name of its world.
        term: the parameter, or "forecast".
        coverage: share of repetitions whose interval contained the truth, at the largest size.
        without: share of repetitions that had no interval, at the largest size; they count as misses.
        errors: median |log(estimate / truth)| at each size; |estimate - truth| of an effect.
    """

    model: str
    term: str
    coverage: float
    without: float
    errors: tuple[float, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Claims that do not hold."""
        faults = []
        if not LEAST <= self.coverage <= MOST:
            faults.append(f"its interval covers {self.coverage:.1%}")
        if not all(after < before for before, after in zip(self.errors, self.errors[1:], strict=False)):
            faults.append("its error does not shrink")
        return tuple(faults)


def fitted_once(world: World, n: int, seed: int) -> list[Found]:
    """Return the estimates from one simulated population, for each parameter and for the forecast; NaN if there is none."""
    rng = np.random.default_rng([seed, n])
    model = catalogue.make(f"{world.family}.{world.model}", {**world.settings, "level": LEVEL})
    try:
        fitted = model.fit(world.simulate(n, rng), as_of=world.as_of)
    except FitError:
        return [(np.nan, np.nan, np.nan, np.nan)] * (len(world.truth) + 1)
    rows = {row[0]: row[1:] for row in fitted.summary().select("term", "estimate", "lower", "upper").rows()}
    return [*((truth, *_numbers(rows[term])) for term, truth in world.truth.items()), forecast_of(world, fitted)]


def forecast_of(world: World, fitted: Any) -> Found:
    """Return the score of the world's customer, true and fitted."""
    if world.forecast is not None:
        low, high = (float(1 - stays[0, 0]) for stays in fitted.survival_ahead_bounds(world.customer, [90.0], level=LEVEL)[::-1])
        return world.forecast, float(1 - fitted.survival_ahead(world.customer, [90.0])[0, 0]), low, high

    def score(model: Any) -> Floats:
        return model.score(world.customer, horizon_days=90).to_series(-1).to_numpy()

    coordinates = [value if term in world.effects else np.log(value) for term, value in world.truth.items()]
    true = score(fitted.moved(np.array(coordinates)))
    return tuple(float(value[0]) for value in (true, *interval(fitted, score, level=LEVEL)))  # type: ignore[return-value]


def _numbers(row: Sequence[float | None]) -> tuple[float, float, float]:
    estimate, lower, upper = (np.nan if value is None else value for value in row)
    return estimate, lower, upper


def findings(world: World, fits: Sequence[Sequence[list[Found]]]) -> list[Finding]:
    """Return the findings on each parameter and on the forecast, from the fits at each size."""
    arrays = [np.array(at_size) for at_size in fits]  # (repetitions, parameters, 4)
    plain = np.array([term in world.effects for term in (*world.truth, "forecast")])
    # A fit without an estimate is as far off as can be.
    errors = [np.median(np.nan_to_num(_distance(at[:, :, 1], at[:, :, 0], plain), nan=np.inf), axis=0) for at in arrays]
    true, low, high = (arrays[-1][:, :, j] for j in (0, 2, 3))
    covered, without = ((low <= true) & (true <= high)).mean(axis=0), np.isnan(low).mean(axis=0)
    return [
        Finding(
            model=world.name,
            term=term,
            coverage=float(covered[j]),
            without=float(without[j]),
            errors=tuple(float(error[j]) for error in errors),
        )
        for j, term in enumerate((*world.truth, "forecast"))
    ]


def _distance(estimate: Floats, truth: Floats, plain: NDArray[np.bool_]) -> Floats:
    """Return |log(estimate / truth)|, or |estimate - truth| of the plain ones, which may lie below 0."""
    ratio = np.divide(estimate, truth, out=np.ones_like(truth), where=~plain)
    return np.where(plain, np.abs(estimate - truth), np.abs(np.log(ratio)))


def studied(world: World, repetitions: int, run: Callable[..., Iterable[list[Found]]] = map) -> list[Finding]:
    """Return the findings on each parameter of a world; `run` is a map, perhaps of several processes."""
    *smaller, largest = world.sizes
    plan = [(n, max(repetitions // 5, min(repetitions, 10))) for n in smaller] + [(largest, repetitions)]
    return findings(world, [list(run(partial(fitted_once, world, n), range(times))) for n, times in plan])


def line(found: Finding) -> str:
    """Return a row of the table."""
    errors = "".join(f"{error:9.1%}" for error in found.errors)
    missing = f"   {found.without:.1%} without an interval" if found.without else ""
    note = f"   <- {', '.join(found.faults)}" if found.faults else ""
    return f"{found.model:<26}{found.term:<22}{found.coverage:9.1%}{errors}{missing}{note}"


def main(names: Sequence[str], repetitions: int = REPETITIONS) -> int:
    """Study the named models, or all; print a table; return 1 when a claim does not hold."""
    worlds = [world for world in WORLDS if not names or world.model in names or world.name in names]
    print(f"{LEVEL:.0%} intervals of {repetitions} simulated populations, and the median error of estimates by size", flush=True)
    print(f"{'model':<26}{'parameter':<22}{'coverage':>9}{'small':>9}{'middle':>9}{'large':>9}", flush=True)
    faults = 0
    # Not forked: polars keeps threads of its own.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 2), mp_context=context) as pool:
        for world in worlds:
            start = time.perf_counter()
            for found in studied(world, repetitions, partial(pool.map, chunksize=5)):
                faults += len(found.faults)
                print(line(found), flush=True)
            sizes = ", ".join(f"{n:,}" for n in world.sizes)
            print(f"  {sizes} customers; {time.perf_counter() - start:.0f} s", flush=True)
    print(f"{faults} faults" if faults else "every interval covers between 85 and 95 %, and every error shrinks", flush=True)
    return 1 if faults else 0

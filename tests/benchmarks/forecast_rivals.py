"""Rivals of relkit's forecasts: lifetimes' BG/NBD and Pareto/NBD, and gradient boosting.

lifetimes gives parameters and expectations. It has no distribution of the purchases ahead of a customer for BG/NBD and a slow one for
Pareto/NBD; the formulas of relkit give both at lifetimes' parameters, after totals expected have been compared.

Gradient boosting is scikit-learn's with Poisson loss: recency, frequency, age and orders of windows of several lengths, learnt at up to
three earlier days from what came in as many days as are asked for. A negative binomial around it has the size that fits forecasts of
thirds of the customers by the other two.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import optimize

from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.nbd import negative_binomial
from relkit.models.lifetime_value.pareto_nbd import ParetoNbd

if TYPE_CHECKING:
    from forecast_shops import Floats, Origin
    from numpy.typing import NDArray

MODELS = {"lifetimes BG/NBD": BgNbd(), "lifetimes Pareto/NBD": ParetoNbd()}
CHECKED_DAYS = 90
LETTERS = ("repeat_purchases", "last_purchase_age_days", "observed_days")
BOOSTING = {"max_iter": 100, "max_leaf_nodes": 15, "min_samples_leaf": 40, "l2_regularization": 1.0, "random_state": 0}
WINDOWS_DAYS = (28, 91, 182, 364)
THIRDS = 3
LEAST_KNOWN = 60
"""Days known at a day at which boosting learns."""


def of_lifetimes(origins: list[Origin], peer: Path) -> dict[str, Any]:
    """Return the parameters of lifetimes at each origin by "<model> <days known>", without those for which it found no optimum.

    Args:
        origins: of a shop.
        peer: interpreter of an environment that has lifetimes.

    Raises:
        AssertionError: purchases expected within `CHECKED_DAYS` differ in total from those of relkit's formulas by more than a thousandth.
    """
    with tempfile.TemporaryDirectory() as folder:
        for origin in origins:
            x, t_x, T, customers = _counted(origin)[1]
            np.savez(Path(folder) / f"customers_{origin.known_days}.npz", x=x, t_x=t_x / 7, T=T / 7, customers=customers)
        script = Path(__file__).with_name("peer_lifetimes.py")
        subprocess.run([str(peer), str(script), folder, str(CHECKED_DAYS)], check=True, capture_output=True)
        found = {}
        for origin in origins:
            with np.load(Path(folder) / f"fitted_{origin.known_days}.npz") as fitted:
                found |= _agreed(origin, dict(fitted))
    return found


def _counted(origin: Origin) -> tuple[pl.DataFrame, list[Floats]]:
    counted = origin.rows.group_by(LETTERS, maintain_order=True).len().with_columns(customer_id=pl.int_range(pl.len()))
    return counted, [counted[name].cast(pl.Float64).to_numpy() for name in (*LETTERS, "len")]


def _agreed(origin: Origin, fitted: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters, once expectations at them agree."""
    rows, (*_, customers) = _counted(origin)
    found = {}
    for name, model in MODELS.items():
        if name in fitted:
            made = model.fit(_plain(origin), as_of=origin.split.calibration.day).moved(np.log(fitted[name]))
            given = np.isfinite(fitted[f"{name} expected"])  # lifetimes overflows for customers with many purchases
            own, theirs = (
                (each * customers)[given].sum() for each in (made.expected_purchases(rows, CHECKED_DAYS), fitted[f"{name} expected"])
            )
            assert not given.any() or abs(own / theirs - 1) < 1e-3, (
                f"{name} of {origin.shop.name} at {origin.known_days}: {own} against {theirs}"
            )
            found[f"{name} {origin.known_days}"] = fitted[name]
    return found


def _plain(origin: Origin) -> pl.DataFrame:
    return origin.rows.select("customer_id", *LETTERS)


def with_parameters(origin: Origin, parameters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the models of lifetimes as fitted models of relkit, and the names of those for which lifetimes found no optimum.

    For the latter relkit's own estimates stand in: wherever both converge, they agree.
    """
    found, stood_in = {}, []
    for name, model in MODELS.items():
        made = model.fit(_plain(origin), as_of=origin.split.calibration.day)
        place = f"{name} {origin.known_days}"
        if place in parameters:
            made = made.moved(np.log(parameters[place]))
        else:
            stood_in.append(name)
        found[name] = made
    return found, stood_in


@dataclass(frozen=True, eq=False)
class Around:
    """A negative binomial around means, which answers like a fitted model about the customers it was made for.

    Attributes:
        means: of the customers by id.
        size: of the negative binomial.
    """

    means: pl.DataFrame
    size: float

    def expected_purchases(self, features: pl.DataFrame, days: float) -> Floats:
        """Return the means, shape (n,)."""
        del days
        return self.means["mean"].to_numpy()[features["place"].to_numpy()]

    def purchases_probability(self, features: pl.DataFrame, purchases: Any, days: float) -> Floats:
        """Return the probability of each number, shape (n,)."""
        mean = self.expected_purchases(features, days)
        return negative_binomial(np.full(len(mean), self.size), self.size, np.asarray(purchases, dtype=float), mean)


def boosting(origin: Origin) -> Around:
    """Return gradient boosting as of an origin."""
    horizon, known = origin.split.days, origin.known_days
    learnt = known - horizon
    window = horizon if learnt >= LEAST_KNOWN else min(horizon, known - known // 2)
    learnt = learnt if learnt >= LEAST_KNOWN else known // 2
    at = [learnt, *(day for day in (learnt - window, learnt - 2 * window) if day >= LEAST_KNOWN)]
    past = [_known(origin, day, window) for day in at]
    customer, X = (np.concatenate([each[i] for each in past]) for i in (0, 1))
    y = np.concatenate([_came(origin, each[0], day, window) for each, day in zip(past, at, strict=True)])
    now = _known(origin, known, horizon)
    means = np.maximum(_grown(X, y).predict(now[1]), 1e-6) * horizon / window
    held, third = np.empty(len(y)), customer * 2_654_435_761 % 2**32 % THIRDS
    for part in range(THIRDS):
        held[third == part] = _grown(X[third != part], y[third != part]).predict(X[third == part])
    held = np.maximum(held, 1e-6)

    def loss(log_size: float) -> float:
        size = float(np.exp(log_size))
        return -float(np.log(np.maximum(negative_binomial(np.full(len(y), size), size, y, held), 1e-300)).mean())

    best = optimize.minimize_scalar(loss, bounds=(-6, 6), method="bounded")
    return Around(pl.DataFrame({"mean": means}), float(np.exp(best.x)))


def _grown(X: Floats, y: Floats) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(loss="poisson", **BOOSTING).fit(X, y)


def _known(origin: Origin, until: int, horizon: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the codes of the customers known, ascending, and their features."""
    days = origin.shop.days.filter(pl.col("day") <= until)
    recent = {f"last_{n}": (pl.col("day") > until - n).sum() for n in (*WINDOWS_DAYS, horizon // 2, horizon, 2 * horizon)}
    found = (
        days.group_by("customer")
        .agg(pl.len().alias("n"), pl.col("day").min().alias("first"), pl.col("day").max().alias("last"), **recent)
        .sort("customer")
        .with_columns(age=until - pl.col("first"), since=until - pl.col("last"), t_x=pl.col("last") - pl.col("first"))
        .with_columns(gap=pl.col("t_x") / (pl.col("n") - 1).clip(1), rate=pl.col("n") / (until + 1) * horizon, old=pl.col("first") < 31)
    )
    return found["customer"].cast(pl.Int64).to_numpy(), found.drop("customer", "first", "last").cast(pl.Float64).to_numpy()


def _came(origin: Origin, customers: NDArray[np.int64], after: int, window: int) -> Floats:
    days = origin.shop.days.filter(pl.col("day").is_between(after + 1, after + window))
    return np.bincount(days["customer"].to_numpy(), minlength=int(customers.max()) + 1)[customers].astype(float)

"""The BG/NBD fit and forecast of 1 million customers: relkit next to lifetimes, same customers, same process.

CPU time of the process, best of three for relkit and one run of lifetimes; nothing is compiled on either side, and both
have run once on a few customers before. lifetimes gets its best form: numpy arrays, no index. Customers follow the
model in days for two years; another number of them is the first argument, or RELKIT_BENCH_CUSTOMERS. pymc-marketing, which wants
another pandas, is measured in a process of its own if it has an environment (RELKIT_BENCH_PYMC names its interpreter).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import best_of_three, measured, report

from relkit.models.lifetime_value.bg_nbd import FORMULAS, BgNbd, FittedBgNbd

N_CUSTOMERS = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("RELKIT_BENCH_CUSTOMERS", "1000000"))
END = date(2024, 12, 31)
AHEAD_DAYS = 90


def simulated_customers(n: int) -> pl.DataFrame:
    """Return n customers with r 0.8, alpha 40 days, a 0.8, b 5; purchases of one day are one, as in any feature table."""
    rng = np.random.default_rng(20241231)
    T = rng.integers(1, 731, n).astype(float)
    rate, leave = rng.gamma(0.8, 1 / 40, n), rng.beta(0.8, 5.0, n)
    x, t_x, clock = np.zeros(n, np.int32), np.zeros(n), np.zeros(n)
    here = np.arange(n)
    while len(here):
        clock[here] += rng.exponential(1 / rate[here])
        here = here[clock[here] <= T[here]]
        day = np.ceil(clock[here])
        x[here] += day > t_x[here]
        t_x[here] = day
        here = here[rng.random(len(here)) > leave[here]]
    return pl.DataFrame({"customer_id": np.arange(n), "repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T})


def relkit_fit(customers: pl.DataFrame) -> FittedBgNbd:
    return BgNbd(period_days=1).fit(customers, as_of=END)


def peer_fit(customers: pl.DataFrame) -> Any:
    from lifetimes import BetaGeoFitter

    columns = ("repeat_purchases", "last_purchase_age_days", "observed_days")
    return BetaGeoFitter().fit(*(customers[name].to_numpy() for name in columns))


def peer_score(fitted: Any, customers: pl.DataFrame) -> tuple[Any, Any]:
    x, t_x, T = (customers[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
    alive = fitted.conditional_probability_alive(x, t_x, T)
    return alive, fitted.conditional_expected_number_of_purchases_up_to_time(AHEAD_DAYS, x, t_x, T)


def pymc_fit(customers: pl.DataFrame) -> dict[str, Any] | None:
    """Return the cost and the result of pymc-marketing's fit; None if its environment is not there (`make bench-pymc` makes it)."""
    python = Path(os.environ.get("RELKIT_BENCH_PYMC", ".venv-pymc/bin/python"))
    if not python.exists():
        return None
    columns = {"customer_id": "customer_id", "repeat_purchases": "frequency", "last_purchase_age_days": "recency", "observed_days": "T"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.npz"
        np.savez(file, **{new: customers[own].to_numpy() for own, new in columns.items()})
        command = [str(python), str(Path(__file__).with_name("peer_pymc.py")), str(file)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare_with_pymc(fitted: FittedBgNbd, ours: tuple[Any, float, float], customers: pl.DataFrame) -> None:
    found = pymc_fit(customers)
    if found is None:
        print("  pymc-marketing is not there: `make bench-pymc` makes an environment for it and runs this again")
        return
    run = found["parameters"], found["seconds"], found["memory"]
    report("fit", {"relkit": ours, f"pymc-marketing {found['version']}, MAP": run})
    far = max(abs(getattr(fitted, term) / found["parameters"][term] - 1) for term in FORMULAS.terms)
    print(f"    parameters: largest relative difference {far:.1e}")


def main() -> None:
    customers = simulated_customers(N_CUSTOMERS)
    relkit_fit(customers.head(500)).score(customers.head(500))
    ours = best_of_three(lambda: relkit_fit(customers))
    fitted = ours[0]
    scores = best_of_three(lambda: fitted.score(customers, horizon_days=AHEAD_DAYS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer_fit(customers.head(500))
        theirs = measured(lambda: peer_fit(customers))
        peer_scores = measured(lambda: peer_score(theirs[0], customers))
    repeats = customers["repeat_purchases"].sum()
    print(f"BG/NBD of {len(customers):,} customers, {repeats:,} repeat purchases; CPU seconds, peak memory over the input")
    report("fit", {"relkit": ours, "lifetimes 0.11.3": theirs})
    report(f"P(alive), purchases and (relkit) P(an order) in {AHEAD_DAYS} days", {"relkit": scores, "lifetimes 0.11.3": peer_scores})
    for term in FORMULAS.terms:
        own, other = getattr(fitted, term), float(theirs[0].params_[term])
        print(f"    {term:<6} {own:12.6f} {other:12.6f}   relative difference {abs(own / other - 1):.1e}")
        # Five digits; lifetimes stops at a gradient of 1e-7 per customer, so that its sixth is not settled.
        assert abs(own / other - 1) < 5e-6, term
    for column, other in zip(("p_alive", f"expected_orders_{AHEAD_DAYS}d"), peer_scores[0], strict=True):
        known = scores[0][column].is_not_null().to_numpy()  # relkit leaves P(alive) blank where it is 1 by construction
        print(f"    {column}: largest difference {np.abs(scores[0][column].to_numpy() - np.asarray(other))[known].max():.1e}")
    compare_with_pymc(fitted, ours, customers)


if __name__ == "__main__":
    main()

"""The Pareto/NBD fit of 200,000 customers: relkit next to lifetimes, same customers, same process.

CPU time of the process, best of three for relkit and one run of lifetimes; both have run once on a few customers before.
lifetimes gets its best form: numpy arrays, no index, its own starting point (from a fixed seed). Both sets of parameters are
judged by one log-likelihood, relkit's, whose values are those published. Another number of customers is the first argument.
"""

from __future__ import annotations

import sys
import warnings
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from measuring import best_of_three, measured, report

from relkit.models.lifetime_value.pareto_nbd import FORMULAS, FittedParetoNbd, ParetoNbd, log_likelihood

N_CUSTOMERS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
LETTERS = ("repeat_purchases", "last_purchase_age_days", "observed_days")


def simulated_customers(n: int) -> pl.DataFrame:
    """Return n customers with r 0.8, alpha 40, s 1, beta 200 days, followed for up to two years in whole days."""
    rng = np.random.default_rng(20241231)
    T = rng.integers(1, 731, n).astype(float)
    alive = np.minimum(T, rng.exponential(1 / rng.gamma(1.0, 1 / 200, n)))
    x = rng.poisson(rng.gamma(0.8, 1 / 40, n) * alive)
    t_x = np.where(x > 0, np.ceil(alive * rng.random(n) ** (1 / np.maximum(x, 1))), 0.0)
    return pl.DataFrame({"customer_id": np.arange(n), "repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T})


def relkit_fit(customers: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd(period_days=1).fit(customers, as_of=date(2024, 12, 31))


def peer_fit(customers: pl.DataFrame) -> Any:
    from lifetimes import ParetoNBDFitter

    np.random.seed(1)  # noqa: NPY002  # where lifetimes takes its starting point from
    return ParetoNBDFitter().fit(*(customers[name].to_numpy() for name in LETTERS))


def main() -> None:
    customers = simulated_customers(N_CUSTOMERS)
    relkit_fit(customers.head(500))
    ours = best_of_three(lambda: relkit_fit(customers))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer_fit(customers.head(500))
        theirs = measured(lambda: peer_fit(customers))
    print(f"Pareto/NBD of {len(customers):,} customers, {customers['repeat_purchases'].sum():,} repeat purchases; CPU seconds, peak memory")
    report("fit", {"relkit": ours, "lifetimes 0.11.3": theirs})
    others = [float(theirs[0].params_[term]) for term in FORMULAS.terms]
    data = [customers[name].cast(pl.Float64).to_numpy() for name in LETTERS]
    own, other = (float(log_likelihood(*parameters, *data).sum()) for parameters in (ours[0].parameters, others))
    for term, mine, its in zip(FORMULAS.terms, ours[0].parameters, others, strict=True):
        print(f"    {term:<6} {mine:12.6f} {its:12.6f}   relative difference {abs(mine / its - 1):.1e}")
    print(f"    log-likelihood: relkit's is {own - other:+.2e} above, of {own:,.2f}")
    assert own >= other - 1e-9 * abs(own), "lifetimes found a better optimum"


if __name__ == "__main__":
    main()

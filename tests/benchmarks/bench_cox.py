"""Cox regression (Efron) of 200,000 spells with 20 covariates: relkit beside lifelines, same rows, same process.

CPU time of the process with one BLAS thread, best of three for relkit and one run of lifelines. Both read a frame in
memory of their own kind (polars, pandas). relkit's fit includes Harrell's C and the baseline hazard; lifelines' includes
its baseline hazard, and computes C only when it is asked for, which is timed beside it.
"""

from __future__ import annotations

import sys
import warnings
from datetime import date

import numpy as np
import polars as pl
from measuring import best_of_three, measured

from relkit.models.survival.cox import Cox

N_ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
N_COVARIATES = 20


def simulated_spells(n: int) -> pl.DataFrame:
    """Return spells in whole days from 1 to 730 (so ties), about 7 in 10 ended."""
    rng = np.random.default_rng(20240101)
    X = rng.normal(size=(n, N_COVARIATES))
    lifetime = np.ceil(rng.exponential(180 / np.exp(X @ rng.normal(0, 0.2, N_COVARIATES))))
    watched = rng.integers(1, 731, n)
    duration = np.minimum(lifetime, watched)
    columns = {f"x{j}": X[:, j] for j in range(N_COVARIATES)}
    return pl.DataFrame({"duration_days": duration.astype(float), "event": lifetime <= watched, **columns})


def main() -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        compare()


def compare() -> None:
    spells = simulated_spells(N_ROWS)
    model = Cox(covariates=tuple(f"x{j}" for j in range(N_COVARIATES)))
    ours, seconds, _ = best_of_three(lambda: model.fit(spells, as_of=date(2024, 12, 31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import CoxPHFitter

        frame = spells.to_pandas()
        theirs, slow, _ = measured(lambda: CoxPHFitter().fit(frame, "duration_days", "event"))
        index, ranking, _ = measured(lambda: theirs.concordance_index_)
    np.testing.assert_allclose(ours.coefficients, theirs.params_, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), theirs.standard_errors_, rtol=1e-5)
    assert abs(ours.concordance - index) < 1e-7
    print(f"Cox (Efron), {N_ROWS:,} spells x {N_COVARIATES} covariates, {spells['event'].mean():.0%} ended; CPU seconds")
    print(f"  {'relkit, with C':<28} {seconds:8.3f} s")
    print(f"  {'lifelines 0.30, fit':<28} {slow:8.3f} s   {slow / seconds:6.1f}x")
    print(f"  {'lifelines 0.30, fit and C':<28} {slow + ranking:8.3f} s   {(slow + ranking) / seconds:6.1f}x")
    print("  coefficients and standard errors agree to 1e-5, C to 1e-7")


if __name__ == "__main__":
    main()

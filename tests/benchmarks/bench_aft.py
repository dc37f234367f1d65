"""Weibull regression of 50,000 spells with 20 covariates: relkit next to lifelines, same rows, same process.

CPU time of the process with one BLAS thread, best of three for relkit and one run of lifelines. Both read a frame in
memory of their own kind (polars, pandas), and both give standard errors. lifelines stops at a looser tolerance, so that our
log-likelihood may lie above its own, by less than a thousandth.
"""

from __future__ import annotations

import sys
import warnings
from datetime import date

import numpy as np
from bench_cox import N_COVARIATES, simulated_spells
from measuring import best_of_three, measured

from relkit.models.survival.weibull_aft import WeibullAft

N_ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000


def main() -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        compare()


def compare() -> None:
    spells = simulated_spells(N_ROWS)
    model = WeibullAft(covariates=tuple(f"x{j}" for j in range(N_COVARIATES)))
    ours, seconds, _ = best_of_three(lambda: model.fit(spells, as_of=date(2024, 12, 31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import WeibullAFTFitter

        frame = spells.to_pandas()
        theirs, slow, _ = measured(lambda: WeibullAFTFitter().fit(frame, "duration_days", "event"))
    gap = ours.info.log_likelihood - theirs.log_likelihood_
    assert -1e-6 < gap < 1e-3, gap
    errors = theirs.standard_errors_["lambda_"][list(model.covariates)]
    np.testing.assert_allclose(ours.summary()["std_error"][:N_COVARIATES], errors, rtol=1e-3)
    print(f"Weibull regression, {N_ROWS:,} spells x {N_COVARIATES} covariates, {spells['event'].mean():.0%} ended; CPU seconds")
    print(f"  {'relkit':<28} {seconds:8.3f} s")
    print(f"  {'lifelines 0.30':<28} {slow:8.3f} s   {slow / seconds:6.1f}x")
    print(f"  log-likelihood {ours.info.log_likelihood:.6f}, {gap:+.1e} beside theirs")


if __name__ == "__main__":
    main()

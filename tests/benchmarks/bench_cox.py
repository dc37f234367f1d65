"""Cox regression of 200,000 spells with 20 covariates: relkit next to lifelines and scikit-survival, same rows, same process.

scikit-survival (an extra, bench) gives no standard errors; it is timed with each treatment of ties, without C. A
million spells then show the memory that a fit takes beyond the data, and what robust errors and strata cost.

CPU time of the process with one BLAS thread, best of three for relkit and one run of lifelines. Both read a frame in
memory of their own kind (polars, pandas). relkit's fit includes Harrell's C and the baseline hazard; lifelines' includes
its baseline hazard, and computes C only when it is asked for, which is timed separately.
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
MANY_ROWS = 5 * N_ROWS
NAMES = tuple(f"x{j}" for j in range(N_COVARIATES))


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
        beside_scikit_survival()
        a_million()


def compare() -> None:
    spells = simulated_spells(N_ROWS)
    model = Cox(covariates=NAMES)
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


def beside_scikit_survival() -> None:
    try:
        from sksurv.linear_model import CoxPHSurvivalAnalysis
        from sksurv.util import Surv
    except ImportError:
        print("  scikit-survival is not installed (extra bench): not compared")
        return
    spells = simulated_spells(N_ROWS)
    X, y = spells.select(NAMES).to_numpy(), Surv.from_arrays(spells["event"].to_numpy(), spells["duration_days"].to_numpy())
    for ties in ("efron", "breslow"):
        model = Cox(covariates=NAMES, ties=ties)
        ours, seconds, _ = best_of_three(lambda model=model: model.fit(spells, as_of=date(2024, 12, 31)))
        theirs, slow, _ = measured(lambda ties=ties: CoxPHSurvivalAnalysis(ties=ties).fit(X, y))
        np.testing.assert_allclose(ours.coefficients, theirs.coef_, rtol=1e-4, atol=1e-6)
        print(f"  {f'relkit, {ties}, with C':<28} {seconds:8.3f} s")
        print(f"  {'scikit-survival 0.28, fit':<28} {slow:8.3f} s   {slow / seconds:6.1f}x")


def a_million() -> None:
    spells = simulated_spells(MANY_ROWS).with_columns(group=pl.int_range(pl.len()) % 10)
    held = spells.estimated_size("mb")
    print(f"Cox (Efron), {MANY_ROWS:,} spells x {N_COVARIATES} covariates ({held:.0f} MB); CPU seconds, peak memory beyond the data")
    for label, settings in {"plain": {}, "robust errors": {"robust": True}, "ten strata": {"strata": ("group",)}}.items():
        model = Cox(covariates=NAMES, **settings)
        _, seconds, memory = measured(lambda model=model: model.fit(spells, as_of=date(2024, 12, 31)))
        print(f"  {label:<28} {seconds:8.3f} s {memory:8.0f} MB")
        assert memory < 1000


if __name__ == "__main__":
    main()

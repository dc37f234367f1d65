"""Effects on five measures with two covariates, 10 million units: relkit next to plain SciPy and, if it is installed, tea-tasting.

    python tests/benchmarks/bench_experiments.py [units]

CPU seconds of the process. Ours scans the rows once for sums and cross products, from which the five effects follow, plain and adjusted by
both covariates. SciPy runs Welch's test on each measure without covariates, from arrays already split by arm. tea-tasting 1.14 adjusts each
measure by one covariate. All read the same columns in memory; the plain effects of all are compared.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from measuring import measured, report
from scipy import stats

from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference

if TYPE_CHECKING:
    from relkit.measurement.effect import Effect

N_UNITS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
MEASURES = tuple(f"measure_{place}" for place in range(5))
COVARIATES = ("before", "visits")


def simulated(n: int) -> pl.DataFrame:
    """Return units of two arms of equal size, with measures that follow two covariates."""
    rng = np.random.default_rng(20240101)
    before, visits = rng.gamma(2.0, 20.0, n), rng.poisson(3.0, n).astype(float)
    treated = rng.random(n) < 0.5
    measures = {name: 0.5 * before + visits + 0.05 * treated + rng.normal(0, 10 + place, n) for place, name in enumerate(MEASURES)}
    return pl.DataFrame({"arm": np.where(treated, "treated", "control"), "before": before, "visits": visits, **measures})


def ours(units: pl.DataFrame, covariates: tuple[str, ...] = COVARIATES) -> tuple[list[Effect], list[Effect]]:
    """Return the effects, plain and adjusted."""
    sums = ArmSums.of(units, MEASURES, covariates=covariates)
    plain = [difference(sums, name) for name in MEASURES]
    return plain, [difference(sums, name, covariates=covariates) for name in MEASURES]


def scipy_tests(units: pl.DataFrame) -> list[Any]:
    treated, control = (units.filter(arm=arm) for arm in ("treated", "control"))
    return [stats.ttest_ind(treated[name].to_numpy(), control[name].to_numpy(), equal_var=False) for name in MEASURES]


def tea_tasting_effects(units: pl.DataFrame) -> Any:
    import tea_tasting

    metrics = {name: tea_tasting.Mean(name, COVARIATES[0]) for name in MEASURES}
    return tea_tasting.Experiment(metrics, variant="arm").analyze(units, control="control")


def main() -> None:
    units = simulated(N_UNITS)
    ours(units[:1000])  # the engine is loaded
    runs = {
        "relkit, plain and with 2 covariates": measured(lambda: ours(units)),
        "relkit, plain and with 1 covariate": measured(lambda: ours(units, COVARIATES[:1])),
        "SciPy, plain only": measured(lambda: scipy_tests(units)),
    }
    try:
        import tea_tasting  # noqa: F401
    except ImportError:
        print("  tea-tasting is not installed here and left out")
    else:
        runs["tea-tasting, with 1 covariate"] = measured(lambda: tea_tasting_effects(units))
    plain, adjusted = runs["relkit, plain and with 2 covariates"][0]
    for effect, peer in zip(plain, runs["SciPy, plain only"][0], strict=True):
        np.testing.assert_allclose([effect.p_value, effect.df], [peer.pvalue, peer.df], rtol=1e-6)
    report(f"{N_UNITS:,} units, 5 measures, 2 covariates; the plain tests agree to 1e-6", runs)
    saved = np.mean([1 - (one.se / other.se) ** 2 for one, other in zip(adjusted, plain, strict=True) if one.se and other.se])
    print(f"  variance saved by the covariates: {saved:.0%} on average")


if __name__ == "__main__":
    main()

"""Harrell's C of 50,000 spells: relkit next to lifelines and scikit-survival, same arrays, same process.

CPU time of the process with one thread, best of five for relkit and for lifelines and one run of scikit-survival; all count the same
pairs. A million spells are timed for relkit alone. Before, all metrics are compared with scikit-survival's on the five data sets it
ships: they agree to 1e-10.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import measured

from relkit.metrics.brier import brier_scores, integrated_brier_score
from relkit.metrics.censoring import InView
from relkit.metrics.concordance import concordance, uno_concordance
from relkit.metrics.time_dependent_auc import time_dependent_auc

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.metrics.risk_sets import Flags, Floats

N_SPELLS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000


def main() -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        agree()
        compare()
        alone()


def agree() -> None:
    """Compare every metric with scikit-survival's."""
    from sksurv import datasets, metrics

    shipped = {
        "flchain": (datasets.load_flchain, "age"),
        "gbsg2": (datasets.load_gbsg2, "pnodes"),
        "whas500": (datasets.load_whas500, "age"),
        "veterans": (datasets.load_veterans_lung_cancer, "Months_from_Diagnosis"),
        "aids": (datasets.load_aids, "priorzdv"),
    }
    for name, (load, column) in shipped.items():
        covariates, outcome = load()
        ended, age = outcome.dtype.names
        kept = outcome[age] > 0
        spells = outcome[kept]
        duration, event = spells[age].astype(float), spells[ended]
        risk = covariates[column].to_numpy(float)[kept]
        days = np.unique(np.quantile(duration[event], np.linspace(0.1, 0.8, 8)))
        survival = np.exp(-np.exp((risk - risk.mean()) / risk.std())[:, None] * days / duration.mean())
        in_view, tau = InView.of(duration, event, ties="after"), float(days[-1])
        known = duration, event
        auc = time_dependent_auc(*known, risk, days, in_view=in_view)
        ours = [
            concordance(*known, risk).index,
            uno_concordance(*known, risk, tau=tau, in_view=in_view).index,
            *auc.auc,
            auc.mean,
            *brier_scores(*known, survival, days, in_view=in_view),
            integrated_brier_score(*known, survival, days, in_view=in_view),
        ]
        # scikit-survival refuses the AUC if nobody is in view at the last end, whatever the horizon.
        refused = bool((in_view.staying[-1] == 0) & event[duration == duration.max()].any())
        their_auc = (auc.auc, auc.mean) if refused else metrics.cumulative_dynamic_auc(spells, spells, risk, days)
        theirs = [
            metrics.concordance_index_censored(event, duration, risk)[0],
            metrics.concordance_index_ipcw(spells, spells, risk, tau=tau)[0],
            *their_auc[0],
            their_auc[1],
            *metrics.brier_score(spells, spells, survival, days)[1],
            metrics.integrated_brier_score(spells, spells, survival, days),
        ]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
        beside = ", AUC refused by it" if refused else ""
        print(f"  {name:<10} {len(spells):6,} spells: {len(ours)} values agree with scikit-survival to 1e-10{beside}")


def simulated(n: int) -> tuple[Floats, Flags, Floats]:
    """Return spells in whole days up to two years, and a risk that is informative about them."""
    rng = np.random.default_rng(20240101)
    risk = rng.normal(size=n).round(6)  # to scikit-survival risks that differ by less than 1e-8 are tied
    lived, watched = np.ceil(rng.exponential(180 * np.exp(-risk / 2))), rng.integers(1, 731, n)
    return np.minimum(lived, watched), lived <= watched, risk


def best(work: Callable[[], Any], runs: int) -> tuple[Any, float]:
    found = [measured(work)[:2] for _ in range(runs)]
    return found[0][0], min(seconds for _, seconds in found)


def compare() -> None:
    from lifelines.utils import concordance_index
    from sksurv.metrics import concordance_index_censored

    duration, event, risk = simulated(N_SPELLS)
    ours, seconds = best(lambda: concordance(duration, event, risk), 5)
    index, slow = best(lambda: concordance_index(duration, -risk, event), 5)
    theirs, slower = best(lambda: concordance_index_censored(event, duration, risk), 1)
    assert (ours.concordant, ours.discordant, ours.tied) == theirs[1:4]
    assert abs(ours.index - index) < 1e-12
    print(f"Harrell's C, {N_SPELLS:,} spells, {event.mean():.0%} ended; CPU seconds")
    print(f"  {'relkit':<24} {seconds:8.4f} s")
    for name, taken in (("lifelines 0.30", slow), ("scikit-survival 0.28", slower)):
        print(f"  {name:<24} {taken:8.4f} s   {taken / seconds:6.0f}x")


def alone() -> None:
    """Time a million spells, whose ages are whole days or as fine as can be."""
    duration, event, risk = simulated(1_000_000)
    fine = duration - np.random.default_rng(1).random(len(duration))
    for name, ages in (("in whole days", duration), ("all different", fine)):
        found = [measured(lambda ages=ages: concordance(ages, event, risk))[1:] for _ in range(3)]
        print(
            f"  relkit, 1,000,000 spells, ages {name}: {min(f[0] for f in found):.2f} s, {max(f[1] for f in found):.0f} MB beyond the data"
        )


if __name__ == "__main__":
    main()

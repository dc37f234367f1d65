"""Who leaves IBM's (fictional) telephone company, and when: our survival models beside lifelines' and scikit-survival's.

The customers are read by their mapping, as customer_snapshots (pipelines/mappings/telco_churn.yaml: TotalCharges, which tells the
tenure, is left out). There are no dates, so seven in ten are drawn by a fixed seed to learn from and the others are judged. Who has
not been there for a month has not been at risk: 11 customers. Every model reads the same columns, categories as 0 and 1.

C is Harrell's, of the risk that a model itself ranks by (ours: the months expected within the horizon, with a minus). The
Brier score is averaged over the months 1 to 66, with censoring estimated on the rows learnt from. 95 % intervals, and those of
the difference from the best peer, are over 500 resamples of the customers judged, the same for all. CPU seconds include the forecast.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.brier import integrated_brier_score
from relkit.metrics.censoring import InView, in_view_weights
from relkit.metrics.concordance import concordance
from relkit.models import catalogue
from relkit.tables.mapping import read_source_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.metrics.risk_sets import Floats

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
AS_OF = date(2020, 1, 1)
DAYS_A_MONTH = 365.25 / 12
MONTHS = np.arange(1.0, 67.0)
SEED, REPLICATES = 20250630, 500
OURS = (
    "survival.kaplan_meier",
    "survival.cox",
    "survival.weibull_aft",
    "survival.log_normal_aft",
    "survival.log_logistic_aft",
    "survival.piecewise_exponential",
    "survival.mixture_cure",
    "survival.discrete_hazard",
    "survival.boosted_hazard",
)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a model says of the customers judged.

    Attributes:
        risk: shape (n,).
        survival: shape (n, m), by month.
        seconds: of CPU.
    """

    risk: Floats
    survival: Floats
    seconds: float


def customers() -> pl.DataFrame:
    """Return customer_id, duration_days, event and the covariates as numbers."""
    rows = read_source_tables(DATA, ROOT / "pipelines" / "mappings" / "telco_churn.yaml").frames["customer_snapshots"].collect()
    rows = rows.sort("customer_id").filter(pl.col("tenure_months") > 0)
    facts = [name for name in rows.columns if name not in {"customer_id", "as_of", "recorded_at", "tenure_months", "churned", "_bad"}]
    known = rows.select(facts)
    texts = [name for name, kind in known.schema.items() if kind == pl.String]
    numbers = known.to_dummies(texts, drop_first=True).cast(pl.Float64)
    return pl.DataFrame(
        {"customer_id": rows["customer_id"], "duration_days": rows["tenure_months"] * DAYS_A_MONTH, "event": rows["churned"]}
    ).hstack(numbers)


def timed(work: Callable[[], tuple[Any, Any]]) -> Forecast:
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        risk, survival = work()
    return Forecast(np.asarray(risk, dtype=float), np.asarray(survival, dtype=float), time.process_time() - start)


def ours(name: str, learnt: pl.DataFrame, judged: pl.DataFrame) -> tuple[Any, Any]:
    covariates = tuple(learnt.columns[3:])
    settings: dict[str, Any] = {} if name == "survival.kaplan_meier" else {"covariates": covariates}
    model: Any = catalogue.make(name, settings)
    fitted = model.fit(learnt, as_of=AS_OF)
    fresh = judged.with_columns(duration_days=pl.lit(0.0), event=pl.lit(value=False))
    survival = fitted.survival_ahead(fresh, MONTHS * DAYS_A_MONTH)
    return -survival.sum(axis=1), survival


def lifelines_cox(learnt: pl.DataFrame, judged: pl.DataFrame) -> tuple[Any, Any]:
    from lifelines import CoxPHFitter

    fitted = CoxPHFitter().fit(learnt.drop("customer_id").to_pandas(), "duration_days", "event")
    rows = judged.drop("customer_id", "duration_days", "event").to_pandas()
    return fitted.predict_partial_hazard(rows), fitted.predict_survival_function(rows, times=MONTHS * DAYS_A_MONTH).to_numpy().T


def scikit_survival(model: Any, learnt: pl.DataFrame, judged: pl.DataFrame) -> tuple[Any, Any]:
    from sksurv.util import Surv

    X, rows = (frame.drop("customer_id", "duration_days", "event").to_numpy() for frame in (learnt, judged))
    y = Surv.from_arrays(learnt["event"].to_numpy(), learnt["duration_days"].to_numpy())
    fitted = model.fit(X, y)
    curves = fitted.predict_survival_function(rows)
    return fitted.predict(rows), np.array([curve(MONTHS * DAYS_A_MONTH) for curve in curves])


def peers() -> dict[str, Callable[[pl.DataFrame, pl.DataFrame], tuple[Any, Any]]]:
    from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest

    forest = RandomSurvivalForest(n_estimators=200, min_samples_leaf=15, random_state=SEED)
    boosting = GradientBoostingSurvivalAnalysis(n_estimators=200, learning_rate=0.1, max_depth=3, random_state=SEED)
    return {
        "lifelines Cox": lifelines_cox,
        "scikit-survival forest": lambda learnt, judged: scikit_survival(forest, learnt, judged),
        "scikit-survival boosting": lambda learnt, judged: scikit_survival(boosting, learnt, judged),
    }


def measured(forecasts: dict[str, Forecast], learnt: pl.DataFrame, judged: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return C and the integrated Brier score, shape (k, 2), and the same on resamples, shape (replicates, k, 2)."""
    duration, event = judged["duration_days"].to_numpy(), judged["event"].to_numpy()
    in_view = InView.of(learnt["duration_days"].to_numpy(), learnt["event"].to_numpy())
    days = MONTHS * DAYS_A_MONTH
    weights = np.column_stack([in_view_weights(duration, event, day, in_view) for day in days])
    gone = event[:, None] & (duration[:, None] <= days)
    losses = [np.trapezoid(weights * (gone - 1 + f.survival) ** 2, days, axis=1) / (days[-1] - days[0]) for f in forecasts.values()]
    rng, risks = np.random.default_rng(SEED), [f.risk for f in forecasts.values()]

    def both(rows: Any) -> list[list[float]]:
        pairs = zip(risks, losses, strict=True)
        return [[concordance(duration[rows], event[rows], r[rows]).index, loss[rows].mean()] for r, loss in pairs]

    values = np.array(both(slice(None)))
    for value, forecast in zip(values, forecasts.values(), strict=True):
        np.testing.assert_allclose(value[1], integrated_brier_score(duration, event, forecast.survival, days, in_view=in_view), rtol=1e-10)
    return values, np.array([both(rng.integers(0, len(duration), len(duration))) for _ in range(REPLICATES)])


def table(names: list[str], seconds: list[float], values: Floats, draws: Floats, own: int) -> None:
    """Print every model, and its difference from the best peer by each measure."""
    best = [own + int(np.argmax(values[own:, 0])), own + int(np.argmin(values[own:, 1]))]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    print(f"  {'':<26} {'C (1 = perfect)':<26} {'integrated Brier (0 = perfect)':<34} {'CPU':>7}")
    for k, name in enumerate(names):
        said = [f"{values[k, p]:.4f} ({low[k, p]:.4f} to {high[k, p]:.4f})" for p in (0, 1)]
        print(f"  {name:<26} {said[0]:<26} {said[1]:<34} {seconds[k]:6.2f} s")
    for p, (measure, sign) in enumerate((("C", 1), ("integrated Brier score", -1))):
        first = max(range(own), key=lambda k: sign * values[k, p])
        apart = draws[:, first, p] - draws[:, best[p], p]
        bounds = np.quantile(apart, [0.025, 0.975])
        level = bounds[0] <= 0 <= bounds[1]
        better = sign * (values[first, p] - values[best[p], p]) > 0
        verdict = "level with it" if level else "better than it" if better else "WORSE THAN IT"
        gap = f"{values[first, p] - values[best[p], p]:+.4f} ({bounds[0]:+.4f} to {bounds[1]:+.4f})"
        print(f"  {measure}: our best is {names[first]}, theirs {names[best[p]]}; difference {gap}: {verdict}")


def main() -> None:
    if not DATA.is_dir():
        print(f"  left out: the public data sets are not at {DATA}")
        return
    everybody = customers()
    is_learnt = np.random.default_rng(SEED).random(len(everybody)) < 0.7
    learnt, judged = everybody.filter(is_learnt), everybody.filter(~is_learnt)
    works = {name: (lambda name=name: ours(name, learnt, judged)) for name in OURS if name in catalogue.NAMES}
    own = len(works)
    works |= {name: (lambda fit=fit: fit(learnt, judged)) for name, fit in peers().items()}
    forecasts = {name.removeprefix("survival."): timed(work) for name, work in works.items()}
    values, draws = measured(forecasts, learnt, judged)
    columns = len(everybody.columns) - 3
    print(f"Telco churn: {len(learnt):,} customers learnt from, {len(judged):,} judged, {columns} columns, {REPLICATES} resamples")
    table(list(forecasts), [f.seconds for f in forecasts.values()], values, draws, own)


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        main()

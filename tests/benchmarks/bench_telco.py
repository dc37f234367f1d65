"""Churn of IBM's (fictional) telephone company: our survival models next to lifelines' and scikit-survival's.

The customers are read by their mapping, as customer_snapshots (pipelines/mappings/telco_churn.yaml: TotalCharges, which reveals
the tenure, is left out). There are no dates, so seven in ten are drawn by a fixed seed to learn from and the others are judged. Customers
of less than a month have not been at risk: 11 of them. Every model reads the same columns, categories as 0 and 1.

C is Harrell's, of the risk that a model itself ranks by (ours: the months expected within the horizon, with a minus). The
Brier score is averaged over the months 1 to 66, with censoring estimated on the rows learnt from. 95 % intervals, and those of
the difference from the best peer, are over 500 resamples of the customers judged, the same for all. CPU seconds include the forecast.

The table is printed, and written whole or not at all to out/benchmarks/telco_churn.json, which `relkit report study_telco_churn`
shows. docs/telco_churn.json is the copy that is published: no row of the data is in it.
"""

from __future__ import annotations

import json
import platform
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import relkit
from relkit.metrics.brier import integrated_brier_score
from relkit.metrics.censoring import InView, in_view_weights
from relkit.metrics.concordance import concordance
from relkit.models import catalogue
from relkit.reports.peer_study import FORMAT, OWN_RUN
from relkit.tables.mapping import read_source_tables
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.metrics.risk_sets import Floats

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
AS_OF = date(2020, 1, 1)
DAYS_A_MONTH = 365.25 / 12
MONTHS = np.arange(1.0, 67.0)
SEED, REPLICATES, LEVEL = 20250630, 500, 0.95
MEASURES = (("concordance", 1), ("integrated_brier_score", -1))
"""With the direction that is better."""
PROGRAMS = ("numpy", "scipy", "polars", "scikit-learn", "lifelines", "scikit-survival")
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
    """Forecast of a model for the customers judged.

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
    other = {"customer_id", "as_of", "recorded_at", "tenure_months", "churned"}
    facts = [name for name in rows.columns if name not in other and not name.startswith("_")]  # _row is where the file had them
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


def table(names: list[str], seconds: list[float], values: Floats, draws: Floats, own: int) -> dict[str, Any]:
    """Return every model with its difference from the best peer, and whether our best is level with it, by each measure.

    Args:
        names: ours first.
        seconds: of CPU.
        values: shape (k, 2), by model and measure.
        draws: shape (replicates, k, 2), the same on resamples.
        own: how many are ours.
    """
    models: list[dict[str, Any]] = [
        {"name": name, "maker": "relkit" if k < own else "peer", "cpu_seconds": round(seconds[k], 3)} for k, name in enumerate(names)
    ]
    verdicts = {}
    for p, (measure, sign) in enumerate(MEASURES):
        first, best = int(np.argmax(sign * values[:own, p])), own + int(np.argmax(sign * values[own:, p]))
        for k, model in enumerate(models):
            model[measure] = interval(values[k, p], draws[:, k, p])
            model[f"{measure}_above_best_peer"] = interval(values[k, p] - values[best, p], draws[:, k, p] - draws[:, best, p])
        verdicts[measure] = {"ours": names[first], "theirs": names[best], "verdict": verdict(models[first], measure, sign)}
    return {"models": models, "verdicts": verdicts}


def interval(value: float, draws: Floats) -> dict[str, float]:
    lower, upper = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"estimate": round(float(value), 6), "lower": round(float(lower), 6), "upper": round(float(upper), 6)}


def verdict(model: dict[str, Any], measure: str, sign: int) -> str:
    """Return better, level or worse: where the interval of the difference from the best peer lies."""
    gap = model[f"{measure}_above_best_peer"]
    if gap["lower"] <= 0 <= gap["upper"]:
        return "level"
    return "better" if sign * gap["estimate"] > 0 else "worse"


def printed(found: dict[str, Any]) -> None:
    data = found["data"]
    print(
        f"Telco churn: {data['customers_learnt']:,} customers learnt from, {data['customers_judged']:,} judged, "
        f"{data['columns']} columns, {data['resamples']} resamples"
    )
    print(f"  {'':<26} {'C (1 = perfect)':<26} {'integrated Brier (0 = perfect)':<34} {'CPU':>7}")
    for model in found["models"]:
        measures = ["{estimate:.4f} ({lower:.4f} to {upper:.4f})".format(**model[measure]) for measure, _ in MEASURES]
        print(f"  {model['name'].removeprefix('survival.'):<26} {measures[0]:<26} {measures[1]:<34} {model['cpu_seconds']:6.2f} s")
    for measure, one in found["verdicts"].items():
        gap = next(model for model in found["models"] if model["name"] == one["ours"])[f"{measure}_above_best_peer"]
        stated = "{estimate:+.4f} ({lower:+.4f} to {upper:+.4f})".format(**gap)
        print(f"  {measure}: our best is {one['ours']}, theirs {one['theirs']}; difference {stated}: {one['verdict']}")


def written(found: dict[str, Any], path: Path) -> None:
    """Write the table whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)


def circumstances(learnt: pl.DataFrame, judged: pl.DataFrame) -> dict[str, Any]:
    """Return the data, the date and the versions behind the table."""
    programs = {"python": platform.python_version(), "relkit": relkit.__version__, **{name: version(name) for name in PROGRAMS}}
    data = {
        "customers_learnt": len(learnt),
        "customers_judged": len(judged),
        "columns": len(learnt.columns) - 3,
        "months": [int(MONTHS[0]), int(MONTHS[-1])],
        "resamples": REPLICATES,
        "level": LEVEL,
        "seed": SEED,
    }
    return {"format": FORMAT, "measured_on": datetime.now(tz=UTC).date().isoformat(), "programs": programs, "data": data}


def main() -> None:
    if not DATA.is_dir():
        print(f"  left out: the public data sets are not at {DATA}")
        return
    everybody = customers()
    is_learnt = np.random.default_rng(SEED).random(len(everybody)) < 0.7
    learnt, judged = everybody.filter(is_learnt), everybody.filter(~is_learnt)
    works = {name: (lambda name=name: ours(name, learnt, judged)) for name in OURS if name in catalogue.names()}
    own = len(works)
    works |= {name: (lambda fit=fit: fit(learnt, judged)) for name, fit in peers().items()}
    forecasts = {name: timed(work) for name, work in works.items()}
    values, draws = measured(forecasts, learnt, judged)
    found = circumstances(learnt, judged) | table(list(forecasts), [f.seconds for f in forecasts.values()], values, draws, own)
    printed(found)
    path = workplace() / OWN_RUN
    written(found, path)
    print(f"  written to {path}; `relkit report study_telco_churn` shows it")


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        main()

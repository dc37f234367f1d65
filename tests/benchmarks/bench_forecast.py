"""Forecasts of orders at past days of six shops: relkit next to "the same again", lifetimes and gradient boosting.

Each shop is asked for 28, 90 and 180 days at four to six days of its past (`forecast_shops`), with what was known then:

- relkit auto: the model that `fit lifetime_value.auto` takes at that day for that horizon. To save time it chooses among four candidates,
  judged on 5,000 customers at up to two earlier origins, and the pooled forecast learns at that horizon alone;
- same again: the orders of the last days, with a negative binomial around them fitted on the days before;
- lifetimes 0.11.3: BG/NBD and Pareto/NBD; gradient boosting: scikit-learn's (`forecast_rivals`).

Measures are those of `relkit.metrics.forecasts`, averaged over the origins; distributions are those of 10,000 customers drawn from all if
there are more. Differences from auto are paired, 95 %, 400 resamples of the customers with all their origins. Origins overlap in part;
the table has the number of those that do not. Then: bounds of totals. The value of an order is judged by `bench_spend`.

Forecasts are kept in out/benchmarks/forecast_runs, so that a run that was stopped goes on; figures without customers go to
out/benchmarks/forecasts.json, of which docs/forecasts.json is the published copy, and the tables of docs/forecasts_on_real_shops.md
to out/benchmarks/forecasts.md. RELKIT_BENCH_LIFETIMES names the interpreter that has lifetimes, by default this one.

    python bench_forecast.py [orders|tables ...]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from forecast_rivals import boosting, of_lifetimes, with_parameters
from forecast_shops import HORIZONS, SHOPS, Origin, Shop, origins_of
from forecast_tables import write_tables
from numpy.typing import NDArray

from relkit.models import catalogue
from relkit.models.lifetime_value.judging import forecast_of
from relkit.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("RELKIT_BENCH_DATA", ROOT.parent / "shared" / "data"))
MAPPINGS = ROOT / "pipelines" / "mappings"
PEER = Path(os.environ.get("RELKIT_BENCH_LIFETIMES", sys.executable))
CANDIDATES = ("bg_nbd", "pareto_nbd", "pooled", "same_again")
"""Candidates of auto here: the others cost three quarters of the time, and none was taken where they were tried."""
ORIGINS_OF_AUTO = 2


def runs_folder() -> Path:
    found = Path(os.environ.get("RELKIT_BENCH_RUNS") or workplace() / "out" / "benchmarks" / "forecast_runs")
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return arrays that were kept under a name, or make and keep them."""
    file = runs_folder() / f"{name}.npz"
    if not file.exists():
        draft = file.with_suffix(".draft.npz")
        np.savez_compressed(draft, **make())
        draft.rename(file)
    with np.load(file) as arrays:
        return dict(arrays)


def chosen(origin: Origin) -> tuple[Any, str]:
    """Return the model that auto takes, with its past forecasts, and its name."""
    from relkit.jobs.choose_model import picked
    from relkit.jobs.holdouts import Known
    from relkit.jobs.model_fitting import FitRequest

    names = ", ".join(f"lifetime_value.{name}" for name in CANDIDATES)
    settings = {
        "candidates": names,
        "horizon_days": str(origin.split.days),
        "origins": str(ORIGINS_OF_AUTO),
        "judged_customers": "5000",
        "horizons_days": str(origin.split.days),
        "replicates": "50",
    }
    request = FitRequest(
        model="lifetime_value.auto",
        settings=settings,
        known=Known(origin.shop.tables),
        as_of=origin.split.calibration,
        holdout_days=None,
        programme="default",
        figures=False,
    )
    found = picked(request)
    return found.fitted, found.name


def features_of(name: str, origin: Origin, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the features of a model of relkit, with the outcomes, in the order of `rows`."""
    from relkit.families.bindings import inputs_of

    read = inputs_of(name).features(origin.shop.tables, origin.split.calibration)
    more = [column for column in read.columns if column == "customer_id" or column not in rows.columns]
    return rows.join(read.select(more), on="customer_id", how="left", maintain_order="left")


def forecasts_of(origin: Origin, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the forecasts of all models at an origin, as arrays of one customer per row, and what else is reported of it."""
    rows = origin.rows.with_columns(place=pl.int_range(pl.len()))
    as_of, days = origin.split.calibration.day, float(origin.split.days)
    found: dict[str, Any] = {"customer": rows["customer_id"].to_numpy().astype("U"), "came": origin.came}

    def add(label: str, make: Callable[[], tuple[Any, pl.DataFrame]]) -> Any:
        started = time.process_time()
        fitted, read = make()
        forecast = forecast_of(fitted, read, days)
        for field in ("expected", "probability", "crps", "median"):
            found[f"{label}:{field}"] = getattr(forecast, field).astype(np.float32 if field != "probability" else np.float64)
        found[f"{label}:seconds"] = time.process_time() - started
        return fitted

    def auto() -> tuple[Any, pl.DataFrame]:
        fitted, name = chosen(origin)
        found["auto took"] = name
        return fitted, features_of(name, origin, rows)

    taken = add("auto", auto)
    if taken.past_forecasts is not None:
        total = float(found["auto:expected"].sum(dtype=float))
        reach = taken.past_forecasts.spread(days).reach(total)
        found["bounds"] = np.array((total / reach, total * reach))
        found["past origins"] = len(taken.past_forecasts.errors(days))
    add("same again", lambda: (catalogue.make("lifetime_value.same_again", {"fitted_days": days}).fit(rows, as_of=as_of), rows))
    models, found["stood in"] = with_parameters(origin, parameters)
    for name, fitted in models.items():
        add(name, lambda fitted=fitted: (fitted, rows))
    add("boosting", lambda: (boosting(origin), rows))
    return found


def kept_as(shop: Shop, horizon: int, known: int) -> str:
    return f"orders_{SHOPS[shop.name]}_{horizon}_{known}"


def forecasts_at(shop: Shop, horizon: int, known: int) -> dict[str, Any]:
    """Return the forecasts of all models at an origin, kept or made."""
    return kept(kept_as(shop, horizon, known), lambda: forecasts_of(shop.origin(known, horizon), parameters(shop)))


def parameters(shop: Shop) -> dict[str, Any]:
    """Return the parameters of lifetimes at all origins of a shop."""
    at = sorted({known for of, _, known in every([shop]) if of is shop})
    return kept(f"lifetimes_{SHOPS[shop.name]}", lambda: of_lifetimes([shop.origin(known, 1) for known in at], PEER))


def orders(shops: list[Shop]) -> None:
    """Make and keep the forecasts of orders at all origins."""
    for shop, horizon, known in every(shops):
        started = time.process_time()
        forecasts_at(shop, horizon, known)
        if (seconds := time.process_time() - started) > 1:
            print(f"  {shop.name}, {horizon} days from day {known}: {seconds:.0f} CPU s", flush=True)


def every(shops: list[Shop]) -> list[tuple[Shop, int, int]]:
    return [(shop, horizon, known) for shop in shops for horizon in HORIZONS for known in origins_of(shop.length_days, horizon)]


def main() -> None:
    parts = sys.argv[1:] or ["orders", "tables"]
    if not list(DATA.glob("online_retail_part*")):
        print(f"  left out: the files of the shops are not at {DATA}")
        return
    shops = [Shop.opened(name, DATA, MAPPINGS, runs_folder() / "checked") for name in SHOPS]
    if "orders" in parts:
        orders(shops)
    if "tables" in parts:
        found: dict[tuple[str, int], list[tuple[int, dict[str, Any]]]] = {}
        for shop, horizon, known in every(shops):
            if (runs_folder() / f"{kept_as(shop, horizon, known)}.npz").exists():
                found.setdefault((shop.name, horizon), []).append((known, forecasts_at(shop, horizon, known)))
        write_tables(found, runs_folder().parent)


if __name__ == "__main__":
    main()

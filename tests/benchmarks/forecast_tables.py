"""Tables of the forecasts at past days of six shops: measures, differences from auto, and bounds of totals."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from forecast_shops import HORIZONS, apart

import relkit
from relkit.metrics.forecasts import MEASURES, Forecast, Forecasts, measured

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Kept = dict[tuple[str, int], list[tuple[int, dict[str, Any]]]]

FORMAT = 1
OURS = "auto"
RIVALS = ("same again", "lifetimes BG/NBD", "lifetimes Pareto/NBD", "boosting")
SHOWN = {
    "log_score": "log-score",
    "crps": "CRPS",
    "mae_of_median": "MAE of median",
    "rmse": "RMSE",
    "poisson_deviance": "deviance",
    "total_error": "error of total",
    "normalised_gini": "Gini",
}
REPLICATES = 400


def read(found: dict[str, Any], label: str) -> Forecast:
    """Return a kept forecast."""
    return Forecast(**{field: found[f"{label}:{field}"].astype(float) for field in ("expected", "probability", "crps", "median")})


def cell(origins: list[tuple[int, dict[str, Any]]], horizon: int) -> dict[str, Any]:
    """Return the measures of all models at the origins of a shop and horizon, and the differences of auto from each rival."""
    place = {name: i for i, name in enumerate(np.unique(np.concatenate([found["customer"] for _, found in origins])).tolist())}
    judged = [
        Forecasts(
            customer=np.array([place[name] for name in found["customer"].tolist()]),
            actual=found["came"],
            models=[read(found, label) for label in (OURS, *RIVALS)],
        )
        for _, found in origins
    ]
    of = measured(judged, replicates=REPLICATES)
    at = [list(MEASURES).index(name) for name in SHOWN]
    known = [day for day, _ in origins]
    result: dict[str, Any] = {
        "origins": known,
        "apart": apart(known, horizon),
        "customers": len(place),
        "orders": [float(found["came"].sum()) for _, found in origins],
    }
    result["measures"] = {label: dict(zip(SHOWN, of.values[i, at].tolist(), strict=True)) for i, label in enumerate((OURS, *RIVALS))}
    result["auto_less"] = {}
    for i, label in enumerate(RIVALS, start=1):
        apart_by, low, high = (part[at] for part in of.difference(0, i))
        result["auto_less"][label] = {name: [float(apart_by[j]), float(low[j]), float(high[j])] for j, name in enumerate(SHOWN)}
    result["took"] = [str(found["auto took"]) for _, found in origins]
    result["stood_in"] = {label: sum(label in found["stood in"] for _, found in origins) for label in RIVALS[1:3]}
    result["totals"] = [
        {"origin": day, "forecast": float(found["auto:expected"].sum(dtype=float)), "came": float(found["came"].sum())}
        | (
            {"low": float(found["bounds"][0]), "high": float(found["bounds"][1]), "past_origins": int(found["past origins"])}
            if "bounds" in found
            else {}
        )
        for day, found in origins
    ]
    result["cpu_seconds"] = float(np.median([found["auto:seconds"] for _, found in origins]))
    return result


def verdict(name: str, apart_by: list[float]) -> int:
    """Return 1 if auto is clearly better, -1 if clearly worse, 0 if the interval contains 0.

    Examples:
        >>> verdict("crps", [-0.2, -0.3, -0.1]), verdict("log_score", [-0.2, -0.3, -0.1]), verdict("rmse", [0.1, -0.1, 0.3])
        (1, -1, 0)
    """
    sign = 1 if MEASURES[name] == "higher" else -1
    _, low, high = apart_by
    return sign if low > 0 else -sign if high < 0 else 0


def write_tables(orders: Kept, folder: Path) -> None:
    """Print the tables, and write them as Markdown and as JSON."""
    cells = {key: cell(origins, key[1]) for key, origins in orders.items() if origins}
    lines = [*verdict_lines(cells), "", *bound_lines(cells), "", *measure_lines(cells)]
    print("\n".join(lines))
    (folder / "forecasts.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    versions = {
        "python": platform.python_version(),
        "relkit": relkit.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "polars": version("polars"),
    }
    made = [{"shop": shop, "horizon_days": horizon} | each for (shop, horizon), each in cells.items()]
    written = {"format": FORMAT, "versions": versions, "rows": made}
    (folder / "forecasts.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table of Markdown."""
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def verdict_lines(cells: dict[tuple[str, int], dict[str, Any]]) -> list[str]:
    """Return the numbers of cells in which auto is clearly better, level and clearly worse, by rival and measure."""
    rows = []
    for rival in RIVALS:
        row = [rival]
        for name in SHOWN:
            found = [verdict(name, each["auto_less"][rival][name]) for each in cells.values()]
            row.append(f"{found.count(1)} / {found.count(0)} / {found.count(-1)}")
        rows.append(row)
    worse = [
        f"{shop} {horizon} d, {rival}: {SHOWN[name]} {each['measures'][OURS][name]:.3f} against {each['measures'][rival][name]:.3f}"
        for (shop, horizon), each in cells.items()
        for rival in RIVALS
        for name in SHOWN
        if verdict(name, each["auto_less"][rival][name]) < 0
    ]
    return [
        *table(["auto against", *SHOWN.values()], rows),
        "",
        "Where auto is clearly worse:",
        "",
        *(f"- {line}" for line in worse or ["nowhere"]),
    ]


def bound_lines(cells: dict[tuple[str, int], dict[str, Any]]) -> list[str]:
    """Return the number of totals that came within their 95 % bounds, by horizon and in all."""
    rows = []
    for horizons in (*((h,) for h in HORIZONS), HORIZONS):
        totals = [each for (_, horizon), found in cells.items() if horizon in horizons for each in found["totals"] if "low" in each]
        if not totals:
            continue
        held = sum(each["low"] <= each["came"] <= each["high"] for each in totals)
        factor = float(np.median([each["high"] / each["forecast"] for each in totals]))
        name = f"{horizons[0]} days" if len(horizons) == 1 else "all"
        rows.append([name, f"{held} of {len(totals)}", f"{100 * held / len(totals):.0f} %", f"{factor:.2f}"])
    return table(["horizon", "totals within bounds", "share", "median factor"], rows)


def measure_lines(cells: dict[tuple[str, int], dict[str, Any]]) -> list[str]:
    """Return the measures of all models; a figure that is clearly worse than auto's has a plus, one that is clearly better a minus."""
    rows = []
    for (shop, horizon), each in cells.items():
        for label in (OURS, *RIVALS):
            row = [f"{shop}, {horizon} d ({len(each['origins'])}, {each['apart']} apart)" if label == OURS else "", label]
            for name in SHOWN:
                mark = "" if label == OURS else {1: " +", 0: "", -1: " −"}[verdict(name, each["auto_less"][label][name])]
                row.append(f"{each['measures'][label][name]:.{4 if name == 'log_score' else 3}f}{mark}")
            rows.append(row)
    return table(["shop, horizon (origins)", "forecast", *SHOWN.values()], rows)

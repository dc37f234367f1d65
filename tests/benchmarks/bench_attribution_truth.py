"""Models of attribution in a world whose channels cause sales (docs/simulation.md): their credit against the truth.

1. Errors: every model of the family, with its default settings, on 20 companies of 10,000 customers; mean absolute error of the channels'
   shares of credit against their shares of the conversions that channels cause, and of the conversions credited against those caused.
   Differences are paired by company. Also where half of the visits leave no trace.
2. Coverage: the intervals of the incremental model on 100 companies, over pairs of company and paid channel.
3. Calibration: the incremental model without and with the lift tests of the company (search, retargeting), in this world and in one where
   half of the visits, which drive touches and orders alike, leave no trace.
4. Null: the same model where no channel has an effect.

Companies go through the product: files, check, features, fit, credit. Seeds from 1000 on tuned nothing. Each result is kept in
out/benchmarks/attribution_truth_runs, so that a run that was stopped goes on where it was. The table is written to
out/benchmarks/attribution_truth.json; docs/attribution_truth.json is the copy that is published.

    python bench_attribution_truth.py [errors|coverage|calibration|null|table ...]
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from attribution_truth import MEASURES, OWN_VISITS, Figures, credits_of, errors, truth_of

import relkit
from relkit.models import catalogue
from relkit.tables.simulation.advertised import advertised_company
from relkit.workplace import workplace

RUNS = os.environ.get("RELKIT_BENCH_RUNS", "")
FORMAT = 1
FAMILY, JUDGED = "attribution", "attribution.incremental"
CALIBRATED = f"{JUDGED}, calibrated"
PEOPLE = 10_000
SEEDS, MANY, NULL_SEEDS = range(1000, 1020), range(1000, 1100), range(1000, 1020)
TESTED_SEEDS = range(1100, 1120)
"""Companies on which calibration is judged; its rule was settled on others."""
WORLD, HIDDEN, NULL = "targeted", "hidden", "null"
LEVEL = 0.9


def runs_folder() -> Path:
    found = Path(RUNS) if RUNS else workplace() / "out" / "benchmarks" / "attribution_truth_runs"
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept_or(name: str, otherwise: Any = None) -> Any:
    file = runs_folder() / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else otherwise


def keep(name: str, result: Any) -> Any:
    (runs_folder() / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")
    return result


def run(world: str, seed: int, kinds: tuple[str, ...]) -> None:
    """Run the kinds not yet run on a company: others (all but the judged model), judged (that one, before and after calibration)."""
    lacking = [kind for kind in kinds if kept_or(f"{world}_{seed}_{kind}") is None]
    if not lacking:
        return
    company = advertised_company(seed, people=PEOPLE, world=world)
    keep(f"{world}_{seed}_truth", truth_of(company))
    for kind in lacking:
        names = [name for name in catalogue.families()[FAMILY] if name != JUDGED] if kind == "others" else [JUDGED]
        keep(f"{world}_{seed}_{kind}", credits_of(company, names))
    show(world, seed)


def show(world: str, seed: int) -> None:
    truth = kept_or(f"{world}_{seed}_truth")["channels"]
    figures = {name: errors(each["credit"], truth) for name, each in all_of(world, seed).items()}
    print(f"  {world} {seed}: " + "; ".join(f"{name} {each['share']:.3f}" for name, each in figures.items()), flush=True)


def all_of(world: str, seed: int) -> dict[str, Figures]:
    """Return the results kept for a company, by model; the judged one before its calibration, and after it under another name."""
    found = dict(kept_or(f"{world}_{seed}_others", {}))
    judged = kept_or(f"{world}_{seed}_judged")
    if judged is not None:
        found[JUDGED] = judged[JUDGED] | {"credit": judged[JUDGED]["uncalibrated"]}
        found[CALIBRATED] = judged[JUDGED]
    return found


def paired(values: list[float]) -> tuple[float, float, float]:
    """Return the mean with its 95 % interval by Student's t."""
    from scipy import stats

    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean, mean - reach, mean + reach


def proportion(found: list[bool]) -> tuple[float, float, float]:
    """Return the share that is true with its 95 % interval by Wilson."""
    from scipy import stats

    interval = stats.binomtest(sum(found), len(found)).proportion_ci(0.95, method="wilson")
    return float(np.mean(found)), float(interval.low), float(interval.high)


def seeds_with(world: str, seeds: range, *kinds: str) -> list[int]:
    return [seed for seed in seeds if all(kept_or(f"{world}_{seed}_{kind}") is not None for kind in kinds)]


def errors_table(world: str) -> list[Figures]:
    """Return each model's errors over the companies of a world, and those of the judged model paired with them."""
    seeds = seeds_with(world, SEEDS, "others", "judged")
    if len(seeds) < 2:
        return []
    found = {seed: all_of(world, seed) for seed in seeds}
    truths = {seed: kept_or(f"{world}_{seed}_truth")["channels"] for seed in seeds}
    of = {seed: {name: errors(each["credit"], truths[seed]) for name, each in found[seed].items()} for seed in seeds}
    names = [name for name in found[seeds[0]] if name != CALIBRATED]
    rows = [
        {
            "model": name,
            "companies": len(seeds),
            "cpu_seconds": float(np.median([found[seed][name]["cpu_seconds"] for seed in seeds])),
            **{key: paired([of[seed][name][key] for seed in seeds]) for key in MEASURES},
            **{
                f"judged_less_{key}": None if name == JUDGED else paired([of[seed][JUDGED][key] - of[seed][name][key] for seed in seeds])
                for key in MEASURES
            },
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: float(row["share"][0]))


def channels_table() -> list[Figures]:
    """Return by channel the mean true share and conversions, and those that each model gives."""
    seeds = seeds_with(WORLD, SEEDS, "others", "judged")
    if not seeds:
        return []
    truths, found = [kept_or(f"{WORLD}_{seed}_truth")["channels"] for seed in seeds], [all_of(WORLD, seed) for seed in seeds]

    def mean(given: list[dict[str, Figures]], channel: str, key: str) -> float:
        return float(np.mean([credit.get(channel, {}).get(key, 0.0) for credit in given]))

    names = [name for name in found[0] if name != CALIBRATED]
    return [
        {
            "channel": channel,
            **{key: mean(truths, channel, key) for key in ("share", "conversions")},
            "models": {
                name: {key: mean([each[name]["credit"] for each in found], channel, key) for key in ("share", "conversions")}
                for name in names
            },
        }
        for channel in truths[0]
    ]


def coverage_of(world: str, seeds: range) -> Figures:
    """Return the share of pairs of company and paid channel whose truth lies within the interval, with its own 95 % interval by company."""
    chosen = seeds_with(world, seeds, "judged")
    if len(chosen) < 2:
        return {}
    inside: dict[str, list[bool]] = {}
    gaps: dict[str, list[float]] = {}
    for seed in chosen:
        credit = all_of(world, seed)[JUDGED]["credit"]
        for channel, true in kept_or(f"{world}_{seed}_truth")["channels"].items():
            if channel != OWN_VISITS:
                inside.setdefault(channel, []).append(credit[channel]["lower"] <= true["conversions"] <= credit[channel]["upper"])
                gaps.setdefault(channel, []).append(credit[channel]["conversions"] - true["conversions"])
    by_company = np.mean([np.array(each, float) for each in inside.values()], axis=0)
    mean, low, high = paired(by_company.tolist())
    channels = {
        channel: {
            "inside": proportion(each),
            "mean_error": float(np.mean(gaps[channel])),
            "spread": float(np.std(gaps[channel], ddof=1)),
        }
        for channel, each in inside.items()
    }
    return {
        "level": LEVEL,
        "companies": len(chosen),
        "pairs": by_company.size * len(inside),
        "inside": (mean, max(low, 0.0), min(high, 1.0)),
        "channels": channels,
    }


def calibration_of(world: str) -> Figures:
    """Return the errors of the judged model without and with the lift test, and their paired differences; also of the tested channels."""
    seeds = seeds_with(world, TESTED_SEEDS, "judged")
    if len(seeds) < 2:
        return {}
    parts: dict[str, dict[str, list[float]]] = {kind: {} for kind in ("plain", "tested")}
    truths = {seed: kept_or(f"{world}_{seed}_truth") for seed in seeds}
    channels = [test["channel"] for test in truths[seeds[0]]["lift_tests"]]
    for seed, truth in truths.items():
        for kind, values in parts.items():
            credit = all_of(world, seed)[JUDGED if kind == "plain" else CALIBRATED]["credit"]
            own = float(np.mean([abs(credit[name]["conversions"] - truth["channels"][name]["conversions"]) for name in channels]))
            for key, value in (errors(credit, truth["channels"]) | {"tested_channels": own}).items():
                values.setdefault(key, []).append(value)
    keys = (*MEASURES, "tested_channels")
    return {
        "world": world,
        "channels": channels,
        "companies": len(seeds),
        **{kind: {key: paired(values[key]) for key in keys} for kind, values in parts.items()},
        "tested_less_plain": {key: paired([b - a for a, b in zip(parts["plain"][key], parts["tested"][key], strict=True)]) for key in keys},
    }


def do_errors() -> None:
    for seed in SEEDS:
        for world in (WORLD, HIDDEN):
            run(world, seed, ("others", "judged"))


def do_coverage() -> None:
    for seed in MANY:
        run(WORLD, seed, ("judged",))


def do_calibration() -> None:
    for seed in TESTED_SEEDS:
        for world in (WORLD, HIDDEN):
            run(world, seed, ("judged",))


def do_null() -> None:
    for seed in NULL_SEEDS:
        run(NULL, seed, ("judged",))


def table() -> None:
    """Print the tables of what was kept, and write them."""
    written: Figures = {
        "format": FORMAT,
        "made_on": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "relkit": relkit.__version__, "numpy": np.__version__},
        "people": PEOPLE,
        "judged": JUDGED,
        "errors": errors_table(WORLD),
        "errors_hidden": errors_table(HIDDEN),
        "channels": channels_table(),
        "coverage": {world: found for world, seeds in ((WORLD, MANY), (NULL, NULL_SEEDS)) if (found := coverage_of(world, seeds))},
        "coverage_hidden": coverage_of(HIDDEN, SEEDS),
        "calibration": [found for world in (WORLD, HIDDEN) if (found := calibration_of(world))],
    }
    for row in (*written["errors"], *written["errors_hidden"]):
        apart = row["judged_less_share"]
        gap = "" if apart is None else "   the judged less it {:+.4f} ({:+.4f} to {:+.4f})".format(*apart)
        print("  {:<32} share {:.4f}, paid {:.4f}, conversions {:7.0f}".format(row["model"], *(row[key][0] for key in MEASURES)) + gap)
    for world, found in written["coverage"].items():
        mean, low, high = found["inside"]
        print(f"  {world}: {found['companies']} companies, inside {mean:.3f} ({low:.3f} to {high:.3f})")
        for channel, each in found["channels"].items():
            print(f"    {channel:<12} inside {each['inside'][0]:.2f}, mean error {each['mean_error']:+.0f}, spread {each['spread']:.0f}")
    for found in written["calibration"]:
        print(f"  {found['world']}: with less without the lift test, " + str(found["tested_less_plain"]))
    out = runs_folder().parent / "attribution_truth.json"
    out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"  written to {out}")


def main() -> None:
    parts = {"errors": do_errors, "coverage": do_coverage, "calibration": do_calibration, "null": do_null, "table": table}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()

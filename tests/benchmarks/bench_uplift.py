"""Learners of effects: relkit next to causalml, EconML and scikit-uplift, on campaigns whose effects are known, and on Hillstrom's.

1. Four designs (`uplift_designs`), 20,000 customers to learn from and 20,000 to judge on, seeds 500 to 519, which tuned nothing: error over
   the spread of effects, and true Qini over the best possible. Peers have LightGBM with 60 trees of 7 leaves; differences are paired by
   seed. Peers that take long, and our own single learners, are run on the first few seeds.
2. Hillstrom's e-mails, visits, each kind of mail against none: five halvings of the customers, stratified by arm and visit. Qini and the
   paired difference of the default from each peer, with intervals, by the doubly robust scores of the half that was not learnt from.
3. The X learner with a known propensity on 200,000 customers, next to four plain fits of its base learner, and memory next to the peers'.

Each result is kept in out/benchmarks/uplift_runs, so that a run that was stopped goes on where it was. The table is written to
out/benchmarks/uplift.json; docs/uplift.json is the copy that is published. No row of the data is in it. Peers are measured in a process of
their own if they have an environment (`make bench-uplift` makes one; RELKIT_BENCH_UPLIFT names its interpreter).

    python bench_uplift.py [designs|intervals|rivals|more|hillstrom|speed|table ...]
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import measured
from numpy.typing import NDArray
from uplift_designs import NAMES, Campaign, campaign, figures

import relkit
from relkit.metrics.uplift import Ranking, aipw_scores, qini, uplift_at
from relkit.models import catalogue
from relkit.models.uplift.honest_trees import grow
from relkit.models.uplift.responses import Boosting
from relkit.workplace import workplace

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PEER = Path(os.environ.get("RELKIT_BENCH_UPLIFT", ROOT / ".venv-uplift" / "bin" / "python"))
RUNS = Path(os.environ.get("RELKIT_BENCH_RUNS", ""))
FORMAT = 1
AS_OF = date(2025, 6, 30)
SEEDS, FEW, FEWEST = range(500, 520), range(500, 503), range(500, 502)
DEFAULT = "uplift.stacked"
SINGLE = tuple(name for name in catalogue.families()["uplift"] if name != DEFAULT)
QUICK = ("s_scikit_uplift", "t_scikit_uplift", "x_causalml")
SLOW = ("x_econml", "r_econml", "dr_econml", "r_causalml", "dr_causalml", "forest_econml")
BINARY = ("class_scikit_uplift", "forest_causalml")
HILLSTROM_PEERS = ("s_scikit_uplift", "t_scikit_uplift", "class_scikit_uplift", "x_causalml", "r_econml", "dr_econml")
TREES, LEAVES = 60, 7
SPLITS = (42, 0, 1, 2, 3)


def runs_folder() -> Path:
    found = RUNS if str(RUNS) not in ("", ".") else workplace() / "out" / "benchmarks" / "uplift_runs"
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept(name: str, make: Any) -> Any:
    """Return a result that was kept under a name, or make and keep it."""
    file = runs_folder() / f"{name}.json"
    if not file.exists():
        file.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def frame(X: Floats, given: Campaign | None = None, propensity: Floats | None = None) -> pl.DataFrame:
    """Return rows as a model takes them; of a campaign, with what was drawn and what came of it."""
    columns: dict[str, Any] = {"customer_id": [f"c{i:06d}" for i in range(len(X))]}
    columns |= {f"x{j:02d}": X[:, j] for j in range(X.shape[1])}
    if given is not None:
        columns |= {"action_id": ["mail"] * len(X), "treated": given.treated, "outcome": given.outcome}
        columns |= {} if propensity is None else {"propensity": propensity}
    return pl.DataFrame(columns)


def ours(name: str, learnt: Campaign, later: Floats) -> tuple[dict[str, Floats], float, float]:
    """Return uplift, low and high of later rows, CPU seconds of the fit and the forecast, and memory."""
    rows, ahead = frame(learnt.X, learnt, learnt.propensity if learnt.is_recorded else None), frame(later)
    found, seconds, memory = measured(lambda: catalogue.make(name).fit(rows, as_of=AS_OF).effects(ahead))
    return {column: found[column].to_numpy() for column in ("uplift", "low", "high")}, seconds, memory


def peers(
    names: tuple[str, ...], pairs: list[tuple[Campaign, Floats]], *, trees: int = TREES, leaves: int = LEAVES
) -> list[dict[str, Any]]:
    """Return for each campaign and its later rows, by peer, forecasts, CPU seconds and memory; empty without an environment for them.

    One process serves all campaigns: loading the libraries costs more than most of the learners.
    """
    if not names or not pairs or not has_peers():
        return [{} for _ in pairs]
    with tempfile.TemporaryDirectory() as folder:
        for place, (learnt, later) in enumerate(pairs):
            recorded = learnt.propensity if learnt.is_recorded else np.zeros(0)
            given = {"X": learnt.X, "treated": learnt.treated, "outcome": learnt.outcome, "propensity": recorded, "X_later": later}
            np.savez(Path(folder) / f"campaign_{place}.npz", **given)
        script = Path(__file__).with_name("peer_uplift.py")
        done = subprocess.run(
            [str(PEER), str(script), " ".join(names), folder, str(trees), str(leaves)], check=True, capture_output=True, text=True
        )
        made = [dict(np.load(Path(folder) / f"forecasts_{place}.npz")) for place in range(len(pairs))]
    told = json.loads(done.stdout.splitlines()[-1])
    kept("versions", lambda: told["versions"])
    return [{name: (forecasts[name], *cost[name]) for name in names} for forecasts, cost in zip(made, told["costs"], strict=True)]


@cache
def has_peers() -> bool:
    if not PEER.exists():
        print(f"  peers are skipped: {PEER} does not exist; make bench-uplift makes it.")
    return PEER.exists()


def of_ours(design: str, seed: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the figures of our learners on one seed."""
    learnt, later = campaign(design, seed), campaign(design, seed, part=1)
    found: dict[str, Any] = {}
    for name in names:
        forecast, seconds, memory = ours(name, learnt, later.X)
        found[name] = figures(forecast["uplift"], later.effect) | {"cpu_seconds": seconds, "memory_mb": memory}
    return found


def of_peers(design: str, seeds: list[int], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the figures of peers on each seed."""
    laters = [campaign(design, seed, part=1) for seed in seeds]
    found = peers(names, [(campaign(design, seed), later.X) for seed, later in zip(seeds, laters, strict=True)])
    return [
        {name: figures(values, later.effect) | {"cpu_seconds": cost, "memory_mb": memory} for name, (values, cost, memory) in each.items()}
        for each, later in zip(found, laters, strict=True)
    ]


def of_intervals(design: str, seed: int) -> dict[str, float]:
    """Return the shares of new customers, and of tenths by forecast, whose true effect lies within the interval of the default."""
    learnt, later = campaign(design, seed), campaign(design, seed, part=1)
    forecast = ours(DEFAULT, learnt, later.X)[0]
    inside = (forecast["low"] <= later.effect) & (later.effect <= forecast["high"])
    width = float(np.mean(forecast["high"] - forecast["low"]) / later.effect.std())
    return {"customers": float(inside.mean()), "tenths": by_tenth(forecast, later.effect), "width": width}


def intervals() -> None:
    for design in NAMES:
        for seed in FEWEST:
            found = kept(f"intervals_{design}_{seed}", lambda d=design, s=seed: of_intervals(d, s))
            print(
                f"  {design} {seed}: within the interval {found['customers']:.2f} of customers, {found['tenths']:.2f} of tenths", flush=True
            )


def by_tenth(forecast: dict[str, Floats], effect: Floats) -> float:
    """Return the share of tenths by forecast whose mean true effect lies within their mean interval."""
    tenth = np.argsort(np.argsort(forecast["uplift"], kind="stable")) * 10 // len(effect)
    low, high, true = (np.bincount(tenth, values) for values in (forecast["low"], forecast["high"], effect))
    return float(np.mean((low <= true) & (true <= high)))


def designs() -> None:
    """Run the default on every seed of every design."""
    for seed in SEEDS:
        for design in NAMES:
            show(design, seed, kept(f"{design}_{seed}_default", lambda d=design, s=seed: of_ours(d, s, (DEFAULT,))))


def rivals() -> None:
    """Run the quick peers on every seed of every design."""
    for design in NAMES:
        run_peers(design, list(SEEDS), QUICK, "quick")


def more() -> None:
    """Run our other learners and the slow peers on the first few seeds."""
    for design in NAMES:
        for seed in FEW:
            show(design, seed, kept(f"{design}_{seed}_single", lambda d=design, s=seed: of_ours(d, s, SINGLE)))
        run_peers(design, list(FEWEST), SLOW + (BINARY if design == "rct" else ()), "slow")


def run_peers(design: str, seeds: list[int], names: tuple[str, ...], kind: str) -> None:
    """Run peers on the seeds on which they were not, and keep their figures."""
    lacking = [seed for seed in seeds if kept_or(f"{design}_{seed}_{kind}", None) is None]
    for seed, found in zip(lacking, of_peers(design, lacking, names), strict=True):
        if found:
            show(design, seed, kept(f"{design}_{seed}_{kind}", lambda found=found: found))


def show(design: str, seed: int, found: dict[str, Any]) -> None:
    print(f"  {design} {seed}: " + "; ".join(f"{name} {each['pehe']:.3f} / {each['qini']:.3f}" for name, each in found.items()), flush=True)


def hillstrom(mail: str) -> Campaign:
    """Return the customers of one kind of mail and those of none, each column of a level its own."""
    rows = pl.read_csv(DATA / "hillstrom.csv.gz", infer_schema_length=None).filter(pl.col("segment").is_in([f"{mail} E-Mail", "No E-Mail"]))
    levels = rows.select("zip_code", "channel").to_dummies()
    X = rows.select("recency", "history", "mens", "womens", "newbie").hstack(levels).cast(pl.Float64).to_numpy()
    treated = (rows["segment"] != "No E-Mail").to_numpy()
    visits = rows["visit"].cast(pl.Float64).to_numpy()
    return Campaign(X, treated, visits, np.full(len(X), 0.5), np.zeros(len(X)), is_recorded=True)


def halves(given: Campaign, seed: int) -> tuple[Campaign, Campaign]:
    """Return two halves with the same shares of arms and visits."""
    rng, stratum = np.random.default_rng(seed), given.treated * 2 + given.outcome.astype(int)
    place = np.empty(len(stratum), np.int64)
    for each in range(4):
        its = np.flatnonzero(stratum == each)
        place[rng.permutation(its)] = np.arange(len(its))
    return some(given, place % 2 == 0), some(given, place % 2 == 1)


def some(given: Campaign, which: NDArray[np.bool_]) -> Campaign:
    return Campaign(
        given.X[which],
        given.treated[which],
        given.outcome[which],
        given.propensity[which],
        given.effect[which],
        is_recorded=given.is_recorded,
    )


def of_halving(mail: str, seed: int) -> dict[str, Any]:
    """Return by learner its Qini on the other half with its interval, and the paired difference of the default from it."""
    learnt, later = halves(hillstrom(mail), seed)
    forecasts = {DEFAULT: ours(DEFAULT, learnt, later.X)[0]["uplift"]}
    forecasts |= {name: each[0] for name, each in peers(HILLSTROM_PEERS, [(learnt, later.X)])[0].items()}
    response = Boosting(leaves=4).fit(np.column_stack([learnt.X, learnt.treated]), learnt.outcome)
    mu0, mu1 = (response.with_arm(later.X, treated=arm) for arm in (False, True))
    scores = aipw_scores(later.outcome, later.treated, 0.5, mu0, mu1)
    rankings = {name: Ranking.of(forecast) for name, forecast in forecasts.items()}
    best = {name: qini(ranking, scores) for name, ranking in rankings.items()}
    found = {}
    for name, figure in best.items():
        apart = best[DEFAULT].minus(figure)
        found[name] = {"qini": figure.estimate, "low": figure.low, "high": figure.high}
        found[name] |= {"default_less": apart.estimate, "default_less_low": apart.low, "default_less_high": apart.high}
        found[name] |= {"uplift_at_30": uplift_at(rankings[name], scores, 0.3).estimate}
    return found


def hillstrom_table() -> None:
    if not (DATA / "hillstrom.csv.gz").exists():
        print(f"  Hillstrom is skipped: {DATA} has no hillstrom.csv.gz.")
        return
    for mail in ("Womens", "Mens"):
        found = [kept(f"hillstrom_{mail}_{seed}", lambda mail=mail, seed=seed: of_halving(mail, seed)) for seed in SPLITS]
        print(f"  Hillstrom, {mail}: Qini per customer on the other half, median of five; the default less each, per halving")
        for name in found[0]:
            apart = "  ".join(f"{each[name]['default_less'] * 1e3:+.2f}" for each in found)
            print(f"    {name:<22} {np.median([each[name]['qini'] for each in found]) * 1e3:7.3f}e-3   {apart}")


def of_speed() -> dict[str, Any]:
    """Return CPU seconds and memory of the X learner on 200,000 customers, of four plain fits of its base learner, and of the peers."""
    learnt = campaign("rct", 1, rows=200_000)
    rows, base = frame(learnt.X, learnt, learnt.propensity), Boosting(trees=100, leaves=31)
    settings = {"trees": 100, "leaves": 31}
    small = campaign("rct", 1, rows=2_000)
    catalogue.make("uplift.x_learner", settings | {"folds": 0}).fit(frame(small.X, small, small.propensity), as_of=AS_OF)
    grow(small.X, small.outcome, small.treated.astype(np.int64), np.full(2_000, 2.0), np.arange(2_000), **TINY)

    def four() -> None:
        for treated in (True, False, True, False):
            base.fit(learnt.X[learnt.treated == treated], learnt.outcome[learnt.treated == treated])

    found = {
        "four plain fits": measured(four)[1:],
        "x_learner without folds": measured(lambda: catalogue.make("uplift.x_learner", settings | {"folds": 0}).fit(rows, as_of=AS_OF))[1:],
        "x_learner": measured(lambda: catalogue.make("uplift.x_learner", settings).fit(rows, as_of=AS_OF))[1:],
    }
    few = learnt.X[:1000]
    for name in ("x_causalml", "x_econml"):
        found |= {peer: each[1:] for peer, each in peers((name,), [(learnt, few)], trees=100, leaves=31)[0].items()}
    return {name: {"cpu_seconds": cost[0], "memory_mb": cost[1]} for name, cost in found.items()}


TINY: dict[str, Any] = {"trees": 2, "leaves": 4, "fewest_in_arm": 20, "columns_tried": 5}


def speed() -> None:
    found = kept("speed", of_speed)
    plain = found["four plain fits"]["cpu_seconds"]
    print("  X learner with a known propensity, 200,000 customers x 20, 100 trees of 31 leaves, in CPU seconds")
    for name, each in found.items():
        print(f"    {name:<26} {each['cpu_seconds']:8.2f} s {each['cpu_seconds'] / plain:6.2f}x {each['memory_mb']:8.0f} MB")


def table() -> None:
    """Print the table of what was kept, and write it."""
    rows = [row for design in NAMES if (row := design_row(design))]
    for row in rows:
        print(f"  {row['design']}, {row['seeds']} seeds: error / Qini; the default less each, with its 95 % interval")
        for name, each in row["learners"].items():
            apart = each.get("default_less")
            told = (
                "" if not apart else "   " + "   ".join(f"{a[0]:+.3f} ({a[1]:+.3f} to {a[2]:+.3f})" for a in (apart["pehe"], apart["qini"]))
            )
            print(f"    {name:<28} {each['pehe']:.3f} / {each['qini']:.3f}  ({each['seeds']}){told}")
    written = {
        "format": FORMAT,
        "made_on": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "relkit": relkit.__version__, "numpy": np.__version__} | kept_or("versions", {}),
        "designs": rows,
        "hillstrom": {mail: {str(seed): kept_or(f"hillstrom_{mail}_{seed}", None) for seed in SPLITS} for mail in ("Womens", "Mens")},
        "intervals": {design: [kept_or(f"intervals_{design}_{seed}", None) for seed in FEWEST] for design in NAMES},
        "speed": kept_or("speed", None),
    }
    out = runs_folder().parent / "uplift.json"
    out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"  written to {out}")


def kept_or(name: str, otherwise: Any) -> Any:
    file = runs_folder() / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else otherwise


def of_kept(design: str, seed: int) -> dict[str, Any]:
    """Return the figures of all learners that were run on a seed."""
    found: dict[str, Any] = {}
    for kind in ("default", "quick", "single", "slow"):
        found |= kept_or(f"{design}_{seed}_{kind}", {})
    return found


def design_row(design: str) -> dict[str, Any]:
    """Return the means of each learner over its seeds, and the paired differences of the default from it; empty if nothing was run."""
    of_seed = {seed: found for seed in SEEDS if DEFAULT in (found := of_kept(design, seed))}
    if not of_seed:
        return {}
    learners = {}
    for name in dict.fromkeys(name for found in of_seed.values() for name in found):
        pairs = [(found[name], found[DEFAULT]) for found in of_seed.values() if name in found]
        means = {key: float(np.mean([own[key] for own, _ in pairs])) for key in ("pehe", "qini", "cpu_seconds", "memory_mb")}
        learners[name] = means | {"seeds": len(pairs)}
        if name != DEFAULT and len(pairs) > 2:
            learners[name]["default_less"] = {key: paired([default[key] - own[key] for own, default in pairs]) for key in ("pehe", "qini")}
    by_seed = {str(seed): [found[DEFAULT]["pehe"], found[DEFAULT]["qini"]] for seed, found in of_seed.items()}
    return {"design": design, "seeds": len(of_seed), "default_by_seed": by_seed, "learners": learners}


def paired(differences: list[float]) -> tuple[float, float, float]:
    """Return the mean of differences with its 95 % interval by Student's t."""
    from scipy import stats

    mean, error = float(np.mean(differences)), float(np.std(differences, ddof=1) / np.sqrt(len(differences)))
    reach = float(stats.t.ppf(0.975, len(differences) - 1)) * error
    return mean, mean - reach, mean + reach


def main() -> None:
    parts = {
        "designs": designs,
        "intervals": intervals,
        "rivals": rivals,
        "more": more,
        "hillstrom": hillstrom_table,
        "speed": speed,
        "table": table,
    }
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()

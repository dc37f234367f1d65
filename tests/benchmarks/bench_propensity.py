"""Propensity on UCI bank marketing: our model next to plain logistic regression and gradient boosting of scikit-learn.

The calls are in the order of their dates (May 2008 to November 2010), so the first seven in ten are learnt from and the last three judged.
The length of the call is left out, as it is known only once the customer has answered. Ours reads the file by its mapping
(pipelines/mappings/bank_marketing.yaml), the others the columns of the file, categories as 0 and 1, with scikit-learn's default settings.

Forecasts are judged as they are, and again at a level that follows: before each thousand calls the log-odds of all are moved by one number,
so that the expected takers of the thousand calls before them are those observed. 95 % intervals: DeLong's of the AUC, those of the others,
and of the differences from the better peer, over 500 resamples of the calls judged, the same for all.

The table is printed and, if the page exists, put in its place in docs/propensity_on_bank_marketing.md; no row of the data is in it.
"""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import special

from relkit.metrics.binary_forecasts import auc, auc_interval, calibration_error, lift, lift_interval, losses, mean_interval, shift_of
from relkit.models.affinity.propensity import Propensity
from relkit.tables.mapping import read_source_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
FILE = "bank_marketing_additional_full.csv.gz"
PAGE = ROOT / "docs" / "propensity_on_bank_marketing.md"
PRODUCT, LEARNT_SHARE, FOLLOWED = "term_deposit", 0.7, 1_000
SEED, REPLICATES = 20250630, 500
OURS = "`affinity.propensity`"
OF_THE_MOMENT = ("month", "day_of_week", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
WITH_MOMENTS, WITHOUT = f"{OURS}, all columns named", "without the columns of the moment"


@dataclass(frozen=True, eq=False)
class Judged:
    """Forecasts of a model for the calls judged.

    Attributes:
        probability: shape (n,).
        seconds: of CPU, to learn and forecast.
    """

    probability: Floats
    seconds: float


def calls(*, with_leak: bool = False) -> pl.DataFrame:
    """Return the rows of the file in its order, as our model reads them."""
    read = read_source_tables(DATA, ROOT / "pipelines" / "mappings" / "bank_marketing.yaml")
    rows = read.frames["customer_snapshots"].collect().sort("_row")
    left_out = ["customer_id", "as_of", *([] if with_leak else ["call_seconds"])]
    taken = pl.when(PRODUCT).then(pl.lit([PRODUCT])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
    return rows.with_columns(taken=taken).drop(*left_out, PRODUCT, *(name for name in rows.columns if name.startswith("_")))


def raw_columns(*without: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the columns of the file, categories as 0 and 1, shape (n, d), and who took the deposit."""
    rows = pl.read_csv(DATA / FILE, separator=";", infer_schema_length=None).drop("duration", *without)
    took = (rows["y"] == "yes").to_numpy()
    return rows.drop("y").to_dummies(pl.selectors.string()).cast(pl.Float64).to_numpy(), took


def ours(learnt: pl.DataFrame, judged: pl.DataFrame, *, features: tuple[str, ...] = ()) -> Floats:
    fitted = Propensity(features=features).fit(learnt, as_of=date(2010, 11, 30))
    return fitted.score(judged)[str(fitted.scores[0])].to_numpy()


def peer(model: Any, X: Floats, took: NDArray[np.bool_], first: int) -> Floats:
    found: Floats = model.fit(X[:first], took[:first]).predict_proba(X[first:])[:, 1]
    return found


def forecasts() -> tuple[dict[str, Judged], NDArray[np.bool_]]:
    """Return the forecasts of all models, and what happened."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, (X, took), (customers_only, _) = calls(), raw_columns(), raw_columns(*OF_THE_MOMENT)
    first = int(LEARNT_SHARE * len(took))
    scaled = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    work: dict[str, Callable[[], Floats]] = {
        OURS: lambda: ours(rows[:first], rows[first:]),
        "logistic regression, standardised": lambda: peer(scaled, X, took, first),
        "logistic regression": lambda: peer(LogisticRegression(max_iter=1000), X, took, first),
        "gradient boosting": lambda: peer(HistGradientBoostingClassifier(random_state=SEED), X, took, first),
        WITH_MOMENTS: lambda: ours(rows[:first], rows[first:], features=tuple(name for name in rows.columns if name != "taken")),
        f"logistic regression, standardised, {WITHOUT}": lambda: peer(scaled, customers_only, took, first),
        f"gradient boosting, {WITHOUT}": lambda: peer(HistGradientBoostingClassifier(random_state=SEED), customers_only, took, first),
    }
    return {name: timed(each) for name, each in work.items()}, took[first:]


def timed(work: Callable[[], Floats]) -> Judged:
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = work()
    return Judged(found, time.process_time() - start)


def followed(probability: Floats, took: NDArray[np.bool_], step: int = FOLLOWED) -> Floats:
    """Return forecasts at a level that follows: that of each `step` rows is learnt from the `step` before them."""
    z = special.logit(np.clip(probability, 1e-9, 1 - 1e-9))
    found = probability.copy()
    for start in range(step, len(z), step):
        before, now = slice(start - step, start), slice(start, start + step)
        found[now] = special.expit(z[now] + shift_of(z[before], took[before].astype(float), np.ones(step)))
    return found


def differences(best: Floats, other: Floats, took: NDArray[np.bool_]) -> dict[str, tuple[float, float, float]]:
    """Return by measure the difference of two forecasts with its interval, over the same resamples."""
    rng, found = np.random.default_rng(SEED), {}
    draws = [rng.integers(0, len(took), len(took)) for _ in range(REPLICATES)]
    for name, measure in {"AUC": auc, "lift": lift}.items():
        apart = [measure(took[rows], best[rows]) - measure(took[rows], other[rows]) for rows in draws]
        low, high = np.quantile(apart, [0.025, 0.975])
        found[name] = (measure(took, best) - measure(took, other), float(low), float(high))
    return found


def lines(judged: dict[str, Judged], took: NDArray[np.bool_]) -> list[str]:
    head = "| Model | AUC | lift at 10 % | log loss | calibration error | the same, level followed | log loss, level followed | CPU |"
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for name, each in judged.items():
        p, q = each.probability, followed(each.probability, took)
        cells = [
            auc_interval(took, p),
            lift_interval(took, p, replicates=REPLICATES),
            mean_interval(losses(took, p), replicates=REPLICATES),
        ]
        shown = [f"{cell.value:.3f} ({cell.lower:.3f} to {cell.upper:.3f})" for cell in cells]
        errors = [f"{calibration_error(took, p):.3f}", f"{calibration_error(took, q):.3f}", f"{losses(took, q).mean():.3f}"]
        rows.append(f"| {' | '.join([name, *shown, *errors])} | {each.seconds:.1f} s |")
    return rows


def ahead(judged: dict[str, Judged], took: NDArray[np.bool_]) -> list[str]:
    """Return a sentence for each measure of order on the difference from the better peer."""
    peers = [name for name in judged if name not in {OURS, WITH_MOMENTS} and WITHOUT not in name]
    mine, found = judged[OURS].probability, []
    for name, measure in {"AUC": auc, "lift": lift}.items():
        best = max(peers, key=lambda other, by=measure: by(took, judged[other].probability))
        apart, low, high = differences(mine, judged[best].probability, took)[name]
        found.append(f"{name} above the best of the others ({best}): {apart:+.3f} ({low:+.3f} to {high:+.3f}).")
    return found


def put(table: list[str]) -> None:
    """Put the table in its place on the page."""
    text = PAGE.read_text(encoding="utf-8")
    page = re.sub(r"(?s)(<!-- table -->\n).*?(<!-- end -->)", lambda match: f"{match[1]}{chr(10).join(table)}\n{match[2]}", text)
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    if not (DATA / FILE).is_file():
        print(f"skipped: {DATA / FILE} is absent")
        return
    judged, took = forecasts()
    table = [*lines(judged, took), "", *ahead(judged, took)]
    print(f"{len(took):,} calls judged, {took.mean():.1%} took the deposit", *table, sep="\n")
    if PAGE.is_file():
        put(table)


if __name__ == "__main__":
    main()

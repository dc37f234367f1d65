"""The value of an order on five shops: Gamma-Gamma with and without first orders, prices as paid or followed, and as a holdout decides.

Four origins for each horizon (28, 90, 180 days), evenly spaced over the last 60 % of the history; they may overlap. At each, a model learns
what was known by then, and is judged on the days that follow:

- error: mean absolute error of the order value over those who came back, as a ratio to that of repeat orders alone (the papers' model);
  better and worse count the origins at which the paired 95 % interval over customers excludes no difference;
- Gini of spend, normalised, of all customers: orders expected by the MBG/NBD times the value of an order, against the spend that came;
- total: the mean absolute logarithm of order values expected over those that came, summed over who came back.

`auto` decides on the last third of what was known (182 days at most), as `relkit fit` does.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.errors import FitError
from relkit.features.purchases import holdout_purchases, purchase_summary
from relkit.metrics.ranking import normalised_gini
from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma, GammaGamma
from relkit.models.lifetime_value.mbg_nbd import MbgNbd
from relkit.periods import AsOf, Holdout
from relkit.tables.table_set import TableSet

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "pipelines" / "mappings"
SHOPS = ("cdnow_master", "online_retail", "completejourney", "clvtools_apparel", "essec_purchases")
HORIZONS = (28, 90, 180)
ORIGINS = 4
VARIANTS = {
    "repeat orders": GammaGamma(orders_learnt_from="repeat", price_level="as_paid"),
    "all orders": GammaGamma(orders_learnt_from="all", price_level="as_paid"),
    "all, prices followed": GammaGamma(orders_learnt_from="all", price_level="followed"),
}


def splits(tables: TableSet, days: int) -> list[Holdout]:
    """Return the origins of a horizon, ascending."""
    first, end = tables.facts.first_day, tables.as_of(None)
    assert first is not None
    longest = (end.day - first).days - days
    known = np.unique(np.linspace(max(60, 0.4 * longest), longest, ORIGINS).astype(int)) if longest >= 60 else []
    return [Holdout.before(tables.as_of(str(first + timedelta(days=int(age) + days))), days=days) for age in known]


def decided(tables: TableSet, edge: AsOf, known: pl.DataFrame) -> FittedGammaGamma:
    """Return the model with what the last third of the days up to `edge` decides."""
    assert tables.facts.first_day is not None
    inner = Holdout.before(edge, days=min(182, (edge.day - tables.facts.first_day).days // 3))
    before = purchase_summary(tables, inner.calibration)
    settings = GammaGamma()
    variants = settings.variants(before)
    try:
        fitted = [each.fit(before, as_of=inner.calibration.day) for each in variants]
        settings = variants[GammaGamma.best_of(fitted, before, holdout_purchases(tables, inner))[0]]
    except FitError:  # as a fit without a holdout
        pass
    return settings.fit(known, as_of=edge.day)


def measures(value: Floats, usual: Floats, orders: Floats, seen: pl.DataFrame) -> list[float]:
    """Return the ratio of errors, the share of origins better and worse, the Gini of spend, and the error of the total."""
    count, mean = (seen[name].cast(pl.Float64).fill_null(0.0).to_numpy() for name in ("holdout_purchases", "holdout_mean_value"))
    back = mean > 0
    error, before = np.abs(value - mean)[back], np.abs(usual - mean)[back]
    gap = error - before
    reach = 1.96 * gap.std() / np.sqrt(len(gap))
    total = float(abs(np.log((count * value)[back].sum() / (count * mean)[back].sum())))
    gini = normalised_gini(count * np.maximum(mean, 0.0), orders * value) or 0.0
    return [error.mean() / before.mean(), float(gap.mean() + reach < 0), float(gap.mean() - reach > 0), gini, total]


def judged(tables: TableSet, days: int) -> dict[str, Floats]:
    """Return the measures of each variant, shape (origins, 5)."""
    found = defaultdict(list)
    for split in splits(tables, days):
        edge = split.calibration
        known, seen = purchase_summary(tables, edge), holdout_purchases(tables, split)
        orders = MbgNbd().fit(known, as_of=edge.day).expected_purchases(known, days)
        models = {name: settings.fit(known, as_of=edge.day) for name, settings in VARIANTS.items()}
        models["auto"] = decided(tables, edge, known)
        values = {name: model.expected_order_value(known) for name, model in models.items()}
        for name, value in values.items():
            found[name].append(measures(value, values["repeat orders"], orders, seen))
    return {name: np.array(rows) for name, rows in found.items()}


def main(shops: tuple[str, ...] = SHOPS) -> None:
    """Print the table of each shop whose files are there."""
    from relkit.jobs.check_tables import CheckTables

    print(
        f"  {'shop':<18}{'days':>5}  {'variant':<22}{'origins':>8}{'error':>8}{'better':>8}{'worse':>7}{'Gini':>8}{'total':>8}", flush=True
    )
    for shop in shops:
        with tempfile.TemporaryDirectory() as folder:
            CheckTables(data=DATA, mapping=MAPPINGS / f"{shop}.yaml", out=Path(folder)).run()
            tables = TableSet.open(next(Path(folder).rglob("facts.json")).parent)
            for days in HORIZONS:
                for name, rows in judged(tables, days).items():
                    error, _, _, gini, total = rows.mean(axis=0)
                    better, worse = rows[:, 1:3].sum(axis=0)
                    print(
                        f"  {shop:<18}{days:>5}  {name:<22}{len(rows):>8}{error:>8.3f}{better:>8.0f}{worse:>7.0f}{gini:>8.3f}{total:>8.3f}",
                        flush=True,
                    )


if __name__ == "__main__":
    if DATA.is_dir():
        main(tuple(sys.argv[1:]) or SHOPS)
    else:
        print(f"  left out: the shops are not at {DATA}")

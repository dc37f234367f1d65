"""Coverage of the 95 % bounds of totals on six shops: of all customers, and of parts of them, by what was known at each past day.

At each origin a model of the orders is fitted to what was known then, and its total of the next days bounded by the errors of earlier
origins whose days had passed (`PastForecasts.known_on`). Origins lie half a horizon apart, at most six for each shop and horizon, so that
they overlap and are not independent. The models are BG/NBD and, up to 180 days ahead, the pooled forecast, learnt at the horizon asked
for. Parts with fewer than five expected orders or ten customers are left out.

    make bench, or python -m tests.benchmarks total_bounds
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from forecast_shops import SHOPS, Shop

from relkit.features.purchase_histories import purchase_histories
from relkit.features.purchases import holdout_purchases, purchase_features
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.origin_totals import totals_at
from relkit.models.lifetime_value.past_forecasts import PastForecasts
from relkit.models.lifetime_value.pooled import Pooled
from relkit.models.lifetime_value.total_spread import HISTORY_SPREAD
from relkit.periods import Holdout

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
HORIZONS = {"bg_nbd": (28, 90, 180, 365, 730), "pooled": (28, 90, 180)}
MOST_ORIGINS = 6
MANY = 30
"""Expected orders from which a part is large."""


def parts(rows: pl.DataFrame, expected: Any) -> dict[str, pl.Series]:
    """Return the part of each customer, by the kind of part."""
    named = rows.select(
        cohort=pl.col("first_order_on").dt.truncate("1q").cast(pl.String),
        orders=pl.col("repeat_purchases").clip(0, 4).cast(pl.String),
        drawn=(pl.int_range(pl.len()) * 7919 % 10).cast(pl.String),
        tenth=(10 * pl.Series(expected).rank("ordinal") / (pl.len() + 1)).cast(pl.Int64).cast(pl.String),
    )
    return {name: named[name] for name in named.columns}


def origins(shop: Shop, days: int) -> list[Holdout]:
    """Return the holdouts of a shop at a horizon, the newest first."""
    end = shop.tables.as_of(None)
    first = end.day - timedelta(days=shop.length_days)
    found = [
        Holdout.before(end.minus(days=k * max(days // 2, 28)), days=days) for k in range(MOST_ORIGINS) if k * days // 2 < shop.length_days
    ]
    return [split for split in found if (split.calibration.day - first).days >= max(60, min(days, 180))]


def fitted(name: str, shop: Shop, split: Holdout) -> tuple[Any, pl.DataFrame]:
    """Return a model fitted to what was known at an origin, with the rows it read."""
    if name == "bg_nbd":
        rows = purchase_features(shop.tables, split.calibration)
        return BgNbd().fit(rows, as_of=split.calibration.day), rows
    rows = purchase_histories(shop.tables, split.calibration)
    return Pooled(horizons_days=(split.days,)).fit(rows, as_of=split.calibration.day), rows


def judged(name: str, shop: Shop, days: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return totals and parts of totals of a shop at one horizon, each with its bounds and what came."""
    made = []
    for split in origins(shop, days):
        model, rows = fitted(name, shop, split)
        outcomes = holdout_purchases(shop.tables, split)
        made.append((split, rows, outcomes, model, totals_at(model, rows, outcomes)))
    past = PastForecasts.of(total for *_, total in made)
    whole, some = [], []
    for split, rows, outcomes, model, total in made:
        spread = past.known_on(split.calibration.day).spread(days)
        reach = spread.reach(total.forecast)
        error = abs(np.log(total.came / total.forecast)) if total.came > 0 else np.inf
        whole.append({"shop": shop.name, "days": days, "reach": reach, "error": error, "holds": error <= np.log(reach)})
        expected, came = model.expected_purchases(rows, days), outcomes["holdout_purchases"].cast(pl.Float64)
        for kind, part in parts(rows, expected).items():
            sums = (
                pl.DataFrame({"part": part, "expected": expected, "came": came})
                .group_by("part")
                .agg(pl.len(), pl.col("expected", "came").sum())
            )
            for _, _, forecast, seen in sums.filter((pl.col("len") >= 10) & (pl.col("expected") >= 5)).iter_rows():
                own = spread.reach(forecast, of_segment=HISTORY_SPREAD)
                some.append({"days": days, "kind": kind, "many": forecast >= MANY, "holds": forecast / own <= seen <= forecast * own})
    return whole, some


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shops = [Shop.opened(name, DATA, ROOT / "pipelines" / "mappings", Path(folder)) for name in SHOPS]
        for name in sys.argv[1:] or HORIZONS:
            print(name)
            found = [judged(name, shop, days) for shop in shops for days in HORIZONS[name]]
            report([row for totals, _ in found for row in totals], [row for _, parts in found for row in parts])


def report(whole: list[dict[str, Any]], some: list[dict[str, Any]]) -> None:
    """Print the coverage of totals by horizon and by shop, and of parts by kind and size."""
    held = {
        "origins": pl.len(),
        "holds": pl.col("holds").mean(),
        "rms_error": (pl.col("error") ** 2).mean().sqrt(),
        "reach": pl.col("reach").median(),
    }
    with pl.Config(tbl_rows=50, float_precision=3, tbl_hide_column_data_types=True):
        print(pl.DataFrame(whole).group_by("days").agg(**held).sort("days"))
        print(pl.DataFrame(whole).group_by("shop").agg(**held).sort("shop"))
        print(pl.DataFrame(whole).select(**held))
        short = pl.DataFrame(some).filter(pl.col("days") <= 180)
        print(short.group_by("kind", "many").agg(parts=pl.len(), holds=pl.col("holds").mean()).sort("kind", "many"))


if __name__ == "__main__":
    main()

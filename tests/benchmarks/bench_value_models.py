"""Next period's spend of the customers of Online Retail: the choice of relkit, next to a naive rate and gradient boosting.

The first half of the year fits, the second half judges; a customer counts who bought in the first half. Everything is
learnt from the first half alone, but for the row that says otherwise:

- relkit: `fit lifetime_value.auto` as of the middle (its own holdout is the last third of the first half), orders
  expected times the expected value of an order (Gamma-Gamma);
- naive, the same again: spend of the first half per day, times the days of the second;
- naive, x / T: repeat purchases per day since the first, times the days, times the mean order value so far;
- gradient boosting: scikit-learn's histogram gradient boosting with its defaults, seeded, squared error. It learns spend
  of the second quarter from what was known after the first, and its forecast from the middle is stretched to the days ahead;
- gradient boosting, second half known: five-fold cross-validation on the answers themselves. It could not be had at the
  time, and shows how much there was to know.

Intervals: 95 %, 1,000 resamples of the customers. Differences from relkit are over the same resamples. Two more tables show where the
total of spend is lost: spend with the orders, or the order values, that were really observed, and the buyers that it is lost on.
"""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.features.purchase_days import purchase_days
from relkit.features.purchases import holdout_purchases, purchase_summary
from relkit.metrics.ranking import normalised_gini
from relkit.metrics.resamples import Measured, measured_on
from relkit.periods import AsOf, Holdout
from relkit.tables.table_set import TableSet

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPING = ROOT / "pipelines" / "mappings" / "online_retail.yaml"
SEED = 20111209
SHOWN = {"mae": "MAE", "total_ratio": "total / seen", "normalised_gini": "Gini"}


def relkit_fit(out: Path, calibration: AsOf) -> tuple[Any, Any]:
    """Return the model that auto chooses, and the spend model, both as of the calibration; says why."""
    from relkit.jobs.fit_model import FitModel
    from relkit.tracking import registry

    found = []
    for name in ("lifetime_value.auto", "lifetime_value.gamma_gamma"):
        result = FitModel.parse(model=name, out=out, as_of=str(calibration)).run()
        found.append(registry.load(registry.champion(result.details["model"])))  # type: ignore[arg-type]  # a first version is champion
        if "choice" in result.details:
            print("\n".join(f"  {line}" for line in result.sentences[: len(result.details["choice"]["comparison"]) + 3]))
    return found[0], found[1]


def past(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the features that a regression may know of each customer as of a day, in the order of the purchase summary."""
    bought = purchase_days(tables, as_of).with_columns(pl.col("customer_id").cast(pl.String))
    day = pl.lit(as_of.day)
    recent = [pl.col("value").filter(pl.col("day") > day - timedelta(days=days)).sum().alias(f"spend_{days}d") for days in (30, 60, 90)]
    spent = bought.group_by("customer_id").agg(
        pl.col("value").sum().alias("spend"), pl.col("value").max().alias("largest"), pl.col("value").last().alias("latest"), *recent
    )
    summary = purchase_summary(tables, as_of).drop("is_left_censored", strict=False)
    known = summary.join(spent, on="customer_id", how="left", maintain_order="left")
    return known.with_columns(since=pl.col("observed_days") - pl.col("last_purchase_age_days"))


def numbers(known: pl.DataFrame) -> Floats:
    return known.select(pl.selectors.numeric()).cast(pl.Float64).fill_null(np.nan).to_numpy()


def boosted() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=SEED)


def boosting(tables: TableSet, split: Holdout, known: pl.DataFrame, target: str) -> Floats:
    """Return a forecast learnt within the first half: from its first quarter to its second."""
    quarter = (split.calibration.day - tables.facts.first_day).days // 2  # type: ignore[operator]  # the files have a first day
    inner = Holdout.before(split.calibration, days=quarter)
    before, after = past(tables, inner.calibration), answers(tables, inner)
    return boosted().fit(numbers(before), after[target].to_numpy()).predict(numbers(known)) * (split.days / quarter)


def boosting_known(known: pl.DataFrame, actual: Floats) -> Floats:
    """Return forecasts of each fifth of the customers, learnt from the answers of the four others."""
    from sklearn.model_selection import KFold, cross_val_predict

    return np.asarray(cross_val_predict(boosted(), numbers(known), actual, cv=KFold(5, shuffle=True, random_state=SEED)))


def answers(tables: TableSet, split: Holdout) -> pl.DataFrame:
    """Return orders and spend of the days after a split, in the order of the purchase summary."""
    seen = holdout_purchases(tables, split)
    spend = (pl.col("holdout_purchases") * pl.col("holdout_mean_value")).fill_null(0.0).clip(lower_bound=0.0)
    return seen.select("customer_id", orders=pl.col("holdout_purchases").cast(pl.Float64), spend=spend)


def forecasts(tables: TableSet, split: Holdout, fitted: Any, worth: Any) -> tuple[pl.DataFrame, dict[str, dict[str, Floats]]]:
    """Return the outcomes, and the forecasts of orders and of spend by name."""
    known, seen = past(tables, split.calibration), answers(tables, split)
    x, T, spend = (known[name].cast(pl.Float64).to_numpy() for name in ("repeat_purchases", "observed_days", "spend"))
    learnt = (split.calibration.day - tables.facts.first_day).days + 1  # type: ignore[operator]
    by_rate = x / np.maximum(T, 1) * split.days
    from relkit.families.bindings import inputs_of

    features = inputs_of(fitted.name).features(tables, split.calibration)
    own = known.select("customer_id").join(
        features.select("customer_id", expected=fitted.expected_purchases(features, split.days)), on="customer_id", maintain_order="left"
    )
    orders = own["expected"].to_numpy()
    name = f"relkit auto ({fitted.name.partition('.')[2]})"
    of_orders = {
        name: orders,
        "naive, the same again": (x + 1) / learnt * split.days,
        "naive, x / T": by_rate,
        "gradient boosting": boosting(tables, split, known, "orders"),
        "gradient boosting, second half known": boosting_known(known, seen["orders"].to_numpy()),
    }
    of_spend = {
        name: orders * worth.expected_order_value(known),
        "naive, the same again": spend / learnt * split.days,
        "naive, x / T": by_rate * spend / (x + 1),
        "gradient boosting": boosting(tables, split, known, "spend"),
        "gradient boosting, second half known": boosting_known(known, seen["spend"].to_numpy()),
    }
    return seen, {"orders": of_orders, "spend": of_spend}


def measured(actual: Floats, named: dict[str, Floats]) -> Measured:
    """Return MAE, total ratio and Gini of each forecast, with resamples of the customers."""

    def measures(rows: Any) -> list[list[float]]:
        seen = actual[rows]
        of = [values[rows] for values in named.values()]
        return [[np.abs(each - seen).mean(), each.sum() / seen.sum(), _gini(seen, each)] for each in of]

    return measured_on(len(actual), list(SHOWN), measures, replicates=1000, seed=SEED)


def _gini(seen: Floats, expected: Floats) -> float:
    found = normalised_gini(seen, expected)
    return np.nan if found is None else found


def table(actual: Floats, named: dict[str, Floats], *, digits: int) -> list[str]:
    """Return the lines of one table."""
    found = measured(actual, named)
    low, high = found.interval()
    lines = [f"    {'':<38}" + "".join(f"{label:<30}" for label in SHOWN.values()) + "MAE above relkit's"]
    for i, name in enumerate(named):
        cells = []
        for p, measure in enumerate(SHOWN):
            d = digits if measure == "mae" else 3
            cells.append(f"{found.values[i, p]:.{d}f} ({low[i, p]:.{d}f} to {high[i, p]:.{d}f})")
        apart = [part[0] for part in found.difference(i, 0)]
        last = "" if i == 0 else f"{apart[0]:+.{digits}f} ({apart[1]:+.{digits}f} to {apart[2]:+.{digits}f})"
        lines.append(f"    {name:<38}" + "".join(f"{cell:<30}" for cell in cells) + last)
    return lines


def where_lost(tables: TableSet, split: Holdout, expected: Floats, worth: Any) -> list[str]:
    """Return the lines that part the spend forecast into orders and order values, and into buyers by what they had spent."""
    known, seen = past(tables, split.calibration), answers(tables, split)
    value, own = worth.expected_order_value(known), (known["spend"] / (known["repeat_purchases"] + 1)).to_numpy()
    orders, spend = seen["orders"].to_numpy(), seen["spend"].to_numpy()
    lines = ["  spend, as a share of what was seen, with"]
    for name, made in {
        "expected orders, expected values": expected * value,
        "expected orders, own mean value so far": expected * own,
        "orders seen, expected values": orders * value,
        "orders seen, own mean value so far": orders * own,
    }.items():
        gini = normalised_gini(spend, made)
        lines.append(f"    {name:<42}{made.sum() / spend.sum():.3f}, Gini {gini:.3f}")
    rank, x = (-known["spend"]).rank("ordinal").to_numpy() / len(known), known["repeat_purchases"].to_numpy()
    once = np.where(x == 0, known["spend"].to_numpy(), np.nan)
    quarter = np.searchsorted(np.nanquantile(once, [0.25, 0.5, 0.75]), once)
    groups = {"all": rank > 0, "first 1 %": rank <= 0.01, "next 9 %": (rank > 0.01) & (rank <= 0.1), "the others": rank > 0.1}
    groups |= {f"one order, of quarter {q + 1}": (x == 0) & (quarter == q) for q in range(4)}
    heads = ("orders: expected, seen", "order value: expected, so far, seen", "spend: expected / seen")
    lines.append(f"  {'by spend so far':<26}{heads[0]:>26}{heads[1]:>40}{heads[2]:>28}")
    for name, of in groups.items():
        mean = (own * (x + 1))[of].sum() / (x + 1)[of].sum()
        counts = f"{expected[of].sum():,.0f}, {orders[of].sum():,.0f}"
        values = f"{(orders * value)[of].sum() / orders[of].sum():,.0f}, {mean:,.0f}, {spend[of].sum() / orders[of].sum():,.0f}"
        lines.append(f"    {name:<24}{counts:>26}{values:>40}{(expected * value)[of].sum() / spend[of].sum():>28.2f}")
    return lines


def main() -> None:
    if not list(DATA.glob("online_retail_part*")):
        print(f"  left out: the files of Online Retail are not at {DATA}")
        return
    from relkit.jobs.check_tables import CheckTables

    with tempfile.TemporaryDirectory() as folder:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        out = Path(folder, "out")
        CheckTables(data=DATA, mapping=MAPPING, out=out).run()
        tables = TableSet.open(out / "tables")
        end = tables.as_of(None)
        split = Holdout.before(end, days=(end.day - tables.facts.first_day).days // 2)  # type: ignore[operator]
        fitted, worth = relkit_fit(out, split.calibration)
        seen, found = forecasts(tables, split, fitted, worth)
        lost = where_lost(tables, split, next(iter(found["orders"].values())), worth)
    print(f"  {len(seen):,} customers known by {split.calibration}, judged on the {split.days} days up to {split.end}")
    for what, digits in (("orders", 3), ("spend", 1)):
        actual = seen[what].to_numpy()
        print(f"  {what}: {actual.sum():,.0f} in all, {actual.mean():.2f} a customer")
        print("\n".join(table(actual, found[what], digits=digits)))
    print("\n".join(lost))


if __name__ == "__main__":
    main()

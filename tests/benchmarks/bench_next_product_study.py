"""Next products on real baskets: our model next to the frequencies that it must beat, customers resampled in pairs.

Two companies, the groceries of The Complete Journey (by product, and by product type) and the gifts of Online Retail, each split twice:

- last basket: every customer's last basket is held out, and the model learns from all earlier ones;
- cut date: the model learns up to a day, and is judged on each customer's first basket after it.

All products are ranked. "personal" is the products that a customer bought in most baskets, ties by popularity, filled up with the most
popular ones; "global" is the most popular ones. 95 % intervals of the difference are from 2,000 paired resamples of the customers judged.

The table is printed, and written whole or not at all to out/benchmarks/next_product.json. docs/next_product.json is the copy that is
published: no row of the data is in it.
"""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import relkit
from relkit.metrics.recommendation import paired_difference
from relkit.models.affinity.next_judging import Judged, K, judge_lists
from relkit.models.affinity.next_product import NextProduct
from relkit.reports.next_product_study import FORMAT, OWN_RUN
from relkit.workplace import workplace

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REPLICATES = 2_000
OWN_CLOCK = date(1970, 1, 2)
"""Before any basket: the next one is counted from each customer's last."""
CUT_DAYS = {"completejourney": 30, "online_retail": 60}
"""Days held out by the cut date: a month of groceries, two of gifts."""
SETS = (("completejourney", "product"), ("completejourney", "product_type"), ("online_retail", "product"))
SPLITS = ("last_basket", "cut_date")


def completejourney(level: str) -> pl.DataFrame:
    """Return customer_id, at, basket and product of every line."""
    lines = pl.concat([pl.read_parquet(path) for path in sorted(DATA.glob("completejourney_transactions_part*.parquet"))])
    products = pl.read_parquet(DATA / "completejourney_products.parquet").select("product_id", "product_type")
    named = lines.join(products, on="product_id", how="left")
    product = pl.col("product_id").cast(pl.String) if level == "product" else pl.col("product_type")
    return named.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("transaction_timestamp").alias("at"),
        pl.col("basket_id").cast(pl.String).alias("basket"),
        product.alias("product"),
    ).drop_nulls()


def online_retail() -> pl.DataFrame:
    """Return the same of sales of articles (codes of five digits) to known customers; cancelled invoices are left out."""
    lines = pl.concat([pl.read_csv(path, infer_schema_length=0) for path in sorted(DATA.glob("online_retail_part*.csv.gz"))])
    sold = lines.filter(
        pl.col("CustomerID") != "",
        ~pl.col("InvoiceNo").str.starts_with("C"),
        pl.col("Quantity").cast(pl.Float64) > 0,
        pl.col("UnitPrice").cast(pl.Float64) > 0,
        pl.col("StockCode").str.contains(r"^\d{5}"),
    )
    return sold.select(
        pl.col("CustomerID").alias("customer_id"),
        pl.col("InvoiceDate").str.to_datetime().alias("at"),
        pl.col("InvoiceNo").alias("basket"),
        pl.col("StockCode").alias("product"),
    )


def in_baskets(lines: pl.DataFrame) -> pl.DataFrame:
    """Return customer_id, day, code of the basket, its number within the customer (order), their number (baskets), product, each once."""
    baskets = (
        lines.group_by("customer_id", "basket")
        .agg(pl.col("at").min())
        .sort("customer_id", "at", "basket")
        .with_columns(
            day=pl.col("at").dt.date(),
            order=pl.int_range(pl.len()).over("customer_id"),
            baskets=pl.len().over("customer_id"),
            code=pl.int_range(pl.len(), dtype=pl.UInt32),
        )
    )
    once = lines.select("customer_id", "basket", "product").unique()
    return once.join(baskets, on=["customer_id", "basket"]).sort("code", "product")


def split(lines: pl.DataFrame, how: str, cut_days: int) -> tuple[pl.DataFrame, pl.DataFrame, date, date | None]:
    """Return histories, outcomes, the day of the fit, and the day from which next baskets are counted."""
    if how == "last_basket":
        is_last = (pl.col("order") == pl.col("baskets") - 1) & (pl.col("baskets") > 1)
        before, after = lines.filter(~is_last), lines.filter(is_last)
        as_of: Any = before["day"].max()
        return histories(before), outcomes(after), as_of, OWN_CLOCK
    last: Any = lines["day"].max()
    cut = date.fromordinal(last.toordinal() - cut_days)
    before, after = lines.filter(pl.col("day") <= cut), lines.filter(pl.col("day") > cut)
    first = after.filter(pl.col("order") == pl.col("order").min().over("customer_id"))
    return histories(before), outcomes(first.join(before, on="customer_id", how="semi")), cut, None


def histories(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("customer_id", maintain_order=True).agg(products=pl.col("product"), days=pl.col("day"), baskets=pl.col("code"))


def outcomes(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("customer_id", maintain_order=True).agg(next_products=pl.col("product"))


def row(company: str, level: str, how: str, lines: pl.DataFrame, settings: NextProduct) -> dict[str, Any]:
    """Return one row of the table: counts, measures of the three, and differences from personal frequency."""
    before, after, as_of, clock = split(lines, how, CUT_DAYS[company])
    start = time.process_time()
    fitted = settings.fit(before, as_of=as_of)
    fit_seconds = time.process_time() - start
    judged = judge_lists(fitted, before, after, as_of=clock)
    return {
        "company": company,
        "level": level,
        "split": how,
        "customers": len(judged.bought.counts),
        "products": judged.products,
        "bought": float(judged.bought.counts.mean()),
        "repeat_share": float(judged.bought.is_repeat.mean()),
        "fit_cpu_seconds": fit_seconds,
        "measures": {name: found.means() for name, found in judged.measures.items()},
        "differences": differences(judged),
        "calibration_error_3": judged.calibration_error(),
    }


def differences(judged: Judged) -> dict[str, dict[str, float]]:
    """Return the differences between the model and personal frequency, with their bounds."""
    model, personal = judged.measures["model"], judged.measures["personal"]
    return {
        name: asdict(paired_difference(getattr(model, name), getattr(personal, name), replicates=REPLICATES))
        for name in ("recall", "ndcg", "recall_repeat", "recall_explore")
    }


def rows(sets: tuple[tuple[str, str], ...] = SETS, settings: NextProduct | None = None) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    found = []
    for company, level in sets:
        lines = in_baskets(completejourney(level) if company == "completejourney" else online_retail())
        found += [row(company, level, how, lines, settings or NextProduct()) for how in SPLITS]
    return found


def shown(each: dict[str, Any]) -> str:
    """Return a row in words."""
    parts = [f"{each['company']} by {each['level']}, {each['split']}: {each['customers']:,} customers, {each['products']:,} products"]
    for name, means in each["measures"].items():
        listed = "  ".join(f"{what} {value:.4f}" for what, value in means.items())
        parts.append(f"    {name:<10} {listed}")
    for name, apart in each["differences"].items():
        parts.append(f"    difference of {name:<15} {apart['difference']:+.4f} [{apart['lower']:+.4f}, {apart['upper']:+.4f}]")
    return "\n".join(parts)


def main() -> None:
    if not DATA.is_dir():
        print(f"  left out: the public data sets are not at {DATA}")
        return
    found = rows()
    for each in found:
        print(shown(each), flush=True)
    versions = {"python": platform.python_version(), "relkit": relkit.__version__, "numpy": np.__version__, "polars": pl.__version__}
    made = {
        "format": FORMAT,
        "made_on": datetime.now(UTC).date().isoformat(),
        "k": K,
        "replicates": REPLICATES,
        "settings": asdict(NextProduct()),
        "versions": versions,
        "rows": found,
    }
    path = workplace() / OWN_RUN
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
    print(f"  written to {path}")


if __name__ == "__main__":
    main()

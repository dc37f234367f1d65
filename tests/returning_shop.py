"""A shop whose customers send orders back: two years, 1,500 buyers, each with their own share of returns.

Orders come by BG/NBD with a Gamma-Gamma value. A returned order is returned whole, a week later. Sales are the same whatever
is returned.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

FIRST, MIDDLE, LAST = date(2023, 1, 1), date(2023, 12, 31), date(2024, 12, 30)
WEEK = timedelta(days=7)
MOST, ALWAYS, OTHERS = 0.395, 0.08, (6.0, 11.5)
"""Largest share of orders returned; at it, this share of the customers returns everything, the others by a beta distribution."""
MAPPING = """\
company:
  history_starts_on: 2023-01-01
  assumed_margin_rate: 0.5
sources:
  shop: {files: shop.csv}
tables:
  transactions:
    from: shop
    columns:
      transaction_line_id: line
      transaction_id: line
      customer_id: who
      occurred_at: day
      net_amount: amount
    returns: {where: kind = 'R'%s}
"""


def lines(returned: float = MOST, *, buyers: int = 1500, seed: int = 7) -> pl.DataFrame:
    """Return line, who, day, amount (negative on a return) and kind (S or R); `returned` is the share of orders sent back, MOST at most."""
    rng, own = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    shares = np.where(own.random(buyers) < ALWAYS, 1.0, own.beta(*OTHERS, buyers)) * returned / MOST
    start, rate, leaves = rng.uniform(0, 150, buyers), rng.gamma(8.0, 1 / 180, buyers), rng.beta(0.6, 24.0, buyers)
    mean = 180.0 / rng.gamma(7.0, 1.0, buyers)
    rows: list[tuple[str, str, date, float, str]] = []
    for i in range(buyers):
        day = start[i]
        while day <= (LAST - FIRST).days:
            amount, comes_back = round(float(rng.gamma(6.0, mean[i] / 6.0)), 2), rng.random() < shares[i]
            name, on = f"{len(rows):06d}", FIRST + timedelta(days=int(day))
            rows.append((name, f"C{i:04d}", on, amount, "S"))
            if comes_back and on + WEEK <= LAST:
                rows.append((f"{name}R", f"C{i:04d}", on + WEEK, -amount, "R"))
            if rng.random() < leaves[i]:
                break
            day += 1 + rng.exponential(1 / rate[i])
    return pl.DataFrame(rows, schema=["line", "who", "day", "amount", "kind"], orient="row")


def write_shop(folder: Path, shop: pl.DataFrame, *, positive: bool = False) -> Path:
    """Write the shop as one file with its mapping, returns with a minus sign or without; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = shop.with_columns(pl.col("amount").abs()) if positive else shop
    written.write_csv(folder / "shop.csv")
    (folder / "mapping.yaml").write_text(MAPPING % (", amounts_in_file: positive" if positive else ""))
    return folder

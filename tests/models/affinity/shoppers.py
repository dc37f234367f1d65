"""Histories written by hand, and simulated ones with known habits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

AS_OF = date(2025, 6, 30)


def histories(*customers: tuple[str, Any]) -> pl.DataFrame:
    """Return histories from (customer, [(days ago, products, a letter each or a list)]); each pair is a basket."""
    rows: dict[str, list[Any]] = {"customer_id": [], "products": [], "days": [], "baskets": []}
    code = 0
    for name, baskets in customers:
        rows["customer_id"].append(name)
        products, days, codes = [], [], []
        for ago, letters in baskets:
            code += 1
            products += list(letters)
            days += [AS_OF - timedelta(days=ago)] * len(letters)
            codes += [code] * len(letters)
        rows["products"].append(products)
        rows["days"].append(days)
        rows["baskets"].append(codes)
    types = {"products": pl.List(pl.String), "days": pl.List(pl.Date), "baskets": pl.List(pl.UInt32)}
    return pl.DataFrame(rows, schema_overrides=types)


def simulated(customers: int, *, seed: int, products: int = 40, tastes: int = 5, days: int = 360) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return histories of customers who keep to a few products of one taste, and their next baskets.

    A customer has five favourites, each in his basket with its own probability, and one product of his taste at random.
    """
    rng = np.random.default_rng(seed)
    taste_of = np.arange(products) % tastes
    told, later = [], []
    for u in range(customers):
        own = np.flatnonzero(taste_of == rng.integers(tastes))
        liked = rng.permutation(own)[:5]
        share = rng.uniform(0.1, 0.7, len(liked))
        times = np.sort(rng.choice(days, 2 + rng.poisson(8), replace=False))[::-1]
        baskets = [sorted({*liked[rng.random(len(liked)) < share].tolist(), int(rng.choice(own))}) for _ in range(len(times) + 1)]
        told.append((f"c{u:05d}", [(int(ago), [f"p{item:02d}" for item in basket]) for ago, basket in zip(times, baskets, strict=False)]))
        later.append([f"p{item:02d}" for item in baskets[-1]])
    return histories(*told), pl.DataFrame({"customer_id": [name for name, _ in told], "next_products": later})

"""A wine shop with a campaign in two waves, as raw files: who was drawn, contacted, bought what, and left the mailing list.

A voucher on wine adds purchases of wine within four weeks, a part of which is taken from spirits (its category), and a part pulled
forward. Some treated customers are not reached, and a few controls are written to by mistake. Households hold up to two customers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2023, 6, 1, 10, tzinfo=UTC)
WAVES = {"w1": datetime(2024, 1, 11, 8, tzinfo=UTC), "w2": datetime(2024, 5, 3, 8, tzinfo=UTC)}
DAYS = 500
SHARES = {"FR": 0.5, "BE": 0.7}
"""Probability of treatment by country."""
MARGIN = {"wine": 0.4, "spirits": 0.3, "food": 0.2}
CONTACT, COUPON = 0.8, 2.0
"""Cost of a letter, and of a coupon that is redeemed."""
MAPPING = """\
company:
  currency: EUR
  business_zone: Europe/Paris
  history_starts_on: 2023-06-01
"""


def write_shop(folder: Path, *, customers: int = 900, seed: int = 5) -> Path:
    """Write the files of the shop into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in shop_tables(customers=customers, seed=seed).items():
        frame.write_csv(folder / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    (folder / "mapping.yaml").write_text(MAPPING)
    return folder


def shop_tables(*, customers: int = 900, seed: int = 5) -> dict[str, pl.DataFrame]:
    """Return the tables of the shop."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"K{i:04d}" for i in range(customers)])
    country = rng.choice(["FR", "BE"], customers, p=[0.7, 0.3])
    rate = rng.gamma(1.5, 1 / 60, customers)
    draws = _draws(rng, ids, country)
    contacts = _contacts(rng, draws)
    lines = _lines(rng, ids, rate, _extra(rng, draws, contacts))
    return {
        "customers": pl.DataFrame(
            {
                "customer_id": ids,
                "household_id": [f"H{i * 3 // 5:04d}" for i in range(customers)],
                "country": country,
                "created_on": [FIRST.date()] * customers,
            }
        ),
        "products": pl.DataFrame(
            {
                "product_id": list(MARGIN),
                "name": list(MARGIN),
                "category_1": ["drinks", "drinks", "food"],
                "category_2": ["wine", "spirits", "food"],
            }
        ),
        "transactions": lines,
        "assignments": draws,
        "contacts": contacts.drop("is_redeemed", "is_gone"),
        "outcomes": _outcomes(contacts),
        "offers": pl.DataFrame({"offer_id": ["O1"], "name": ["A bottle off"], "unit_cost": [COUPON], "category": ["wine"]}),
    }


def _draws(rng: np.random.Generator, ids: np.ndarray, country: np.ndarray) -> pl.DataFrame:
    parts = []
    for wave, at in WAVES.items():
        chosen = rng.random(len(ids)) < 0.7
        share = np.array([SHARES[each] for each in country[chosen]])
        arm = np.where(rng.random(chosen.sum()) < share, "treated", "control")
        frame = pl.DataFrame({"unit_id": ids[chosen], "customer_id": ids[chosen], "arm": arm, "propensity": share})
        parts.append(frame.with_columns(wave_id=pl.lit(wave), action_id=pl.lit("wine_voucher"), drawn_at=pl.lit(at)))
    return pl.concat(parts)


def _contacts(rng: np.random.Generator, draws: pl.DataFrame) -> pl.DataFrame:
    """Write to nine in ten of the treated, and to one control in fifty."""
    sent = rng.random(len(draws)) < np.where(draws["arm"].to_numpy() == "treated", 0.9, 0.02)
    rows = draws.filter(pl.Series(sent)).with_row_index("contact_id")
    gone, redeemed = (pl.Series(rng.random(len(rows)) < share) for share in (0.01, 0.3))
    return rows.select(
        pl.format("L{}", "contact_id").alias("contact_id"),
        "customer_id",
        "wave_id",
        "action_id",
        channel_id=pl.lit("post"),
        offer_id=pl.lit("O1"),
        cost=pl.lit(CONTACT),
        sent_at=pl.col("drawn_at") + timedelta(hours=3),
        is_redeemed=redeemed,
        is_gone=gone,
    )


def _outcomes(contacts: pl.DataFrame) -> pl.DataFrame:
    at = pl.col("sent_at") + timedelta(days=6)
    kinds = {"redeemed": "is_redeemed", "unsubscribed": "is_gone"}
    return pl.concat(
        contacts.filter(flag).select(
            "contact_id", outcome=pl.lit(kind), occurred_at=at, offer_id=pl.when(kind == "redeemed").then("offer_id")
        )
        for kind, flag in kinds.items()
    )


def _extra(rng: np.random.Generator, draws: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return customer_id, day since FIRST, product and amount of what the letters moved; an amount below zero is a return."""
    reached = contacts.select("customer_id", "sent_at")
    buys = reached.filter(pl.Series(rng.random(len(reached)) < 0.35))
    since = (buys["sent_at"].dt.epoch("s").to_numpy() - FIRST.timestamp()) / 86_400
    amount = rng.gamma(6.0, 5.0, len(buys)).round(2)
    wine = pl.DataFrame(
        {"customer_id": buys["customer_id"], "day": since + rng.uniform(1, 25, len(buys)), "product_id": "wine", "amount": amount}
    )
    return wine.filter(pl.col("day") < DAYS)


def _lines(rng: np.random.Generator, ids: np.ndarray, rate: np.ndarray, extra: pl.DataFrame) -> pl.DataFrame:
    numbers = rng.poisson(rate * DAYS)
    who = np.repeat(np.arange(len(ids)), numbers)
    usual = pl.DataFrame(
        {
            "customer_id": ids[who],
            "day": rng.uniform(0, DAYS, len(who)),
            "product_id": rng.choice(list(MARGIN), len(who), p=[0.3, 0.3, 0.4]),
            "amount": rng.gamma(4.0, 7.0, len(who)).round(2),
        }
    )
    sold = pl.concat([usual, extra]).sort("day", "customer_id")
    rates = pl.col("product_id").replace_strict(MARGIN, return_dtype=pl.Float64)
    return sold.select(
        transaction_line_id=pl.format("T{}", pl.int_range(pl.len())),
        transaction_id=pl.format("T{}", pl.int_range(pl.len())),
        customer_id="customer_id",
        occurred_at=pl.lit(FIRST) + pl.duration(seconds=(pl.col("day") * 86_400).cast(pl.Int64)),
        product_id="product_id",
        net_amount="amount",
        margin_amount=(pl.col("amount") * rates).round(2),
    )

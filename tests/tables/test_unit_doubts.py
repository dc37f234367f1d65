"""Amounts of which some are in cents: by product, by month, by fraction."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from checked_files import checked, codes

from relkit.tables.unit_doubts import of_fractions, of_months, of_products

RANDOM = np.random.default_rng(7)
BASKETS = np.round(RANDOM.gamma(3, 12, 400), 2)


def test_baskets_half_in_cents_are_doubted_and_others_are_not():
    mixed = pl.Series(np.where(np.arange(400) % 2 == 0, BASKETS, np.round(BASKETS * 100)))
    assert of_fractions(mixed) > 0.4
    assert of_fractions(pl.Series(BASKETS)) == 0
    dear = pl.Series(np.concatenate([RANDOM.choice([4.99, 9.99, 3.49, 12.9], 200), RANDOM.choice([499.0, 899.0, 349.0, 1290.0], 200)]))
    assert of_fractions(dear) == 0  # cables and telephones


def test_products_at_two_prices_a_hundredfold_apart():
    assert of_products(pl.DataFrame({"product": list("aabbcc"), "price": [125, 12500, 99, 9900, 350, 35000]})) == 0.5
    assert of_products(pl.DataFrame({"product": list("aabbcc"), "price": [125, 12500, 99, 990, 350, 350]})) == 0


def test_months_a_hundredfold_above_the_others():
    months = [date(2024, 1 + place % 4, 1) for place in range(400)]
    late = np.array([month.month > 2 for month in months])
    rows = pl.DataFrame({"amount": np.where(late, np.round(BASKETS * 100), BASKETS), "month": months})
    assert of_months(rows) == 0.5
    assert of_months(rows.with_columns(amount=pl.Series(BASKETS))) == 0


def test_the_check_says_so_and_refuses_amounts_that_cannot_be(tmp_path):
    cents = np.where(np.arange(400) % 2 == 0, BASKETS, np.round(BASKETS * 100)).tolist()
    lines = "".join(f"{place};c;2024-01-01;{amount:.2f}\n".replace(".00\n", "\n") for place, amount in enumerate(cents))
    report = checked(tmp_path, lines + "y;c;2024-01-01;1e308\nz;c;2024-01-01;1e308\n")
    assert codes(report) == ["amounts_in_two_units"]
    (finding,) = report.tables["transactions"].rules
    assert (finding.rule, finding.rows) == ("net_amount: over 1e+12", 2)
    stored = (tmp_path / "out/tables/check.json").read_text()
    assert "Infinity" not in stored
    assert "NaN" not in stored
    assert report.tables["transactions"].sums["net_amount"].balanced

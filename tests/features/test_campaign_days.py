"""Daily sums of campaigns, against the units themselves: two ways to the same figures."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from few_drawn import FIXED, LATER, after, drawn, lines
from polars.testing import assert_frame_equal

from relkit.features import campaign_days as module
from relkit.features.campaign_days import MOST_STRATA, campaign_days, with_strata
from relkit.features.campaign_units import campaign_units

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]


def shop(company: Company) -> TableSet:
    """Return a company of 40 customers drawn at two propensities, who buy, send back and hold contracts at random."""
    rng = np.random.default_rng(11)
    names = [f"c{place:02d}" for place in range(40)]
    arms = [(name, "treated" if place % 2 else "control") for place, name in enumerate(names)]
    sales = [
        (names[k], float(day), 10.0 + k, "sale", "p") for k, day in zip(rng.integers(0, 40, 200), rng.uniform(-60, 100, 200), strict=True)
    ]
    back = [(who, day + 3, -amount / 2, "return", "p") for who, day, amount, _, _ in sales[::9]]
    n = 10
    contracts: dict[str, list[Any]] = {
        "contract_id": [f"k{place}" for place in range(n)],
        "customer_id": names[:n],
        "status": ["active"] * n,
        "started_on": [after(int(day)).date() for day in rng.integers(-90, 60, n)],
        "ended_on": [None] * n,
        "monthly_amount": [30.0] * n,
        "monthly_margin": rng.uniform(5, 20, n).tolist(),
        "valid_from": [date(2026, 1, 1)] * n,
    }
    propensity = [0.5 if place < 20 else 0.7 for place in range(40)]
    tables = {"assignments": drawn(*arms, propensity=propensity), "transactions": lines(*sales, *back), "contracts": contracts}
    return company(tables, **FIXED)


@pytest.mark.parametrize("measure", ["margin", "revenue", "orders"])
def test_the_days_of_the_windows_agree_with_the_units(company: Company, measure: Any) -> None:
    tables = shop(company)
    days = campaign_days(tables, LATER, action_id="voucher", measure=measure)
    units = campaign_units(tables, LATER, action_id="voucher").units
    for day, column in ((28, measure), (84, f"{measure}_after")):
        by_unit = units.group_by("propensity", "arm").agg(pl.len(), pl.col(column).sum(), squares=(pl.col(column) ** 2).sum())
        expected = by_unit.sort("propensity", "arm").drop("propensity", "arm").to_numpy()
        seen = days.filter(day=day).sort("propensity", "arm").select("units", "total", "squares").to_numpy()
        np.testing.assert_allclose(seen, expected, atol=1e-4)


def test_every_day_of_every_stratum_is_there(company: Company) -> None:
    days = campaign_days(shop(company), LATER, action_id="voucher", response_window_days=10, post_window_days=5)
    assert days["day"].to_list() == list(range(16)) * 4
    assert days.group_by("propensity", "arm", maintain_order=True).agg(pl.col("units").first())["units"].to_list() == [10] * 4


def test_blocks_of_customers_add_up(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = shop(company)
    whole = campaign_days(tables, LATER, action_id="voucher")
    monkeypatch.setattr(module, "BLOCK", 3)
    assert_frame_equal(campaign_days(tables, LATER, action_id="voucher"), whole)


def test_many_propensities_make_ten_strata() -> None:
    draws = with_strata(pl.DataFrame({"propensity": np.linspace(0.2, 0.8, 10 * MOST_STRATA)}))
    assert draws["propensity"].n_unique() == 10
    assert draws["propensity"].mean() == pytest.approx(0.5)

"""Comparisons without a draw: eligible customers, contacted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from few_drawn import FIXED, LATER, after, lines

from relkit.errors import ParameterError, TableError
from relkit.features.compared_units import compared_units

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]


def mailing(*customers: str, day: float = 0.0, wave: str | None = None) -> dict[str, list[Any]]:
    n = len(customers)
    return {
        "contact_id": [f"{wave}-{customer}" for customer in customers],
        "customer_id": list(customers),
        "channel_id": ["post"] * n,
        "sent_at": [after(day)] * n,
        "action_id": ["mailing"] * n,
        "wave_id": [wave] * n,
    }


SALES = lines(
    ("a", -30, 10, "sale", None),
    ("a", 5, 40, "sale", None),
    ("b", -300, 20, "sale", None),
    ("b", 60, 80, "sale", None),
    ("c", -400, 5, "sale", None),
    ("d", 1, 5, "sale", None),
)


def test_eligible_customers_are_compared_and_nobody_is_a_control(company: Company) -> None:
    found = compared_units(company({"transactions": SALES, "contacts": mailing("a", "d")}, **FIXED), LATER, action_id="mailing")
    assert found.units.select("customer_id", "is_contacted", "revenue", "revenue_after").rows() == [
        ("a", True, 40.0, 40.0),
        ("b", False, 0.0, 80.0),
    ]
    assert found.counts == {"eligible": 2, "contacted": 1, "not_contacted": 1, "contacted_not_eligible": 1, "waves_not_mature": 0}
    assert "arm" not in found.units.columns
    assert [remark.code for remark in found.remarks] == ["comparison_not_drawn", "comparison_contacted_not_eligible"]
    assert found.remarks[0].en.startswith("Nobody was drawn for this action")


def test_covariates_are_of_the_day_before(company: Company) -> None:
    found = compared_units(company({"transactions": SALES, "contacts": mailing("a")}, **FIXED), LATER, action_id="mailing")
    row = found.units.row(0, named=True)
    assert {"pre_revenue", "pre_orders", "orders_12m", "days_since_last_order", "contacts_90d"} <= set(found.covariates)
    assert (row["pre_revenue"], row["orders_12m"], row["days_since_last_order"], row["contacts_90d"]) == (10.0, 1, 29, 0)
    assert row["started_on"] == after(0).date()


def test_waves_that_are_not_over_wait(company: Company) -> None:
    contacts = {
        name: [*first, *second]
        for (name, first), second in zip(mailing("a", wave="w1").items(), mailing("b", day=200, wave="w2").values(), strict=True)
    }
    tables = company({"transactions": SALES, "contacts": contacts}, **FIXED)
    found = compared_units(tables, tables.as_of(after(100).date()), action_id="mailing")
    assert found.units["wave_id"].unique().to_list() == ["w1"]
    later = compared_units(tables, LATER, action_id="mailing", wave_id="w2")
    assert later.units.filter("is_contacted")["customer_id"].to_list() == ["b"]


def test_bad_input_is_refused(company: Company) -> None:
    with pytest.raises(ParameterError, match="unknown action 'mailin'; did you mean 'mailing'"):
        compared_units(company({"transactions": SALES, "contacts": mailing("a")}, **FIXED), LATER, action_id="mailin")
    with pytest.raises(TableError, match="a comparison needs transactions"):
        compared_units(company({"contacts": mailing("a")}, folder="none", **FIXED), LATER, action_id="mailing")
    with pytest.raises(ParameterError, match="unknown wave 'w9'"):
        compared_units(
            company({"transactions": SALES, "contacts": mailing("a")}, folder="wave", **FIXED), LATER, action_id="mailing", wave_id="w9"
        )

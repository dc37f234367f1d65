"""Units drawn: who counts, who is left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from few_drawn import DRAW, FIXED, LATER, drawn

from relkit.errors import TableError
from relkit.features.campaign_draws import CampaignDraws, actions_drawn, campaign_draws, in_both_arms
from relkit.periods import AsOf

if TYPE_CHECKING:
    from collections.abc import Callable

    from relkit.tables.table_set import TableSet

    Company = Callable[..., TableSet]


def of(company: Company, rows: dict[str, list[Any]], action: str = "voucher", **tables: Any) -> CampaignDraws:
    return campaign_draws(company({"assignments": rows, **tables}, **FIXED), LATER, action_id=action)


def test_arms_come_from_the_draw_alone(company: Company) -> None:
    found = of(company, drawn(("b", "control"), ("a", "treated"), propensity=[0.3, 0.3]))
    assert found.rows.select("unit_id", "arm", "propensity").rows() == [("a", "treated", 0.3), ("b", "control", 0.3)]
    assert set(found.counts.values()) == {0}


def test_a_unit_in_several_arms_of_a_wave_is_left_out(company: Company) -> None:
    """Drawn treated and control; drawn for two actions; a customer under two units: none of them counts, in either action."""
    rows = drawn(
        *(("a", "treated"), ("a", "control"), ("b", "treated"), ("b", "treated"), ("c", "treated"), ("d", "control"), ("c2", "control")),
        action_id=["voucher", "voucher", "voucher", "email", "voucher", "voucher", "voucher"],
        customer_id=["a", "a", "b", "b", "c", "d", "c"],
    )
    found = of(company, rows)
    assert found.rows["unit_id"].to_list() == ["d"]
    assert found.counts["in_both_arms"] == 3
    named = in_both_arms(company({"assignments": rows}, folder="again", **FIXED), LATER, action_id="voucher")
    assert named["unit_id"].to_list() == ["a", "b", "c", "c2"]


def test_a_control_may_serve_several_actions(company: Company) -> None:
    rows = drawn(
        *(("a", "treated"), ("b", "treated"), ("c", "control"), ("c", "control")),
        action_id=["voucher", "email", "voucher", "email"],
        propensity=[0.25, 0.5, 0.25, 0.5],
    )
    voucher, email = of(company, rows), of(company, rows, "email")
    assert voucher.rows.select("unit_id", "propensity").rows() == [("a", 0.5), ("c", 0.5)]
    assert email.rows["propensity"].to_list() == pytest.approx([2 / 3, 2 / 3])


def test_the_same_customer_counts_once_in_an_arm(company: Company) -> None:
    rows = drawn(("home", "treated"), ("shop", "treated"), ("b", "control"), customer_id=["a", "a", "b"])
    found = of(company, rows)
    assert found.rows["customer_id"].to_list() == ["b", "a"]  # in order of unit_id
    assert found.counts["repeated"] == 1


def test_a_household_in_both_arms_is_left_out_with_all_its_customers(company: Company) -> None:
    rows = drawn(("home", "treated"), ("home", "control"), ("b", "control"), customer_id=["a1", "a2", "b"])
    found = of(company, rows)
    assert found.rows["customer_id"].to_list() == ["b"]
    assert found.counts["in_both_arms"] == 2


def test_certain_and_unselected_units_are_left_out(company: Company) -> None:
    rows = drawn(
        *(("a", "treated"), ("b", "control"), ("c", "treated"), ("d", "control"), ("e", "treated")),
        propensity=[0.5, 0.5, 1.0, 0.0, 0.5],
        selected_if_treated=[True, None, True, True, False],
    )
    found = of(company, rows)
    assert found.rows["unit_id"].to_list() == ["a", "b"]
    assert (found.counts["certain"], found.counts["not_selected"]) == (2, 1)


def test_suppressed_people_who_were_drawn_stay_in(company: Company) -> None:
    barred = {"customer_id": ["a"], "reason": ["deceased"], "starts_at": [DRAW]}
    found = of(company, drawn(("a", "treated"), ("b", "control")), suppressions=barred)
    assert found.rows["unit_id"].to_list() == ["a", "b"]


def test_draws_after_the_cutoff_are_not_known(company: Company) -> None:
    rows = drawn(("a", "treated"), ("b", "control"), action_id=["voucher", "email"], drawn_at=[DRAW, DRAW.replace(year=2028)])
    tables = company({"assignments": rows}, **FIXED)
    assert actions_drawn(tables, LATER) == ("voucher",)
    assert actions_drawn(tables, AsOf.parse("2028-12-31")) == ("email", "voucher")


def test_a_control_that_was_sure_to_be_treated_is_refused(company: Company) -> None:
    with pytest.raises(TableError, match=r"1 units are in an arm that their propensity rules out \(first: control at propensity 1\)"):
        of(company, drawn(("a", "treated"), ("b", "control"), propensity=[1.0, 1.0]))

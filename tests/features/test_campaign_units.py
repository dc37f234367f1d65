"""Units drawn and their outcomes: the published cases through `relkit check`, and small companies by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from few_drawn import DRAW, FIXED, LATER, after, drawn, lines

from relkit.errors import ParameterError, PeriodError, TableError
from relkit.features.campaign_draws import in_both_arms
from relkit.features.campaign_units import CampaignUnits, campaign_units
from relkit.periods import AsOf
from relkit.tables.reading import read_tables
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from collections.abc import Callable

    Company = Callable[..., TableSet]

CASES = Path(__file__).parents[1] / "golden" / "campaigns"


def case(name: str) -> tuple[Path, dict[str, Any]]:
    folder = CASES / name
    return folder, json.loads((folder / "expected.json").read_text(encoding="utf-8"))["values"]


def checked(folder: Path, frames: dict[str, pl.DataFrame], mapping: str = "") -> TableSet:
    """Write frames as CSV and return the tables that `relkit check` makes of them."""
    data = folder / "data"
    data.mkdir()
    for name, frame in frames.items():
        frame.write_csv(data / f"{name}.csv")
    (data / "mapping.yaml").write_text(f"company:\n  currency: EUR\n  business_zone: UTC\n  history_starts_on: 2027-01-01\n{mapping}")
    report = read_tables(data, folder / "out", max_quarantine_share=1.0)
    assert report.passed, report.refusals
    return TableSet.open(folder / "out" / "tables")


def arm(found: CampaignUnits, name: str, column: str) -> Any:
    return found.units.filter(pl.col("arm") == name)[column].to_numpy()


def difference(found: CampaignUnits, column: str) -> tuple[float, float]:
    """Return the difference of the means and its standard error (Welch)."""
    treated, control = arm(found, "treated", column), arm(found, "control", column)
    error = np.sqrt(treated.var(ddof=1) / len(treated) + control.var(ddof=1) / len(control))
    return float(treated.mean() - control.mean()), float(error)


def test_case_15_as_drawn_not_as_sent(tmp_path: Path) -> None:
    folder, right = case("15_as_drawn_not_as_sent")
    files = {name: pl.read_csv(folder / f"{name}.csv") for name in ("assignments", "contacts")}
    sales = pl.read_csv(folder / "revenue.csv").with_columns(occurred_at=pl.lit("2027-03-05T12:00:00Z")).with_row_index("transaction_id")
    lines = sales.with_columns(transaction_line_id="transaction_id").rename({"revenue": "net_amount"})
    tables = checked(tmp_path, {**files, "transactions": lines})
    found = campaign_units(tables, LATER, action_id="voucher", wave_id="w1")
    assert (found.counts["treated"], found.counts["control"]) == (right["treated"], right["control"])
    assert found.counts["control_contacted"] == len(right["controls_contacted"])
    assert found.counts["treated_not_contacted"] == len(right["treated_not_contacted"])
    assert in_both_arms(tables, LATER, action_id="voucher")["unit_id"].unique().to_list() == right["excluded_in_both_arms"]
    assert found.counts["in_both_arms"] == 1
    assert np.mean(arm(found, "treated", "revenue")) == pytest.approx(right["mean_treated"], abs=1e-9)
    assert np.mean(arm(found, "control", "revenue")) == pytest.approx(right["mean_control"], abs=1e-9)
    assert difference(found, "revenue")[0] == pytest.approx(right["effect"], abs=1e-9)
    named = found.units.filter("is_contacted").filter(pl.col("arm") == "control")["unit_id"].to_list()
    assert named == right["controls_contacted"]
    assert {"units_in_both_arms", "units_control_contacted", "units_treated_not_contacted"} <= {remark.code for remark in found.remarks}


def test_case_13_sales_pulled_forward(tmp_path: Path) -> None:
    folder, right = case("13_sales_pulled_forward")
    weeks = pl.read_csv(folder / "input.csv")
    lines = weeks.select(
        transaction_line_id=pl.int_range(pl.len()),
        transaction_id=pl.int_range(pl.len()),
        customer_id="unit_id",
        occurred_at=pl.lit(after(1)).dt.offset_by(pl.format("{}w", pl.col("week") - 1)).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        net_amount="revenue",
    )
    drawn = weeks.select("unit_id", "arm").unique().sort("unit_id")
    drawn = drawn.with_columns(
        customer_id="unit_id", wave_id=pl.lit("w1"), action_id=pl.lit("voucher"), propensity=0.5, drawn_at=pl.lit("2027-03-01T08:00:00Z")
    )
    tables = checked(tmp_path, {"assignments": drawn, "transactions": lines})
    found = campaign_units(tables, LATER, action_id="voucher", response_window_days=14, post_window_days=28)
    early, whole = right["first_two_weeks"], right["whole_window"]
    assert difference(found, "revenue") == pytest.approx((early["difference"], early["se"]), abs=1e-9)
    assert difference(found, "revenue_after") == pytest.approx((whole["difference"], whole["se"]), abs=1e-9)
    late = found.units.with_columns(late=pl.col("revenue_after") - pl.col("revenue"))
    rest = right["weeks_three_to_six"]
    assert difference(CampaignUnits(late, ()), "late") == pytest.approx((rest["difference"], rest["se"]), abs=1e-9)


def value(found: CampaignUnits, customer: str, column: str) -> Any:
    return found.units.filter(customer_id=customer)[column].item()


def test_windows_begin_at_the_instant_of_the_draw(company: Company) -> None:
    sales = lines(
        ("a", -0.01, 1, "sale", None),  # minutes before the draw, on its day
        ("a", 0.01, 2, "sale", None),
        ("a", 28.6, 4, "sale", None),  # evening of the last day of the response window
        ("a", 28.7, 8, "sale", None),  # after midnight
        ("a", 84.6, 16, "sale", None),
        ("a", 84.7, 32, "sale", None),
        ("a", -84, 64, "sale", None),
        ("a", -85.4, 128, "sale", None),
        ("b", -400, 256, "sale", None),
    )
    found = campaign_units(
        company({"assignments": drawn(("a", "treated"), ("b", "control")), "transactions": sales}, **FIXED), LATER, action_id="voucher"
    )
    assert [value(found, "a", name) for name in ("revenue", "revenue_after", "pre_revenue")] == [6.0, 30.0, 65.0]
    assert [value(found, "a", name) for name in ("margin", "margin_after", "pre_margin")] == pytest.approx([0.6, 3.0, 6.5])
    assert [value(found, "a", name) for name in ("orders", "orders_after", "pre_orders")] == [2.0, 4.0, 2.0]
    assert found.units.filter(customer_id="b").select("revenue_after", "orders_after", "pre_revenue").row(0) == (0.0, 0.0, 0.0)


def test_returns_belong_to_their_sale(company: Company) -> None:
    """A late return of a sale in the window is taken off; an early return of an older purchase is not."""
    sales = lines(
        ("a", -5, 100, "sale", "old"),
        ("a", 2, -100, "return", "old"),
        ("a", 3, 40, "sale", "new"),
        ("a", 3, 60, "sale", "other"),
        ("a", 90, -40, "return", "new"),
        ("b", 4, 50, "sale", "new"),
        ("b", 4.01, -50, "cancel", "new"),
        ("c", 5, 80, "sale", "new"),
        ("c", 9, -20, "return", None),
    )
    tables = company({"assignments": drawn(("a", "treated"), ("b", "control"), ("c", "control")), "transactions": sales}, **FIXED)
    found = campaign_units(tables, LATER, action_id="voucher")
    assert found.units["revenue"].to_list() == [60.0, 0.0, 60.0]
    assert found.units["margin"].to_list() == pytest.approx([6.0, 0.0, 6.0])
    assert found.units["returns"].to_list() == [40.0, 50.0, 20.0]
    assert found.units["orders"].to_list() == [1.0, 0.0, 1.0]
    assert value(found, "a", "pre_revenue") == 100.0  # what came back after the draw may be due to the campaign
    early = campaign_units(tables, AsOf.parse(after(88).date()), action_id="voucher")
    assert value(early, "a", "revenue") == 100.0


def test_a_customer_drawn_twice_has_each_return_once(company: Company) -> None:
    twice = drawn(("a", "treated"), ("a", "control"), ("b", "control"), wave_id=["w1", "w2", "w2"], drawn_at=[DRAW, after(10), after(10)])
    sales = lines(("a", 12, 50, "sale", "new"), ("a", 12, 10, "sale", "more"), ("a", 20, -20, "return", "new"))
    found = campaign_units(company({"assignments": twice, "transactions": sales}, **FIXED), LATER, action_id="voucher")
    assert found.units.select("wave_id", "customer_id", "revenue").rows() == [("w1", "a", 40.0), ("w2", "a", 40.0), ("w2", "b", 0.0)]


def test_units_are_mature_after_both_windows(company: Company) -> None:
    tables = company(
        {
            "assignments": drawn(("a", "treated"), ("b", "control"), drawn_at=[DRAW, after(1)]),
            "transactions": lines(("a", 1, 5, "sale", None)),
        },
        **FIXED,
    )
    at_last = campaign_units(tables, AsOf.parse(after(84).date()), action_id="voucher")
    assert (at_last.units["customer_id"].to_list(), at_last.counts["not_mature"]) == (["a"], 1)
    assert "units_not_mature" in {remark.code for remark in at_last.remarks}


def test_a_source_that_fell_silent_is_known_no_further(company: Company) -> None:
    """Sales every day until day 70: nothing is known of day 84, whatever the as-of."""
    daily = lines(*(("a", day, 5, "sale", None) for day in range(71)))
    tables = company({"assignments": drawn(("a", "treated"), ("b", "control")), "transactions": daily}, **FIXED)
    assert campaign_units(tables, LATER, action_id="voucher").counts["not_mature"] == 2
    assert campaign_units(tables, LATER, action_id="voucher", post_window_days=42).counts["not_mature"] == 0


def test_returns_settle_before_units_are_mature(company: Company) -> None:
    """All returns take 20 days, so windows wait for 20 days more."""
    pairs = [row for place in range(30) for row in ((f"c{place}", 1, 10, "sale", "p"), (f"c{place}", 21, -10, "return", "p"))]
    tables = company({"assignments": drawn(("a", "treated"), ("b", "control")), "transactions": lines(*pairs)}, **FIXED)
    assert campaign_units(tables, AsOf.parse(after(103).date()), action_id="voucher").counts["not_mature"] == 2
    settled = campaign_units(tables, AsOf.parse(after(104).date()), action_id="voucher")
    assert settled.counts["not_mature"] == 0
    assert "campaign_returns_settled" in {remark.code for remark in settled.remarks}


def test_margin_is_split_by_the_scope_of_the_offer(company: Company) -> None:
    sales = lines(
        ("a", 1, 10, "sale", "espresso"),
        ("a", 2, 20, "sale", "filter"),
        ("a", 3, 40, "sale", "green"),
        ("a", 4, 80, "sale", "rake"),
        ("a", 5, 160, "sale", None),
    )
    frames = {
        "assignments": drawn(("a", "treated"), ("b", "control")),
        "transactions": sales,
        "products": {
            "product_id": ["espresso", "filter", "green", "rake"],
            "category_1": ["drinks", "drinks", "drinks", "home"],
            "category_2": ["coffee", "coffee", "tea", "garden"],
        },
        "contacts": {
            "contact_id": ["k"],
            "customer_id": ["a"],
            "channel_id": ["email"],
            "sent_at": [after(0.1)],
            "action_id": ["voucher"],
            "offer_id": ["o"],
        },
        "offers": {"offer_id": ["o"], "product_id": ["espresso"], "category": [None]},
    }
    names = ["margin_promoted", "margin_category", "margin_other", "margin"]
    by_product = campaign_units(company(frames, **FIXED), LATER, action_id="voucher")
    assert [value(by_product, "a", name) for name in names] == [1.0, 2.0, 28.0, 31.0]
    of_category = {"offer_id": ["o"], "product_id": [None], "category": ["coffee"]}
    by_category = campaign_units(company({**frames, "offers": of_category}, folder="category", **FIXED), LATER, action_id="voucher")
    assert [value(by_category, "a", name) for name in names] == [3.0, 4.0, 24.0, 31.0]
    unlimited = {"offer_id": ["o"], "product_id": [None], "category": [None]}
    whole = campaign_units(company({**frames, "offers": unlimited}, folder="whole", **FIXED), LATER, action_id="voucher")
    assert "margin_promoted" not in whole.units.columns


def test_contracts_bring_margin_day_by_day(company: Company) -> None:
    """A contract of 365.25 a month and margin rate 1 brings 12 a day; it ends 10 days after the draw."""
    frames = {
        "assignments": drawn(("a", "treated"), ("b", "control")),
        "contracts": {
            "contract_id": ["k", "k", "m"],
            "valid_from": [date(2026, 1, 1), after(10).date(), date(2026, 1, 1)],
            "customer_id": ["a", "a", "b"],
            "status": ["active", "ended", "active"],
            "started_on": [date(2026, 1, 1)] * 3,
            "ended_on": [None, after(10).date(), None],
            "monthly_amount": [365.25, 365.25, 365.25],
            "monthly_margin": [365.25, 365.25, 365.25],
        },
    }
    found = campaign_units(company(frames, **FIXED), LATER, action_id="voucher")
    assert found.units["margin"].to_list() == pytest.approx([120.0, 12.0 * 28])
    assert found.units["margin_after"].to_list() == pytest.approx([120.0, 12.0 * 84])
    assert found.units["pre_margin"].to_list() == pytest.approx([12.0 * 84] * 2)
    assert found.units.select("pre_has_contract", "has_contract", "has_contract_after").rows() == [(True, False, False), (True, True, True)]
    kept = {measure.column: (measure.kind, measure.column_after, measure.covariate) for measure in found.measures}
    assert kept == {"margin": ("money", "margin_after", None), "has_contract": ("share", "has_contract_after", None)}  # the same before


def test_covariates_are_those_that_differ(company: Company) -> None:
    contracts = {
        "contract_id": ["k"],
        "valid_from": [date(2026, 1, 1)],
        "customer_id": ["a"],
        "status": ["active"],
        "started_on": [date(2026, 1, 1)],
        "monthly_margin": [30.0],
    }
    frames = {"assignments": drawn(("a", "treated"), ("b", "control")), "contracts": contracts}
    found = campaign_units(company({**frames, "transactions": lines(("a", 1, 5, "sale", None))}, **FIXED), LATER, action_id="voucher")
    covariates = {measure.column: measure.covariate for measure in found.measures}
    assert (covariates["margin"], covariates["has_contract"], covariates["orders"]) == ("pre_margin", "pre_has_contract", None)


def test_costs_of_contacts_months_and_offers(company: Company) -> None:
    sent = {
        "contact_id": ["k1", "k2", "k3"],
        "customer_id": ["a", "b", "a"],
        "channel_id": ["sms", "sms", "sms"],
        "sent_at": [after(0.1), after(0.1), after(0.2)],
        "action_id": ["voucher", "voucher", "another"],
        "offer_id": ["o", "o", None],
        "cost": [None, 0.5, 9.0],
    }
    frames = {
        "assignments": drawn(("a", "treated"), ("b", "treated"), ("c", "control")),
        "transactions": lines(("a", 1, 5, "sale", None)),
        "contacts": sent,
        "offers": {"offer_id": ["o"], "unit_cost": [4.0], "funder": ["shared"]},
        "outcomes": {
            "contact_id": ["k1", "k1", "k2"],
            "outcome": ["redeemed", "redeemed", "bounced"],
            "occurred_at": [after(3), after(4), after(0.2)],
        },
        "costs": {
            "cost_id": list("1234"),
            "scope": ["channel", "action", "action", "channel"],
            "scope_id": ["sms", "voucher", "voucher", "post"],
            "per": ["contact", "contact", "month", "contact"],
            "amount": [0.06, 0.1, 20.0, 7.0],
        },
    }
    found = campaign_units(company(frames, **FIXED), LATER, action_id="voucher")
    assert found.units["cost"].to_list() == pytest.approx([0.06 + 0.1 + 10 + 8, 0.5 + 0.1 + 10, 0.0])
    assert found.units.select("is_contacted", "is_reached").rows() == [(True, True), (True, False), (False, False)]
    assert "campaign_offer_funded" in {remark.code for remark in found.remarks}


def test_contacts_belong_to_their_wave_and_clocks_are_checked(company: Company) -> None:
    """A contact without a wave belongs to the last draw before it; one sent before its draw, and an outcome before it, are reported."""
    rows = drawn(("a", "treated"), ("a", "treated"), ("b", "control"), wave_id=["w1", "w2", "w2"], drawn_at=[DRAW, after(10), after(10)])
    sent = {
        "contact_id": ["k1", "k2"],
        "customer_id": ["a", "a"],
        "channel_id": ["sms"] * 2,
        "sent_at": [after(11), after(-2)],
        "action_id": ["voucher"] * 2,
        "wave_id": [None, "w1"],
    }
    came = {"contact_id": ["k1"], "outcome": ["opened"], "occurred_at": [after(10.5)]}
    tables = company({"assignments": rows, "transactions": lines(("a", 1, 5, "sale", None)), "contacts": sent, "outcomes": came}, **FIXED)
    found = campaign_units(tables, LATER, action_id="voucher")
    assert found.units.select("wave_id", "is_contacted").rows() == [("w1", True), ("w2", True), ("w2", False)]
    names = ("contacts_before_draw", "outcomes_before_contact", "contacts_without_cost")
    assert [found.counts[name] for name in names] == [1, 1, 2]
    assert set(names) <= {remark.code for remark in found.remarks}


def test_guardrails_count_both_arms(company: Company) -> None:
    frames = {
        "assignments": drawn(("a", "treated"), ("b", "control"), ("c", "control")),
        "transactions": lines(("a", 1, 5, "sale", None)),
        "contacts": {"contact_id": ["k"], "customer_id": ["a"], "channel_id": ["sms"], "sent_at": [after(1)], "action_id": ["voucher"]},
        "outcomes": {"contact_id": ["k"], "outcome": ["complained"], "occurred_at": [after(2)]},
        "consents": {
            "customer_id": ["b", "c"],
            "purpose": ["marketing"] * 2,
            "channel_id": ["sms"] * 2,
            "changed_at": [after(3), after(-3)],
            "status": ["withdrawn"] * 2,
        },
        "cases": {"case_id": ["1"], "customer_id": ["c"], "opened_at": [after(80)]},
    }
    found = campaign_units(company(frames, **FIXED), LATER, action_id="voucher")
    assert found.units.select("unsubscribed", "complained").rows() == [(False, True), (True, False), (False, True)]
    assert [measure.column for measure in found.measures if measure.is_guardrail] == ["returns", "unsubscribed", "complained"]


def test_the_clusters_are_groups_households_or_customers(company: Company) -> None:
    people = {"customer_id": ["a", "b", "c", "d"], "household_id": ["h", "h", None, "i"], "is_test": [False, False, False, True]}
    alone = drawn(("a", "treated"), ("b", "control"), ("c", "control"), ("d", "control"))
    sales = lines(("a", 1, 5, "sale", None))
    found = campaign_units(company({"customers": people, "assignments": alone, "transactions": sales}, **FIXED), LATER, action_id="voucher")
    assert found.units["cluster_id"].to_list() == ["h", "h", "c"]
    assert found.counts["test_accounts"] == 1
    stores = drawn(("north", "treated"), ("north", "treated"), ("south", "control"), customer_id=["a", "b", "c"])
    grouped = campaign_units(
        company({"customers": people, "assignments": stores, "transactions": sales}, folder="stores", **FIXED), LATER, action_id="voucher"
    )
    assert grouped.units["cluster_id"].to_list() == ["north", "north", "south"]
    assert grouped.units["revenue"].to_list() == [5.0, 0.0, 0.0]


def test_other_campaigns_are_counted(company: Company) -> None:
    rows = drawn(("a", "treated"), ("b", "control"), ("b", "treated"), ("a", "treated"))
    rows |= {
        "wave_id": ["w1", "w1", "x1", "x0"],
        "action_id": ["voucher", "voucher", "email", "email"],
        "drawn_at": [DRAW, DRAW, after(5), after(-5)],
    }
    found = campaign_units(
        company({"assignments": rows, "transactions": lines(("a", 1, 5, "sale", None))}, **FIXED), LATER, action_id="voucher"
    )
    assert (found.counts["treated_treated_elsewhere"], found.counts["control_treated_elsewhere"]) == (0, 1)


def test_outcomes_of_snapshots(company: Company) -> None:
    snapshots = {
        "customer_id": ["a", "b", "a", "b"],
        "as_of": [after(-1).date()] * 2 + [after(14).date()] * 2,
        "visit": [None, None, True, False],
        "spend": [None, None, 12.5, 0.0],
    }
    facts = {"attributes": {"visit": {"role": "outcome"}, "spend": {"role": "outcome", "unit": "USD"}}, "currency": "USD", **FIXED}
    found = campaign_units(
        company({"assignments": drawn(("a", "treated"), ("b", "control")), "customer_snapshots": snapshots}, **facts),
        AsOf.parse(after(14).date()),
        action_id="voucher",
    )
    assert found.units.select("visit", "spend").rows() == [(1.0, 12.5), (0.0, 0.0)]
    assert [(m.column, m.kind, m.column_after) for m in found.measures] == [("visit", "share", None), ("spend", "money", None)]


def test_bad_input_is_refused(company: Company) -> None:
    sales = lines(("a", 1, 5, "sale", None))
    tables = company({"assignments": drawn(("a", "treated"), ("b", "control")), "transactions": sales}, **FIXED)
    with pytest.raises(ParameterError, match="unknown action 'vouchers'; did you mean 'voucher'"):
        campaign_units(tables, LATER, action_id="vouchers")
    with pytest.raises(ParameterError, match="unknown wave 'w9'"):
        campaign_units(tables, LATER, action_id="voucher", wave_id="w9")
    with pytest.raises(PeriodError, match="a response window of 0 days with a post window of 56 days is too short"):
        campaign_units(tables, LATER, action_id="voucher", response_window_days=0)
    with pytest.raises(TableError, match="there is no table of assignments, so nobody is known to be treated or control"):
        campaign_units(company({"transactions": sales}, folder="none", **FIXED), LATER, action_id="voucher")
    against = company(
        {"assignments": drawn(("a", "treated"), ("b", "control"), propensity=[0.0, 0.0]), "transactions": sales}, folder="against", **FIXED
    )
    with pytest.raises(TableError, match=r"1 units are in an arm that their propensity rules out \(first: treated at propensity 0\)"):
        campaign_units(against, LATER, action_id="voucher")

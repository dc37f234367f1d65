from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.features.snapshot_spells import (
    DAYS,
    drawn_holdout,
    has_snapshot_spells,
    main_contracts,
    scored_contracts,
    snapshot_outcomes,
    snapshot_spells,
    spells_at_risk,
    stays,
    to_judge,
    to_learn,
)
from relkit.periods import AsOf, DrawnHoldout, Holdout

MONTH = DAYS["months"]
NONE = {"personal_data": "none"}
ROLES = {
    "tenure": {"role": "tenure", "unit": "months", **NONE},
    "gone": {"role": "ended", **NONE},
    "why": {"role": "end_reason", **NONE},
    "fee": {"role": "monthly_amount", **NONE},
    "plan": {"role": "covariate", **NONE},
    "is_member": {"role": "covariate", **NONE},
    "total_paid": {"role": "left_out", **NONE},
    "rating": {"role": "covariate", "known_at": "later", **NONE},
    "income": {"role": "covariate", "personal_data": "personal", "purpose": "service"},
}
MARCH, APRIL, MAY, JUNE = date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 30)
EDGE = AsOf.parse("2024-06-30")


def datamart(*rows: tuple[Any, ...], **more: list[Any]) -> dict[str, list[Any]]:
    """Return snapshots of (customer, day, tenure, gone)."""
    customer, day, tenure, gone = (list(values) for values in zip(*rows, strict=True))
    return {"customer_id": customer, "as_of": day, "tenure": tenure, "gone": gone} | more


def one_day(*rows: tuple[Any, ...], **more: list[Any]) -> dict[str, list[Any]]:
    return datamart(*((customer, JUNE, tenure, gone) for customer, tenure, gone in rows), **more)


def of(company: Any, snapshots: dict[str, list[Any]], **facts: Any) -> Any:
    return company({"customer_snapshots": snapshots}, **({"attributes": ROLES} | facts))


def seen(spells: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    columns = ("entry_days", "duration_days", "event", "is_active")
    return {row["contract_id"]: tuple(row[name] for name in columns) for row in spells.iter_rows(named=True)}


def test_one_snapshot_counts_every_customer_from_its_first_day(company):
    days = ROLES | {"tenure": {"role": "tenure", "unit": "days"}}
    tables = of(company, one_day(("a", 10, False), ("b", 3, True), ("new", 0, False), ("at once", 0, True)), attributes=days)
    spells = snapshot_spells(tables, EDGE)
    assert seen(spells) == {"a": (0.0, 10.0, False, True), "b": (0.0, 3.0, True, False), "new": (0.0, 0.0, False, True)}
    assert spells["ended_on"].null_count() == len(spells)  # the file does not say when
    assert to_learn(spells)["customer_id"].to_list() == ["a", "b"]
    assert main_contracts(spells)["customer_id"].to_list() == ["a", "new"]


@pytest.mark.parametrize(
    ("unit", "counts", "days"),
    [("days", "", 4.0), ("weeks", "nearest", 28.0), ("months", "", 3.5 * 30.4375), ("years", "completed", 4.5 * 365.25)],
)
def test_tenure_is_counted_in_days_up_to_the_middle_of_its_unit(company, unit, counts, days):
    roles = ROLES | {"tenure": {"role": "tenure", "unit": unit, "counts": counts}}
    tables = of(company, one_day(("a", 4, False)), attributes=roles)
    assert scored_contracts(snapshot_spells(tables, EDGE))["duration_days"].to_list() == [days]


def test_several_snapshots_watch_a_customer_from_the_first_that_has_it(company):
    """From the tenure of the first snapshot on, days are those between the snapshots: 61 from April to June, 31 to May."""
    rows = datamart(
        ("stays", APRIL, 12, False), ("stays", MAY, 12, False), ("stays", JUNE, 13, False),
        ("leaves", APRIL, 2, False), ("leaves", MAY, 3, True), ("leaves", JUNE, 3, True),
        ("vanishes", APRIL, 5, False), ("vanishes", MAY, 6, False),
        ("was gone", APRIL, 30, True),
        ("comes", JUNE, 1, False),
    )  # fmt: skip
    tables = of(company, rows)
    assert seen(snapshot_spells(tables, EDGE)) == {
        "comes": (MONTH, MONTH, False, True),
        "leaves": (2 * MONTH, 2 * MONTH + 31, True, False),
        "stays": (12 * MONTH, 12 * MONTH + 61, False, True),
        "vanishes": (5 * MONTH, 5 * MONTH + 31, False, False),
    }
    spells = snapshot_spells(tables, EDGE)
    assert dict(spells.select("customer_id", "ended_on").drop_nulls().rows()) == {"leaves": MAY}
    assert set(spells_at_risk(spells)["customer_id"]) == {"stays", "leaves", "vanishes"}
    assert main_contracts(spells)["customer_id"].to_list() == ["comes", "stays"]


def test_a_tenure_that_falls_or_a_return_begins_another_stay(company):
    rows = datamart(
        ("back", MARCH, 40, False), ("back", APRIL, 41, True), ("back", MAY, 41, True), ("back", JUNE, 1, False),
        ("falls", MARCH, 8, False), ("falls", APRIL, 9, False), ("falls", MAY, 0, False), ("falls", JUNE, 1, False),
    )  # fmt: skip
    assert seen(snapshot_spells(of(company, rows), EDGE)) == {
        "back": (40 * MONTH, 40 * MONTH + 30, True, False),
        "back (2)": (MONTH, MONTH, False, True),
        "falls": (8 * MONTH, 8 * MONTH + 30, False, False),
        "falls (2)": (0.0, 30.0, False, True),
    }


def test_missing_or_invalid_attributes_are_left_out(company):
    rows = datamart(
        ("a", MAY, 5, False), ("a", JUNE, None, False),
        ("b", MAY, 5, False), ("b", JUNE, None, True),
        ("c", JUNE, -1, False),
        ("d", JUNE, 4, None),
        ("e", JUNE, None, True),
    )  # fmt: skip
    tables = of(company, rows)
    assert seen(stays(tables, EDGE)) == {
        "a": (5 * MONTH, 5 * MONTH, False, False),
        "b": (5 * MONTH, 5 * MONTH + 30, True, False),
    }


def test_the_future_and_test_accounts_are_kept_out(company):
    rows = datamart(("a", MAY, 5, False), ("a", JUNE, 6, True), ("test", MAY, 7, False))
    late = [None, datetime(2024, 7, 2, tzinfo=UTC), None]
    tables = company(
        {
            "customer_snapshots": rows | {"recorded_at": late},
            "customers": {"customer_id": ["a", "test"], "is_test": [None, True]},
        },
        attributes=ROLES,
    )
    assert seen(snapshot_spells(tables, AsOf.parse("2024-06-29"))) == {"a": (0.0, round(4.5 * MONTH), False, True)}
    assert seen(snapshot_spells(tables, EDGE)) == {"a": (0.0, round(4.5 * MONTH), False, True)}  # June was recorded in July
    assert seen(snapshot_spells(tables, AsOf.parse("2024-07-02"))) == {"a": (5 * MONTH, 5 * MONTH + 30, True, False)}


def test_covariates_are_those_of_the_last_snapshot_that_found_the_customer_there(company):
    """Attributes of a customer who has left give away the event."""
    rows = datamart(
        ("a", MAY, 5, False), ("a", JUNE, 6, True), ("b", MAY, 5, False), ("b", JUNE, 6, False),
        fee=[20, 0, 30, 35], plan=["L", None, "S", "M"], is_member=[True, False, True, None],
        why=[None, "price", None, "wrong"], total_paid=[1.0] * 4, rating=[1.0] * 4, income=["x"] * 4, undeclared=["y"] * 4,
    )  # fmt: skip
    spells = snapshot_spells(of(company, rows), EDGE)
    assert spells.select("monthly_amount", "plan", "is_member", "end_reason").rows() == [(20.0, "L", 1.0, "price"), (35.0, "M", None, None)]
    assert not {"total_paid", "rating", "income", "undeclared", "tenure", "gone", "fee"} & set(spells.columns)


def test_an_attribute_named_like_a_column_of_spells_is_renamed(company):
    roles = ROLES | {"event": NONE}
    spells = snapshot_spells(of(company, one_day(("a", 4, True), event=["fair"]), attributes=roles), EDGE)
    assert spells.select("event", "snapshot_event").rows() == [(True, "fair")]


def test_without_roles_there_are_no_spells(company):
    assert not has_snapshot_spells(of(company, one_day(("a", 4, True)), attributes={}))
    assert has_snapshot_spells(of(company, one_day(("a", 4, True)), folder="declared"))
    assert not has_snapshot_spells(company({"stores": {"store_id": ["s"]}}, folder="shops", attributes=ROLES))


def test_nobody_known_gives_no_row(company):
    tables = of(company, one_day(("a", 4, True)))
    early = AsOf.parse("2024-01-01")
    assert snapshot_spells(tables, early).is_empty()
    assert drawn_holdout(tables, early) is None


def test_an_absent_table_is_named(company):
    with pytest.raises(TableError, match="unknown table 'customer_snapshots'"):
        stays(company({"stores": {"store_id": ["s"]}}, attributes=ROLES), EDGE)
    with pytest.raises(TableError, match=r"no attribute of customer_snapshots has the role ended\. Give it one in the mapping file"):
        stays(of(company, one_day(("a", 4, True)), folder="undeclared", attributes={"tenure": ROLES["tenure"]}), EDGE)


def test_later_days_judge_where_there_are_some(company):
    rows = datamart(
        ("stays", APRIL, 12, False), ("stays", JUNE, 14, False),
        ("leaves", APRIL, 2, False), ("leaves", JUNE, 3, True),
        ("vanishes", APRIL, 5, False),
        ("was gone", APRIL, 30, True),
    )  # fmt: skip
    tables = of(company, rows)
    assert drawn_holdout(tables, EDGE) is None
    split = Holdout.before(EDGE, days=50)
    judged = to_judge(snapshot_spells(tables, split.calibration), split)
    outcomes = snapshot_outcomes(tables, split)
    assert judged["contract_id"].to_list() == outcomes["contract_id"].to_list() == ["leaves", "stays", "vanishes"]
    assert (outcomes["duration_days"] - judged["duration_days"]).round(6).to_list() == [61.0, 61.0, 0.0]
    assert outcomes["event"].to_list() == [True, False, False]


def everybody(n: int) -> dict[str, list[Any]]:
    rng = np.random.default_rng(3)
    tenures = rng.integers(0, 40, n)
    return one_day(*((f"c{i}", int(tenure), bool(i % 3 == 0)) for i, tenure in enumerate(tenures)))


def test_without_later_days_customers_are_drawn(company):
    tables = of(company, everybody(1_000))
    split = drawn_holdout(tables, EDGE)
    assert isinstance(split, DrawnHoldout)
    spells = snapshot_spells(tables, EDGE)
    learnt, judged, outcomes = to_learn(spells, split), to_judge(spells, split), snapshot_outcomes(tables, split)
    everybody_at_risk = spells_at_risk(spells)
    assert sorted([*learnt["customer_id"], *judged["customer_id"]]) == sorted(everybody_at_risk["customer_id"])
    assert 0.25 < len(judged) / len(everybody_at_risk) < 0.35
    assert judged["contract_id"].to_list() == outcomes["contract_id"].to_list()
    assert set(judged.select("duration_days", "event").rows()) == {(0.0, False)}
    both = outcomes.join(everybody_at_risk, on="contract_id", suffix="_whole")
    short = pl.col("duration_days_whole") <= split.days
    assert both.filter(short & (pl.col("duration_days") != pl.col("duration_days_whole"))).is_empty()
    assert both.filter(~short)["duration_days"].unique().to_list() == [split.days]
    assert not both.filter(~short)["event"].any()
    assert both.filter(short)["event"].equals(both.filter(short)["event_whole"])


def test_half_of_all_were_seen_to_reach_the_age_at_which_the_holdout_ends(company):
    split = drawn_holdout(of(company, one_day(*((f"c{i}", i, False) for i in range(1, 12)))), EDGE)
    assert split is not None
    assert split.days == round(5.5 * MONTH)


def test_the_draw_does_not_depend_on_the_order_of_the_rows(company):
    tables = of(company, everybody(200))
    split = drawn_holdout(tables, EDGE)
    spells = snapshot_spells(tables, EDGE)
    assert split is not None
    assert set(to_learn(spells.sample(fraction=1.0, shuffle=True, seed=1), split)["customer_id"]) == set(
        to_learn(spells, split)["customer_id"]
    )

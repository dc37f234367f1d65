"""Truths about the waves, on companies of 20,000; tolerances are 4 standard errors unless stated otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.tables.simulation import SimulationSettings
from relkit.tables.simulation.actions import ACTIONS, FIRST_ORDER_RATE, plan_waves

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


def _drawn(company: CompanyTruth) -> pl.DataFrame:
    """Return the assignments with their truth and the traits of the customers."""
    truth = pl.read_parquet(company.folder / "assignments.parquet")
    traits = company.customers.select("customer_id", "engagement", "satisfaction", "first_ordered_on").collect()
    rows = pl.read_parquet(company.data / "assignments.parquet").join(truth, on=["unit_id", "wave_id"], how="inner")
    return rows.join(traits, on="customer_id", how="left")


def _difference(rows: pl.DataFrame, outcome: str) -> tuple[float, float]:
    """Return the weighted difference treated less control (inverse propensity) and its standard error."""
    weight = pl.when(pl.col("arm") == "treated").then(1 / pl.col("propensity")).otherwise(-1 / (1 - pl.col("propensity")))
    scores = rows.select((weight * (pl.col(outcome) - pl.col(outcome).mean())).alias("s"))["s"].to_numpy()
    return float(scores.mean()), float(scores.std() / np.sqrt(len(scores)))


def test_every_wave_ends_within_the_data():
    settings = SimulationSettings()
    waves = plan_waves(settings)
    assert [wave.number for wave in waves] == list(range(len(waves)))
    assert all(wave.day + ACTIONS[wave.action].span_days < settings.days for wave in waves)
    assert len({wave.id for wave in waves}) == len(waves) < 1000
    assert plan_waves(SimulationSettings(days=5)) == []


def test_the_share_of_treated_is_the_propensity_on_record(company: CompanyTruth):
    rows = _drawn(company)
    groups = rows.group_by("action_id", "propensity").agg(pl.len(), (pl.col("arm") == "treated").mean().alias("treated"))
    assert len(groups) >= 7
    for _, propensity, number, treated in groups.iter_rows():
        assert abs(treated - propensity) < 4 * np.sqrt(propensity * (1 - propensity) / number)


@pytest.mark.parametrize("trait", ["engagement", "satisfaction"])
def test_the_draw_balances_what_nobody_sees(company: CompanyTruth, trait: str):
    difference, error = _difference(_drawn(company), trait)
    assert abs(difference) < 4 * error
    assert error < 0.02


def test_contacts_are_the_treated_and_no_control_is_among_them(company: CompanyTruth):
    rows = pl.read_parquet(company.data / "assignments.parquet")
    contacts = pl.read_parquet(company.data / "contacts.parquet").filter(pl.col("class") == "marketing")
    key = ["customer_id", "wave_id", "action_id"]
    assert contacts.join(rows.filter(pl.col("arm") == "treated"), on=key).height == len(contacts) == (rows["arm"] == "treated").sum()
    assert contacts.join(rows.filter(pl.col("arm") == "control"), on=key).height == 0


def test_only_those_who_agreed_are_contacted(company: CompanyTruth):
    contacts = pl.read_parquet(company.data / "contacts.parquet").filter(pl.col("class") == "marketing").sort("sent_at")
    consents = pl.read_parquet(company.data / "consents.parquet").filter(pl.col("purpose") == "marketing").sort("changed_at")
    known = contacts.join_asof(
        consents, left_on="sent_at", right_on="changed_at", by=["customer_id", "channel_id"], strategy="backward", check_sortedness=False
    )
    assert set(known["status"]) == {"granted"}
    assert known.filter(pl.col("sent_at").dt.date() > pl.col("valid_to")).is_empty()
    assert 0 < consents["valid_to"].count() < len(consents)
    shut = pl.read_parquet(company.data / "suppressions.parquet")
    both = contacts.join(shut, on="customer_id").filter(pl.col("sent_at") > pl.col("starts_at"))
    assert len(both) == 0


def test_first_orders_rise_by_the_true_effect(company: CompanyTruth):
    """Orders within 28 days of welcome_offer and cross_sell, treated against control, against the mean true effect."""
    rows = _drawn(company).filter(pl.col("action_id").is_in(["welcome_offer", "cross_sell"]))
    later = (pl.col("first_ordered_on") - pl.col("eligible_on")).dt.total_days()
    rows = rows.with_columns(outcome=later.is_between(1, 28).fill_null(value=False).cast(pl.Float64))
    difference, error = _difference(rows, "outcome")
    effect = float(rows["effect"].mean())
    assert effect > 5 * error
    assert abs(difference - effect) < 4 * error
    control = rows.filter(pl.col("arm") == "control")["outcome"]
    assert abs(control.mean() - FIRST_ORDER_RATE) < 4 * np.sqrt(FIRST_ORDER_RATE / len(control))


def _orders_within(company: CompanyTruth, rows: pl.DataFrame, days: int) -> pl.DataFrame:
    """Return the rows with the number of orders in the `days` after the wave."""
    lines = pl.read_parquet(company.data / "transactions.parquet").filter(pl.col("line_kind") == "sale")
    day = pl.col("occurred_at").dt.convert_time_zone("Europe/Paris").dt.date()
    orders = lines.select("customer_id", ordered_on=day).unique()
    keyed = rows.with_row_index("row")
    joined = keyed.join(orders, on="customer_id").filter((pl.col("ordered_on") - pl.col("eligible_on")).dt.total_days().is_between(1, days))
    counts = joined.group_by("row").agg(outcome=pl.len().cast(pl.Float64))
    return keyed.join(counts, on="row", how="left").with_columns(pl.col("outcome").fill_null(0.0))


def test_nothing_makes_buyers_order_more_in_the_clean_world(clean: CompanyTruth):
    rows = _drawn(clean).filter(pl.col("action_id").is_in(["newsletter", "voucher", "catalogue", "retention_call"]))
    assert (rows["effect"] == 0).all()
    counted = _orders_within(clean, rows.filter(pl.col("action_id") != "retention_call"), 28)
    difference, error = _difference(counted, "outcome")
    assert abs(difference) < 4 * error


@pytest.mark.parametrize("action", ["newsletter", "voucher", "catalogue"])
def test_extra_orders_are_the_true_effect_in_the_hard_world(hard: CompanyTruth, action: str):
    """A few in a hundred are recorded too late to be seen, which 4 standard errors cover."""
    counted = _orders_within(hard, _drawn(hard).filter(pl.col("action_id") == action), 28)
    difference, error = _difference(counted, "outcome")
    effect = float(counted["effect"].mean())
    assert abs(difference - effect) < 4 * error
    assert (effect == 0) if action == "newsletter" else (effect > 3 * error)


def test_calls_keep_contracts_as_often_as_the_truth_says(hard: CompanyTruth):
    rows = _drawn(hard).filter(pl.col("action_id") == "retention_call")
    first = hard.contracts.filter(pl.col("contract_id").str.ends_with("0")).select("customer_id", "ends_on").collect()
    after = (pl.col("ends_on") - pl.col("eligible_on")).dt.total_days()
    rows = rows.join(first, on="customer_id").with_columns(outcome=(after > 90).cast(pl.Float64))
    difference, error = _difference(rows, "outcome")
    effect = float(rows["effect"].mean())
    assert effect > 3 * error
    assert abs(difference - effect) < 4 * error


def test_each_contact_of_the_month_before_takes_its_share_off_the_effect(hard: CompanyTruth):
    rows = _drawn(hard).filter(pl.col("action_id") == "voucher")
    voucher = next(action for action in ACTIONS if action.id == "voucher")
    fresh = voucher.mean + voucher.slope * np.tanh(rows["engagement"].to_numpy())
    np.testing.assert_allclose(rows["effect"], fresh * 0.85 ** rows["contacts_30d"].to_numpy())
    assert rows["contacts_30d"].max() >= 2
    leaflets = [action.id for action in ACTIONS if action.is_leaflet]
    contacts = pl.read_parquet(hard.data / "contacts.parquet").filter(pl.col("class") == "marketing", ~pl.col("action_id").is_in(leaflets))
    day = pl.col("sent_at").dt.convert_time_zone("Europe/Paris").dt.date()
    before = rows.join(contacts.select("customer_id", sent_on=day), on="customer_id", how="left")
    age = (pl.col("eligible_on") - pl.col("sent_on")).dt.total_days()
    counted = before.group_by("unit_id", "wave_id").agg(age.is_between(1, 29).sum().alias("n"), pl.col("contacts_30d").first())
    assert (counted["n"] == counted["contacts_30d"]).all()


def test_pressure_makes_more_customers_leave_in_the_hard_world(hard: CompanyTruth):
    contacts = pl.read_parquet(hard.data / "contacts.parquet").filter(pl.col("channel_id").is_in(["email", "sms"]))
    left = pl.read_parquet(hard.data / "outcomes.parquet").filter(pl.col("outcome") == "unsubscribed").select("contact_id", left=1)
    truth = pl.read_parquet(hard.folder / "assignments.parquet").rename({"unit_id": "customer_id"})
    rows = contacts.join(left, on="contact_id", how="left").join(truth, on=["customer_id", "wave_id"])
    shares = rows.group_by(pl.col("contacts_30d").clip(0, 1)).agg(pl.col("left").count() / pl.len(), pl.len()).sort("contacts_30d")
    calm, pressed = shares["left"].to_list()
    error = np.sqrt(calm / shares["len"][0] + pressed / shares["len"][1])
    assert pressed - calm > 2 * error


def test_who_unsubscribes_withdraws_consent(company: CompanyTruth):
    outcomes = pl.read_parquet(company.data / "outcomes.parquet").filter(pl.col("outcome") == "unsubscribed")
    withdrawn = pl.read_parquet(company.data / "consents.parquet").filter(pl.col("status") == "withdrawn")
    contacts = pl.read_parquet(company.data / "contacts.parquet").select("contact_id", "customer_id", "channel_id")
    pairs = outcomes.join(contacts, on="contact_id").select("customer_id", "channel_id", changed_at="occurred_at").sort(pl.all())
    assert len(pairs) > 50
    assert pairs.equals(withdrawn.select("customer_id", "channel_id", "changed_at").sort(pl.all()))

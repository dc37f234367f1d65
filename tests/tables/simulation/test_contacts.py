from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.tables.simulation import CompanyTruth


def test_outcomes_fit_their_channel(company: CompanyTruth):
    contacts = pl.read_parquet(company.data / "contacts.parquet").select("contact_id", "channel_id", "sent_at")
    outcomes = pl.read_parquet(company.data / "outcomes.parquet").join(contacts, on="contact_id", how="left")
    assert outcomes["channel_id"].null_count() == 0
    assert (outcomes["occurred_at"] >= outcomes["sent_at"]).all()
    by_channel = {name: set(frame["outcome"]) for (name,), frame in outcomes.group_by("channel_id")}
    assert {"opened", "clicked"} <= by_channel["email"]
    assert by_channel["phone"] <= {"reached", "no_answer", "wrong_number", "refused", "appointment", "converted", "unsubscribed"}
    assert "opened" not in by_channel["sms"] | by_channel["post"]


def test_a_click_follows_an_opening_and_an_opening_a_delivery(company: CompanyTruth):
    wide = (
        pl.read_parquet(company.data / "outcomes.parquet")
        .filter(pl.col("outcome").is_in(["delivered", "bounced", "opened", "clicked"]))
        .pivot("outcome", index="contact_id", values="occurred_at")
    )
    assert wide.filter(pl.col("clicked").is_not_null() & (pl.col("opened").is_null() | (pl.col("clicked") < pl.col("opened")))).height == 0
    assert (
        wide.filter(pl.col("opened").is_not_null() & (pl.col("delivered").is_null() | (pl.col("opened") < pl.col("delivered")))).height == 0
    )
    assert wide.filter(pl.col("bounced").is_not_null() & pl.col("delivered").is_not_null()).height == 0


def test_responses_are_the_orders_that_actions_brought(clean: CompanyTruth):
    contacts = pl.read_parquet(clean.data / "contacts.parquet").select("contact_id", "customer_id")
    converted = pl.read_parquet(clean.data / "outcomes.parquet").filter(pl.col("outcome") == "converted").join(contacts, on="contact_id")
    first = clean.customers.select("customer_id", "first_ordered_on").collect()
    days = converted.join(first, on="customer_id")
    assert len(days) > 50
    assert (days["occurred_at"].dt.convert_time_zone("Europe/Paris").dt.date() == days["first_ordered_on"]).all()
    redeemed = pl.read_parquet(clean.data / "outcomes.parquet").filter(pl.col("outcome") == "redeemed")
    assert set(redeemed["offer_id"]) == {"O-WELCOME", "O-CROSS"}

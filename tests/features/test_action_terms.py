"""Channel and cost of actions."""

from __future__ import annotations

from datetime import date

import drawn_company
import modelled_company as company
import polars as pl

from relkit.features.action_terms import costs_of_treating, has_costs, usual_channels


def contacts(rows: list[tuple[str, str, str, date]]) -> pl.DataFrame:
    made = pl.DataFrame(rows, schema=["action_id", "wave_id", "channel_id", "day"], orient="row")
    at = pl.Series("sent_at", [drawn_company.noon(day) for day in made["day"]], dtype=pl.Datetime("us", "UTC"))
    return made.with_columns(at, contact_id=pl.format("{}", pl.int_range(pl.len())), customer_id=pl.lit("a")).drop("day")


def test_the_channel_is_that_of_most_contacts_of_the_last_wave(tmp_path):
    old = [("mail", "1", "post", date(2024, 1, 1))] * 5
    new = [("mail", "2", "sms", date(2024, 6, 1)), *[("mail", "2", "email", date(2024, 6, 1))] * 2]
    other = [("call", "1", "phone", date(2024, 3, 1)), (None, None, "post", date(2024, 7, 1))]
    tables = company.write_company(tmp_path, {"contacts": contacts([*old, *new, *other])})
    assert usual_channels(tables, tables.as_of()).rows() == [("call", "phone"), ("mail", "email")]
    assert usual_channels(tables, tables.as_of("2024-05-31")).rows() == [("call", "phone"), ("mail", "post")]
    empty = company.write_company(tmp_path / "none", {"customers": pl.DataFrame({"customer_id": ["a"]})})
    assert usual_channels(empty, empty.as_of()).rows() == []


def test_without_any_cost_none_is_known(tmp_path):
    mails = contacts([("mail", "1", "email", date(2024, 1, 1))])
    costs = pl.DataFrame({"cost_id": ["c"], "scope": ["channel"], "scope_id": ["email"], "per": ["contact"], "amount": [0.01]})
    assert not has_costs(company.write_company(tmp_path / "1", {"contacts": mails}))
    assert not has_costs(company.write_company(tmp_path / "2", {"contacts": mails, "costs": costs.clear()}))
    assert has_costs(company.write_company(tmp_path / "3", {"contacts": mails, "costs": costs}))
    assert has_costs(company.write_company(tmp_path / "4", {"contacts": mails.with_columns(cost=0.0)}))


def test_the_cost_is_that_of_the_treated_whose_cost_is_known():
    rows = {"action_id": ["a"] * 4 + ["b"], "wave_id": ["1"] * 5, "treated": [True, True, True, False, False]}
    found = costs_of_treating(pl.DataFrame(rows | {"drawn_on": [1] * 5, "cost": [1.0, 2.0, None, 9.0, 0.0]}))
    assert found.rows() == [("a", 1.5)]

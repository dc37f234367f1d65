"""Rows of units drawn: outcome, drivers before the draw, and the split on which models are judged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import drawn_company
import modelled_company as company
import polars as pl
import pytest

from relkit.features import drawn_units as module
from relkit.features.customer_drivers import customer_drivers
from relkit.features.drawn_units import OWN, Wanted, drawn_units, drivers_of, held_out, outcomes, to_judge, to_learn
from relkit.periods import UnitHoldout

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet

WANTED = Wanted()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> TableSet:
    """Return the small company that draws customers."""
    return company.write_company(tmp_path_factory.mktemp("drawn") / "default", drawn_company.drawn_company(500))


def test_one_row_a_customer_wave_and_action(tables):
    rows = drawn_units(tables, tables.as_of(), WANTED)
    assert rows.columns[: len(OWN)] == list(OWN)
    assert rows.select("customer_id", "wave_id", "action_id").is_unique().all()
    assert rows["wave_id"].unique().sort().to_list() == ["call-0", "mail-0", "mail-1", "mail-2"]  # that of June is not over
    assert rows.filter(pl.col("action_id") == "mail")["propensity"].unique().to_list() == [0.6]


def test_the_outcome_is_that_of_both_windows(tables):
    draw = drawn_units(tables, tables.as_of(), WANTED).filter(pl.col("wave_id") == "mail-1")
    day = pl.col("occurred_at").dt.date()
    first = drawn_company.MAILED_ON[1]
    lines = tables.scan("transactions").collect().filter(day >= first, day <= first + timedelta(days=84))
    margin = lines.group_by("customer_id").agg(pl.col("net_amount").sum() * 0.4)
    joined = draw.join(margin, on="customer_id", how="left").with_columns(pl.col("net_amount").fill_null(0))
    assert (joined["outcome"] - joined["net_amount"]).abs().max() == pytest.approx(0)
    early = drawn_units(tables, tables.as_of(), Wanted(response_window_days=2, post_window_days=0)).filter(pl.col("wave_id") == "mail-1")
    assert early["outcome"].sum() < draw["outcome"].sum()  # the extra order comes on the fifth day


def test_drivers_are_those_of_the_day_before_the_draw(tables):
    draw = drawn_units(tables, tables.as_of(), WANTED).filter(pl.col("wave_id") == "mail-2")
    before = customer_drivers(tables, tables.as_of(drawn_company.MAILED_ON[2] - timedelta(days=1)))
    want = draw.select("customer_id").join(before, on="customer_id", how="left", maintain_order="left")
    names = [name for name in want.columns if name not in ("customer_id", "orders", "orders_12m", "spent_12m", "contacts_90d")]
    assert drivers_of(draw).select(names).equals(want.select(names))


def test_models_read_neither_the_day_nor_the_cost(tables):
    rows = drawn_units(tables, tables.as_of(), WANTED)
    split = held_out(tables, tables.as_of(), wanted=WANTED)
    for frame in (to_learn(rows), to_learn(rows, split), to_judge(rows, split)):
        assert not {"drawn_on", "cost"} & set(frame.columns)


def test_later_waves_are_judged(tables):
    rows = drawn_units(tables, tables.as_of(), WANTED)
    split = held_out(tables, tables.as_of(), wanted=WANTED)
    assert split.drawn_from == drawn_company.MAILED_ON[2]
    assert split.why == ""
    assert set(to_judge(rows, split)["wave_id"]) == {"mail-2"}
    assert set(to_learn(rows, split)["wave_id"]) == {"call-0", "mail-0", "mail-1"}
    assert split.share == round(500 / len(rows), 2)
    assert outcomes(tables, split, wanted=WANTED).equals(to_judge(rows, split).select(OWN))


def test_nothing_is_learnt_whose_window_reaches_into_the_holdout(tables):
    rows = drawn_units(tables, tables.as_of(), WANTED)
    split = UnitHoldout(calibration=tables.as_of(), days=84, share=0.3, seed=1, drawn_from=date(2024, 10, 1))
    assert set(to_learn(rows, split)["wave_id"]) == {"call-0", "mail-0"}  # mail-1 was drawn 61 days before
    assert set(to_judge(rows, split)["wave_id"]) == {"mail-2"}


def test_with_one_wave_clusters_are_drawn(tables):
    wanted = Wanted(actions=("call",))
    rows = drawn_units(tables, tables.as_of(), wanted).with_columns(cluster_id=pl.col("customer_id").str.slice(0, 5))
    split = held_out(tables, tables.as_of(), wanted=wanted)
    assert split.drawn_from is None
    assert "too few waves" in split.why
    learnt, judged = to_learn(rows, split), to_judge(rows, split)
    assert len(learnt) + len(judged) == len(rows)
    assert not set(learnt["cluster_id"]) & set(judged["cluster_id"])
    assert len(judged) / len(rows) == pytest.approx(0.3, abs=0.12)
    assert to_judge(rows.sample(fraction=1.0, shuffle=True, seed=2), split).sort("customer_id").equals(judged.sort("customer_id"))


def test_of_many_rows_those_of_the_newest_waves_are_learnt(tables, monkeypatch):
    whole = drawn_units(tables, tables.as_of(), WANTED)
    monkeypatch.setattr(module, "MOST_ROWS", 700)
    rows = module._drawn_units(tables, tables.as_of(), WANTED)
    counts = dict(rows.group_by("wave_id").len().iter_rows())
    assert set(counts) == {"call-0", "mail-1", "mail-2"}
    assert 550 < counts["mail-1"] + counts["mail-2"] < 850  # two waves of 500, thinned by customer
    assert rows.join(whole, on=rows.columns, how="anti", nulls_equal=True).is_empty()


def test_an_outcome_without_a_value_is_no_row(tables):
    units = module.campaign_units(tables, tables.as_of(), action_id="call")
    lost = units.units.with_columns(margin_after=pl.when(pl.int_range(pl.len()) < 3).then(float("nan")).otherwise("margin_after"))
    rows = module._rows(type(units)(lost, units.measures), "call", "margin")
    assert len(rows) == len(units.units) - 3


def test_costs_that_are_not_known_are_null(tables):
    units = module.campaign_units(tables, tables.as_of(), action_id="mail")
    assert module._rows(units, "mail", "margin")["cost"].null_count() == 0
    free = type(units)(units.units.with_columns(cost=0.0), units.measures, {"contacts_without_cost": 7})
    assert module._rows(free, "mail", "margin")["cost"].null_count() == len(units.units)
    unknown = type(units)(units.units.with_columns(cost=0.0, is_contacted=pl.lit(value=False)), units.measures)
    assert module._rows(unknown, "mail", "margin")["cost"].null_count() == len(units.units)


def test_settings_name_what_is_wanted():
    assert Wanted.of({}) == Wanted()
    given = {"actions": ["b", "a"], "outcome": "orders", "response_window_days": "14", "post_window_days": 0, "trees": 3}
    assert Wanted.of(given) == Wanted(actions=("b", "a"), outcome="orders", response_window_days=14, post_window_days=0)
    assert Wanted.of(given).days == 14
    assert Wanted.of(given).digest != Wanted.of({}).digest

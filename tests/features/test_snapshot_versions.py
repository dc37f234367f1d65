from __future__ import annotations

import polars as pl

from relkit.features.snapshot_spells import snapshot_spells, to_learn
from relkit.features.snapshot_versions import snapshot_versions
from relkit.features.spells import main_contracts
from tests.features.test_snapshot_spells import APRIL, EDGE, JUNE, MAY, MONTH, datamart, everybody, of

ROWS = datamart(
    ("leaves", APRIL, 2, False), ("leaves", MAY, 3, False), ("leaves", JUNE, 3, True),
    ("stays", APRIL, 12, False), ("stays", MAY, 13, False), ("stays", JUNE, 14, False),
    ("vanishes", APRIL, 5, False), ("vanishes", MAY, 6, False),
    ("was gone", APRIL, 30, True),
    fee=[10, 12, 0, 20, 21, 22, 5, 6, 9],
)  # fmt: skip


def test_a_stay_is_cut_where_a_snapshot_found_the_customer_there(company):
    found = snapshot_versions(of(company, ROWS), EDGE)
    columns = ("contract_id", "entry_days", "duration_days", "event", "is_active", "monthly_amount")
    assert found.select(columns).rows() == [
        ("leaves", 2 * MONTH, 2 * MONTH + 31, False, False, 10.0),
        ("leaves", 2 * MONTH + 31, 2 * MONTH + 61, True, False, 12.0),
        ("stays", 12 * MONTH, 12 * MONTH + 31, False, False, 20.0),
        ("stays", 12 * MONTH + 31, 12 * MONTH + 61, False, False, 21.0),
        ("stays", 12 * MONTH + 61, 12 * MONTH + 61, False, True, 22.0),
        ("vanishes", 5 * MONTH, 5 * MONTH + 31, False, False, 5.0),
    ]
    assert main_contracts(found)["monthly_amount"].to_list() == [22.0]


def test_pieces_add_up_to_the_spells(company):
    tables = of(company, ROWS)
    pieces, spells = to_learn(snapshot_versions(tables, EDGE)), to_learn(snapshot_spells(tables, EDGE))
    added = pieces.group_by("contract_id").agg(
        pl.col("entry_days").min(), pl.col("duration_days").max(), pl.col("event").sum().cast(pl.Boolean)
    )
    columns = ["contract_id", "entry_days", "duration_days", "event"]
    assert added.sort("contract_id").select(columns).equals(spells.sort("contract_id").select(columns))


def test_one_snapshot_has_nothing_to_cut(company):
    tables = of(company, everybody(50))
    assert snapshot_versions(tables, EDGE).equals(snapshot_spells(tables, EDGE))

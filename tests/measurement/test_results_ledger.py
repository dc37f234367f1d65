"""The results ledger: one row per campaign and windows, replaced when measured again, written atomically."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest
from measured_campaigns import voucher

from relkit.errors import StorageError
from relkit.measurement.results_ledger import FILE, FOLDER, LEDGER, ledger_row, read_ledger, with_row, write_ledger

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def row(**changes) -> dict:
    return ledger_row(voucher(**changes), measured_at=NOW)


def test_a_row_states_the_money_the_draw_and_the_verdict() -> None:
    found = with_row(None, row()).row(0, named=True)
    assert set(found) == set(LEDGER.schema)
    expected = {
        "action_id": "voucher",
        "wave_id": None,
        "kind": "draw",
        "treated": 4_000,
        "control": 2_000,
        "not_contacted": None,
        "incremental_margin": 6_000.0,
        "cost": 2_000.0,
        "net_margin": 4_000.0,
        "net_margin_low": 500.0,
        "net_margin_high": 7_500.0,
        "net_margin_response": 6_000.0,
        "incremental_orders": 240.0,
        "verdict": "continue",
        "measured_at": NOW,
        "method": "adjusted",
    }
    assert {name: found[name] for name in expected} == expected


def test_a_campaign_measured_again_replaces_its_row_and_others_stay() -> None:
    ledger = None
    for each in (row(), row(wave_id="w2"), row(post_window_days=0), row(action_id="catalogue"), row(verdict="stop"), row(wave_id="w2")):
        ledger = with_row(ledger, each)
    assert ledger is not None
    keys = ledger.select("action_id", "wave_id", "post_window_days", "verdict").rows()
    assert keys == [
        ("catalogue", None, 56, "continue"),
        ("voucher", "w2", 56, "continue"),
        ("voucher", None, 0, "continue"),
        ("voucher", None, 56, "stop"),
    ]


def test_it_is_read_as_written_and_no_draft_stays(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) is None
    path = write_ledger(tmp_path, with_row(None, row()))
    assert path == tmp_path / FOLDER / FILE
    assert read_ledger(tmp_path).equals(with_row(None, row()))  # type: ignore[union-attr]
    assert [each.name for each in path.parent.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("content", "message"), [(b"PAR1 no", "cannot be read"), (None, "of another version of relkit")], ids=["damaged", "other columns"]
)
def test_a_ledger_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = write_ledger(tmp_path, with_row(None, row()))
    path.write_bytes(content) if content else pl.DataFrame({"x": [1]}).write_parquet(path)
    with pytest.raises(StorageError, match=f"{message}.*Move it away"):
        read_ledger(tmp_path)

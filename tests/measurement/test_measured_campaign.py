"""The folder of a measurement: read back as written, replaced whole, refused if damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from measured_campaigns import voucher
from polars.testing import assert_frame_equal

from relkit.errors import StorageError
from relkit.measurement.measured_campaign import FACTS, MeasuredCampaign
from relkit.measurement.result_tables import TABLES
from relkit.remarks import Remark

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    measured = voucher(units_needed=900, wave_id="w1", settings={"segment": ["country"]})
    noted = MeasuredCampaign(facts=measured.facts, tables=measured.tables, remarks=(Remark("x", "One.", "Un."),))
    paths = noted.write(tmp_path / "voucher" / "w1")
    assert set(paths) == {"measurement", "remarks", *(table.name for table in TABLES)}
    found = MeasuredCampaign.read(tmp_path / "voucher" / "w1")
    assert found.facts == noted.facts
    assert found.remarks == noted.remarks
    for name, table in noted.tables.items():
        assert_frame_equal(found.table(name), table)
    assert found.facts.days == {"response": 28, "post": 84}
    assert (found.facts.name, voucher().facts.name) == ("voucher, w1", "voucher")


def test_a_measurement_replaces_the_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    voucher().write(folder)
    (folder / "of_before.parquet").write_text("old")
    voucher(verdict="stop").write(folder)
    assert MeasuredCampaign.read(folder).facts.verdict == "stop"
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
    assert not (folder / "of_before.parquet").exists()


def test_a_write_that_fails_leaves_the_earlier_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voucher().write(tmp_path / "all")
    monkeypatch.setattr(pl.DataFrame, "write_parquet", lambda *_, **__: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        voucher(verdict="stop").write(tmp_path / "all")
    monkeypatch.undo()
    assert MeasuredCampaign.read(tmp_path / "all").facts.verdict == "continue"
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


def _other_format(folder: Path) -> None:
    plain = json.loads((folder / FACTS).read_text()) | {"format": 99}
    (folder / FACTS).write_text(json.dumps(plain))


@pytest.mark.parametrize(
    "harm",
    [lambda folder: (folder / "money.parquet").unlink(), lambda folder: (folder / FACTS).write_text("{"), _other_format],
    ids=["a table is gone", "facts cut short", "another format"],
)
def test_a_damaged_measurement_is_refused(tmp_path: Path, harm) -> None:
    voucher().write(tmp_path / "all")
    harm(tmp_path / "all")
    with pytest.raises(StorageError, match=r"no measurement here, or it is damaged. Measure the campaign again"):
        MeasuredCampaign.read(tmp_path / "all")


def test_figures_are_looked_up_by_name_and_window() -> None:
    measured = voucher()
    assert measured.money("net_margin")["value"] == 4_000
    assert measured.money("net_margin", "response")["low"] == 3_000
    assert measured.money("nothing")["value"] is None
    assert measured.estimate("margin", method="reached")["estimate"] == 1.55
    assert measured.estimate("margin", method="nothing")["estimate"] is None

"""The page on customer journeys from raw files: its cells run here, and its headlines are counted again from the checked tables."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shown_sentences import shown_sentences

from relkit.errors import ParameterError, TableError
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.journey_material import JourneyMaterial
from relkit.tables.simulation import SimulationSettings, simulate_company

if TYPE_CHECKING:
    from pathlib import Path

NAME = "interact_customer_journeys"
NUMBER = re.compile(r"\d[\d\u202f]*")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of a simulated company after relkit check."""
    folder = tmp_path_factory.mktemp("journeys")
    company = simulate_company(SimulationSettings(customers=500), folder / "company")
    assert CheckTables.parse(data=company.data, out=folder / "out").run().passed
    return folder / "out"


def rows(out: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(out / "tables" / f"{table}.parquet")


def conversions(lines: pl.DataFrame) -> pl.DataFrame:
    """Return customer_id and at of the transactions of which something is left after their returns."""
    back = lines.filter(pl.col("line_kind").is_in(["return", "cancel"])).group_by("return_of").agg(taken=pl.col("net_amount").sum())
    sales = lines.filter(pl.col("line_kind") == "sale").drop_nulls("customer_id")
    left = sales.join(back, left_on="transaction_line_id", right_on="return_of", how="left").with_columns(pl.col("taken").fill_null(0.0))
    sums = left.group_by("customer_id", "transaction_id").agg(at=pl.col("occurred_at").min(), net=pl.sum("net_amount") + pl.sum("taken"))
    return sums.filter(pl.col("net") > 0.005)


def counted(out: Path) -> dict[str, float]:
    """Return the journeys with a touch and those that converted, person by person."""
    bought: dict[str, set[object]] = {}
    for customer, when in conversions(rows(out, "transactions")).select("customer_id", "at").rows():
        bought.setdefault(customer, set()).add(when)
    touches: dict[str, list[object]] = {}
    for customer, visitor, when in rows(out, "touchpoints").select("customer_id", "anonymous_id", "occurred_at").rows():
        touches.setdefault(customer or visitor, []).append(when)
    found = {"journeys": 0.0, "converted": 0.0}
    for person, times in touches.items():
        ends = sorted(bought.get(person, set()))  # type: ignore[type-var]
        starts = [None, *ends]
        for before, end in zip(starts, [*ends, None], strict=True):
            own = [t for t in times if (before is None or t > before) and (end is None or end - timedelta(days=30) <= t <= end)]  # type: ignore[operator]
            found["journeys"] += bool(own)
            found["converted"] += bool(own) and end is not None
    return found


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no picture: they have tests of their own."""
    monkeypatch.setattr("relkit.reports.pictures.Picture.png", lambda _: b"")


def test_the_page_shows_what_the_tables_say(checked: Path) -> None:
    found, customers = counted(checked), rows(checked, "customers")["customer_id"]
    sentences, figures = shown_sentences(NAME, out=str(checked), language="fr", loss="silence")
    numbers = [int(number.replace("\u202f", "")) for number in NUMBER.findall(sentences[0])[:2]]
    assert numbers == [found["journeys"], found["converted"]]
    assert len(figures) == 4
    assert len(set(sentences)) == len(sentences) >= 10
    assert not [sentence for sentence in sentences for customer in customers if customer in sentence]


def test_tables_that_are_absent_are_named_and_the_rest_is_shown(checked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    folder.mkdir()
    for table in ("touchpoints", "transactions"):
        shutil.copy(checked / "tables" / f"{table}.parquet", folder)
    assert CheckTables.parse(data=folder, out=tmp_path / "out").run().passed
    sentences, _ = shown_sentences(NAME, out=str(tmp_path / "out"))
    assert sentences[0].endswith("ended in a conversion.")
    for words in ("no survey answers", "no outcomes of contacts"):
        assert any(words in sentence for sentence in sentences), words


def test_what_happens_later_does_not_change_the_page_of_a_day(checked: Path, tmp_path: Path) -> None:
    """The company as it was known at the end of 2024, and the same page from tables cut there."""
    folder, day = tmp_path / "cut", "2024-12-31"
    folder.mkdir()
    for table in ("touchpoints", "transactions"):
        given = rows(checked, table)
        known = pl.max_horizontal(name for name in ("occurred_at", "recorded_at") if name in given.columns)
        given.filter(known < datetime(2024, 12, 31, 23, tzinfo=UTC)).write_parquet(folder / f"{table}.parquet")  # midnight in Paris
    shutil.copy(checked / "tables" / "customers.parquet", folder)
    assert CheckTables.parse(data=folder, out=tmp_path / "out").run().passed
    pages = [JourneyMaterial.read(out=out, as_of=day).page() for out in (checked, tmp_path / "out")]
    assert pages[0].headlines() == pages[1].headlines()
    assert_frame_equal(pages[0].assisted, pages[1].assisted)


def test_declared_stages_and_wrong_ones(checked: Path) -> None:
    material = JourneyMaterial.read(out=checked)
    shapes = material.shapes(["display", "search"], "channel")
    assert shapes.funnel is not None
    assert shapes.funnel["stage"].to_list() == ["display", "search", None]
    with pytest.raises(ParameterError, match="search"):
        material.shapes(["serach"], "channel")


def test_a_programme_without_tables_is_refused_with_the_command_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TableError, match="--programme nowhere"):
        JourneyMaterial.read(programme="nowhere")

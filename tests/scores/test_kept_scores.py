"""Scores as they are kept on disk: each with its record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import delivered_company as company
import pytest

from relkit.errors import TableError
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.report_material import ReportMaterial
from relkit.score_kinds import Score
from relkit.scores.kept_scores import KeptScores, read_models, record_of, records_of

if TYPE_CHECKING:
    from pathlib import Path

LACKING = r"the record of p_alive is not kept \(stem, unit, horizon, reason\): an earlier version of relkit .* Run relkit score again"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return company.leave(tmp_path) / "scores" / "2025-06-30"


def without_record(folder: Path, name: str) -> None:
    models = read_models(folder)
    models[name] = {key: value for key, value in models[name].items() if key not in record_of(Score(name))}
    (folder / "models.json").write_text(json.dumps(models))


def test_a_record_is_read_as_it_was_written() -> None:
    scores = [Score("p_alive"), Score("churn_probability", "days", 30, "price"), Score("future_margin", "months")]
    models = json.loads(json.dumps({str(score): record_of(score) | {"model": "m"} for score in scores}))
    assert list(records_of(models).values()) == scores


def test_the_scores_of_a_day_come_with_their_records(folder: Path) -> None:
    kept = KeptScores.read(folder)
    assert kept is not None
    assert set(kept.records) == set(kept.sources["score"])
    assert kept.records["future_margin_24m"].days == 730


def test_a_day_without_scores_has_none(tmp_path: Path) -> None:
    assert KeptScores.read(tmp_path) is None
    assert read_models(tmp_path) == {}


def test_scores_of_an_earlier_version_are_to_be_made_again(folder: Path) -> None:
    without_record(folder, "p_alive")
    with pytest.raises(TableError, match=LACKING):
        KeptScores.read(folder)


def test_a_score_that_models_json_does_not_name_is_refused(folder: Path) -> None:
    models = read_models(folder)
    (folder / "models.json").write_text(json.dumps({name: kept for name, kept in models.items() if name != "p_alive"}))
    with pytest.raises(TableError, match=r"p_alive: in scores\.parquet and not in models\.json\. Run relkit score again"):
        KeptScores.read(folder)


def test_a_delivery_and_a_report_of_such_scores_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    company.leave(tmp_path / "out" / "default")
    without_record(tmp_path / "out" / "default" / "scores" / "2025-06-30", "p_alive")
    with pytest.raises(TableError, match=LACKING):
        DeliverFiles.parse().run()
    with pytest.raises(TableError, match=LACKING):
        ReportMaterial.read(programme="default")

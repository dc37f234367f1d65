"""relkit fit and score with a model that follows the calendar: events come from the tables, as known on each day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest

from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.models.lifetime_value.time_varying_pareto_nbd import TimeVaryingParetoNbd

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lifetime_value.time_varying_pareto_nbd"
CALENDAR = pl.DataFrame(
    {
        "kind": ["promotion", "promotion", "promotion"],
        "starts_on": [date(2024, 3, 1), date(2025, 2, 1), date(2025, 9, 1)],
        "scope": ["everything"] * 3,
        "ends_on": [date(2024, 3, 20), date(2025, 2, 14), date(2025, 9, 14)],
        "recorded_at": [datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)],
    }
)


@pytest.fixture
def seasonal(workplace: Path, plain_fits: None) -> Path:
    frames = {"transactions": company.transactions(120), "calendar": CALENDAR}
    company.write_company(workplace / "out" / "default", frames, history_starts_on=company.FIRST)
    return workplace


def test_events_are_those_declared_by_the_day(seasonal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event recorded in January 2025 is unknown to the model judged as of December 2024; the future one is known."""
    fits = []
    fit = TimeVaryingParetoNbd.fit
    monkeypatch.setattr(TimeVaryingParetoNbd, "fit", lambda self, *given, **more: fits.append(self.events) or fit(self, *given, **more))
    result = FitModel.parse(model=NAME).run()
    assert [[event.starts_on for event in events] for events in fits] == [
        [date(2024, 3, 1)],
        [date(2024, 3, 1), date(2025, 2, 1), date(2025, 9, 1)],
    ]
    assert list(result.parameters)[4:] == ["purchase:season_sin_1", "purchase:season_cos_1", "purchase:promotion"]
    assert result.metrics["mae_repeat_purchases"] > 0
    assert storage.load(result.paths["model"]).settings.events[-1].ends_on == date(2025, 9, 14)
    scored = ScoreCustomers.parse(models=(NAME,)).run()
    assert scored.passed
    assert scored.skipped is None


def test_the_choice_among_models_knows_the_events_of_its_day(seasonal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compared trial knows the declarations up to the calibration, the final fit all of them; neither is made twice."""
    fits = []
    fit = TimeVaryingParetoNbd.fit
    monkeypatch.setattr(TimeVaryingParetoNbd, "fit", lambda self, *given, **more: fits.append(self.events) or fit(self, *given, **more))
    alone = {"candidates": [NAME], "replicates": 20, "origins": 1}
    assert FitModel.parse(model="lifetime_value.auto", settings=alone, figures=False).run().passed
    assert [len(events) for events in fits] == [2, 3]


def test_events_that_were_given_stand(seasonal: Path) -> None:
    mine = [{"name": "fair", "starts_on": "2024-05-01", "ends_on": "2024-05-20"}]
    result = FitModel.parse(model=NAME, holdout_days=0, settings={"events": mine, "season_harmonics": 0}).run()
    assert list(result.parameters)[4:] == ["purchase:fair"]


def test_without_a_calendar_the_season_alone(checked: Path, plain_fits: None) -> None:
    result = FitModel.parse(model=NAME, holdout_days=0).run()
    assert list(result.parameters)[4:] == ["purchase:season_sin_1", "purchase:season_cos_1"]

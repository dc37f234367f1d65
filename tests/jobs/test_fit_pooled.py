"""relkit fit and score with the pooled forecast: the calendar comes from the tables, and its remarks reach the scores."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl

from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import storage
from relkit.remarks import read_remarks

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lifetime_value.pooled"
CALENDAR = pl.DataFrame(
    {
        "kind": ["promotion", "promotion", "fair"],
        "starts_on": [date(2024, 3, 1), date(2025, 6, 20), date(2025, 9, 1)],
        "scope": ["everything"] * 3,
        "ends_on": [date(2024, 3, 20), date(2025, 7, 4), date(2025, 9, 14)],
        "recorded_at": [datetime(2024, 1, 1, tzinfo=UTC)] * 3,
    }
)


def test_a_fit_from_tables_knows_the_calendar_and_the_start_of_the_history(workplace: Path, plain_fits: None) -> None:
    frames = {"transactions": company.transactions(), "calendar": CALENDAR}
    company.write_company(workplace / "out" / "default", frames, history_starts_on=company.FIRST)
    result = FitModel.parse(model=NAME, settings={"week_weights": [{"iso_week": 51, "weight": 1.5}]}).run()
    fitted = storage.load(result.paths["model"])
    assert (fitted.history_begins_on, fitted.settings.week_weights[0].iso_week) == (company.FIRST, 51)
    assert list(fitted.event_effects) == ["promotion"]
    assert fitted.order_calibration is not None
    assert result.metrics[fitted.settings.holdout_metric.name] > 0
    assert any("of the weight is given to a regression" in sentence for sentence in result.sentences)
    scored = ScoreCustomers.parse(models=(NAME,)).run()
    assert scored.skipped is None
    found = {remark.code for path in (workplace / "out").rglob("remarks.json") for remark in read_remarks(path)}
    assert {"pooled_parts", "as_of_in_an_event", "event_not_observed"} <= found

"""Comparison of lift tests with a fitted model: what it predicts for the days of each, and the calibration that follows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.attribution.calibration import CALIBRATION_SCHEMA, Calibration, calibrated
from relkit.models.attribution.lift_tests import not_comparable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from relkit.models.attribution.coded_timelines import CodedTimelines, Floats, Ints
    from relkit.models.attribution.hazard_estimate import Estimate
    from relkit.models.attribution.lift_tests import LiftTest

WORTH_SCALING = 0.5
"""Standard errors that a channel's credit must be away from 0 for a factor on it to mean anything."""


def calibration_of(
    tests: Sequence[LiftTest],
    people: CodedTimelines,
    estimate: Estimate,
    own_visits: Sequence[str],
    credit: tuple[Floats, Floats],
    doubt: float,
) -> tuple[Calibration, list[tuple[LiftTest, str]]]:
    """Return the calibration to lift tests, and the tests left out with the key of the reason.

    Args:
        tests: as they were given.
        people: with conversions.
        estimate: the fitted effects.
        own_visits: channels that are held constant.
        credit: conversions credited to each channel, and their standard errors; (c,) each.
        doubt: least relative error of the model beyond sampling.
    """
    names, days = people.names.to_list(), _days(people)
    reasons = [not_comparable(test, names, own_visits, days) for test in tests]
    kept = [test for test, reason in zip(tests, reasons, strict=True) if not reason]
    left_out = [(test, reason) for test, reason in zip(tests, reasons, strict=True) if reason]
    predicted, errors = _predicted(kept, people, estimate) if kept and days else (np.zeros(0), np.zeros(0))
    seen = np.abs(predicted) > WORTH_SCALING * errors
    left_out += [(test, "near_zero") for test, is_seen in zip(kept, seen, strict=True) if not is_seen]
    kept = [test for test, is_seen in zip(kept, seen, strict=True) if is_seen]
    relative = np.abs(credit[1]) / np.where(credit[0] == 0, np.inf, np.abs(credit[0]))
    if not kept:
        return Calibration(
            np.ones(len(names)), relative, relative, np.zeros(len(names), np.bool_), pl.DataFrame(schema=CALIBRATION_SCHEMA), 0.0
        ), left_out
    return calibrated(kept, predicted[seen], errors[seen], people.names, relative, doubt), left_out


def _days(people: CodedTimelines) -> tuple[date, date] | None:
    """Return the first and the last whole day of the data."""
    if people.starts_on is None:
        return None
    last = people.starts_on + timedelta(days=int(np.ceil(float(people.until_day.max()) - 1e-9)) - 1)
    return people.starts_on + timedelta(days=int(np.floor(float(people.touch_days.min())))), last


def _predicted(tests: Sequence[LiftTest], people: CodedTimelines, estimate: Estimate) -> tuple[Floats, Floats]:
    """Return the conversions lost in the days of each test without its channel, and their standard errors; (t,) each."""
    spans = np.array([[(test.starts_on - people.starts_on).days, (test.ends_on - people.starts_on).days + 1] for test in tests])  # type: ignore[operator]
    cuts = np.unique(spans)
    cells: Ints = np.searchsorted(cuts, people.order_days, side="right") - 1
    cells[cells >= len(cuts) - 1] = -1
    credit = estimate.credit("removal", people.order_values, cells, len(cuts) - 1)
    member = (spans[:, :1] <= cuts[None, :-1]) & (cuts[None, 1:] <= spans[:, 1:])
    mixed, channel = credit.mixed(member.astype(np.float64)), [people.names.to_list().index(test.channel_id) for test in tests]
    rows = np.arange(len(tests))
    errors = np.sqrt(mixed.variances(estimate.fitted, estimate.precision))
    return mixed.sums[0][rows, channel], errors[0][rows, channel]

"""Calibration of incremental credit to lift tests: one factor for each channel, with its interval.

For test j of channel c the model predicts P_j, the conversions lost in its days without the channel while the others go on, with the
standard error v_j; the test found E_j with the standard error s_j. The truth is f_c P_j, and

    f_c ~ N(1, w_c^2),    E_j ~ N(f_c P_j, s_j^2),    w_c^2 = (v_c / P_c)^2 + b^2.

f_c is the mean of both sources, weighted by their precision: a precise test moves the credit to what it found, a vague one hardly moves
it. b is the model's error beyond sampling, what no model of observed touches can rule out. It is a belief, `doubt`: one or two tests
cannot tell a biased model from an unlucky test. From five tests on it is learnt from how much further tests and model are apart than both
intervals allow (DerSimonian and Laird 1986), and is at least `doubt`.

Channels without a test keep their credit, unless at least three channels were tested, their factors do not differ by more than chance, and
their mean differs from 1: then that mean is borrowed, drawn towards 1 by the same rule.

    DerSimonian, R. and Laird, N. (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.intervals import normal_reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from relkit.models.attribution.lift_tests import LiftTest

    Floats = NDArray[np.float64]

LEAST_TO_BORROW = 3
"""Tested channels from which others borrow."""
LEAST_TO_LEARN = 5
"""Tests from which the model's error beyond sampling is learnt."""
BORROWED_REACH = normal_reach(0.95)
"""Standard errors by which the mean factor must differ from 1 to be borrowed."""
CALIBRATION_SCHEMA: dict[str, Any] = {
    "lift_test_id": pl.String,
    "channel": pl.String,
    "starts_on": pl.Date,
    "ends_on": pl.Date,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "predicted": pl.Float64,
    "predicted_lower": pl.Float64,
    "predicted_upper": pl.Float64,
}
"""Columns of the tests compared; the bounds of predictions are at the level of the test."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Factors on the credit of c channels.

    Attributes:
        factors, errors: of each channel, with its standard error, the model's own included; (c,).
        relative_errors: standard error of the credit before calibration, over the credit; (c,).
        is_tested: whether there was a test of the channel; (c,).
        tests: the columns of `CALIBRATION_SCHEMA`, one row per test.
        beyond: b, the relative error of the model beyond sampling.
    """

    factors: Floats
    errors: Floats
    relative_errors: Floats
    is_tested: NDArray[np.bool_]
    tests: pl.DataFrame
    beyond: float

    def without(self) -> Calibration:
        """Return no calibration of the same channels."""
        return replace(self, factors=np.ones(len(self.factors)), is_tested=np.zeros(len(self.factors), np.bool_))

    def spread(self, sums: Floats, variances: Floats) -> Floats:
        """Return the standard errors of calibrated sums over any conversions.

        A factor that a test gave knows as much as test and model together; what the sums of a part of the conversions vary more than
        the whole, relative to their size, comes on top.

        Args:
            sums: before calibration; (..., c).
            variances: of the sums; (..., c).
        """
        own = self.factors**2 * variances
        with_factor = (sums * self.errors) ** 2
        beyond = np.maximum(own - (self.factors * sums * self.relative_errors) ** 2, 0.0)
        return np.sqrt(np.where(self.is_moved, with_factor + beyond, own))

    @property
    def is_moved(self) -> NDArray[np.bool_]:
        """True for channels whose credit was calibrated; (c,)."""
        return np.asarray(self.is_tested | (self.factors != 1.0))

    def table(self, names: pl.Series, level: float) -> pl.DataFrame:
        """Return channel, factor, factor_lower, factor_upper, source (test, borrowed or none): one row per channel."""
        reach = normal_reach(level) * self.errors
        source = np.where(self.is_tested, "test", np.where(self.is_moved, "borrowed", "none"))
        columns = {"factor": self.factors, "factor_lower": self.factors - reach, "factor_upper": self.factors + reach}
        return pl.DataFrame({"channel": names, **columns, "source": source.tolist()})


def calibrated(
    tests: Sequence[LiftTest], predicted: Floats, errors: Floats, names: pl.Series, relative_errors: Floats, doubt: float
) -> Calibration:
    """Return the factors that lift tests suggest.

    Args:
        tests: t tests that can be compared.
        predicted: conversions that the model predicts for each, not zero; (t,).
        errors: their standard errors; (t,).
        names: the channels.
        relative_errors: standard error of the credit of each channel over the credit; (c,).
        doubt: least relative error of the model beyond sampling.

    Examples:
        A test that is as precise as the model: the credit moves half of the way.

        >>> from datetime import date
        >>> from relkit.models.attribution.lift_tests import LiftTest
        >>> days = {"starts_on": date(2025, 3, 1), "ends_on": date(2025, 3, 31)}
        >>> test = LiftTest(channel_id="a", **days, incremental_conversions=90.0, low=73.55, high=106.45, level=0.9)
        >>> found = calibrated([test], np.array([100.0]), np.array([10.0]), pl.Series(["a", "b"]), np.array([0.1, 0.2]), 0.0)
        >>> found.factors.round(2).tolist(), found.errors.round(3).tolist()
        ([0.95, 1.0], [0.071, 0.2])
    """
    channel = np.array([names.to_list().index(test.channel_id) for test in tests], np.int64)
    found = np.array([test.incremental_conversions for test in tests])
    spread = np.array([test.std_error for test in tests])
    beyond = max(_beyond(found, predicted, spread, errors) if len(tests) >= LEAST_TO_LEARN else 0.0, doubt)
    prior = relative_errors[channel] ** 2 + beyond**2
    factors, variances = np.ones(len(names)), relative_errors**2
    for c in np.unique(channel):
        own = channel == c
        precision = 1 / prior[own][0] + np.sum((predicted[own] / spread[own]) ** 2)
        factors[c] = (1 / prior[own][0] + np.sum(predicted[own] * found[own] / spread[own] ** 2)) / precision
        variances[c] = 1 / precision
    is_tested = np.isin(np.arange(len(names)), channel)
    if is_tested.sum() >= LEAST_TO_BORROW:
        mean, variance = _borrowed(found / predicted, (spread**2 + errors**2) / predicted**2, beyond)
        factors[~is_tested], variances[~is_tested] = mean, variances[~is_tested] + variance
    return Calibration(factors, np.sqrt(variances), relative_errors, is_tested, _tests(tests, predicted, errors), float(beyond))


def _beyond(found: Floats, predicted: Floats, spread: Floats, errors: Floats) -> float:
    """Return the relative error of the model that sampling does not explain."""
    excess = (found - predicted) ** 2 - spread**2 - errors**2
    return float(np.sqrt(max(excess.sum() / np.sum(predicted**2), 0.0)))


def _borrowed(ratios: Floats, variances: Floats, beyond: float) -> tuple[float, float]:
    """Return the factor of channels without a test, and its variance; 1 and 0 if the tests do not agree that it is another."""
    weights = 1 / variances
    mean, variance = float(weights @ ratios / weights.sum()), float(1 / weights.sum())
    agree = float(weights @ (ratios - mean) ** 2) <= len(ratios) - 1
    if not agree or abs(mean - 1) <= BORROWED_REACH * np.sqrt(variance) or beyond == 0.0:
        return 1.0, 0.0
    share = beyond**2 / (beyond**2 + variance)
    return 1 + share * (mean - 1), share * variance


def _tests(tests: Sequence[LiftTest], predicted: Floats, errors: Floats) -> pl.DataFrame:
    reach = np.array([normal_reach(test.level) for test in tests]) * errors
    rows = [
        (test.lift_test_id, test.channel_id, test.starts_on, test.ends_on, test.incremental_conversions, test.low, test.high, test.level)
        for test in tests
    ]
    bounds = zip(predicted, predicted - reach, predicted + reach, strict=True)
    return pl.DataFrame([(*row, *map(float, own)) for row, own in zip(rows, bounds, strict=True)], schema=CALIBRATION_SCHEMA, orient="row")

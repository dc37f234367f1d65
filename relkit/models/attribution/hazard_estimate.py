"""Estimate of effects of exposure from timelines: who is at risk from when, how effects combine, the weekdays of the baseline.

How effects combine, and how strongly they are held back, is learnt from a part of the people; all are then fitted with it. The weekdays
of the baseline are those of the conversions that would have come anyway, by that first fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.baseline_calendar import calendar_of
from relkit.models.attribution.exposure_sweep import exposures_of, touch_runs
from relkit.models.attribution.hazard_credit import group_credit
from relkit.models.attribution.hazard_fit import fit_hazard, penalty_of, translated
from relkit.models.attribution.hazard_likelihood import Combination, hazard_data, shares_anyway

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.baseline_calendar import Calendar
    from relkit.models.attribution.coded_timelines import CodedTimelines, Floats, Ints
    from relkit.models.attribution.exposure_sweep import ExposureForm
    from relkit.models.attribution.hazard_credit import Game, GroupCredit
    from relkit.models.attribution.hazard_fit import FittedHazard, Penalty
    from relkit.models.attribution.hazard_likelihood import HazardData

EARLY_SHARE = 0.25
"""Most of the days with touches in which exposure counts as not yet known, because touches before them were not recorded."""
PILOT = 4_000
"""People with touches and conversions from whom the form of effects is learnt, if there are more."""
_GOLDEN = 618.0339887498949


@dataclass(frozen=True, eq=False)
class Exposed:
    """Exposures that are counted.

    Attributes:
        form: bins of age of each of c channels.
        marks: whether each channel is a marker; (c,).
        alive_days: days for which each touch counts; (m,).
    """

    form: ExposureForm
    marks: NDArray[np.bool_]
    alive_days: Floats

    def data(self, people: CodedTimelines, calendar: Calendar, kept: NDArray[np.bool_] | None = None) -> HazardData:
        """Return the exposures of people; `kept` is true for them if they are not all."""
        alive = self.alive_days
        if kept is not None:
            alive, people = alive[np.repeat(kept, np.diff(people.touch_offsets))], people.where(kept)
        exposures = exposures_of(people, touch_runs(people, alive), self.form, calendar)
        return hazard_data(people, exposures, self.marks[self.form.channel_of], calendar)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Effects with the data that they were estimated from.

    Attributes:
        data: exposures of people with conversions.
        form: of exposures.
        fitted: effects.
        combination: how they combine.
        penalty: on them.
    """

    data: HazardData
    form: ExposureForm
    fitted: FittedHazard
    combination: Combination
    penalty: Penalty

    @property
    def precision(self) -> Floats:
        """Precision of the prior of the effects."""
        return self.penalty.at(self.fitted.variances)

    def credit(self, game: Game, values: Floats, groups: Ints, number: int) -> GroupCredit:
        """Return the credit of channels for groups of conversions."""
        return group_credit(self.data, self.fitted.parameters, self.combination, game, values, groups, number, self.form.channel_of)


def people_at_risk(timelines: CodedTimelines, lookback_days: float) -> CodedTimelines:
    """Return the people with conversions, at risk from the day on which earlier touches are known."""
    buyers = timelines.where(np.diff(timelines.order_offsets) > 0)
    first, last = float(timelines.touch_days.min()), float(timelines.until_day.max())
    known = first + min(lookback_days, EARLY_SHARE * max(last - first, 0.0))
    return replace(buyers, from_day=np.minimum(np.maximum(buyers.from_day, known), buyers.until_day))


def estimated(buyers: CodedTimelines, exposed: Exposed, combine: str) -> Estimate:
    """Return the effects of exposure.

    Args:
        buyers: people with conversions.
        exposed: what counts as an exposure.
        combine: add, multiply, or auto for what explains the conversions better.
    """
    calendar, pilot = calendar_of(buyers), _pilot(buyers)
    data = exposed.data(buyers, calendar)
    first = data if pilot.all() else exposed.data(buyers, calendar, pilot)
    penalty = penalty_of(exposed.form, exposed.marks, data.parameters)
    begun, combination = _chosen(first, penalty, combine)
    anyway = shares_anyway(data, begun.parameters, combination)
    data = data.with_clock(calendar_of(buyers, anyway), buyers)
    return Estimate(data, exposed.form, fit_hazard(data, penalty, combination, begun), combination, penalty)


def _pilot(buyers: CodedTimelines) -> NDArray[np.bool_]:
    """Return the people from whom the form is learnt: by their own days, so that the order of the rows does not matter."""
    share = PILOT / max(int((np.diff(buyers.touch_offsets) > 0).sum()), 1)
    own = np.bincount(buyers.order_people, buyers.order_days, minlength=buyers.people)
    return np.asarray((own * _GOLDEN) % 1.0 < share)


def _chosen(data: HazardData, penalty: Penalty, combine: str) -> tuple[FittedHazard, Combination]:
    """Return the fit that explains the conversions best, and how effects combine in it; markers are tried first."""
    best = Combination("multiply" if combine == "multiply" else "add", "multiply")
    fitted = fit_hazard(data, penalty, best)
    if data.is_marker.any():
        best, fitted = _better(data, penalty, best, fitted, replace(best, markers="add"))
    if combine == "auto":
        best, fitted = _better(data, penalty, best, fitted, replace(best, channels="multiply"))
    return fitted, best


def _better(
    data: HazardData, penalty: Penalty, best: Combination, fitted: FittedHazard, other: Combination
) -> tuple[Combination, FittedHazard]:
    """Return whichever of two combinations explains the conversions better, with its fit; both have as many parameters."""
    tried = fit_hazard(data, penalty, other, translated(fitted, data, best, other), learn=True)
    return (other, tried) if tried.sums.log_likelihood > fitted.sums.log_likelihood else (best, fitted)

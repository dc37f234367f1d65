"""Inverse-probability-of-censoring weights (IPCW), which compensate for spells censored before their event.

A spell whose event is observed at age t stands for all those that would have ended then but were censored before: it weighs one
over the probability G of staying uncensored. G is the Kaplan-Meier estimate with censorings as the events (Robins and Rotnitzky
1992; Graf, Schmoor, Sauerbrei and Schumacher 1999). It is valid if censoring is independent of the risk of the event.

At the same age events come before censorings, so all spells uncensored just before t were at risk of an event at t, and a spell
censored at age t is known to have outlived it. This is exact, also for ages in whole months, and at the end of a holdout, where
all that still run are censored at once. scikit-survival takes G after the censorings at age t and leaves out spells
censored at it (`ties="after"`); if no event and no censoring share an age the two are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.near_ties import one_age, reach
from relkit.metrics.risk_sets import distinct, step_at

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats


@dataclass(frozen=True, eq=False)
class InView:
    """The probability G of staying uncensored up to an age.

    Attributes:
        days: distinct ages, ascending, shape (k,).
        staying: G just after each of them, shape (k,).
        ties: whether an event is weighted by G just before its age, or after the censorings at it.
    """

    days: Floats
    staying: Floats
    ties: Literal["before", "after"] = "before"

    @classmethod
    def of(cls, duration: Floats, event: Flags, weight: Floats | None = None, *, ties: Literal["before", "after"] = "before") -> InView:
        """Return the curve of these spells.

        Args:
            duration: shape (n,), days.
            event: shape (n,).
            weight: shape (n,), of each spell; None means 1 for all.
            ties: "before", or "after" as scikit-survival has it.

        Examples:
            >>> seen = InView.of(np.array([1.0, 2.0, 2.0, 4.0]), np.array([True, True, False, False]))
            >>> seen.days.tolist(), seen.staying.tolist()
            ([1.0, 2.0, 4.0], [1.0, 0.5, 0.0])
        """
        if ties not in ("before", "after"):
            raise ParameterError.unknown("treatment of ties", str(ties), ("before", "after"), where="ties")
        days, code = distinct(*one_age(duration))
        mass = np.ones(len(duration)) if weight is None else weight
        lost = np.bincount(code, weights=mass * ~event, minlength=len(days))
        gone = np.bincount(code, weights=mass * event, minlength=len(days))
        # Counted from the oldest down, so that G is exactly 0 if the last ones are all censored.
        later = np.append(np.cumsum((lost + gone)[::-1])[::-1][1:], 0.0)
        share = np.divide(lost, later + lost, out=np.zeros(len(days)), where=lost > 0)
        return cls(days, np.cumprod(1 - share), ties)

    def at(self, ages: Floats) -> Floats:
        """Return the G that weights events at `ages`, shape of `ages`.

        Raises:
            NotEnoughEventsError: nobody is under observation at one of the ages.
        """
        found = step_at(self.days, self.staying, ages, 1.0, strictly=self.ties == "before")
        beyond = ages > self.days[-1] + reach(self.days)
        if not (found > 0).all() or beyond.any():
            raise _out_of_view(float(ages[(found <= 0) | beyond].min()), float(self.days[-1]))
        return found

    def end_weights(self, duration: Floats, event: Flags, upto: float = np.inf) -> Floats:
        """Return 1 / G for spells with an event before the age `upto`, else 0, shape (n,)."""
        counted = event & (duration < upto)
        weights = np.zeros(len(duration))
        weights[counted] = 1 / self.at(duration[counted])
        return weights

    def outlived(self, duration: Floats, event: Flags, horizon: float) -> Flags:
        """Return a mask of the spells known to have outlived `horizon`, shape (n,)."""
        later = duration > horizon
        return later | ((duration == horizon) & ~event) if self.ties == "before" else later


def in_view_weights(duration: Floats, event: Flags, horizon: float, in_view: InView | None = None) -> Floats:
    """Return the weight of each spell in a mean over what is known at `horizon`; those censored before it weigh 0.

    Events by the horizon weigh 1 / G(just before the event), the others 1 / G(just before the horizon) (Graf et al. 1999, eq. 9).

    Args:
        duration: shape (n,), days.
        event: shape (n,).
        horizon: days.
        in_view: the curve of staying uncensored, of other spells if those are wanted; None means of these spells.

    Raises:
        NotEnoughEventsError: nobody is under observation at the horizon.

    Examples:
        >>> in_view_weights(np.array([1.0, 2.0, 5.0, 5.0]), np.array([True, False, True, False]), 4.0).round(3).tolist()
        [1.0, 0.0, 1.5, 1.5]
    """
    duration, at = one_age(duration, np.array([horizon]))
    horizon = float(at[0])
    curve = in_view or InView.of(duration, event)
    ended = event & (duration <= horizon)
    outlived = curve.outlived(duration, event, horizon)
    if not (ended | outlived)[duration == duration.max()].all():
        raise _out_of_view(horizon, float(duration.max()))
    weights = np.zeros(len(duration))
    weights[ended] = 1 / curve.at(duration[ended])
    if outlived.any():
        weights[outlived] = 1 / curve.at(np.array([horizon]))
    return weights


def refuse_late_entry(entry: Floats | None, where: str) -> None:
    """Refuse spells that enter observation after the moment of the forecast (left truncation).

    IPCW is meaningless for them: spells that ended before entering observation are absent.

    Examples:
        >>> refuse_late_entry(np.zeros(3), "brier_score")
    """
    if entry is not None and (late := int((entry > 0).sum())):
        raise ParameterError(
            f"{late} of {len(entry)} spells enter observation after the forecast; this measure is not defined for them.",
            where=where,
            remedy="Count days from a moment at which all were observed, as the judging of models does, or use Harrell's concordance.",
        )


def _out_of_view(age: float, last: float) -> NotEnoughEventsError:
    return NotEnoughEventsError(
        f"nobody is observed at {age:g} days; the last was at {last:g}.", where="horizon", remedy="Choose a shorter horizon."
    )

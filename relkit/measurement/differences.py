"""Differences of two arms from their sums: Welch's test, stratified by the share drawn, adjusted by covariates.

    difference(sums, "margin")                                            Welch (1947)
    difference(sums, "margin", strata=("wave_id", "propensity"))          within strata, then weighted by their size
    difference(sums, Measure("revenue", per="orders"))                    a ratio, by the delta method
    difference(sums, "margin", covariates=("pre_margin",))                CUPED (Deng, Xu, Kohavi and Walker 2013)
    estimates(sums, ("margin", "cost")).effect({"margin": 1, "cost": -1}) a sum of measures, with their covariance

Units are compared within strata: cells of the sums in which each unit had the same probability of being treated. Strata of a wave are
averaged over the units drawn, or over the treated only (`target="treated"`: the effect on those who got the action). Segments given as
strata make a post-stratified estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from relkit.errors import ParameterError
from relkit.measurement.arm_sums import CONTROL, MISSING, TREATED
from relkit.measurement.effect import EMPTY_ARM, NO_DENOMINATOR, Effect
from relkit.measurement.estimates import Estimates, Term
from relkit.measurement.measures import Adjustment, Measure, as_measure
from relkit.measurement.moments import Moments
from relkit.measurement.t_intervals import TWO_SIDED, Alternative
from relkit.remarks import Remark
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.arm_sums import ArmSums
    from relkit.metrics.risk_sets import Floats
    from relkit.texts import Text

Target = Literal["drawn", "treated"]


@dataclass(frozen=True, eq=False)
class Stratum:
    """The two arms within a stratum.

    Attributes:
        treated: moments of the treated.
        control: moments of the control units.
    """

    treated: Moments
    control: Moments

    @property
    def both(self) -> Moments:
        """Return the moments of both arms."""
        return self.treated + self.control

    def size(self, target: Target) -> float:
        """Return the units that the stratum stands for."""
        return self.treated.n if target == "treated" else self.treated.n + self.control.n


def strata_of(sums: ArmSums, strata: Sequence[str] = (), *, treated: str = TREATED, control: str = CONTROL) -> list[Stratum]:
    """Return the two arms of each stratum; one stratum without columns.

    Raises:
        ParameterError: a column that the sums were not separated by, or an arm that they do not have.
    """
    for arm in (treated, control):
        if arm not in sums.arms and arm not in (TREATED, CONTROL):
            raise ParameterError.unknown("arm", arm, sums.arms, where="arm")
    parts = [part for _, part in sums.each(*strata)] if strata else [sums]
    both = (Stratum(part.moments(arm=treated), part.moments(arm=control)) for part in parts)
    return [part for part in both if part.treated.n or part.control.n] or [Stratum(sums.moments(arm=treated), sums.moments(arm=control))]


def difference(
    sums: ArmSums,
    measure: str | Measure,
    *,
    covariates: Sequence[str] = (),
    strata: Sequence[str] = (),
    treated: str = TREATED,
    control: str = CONTROL,
    target: Target = "drawn",
    level: float = LEVEL,
    alternative: Alternative = TWO_SIDED,
) -> Effect:
    """Return the effect on a measure per unit, treated minus control.

    Args:
        sums: sums by arm.
        measure: a column for its mean, or a Measure for a ratio.
        covariates: columns known before the draw, among those of the sums; a flag for missing values comes with its column.
        strata: columns by which the sums are separated; units are compared within them.
        treated: name of the arm treated.
        control: name of the arm it is compared with.
        target: over which units strata are averaged.
        level: of the interval.
        alternative: of the test, about treated minus control.

    Raises:
        ParameterError: an unknown measure, covariate, arm, stratum or alternative.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.arm_sums import ArmSums
        >>> units = pl.DataFrame({"arm": ["treated"] * 3 + ["control"] * 3, "margin": [3.0, 5.0, 4.0, 1.0, 2.0, 3.0]})
        >>> effect = difference(ArmSums.of(units, ("margin",)), "margin")
        >>> round(effect.estimate, 2), round(effect.se, 4), round(effect.low, 2), round(effect.p_value, 3)
        (2.0, 0.8165, -0.27, 0.07)
    """
    found = estimates(sums, (measure,), covariates=covariates, strata=strata, treated=treated, control=control, target=target)
    return found.effect(found.names[0], level=level, alternative=alternative)


def estimates(
    sums: ArmSums,
    measures: Sequence[str | Measure],
    *,
    covariates: Sequence[str] = (),
    strata: Sequence[str] = (),
    treated: str = TREATED,
    control: str = CONTROL,
    target: Target = "drawn",
) -> Estimates:
    """Return the means of several measures in both arms with their covariance; the arguments are those of `difference`."""
    wanted, parts = [as_measure(measure) for measure in measures], strata_of(sums, strata, treated=treated, control=control)
    named, total = with_flags(sums.covariates, covariates), sum(part.size(target) for part in parts) or 1.0
    shares = np.array([part.size(target) / total for part in parts])
    everyone = averaged([part.both for part in parts], shares)
    within = _within(parts, everyone)
    moved = [Adjustment.of(measure, named, everyone, within) for measure in wanted]
    arms = [[part.treated for part in parts], [part.control for part in parts]]
    sizes = (sum(rows.n for rows in arms[0]), sum(rows.n for rows in arms[1]))
    means, spans, reasons = arm_values(wanted, moved, [averaged(rows, shares) for rows in arms], empty=_empty_arms(arms))
    return Estimates(
        tuple(measure.name for measure in wanted), means, _terms(arms, shares, spans), sizes, _method(parts, named), reasons,
        {m.name: a.saved for m, a in zip(wanted, moved, strict=True)} if named else {}, unused_covariates(covariates, moved),
    )  # fmt: skip


def averaged(rows: Sequence[Moments], shares: Floats) -> Moments:
    """Return the means over strata with these shares, as moments without deviations."""
    mean = np.asarray(shares @ np.stack([each.mean for each in rows]))
    return Moments(rows[0].names, sum(each.n for each in rows), mean, np.zeros((len(mean), len(mean))))


def arm_values(
    wanted: Sequence[Measure], moved: Sequence[Adjustment], arms: Sequence[Moments], *, empty: Sequence[bool]
) -> tuple[Floats, tuple[Floats, Floats], dict[str, Text]]:
    """Return the adjusted measures of both arms (2 m,), the weights of the columns in them (m, k) by arm, and why some are missing."""
    values = [
        [None if hollow else a.value(measure, rows) for measure, a in zip(wanted, moved, strict=True)]
        for rows, hollow in zip(arms, empty, strict=True)
    ]
    reasons: dict[str, Text] = {}
    for place, measure in enumerate(wanted):
        if any(side[place] is None for side in values):
            reasons[measure.name] = EMPTY_ARM if any(empty) else NO_DENOMINATOR
    means = np.array([np.nan if value is None else value for side in values for value in side])
    k = len(arms[0].names)
    spans = [
        np.stack([np.zeros(k) if v is None else a.weights(m, rows) for v, m, a in zip(side, wanted, moved, strict=True)])
        for side, rows in zip(values, arms, strict=True)
    ]
    return means, (spans[0], spans[1]), reasons


def with_flags(known: Sequence[str], covariates: Sequence[str]) -> tuple[str, ...]:
    """Return the covariates, followed by the flags of their missing values.

    Raises:
        ParameterError: one that is not among the known covariates.
    """
    for name in covariates:
        if name not in known:
            raise ParameterError.unknown("covariate", name, known, where="covariates")
    return (*covariates, *(f"{name}{MISSING}" for name in covariates if f"{name}{MISSING}" in known))


def unused_covariates(covariates: Sequence[str], moved: Sequence[Adjustment]) -> tuple[Remark, ...]:
    """Return the remark on covariates that could not be used."""
    unused = [name for name in covariates if any(name in adjustment.unused for adjustment in moved)]
    if not unused:
        return ()
    names = ", ".join(unused)
    return (
        Remark(
            "covariate_unused",
            f"Not used for adjustment, as it is the same for all units or follows from the other covariates: {names}.",
            f"Sans ajustement sur {names} : même valeur pour toutes les unités, ou information déjà contenue dans les autres covariables.",
        ),
    )


def _within(parts: list[Stratum], everyone: Moments) -> Moments:
    """Return the moments of deviations from the means of the strata: differences between strata are no reason for a slope."""
    if len(parts) == 1:
        return parts[0].both
    deviations = sum((part.both.deviations for part in parts), start=everyone.deviations)
    return replace(everyone, deviations=deviations, n=max(everyone.n - len(parts) + 1, 2.0))


def _empty_arms(arms: list[list[Moments]]) -> list[bool]:
    """Return whether each arm lacks units in a stratum."""
    return [any(not rows.n for rows in side) for side in arms]


def _terms(arms: list[list[Moments]], shares: Floats, spans: tuple[Floats, Floats]) -> tuple[Term, ...]:
    """Return the covariance that each arm of each stratum adds; none if one of them has fewer than two units."""
    if any(rows.n < 2 for side in arms for rows in side):
        return ()
    m, terms = len(spans[0]), []
    for place, (side, span) in enumerate(zip(arms, spans, strict=True)):
        for share, rows in zip(shares, side, strict=True):
            covariance = np.zeros((2 * m, 2 * m))
            covariance[place * m : (place + 1) * m, place * m : (place + 1) * m] = share**2 * rows.covariance_along(span) / rows.n
            terms.append(Term(covariance, rows.n - 1))
    return tuple(terms)


def _method(parts: list[Stratum], covariates: tuple[str, ...]) -> str:
    return " ".join(["stratified"] * (len(parts) > 1) + ["adjusted"] * bool(covariates)) or "welch"

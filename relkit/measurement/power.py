"""Plans of experiments: units, detectable effect and power, any of the three from the other two.

    plan = Plan(treated_share=0.9)
    plan.units(Amount(sd=40.0), effect=2.0).total              units that detect 2 euros with 80 % power
    plan.effect(Amount(sd=40.0), units=20_000)                 smallest effect that 20,000 units detect
    plan.chance(Share(0.10), effect=0.01, units=20_000)        power

All are the normal approximation: with n units in all and a variance V of the difference per unit, an effect is detected if it exceeds
(z_alpha root V0 + z_power root V1) / root n, V0 being the variance without effect and V1 that with it (Fleiss, Levin and Paik 2003,
chapter 4). Covariates that explain a share of the variance reduce it by that share (CUPED); clusters inflate it by
1 + (size - 1) x correlation (Kish 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from scipy.special import ndtr, ndtri

from relkit.errors import ParameterError, TableError
from relkit.measurement.measures import Adjustment, as_measure
from relkit.measurement.t_intervals import TWO_SIDED, Alternative
from relkit.measurement.t_intervals import reach as t_reach
from relkit.metrics.multiplicity import dunnett_reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.arm_sums import ArmSums
    from relkit.measurement.measures import Measure

Correction = Literal["none", "bonferroni", "dunnett"]
ShareTest = Literal["unpooled", "pooled", "arcsine"]


class Outcome(Protocol):
    """A measure as a plan reads it: how far an effect moves it, and how much units vary without and with the effect."""

    def signal(self, effect: float) -> float:
        """Return the distance by which the effect moves the statistic."""
        ...

    def variances(self, effect: float, treated_share: float) -> tuple[float, float]:
        """Return the variance of the statistic times the units, without and with the effect."""
        ...

    def largest(self, sign: float) -> float:
        """Return the largest effect that is possible in a direction."""
        ...


@dataclass(frozen=True)
class Amount:
    """A mean, such as margin per unit; a ratio of sums with the standard deviation of its linearised values.

    Attributes:
        sd: standard deviation of a unit, in units of the measure.
        treated_sd: that of a treated unit, if it differs.
        explained: share of the variance that covariates explain, from 0 to below 1.
    """

    sd: float
    treated_sd: float | None = None
    explained: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not self.sd > 0 or (self.treated_sd is not None and not self.treated_sd > 0):
            raise ParameterError("the standard deviation must be above 0.", where="sd", remedy="Take that of past outcomes.")
        if not 0 <= self.explained < 1:
            raise ParameterError(f"{self.explained} is not from 0 to below 1.", where="explained", remedy="Give a squared correlation.")

    def signal(self, effect: float) -> float:
        """Return the effect."""
        return effect

    def variances(self, effect: float, treated_share: float) -> tuple[float, float]:  # noqa: ARG002
        """Return the variance of the difference times the units; an effect does not change it."""
        treated = self.sd if self.treated_sd is None else self.treated_sd
        variance = (1 - self.explained) * (treated**2 / treated_share + self.sd**2 / (1 - treated_share))
        return variance, variance

    def largest(self, sign: float) -> float:
        """Return infinity: amounts have no limit."""
        return sign * math.inf


@dataclass(frozen=True)
class Share:
    """A share of units, such as those who order.

    Attributes:
        rate: share in control, between 0 and 1.
        test: "unpooled" (the difference with the variances of both arms, as effects are tested here), "pooled" (the chi-squared test)
            or "arcsine" (Cohen 1988).
        explained: share of the variance that covariates explain.
    """

    rate: float
    test: ShareTest = "unpooled"
    explained: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if not 0 < self.rate < 1:
            raise ParameterError(f"{self.rate} is not between 0 and 1.", where="rate", remedy="Give the share in control, such as 0.1.")
        if self.test not in get_args(ShareTest):
            raise ParameterError.unknown("test", self.test, get_args(ShareTest), where="test")
        if not 0 <= self.explained < 1:
            raise ParameterError(f"{self.explained} is not from 0 to below 1.", where="explained", remedy="Give a squared correlation.")

    def signal(self, effect: float) -> float:
        """Return the difference of the shares, or of their arcsines."""
        if self.test != "arcsine":
            return effect
        return 2 * math.asin(math.sqrt(self._treated(effect))) - 2 * math.asin(math.sqrt(self.rate))

    def variances(self, effect: float, treated_share: float) -> tuple[float, float]:
        """Return the variance of the difference times the units, without and with the effect."""
        rates, left = (self._treated(effect), self.rate), 1 - self.explained
        parts = treated_share, 1 - treated_share
        if self.test == "arcsine":
            return left * sum(1 / part for part in parts), left * sum(1 / part for part in parts)
        apart = left * sum(rate * (1 - rate) / part for rate, part in zip(rates, parts, strict=True))
        if self.test == "unpooled":
            return apart, apart
        mean = sum(rate * part for rate, part in zip(rates, parts, strict=True))
        return left * mean * (1 - mean) * sum(1 / part for part in parts), apart

    def largest(self, sign: float) -> float:
        """Return the effect after which all units, or none, are counted."""
        return 1 - self.rate if sign > 0 else -self.rate

    def _treated(self, effect: float) -> float:
        rate = self.rate + effect
        if not 0 <= rate <= 1:
            remedy = "Give the effect as a difference of shares: 0.01 is one point."
            raise ParameterError(f"an effect of {effect} takes the share {self.rate} out of 0 to 1.", where="effect", remedy=remedy)
        return rate


@dataclass(frozen=True)
class Sizes:
    """Units to draw, before rounding up.

    Attributes:
        treated: units of each treated arm.
        control: control units.
        arms: number of treated arms.
    """

    treated: float
    control: float
    arms: int = 1

    @property
    def exact(self) -> float:
        """Return the units of all arms, not rounded."""
        return self.arms * self.treated + self.control

    @property
    def total(self) -> int:
        """Return the units of all arms, each rounded up."""
        return self.arms * math.ceil(self.treated - 1e-9) + math.ceil(self.control - 1e-9)


@dataclass(frozen=True)
class Plan:
    """The design and the errors that it tolerates.

    Attributes:
        treated_share: share treated of the units of one treated arm and control.
        power: probability of detecting the effect.
        level: of the intervals: 0.95 tolerates 5 % false alarms.
        alternative: of the test.
        arms: treated arms that are compared with the same control, all of one size.
        correction: of the level for several arms.
        cluster_size: mean units per household or store, if clusters are drawn.
        cluster_correlation: correlation between units of a cluster.

    Raises:
        ParameterError: a setting out of range.

    Examples:
        >>> plan = Plan()
        >>> round(plan.units(Share(0.10), 0.01).treated, 2), round(plan.effect(Amount(40.0), 20_000), 3)
        (14748.05, 1.585)
        >>> round(plan.chance(Share(0.10), 0.01, 2 * 14_749), 3)
        0.8
    """

    treated_share: float = 0.5
    power: float = 0.8
    level: float = LEVEL
    alternative: Alternative = TWO_SIDED
    arms: int = 1
    correction: Correction = "none"
    cluster_size: float = 1.0
    cluster_correlation: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name, value in (("treated_share", self.treated_share), ("power", self.power), ("level", self.level)):
            if not 0 < value < 1:
                raise ParameterError(f"{value} is not between 0 and 1.", where=name, remedy="Give a share, such as 0.8 for 80 %.")
        if self.alternative not in get_args(Alternative):
            raise ParameterError.unknown("alternative", self.alternative, get_args(Alternative), where="alternative")
        if self.correction not in get_args(Correction):
            raise ParameterError.unknown("correction", self.correction, get_args(Correction), where="correction")
        if self.arms < 1 or self.cluster_size < 1 or not 0 <= self.cluster_correlation <= 1:
            remedy = "arms and cluster_size are at least 1, cluster_correlation is from 0 to 1."
            raise ParameterError("a setting is out of range.", where="plan", remedy=remedy)

    def units(self, outcome: Outcome, effect: float) -> Sizes:
        """Return the units that detect an effect.

        Raises:
            ParameterError: an effect of 0, or against the alternative.
        """
        self._refuse_effect(effect)
        without, with_effect = self._variances(outcome, effect)
        reach = self._reach * math.sqrt(without) + float(ndtri(self.power)) * math.sqrt(with_effect)
        pair = (reach / outcome.signal(effect)) ** 2
        return Sizes(pair * self.treated_share, pair * (1 - self.treated_share), self.arms)

    def chance(self, outcome: Outcome, effect: float, units: float) -> float:
        """Return the probability of detecting an effect with a number of units in all arms."""
        pair = self._pair(units)
        without, with_effect = (math.sqrt(variance) for variance in self._variances(outcome, effect))
        signal = outcome.signal(effect) * math.sqrt(pair)
        ahead, behind = ((sign * signal - self._reach * without) / with_effect for sign in (1, -1))
        chances = {"greater": ndtr(ahead), "less": ndtr(behind), TWO_SIDED: ndtr(ahead) + ndtr(behind)}
        return float(chances[self.alternative])

    def effect(self, outcome: Outcome, units: float) -> float:
        """Return the smallest effect that a number of units in all arms detects; infinite if none does, negative for "less"."""
        from scipy.optimize import brentq

        pair, sign = self._pair(units), -1.0 if self.alternative == "less" else 1.0

        def short(effect: float) -> float:
            return self.units(outcome, effect).treated / self.treated_share - pair

        far = outcome.largest(sign)
        if math.isinf(far):
            return sign * math.sqrt(self.units(outcome, sign).treated / self.treated_share / pair)
        near, far = sign * 1e-12, far * (1 - 1e-12)
        if short(far) > 0:
            return sign * math.inf
        return float(brentq(short, near, far, xtol=1e-14))

    def _pair(self, units: float) -> float:
        """Return the units of one treated arm and control."""
        if not units > 0:
            raise ParameterError(f"{units} units are not above 0.", where="units", remedy="Give the units of all arms together.")
        odds = self.treated_share / (1 - self.treated_share)
        return units * (1 + odds) / (1 + self.arms * odds)

    def _variances(self, outcome: Outcome, effect: float) -> tuple[float, float]:
        inflation = 1 + (self.cluster_size - 1) * self.cluster_correlation
        without, with_effect = outcome.variances(effect, self.treated_share)
        return inflation * without, inflation * with_effect

    @property
    def _reach(self) -> float:
        """Return the standard errors past which an effect is detected, after the correction for several arms."""
        if self.correction == "dunnett":
            treated = [self.treated_share] * self.arms
            return dunnett_reach(1 - self.treated_share, treated, level=self.level, two_sided=self.alternative == TWO_SIDED)
        tests = self.arms if self.correction == "bonferroni" else 1
        return t_reach(1 - (1 - self.level) / tests, alternative=self.alternative)

    def _refuse_effect(self, effect: float) -> None:
        sign = {"greater": 1, "less": -1, TWO_SIDED: 0}[self.alternative]
        if not effect or effect * sign < 0:
            raise ParameterError(
                f"an effect of {effect} cannot be detected as {self.alternative}.", where="effect", remedy="Give its sign."
            )


def amount_of(sums: ArmSums, measure: str | Measure, *, covariates: Sequence[str] = ()) -> Amount:
    """Return a measure with the variation of past units, of all arms together.

    Args:
        sums: sums of past units.
        measure: a column, or a Measure.
        covariates: columns known before, whose share of the variance is explained.

    Raises:
        TableError: the measure does not vary.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.arm_sums import ArmSums
        >>> past = pl.DataFrame({"arm": ["control"] * 4, "margin": [1.0, 2.0, 3.0, 4.0], "before": [1.0, 2.0, 3.0, 5.0]})
        >>> found = amount_of(ArmSums.of(past, ("margin",), covariates=("before",)), "margin", covariates=("before",))
        >>> round(found.sd, 3), round(found.explained, 3)
        (1.291, 0.966)
    """
    measured, everyone = as_measure(measure), sums.moments()
    value = measured.value(everyone)
    variance = 0.0 if value is None else everyone.variance_along(measured.weights(everyone))
    if not variance:
        raise TableError("the measure does not vary.", where=f"units.{measured.name}", remedy="Take a longer past, or another measure.")
    explained = Adjustment.of(measured, tuple(covariates), everyone, everyone).saved
    return Amount(math.sqrt(variance), explained=min(max(explained, 0.0), 1 - 1e-9))

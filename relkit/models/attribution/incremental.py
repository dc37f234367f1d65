"""Incremental credit: the conversions that would not have come without each channel, from a model of the time to conversion.

    fitted = Incremental(lookback_days=30).fit(timelines, as_of=day)
    fitted.credit()       conversions that each channel caused, with intervals
    fitted.totals         unattributed: those that would have come anyway
    fitted.effects        by how much a touch raises the rate of conversions, by channel and time since

Rules, Markov chains and Shapley values of journeys share out every conversion with a touch, also those that would have come anyway.
Here people are compared with themselves: conversions come more often in the days after a touch than at other times, or they do not. What
lasts (some people buy often, and are reached often) cannot be mistaken for an effect, nor can seasons and weekdays, which are in the
baseline. Visits that people make by themselves (`own_visits`) are signs of interest: they are held constant, and credited with nothing.
What else drives both touches and conversions at the same moment stays in the credit; only an experiment removes it (`lift_tests`).

    Shender, D. et al. (2024), A time to event framework for multi-touch attribution, Journal of Data Science 22(1); arXiv:2009.08432.
    Du, R. et al. (2019), Causally driven incremental multi touch attribution using a recurrent neural network, arXiv:1902.00215.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import bounds
from relkit.models.attribution.coded_timelines import TIMELINES_CONTRACT, CodedTimelines, columns_read
from relkit.models.attribution.credit import FittedCredit, credit_table
from relkit.models.attribution.exposure_sweep import ExposureForm, alive_days
from relkit.models.attribution.family import TIMELINES
from relkit.models.attribution.hazard_backward import backward_credit
from relkit.models.attribution.hazard_estimate import Exposed, estimated, people_at_risk
from relkit.models.attribution.hazard_groups import conversion_groups, totals_table
from relkit.models.attribution.hazard_likelihood import Combination  # noqa: TC001 storage reads the types of the fields
from relkit.models.attribution.hazard_remarks import incremental_remarks
from relkit.models.attribution.hazard_tests import calibration_of
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.attribution.lift_tests import LiftTest, reason_remarks
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from relkit.contracts import Contract
    from relkit.models.attribution.calibration import Calibration
    from relkit.models.attribution.hazard_credit import GroupCredit
    from relkit.models.attribution.hazard_estimate import Estimate
    from relkit.models.attribution.hazard_groups import ConversionGroups

EDGES_DAYS = (1.0, 3.0, 7.0, 14.0)
VISIT_EDGES_DAYS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 17.0, 22.0)
"""Upper edges of the bins of age of touches, and of own visits; the lookback is the last.

Interest fades fast after a visit, and touches that follow it come at some time after: within a wide bin they would be mixed up."""


@dataclass(frozen=True, kw_only=True)
class Incremental(JourneySettings):
    """Settings of incremental credit.

    Attributes:
        combine: how effects of channels combine: they add, they multiply, or auto, what explains the data better.
        own_visits: channels that people come by themselves: signs of interest, credited with nothing.
        edges_days: upper edges of the bins of time since the most recent touch, below the lookback.
        most_earlier: touches of a channel before its most recent one that count.
        lift_tests: experiments to which the credit is calibrated; by default those of the table lift_tests.
        doubt: least error of the model beyond sampling, as a share of its credit, in that calibration.
    """

    name: ClassVar[str] = "attribution.incremental"
    reads = TIMELINES
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="share_moved", direction="lower", decides=False)
    label = Text("Incremental", "Incrémental")
    purpose = Text(
        "How many conversions each channel caused, apart from those that would have come anyway.",
        "Combien de conversions chaque canal a provoquées, sans celles qui seraient venues de toute façon.",
    )

    combine: Literal["auto", "add", "multiply"] = "auto"
    own_visits: tuple[str, ...] = ("direct",)
    edges_days: tuple[float, ...] = EDGES_DAYS
    most_earlier: int = 3
    lift_tests: tuple[LiftTest, ...] = ()
    doubt: float = 0.25

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_choice(self.combine, "combine", ("auto", "add", "multiply"))
        check_scalar(self.doubt, "doubt", ge=0, le=10, where=self.name, remedy="Write 0.25 for 25 %.")
        check_scalar(self.most_earlier, "most_earlier", ge=0, le=20, where=self.name)
        if list(self.edges_days) != sorted(set(self.edges_days)) or any(not edge > 0 for edge in self.edges_days):
            problem = f"edges_days is {self.edges_days}; edges must be above 0 and ascend."
            raise ParameterError(problem, where=self.name, remedy="Write 1, 3, 7.")

    @classmethod
    def not_taken(cls) -> frozenset[str]:
        """Return the settings that have no meaning here: touches act on after a conversion."""
        return frozenset({"reuse_touches"})

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return TIMELINES_CONTRACT

    @property
    def longest_days(self) -> float:
        """Longest of all lookbacks."""
        return max([self.lookback_days, *self.lookbacks.values()])

    def form(self, names: pl.Series) -> ExposureForm:
        """Return the description of exposures to channels."""
        edges = [VISIT_EDGES_DAYS if is_marker else self.edges_days for is_marker in self.marks(names)]
        longest = self.longest_days
        return ExposureForm.of([(*(edge for edge in own if edge < longest), longest) for own in edges], self.most_earlier)

    def marks(self, names: pl.Series) -> NDArray[np.bool_]:
        """Return whether each channel is a marker."""
        return names.is_in(list(self.own_visits)).to_numpy()

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedIncremental:
        """Estimate the conversions that each channel caused.

        Args:
            features: timelines, as `TIMELINES_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no conversion, or no touch.
        """
        timelines = CodedTimelines.of(features).within
        if not len(timelines.order_days) or not len(timelines.touch_days):
            what = "touch" if len(timelines.order_days) else "conversion"
            remedy = "Check that touchpoints and sales have rows up to this day, and what conversion asks for."
            raise NotEnoughEventsError(f"there is no {what}.", where=self.name, remedy=remedy)
        buyers = people_at_risk(timelines, self.longest_days)
        form = self.form(timelines.names)
        exposed = Exposed(form, self.marks(timelines.names), alive_days(buyers, self.lookback_days, self.lookbacks))
        estimate = estimated(buyers, exposed, self.combine)
        groups = conversion_groups(buyers, self.period)
        credit = estimate.credit("shapley", buyers.order_values, groups.codes, groups.number)
        whole = credit.added(np.zeros(groups.number, np.int64), 1)
        own = (whole.sums[0, 0], np.sqrt(whole.variances(estimate.fitted, estimate.precision)[0, 0]))
        calibration, left_out = calibration_of(self.lift_tests, buyers, estimate, self.own_visits, own, self.doubt)
        info = FitInfo(
            as_of=as_of,
            rows=timelines.people,
            log_likelihood=estimate.fitted.sums.log_likelihood,
            converged=estimate.fitted.converged,
            fingerprint=fingerprint(columns_read(features)),
            remarks=(*incremental_remarks(timelines, estimate, whole, self), *reason_remarks(left_out)),
        )
        sums = (credit.sums * calibration.factors).sum(axis=2)
        return FittedIncremental(
            settings=self,
            info=info,
            credits=_credits(self, timelines.names, credit, groups, estimate, calibration),
            totals=totals_table(buyers, groups, {"conversions": sums[0], "value": sums[1]}),
            effects=_effects(timelines.names, form, estimate),
            uncalibrated=_credits(self, timelines.names, credit, groups, estimate, calibration.without()),
            factors=calibration.table(timelines.names, self.level),
            tests=calibration.tests,
            backward=_backward(buyers, exposed, estimate),
            combined=estimate.combination,
        )

    def judge(self, fitted: FittedIncremental, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return the share of the credit that moves when it is learnt from the holdout."""
        later = fitted.settings.fit(outcomes, as_of=fitted.info.as_of)
        both = fitted.credit().join(later.credit(), on="channel", how="full", coalesce=True, suffix="_later").fill_null(0.0)
        return {"share_moved": float((both["share"] - both["share_later"]).abs().sum() / 2)}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedIncremental(FittedCredit):
    """Incremental credit of channels.

    Attributes:
        settings: the settings that were fitted.
        effects: channel, is_earlier (than the most recent touch), until_days (upper edge of the bin of age), effect, std_error, is_marker.
        uncalibrated: credit before the calibration to lift tests, as `credits`.
        factors: channel, factor, factor_lower, factor_upper, source: the calibration.
        tests: lift tests next to what the model predicted for their days (`relkit.models.attribution.calibration`).
        backward: channel, conversions: credit by backward elimination of the latest touch, before calibration, for comparison.
        combined: how effects combine.
    """

    name: ClassVar[str] = Incremental.name
    format: ClassVar[int] = 1

    settings: Incremental
    effects: pl.DataFrame
    uncalibrated: pl.DataFrame
    factors: pl.DataFrame
    tests: pl.DataFrame
    backward: pl.DataFrame
    combined: Combination


def _credits(
    settings: Incremental, names: pl.Series, credit: GroupCredit, groups: ConversionGroups, estimate: Estimate, calibration: Calibration
) -> pl.DataFrame:
    """Return the table of credit."""
    parts = []
    for rows, codes in groups.groupings:
        added = credit.added(codes, len(rows))
        variances = added.variances(estimate.fitted, estimate.precision)
        sums = added.sums * calibration.factors
        lows, highs = bounds(sums, calibration.spread(added.sums, variances), settings.level)
        parts += [(row, _table(names, sums[:, at], lows[:, at], highs[:, at])) for at, row in enumerate(rows)]
    return credit_table(parts)


def _table(names: pl.Series, sums: Any, lows: Any, highs: Any) -> pl.DataFrame:
    columns = {
        "conversions": sums[0],
        "lower": lows[0],
        "upper": highs[0],
        "value": sums[1],
        "value_lower": lows[1],
        "value_upper": highs[1],
    }
    return pl.DataFrame({"channel": names, **columns})


def _backward(buyers: CodedTimelines, exposed: Exposed, estimate: Estimate) -> pl.DataFrame:
    """Return the conversions credited by backward elimination, the largest first."""
    effects, adds = estimate.data.split(estimate.fitted.parameters)[0], estimate.combination.codes(estimate.data.is_marker)
    credit = backward_credit(buyers, exposed.alive_days, exposed.form, exposed.marks, effects, adds)
    return pl.DataFrame({"channel": buyers.names, "conversions": credit}).sort("conversions", "channel", descending=[True, False])


def _effects(names: pl.Series, form: ExposureForm, estimate: Estimate) -> pl.DataFrame:
    """Return the effects by channel, for its most recent touch and for earlier ones, and bin of age."""
    size, fitted = int(form.first[-1]), estimate.fitted
    edges = [
        (channel, earlier, edge)
        for channel, bins in enumerate(form.bins)
        for earlier in (False, True)
        for edge in form.edges[channel, :bins]
    ]
    columns = {
        "channel": names.gather([channel for channel, _, _ in edges]),
        "is_earlier": [earlier for _, earlier, _ in edges],
        "until_days": [edge for _, _, edge in edges],
        "effect": fitted.parameters[:size],
        "std_error": np.sqrt(np.diag(fitted.covariance)[:size]),
        "is_marker": estimate.data.is_marker,
    }
    return pl.DataFrame(columns)

"""Incremental credit: the conversions that would not have come without each channel, from a model of the time to conversion.

    fitted = Incremental(lookback_days=30).fit(timelines, as_of=day)
    fitted.credit()       conversions that each channel caused, with intervals
    fitted.totals         unattributed: those that would have come anyway
    fitted.effects        by how much a touch raises the rate of conversions, by channel and time since

Rules, Markov chains and Shapley values of journeys share out every conversion with a touch, also those that would have come anyway.
Here each person is compared with himself: conversions come more often in the days after a touch than at other times, or they do not. What
lasts (some people buy often, and are reached often) cannot be mistaken for an effect, nor can seasons and weekdays, which are in the
baseline. Visits that people make by themselves (`own_visits`) are signs of interest: they are held constant, and credited with nothing.
What else drives both touches and conversions at the same moment stays in the credit; only an experiment removes it (`lift_tests`).

    Shender, D. et al. (2024), A time to event framework for multi-touch attribution, Journal of Data Science 22(1); arXiv:2009.08432.
    Du, R. et al. (2019), Causally driven incremental multi touch attribution using a recurrent neural network, arXiv:1902.00215.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import bounds
from relkit.models.attribution.baseline_calendar import calendar_of
from relkit.models.attribution.coded_timelines import TIMELINES_CONTRACT, CodedTimelines, columns_read
from relkit.models.attribution.credit import FittedCredit, credit_table
from relkit.models.attribution.exposure_sweep import ExposureForm, alive_days, exposures_of, touch_runs
from relkit.models.attribution.family import TIMELINES
from relkit.models.attribution.hazard_credit import group_credit
from relkit.models.attribution.hazard_fit import fit_hazard, penalty_of
from relkit.models.attribution.hazard_groups import conversion_groups, totals_table
from relkit.models.attribution.hazard_likelihood import Combination, hazard_data
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.attribution.hazard_credit import GroupCredit
    from relkit.models.attribution.hazard_fit import FittedHazard, Penalty
    from relkit.models.attribution.hazard_groups import ConversionGroups
    from relkit.models.attribution.hazard_likelihood import Form, HazardData

EDGES_DAYS = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0)
"""Upper edges of the bins of time since a touch; the lookback is the last."""
EARLY_SHARE = 0.25
"""Most of the days with touches in which exposure counts as not yet known, because touches before them were not recorded."""


@dataclass(frozen=True, kw_only=True)
class Incremental(JourneySettings):
    """Settings of incremental credit.

    Attributes:
        combine: how effects of channels combine: they add, they multiply, or auto, what explains the data better.
        own_visits: channels that people come by themselves: signs of interest, credited with nothing.
        edges_days: upper edges of the bins of time since the most recent touch, below the lookback.
        most_earlier: touches of a channel before its most recent one that count.
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

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_choice(self.combine, "combine", ("auto", "add", "multiply"))
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
    def form(self) -> ExposureForm:
        """Description of an exposure."""
        longest = max([self.lookback_days, *self.lookbacks.values()])
        return ExposureForm((*(edge for edge in self.edges_days if edge < longest), longest), self.most_earlier)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedIncremental:
        """Estimate the conversions that each channel caused.

        Args:
            features: timelines, as `TIMELINES_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no conversion, or no touch.
        """
        timelines = CodedTimelines.of(features)
        if not len(timelines.order_days) or not len(timelines.touch_days):
            what = "touch" if len(timelines.order_days) else "conversion"
            remedy = "Check that touchpoints and sales have rows up to this day, and what conversion asks for."
            raise NotEnoughEventsError(f"there is no {what}.", where=self.name, remedy=remedy)
        buyers = timelines.where(np.diff(timelines.order_offsets) > 0)
        data = _data(self, timelines, buyers)
        fitted, combination, penalty = _fitted(self, data, len(timelines.names))
        groups = conversion_groups(buyers, self.period)
        values, channels = buyers.order_values, len(buyers.names)
        credit = group_credit(data, fitted.parameters, combination, "shapley", values, groups.codes, groups.number, channels)
        sums = credit.sums.sum(axis=2)
        info = FitInfo(
            as_of=as_of,
            rows=timelines.people,
            log_likelihood=fitted.sums.log_likelihood,
            converged=fitted.converged,
            fingerprint=fingerprint(columns_read(features)),
        )
        return FittedIncremental(
            settings=self,
            info=info,
            credits=_credits(self, timelines.names, credit, groups, fitted, penalty),
            totals=totals_table(buyers, groups, {"conversions": sums[0], "value": sums[1]}),
            effects=_effects(self, timelines.names, fitted),
            combined=combination,
        )

    def judge(self, fitted: FittedIncremental, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return how far the shares of credit move when it is learnt from the holdout."""
        later = fitted.settings.fit(outcomes, as_of=fitted.info.as_of)
        both = fitted.credit().join(later.credit(), on="channel", how="full", coalesce=True, suffix="_later").fill_null(0.0)
        return {"share_moved": float((both["share"] - both["share_later"]).abs().sum() / 2)}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedIncremental(FittedCredit):
    """Incremental credit of channels.

    Attributes:
        settings: the settings that were fitted.
        effects: channel, is_earlier (than the most recent touch), until_days (upper edge of the bin of age), effect, std_error, is_marker.
        combined: how effects combine.
    """

    name: ClassVar[str] = Incremental.name
    format: ClassVar[int] = 1

    settings: Incremental
    effects: pl.DataFrame
    combined: Combination


def _data(settings: Incremental, timelines: CodedTimelines, buyers: CodedTimelines) -> HazardData:
    """Return the exposures of people with conversions, from the day on which touches before are known."""
    first = float(timelines.touch_days.min())
    last = float(timelines.until_day.max())
    known = first + min(settings.form.edges[-1], EARLY_SHARE * max(last - first, 0.0))
    begins = np.minimum(np.maximum(buyers.from_day, known), buyers.until_day)
    at_risk = replace(buyers, from_day=begins)
    runs = touch_runs(at_risk, alive_days(at_risk, settings.lookback_days, settings.lookbacks))
    calendar = calendar_of(at_risk)
    is_marker = np.repeat(timelines.names.is_in(list(settings.own_visits)).to_numpy(), settings.form.kinds)
    return hazard_data(at_risk, exposures_of(at_risk, runs, settings.form, calendar), is_marker, calendar)


def _fitted(settings: Incremental, data: HazardData, channels: int) -> tuple[FittedHazard, Combination, Penalty]:
    """Return the fit, in the form with the highest evidence if several are tried."""
    penalty = penalty_of(settings.form, channels, data.parameters)
    forms: tuple[Form, ...] = ("add", "multiply")
    own: tuple[Form, ...] = forms if settings.combine == "auto" else (settings.combine,)
    marked: tuple[Form, ...] = forms if data.is_marker.any() else ("multiply",)
    first = Combination(channels=own[0], markers=marked[-1])
    fits = {first: fit_hazard(data, penalty, first)}
    for other in [replace(first, markers=form) for form in marked[:-1]] + [replace(first, channels=form) for form in own[1:]]:
        fits[other] = fit_hazard(data, penalty, other, fits[first])
    best = max(fits, key=lambda each: fits[each].evidence)
    return fits[best], best, penalty


def _credits(
    settings: Incremental, names: pl.Series, credit: GroupCredit, groups: ConversionGroups, fitted: FittedHazard, penalty: Penalty
) -> pl.DataFrame:
    """Return the table of credit."""
    parts = []
    for rows, codes in groups.groupings:
        added = credit.added(codes, len(rows))
        errors = np.sqrt(added.variances(fitted, penalty.at(fitted.variances)))
        lows, highs = bounds(added.sums, errors, settings.level)
        parts += [(row, _table(names, added.sums[:, at], lows[:, at], highs[:, at])) for at, row in enumerate(rows)]
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


def _effects(settings: Incremental, names: pl.Series, fitted: FittedHazard) -> pl.DataFrame:
    """Return the effects by channel, for its most recent touch and for earlier ones, and bin of age."""
    edges, channels = settings.form.edges, len(names)
    size = channels * settings.form.kinds
    columns = {
        "channel": np.repeat(names.to_numpy(), settings.form.kinds),
        "is_earlier": np.tile(np.repeat([False, True], len(edges)), channels),
        "until_days": np.tile(edges, 2 * channels),
        "effect": fitted.parameters[:size],
        "std_error": np.sqrt(np.diag(fitted.covariance)[:size]),
    }
    return pl.DataFrame(columns).with_columns(is_marker=pl.col("channel").is_in(list(settings.own_visits)))

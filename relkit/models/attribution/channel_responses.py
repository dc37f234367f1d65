"""Concave responses of channels: the value credited in a period as a power of the spend in it.

    fitted = ChannelResponses.of(weekly, lift=frame)
    fitted.table        one row per channel: spend, value, elasticity with its interval, the basis, or the reason for a refusal

    value = scale * spend^elasticity, 0 < elasticity < 1

A 1 % change of spend changes the value by `elasticity` %, and each further unit of money brings less than the one before. Scale and
elasticity are the maximum of a quasi-likelihood of Poisson form (variance proportional to the mean), which admits periods without value;
periods without spend tell nothing about the bend and are left out. An elasticity above the largest one allowed means that the data show
no saturation: it is set to that bound, and the table says so.

The spend must have varied, or an experiment must have measured the channel: otherwise any curve through one point fits, and the channel is
refused. An experiment calibrates the scale; the elasticity of a channel that did not vary is then that of the others, weighted by their
precision, or, if none varied, an assumed one with a wide error. The table says which.

    Wedderburn, R. W. M. (1974), Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method, Biometrika 61(3).

Spend follows demand as well as causing it (more is bid before a sale), and credit is given to what was bought. The curves describe both
together: what they give is a scenario, and only experiments turn it into a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from typing import Self

Floats = NDArray[np.float64]

LEAST_PERIODS = 8
"""Fewest periods with spend from which a bend is read."""
LEAST_VARIATION = 0.1
"""Smallest coefficient of variation of the spend at which it counts as having varied."""
LEAST_ELASTICITY, MOST_ELASTICITY = 0.05, 0.95
"""Bounds of the elasticity: at 1 there is no saturation, and the best budget would put everything into one channel."""
VARIATION, EXPERIMENT, REFUSED = "variation", "experiment", "refused"
"""Bases of a response: its spend varied, an experiment measured it, or neither."""
NO_SPEND, FEW_PERIODS, NO_VARIATION, NO_VALUE = "no_spend", "few_periods", "no_variation", "no_value"
"""Reasons for a refusal."""
OWN, SHARED, ASSUMED = "own", "shared", "assumed"
"""Sources of an elasticity: the channel's own periods, the other channels, or an assumption."""
ASSUMED_ELASTICITY = (0.5, 0.25)
"""Elasticity and standard error of a measured channel if no channel varied: from hardly any response to hardly any saturation."""
_STEPS = 50

SPEND_CONTRACT = Contract(
    name="spend and value",
    key=("channel", "period"),
    meaning="Spend on each channel and the value credited to it, by period.",
    columns=(
        Column(name="channel", dtype=pl.String, required=True, nullable=False, meaning="The channel."),
        Column(name="period", dtype=pl.Date, required=True, nullable=False, meaning="First day of the period."),
        Column(name="spend", dtype=pl.Float64, required=True, nullable=False, low=0.0, meaning="Spend in the period."),
        Column(name="value", dtype=pl.Float64, required=True, nullable=False, meaning="Value credited in the period."),
    ),
)
LIFT_CONTRACT = Contract(
    name="lift factors",
    key=("channel",),
    meaning="Factors by which experiments correct the credit of channels.",
    columns=(
        Column(name="channel", dtype=pl.String, required=True, nullable=False, meaning="The channel."),
        Column(name="factor", dtype=pl.Float64, required=True, nullable=False, low=0.0, meaning="Measured over credited value."),
        Column(name="log_error", dtype=pl.Float64, required=True, nullable=False, low=0.0, meaning="Standard error of its logarithm."),
    ),
)
TABLE_SCHEMA: dict[str, Any] = {
    "channel": pl.String,
    "periods": pl.Int64,
    "spend": pl.Float64,
    "value": pl.Float64,
    "variation": pl.Float64,
    "elasticity": pl.Float64,
    "elasticity_error": pl.Float64,
    "is_at_bound": pl.Boolean,
    "bend": pl.String,
    "factor": pl.Float64,
    "basis": pl.String,
    "reason": pl.String,
}
"""Columns of the table of responses: spend and value are means per period."""


@dataclass(frozen=True, eq=False)
class Response:
    """The response of one channel.

    Attributes:
        log_scale, elasticity: of value = exp(log_scale) * spend^elasticity.
        covariance: of both; (2, 2).
        spend: mean per period.
        log_error: standard error of the logarithm of an experiment's factor; 0 without one.
    """

    log_scale: float
    elasticity: float
    covariance: Floats
    spend: float
    log_error: float = 0.0

    def at(self, spend: float) -> float:
        """Return the value expected per period at a spend."""
        return float(np.exp(self.log_scale) * spend**self.elasticity) if spend > 0 else 0.0


@dataclass(frozen=True, eq=False)
class ChannelResponses:
    """The responses of channels.

    Attributes:
        responses: by channel that was not refused.
        table: one row per channel (`TABLE_SCHEMA`).
    """

    responses: dict[str, Response]
    table: pl.DataFrame = field(repr=False)

    @classmethod
    def of(cls, spend: pl.DataFrame, *, lift: pl.DataFrame | None = None, most_elasticity: float = MOST_ELASTICITY) -> Self:
        """Fit a response to the periods of each channel.

        Args:
            spend: channel, period, spend, value (`SPEND_CONTRACT`).
            lift: channel, factor, log_error of the channels that experiments measured (`LIFT_CONTRACT`); None if there are none.
            most_elasticity: largest elasticity allowed.

        Raises:
            TableError: a frame breaks its contract.
            ParameterError: an elasticity that is not in (0.05, 1).

        Examples:
            >>> from datetime import date, timedelta
            >>> weeks = [date(2025, 1, 6) + timedelta(weeks=i) for i in range(10)]
            >>> money = [100.0 + 10.0 * i for i in range(10)]
            >>> rows = {"channel": ["ad"] * 10, "period": weeks, "spend": money, "value": [30.0 * each**0.5 for each in money]}
            >>> ChannelResponses.of(pl.DataFrame(rows)).table.select("elasticity", "basis").row(0)
            (0.5, 'variation')
        """
        check_scalar(most_elasticity, "most_elasticity", gt=LEAST_ELASTICITY, lt=1, remedy="Write 0.95.")
        rows = check(spend, SPEND_CONTRACT).sort("channel", "period")
        factors = (
            {} if lift is None else {channel: (f, e) for channel, f, e in check(lift, LIFT_CONTRACT).sort("channel").iter_rows() if f > 0}
        )
        read = [_Series.of(str(name), frame, factors.get(str(name))) for (name,), frame in rows.group_by("channel", maintain_order=True)]
        fits = {each.channel: each.fitted(most_elasticity) for each in read if not each.problem and each.varies}
        shared = _shared(fits) if fits else ASSUMED_ELASTICITY
        made = {each.channel: found for each in read if (found := each.response(fits.get(each.channel), shared)) is not None}
        source = SHARED if fits else ASSUMED
        table = [each.row(fits.get(each.channel), made.get(each.channel), source) for each in read]
        return cls(made, pl.DataFrame(table, schema=TABLE_SCHEMA))


@dataclass(frozen=True, eq=False)
class _Fit:
    """A response as fitted, before an experiment: log_scale, elasticity and their covariance; whether the bound holds."""

    log_scale: float
    elasticity: float
    covariance: Floats
    is_at_bound: bool


@dataclass(frozen=True, eq=False)
class _Series:
    """The periods of one channel with spend, and the factor of an experiment with the error of its logarithm."""

    channel: str
    spend: Floats
    value: Floats
    factor: tuple[float, float] | None

    @classmethod
    def of(cls, channel: str, frame: pl.DataFrame, factor: tuple[float, float] | None) -> _Series:
        paid = frame.filter(pl.col("spend") > 0)
        return cls(channel, paid["spend"].to_numpy(), np.maximum(paid["value"].to_numpy(), 0.0), factor)

    @property
    def variation(self) -> float:
        """Coefficient of variation of the spend."""
        return float(self.spend.std() / self.spend.mean()) if len(self.spend) else 0.0

    @property
    def varies(self) -> bool:
        return len(self.spend) >= LEAST_PERIODS and self.variation >= LEAST_VARIATION

    @property
    def problem(self) -> str:
        """The reason for a refusal that no other channel can mend; empty if there is none."""
        if not len(self.spend):
            return NO_SPEND
        if not self.value.sum() > 0:
            return NO_VALUE
        if self.factor is not None or self.varies:
            return ""
        return FEW_PERIODS if len(self.spend) < LEAST_PERIODS else NO_VARIATION

    def fitted(self, most: float) -> _Fit:
        return _fit(np.log(self.spend), self.value, most)

    def response(self, own: _Fit | None, shared: tuple[float, float]) -> Response | None:
        """Return the response: its own bend, or a borrowed one through the channel's mean, times the factor of the experiment."""
        if self.problem:
            return None
        bend = own or self._borrowed(*shared)
        factor, error = self.factor or (1.0, 0.0)
        return Response(bend.log_scale + float(np.log(factor)), bend.elasticity, bend.covariance, float(self.spend.mean()), error)

    def _borrowed(self, elasticity: float, error: float) -> _Fit:
        """Return the curve with an elasticity from elsewhere through the channel's values."""
        logs = np.log(self.spend)
        scale = float(np.log(self.value.sum() / np.exp(elasticity * logs).sum()))
        return _Fit(scale, elasticity, error**2 * _along(logs, np.exp(elasticity * logs)), is_at_bound=False)

    def row(self, own: _Fit | None, made: Response | None, source: str) -> dict[str, Any]:
        """Return the channel's row of the table; `source` is that of a borrowed elasticity."""
        bend = made or own
        return {
            "channel": self.channel,
            "periods": len(self.spend),
            "spend": float(self.spend.mean()) if len(self.spend) else 0.0,
            "value": float(self.value.mean()) if len(self.value) else 0.0,
            "variation": self.variation,
            "elasticity": None if bend is None else round(bend.elasticity, 9),
            "elasticity_error": None if bend is None else float(np.sqrt(bend.covariance[1, 1])),
            "is_at_bound": own is not None and own.is_at_bound,
            "bend": OWN if own is not None else source if made is not None else None,
            "factor": None if self.factor is None else self.factor[0],
            "basis": REFUSED if made is None else VARIATION if own is not None and self.factor is None else EXPERIMENT,
            "reason": self.problem,
        }


def _fit(logs: Floats, value: Floats, most: float) -> _Fit:
    """Return the maximum of the quasi-likelihood of E[value] = exp(a + b log spend), b between its bounds.

    Args:
        logs: logarithms of the spend; (n,).
        value: at least 0, some above 0; (n,).
        most: largest b.
    """
    free = _maximum(logs, value)
    bend = min(max(free, LEAST_ELASTICITY), most)
    mean = np.exp(bend * logs)
    scale = float(np.log(value.sum() / mean.sum()))
    expected = np.exp(scale) * mean
    dispersion = float((((value - expected) ** 2) / expected).sum() / max(len(value) - 2, 1))
    design = np.column_stack([np.ones_like(logs), logs])
    information = design.T @ (design * expected[:, None])
    return _Fit(scale, bend, dispersion * np.linalg.inv(information), is_at_bound=bend != free)


def _maximum(logs: Floats, value: Floats) -> float:
    """Return the unbounded elasticity: the root of a falling function, sum of log spend times (value - expected), by bisection."""
    share = value / value.sum()
    target = float(share @ logs)

    def excess(bend: float) -> float:
        weight = np.exp(bend * (logs - logs.max()))
        return float(weight @ logs / weight.sum()) - target

    low, high = -20.0, 20.0
    for _ in range(2 * _STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return (low + high) / 2


def _along(logs: Floats, weights: Floats) -> Floats:
    """Return the covariance of scale and elasticity for a unit variance of the elasticity, the curve passing through the mean value."""
    centre = float(weights @ logs / weights.sum())
    return np.array([[centre**2, -centre], [-centre, 1.0]])


def _shared(fits: dict[str, _Fit]) -> tuple[float, float]:
    """Return the precision-weighted mean elasticity and its spread over channels; of those that saturate, if there are any."""
    inside = [each for each in fits.values() if not each.is_at_bound] or list(fits.values())
    bends = np.array([each.elasticity for each in inside])
    errors = np.array([max(float(np.sqrt(each.covariance[1, 1])), 1e-6) for each in inside])
    weights = 1 / errors**2
    mean = float(weights @ bends / weights.sum())
    spread = float(np.sqrt(weights @ (bends - mean) ** 2 / weights.sum() + 1 / weights.sum()))
    return mean, spread

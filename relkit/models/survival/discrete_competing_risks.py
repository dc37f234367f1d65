"""Competing risks by period: the probability that a contract ends for each reason, such as the customer's own wish.

    h_k(j | x) = exp(eta_k) / (1 + sum_l exp(eta_l))        eta_k = alpha_kj + (x - mean)' beta_k

is the probability of ending by cause k in period j, given that the contract has lasted until then: the multinomial logit of
person-periods (Allison, P. D. (1982), Discrete-time methods for the analysis of event histories, Sociological Methodology
13, 61-98). The probability of an end by cause k within some days (the cumulative incidence) sums, period by period,
that of lasting until then times h_k: unlike a survival curve that takes other ends as censored, the causes and those who
stay add up to 1. A retention offer can act on voluntary ends alone.

Levels of the baseline, shares of periods and the last level are those of survival.discrete_hazard, and shared by the causes.
Within a period each cause keeps its share of the hazard, which is constant. Causes with few events are pooled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl  # noqa: TC002 the example reads it
from numpy.typing import NDArray

from relkit.contracts import check
from relkit.errors import NotEnoughEventsError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.survival.by_period import LinearByPeriod
from relkit.models.survival.causes import causes_of, enough_causes, incidence_bounds, place_of, score_columns
from relkit.models.survival.discrete_hazard import tail_remark
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging_causes import JudgedByCauses
from relkit.models.survival.period_design import (
    Design,
    level_names,
    refuse_separated,
    remarks_on_levels,
)
from relkit.models.survival.period_likelihood import PeriodLikelihood
from relkit.models.survival.period_path import BLOCK
from relkit.models.survival.person_periods import Lives
from relkit.models.survival.settings import Bending, ByReason, Periodic, Weighted
from relkit.models.survival.spells import (
    as_floats,
    check_horizon,
    scores_of,
)
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from datetime import date

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class DiscreteCompetingRisks(ByReason, Weighted, Periodic, Bending, JudgedByCauses):
    """Settings of competing risks by period; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that move the hazards: numbers, truth values, or categories as text.

    Examples:
        >>> from datetime import date
        >>> spells = pl.DataFrame({"duration_days": [30.0] * 100, "event": [True] * 50 + [False] * 50})
        >>> spells = spells.with_columns(end_reason=pl.Series(["voluntary"] * 30 + ["involuntary"] * 20 + [None] * 50))
        >>> fitted = DiscreteCompetingRisks(covariates=(), period_days=30.0).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary().select("term", pl.col("estimate").round(4)).rows()  # log(30 / 50), log(20 / 50)
        [('voluntary: period 1 on', -0.5108), ('involuntary: period 1 on', -0.9163)]
    """

    name: ClassVar[str] = "survival.discrete_competing_risks"
    label = Text("competing risks, discrete time", "risques concurrents, temps discret")
    purpose = Text(
        "Competing risks by month: the probability that a contract ends, for each reason.",
        "Risques concurrents par mois : la probabilité qu’un contrat prenne fin, pour chaque motif.",
    )
    role, reads = CONTRACTS, SPELLS
    figures = ("hazards_by_cause", "odds_ratios_by_cause", "calibration")
    check_settings = CHECKED_COVARIATES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedDiscreteCompetingRisks:
        """Return the fitted model, by maximum likelihood.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: one cause only, fewer events of a cause than columns of covariates, or all in the first period.
            FitError: a covariate is constant, collinear with the others, or has no finite coefficient.
        """
        spells = self.spells(features)
        weight = self.weights(spells.frame)
        causes, cause, merged = causes_of(spells.frame[self.reason], spells.event)
        enough_causes(causes, self.reason, instead="survival.discrete_hazard")
        lives = Lives.of(spells.duration, cause, spells.entry, period_days=self.period_days, causes=len(causes), weight=weight)
        design = Design.of(spells.frame, lives, self.declaration, where=self.name)
        seen = design.cells.totals()
        _enough_of_each(seen[1].sum(axis=1), causes, design.Z.shape[1])
        problem = PeriodLikelihood(design.cells, design.Z, "logit", seen[1] > 0)
        best = problem.maximum(self.name)
        refuse_separated(best, problem.levels, [f"{c}: {name}" for c in causes for name in design.names], where=self.name)
        alpha, beta = problem.split(best.at)
        remarks = (
            *spells.remarks,
            *covariate_columns.remarks_on(spells.frame, design.known),
            *merged,
            *remarks_on_levels(problem, best, causes),
            tail_remark(design.cells),
        )
        return FittedDiscreteCompetingRisks(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(spells.duration),
                log_likelihood=best.value,
                converged=True,
                fingerprint=fingerprint(spells.frame),
                remarks=remarks,
            ),
            causes=causes,
            firsts=design.cells.firsts,
            intercepts=alpha,
            coefficients=beta @ design.turn.T,
            covariance=design.covariance(best, problem.levels, len(causes)),
            means=design.means,
            effects=design.known,
            stayed=seen[0],
            ended=seen[1],
            last_days=float(spells.duration.max()),
        )


def _enough_of_each(ends: Floats, causes: tuple[str, ...], columns: int) -> None:
    for cause, count in zip(causes, ends, strict=True):
        if count < columns:
            raise NotEnoughEventsError(
                f"{count:,.0f} {'spell' if count == 1 else 'spells'} ended by {cause}, fewer than the {columns} columns of the covariates.",
                where=DiscreteCompetingRisks.name,
                remedy="Use fewer covariates or a longer period.",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedDiscreteCompetingRisks(LinearByPeriod):
    """Fitted competing risks by period.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        causes: K names, the most frequent first.
        firsts: first period of each baseline level, from 0, shape (L,).
        intercepts: baseline logits of a customer at the mean of each column, shape (K, L); minus infinity if the hazard is 0.
        coefficients: effect of one unit of each column of the covariates, shape (K, d).
        covariance: of the finite intercepts by cause, then the coefficients by cause; NaN for a level that is not identified.
        means: of the columns, shape (d,).
        effects: the covariates as fitted.
        stayed: trials without an event by level, shape (L,).
        ended: events by cause and level, shape (K, L).
        last_days: largest observed age.
    """

    name: ClassVar[str] = "survival.discrete_competing_risks"
    format: ClassVar[int] = 1

    settings: DiscreteCompetingRisks
    info: FitInfo
    causes: tuple[str, ...]
    firsts: Counts
    intercepts: Floats
    coefficients: Floats
    covariance: Floats
    means: Floats
    effects: tuple[Covariate, ...]
    stayed: Floats
    ended: Floats
    last_days: float

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: "cause: covariate", log-odds ratios against staying, then "cause: periods".

        A level in which nobody ended by a cause has a null estimate: its hazard is 0.
        """
        named = covariate_columns.column_names(self.effects), level_names(self.firsts)
        return self._summary_of([f"{cause}: {name}" for names in named for cause in self.causes for name in names])

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m)."""
        frame = check(features, self.needs)
        age, index = frame["duration_days"].to_numpy(), self._index(frame)
        hazard = self.path.hazard(age, age[:, None] + as_floats(days), lambda rows, j: self._rates(index[rows], j)[0])
        return np.exp(-hazard)

    def incidence_ahead(self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str) -> Floats:
        """Return the probability that each running spell ends by a cause within each number of days, shape (n, m).

        Over the causes it adds up to 1 - `survival_ahead`.

        Raises:
            ParameterError: a cause that was not in the fit.
        """
        place = place_of(cause, self.causes, self.name)
        found: Floats = self._incidence(check(features, self.needs), as_floats(days))[place]
        return found

    def incidence_ahead_bounds(
        self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `incidence_ahead`, each of shape (n, m).

        The relative error is that of the hazard of the cause, cumulated over the days: the part of the other causes is small.
        """
        place = place_of(cause, self.causes, self.name)
        frame, asked = check(features, self.needs), as_floats(days)
        found, error = self._incidence(frame, asked)[place], np.empty((len(frame), len(asked)))
        for at in range(0, len(frame), BLOCK):
            part = slice(at, min(at + BLOCK, len(frame)))
            error[part] = self._with_error(frame[part], asked, place)[1]
        return incidence_bounds(found, error, level)

    def contributions(self, features: pl.DataFrame, *, cause: str | None = None) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and the part of each in the linear predictor, relative to the mean customer, shape (n, covariates).

        Above 0 it makes an end likelier: by `cause`, or by any, each cause weighted by its share of the ends.
        """
        shares = self.ended.sum(axis=1) / self.ended.sum()
        effect = shares @ self.coefficients if cause is None else self.coefficients[place_of(cause, self.causes, self.name)]
        return covariate_columns.added_up(self.effects, (self._matrix(features) - self.means) * effect)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d of any cause given the duration so far, then churn_probability_{h}d_{cause} of each.

        Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        parts = self._incidence(frame, np.array([float(horizon)]))[:, :, 0]
        return scores_of(frame, score_columns(horizon, np.minimum(parts.sum(axis=0), 1.0), dict(zip(self.causes, parts, strict=True))))

    def _rates(self, index: Floats, level: int) -> tuple[Floats, Floats]:
        """Return -log(1 - h) of a period of a level, shape (n,), and the hazard of each cause, shape (K, n)."""
        eta = np.minimum(self.intercepts[:, level, None] + index.T, 30.0)
        parts = np.exp(eta)
        whole = 1 + parts.sum(axis=0)
        return np.log(whole), parts / whole

    def _ahead(self, frame: pl.DataFrame, reach: float) -> tuple[Floats, Floats]:
        """Return the rates of the levels up to some days ahead, shape (n, L), and the hazards by cause, shape (K, n, L)."""
        age, index = frame["duration_days"].to_numpy(), self._index(frame)
        hazards = np.zeros((len(self.causes), len(frame), len(self.firsts)))

        def rate(rows: NDArray[np.intp], j: int) -> Floats:
            rates, hazards[:, rows, j] = self._rates(index[rows], j)
            return rates

        return self.path.rates(age, age + reach, rate, np.arange(len(frame))), hazards

    def _with_error(self, frame: pl.DataFrame, days: Floats, place: int | None = None) -> tuple[Floats, Floats]:
        """Return the hazard ahead, of all causes or of one, and the standard error of its logarithm, shape (n, m) each."""
        # The slope of log(1 + sum of exp(eta)) in eta of a cause is its hazard; of the share s of a cause it is s (1 - s), or -s s'.
        rates, slopes = self._ahead(frame, float(days.max(initial=0.0)))
        age, centred = frame["duration_days"].to_numpy(), self._matrix(frame) - self.means
        if place is not None:
            whole = slopes.sum(axis=0)
            shares = np.divide(slopes, whole, out=np.zeros_like(slopes), where=whole > 0)
            own = shares[place].copy()
            slopes = own * (slopes - rates * shares)
            slopes[place] += rates * own
            rates = rates * own
        return self.path.hazard_with_error(age, days, rates, slopes, centred, self.covariance, self._free)

    def _incidence(self, frame: pl.DataFrame, days: Floats) -> Floats:
        """Return the probability of an end by each cause within each number of days, shape (K, n, m)."""
        found: Floats = np.empty((len(self.causes), len(frame), len(days)))
        for at in range(0, len(frame), BLOCK):
            part = slice(at, min(at + BLOCK, len(frame)))
            found[:, part] = self._incidence_of_block(frame[part], days)
        return found

    def _incidence_of_block(self, frame: pl.DataFrame, days: Floats) -> Floats:
        age = frame["duration_days"].to_numpy()
        rates, hazards = self._ahead(frame, float(days.max(initial=0.0)))
        whole = hazards.sum(axis=0)
        shares = np.divide(hazards, whole, out=np.zeros_like(hazards), where=whole > 0)
        found = np.empty((len(self.causes), len(frame), len(days)))
        for i, day in enumerate(days):
            passed = np.where(rates > 0, self.path.spans(age, age + day), 0.0) * rates
            until = np.cumsum(passed, axis=1)
            ends = np.exp(passed - until) * -np.expm1(-passed)
            found[:, :, i] = np.einsum("nj,knj->kn", ends, shares)
        return found

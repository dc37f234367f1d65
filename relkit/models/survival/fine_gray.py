"""Fine and Gray's regression: effects on the share of contracts that end for one reason.

A Cox regression by cause (`survival.cause_specific_cox`) gives the effect of a covariate on the rate of ends among those still
running. Here it is the effect on the share that has ended by the cause, F(t | x) = 1 - exp(-H0(t) exp((x - mean)' beta)), whatever
the other causes take away: exp(beta) is the ratio of the hazards of the subdistribution (`relkit.models.survival.subdistribution`).
Standard errors are robust, and account for weights that are estimated.

The regression covers one cause, and contracts from their start. For a contract that has run for a days, the forecast also needs
the probability of lasting until then, S(a | x), from a Cox regression of ends of any cause, fitted alongside:

    P(ends by the cause within t | runs at a) = (F(a + t | x) - F(a | x)) / S(a | x)

at most the probability of ending at all. Past the last observed age contracts continue to end as in that Cox regression, and the
cause keeps its share among the last ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import Contract, check
from relkit.errors import ParameterError
from relkit.metrics.risk_sets import ends_behind_tail, risk_sets, step_at
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate, by_covariate, column_names, matrix, remarks_on
from relkit.models.summaries import summary_of
from relkit.models.survival.causes import UNKNOWN, incidence_bounds, place_of, score_columns
from relkit.models.survival.cox import Cox, FittedCox, Proportional
from relkit.models.survival.cox_design import Rows
from relkit.models.survival.cox_newton import Penalty, maximise
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging_causes import JudgedByCauses
from relkit.models.survival.nelson_aalen import within
from relkit.models.survival.settings import ByReason
from relkit.models.survival.spells import as_floats, check_horizon, scores_of
from relkit.models.survival.subdistribution import Subdistribution
from relkit.remarks import Remark, french
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from datetime import date

    from relkit.metrics.risk_sets import Flags
    from relkit.models.survival.spells import Spells

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FineGray(ByReason, Proportional, JudgedByCauses):
    """Settings of Fine and Gray's regression; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        cause: the cause of interest.
        ties: treatment of events at one age: efron, or breslow as in R's crr.

    Examples:
        >>> from datetime import date
        >>> days, debit = np.arange(1.0, 101.0), np.arange(100) % 2
        >>> spells = pl.DataFrame({"duration_days": days, "event": [True] * 80 + [False] * 20, "debit": debit})
        >>> why = pl.when("event").then(pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.lit("voluntary")).otherwise(pl.lit("move")))
        >>> fitted = FineGray(covariates=("debit",)).fit(spells.with_columns(end_reason=why), as_of=date(2025, 6, 30))
        >>> fitted.summary()["term"].to_list()
        ['debit']
    """

    name: ClassVar[str] = "survival.fine_gray"
    label = Text("Fine and Gray", "Fine et Gray")
    purpose = Text(
        "Fine and Gray's regression: the share of contracts that end for one reason, and what moves it.",
        "Régression de Fine et Gray : la part des contrats qui prennent fin pour un motif, et ce qui la fait varier.",
    )
    role, reads = CONTRACTS, SPELLS
    figures = ("subdistribution_ratios", "calibration")
    check_settings = CHECKED_COVARIATES

    cause: str = "voluntary"

    @property
    def of_any_cause(self) -> Cox:
        """The settings of the regression of ends of any cause."""
        return Cox(covariates=self.covariates, ties=self.ties, level=self.level, splines=self.splines, missing=self.missing)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedFineGray:
        """Return the regression.

        Raises:
            TableError: a column is missing, null or invalid.
            ParameterError: no spell ended by the cause.
            NotEnoughEventsError: fewer spells ended by it than there are columns.
            FitError: a column is constant, collinear with the others, or has no finite coefficient.
        """
        spells = self.spells(features)
        mine = self._ends(spells)
        known = self.declaration.learnt(spells.frame, where=self.name)
        rows, others = Rows(duration=spells.duration, event=mine, entry=spells.late_entry), spells.event & ~mine
        problem = Subdistribution.of(spells.frame, rows, others, known, efron=self.ties == "efron", where=self.name)
        start = np.zeros(len(problem.names))
        best, null = maximise(problem, start, Penalty(), where=self.name), problem.at(start).log_likelihood
        scales, rate = problem.design.scales, problem.design.order.ends / best.found.at_risk * np.exp(-best.found.shift)
        last = self._last_ends(spells, mine)
        return FittedFineGray(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(spells.frame),
                log_likelihood=best.found.log_likelihood,
                converged=True,
                fingerprint=fingerprint(spells.frame),
                remarks=(*spells.remarks, *remarks_on(spells.frame, known), *self._remarks(spells, mine, last)),
            ),
            coefficients=best.beta / scales,
            covariance=problem.sandwich(best.found, rows, others, best.inverse) / np.outer(scales, scales),
            model_covariance=best.inverse / np.outer(scales, scales),
            means=problem.design.means,
            scales=scales,
            baseline=_baseline(rows, problem.design.order.ages, np.cumsum(rate)),
            share_of_last=last,
            null_log_likelihood=null,
            known=known,
            overall=self.of_any_cause.fit(spells.frame, as_of=as_of),
        )

    def _ends(self, spells: Spells) -> Flags:
        """Return which spells ended by the cause."""
        reason = spells.frame[self.reason].fill_null(UNKNOWN)
        mine: Flags = (reason == self.cause).to_numpy() & spells.event
        if not mine.any():
            raise ParameterError.unknown("cause", self.cause, sorted(set(reason.filter(pl.Series(spells.event)))), where=self.name)
        return mine

    def _last_ends(self, spells: Spells, mine: Flags) -> float:
        """Return the share of the cause among the last ends, those that set the rate past the last age."""
        ages = np.sort(spells.duration[spells.event])
        late = spells.event & (spells.duration >= ages[-int(ends_behind_tail(float(len(ages))))])
        return float(mine[late].mean())

    def _remarks(self, spells: Spells, mine: Flags, last: float) -> tuple[Remark, Remark]:
        """Return the remarks on the number of ends, and on the hazard past the last age."""
        ends, others = int(mine.sum()), int((spells.event & ~mine).sum())
        rate = f"contracts end as Cox's regression of all causes has it, {100 * last:.0f} % of them by {self.cause}, as of the last ones."
        return (
            Remark(
                "ends_by_cause",
                f"{ends:,} {'spell' if ends == 1 else 'spells'} ended by {self.cause}, {others:,} by other causes.",
                f"{french(ends)} départ{'s' if ends > 1 else ''} pour le motif {self.cause}, {french(others)} pour d’autres motifs.",
            ),
            Remark(
                "past_last_age_causes",
                f"Past the last observed age, {spells.duration.max():g} days, {rate}",
                f"Au-delà de l’âge le plus grand observé, {french(float(spells.duration.max()))} jours, les contrats sont supposés finir "
                f"au rythme d’avant, dont {100 * last:.0f} % pour le motif {self.cause}.",
            ),
        )


def _baseline(rows: Rows, ages: Floats, hazard: Floats) -> pl.DataFrame:
    """Return the table of the cumulative baseline hazard, at ages of entry, end or censoring."""
    sets = risk_sets(rows.duration, rows.event, rows.entry)
    cumulative = step_at(ages, hazard, sets.days, 0.0)
    return pl.DataFrame({"days": sets.days, "at_risk": sets.at_risk, "ended": sets.ended, "cumulative_hazard": cumulative})


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedFineGray(FittedCard):
    """Fine and Gray's regression of one cause.

    Attributes:
        settings: as fitted.
        info: facts of the fit; the log-likelihood is that of the weighted risk sets.
        coefficients: shape (d,), log ratio of the subdistribution's hazards of one unit of each column.
        covariance: shape (d, d), robust.
        model_covariance: shape (d, d), the inverse information.
        means: shape (d,), of the columns among the spells used.
        scales: shape (d,), their standard deviations.
        baseline: days, at_risk, ended (by the cause), cumulative_hazard (of the subdistribution, of a customer at the means).
        share_of_last: share of the cause among the last ends.
        null_log_likelihood: with all coefficients 0.
        known: the covariates as fitted.
        overall: Cox's regression of ends of any cause.
    """

    name: ClassVar[str] = "survival.fine_gray"
    format: ClassVar[int] = 1

    settings: FineGray
    info: FitInfo
    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    means: Floats
    scales: Floats
    baseline: pl.DataFrame
    share_of_last: float
    null_log_likelihood: float
    known: tuple[Covariate, ...]
    overall: FittedCox

    @property
    def causes(self) -> tuple[str, ...]:
        """The cause of interest."""
        return (self.settings.cause,)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The covariates as fitted."""
        return self.known

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns."""
        return column_names(self.known)

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return replace(self.overall.needs, name=self.name)

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return self.overall.domain

    def summary(self) -> pl.DataFrame:
        """Return term, estimate (log ratio of the subdistribution's hazards of one unit), std_error (robust), lower, upper."""
        std_error = np.sqrt(np.diag(self.covariance))
        return summary_of(self.terms, self.coefficients, std_error, self.settings.level)

    def hazard_ratio(self, features: pl.DataFrame) -> Floats:
        """Return each row's hazard of the subdistribution over that of a customer at the means, shape (n,)."""
        ratio: Floats = np.exp(np.clip(self._centred(self._covariates(features)) @ self.coefficients, -700.0, 700.0))
        return ratio

    def incidence(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the share that has ended by the cause by each age, of contracts from their start, shape (n, m).

        Raises:
            ParameterError: an age past the last observed one.
        """
        return self._from_start(self.hazard_ratio(features), within(self.domain, days))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m): Cox's, of any end."""
        return self.overall.survival_ahead(self._read(features), days)

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m)."""
        return self.overall.survival_ahead_bounds(self._read(features), days, level=level)

    def incidence_ahead(self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str) -> Floats:
        """Return the probability that each running spell ends by the cause within each number of days, shape (n, m).

        Raises:
            ParameterError: another cause.
        """
        place_of(cause, self.causes, self.name)
        return self._ahead(self._read(features), as_floats(days))

    def incidence_ahead_bounds(
        self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `incidence_ahead`, each of shape (n, m).

        The relative error is that of the subdistribution's hazard over the days ahead: of the coefficients, at the covariates less
        their mean, and of its baseline's ends; the probability of having lasted so far is taken as known.
        """
        place_of(cause, self.causes, self.name)
        frame, asked = self._read(features), as_floats(days)
        centred = self._centred(frame)
        along = np.maximum(np.einsum("ij,jk,ik->i", centred, self.covariance, centred), 0.0)
        age = frame["duration_days"].to_numpy()[:, None]
        hazard, ended = (np.append(0.0, self.baseline[name].to_numpy()) for name in ("cumulative_hazard", "ended"))
        ended = np.cumsum(ended)
        low, high = (np.searchsorted(self.baseline["days"].to_numpy(), ages, side="right") for ages in (age, age + asked))
        ends = np.maximum(ended[high] - ended[low], 1.0)
        error = np.sqrt(along[:, None] + np.where(hazard[high] > hazard[low], 1 / ends, 1 / ends_behind_tail(float(ended[-1]))))
        return incidence_bounds(self._ahead(frame, asked), error, level)

    def contributions(self, features: pl.DataFrame, *, cause: str | None = None) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to each row's log hazard relative to the mean customer, shape (n, covariates).

        Of ends of any cause, by Cox's regression; with `cause`, of the subdistribution: if positive, more ends by it.
        """
        if cause is None:
            return self.overall.contributions(features)
        place_of(cause, self.causes, self.name)
        added = self._centred(self._covariates(features)) * self.coefficients
        parts = by_covariate(self.known)
        return tuple(name for name, _ in parts), np.column_stack([added[:, part].sum(axis=1) for _, part in parts])

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d of any cause given the duration so far, and churn_probability_{h}d_{cause}.

        Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame, days = self._read(features), np.array([float(horizon)])
        whole = 1.0 - self.overall.survival_ahead(frame, days)[:, 0]
        return scores_of(frame, score_columns(horizon, whole, {self.settings.cause: self._ahead(frame, days)[:, 0]}))

    def _read(self, features: pl.DataFrame) -> pl.DataFrame:
        return check(features, self.needs)

    def _covariates(self, features: pl.DataFrame) -> pl.DataFrame:
        return check(features, Contract(name=self.name, key=(), columns=tuple(known.declared for known in self.known)))

    def _centred(self, frame: pl.DataFrame) -> Floats:
        return matrix(frame, self.known) - self.means

    def _from_start(self, ratio: Floats, ages: Floats) -> Floats:
        """Return F at ages, shape (m,) or (n, m), of customers with ratios, shape (n,); past the last age, its value there."""
        hazard = step_at(self.baseline["days"].to_numpy(), self.baseline["cumulative_hazard"].to_numpy(), ages, 0.0)
        found: Floats = -np.expm1(-hazard * ratio[:, None])
        return found

    def _ahead(self, frame: pl.DataFrame, days: Floats) -> Floats:
        age, last = frame["duration_days"].to_numpy()[:, None], self.domain[1]
        ratio, pace, baseline = self.hazard_ratio(frame), self.overall.hazard_ratio(frame)[:, None], self.overall.baseline_of()
        passed = baseline.cumulative(age)
        in_view = np.exp(-(baseline.cumulative(np.maximum(np.minimum(age + days, last), age)) - passed) * pace)
        stays = np.exp(-(baseline.cumulative(age + days) - passed) * pace)
        so_far = np.exp(-passed * pace)
        seen = self._from_start(ratio, age + days) - self._from_start(ratio, age)
        given = np.divide(seen, so_far, out=np.zeros_like(seen), where=so_far > 0)
        found: Floats = np.minimum(given, 1 - in_view) + self.share_of_last * np.maximum(in_view - stays, 0.0)
        return found

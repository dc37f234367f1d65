"""Discrete-time hazard: the probability that a contract ends in a period, given that it has lasted until then.

    link(h_j(x)) = alpha_j + (x - mean)' beta

with a level alpha_j of its own for each period until data get sparse (`relkit.models.survival.person_periods`), and the logit or
the complementary log-log as link: Cox (1972, section 6), Prentice and Gloeckler (1978). Ends by month need no treatment of
ties. With the logit a coefficient is a log-odds ratio; with cloghlog it is the log hazard ratio of proportional hazards,
whatever the length of the period. A million spells with covariates of few values become a few thousand cells.

Out of scope: covariates that change with the period, interactions of covariates and period (see survival.boosted_hazard).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from relkit.contracts import check
from relkit.errors import ParameterError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.survival.by_period import LinearByPeriod
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.period_design import (
    Design,
    level_names,
    refuse_separated,
    remarks_on_levels,
)
from relkit.models.survival.period_likelihood import Link, PeriodLikelihood
from relkit.models.survival.person_periods import Lives
from relkit.models.survival.settings import Bending, Periodic, Weighted
from relkit.models.survival.spells import (
    as_floats,
    check_horizon,
    long_survival,
    scores_of,
)
from relkit.remarks import Remark
from relkit.scalars import check_choice
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.survival.person_periods import Cells

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_EXTREME = 30.0
"""A linear predictor beyond this is as good as certain."""


@dataclass(frozen=True, kw_only=True)
class DiscreteHazard(Weighted, Periodic, Bending, JudgedByEnds):
    """Settings of a discrete-time hazard; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that move the hazard: numbers, truth values, or categories as text; none gives a life table.
        link: logit, or cloghlog for proportional hazards.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> spells = pl.DataFrame(
        ...     {
        ...         "duration_days": [30.0, 60.0, 90.0, 120.0, 150.0, 180.0],
        ...         "event": [True, True, True, False, True, False],
        ...         "plan": ["basic", "full", "basic", "full", "basic", "full"],
        ...     }
        ... )
        >>> fitted = DiscreteHazard(covariates=("plan",), period_days=30.0).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary().select("term", pl.col("estimate").round(4)).rows()
        [('plan=full', -1.7047), ('period 1 on', -1.5455)]
    """

    name: ClassVar[str] = "survival.discrete_hazard"
    label = Text("discrete time, logit", "temps discret, logit")
    purpose = Text(
        "Logistic regression on months of contracts: the probability that a contract ends.",
        "Régression logistique sur les mois de contrat : la probabilité qu’un contrat prenne fin.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("hazard_by_period", "period_ratios", "calibration")
    check_settings = CHECKED_COVARIATES

    link: Link = "logit"

    def __post_init__(self) -> None:
        """Check the link."""
        super().__post_init__()
        check_choice(self.link, "link", get_args(Link))

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedDiscreteHazard:
        """Return the fitted model, by maximum likelihood.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than columns of covariates, or all in the first period.
            FitError: a covariate is constant, collinear with the others, or has no finite coefficient.
        """
        spells = self.spells(features)
        cause = np.where(spells.event, 0, -1)
        lives = Lives.of(spells.duration, cause, spells.entry, period_days=self.period_days, weight=self.weights(spells.frame))
        design = Design.of(spells.frame, lives, self.declaration, where=self.name)
        seen = design.cells.totals()
        problem = PeriodLikelihood(design.cells, design.Z, self.link, seen[1] > 0)
        best = problem.maximum(self.name)
        refuse_separated(best, problem.levels, design.names, where=self.name)
        alpha, beta = problem.split(best.at)
        info = FitInfo(
            as_of=as_of,
            rows=len(spells.duration),
            log_likelihood=best.value,
            converged=True,
            fingerprint=fingerprint(spells.frame),
            remarks=(
                *spells.remarks,
                *covariate_columns.remarks_on(spells.frame, design.known),
                *remarks_on_levels(problem, best),
                tail_remark(design.cells),
            ),
        )
        return FittedDiscreteHazard(
            settings=self,
            info=info,
            firsts=design.cells.firsts,
            intercepts=alpha[0],
            coefficients=design.turn @ beta[0],
            covariance=design.covariance(best, problem.levels),
            means=design.means,
            effects=design.known,
            stayed=seen[0],
            ended=seen[1][0],
            last_days=float(spells.duration.max()),
        )


def tail_remark(cells: Cells) -> Remark:
    """Return the remark on the hazard past the last age."""
    last = level_names(cells.firsts)[-1]
    return Remark(
        "past_last_period",
        f"The hazard of {last} is one for all later periods.",
        f"Le risque de départ est supposé le même pour toutes les périodes de la dernière tranche ({last.replace('period', 'période')}).",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedDiscreteHazard(LinearByPeriod):
    """A fitted discrete-time hazard.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        firsts: first period of each baseline level, from 0, shape (L,).
        intercepts: baseline of a customer at the mean of each column, shape (L,), on the scale of the link; minus infinity if
            the hazard is 0.
        coefficients: effect of one unit of each column of the covariates, shape (d,).
        covariance: of the finite intercepts, then the coefficients; NaN for a level that is not identified.
        means: of the columns, shape (d,).
        effects: the covariates as fitted.
        stayed: trials without an event by level, shape (L,).
        ended: events by level, shape (L,).
        last_days: largest observed age.
    """

    name: ClassVar[str] = "survival.discrete_hazard"
    format: ClassVar[int] = 1

    settings: DiscreteHazard
    info: FitInfo
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
        """Return term, estimate, std_error, lower, upper: coefficients, then the baseline on the scale of the link.

        A coefficient is the log-odds ratio (logit) or the log hazard ratio (cloghlog) of one unit. A level without an
        event has a null estimate: its hazard is 0.
        """
        return self._summary_of([*covariate_columns.column_names(self.effects), *level_names(self.firsts)])

    def hazard(self, features: pl.DataFrame, period: int) -> Floats:
        """Return each row's probability of ending in a period (1 is the first), given that it lasts until then, shape (n,)."""
        if period < 1:
            raise ParameterError(f"period is {period}; the first is 1.", where="period")
        level = int(np.searchsorted(self.firsts, period - 1, side="right")) - 1
        return -np.expm1(-self._rate(self._index(features), level))

    def survival(self, features: pl.DataFrame, days: list[float] | Floats) -> pl.DataFrame:
        """Return customer_id, days, survival: each customer's probability of outliving each age, from the start."""
        frame, asked = check(features, self.needs), as_floats(days)
        until = np.broadcast_to(asked, (len(frame), len(asked)))
        return long_survival(frame, asked, np.exp(-self._hazard(frame, np.zeros(len(frame)), until)))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        Within a period log S falls on a straight line. Past the last level's first period its hazard continues.
        """
        frame = check(features, self.needs)
        age = frame["duration_days"].to_numpy()
        return np.exp(-self._hazard(frame, age, age[:, None] + as_floats(days)))

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and the part of each in the linear predictor, relative to the mean customer, shape (n, covariates).

        Above 0 it makes an end likelier. The columns of a category are added up.
        """
        return covariate_columns.added_up(self.effects, (self._matrix(features) - self.means) * self.coefficients)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d given the duration so far, and odds_ratio, or hazard_ratio with cloghlog.

        The ratio is to a customer at the mean of each column. Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        age = frame["duration_days"].to_numpy()
        hazard = self._hazard(frame, age, age[:, None] + horizon)[:, 0]
        ratio = "odds_ratio" if self.settings.link == "logit" else "hazard_ratio"
        return scores_of(frame, {f"churn_probability_{horizon}d": -np.expm1(-hazard), ratio: np.exp(self._index(frame))})

    def _rate(self, index: Floats, level: int) -> Floats:
        """Return -log(1 - h) of a period of a level."""
        eta = np.minimum(self.intercepts[level] + index, _EXTREME)
        rate: Floats = np.logaddexp(0.0, eta) if self.settings.link == "logit" else np.exp(eta)
        return rate

    def _hazard(self, frame: pl.DataFrame, ages: Floats, until: Floats) -> Floats:
        index = self._index(frame)
        return self.path.hazard(ages, until, lambda rows, j: self._rate(index[rows], j))

    def _with_error(self, frame: pl.DataFrame, days: Floats) -> tuple[Floats, Floats]:
        """Return the hazard ahead and the standard error of its logarithm, shape (n, m) each."""
        age, path, index = frame["duration_days"].to_numpy(), self.path, self._index(frame)
        rates = path.rates(age, age + days.max(initial=0.0), lambda rows, j: self._rate(index[rows], j), np.arange(len(frame)))
        # The slope of -log(1 - h) in eta: h itself with the logit, the rate with cloghlog.
        slopes = -np.expm1(-rates) if self.settings.link == "logit" else rates
        centred = self._matrix(frame) - self.means
        return path.hazard_with_error(age, days, rates, slopes[None], centred, self.covariance, self._free[None])

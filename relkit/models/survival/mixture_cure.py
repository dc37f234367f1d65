"""The mixture cure model: some customers never leave, and the others' time to leave is Weibull.

S(t) = 1 - p + p exp(-(t / lambda)^rho), with logit p = intercept + x'g, the odds of ever leaving, and log lambda =
intercept + w'b (Farewell, V. T. (1982), The use of mixture models for the analysis of survival data with long-term
survivors. Biometrics 38, 1041-1046). A customer who still runs at age t is one of those who leave with probability
a = p S_0(t) / S(t); all derivatives of the likelihood are short in a:

    of log S(t):  a - p in logit p,  -a H' in the Weibull's parameters,  second ones with a (1 - a)

The likelihood is not concave, so Newton's method runs in a trust region, from several shares. A share that never leaves
is identified only if the curve levels off within the ages observed: if it does not, the fit is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

from relkit.contracts import check
from relkit.errors import FitError, NotConvergedError
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.maximum import Evaluation, Maximum, maximise
from relkit.models.survival.aft_design import Design, enough_ends, no_width, refuse_runaways
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.location_scale import WEIBULL, Watched, log_age
from relkit.models.survival.parametric import ParametricScores
from relkit.models.survival.settings import Parametric
from relkit.models.survival.spells import score_contract
from relkit.remarks import Remark
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.survival.parametric import Slopes

Floats = NDArray[np.float64]

_WIDEST = 30.0
# Shares of leavers from which the search starts, between the share that has left and one.
_STARTS = (0.1, 0.5, 0.9)


class Parts(NamedTuple):
    """Gradient and Hessian of a function of eta = logit p, mu = log lambda and c = log rho, row by row.

    Attributes:
        value: sum over rows.
        first: shape (3, n).
        second: shape (3, 3, n).
    """

    value: float
    first: Floats
    second: Floats


def log_likelihood(lives: Watched, eta: Floats, mu: Floats, c: Floats) -> Parts:
    """Return the log-likelihood of lifetimes, and each row's derivatives in eta, mu and c.

    An end adds log p + log f_0(t), a spell that still runs log S(t), a late entry -log S(entry).

    Args:
        lives: the lifetimes.
        eta: shape (n,), logit of the probability of ever leaving.
        mu: shape (n,), log lambda, in the units of `lives`.
        c: shape (n,), log rho.
    """
    ended = lives.ends > 0
    value, first, second = 0.0, np.zeros((3, len(eta))), np.zeros((3, 3, len(eta)))
    running = np.flatnonzero(~ended)
    for rows, age, sign in ((running, lives.last[running], 1.0), (lives.late, lives.entry, -1.0)):
        found = _still_running(eta[rows], mu[rows], c[rows], age, sign * lives.weight[rows])
        value += found.value
        first[:, rows] += found.first
        second[:, :, rows] += found.second
    rows = np.flatnonzero(ended)
    found = _ended(eta[rows], mu[rows], c[rows], lives.last[rows], lives.weight[rows])
    first[:, rows] += found.first
    second[:, :, rows] += found.second
    return Parts(value + found.value + lives.constant, first, second)


def _still_running(eta: Floats, mu: Floats, c: Floats, age: Floats, weight: Floats) -> Parts:
    k = np.exp(c)
    z = k * (age - mu)
    H = np.exp(z)
    p, a = special.expit(eta), special.expit(eta - H)
    slopes = np.stack([-k * H, z * H])
    bent = np.stack([np.stack([k * k * H, -k * (H + z * H)]), np.stack([-k * (H + z * H), z * H + z * z * H])])
    first = np.concatenate(([a - p], -a * slopes))
    second = np.empty((3, 3, len(eta)))
    second[0, 0] = a * (1 - a) - p * (1 - p)
    second[0, 1:] = second[1:, 0] = -a * (1 - a) * slopes
    second[1:, 1:] = -a * bent + a * (1 - a) * slopes[:, None] * slopes[None, :]
    log_survival = np.logaddexp(special.log_expit(-eta), special.log_expit(eta) - H)
    return Parts(float(weight @ log_survival), weight * first, weight * second)


def _ended(eta: Floats, mu: Floats, c: Floats, age: Floats, weight: Floats) -> Parts:
    k = np.exp(c)
    z = k * (age - mu)
    H, p = np.exp(z), special.expit(eta)
    first = np.stack([1 - p, -k * (1 - H), z * (1 - H) + 1])
    second = np.zeros((3, 3, len(eta)))
    second[0, 0] = -p * (1 - p)
    second[1, 1] = -k * k * H
    second[1, 2] = second[2, 1] = -k * (1 - H - z * H)
    second[2, 2] = z * (1 - H) - z * z * H
    return Parts(float(weight @ (special.log_expit(eta) + c + z - H)), weight * first, weight * second)


class Problem(NamedTuple):
    """Likelihood to maximise.

    Attributes:
        lives: the lifetimes.
        designs: columns of eta, mu and c, each of shape (n, k_i).
        where: the caller, for messages.
    """

    lives: Watched
    designs: tuple[Floats, Floats, Floats]
    where: str = ""

    def evaluate(self, at: Floats) -> Evaluation:
        """Return value, gradient and Hessian in the coefficients of eta, mu and c, one after the other."""
        splits = np.cumsum([X.shape[1] for X in self.designs])[:-1]
        # A far step may overflow: it is worth nothing then, and is not taken.
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [X @ part for X, part in zip(self.designs, np.split(at, splits), strict=True)]
            value, first, second = log_likelihood(self.lives, *sums)
            gradient = np.concatenate([X.T @ one for X, one in zip(self.designs, first, strict=True)])
            blocks = [[X.T @ (second[i, j][:, None] * Z) for j, Z in enumerate(self.designs)] for i, X in enumerate(self.designs)]
            return value, gradient, np.block(blocks)

    def maximum(self, starts: Sequence[Floats]) -> Maximum:
        """Return the highest of the maxima reached from the starts."""
        edge, found = np.full(len(starts[0]), _WIDEST), []
        for start in starts:
            try:
                begin = np.clip(start, -edge, edge)
                found.append(maximise(self.evaluate, begin, low=-edge, high=edge, tolerance=1e-10, where=self.where))
            except NotConvergedError:
                if not found and start is starts[-1]:
                    raise
        return max(found, key=lambda best: best.value)


@dataclass(frozen=True, kw_only=True)
class MixtureCure(Parametric, JudgedByEnds):
    """Settings of a mixture cure model; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that move the odds of ever leaving: numbers, truth values, or categories as text; may be empty.
        latency_covariates: columns that stretch the time to leave of those who do.
    """

    name: ClassVar[str] = "survival.mixture_cure"
    label = Text("mixture cure", "mélange avec fidèles à vie")
    purpose = Text(
        "Mixture cure model: how long contracts last, where some customers never leave.",
        "Modèle à fraction guérie : la durée des contrats, quand certains clients ne partent jamais.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("fitted_survival", "odds_of_leaving", "calibration")
    check_settings = CHECKED_COVARIATES

    latency_covariates: tuple[str, ...] = ()

    @property
    def covariate_lists(self) -> Mapping[str, tuple[str, ...]]:
        """The covariates by the setting that names them."""
        return {"covariates": self.covariates, "latency_covariates": self.latency_covariates}

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedMixtureCure:
        """Return the model of maximum likelihood.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than parameters.
            FitError: no share that never leaves; a covariate is constant, collinear with the others, or has no finite coefficient.
        """
        lives = self.lifetimes(features)
        ends = float(lives.weight[lives.ended].sum())
        enough_ends(ends, len(self.covariates) + len(self.latency_covariates) + 3, self.name)
        declared = self.declaration.only(self.covariates), self.declaration.only(self.latency_covariates)
        leaving, latency = (Design.of(lives.frame, declaration, self.name) for declaration in declared)
        enough_ends(ends, leaving.X.shape[1] + latency.X.shape[1] + 1, self.name)
        watched, ones = Watched.of(lives), np.ones((len(lives.lower), 1))
        null = _null(Problem(watched, (ones, ones, ones), self.name), ends / float(lives.weight.sum()))
        q, r = leaving.X.shape[1], latency.X.shape[1]
        start = np.zeros(q + r + 1)
        start[[q - 1, q + r - 1, q + r]] = null.at
        best = Problem(watched, (leaving.X, latency.X, ones), self.name).maximum([start]) if q + r > 2 else null
        refuse_runaways(best, (*leaving.names, "intercept", *latency.names), self.name)
        turn = np.zeros((q + r + 1, q + r + 1))
        turn[:q, :q], turn[q : q + r, q : q + r], turn[-1, -1] = leaving.back(), latency.back(watched.spread), 1.0
        at = turn @ best.at
        at[q + r - 1] += watched.middle
        at[-1] -= np.log(watched.spread)
        empty = dict.fromkeys(covariate_columns.remarks_on(lives.frame, (*leaving.known, *latency.known)))
        remarks = (*lives.remarks, *empty, _LEVELS_OFF)
        info = FitInfo(
            as_of=as_of,
            rows=len(lives.lower),
            log_likelihood=best.value,
            converged=True,
            fingerprint=fingerprint(lives.frame),
            remarks=remarks,
        )
        return FittedMixtureCure(
            settings=self,
            info=info,
            leaving=at[:q],
            latency=at[q:-1],
            log_rho=float(at[-1]),
            covariance=turn @ best.covariance @ turn.T,
            effects=leaving.known,
            latency_effects=latency.known,
            means=leaving.averages,
            latency_means=latency.averages,
            null_log_likelihood=null.value,
            last_age=lives.last_age,
        )


_LEVELS_OFF = Remark(
    "some_never_leave",
    "That some never leave is read off a curve that levels off within the ages observed; customers who leave later count among them.",
    "Que certains clients ne partent jamais se lit sur une courbe qui se stabilise dans la durée observée ; ceux qui partiront plus tard "
    "y sont comptés.",
)


def _null(problem: Problem, left: float) -> Maximum:
    """Return the maximum without covariates, or raise if it has no share that never leaves."""
    shares = np.clip(left + (1 - left) * np.array(_STARTS), 0.01, 0.99)
    ended = problem.lives.ends > 0
    if not np.ptp(problem.lives.last[ended]) > 0:
        raise no_width(problem.where)
    middle = float(np.average(problem.lives.last[ended], weights=problem.lives.weight[ended]))
    found = problem.maximum([np.array([special.logit(share), middle, 0.0]) for share in shares])
    if found.bounded.any() or np.isnan(found.covariance).any():
        raise FitError(
            "the curve does not level off within the ages observed, so no share that never leaves can be estimated.",
            where=problem.where,
            remedy="Use survival.weibull_aft, or a longer history.",
        )
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedMixtureCure(ParametricScores):
    """A fitted mixture cure model.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        leaving: shape (q + 1,), log odds ratio of ever leaving of one unit of each column, then the intercept.
        latency: shape (r + 1,), effect of one unit of each column on the log time to leave, then the intercept, in log days.
        log_rho: logarithm of the Weibull's shape.
        covariance: of leaving, latency and log_rho together.
        effects: the covariates of leaving as fitted.
        latency_effects: those of the time to leave.
        means: shape (q,), of the columns of leaving.
        latency_means: shape (r,), of those of the time to leave.
        null_log_likelihood: without covariates.
        last_age: the last observed age, in days.
    """

    name: ClassVar[str] = MixtureCure.name
    format: ClassVar[int] = 1

    settings: MixtureCure
    info: FitInfo
    leaving: Floats
    latency: Floats
    log_rho: float
    covariance: Floats
    effects: tuple[Covariate, ...]
    latency_effects: tuple[Covariate, ...]
    means: Floats
    latency_means: Floats
    null_log_likelihood: float
    last_age: float

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        declared = {known.name: known.declared for known in (*self.effects, *self.latency_effects)}
        return score_contract(self.name, tuple(declared.values()))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        of_latency = (f"latency:{name}" for name in covariate_columns.column_names(self.latency_effects))
        return (*covariate_columns.column_names(self.effects), "intercept", *of_latency, "latency:intercept", "log_rho")

    @property
    def coordinates(self) -> Floats:
        """Leaving, latency, log rho: in the order of `covariance`."""
        return np.concatenate((self.leaving, self.latency, [self.log_rho]))

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates, for `uncertainty`."""
        q = len(self.leaving)
        return replace(self, leaving=coordinates[:q], latency=coordinates[q:-1], log_rho=float(coordinates[-1]))

    def probability_never_leaving(self, features: pl.DataFrame) -> Floats:
        """Return the probability that each running spell never ends, shape (n,)."""
        frame = check(features, self.needs)
        eta, mu = self._eta_and_mu(frame)
        H = np.exp(np.minimum(np.exp(self.log_rho) * (log_age(frame["duration_days"].to_numpy()) - mu), 700.0))
        return np.asarray(special.expit(H - eta))

    def median_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the median remaining days of each running spell: infinite if over half never leave."""
        frame = check(features, self.needs)
        never = self.probability_never_leaving(features)
        mu, age, k = self._eta_and_mu(frame)[1], frame["duration_days"].to_numpy(), np.exp(self.log_rho)
        soon = never < 0.5
        # Of those who leave, (1/2 - never) / (1 - never) still run at the median.
        share = np.where(soon, (0.5 - never) / np.where(soon, 1 - never, 1.0), 1.0)
        behind = np.exp(np.minimum(k * (log_age(age) - mu), 700.0)) - np.log(share)
        return np.where(soon, np.exp(mu + np.log(np.where(soon, behind, 1.0)) / k) - age, np.inf)

    def expected_remaining_days(self, features: pl.DataFrame) -> Floats:
        """Return the expected remaining days of each running spell: infinite for all, as some never leave, shape (n,)."""
        return np.full(len(check(features, self.needs)), np.inf)

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to the customer's risk relative to the mean of the fit, shape (n, covariates).

        It is the effect on the log odds of ever leaving and, of a covariate of the time to leave, minus its effect on log time, times
        rho: the log hazard ratio among those who leave. A covariate of both has their sum. Positive means sooner.
        """
        frame = check(features, self.needs)
        odds = covariate_columns.added_up(self.effects, (covariate_columns.matrix(frame, self.effects) - self.means) * self.leaving[:-1])
        moved = covariate_columns.matrix(frame, self.latency_effects) - self.latency_means
        time = covariate_columns.added_up(self.latency_effects, moved * -self.latency[:-1] * np.exp(self.log_rho))
        names = tuple(dict.fromkeys((*odds[0], *time[0])))
        sums = np.zeros((len(frame), len(names)))
        for known, parts in (odds, time):
            sums[:, [names.index(name) for name in known]] += parts
        return names, sums

    def _eta_and_mu(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        eta = covariate_columns.matrix(frame, self.effects) @ self.leaving[:-1] + self.leaving[-1]
        mu = covariate_columns.matrix(frame, self.latency_effects) @ self.latency[:-1] + self.latency[-1]
        return np.clip(eta, -500.0, 500.0), np.clip(mu, -600.0, 600.0)

    def _hazard(self, frame: pl.DataFrame, ages: Floats) -> Floats:
        eta, mu = (one[:, None] for one in self._eta_and_mu(frame))
        H = WEIBULL.hazard(np.minimum(np.exp(self.log_rho) * (log_age(ages) - mu), 700.0))[0]
        return -np.logaddexp(special.log_expit(-eta), special.log_expit(eta) - H)

    def _slopes(self, frame: pl.DataFrame, ages: Floats) -> Slopes:
        eta, mu = (one[:, None] for one in self._eta_and_mu(frame))
        k, ones = np.exp(self.log_rho), np.ones((len(frame), 1))
        z = np.minimum(k * (log_age(ages) - mu), 700.0)
        H = np.exp(z)
        a = special.expit(eta - H)
        pulled = a * H
        odds, time = (np.column_stack((covariate_columns.matrix(frame, known), ones)) for known in (self.effects, self.latency_effects))
        return [(odds, special.expit(eta) - a), (time, -k * pulled), (ones, z * pulled)]

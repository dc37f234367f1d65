"""Cox's proportional hazards: the effects on the risk that a contract ends, and each customer's probability of ending.

The hazard of a customer with covariates x at age t is h0(t) exp((x - mean)' beta), with h0 left free (Cox 1972), or one h0
per stratum. Beta maximises Efron's partial likelihood (`relkit.models.survival.partial_likelihood`), less a penalty if one
is set, by Newton's method on standardised columns (`cox_newton`); everything shown is on the scale of the columns given.
The cumulative baseline hazard is Breslow's (1974), for a customer at the mean of each covariate (`cox_baseline`). `proportional_hazards`
tests whether hazards are proportional.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import polars as pl

from relkit.cards import FittedCard
from relkit.contracts import Column, Contract, check
from relkit.errors import ParameterError
from relkit.metrics.intervals import survival_bounds
from relkit.metrics.risk_sets import distinct
from relkit.models.base import FitInfo, fingerprint
from relkit.models.covariate_declaration import check_names
from relkit.models.covariates import Covariate, by_covariate, column_names, each_column, remarks_on
from relkit.models.summaries import summary_of
from relkit.models.survival.cox_baseline import Baseline, baseline_of_all, breslow, concordance_within, goes_on, strata_baselines
from relkit.models.survival.cox_design import Design, Rows
from relkit.models.survival.cox_newton import Optimum, maximised
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.groups import as_text, coded, label_of
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.partial_likelihood import Sums, linear_predictor, sums
from relkit.models.survival.score_residuals import sandwich
from relkit.models.survival.settings import Bending, Weighted
from relkit.models.survival.spells import (
    Spells,
    as_floats,
    check_horizon,
    long_survival,
    score_contract,
    scores_of,
)
from relkit.remarks import Remark
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Floats
    from relkit.models.survival.partial_likelihood import Indexes

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, kw_only=True)
class Proportional(Bending):
    """Settings of a regression by partial likelihood.

    Attributes:
        ties: treatment of events at one age: efron or breslow.
    """

    ties: Ties = "efron"

    def __post_init__(self) -> None:
        """Check that there is a covariate, and the ties."""
        super().__post_init__()
        if not self.covariates:
            raise ParameterError("no covariate is given.", where="covariates", remedy="Name columns, or use survival.kaplan_meier.")
        check_choice(self.ties, "ties", get_args(Ties), kind="treatment of ties")


@dataclass(frozen=True, kw_only=True)
class CoxSettings(Weighted, Proportional):
    """Settings of Cox regressions, of one cause or of several; others are in `Proportional` and `Weighted`, with weights above 0.

    Attributes:
        strata: columns; each combination of their values has a baseline hazard of its own.
        robust: whether standard errors are Lin and Wei's, which do not assume that the model is true.
        cluster: column that groups rows that depend on each other; standard errors are robust to that.
        penalty: strength, per spell, of a penalty on the coefficients of standardised columns.
        l1_ratio: share of the penalty on absolute values, which sets coefficients to exactly 0; the rest is on squares.
    """

    may_weigh_nothing: ClassVar[bool] = False

    strata: tuple[str, ...] = ()
    robust: bool = False
    cluster: str | None = None
    penalty: float = 0.0
    l1_ratio: float = 0.0

    def __post_init__(self) -> None:
        """Check strata and penalty."""
        super().__post_init__()
        check_names(self.strata, super().taken, where="strata")
        check_scalar(self.penalty, "penalty", ge=0, where=self.name)
        check_scalar(self.l1_ratio, "l1_ratio", ge=0, le=1, where=self.name)

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are read as something other than a covariate or a weight."""
        return (*super().taken, *self.strata)

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns read as text."""
        return tuple(dict.fromkeys((*self.strata, *([self.cluster] if self.cluster else []))))

    @property
    def beside(self) -> tuple[Column, ...]:
        """Columns that `fit` reads besides spells and covariates."""
        return (*(Column(name=name, dtype=pl.String, required=True, nullable=False) for name in self.texts), *super().beside)

    def spells(self, features: pl.DataFrame) -> Spells:
        """Return the spells of a frame, or raise as `read_spells` does."""
        return super().spells(as_text(features, self.texts))


@dataclass(frozen=True, kw_only=True)
class Cox(CoxSettings, JudgedByEnds):
    """Settings of a Cox regression, those of `CoxSettings`.

    Examples:
        >>> from datetime import date
        >>> spells = pl.DataFrame(
        ...     {
        ...         "duration_days": [30.0, 60.0, 90.0, 120.0, 150.0, 180.0],
        ...         "event": [True, True, True, False, True, False],
        ...         "pays_by_direct_debit": [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
        ...     }
        ... )
        >>> fitted = Cox(covariates=("pays_by_direct_debit",)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary()["estimate"].round(4).to_list()
        [-1.2271]
    """

    name: ClassVar[str] = "survival.cox"
    label = Text("Cox", "Cox")
    purpose = Text(
        "Cox regression: the probability that a contract ends, and what makes ends come sooner.",
        "Régression de Cox : la probabilité qu’un contrat prenne fin, et ce qui avance les fins.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("hazard_ratios", "baseline", "calibration")
    check_settings = CHECKED_COVARIATES

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedCox:
        """Return the regression.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than columns, without a penalty.
            FitError: a column is constant; without a penalty, one is collinear with the others, or has no finite coefficient.
        """
        return FittedCox(**self._fitted(features, as_of))

    def _fitted(self, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
        """Return the fields of the fitted object."""
        spells = self.spells(features)
        frame, known, rows, labels = spells.frame, self.declaration.learnt(spells.frame, where=self.name), *self._rows(spells)
        design = Design.of(frame, rows, known, efron=self.ties == "efron", penalised=self.penalty > 0, where=self.name)
        best, null = maximised(design, rows, self.penalty, self.l1_ratio, where=self.name)
        coefficients = best.beta / design.scales
        eta = _predictor(frame, known, coefficients, design.means)
        pooled = breslow(design.order, best.found, rows, eta) if rows.stratum is None else baseline_of_all(rows, eta)
        strata, tails = strata_baselines(rows, eta, labels)
        return {
            "settings": self,
            "info": FitInfo(
                as_of=as_of,
                rows=len(frame),
                log_likelihood=best.found.log_likelihood,
                converged=True,
                fingerprint=fingerprint(frame),
                remarks=(*spells.remarks, *remarks_on(frame, known), *self._remarks(best, labels, tails), goes_on(pooled)),
            ),
            "coefficients": coefficients,
            "covariance": self._covariance(design, best, frame) / np.outer(design.scales, design.scales),
            "model_covariance": best.inverse / np.outer(design.scales, design.scales) if self.robust or self.cluster else None,
            "means": design.means,
            "scales": design.scales,
            "baseline": pooled.table,
            "tail_hazard": pooled.tail,
            "null_log_likelihood": null,
            "concordance": concordance_within(rows, eta),
            "known": known,
            "strata": strata,
            "strata_tails": tails,
        }

    def revisited(self, fitted: FittedCox, features: pl.DataFrame) -> tuple[Design, Rows, Sums]:
        """Return the design and the rows of a fit, and the sums at its maximum, for diagnostics that need the rows again."""
        spells = self.spells(features)
        rows, _ = self._rows(spells)
        efron = self.ties == "efron"
        design = Design.of(spells.frame, rows, fitted.covariates, efron=efron, penalised=self.penalty > 0, where=self.name)
        return design, rows, sums(design.order, linear_predictor(design.X, fitted.coefficients * design.scales))

    def _rows(self, spells: Spells) -> tuple[Rows, list[str]]:
        """Return the rows of the likelihood and the names of the strata."""
        labels = spells.frame.select(label_of(self.strata)).to_series() if self.strata else None
        code, names = (None, []) if labels is None else coded(labels)
        return Rows(
            duration=spells.duration, event=spells.event, entry=spells.late_entry, stratum=code, weight=self.weights(spells.frame)
        ), names

    def _covariance(self, design: Design, best: Optimum, frame: pl.DataFrame) -> Floats:
        """Return the covariance of the coefficients of standardised columns."""
        if not (self.robust or self.cluster):
            return best.inverse
        cluster = coded(frame[self.cluster])[0] if self.cluster else None
        return sandwich(design.order, design.X, best.found, best.inverse, cluster)

    def _remarks(self, best: Optimum, labels: list[str], tails: dict[str, float]) -> list[Remark]:
        """Return remarks on the consequences of the settings."""
        remarks = []
        if self.penalty:
            zeros = int((best.beta == 0).sum())
            nothing = f"{zeros} of {len(best.beta)} coefficients are exactly 0; " if self.l1_ratio else ""
            nothing_fr = f"{zeros} coefficients sur {len(best.beta)} valent exactement 0 ; " if self.l1_ratio else ""
            remarks.append(
                Remark(
                    "penalised",
                    f"The coefficients are shrunk by a penalty: {nothing}their standard errors leave out the bias that comes of it.",
                    f"Les effets sont atténués volontairement (pénalité) : {nothing_fr}leurs marges d’erreur ne comptent pas cet écart.",
                )
            )
        if without := [label for label in labels if label not in tails]:
            named = ", ".join(without[:5])
            remarks.append(
                Remark(
                    "strata_without_ends",
                    f"Nobody's spell ended in {named}; the baseline hazard of all strata together is used there.",
                    f"Aucun départ dans {named} : le rythme de départ de l’ensemble des groupes y est utilisé.",
                )
            )
        return remarks


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedCox(FittedCard):
    """A Cox regression.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        coefficients: shape (d,), log hazard ratio of one unit of each column.
        covariance: shape (d, d), of the coefficients; 0 for one that a penalty set to exactly 0.
        means: shape (d,), of the columns among the spells used.
        scales: shape (d,), their standard deviations.
        baseline: days, at_risk, ended, cumulative_hazard (of a customer at the means), at ages of entry, end or censoring;
            with strata, of all of them together, used for a stratum that was not in the fit.
        tail_hazard: baseline ends per day past the last age.
        null_log_likelihood: with all coefficients 0.
        concordance: Harrell's C on the rows that were fitted, within strata.
        known: the covariates as fitted.
        strata: stratum, then the columns of `baseline`; None without strata.
        strata_tails: by stratum, baseline ends per day past its last age.
        model_covariance: shape (d, d), the inverse information, if `covariance` is the robust one.
    """

    name: ClassVar[str] = "survival.cox"
    format: ClassVar[int] = 1

    settings: Cox
    info: FitInfo
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    baseline: pl.DataFrame
    tail_hazard: float
    null_log_likelihood: float
    concordance: float
    known: tuple[Covariate, ...] = ()
    strata: pl.DataFrame | None = None
    strata_tails: dict[str, float] = field(default_factory=dict)
    model_covariance: NDArray[np.float64] | None = None

    @property
    def naive_covariance(self) -> Floats:
        """Inverse information, whether or not the errors shown are robust."""
        return self.covariance if self.model_covariance is None else self.model_covariance

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The covariates; an older saved model has numbers only."""
        return self.known or tuple(Covariate(name=name) for name in self.settings.covariates)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns."""
        return column_names(self.covariates)

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(self.name, self._columns)

    @property
    def _columns(self) -> tuple[Column, ...]:
        meaning = "A value that was not in the fit has the baseline hazard of all."
        strata = (Column(name=name, dtype=pl.String, required=True, meaning=meaning) for name in self.settings.strata)
        return (*(known.declared for known in self.covariates), *strata)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate (log hazard ratio of one unit), std_error, lower, upper; no error for one that is exactly 0."""
        errors = np.where(self.coefficients != 0, np.sqrt(np.diag(self.covariance)), np.nan)
        return summary_of(self.terms, self.coefficients, errors, self.settings.level)

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return 0.0, float(self.baseline["days"][-1])

    def hazard_ratio(self, features: pl.DataFrame) -> Floats:
        """Return each row's hazard over that of a customer at the means (of its own stratum), shape (n,)."""
        columns = tuple(known.declared for known in self.covariates)
        return self._ratio(check(features, Contract(name=self.name, key=(), columns=columns)))

    def _ratio(self, frame: pl.DataFrame) -> Floats:
        ratio: Floats = np.exp(_predictor(frame, self.covariates, self.coefficients, self.means))
        return ratio

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to each row's log hazard relative to the mean customer, shape (n, covariates).

        Positive means sooner. All terms of a covariate, such as the levels of a category, are added up.
        """
        columns = tuple(known.declared for known in self.covariates)
        frame = check(features, Contract(name=self.name, key=(), columns=columns))
        parts = by_covariate(self.covariates)
        added = np.zeros((len(frame), len(parts)))
        owner = [place for place, (_, part) in enumerate(parts) for _ in range(part.start, part.stop)]
        for j, column in enumerate(each_column(frame, self.covariates)):
            added[:, owner[j]] += (column - self.means[j]) * self.coefficients[j]
        return tuple(name for name, _ in parts), added

    def baseline_of(self, stratum: str | None = None) -> Baseline:
        """Return the baseline of a stratum; of all together if it is None or was not in the fit.

        Args:
            stratum: its value; of several columns, their values with " | " in between.
        """
        if self.strata is None or stratum is None or stratum not in self.strata_tails:
            return Baseline(self.baseline, self.tail_hazard)
        return Baseline(self.strata.filter(stratum=stratum).drop("stratum"), self.strata_tails[stratum])

    def cumulative_baseline(self, ages: Floats, stratum: str | None = None) -> Floats:
        """Return the cumulative hazard of a customer at the means, extended past the last age at its last hazard.

        Args:
            ages: shape (m,), days.
            stratum: as `baseline_of` takes it.
        """
        return self.baseline_of(stratum).cumulative(ages)

    def _each_stratum(self, frame: pl.DataFrame) -> Iterator[tuple[Baseline, Indexes]]:
        """Yield each baseline and its rows."""
        if self.strata is None:
            yield self.baseline_of(), np.arange(len(frame))
            return
        code, names = coded(frame.select(label_of(self.settings.strata)).to_series().fill_null(""))
        for place, name in enumerate(names):
            yield self.baseline_of(name), np.flatnonzero(code == place)

    def survival(self, features: pl.DataFrame, days: list[float] | Floats) -> pl.DataFrame:
        """Return customer_id, days, survival: each customer's probability of outliving each age, from the start.

        Past the last observed age the baseline hazard of the last observed stretch continues.
        """
        frame, asked_days = self._read(features), np.asarray(days, dtype=np.float64)
        hazard, ratio = np.empty((len(frame), len(asked_days))), self._ratio(frame)
        for baseline, rows in self._each_stratum(frame):
            hazard[rows] = np.outer(ratio[rows], baseline.cumulative(asked_days))
        return long_survival(frame, asked_days, np.exp(-hazard))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        Past the last observed age the baseline hazard of the last observed stretch continues.
        """
        hazard, _ = self._hazard_ahead(self._read(features), as_floats(days))
        return np.exp(-hazard)

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m).

        They are symmetric in the logarithm of the hazard ahead. Its variance is that of Breslow's baseline over the ages
        in between and that of the coefficients, at the covariates less their mean (Andersen et al. 1993, VII.2.2, with the
        mean among those at risk taken to be that of all).
        """
        hazard, error = self.hazard_ahead(features, days)
        return survival_bounds(hazard, error, level)

    def hazard_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> tuple[Floats, Floats]:
        """Return the hazard cumulated over each number of days ahead, and the standard error of its logarithm, each of shape (n, m)."""
        frame = self._read(features)
        hazard, relative = self._hazard_ahead(frame, as_floats(days))
        columns = each_column(frame, self.covariates)
        centred = np.column_stack([column - mean for column, mean in zip(columns, self.means, strict=True)])
        along = np.einsum("ij,jk,ik->i", centred, self.covariance, centred)
        return hazard, np.sqrt(relative + np.maximum(along, 0.0)[:, None])

    def _hazard_ahead(self, frame: pl.DataFrame, days: Floats) -> tuple[Floats, Floats]:
        """Return the hazard cumulated over each number of days ahead, and the baseline's relative variance, shape (n, m)."""
        duration = frame["duration_days"].to_numpy()
        hazard, relative = np.empty((len(frame), len(days))), np.empty((len(frame), len(days)))
        for baseline, rows in self._each_stratum(frame):
            levels, code = distinct(duration[rows])
            ahead, variance = baseline.ahead(levels, days)
            share = np.divide(variance, ahead**2, out=np.zeros_like(variance), where=ahead > 0)
            hazard[rows], relative[rows] = ahead[code], share[code]
        return hazard * self._ratio(frame)[:, None], relative

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d given the duration so far, and hazard_ratio.

        The ratio is to a customer at the mean of each covariate. Past the last observed age the baseline hazard of the
        last observed stretch continues. Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame = self._read(features)
        hazard, _ = self._hazard_ahead(frame, np.array([float(horizon)]))
        return scores_of(frame, {f"churn_probability_{horizon}d": -np.expm1(-hazard[:, 0]), "hazard_ratio": self._ratio(frame)})

    def _read(self, features: pl.DataFrame) -> pl.DataFrame:
        return check(as_text(features, self.settings.strata), self.needs)


def _predictor(frame: pl.DataFrame, known: tuple[Covariate, ...], coefficients: Floats, means: Floats) -> Floats:
    """Return (x - mean)' beta, kept so that exp neither overflows nor vanishes."""
    eta = np.zeros(len(frame))
    for column, coefficient, mean in zip(each_column(frame, known), coefficients, means, strict=True):
        if coefficient:
            eta += (column - mean) * coefficient
    return np.clip(eta, -700.0, 700.0)

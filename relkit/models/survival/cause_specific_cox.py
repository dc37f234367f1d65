"""Cause-specific Cox regressions, and the probability of ending by each cause that they imply together.

Each cause has a regression of its own (`relkit.models.survival.cox`) in which ends by other causes count as censored: the
likelihood of competing risks factorises by cause (Prentice et al. 1978). A coefficient is the effect of a covariate on the
rate of ends by that cause among those still running; its effect on the share that ever ends by it depends on the other causes
too, and is read from `incidence_ahead` (`relkit.models.survival.cause_hazards`). A covariate that makes customers die sooner
makes fewer of them cancel.

Causes with fewer than 20 events are pooled (`relkit.models.survival.causes`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.cards import FittedCard
from relkit.contracts import Contract, check
from relkit.errors import FitError
from relkit.metrics.intervals import survival_bounds
from relkit.models.base import FitInfo, fingerprint
from relkit.models.survival.cause_hazards import CauseHazards
from relkit.models.survival.causes import causes_of, enough_causes, incidence_bounds, place_of, score_columns
from relkit.models.survival.cox import Cox, CoxSettings, FittedCox
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.groups import as_text, coded, label_of
from relkit.models.survival.judging_causes import JudgedByCauses
from relkit.models.survival.settings import ByReason
from relkit.models.survival.spells import as_floats, check_horizon, score_contract, scores_of
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from relkit.metrics.risk_sets import Flags, Indexes
    from relkit.remarks import Remark

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CauseSpecificCox(ByReason, CoxSettings, JudgedByCauses):
    """Settings of Cox regressions by cause: those of `CoxSettings`, the same for each cause, and the column of the cause.

    Examples:
        >>> from datetime import date
        >>> days, debit = np.arange(1.0, 101.0), np.arange(100) % 2
        >>> spells = pl.DataFrame({"duration_days": days, "event": [True] * 80 + [False] * 20, "debit": debit})
        >>> why = pl.when("event").then(pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.lit("voluntary")).otherwise(pl.lit("move")))
        >>> fitted = CauseSpecificCox(covariates=("debit",)).fit(spells.with_columns(end_reason=why), as_of=date(2025, 6, 30))
        >>> fitted.summary()["term"].to_list()
        ['voluntary: debit', 'move: debit']
    """

    name: ClassVar[str] = "survival.cause_specific_cox"
    label = Text("Cox by reason", "Cox par motif")
    purpose = Text(
        "Cox regressions by cause: the probability that a contract ends, for each reason.",
        "Régressions de Cox par cause : la probabilité qu’un contrat prenne fin, pour chaque motif.",
    )
    role, reads = CONTRACTS, SPELLS
    figures = ("hazard_ratios_by_cause", "calibration")
    check_settings = CHECKED_COVARIATES

    @property
    def of_one_cause(self) -> Cox:
        """The settings of the regression of each cause."""
        return Cox(**{each.name: getattr(self, each.name) for each in fields(Cox)})

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedCauseSpecificCox:
        """Return the regressions.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: one cause only, or fewer events of a cause than columns, without a penalty.
            FitError: as for `Cox`, of the cause that is named.
        """
        spells = self.spells(features)
        causes, cause, merged = causes_of(spells.frame[self.reason], spells.event)
        enough_causes(causes, self.reason, instead="survival.cox")
        parts = [self._of_cause(name, spells.frame, cause == place, as_of) for place, name in enumerate(causes)]
        shared = dict.fromkeys(remark for part in parts for remark in part.info.remarks[:-1])
        tails = (_with_cause(name, part.info.remarks[-1]) for name, part in zip(causes, parts, strict=True))
        return FittedCauseSpecificCox(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(spells.frame),
                log_likelihood=sum(part.info.log_likelihood or 0.0 for part in parts),
                converged=True,
                fingerprint=fingerprint(spells.frame),
                remarks=(*spells.remarks, *merged, *shared, *tails),
            ),
            causes=causes,
            by_cause=tuple(parts),
            ends=np.bincount(cause[cause >= 0], minlength=len(causes)).astype(np.float64),
        )

    def _of_cause(self, name: str, frame: pl.DataFrame, ended: Flags, as_of: date) -> FittedCox:
        """Return the regression of a cause; its errors name the cause."""
        try:
            return self.of_one_cause.fit(frame.with_columns(event=pl.Series(ended)), as_of=as_of)
        except FitError as error:
            raise type(error)(f"of ends by {name}: {error.what}", where=self.name, remedy=error.remedy) from error


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedCauseSpecificCox(FittedCard):
    """Cox regressions by cause.

    Attributes:
        settings: as fitted.
        info: facts of the fit; the log-likelihood is the sum of the causes'.
        causes: K names, the most frequent first.
        by_cause: the regression of each.
        ends: shape (K,), spells that ended by each.
    """

    name: ClassVar[str] = "survival.cause_specific_cox"
    format: ClassVar[int] = 1

    settings: CauseSpecificCox
    info: FitInfo
    causes: tuple[str, ...]
    by_cause: tuple[FittedCox, ...]
    ends: Floats

    def of(self, cause: str) -> FittedCox:
        """Return the regression of a cause.

        Raises:
            ParameterError: a cause that was not in the fit.
        """
        return self.by_cause[place_of(cause, self.causes, self.name)]

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""
        return score_contract(
            self.name, tuple(c for c in self.by_cause[0].needs.columns if c.name not in ("customer_id", "duration_days", "event"))
        )

    @property
    def domain(self) -> tuple[float, float]:
        """First and last age covered by the data, in days."""
        return self.by_cause[0].domain

    @property
    def coordinates(self) -> Floats:
        """Coefficients, cause by cause."""
        return np.concatenate([part.coefficients for part in self.by_cause])

    @property
    def covariance(self) -> Floats:
        """Covariance of the coordinates, block-diagonal by cause."""
        d = len(self.by_cause[0].coefficients)
        found = np.zeros((len(self.causes) * d, len(self.causes) * d))
        for k, part in enumerate(self.by_cause):
            found[k * d : (k + 1) * d, k * d : (k + 1) * d] = part.covariance
        return found

    def moved(self, coordinates: Floats) -> Self:
        """Return the same model at other coordinates; the baselines stay."""
        beta = coordinates.reshape(len(self.causes), -1)
        return replace(self, by_cause=tuple(replace(part, coefficients=b) for part, b in zip(self.by_cause, beta, strict=True)))

    def summary(self) -> pl.DataFrame:
        """Return term ("cause: column"), estimate (log hazard ratio of one unit), std_error, lower, upper."""
        summaries = [
            part.summary().with_columns(term=pl.lit(f"{name}: ") + pl.col("term"))
            for name, part in zip(self.causes, self.by_cause, strict=True)
        ]
        return pl.concat(summaries)

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        Past the last observed age the baseline hazards of the last observed stretch continue.
        """
        frame = self._read(features)
        found = self.by_cause[0].survival_ahead(frame, days)
        for part in self.by_cause[1:]:
            found *= part.survival_ahead(frame, days)
        return found

    def survival_ahead_bounds(self, features: pl.DataFrame, days: list[float] | Floats, *, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `survival_ahead`, each of shape (n, m), as for `FittedCox`, the causes independent."""
        frame = self._read(features)
        parts = [part.hazard_ahead(frame, days) for part in self.by_cause]
        hazard = sum((hazard for hazard, _ in parts), np.zeros(()))
        square = sum(((hazard * error) ** 2 for hazard, error in parts), np.zeros(()))
        error = np.divide(np.sqrt(square), hazard, out=np.zeros_like(square), where=hazard > 0)
        return survival_bounds(hazard, error, level)

    def incidence_ahead(self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str) -> Floats:
        """Return the probability that each running spell ends by a cause within each number of days, shape (n, m).

        Over the causes it adds up to 1 - `survival_ahead`.

        Raises:
            ParameterError: a cause that was not in the fit.
        """
        place = place_of(cause, self.causes, self.name)
        found: Floats = self._incidence(self._read(features), as_floats(days))[place]
        return found

    def incidence_ahead_bounds(
        self, features: pl.DataFrame, days: list[float] | Floats, *, cause: str, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        """Return the lower and upper bound of `incidence_ahead`, each of shape (n, m).

        By the delta method, the causes independent, and each with a constant share of the hazard ahead: with hazards H_l, H
        their sum, p_l = H_l / H and g = H / (e^H - 1), log F_k moves by 1 - p_k (1 - g) with log H_k, and by -p_l (1 - g) with log H_l.
        """
        place, frame = place_of(cause, self.causes, self.name), self._read(features)
        parts = [part.hazard_ahead(frame, days) for part in self.by_cause]
        whole = sum((hazard for hazard, _ in parts), np.zeros(()))
        left = 1 - np.divide(whole, np.expm1(np.minimum(whole, 700.0)), out=np.ones_like(whole), where=whole > 0)
        square = np.zeros_like(whole)
        for k, (hazard, error) in enumerate(parts):
            share = np.divide(hazard, whole, out=np.zeros_like(whole), where=whole > 0)
            square += (((k == place) - share * left) * error) ** 2
        return incidence_bounds(self._incidence(frame, as_floats(days))[place], np.sqrt(square), level)

    def contributions(self, features: pl.DataFrame, *, cause: str | None = None) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and what each adds to each row's log hazard relative to the mean customer, shape (n, covariates).

        Positive means sooner: by `cause`, or by any, each cause weighted by its share of the ends.
        """
        if cause is not None:
            return self.of(cause).contributions(features)
        found = [part.contributions(features) for part in self.by_cause]
        shares = self.ends / self.ends.sum()
        return found[0][0], np.einsum("k,knc->nc", shares, np.stack([parts for _, parts in found]))

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, churn_probability_{h}d of any cause given the duration so far, then churn_probability_{h}d_{cause} of each.

        Spells that have ended get null.
        """
        horizon = check_horizon(horizon_days)
        frame, days = self._read(features), np.array([float(horizon)])
        parts = self._incidence(frame, days)[:, :, 0]
        whole = 1.0 - self.survival_ahead(frame, days)[:, 0]
        return scores_of(frame, score_columns(horizon, whole, dict(zip(self.causes, parts, strict=True))))

    def _read(self, features: pl.DataFrame) -> pl.DataFrame:
        return check(as_text(features, self.settings.strata), self.needs)

    def _incidence(self, frame: pl.DataFrame, days: Floats) -> Floats:
        """Return the probability of an end by each cause within each number of days, shape (K, n, m)."""
        found: Floats = np.empty((len(self.causes), len(frame), len(days)))
        age, ratio = frame["duration_days"].to_numpy(), np.stack([part.hazard_ratio(frame) for part in self.by_cause])
        for hazards, rows in self._each_stratum(frame):
            found[:, rows] = hazards.incidence(age[rows], ratio[:, rows], days)
        return found

    def _each_stratum(self, frame: pl.DataFrame) -> Iterator[tuple[CauseHazards, Indexes]]:
        """Yield the hazards of each stratum and its rows."""
        if not self.settings.strata:
            yield CauseHazards.of([part.baseline_of() for part in self.by_cause]), np.arange(len(frame))
            return
        code, names = coded(frame.select(label_of(self.settings.strata)).to_series().fill_null(""))
        for place, name in enumerate(names):
            yield CauseHazards.of([part.baseline_of(name) for part in self.by_cause]), np.flatnonzero(code == place)


def _with_cause(cause: str, remark: Remark) -> Remark:
    """Return a remark on the regression of one cause, with its name."""
    return replace(remark, en=f"{cause}: {remark.en}", fr=f"{cause} : {remark.fr}")

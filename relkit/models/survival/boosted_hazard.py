"""Discrete-time hazard by gradient boosting: trees on person-periods, so that effects may be nonlinear, interact and change with age.

The data are those of survival.discrete_hazard: a row of covariates and a level of periods, with the numbers of trials that
ended and that did not as weights. The period is one more column. scikit-learn's histogram gradient boosting minimises their log loss,
which is minus the likelihood of the hazards, by a fixed number of trees: no rows are held back to stop early. The fitted
trees are kept as plain arrays (`relkit.models.boosted_trees`).

Categories are columns of 0 and 1, without an order; if numbers may be empty, an indicator of that is a column too. Trees are
nonlinear by themselves: there are no splines. With more rows than `most_rows`, those without an event are sampled at random, by
the seed, and weighted up. There are no standard errors: judge the model on held-out time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from relkit.contracts import check
from relkit.models import covariates as covariate_columns
from relkit.models.base import FitInfo, fingerprint
from relkit.models.boosted_trees import Trees
from relkit.models.covariates import Covariate  # noqa: TC001 storage reads the types of the fields
from relkit.models.few_threads import few_threads
from relkit.models.survival.by_period import ByPeriod
from relkit.models.survival.discrete_hazard import tail_remark
from relkit.models.survival.family import CHECKED_COVARIATES, CONTRACTS, SPELLS
from relkit.models.survival.judging import JudgedByEnds
from relkit.models.survival.period_design import Design
from relkit.models.survival.person_periods import Lives, numbered
from relkit.models.survival.settings import Explained, Periodic, Weighted
from relkit.models.survival.spells import (
    as_floats,
    check_horizon,
    scores_of,
)
from relkit.remarks import Remark, french
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from relkit.models.survival.period_path import Rate
    from relkit.models.survival.person_periods import Cells

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class BoostedHazard(Weighted, Periodic, Explained, JudgedByEnds):
    """Settings of a boosted hazard; those it shares are in `relkit.models.survival.settings`.

    Attributes:
        covariates: columns that move the hazard: numbers, truth values, or categories as text.
        trees: number of trees.
        learning_rate: share of each tree that is added.
        leaves: maximum number of leaves of a tree.
        l2: penalty on the values of leaves, by the trials in them, however rows were aggregated.
        most_rows: maximum number of person-periods to learn from.
        seed: of the sampling.
        level: of the intervals of observed rates in plots.
    """

    name: ClassVar[str] = "survival.boosted_hazard"
    label = Text("discrete time, boosting", "temps discret, boosting")
    purpose = Text(
        "Gradient boosting on months of contracts: the probability that a contract ends.",
        "Boosting de gradient sur les mois de contrat : la probabilité qu’un contrat prenne fin.",
    )
    role, reads = CONTRACTS, SPELLS
    competes = True
    figures = ("boosted_hazard", "importance", "calibration")
    check_settings: ClassVar[Mapping[str, Any]] = {**CHECKED_COVARIATES, "trees": 10}

    trees: int = 150
    learning_rate: float = 0.05
    leaves: int = 8
    l2: float = 10.0
    most_rows: int = 500_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings of the trees."""
        super().__post_init__()
        for name, low in {"trees": 1, "leaves": 2, "most_rows": 1000, "seed": 0, "l2": 0}.items():
            check_scalar(getattr(self, name), name, ge=low, where=self.name)
        check_scalar(self.learning_rate, "learning_rate", gt=0, le=1, where=self.name)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedBoostedHazard:
        """Return the fitted model.

        Raises:
            TableError: a column is missing, null or invalid.
            NotEnoughEventsError: fewer events than columns of covariates, or all in the first period.
            FitError: a covariate is constant, or collinear with the others.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        spells = self.spells(features)
        cause = np.where(spells.event, 0, -1)
        lives = Lives.of(spells.duration, cause, spells.entry, period_days=self.period_days, weight=self.weights(spells.frame))
        design = Design.of(spells.frame, lives, self.declaration, where=self.name)
        X, y, w, thinned = learning_rows(design.cells, design.columns, most=self.most_rows, seed=self.seed)
        learner = HistGradientBoostingClassifier(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=1,  # rows stand for many trials, or few: the penalty counts those
            l2_regularization=self.l2,
            early_stopping=False,
            random_state=self.seed,
        )
        with few_threads(len(X)):
            trees = Trees.of(learner.fit(X, y, sample_weight=w), X, w)
        hazard = special.expit(trees.raw(X))
        firsts = design.cells.firsts
        level = np.searchsorted(firsts, X[:, -1] - 1, side="right") - 1
        trials = np.maximum(np.bincount(level, w, len(firsts)), 1e-300)
        stayed, ended = design.cells.totals()
        return FittedBoostedHazard(
            settings=self,
            info=FitInfo(
                as_of=as_of,
                rows=len(spells.duration),
                log_likelihood=None,
                converged=True,
                seed=self.seed,
                fingerprint=fingerprint(spells.frame),
                remarks=(*spells.remarks, *covariate_columns.remarks_on(spells.frame, design.known), *thinned, tail_remark(design.cells)),
            ),
            trees=trees,
            firsts=firsts,
            effects=design.known,
            stayed=stayed,
            ended=ended[0],
            hazard_by_level=np.bincount(level, w * hazard, len(firsts)) / trials,
            last_days=float(spells.duration.max()),
        )


def learning_rows(cells: Cells, columns: Floats, *, most: int, seed: int) -> tuple[Floats, Counts, Floats, tuple[Remark, ...]]:
    """Return person-periods for a learner: columns with the period last, outcomes, weights, a remark if they were sampled.

    Args:
        cells: trials and events, of one cause.
        columns: of the rows of the cells, shape (r, d).
        most: approximate number of rows returned; all events are kept unless they are more than half of it.
        seed: of the sampling.
    """
    counts = np.sum([[(level.stayed > 0).sum(), (level.ends[0] > 0).sum()] for level in cells.levels()], axis=0)
    stayed, ended = (int(count) for count in counts)
    keep_ended = min(1.0, most / (2 * max(ended, 1)))
    keep_stayed = min(1.0, max(most - ended * keep_ended, most / 2) / max(stayed, 1))
    rng = np.random.default_rng(seed)
    parts = []
    for number, stay, ends in cells.levels():
        for outcome, (weight, keep) in enumerate(((stay, keep_stayed), (ends[0], keep_ended))):
            rows = np.flatnonzero(weight > 0)
            rows = rows[rng.random(len(rows)) < keep] if keep < 1 else rows
            period = np.full(len(rows), cells.firsts[number] + 1.0)
            parts.append((np.column_stack([columns[rows], period]), np.full(len(rows), outcome), weight[rows] / keep))
    X, y, w = (np.concatenate(part) for part in zip(*parts, strict=True))
    kept = Remark(
        "sampled_periods",
        f"Of {stayed + ended:,} person-periods {len(X):,} were drawn to learn from, and weigh more instead.",
        f"Le modèle a appris d’un tirage de {french(len(X))} périodes de clients sur {french(stayed + ended)}, pondérées en conséquence.",
    )
    return X, y, w, (kept,) if len(X) < stayed + ended else ()


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedBoostedHazard(ByPeriod):
    """A fitted boosted hazard.

    Attributes:
        settings: as fitted.
        info: facts of the fit.
        trees: on the columns of the covariates, then the period (1 for the first, of a level its first).
        firsts: first period of each level, from 0, shape (L,).
        effects: the covariates as fitted.
        stayed: trials without an event by level, shape (L,).
        ended: events by level, shape (L,).
        hazard_by_level: mean of the model over the trials of each level, shape (L,).
        last_days: largest observed age.
    """

    name: ClassVar[str] = "survival.boosted_hazard"
    format: ClassVar[int] = 1

    settings: BoostedHazard
    info: FitInfo
    trees: Trees
    firsts: Counts
    effects: tuple[Covariate, ...]
    stayed: Floats
    ended: Floats
    hazard_by_level: Floats
    last_days: float

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: the shares of the covariates and of the period in the loss that trees save.

        There are no standard errors.
        """
        columns = len(covariate_columns.column_names(self.effects))
        shares = self.trees.importance(columns + 1)
        names, added = covariate_columns.added_up(self.effects, shares[None, :-1])
        found = pl.DataFrame({"term": [*names, "period"], "estimate": np.append(added[0], shares[-1])})
        return found.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("std_error", "lower", "upper"))

    def survival_ahead(self, features: pl.DataFrame, days: list[float] | Floats) -> Floats:
        """Return the probability that each running spell still runs after each number of days, shape (n, m).

        Within a period log S falls on a straight line. Past the last level's first period its hazard continues.
        """
        frame = check(features, self.needs)
        age = frame["duration_days"].to_numpy()
        return np.exp(-self.path.hazard(age, age[:, None] + as_floats(days), self._rate(frame)))

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates, and the part of each in the log-odds of ending in the current period, shape (n, covariates).

        They are the Shapley values of `Trees.parts`, relative to the mean person-period of the fit in the same period.
        """
        level = self.path.level_of(check(features, self.needs)["duration_days"].to_numpy())
        X = np.column_stack([covariate_columns.matrix(features, self.effects), self.firsts[level] + 1.0])
        return covariate_columns.added_up(self.effects, self.trees.parts(X, given=(X.shape[1] - 1,))[:, :-1])

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and churn_probability_{h}d given the duration so far; spells that have ended get null."""
        horizon = check_horizon(horizon_days)
        frame = check(features, self.needs)
        churn = 1 - self.survival_ahead(frame, [float(horizon)])[:, 0]
        return scores_of(frame, {f"churn_probability_{horizon}d": churn})

    def _rate(self, frame: pl.DataFrame) -> Rate:
        """Return the hazard of each row in a period of a level, -log(1 - h); equal rows are scored once."""
        distinct, pattern = numbered(frame, [covariate.name for covariate in self.effects])
        columns = covariate_columns.matrix(distinct, self.effects)
        known: dict[int, Floats] = {}

        def of(columns: Floats, level: int) -> Floats:
            X = np.column_stack([columns, np.full(len(columns), self.firsts[level] + 1.0)])
            return np.logaddexp(0.0, self.trees.raw(X, in_all=len(frame) * len(self.firsts)))

        def rate(rows: NDArray[np.intp], level: int) -> Floats:
            if pattern is None:
                return of(columns[rows], level)
            if level not in known:
                known[level] = of(columns, level)
            return known[level][pattern[rows]]

        return rate

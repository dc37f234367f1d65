"""Comparison of contacted with other units that were not drawn: an estimate that is only as good as the covariates recorded.

The estimator is doubly robust (Robins, Rotnitzky and Zhao 1994): outcomes predicted from the covariates, corrected by the residuals
weighted with the inverse of the estimated probability of being contacted. Both regressions are plain and cross-fitted: each unit is
predicted from the other folds (Chernozhukov et al. 2018). Probabilities are clipped, and units that no other resembles are counted.

No draw stands behind it: units that were not contacted are called others, and each result has a remark that states this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.measurement.cross_fitting import CovariateRows, chances, fitted_chances, fitted_line, folds_of, on_line
from relkit.measurement.designs import summed_by
from relkit.measurement.sensitivity import Robustness, robustness
from relkit.measurement.t_intervals import bounds, p_value
from relkit.remarks import Remark, french
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.differences import Target
    from relkit.metrics.risk_sets import Flags, Floats, Indexes

CLIP = 0.02
"""Estimated probabilities are brought to between this and one minus this."""
POOR_OVERLAP = 0.05
"""Share of units with clipped probabilities above which a remark warns."""
UNBALANCED = 0.1
"""Standardised difference above which groups differ (Austin 2009)."""


@dataclass(frozen=True)
class Overlap:
    """Resemblance of contacted and other units.

    Attributes:
        lowest: lowest estimated probability of being contacted, before clipping.
        highest: highest one.
        clipped_share: share of units whose probability was clipped.
        largest_weight: largest weight of a unit, as a share of the weights of its group.
        effective_others: number of equally weighted others that are as precise.
    """

    lowest: float
    highest: float
    clipped_share: float
    largest_weight: float
    effective_others: float


@dataclass(frozen=True, eq=False)
class AdjustedComparison:
    """An adjusted difference between contacted units and others.

    Attributes:
        measure: column measured.
        estimate: adjusted difference per unit.
        se: standard error, from the influence values, by cluster if there are clusters.
        low: lower bound.
        high: upper bound.
        p_value: of no difference.
        unadjusted: difference of the means.
        n_contacted: contacted units.
        n_others: other units.
        target: "treated" for the contacted units, "drawn" for all.
        overlap: resemblance of the groups.
        balance: covariate, before, after: standardised differences of the means before and after weighting.
        robustness: strength of a hidden confounder that would explain the estimate away.
        remarks: on how the figures are to be read; the first one always states that no draw stands behind them.
        level: of the interval.
    """

    measure: str
    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    unadjusted: float
    n_contacted: int
    n_others: int
    target: Target
    overlap: Overlap
    balance: pl.DataFrame
    robustness: Robustness
    remarks: tuple[Remark, ...]
    level: float


def adjusted_comparison(
    units: pl.DataFrame,
    measure: str,
    covariates: Sequence[str],
    *,
    contacted: str = "is_contacted",
    cluster: str | None = None,
    target: Target = "treated",
    folds: int = 5,
    seed: int = 0,
    clip: float = CLIP,
    level: float = LEVEL,
) -> AdjustedComparison:
    """Return the adjusted difference between contacted units and others.

    Args:
        units: one row per unit that could have been contacted.
        measure: column measured, without nulls.
        covariates: columns known before the contact: numbers, words, yes and no; missing values are allowed.
        contacted: column that is true if the unit was contacted.
        cluster: column with the household or customer; None if each unit is its own.
        target: "treated" for the effect on the contacted units, "drawn" for that on all.
        folds: number of parts, each predicted from the others; 1 predicts units from themselves.
        seed: of the assignment to folds.
        clip: estimated probabilities are at least this far from 0 and 1.
        level: of the interval.

    Raises:
        TableError: a column is missing, a group has fewer units than folds, a measure is missing or not finite.
        ParameterError: no covariates, or a setting out of range.

    Examples:
        >>> rng = np.random.default_rng(2)
        >>> x = rng.normal(size=2000)
        >>> chosen = rng.random(2000) < 1 / (1 + np.exp(-x))
        >>> units = pl.DataFrame({"is_contacted": chosen, "x": x, "margin": 3 * x + 2 * chosen + rng.normal(size=2000)})
        >>> found = adjusted_comparison(units, "margin", ("x",))
        >>> round(found.unadjusted, 1), round(found.estimate, 1), found.remarks[0].code
        (4.4, 2.0, 'not_drawn')
    """
    _refuse_settings(covariates, folds, clip)
    chosen, outcome = _columns(units, measure, contacted, folds)
    table = CovariateRows.of(units, covariates)
    groups = np.arange(len(units)) if cluster is None else _numbered(units, cluster)
    raw, with_contact, without = _predicted(table.rows, chosen, outcome, folds_of(groups, folds, np.random.default_rng(seed)), folds)
    chance = np.clip(raw, clip, 1 - clip)
    estimate, influence = _doubly_robust(outcome, chosen, chance, with_contact, without, target)
    se = _error(influence, groups)
    low, high = bounds(estimate, se, level)
    weights = _weights(chosen, chance, target)
    overlap = _overlap(raw, chance, weights, chosen)
    balance = _balance(table, chosen, weights)
    strength = robustness(estimate / se if se else 0.0, outcome, chosen, table.names, table.rows, level=level)
    unadjusted = float(outcome[chosen].mean() - outcome[~chosen].mean())
    return AdjustedComparison(
        measure, estimate, se, low, high, p_value(estimate / se) if se else math.nan, unadjusted, int(chosen.sum()), int((~chosen).sum()),
        target, overlap, balance, strength, _remarks(strength, overlap, balance), level,
    )  # fmt: skip


def _predicted(rows: Floats, chosen: Flags, outcome: Floats, fold: Indexes, folds: int) -> tuple[Floats, Floats, Floats]:
    """Return the probability of contact and the outcomes with and without it, shape (n,) each, from the other folds."""
    found = np.empty((3, len(outcome)))
    for part in range(folds):
        out = fold == part
        learnt = ~out if folds > 1 else out
        found[0, out] = chances(rows[out], fitted_chances(rows[learnt], chosen[learnt]))
        for place, group in ((1, learnt & chosen), (2, learnt & ~chosen)):
            found[place, out] = on_line(rows[out], fitted_line(rows[group], outcome[group]))
    return found[0], found[1], found[2]


def _doubly_robust(
    outcome: Floats, chosen: Flags, chance: Floats, with_contact: Floats, without: Floats, target: Target
) -> tuple[float, Floats]:
    """Return the estimate and the influence of each unit on it, shape (n,): an estimate is off by their sum."""
    n = len(outcome)
    if target == "drawn":
        corrected = np.where(chosen, (outcome - with_contact) / chance, -(outcome - without) / (1 - chance))
        scores = with_contact - without + corrected
        return float(scores.mean()), (scores - scores.mean()) / n
    scores = np.where(chosen, 1.0, -chance / (1 - chance)) * (outcome - without)
    estimate = float(scores.sum() / chosen.sum())
    return estimate, (scores - chosen * estimate) / chosen.sum()


def _error(influence: Floats, groups: Indexes) -> float:
    summed = summed_by(influence[:, None], groups)[:, 0]
    count = len(summed)
    return math.sqrt(float(summed @ summed) * count / (count - 1))


def _weights(chosen: Flags, chance: Floats, target: Target) -> Floats:
    """Return the weight of each unit in its group, summing to one within each, shape (n,)."""
    raw = np.where(chosen, 1.0, chance / (1 - chance)) if target == "treated" else np.where(chosen, 1 / chance, 1 / (1 - chance))
    return np.asarray(raw / np.where(chosen, raw[chosen].sum(), raw[~chosen].sum()))


def _overlap(raw: Floats, chance: Floats, weights: Floats, chosen: Flags) -> Overlap:
    others = weights[~chosen]
    return Overlap(
        float(raw.min()), float(raw.max()), float((raw != chance).mean()), float(weights.max()), float(1 / (others**2).sum())
    )  # fmt: skip


def _balance(table: CovariateRows, chosen: Flags, weights: Floats) -> pl.DataFrame:
    """Return the means of both groups and their standardised differences before and after weighting."""
    groups = [table.rows[chosen], table.rows[~chosen]]
    sd = np.sqrt((groups[0].var(axis=0, ddof=1) + groups[1].var(axis=0, ddof=1)) / 2)
    safe = np.where(sd > 0, sd, 1.0)
    before = groups[0].mean(axis=0) - groups[1].mean(axis=0)
    after = weights[chosen] @ groups[0] - weights[~chosen] @ groups[1]
    return pl.DataFrame(
        {"covariate": table.names, "before": before / safe, "after": after / safe}, schema_overrides={"covariate": pl.String}
    )


def _remarks(strength: Robustness, overlap: Overlap, balance: pl.DataFrame) -> tuple[Remark, ...]:
    hidden = f"{strength.of_interval:.1%}", f"{french(100 * strength.of_interval, 1)} %"
    found = [
        Remark(
            "not_drawn",
            "This is no experiment, as nobody was drawn: contacted customers are compared with others who resemble them in the columns"
            f" recorded. A hidden difference that explains {hidden[0]} of the rest, of the outcome and of who was contacted, would make the"
            " result uncertain.",
            "Ceci n’est pas une expérience, car personne n’a été tiré au sort : les clients contactés sont comparés à d’autres qui leur"
            f" ressemblent dans les colonnes connues. Une différence cachée expliquant {hidden[1]} du reste, du résultat comme du choix des"
            " contactés, rendrait le résultat incertain.",
        )
    ]
    if overlap.clipped_share > POOR_OVERLAP:
        share = f"{overlap.clipped_share:.0%}", f"{french(100 * overlap.clipped_share)} %"
        found.append(
            Remark(
                "poor_overlap",
                f"For {share[0]} of the units hardly any unit of the other group is alike: the comparison extrapolates.",
                f"Pour {share[1]} des unités, presque aucune unité de l’autre groupe n’est semblable : la comparaison extrapole.",
            )
        )
    # Names of columns only: the words in them may be personal.
    left = dict.fromkeys(name.split("=")[0] for name in balance.filter(pl.col("after").abs() > UNBALANCED)["covariate"])
    if left:
        found.append(
            Remark(
                "still_unbalanced",
                f"After weighting the groups still differ in: {', '.join(left)}.",
                f"Après pondération, les groupes diffèrent encore sur : {', '.join(left)}.",
            )
        )
    return tuple(found)


def _refuse_settings(covariates: Sequence[str], folds: int, clip: float) -> None:
    if not covariates:
        remedy = "Name the columns, known before the contact, by which customers were chosen."
        raise ParameterError("a comparison without a draw needs covariates.", where="covariates", remedy=remedy)
    if folds < 1:
        raise ParameterError(f"{folds} is below 1.", where="folds", remedy="Give 5, for instance.")
    if not 0 < clip < 0.5:
        raise ParameterError(f"{clip} is not between 0 and 0.5.", where="clip", remedy="Give 0.02, for instance.")


def _columns(units: pl.DataFrame, measure: str, contacted: str, folds: int) -> tuple[Flags, Floats]:
    for name in (measure, contacted):
        if name not in units.columns:
            raise TableError(f"no column {name}.", where="units", remedy=f"There are: {', '.join(units.columns)}.")
    if units[contacted].null_count():
        raise TableError("some units have no value.", where=f"units.{contacted}", remedy="State for each unit whether it was contacted.")
    chosen, outcome = units[contacted].cast(pl.Boolean).to_numpy(), units[measure].cast(pl.Float64).to_numpy()
    if not np.isfinite(outcome).all():
        raise TableError("some values are missing or not finite.", where=f"units.{measure}", remedy="Give each unit a number.")
    least = 2 * max(folds, 2)
    for name, size in (("contacted", int(chosen.sum())), ("other", int((~chosen).sum()))):
        if size < least:
            remedy = f"A comparison needs at least {least} units in both groups."
            raise TableError(f"there are {size} {name} units.", where="units", remedy=remedy)
    return chosen, outcome


def _numbered(units: pl.DataFrame, cluster: str) -> Indexes:
    if cluster not in units.columns:
        raise TableError(f"no column {cluster}.", where="units", remedy=f"There are: {', '.join(units.columns)}.")
    return units[cluster].rank("dense").cast(pl.Int64).to_numpy().astype(np.intp) - 1

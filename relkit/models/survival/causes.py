"""Causes of ends: those that a model distinguishes, and the score columns with the probability of each."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import Column
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from relkit.metrics.risk_sets import Counts, Floats

LEAST_OF_A_CAUSE = 20
"""A cause with fewer events is pooled with others."""
OTHER, UNKNOWN = "other", "unknown"


def reason_column(name: str) -> Column:
    """Return the column that says why a spell ended."""
    return Column(name=name, dtype=pl.String, required=True, meaning="Why the spell ended.")


def causes_of(reason: pl.Series, event: NDArray[np.bool_]) -> tuple[tuple[str, ...], Counts, tuple[Remark, ...]]:
    """Return the causes, the most frequent first, that of each spell (-1 if it runs), and a remark on those pooled.

    Args:
        reason: text, null if there is none.
        event: shape (n,), whether the spell ended.

    Examples:
        >>> why = pl.Series(["wish"] * 30 + ["death"] * 25 + ["move", None])
        >>> causes, cause, remarks = causes_of(why, np.arange(57) < 56)
        >>> causes, cause[[0, 30, 55, 56]].tolist(), remarks[0].en
        (('wish', 'death'), [0, 1, 0, -1], '1 ends (move: 1) have too rare a cause, and count as wish, the most frequent one.')
    """
    given = reason.fill_null(UNKNOWN).alias("reason")
    counted = given.filter(pl.Series(event)).value_counts(name="ends").sort(["ends", "reason"], descending=[True, False])
    rare = counted.filter(pl.col("ends") < LEAST_OF_A_CAUSE)
    common = tuple(counted.filter(pl.col("ends") >= LEAST_OF_A_CAUSE)["reason"].to_list())
    together = int(rare["ends"].sum())
    target = OTHER if together >= LEAST_OF_A_CAUSE else (common or (OTHER,))[0]
    causes = common if target in common else (*common, target)
    kept = {name: i for i, name in enumerate(causes)}
    code = given.replace_strict(kept, default=kept[target], return_dtype=pl.Int64).to_numpy()
    listed = ", ".join(f"{name}: {ends}" for name, ends in rare.rows())
    counts_as = OTHER if target == OTHER else f"{target}, the most frequent one"
    counts_as_fr = f"« {OTHER} »" if target == OTHER else f"« {target} », le plus fréquent"
    rare_causes = Remark(
        "rare_causes",
        f"{together} ends ({listed}) have too rare a cause, and count as {counts_as}.",
        f"{together} départs ({listed}) ont un motif trop rare pour être étudié à part, et comptent comme {counts_as_fr}.",
    )
    return causes, np.where(event, code, -1), (rare_causes,) if together and len(causes) > 1 else ()


def enough_causes(causes: tuple[str, ...], reason: str, *, instead: str) -> None:
    """Raise if there are fewer than two causes; `instead` is the model that does not distinguish causes."""
    if len(causes) < 2:
        raise NotEnoughEventsError(
            f"all ends count as one cause, {causes[0]!r} (a cause needs {LEAST_OF_A_CAUSE} ends).",
            where=reason,
            remedy=f"Use {instead}, or a longer period.",
        )


def place_of(cause: str, causes: Sequence[str], where: str) -> int:
    """Return the index of a cause.

    Raises:
        ParameterError: a cause that was not in the fit.
    """
    if cause not in causes:
        raise ParameterError.unknown("cause", cause, causes, where=where)
    return list(causes).index(cause)


def score_of(horizon_days: int, cause: str) -> str:
    """Return the name of the score of an end by a cause, which may be any text.

    Examples:
        >>> score_of(90, "voluntary"), score_of(90, "Déménagement (loin)")
        ('churn_probability_90d_voluntary', 'churn_probability_90d_demenagement_loin')
    """
    return f"churn_probability_{horizon_days}d_{name_of(cause)}"


def name_of(cause: str) -> str:
    """Return a cause, which may be any text, as part of a name: lower-case letters, digits and "_".

    Examples:
        >>> name_of("Décès"), name_of("?")
        ('deces', 'unnamed')
    """
    plain = unicodedata.normalize("NFKD", cause).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_") or "unnamed"


def score_columns(horizon_days: int, any_cause: Floats, by_cause: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the score columns: churn_probability_{h}d, then one per cause; causes whose names are written alike share one.

    Args:
        horizon_days: how far ahead.
        any_cause: shape (n,), probability of ending at all.
        by_cause: shape (n,) each, of ending by that cause.
    """
    columns = {f"churn_probability_{horizon_days}d": any_cause}
    for cause, part in by_cause.items():
        name = score_of(horizon_days, cause)
        columns[name] = columns[name] + part if name in columns else part
    return columns


def incidence_bounds(incidence: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the bounds of probabilities of ending, symmetric in log(-log(1 - F)).

    Args:
        incidence: probabilities, any shape.
        error: standard errors of their logarithms, same shape.
        level: of the interval.

    Examples:
        >>> low, high = incidence_bounds(np.array([0.0, 0.2]), np.array([0.1, 0.1]), 0.95)
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.0, 0.164], [0.0, 0.2427])
    """
    stays = np.clip(1.0 - incidence, 1e-15, 1.0)
    hazard = -np.log(stays)
    slope = np.divide(incidence, stays * hazard, out=np.ones_like(hazard), where=hazard > 0)
    reach = np.exp(np.clip(normal_reach(level) * slope * error, 0.0, 30.0))
    return np.abs(np.expm1(-hazard / reach)), np.abs(np.expm1(-hazard * reach))

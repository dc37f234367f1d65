"""Comparison of the models of one family on one holdout, and the rule that selects one.

The rule is the same for every family. A family states what is measured, and which measure is the error of the rule: the mean
absolute error of models of orders, the integrated Brier score of models of contracts (`Yardstick`).

1. A candidate is set aside if another one is clearly better on the error or on the total and clearly worse on neither of
   them nor on the log-score. (A model that overestimates everybody may hit a total by luck; its log-score then keeps it
   from setting others aside.) One with more parameters sets a simpler one aside only if it is clearly better on the
   log-score as well: on a single holdout a richer model too easily looks better by chance.
2. Of the rest, the one with the best log-score leads: the mean logarithm of the probability that a model gave to
   what each customer did. It rewards forecasts that are neither too bold nor too timid, for every customer.
3. Of the leader and those whose log-score is not clearly below its own, the one with the fewest parameters is taken;
   among equally simple ones the one with the smallest error.

Effects of actions have a rule of their own (`relkit.models.uplift.comparison`): nobody's effect is observed, and what measures it without
bias is so noisy that nothing would ever be clear.

"Clearly" means a 95 % interval of the difference that does not contain zero, over resamples of the customers that are the same
for both models, and a difference that matters: half a percent of the error, half a point of the total, 0.001 of the
log-score. Models that are nearly identical (if nobody leaves, all models of orders are the NBD) do not beat one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.metrics.resamples import Measured
    from relkit.remarks import Remark

GROUPS = {"model": pl.String, "group": pl.String, "customers": pl.Int64, "expected": pl.Float64, "seen": pl.Float64}
COURSE = {"model": pl.String, "day": pl.Date, "expected": pl.Float64, "seen": pl.Float64, "calibration": pl.Date}
_OF_ERROR, _OF_TOTAL, _OF_LOG_SCORE = 0.005, 0.005, 0.001


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """The measures by which models of a family are compared; total_error and log_score are always among them.

    Attributes:
        measures: by name, which values are better: lower, higher, or one.
        error: the measure that is the error of the rule.
        called: name of the error in sentences.
        shown: the measures displayed, with their headings.
        digits: decimals of a measure that needs more than three.
        preferred: the model that is taken unless another one is clearly better; empty if there is none.
    """

    measures: Mapping[str, str]
    error: str
    called: str
    shown: Mapping[str, str]
    digits: Mapping[str, int] = field(default_factory=dict)
    preferred: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Origin:
    """Candidates fitted to what was known at one past day, and what came after it.

    Attributes:
        fitted: models by name.
        features: what each reads as of that day, by the same names.
        outcomes: of the days after it, as `Model.judge` takes them.
        past: all purchases up to the end of those days, for a course over time; None if there are none.
    """

    fitted: Mapping[str, Any]
    features: Mapping[str, pl.DataFrame]
    outcomes: pl.DataFrame
    past: pl.DataFrame | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelComparison:
    """Models side by side on one holdout; nothing in it concerns a single customer.

    Attributes:
        yardstick: the measures they are compared by.
        table: model, parameters, log_likelihood (of its fit before the holdout), then each measure with its _lower and _upper;
            in the order in which the models were given.
        differences: model, other, measure, difference (first minus other), lower, upper, from the same resamples.
        customers: judged.
        days: of the holdout.
        chosen: the model that the rule takes.
        reason: the sentence that explains why.
        groups: for the figure: model, group, customers, expected and seen (observed), means in the holdout.
        course: for the figure: model, day (on which a step ends), expected and seen (observed) in the step, calibration; a model
            that does not forecast them is left out.
        origins: one row per model and past origin, in families judged at several; empty otherwise.
        remarks: on the comparison, which travel with the version.
    """

    yardstick: Yardstick
    table: pl.DataFrame
    differences: pl.DataFrame
    customers: int
    days: float
    chosen: str
    reason: str
    groups: pl.DataFrame
    course: pl.DataFrame
    origins: pl.DataFrame = field(default_factory=pl.DataFrame)
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Trialled:
    """Fitted candidates with their results on the holdout, from which a comparison is made.

    Attributes:
        fitted: models by name.
        parameters: number of parameters, by name.
        measured: in the order of `fitted`.
        customers: judged.
        days: of the holdout.
        groups: as in `ModelComparison`.
        course: as in `ModelComparison`.
    """

    fitted: Mapping[str, Any]
    parameters: Mapping[str, int]
    measured: Measured
    customers: int
    days: float
    groups: pl.DataFrame
    course: pl.DataFrame


def compared(trial: Trialled, yardstick: Yardstick, *, taken: tuple[str, str] | None = None) -> ModelComparison:
    """Return the comparison, with the model that the rule selects.

    Args:
        trial: the candidates with their results.
        yardstick: the measures.
        taken: the model and the reason, in a family whose measures are too noisy for the rule; by default those of the rule.
    """
    differences = _differences(list(trial.fitted), trial.measured)
    chosen, reason = taken or _taken(trial.parameters, trial.measured, differences, yardstick)
    return ModelComparison(
        yardstick=yardstick,
        table=_table(trial.fitted, trial.parameters, trial.measured),
        differences=differences,
        customers=trial.customers,
        days=trial.days,
        chosen=chosen,
        reason=reason,
        groups=trial.groups,
        course=trial.course,
    )


def must_be_some(fitted: Mapping[str, Any]) -> None:
    """Refuse an empty comparison."""
    if not fitted:
        raise ParameterError("no model was given to compare.", where="compare_models")


def _table(fitted: Mapping[str, Any], parameters: Mapping[str, int], found: Measured) -> pl.DataFrame:
    low, high = found.interval(LEVEL)
    columns: dict[str, Any] = {
        "model": list(fitted),
        "parameters": list(parameters.values()),
        "log_likelihood": [model.info.log_likelihood for model in fitted.values()],
    }
    for i, name in enumerate(found.names):
        columns |= {name: found.values[:, i], f"{name}_lower": low[:, i], f"{name}_upper": high[:, i]}
    return pl.DataFrame(columns).fill_nan(None)


def _differences(names: list[str], found: Measured) -> pl.DataFrame:
    rows = [
        (one, other, measure, *(float(part[p]) for part in found.difference(i, j, LEVEL)))
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j
        for p, measure in enumerate(found.names)
    ]
    schema = dict.fromkeys(("model", "other", "measure"), pl.String) | dict.fromkeys(("difference", "lower", "upper"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def _taken(parameters: Mapping[str, int], found: Measured, differences: pl.DataFrame, by: Yardstick) -> tuple[str, str]:
    """Return the model that the rule of this module selects, and the reason."""
    error, log_score = (
        dict(zip(parameters, found.values[:, found.names.index(each)].tolist(), strict=True)) for each in (by.error, "log_score")
    )
    least = {by.error: _OF_ERROR * min(error.values()), "total_error": _OF_TOTAL, "log_score": _OF_LOG_SCORE}
    better = _clear(differences, least, by)
    beaten = {name: [other for other in parameters if _sets_aside(other, name, better, parameters)] for name in parameters}
    left = [name for name in parameters if not beaten[name]]
    if not left:  # each is beaten by another, in a cycle: none of it is conclusive
        beaten, left = {}, list(parameters)
    leader = max(left, key=lambda name: log_score[name])
    tied = [name for name in left if (leader, name, "log_score") not in better]
    chosen = min(tied, key=lambda name: (parameters[name], error[name]))
    aside = {name: min(others, key=lambda other: (other not in left, error[other])) for name, others in beaten.items() if others}
    return chosen, _because(chosen, leader, tied, aside, parameters, log_score, by.called)


def _sets_aside(one: str, other: str, better: set[tuple[str, str, str]], parameters: Mapping[str, int]) -> bool:
    """Return whether one model sets another aside: a richer one also needs the better log-score."""
    return _dominates(one, other, better) and (parameters[one] <= parameters[other] or (one, other, "log_score") in better)


def _dominates(one: str, other: str, better: set[tuple[str, str, str]]) -> bool:
    """Return whether `one` sets `other` aside."""
    clear = {measure for first, second, measure in better if (first, second) == (one, other)}
    return bool(clear - {"log_score"}) and not any((first, second) == (other, one) for first, second, _ in better)


def _clear(differences: pl.DataFrame, least: Mapping[str, float], by: Yardstick) -> set[tuple[str, str, str]]:
    """Return each (model, other, measure) for which the first is clearly better than the other, by `least` or more."""
    found = set()
    for one, other, measure, difference, low, high in differences.drop_nulls().iter_rows():
        if measure in least:
            surely = high < 0 if by.measures[measure] == "lower" else low > 0
            if surely and abs(difference) >= least[measure]:
                found.add((one, other, measure))
    return found


def _because(
    chosen: str,
    leader: str,
    tied: list[str],
    aside: Mapping[str, str],
    parameters: Mapping[str, int],
    log_score: Mapping[str, float],
    error: str,
) -> str:
    """Return the reason in one sentence, plus one for each candidate that was set aside."""
    if len(parameters) == 1:
        return f"{chosen} was chosen: there was no other candidate to judge."
    others = [name for name in tied if name != chosen]
    more = any(parameters[name] > parameters[chosen] for name in others)
    if not others:
        why = (
            f"its log-score of {log_score[chosen]:.4f} is clearly the best"
            if len(tied) < len(parameters) - len(aside)
            else "it alone was left"
        )
    else:
        trait = f"the fewest parameters ({parameters[chosen]})" if more else f"the least {error}"
        best = f"{log_score[leader]:.4f}"
        why = f"it has {trait} of {_listed([chosen, *others])}, none of whose log-scores is clearly below the best of those left, {best}"
    return " ".join((f"{chosen} was chosen: {why}.", *_set_aside(aside, error)))


def _set_aside(aside: Mapping[str, str], error: str) -> list[str]:
    """Return a sentence for each model that beats others."""
    found = []
    for better in dict.fromkeys(aside.values()):
        beaten = [name for name, other in aside.items() if other == better]
        was, it = ("was", "it") if len(beaten) == 1 else ("were", "them")
        found.append(f"{_listed(beaten)} {was} set aside: {better} is clearly better than {it} on {error} or total, and worse on nothing.")
    return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def readable(comparison: ModelComparison) -> list[str]:
    """Return the comparison as lines of text, one per model, the chosen one marked."""
    by = comparison.yardstick
    rows = [["", "parameters", *by.shown.values()]]
    for row in comparison.table.iter_rows(named=True):
        mark = "* " if row["model"] == comparison.chosen else "  "
        rows.append([mark + row["model"], str(row["parameters"]), *(_cell(row, name, by.digits.get(name, 3)) for name in by.shown)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(row: Mapping[str, Any], name: str, digits: int) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_lower", "_upper"))
    if value is None:
        return "-"
    if low is None or not np.isfinite(low):
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"

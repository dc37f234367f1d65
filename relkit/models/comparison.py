"""Comparison of the models of one family, and the rule that selects one.

A family states what is measured, and which measure is the error of the rule: the CRPS of models of orders, the integrated Brier
score of models of contracts (`Yardstick`).

1. The candidate with the best log-score leads: the mean logarithm of the probability that a model gave to what each customer did.
   It rewards forecasts that are neither too bold nor too timid, for every customer.
2. Another one sets the leader aside, and is taken, if it is clearly better on the error or on the total and clearly worse on neither of
   them nor on the log-score. (A model that overestimates everybody may hit a total by luck; its log-score then keeps it
   from setting others aside.) One with more parameters also needs a clearly better log-score: a richer model too easily looks better
   by chance. One that is itself set aside sets nobody aside: else a third model would decide between two that it beats neither of.
3. Ties go to the better log-score, or, in families that say so, to the fewest parameters among those whose log-score is not clearly
   below that of the model taken, and which it does not set aside.
4. A family may prefer one model, a forecast made of others: it is taken unless another one is clearly better on the log-score and
   clearly worse on neither error nor total. The best single model at past origins is often not the best at the next one.
5. Naive rules stand in the table as bars and are never taken; that the model taken is not level with one of them is a remark.

Effects of actions have a rule of their own (`relkit.models.uplift.comparison`): nobody's effect is observed, and what measures it without
bias is so noisy that nothing would ever be clear.

"Clearly" means a 95 % interval of the difference that does not contain zero, over resamples of the customers that are the same
for both models, and a difference that matters: half a percent of the error, 0.001 of the log-score, half a point of the total or what
the family states: resamples of customers do not show by how much a total misses for reasons that all customers share. Models that are
nearly identical (if nobody leaves, all models of orders are the NBD) do not beat one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.remarks import Remark
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.metrics.resamples import Measured

GROUPS = {"model": pl.String, "group": pl.String, "customers": pl.Int64, "expected": pl.Float64, "seen": pl.Float64}
COURSE = {"model": pl.String, "day": pl.Date, "expected": pl.Float64, "seen": pl.Float64, "calibration": pl.Date}
_OF_ERROR, _OF_LOG_SCORE = 0.005, 0.001


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
        ties: which of equally good models is taken: the one with the fewest parameters, or with the best log-score.
        total_matters: least difference of total errors that counts.
    """

    measures: Mapping[str, str]
    error: str
    called: str
    shown: Mapping[str, str]
    digits: Mapping[str, int] = field(default_factory=dict)
    preferred: str = ""
    ties: Literal["parameters", "log_score"] = "parameters"
    total_matters: float = 0.005


@dataclass(frozen=True, eq=False, kw_only=True)
class Origin:
    """Candidates fitted to what was known at one past day, and what came after it.

    Attributes:
        fitted: models by name.
        features: what each reads as of that day, by the same names.
        outcomes: of the days after it, as `Model.judge` takes them.
        past: all purchases up to the end of those days, for a course over time; None if there are none.
        order_value: the model of order values fitted up to that day, for totals in money; None if there is none.
    """

    fitted: Mapping[str, Any]
    features: Mapping[str, pl.DataFrame]
    outcomes: pl.DataFrame
    past: pl.DataFrame | None = None
    order_value: Any = None


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
        bars: naive rules among them, which are not taken.
        origins: as in `ModelComparison`.
    """

    fitted: Mapping[str, Any]
    parameters: Mapping[str, int]
    measured: Measured
    customers: int
    days: float
    groups: pl.DataFrame
    course: pl.DataFrame
    bars: tuple[str, ...] = ()
    origins: pl.DataFrame = field(default_factory=pl.DataFrame)


def compared(trial: Trialled, yardstick: Yardstick, *, taken: tuple[str, str] | None = None) -> ModelComparison:
    """Return the comparison, with the model that the rule selects.

    Args:
        trial: the candidates with their results.
        yardstick: the measures.
        taken: the model and the reason, in a family whose measures are too noisy for the rule; by default those of the rule.
    """
    differences = _differences(list(trial.fitted), trial.measured)
    standing = _Standing(trial, differences, yardstick)
    chosen, reason = taken or standing.taken()
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
        origins=trial.origins,
        remarks=standing.below_bars(chosen),
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


class _Standing:
    """The candidates as the rule sees them: their log-scores and errors, and which is clearly better than which on what."""

    def __init__(self, trial: Trialled, differences: pl.DataFrame, by: Yardstick) -> None:
        self.parameters, self.by = trial.parameters, by
        found = trial.measured
        self.error, self.log_score = (
            dict(zip(trial.fitted, found.values[:, found.names.index(each)].tolist(), strict=True)) if each in found.names else {}
            for each in (by.error, "log_score")
        )
        least = {by.error: _OF_ERROR * min(self.error.values()), "total_error": by.total_matters, "log_score": _OF_LOG_SCORE}
        self.better = _clear(differences, least, by)
        others = [name for name in trial.fitted if name not in trial.bars]
        self.names, self.bars = others or list(trial.fitted), trial.bars if others else ()

    def taken(self) -> tuple[str, str]:
        """Return the model that the rule of this module selects, and the reason."""
        if len(self.names) == 1 and not self.bars:
            return self.names[0], f"{self.names[0]} was chosen: there was no other candidate to judge."
        if self.by.preferred in self.names:
            return self._preferred_or_better()
        return self._best()

    def sets_aside(self, one: str, other: str) -> bool:
        """Return whether one model sets another aside: a richer one also needs the better log-score."""
        return _dominates(one, other, self.better) and (
            self.parameters[one] <= self.parameters[other] or (one, other, "log_score") in self.better
        )

    def _preferred_or_better(self) -> tuple[str, str]:
        own = self.by.preferred
        sharper = [name for name in self.names if (name, own, "log_score") in self.better]
        ahead = [name for name in sharper if not {(own, name, self.by.error), (own, name, "total_error")} & self.better]
        if not ahead:
            verb = "is" if len(sharper) == 1 else "are"
            but = (
                f"{_listed(sharper)} {verb} clearly better on log-score, but clearly worse on {self.by.called} or the total"
                if sharper
                else ""
            )
            return own, f"{own} was chosen: it is made of several forecasts, and {but or 'no single model is clearly better on log-score'}."
        chosen = max(ahead, key=lambda name: self.log_score[name])
        score, worse = f"its log-score of {self.log_score[chosen]:.4f}", f"it is clearly worse neither on {self.by.called} nor on the total"
        return chosen, f"{chosen} was chosen: {score} is clearly better than that of {own}, and {worse}."

    def _best(self) -> tuple[str, str]:
        """Return the model that steps 1 to 3 select."""
        beaten = {other for other in self.names if any(self.sets_aside(one, other) for one in self.names)}
        leader = max(self.names, key=lambda name: self.log_score[name])
        rivals = [name for name in self.names if name not in beaten and self.sets_aside(name, leader)]
        first = max(rivals, key=lambda name: self.log_score[name]) if rivals else leader
        level = [name for name in self.names if (first, name, "log_score") not in self.better and not self.sets_aside(first, name)]
        chosen = first if self.by.ties == "log_score" else self._simplest(first, level, beaten)
        return chosen, self._because(chosen, [name for name in level if name != chosen])

    def _simplest(self, first: str, level: list[str], beaten: set[str]) -> str:
        """Return the simplest of the models on a level; among equally simple ones that with the smallest error.

        One that is worse than a model set aside by the first alone would be taken because of a third: then it is the first.
        """
        fit = [name for name in level if name == first or name not in beaten]
        chosen = min(fit, key=lambda name: (self.parameters[name], self.error[name]))
        passed = [name for name in self.names if self.sets_aside(first, name) and not self.sets_aside(chosen, name)]
        worse = any(self.log_score[name] > self.log_score[chosen] and self.error[name] < self.error[chosen] for name in passed)
        return first if worse else chosen

    def _because(self, chosen: str, level: list[str]) -> str:
        """Return the reason in one sentence, plus one for the candidates that the chosen one sets aside."""
        score, aside = f"{self.log_score[chosen]:.4f}", [name for name in self.names if self.sets_aside(chosen, name)]
        if not level:
            clear = all((chosen, name, "log_score") in self.better for name in self.names if name not in (chosen, *aside))
            why = f"its log-score of {score} is clearly the best" if clear and len(aside) < len(self.names) - 1 else "it alone was left"
        elif self.by.ties == "log_score":
            why = f"of {_listed([chosen, *level])}, none of whose log-scores is clearly below, it has the best, {score}"
        else:
            more = any(self.parameters[name] > self.parameters[chosen] for name in level)
            trait = f"the fewest parameters ({self.parameters[chosen]})" if more else f"the least {self.by.called}"
            best = f"{max(self.log_score[name] for name in (chosen, *level)):.4f}"
            why = f"it has {trait} of {_listed([chosen, *level])}, none of whose log-scores is clearly below the best of those left, {best}"
        return " ".join((f"{chosen} was chosen: {why}.", *_set_aside(chosen, aside, self.by.called)))

    def below_bars(self, chosen: str) -> tuple[Remark, ...]:
        """Return a remark if the chosen model is clearly behind a naive rule."""
        above = [bar for bar in self.bars if any((bar, chosen, measure) in self.better for measure in (self.by.error, "log_score"))]
        return (below_bar(chosen, above),) if above else ()


def below_bar(chosen: str, above: Sequence[str]) -> Remark:
    """Return the remark on a model that a naive rule beats."""
    return Remark(
        "below_a_naive_rule",
        f"At past origins {_listed(list(above))} forecast clearly better than {chosen}, which was chosen: a naive rule would do here.",
        f"Aux origines passées, {_listed(list(above), 'et')} a nettement mieux prévu que {chosen}, le modèle retenu : une règle simple "
        "suffirait ici.",
    )


def _dominates(one: str, other: str, better: set[tuple[str, str, str]]) -> bool:
    """Return whether one model is clearly better than another on error or total, and clearly worse on nothing."""
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


def _set_aside(chosen: str, aside: list[str], error: str) -> list[str]:
    """Return a sentence on the models that the chosen one sets aside."""
    if not aside:
        return []
    was, it = ("was", "it") if len(aside) == 1 else ("were", "them")
    return [f"{_listed(aside)} {was} set aside: {chosen} is clearly better than {it} on {error} or total, and worse on nothing."]


def _listed(names: list[str], last: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


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

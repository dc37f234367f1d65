"""Models of repeat purchases compared on one holdout, and the rule by which one is taken.

The rule:

1. A candidate is set aside where another one is clearly better on the mean absolute error or on the total and clearly
   worse on neither of them nor on the log-score. (A model that expects too much of everybody may hit a total by luck; its
   log-score then keeps it from setting others aside.) One with more parameters sets a simpler one aside only where it is
   clearly better on the log-score as well: on a single holdout a richer model is too easily the better by chance.
2. Of those left the one with the best log-score leads: the mean logarithm of the probability that a model gave to
   what each customer did. It rewards whoever is neither too bold nor too timid, for every customer.
3. Of the leader and those whose log-score is not clearly below its own, the one with the fewest parameters is taken;
   of equally simple ones the one with the least mean absolute error.

"Clearly" is a 95 % interval of the difference that does not hold zero, over resamples of the customers that are the same
for both models, and a difference that matters: half a percent of the mean absolute error, half a point of the total,
0.001 of the log-score. Models that are all but the same (where nobody leaves all of them are the NBD) do not beat one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.metrics.forecasts import MEASURES, Forecast, Measured, measured
from relkit.models.lifetime_value.purchases import meet_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LEVEL = 0.95
_OF_MAE, _OF_TOTAL, _OF_LOG_SCORE = 0.005, 0.005, 0.001


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Models side by side on one holdout; nothing in it is of a single customer.

    Attributes:
        table: model, parameters, log_likelihood (of its fit before the holdout), then each measure with its _lower and _upper;
            the models that were given first stand first.
        differences: model, other, measure, difference (of the first from the other), lower, upper, from the same resamples.
        customers: judged.
        days: of the holdout.
        chosen: the model that the rule takes.
        reason: the sentence that says why.
    """

    table: pl.DataFrame
    differences: pl.DataFrame
    customers: int
    days: float
    chosen: str
    reason: str


def compare_models(
    fitted: Mapping[str, Any], features: Mapping[str, pl.DataFrame], outcomes: pl.DataFrame, *, replicates: int = 200, seed: int = 0
) -> ModelComparison:
    """Return the comparison of fitted models on what happened after they were fitted, and which of them the rule takes.

    Args:
        fitted: models by name, all fitted as of the same day.
        features: what each reads, as of that day, by the same names.
        outcomes: customer_id, holdout_purchases, holdout_days, as `Model.judge` takes them.
        replicates: resamples of the customers.
        seed: of the resamples.

    Raises:
        ParameterError: no model was given.
    """
    if not fitted:
        raise ParameterError("no model was given to compare.", where="compare_models")
    columns = ("holdout_purchases", "holdout_days")
    both = {name: meet_outcomes(features[name], outcomes, columns).sort("customer_id") for name in fitted}
    first = next(iter(both.values()))
    actual, days = first["holdout_purchases"].cast(pl.Int64).to_numpy(), float(first["holdout_days"][0])
    forecasts = [forecast_of(model, both[name], actual, days) for name, model in fitted.items()]
    found = measured(actual, forecasts, frequency=first["repeat_purchases"].to_numpy(), replicates=replicates, seed=seed)
    parameters = {name: len(model.coordinates) for name, model in fitted.items()}
    differences = _differences(list(fitted), found)
    chosen, reason = _taken(parameters, found, differences)
    return ModelComparison(
        table=_table(fitted, parameters, found),
        differences=differences,
        customers=len(actual),
        days=days,
        chosen=chosen,
        reason=reason,
    )


def forecast_of(fitted: Any, features: pl.DataFrame, actual: NDArray[Any], days: float) -> Forecast:
    """Return what a model expected of customers in the days ahead, and the probability it gave to what they did."""
    return Forecast(fitted.expected_purchases(features, days), fitted.purchases_probability(features, actual, days))


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


def _taken(parameters: Mapping[str, int], found: Measured, differences: pl.DataFrame) -> tuple[str, str]:
    """Return the model that the rule of this module takes, and why."""
    mae, log_score = (
        dict(zip(parameters, found.values[:, found.names.index(each)].tolist(), strict=True)) for each in ("mae", "log_score")
    )
    better = _clear(differences, {"mae": _OF_MAE * min(mae.values()), "total_error": _OF_TOTAL, "log_score": _OF_LOG_SCORE})
    beaten = {name: [other for other in parameters if _sets_aside(other, name, better, parameters)] for name in parameters}
    left = [name for name in parameters if not beaten[name]]
    if not left:  # each is beaten by another in a ring, so that none of it says anything
        beaten, left = {}, list(parameters)
    leader = max(left, key=lambda name: log_score[name])
    tied = [name for name in left if (leader, name, "log_score") not in better]
    chosen = min(tied, key=lambda name: (parameters[name], mae[name]))
    aside = {name: min(by, key=lambda other: (other not in left, mae[other])) for name, by in beaten.items() if by}
    return chosen, _because(chosen, leader, tied, aside, parameters, log_score)


def _sets_aside(one: str, other: str, better: set[tuple[str, str, str]], parameters: Mapping[str, int]) -> bool:
    """Return whether one model sets another aside: a richer one needs the better log-score besides."""
    return _dominates(one, other, better) and (parameters[one] <= parameters[other] or (one, other, "log_score") in better)


def _dominates(one: str, other: str, better: set[tuple[str, str, str]]) -> bool:
    """Return whether `one` sets `other` aside."""
    gains = any((one, other, measure) in better for measure in ("mae", "total_error"))
    return gains and not any((other, one, measure) in better for measure in ("mae", "total_error", "log_score"))


def _clear(differences: pl.DataFrame, least: Mapping[str, float]) -> set[tuple[str, str, str]]:
    """Return (model, other, measure) wherever the first is clearly better than the other, by `least` at least."""
    found = set()
    for one, other, measure, difference, low, high in differences.drop_nulls().iter_rows():
        if measure in least:
            surely = high < 0 if MEASURES[measure] == "lower" else low > 0
            if surely and abs(difference) >= least[measure]:
                found.add((one, other, measure))
    return found


def _because(
    chosen: str, leader: str, tied: list[str], aside: Mapping[str, str], parameters: Mapping[str, int], log_score: Mapping[str, float]
) -> str:
    """Return the reason in one sentence, and one more for each candidate that was set aside."""
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
        trait = f"the fewest parameters ({parameters[chosen]})" if more else "the least MAE"
        best = f"{log_score[leader]:.4f}"
        why = f"it has {trait} of {_listed([chosen, *others])}, none of whose log-scores is clearly below the best of those left, {best}"
    return " ".join((f"{chosen} was chosen: {why}.", *_set_aside(aside)))


def _set_aside(aside: Mapping[str, str]) -> list[str]:
    """Return a sentence for each model that beats others."""
    found = []
    for better in dict.fromkeys(aside.values()):
        beaten = [name for name, other in aside.items() if other == better]
        was, it = ("was", "it") if len(beaten) == 1 else ("were", "them")
        found.append(f"{_listed(beaten)} {was} set aside: {better} is clearly better than {it} on MAE or total, and worse on nothing.")
    return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def readable(comparison: ModelComparison) -> list[str]:
    """Return the comparison as lines of text, one a model, the chosen one marked."""
    shown = ("mae", "total_ratio", "log_score", "calibration_error", "top_decile_lift", "normalised_gini")
    head = ["", "parameters", "MAE", "total / seen", "log-score", "calibration error", "top decile lift", "Gini"]
    rows = [head]
    for row in comparison.table.iter_rows(named=True):
        mark = "* " if row["model"] == comparison.chosen else "  "
        rows.append([mark + row["model"], str(row["parameters"]), *(_cell(row, name) for name in shown)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(row: Mapping[str, Any], name: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_lower", "_upper"))
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or not np.isfinite(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"

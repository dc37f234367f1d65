"""Trials of a report: a model fitted without the days on which its version was judged, and the outcomes in them.

The settings of that version are fitted to what was known before its holdout, and judged on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError

if TYPE_CHECKING:
    import polars as pl

    from relkit.periods import DrawnHoldout, Holdout
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """A model fitted without its holdout, and the outcomes in the holdout.

    Attributes:
        split: beginning and end of the holdout.
        fitted: the model fitted to what was known before the holdout.
        judged: features as of its beginning, one row per customer.
        learnt: the rows it was fitted to.
        outcomes: outcomes of the customers judged.
        purchases: all purchases up to its end; None if the family has none.
    """

    split: Holdout | DrawnHoldout
    fitted: Any
    judged: pl.DataFrame
    learnt: pl.DataFrame
    outcomes: pl.DataFrame
    purchases: pl.DataFrame | None


def tried(model: str, settings: Any, tables: TableSet, split: Holdout | DrawnHoldout) -> Trial | None:
    """Return the trial of a model: the same settings, fitted to what was known before a holdout.

    Args:
        model: its name.
        settings: of the version behind the scores.
        tables: the company.
        split: the holdout by which that version was judged.

    Returns:
        None if there is too little before the holdout to fit the model.
    """
    from relkit.families.bindings import inputs_of
    from relkit.jobs.holdouts import HeldOut, Known
    from relkit.models.base import fit_as_of
    from relkit.models.covariate_declaration import must_be_known, with_known_numbers

    inputs = inputs_of(model, tables)
    held = HeldOut.of(inputs, Known(tables), split)
    names = must_be_known(settings)
    try:
        learnt, _ = with_known_numbers(held.before, names)
        fitted = fit_as_of(settings, learnt, split.calibration)
    except FitError:
        return None
    judged, _ = with_known_numbers(held.judged, names)
    past = inputs.past(tables, split.end)
    return Trial(split=split, fitted=fitted, judged=judged, learnt=learnt, outcomes=held.outcomes, purchases=past)


def figures(trial: Trial | None, *, currency: str, language: str) -> dict[str, Any]:
    """Return the plots of a trial, by name; empty if there was no trial."""
    from relkit.families.bindings import diagnostic_figures

    if trial is None:
        return {}
    return diagnostic_figures(
        trial.fitted,
        trial.judged,
        learnt=trial.learnt,
        outcomes=trial.outcomes,
        purchases=trial.purchases,
        currency=currency,
        language=language,
    )

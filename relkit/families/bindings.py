"""Queries on the bindings: the inputs of a model, the data it lacks in some tables, and its diagnostic figures.

    inputs_of("survival.cox", tables).features(tables, as_of)
    diagnostic_figures(fitted, features, outcomes=outcomes)

A name is that of a model, of a family, or of the choice among its models. The binding of a family is in the module with its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.families.binding import Binding, Given
from relkit.models import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.figure import Figure

    from relkit.families.inputs import ModelInputs
    from relkit.models.base import Fitted
    from relkit.models.roles import Reading
    from relkit.tables.table_set import TableSet


def binding(name: str) -> Binding:
    """Return the binding of a family, or of the family of a model."""
    found: Binding = import_module(f"relkit.families.{catalogue.family(name).name}").BINDING
    return found


def inputs_of(name: str, tables: TableSet | None = None, settings: Mapping[str, Any] | None = None) -> ModelInputs:
    """Return the inputs of a model; with tables, those it reads from them, and with settings, those for them.

    Examples:
        >>> inputs_of("survival.cox").table, inputs_of("lifetime_value.shifted_beta_geometric").table
        ('contracts', 'contracts')
    """
    return _inputs(reading_of(name, tables)).for_settings(settings or {})


def reads_with(fitted: Fitted) -> dict[str, Any]:
    """Return the settings with which a fitted model reads rows; empty if all models of its reading read the same."""
    return dict(getattr(fitted, "reads_with", {}))


def reading_of(name: str, tables: TableSet | None = None) -> Reading:
    """Return the reading of a model; with tables, the one it reads from them.

    Examples:
        >>> reading_of("lifetime_value.shifted_beta_geometric").name
        'spells'
    """
    usual = catalogue.settings_class(name).reads if name in catalogue.names() else catalogue.family(name).reads
    if tables is None:
        return usual
    chain = [usual]
    while chain[-1].instead is not None:
        chain.append(chain[-1].instead)
    return next((reading for reading in chain if _inputs(reading).can_read(tables)), usual)


def absence(name: str, tables: TableSet) -> str:
    """Return the data that a model lacks in the tables, as the end of a sentence; empty if it can learn."""
    found = reading_of(name, tables)
    inputs = _inputs(found)
    if inputs.can_read(tables):
        return ""
    lacking = inputs.undeclared if tables.has(found.table) and inputs.undeclared else f"the data have no {found.table} table"
    further = found.instead
    while further is not None:
        if tables.has(further.table):
            lacking = f"{lacking}, and {_inputs(further).undeclared}"
        further = further.instead
    return lacking


def diagnostic_figures(
    fitted: Fitted,
    features: pl.DataFrame,
    *,
    learnt: pl.DataFrame | None = None,
    outcomes: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    currency: str = "EUR",
    language: str = "en",
) -> dict[str, Figure]:
    """Return the diagnostic figures of a model by name, without those whose data are not given.

    No figure is registered with pyplot: it is freed with the caller's last reference.

    Args:
        fitted: a fitted model; one that names no figures gives none.
        features: features as of the fit; with outcomes, those judged.
        learnt: the rows the model was fitted to, if more than those judged: ended contracts are only learnt from.
        outcomes: outcomes of the holdout that follows, as taken by `Model.judge`.
        purchases: customer_id, day of all purchases, including those of the holdout, for the tracking plot.
        currency: ISO code of money.
        language: en or fr.

    Raises:
        ParameterError: the model names a figure that the binding of its family does not draw.
    """
    known = binding(fitted.name).figures
    given = Given(features, features if learnt is None else learnt, outcomes, purchases, currency, language)
    axes: dict[str, Any] = {}
    for name in fitted.settings.figures:
        if name not in known:
            raise ParameterError.unknown("figure", name, known, where=fitted.name)
        axes |= known[name](fitted, given)
    return _figures(axes)


def lesson_figures(fitted: Fitted, *, language: str = "en") -> dict[str, Figure]:
    """Return the figures of the lesson that a model keeps from a holdout; empty if there is none."""
    return _figures(binding(fitted.name).lesson_figures(fitted, language))


def _figures(axes: dict[str, Any]) -> dict[str, Figure]:
    from relkit.plots.style import figure_of

    return {name: figure_of(ax) for name, ax in axes.items()}


def _inputs(reading: Reading) -> ModelInputs:
    """Return the inputs of a reading, from the binding of the family that declares it."""
    found = (binding(family).inputs.get(reading) for family in catalogue.families())
    return next(inputs for inputs in found if inputs is not None)

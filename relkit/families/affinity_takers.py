"""Propensities: the inputs of their models, from contracts, purchases or outcomes of snapshots, and their figures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from relkit.families.inputs import Drawn, ModelInputs
from relkit.features import product_takes, snapshot_outcomes
from relkit.models.affinity.family import CONTRACTS_TAKEN, OUTCOMES_OF_SNAPSHOTS, PRODUCTS_BOUGHT
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.axes import Axes

    from relkit.families.binding import Draw, Given
    from relkit.tables.table_set import TableSet


def _of_contracts(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs from contracts for settings of a model."""
    return _of_takes(
        settings,
        held=product_takes.contracts_held,
        taken=product_takes.contract_takes,
        reading=CONTRACTS_TAKEN,
        suited=_of_contracts,
        is_there=_takes_contracts,
        undeclared="its contracts name no product",
    )


def _of_purchases(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs from purchases for settings of a model."""
    products = tuple(settings.get("products") or ())
    return _of_takes(
        settings,
        held=partial(product_takes.purchases_held, products=products),
        taken=partial(product_takes.purchases_taken, products=products),
        reading=PRODUCTS_BOUGHT,
        suited=_of_purchases,
        is_there=_buys_products,
        undeclared="its transactions name no product",
    )


def _of_takes(settings: Mapping[str, Any], *, held: Callable[..., Any], taken: Callable[..., Any], **own: Any) -> ModelInputs:
    """Return the inputs from products held and taken; `own` are the fields in which sources differ."""
    days = _horizon(settings)
    return ModelInputs(
        learnt=partial(product_takes.rows_to_learn, horizon_days=days, held=held, taken=taken),
        scored=partial(product_takes.rows_to_score, held=held),
        outcomes=partial(product_takes.outcomes, horizon_days=days, taken=taken),
        declared={"known_later": snapshot_outcomes.known_later},
        **own,
    )


def _of_snapshots(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs from outcomes of snapshots for settings of a model."""
    days = _horizon(settings)
    return ModelInputs(
        reading=OUTCOMES_OF_SNAPSHOTS,
        learnt=partial(snapshot_outcomes.outcome_rows, horizon_days=days),
        scored=partial(snapshot_outcomes.rows_to_score, horizon_days=days),
        outcomes=partial(snapshot_outcomes.outcomes_after, horizon_days=days),
        drawn=Drawn(
            to_learn=snapshot_outcomes.to_learn,
            to_judge=snapshot_outcomes.to_judge,
            holdout=partial(snapshot_outcomes.held_out, horizon_days=days),
        ),
        declared={"known_later": snapshot_outcomes.known_later},
        suited=_of_snapshots,
        is_there=snapshot_outcomes.has_outcomes,
        undeclared="the mapping declares no attribute of customer_snapshots as an outcome (role)",
    )


def _horizon(settings: Mapping[str, Any]) -> int:
    return int(settings.get("horizon_days", HORIZON_DAYS))


def _takes_contracts(tables: TableSet) -> bool:
    """Return whether contracts tell what was taken; an outcome that the mapping declares takes precedence."""
    return product_takes.takes_contracts(tables) and not snapshot_outcomes.has_outcomes(tables)


def _buys_products(tables: TableSet) -> bool:
    return product_takes.buys_products(tables) and not snapshot_outcomes.has_outcomes(tables)


def _reliability(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.propensity import plot_reliability

    return {
        f"propensity_reliability_{each.subject}": plot_reliability(each, days=fitted.settings.horizon_days, language=given.language)
        for each in _judged(fitted, given)
    }


def _gain(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.propensity import plot_gain

    judged = _judged(fitted, given)
    return {"propensity_gain": plot_gain(judged, language=given.language)} if judged else {}


def _importance(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.propensity import plot_strengths

    drawn = {}
    for model in fitted.models:
        if strengths := fitted.strengths(model):
            name = f"propensity_importance_{model.subject}"
            drawn[name] = plot_strengths(strengths, product=model.product, language=given.language)
    return drawn


def _judged(fitted: Any, given: Given) -> list[Any]:
    """Return the forecasts of the products that some took and some did not; none without outcomes."""
    from relkit.models.affinity.propensity_judging import forecasts

    if given.outcomes is None:
        return []
    judged = forecasts(fitted, given.features, given.outcomes, share=fitted.settings.sampling_share_of_non_takers)
    return [each for each in judged if 0 < each.took.sum() < len(each.took)]


TAKERS_INPUTS = {CONTRACTS_TAKEN: _of_contracts({}), PRODUCTS_BOUGHT: _of_purchases({}), OUTCOMES_OF_SNAPSHOTS: _of_snapshots({})}
TAKERS_FIGURES: Mapping[str, Draw] = {
    "propensity_reliability": _reliability,
    "propensity_gain": _gain,
    "propensity_importance": _importance,
}

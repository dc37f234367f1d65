"""Figures of the models of product affinity: pairs of products, rules, and lists of next products on a holdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.models.affinity.pair_measures import measured_pairs, possible_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from relkit.families.binding import Draw, Given


def _network(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.association_network import plot_association_network

    together = _pairs(fitted).filter("is_significant", pl.col("extra") > 0)
    return {"association_network": plot_association_network(together, language=given.language)} if len(together) else {}


def _matrix(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.lift_matrix import plot_lift_matrix

    pairs = _pairs(fitted)
    return {"lift_matrix": plot_lift_matrix(pairs, language=given.language)} if len(pairs) else {}


def _scatter(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.plots.rules_scatter import plot_rules

    rules = fitted.rules.with_columns(is_significant=pl.col("q_value") <= fitted.settings.significance)
    return {"rules_scatter": plot_rules(rules, language=given.language)} if len(rules) else {}


def _pairs(fitted: Any) -> pl.DataFrame:
    """Return the measured pairs of all baskets; none if the rules are those of groups of baskets."""
    pairs = fitted.pairs.clear() if fitted.settings.by else fitted.pairs
    return measured_pairs(pairs, tests=possible_pairs(fitted.facts.products), alpha=fitted.settings.significance)


def _lists(fitted: Any, given: Given) -> dict[str, Axes]:
    """Draw recall and calibration on the holdout; nothing without one, or if nobody bought in it."""
    from relkit.models.affinity.list_diagnostics import METHODS, list_reliability, recalls
    from relkit.models.affinity.next_judging import judge_lists
    from relkit.plots.next_product_recall import METHOD_NAMES, plot_list_reliability, plot_recall

    if given.outcomes is None:
        return {}
    try:
        judged = judge_lists(fitted, given.features, given.outcomes, seed=fitted.settings.seed)
    except NotEnoughEventsError:
        return {}
    names = [METHOD_NAMES[name][given.language] for name in METHODS]
    top = judged.lists["model"].shape[1]
    figure = plot_recall(names, recalls(judged.measures), top=top, language=given.language)
    return {"list_recall": figure.axes[0], "list_calibration": plot_list_reliability(list_reliability(judged), language=given.language)}


FIGURES: Mapping[str, Draw] = {
    "association_network": _network,
    "lift_matrix": _matrix,
    "rules_scatter": _scatter,
    "lists": _lists,
}
"""Functions by the names that models of the family use."""

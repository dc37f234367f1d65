"""Scores by action: the effect of each action on each customer, what it is worth, and what treating the customer costs.

    table = scores_by_action(effects, terms, worth, currency="EUR")

One row per customer and action, of customers like those that the action was drawn for. The value is the margin that the action is expected
to add: the effect itself if the outcome is a margin, otherwise the effect times what one unit of the outcome is worth; the cost is not
taken off it.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import polars as pl

from relkit.file_column import FileColumn
from relkit.models.uplift.family import UPLIFT
from relkit.texts import Text

SCORES_BY_ACTION = "scores_by_action"
"""Name of the table of a day."""

COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="action_id",
        dtype=pl.String,
        label=Text("Action", "Action"),
        meaning=Text("Action whose effect is forecast.", "Action dont l'effet est prévu."),
    ),
    FileColumn(
        name="channel_id",
        dtype=pl.String,
        label=Text("Channel", "Canal"),
        meaning=Text("Channel of most contacts of the action's last wave.", "Canal de la plupart des contacts de la dernière vague."),
        null_means=Text("no contact of the action is known", "aucun contact de l'action n'est connu"),
    ),
    FileColumn(
        name="uplift",
        dtype=pl.Float64,
        score=UPLIFT.stem,
        label=Text("Effect", "Effet"),
        meaning=Text(
            "Expected effect of drawing the customer for the action, in units of the outcome that the model learnt (a margin by default), "
            "over the response window and the post-window: the difference to what would happen without the action.",
            "Effet attendu d'un tirage du client pour l'action, dans l'unité du résultat appris par le modèle (une marge par défaut), sur "
            "la fenêtre de réponse et celle qui suit : l'écart avec ce qui se passerait sans l'action.",
        ),
        decimals=6,
    ),
    FileColumn(
        name="low",
        dtype=pl.Float64,
        score=UPLIFT.stem,
        label=Text("Effect, low", "Effet, bas"),
        meaning=Text("Lower end of the 95 % interval of the effect.", "Borne basse de l'intervalle à 95 % de l'effet."),
        null_means=Text("the model gives no interval", "le modèle ne donne pas d'intervalle"),
        decimals=6,
    ),
    FileColumn(
        name="high",
        dtype=pl.Float64,
        score=UPLIFT.stem,
        label=Text("Effect, high", "Effet, haut"),
        meaning=Text("Upper end of the 95 % interval of the effect.", "Borne haute de l'intervalle à 95 % de l'effet."),
        null_means=Text("the model gives no interval", "le modèle ne donne pas d'intervalle"),
        decimals=6,
    ),
    FileColumn(
        name="value_{cur}",
        dtype=pl.Float64,
        score=UPLIFT.stem,
        label=Text("Value ({CUR})", "Valeur ({CUR})"),
        meaning=Text("Margin that the action is expected to add, before its cost.", "Marge que l'action devrait apporter, avant son coût."),
        null_means=Text("the worth of the outcome in margin is not known", "la valeur du résultat en marge n'est pas connue"),
        unit="{CUR}",
        decimals=4,
    ),
    FileColumn(
        name="cost_{cur}",
        dtype=pl.Float64,
        label=Text("Cost ({CUR})", "Coût ({CUR})"),
        meaning=Text(
            "Cost of contacts and redeemed offers per customer treated in the action's last wave.",
            "Coût des contacts et des offres utilisées par client traité lors de la dernière vague de l'action.",
        ),
        null_means=Text("not known", "inconnu"),
        unit="{CUR}",
        decimals=4,
    ),
)
"""Columns of the table after customer_id, in its order; `{cur}` is the currency in lower case, and those with a score rest on the model."""


@runtime_checkable
class MovesCustomers(Protocol):
    """A fitted model of the effects of actions on customers.

    Attributes:
        actions: ids of the actions.
    """

    actions: tuple[str, ...]

    def effects(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return customer_id, action_id, uplift, low, high: one row per customer and action; low and high are null without interval."""


def columns_in(currency: str) -> tuple[str, ...]:
    """Return the names of the columns for a currency, in order.

    Examples:
        >>> columns_in("EUR")[-2:]
        ('value_eur', 'cost_eur')
    """
    return ("customer_id", *(column.name.format(cur=currency.lower()) for column in COLUMNS))


def scores_by_action(effects: pl.DataFrame, terms: pl.DataFrame, worth: pl.DataFrame | float | None, *, currency: str) -> pl.DataFrame:
    """Return the table of scores by action, in order of customer_id and action_id.

    Args:
        effects: customer_id, action_id, uplift, low, high.
        terms: action_id, channel_id, cost.
        worth: margin of one unit of the outcome: one number for all, or customer_id and worth; None if it is not known.
        currency: ISO code.

    Examples:
        >>> effects = pl.DataFrame(
        ...     {"customer_id": ["b", "a"], "action_id": ["sms"] * 2, "uplift": [0.5, 1.0], "low": [0.0] * 2, "high": [2.0] * 2}
        ... )
        >>> terms = pl.DataFrame({"action_id": ["sms"], "channel_id": ["sms"], "cost": [0.06]})
        >>> scores_by_action(effects, terms, 20.0, currency="EUR").rows()
        [('a', 'sms', 'sms', 1.0, 0.0, 2.0, 20.0, 0.06), ('b', 'sms', 'sms', 0.5, 0.0, 2.0, 10.0, 0.06)]
    """
    found = effects.join(terms, on="action_id", how="left", maintain_order="left")
    if isinstance(worth, pl.DataFrame):
        found = found.join(worth.select("customer_id", "worth"), on="customer_id", how="left", maintain_order="left")
    else:
        found = found.with_columns(worth=pl.lit(worth, pl.Float64))
    valued = found.with_columns(value=pl.col("uplift") * pl.col("worth")).sort("customer_id", "action_id")
    given = ("action_id", "channel_id", "uplift", "low", "high", "value", "cost")
    named = zip(given, COLUMNS, columns_in(currency)[1:], strict=True)
    return valued.select("customer_id", *(_delivered(name, column).alias(shown) for name, column, shown in named))


def _delivered(name: str, column: FileColumn) -> pl.Expr:
    value = pl.col(name).cast(column.dtype)
    return value if column.decimals is None else value.round(column.decimals) + 0.0

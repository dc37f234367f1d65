"""Credit of channels: that of every model side by side, with the spend on each channel and what it brought back.

    table = channel_credit([ModelCredit(model="attribution.linear", credits=..., worth="revenue", spend=...)], margin_rate=0.4)

One row per model and channel for all journeys, then one per segment and period if the models were fitted by them. What no channel is
credited with is in the totals of the record (`CreditRecord`), so that the file can be added up by channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from relkit.file_column import FileColumn
from relkit.models import catalogue
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHANNEL_CREDIT = "channel_credit"
"""Name of the table of a day."""
LEAST_KNOWN = 0.95
"""Smallest share of the touches of a channel whose cost must be known for a cost per conversion and a return."""
WORTHS = {"revenue": Text("revenue", "chiffre d’affaires"), "margin": Text("margin", "marge")}

_NO_BOUND = Text("the model gives no interval", "le modèle ne donne pas d’intervalle")
_NO_COST = Text(
    "the cost of the channel is not known, or not by segment",
    "le coût du canal n’est pas connu, ou pas par segment",
)
_TOO_LITTLE_KNOWN = Text("or known for less than 95 % of the touches", "ou connu pour moins de 95 % des contacts")

COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="channel",
        dtype=pl.String,
        label=Text("Channel", "Canal"),
        meaning=Text("Channel that is given credit.", "Canal auquel un crédit est attribué."),
    ),
    FileColumn(
        name="model",
        dtype=pl.String,
        label=Text("Model", "Modèle"),
        meaning=Text(
            "Model that gives the credit. None of them is chosen: where they differ, the credit depends on the model.",
            "Modèle qui attribue le crédit. Aucun n’est retenu : là où ils diffèrent, le crédit dépend du modèle.",
        ),
    ),
    FileColumn(
        name="conversions",
        dtype=pl.Float64,
        label=Text("Conversions", "Conversions"),
        meaning=Text(
            "Conversions credited to the channel. With those credited to no channel, they add up to all conversions.",
            "Conversions attribuées au canal. Avec celles qui ne reviennent à aucun canal, leur somme est celle de toutes les conversions.",
        ),
        decimals=4,
    ),
    FileColumn(
        name="value",
        dtype=pl.Float64,
        label=Text("Value ({CUR})", "Valeur ({CUR})"),
        meaning=Text(
            "Value credited to the channel, net of returns: revenue or margin, as the column worth states.",
            "Valeur attribuée au canal, nette des retours : chiffre d’affaires ou marge, comme l’indique la colonne worth.",
        ),
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="lower",
        dtype=pl.Float64,
        label=Text("Conversions, low", "Conversions, bas"),
        meaning=Text("Lower end of the interval of the conversions.", "Borne basse de l’intervalle des conversions."),
        null_means=_NO_BOUND,
        decimals=4,
    ),
    FileColumn(
        name="upper",
        dtype=pl.Float64,
        label=Text("Conversions, high", "Conversions, haut"),
        meaning=Text("Upper end of the interval of the conversions.", "Borne haute de l’intervalle des conversions."),
        null_means=_NO_BOUND,
        decimals=4,
    ),
    FileColumn(
        name="value_lower",
        dtype=pl.Float64,
        label=Text("Value, low ({CUR})", "Valeur, bas ({CUR})"),
        meaning=Text("Lower end of the interval of the value.", "Borne basse de l’intervalle de la valeur."),
        null_means=_NO_BOUND,
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="value_upper",
        dtype=pl.Float64,
        label=Text("Value, high ({CUR})", "Valeur, haut ({CUR})"),
        meaning=Text("Upper end of the interval of the value.", "Borne haute de l’intervalle de la valeur."),
        null_means=_NO_BOUND,
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="share",
        dtype=pl.Float64,
        label=Text("Share of the credit", "Part du crédit"),
        meaning=Text(
            "Share of the conversions that the model credits to any channel, within the segment and period.",
            "Part des conversions que le modèle attribue à un canal, au sein du segment et de la période.",
        ),
        unit="share",
        decimals=6,
    ),
    FileColumn(
        name="worth",
        dtype=pl.String,
        label=Text("Value is", "La valeur est"),
        meaning=Text("Whether the value is revenue or margin.", "Indique si la valeur est un chiffre d’affaires ou une marge."),
        codes=WORTHS,
    ),
    FileColumn(
        name="margin",
        dtype=pl.Float64,
        label=Text("Margin ({CUR})", "Marge ({CUR})"),
        meaning=Text(
            "Margin of the value: the value itself if it is a margin, otherwise the revenue times the margin rate of all sales.",
            "Marge de la valeur : la valeur elle-même si c’est une marge, sinon le chiffre d’affaires multiplié par le taux de marge de "
            "toutes les ventes.",
        ),
        null_means=Text("no margin is known", "aucune marge n’est connue"),
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="cost",
        dtype=pl.Float64,
        label=Text("Spend ({CUR})", "Dépense ({CUR})"),
        meaning=Text(
            "Spend on the channel up to the day of the fit, on all its touches, in a journey or not: their own cost, else the declared "
            "cost of the channel. If the cost of some touches is not known, that of the others.",
            "Dépense du canal jusqu’au jour de l’apprentissage, pour tous ses contacts, dans un parcours ou non : leur coût propre, sinon "
            "le coût déclaré du canal. Si le coût de certains contacts n’est pas connu, celui des autres.",
        ),
        null_means=_NO_COST,
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
    FileColumn(
        name="cost_known_share",
        dtype=pl.Float64,
        label=Text("Touches with a known cost", "Contacts de coût connu"),
        meaning=Text("Share of the touches of the channel whose cost is known.", "Part des contacts du canal dont le coût est connu."),
        null_means=Text(
            "the channel has no touch in the period, or the row is of a segment",
            "le canal n’a aucun contact sur la période, ou la ligne est celle d’un segment",
        ),
        unit="share",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="cost_per_conversion",
        dtype=pl.Float64,
        label=Text("Cost per conversion ({CUR})", "Coût par conversion ({CUR})"),
        meaning=Text("Spend divided by the conversions credited.", "Dépense divisée par les conversions attribuées."),
        null_means=Text(
            "{cost}, {part}; or no conversion is credited to the channel", "{cost}, {part} ; ou aucune conversion n’est attribuée au canal"
        ).filled(cost=_NO_COST, part=_TOO_LITTLE_KNOWN),
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="return_on_spend",
        dtype=pl.Float64,
        label=Text("Return on spend", "Retour sur dépense"),
        meaning=Text(
            "Value credited for each unit of money spent; of revenue or margin, as the column worth states. It is an average over all that "
            "was spent, not what one more unit would bring.",
            "Valeur attribuée par unité de monnaie dépensée ; chiffre d’affaires ou marge, comme l’indique la colonne worth. C’est une "
            "moyenne sur toute la dépense, et non ce que rapporterait une unité de plus.",
        ),
        null_means=Text("{cost}, {part}; or nothing was spent", "{cost}, {part} ; ou rien n’a été dépensé").filled(
            cost=_NO_COST, part=_TOO_LITTLE_KNOWN
        ),
        decimals=4,
    ),
    FileColumn(
        name="period",
        dtype=pl.Date,
        label=Text("Period", "Période"),
        meaning=Text("First day of the period in which the journeys ended.", "Premier jour de la période où les parcours ont pris fin."),
        null_means=Text("all periods", "toutes les périodes"),
    ),
    FileColumn(
        name="segment",
        dtype=pl.String,
        label=Text("Segment", "Segment"),
        meaning=Text("Segment of the customers.", "Segment des clients."),
        null_means=Text("all segments", "tous les segments"),
    ),
)
"""Columns of the credit of channels, in order."""

TOTAL_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="journeys",
        dtype=pl.Float64,
        label=Text("Journeys", "Parcours"),
        meaning=Text(
            "Journeys read, those without a conversion or without a touch included.",
            "Parcours lus, y compris ceux sans conversion ou sans contact.",
        ),
        low=0,
        decimals=0,
    ),
    FileColumn(
        name="total_conversions",
        dtype=pl.Float64,
        label=Text("All conversions", "Toutes les conversions"),
        meaning=Text(
            "Conversions to be credited: those of all channels and those of none.",
            "Conversions à attribuer : celles de tous les canaux et celles d’aucun.",
        ),
        low=0,
        decimals=4,
    ),
    FileColumn(
        name="total_value",
        dtype=pl.Float64,
        label=Text("Value of all conversions ({CUR})", "Valeur de toutes les conversions ({CUR})"),
        meaning=Text("Value of all conversions, net of returns.", "Valeur de toutes les conversions, nette des retours."),
        unit="{CUR}",
        decimals=2,
    ),
    FileColumn(
        name="unattributed",
        dtype=pl.Float64,
        label=Text("Conversions of no channel", "Conversions d’aucun canal"),
        meaning=Text(
            "Conversions credited to no channel: no touch preceded them, or, in a model of what channels add, they would have come anyway.",
            "Conversions qui ne reviennent à aucun canal : aucun contact ne les a précédées ou, dans un modèle de ce que les canaux "
            "ajoutent, elles seraient venues de toute façon.",
        ),
        decimals=4,
    ),
    FileColumn(
        name="unattributed_value",
        dtype=pl.Float64,
        label=Text("Value of no channel ({CUR})", "Valeur d’aucun canal ({CUR})"),
        meaning=Text("Value of the conversions credited to no channel.", "Valeur des conversions qui ne reviennent à aucun canal."),
        unit="{CUR}",
        decimals=2,
    ),
)
"""Columns of what there was to credit, by model, segment and period."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelCredit:
    """The credit that one model gives.

    Attributes:
        model: its name.
        credits: segment, period, then the columns of credit (`relkit.models.attribution.credit.CREDIT_SCHEMA`).
        worth: whether its values are revenue or margin.
        spend: channel, period, touches, priced_touches, cost up to the day of the fit; the period is null in the rows for all days.
    """

    model: str
    credits: pl.DataFrame
    worth: str
    spend: pl.DataFrame


def credit_columns(currency: str) -> tuple[FileColumn, ...]:
    """Return the columns of the credit of channels in a currency, with the names of models in words.

    Examples:
        >>> [column.label["fr"] for column in credit_columns("CHF")][3]
        'Valeur (CHF)'
    """
    labels = {
        name: catalogue.settings_class(name).label
        for role in catalogue.roles()
        if role.credits_channels
        for name in catalogue.models_of(role)
    }
    filled = (in_currency(each, currency) for each in COLUMNS)
    return tuple(replace(each, codes=labels) if each.name == "model" else each for each in filled)


def in_currency(column: FileColumn, currency: str) -> FileColumn:
    """Return a column with its unit and label in a currency."""
    return replace(column, unit=column.unit.format(CUR=currency), label=column.label.filled(CUR=currency))


def channel_credit(parts: Sequence[ModelCredit], *, margin_rate: float | None = None) -> pl.DataFrame:
    """Return the credit of several models as one table, in the order of the models, then as each of them gives it.

    Args:
        parts: one for each model.
        margin_rate: margin over revenue; None if no margin is known.

    Examples:
        >>> credits = pl.DataFrame(
        ...     {
        ...         "segment": [None],
        ...         "period": [None],
        ...         "channel": ["ad"],
        ...         "conversions": [4.0],
        ...         "lower": [None],
        ...         "upper": [None],
        ...         "value": [90.0],
        ...         "value_lower": [None],
        ...         "value_upper": [None],
        ...         "share": [1.0],
        ...     }
        ... )
        >>> spend = pl.DataFrame({"channel": ["ad"], "period": [None], "touches": [8], "priced_touches": [8], "cost": [30.0]})
        >>> table = channel_credit([ModelCredit(model="m", credits=credits, worth="revenue", spend=spend)], margin_rate=0.5)
        >>> table.select("margin", "cost", "cost_per_conversion", "return_on_spend").row(0)
        (45.0, 30.0, 7.5, 3.0)
    """
    tables = [_priced(part, margin_rate) for part in parts]
    return pl.concat(tables) if tables else pl.DataFrame(schema={each.name: each.dtype for each in COLUMNS})


def _priced(part: ModelCredit, margin_rate: float | None) -> pl.DataFrame:
    """Return the rows of one model with its spend, which is known for all segments together."""
    spend = part.spend.select("channel", pl.col("period").cast(pl.Date), "cost", cost_known_share=_known_share())
    rate = 1.0 if part.worth == "margin" else margin_rate
    rows = part.credits.with_columns(pl.col("period").cast(pl.Date), pl.col("segment").cast(pl.String))
    found = rows.join(spend, on=["channel", "period"], how="left", nulls_equal=True, maintain_order="left").with_columns(
        pl.when(pl.col("segment").is_null()).then(pl.col(name)) for name in ("cost", "cost_known_share")
    )
    enough = pl.when((pl.col("cost_known_share").fill_null(1.0) >= LEAST_KNOWN) & pl.col("cost").is_not_null())
    full = found.with_columns(
        model=pl.lit(part.model),
        worth=pl.lit(part.worth),
        margin=pl.col("value") * pl.lit(rate, pl.Float64),
        cost_per_conversion=enough.then(pl.when(pl.col("conversions") > 0).then(pl.col("cost") / pl.col("conversions"))),
        return_on_spend=enough.then(pl.when(pl.col("cost") > 0).then(pl.col("value") / pl.col("cost"))),
    )
    return full.select(_rounded(each) for each in COLUMNS)


def _known_share() -> pl.Expr:
    """Return the share of the touches whose cost is known; null if there is no touch."""
    return pl.when(pl.col("touches") > 0).then(pl.col("priced_touches") / pl.col("touches"))


def _rounded(column: FileColumn) -> pl.Expr:
    value = pl.col(column.name).cast(column.dtype)
    return value if column.decimals is None else value.round(column.decimals) + 0.0


def unpriced(spend: Iterable[pl.DataFrame]) -> dict[str, float]:
    """Return the channels whose cost is not known for all their touches, each with the share for which it is.

    Args:
        spend: as in `ModelCredit`; of several models, the last one counts.

    Examples:
        >>> row = {"channel": ["ad", "tv"], "period": [None, None], "touches": [8, 5], "priced_touches": [6, 5], "cost": [30.0, 1.0]}
        >>> unpriced([pl.DataFrame(row)])
        {'ad': 0.75}
    """
    found: dict[str, float] = {}
    for frame in spend:
        whole = frame.filter(pl.col("period").is_null(), pl.col("priced_touches") < pl.col("touches"))
        found |= dict(whole.select("channel", pl.col("priced_touches") / pl.col("touches")).sort("channel").iter_rows())
    return found

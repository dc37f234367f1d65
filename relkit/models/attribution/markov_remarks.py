"""Sentences on a fitted chain: channels that conversions never followed, the order chosen, value that could not be shared out by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.models.attribution.credit_remarks import VALUES_TAKEN_AS_EQUAL, named
from relkit.models.attribution.markov_orders import chosen
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.attribution.markov_groups import ChainLearner, GroupChain
    from relkit.models.attribution.markov_removal import MarkovRemoval


def markov_remarks(
    settings: MarkovRemoval, remarks: Sequence[Remark], learner: ChainLearner, whole: GroupChain, orders: pl.DataFrame
) -> tuple[Remark, ...]:
    """Return the remarks on a chain, after those on its paths.

    Args:
        settings: of the model.
        remarks: those that concern every model of the paths.
        learner: of the chains.
        whole: chain of all journeys.
        orders: those compared; empty if the order was given.
    """
    # A chain estimates the variance of the values within rows from that between them.
    kept = [remark for remark in remarks if learner.whole_rows or remark.code != VALUES_TAKEN_AS_EQUAL]
    own = [
        _never_followed(whole.effects()),
        _order_chosen(orders),
        _value_follows() if whole.split.follows else None,
        _never_touched(settings, whole.sums.names),
    ]
    return (*kept, *(remark for remark in own if remark is not None))


def _never_touched(settings: MarkovRemoval, names: Sequence[str]) -> Remark | None:
    """Return the remark on channels of sequences without a touch: new ones, or slips of the pen."""
    missing = sorted({name for parts in settings.named_sequences for name in parts} - set(names))
    if not missing:
        return None
    return Remark(
        "sequences_without_a_touch",
        f"Named in sequences, but without a touch: {named(missing, 'en')}. Write channels as in the table of touchpoints.",
        f"Nommés dans les séquences, mais sans contact : {named(missing, 'fr')}. Écrivez les canaux comme dans la table des contacts.",
    )


def _never_followed(effects: pl.DataFrame) -> Remark | None:
    names = effects.filter(pl.col("removal_effect") == 0)["channel"].sort().to_list()
    if not names:
        return None
    return Remark(
        "channels_without_effect",
        f"Channels without which no conversion would be lost: {named(names, 'en')}. Their credit is 0; its upper bound follows from the "
        "number of their touches.",
        f"Canaux sans lesquels aucune conversion ne serait perdue : {named(names, 'fr')}. Leur crédit est nul ; sa borne supérieure "
        "découle du nombre de leurs contacts.",
    )


def _order_chosen(orders: pl.DataFrame) -> Remark | None:
    if orders.is_empty():
        return None
    order, most = chosen(orders), int(orders["order"].max())  # type: ignore[arg-type]
    by_order = dict(orders.select("order", "held_out_per_step").iter_rows())
    others = {other: by_order[order] - value for other, value in by_order.items() if other != order}
    nearest = min(others, key=lambda other: others[other], default=None)
    gap = "" if nearest is None else f", ahead of order {nearest} by {others[nearest]:.4f} per step"
    ecart = "" if nearest is None else f", devant l’ordre {nearest} de {french(others[nearest], 4)} par pas"
    return Remark(
        "order_chosen",
        f"Order {order} was chosen among 1 to {most} by the likelihood of journeys left out{gap}.",
        f"L’ordre {order} a été choisi de 1 à {most} d’après la vraisemblance des parcours laissés de côté{ecart}.",
    )


def _value_follows() -> Remark:
    return Remark(
        "value_follows_conversions",
        "The conversions after some channel have a value below zero in all, so that value is shared out as the conversions are.",
        "Les conversions qui suivent certains canaux ont une valeur totale négative : la valeur est donc répartie comme les conversions.",
    )

"""Sentences on the journeys that credit was learnt from: what could not be credited, and what rests on little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.models.attribution.journey_groups import credited_value, sums_by
from relkit.models.attribution.portions import Portions, converting
from relkit.remarks import Remark, french
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.attribution.coded_paths import CodedPaths, Floats
    from relkit.texts import Language

UNTOUCHED = "conversions_without_a_touch"
"""Code of the remark on conversions that no touch preceded."""
FEW_CONVERSIONS = 30
"""Conversions preceded by a channel below which its credit is reported as resting on little."""
VALUES_TAKEN_AS_EQUAL = "values_taken_as_equal"
"""Code of the remark on intervals of values of which only sums over several conversions are known."""
LISTED = 5
"""Most channels named in a sentence."""


def path_remarks(paths: CodedPaths) -> tuple[Remark, ...]:
    """Return the remarks on paths that concern every model of them.

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["a"], []], "conversions": [40.0, 60.0]}))
        >>> [remark.code for remark in path_remarks(paths)]
        ['conversions_without_a_touch', 'one_channel_only', 'journeys_taken_as_independent']
        >>> path_remarks(paths)[0].en
        '60 of 100 conversions (60.0 %) were preceded by no touch and are credited to no channel.'
    """
    if not paths.conversions.sum():
        return (_without_conversions(paths),)
    found = [_untouched(paths), _one_channel(paths), _small_channels(paths), _value_of_nulls(paths), _grouped_values(paths)]
    return (*(remark for remark in found if remark is not None), INDEPENDENT)


INDEPENDENT = Remark(
    "journeys_taken_as_independent",
    "The intervals take journeys as independent of each other; if the same people convert again and again, the true ones are wider.",
    "Les intervalles supposent les parcours indépendants les uns des autres ; si ce sont souvent les mêmes personnes qui convertissent, "
    "les vrais intervalles sont plus larges.",
)


def conversions_preceded(paths: CodedPaths) -> Floats:
    """Return the conversions of the journeys in which each channel occurs; (channels,).

    Examples:
        >>> from relkit.models.attribution.coded_paths import CodedPaths
        >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["a", "b", "a"], ["b"]], "conversions": [2.0, 3.0]}))
        >>> conversions_preceded(paths).tolist()
        [2.0, 5.0]
    """
    ended = converting(paths)
    pairs = Portions.of_touches(ended, np.ones(len(ended.touches)))
    return sums_by(pairs.channels, ended.conversions[pairs.rows], len(paths.names))


def named(names: Sequence[str], language: Language) -> str:
    """Return the first few names as a list for a sentence.

    Examples:
        >>> named(["a", "b", "c", "d", "e", "f", "g"], "en")
        'a, b, c, d, e and 2 more'
    """
    more = len(names) - LISTED
    others = Text(f" and {more:,} more", f" et {french(more)} de plus")[language] if more > 0 else ""
    return ", ".join(names[:LISTED]) + others


def _without_conversions(paths: CodedPaths) -> Remark:
    journeys = paths.nulls.sum()
    return Remark(
        "no_conversion_to_credit",
        f"None of {journeys:,.0f} journeys ended in a conversion: there is nothing to credit.",
        f"Aucun des {french(journeys)} parcours n’a mené à une conversion : il n’y a rien à attribuer.",
    )


def _untouched(paths: CodedPaths) -> Remark | None:
    untouched, total = float(paths.conversions[paths.lengths == 0].sum()), float(paths.conversions.sum())
    if not untouched:
        return None
    share = 100 * untouched / total
    return Remark(
        UNTOUCHED,
        f"{untouched:,.0f} of {total:,.0f} conversions ({share:.1f} %) were preceded by no touch and are credited to no channel.",
        f"{french(untouched)} conversions sur {french(total)} ({french(share, 1)} %) n’ont été précédées d’aucun contact et ne sont "
        "attribuées à aucun canal.",
    )


def _one_channel(paths: CodedPaths) -> Remark | None:
    if len(paths.names) != 1:
        return None
    return Remark(
        "one_channel_only",
        f"All touches are of one channel, {paths.names[0]}: every model gives it all there is to credit.",
        f"Tous les contacts relèvent d’un seul canal, {paths.names[0]} : tout modèle lui attribue tout ce qui peut l’être.",
    )


def _small_channels(paths: CodedPaths) -> Remark | None:
    small = conversions_preceded(paths) < FEW_CONVERSIONS
    if not small.any():
        return None
    names = paths.names.filter(pl.Series(small)).to_list()
    return Remark(
        "channels_with_few_conversions",
        f"Channels that preceded fewer than {FEW_CONVERSIONS} conversions: {named(names, 'en')}. Their credit rests on little.",
        f"Canaux qui ont précédé moins de {FEW_CONVERSIONS} conversions : {named(names, 'fr')}. Leur crédit repose sur peu de données.",
    )


def _value_of_nulls(paths: CodedPaths) -> Remark | None:
    left = float((paths.value - credited_value(paths)).sum())
    if not left:
        return None
    return Remark(
        "value_without_conversion",
        f"Rows without a conversion have a value of {left:,.2f} in all, which is reported and credited to no channel.",
        f"Les lignes sans conversion portent une valeur totale de {french(left, 2)}, signalée mais attribuée à aucun canal.",
    )


def _grouped_values(paths: CodedPaths) -> Remark | None:
    is_grouped = (paths.conversions > 1) & (paths.lengths > 0) & (paths.value != 0)
    if not is_grouped.any():
        return None
    share = 100 * float(paths.conversions[is_grouped].sum() / paths.conversions[paths.lengths > 0].sum())
    return Remark(
        VALUES_TAKEN_AS_EQUAL,
        f"{share:.0f} % of the conversions are in rows of several of which only the total value is known; the intervals of values take "
        "the values within a row as equal.",
        f"{french(share)} % des conversions figurent dans des lignes qui en regroupent plusieurs et dont seule la valeur totale est "
        "connue ; les intervalles des valeurs les supposent égales au sein d’une ligne.",
    )

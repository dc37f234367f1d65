"""Segments of customers by value and activity, as one code: `best_active`, `rest_gone`...

    people = people.with_columns(segment=segment_value_activity(people))

The groups, their thresholds and their words are defined only here; the scored file delivers the segment and
the value report reads it from there.

Value: past plus expected margin, the unknown past of a customer with a forecast counting as zero, ties in the order of the rows.
The first fifth is `best`, the next 30 % are `middle`, the other half `rest`. If no margin is known, revenue is used instead.
Activity: `contract` for holders of a running contract; for the others by the probability of still buying: `active` from 70 %,
`gone` below 30 %, `uncertain` in between, and `too_early` if it is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

LIKELY, UNLIKELY = 0.7, 0.3
"""Probabilities of still buying from which a customer counts as active, and below which as gone."""
BEST_SHARE, MIDDLE_SHARE = 0.2, 0.5
"""Shares of the customers, best first, at which the first and the second value group end."""

VALUES: Mapping[str, Text] = {"best": Text("Best", "Meilleurs"), "middle": Text("Middle", "Moyens"), "rest": Text("Rest", "Autres")}
ACTIVITIES: Mapping[str, Text] = {
    "active": Text("active", "actifs"),
    "uncertain": Text("uncertain", "incertains"),
    "gone": Text("probably gone", "sans doute perdus"),
    "too_early": Text("too early to tell", "trop tôt pour le dire"),
    "contract": Text("under contract", "sous contrat"),
}
OTHERS: Mapping[str, Text] = {
    "protected": Text("Protected: not to be contacted", "Protégés : ne pas contacter"),
    "refused_profiling": Text("Profiling refused", "Refus du profilage"),
    "no_value": Text("No value known", "Valeur non connue"),
}
"""Segments of the customers who have no value group."""
_WORDED: Mapping[str, Text] = {
    "best_uncertain": Text("Best: to win back (uncertain)", "Meilleurs : à reconquérir (incertains)"),
    "best_gone": Text("Best: to win back (probably gone)", "Meilleurs : à reconquérir (sans doute perdus)"),
}


def _segments() -> dict[str, Text]:
    made = {
        f"{value}_{activity}": Text("{worth}: {does}", "{worth} : {does}").filled(worth=worth, does=does)
        for value, worth in VALUES.items()
        for activity, does in ACTIVITIES.items()
    }
    return {**made, **_WORDED, **OTHERS}


SEGMENTS: Mapping[str, Text] = _segments()
"""All codes of the segment, the best first, with their words in English and French."""


def segment_value_activity(people: pl.DataFrame) -> pl.Series:
    """Return the segment of each customer, in the order of the rows.

    Args:
        people: one row per customer: past and future (money, null if unknown), p_alive (null if it does not apply or is
            unknown), is_holder (a running contract), is_protected, is_refusing (profiling); the flags without nulls.

    Returns:
        Text, never null: a code of `SEGMENTS`.

    Examples:
        >>> people = pl.DataFrame(
        ...     {"past": [9.0, 5.0, None, 0.0], "future": [9.0, 1.0, 1.0, None], "p_alive": [0.2, 0.9, None, None]},
        ... ).with_columns(is_holder=pl.lit(False), is_protected=pl.lit(False), is_refusing=pl.lit(False))
        >>> segment_value_activity(people).to_list()
        ['best_gone', 'middle_active', 'rest_too_early', 'no_value']
    """
    worth = (pl.col("past").round(2).fill_null(0.0) + pl.col("future").round(2)).round(2)
    ranked = people.select(at=pl.int_range(pl.len()), worth=worth, counts=~(pl.col("is_protected") | pl.col("is_refusing")))
    ranked = ranked.filter(pl.col("counts") & pl.col("worth").is_not_null()).sort("worth", descending=True, maintain_order=True)
    grouped = ranked.select("at", group=value_group()).sort("at")
    placed = people.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64)).join(grouped, on="at", how="left", maintain_order="left")
    chosen = (
        pl.when("is_refusing")
        .then(pl.lit("refused_profiling"))
        .when("is_protected")
        .then(pl.lit("protected"))
        .when(pl.col("group").is_null())
        .then(pl.lit("no_value"))
        .otherwise(pl.concat_str("group", activity(), separator="_"))
    )
    return placed.select(chosen.alias("segment_value_activity")).to_series()


def value_group() -> pl.Expr:
    """Return the value group of rows sorted by value, the best first: tenths 1 and 2, 3 to 5, 6 to 10.

    Examples:
        >>> pl.DataFrame({"worth": range(10, 0, -1)}).select(value_group()).to_series().value_counts(sort=True).rows()
        [('rest', 5), ('middle', 3), ('best', 2)]
    """
    tenth = 10 * pl.int_range(pl.len(), dtype=pl.Int64) // pl.len()
    group = pl.when(tenth < 10 * BEST_SHARE).then(pl.lit("best")).when(tenth < 10 * MIDDLE_SHARE).then(pl.lit("middle"))
    return group.otherwise(pl.lit("rest")).alias("group")


def activity() -> pl.Expr:
    """Return the activity from the columns is_holder and p_alive; a missing probability never counts as active."""
    chance = pl.col("p_alive")
    return (
        pl.when("is_holder")
        .then(pl.lit("contract"))
        .when(chance.is_null())
        .then(pl.lit("too_early"))
        .when(chance >= LIKELY)
        .then(pl.lit("active"))
        .when(chance < UNLIKELY)
        .then(pl.lit("gone"))
        .otherwise(pl.lit("uncertain"))
        .alias("activity")
    )


def value_of_segment() -> pl.Expr:
    """Return the value group within the column segment_value_activity; null for segments without one.

    Examples:
        >>> codes = pl.DataFrame({"segment_value_activity": ["best_too_early", "no_value"]})
        >>> codes.select(value_of_segment(), activity_of_segment()).rows()
        [('best', 'too_early'), (None, None)]
    """
    return _part(0).alias("group")


def activity_of_segment() -> pl.Expr:
    """Return the activity within the column segment_value_activity; null for segments without one."""
    return _part(1).alias("activity")


def _part(at: int) -> pl.Expr:
    pairs = {f"{value}_{does}": (value, does)[at] for value in VALUES for does in ACTIVITIES}
    return pl.col("segment_value_activity").replace_strict(pairs, default=None, return_dtype=pl.String)

"""Recency, frequency and monetary value of buyers in fifths as of a day, and the usual name of each pair of recency and frequency.

    scores = rfm_scores(buyers)

A score is one more than the number of whole fifths of the buyers who are strictly worse: 5 means that at least four fifths are. Buyers
with equal values therefore always have equal scores; if very many share the lowest value (a single purchase) they all have 1, and

some higher score may have no customer. Recency: days since the last purchase, fewer is better. Frequency: days with a purchase so far.
Monetary: net revenue so far. The label comes from recency and frequency alone, by the table `LABEL_OF`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

FIFTHS = 5
LABELS: Mapping[str, Text] = {
    "champions": Text("Champions", "Champions"),
    "loyal": Text("Loyal", "Fidèles"),
    "potential_loyalists": Text("Potential loyalists", "Fidèles en puissance"),
    "new": Text("New", "Nouveaux"),
    "promising": Text("Promising", "Prometteurs"),
    "need_attention": Text("Need attention", "À surveiller"),
    "about_to_sleep": Text("About to sleep", "Bientôt en sommeil"),
    "at_risk": Text("At risk", "Menacés"),
    "cant_lose": Text("Can't lose them", "À ne pas perdre"),
    "hibernating": Text("Hibernating", "En sommeil"),
    "lost": Text("Lost", "Perdus"),
}
"""All labels, with their words in English and French."""

_TABLE = {
    5: ("new", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    4: ("promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    1: ("lost", "hibernating", "at_risk", "at_risk", "cant_lose"),
}
LABEL_OF: Mapping[tuple[int, int], str] = {(r, f): label for r, row in _TABLE.items() for f, label in enumerate(row, 1)}
"""Label of each pair (recency, frequency)."""


def rfm_scores(buyers: pl.DataFrame) -> pl.DataFrame:
    """Return the scores and the label of each row, in the order of the rows.

    Args:
        buyers: recency (days since the last purchase), frequency (days with a purchase), monetary (net revenue); null in all three
            for customers who are not to be scored.

    Returns:
        rfm_recency, rfm_frequency, rfm_monetary (Int8, 1 to 5, 5 = best; null if the value is), rfm_label (null without both).

    Examples:
        >>> buyers = pl.DataFrame({"recency": [3, 40, 400], "frequency": [9, 1, 1], "monetary": [900.0, 20.0, None]})
        >>> rfm_scores(buyers).rows()
        [(4, 4, 3, 'loyal'), (2, 1, 1, 'hibernating'), (1, 1, None, 'lost')]
    """
    scores = buyers.select(
        rfm_recency=_fifth(-pl.col("recency")), rfm_frequency=_fifth(pl.col("frequency")), rfm_monetary=_fifth(pl.col("monetary"))
    )
    cell = pl.col("rfm_recency").cast(pl.Int16) * 10 + pl.col("rfm_frequency")
    labels = {10 * r + f: label for (r, f), label in LABEL_OF.items()}
    return scores.with_columns(rfm_label=cell.replace_strict(labels, return_dtype=pl.String))


def _fifth(goodness: pl.Expr) -> pl.Expr:
    worse = goodness.rank("min").cast(pl.Int64) - 1
    return (worse * FIFTHS // pl.max_horizontal(goodness.count(), 1) + 1).cast(pl.Int8)

"""Levels of a category that did not occur in the fit: how many rows to score have one, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from relkit.models.covariates import Covariate

_MOST_NAMED, _LONGEST_NAME = 5, 40
"""Most levels named in a sentence, and most letters of each."""


def unseen_categories(
    frame: pl.DataFrame, covariates: Iterable[Covariate], *, who: str = "customers", unnamed: Collection[str] = ()
) -> tuple[Remark, ...]:
    """Return a remark for each category of which some rows have a level that did not occur in the fit.

    The most frequent of those levels are named, long ones truncated, except for covariates about a person.

    Args:
        frame: rows to score; a column it lacks is left to the model's contract.
        covariates: as fitted.
        who: what a row is, in the plural.
        unnamed: covariates whose values may not be shown.

    Examples:
        >>> from relkit.models.covariates import Covariate
        >>> country = Covariate(name="country", levels=("FR", "BE"))
        >>> unseen_categories(pl.DataFrame({"country": ["FR", "LU", None, "LU", "DE"]}), [country])[0].en
        '3 of 5 customers have a country that the model has not seen (LU: 2, DE: 1); they count as FR, the reference.'
    """
    remarks = []
    for known in covariates:
        if not known.levels or known.name not in frame.columns:
            continue
        levels = frame.select(level=pl.col(known.name).cast(pl.String)).drop_nulls().filter(~pl.col("level").is_in(known.levels))
        if count := len(levels):
            named = "" if known.name in unnamed else f" ({_most_frequent(levels['level'])})"
            remarks.append(_unseen(known, f"{count:,} of {len(frame):,} {who}", f"{french(count)} sur {french(len(frame))}", named))
    return tuple(remarks)


def _unseen(known: Covariate, counted: str, counted_fr: str, named: str) -> Remark:
    rule = f"they count as {known.levels[0]}, the reference"
    return Remark(
        "unseen_category",
        f"{counted} have a {known.name} that the model has not seen{named}; {rule}.",
        f"Parmi les lignes à noter, {counted_fr} ont pour {known.name} une valeur que le modèle n’a jamais rencontrée"
        f"{named.replace(' others', ' autres')} ; elles sont traitées comme {known.levels[0]}, la référence.",
    )


def _most_frequent(levels: pl.Series) -> str:
    counted = levels.alias("level").value_counts(name="rows").sort(["rows", "level"], descending=[True, False])
    short = [level if len(level) <= _LONGEST_NAME else f"{level[: _LONGEST_NAME - 1]}…" for level in counted["level"].head(_MOST_NAMED)]
    if len(counted) == 1:
        return short[0]
    others = [f"{len(counted) - _MOST_NAMED:,} others"] if len(counted) > _MOST_NAMED else []
    return ", ".join([*(f"{level}: {rows:,}" for level, rows in zip(short, counted["rows"].head(_MOST_NAMED), strict=True)), *others])

"""Scores on disk: the score table, and the record of each score alongside that of its model.

    kept = KeptScores.read(folder)              scores.parquet and models.json; None if there are no scores
    kept.records["churn_probability_90d"]       Score(stem='churn_probability', unit='days', horizon=90, ...)

A record in `models.json` has the fields of `relkit.score_kinds.Score`: stem, unit, horizon, reason, subject and subject_id. Deliveries and
reports read the meaning and the horizon of a score from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.errors import TableError
from relkit.json_file import read_json
from relkit.score_kinds import Score

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCORES, MODELS = "scores.parquet", "models.json"
FIELDS = tuple(each.name for each in fields(Score))
REQUIRED = tuple(name for name in FIELDS if name not in {"subject", "subject_id"})
"""The fields without which a record cannot be read; the others came later."""


def record_of(score: Score) -> dict[str, Any]:
    """Return the record of a score, as `models.json` keeps it.

    Examples:
        >>> record_of(Score("churn_probability", "days", 90, "price"))
        {'stem': 'churn_probability', 'unit': 'days', 'horizon': 90, 'reason': 'price', 'subject': '', 'subject_id': ''}
    """
    return asdict(score)


def records_of(models: Mapping[str, Mapping[str, Any]], *, where: str = MODELS) -> dict[str, Score]:
    """Return the records of the scores in `models.json`, by name.

    Args:
        models: by score, its entry.
        where: file to name in the error if a record is missing.

    Raises:
        TableError: a score has no record, as in a folder written by an earlier version.

    Examples:
        >>> records_of({"p_alive": {"model": "lifetime_value.bg_nbd", **record_of(Score("p_alive"))}})
        {'p_alive': Score(stem='p_alive', unit='', horizon=None, reason='', subject='', subject_id='')}
    """
    lacking = [name for name, kept in models.items() if not set(REQUIRED) <= set(kept)]
    if lacking:
        raise TableError(
            f"the record of {', '.join(lacking)} is not kept ({', '.join(REQUIRED)}): an earlier version of relkit made these scores.",
            where=where,
            remedy=f"Run {command('score')} again.",
        )
    return {name: Score(**{each: kept[each] for each in FIELDS if each in kept}) for name, kept in models.items()}


@dataclass(frozen=True, eq=False)
class KeptScores:
    """The scores of a day, which stay on disk: at a million customers they are half a gigabyte, and are looked at one by one.

    Attributes:
        rows: lazily, one row per customer, score and model (`relkit.scores.score_table.SCORE_TABLE`).
        records: the record of each score, by name.
    """

    rows: pl.LazyFrame
    records: Mapping[str, Score] = field(default_factory=dict)

    @cached_property
    def sources(self) -> pl.DataFrame:
        """The different score, model, version and trained_as_of."""
        named = self.rows.select(pl.col("score", "model", "version").cast(pl.Categorical), "trained_as_of").unique()
        return named.collect(engine="streaming").with_columns(pl.col("score", "model", "version").cast(pl.String))

    def of(self, score: str, model: str) -> pl.DataFrame:
        """Return the rows of one score of one model: customer_id, as_of, value, lower, upper."""
        found = self.rows.filter((pl.col("score") == score) & (pl.col("model") == model))
        return found.select("customer_id", "as_of", "value", "lower", "upper").collect(engine="streaming")

    @classmethod
    def read(cls, folder: Path) -> KeptScores | None:
        """Return the scores in a folder; None if there are none.

        Raises:
            TableError: a score has no record, as in a folder written by an earlier version.
        """
        if not (folder / SCORES).is_file():
            return None
        kept = cls(pl.scan_parquet(folder / SCORES), records_of(read_models(folder), where=str(folder / MODELS)))
        unknown = [name for name in sorted(kept.sources["score"].unique()) if name not in kept.records]
        if unknown:
            raise TableError(
                f"{', '.join(unknown)}: in {SCORES} and not in {MODELS}.", where=str(folder), remedy=f"Run {command('score')} again."
            )
        return kept


def read_models(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entry on the model behind each score, by score; empty if there are no scores."""
    path = folder / MODELS
    return read_json(path, remedy=f"Run {command('score')} again.") if path.is_file() else {}

"""Records of scores for tests that build score tables by hand: a name is parsed with the known kinds of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.models import catalogue
from relkit.score_kinds import Score, ScoreKind
from relkit.scores import expected_margin, remaining_life, retention_offer, returns_used
from relkit.scores.kept_scores import KeptScores
from relkit.scores.score_table import PART, ScorePart, ScoreTable, Source

if TYPE_CHECKING:
    import polars as pl

KINDS: tuple[ScoreKind, ...] = (
    *catalogue.scores(),
    *expected_margin.KINDS,
    remaining_life.EXPECTED_REMAINING_MONTHS,
    *returns_used.KINDS,
    *retention_offer.KINDS,
)


def kind_of(name: str) -> ScoreKind | None:
    """Return the kind of a score by its name; None if the column is not a score."""
    return next((kind for kind in KINDS if name == kind.stem or (kind.horizon and name.startswith(f"{kind.stem}_"))), None)


def record(name: str) -> Score:
    """Return the record of a score; a name of unknown kind is a score without a horizon."""
    kind = kind_of(name)
    if kind is None:
        return Score(name)
    if kind.by_subject:
        subject, _, days = name.removeprefix(f"{kind.stem}_").rpartition("_")
        return kind.at(int(days[:-1]), subject=subject, subject_id=subject.upper())
    span, _, reason = name.removeprefix(kind.stem).removeprefix("_").partition("_")
    return kind.at(None if span in ("", "endless") else int(span[:-1]), reason)


def records(*names: str) -> list[Score]:
    """Return the records of several scores."""
    return [record(name) for name in names]


def kinds(*names: str) -> dict[Score, ScoreKind]:
    """Return the kinds of scores by their records."""
    return {record(name): kind for name in names if (kind := kind_of(name))}


def kept(frame: pl.DataFrame) -> KeptScores:
    """Return a score table as read from disk, with the records of its scores."""
    return KeptScores(frame.lazy(), {name: record(name) for name in frame["score"].unique()})


def made(frame: pl.DataFrame) -> ScoreTable:
    """Return a score table as made by scoring, with the kinds of its scores."""
    shared = ("score", "as_of", "model", "version", "trained_as_of")
    groups = frame.partition_by(shared, maintain_order=True, as_dict=True)
    return ScoreTable(tuple(_part(dict(zip(shared, key, strict=True)), rows) for key, rows in groups.items()))


def _part(shared: dict[str, Any], rows: pl.DataFrame) -> ScorePart:
    """Return the rows of one score and one version."""
    found = kind_of(shared["score"])
    assert found is not None, shared["score"]
    source = Source(model=shared["model"], version=shared["version"], trained_as_of=shared["trained_as_of"])
    return ScorePart(rows=rows.select(PART.names), score=record(shared["score"]), kind=found, as_of=shared["as_of"], source=source)


SHOWN = records("p_alive", "expected_orders_90d", "expected_order_value", "future_margin_24m", "churn_probability_90d")
"""The scores of the small companies that reports are tested on."""

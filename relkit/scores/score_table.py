"""The score table: one long format for the scores of all models.

One row per customer, score and model. A score that does not apply to a customer has no row, neither a null nor
a zero. Model, version and training date are in every row, so that each number can be traced to its run. The facts of each score
(its horizon, its range) are in records (`relkit.score_kinds`), not in further columns of every row.

In memory the table is in parts, one for each score and model: `ScoreTable.frame` is the long format, `ScoreTable.write` the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import ParameterError, TableError
from relkit.score_kinds import Score, ScoreKind
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from pathlib import Path

SCORE_TABLE = Contract(
    name="scores",
    key=("customer_id", "score", "model"),
    meaning="Scores of customers as of a day, one row a customer, score and model.",
    columns=(
        Column(
            name="customer_id",
            dtype=pl.String,
            required=True,
            nullable=False,
            label=Text("Customer", "Client"),
            personal_data="pseudonym",
        ),
        Column(name="as_of", dtype=pl.Date, required=True, nullable=False, label=Text("As of", "Au")),
        Column(name="score", dtype=pl.String, required=True, nullable=False, label=Text("Score", "Score")),
        Column(name="value", dtype=pl.Float64, required=True, nullable=False, label=Text("Value", "Valeur")),
        Column(name="lower", dtype=pl.Float64, required=True, label=Text("Lower bound", "Borne basse"), null_means="no interval"),
        Column(name="upper", dtype=pl.Float64, required=True, label=Text("Upper bound", "Borne haute"), null_means="no interval"),
        Column(name="horizon_days", dtype=pl.Int32, required=True, unit="days", label=Text("Horizon", "Horizon"), null_means="no horizon"),
        Column(name="model", dtype=pl.String, required=True, nullable=False, label=Text("Model", "Modèle")),
        Column(name="version", dtype=pl.String, required=True, nullable=False, label=Text("Version", "Version")),
        Column(
            name="trained_as_of",
            dtype=pl.Date,
            required=True,
            nullable=False,
            label=Text("Trained on data up to", "Appris sur les données jusqu'au"),
        ),
    ),
)


PART = replace(SCORE_TABLE, key=("customer_id",), columns=tuple(SCORE_TABLE[name] for name in ("customer_id", "value", "lower", "upper")))
"""Rows of a single score of a single model."""
NO_ROWS = pl.DataFrame(schema={column.name: column.dtype for column in PART.columns})


Bounds = Mapping[Score, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""By score, the lower and upper bound of every row; NaN if there is no interval."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The model version behind a score.

    Examples:
        >>> from datetime import date
        >>> rate = Source(model="lifetime_value.bg_nbd", version="3", trained_as_of=date(2025, 6, 30))
        >>> value = Source(model="lifetime_value.gamma_gamma", version="1", trained_as_of=date(2025, 5, 31))
        >>> rate.with_(value)
        Source(model='lifetime_value.bg_nbd+lifetime_value.gamma_gamma', version='3+1', trained_as_of=datetime.date(2025, 5, 31))
    """

    model: str
    version: str
    trained_as_of: date

    def with_(self, other: Source) -> Source:
        """Return the source of a score that rests on two models; with the earlier training date."""
        return Source(
            model=f"{self.model}+{other.model}",
            version=f"{self.version}+{other.version}",
            trained_as_of=min(self.trained_as_of, other.trained_as_of),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class ScorePart:
    """One score from one model: a row per customer, and once the facts that all rows share.

    Attributes:
        rows: the columns of `PART`.
        score: the record of the score.
        kind: its range and the customers it applies to.
        as_of: day of the features that were scored.
        source: the version behind it.
    """

    rows: pl.DataFrame
    score: Score
    kind: ScoreKind
    as_of: date
    source: Source

    @property
    def key(self) -> tuple[str, str]:
        """Names of the score and of its model."""
        return str(self.score), self.source.model

    @property
    def customers(self) -> pl.Series:
        """The ids of the customers with this score."""
        return self.rows["customer_id"]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows with the columns of `SCORE_TABLE`."""
        return self.rows.select(
            "customer_id",
            as_of=pl.lit(self.as_of, pl.Date),
            score=pl.lit(str(self.score)),
            value="value",
            lower="lower",
            upper="upper",
            horizon_days=pl.lit(self.score.days, pl.Int32),
            model=pl.lit(self.source.model),
            version=pl.lit(self.source.version),
            trained_as_of=pl.lit(self.source.trained_as_of, pl.Date),
        )

    def only(self, customers: pl.DataFrame) -> ScorePart:
        """Return the rows of these customers (one column, customer_id)."""
        return replace(self, rows=self.rows.join(customers, on="customer_id", how="semi", maintain_order="left"))

    def without(self, customers: pl.DataFrame) -> ScorePart:
        """Return the rows of all other customers."""
        return replace(self, rows=self.rows.join(customers, on="customer_id", how="anti", maintain_order="left"))

    def sorted(self) -> ScorePart:
        """Return the rows in order of customer_id."""
        return self if self.customers.is_sorted() else replace(self, rows=self.rows.sort("customer_id"))


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of customers in parts, each of one score and one model: text that is equal in millions of rows is held once.

    Attributes:
        parts: the scores, each with at least one row.
    """

    parts: tuple[ScorePart, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(len(part.rows) for part in self.parts)

    @property
    def frame(self) -> pl.DataFrame:
        """All rows, part by part, with the columns of `SCORE_TABLE`."""
        schema = {column.name: column.dtype for column in SCORE_TABLE.columns}
        return pl.concat([part.frame for part in self.parts]) if self.parts else pl.DataFrame(schema=schema)

    def of(self, score: Score) -> pl.DataFrame:
        """Return the rows of one score."""
        return pl.concat([NO_ROWS, *(part.rows for part in self.parts if part.score == score)])

    def map(self, change: Callable[[ScorePart], ScorePart]) -> ScoreTable:
        """Return the table with each part changed; parts left without rows are dropped."""
        return ScoreTable(tuple(part for part in map(change, self.parts) if len(part.rows)))

    def sorted(self) -> ScoreTable:
        """Return the table in order of score, model and customer_id."""
        return ScoreTable(tuple(part.sorted() for part in sorted(self.parts, key=lambda part: part.key)))

    def customers(self) -> pl.Series:
        """Return the ids of the customers with at least one score, each once."""
        return customers_of(part.customers for part in self.parts)

    def write(self, path: Path) -> None:
        """Write all rows as a Parquet file, part by part, without a copy of the whole table in memory."""
        frames = [part.frame.lazy() for part in self.parts] or [self.frame.lazy()]
        pl.concat(frames).sink_parquet(path)


def customers_of(parts: Iterable[pl.Series]) -> pl.Series:
    """Return the ids in any part, each once; most scores of a model have the same customers, which are looked at once."""
    found: list[pl.Series] = [NO_ROWS["customer_id"]]
    for ids in parts:
        if not any(ids.equals(others) for others in found):
            found.append(ids)
    return pl.concat(found).unique()


def joined(tables: Iterable[ScoreTable]) -> ScoreTable:
    """Return several tables as one, in order.

    Raises:
        TableError: two of them have the same score of the same model.
    """
    parts = tuple(part for table in tables for part in table.parts)
    given = Counter(part.key for part in parts)
    if twice := [f"{score} of {model} is given {count} times" for (score, model), count in given.items() if count > 1]:
        raise TableError("; ".join(twice) + ".", where=SCORE_TABLE.name)
    return ScoreTable(parts)


def to_long(
    wide: pl.DataFrame, kinds: Mapping[Score, ScoreKind], *, as_of: date, source: Source, bounds: Bounds | None = None
) -> ScoreTable:
    """Return the score table of the columns that contain scores.

    Args:
        wide: customer_id, then score columns; other columns are ignored, and null values have no row.
        kinds: the kind of each score; scores without a column are left out.
        as_of: day of the features that were scored.
        source: the model version.
        bounds: bounds of the scores that have an interval (`relkit.scores.intervals`).

    Returns:
        In order of score, then of the rows of `wide`.

    Raises:
        TableError: a value is not a number, or is out of range for its score.

    Examples:
        >>> from datetime import date
        >>> orders, alive = ScoreKind(stem="expected_orders", horizon="days"), ScoreKind(stem="p_alive", high=1.0)
        >>> wide = pl.DataFrame({"customer_id": ["a", "b"], "p_alive": [0.5, None], "expected_orders_90d": [1.0, 0.0]})
        >>> model = Source(model="lifetime_value.bg_nbd", version="1", trained_as_of=date(2025, 6, 30))
        >>> made = to_long(wide, {alive.at(): alive, orders.at(90): orders}, as_of=date(2025, 6, 30), source=model)
        >>> made.frame.select("customer_id", "score", "value", "horizon_days").rows()
        [('a', 'expected_orders_90d', 1.0, 90), ('b', 'expected_orders_90d', 0.0, 90), ('a', 'p_alive', 0.5, None)]
    """
    held = [score for score in sorted(kinds, key=str) if str(score) in wide.columns]
    given = ((score, _rows(wide, score, (bounds or {}).get(score))) for score in held)
    made = (ScorePart(rows=rows, score=score, kind=kinds[score], as_of=as_of, source=source) for score, rows in given if len(rows))
    return check_scores(ScoreTable(tuple(made)))


def empty() -> ScoreTable:
    """Return a score table without rows."""
    return ScoreTable()


def check_scores(scores: ScoreTable) -> ScoreTable:
    """Return the score table in its declared types, or raise one TableError that lists all problems.

    Raises:
        TableError: a column is missing, a customer repeated, a value not finite, outside its score's range or its own interval.
    """
    checked = [replace(part, rows=check(part.rows, PART)) for part in scores.parts]
    if problems := [problem for part in checked for problem in _problems(part)]:
        raise TableError("; ".join(problems) + ".", where=SCORE_TABLE.name)
    return ScoreTable(tuple(checked))


def applicable(scores: ScoreTable, contract_holders: pl.Series) -> ScoreTable:
    """Return the applicable rows: the probability of being alive applies to customers without a contract, churn to holders of one.

    Args:
        scores: a score table.
        contract_holders: ids of the customers with a running contract.
    """
    holders = pl.DataFrame({"customer_id": contract_holders.cast(pl.String)})

    def kept(part: ScorePart) -> ScorePart:
        if part.kind.applies_to == "all":
            return part
        return part.only(holders) if part.kind.applies_to == "contract" else part.without(holders)

    return scores.map(kept)


def wide(scores: pl.DataFrame, *, model: str | None = None) -> pl.DataFrame:
    """Return one row per customer and one column a score, in order of customer_id.

    Args:
        scores: a score table.
        model: the model of the scores; needed if two models give the same one.

    Raises:
        ParameterError: two models give the same score and none was named, or the named one gave none.
    """
    given = scores["model"].unique().sort().to_list()
    if model is not None:
        if model not in given:
            raise ParameterError.unknown("model", model, given, where="scores")
        scores = scores.filter(pl.col("model") == model)
    twice = scores.group_by("score").agg(pl.col("model").unique().sort()).filter(pl.col("model").list.len() > 1)
    if len(twice):
        name, models = twice.sort("score").row(0)
        raise ParameterError(f"{name} is given by {', '.join(models)}.", where="scores", remedy="Name the model you want.")
    return scores.pivot("score", index="customer_id", values="value").sort("customer_id")


def _rows(wide_scores: pl.DataFrame, score: Score, bounds: tuple[NDArray[np.float64], NDArray[np.float64]] | None) -> pl.DataFrame:
    """Return the rows of one score: those with a value."""
    name = str(score)
    lower, upper = (pl.lit(None, pl.Float64),) * 2 if bounds is None else (pl.Series(one).fill_nan(None) for one in bounds)
    named = wide_scores.select(pl.col("customer_id").cast(pl.String), value=pl.col(name).cast(pl.Float64), lower=lower, upper=upper)
    return named.filter(pl.col("value").is_not_null())


def _problems(part: ScorePart) -> list[str]:
    """Return a sentence if some value is out of range, and one if some value lies outside its interval."""
    outside = part.rows.filter((pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value")))
    found = [_impossible(part), f"{part.score}: {len(outside):,} values lie outside their interval" if len(outside) else ""]
    return [problem for problem in found if problem]


def _impossible(part: ScorePart) -> str:
    """Return a sentence if some value is out of range."""
    value, kind = pl.col("value"), part.kind
    low = kind.low if kind.low is not None else float("-inf")
    high = kind.high if kind.high is not None else float("inf")
    bad = part.rows.filter((value < low) | (value > high))
    if bad.is_empty():
        return ""
    row = bad.row(0, named=True)
    span = f"between 0 and {high:g}" if kind.high is not None else f"{low:g} or more"
    return f"{part.score}: {len(bad):,} values are not {span} (the first is {row['value']:g})"

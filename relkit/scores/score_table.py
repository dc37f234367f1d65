"""The score table: one long format for the scores of all models.

One row per customer, score and model. A score that does not apply to a customer has no row, neither a null nor
a zero. Model, version and training date are in every row, so that each number can be traced to its run. The facts of each score
(its horizon, its range) are in records (`relkit.score_kinds`), not in further columns of every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import ParameterError, TableError
from relkit.score_kinds import Score, ScoreKind
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

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


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of customers in the long format, with the kind of each score.

    Attributes:
        frame: the columns of `SCORE_TABLE`.
        kinds: the kind of each score in the frame.
    """

    frame: pl.DataFrame
    kinds: Mapping[Score, ScoreKind] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def with_(self, frame: pl.DataFrame) -> ScoreTable:
        """Return the table with other rows, of the same scores or a subset."""
        return replace(self, frame=frame)

    def of(self, score: Score) -> pl.DataFrame:
        """Return the rows of one score."""
        return self.frame.filter(pl.col("score") == str(score))


def joined(tables: Iterable[ScoreTable]) -> ScoreTable:
    """Return several tables as one, in order."""
    given = list(tables)
    kinds = {score: kind for table in given for score, kind in table.kinds.items()}
    return ScoreTable(pl.concat([table.frame for table in given]), kinds) if given else empty()


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
    held = {score: kinds[score] for score in sorted(kinds, key=str) if str(score) in wide.columns}
    parts = [_rows(wide, score, as_of, source, (bounds or {}).get(score)) for score in held]
    return check_scores(ScoreTable(pl.concat(parts), held)) if parts else empty()


def empty() -> ScoreTable:
    """Return a score table without rows."""
    return ScoreTable(pl.DataFrame(schema={column.name: column.dtype for column in SCORE_TABLE.columns}))


def check_scores(scores: ScoreTable) -> ScoreTable:
    """Return the score table in its declared types, or raise one TableError that lists all problems.

    Raises:
        TableError: a column is missing, a key repeated, a value not finite, outside its score's range or its own interval.
    """
    checked = check(scores.frame, SCORE_TABLE)
    problems = [problem for score in sorted(scores.kinds, key=str) if (problem := _impossible(checked, score, scores.kinds[score]))]
    outside = checked.filter((pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value")))
    if len(outside):
        problems.append(f"{len(outside):,} values lie outside their interval (first: customer {outside['customer_id'][0]!r})")
    if problems:
        raise TableError("; ".join(problems) + ".", where=SCORE_TABLE.name)
    return scores.with_(checked)


def applicable(scores: ScoreTable, contract_holders: Iterable[str]) -> ScoreTable:
    """Return the applicable rows: the probability of being alive applies to customers without a contract, churn to holders of one.

    Args:
        scores: a score table.
        contract_holders: ids of the customers with a running contract.
    """
    holder = pl.col("customer_id").is_in(pl.Series(list(contract_holders), dtype=pl.String).implode())
    of_contracts, of_others = (_applying_to(scores, whom) for whom in ("contract", "no_contract"))
    return scores.with_(scores.frame.filter((~of_contracts | holder) & (~of_others | ~holder)))


def _applying_to(scores: ScoreTable, whom: str) -> pl.Expr:
    return pl.col("score").is_in([str(score) for score, kind in scores.kinds.items() if kind.applies_to == whom])


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


def _rows(
    wide_scores: pl.DataFrame, score: Score, as_of: date, source: Source, bounds: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> pl.DataFrame:
    name = str(score)
    nothing = pl.repeat(None, len(wide_scores), dtype=pl.Float64, eager=True)
    lower, upper = (nothing, nothing) if bounds is None else (pl.Series(one).fill_nan(None) for one in bounds)
    named = wide_scores.select("customer_id", name).with_columns(lower.alias("lower"), upper.alias("upper"))
    return named.filter(pl.col(name).is_not_null()).select(
        pl.col("customer_id").cast(pl.String),
        as_of=pl.lit(as_of, pl.Date),
        score=pl.lit(name),
        value=pl.col(name).cast(pl.Float64),
        lower=pl.col("lower"),
        upper=pl.col("upper"),
        horizon_days=pl.lit(score.days, pl.Int32),
        model=pl.lit(source.model),
        version=pl.lit(source.version),
        trained_as_of=pl.lit(source.trained_as_of, pl.Date),
    )


def _impossible(scores: pl.DataFrame, score: Score, kind: ScoreKind) -> str:
    """Return a sentence if some value of a score is out of range."""
    value, low = pl.col("value"), kind.low if kind.low is not None else float("-inf")
    high = kind.high if kind.high is not None else float("inf")
    bad = scores.filter((pl.col("score") == str(score)) & ((value < low) | (value > high)))
    if bad.is_empty():
        return ""
    row = bad.row(0, named=True)
    span = f"between 0 and {high:g}" if kind.high is not None else f"{low:g} or more"
    return f"{score}: {len(bad):,} values are not {span} (first: customer {row['customer_id']!r}, {row['value']:g})"

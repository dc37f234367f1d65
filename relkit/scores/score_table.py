"""The score table: one long format for the scores of all models.

One row a customer, a score and a model. A score that does not apply to a customer has no row, neither a null nor
a zero. Model, version and training date stand in every row, so that each number leads back to its run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import ParameterError, TableError
from relkit.models import catalogue

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
            label_en="Customer",
            label_fr="Client",
            personal_data="pseudonym",
        ),
        Column(name="as_of", dtype=pl.Date, required=True, nullable=False, label_en="As of", label_fr="Au"),
        Column(name="score", dtype=pl.String, required=True, nullable=False, label_en="Score", label_fr="Score"),
        Column(name="value", dtype=pl.Float64, required=True, nullable=False, label_en="Value", label_fr="Valeur"),
        Column(name="lower", dtype=pl.Float64, required=True, label_en="Lower bound", label_fr="Borne basse", null_means="no interval"),
        Column(name="upper", dtype=pl.Float64, required=True, label_en="Upper bound", label_fr="Borne haute", null_means="no interval"),
        Column(
            name="horizon_days", dtype=pl.Int32, required=True, unit="days", label_en="Horizon", label_fr="Horizon", null_means="no horizon"
        ),
        Column(name="model", dtype=pl.String, required=True, nullable=False, label_en="Model", label_fr="Modèle"),
        Column(name="version", dtype=pl.String, required=True, nullable=False, label_en="Version", label_fr="Version"),
        Column(
            name="trained_as_of",
            dtype=pl.Date,
            required=True,
            nullable=False,
            label_en="Trained on data up to",
            label_fr="Appris sur les données jusqu'au",
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class ScoreKind:
    """What is possible for a score and to whom it applies.

    Attributes:
        name: {h} stands for a horizon in days, {m} for one in months, {reason} for a reason in small letters, digits and "_".
        low: smallest value that is possible; None where a loss is.
        high: largest value that is possible.
        applies_to: everybody the model scores, holders of a running contract, or those without one.
    """

    name: str
    low: float | None = 0.0
    high: float | None = None
    applies_to: Literal["all", "contract", "no_contract"] = "all"


DERIVED = (
    ScoreKind(name="expected_return_share", high=1.0),
    ScoreKind(name="returns_to_come"),
    ScoreKind(name="future_margin_{m}m", low=None),
    ScoreKind(name="future_margin_endless", low=None),
    ScoreKind(name="expected_remaining_months_{m}m", applies_to="contract"),
    ScoreKind(name="expected_remaining_months_endless", applies_to="contract"),
    ScoreKind(name="contract_residual_value_{m}m", low=None, applies_to="contract"),
    ScoreKind(name="contract_residual_value_endless", low=None, applies_to="contract"),
    ScoreKind(name="retention_offer_value", low=None, applies_to="contract"),
    ScoreKind(name="retention_offer_cost", applies_to="contract"),
    ScoreKind(name="retention_offer_profit", low=None, applies_to="contract"),
    ScoreKind(name="retention_call_rank", low=1.0, applies_to="contract"),
)
"""Scores that this room derives from those of models."""
_HORIZONS = {"": "", "days": "_{h}d", "months": "_{m}m"}


def kinds() -> tuple[ScoreKind, ...]:
    """Return every score there is. Other columns that a model returns (a hazard ratio, say) are for analysts, not for customer files."""
    given = tuple(
        ScoreKind(name=f"{kind.stem}{_HORIZONS[kind.horizon]}{end}", low=kind.low, high=kind.high, applies_to=kind.applies_to)
        for kind in catalogue.scores()
        for end in ("", *(["_{reason}"] if kind.by_reason else []))
    )
    return (*given, *DERIVED)


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
        """Return the source of a score that rests on two models; it is as old as the older one."""
        return Source(
            model=f"{self.model}+{other.model}",
            version=f"{self.version}+{other.version}",
            trained_as_of=min(self.trained_as_of, other.trained_as_of),
        )


def kind_of(score: str) -> ScoreKind | None:
    """Return the kind of a score, or None for a column that is no score.

    Examples:
        >>> kind_of("expected_orders_30d").name
        'expected_orders_{h}d'
        >>> kind_of("hazard_ratio") is None
        True
    """
    return next((kind for kind in kinds() if _pattern(kind).fullmatch(score)), None)


def horizon_of(score: str) -> int | None:
    """Return the horizon of a score in days, a month being a twelfth of 365.25 days.

    Examples:
        >>> horizon_of("churn_probability_90d"), horizon_of("future_margin_24m"), horizon_of("p_alive")
        (90, 730, None)
    """
    kind = kind_of(score)
    found = _pattern(kind).fullmatch(score) if kind else None
    if found is None or not found.groups():
        return None
    number = int(found.group(1))
    return days_of_months(number) if kind is not None and "{m}" in kind.name else number


def days_of_months(months: int) -> int:
    """Return the days of a number of months, a month being a twelfth of 365.25 days.

    Examples:
        >>> days_of_months(24)
        730
    """
    return int(months * 365.25 / 12)


Bounds = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""By score, the lower and upper bound of every row; NaN where there is no interval."""


def to_long(wide: pl.DataFrame, *, as_of: date, source: Source, bounds: Bounds | None = None) -> pl.DataFrame:
    """Return the score table of the columns that a model's `score` returned.

    Args:
        wide: customer_id, then score columns; columns that are no score are left out, and null values have no row.
        as_of: day of the features that were scored.
        source: the model version.
        bounds: of the scores that have an interval (`relkit.scores.intervals`).

    Returns:
        In order of score, then of the rows of `wide`.

    Raises:
        TableError: a value is not a number, or is impossible for its score.

    Examples:
        >>> from datetime import date
        >>> wide = pl.DataFrame({"customer_id": ["a", "b"], "p_alive": [0.5, None], "expected_orders_90d": [1.0, 0.0]})
        >>> model = Source(model="lifetime_value.bg_nbd", version="1", trained_as_of=date(2025, 6, 30))
        >>> to_long(wide, as_of=date(2025, 6, 30), source=model).select("customer_id", "score", "value", "horizon_days").rows()
        [('a', 'expected_orders_90d', 1.0, 90), ('b', 'expected_orders_90d', 0.0, 90), ('a', 'p_alive', 0.5, None)]
    """
    names = sorted(name for name in wide.columns if kind_of(name))
    parts = [_rows(wide, name, as_of, source, (bounds or {}).get(name)) for name in names]
    return check_scores(pl.concat(parts)) if parts else empty()


def empty() -> pl.DataFrame:
    """Return a score table without rows."""
    return pl.DataFrame(schema={column.name: column.dtype for column in SCORE_TABLE.columns})


def check_scores(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the score table in its declared types, or raise one TableError that lists all that is wrong.

    Raises:
        TableError: a column is missing, a key repeated, a value not finite, outside its score's range or its own interval.
    """
    checked = check(scores, SCORE_TABLE)
    problems = [said for kind in kinds() if (said := _impossible(checked, kind))]
    outside = checked.filter((pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value")))
    if len(outside):
        problems.append(f"{len(outside):,} values lie outside their interval (first: customer {outside['customer_id'][0]!r})")
    if problems:
        raise TableError("; ".join(problems) + ".", where=SCORE_TABLE.name)
    return checked


def applicable(scores: pl.DataFrame, contract_holders: Iterable[str]) -> pl.DataFrame:
    """Return the rows that apply: the chance of being alive is for those without a contract, of churn for its holders.

    Args:
        scores: a score table.
        contract_holders: ids of the customers with a running contract.
    """
    holder = pl.col("customer_id").is_in(pl.Series(list(contract_holders), dtype=pl.String).implode())
    keep = pl.lit(value=True)
    for kind in kinds():
        own = pl.col("score").str.contains(f"^{_pattern(kind).pattern}$")
        if kind.applies_to == "contract":
            keep = keep & (~own | holder)
        elif kind.applies_to == "no_contract":
            keep = keep & (~own | ~holder)
    return scores.filter(keep)


def wide(scores: pl.DataFrame, *, model: str | None = None) -> pl.DataFrame:
    """Return one row a customer and one column a score, in order of customer_id.

    Args:
        scores: a score table.
        model: whose scores; needed where two models give the same one.

    Raises:
        ParameterError: two models give the same score and none was named, or the one named gave none.
    """
    given = scores["model"].unique().sort().to_list()
    if model is not None:
        if model not in given:
            raise ParameterError.unknown("model", model, given, where="scores")
        scores = scores.filter(pl.col("model") == model)
    twice = scores.group_by("score").agg(pl.col("model").unique().sort()).filter(pl.col("model").list.len() > 1)
    if len(twice):
        name, models = twice.sort("score").row(0)
        raise ParameterError(f"{name} is given by {', '.join(models)}.", where="scores", remedy="Say which model you want.")
    return scores.pivot("score", index="customer_id", values="value").sort("customer_id")


def _pattern(kind: ScoreKind) -> re.Pattern[str]:
    return re.compile(kind.name.replace("{h}", r"(\d+)").replace("{m}", r"(\d+)").replace("{reason}", "[a-z0-9_]+"))


def _rows(
    wide_scores: pl.DataFrame, name: str, as_of: date, source: Source, bounds: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> pl.DataFrame:
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
        horizon_days=pl.lit(horizon_of(name), pl.Int32),
        model=pl.lit(source.model),
        version=pl.lit(source.version),
        trained_as_of=pl.lit(source.trained_as_of, pl.Date),
    )


def _impossible(scores: pl.DataFrame, kind: ScoreKind) -> str:
    """Return a sentence when some value of a score cannot be."""
    value, low = pl.col("value"), kind.low if kind.low is not None else float("-inf")
    high = kind.high if kind.high is not None else float("inf")
    own = pl.col("score").str.contains(f"^{_pattern(kind).pattern}$")
    bad = scores.filter(own & ((value < low) | (value > high)))
    if bad.is_empty():
        return ""
    row = bad.row(0, named=True)
    span = f"between 0 and {high:g}" if kind.high is not None else f"{low:g} or more"
    return f"{row['score']}: {len(bad):,} values are not {span} (first: customer {row['customer_id']!r}, {row['value']:g})"

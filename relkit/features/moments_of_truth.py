"""Moments of truth: satisfaction after each kind of moment, with the customers concerned and the revenue they stand for.

An answer with a number is attributed to the customer's last moment within a window before it, and compared with all other answers: the gap
is the mean of the others less the mean after this moment, in points of a scale of 0 to 10, so a positive gap marks an irritant. Its
standard error takes the answers of one customer as one observation. The stake ranks the moments: customers who had the moment in the last
365 days, times the revenue of each in those days, times the gap as a share of the scale.

The order of two moments close to one another decides to which an answer is attributed, and those who answer are not all customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import YEAR_DAYS, known_rows, marked_as_test

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

WINDOW_DAYS = 14
SCALE = 10.0


def survey_answers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, at, score (0 to 10), weight and asked (step asked about) of each answer with a number known at `as_of`.

    Scales are brought to 0 to 10; a scale without bounds is 0 to 10. Answers of nobody known and of test accounts are left out.

    Raises:
        TableError: there is no surveys table.
    """
    read = ("customer_id", "answered_at", "score", "scale_min", "scale_max", "weight", "step")
    rows = known_rows(tables, "surveys", as_of, *read).drop_nulls(["customer_id", "score"])
    low, high = pl.col("scale_min").fill_null(0.0), pl.col("scale_max").fill_null(SCALE)
    scaled = rows.filter(high > low).select(
        "customer_id",
        at="answered_at",
        score=SCALE * (pl.col("score") - low) / (high - low),
        weight=pl.col("weight").fill_null(1.0),
        asked=pl.col("step").cast(pl.String),
    )
    known = scaled.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()), pl.col("score").is_between(0.0, SCALE))
    return known.collect(engine="streaming").sort("customer_id", "at", "score")


def moments_of_truth(
    answers: pl.DataFrame, moments: pl.DataFrame, purchases: pl.DataFrame, as_of: AsOf, *, window_days: int = WINDOW_DAYS
) -> pl.DataFrame:
    """Return one row per kind of moment and channel with an answer after it, the highest stake first.

    Args:
        answers: of `survey_answers`.
        moments: of `relkit.features.customer_moments`, in order of customer and time.
        purchases: customer_id, at and amount.
        as_of: the cutoff; volume and value are of the 365 days before it.
        window_days: most days of 24 hours between the moment and the answer.

    Returns:
        kind, channel, answers, respondents, score, score_of_others, gap, gap_error (null if there are no others), customers (who had the
        moment in the last 365 days), revenue_each (of those in those days), stake.
    """
    after = _attributed(answers, moments, window_days)
    scored = _gaps(after, ["kind", "channel"])
    volume = _volume(moments, purchases, as_of)
    rows = scored.join(volume, on=["kind", "channel"], how="left")
    filled = rows.with_columns(pl.col("customers").fill_null(0), pl.col("revenue_each").fill_null(0.0))
    stake = pl.col("customers") * pl.col("revenue_each") * pl.col("gap") / SCALE
    return filled.with_columns(stake=stake).sort(["stake", "kind", "channel"], descending=[True, False, False], nulls_last=True)


def scores_by_step(answers: pl.DataFrame) -> pl.DataFrame:
    """Return the scores by the step that customers were asked about, whenever they answered; the lowest first.

    Args:
        answers: of `survey_answers`.

    Returns:
        asked, answers, respondents, score, score_of_others, gap, gap_error.

    Examples:
        >>> rows = {"customer_id": ["a", "b", "c"], "score": [4.0, 9.0, 7.0], "weight": [1.0] * 3, "asked": ["delivery", "store", "store"]}
        >>> scores_by_step(pl.DataFrame(rows)).select("asked", "answers", "score", "gap").rows()
        [('delivery', 1, 4.0, 4.0), ('store', 2, 8.0, -4.0)]
    """
    return _gaps(answers, ["asked"]).sort("score", "asked")


_FIGURES: dict[str, pl.DataType] = {"answers": pl.Int64(), "respondents": pl.Int64()} | dict.fromkeys(
    ("score", "score_of_others", "gap", "gap_error"), pl.Float64()
)


def _gaps(answers: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return the figures of each group of answers that has a name."""
    groups = answers.select(by).drop_nulls().unique().rows(named=True)
    found = [group | _gap(answers, pl.all_horizontal(pl.col(name) == value for name, value in group.items())) for group in groups]
    names: dict[str, pl.DataType] = dict.fromkeys(by, pl.String())
    return pl.DataFrame(found, schema=names | _FIGURES)


def _attributed(answers: pl.DataFrame, moments: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """Return the answers with kind and channel of the last moment before each; null if there is none in the window."""
    before = moments.select("customer_id", "at", "kind", "channel")
    joined = answers.join_asof(before, on="at", by="customer_id", tolerance=f"{window_days}d", check_sortedness=False)
    return joined.select("customer_id", "score", "weight", "kind", "channel")


def _gap(answers: pl.DataFrame, which: pl.Expr) -> dict[str, object]:
    """Return the figures of some answers: their weighted mean, that of the others, and the difference."""
    own = which.fill_null(value=False)
    means = {
        side: (pl.col("score") * pl.col("weight")).filter(part).sum() / pl.col("weight").filter(part).sum()
        for side, part in (("score", own), ("score_of_others", ~own))
    }
    counts = {"answers": own.sum(), "respondents": pl.col("customer_id").filter(own).n_unique()}
    row = answers.select(**counts, **means).row(0, named=True)
    others = len(answers) > row["answers"]
    gap = row["score_of_others"] - row["score"] if others else None
    error = _gap_error(answers, own, row["score"], row["score_of_others"]) if others else None
    return row | {"score_of_others": row["score_of_others"] if others else None, "gap": gap, "gap_error": error}


def _gap_error(answers: pl.DataFrame, own: pl.Expr, mean: float, others: float) -> float:
    """Return the standard error of the difference of two weighted means, by sums over customers of their linearised parts."""
    weight = pl.col("weight")
    parts = (
        pl.when(own)
        .then(-weight * (pl.col("score") - mean) / weight.filter(own).sum())
        .otherwise(weight * (pl.col("score") - others) / weight.filter(~own).sum())
    )
    sums = answers.select("customer_id", part=parts).group_by("customer_id").agg(pl.col("part").sum())
    return float(sums.select(pl.col("part").pow(2).sum().sqrt()).item())


def _volume(moments: pl.DataFrame, purchases: pl.DataFrame, as_of: AsOf) -> pl.DataFrame:
    """Return kind, channel, the customers who had the moment in the last 365 days, and the mean revenue of each in them."""
    since = as_of.minus(days=YEAR_DAYS).cutoff
    revenue = purchases.filter(pl.col("at") >= since).group_by("customer_id").agg(amount=pl.col("amount").sum())
    had = moments.filter(pl.col("at") >= since).select("customer_id", "kind", "channel").unique()
    joined = had.join(revenue, on="customer_id", how="left")
    return joined.group_by("kind", "channel").agg(customers=pl.len().cast(pl.Int64), revenue_each=pl.col("amount").fill_null(0.0).mean())

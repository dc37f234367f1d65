"""Paths that lead to a loss: the moments in the days before it, alongside what other customers had in the same days.

Of each kind of moment, the share of losses that it precedes is compared with the share of all people known then
(`relkit.features.preceding_moments`). Of whole paths, the last moments before the loss are compared with those of other people at the same
instants: each person without that loss is given the instant of one loss in turn, so that season and campaigns are the same. What precedes
a loss need not be its cause.
"""

from __future__ import annotations

import polars as pl

from relkit.features.id_codes import coded_ids, codes_among
from relkit.features.preceding_moments import preceding_moments

WINDOW_DAYS = 30
MOST_MOMENTS = 3
"""Last moments of a path that are kept; repeats of one moment in a row are one."""
FEWEST_PRECEDED = 10
KIND_AND_CHANNEL = "\t"
"""Separator of kind and channel in a moment of a path; no id has a tab."""


def moments_before(losses: pl.DataFrame, moments: pl.DataFrame, *, window_days: int = WINDOW_DAYS) -> pl.DataFrame:
    """Return one row per loss, kind of moment and channel that precedes at least ten losses, the largest excess first.

    Args:
        losses: customer_id, at, loss.
        moments: customer_id, at, kind, channel; purchases are left out before a silence, which is the time without any.
        window_days: of 24 hours.

    Returns:
        loss, kind, channel, then the columns of `preceding_moments`.
    """
    losses, moments = _coded(losses, moments)
    people = moments.group_by("customer_id").agg(since=pl.col("at").min())
    pairs = moments.select("kind", "channel").unique().sort("kind", "channel").rows()
    found = [
        preceding_moments(own, _of(moments, kind, channel), people, windows_days=(window_days,)).select(
            pl.lit(loss).alias("loss"), pl.lit(kind).alias("kind"), pl.lit(channel).alias("channel"), pl.all()
        )
        for (loss,), own in losses.group_by("loss", maintain_order=True)
        for kind, channel in pairs
        if not (loss == "silence" and kind == "purchase")
    ]
    if not found:
        return pl.DataFrame()
    rows = pl.concat(found).filter(pl.col("preceded") >= FEWEST_PRECEDED)
    return rows.sort(["loss", "excess", "kind", "channel"], descending=[False, True, False, False])


def paths_to_losses(losses: pl.DataFrame, moments: pl.DataFrame, *, window_days: int = WINDOW_DAYS) -> pl.DataFrame:
    """Return the paths before one kind of loss, the most frequent first.

    Args:
        losses: customer_id and at of losses of one kind.
        moments: customer_id, at, kind, channel, in order of customer and time.
        window_days: of 24 hours, both ends included.

    Returns:
        path (list of kind, tab, channel, in order of time; empty if there was no moment), losses, share, others (people compared),
        base_share.
    """
    people = moments.group_by("customer_id").agg(since=pl.col("at").min())
    known = losses.join(people, on="customer_id", how="semi").select("customer_id", "at")
    compared = _compared(known, people)
    lost = _counted(_paths(known, moments, window_days)).rename({"n": "losses"})
    base = _counted(_paths(compared, moments, window_days)).rename({"n": "others"})
    joined = lost.join(base, on="path", how="left").with_columns(pl.col("others").fill_null(0))
    shared = joined.with_columns(share=pl.col("losses") / max(len(known), 1), base_share=pl.col("others") / max(len(compared), 1))
    text = pl.col("path").list.join(" > ")
    return shared.select("path", "losses", "share", "others", "base_share").sort(["losses", text], descending=[True, False])


def _coded(losses: pl.DataFrame, moments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both with numbers for customers, which are compared many times; losses of customers without moments are left out."""
    names, codes = coded_ids(moments["customer_id"])
    known = losses.with_columns(customer_id=codes_among(names, losses["customer_id"])).drop_nulls("customer_id")
    return known, moments.with_columns(customer_id=codes)


def _of(moments: pl.DataFrame, kind: str, channel: str) -> pl.DataFrame:
    return moments.filter(pl.col("kind") == kind, pl.col("channel") == channel)


def _compared(losses: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Return the other people, each with the instant of a loss at which they were known."""
    others = people.join(losses, on="customer_id", how="anti").sort("customer_id")
    if losses.is_empty() or others.is_empty():
        return losses.clear()
    instants = losses["at"].sort()
    turn = pl.int_range(pl.len()) % len(instants)
    given = others.with_columns(at=turn).with_columns(at=instants.gather(others.select(turn).to_series()))
    return given.filter(pl.col("since") <= pl.col("at")).select("customer_id", "at")


def _paths(events: pl.DataFrame, moments: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """Return the path of the last moments before each event, empty if it has none."""
    numbered = events.with_row_index("event").select("event", "customer_id", until="at")
    within = (pl.col("at") <= pl.col("until")) & (pl.col("at") >= pl.col("until") - pl.duration(days=window_days))
    named = moments.select("customer_id", "at", label=pl.concat_str("kind", "channel", separator=KIND_AND_CHANNEL))
    near = numbered.join(named, on="customer_id").filter(within).sort("event", "at", "label")
    repeated = (pl.col("label") == pl.col("label").shift(1)) & (pl.col("event") == pl.col("event").shift(1))
    paths = near.filter(~repeated.fill_null(value=False)).group_by("event").agg(path=pl.col("label").tail(MOST_MOMENTS))
    empty = pl.lit([], pl.List(pl.String))
    return numbered.join(paths, on="event", how="left").select(pl.col("path").fill_null(empty))


def _counted(paths: pl.DataFrame) -> pl.DataFrame:
    return paths.group_by("path").agg(n=pl.len().cast(pl.Int64))

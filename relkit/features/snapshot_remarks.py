"""What to know of spells that were made from customer snapshots, one sentence each; nothing where there is nothing to say."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.known_rows import known_rows, marked_as_test
from relkit.features.snapshot_covariates import barred, with_role
from relkit.features.snapshot_spells import DAYS, stays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def remarks(tables: TableSet, as_of: AsOf) -> tuple[str, ...]:
    """Return what the spells as of an edge rest on, and who is left out of them."""
    rows = known_rows(tables, "customer_snapshots", as_of, "customer_id", "as_of")
    rows = rows.filter(~pl.col("customer_id").is_in(marked_as_test(tables).implode()))
    known = rows.select(
        days=pl.col("as_of").n_unique(), last=pl.col("as_of").max(), customers=pl.col("customer_id").n_unique(), rows=pl.len()
    )
    facts = known.collect(engine="streaming").row(0, named=True)
    if not facts["rows"]:
        return ()
    return (*_on_stays(stays(tables, as_of), facts, tables), *_on_attributes(barred(tables)))


def on_coarse_tenure(tables: TableSet, ages: pl.Series, horizon_days: int) -> str:
    """Return what a curve in steps misses of a horizon where ages are told in units of it; empty where that is a twentieth or less.

    With a tenure in whole months all ends lie at ages a month apart, and 90 days ahead reach two of them, not three.

    Args:
        tables: that say the unit of the tenure.
        ages: of those who are scored, in days.
        horizon_days: how far ahead ends are looked for.
    """
    tenure = with_role(tables, "tenure")
    if tenure is None or ages.is_empty():
        return ""
    unit = tables.facts.attributes[tenure]["unit"]
    days = DAYS[unit]
    units = ages / days
    steps = int(horizon_days / days + 1e-9)
    if (units - units[0] - (units - units[0]).round()).abs().max() > 1e-6 or steps * days >= 0.95 * horizon_days:
        return ""
    reached = f"{steps} of these ages" if steps else "none of these ages"
    return (
        f"{tenure} is told in whole {unit}, so the curve falls at ages one of them apart: {horizon_days} days ahead reach {reached}, and "
        f"churn probabilities are {'too low' if steps else '0 but past the last age seen'}. "
        f"Score with --horizon-days {ceil((steps + 1) * days)}."
    )


def _on_stays(found: pl.DataFrame, facts: dict[str, Any], tables: TableSet) -> Iterator[str]:
    tenure, ended = with_role(tables, "tenure"), with_role(tables, "ended")
    lost = facts["customers"] - found["customer_id"].n_unique()
    if lost:
        yield f"{_customers(lost)} left out: no snapshot says both {tenure} and {ended}."
    if facts["days"] == 1:
        yield (
            f"There is one snapshot, of {facts['last']}: every customer counts from the first day of its {tenure}. "
            "If those who left long ago are not in it, lives look longer than they are."
        )
        yield from _on_no_tenure(found.filter(pl.col("duration_days") == 0), str(tenure))
        return
    unseen = int(found["first_ended"].sum())
    if unseen:
        yield f"{_customers(unseen)} had left when first seen: nobody watched it happen, and nothing is learnt from it."
    gone = found.filter(~pl.col("event") & ~pl.col("is_in_view"))
    again = found.filter(pl.col("contract_id") != pl.col("customer_id")).select("customer_id").unique()
    silent = gone.group_by("customer_id").agg(pl.col("last_on").max()).join(again, on="customer_id", how="anti")
    if len(silent):
        yield (
            f"Missing from the snapshot of {facts['last']}, though none says that they left: {_customers(len(silent))}, "
            "who count up to the last one they are in, and have no score."
        )
    if len(again):
        yield f"Came back, or had their {tenure} fall: {_customers(len(again))}, of whom each stay counts by itself."


def _on_no_tenure(found: pl.DataFrame, tenure: str) -> Iterator[str]:
    if found.is_empty():
        return
    ended = int(found["event"].sum())
    said = f"Not at risk for a day, so that nothing is learnt from them: {_customers(len(found))} with a {tenure} of 0"
    if not ended:
        yield f"{said}. They are scored as new customers."
        return
    yield (
        f"{said}, of whom {ended:,} left. The others are scored as new customers. "
        f"Where {tenure} counts completed units, add half a unit to it in the mapping."
    )


def _on_attributes(names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"Never a covariate: {', '.join(names)}, personal data whose purpose does not say profiling."


def _customers(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"

"""Harm that a campaign may do: consent withdrawn, complaints; of all units drawn alike, contacted or not.

Unsubscribed: an outcome of any contact, or a consent withdrawn or refused. Complained: an outcome of any contact, or a case opened. Both
count from the draw to the end of the post window, as known at the cutoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.known_rows import known_rows

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

UNSUBSCRIBED, COMPLAINED = "unsubscribed", "complained"


def guardrails_known(tables: TableSet) -> tuple[str, ...]:
    """Return the guardrails that some table of the company tells of."""
    contacts = tables.has("contacts") and tables.has("outcomes")
    told = {UNSUBSCRIBED: contacts or tables.has("consents"), COMPLAINED: contacts or tables.has("cases")}
    return tuple(name for name, is_told in told.items() if is_told)


def guardrails_of(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, *, length_days: int) -> pl.DataFrame:
    """Return unit and, for each guardrail that is known, whether it happened; units to which nothing happened have no row.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        draws: unit, customer_id, drawn_at, drawn_on.
        length_days: length of response and post window together.
    """
    known = guardrails_known(tables)
    facts = pl.concat([_none(), *_outcomes(tables, as_of), *_withdrawn(tables, as_of), *_cases(tables, as_of)])
    near = facts.join(draws.select("unit", "customer_id", "drawn_at", "drawn_on"), on="customer_id").filter(
        pl.col("at") >= pl.col("drawn_at"), as_of.business_day("at") <= pl.col("drawn_on").dt.offset_by(f"{length_days}d")
    )
    return near.group_by("unit").agg((pl.col("kind") == name).any().alias(name) for name in known)


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"customer_id": pl.String, "kind": pl.String, "at": pl.Datetime("us", "UTC")})


def _outcomes(tables: TableSet, as_of: AsOf) -> list[pl.DataFrame]:
    if not (tables.has("outcomes") and tables.has("contacts")):
        return []
    rows = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "occurred_at")
    bad = rows.filter(pl.col("outcome").is_in([UNSUBSCRIBED, COMPLAINED]))
    contacts = tables.scan("contacts").select("contact_id", "customer_id")
    found = contacts.join(bad, on="contact_id").select("customer_id", pl.col("outcome").alias("kind"), pl.col("occurred_at").alias("at"))
    return [found.collect(engine="streaming")]


def _withdrawn(tables: TableSet, as_of: AsOf) -> list[pl.DataFrame]:
    if not tables.has("consents") or "customer_id" not in tables.columns("consents"):
        return []
    rows = known_rows(tables, "consents", as_of, "customer_id", "status", "changed_at")
    back = rows.filter(pl.col("status").is_in(["withdrawn", "refused"]), pl.col("customer_id").is_not_null())
    return [back.select("customer_id", kind=pl.lit(UNSUBSCRIBED), at="changed_at").collect(engine="streaming")]


def _cases(tables: TableSet, as_of: AsOf) -> list[pl.DataFrame]:
    if not tables.has("cases"):
        return []
    rows = known_rows(tables, "cases", as_of, "customer_id", "opened_at")
    return [rows.select("customer_id", kind=pl.lit(COMPLAINED), at="opened_at").collect(engine="streaming")]

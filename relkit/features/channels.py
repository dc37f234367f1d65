"""Channels: where a customer buys, how often a person was involved, how many messages were sent, what is allowed.

Contacts. Pressure counts marketing contacts that the company began (`class` marketing, `direction`
outbound, or not given); service messages and contacts that the customer began are no pressure. The share
of human contacts is over all contacts of the window, whoever began them.

Consent. For each channel the last change before the cutoff counts; a change that names no channel applies to
all of them; of changes at the same instant the refusal wins. A withdrawal is a refusal, and so is an outcome by
which a customer unsubscribes or complains, until a later agreement. An agreement whose valid_to is past has
expired. Several identifiers of one customer (two addresses, say) are judged one by one and the most
restrictive wins. A customer who never stated a choice is unknown, and that is not consent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.coded_lines import known_lines, named
from relkit.features.id_codes import coded_ids
from relkit.features.known_rows import RECENT_DAYS, YEAR_DAYS, known_rows, within
from relkit.tables.kept import kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

CHANNELS = ("email", "sms", "phone", "post")
"""Channels that always have their columns; others that the tables name follow, in order."""

HUMAN_CHANNELS = ("phone", "store", "branch", "agency", "counter", "visit", "field", "call_centre", "call_center")
"""Channels on which the customer meets or speaks to a person."""

OPTED_OUT = ("unsubscribed", "complained")
"""Outcomes by which a customer withdraws consent."""

CONSENT_STATES = ("granted", "expired", "refused")
"""From the least to the most restrictive; unknown is outside the order."""

PROFILING = "profiling"
_NEVER = np.iinfo(np.int64).min
"""Place in time before every change."""


def channel_columns(channels: Iterable[str]) -> dict[str, str]:
    """Return channel -> suffix of its columns, the four usual ones first.

    Examples:
        >>> channel_columns(["Push web", "sms"])
        {'email': 'email', 'sms': 'sms', 'phone': 'phone', 'post': 'post', 'Push web': 'push_web'}
    """
    others = sorted(set(channels) - set(CHANNELS))
    return {name: name for name in CHANNELS} | {name: re.sub(r"\W+", "_", name.lower()) for name in others}


def channel_profiles(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id and channel_profile (single or multi) of buyers whose purchases name a channel.

    Raises:
        TableError: there is no transactions table.
    """
    return named(coded_profiles(tables, as_of), tables)


def coded_profiles(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the same with customer, the code of `relkit.features.coded_lines.buyers`, in place of customer_id; errors are the same."""
    used = known_lines(tables, as_of).filter(pl.col("line_kind") == "sale", pl.col("channel_id").is_not_null())
    channel = pl.col("channel_id").to_physical()
    counted = used.group_by("customer").agg(several=channel.min() != channel.max()).collect(engine="streaming").sort("customer")
    profile = pl.when("several").then(pl.lit("multi")).otherwise(pl.lit("single"))
    return counted.select("customer", profile.alias("channel_profile"))


def contact_features(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, human_contact_share_12m, then contacts_30d_<channel>, of all customers contacted in 12 months.

    Raises:
        TableError: there is no contacts table.
    """
    rows = known_rows(tables, "contacts", as_of, "customer_id", "channel_id", "sent_at", "class", "direction")
    endings = channel_columns(rows.select(pl.col("channel_id").unique()).collect(engine="streaming")["channel_id"])
    is_pressure = (
        within("sent_at", as_of, RECENT_DAYS)
        & (pl.col("class").fill_null("marketing") == "marketing")
        & (pl.col("direction").fill_null("outbound") == "outbound")
    )
    counts = [
        (is_pressure & (pl.col("channel_id") == name)).sum().cast(pl.Int32).alias(f"contacts_30d_{end}") for name, end in endings.items()
    ]
    human = pl.col("channel_id").str.to_lowercase().is_in(HUMAN_CHANNELS).mean().alias("human_contact_share_12m")
    recent = rows.filter(within("sent_at", as_of, YEAR_DAYS))
    return recent.group_by("customer_id").agg(human, *counts).collect(engine="streaming").sort("customer_id")


def consent_states(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, consent_<channel> for the purpose marketing, and consent_profiling.

    Returns:
        One row per customer who ever stated a choice, in order of customer_id; granted, refused, expired,
        or unknown if none was stated. Consents that are known only by an identifier that maps to no
        customer are left out.

    Raises:
        TableError: there is no consents table.
    """
    return kept(tables, "consent_states", lambda: _states(tables, as_of), as_of)


def _states(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = _consent_rows(tables, as_of).drop_nulls("customer_id")
    is_marketing = pl.col("purpose") == "marketing"
    endings = channel_columns(rows.filter(is_marketing)["channel_id"].drop_nulls().unique())
    names, codes = coded_ids(rows["customer_id"])
    channel = pl.col("channel_id").cast(pl.Enum([*endings]), strict=False).to_physical()
    column = pl.when(is_marketing).then(channel).otherwise(len(endings)).cast(pl.Int64)
    coded = rows.select(codes.cast(pl.Int64).alias("customer"), column.alias("column"), "identifier", _place(as_of).alias("place"))
    states = _last_by_cell(_by_channel(coded, len(endings)), len(names), len(endings) + 1)
    words = pl.Series([*CONSENT_STATES, "unknown"])
    columns = {f"consent_{ending}": words.gather(states[:, place]) for place, ending in enumerate((*endings.values(), PROFILING))}
    return pl.DataFrame({"customer_id": names, **columns})


def _by_channel(coded: pl.DataFrame, channels: int) -> pl.DataFrame:
    """Return one row per change and channel concerned; a change that names no channel has no column."""
    every = coded.filter(pl.col("column").is_null())
    if every.is_empty():
        return coded
    each = every.drop("column").join(pl.DataFrame({"column": range(channels)}), how="cross")
    return pl.concat([coded.drop_nulls("column"), each.select(coded.columns)])


def _last_by_cell(coded: pl.DataFrame, customers: int, columns: int) -> NDArray[np.int64]:
    """Return the state of each customer in each column: a position in `CONSENT_STATES`, one beyond the last if none was stated.

    The last change of each identifier counts, and of several identifiers the most restrictive state.
    """
    known = coded.drop_nulls("place").with_columns(cell=pl.col("customer") * columns + pl.col("column"))
    if known["identifier"].null_count() < len(known):
        known = known.group_by("cell", "identifier").agg(pl.col("place").max()).with_columns(pl.col("place") % len(CONSENT_STATES))
    last = np.full(customers * columns, _NEVER)
    np.maximum.at(last, known["cell"].to_numpy(), known["place"].to_numpy())
    return np.where(last == _NEVER, len(CONSENT_STATES), last % len(CONSENT_STATES)).reshape(customers, columns)


def refusing_profiling(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id of customers who refuse profiling; no row if there is no consents table."""
    if not tables.has("consents"):
        return pl.DataFrame(schema={"customer_id": pl.String})
    return kept(tables, "refusing_profiling", lambda: _refusing(tables, as_of), as_of)


def _refusing(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    rows = _consent_rows(tables, as_of, (PROFILING,)).with_columns(pl.lit(PROFILING).alias("ending"))
    refused = pl.col("state") == CONSENT_STATES.index("refused")
    return _last_states(rows, as_of).filter(refused).select("customer_id").unique().sort("customer_id")


def _consent_rows(tables: TableSet, as_of: AsOf, purposes: tuple[str, ...] = ("marketing", PROFILING)) -> pl.DataFrame:
    """Return consents with the customer to whom each belongs."""
    read = ("customer_id", "identifier", "purpose", "channel_id", "changed_at", "status", "valid_to")
    rows = known_rows(tables, "consents", as_of, *read).filter(pl.col("purpose").is_in(purposes)).collect(engine="streaming")
    named, by_identifier = rows.filter(pl.col("customer_id").is_not_null()), rows.filter(pl.col("customer_id").is_null())
    if not by_identifier.is_empty() and tables.has("identifiers"):
        named = pl.concat([named, _of_identifiers(by_identifier, tables, as_of).select(named.columns)])
    return _with_opt_outs(named, opt_outs(tables, as_of)) if "marketing" in purposes else named


def _of_identifiers(rows: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the consents of addresses and numbers with the customers they map to."""
    links = known_rows(tables, "identifiers", as_of, "id_value", "customer_id", "valid_to").filter(
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of.day)
    )
    owners = links.select(pl.col("id_value").alias("identifier"), "customer_id").unique().collect(engine="streaming")
    return rows.drop("customer_id").join(owners, on="identifier")


def opt_outs(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, channel_id and changed_at of each time a customer unsubscribed or complained about a message.

    That withdraws consent, whether or not the source wrote a withdrawal as well; actions by a machine are left out.
    """
    if not (tables.has("outcomes") and tables.has("contacts")):
        return pl.DataFrame(schema={"customer_id": pl.String, "channel_id": pl.String, "changed_at": pl.Datetime("us", "UTC")})
    outcomes = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "occurred_at", "is_automated")
    left = outcomes.filter(pl.col("outcome").is_in(OPTED_OUT), ~pl.col("is_automated").fill_null(value=False))
    contacts = known_rows(tables, "contacts", as_of, "contact_id", "customer_id", "channel_id")
    plain = pl.col("channel_id").str.strip_chars().str.to_lowercase()
    channel = pl.when(plain.is_in(CHANNELS)).then(plain).otherwise("channel_id")
    joined = left.join(contacts, on="contact_id").filter(pl.col("channel_id").is_not_null())
    return joined.select("customer_id", channel.alias("channel_id"), changed_at="occurred_at").collect(engine="streaming")


def _with_opt_outs(consents: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """Return the consents and, as withdrawals, the opt-outs: of every address for which the customer gave a consent."""
    if left.is_empty():
        return consents
    holders = consents.select("customer_id", "identifier").join(left, on="customer_id", how="semi").unique()
    rows = left.join(holders, on="customer_id", how="left").with_columns(purpose=pl.lit("marketing"), status=pl.lit("withdrawn"))
    return pl.concat([consents, rows], how="diagonal_relaxed").select(consents.columns)


def _last_states(rows: pl.DataFrame, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id, identifier, ending and the current state: a position in `CONSENT_STATES`."""
    holder = ["customer_id", "identifier", "ending"]
    last = rows.group_by(holder).agg(_place(as_of).max().alias("place"))
    return last.select(*holder, state=(pl.col("place") % len(CONSENT_STATES)).cast(pl.Int8))


def _place(as_of: AsOf) -> pl.Expr:
    """Return one number that orders changes by instant, then by state, so that a maximum finds the current one."""
    is_expired = (pl.col("status") == "expired") | (
        (pl.col("status") == "granted") & (pl.col("valid_to") < as_of.day).fill_null(value=False)
    )
    state = pl.when(is_expired).then(1).when(pl.col("status") == "granted").then(0).otherwise(2).cast(pl.Int64)
    return pl.col("changed_at").to_physical() * len(CONSENT_STATES) + state

"""Contactability: who may be contacted on which channel as of a cutoff, and the decisive reason if nobody may.

    with_contactability(customer_table_with_consents, tables, as_of)
    contactability(some_customers, tables, as_of)       the same for any frame with a customer_id

A channel may be used if marketing consent for it is granted and has not expired, no protective exclusion in force covers it,
and the customer is not known to be unreachable there.

Exclusions. One is in force from `starts_at` until `ends_at`; without an end, until further notice. Its scope is everything if
it is empty, `all` or the class `marketing`; one channel if it names one; no marketing if it names the classes
`commitment` or `service`. The name of an entity covers the customers of that entity, and those whose entity is unknown. A scope
that is none of these covers every channel: in doubt the person is protected, and `unknown_scopes` counts them. A customer
whose channels are all covered, by one exclusion or by several, is protected.

Reach. The last informative outcome for an address decides: `bounced` and `wrong_number` show that it does not work; `delivered`,
`opened`, `clicked`, `replied`, `reached`, `refused`, `callback`, `appointment`, `redeemed`, `unsubscribed` and `complained` show
that it does, unless a machine caused them; `no_answer`, `converted` and `none` carry no information. Of two at one instant the failure
wins. One failure is enough: a sender reports a full mailbox only after trying for days, and a wrong number disturbs
a stranger each time. A later proof of reach overrides it, and so does an address that is valid from a later day (`identifiers`
of type email, phone, mobile or address).

Consent is that of `relkit.features.channels.consent_states`, which counts an opt-out as a withdrawal. Without a consents table nothing
it is unknown: the answer is then no for channels that are excluded, unreachable or opted out of, and null for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.features.channels import CHANNELS, PROFILING, consent_states, opt_outs
from relkit.features.known_rows import known_rows
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

REASONS = ("protected", "unreachable", "consent_expired", "consent_refused", "consent_unknown", "consents_absent")
"""Reasons not to contact a customer: protection always decides, then the one nearest to a contact."""
MAY = "may_contact_"
"""Prefix of a channel's consent column."""

FAILED = ("bounced", "wrong_number")
ARRIVED = (
    *("delivered", "opened", "clicked", "replied", "reached", "refused"),
    *("callback", "appointment", "redeemed", "unsubscribed", "complained"),
)
"""Outcomes that show that an address does not work, and that it does."""

EVERYTHING = ("", "all", "marketing")
NOTHING = ("commitment", "service")
"""Scopes that cover all of marketing, and none of it."""

ADDRESSES = {"email": ("email",), "phone": ("phone", "sms"), "mobile": ("phone", "sms"), "address": ("post",)}
"""Channels that an identifier of each type serves."""

_CONSENT, _EXCLUDED, _LOST, _LEFT = "consent_", "_excluded_", "_lost_", "_left_"


def contactability(customers: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the consents of any customers with the columns of `with_contactability`, one row each, in the order given.

    Args:
        customers: customer_id, each once.
        tables: the company.
        as_of: cutoff of what is known.
    """
    rows = customers.select("customer_id")
    if tables.has("consents"):
        rows = rows.join(consent_states(tables, as_of), on="customer_id", how="left", maintain_order="left")
    return with_contactability(rows, tables, as_of)


def with_contactability(customers: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the customers with is_contactable, may_contact_<channel>, not_contactable_because and is_protected.

    Args:
        customers: customer_id, and consent_<channel> if there is a consents table (null counts as unknown).
        tables: the company.
        as_of: cutoff of what is known.

    Returns:
        The rows in their order. is_protected is never null; without a consents table the others are null unless contact is forbidden.
    """
    channels = marketing_channels(customers.columns)
    made = customers
    if tables.has("suppressions"):
        made = made.join(exclusions(tables, as_of, channels), on="customer_id", how="left", maintain_order="left")
    if tables.has("outcomes") and tables.has("contacts"):
        made = made.join(lost_addresses(tables, as_of, channels), on="customer_id", how="left", maintain_order="left")
    if not tables.has("consents"):  # otherwise the consents include them
        made = made.join(_left_channels(tables, as_of, channels), on="customer_id", how="left", maintain_order="left")
    return _decided(made, channels)


def _left_channels(tables: TableSet, as_of: AsOf, channels: Sequence[str]) -> pl.DataFrame:
    """Return customer_id and, by channel, whether the customer has opted out of it (`_left_<channel>`)."""
    left = opt_outs(tables, as_of).with_columns(channel=_as_ending("channel_id"))
    return left.group_by("customer_id").agg((pl.col("channel") == c).any().alias(_LEFT + c) for c in channels).sort("customer_id")


def marketing_channels(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the channels distinguished: those with a consent, else the four usual ones.

    Examples:
        >>> marketing_channels(["customer_id", "consent_email", "consent_fax", "consent_profiling"])
        ('email', 'fax')
        >>> marketing_channels(["customer_id"])
        ('email', 'sms', 'phone', 'post')
    """
    names = tuple(name.removeprefix(_CONSENT) for name in columns if name.startswith(_CONSENT))
    return tuple(name for name in names if name != PROFILING) or CHANNELS


def _decided(rows: pl.DataFrame, channels: Sequence[str]) -> pl.DataFrame:
    """Return the rows with the answers in place of the obstacles."""
    there = set(rows.columns)
    consent = {c: pl.col(_CONSENT + c).fill_null("unknown") if _CONSENT + c in there else None for c in channels}
    excluded = {c: _flag(_EXCLUDED + c, there) for c in channels}
    lost = {c: _flag(_LOST + c, there) | _flag(_LEFT + c, there) for c in channels}
    agreed = {c: pl.lit(None, pl.Boolean) if state is None else state == "granted" for c, state in consent.items()}
    may = {MAY + c: agreed[c] & ~excluded[c] & ~lost[c] for c in channels}
    made = rows.with_columns(**may, is_protected=pl.all_horizontal(excluded.values()))
    made = made.with_columns(is_contactable=pl.any_horizontal(list(may)))
    known = [state for state in consent.values() if state is not None]
    return made.with_columns(not_contactable_because=_because(known)).drop(pl.selectors.starts_with(_EXCLUDED, _LOST, _LEFT))


def _because(consents: Sequence[pl.Expr]) -> pl.Expr:
    """Return the decisive reason: the first of `REASONS` that applies; null for those who may be contacted."""
    barred = pl.when("is_protected").then(pl.lit("protected"))
    if not consents:
        absent = pl.when(~pl.col("is_contactable")).then(pl.lit("unreachable")).otherwise(pl.lit("consents_absent"))
        return barred.otherwise(absent)
    chain = barred.when("is_contactable").then(pl.lit(None, pl.String))
    for state, reason in (("granted", "unreachable"), ("expired", "consent_expired"), ("refused", "consent_refused")):
        chain = chain.when(pl.any_horizontal(one == state for one in consents)).then(pl.lit(reason))
    return chain.otherwise(pl.lit("consent_unknown"))


def _flag(name: str, there: set[str]) -> pl.Expr:
    return pl.col(name).fill_null(value=False) if name in there else pl.lit(value=False)


def excluded_customers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id of every customer with a known exclusion, in force or over; some may be in no other table."""
    return known_rows(tables, "suppressions", as_of, "customer_id").unique().collect(engine="streaming").sort("customer_id")


def protected_customers(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id of the customers whom exclusions in force protect on every channel (`is_protected`), in order."""
    if not tables.has("suppressions"):
        return pl.DataFrame(schema={"customer_id": pl.String})
    rows = _covered(_with_scopes(_in_force(tables, as_of), tables, as_of), CHANNELS)
    every = rows.filter(pl.all_horizontal(pl.selectors.starts_with(_EXCLUDED)))
    if not every["covers_all"].all() and tables.has("consents"):
        # Some are covered channel by channel: whether that is all of them depends on the channels that consents name.
        every = exclusions(tables, as_of, marketing_channels(consent_states(tables, as_of).columns))
        every = every.filter(pl.all_horizontal(pl.selectors.starts_with(_EXCLUDED)))
    return every.select("customer_id")


def exclusions(tables: TableSet, as_of: AsOf, channels: Sequence[str] = CHANNELS) -> pl.DataFrame:
    """Return customer_id and, by channel, whether an exclusion in force covers it (`_excluded_<channel>`).

    Raises:
        TableError: there is no suppressions table.
    """
    return _covered(_with_scopes(_in_force(tables, as_of), tables, as_of), channels).drop("covers_all")


def _covered(rows: pl.DataFrame, channels: Sequence[str]) -> pl.DataFrame:
    """Return customer_id, covers_all and, by channel, whether some exclusion covers it."""
    covers = [(pl.col("covers_all") | (pl.col("channel") == c)).any().alias(_EXCLUDED + c) for c in channels]
    return rows.group_by("customer_id").agg(pl.col("covers_all").any(), *covers).sort("customer_id")


def unknown_scopes(tables: TableSet, as_of: AsOf) -> int:
    """Return the number of exclusions in force whose scope is no channel, class or entity, and which so cover every channel."""
    if not tables.has("suppressions"):
        return 0
    return int(_with_scopes(_in_force(tables, as_of), tables, as_of)["is_unknown"].sum())


def _in_force(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return customer_id and scope of the exclusions that have begun and have not ended."""
    rows = known_rows(tables, "suppressions", as_of, "customer_id", "scope", "ends_at")
    lasting = pl.col("ends_at").is_null() | (pl.col("ends_at") >= as_of.cutoff)
    return rows.filter(lasting).select("customer_id", pl.col("scope").str.strip_chars().fill_null("")).collect(engine="streaming")


def _with_scopes(rows: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the exclusions with the channel that each covers, whether it covers all, and whether its scope is unknown."""
    plain = _as_ending("scope")
    named = rows.with_columns(channel=plain)
    strange = named.filter(~plain.is_in([*EVERYTHING, *NOTHING, *CHANNELS]))
    known, entities = set(CHANNELS), set[str]()
    if len(strange):
        known |= _channels_of(tables, as_of)
        entities = _entities(tables, set(strange["scope"]))
    is_entity = pl.col("scope").is_in(list(entities))
    is_unknown = ~is_entity & ~pl.col("channel").is_in([*EVERYTHING, *NOTHING, *known])
    if entities:
        named = named.join(_entity_of(tables, as_of), on="customer_id", how="left", maintain_order="left")
    own = (is_entity & (pl.col("entity_id").is_null() | (pl.col("entity_id") == pl.col("scope")))) if entities else pl.lit(value=False)
    whole = pl.col("channel").is_in(EVERYTHING) | own | is_unknown
    return named.select("customer_id", "channel", covers_all=whole, is_unknown=is_unknown)


def _as_ending(column: str) -> pl.Expr:
    """Return a channel or scope written as the suffix of a channel's columns."""
    return pl.col(column).str.strip_chars().str.to_lowercase().str.replace_all(r"\W+", "_")


def _channels_of(tables: TableSet, as_of: AsOf) -> set[str]:
    """Return the channels that consents and contacts name."""
    named = [known_rows(tables, name, as_of, "channel_id") for name in ("consents", "contacts") if tables.has(name)]
    found = [rows.select(_as_ending("channel_id").drop_nulls().unique()).collect(engine="streaming") for rows in named]
    return {channel for frame in found for channel in frame["channel_id"]}


def _entities(tables: TableSet, scopes: set[str]) -> set[str]:
    """Return those of the scopes that some table knows as an entity."""
    found: set[str] = set()
    for name in tables.facts.rows:
        if name in TABLES and "entity_id" in tables.columns(name):
            rows = tables.scan(name).filter(pl.col("entity_id").is_in(list(scopes))).select(pl.col("entity_id").unique())
            found |= set(rows.collect(engine="streaming")["entity_id"])
    return found


def _entity_of(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    if not tables.has("customers"):
        return pl.DataFrame(schema={"customer_id": pl.String, "entity_id": pl.String})
    return known_rows(tables, "customers", as_of, "customer_id", "entity_id").collect(engine="streaming")


def lost_addresses(tables: TableSet, as_of: AsOf, channels: Sequence[str] = CHANNELS) -> pl.DataFrame:
    """Return customer_id and, by channel, whether the customer is known to be unreachable there (`_lost_<channel>`).

    Only customers with such a channel have a row.

    Raises:
        TableError: there is no outcomes or no contacts table.
    """
    contacts = known_rows(tables, "contacts", as_of, "contact_id", "customer_id", "channel_id")
    outcomes = known_rows(tables, "outcomes", as_of, "contact_id", "outcome", "occurred_at", "is_automated")
    who = ["customer_id", "channel"]
    failures = _last(outcomes.filter(pl.col("outcome").is_in(FAILED)), contacts, "failed_at")
    # Few fail: the others need not be read.
    suspects = contacts.join(failures.lazy().select("customer_id").unique(), on="customer_id", how="semi")
    by_people = ~pl.col("is_automated").fill_null(value=False)
    proofs = _last(outcomes.filter(pl.col("outcome").is_in(ARRIVED), by_people), suspects, "arrived_at")
    lost = failures.join(proofs, on=who, how="left").filter(pl.col("arrived_at").is_null() | (pl.col("failed_at") >= pl.col("arrived_at")))
    still = _without_new_address(lost, tables, as_of)
    return still.group_by("customer_id").agg((pl.col("channel") == c).any().alias(_LOST + c) for c in channels).sort("customer_id")


def _last(outcomes: pl.LazyFrame, contacts: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Return customer_id, channel and the instant of the last of these outcomes."""
    joined = outcomes.join(contacts, on="contact_id").with_columns(channel=_as_ending("channel_id"))
    return joined.group_by("customer_id", "channel").agg(pl.col("occurred_at").max().alias(name)).collect(engine="streaming")


def _without_new_address(lost: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the lost channels without an address that is valid from a day after the failure."""
    if lost.is_empty() or not tables.has("identifiers"):
        return lost
    leads = pl.DataFrame([(kind, c) for kind, to in ADDRESSES.items() for c in to], schema=["id_type", "channel"], orient="row")
    rows = known_rows(tables, "identifiers", as_of, "id_type", "valid_from", "valid_to", "customer_id")
    valid = pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of.day)
    links = rows.filter(valid).with_columns(pl.col("id_type").str.to_lowercase()).join(leads.lazy(), on="id_type")
    who = ["customer_id", "channel"]
    mine = links.join(lost.lazy(), on=who).filter(pl.col("valid_from") > as_of.business_day("failed_at"))
    return lost.join(mine.select(who).unique().collect(engine="streaming"), on=who, how="anti")

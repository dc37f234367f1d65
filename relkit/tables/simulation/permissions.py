"""Permissions to contact: consents by channel, the refusal of profiling, protective exclusions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.tables.simulation.actions import CHANNELS
from relkit.tables.simulation.sales import instants

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.tables.simulation.clock import Calendar, Ints
    from relkit.tables.simulation.people import People

GRANTED_SHARES = (0.70, 0.50, 0.40, 0.80)
"""Share of customers who consent to each channel."""
SILENT_SHARE = 0.10
"""Share of customers who never answered for a channel: no row, no contact."""
PROFILING_REFUSED_SHARE = 0.03
SUPPRESSED_SHARE = 0.01
REASONS = ("staff", "litigation", "over_indebted", "guardianship")
NEVER = 10**6
"""A day that never comes."""
ASKED_AT_S = 12 * 3600
OLD_FORM_DAYS = 7
"""Days before the end at which consents to e-mail and text messages given on an older form, before the first day, expire."""


@dataclass(frozen=True, eq=False)
class Permissions:
    """Permissions of customers, one row each.

    Attributes:
        asked: whether they answered for a channel, shape (n, 4).
        granted: whether they consented, shape (n, 4).
        refuses_profiling: shape (n,).
        suppressed_day: day from which a protective exclusion applies, NEVER if none does, shape (n,).
        reason: position of the exclusion's reason.
    """

    asked: NDArray[np.bool_]
    granted: NDArray[np.bool_]
    refuses_profiling: NDArray[np.bool_]
    suppressed_day: Ints
    reason: Ints


def draw_permissions(rng: np.random.Generator, people: People, days: int) -> Permissions:
    """Return the permissions of the customers."""
    n = len(people)
    asked = rng.random((n, len(CHANNELS))) >= SILENT_SHARE
    day = np.maximum(people.created_day, rng.integers(0, days, n))
    return Permissions(
        asked=asked,
        granted=asked & (rng.random((n, len(CHANNELS))) < np.array(GRANTED_SHARES)),
        refuses_profiling=rng.random(n) < PROFILING_REFUSED_SHARE,
        suppressed_day=np.where(rng.random(n) < SUPPRESSED_SHARE, day, NEVER),
        reason=rng.integers(0, len(REASONS), n),
    )


def consents_table(
    people: People, permissions: Permissions, created_day: Ints, withdrawn_us: Ints, calendar: Calendar, days: int
) -> pl.DataFrame:
    """Return the table consents: the first answers, and a withdrawal at `withdrawn_us` (shape (n, 4), 0 if none).

    No wave falls into the last `OLD_FORM_DAYS`, so no customer whose agreement has expired is contacted.
    """
    who, channel = np.nonzero(permissions.asked)
    asked_us = calendar.instants(created_day, np.full(len(people), ASKED_AT_S))
    status = np.where(permissions.granted[who, channel], "granted", "refused")
    left, left_channel = np.nonzero(withdrawn_us)
    refusing = np.flatnonzero(permissions.refuses_profiling)
    parts = [
        _consents(people, who, channel, asked_us[who], pl.Series(status)),
        _consents(people, left, left_channel, withdrawn_us[left, left_channel], pl.repeat("withdrawn", len(left), eager=True)),
        _consents(
            people, refusing, np.full(len(refusing), len(CHANNELS)), asked_us[refusing], pl.repeat("refused", len(refusing), eager=True)
        ),
    ]
    first = instants(calendar.instants(np.zeros(1), np.array([ASKED_AT_S]))).item()
    last = calendar.dates(np.array([days - 1 - OLD_FORM_DAYS]))[0]
    is_old = (pl.col("status") == "granted") & pl.col("channel_id").is_in(["email", "sms"]) & (pl.col("changed_at") < first)
    dated = pl.concat(parts).with_columns(valid_to=pl.when(is_old).then(pl.lit(last)).cast(pl.Date))
    return dated.sort("customer_id", "changed_at", "purpose", "channel_id", maintain_order=True)


def _consents(people: People, who: Ints, channel: Ints, changed_us: Ints, status: pl.Series) -> pl.DataFrame:
    """Return consent rows; the channel after the last stands for the purpose profiling, which has none."""
    marketing = pl.Series(channel < len(CHANNELS))
    frame = pl.DataFrame(
        {
            "customer_id": people.ids.gather(who),
            "channel_id": pl.Series([*CHANNELS, None], dtype=pl.String).gather(channel),
            "changed_at": instants(changed_us),
            "status": status,
        }
    )
    by_consent = pl.col("channel_id").is_in(["email", "sms"]) | ~marketing
    return frame.with_columns(
        purpose=pl.when(marketing).then(pl.lit("marketing")).otherwise(pl.lit("profiling")),
        legal_basis=pl.when(by_consent).then(pl.lit("consent")).otherwise(pl.lit("legitimate interest")),
        capture_source=pl.when(pl.col("status") == "withdrawn").then(pl.lit("unsubscribe link")).otherwise(pl.lit("registration form")),
        is_double_opt_in=(pl.col("channel_id") == "email").fill_null(value=False),
    )


def suppressions_table(people: People, permissions: Permissions, calendar: Calendar, days: int) -> pl.DataFrame:
    """Return the table suppressions: exclusions that began within the data."""
    who = np.flatnonzero(permissions.suppressed_day < days)
    return pl.DataFrame(
        {
            "customer_id": people.ids.gather(who),
            "reason": pl.Series(REASONS).gather(permissions.reason[who]),
            "starts_at": instants(calendar.instants(permissions.suppressed_day[who], np.full(len(who), ASKED_AT_S))),
            "scope": pl.repeat("all", len(who), eager=True),
        }
    )

"""Comparison without a draw: customers contacted for an action, and others who were as eligible and were not contacted.

Nobody decided at random, so the others are no control, and no row has an arm. They differ from those contacted by the reasons for which
the company chose; only what is known of both before the action can be adjusted for. It is given here as covariates.

Eligible are the customers with an order in the year before the first contact of the wave. Both windows begin with that day for all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from relkit.errors import ParameterError, TableError
from relkit.features.campaign_draws import households
from relkit.features.campaign_maturity import maturity_of
from relkit.features.campaign_measures import Measure, measures_of
from relkit.features.campaign_outcomes import sums_of
from relkit.features.campaign_scope import offers_carried
from relkit.features.campaign_sums import PRE
from relkit.features.campaign_windows import POST_WINDOW_DAYS, RESPONSE_WINDOW_DAYS, Windows
from relkit.features.customer_drivers import customer_drivers
from relkit.features.known_rows import YEAR_DAYS, known_rows
from relkit.features.purchase_days import purchase_days
from relkit.periods import AsOf
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from datetime import date

    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False)
class ComparedUnits:
    """Customers contacted for an action and others, none of them drawn.

    Attributes:
        units: one row per customer and wave, in order of wave_id, customer_id: customer_id, cluster_id, wave_id (null if contacts have
            none), is_contacted, started_on, the columns of the measures, and the covariates.
        measures: what may be compared, and by which columns.
        covariates: columns known before the first contact.
        counts: eligible, contacted, not_contacted, contacted_not_eligible (left out), waves_not_mature.
        remarks: on how the figures are to be read; the first states that nothing was drawn.
        windows: their lengths.
    """

    units: pl.DataFrame
    measures: tuple[Measure, ...]
    covariates: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    windows: Windows = field(default_factory=Windows)


def actions_contacted(tables: TableSet, as_of: AsOf) -> tuple[str, ...]:
    """Return the actions for which somebody was contacted by `as_of`, in order."""
    if not tables.has("contacts"):
        return ()
    rows = known_rows(tables, "contacts", as_of, "action_id")
    return tuple(rows.select(pl.col("action_id").drop_nulls().unique().sort()).collect()["action_id"])


def compared_units(
    tables: TableSet,
    as_of: AsOf,
    *,
    action_id: str,
    wave_id: str | None = None,
    response_window_days: int = RESPONSE_WINDOW_DAYS,
    post_window_days: int = POST_WINDOW_DAYS,
) -> ComparedUnits:
    """Return the customers contacted for an action and the others who were eligible, with outcomes and covariates.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        action_id: the action.
        wave_id: one of its waves; None for all.
        response_window_days: days from the first contact in which the action works.
        post_window_days: days after them.

    Raises:
        TableError: there are no transactions.
        ParameterError: nobody was contacted for the action, or in the wave.
    """
    windows = Windows(response_days=response_window_days, post_days=post_window_days)
    if not tables.has("transactions"):
        raise TableError("a comparison needs transactions, which show who was a customer before.", where="transactions")
    contacts = _contacts(tables, as_of, action_id, wave_id)
    starts = contacts.group_by("wave_id").agg(drawn_on=pl.col("day").min()).sort("wave_id")
    mature = starts.filter(maturity_of(tables, as_of).is_mature(windows.length_days))
    parts = [_of_wave(tables, contacts, wave, start, as_of) for wave, start in mature.iter_rows()]
    rows = pl.concat([_nobody(), *parts], how="diagonal_relaxed").sort("wave_id", "customer_id").with_row_index("unit")
    sums, _ = sums_of(
        tables, as_of, _placed(rows, as_of.zone), offers_carried(tables, as_of, action_id=action_id, wave_id=wave_id), windows
    )
    units = rows.join(sums, on="unit", how="left", maintain_order="left").drop("unit")
    drivers = [name for name in rows.columns if name not in ("unit", *_KEY)]
    before = [name for name in sums.columns if name.startswith(PRE)]
    counts = _counts(units, contacts.join(mature, on="wave_id", how="semi", nulls_equal=True)) | {
        "waves_not_mature": len(starts) - len(mature)
    }
    return ComparedUnits(units, measures_of(units.columns), (*before, *drivers), counts, _remarks(counts), windows)


_KEY = {"customer_id": pl.String, "cluster_id": pl.String, "wave_id": pl.String, "is_contacted": pl.Boolean, "started_on": pl.Date}


_MEASURED = ("margin", "revenue", "orders", "returns")
"""Names of measures, which a driver of all time before must not share."""


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema=_KEY)


def _contacts(tables: TableSet, as_of: AsOf, action_id: str, wave_id: str | None) -> pl.DataFrame:
    """Return customer_id, wave_id and day of the contacts of an action."""
    if action_id not in actions_contacted(tables, as_of):
        raise ParameterError.unknown("action", action_id, actions_contacted(tables, as_of), where="action_id")
    rows = known_rows(tables, "contacts", as_of, "customer_id", "wave_id", "sent_at", "action_id", "direction").filter(
        pl.col("action_id") == action_id, pl.col("direction").fill_null("outbound") == "outbound"
    )
    found = rows.select("customer_id", "wave_id", day=as_of.business_day("sent_at")).collect(engine="streaming")
    if wave_id is None:
        return found
    if wave_id not in set(found["wave_id"]):
        raise ParameterError.unknown("wave", wave_id, found["wave_id"].drop_nulls().unique(), where="wave_id")
    return found.filter(wave_id=wave_id)


def _of_wave(tables: TableSet, contacts: pl.DataFrame, wave: str | None, start: date, as_of: AsOf) -> pl.DataFrame:
    """Return the customers who had ordered in the year before a wave, with what was known of them on the day before it."""
    eve = AsOf.end_of(start - timedelta(days=1), zone=as_of.zone)
    orders = purchase_days(tables, eve).filter(pl.col("day") > eve.minus(days=YEAR_DAYS).day)
    eligible = orders.select(pl.col("customer_id").cast(pl.String)).unique()
    contacted = contacts.filter(pl.col("wave_id").eq_missing(wave))["customer_id"].unique()
    rows = customer_drivers(tables, eve).join(eligible, on="customer_id", how="semi", maintain_order="left")
    key = rows.select(
        "customer_id",
        cluster_id=households(tables, rows["customer_id"]),
        wave_id=pl.lit(wave, pl.String),
        is_contacted=pl.col("customer_id").is_in(contacted.implode()),
        started_on=pl.lit(start),
    )
    drivers = rows.drop("customer_id")
    return key.hstack(drivers.rename({name: f"{name}_ever" for name in _MEASURED if name in drivers.columns}))


def _placed(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Return the customers with the first instant of the wave in place of a draw."""
    starts_at = pl.col("started_on").cast(pl.Datetime("us")).dt.replace_time_zone(zone).dt.convert_time_zone("UTC")
    return rows.select("unit", "customer_id", drawn_on="started_on", drawn_at=starts_at)


def _counts(units: pl.DataFrame, contacts: pl.DataFrame) -> dict[str, int]:
    contacted = units.filter("is_contacted")
    all_contacted = len(contacts.select("customer_id", "wave_id").unique())
    return {
        "eligible": len(units),
        "contacted": len(contacted),
        "not_contacted": len(units) - len(contacted),
        "contacted_not_eligible": all_contacted - len(contacted),
    }


def _remarks(counts: dict[str, int]) -> tuple[Remark, ...]:
    found = [
        Remark(
            "comparison_not_drawn",
            "Nobody was drawn for this action: customers contacted are compared with others who were eligible and were not. "
            "The difference holds the company's reasons for its choice as well as the effect.",
            "Personne n'a été tiré pour cette action : les clients contactés sont comparés à d'autres clients éligibles qui ne l'ont pas "
            "été. L'écart contient les raisons du choix de l'entreprise autant que l'effet.",
        )
    ]
    if counts["contacted_not_eligible"]:
        n = counts["contacted_not_eligible"]
        found.append(
            Remark(
                "comparison_contacted_not_eligible",
                f"{n:,} customers contacted had no order in the year before, and are left out.",
                f"{french(n)} clients contactés n'avaient aucune commande dans l'année précédente, et sont écartés.",
            )
        )
    return tuple(found)

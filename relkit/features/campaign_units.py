"""Units drawn in a campaign and what became of them: the rows from which its effect is measured.

As drawn, never as sent: the arms are those of the assignments (`relkit.features.campaign_draws`). Units are mature once both windows are
known and their returns settled (`relkit.features.campaign_maturity`). Each measure X is cumulative from the draw: X at the end of the
response window, X_after at the end of the post window that follows it, so that sales which were only pulled forward cancel out. All of a
customer's margin counts, contracts included, whatever was bought; where the action's offer is limited to products, it is split into
promoted products, the same category and the rest. Where units held contracts at the draw, `has_contract` tells whether one still runs:
what a contract kept brings after the windows is in no margin here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.campaign_contacts import contact_counts, contact_sums, contacts_of, redeemed_offers
from relkit.features.campaign_draws import CampaignDraws, campaign_draws
from relkit.features.campaign_guardrails import guardrails_of
from relkit.features.campaign_maturity import maturity_of
from relkit.features.campaign_measures import Kind, Measure, declared_measure, measures_of
from relkit.features.campaign_outcomes import has_sums, sums_of
from relkit.features.campaign_overlap import overlap_counts
from relkit.features.campaign_remarks import remarks_of
from relkit.features.campaign_scope import offers_carried
from relkit.features.campaign_snapshots import outcome_columns, snapshot_outcomes
from relkit.features.campaign_sums import AFTER, HAS_CONTRACT, PRE, contracts_running
from relkit.features.campaign_windows import POST_WINDOW_DAYS, RESPONSE_WINDOW_DAYS, Windows
from relkit.features.snapshot_covariates import declared_names
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableSet


@dataclass(frozen=True, eq=False)
class CampaignUnits:
    """Units drawn for an action, with the outcome of each.

    Attributes:
        units: one row per customer drawn and wave, in order of wave_id, unit_id, customer_id: unit_id, customer_id, cluster_id, wave_id,
            arm (Enum control, treated), propensity (of treated, in comparison with control), drawn_on, is_contacted, is_reached, cost
            (contacts and redeemed offers), then the columns of the measures.
        measures: what may be compared, and by which columns.
        counts: of units: drawn (before anybody is left out), treated, control, control_contacted, treated_not_contacted, not_mature, and
            those left out, by reason.
        remarks: on how the figures are to be read.
        windows: their lengths.
    """

    units: pl.DataFrame
    measures: tuple[Measure, ...]
    counts: dict[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    windows: Windows = field(default_factory=Windows)


@dataclass(frozen=True, eq=False)
class MatureDraws:
    """Mature units of an action, numbered, and the counts of all.

    Attributes:
        rows: those of `CampaignDraws`, mature ones, with `unit` (u32, the number of the row) first.
        counts: of units drawn, left out, not mature, treated and control.
        settle_days: days waited for returns after the windows.
    """

    rows: pl.DataFrame
    counts: dict[str, int]
    settle_days: int = 0


def campaign_units(
    tables: TableSet,
    as_of: AsOf,
    *,
    action_id: str,
    wave_id: str | None = None,
    response_window_days: int = RESPONSE_WINDOW_DAYS,
    post_window_days: int = POST_WINDOW_DAYS,
) -> CampaignUnits:
    """Return the mature units drawn for an action, with their outcomes.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        action_id: the action.
        wave_id: one of its waves; None for all.
        response_window_days: days from the draw in which the action works, at least 1.
        post_window_days: days after them in which what was pulled forward is missing, 0 or more.

    Raises:
        PeriodError: a window is too short.
        TableError: there are no assignments, or their propensities are unclear.
        ParameterError: the action or the wave was not drawn for.
    """
    windows = Windows(response_days=response_window_days, post_days=post_window_days)
    mature = mature_draws(tables, as_of, campaign_draws(tables, as_of, action_id=action_id, wave_id=wave_id), windows)
    draws, offers = mature.rows, offers_carried(tables, as_of, action_id=action_id, wave_id=wave_id)
    sums, guessed = sums_of(tables, as_of, draws, offers, windows)
    contacts = contacts_of(tables, as_of, draws, action_id=action_id, response_days=windows.response_days)
    redeemed = redeemed_offers(tables, as_of, contacts, offers)
    harm = guardrails_of(tables, as_of, draws, length_days=windows.length_days)
    held = _held(contracts_running(tables, as_of, draws, windows))
    rows, declared = _with_snapshots(tables, as_of, _joined(draws, contact_sums(contacts, redeemed), sums, held, harm), windows)
    overlap = overlap_counts(tables, as_of, draws, action_id=action_id, length_days=windows.length_days)
    counts = mature.counts | _contacted(rows) | overlap | contact_counts(tables, as_of, contacts)
    remarks = remarks_of(counts, offers, redemptions=len(redeemed), guessed_share=guessed, settle_days=mature.settle_days)
    units = rows.drop("unit", "drawn_at")
    return CampaignUnits(units, (*measures_of(_telling(units)), *declared), counts, remarks, windows)


def mature_draws(tables: TableSet, as_of: AsOf, drawn: CampaignDraws, windows: Windows) -> MatureDraws:
    """Return the units whose windows are known and settled.

    If a company has neither transactions nor contracts, those with an outcome in a snapshot after the draw are mature.
    """
    rows, settle = drawn.rows.with_row_index("unit"), 0
    if has_sums(tables):
        maturity = maturity_of(tables, as_of)
        kept, settle = rows.filter(maturity.is_mature(windows.length_days)), maturity.settle_days
    else:
        kept = rows.join(snapshot_outcomes(tables, as_of, rows, windows), on="unit", how="semi", maintain_order="left")
    mature = kept.drop("unit").with_row_index("unit")
    counts = {"drawn": len(rows) + sum(drawn.counts.values())} | drawn.counts | {"not_mature": len(rows) - len(mature)}
    arms = {arm: mature.filter(pl.col("arm") == arm).height for arm in ("treated", "control")}
    return MatureDraws(mature, counts | arms, settle)


def _contacted(rows: pl.DataFrame) -> dict[str, int]:
    contacted, treated = pl.col("is_contacted"), pl.col("arm") == "treated"
    return {
        "control_contacted": rows.filter(contacted & ~treated).height,
        "treated_not_contacted": rows.filter(~contacted & treated).height,
    }


def _telling(units: pl.DataFrame) -> list[str]:
    """Return the columns without covariates that are the same for all, which tell nothing of the differences between units."""
    return [name for name in units.columns if not name.startswith(PRE) or units[name].min() != units[name].max()]


def _held(running: pl.DataFrame) -> pl.DataFrame:
    """Return the units with contracts; only their numbers if none held one at the draw, as then none can be kept."""
    return running if running[PRE + HAS_CONTRACT].any() else running.select("unit")


def _joined(draws: pl.DataFrame, *parts: pl.DataFrame) -> pl.DataFrame:
    """Return the units with their parts: false and 0 for what has no row."""
    rows = draws
    for part in parts:
        rows = rows.join(part, on="unit", how="left", maintain_order="left")
    flags = [name for name, kind in rows.schema.items() if kind == pl.Boolean]
    return rows.with_columns(pl.col(flags).fill_null(value=False), pl.col("cost").fill_null(0.0))


def _with_snapshots(tables: TableSet, as_of: AsOf, rows: pl.DataFrame, windows: Windows) -> tuple[pl.DataFrame, list[Measure]]:
    """Return the units with the outcomes of their snapshots that are known of all, and their measures."""
    columns = outcome_columns(tables)
    if not columns:
        return rows, []
    joined = rows.join(snapshot_outcomes(tables, as_of, rows, windows), on="unit", how="left", maintain_order="left")
    known = [name for name in columns if not joined[name].null_count()]
    is_followed = joined["is_followed"].fill_null(value=False).all()
    later = [name + AFTER for name in known if is_followed and not joined[name + AFTER].null_count()]
    labels = declared_names(tables)
    measures = [declared_measure(name, labels.get(name, Text(name, name)), _kind(tables, name), later) for name in known]
    return joined.select(*rows.columns, *known, *later), measures


def _kind(tables: TableSet, name: str) -> Kind:
    """Return the kind of a declared outcome: a share if it is true or false, money if its unit is the currency, else a count."""
    if tables.scan("customer_snapshots").collect_schema()[name] == pl.Boolean:
        return "share"
    return "money" if tables.facts.attributes[name].get("unit", "").upper() == tables.facts.currency else "count"

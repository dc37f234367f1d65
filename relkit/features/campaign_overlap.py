"""Other campaigns that treated units drawn, during the windows of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def overlap_counts(tables: TableSet, as_of: AsOf, draws: pl.DataFrame, *, action_id: str, length_days: int) -> dict[str, int]:
    """Return the number of units of each arm that another draw decided to treat during their windows, in another action or wave.

    The assignments tell the campaigns apart: a unit keeps the arm of its own draw, whatever other draws decided.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        draws: unit, customer_id, wave_id, arm, drawn_at, drawn_on.
        action_id: the action of the draws.
        length_days: length of response and post window together.
    """
    treated = tables.scan("assignments").filter(as_of.known("drawn_at"), pl.col("arm") == "treated")
    others = treated.select("customer_id", other_wave="wave_id", other_action="action_id", at="drawn_at")
    mine = draws.select("unit", "customer_id", "wave_id", "arm", "drawn_at", "drawn_on").lazy()
    met = mine.join(others, on="customer_id").filter(
        (pl.col("other_action") != action_id) | (pl.col("other_wave") != pl.col("wave_id")),
        pl.col("at") >= pl.col("drawn_at"),
        as_of.business_day("at") <= pl.col("drawn_on").dt.offset_by(f"{length_days}d"),
    )
    counts = dict(met.group_by("arm").agg(pl.col("unit").n_unique()).collect(engine="streaming").iter_rows())
    return {f"{arm}_treated_elsewhere": int(counts.get(arm, 0)) for arm in ("treated", "control")}

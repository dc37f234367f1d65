"""Business days looked up by quarters of an hour equal those of each instant converted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from relkit.features.business_days import business_days

INSTANT = pl.Datetime("us", "UTC")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"])
def test_days_around_every_midnight_and_change_of_the_clock(zone):
    starts = datetime(2011, 12, 20, tzinfo=UTC)  # Samoa left out the 30th
    micros = np.random.default_rng(7).integers(0, 400 * 86_400_000_000, 60_000)
    instants = pl.Series([starts], dtype=INSTANT).to_physical()[0] + pl.Series(micros)
    instants = pl.concat([instants, instants // 900_000_000 * 900_000_000, instants // 900_000_000 * 900_000_000 - 1]).cast(INSTANT)
    assert business_days(instants, zone).equals(instants.dt.convert_time_zone(zone).dt.date())


def test_a_day_that_begins_within_a_quarter_of_an_hour():
    midnight = datetime(1971, 6, 1, 0, 44, 30, tzinfo=UTC)  # Liberia was 44 minutes and 30 seconds behind until 1972
    instants = pl.Series([midnight - timedelta(microseconds=1), midnight, None] * 2_000, dtype=INSTANT)
    found = business_days(instants, "Africa/Monrovia")
    assert found[:3].to_list() == [datetime(1971, 5, 31).date(), datetime(1971, 6, 1).date(), None]  # noqa: DTZ001
    assert found.equals(instants.dt.convert_time_zone("Africa/Monrovia").dt.date())


@pytest.mark.parametrize("instants", [[], [None], [datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)]])
def test_few_instants(instants):
    series = pl.Series(instants, dtype=INSTANT)
    assert business_days(series, "Europe/Paris").equals(series.dt.convert_time_zone("Europe/Paris").dt.date())

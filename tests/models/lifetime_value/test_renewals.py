"""Observed renewals, by hand, on one spell each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value.renewals import ON_RENEWAL_DAYS, RenewalCounts, Watched, renewal_contract, watch
from relkit.models.survival.spells import read_spells

DAY = date(2025, 6, 30)
ANCHOR = {"duration_days": 30.0, "event": True, "entry_days": 0.0}
"""A spell that ended at its first renewal, since a fit needs an end."""


def watched(*rows: dict[str, Any]) -> Watched:
    return watch(
        read_spells(pl.DataFrame([ANCHOR, *({"entry_days": 0.0} | row for row in rows)]), renewal_contract("m")),
        period_days=30.0,
        tolerance_days=3.0,
        as_of=DAY,
    )


@pytest.mark.parametrize(
    ("spell", "at_risk", "left"),
    [
        ({"duration_days": 95.0, "event": False}, [2, 1, 1], [1, 0, 0]),
        ({"duration_days": 95.0, "event": True}, [2, 1, 1, 1], [1, 0, 0, 1]),
        ({"duration_days": 91.0, "event": True}, [2, 1, 1], [1, 0, 1]),
        ({"duration_days": 89.0, "event": False}, [2, 1, 1], [1, 0, 0]),
        ({"duration_days": 0.0, "event": True}, [2], [2]),
        ({"duration_days": 12.0, "event": False}, [1], [1]),
        ({"duration_days": 95.0, "event": False, "entry_days": 40.0}, [1, 0, 1], [1, 0, 0]),
        ({"duration_days": 55.0, "event": True, "entry_days": 40.0}, [1], [1]),
        ({"duration_days": 95.0, "event": False, "entry_days": 31.0}, [1, 1, 1], [1, 0, 0]),
    ],
    ids=[
        "running",
        "ended within",
        "two days late",
        "two days early",
        "at once",
        "too young",
        "late",
        "late and gone",
        "late on a renewal",
    ],
)
def test_a_spell_counts_at_the_renewals_it_reached(spell: dict[str, Any], at_risk: list[int], left: list[int]) -> None:
    found = watched(spell)
    assert found.counts.at_risk.tolist() == at_risk
    assert found.counts.left.tolist() == left
    assert found.remarks[-1] == ON_RENEWAL_DAYS
    assert found.spells == at_risk[0] + (spell.get("entry_days", 0) > 0) * (sum(at_risk) > 1)


def test_an_end_in_a_period_that_is_not_over_is_not_counted() -> None:
    """Begun 100 days ago, ended at 95: three renewals were observed, the fourth would be on day 120."""
    rows = [ANCHOR | {"started_on": DAY - timedelta(300)}, {**ANCHOR, "duration_days": 95.0, "started_on": DAY - timedelta(100)}]
    found = watch(read_spells(pl.DataFrame(rows), renewal_contract("m")), period_days=30.0, tolerance_days=3.0, as_of=DAY)
    assert (found.counts.at_risk.tolist(), found.counts.left.tolist()) == ([2, 1, 1], [1, 0, 0])
    (remark,) = found.remarks
    assert remark.en == "1 ends were not counted, nor the period they fell in: it was not over on the as-of day."


def test_uninformative_spells_are_reported() -> None:
    found = watched({"duration_days": 12.0, "event": False})
    assert found.remarks[0].en == "1 of 2 spells were left out: they came to no renewal that was watched."


@pytest.mark.parametrize("months", [1, 12])
def test_contracts_that_end_on_renewal_days_end_at_their_renewal(months: int) -> None:
    """Contracts begun on each day of four years, each ended on one of the first renewal days by the calendar."""
    starts = pl.date_range(date(2010, 1, 1), date(2013, 12, 31), eager=True)
    for k in range(1, 60 // months + 1):
        ended = starts.dt.offset_by(f"{k * months}mo")
        frame = pl.DataFrame({"started_on": starts, "duration_days": (ended - starts).dt.total_days().cast(pl.Float64), "event": True})
        spells = read_spells(frame, renewal_contract("m"))
        counts = watch(spells, period_days=months * 365.25 / 12, tolerance_days=3.0, as_of=DAY).counts
        assert counts.left.tolist() == [0.0] * (k - 1) + [len(starts)]


def test_counts_of_shards_add_up() -> None:
    rng = np.random.default_rng(0)
    ages, entry = np.round(rng.exponential(200, 400)), np.zeros(400)
    entry[:80] = np.floor(ages[:80] / 2)
    frame = pl.DataFrame({"duration_days": ages, "event": rng.random(400) < 0.7, "entry_days": entry})
    parts = [
        watch(read_spells(part, renewal_contract("m")), period_days=30.0, tolerance_days=3.0, as_of=DAY).counts
        for part in (frame, frame[:150], frame[150:])
    ]
    both: RenewalCounts = parts[1].merged(parts[2])
    assert both.at_risk.tolist() == parts[0].at_risk.tolist()
    assert both.left.tolist() == parts[0].left.tolist()

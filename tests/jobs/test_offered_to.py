"""Customers to whom something may be offered: refusers, the protected and those out of reach are left out and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import modelled_company as company
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.jobs.offered_to import OfferedTo
from relkit.periods import AsOf

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.table_set import TableSet

AS_OF = AsOf.parse("2025-06-30")
WHEN = datetime(2025, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
ROWS = pl.DataFrame({"customer_id": ["a", "b", "c", "d", "e", "f"], "x": range(6)})


def tables(folder: Path, *, consents: bool = True) -> TableSet:
    """Return a company where a and d agree to email, a to SMS; b refuses profiling as well, c is protected, f may not be written to."""
    stated = pl.DataFrame(
        [
            ("a", "marketing", "email", "granted"),
            ("a", "marketing", "sms", "granted"),
            ("d", "marketing", "email", "granted"),
            ("b", "marketing", "email", "granted"),
            ("b", "profiling", None, "refused"),
            ("c", "marketing", "email", "granted"),
            ("f", "marketing", "email", "granted"),
            ("e", "marketing", "email", "refused"),
        ],
        schema=["customer_id", "purpose", "channel_id", "status"],
        orient="row",
    ).with_columns(changed_at=pl.lit(WHEN, INSTANT), identifier=pl.lit(None, pl.String), valid_to=pl.lit(None, pl.Date))
    barred = pl.DataFrame({"customer_id": ["b", "c", "f"], "reason": "guardianship", "scope": ["all", None, "email"]}).with_columns(
        starts_at=pl.lit(WHEN, INSTANT)
    )
    frames = {"transactions": company.transactions(5), "suppressions": barred} | ({"consents": stated} if consents else {})
    return company.write_company(folder, frames)


def test_the_first_reason_counts(tmp_path: Path) -> None:
    offered = OfferedTo.of(tables(tmp_path), AS_OF, ROWS)
    assert offered.rows.rows() == [("a", 0), ("d", 3)]
    assert offered.left_out == {"refused_profiling": 1, "protected": 1, "not_contactable": 2}
    assert offered.sentence() == ("Left out: 4 customers (1 refused profiling, 1 protected from any contact, 2 may not be contacted).")


def test_a_channel_leaves_out_those_who_may_not_be_contacted_on_it(tmp_path: Path) -> None:
    there = tables(tmp_path)
    assert OfferedTo.of(there, AS_OF, ROWS, channel="sms").rows["customer_id"].to_list() == ["a"]
    assert OfferedTo.of(there, AS_OF, ROWS, channel="sms").sentence("sms").endswith("3 may not be contacted by sms).")
    with pytest.raises(ParameterError, match="channel: unknown channel 'emial'; did you mean 'email'"):
        OfferedTo.of(there, AS_OF, ROWS, channel="emial")


def test_without_consents_only_those_known_to_be_barred_are_left_out(tmp_path: Path) -> None:
    offered = OfferedTo.of(tables(tmp_path, consents=False), AS_OF, ROWS, channel="email")
    assert offered.rows["customer_id"].to_list() == ["a", "d", "e"]
    assert offered.left_out == {"refused_profiling": 0, "protected": 2, "not_contactable": 1}
    assert not offered.knows_consent

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from relkit.features.action_channels import action_channels
from relkit.periods import AsOf
from relkit.tables.table_set import TableFacts, TableSet

if TYPE_CHECKING:
    from pathlib import Path

CONTACTS = pl.DataFrame(
    {
        "contact_id": ["1", "2", "3", "4", "5", "6"],
        "customer_id": ["a", "b", "c", "a", "b", "c"],
        "channel_id": ["post", "post", "post", "email", "post", "post"],
        "sent_at": ["2025-05-01", "2025-05-03", "2025-05-04", "2025-05-04", "2025-06-20", "2025-05-05"],
        "action_id": ["voucher", "voucher", None, "newsletter", "voucher", "voucher"],
        "direction": [None, "outbound", None, None, None, "inbound"],
    }
).with_columns(pl.col("sent_at").str.to_datetime(time_unit="us", time_zone="UTC"))


@pytest.fixture
def shop(tmp_path: Path) -> TableSet:
    CONTACTS.write_parquet(tmp_path / "contacts.parquet")
    return TableSet(tmp_path, TableFacts(rows={"contacts": len(CONTACTS)}, fingerprints={}))


def test_an_action_has_a_part_of_the_outbound_contacts_of_its_channel(shop: TableSet) -> None:
    days = {"starts_on": date(2025, 5, 1), "ends_on": date(2025, 5, 31)}
    assert action_channels(shop, AsOf.parse("2025-06-30"), "voucher", **days).rows() == [("post", 3, 2)]
    assert action_channels(shop, AsOf.parse("2025-05-01"), "voucher", **days).rows() == [("post", 1, 1)]
    assert action_channels(shop, AsOf.parse("2025-06-30"), "unknown", **days).is_empty()


def test_without_a_table_of_contacts_nothing_is_known(tmp_path: Path) -> None:
    bare = TableSet(tmp_path, TableFacts(rows={}, fingerprints={}))
    day = date(2025, 5, 1)
    assert action_channels(bare, AsOf.parse("2025-06-30"), "voucher", starts_on=day, ends_on=day).is_empty()

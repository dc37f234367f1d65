"""Usual quantities: the customer's own mean per basket, else that of all buyers, else one unit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from relkit.features.usual_quantities import usual_quantities
from relkit.periods import AsOf

if TYPE_CHECKING:
    from conftest import Company

AS_OF = AsOf.parse("2025-06-30")
ROWS = [  # customer, basket, product, quantity, kind, day of June 2025 (0: two years earlier)
    ("a", "T1", "tea", 2.0, "sale", 1),
    ("a", "T1", "tea", 1.0, "sale", 1),
    ("a", "T2", "tea", 1.0, "sale", 2),
    ("b", "T3", "tea", 6.0, "sale", 3),
    (None, "T4", "tea", 2.0, "sale", 3),
    ("b", "T5", "mug", None, "sale", 4),
    ("b", "T6", "mug", -1.0, "return", 5),
    ("b", "T7", "pot", 9.0, "sale", 0),
    ("t", "T8", "tea", 900.0, "sale", 6),
]


def test_a_customer_has_its_own_quantity_else_that_of_all_else_one(company: Company) -> None:
    lines = {
        "transaction_line_id": [f"L{i}" for i in range(len(ROWS))],
        "transaction_id": [row[1] for row in ROWS],
        "customer_id": [row[0] for row in ROWS],
        "product_id": [row[2] for row in ROWS],
        "quantity": [row[3] for row in ROWS],
        "line_kind": [row[4] for row in ROWS],
        "occurred_at": [datetime(2025, 6, row[5], 12, tzinfo=UTC) if row[5] else datetime(2023, 6, 1, 12, tzinfo=UTC) for row in ROWS],
        "net_amount": [1.0] * len(ROWS),
    }
    tables = company({"transactions": lines, "customers": {"customer_id": ["t"], "is_test": [True]}})
    pairs = pl.DataFrame(
        {"customer_id": ["a", "b", "c", "a", "b", "a", "a"], "product_id": ["tea", "tea", "tea", "mug", "mug", "pot", "new"]}
    )
    found = usual_quantities(tables, AS_OF, pairs).to_list()
    # baskets of tea: 3 and 1 (a), 6 (b), 2 (unidentified): a mean of 2 for a, 3 over all; pot was bought too long ago
    assert found == [2.0, 6.0, 3.0, 1.0, 1.0, 1.0, 1.0]

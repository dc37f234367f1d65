"""Small companies with a campaign: assignments and lines in the form that the fixture `company` writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from relkit.periods import AsOf

DRAW = datetime(2027, 3, 1, 8, tzinfo=UTC)
LATER = AsOf.parse("2027-12-31")
FIXED = {"history_starts_on": date(2025, 1, 1)}


def after(days: float) -> datetime:
    return DRAW + timedelta(days=days)


def drawn(*rows: tuple[str, str], **columns: list[Any]) -> dict[str, list[Any]]:
    """Return assignments of (customer, arm) in one wave."""
    n, units = len(rows), [unit for unit, _ in rows]
    fixed: dict[str, list[Any]] = {"wave_id": ["w1"] * n, "action_id": ["voucher"] * n, "propensity": [0.5] * n, "drawn_at": [DRAW] * n}
    return {"unit_id": units, "customer_id": units, "arm": [name for _, name in rows], **fixed, **columns}


def lines(*rows: tuple[str, float, float, str, str | None], **columns: Any) -> dict[str, list[Any]]:
    """Return lines of (customer, days after the draw, amount, kind, product); the margin is a tenth of the amount."""
    ids = [f"l{place}" for place in range(len(rows))]
    own: dict[str, list[Any]] = {
        "transaction_line_id": ids,
        "transaction_id": ids,
        "customer_id": [row[0] for row in rows],
        "occurred_at": [after(row[1]) for row in rows],
        "net_amount": [row[2] for row in rows],
        "margin_amount": [row[2] / 10 for row in rows],
        "line_kind": [row[3] for row in rows],
        "product_id": [row[4] for row in rows],
        "quantity": [1.0] * len(rows),
    }
    return own | columns

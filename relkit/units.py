"""Lengths and defaults that every room shares: how long a month is, how far ahead scores look, how wide an interval is."""

from __future__ import annotations

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
"""A month where it is a length; a month of the calendar is as long as the calendar says."""
HORIZON_DAYS = 90
"""How far ahead orders and churn are looked at by default."""
HORIZON_MONTHS = 24
"""How far ahead margin and the life of contracts are counted by default."""
LEVEL = 0.95
"""Of intervals, by default."""


def days_of_months(months: int) -> int:
    """Return the whole days of a number of months.

    Examples:
        >>> days_of_months(24)
        730
    """
    return int(months * DAYS_PER_MONTH)

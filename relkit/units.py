"""Shared lengths and defaults: length of a month, horizons of scores, level of intervals."""

from __future__ import annotations

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
"""Length of a month as a duration; calendar months have their own lengths."""
HORIZON_DAYS = 90
"""Default horizon of orders and churn."""
HORIZON_MONTHS = 24
"""Default horizon of margin and of the life of contracts."""
LEVEL = 0.95
"""Default level of intervals."""


def days_of_months(months: int) -> int:
    """Return the whole days of a number of months.

    Examples:
        >>> days_of_months(24)
        730
    """
    return int(months * DAYS_PER_MONTH)

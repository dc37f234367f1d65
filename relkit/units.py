"""Shared lengths and defaults: lengths of a day and of a month, horizons of scores, level of intervals."""

from __future__ import annotations

SECONDS_PER_DAY = 86_400
US_A_SECOND = 1_000_000
US_A_DAY = SECONDS_PER_DAY * US_A_SECOND
"""Microseconds, the unit of instants; a day as a duration is 24 hours."""
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
"""Length of a month as a duration; calendar months have their own lengths."""
HORIZON_DAYS = 90
"""Default horizon of orders and churn."""
HORIZON_MONTHS = 24
"""Default horizon of margin and of the life of contracts."""
LEFT_WINDOW_DAYS = 31
"""Days from the start of a history within which a first purchase does not show that a customer is new."""
LEVEL = 0.95
"""Default level of intervals."""


def days_of_months(months: int) -> int:
    """Return the whole days of a number of months.

    Examples:
        >>> days_of_months(24)
        730
    """
    return int(months * DAYS_PER_MONTH)

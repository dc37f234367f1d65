"""Threads of scikit-learn's gradient boosting: one for few rows, whose threads would wait for one another most of the time."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ONE_THREAD_ROWS = 200_000
"""Rows below which trees are grown by one thread."""


def few_threads(rows: int) -> AbstractContextManager[object]:
    """Return a context in which trees are grown, and scored by scikit-learn, by one thread if the rows are few.

    Examples:
        >>> with few_threads(1_000):
        ...     pass
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp") if rows < ONE_THREAD_ROWS else nullcontext()

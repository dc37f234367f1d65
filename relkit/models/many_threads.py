"""Threads of dense linear algebra: all of the machine's for one large matrix, though a command otherwise gives it one."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

MANY_THREADS_ROWS = 1_000
"""Rows of a square matrix from which its inversion gains by more threads; below, they wait for one another most of the time."""


def many_threads(rows: int) -> AbstractContextManager[object]:
    """Return a context in which NumPy and SciPy use every processor of the machine, if the matrix is large.

    Args:
        rows: of the square matrix.

    Examples:
        >>> with many_threads(5_000):
        ...     pass
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(os.cpu_count(), user_api="blas") if rows >= MANY_THREADS_ROWS else nullcontext()

"""Compilation of kernels, once per process and kept on disk by numba."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays and numbers as machine code; it is compiled at its first call.

    Args:
        kernel: a function of a module that uses nothing but numpy and its arguments.
    """
    import numba

    made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(kernel)
    return made

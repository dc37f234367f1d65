"""Compilation of kernels, once per process and kept on disk by numba."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def compiled(kernel: FunctionType, *helpers: FunctionType) -> Callable[..., Any]:
    """Return a function of arrays and numbers as machine code; it is compiled at its first call.

    Args:
        kernel: a function that uses nothing but numpy, its arguments and the helpers.
        helpers: functions of the same module that it calls; a helper may call those before it.
    """
    import numba

    ready: dict[str, Any] = {}
    for helper in helpers:
        ready[helper.__name__] = numba.njit(cache=True, nogil=True)(_with(helper, ready))
    made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(_with(kernel, ready))
    return made


def _with(function: FunctionType, ready: dict[str, Any]) -> FunctionType:
    """Return a function that calls compiled helpers in place of the plain ones of its module."""
    if not ready:
        return function
    own = FunctionType(function.__code__, {**function.__globals__, **ready}, function.__name__, function.__defaults__, function.__closure__)
    own.__qualname__, own.__module__ = function.__qualname__, function.__module__
    return own

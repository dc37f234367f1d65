"""What was made of the frame that was asked about last: scores and their bounds ask about the same customers many times."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class LastRead(Generic[T]):
    """The last frame and what was made of it, for as long as the frame exists and is not changed in place.

    Examples:
        >>> frame, last = pl.DataFrame({"a": [1, 2]}), LastRead()
        >>> last.of(frame, lambda frame: frame["a"].sum()), last.of(frame, lambda frame: "made again")
        (3, 3)
        >>> _ = frame.extend(pl.DataFrame({"a": [3]}))
        >>> last.of(frame, lambda frame: frame["a"].sum())
        6
    """

    def __init__(self) -> None:
        """Start without a frame."""
        self._frame: Callable[[], pl.DataFrame | None] = lambda: None
        self._mark: tuple[Any, ...] = ()
        self._made: list[T] = []

    def of(self, frame: pl.DataFrame, make: Callable[[pl.DataFrame], T]) -> T:
        """Return what `make` makes of a frame, made once if the last one was the same."""
        mark = _mark(frame)
        if not self._made or self._frame() is not frame or self._mark != mark:
            self._made, self._mark = [make(frame)], mark
            self._frame = weakref.ref(frame, lambda _: self._made.clear())
        return self._made[0]


def _mark(frame: pl.DataFrame) -> tuple[Any, ...]:
    """Return the names and the sums of the columns of numbers, by which a change in place is noticed."""
    sums = frame.select(pl.selectors.numeric().sum()).rows()
    return frame.height, *frame.columns, *sums

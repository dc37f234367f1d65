"""Windows of a campaign: the response window, in which its action works, and the post window that follows."""

from __future__ import annotations

from dataclasses import dataclass

from relkit.errors import PeriodError

RESPONSE_WINDOW_DAYS, POST_WINDOW_DAYS = 28, 56


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Two windows, one after the other, counted from the draw of each unit.

    Attributes:
        response_days: length of the first, at least 1.
        post_days: length of the second, 0 or more.

    Examples:
        >>> Windows(response_days=28, post_days=56).length_days
        84
    """

    response_days: int = RESPONSE_WINDOW_DAYS
    post_days: int = POST_WINDOW_DAYS

    def __post_init__(self) -> None:
        """Refuse windows that are too short."""
        if self.response_days < 1 or self.post_days < 0:
            raise PeriodError(
                f"a response window of {self.response_days} days with a post window of {self.post_days} days is too short.",
                where="windows",
                remedy="Give response_window_days of at least 1, and post_window_days of 0 or more.",
            )

    @property
    def length_days(self) -> int:
        """Days of both windows together."""
        return self.response_days + self.post_days

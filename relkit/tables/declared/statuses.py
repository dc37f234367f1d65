"""Words by which sources state that a contract runs or has ended; those of a company are declared in its mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

RUNNING = ("active", "actif", "active contract", "running", "open", "ouvert", "en cours", "en vigueur", "live", "current")
ENDED = (
    *("ended", "end", "closed", "cancelled", "canceled", "terminated", "churned", "expired", "lapsed"),
    *("terminé", "terminée", "termine", "résilié", "résiliée", "resilie", "resiliee", "clos", "close", "clôturé", "clôturée", "cloture"),
    *("annulé", "annulée", "annule", "expiré", "expirée", "expire", "échu", "échue", "echu", "fini", "rompu"),
)
"""Words in lower case."""


def is_one_of(status: pl.Expr, words: Iterable[str]) -> pl.Expr:
    """Return whether a status is one of the words, whatever its case and the blanks around it; null is none.

    Examples:
        >>> import polars as pl
        >>> pl.select(is_one_of(pl.lit(" Résilié "), ENDED)).item()
        True
    """
    plain = sorted({word.strip().lower() for word in words})
    return status.str.strip_chars().str.to_lowercase().is_in(plain).fill_null(value=False)

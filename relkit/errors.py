"""Exceptions raised on purpose by relkit.

    RelkitError                     exit code 2 unless 1 is given below
      TableError (ValueError)       a file or a frame breaks its contract
      PeriodError (ValueError)      invalid dates
      ParameterError (ValueError)   a setting out of range, an unknown name
      FitError                      a model cannot be fitted to these rows               exit code 1
        NotConvergedError
        NotEnoughEventsError
      GateError                     the job ran and did not pass (too many faulty rows)  exit code 1
      StorageError                  a saved model or file that cannot be used
      ResourceError                 disk space, memory or a right is lacking
      MissingPackageError (ImportError)
      UnforeseenError               a fault of relkit itself; its trace is in a file     exit code 1

A message has three parts, which are attributes too: `where` (file, table, column, parameter), `what`
(the fact, with numbers) and `remedy` (what to do). `rows` may contain the offending rows as a frame.
Secrets of addresses in them are masked here, whoever wrote them.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Self

from relkit.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable


_LISTED_NAMES = 40
"""Most known names in a message; a catalogue of products would bury what is wrong."""


_OF_MANY = frozenset({"model", "table", "command", "step", "notebook", "pipeline", "candidate"})
"""Kinds of names of which several may be meant."""
_MOST_NEAR = 3


class RelkitError(Exception):
    """Base class of the exceptions; `str()` gives one line for a person.

    Examples:
        >>> str(RelkitError("37 rows are negative.", where="orders.amount", remedy="Map them to returns."))
        'orders.amount: 37 rows are negative. Map them to returns.'
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "", rows: Any = None) -> None:
        """Build the message from its parts."""
        self.what, self.where, self.remedy, self.rows = masked(what), masked(where), masked(remedy), rows
        head = f"{self.where}: {self.what}" if where else self.what
        super().__init__(f"{head} {self.remedy}" if remedy else head)

    @classmethod
    def unknown(cls, kind: str, name: str, known: Iterable[str], *, where: str = "") -> Self:
        """Return the error for a name that does not exist, with the nearest one that does; of models, tables and commands with three.

        Examples:
            >>> str(ParameterError.unknown("parameter", "asof", ["as_of", "model"]))
            "unknown parameter 'asof'; did you mean 'as_of'? Known: as_of, model."
        """
        names = sorted(known)
        near = nearest_names(name, names, most=_MOST_NEAR if kind.rpartition(" ")[2] in _OF_MANY else 1)
        hint = f"; did you mean {_or(near)}?" if near else "."
        further = len(names) - _LISTED_NAMES
        rest = f" and {further:,} more" if further > 0 else ""
        listed = f"Known: {', '.join(names[:_LISTED_NAMES])}{rest}." if names else "None are known."
        return cls(f"unknown {kind} {name!r}{hint}", where=where, remedy=listed)


class TableError(RelkitError, ValueError):
    """A file or a frame breaks its contract."""


class PeriodError(RelkitError, ValueError):
    """Invalid dates."""


class ParameterError(RelkitError, ValueError):
    """A setting out of range, or an unknown name."""


class FitError(RelkitError):
    """A model cannot be fitted to the given rows."""

    exit_code: ClassVar[int] = 1


class NotConvergedError(FitError):
    """The optimiser stopped before it reached an optimum."""


class NotEnoughEventsError(FitError):
    """Too few purchases, ends or customers to estimate anything."""


class GateError(RelkitError):
    """The job ran to its end and did not pass."""

    exit_code: ClassVar[int] = 1


class StorageError(RelkitError):
    """A saved model or a published file that cannot be used."""


class ResourceError(RelkitError):
    """Disk space, memory or a right is lacking, or a file is held by another program."""


class MissingPackageError(RelkitError, ImportError):
    """An optional package is not installed."""


class UnforeseenError(RelkitError):
    """A fault of relkit itself, or of a library: an unforeseen error, with the file that contains the traceback."""

    exit_code: ClassVar[int] = 1


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.5) -> str | None:
    """Return the known name most like `name`, or None when none is near; the last part of a dotted name may stand for it.

    Args:
        name: the given name.
        known: the known names.
        likeness: smallest similarity, from 0 to 1 (identical).

    Examples:
        >>> nearest("custmer_id", ["customer_id", "net_amount"]), nearest("cox", ["survival.cox"])
        ('customer_id', 'survival.cox')
    """
    names = list(known)
    for by_lower in ({k.lower(): k for k in names}, {k.lower().rpartition(".")[2]: k for k in names}):
        found = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=likeness)
        if found:
            return by_lower[found[0]]
    return None


def nearest_names(name: str, known: Iterable[str], *, most: int) -> list[str]:
    """Return the known names most like `name`, the nearest first; empty when none is near.

    Args:
        name: the given name.
        known: the known names.
        most: the largest number of names.

    Examples:
        >>> nearest_names("survival.coxx", ["survival.cox", "survival.cox_time_varying", "uplift.auto"], most=3)
        ['survival.cox', 'survival.cox_time_varying']
    """
    names = list(known)
    first = nearest(name, names)
    if first is None:
        return []
    others = {other.lower(): other for other in names if other != first}
    return [first, *(others[near] for near in get_close_matches(name.lower(), list(others), n=most, cutoff=0.6))][:most]


def _or(names: list[str]) -> str:
    """Return names as alternatives."""
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"

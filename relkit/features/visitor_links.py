"""Links of anonymous visitors to customers: a visitor whom touches known by then show to be exactly one customer is that customer.

A cookie or device that several customers used is nobody's: its anonymous touches stay those of a visitor, and are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOBODY = np.uint32(0xFFFFFFFF)
"""Code of a customer or visitor who is not known."""


@dataclass(frozen=True, eq=False)
class VisitorLinks:
    """Links known at a cutoff.

    Attributes:
        customer: code of the customer that each visitor is; `NOBODY` if none is known, or several are; (visitors,) uint32.
        ambiguous: whether several customers used the id of a visitor; (visitors,).
    """

    customer: NDArray[np.uint32]
    ambiguous: NDArray[np.bool_]

    @classmethod
    def of(cls, customer: NDArray[np.uint32], visitor: NDArray[np.uint32], visitors: int) -> VisitorLinks:
        """Return the links that touches show.

        Args:
            customer: code of the customer of each touch; `NOBODY` if it names none.
            visitor: code of the visitor of each touch, likewise.
            visitors: number of visitors.

        Examples:
            >>> links = VisitorLinks.of(np.array([7, 7, 8, NOBODY], np.uint32), np.array([0, 1, 1, 2], np.uint32), 3)
            >>> links.customer.tolist() == [7, NOBODY, NOBODY], links.ambiguous.tolist()
            (True, [False, True, False])
        """
        both = (customer != NOBODY) & (visitor != NOBODY)
        who, known = visitor[both], customer[both]
        low, high = np.full(visitors, NOBODY, np.uint32), np.zeros(visitors, np.uint32)
        np.minimum.at(low, who, known)
        np.maximum.at(high, who, known)
        ambiguous = (low != NOBODY) & (low != high)
        low[ambiguous] = NOBODY
        return cls(low, ambiguous)

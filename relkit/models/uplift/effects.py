"""The effect of an action on each row, as what a learner leaves behind: responses, and the form in which they make an effect.

Four forms cover the learners: one response with the arm among its columns, whose two values are subtracted; the difference of two
responses; a response that is an effect itself; and two effects mixed by the propensity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relkit.models.uplift.responses import Response  # noqa: TC001 storage reads the types of the fields

Floats = NDArray[np.float64]
Form = Literal["toggled", "difference", "direct", "mixed", "product"]
RESPONSES: dict[Form, int] = {"toggled": 1, "difference": 2, "direct": 1, "mixed": 2, "product": 2}
"""Number of responses of each form."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Effect:
    """A fitted effect.

    Attributes:
        form: how the responses make it.
        responses: toggled and direct: one; difference: with the action, without; mixed: effects as learnt from treated units and
            from controls; product: the probability of a purchase and its amount, both with the arm as last column.
    """

    form: Form
    responses: tuple[Response, ...]

    def of(self, X: Floats, propensity: Floats | float = 0.5) -> Floats:
        """Return the effect on rows, shape (n,).

        Args:
            X: columns, shape (n, d).
            propensity: of being treated, which only the mixed form reads.
        """
        first = self.responses[0]
        if self.form == "toggled":
            return first.with_arm(X, treated=True) - first.with_arm(X, treated=False)
        if self.form == "direct":
            return first.of(X)
        second = self.responses[1]
        if self.form == "difference":
            return first.of(X) - second.of(X)
        if self.form == "mixed":
            return (1 - np.asarray(propensity)) * first.of(X) + np.asarray(propensity) * second.of(X)
        with_it, without = (first.with_arm(X, treated=arm) * second.with_arm(X, treated=arm) for arm in (True, False))
        return with_it - without

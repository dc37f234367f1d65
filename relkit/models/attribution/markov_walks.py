"""Solutions of large chains by walking: all removals of a channel at once, step by step until every journey has ended.

Journeys end soon, so that the part still under way after n steps falls geometrically, and each step is one sparse product for all channels.
A factorisation fills in as the states grow, and is needed anew for each channel; it is left for chains that hardly ever end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from relkit.models.attribution.coded_paths import Floats, Ints

MOST_STEPS = 3_000
"""Steps after which a chain is left to a factorisation."""
_ENDED = 1e-20


def walked(between: Any, exits: Floats, ends: Floats, latest: Ints, channels: int) -> tuple[Floats, Floats] | None:
    """Return the amounts expected from each state and the visits over its exits: of the whole chain, then without each channel.

    Args:
        between: journeys from each state to each other one; (S, S), sparse by rows.
        exits: journeys that left each state for another or for an end, 1 if there are none; (S,).
        ends: amounts brought home from each state; (S, a).
        latest: code of the last touch of each state, -1 before any; (S,).
        channels: K.

    Returns:
        (K + 1, S, a) and (K + 1, S); None if journeys are still under way after `MOST_STEPS` steps.

    Examples:
        >>> from scipy.sparse import csr_array
        >>> between = csr_array(np.array([[0.0, 4.0], [0.0, 0.0]]))
        >>> x, y = walked(between, np.array([4.0, 4.0]), np.array([[0.0], [1.0]]), np.array([-1, 0]), 1) or (None, None)
        >>> x[:, 0, 0].tolist(), y[0].tolist()
        ([0.25, 0.0], [0.25, 0.25])
    """
    from scipy.sparse import diags_array

    forward = (diags_array(1.0 / exits) @ between).tocsr()
    steps = _steps_to_the_end(forward)
    if steps is None:
        return None
    open_to = np.ones((len(exits), channels + 1))
    touched = np.flatnonzero(latest >= 0)
    open_to[touched, latest[touched] + 1] = 0.0
    amounts = (ends / exits[:, None])[:, None, :]
    x, back = np.zeros((len(exits), channels + 1, ends.shape[1])), forward.T.tocsr()
    visits = np.zeros((len(exits), channels + 1))
    for _ in range(steps):
        x = amounts + (forward @ (x * open_to[:, :, None]).reshape(len(exits), -1)).reshape(x.shape)
        visits = (back @ visits) * open_to
        visits[0] += 1.0
    return np.moveaxis(x, 1, 0), (visits / exits[:, None]).T


def _steps_to_the_end(forward: Any) -> int | None:
    """Return the steps after which no journey is under way, from whatever state; None if there are too many."""
    left = np.ones(forward.shape[0])
    for step in range(1, MOST_STEPS + 1):
        left = forward @ left
        if left.max() < _ENDED:
            return step + 1
    return None

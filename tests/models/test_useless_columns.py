from __future__ import annotations

import numpy as np
import pytest

from relkit.errors import FitError
from relkit.models.useless_columns import refuse_useless


def test_useless_columns_are_named() -> None:
    one = np.array([1.0, 2.0, 4.0, 7.0])
    with pytest.raises(FitError, match="height is 2 for everybody"):
        refuse_useless(np.column_stack((one, np.full(4, 2.0))), ("age", "height"), where="here")
    with pytest.raises(FitError, match="double follows from age, so their effects cannot be told apart"):
        refuse_useless(np.column_stack((one, one**2, 2e6 * one + 3)), ("age", "square", "double"), where="here")
    refuse_useless(np.column_stack((one, one**2, one + 1e-2 * one**3)), ("age", "square", "cubic"), where="here")

from __future__ import annotations

import numpy as np
import pytest

from relkit.metrics.multiplicity import holm


def test_of_four_p_values_as_worked_out_by_hand() -> None:
    """4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 which may not fall below it: steps (4) and (5) of Holm (1979), section 3."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_never_above_one_nor_below_what_was_given() -> None:
    p = np.random.default_rng(3).random(50)
    adjusted = holm(p)
    assert ((adjusted >= p) & (adjusted <= 1)).all()
    assert (np.argsort(adjusted[np.argsort(p)], kind="stable") == np.arange(50)).all()


def test_one_alone_and_none() -> None:
    assert holm([0.2]).tolist() == [0.2]
    assert holm([]).tolist() == []


def test_false_findings_are_at_the_nominal_level() -> None:
    rng = np.random.default_rng(4)
    found = np.mean([holm(rng.random(8)).min() < 0.05 for _ in range(4000)])
    assert 0.038 < found < 0.062  # 0.05, and three standard errors

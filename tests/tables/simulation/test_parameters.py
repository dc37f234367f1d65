from __future__ import annotations

from typing import Any

import pytest

from relkit.errors import ParameterError
from relkit.tables.simulation import ContractParameters, Disturbances, PurchaseParameters, SpendParameters


@pytest.mark.parametrize(
    ("kind", "wrong", "expected"),
    [
        (PurchaseParameters, {"alpha": 0.0}, "alpha: 0 is not above 0. Choose a positive number."),
        (PurchaseParameters, {"b": float("nan")}, "b: nan is not above 0."),
        (SpendParameters, {"v": -1.0}, "v: -1 is not above 0."),
        (SpendParameters, {"q": 1.0}, "q: 1 is not above 1. The mean order would be infinite; choose more than 1."),
        (ContractParameters, {"shape": 0.0}, "shape: 0 is not above 0."),
        (ContractParameters, {"involuntary_share": 1.5}, "involuntary_share: 1.5 is not a share."),
        (Disturbances, {"return_share": 1.0}, r"return_share: 1 is not in \[0, 1\)."),
        (Disturbances, {"season_amplitude": 1.0}, r"season_amplitude: 1 is not in \[0, 1\)."),
        (Disturbances, {"heavy_tail": 1.0}, "heavy_tail: 1 is not above 1. The mean order would be infinite."),
        (Disturbances, {"rate_drift": 0.0}, "rate_drift: 0 is not above 0."),
        (Disturbances, {"promotion_every_days": 31}, "promotions of 10 days with 21 days of pull-forward do not fit into 31 days."),
    ],
)
def test_parameters_outside_their_range_are_refused(kind: Any, wrong: dict[str, Any], expected: str):
    with pytest.raises(ParameterError, match=expected):
        kind(**wrong)


def test_mean_order_of_gamma_gamma():
    """P v / (q - 1): Fader and Hardie 2013, eq. 2 and the mean of an inverse gamma."""
    assert SpendParameters(p=6.25, q=3.74, v=15.44).mean == pytest.approx(6.25 * 15.44 / 2.74)

"""The example of tea-tasting 1.14 (make_users_data(seed=42, covariates=True)): its figures from our reading of its sums."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.measurement.arm_sums import ArmSums
from relkit.measurement.differences import difference
from relkit.measurement.lifts import lift
from relkit.measurement.measures import Measure

NAMES = ("sessions", "orders", "revenue", "orders_before", "revenue_before")
COVARIATES = ("orders_before", "revenue_before")
CONTROL = (
    2023,
    (4038.0, 1073.0, 10602.6, 1090.0, 10678.43),
    (
        10098.0,
        2648.0,
        25951.34,
        2715.0,
        26133.11,
        2073.0,
        20072.84,
        1691.0,
        15935.28,
        243736.4268,
        16873.08,
        193410.1949,
        2720.0,
        27023.46,
        405481.0443,
    ),
)
TREATED = (
    1977,
    (3920.0, 1133.0, 11328.43, 1006.0, 9331.96),
    (
        9698.0,
        2730.0,
        27030.29,
        2407.0,
        22648.43,
        2121.0,
        20982.39,
        1551.0,
        14061.75,
        278029.8889,
        14913.96,
        172016.7183,
        2380.0,
        21130.28,
        284676.8592,
    ),
)
"""Users, sums, and sums of products (upper triangle by rows) of both variants."""


@pytest.fixture(scope="module")
def sums() -> ArmSums:
    cross = np.zeros((2, 5, 5))
    rows, columns = np.triu_indices(5)
    for place, (_, _, products) in enumerate((CONTROL, TREATED)):
        cross[place, rows, columns] = cross[place, columns, rows] = products
    n, total = (np.array([arm[part] for arm in (CONTROL, TREATED)], dtype=float) for part in (0, 1))
    return ArmSums(NAMES, COVARIATES, np.zeros(5), pl.DataFrame({"arm": ["control", "treated"]}), n, total, cross)


@pytest.mark.parametrize(
    ("measure", "covariate", "change", "low", "high", "p_value"),
    [
        (Measure("sessions"), None, -0.006634744334, -0.03698044167, 0.02466717589, 0.67402071996),
        (Measure("orders", per="sessions"), None, 0.08770327329, -0.008944184133, 0.19377576096, 0.07623759978),
        (Measure("orders"), None, 0.08048664016, -0.01951529404, 0.19068800613, 0.11773177999),
        (Measure("revenue"), None, 0.09331815959, -0.02373770895, 0.22440926895, 0.12306988554),
        (Measure("orders"), "orders_before", 0.11154726483, 0.02880682689, 0.20094199383, 0.00733040981),
        (Measure("revenue"), "revenue_before", 0.14273573561, 0.03772857689, 0.25836850842, 0.00674392928),
    ],
)
def test_its_example(
    sums: ArmSums, measure: Measure, covariate: str | None, change: float, low: float, high: float, p_value: float
) -> None:
    effect = difference(sums, measure, covariates=(covariate,) if covariate else ())
    found = lift(effect)
    assert (found.estimate, found.low, found.high) == pytest.approx((change, low, high), abs=1e-9)
    assert effect.p_value == pytest.approx(p_value, abs=1e-9)


def test_both_covariates_save_at_least_as_much_as_one(sums: ArmSums) -> None:
    one, both = (difference(sums, "revenue", covariates=names) for names in (("revenue_before",), COVARIATES))
    assert both.variance_saved >= one.variance_saved

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.features.snapshot_remarks import on_coarse_tenure
from relkit.features.snapshot_remarks import remarks as all_remarks
from relkit.features.snapshot_spells import DAYS
from relkit.periods import AsOf
from tests.features.test_snapshot_spells import EDGE, JUNE, MAY, ROLES, datamart, of, one_day


def remarks(tables, as_of):
    return tuple(remark.en for remark in all_remarks(tables, as_of))


def test_one_snapshot_says_what_it_rests_on(company):
    tables = of(company, one_day(("a", 10, False), ("b", 3, True), ("new", 0, False)))
    assert remarks(tables, EDGE) == (
        (
            "There is one snapshot, of 2024-06-30: every customer counts from the first day of its tenure. "
            "If those who left long ago are not in it, lives look longer than they are."
        ),
        "Not at risk for a day, so that nothing is learnt from them: 1 customer with a tenure of 0. They are scored as new customers.",
    )


def test_ends_that_are_lost_with_a_tenure_of_zero_are_counted(company):
    rows = one_day(("a", 10, False), ("b", 0, True), ("c", 0, False), income=["x"] * 3)
    _, sentence, personal = remarks(of(company, rows), EDGE)
    assert sentence == (
        "Not at risk for a day, so that nothing is learnt from them: 2 customers with a tenure of 0, of whom 1 left. "
        "The others are scored as new customers. Where tenure counts completed units, add half a unit to it in the mapping."
    )
    assert personal == "Never a covariate: income, personal data whose purpose does not say profiling."


def test_several_snapshots_say_who_was_not_watched_and_who_is_lost(company):
    rows = datamart(
        ("stays", MAY, 12, False), ("stays", JUNE, 13, False),
        ("vanishes", MAY, 5, False),
        ("was gone", MAY, 30, True), ("was gone", JUNE, 30, True),
        ("back", MAY, 30, True), ("back", JUNE, 1, False),
        ("untold", JUNE, None, False),
    )  # fmt: skip
    assert remarks(of(company, rows), EDGE) == (
        "1 customer left out: no snapshot says both tenure and gone.",
        "2 customers had left when first seen: nobody watched it happen, and nothing is learnt from it.",
        (
            "Missing from the snapshot of 2024-06-30, though none says that they left: 1 customer, who count up to the last one they "
            "are in, and have no score."
        ),
        "Came back, or had their tenure fall: 1 customer, of whom each stay counts by itself.",
    )


def test_plain_snapshots_give_no_remark(company):
    rows = datamart(("a", MAY, 12, False), ("a", JUNE, 13, False), ("b", MAY, 2, False), ("b", JUNE, 3, True))
    assert remarks(of(company, rows), EDGE) == ()
    assert remarks(of(company, rows, folder="again"), AsOf.parse(date(2024, 1, 1))) == ()


@pytest.mark.parametrize(
    ("unit", "horizon_days", "expected"),
    [
        ("days", 90, ""),
        ("weeks", 91, ""),  # thirteen weeks
        ("months", 92, ""),  # 91.3 days
        (
            "months",
            90,
            (
                "tenure is given in whole months, so the curve falls at ages one of them apart: 90 days ahead reach 2 of these ages, and "
                "churn probabilities are too low. Score with --horizon-days 92."
            ),
        ),
        (
            "years",
            90,
            (
                "tenure is given in whole years, so the curve falls at ages one of them apart: 90 days ahead reach none of these ages, and "
                "churn probabilities are 0 but past the last age seen. Score with --horizon-days 366."
            ),
        ),
        ("years", 366, ""),
    ],
)
def test_a_horizon_that_ages_in_whole_units_do_not_fill_is_remarked_on(company, unit, horizon_days, expected):
    tables = of(company, one_day(("a", 10, False)), attributes=ROLES | {"tenure": {"role": "tenure", "unit": unit}})
    for first in (0.0, 0.5):  # from the middle of the unit, ages are as far apart
        found = on_coarse_tenure(tables, pl.Series([first, first + 3, first + 10]) * DAYS[unit], horizon_days)
        assert (found.en if found else "") == expected


def test_ages_between_whole_units_are_no_matter(company):
    tables = of(company, one_day(("a", 10, False)))
    assert on_coarse_tenure(tables, pl.Series([100.0, 117.0, 131.0]), 90) is None
    assert on_coarse_tenure(tables, pl.Series([], dtype=pl.Float64), 90) is None

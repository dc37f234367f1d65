from __future__ import annotations

from datetime import date

from relkit.features.snapshot_remarks import remarks as all_remarks
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
        (
            "tenure is known in whole months only (taken to count started ones: 3 is an age between 2 and 3). The curve at the end of each "
            "month is that of the data; within it ends are placed as if the risk were even, so that probabilities over less than a month "
            "are an interpolation. If that is wrong, declare counts: completed or nearest in the mapping."
        ),
        "Not at risk for a day, so that nothing is learnt from them: 1 customer with a tenure of 0. They are scored as new customers.",
    )


def test_ends_that_are_lost_with_a_tenure_of_zero_are_counted(company):
    rows = one_day(("a", 10, False), ("b", 0, True), ("c", 0, False), income=["x"] * 3)
    days = ROLES | {"tenure": {"role": "tenure", "unit": "days"}}
    _, sentence, personal = remarks(of(company, rows, attributes=days), EDGE)
    assert sentence == (
        "Not at risk for a day, so that nothing is learnt from them: 2 customers with a tenure of 0, of whom 1 left. "
        "The others are scored as new customers."
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


def test_completed_units_have_days_at_risk_from_zero_on(company):
    rows = one_day(("a", 10, False), ("b", 0, True), ("c", 0, False))
    declared = ROLES | {"tenure": ROLES["tenure"] | {"counts": "completed"}}
    _, units = remarks(of(company, rows, attributes=declared), EDGE)
    assert units.startswith("tenure is known in whole months only (counted as completed ones: 3 is an age between 3 and 4).")
    assert units.endswith("are an interpolation.")

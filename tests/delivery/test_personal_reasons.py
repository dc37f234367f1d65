from __future__ import annotations

import polars as pl
import pytest

from relkit.delivery.personal_reasons import DERIVED, personal_data_of_reasons
from relkit.scores.reasons import NAMES

DICTIONARY = pl.DataFrame({"column": ["region", "member_no", "union_member"], "personal_data": ["personal", "pseudonym", "sensitive"]})


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], "none"),
        (["monthly_amount_high", "pays_by_direct_debit_no", "payment_method=card"], "none"),
        (["monthly_amount_high", "age_at_start_years_low"], "personal"),
        (["region=North_high"], "personal"),
        (["member_no_low", "monthly_amount_high"], "pseudonym"),
        (["member_no_low", "region=North", "union_member_yes"], "sensitive"),
        (["never_described_high"], "personal"),
    ],
)
def test_the_most_personal_attribute_decides(codes: list[str], expected: str) -> None:
    assert personal_data_of_reasons(codes, DICTIONARY) == expected


def test_a_dictionary_without_classes_tells_nothing() -> None:
    assert personal_data_of_reasons(["region=North"], pl.DataFrame({"column": ["region"]})) == "personal"


def test_every_covariate_that_relkit_makes_has_a_class() -> None:
    for name in NAMES:
        assert personal_data_of_reasons([f"{name}_high"], None) == DERIVED.get(name, "none")

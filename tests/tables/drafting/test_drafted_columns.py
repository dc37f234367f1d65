"""Drafts beside the mappings that people wrote for public data sets."""

from __future__ import annotations

import pytest

from tests.tables.drafted_columns import NAMES, compared, differing, table

QUICK = ("bank_churn", "cdnow_sample", "channelattribution_paths", "clvtools_apparel", "smcrm_churn")


def verify(found):
    counts = found.counts
    proposed = counts["right"] + counts["asked"]
    assert found.unsafe == []
    assert counts["wrong"] == counts["asked, not offered"] == 0
    assert proposed >= 0.9 * len(found.verdicts)


@pytest.mark.parametrize("name", QUICK)
def test_nine_in_ten_columns_are_proposed_and_nothing_doubtful_is_stated(real_data, name, tmp_path):
    verify(compared(real_data, name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - set(QUICK)))
def test_so_are_those_of_the_larger_files(real_data, name, tmp_path):
    verify(compared(real_data, name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"completejourney"}))
def test_what_is_proposed_right_reads_the_same_values(real_data, name, tmp_path):
    named_otherwise = {"hillstrom": ["assignments.action_id", "contacts.action_id"]}
    assert differing(real_data, name, tmp_path) == named_otherwise.get(name, [])


def test_the_table_adds_up(real_data, tmp_path):
    found = compared(real_data, "smcrm_churn", tmp_path)
    assert "| **all** | 9 | 8 | 1 | 0 | 0 | 0 |" in table([found])

from __future__ import annotations

from relkit.jobs.given_settings import read_settings


def test_lists_given_as_lists_stay() -> None:
    assert read_settings("survival.cox", {"covariates": ["a", "b"]}) == {"covariates": ["a", "b"]}
    assert read_settings("lifetime_value.bg_nbd", {"period_days": "1,5"}) == {"period_days": "1,5"}

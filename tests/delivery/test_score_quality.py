from __future__ import annotations

import polars as pl
import pytest

from relkit.delivery.score_quality import QUALITIES, score_quality

GOOD = {
    "is_refusing": False,
    "has_history": True,
    "is_scored": True,
    "has_margin_ahead": True,
    "repeat_purchases": 3,
    "observed_days": 400.0,
    "contract_age_days": None,
}
SPOILT = {
    "refused_profiling": {"is_refusing": True},
    "never_bought": {"has_history": False},
    "no_model": {"is_scored": False},
    "margin_unknown": {"has_margin_ahead": False},
    "short_history": {"repeat_purchases": 0},
    "ok": {},
}


def quality(**facts) -> str:
    types = {"repeat_purchases": pl.Int32, "observed_days": pl.Float64, "contract_age_days": pl.Int32}
    return pl.DataFrame([{**GOOD, **facts}], schema_overrides=types).select(score_quality()).item()


@pytest.mark.parametrize("code", QUALITIES)
def test_each_reason_alone(code: str) -> None:
    assert quality(**SPOILT[code]) == code


def test_of_several_reasons_the_first_is_given() -> None:
    assert list(SPOILT) == list(QUALITIES)
    for i, code in enumerate(QUALITIES):
        later = {name: value for facts in list(SPOILT.values())[i:] for name, value in facts.items()}
        assert quality(**later) == code


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"repeat_purchases": 0, "observed_days": 480.0}, "short_history"),
        ({"repeat_purchases": 1, "observed_days": 89.9}, "short_history"),
        ({"repeat_purchases": 1, "observed_days": 90.0}, "ok"),
        ({"repeat_purchases": None, "observed_days": None, "contract_age_days": 89}, "short_history"),
        ({"repeat_purchases": None, "observed_days": None, "contract_age_days": 90}, "ok"),
        ({"repeat_purchases": 0, "observed_days": 10.0, "contract_age_days": 90}, "ok"),
    ],
)
def test_history_is_the_better_of_purchases_and_contract(history, expected) -> None:
    assert quality(**history) == expected

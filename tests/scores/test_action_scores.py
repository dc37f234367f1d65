"""The table of scores by action."""

from __future__ import annotations

import polars as pl

from relkit.scores.action_scores import columns_in, scores_by_action

EFFECTS = pl.DataFrame(
    {
        "customer_id": ["b", "a", "a"],
        "action_id": ["sms", "sms", "call"],
        "uplift": [-0.1234567, 0.2, 3.0],
        "low": [None, None, 1.0],
        "high": [None, None, 5.0],
    }
)
TERMS = pl.DataFrame({"action_id": ["call", "sms"], "channel_id": ["phone", None], "cost": [3.5, None]})


def test_rows_are_in_order_and_rounded_once():
    found = scores_by_action(EFFECTS, TERMS, 1.0, currency="USD")
    assert found.columns == list(columns_in("USD"))
    assert found.rows() == [
        ("a", "call", "phone", 3.0, 1.0, 5.0, 3.0, 3.5),
        ("a", "sms", None, 0.2, None, None, 0.2, None),
        ("b", "sms", None, -0.123457, None, None, -0.1235, None),
    ]


def test_worth_may_differ_by_customer_or_be_unknown():
    worth = pl.DataFrame({"customer_id": ["a"], "worth": [10.0]})
    assert scores_by_action(EFFECTS, TERMS, worth, currency="EUR")["value_eur"].to_list() == [30.0, 2.0, None]
    assert scores_by_action(EFFECTS, TERMS, None, currency="EUR")["value_eur"].null_count() == 3


def test_an_action_without_terms_has_neither_channel_nor_cost():
    found = scores_by_action(EFFECTS, TERMS.clear(), 1.0, currency="EUR")
    assert found["channel_id"].null_count() == found["cost_eur"].null_count() == 3
    assert scores_by_action(EFFECTS.clear(), TERMS, 1.0, currency="EUR").is_empty()

"""The rule of promotion."""

from __future__ import annotations

import pytest

from relkit.models.base import HoldoutMetric
from relkit.tracking.promotion import decide

LOWER = HoldoutMetric(name="mae", direction="lower")
HIGHER = HoldoutMetric(name="concordance", direction="higher")


@pytest.mark.parametrize(
    ("metric", "challenger", "champion", "promoted"),
    [
        (LOWER, 0.7, 0.75, True),
        (LOWER, 0.75, 0.75, True),
        (LOWER, 0.8, 0.75, False),
        (HIGHER, 0.8, 0.75, True),
        (HIGHER, 0.7, 0.75, False),
        (LOWER, None, 0.75, False),
        (LOWER, 0.7, None, False),
        (LOWER, float("nan"), 0.75, False),
        (LOWER, 0.7, float("nan"), False),
    ],
)
def test_a_later_version_must_not_be_worse(metric, challenger, champion, promoted):
    assert decide(metric, challenger=challenger, champion=champion, has_champion=True).promoted is promoted


def test_a_first_version_is_promoted_whatever_its_metric():
    decision = decide(LOWER, challenger=None, champion=None, has_champion=False)
    assert (decision.promoted, decision.reason) == (True, "first version")


def test_a_person_may_force_it_and_the_reason_is_kept():
    decision = decide(LOWER, challenger=9.0, champion=0.1, has_champion=True, forced="the old one reads a column we lost")
    assert (decision.promoted, decision.reason) == (True, "forced: the old one reads a column we lost")


@pytest.mark.parametrize(
    ("challenger", "champion", "expected"),
    [
        (0.8, 0.75, "mae 0.8 is worse than the champion's 0.75"),
        (0.7, 0.75, "mae 0.7 is not worse than the champion's 0.75"),
        (None, 0.75, "without a holdout it cannot be compared with the champion"),
        (0.7, None, "the champion could not be judged on this holdout"),
    ],
)
def test_the_reason_is_a_sentence_with_both_numbers(challenger, champion, expected):
    assert decide(LOWER, challenger=challenger, champion=champion, has_champion=True).reason == expected


def test_a_version_of_an_earlier_day_stays_challenger_unless_forced() -> None:
    reason = "it learnt up to 2025-03-31, the champion up to 2025-06-30"
    kept = decide(LOWER, challenger=0.1, champion=9.0, has_champion=True, behind=reason)
    assert (kept.promoted, kept.reason) == (False, reason)
    assert decide(LOWER, challenger=0.1, champion=9.0, has_champion=True, behind=reason, forced="the later data are wrong").promoted


def test_the_newest_version_is_used_if_the_metric_does_not_decide():
    moved = HoldoutMetric(name="share_moved", direction="lower", decides=False)
    decision = decide(moved, challenger=0.4, champion=0.1, has_champion=True)
    assert (decision.promoted, "not which is right" in decision.reason) == (True, True)
    assert not decide(moved, challenger=0.1, champion=0.4, has_champion=True, behind="it learnt up to an earlier day").promoted

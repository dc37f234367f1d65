"""Propensities of pairwise comparisons, by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.features.pairwise_propensity import with_pairwise

ALICE, BOB, CID, DAN = "alice", "bob", "cid", "dan"


def wave(*rows: tuple[str, str, str, float], wave_id: str = "w") -> pl.DataFrame:
    """Return assignments of (unit, action, arm, propensity)."""
    frame = pl.DataFrame(rows, schema=["unit_id", "action_id", "arm", "propensity"], orient="row")
    return frame.with_columns(customer_id="unit_id", wave_id=pl.lit(wave_id))


def weights(frame: pl.DataFrame) -> list[Any]:
    return with_pairwise(frame)["pairwise"].to_list()


def test_a_single_action_keeps_its_probability() -> None:
    assert weights(wave((ALICE, "a", "treated", 0.9), (BOB, "a", "control", 0.3))) == pytest.approx([0.9, 0.3], abs=1e-12)


def test_three_arms_at_a_third_weigh_a_half() -> None:
    third = 1 / 3
    rows = wave((ALICE, "a", "treated", third), (BOB, "b", "treated", third), (CID, "a", "control", third), (CID, "b", "control", third))
    assert weights(rows) == [0.5] * 4


def test_unequal_arms_by_hand() -> None:
    """p_a = .5, p_b = .3, p_0 = .2: e_a = .5 / .7 and e_b = .3 / .5."""
    rows = wave((ALICE, "a", "treated", 0.5), (BOB, "b", "treated", 0.3), (CID, "a", "control", 0.5), (CID, "b", "control", 0.3))
    assert weights(rows) == pytest.approx([5 / 7, 3 / 5, 5 / 7, 3 / 5], abs=1e-11)


def test_propensities_may_differ_between_units() -> None:
    """A treated unit takes the control share of the controls with its own probability."""
    rows = wave(
        (ALICE, "a", "treated", 0.5),
        (BOB, "a", "treated", 0.2),
        (CID, "a", "control", 0.5),
        (CID, "b", "control", 0.3),
        (DAN, "a", "control", 0.2),
        (DAN, "b", "control", 0.2),
    )
    assert weights(rows)[:2] == pytest.approx([0.5 / 0.7, 0.2 / 0.8], abs=1e-11)


def test_waves_are_told_apart() -> None:
    rows = pl.concat(
        [wave((ALICE, "a", "treated", 0.5), (BOB, "a", "control", 0.5), wave_id="w1"), wave((CID, "b", "control", 0.4), wave_id="w2")]
    )
    assert weights(rows) == pytest.approx([0.5, 0.5, 0.4], abs=1e-12)


def test_ambiguous_control_shares_are_refused() -> None:
    rows = wave((ALICE, "a", "treated", 0.5), (CID, "a", "control", 0.5), (CID, "b", "control", 0.3), (DAN, "a", "control", 0.5))
    with pytest.raises(
        TableError, match=r"controls with the same propensity differ in that of the other actions .*action a, propensity 0.5"
    ):
        with_pairwise(rows)


def test_treated_units_without_a_control_of_their_propensity_are_refused() -> None:
    rows = wave((ALICE, "a", "treated", 0.6), (CID, "a", "control", 0.5), (CID, "b", "control", 0.3))
    with pytest.raises(TableError, match="no control of the wave has the same propensity for the action"):
        with_pairwise(rows)


def test_probabilities_above_one_in_all_are_refused() -> None:
    rows = wave((ALICE, "a", "treated", 0.7), (CID, "a", "control", 0.7), (CID, "b", "control", 0.6))
    with pytest.raises(TableError, match="the probabilities of its actions add up to more than 1"):
        with_pairwise(rows)


def test_only_the_action_asked_for_must_be_clear() -> None:
    """A unit treated with b at a probability that no control has makes b unclear, and not a."""
    rows = wave((ALICE, "a", "treated", 0.5), (BOB, "b", "treated", 0.4), (CID, "a", "control", 0.5), (CID, "b", "control", 0.3))
    assert with_pairwise(rows, "a")["pairwise"].to_list() == pytest.approx([5 / 7, 5 / 7], abs=1e-11)
    with pytest.raises(TableError, match="no control of the wave has the same propensity for the action"):
        with_pairwise(rows, "b")

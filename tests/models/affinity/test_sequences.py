"""Sequence rules by hand, and against a plain count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from models.affinity.shoppers import AS_OF, histories, simulated

from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.histories import Read, day_number, read_histories
from relkit.models.affinity.sequences import count_sequences, sequence_rules

NOW = day_number(AS_OF)


def counted(read: Read, within_days: int) -> Any:
    items = len(read.names)
    return count_sequences(read.histories, Pairs.of(read.histories, items), items, within_days=within_days, now=NOW)


def test_a_camera_and_then_a_case() -> None:
    """Three customers were observed for 30 days after their camera (x): two bought a case (y) by then, one of them the same day."""
    read = read_histories(
        histories(
            ("later", [(90, "x"), (70, "y")]),
            ("same day", [(80, "xy")]),
            ("too late", [(90, "x"), (50, "y")]),
            ("before", [(90, "y"), (80, "z")]),
            ("yesterday", [(1, "x")]),
        )
    )
    rules = sequence_rules(counted(read, 30), read.names, least=1)
    row = rules.filter((rules["first_product"] == "x") & (rules["then_product"] == "y")).row(0, named=True)
    assert (row["count"], row["first_count"]) == (1, 3)
    assert row["confidence"] == pytest.approx(1 / 3)
    assert row["expected"] == pytest.approx(1 / 4)  # of the four customers observed for 30 days after their first basket
    assert row["lift"] == pytest.approx(4 / 3)
    assert row["confidence_lower"] < row["confidence"] < row["confidence_upper"]


def test_counts_are_those_of_a_plain_loop() -> None:
    frame = simulated(150, seed=9, products=12)[0]
    read = read_histories(frame)
    found = counted(read, 45)
    plain = np.zeros((12, 12), int)
    for row in frame.to_dicts():
        first: dict[str, int] = {}
        for product, day in zip(row["products"], row["days"], strict=True):
            first.setdefault(product, day_number(day))
        for a, day_a in first.items():
            for b, day_b in first.items():
                if 0 < day_b - day_a <= 45 and day_a <= NOW - 45:
                    plain[int(a[1:]), int(b[1:])] += 1
    assert found.after.tolist() == plain.tolist()


def test_rare_rules_and_low_lifts_are_left_out() -> None:
    read = read_histories(simulated(300, seed=9, products=12, tastes=2)[0])
    rules = sequence_rules(counted(read, 45), read.names, least=15, least_lift=1.1)
    assert len(rules)
    assert rules["count"].min() >= 15  # type: ignore[operator]
    assert rules["lift"].min() >= 1.1  # type: ignore[operator]
    assert rules["lift"].is_sorted(descending=True)

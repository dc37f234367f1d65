"""Checks of single values."""

from __future__ import annotations

from typing import Any

import pytest

from relkit.errors import ParameterError
from relkit.scalars import check_choice, check_level, check_scalar


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0.5, {"gt": 0, "lt": 1}),
        (0, {"ge": 0}),
        (1, {"ge": 0, "le": 1}),
        (3, {"ge": 1, "le": 3}),
        (-7.5, {}),
    ],
)
def test_what_is_possible_is_returned(value: float, rule: dict[str, float]) -> None:
    assert check_scalar(value, "step", **rule) is value


@pytest.mark.parametrize(
    ("value", "rule", "message"),
    [
        (1, {"gt": 0, "lt": 1}, r"^model: step is 1; it must lie between 0 and 1\. Write less\.$"),
        (2, {"ge": 0, "le": 1}, "step is 2; it must lie between 0 and 1"),
        (-1, {"ge": 0}, "step is -1; it must be 0 or more"),
        (0, {"ge": 1}, "step is 0; it must be at least 1"),
        (0.0, {"gt": 0}, "step is 0; it must be above 0"),
        (0.0, {"gt": 0, "le": 1}, "step is 0; it must be above 0 and at most 1"),
        (4, {"le": 3}, "step is 4; it must be at most 3"),
        (3, {"lt": 3}, "step is 3; it must be below 3"),
        (float("inf"), {"gt": 0}, "step is inf; it must be above 0"),
        (float("nan"), {}, "step is nan; it must be a number"),
        (1234567, {"le": 1000000}, "step is 1234567; it must be at most 1e[+]06"),
    ],
)
def test_what_is_not_is_refused(value: float, rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_scalar(value, "step", where="model", remedy="Write less.", **rule)


def test_choices_and_levels() -> None:
    assert check_choice("efron", "ties", ("efron", "breslow")) == "efron"
    with pytest.raises(ParameterError, match=r"ties: unknown treatment of ties 'efrn'; did you mean 'efron'\?"):
        check_choice("efrn", "ties", ("efron", "breslow"), kind="treatment of ties")
    assert check_level(0.9) == 0.9
    with pytest.raises(ParameterError, match=r"level is 1; it must lie between 0 and 1\. Write 0\.95 for 95 %"):
        check_level(1.0)

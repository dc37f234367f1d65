from __future__ import annotations

import math

import pytest

from relkit.measurement.effect import Effect
from relkit.measurement.guardrails import Guardrail
from relkit.measurement.verdict import units_to_detect, verdict


def net(estimate: float, se: float, n: int = 10_000) -> Effect:
    return Effect.of("net", (estimate, 0.0), (n, n), spread=(se**2 / 2, se**2 / 2, 0.0), df=math.inf)


def guardrail(state: str) -> Guardrail:
    return Guardrail("complained", 0.02, 0.01, 0.03, 0.005, 0.9, state)


@pytest.mark.parametrize(
    ("effect", "settings", "decision"),
    [
        (net(1.0, 0.2), {}, "continue"),
        (net(-1.0, 0.2), {}, "stop"),
        (net(0.1, 0.2), {"cost_per_unit": 0.3}, "retest"),
        (net(1.0, 0.2), {"is_mismatch": True}, "not_measurable"),
        (net(1.0, 0.2), {"guardrails": (guardrail("breached"),)}, "stop"),
        (net(1.0, 0.2), {"guardrails": (guardrail("unclear"),)}, "continue"),
        (net(0.1, 0.2), {"cost_per_unit": 0.3, "units_available": 50_000}, "not_measurable"),
        (net(0.0, 0.2), {}, "not_measurable"),
        (Effect.of("net", (1.0, 0.5), (1, 5), spread=None, df=None), {}, "not_measurable"),
    ],
)
def test_decisions(effect: Effect, settings: dict[str, object], decision: str) -> None:
    found = verdict(effect, **settings)
    assert found.decision == decision
    assert found.sentence.en.endswith(".")
    assert found.sentence.fr.endswith(".")
    assert found.sentence.en != found.sentence.fr
    assert found.title.en


def test_the_units_needed_detect_the_break_even_effect() -> None:
    """(1.959964 + 0.841621)^2 x 0.2^2 / 0.3^2 times the 20,000 units drawn: 69,768."""
    found = verdict(net(0.1, 0.2), cost_per_unit=0.3)
    assert found.units_needed == math.ceil(20_000 * (2.801585 * 0.2 / 0.3) ** 2) == 69_768
    assert "69,768 units instead of 20,000" in found.sentence.en
    assert "69\u202f768" in found.sentence.fr


def test_enough_units_for_break_even_leave_the_size_of_the_estimate() -> None:
    found = verdict(net(0.1, 0.2), cost_per_unit=2.0)
    assert (found.decision, found.units_needed) == ("retest", units_to_detect(net(0.1, 0.2), 0.1))
    assert "a gain, if there is one, is small" in found.sentence.en


def test_unclear_guardrails_are_named_when_it_continues() -> None:
    assert "complained" in verdict(net(1.0, 0.2), guardrails=(guardrail("unclear"),)).sentence.fr
    assert "complained" not in verdict(net(1.0, 0.2), guardrails=(guardrail("held"),)).sentence.fr


def test_no_size_settles_an_effect_of_nothing() -> None:
    assert units_to_detect(net(0.0, 0.2), 0.0) is None
    assert units_to_detect(net(0.0, 0.2), 1e-9) is None

"""The study behind `make coverage`, with few repetitions: it runs, and it can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from recovery import study
from recovery.worlds import WORLDS, World

from relkit.models import catalogue

if TYPE_CHECKING:
    from recovery.study import Finding


@pytest.fixture
def sound() -> Finding:
    return study.Finding(model="nbd", term="r", coverage=0.9, without=0.0, errors=(0.4, 0.2, 0.1))


LONG = (
    "time_varying_pareto_nbd",
    "pooled",
    "bg_bb",
    "pareto_nbd",
    "pareto_nbd, 60 % older",
    "mbg_nbd, 60 % older",
    "cox, simulated company",
)


@pytest.mark.parametrize(
    "world", [pytest.param(each, marks=[pytest.mark.slow] if each.name in LONG else [], id=each.name) for each in WORLDS]
)
def test_parameters_and_forecasts_come_back(world: World) -> None:
    """Ten repetitions: of 10 intervals at 90 %, fewer than 6 contain the truth once in 600 times.

    Between the smallest and the largest size errors fall to a quarter; from one size to the next some rise by chance.
    """
    found = study.studied(replace(world, sizes=world.sizes[::2]), 10)
    assert [each.term for each in found] == [*world.truth, "forecast"]
    for each in found:
        assert each.coverage >= 0.6, each
        assert each.without == 0, each
        assert each.errors[-1] < each.errors[0], each


def test_every_model_of_customer_value_has_a_world() -> None:
    # Naive rules have no standard errors; what is fitted of them is recovered in their own tests.
    own = [name for name in catalogue.names() if name.startswith("lifetime_value.") and not catalogue.settings_class(name).is_bar]
    named = {name.partition(".")[2] for name in own}
    assert {world.model for world in WORLDS if world.family == "lifetime_value"} == named


def test_a_wrong_truth_is_found() -> None:
    world = next(world for world in WORLDS if world.model == "gamma_gamma")
    wrong = replace(world, truth={**world.truth, "p": 9.0})
    p, *_ = study.studied(wrong, 5)
    assert p.coverage == 0
    assert p.faults[0] == "its interval covers 0.0%"


def test_faults(sound: Finding) -> None:
    assert not sound.faults
    assert replace(sound, coverage=0.84).faults == ("its interval covers 84.0%",)
    assert replace(sound, coverage=0.96).faults == ("its interval covers 96.0%",)
    assert replace(sound, errors=(0.4, 0.1, 0.2)).faults == ("its error does not shrink",)
    assert replace(sound, errors=(float("inf"), float("inf"), 0.2)).faults == ("its error does not shrink",)


def test_a_row_of_the_table_tells_what_is_missing(sound: Finding) -> None:
    assert study.line(replace(sound, without=0.02, coverage=0.8)).endswith("2.0% without an interval   <- its interval covers 80.0%")


def test_too_few_repetitions_prove_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Three of three is 100 %, outside the claimed range: the study fails."""
    assert study.main(["gamma_gamma"], 3) == 1
    assert "gamma_gamma" in capsys.readouterr().out

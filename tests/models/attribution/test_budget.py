"""Budget scenario at equal marginal returns."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from spent_weeks import drawn, lift, on_curve, weeks

from relkit.errors import FitError, ParameterError
from relkit.models.attribution.budget import BudgetScenario, Curves, best_spend
from relkit.models.attribution.channel_responses import ChannelResponses

SPEND = [50.0 + 5 * i for i in range(12)]


def two(first: float = 3.0, second: float = 3.0) -> ChannelResponses:
    return ChannelResponses.of(pl.concat([on_curve("ad", first, 0.6, SPEND), on_curve("tv", second, 0.4, SPEND)]))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_spend_is_the_optimum_that_scipy_finds(seed: int) -> None:
    """`scipy.optimize.minimize` by SLSQP, with the total as a constraint and the limits as bounds."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    k = 5
    curves = Curves(rng.normal(1.0, 0.7, (1, k)), rng.uniform(0.2, 0.8, (1, k)))
    present = rng.uniform(50.0, 200.0, k)
    low, high, total = present * 0.5, present * 1.5, float(present.sum() * rng.uniform(0.8, 1.2))
    found = best_spend(curves, total, low, high)[0]
    solved = minimize(
        lambda spend: -curves.value(spend).sum(),
        np.clip(present * total / present.sum(), low, high),
        jac=lambda spend: -curves.marginal(spend)[0],
        method="SLSQP",
        bounds=list(zip(low, high, strict=True)),
        constraints={"type": "eq", "fun": lambda spend: spend.sum() - total, "jac": lambda _: np.ones(k)},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.sum() == pytest.approx(total, rel=1e-9)
    assert curves.value(found).sum() >= -solved.fun * (1 - 1e-9)
    assert found == pytest.approx(solved.x, rel=1e-3)


def test_marginal_returns_are_equal_away_from_the_limits() -> None:
    curves = Curves(np.log([[3.0, 2.0, 5.0]]), np.array([[0.6, 0.4, 0.9]]))
    spend = best_spend(curves, 300.0, np.zeros(3), np.full(3, 1e6))
    assert np.ptp(np.log(curves.marginal(spend))) < 1e-9


def test_steep_curves_overflow_nowhere() -> None:
    curves = Curves(np.array([[30.0, -30.0]]), np.array([[0.95, 0.95]]))
    assert best_spend(curves, 150.0, np.full(2, 50.0), np.full(2, 100.0)).tolist() == [[pytest.approx(100.0), pytest.approx(50.0)]]


def test_a_channel_moves_no_further_than_its_reach() -> None:
    scenario = BudgetScenario.of(two(first=300.0), reach=0.2)
    spend = {name: (now, then) for name, now, then in scenario.channels.select("channel", "spend", "best_spend").iter_rows()}
    assert spend["ad"] == (pytest.approx(77.5), pytest.approx(93.0))
    assert spend["tv"] == (pytest.approx(77.5), pytest.approx(62.0))
    assert scenario.channels["is_at_limit"].all()
    assert scenario.channels["best_spend"].sum() == pytest.approx(scenario.total)


def test_a_larger_total_is_shared_out_and_an_impossible_one_refused() -> None:
    scenario = BudgetScenario.of(two(), total=200.0)
    assert scenario.channels["best_spend"].sum() == pytest.approx(200.0)
    assert scenario.gain[0] == pytest.approx((scenario.channels["best_value"] - scenario.channels["value"]).sum())
    with pytest.raises(ParameterError, match=r"total is 500.*Between 77.50 and 232.50"):
        BudgetScenario.of(two(), total=500.0)
    with pytest.raises(ParameterError, match="reach is 0"):
        BudgetScenario.of(two(), reach=0.0)


def test_moving_one_unit_gains_about_the_difference_of_the_marginal_returns() -> None:
    responses = two()
    scenario = BudgetScenario.of(responses)
    (move,) = scenario.moves.rows(named=True)
    now = dict(scenario.channels.select("channel", "spend").iter_rows())
    moved = {"tv": now["tv"] - 1.0, "ad": now["ad"] + 1.0}
    gained = sum(responses.responses[name].at(moved[name]) - responses.responses[name].at(now[name]) for name in now)
    assert (move["from"], move["to"], move["amount"], move["chance"]) == ("tv", "ad", 1.0, 1.0)
    assert move["gain"] == pytest.approx(gained)
    marginal = dict(scenario.channels.select("channel", "marginal").iter_rows())
    assert move["gain"] == pytest.approx(marginal["ad"] - marginal["tv"], rel=0.05)


def test_less_than_one_unit_moves_if_a_channel_cannot_go_that_far() -> None:
    cheap = ChannelResponses.of(pl.concat([on_curve("ad", 3.0, 0.6, SPEND), on_curve("mail", 3.0, 0.6, [each / 100 for each in SPEND])]))
    (move,) = BudgetScenario.of(cheap, reach=0.5).moves.rows(named=True)
    assert (move["to"], move["amount"]) == ("mail", pytest.approx(0.5 * 0.775))


def test_uncertainty_is_carried_to_moves_and_gain() -> None:
    """Two channels drawn from one curve differ by chance only: the interval of the best move contains 0."""
    frame = pl.concat([drawn(1), drawn(2).with_columns(channel=pl.lit("tv"))])
    sure = BudgetScenario.of(ChannelResponses.of(frame))
    (move,) = sure.moves.rows(named=True)
    assert move["lower"] < 0 < move["gain"] < move["upper"]
    assert 0.5 < move["chance"] < 1.0
    assert sure.gain[1] < sure.gain[0] < sure.gain[2]
    tested = BudgetScenario.of(ChannelResponses.of(frame, lift=lift(ad=(1.0, 0.5), tv=(1.0, 0.5))))
    width = (tested.channels["marginal_upper"] - tested.channels["marginal_lower"]).mean()
    assert width > 1.5 * (sure.channels["marginal_upper"] - sure.channels["marginal_lower"]).mean()  # type: ignore[operator]


def test_the_scenario_is_the_same_in_every_run() -> None:
    frame = pl.concat([drawn(1), drawn(2).with_columns(channel=pl.lit("tv"))])
    first, again = (BudgetScenario.of(ChannelResponses.of(frame)) for _ in range(2))
    assert first.channels.equals(again.channels)
    assert first.gain == again.gain


def test_one_channel_with_a_response_is_too_few() -> None:
    frame = pl.concat([on_curve("ad", 3.0, 0.6, SPEND), weeks("tv", [100.0] * 12, [50.0] * 12)])
    with pytest.raises(FitError, match="1 of 2 channels has a response"):
        BudgetScenario.of(ChannelResponses.of(frame))

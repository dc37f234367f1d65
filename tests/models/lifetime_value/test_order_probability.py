"""P(at least one purchase ahead), of every model of purchases: against quadrature, simulation, and the models' other forecasts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import polars as pl
import pytest
from scipy import special

from relkit.models import catalogue, storage
from relkit.models.lifetime_value import bg_bb_formulas, bg_nbd, mbg_cnbd_k, mbg_nbd, nbd, pareto_nbd
from relkit.models.lifetime_value.bg_bb import BgBb
from relkit.models.lifetime_value.family import ORDER_PROBABILITY, ORDERS
from relkit.models.lifetime_value.uncertainty import interval
from relkit.scores.score_table import Source
from relkit.scores.scoring import score_model

if TYPE_CHECKING:
    from pathlib import Path

MODELS = [f"lifetime_value.{name}" for name in ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "mbg_cnbd_k", "bg_bb", "time_varying_pareto_nbd")]
# CDNOW's estimates, in weeks (Fader, Hardie and Lee 2005).
PARETO = (0.5533, 10.5776, 0.6062, 11.6687)
BG = (0.2426, 4.4137, 0.7930, 2.4262)
X, T = np.array([0.0, 0.0, 1.0, 2.0, 7.0, 29.0]), np.array([5.0, 38.86, 30.0, 38.86, 33.0, 39.0])


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest) -> tuple[model_checks.Case, Any]:
    made = model_checks.case_of(request.param)
    return made, made.fit()


# --- each formula by itself ---------------------------------------------------------------------------------------


def _gamma_nodes(shape: float, scale: float) -> tuple[Any, Any]:
    """Return rates and their weights in a mean over gamma(shape, scale): the trapezoidal rule in the logarithm."""
    u = np.linspace(-45 / min(shape, 1.0), 6, 701)
    weights = np.exp(shape * u - np.exp(u) - special.gammaln(shape)) * (u[1] - u[0])
    return np.exp(u) / scale, weights


@pytest.mark.parametrize("t", [0.01, 1.0, 13.0, 500.0])
def test_pareto_is_the_double_integral_over_rates(t: float) -> None:
    r, alpha, s, beta = PARETO
    found = pareto_nbd.order_probability_if_alive(*PARETO, X, T, t)
    for x, age, one in zip(X, T, found, strict=True):
        (rate, of_rate), (stop, of_stop) = _gamma_nodes(r + x, alpha + age), _gamma_nodes(s, beta + age)
        both = rate[:, None] + stop
        expected = of_rate @ (rate[:, None] / both * -np.expm1(-both * t)) @ of_stop
        assert one == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("module", [bg_nbd, mbg_nbd])
def test_bg_is_a_gamma_mixture_of_exponentials(module: Any) -> None:
    r, alpha, *_ = BG
    found = module.order_probability_if_alive(*BG, X, T, 12.86)
    for x, age, one in zip(X, T, found, strict=True):
        rate, weights = _gamma_nodes(r + x, alpha + age)
        assert one == pytest.approx(weights @ -np.expm1(-rate * 12.86), rel=1e-9)
    assert found == pytest.approx(nbd.order_probability_if_alive(r, alpha, X, T, 12.86), rel=1e-15)


def _beta_nodes(a: float, b: float) -> tuple[Any, Any]:
    """Return probabilities and their weights in a mean over beta(a, b): Gauss-Jacobi quadrature, exact for polynomials."""
    nodes, weights = special.roots_jacobi(40, b - 1, a - 1)
    return (1 + nodes) / 2, weights / weights.sum()


def test_bg_bb_is_that_of_the_enumerated_lives() -> None:
    """Over every moment of leaving, with p and theta by quadrature."""
    alpha, beta, gamma, delta, x, n, start, end = 1.204, 0.750, 0.657, 2.783, 2, 4, 1, 4
    (p, of_p), (theta, of_theta) = _beta_nodes(alpha + x, beta + n - x), _beta_nodes(gamma, delta + n)
    none = sum(theta * (1 - theta) ** i * (1 - p[:, None]) ** max(i - start, 0) for i in range(end))
    expected = of_p @ (1 - none - (1 - theta) ** end * (1 - p[:, None]) ** (end - start)) @ of_theta
    one = (np.array([each]) for each in (x, n, start, end))
    assert bg_bb_formulas.some_taken_if_alive(alpha, beta, gamma, delta, *one)[0] == pytest.approx(expected, rel=1e-12)


def test_bg_bb_at_the_parameters_of_the_donations() -> None:
    """Fader, Hardie and Shang (2010): 1 - P(X(n, n+n*) = 0) by the paper's own mass function, for all 22 histories."""
    given = 1.204, 0.750, 0.657, 2.783
    x = np.arange(7)
    six, none = np.full(7, 6), np.zeros(7, dtype=np.int64)
    missed = bg_bb_formulas.taken_probability_if_alive(*given, x, six, none, np.full(7, 5))
    assert bg_bb_formulas.some_taken_if_alive(*given, x, six, none, np.full(7, 5)) == pytest.approx(1 - missed, rel=1e-12)


@pytest.mark.parametrize("k", [2, 4])
def test_cnbd_knows_the_stage(k: int) -> None:
    """With a rhythm, a stage further the next purchase is closer, by quadrature over lambda."""
    r, alpha, x, age, t = 0.8, 3.0, 4.0, 30.0, 2.5
    found = mbg_cnbd_k.order_probability_if_alive(k, r, alpha, 0.9, 1.6, np.array([x]), np.array([age]), t)[0]
    for stage in range(k):
        rate, weights = _gamma_nodes(r + k * x + stage, alpha + age)
        assert found[stage] == pytest.approx(weights @ special.gammainc(k - stage, rate * t), rel=1e-9)
    assert (np.diff(found) > 0).all()


def test_no_digit_is_lost_where_almost_nobody_buys() -> None:
    """P / t goes to the rate of purchases as t goes to 0, and tails as small as 1e-12 keep their digits."""
    for found in (
        nbd.order_probability_if_alive(0.5, 10.0, X, T, 1e-12),
        bg_nbd.order_probability_if_alive(0.5, 10.0, 0.8, 2.5, X, T, 1e-12),
        pareto_nbd.order_probability_if_alive(0.5, 10.0, 0.6, 12.0, X, T, 1e-12),
        mbg_cnbd_k.order_probability_if_alive(1, 0.5, 10.0, 0.8, 2.5, X, T, 1e-12)[:, 0],
    ):
        assert found == pytest.approx((0.5 + X) / (10.0 + T) * 1e-12, rel=1e-9)


def test_it_holds_at_extreme_terms() -> None:
    """Against Gaussian quadrature on 3,000 pieces: rates without spread, tiny rates, long and short times."""
    rows = [
        # r + x, alpha + T, s, beta + T, t
        (1e-3, 0.5, 30.0, 2000.0, 5000.0),
        (5000.0, 100.0, 0.3, 3.0, 2.0),
        (400.0, 1e6, 400.0, 1e-3, 1e4),
        (2.5, 1e-6, 1.5, 1e6, 1e7),
        (0.05, 1e6, 0.05, 1e-6, 1e7),
    ]
    nodes, weights = np.polynomial.legendre.leggauss(20)
    for shape, scale, s, lasting, t in rows:
        edges = np.concatenate(([0.0], np.geomspace(1e-14, t, 3000)))
        half = np.diff(edges)[:, None] / 2
        y = edges[:-1, None] + half * (1 + nodes)
        fall = (shape + 1) * np.log1p(y / scale) + s * np.log1p(y / lasting)
        expected = shape / scale * float((np.exp(-fall) * half * weights).sum())
        found = pareto_nbd.order_probability_if_alive(shape, scale, s, lasting, np.zeros(1), np.zeros(1), t)[0]
        assert found == pytest.approx(expected, rel=1e-10)


# --- every fitted model -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1.0, 30.0, 90.5, 400.0])
def test_it_is_one_minus_the_probability_of_none(case: tuple[model_checks.Case, Any], days: float) -> None:
    made, fitted = case
    none = fitted.purchases_probability(made.features, np.zeros(len(made.features)), days)
    assert fitted.order_probability(made.features, days) == pytest.approx(1 - none, abs=2e-10)


def test_it_rises_from_zero_and_never_exceeds_the_expectation(case: tuple[model_checks.Case, Any]) -> None:
    made, fitted = case
    found = np.array([fitted.order_probability(made.features, days) for days in (0, 1e-6, 1, 10, 90, 365, 5000)])
    assert (found[0] == 0).all()
    assert (found[1] < 1e-6).all()
    assert (np.diff(found, axis=0) >= -1e-12).all()
    assert found.max() <= 1
    alive = fitted.probability_alive(made.features)
    assert (found <= alive + 1e-12).all()
    for each, days in zip(found[2:5], (1, 10, 90), strict=True):
        assert (each <= fitted.expected_purchases(made.features, days) * (1 + 1e-9)).all()


def test_a_customer_s_answer_is_his_own(case: tuple[model_checks.Case, Any]) -> None:
    """Rows are computed once for each triple that occurs, which must not affect any customer."""
    made, fitted = case
    every = fitted.order_probability(made.features, 45)
    some = np.array([5, 250, 17])
    assert fitted.order_probability(made.features[some], 45) == pytest.approx(every[some], rel=1e-12)


def test_scores_are_the_same_with_and_without_bounds(case: tuple[model_checks.Case, Any]) -> None:
    made, fitted = case
    wide = made.score(fitted)
    name = f"order_probability_{model_checks.HORIZON}d"
    assert wide[name].to_numpy() == pytest.approx(fitted.order_probability(made.features, model_checks.HORIZON), rel=1e-15)
    source = Source(model=fitted.name, version="1", trained_as_of=model_checks.AS_OF)
    given = {"kinds": ORDERS.scores, "as_of": model_checks.AS_OF, "source": source, "horizon_days": model_checks.HORIZON}
    mine = score_model(fitted, made.features, **given).of(ORDER_PROBABILITY.at(model_checks.HORIZON))
    assert len(mine) == len(made.features)
    assert mine["lower"].null_count() == 0
    _, low, high = interval(fitted, lambda model: model.order_probability(made.features, model_checks.HORIZON), scale="logit")
    assert mine["lower"].to_numpy() == pytest.approx(np.minimum(low, mine["value"].to_numpy()), rel=1e-6)
    assert mine["upper"].to_numpy() == pytest.approx(np.maximum(high, mine["value"].to_numpy()), rel=1e-6)


def test_alive_is_blank_where_it_is_one_by_construction(case: tuple[model_checks.Case, Any]) -> None:
    made, fitted = case
    wide, alive = made.score(fitted), fitted.probability_alive(made.features)
    once = (made.features["repeat_purchases"] == 0).to_numpy()
    blank = wide["p_alive"].is_null().to_numpy()
    expected = {"lifetime_value.bg_nbd": once, "lifetime_value.nbd": np.ones(len(once), dtype=bool)}
    assert (blank == expected.get(fitted.name, np.zeros(len(once), dtype=bool))).all()
    assert (blank == ~fitted.tells_alive(made.features)).all()
    assert (alive[blank] == 1).all()
    assert wide["p_alive"].drop_nulls().to_numpy() == pytest.approx(alive[~blank], rel=1e-15)
    assert fitted.nobody_leaves == (fitted.name == "lifetime_value.nbd")


def test_the_bg_cnbd_blanks_as_the_bg_nbd_does() -> None:
    made = model_checks.case_of("lifetime_value.mbg_cnbd_k")
    fitted = replace(made.model, once_may_leave=False, k=2).fit(made.features, as_of=model_checks.AS_OF)
    assert made.score(fitted)["p_alive"].is_null().to_list() == (made.features["repeat_purchases"] == 0).to_list()


@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"])
def test_covariates_move_it(name: str) -> None:
    made = model_checks.case_of(f"lifetime_value.{name}")
    rng = np.random.default_rng(5)
    people = made.features.with_columns(z=pl.Series(rng.integers(0, 3, 300) / 2))
    leaving = {} if name == "nbd" else {"lifetime_covariates": ("z",)}
    fitted = catalogue.make(made.model.name, {"purchase_covariates": ("z",), **leaving}).fit(people, as_of=model_checks.AS_OF)
    found = fitted.order_probability(people, 60)
    assert found == pytest.approx(1 - fitted.purchases_probability(people, np.zeros(300), 60), abs=1e-10)
    other = fitted.order_probability(people.with_columns(z=pl.lit(1.5)), 60)
    assert (found != other).any()


def test_weights_count_as_so_many_customers() -> None:
    made = model_checks.case_of("lifetime_value.bg_nbd")
    weighed = replace(made.model, weight_column="w").fit(made.features.with_columns(w=pl.lit(2.0)), as_of=model_checks.AS_OF)
    assert weighed.order_probability(made.features, 60) == pytest.approx(made.fit().order_probability(made.features, 60), rel=1e-5)


# --- against simulated lives --------------------------------------------------------------------------------------


def _share(fitted: Any, people: pl.DataFrame, bought: np.ndarray[Any, Any], days: float) -> float:
    """Return the difference between the share of buyers and the mean probability, in standard errors."""
    p = fitted.order_probability(people, days)
    return float((bought.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))


@pytest.mark.parametrize("once_may_leave", [False, True])
def test_bg_and_mbg_against_simulated_lives(once_may_leave: bool) -> None:
    rng = np.random.default_rng(8)
    r, alpha, a, b, age, ahead, n = 0.9, 40.0, 0.8, 4.0, 400.0, 90.0, 60_000
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    alive = rng.random(n) >= leaves if once_may_leave else np.ones(n, dtype=bool)
    now, x, t_x, bought = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    while alive.any():
        now = np.where(alive, now + rng.exponential(1, n) / rate, now)
        seen = alive & (now <= age)
        x, t_x = x + seen, np.where(seen, now, t_x)
        bought |= alive & (now > age) & (now <= age + ahead)
        alive = seen & (rng.random(n) >= leaves)
    people = _people(x, t_x, np.full(n, age))
    name = "lifetime_value.mbg_nbd" if once_may_leave else "lifetime_value.bg_nbd"
    truth = replace(catalogue.make(name, {"period_days": 1.0}).fit(people, as_of=date(2025, 6, 30)), r=r, alpha=alpha, a=a, b=b)
    groups = [x == 0, x == 1, (x > 1) & (age - t_x < 100), (x > 1) & (age - t_x >= 100)]
    for group in groups:
        assert abs(_share(truth, people.filter(group), bought[group], ahead)) < 3.5


def test_pareto_against_simulated_lives() -> None:
    rng = np.random.default_rng(9)
    r, alpha, s, beta, age, ahead, n = 0.9, 40.0, 0.7, 250.0, 400.0, 90.0, 60_000
    rate, dies = rng.gamma(r, 1 / alpha, n), rng.exponential(1, n) / rng.gamma(s, 1 / beta, n)
    seen, later = np.minimum(dies, age), np.clip(np.minimum(dies, age + ahead) - age, 0, None)
    x, bought = rng.poisson(rate * seen), rng.random(n) < -np.expm1(-rate * later)
    t_x = np.where(x > 0, seen * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    people = _people(x, t_x, np.full(n, age))
    truth = replace(
        catalogue.make("lifetime_value.pareto_nbd", {"period_days": 1.0}).fit(people, as_of=date(2025, 6, 30)),
        r=r, alpha=alpha, s=s, beta=beta,
    )  # fmt: skip
    for group in (x == 0, (x > 0) & (age - t_x < 60), (x > 0) & (age - t_x >= 60)):
        assert abs(_share(truth, people.filter(group), bought[group], ahead)) < 3.5


def _people(x: Any, t_x: Any, age: Any) -> pl.DataFrame:
    columns = {
        "repeat_purchases": np.asarray(x, dtype=np.int64),
        "last_purchase_age_days": np.asarray(t_x, dtype=float),
        "observed_days": age,
    }
    return pl.DataFrame({"customer_id": np.arange(len(columns["observed_days"])), **columns})


def test_part_of_an_opportunity_counts_in_proportion() -> None:
    """Halfway through an opportunity its probability is half, if it is the last one considered."""
    made = model_checks.case_of("lifetime_value.bg_bb")
    fitted = BgBb(period_days=20.0).fit(made.features, as_of=model_checks.AS_OF)
    whole = made.features.filter(pl.col("observed_days") % 20 == 0)
    half, one = (fitted.order_probability(whole, days) for days in (10.0, 20.0))
    assert half == pytest.approx(one / 2, rel=1e-12)


def test_saved_before_there_was_a_calibration_it_loads_and_scores(tmp_path: Path) -> None:
    fitted = model_checks.case_of("lifetime_value.bg_nbd").fit()
    storage.save(fitted, tmp_path / "model")
    text = (tmp_path / "model" / "model.json").read_text()
    assert '"order_calibration": null' in text
    earlier = re.sub(r',\s*"digest": "\w+"', "", text.replace('"order_calibration": null,', ""))
    (tmp_path / "model" / "model.json").write_text(earlier)
    assert storage.load(tmp_path / "model").order_calibration is None  # type: ignore[attr-defined]

"""Fine and Gray's regression: the output of R's cmprsk, R's weights, the likelihood written out, a known world, and every refusal."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter
from scipy import optimize

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.survival.cox import Cox
from relkit.models.survival.cumulative_incidence import cumulative_incidence
from relkit.models.survival.fine_gray import FineGray, FittedFineGray
from relkit.models.survival.subdistribution import InView

DAY = date(2025, 6, 30)
CMPRSK = Path(__file__).resolve().parents[2] / "golden" / "competing_risks" / "cmprsk_test.csv"

BMT = """13 2 0, 1 1 0, 72 0 0, 7 2 0, 8 2 0, 67 0 1, 9 2 0, 5 2 0, 70 0 1, 4 0 1, 7 0 1, 68 0 1, 1 2 0, 10 2 1, 7 2 1, 3 1 1, 4 1 1, 4 1 1,
3 1 1, 3 1 1, 22 2 0, 8 1 1, 2 2 1, 0 2 0, 0 1 0, 35 0 0, 35 0 1, 4 2 0, 14 2 0, 26 2 0, 3 2 0, 2 0 1, 8 0 1, 32 0 1, 12 1 0"""
"""35 patients of Pintilie (2006), as scikit-survival 0.28.0 ships them (load_bmt): months, status, disease. A month is added: a piece that
begins at 0 would be one observed from the start."""


def fit(frame: pl.DataFrame, **settings: Any) -> FittedFineGray:
    return FineGray(**{"covariates": ("x",), "cause": "1", **settings}).fit(frame, as_of=DAY)


def running(frame: pl.DataFrame, *, age: float | None = None) -> pl.DataFrame:
    found = frame.with_columns(event=pl.lit(value=False))
    return found if age is None else found.with_columns(duration_days=pl.lit(age))


def cmprsk() -> pl.DataFrame:
    """Return the 97 rows of cmprsk's test.R whose covariates it knows."""
    rows = pl.read_csv(CMPRSK).with_row_index("row").filter(~pl.col("row").is_in([0, 9, 19]))
    cause = pl.when(pl.col("cc") > 0).then(pl.col("cc").cast(pl.String))
    return rows.select(pl.col("ss").alias("duration_days"), pl.col("cc").alias("event") > 0, cause.alias("end_reason"), "cv1", "cv2", "cv3")


def bmt() -> pl.DataFrame:
    rows = [[int(value) for value in row.split()] for row in BMT.split(",")]
    return pl.DataFrame(
        {
            "duration_days": [float(days + 1) for days, _, _ in rows],
            "event": [status > 0 for _, status, _ in rows],
            "end_reason": [str(status) if status else None for _, status, _ in rows],
            "x": [float(disease) for _, _, disease in rows],
        }
    )


def world(seed: int, n: int, *, late: bool = False, beta: float = 0.6) -> pl.DataFrame:
    """Return contracts that follow the model (Fine and Gray 1999, section 6): F(t | x) = 1 - (1 - p (1 - e^(-t/200)))^exp(x beta)."""
    rng = np.random.default_rng(seed)
    p, x = 0.4, rng.normal(size=n)
    share = 1 - (1 - p) ** np.exp(beta * x)
    first = rng.random(n) < share
    u = rng.random(n) * share
    own = -200 * np.log(1 - (1 - (1 - u) ** np.exp(-beta * x)) / p, where=first, out=np.ones(n))
    life = np.where(first, own, rng.exponential(200 * np.exp(0.3 * x)))
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 150, n), 0.0) if late else np.zeros(n)
    until = entry + rng.uniform(50, 800, n)
    ended = life <= until
    reason = pl.Series(np.where(ended, np.where(first, "1", "2"), "").tolist()).replace("", None)
    columns = {"duration_days": np.minimum(life, until), "event": ended, "entry_days": entry, "x": x, "end_reason": reason}
    frame = pl.DataFrame({"customer_id": np.arange(n).astype(str), **columns})
    return frame.filter(pl.Series(life > entry))


def in_weeks(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns((pl.col("duration_days") / 7).ceil(), (pl.col("entry_days") / 7).floor())


def test_r_prints_the_same() -> None:
    """cmprsk, tests/test.Rout.save (R 3.6.1): crr(ss, cc, cv) and crr(ss, cc, cv[, 1]), coefficients and standard errors."""
    found = fit(cmprsk(), covariates=("cv1", "cv2", "cv3"), ties="breslow").summary()
    assert [float(f"{value:.4g}") for value in found["estimate"]] == [-0.2913, -0.06346, -0.4751]
    assert found["std_error"].round(4).to_list() == [0.3698, 0.3566, 0.3544]
    alone = fit(cmprsk(), covariates=("cv1",), ties="breslow")
    assert (alone.summary()["estimate"].round(4).item(), alone.summary()["std_error"].round(3).item()) == (-0.1753, 0.354)
    assert fit(cmprsk(), covariates=("cv1",)).summary()["estimate"].round(4).item() == -0.1753  # nothing ties
    assert round(alone.null_log_likelihood) == -125


def test_weights_are_those_of_r() -> None:
    """R survival, tests/finegray.Rout.save, test data set 1: weights of the subjects that ended by type 2 at 2, 5 and 8."""
    time = np.array([1.0, 2, 3, 4, 4, 4, 5, 5, 6, 8, 8, 9, 10, 12])
    status = np.array([1, 2, 0, 1, 0, 0, 2, 1, 0, 0, 2, 0, 1, 0])
    found = InView.of(time, status > 0, None)
    curve = np.cumprod([1, 11 / 12, 8 / 10, 5 / 6, 3 / 4, 2 / 3])
    np.testing.assert_allclose(found.before(np.array([3.0, 4.0, 5.0, 10.0])), curve[[0, 1, 2, 5]])
    np.testing.assert_allclose(found.before(np.array([10.0])) / found.before(np.array([5.0])), 5 / 12)
    np.testing.assert_allclose(found.before(np.array([10.0])) / found.before(np.array([8.0])), 1 / 2)


def test_weights_of_late_entry_are_those_of_r() -> None:
    """R survival, tests/finegray.R, test data set 3: G and H by its definitions (Geskus 2011, eq. 5 and 6), at ages of events."""
    first = np.array([0.0, 0, 0, 3, 2, 0, 0, 1, 0, 7, 5, 0, 0, 0])
    time = np.array([1.0, 2, 3, 4, 4, 4, 5, 5, 6, 8, 8, 9, 10, 12])
    status = np.array([1, 2, 0, 1, 0, 0, 2, 1, 0, 0, 2, 0, 1, 0])
    ages = np.unique(np.concatenate([first, time]))
    at_risk = np.array([((first < t) & ((time > t) & (status > 0) | (time >= t) & (status == 0))).sum() for t in ages])
    lost = np.array([((time == t) & (status == 0)).sum() for t in ages])
    there = np.array([((time > t) & (first <= t)).sum() for t in ages])
    came = np.array([(first == t).sum() for t in ages])
    G = np.cumprod(1 - lost / np.maximum(at_risk, 1))
    H = np.array([np.prod((1 - came / np.maximum(there, 1))[ages > t]) for t in ages])
    found = InView.of(time, status > 0, first)
    for start, later in ((2.0, 4.0), (2.0, 5.0), (2.0, 10.0), (5.0, 10.0), (8.0, 10.0)):
        weight = [(np.append(1.0, G) * np.append(0.0, H))[np.searchsorted(ages, t)] for t in (start, later)]
        ratio = found.before(np.array([later])) / found.before(np.array([start]))
        assert ratio[0] == pytest.approx(weight[1] / weight[0], rel=1e-12)


def pieces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the spells with those that ended by another cause cut into pieces of constant weight, as R's finegray does."""
    duration, x = frame["duration_days"].to_numpy(), frame["x"].to_numpy()
    entry = frame["entry_days"].to_numpy() if "entry_days" in frame.columns else np.zeros(len(frame))
    reason = frame["end_reason"].to_list()
    in_view = InView.of(duration, frame["event"].to_numpy(), entry)
    ends = np.unique([days for days, why in zip(duration, reason, strict=True) if why == "1"])
    rows = []
    for days, begun, why, value in zip(duration, entry, reason, x, strict=True):
        rows.append((begun, days, why == "1", value, 1.0))
        last = days
        for age in ends[ends > days] if why == "2" else ():
            rows.append((last, age, False, value, float((in_view.before(np.array([age])) / in_view.before(np.array([days])))[0])))
            last = age
    return pl.DataFrame(rows, orient="row", schema=["entry_days", "duration_days", "event", "x", "w"])


@pytest.mark.parametrize("name", ["bmt", "weeks", "late"])
def test_scipy_finds_the_same_maximum(name: str) -> None:
    """The partial likelihood of the pieces, written out with Breslow's ties, maximised by scipy; scikit-survival's bmt among them."""
    frame = bmt() if name == "bmt" else in_weeks(world(1, 120, late=name == "late"))
    cut = pieces(frame)
    entry, days, event, x, w = (cut[c].to_numpy() for c in ("entry_days", "duration_days", "event", "x", "w"))

    def minus_log_likelihood(beta: np.ndarray) -> float:
        theta = w * np.exp(x * beta[0])
        at_risk = [np.log(theta[((entry < age) | (entry == 0)) & (days >= age)].sum()) for age in days[event]]
        return float(np.sum(at_risk) - (x[event] * beta[0]).sum())

    best = optimize.minimize(minus_log_likelihood, [0.0], method="BFGS", options={"gtol": 1e-9})
    found = fit(frame, ties="breslow")
    assert found.info.log_likelihood == pytest.approx(-best.fun, abs=1e-8)
    assert found.coefficients[0] == pytest.approx(best.x[0], abs=1e-6)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_on_the_pieces_is_the_same(late: bool, ties: str) -> None:
    frame = in_weeks(world(2, 300, late=late))
    found, peer = fit(frame, ties=ties), Cox(covariates=("x",), ties=ties, weight_column="w").fit(pieces(frame), as_of=DAY)
    assert found.info.log_likelihood == pytest.approx(peer.info.log_likelihood, abs=1e-8)
    assert found.coefficients[0] == pytest.approx(peer.coefficients[0], abs=1e-8)
    assert found.model_covariance[0, 0] == pytest.approx(peer.covariance[0, 0], rel=1e-8)


def test_without_censoring_it_is_cox_with_other_ends_kept_for_ever() -> None:
    """Lifelines 0.30.3, CoxPHFitter with the others' durations past the last end."""
    frame = world(3, 400).filter(pl.col("event"))
    found = fit(frame)
    mine = (frame["end_reason"] == "1").to_numpy()
    days = np.where(mine, frame["duration_days"].to_numpy(), 1e6)
    kept = pl.DataFrame({"T": days, "E": mine, "x": frame["x"]}).to_dict(as_series=False)
    import pandas as pd

    peer = CoxPHFitter().fit(pd.DataFrame(kept), "T", "E", robust=True, fit_options={"precision": 1e-12})
    assert found.coefficients[0] == pytest.approx(peer.params_.iloc[0], abs=1e-6)
    assert found.summary()["std_error"].item() == pytest.approx(peer.standard_errors_.iloc[0], rel=1e-6)


@pytest.mark.parametrize("late", [False, True])
def test_without_an_effect_the_hazards_make_aalen_and_johansen(late: bool) -> None:
    """The product of 1 - dH over ages is 1 less the Aalen-Johansen estimate (Geskus 2011, theorem 1)."""
    once = in_weeks(world(4, 300, late=late))
    twice = pl.concat([once.with_columns(x=pl.lit(0.0)), once.with_columns(x=pl.lit(1.0))])
    found = fit(twice, ties="breslow")
    assert found.coefficients[0] == pytest.approx(0.0, abs=1e-9)
    steps = np.diff(found.baseline["cumulative_hazard"].to_numpy(), prepend=0.0)
    expected = cumulative_incidence(once["duration_days"], once["end_reason"].to_numpy(), once["entry_days"])
    np.testing.assert_allclose(1 - np.cumprod(1 - steps), expected.at("1", found.baseline["days"].to_numpy()), rtol=1e-9)


def test_a_known_world_comes_back() -> None:
    frame = world(5, 20_000, late=True)
    found = fit(frame)
    (row,) = found.summary().iter_rows(named=True)
    assert abs(row["estimate"] - 0.6) < 3 * row["std_error"]
    assert row["std_error"] < 0.02
    some = frame.head(200)
    x, days = some["x"].to_numpy()[:, None], np.array([50.0, 200.0, 500.0])
    truth = 1 - (1 - 0.4 * (1 - np.exp(-days / 200))) ** np.exp(0.6 * x)
    assert np.abs(found.incidence(some, days) - truth).max() < 0.03


def test_errors_are_as_large_as_estimates_scatter() -> None:
    """200 worlds of 250: the mean standard error against the spread of the estimates, which is known to 5 %."""
    fits = [fit(world(100 + seed, 250)) for seed in range(200)]
    spread = np.std([found.coefficients[0] for found in fits])
    assert np.mean([found.summary()["std_error"].item() for found in fits]) == pytest.approx(spread, rel=0.15)


def test_what_is_ahead_of_a_new_contract_is_the_share_that_ends() -> None:
    found = fit(frame := in_weeks(world(6, 2_000)))
    new = running(frame.head(30), age=0.0)
    expected = np.minimum(found.incidence(new, [12.0, 40.0]), 1 - found.survival_ahead(new, [12.0, 40.0]))
    np.testing.assert_allclose(found.incidence_ahead(new, [12.0, 40.0], cause="1"), expected)
    with pytest.raises(ParameterError, match=r"days"):
        found.incidence(new, [1e6])


def test_what_is_ahead_of_a_running_contract_is_given_that_it_runs() -> None:
    found = fit(frame := in_weeks(world(7, 2_000)))
    some, start = running(frame.head(30), age=20.0), running(frame.head(30), age=0.0)
    share = np.diff(found.incidence(some, [20.0, 32.0]), axis=1) / found.survival_ahead(start, [20.0])
    np.testing.assert_allclose(found.incidence_ahead(some, [12.0], cause="1"), np.minimum(share, 1 - found.survival_ahead(some, [12.0])))
    score = found.score(some, horizon_days=12)
    assert score.columns == ["customer_id", "churn_probability_12d", "churn_probability_12d_1"]
    np.testing.assert_allclose(score["churn_probability_12d_1"], found.incidence_ahead(some, [12.0], cause="1")[:, 0])
    assert (score["churn_probability_12d_1"] <= score["churn_probability_12d"]).all()
    np.testing.assert_allclose(score["churn_probability_12d"], 1 - found.overall.survival_ahead(some, [12.0])[:, 0])
    low, high = found.incidence_ahead_bounds(some, [12.0], cause="1")
    assert ((low < found.incidence_ahead(some, [12.0], cause="1")) & (found.incidence_ahead(some, [12.0], cause="1") < high)).all()


def test_past_the_last_age_the_cause_keeps_its_share() -> None:
    found = fit(frame := in_weeks(world(8, 2_000)))
    old = running(frame.head(10), age=found.domain[1] + 1)
    expected = found.share_of_last * (1 - found.survival_ahead(old, [30.0, 300.0]))
    np.testing.assert_allclose(found.incidence_ahead(old, [30.0, 300.0], cause="1"), expected)
    assert 0 < found.share_of_last < 1
    assert found.info.notes[-1].startswith("Past the last observed age")


def test_contributions_by_cause_and_of_all() -> None:
    found = fit(frame := world(9, 1_000))
    names, parts = found.contributions(frame, cause="1")
    assert names == ("x",)
    np.testing.assert_allclose(parts[:, 0], (frame["x"].to_numpy() - found.means[0]) * found.coefficients[0])
    np.testing.assert_array_equal(found.contributions(frame)[1], found.overall.contributions(frame)[1])


def test_splines_categories_and_empty_values() -> None:
    frame = world(10, 2_000).with_columns(
        plan=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("S")).otherwise(pl.lit("L")),
        x=pl.when(pl.int_range(pl.len()) % 10 > 0).then("x"),
    )
    found = fit(frame, covariates=("plan", "x"), splines={"x": 2}, missing="indicator")
    assert found.summary()["term"].to_list() == ["plan=S", "x", "x (bend 1)", "x is empty"]
    assert found.score(running(frame.head(20)))["churn_probability_90d_1"].null_count() == 0


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"end_reason": pl.lit("3")}, ParameterError, "unknown cause '1'"),
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, r"none of the \d+ spells ended"),
        ({"x": pl.lit(1.0)}, FitError, r"survival.fine_gray: x is constant \(1\)"),
        ({"x": (pl.col("end_reason") == "1").fill_null(value=False)}, FitError, "the coefficient of x runs to infinity"),
        ({"x": pl.when(pl.col("x") > 0).then(1.0)}, TableError, r"x: \d+ of 300 rows are null"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        fit(world(11, 300).with_columns(**change))


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="'end_reason' is given twice, or is no covariate"):
        FineGray(covariates=("end_reason",))
    with pytest.raises(ParameterError, match="no covariate is given"):
        FineGray(covariates=())
    with pytest.raises(ParameterError, match="unknown treatment of ties"):
        FineGray(covariates=("x",), ties="exact")  # type: ignore[arg-type]


def test_another_cause_is_refused() -> None:
    found = fit(frame := world(12, 300))
    for use in (found.incidence_ahead, found.incidence_ahead_bounds):
        with pytest.raises(ParameterError, match="unknown cause '2'"):
            use(running(frame), [90.0], cause="2")

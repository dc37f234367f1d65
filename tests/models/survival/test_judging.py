"""Judging of survival models: on running spells, by contract if there are several, against the outcomes."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.errors import NotEnoughEventsError, TableError
from relkit.models.survival.judging import Forecasts, judge_ends
from relkit.models.survival.kaplan_meier import FittedKaplanMeier, KaplanMeier

DAY = date(2025, 6, 30)


def fitted(mean: float = 100.0) -> FittedKaplanMeier:
    rng = np.random.default_rng(1)
    lifetime = rng.exponential(mean, 20_000)
    return KaplanMeier().fit(pl.DataFrame({"duration_days": np.minimum(lifetime, 365.0), "event": lifetime < 365}), as_of=DAY)


def holdout(n: int = 4000) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spells running at ages up to 200 and their next 30 days, at a true mean of 100 days."""
    rng = np.random.default_rng(2)
    ids, age = pl.int_range(n, eager=True).cast(pl.String), rng.uniform(0, 200, n)
    left = rng.exponential(100.0, n)
    features = pl.DataFrame({"customer_id": ids, "duration_days": age, "event": False})
    outcomes = pl.DataFrame({"customer_id": ids, "duration_days": age + np.minimum(left, 30.0), "event": left < 30})
    return features, outcomes


def test_a_true_model_is_calibrated_and_cannot_distinguish_customers() -> None:
    features, outcomes = holdout()
    judged = judge_ends(fitted(), features, outcomes)
    share = 1 - np.exp(-0.3)
    assert judged["brier_score"] == pytest.approx(share * (1 - share), abs=0.01)
    assert judged["log_loss"] == pytest.approx(-(share * np.log(share) + (1 - share) * np.log(1 - share)), abs=0.02)
    assert judged["concordance"] == pytest.approx(0.5, abs=0.03)
    assert judged["expected_ends"] == pytest.approx(judged["observed_ends"], rel=0.05)
    assert abs(judged["brier_skill"]) < 0.01
    assert judged["uno_c"] == pytest.approx(0.5, abs=0.03)
    assert judged["auc"] == pytest.approx(0.5, abs=0.03)
    assert judged["ici"] < 0.02
    assert judged["brier_score_lower"] < judged["brier_score"] < judged["brier_score_upper"]
    lived = 1 - np.exp(-np.linspace(0, 0.3, 1001))
    assert judged["integrated_brier_score"] == pytest.approx(np.mean(lived * (1 - lived)), abs=0.01)
    assert judged["rows"] == 4000
    assert judged["holdout_days"] == pytest.approx(30)


def test_a_wrong_model_is_worse() -> None:
    features, outcomes = holdout()
    right, wrong = (judge_ends(model, features, outcomes) for model in (fitted(), fitted(mean=20.0)))
    for name in ("brier_score", "log_loss", "calibration_error", "integrated_brier_score", "ici"):
        assert right[name] < wrong[name]


def test_only_running_spells_count_and_order_does_not_matter() -> None:
    features, outcomes = holdout(500)
    over = features.with_columns(event=pl.int_range(pl.len()) < 100)
    assert judge_ends(fitted(), over, outcomes)["rows"] == 400
    assert judge_ends(fitted(), over.drop("event"), outcomes)["rows"] == 500
    shuffled = judge_ends(fitted(), features, outcomes.sample(fraction=1.0, shuffle=True, seed=1))
    assert shuffled == judge_ends(fitted(), features, outcomes)


def test_several_contracts_of_a_customer_are_distinguished() -> None:
    features, outcomes = holdout(400)
    two = [frame.with_columns(contract_id=pl.col("customer_id"), customer_id=pl.lit("one")) for frame in (features, outcomes)]
    assert judge_ends(fitted(), *two) == judge_ends(fitted(), features, outcomes)
    with pytest.raises(TableError, match=r"features: 400 rows share a key \(customer_id\)"):
        judge_ends(fitted(), two[0].drop("contract_id"), two[1])


def test_the_interval_of_the_brier_score_is_that_of_a_mean() -> None:
    """Nobody is lost before the end here: the score is a mean of squares, and 95 % are 1.96 standard errors on either side."""
    features, outcomes = holdout(30_000)
    seen = Forecasts.of(fitted(), features, outcomes)
    losses = (seen.ended - seen.churn) ** 2
    error = losses.std() / np.sqrt(30_000)
    lower, upper = seen.brier_interval(replicates=2000)
    assert lower == pytest.approx(losses.mean() - 1.96 * error, abs=0.15 * error)
    assert upper == pytest.approx(losses.mean() + 1.96 * error, abs=0.15 * error)
    assert seen.brier_interval() == seen.brier_interval()


def test_a_holdout_of_one_day_has_all_metrics() -> None:
    features, outcomes = holdout(400)
    short = outcomes.with_columns(duration_days=features["duration_days"] + 1.0, event=pl.int_range(pl.len()) % 50 == 0)
    judged = judge_ends(fitted(), features, short)
    assert np.isfinite(list(judged.values())).all()
    assert judged["integrated_brier_score"] == pytest.approx(judged["brier_score"] / 2)


def test_calibration_has_the_deciles() -> None:
    features, outcomes = holdout()
    assert int(Forecasts.of(fitted(), features, outcomes).calibration().size.sum()) == 4000


def test_without_an_end_nothing_is_known_of_the_order() -> None:
    features, outcomes = holdout(50)
    judged = judge_ends(fitted(), features, outcomes.with_columns(event=pl.lit(value=False), duration_days=features["duration_days"] + 30))
    assert judged["concordance"] == judged["uno_c"] == judged["auc"] == 0.5
    assert judged["brier_skill"] == 0.0
    assert judged["observed_ends"] == 0.0


def test_a_holdout_that_saw_nobody_is_refused() -> None:
    features, outcomes = holdout(50)
    with pytest.raises(NotEnoughEventsError, match=r"no spell that was running at calibration was observed in the holdout\. Give the"):
        judge_ends(fitted(), features, outcomes.with_columns(pl.col("customer_id") + "x"))
    with pytest.raises(NotEnoughEventsError, match="no spell that was running"):
        judge_ends(fitted(), features, features.select("customer_id", "duration_days", "event"))

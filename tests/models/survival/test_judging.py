"""How survival models are judged: on running spells, by contract where there are several, against what happened."""

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


def test_a_true_model_is_calibrated_and_cannot_tell_customers_apart() -> None:
    features, outcomes = holdout()
    judged = judge_ends(fitted(), features, outcomes)
    share = 1 - np.exp(-0.3)
    assert judged["brier_score"] == pytest.approx(share * (1 - share), abs=0.01)
    assert judged["log_score"] == pytest.approx(-(share * np.log(share) + (1 - share) * np.log(1 - share)), abs=0.02)
    assert judged["concordance"] == pytest.approx(0.5, abs=0.03)
    assert judged["expected_ends"] == pytest.approx(judged["observed_ends"], rel=0.05)
    assert abs(judged["brier_skill"]) < 0.01
    assert judged["rows"] == 4000
    assert judged["holdout_days"] == pytest.approx(30)


def test_a_wrong_model_is_worse() -> None:
    features, outcomes = holdout()
    right, wrong = (judge_ends(model, features, outcomes) for model in (fitted(), fitted(mean=20.0)))
    for name in ("brier_score", "log_score", "calibration_error"):
        assert right[name] < wrong[name]


def test_only_running_spells_count_and_order_does_not_matter() -> None:
    features, outcomes = holdout(500)
    over = features.with_columns(event=pl.int_range(pl.len()) < 100)
    assert judge_ends(fitted(), over, outcomes)["rows"] == 400
    assert judge_ends(fitted(), over.drop("event"), outcomes)["rows"] == 500
    shuffled = judge_ends(fitted(), features, outcomes.sample(fraction=1.0, shuffle=True, seed=1))
    assert shuffled == judge_ends(fitted(), features, outcomes)


def test_several_contracts_of_a_customer_are_told_apart() -> None:
    features, outcomes = holdout(400)
    two = [frame.with_columns(contract_id=pl.col("customer_id"), customer_id=pl.lit("one")) for frame in (features, outcomes)]
    assert judge_ends(fitted(), *two) == judge_ends(fitted(), features, outcomes)
    with pytest.raises(TableError, match=r"features: 400 rows share a key \(customer_id\)"):
        judge_ends(fitted(), two[0].drop("contract_id"), two[1])


def test_calibration_has_the_deciles() -> None:
    features, outcomes = holdout()
    assert int(Forecasts.of(fitted(), features, outcomes).calibration().size.sum()) == 4000


def test_without_an_end_nothing_is_known_of_the_order() -> None:
    features, outcomes = holdout(50)
    judged = judge_ends(fitted(), features, outcomes.with_columns(event=pl.lit(value=False), duration_days=features["duration_days"] + 30))
    assert judged["concordance"] == 0.5
    assert judged["brier_skill"] == 0.0
    assert judged["observed_ends"] == 0.0


def test_a_holdout_that_saw_nobody_is_refused() -> None:
    features, outcomes = holdout(50)
    with pytest.raises(NotEnoughEventsError, match=r"no spell that was running at calibration was seen in the holdout\. Give the"):
        judge_ends(fitted(), features, outcomes.with_columns(pl.col("customer_id") + "x"))
    with pytest.raises(NotEnoughEventsError, match="no spell that was running"):
        judge_ends(fitted(), features, features.select("customer_id", "duration_days", "event"))

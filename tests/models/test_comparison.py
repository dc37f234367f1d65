"""The rule that selects one of several models, on measures given with their resamples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.metrics.resamples import Measured
from relkit.models import comparison
from relkit.models.base import FitInfo
from relkit.models.comparison import ModelComparison, Trialled, Yardstick, compared, must_be_some

NAMES = ("log_score", "error", "total_ratio", "total_error")
BETTER = {"log_score": "higher", "error": "lower", "total_ratio": "one", "total_error": "lower"}


@dataclass(frozen=True)
class Made:
    """A candidate: its measures, and the standard deviation of their resamples."""

    log_score: float = -1.0
    error: float = 1.0
    total: float = 0.1
    parameters: int = 4
    noise: float = 1e-4

    @property
    def info(self) -> FitInfo:
        return FitInfo(as_of=date(2025, 6, 30), rows=1, log_likelihood=None, converged=True)


def judged(*, bars: tuple[str, ...] = (), preferred: str = "", ties: Any = "parameters", **models: Made) -> ModelComparison:
    values = np.array([[each.log_score, each.error, 1 + each.total, each.total] for each in models.values()])
    noise = np.array([each.noise for each in models.values()])[:, None]
    draws = values + noise * np.random.default_rng(0).normal(size=(200, *values.shape))
    empty = pl.DataFrame()
    trial = Trialled(
        fitted=models,
        parameters={name: each.parameters for name, each in models.items()},
        measured=Measured(names=NAMES, values=values, draws=draws),
        customers=100,
        days=90.0,
        groups=empty,
        course=empty,
        bars=bars,
    )
    yardstick = Yardstick(measures=BETTER, error="error", called="error", shown={}, preferred=preferred, ties=ties)
    return compared(trial, yardstick)


def test_the_best_log_score_is_taken() -> None:
    found = judged(a=Made(), b=Made(log_score=-1.5))
    assert found.chosen == "a"
    assert found.reason == "a was chosen: its log-score of -1.0000 is clearly the best."
    assert judged(only=Made()).reason == "only was chosen: there was no other candidate to judge."


def test_one_that_is_clearly_worse_on_the_error_is_set_aside_though_it_leads_a_little() -> None:
    found = judged(rough=Made(log_score=-0.9995, error=1.5, noise=0.01), sober=Made(noise=0.01))
    assert found.chosen == "sober"
    aside = "rough was set aside: sober is clearly better than it on error or total, and worse on nothing."
    assert found.reason == f"sober was chosen: it alone was left. {aside}"
    assert judged(rough=Made(log_score=-0.5, error=1.5), sober=Made()).chosen == "rough"


def test_a_total_that_is_hit_by_luck_sets_nobody_aside() -> None:
    assert judged(lucky=Made(log_score=-1.5, total=0.0, parameters=2), low=Made(total=0.2)).chosen == "low"


def test_a_richer_model_needs_the_better_log_score_to_set_aside() -> None:
    assert judged(rich=Made(error=0.9, parameters=6), poor=Made(log_score=-0.99999)).chosen == "poor"
    assert judged(equal=Made(error=0.9), poor=Made(log_score=-0.99999)).chosen == "equal"


def test_a_cycle_leaves_the_best_log_score(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = {("a", "b", "error"), ("b", "c", "total_error"), ("c", "a", "error")}
    monkeypatch.setattr(comparison, "_clear", lambda *_: ring)
    assert judged(ties="log_score", a=Made(), b=Made(log_score=-0.9), c=Made(log_score=-1.1)).chosen == "b"
    monkeypatch.setattr(comparison, "_clear", lambda *_: ring | {("d", "b", "error")})
    four = {"a": Made(), "b": Made(log_score=-0.9), "c": Made(log_score=-1.1), "d": Made(log_score=-1.2)}
    assert judged(ties="log_score", **four).chosen == "d"  # it alone is set aside by nobody


@pytest.mark.parametrize("ties", ["log_score", "parameters"])
def test_a_third_candidate_does_not_decide_between_two(ties: Any) -> None:
    """The NBD was taken though the BG/NBD was better on log-score and error, because the MBG/NBD had set the latter aside."""
    models = {
        "bg": Made(log_score=-1.0005, error=1.01, noise=0.01),
        "mbg": Made(log_score=-1.0, error=0.98, noise=0.001),
        "nbd": Made(log_score=-1.002, error=1.02, parameters=2, noise=0.02),
    }
    assert judged(ties=ties, **models).chosen == "mbg"


def test_one_that_is_set_aside_sets_nobody_aside() -> None:
    models = {
        "leader": Made(log_score=-1.0, error=1.0, noise=0.004),
        "middle": Made(log_score=-1.0, error=0.98, noise=0.0001),
        "third": Made(log_score=-1.02, error=0.97, noise=0.0001),
    }
    assert judged(ties="log_score", **models).chosen == "middle"
    beaten = {**models, "third": Made(log_score=-1.0, error=0.97, noise=0.03), "last": Made(log_score=-1.0, error=0.96, noise=0.0001)}
    assert judged(ties="log_score", **beaten).chosen == "last"


def test_ties_go_to_the_fewest_parameters_or_to_the_log_score() -> None:
    models = {"large": Made(parameters=6, noise=0.05), "small": Made(log_score=-1.01, error=1.01, parameters=2, noise=0.05)}
    simple, score = (judged(ties=ties, **models) for ties in ("parameters", "log_score"))
    assert (simple.chosen, score.chosen) == ("small", "large")
    assert "it has the fewest parameters (2) of small and large" in simple.reason
    assert score.reason == "large was chosen: of large and small, none of whose log-scores is clearly below, it has the best, -1.0000."
    equal = judged(first=Made(error=1.003, noise=0.05), second=Made(noise=0.05))
    assert equal.chosen == "second"
    assert "it has the least error of second and first" in equal.reason


def test_the_preferred_model_is_taken_unless_another_is_clearly_better_on_the_log_score_and_worse_on_nothing() -> None:
    pool = Made(log_score=-1.0)
    assert judged(preferred="pool", pool=pool, single=Made(log_score=-0.98, noise=0.05)).chosen == "pool"
    found = judged(preferred="pool", pool=pool, single=Made(log_score=-0.98))
    assert found.chosen == "single"
    assert "clearly better than that of pool, and it is clearly worse neither on error nor on the total" in found.reason
    off = judged(preferred="pool", pool=pool, single=Made(log_score=-0.98, total=0.3))
    assert off.chosen == "pool"
    assert "and single is clearly better on log-score, but clearly worse on error or the total" in off.reason
    assert judged(preferred="absent", a=pool, b=Made(log_score=-2.0)).chosen == "a"


def test_naive_rules_are_bars_and_never_taken() -> None:
    found = judged(bars=("again",), again=Made(log_score=-0.5, error=0.5), model=Made())
    assert found.chosen == "model"
    (remark,) = found.remarks
    assert remark.code == "below_a_naive_rule"
    assert "again forecast clearly better than model" in remark.en
    assert judged(bars=("again",), again=Made(log_score=-1.5, error=1.5), model=Made()).remarks == ()
    assert judged(bars=("again",), again=Made()).chosen == "again"


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ParameterError, match="no model was given"):
        must_be_some({})

"""Resampled journeys against variances that are known in closed form."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.path_bootstrap import with_resampled_variance
from relkit.models.attribution.removal_by_journey import effects_by_journey
from relkit.models.attribution.removal_effects import SolvedChain, solved_chain
from relkit.models.attribution.touch_states import recent_touches
from relkit.models.attribution.transition_sums import TransitionSums


def single_touches(seed: int, n: int = 4000) -> pl.DataFrame:
    """Return journeys of one touch, of which a removal takes exactly the conversions of its channel."""
    rng = np.random.default_rng(seed)
    won = (rng.random(n) < 0.2).astype(float)
    return pl.DataFrame(
        {"channels": [[name] for name in rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])], "conversions": won, "nulls": 1 - won}
    ).with_columns(value=pl.Series(won * rng.gamma(2.0, 10.0, n)))


def resampled(frame: pl.DataFrame, replicates: int = 400, seed: int = 1) -> tuple[SolvedChain, SolvedChain]:
    paths = CodedPaths.of(frame)
    chain = solved_chain(TransitionSums.of(paths).chain())
    steps = recent_touches(paths, 1, collapse=False)
    return chain, with_resampled_variance(chain, paths, steps, rng=np.random.default_rng(seed), replicates=replicates)


def errors(variance: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.sqrt(np.diag(variance))


def test_journeys_of_one_touch_have_binomial_shares() -> None:
    frame = single_touches(1)
    chain, drawn = resampled(frame)
    share, conversions = chain.effects, frame["conversions"].sum()
    binomial = np.sqrt(share * (1 - share) / conversions)
    assert errors(chain.variance) == pytest.approx(binomial, rel=1e-9)
    assert errors(drawn.variance) == pytest.approx(binomial, rel=0.12)  # 400 resamples: 3.5 % of error each
    assert errors(drawn.value_variance) == pytest.approx(errors(chain.value_variance), rel=0.15)
    assert (drawn.effects == chain.effects).all()


def test_errors_read_off_the_journeys_are_those_of_resampling_them() -> None:
    frame = single_touches(2)
    _, drawn = resampled(frame)
    every = np.ones(len(frame), np.bool_)
    (shares, variance), (worth, value_variance) = effects_by_journey(CodedPaths.of(frame), every, "fail")
    assert shares == pytest.approx(drawn.effects)
    assert worth == pytest.approx(drawn.value_effects)
    assert errors(variance) == pytest.approx(errors(drawn.variance), rel=0.12)
    assert errors(value_variance) == pytest.approx(errors(drawn.value_variance), rel=0.12)


def test_grouped_journeys_are_resampled_one_by_one() -> None:
    frame = single_touches(3)
    grouped = frame.group_by("channels").agg(pl.sum("conversions", "nulls", "value"))
    one, many = (resampled(each, seed=2)[1] for each in (frame, grouped))
    assert errors(many.variance) == pytest.approx(errors(one.variance), rel=0.15)


def test_resampling_does_not_suppose_that_the_chain_is_right() -> None:
    """Journeys of only two routes through all three channels: their steps come together, and vary less than independent ones would."""
    routes = [["a", "b", "c"], ["c", "b", "a"], ["a", "b", "c"]]
    chain, drawn = resampled(pl.DataFrame({"channels": routes, "conversions": [300.0, 300.0, 0.0], "nulls": [0.0, 0.0, 300.0]}))
    assert (errors(drawn.variance) < 0.75 * errors(chain.variance)).all()

"""Boosted hazards: the trees are scikit-learn's, saved models are plain arrays, and bends and interactions are found."""

from __future__ import annotations

import sys
from datetime import date
from subprocess import run
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import storage
from relkit.models.boosted_trees import Trees
from relkit.models.covariate_declaration import Declaration
from relkit.models.survival.boosted_hazard import BoostedHazard, learning_rows
from relkit.models.survival.discrete_hazard import DiscreteHazard
from relkit.models.survival.period_design import Design
from relkit.models.survival.person_periods import Lives

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 6, 30)


def hazard(x: np.ndarray, flag: np.ndarray, plan: np.ndarray, period: int) -> np.ndarray:
    """Return a probability of ending that bends with x, and in which the flag matters after half a year only."""
    return np.asarray(1 / (1 + np.exp(3.2 - 1.0 * np.abs(x) - 1.2 * flag * (period > 6) + 0.8 * (plan == "plus"))))


def world(seed: int, n: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x, flag = np.round(rng.normal(size=n), 2), rng.integers(0, 2, n).astype(float)
    plan = rng.choice(["basic", "plus"], n, p=[0.7, 0.3])
    seen, last, ended = rng.integers(1, 19, n), np.zeros(n), np.zeros(n, dtype=bool)
    for j in range(1, 19):
        ends = ~ended & (j <= seen) & (rng.random(n) < hazard(x, flag, plan, j))
        last[ends], ended = j, ended | ends
    columns = {"x": x, "flag": flag, "plan": plan}
    days = 30.0 * np.where(ended, last, seen)
    return pl.DataFrame({"customer_id": np.arange(n).astype(str), "duration_days": days, "event": ended, **columns})


@pytest.fixture(scope="module")
def fitted() -> Any:
    return BoostedHazard(covariates=("x", "flag", "plan"), period_days=30.0).fit(world(1, 12_000), as_of=DAY)


def learnt_rows(frame: pl.DataFrame, names: tuple[str, ...], *, most: int) -> Any:
    lives = Lives.of(frame["duration_days"].to_numpy(), np.where(frame["event"], 0, -1), np.zeros(len(frame)), period_days=30.0)
    design = Design.of(frame, lives, Declaration(names=names), where="a test")
    return learning_rows(design.cells, design.columns, most=most, seed=1)


def test_the_arrays_score_as_scikit_learn_does() -> None:
    """scikit-learn 1.9.1, predict_proba, on rows of the fit and on others, thresholds themselves included: to 1e-12."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    X, y, w, _ = learnt_rows(world(2, 2_000), ("x", "flag", "plan"), most=10**6)
    peer = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=20, early_stopping=False, random_state=0).fit(X, y, sample_weight=w)
    trees = Trees.of(peer, X, w)
    new = np.random.default_rng(3).normal(0, 3, (5_000, 4))
    on = np.arange(min(len(trees.threshold), len(new)))
    new[on, trees.feature[on]] = trees.threshold[on]
    for rows in (X, new):
        np.testing.assert_allclose(1 / (1 + np.exp(-trees.raw(rows))), peer.predict_proba(rows)[:, 1], rtol=0, atol=1e-12)


def test_parts_add_up_to_the_raw_score(fitted: Any) -> None:
    X = np.column_stack([np.random.default_rng(4).normal(size=(50, 3)), np.arange(50) % 18 + 1.0])
    rest = fitted.trees.raw(X) - fitted.trees.parts(X).sum(axis=1)
    np.testing.assert_allclose(rest, fitted.trees.base + fitted.trees.value[fitted.trees.roots].sum(), rtol=1e-12)


def test_hazards_are_those_of_the_world(fitted: Any) -> None:
    """Probabilities of three periods, against the truth that made the data; the linear model, which cannot bend, is far off."""
    frame = world(5, 3_000).with_columns(event=pl.lit(value=False), duration_days=pl.lit(180.0))
    x, flag, plan = (frame[c].to_numpy() for c in ("x", "flag", "plan"))
    truth = 1 - np.prod([1 - hazard(x, flag, plan, j) for j in (7, 8, 9)], axis=0)
    found = fitted.score(frame, horizon_days=90)["churn_probability_90d"].to_numpy()
    linear = DiscreteHazard(covariates=("x", "flag", "plan"), period_days=30.0).fit(world(1, 12_000), as_of=DAY)
    off = np.abs(linear.score(frame, horizon_days=90)["churn_probability_90d"].to_numpy() - truth).mean()
    assert np.abs(found - truth).mean() < 0.035
    assert np.abs(found - truth).mean() < off / 3


def test_survival_ahead_multiplies_the_periods_ahead(fitted: Any) -> None:
    frame = world(6, 5).with_columns(event=pl.lit(value=False), duration_days=pl.Series([0.0, 30.0, 45.0, 75.0, 9_000.0]))
    columns = np.column_stack([frame["x"], frame["flag"], frame["plan"] == "plus"])
    stays = fitted.survival_ahead(frame, [15.0, 45.0, 60.0])
    for i, age in enumerate(frame["duration_days"]):
        for j, ahead in enumerate((15.0, 45.0, 60.0)):
            left, at, expected = ahead, age, 1.0
            while left > 1e-9:
                inside = min(30.0 - at % 30.0, left)
                first = fitted.firsts[np.searchsorted(fitted.firsts, at // 30, side="right") - 1] + 1.0
                h = 1 / (1 + np.exp(-fitted.trees.raw(np.append(columns[i], first)[None])[0]))
                expected, left, at = expected * (1 - h) ** (inside / 30.0), left - inside, at + inside
            assert stays[i, j] == pytest.approx(expected, rel=1e-9)


def test_reasons_point_the_right_way(fitted: Any) -> None:
    frame = world(7, 4_000).with_columns(event=pl.lit(value=False), duration_days=pl.lit(300.0))
    names, parts = fitted.contributions(frame)
    assert names == ("x", "flag", "plan")
    flag = frame["flag"].to_numpy() == 1
    assert parts[flag, 1].mean() - parts[~flag, 1].mean() == pytest.approx(1.2, abs=0.35)
    assert abs(parts[:, 1].mean()) < 0.4


def test_importance_is_shared(fitted: Any) -> None:
    summary = fitted.summary()
    assert summary["term"].to_list() == ["x", "flag", "plan", "period"]
    assert summary["estimate"].sum() == pytest.approx(1.0)
    assert summary["estimate"][0] == summary["estimate"].max()
    assert summary["std_error"].null_count() == 4
    assert (np.abs(fitted.hazard_by_level - fitted.ended / (fitted.ended + fitted.stayed)) < 0.02).all()


def test_equal_rows_are_scored_once_and_alike(fitted: Any) -> None:
    frame = world(8, 400).with_columns(event=pl.lit(value=False), x=pl.lit(0.5))
    alone = pl.concat([fitted.score(frame[i : i + 1]) for i in range(40)])
    assert fitted.score(frame)["churn_probability_90d"][:40].to_list() == pytest.approx(alone["churn_probability_90d"].to_list(), rel=1e-12)


def test_it_scores_without_scikit_learn(fitted: Any, tmp_path: Path) -> None:
    storage.save(fitted, tmp_path / "model")
    world(9, 50).with_columns(event=pl.lit(value=False)).write_parquet(tmp_path / "features.parquet")
    code = (
        "import sys; from pathlib import Path; import polars as pl; from relkit.models import storage;"
        f"here = Path({str(tmp_path)!r}); fitted = storage.load(here / 'model');"
        "scores = fitted.score(pl.read_parquet(here / 'features.parquet'));"
        "print('sklearn' in sys.modules, scores['churn_probability_90d'].sum())"
    )
    printed = run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    expected = fitted.score(pl.read_parquet(tmp_path / "features.parquet"))["churn_probability_90d"].sum()
    assert printed[0] == "False"
    assert float(printed[1]) == pytest.approx(expected, rel=1e-12)
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".npy"}


def test_many_rows_are_thinned_and_weigh_more() -> None:
    frame, names = world(10, 3_000), ("x", "flag")
    X, y, w, (drawn,) = learnt_rows(frame, names, most=3_000)
    whole = learnt_rows(frame, names, most=10**6)
    assert 2_500 < len(X) < 3_500 < len(whole[0])
    assert w.sum() == pytest.approx(whole[2].sum(), rel=0.05)
    assert w[y == 1].sum() == whole[2][whole[1] == 1].sum()
    assert drawn.en.endswith("were drawn to learn from, and weigh more instead.")
    assert not whole[3]
    model = BoostedHazard(covariates=names, period_days=30.0, most_rows=3_000, trees=10)
    assert any("were drawn to learn from" in note for note in model.fit(frame, as_of=DAY).info.notes)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"event": pl.lit(value=False)}, NotEnoughEventsError, "none of the 500 spells ended"),
        ({"event": pl.int_range(pl.len()) < 2}, NotEnoughEventsError, "2 spells ended, fewer than the 3 columns"),
        ({"x": pl.lit(1.0)}, FitError, r"x is constant \(1\)"),
        ({"x": pl.col("flag") + 1}, FitError, "flag follows from x"),
        ({"x": pl.when(pl.col("x") > 0).then(1.0)}, TableError, r"x: \d+ of 500 rows are null"),
        ({"duration_days": pl.lit(1.0), "event": pl.lit(value=True)}, NotEnoughEventsError, "every spell ends in the first period"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change: dict[str, pl.Expr], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        BoostedHazard(covariates=("x", "flag", "plan")).fit(world(11, 500).with_columns(**change), as_of=DAY)


def test_a_separated_category_needs_no_remedy() -> None:
    """Leaves are shrunk, so that a level without events has a small hazard, not none."""
    plan = pl.when(pl.col("event") | (pl.col("x") > 0)).then(pl.lit("usual")).otherwise(pl.lit("safe"))
    frame = world(12, 2_000).with_columns(plan=plan)
    fitted = BoostedHazard(covariates=("plan",), period_days=30.0).fit(frame, as_of=DAY)
    some = frame.filter(plan="safe").head(1).with_columns(event=pl.lit(value=False), duration_days=pl.lit(0.0))
    assert 0 < fitted.score(some, horizon_days=30)["churn_probability_30d"][0] < 0.02


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"trees": 0}, "trees is 0; it must be at least 1"),
        ({"leaves": 1}, "leaves is 1; it must be at least 2"),
        ({"l2": -1.0}, "l2 is -1; it must be 0 or more"),
        ({"learning_rate": 0.0}, "learning_rate is 0; it must be above 0 and at most 1"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        BoostedHazard(covariates=("x",), **settings)


def test_trees_that_are_read_wrong_are_refused(fitted: Any) -> None:
    class Other:
        def decision_function(self, X: np.ndarray) -> Any:
            return fitted.trees.raw(X) + 1e-6

    with pytest.raises(FitError, match=r"score up to 1e-06 off its own scores\. Use a version of scikit-learn"):
        fitted.trees._check(Other(), np.zeros((3, 4)))

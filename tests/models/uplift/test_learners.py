"""Learners of effects: planted effects recovered, equalities with fits made by hand, intervals, and rows that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from uplift_campaigns import AS_OF, FEATURES, campaign

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models import catalogue

NAMES = catalogue.families()["uplift"]
QUICK = {"features": FEATURES, "trees": 20, "folds": 2}


def fitted(name: str, rows: pl.DataFrame, **settings: Any) -> Any:
    return catalogue.make(f"uplift.{name}", QUICK | settings).fit(rows, as_of=AS_OF)


def by_likes(model: Any, rows: pl.DataFrame) -> tuple[float, float]:
    """Return the mean uplift of customers with likes and of those without."""
    effects = model.effects(rows).with_columns(likes=rows["likes"])
    return tuple(float(effects.filter(pl.col("likes") == likes)["uplift"].mean()) for likes in (True, False))


@pytest.mark.parametrize("name", [name.partition(".")[2] for name in NAMES if not name.endswith("hurdle")])
def test_each_learner_finds_a_planted_effect(name: str) -> None:
    """The effect is 3 for customers with likes and 1 for the others; its standard errors are near .1."""
    rows = campaign(1)
    moved, others = by_likes(fitted(name, rows), campaign(2))
    assert moved == pytest.approx(3.0, abs=0.45)
    assert others == pytest.approx(1.0, abs=0.45)


@pytest.mark.parametrize("name", ["hurdle", "stacked"])
def test_an_effect_on_buying_is_found_in_spend(name: str) -> None:
    """The chance to buy rises from .1 to .2 for customers with likes, at a mean amount of exp(3.125)."""
    rows = campaign(2, 8000, spend=True)
    moved, others = by_likes(fitted(name, rows), rows)
    assert moved == pytest.approx(0.1 * np.exp(3.125), abs=1.0)
    assert others == pytest.approx(0.0, abs=1.0)
    assert moved - others > 1.0


def test_the_t_learner_is_the_difference_of_two_fits() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows = campaign(3).select("customer_id", "action_id", "treated", "outcome", "age", "likes")
    X = rows.select("age", pl.col("likes").cast(pl.Float64)).to_numpy()
    arms = []
    for treated in (True, False):
        learner = HistGradientBoostingRegressor(max_iter=20, max_leaf_nodes=7, l2_regularization=1.0, early_stopping=False, random_state=0)
        its = (rows["treated"] == treated).to_numpy()
        arms.append(learner.fit(X[its], rows["outcome"].to_numpy()[its]).predict(X))
    model = fitted("t_learner", rows, features=("age", "likes"), folds=0)
    np.testing.assert_allclose(model.effects(rows)["uplift"].to_numpy(), arms[0] - arms[1], rtol=0, atol=1e-9)


def test_the_s_learner_is_the_difference_of_two_values_of_one_fit() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = campaign(3).with_columns(outcome=(pl.col("outcome") > 3).cast(pl.Float64))
    X = rows.select("age", pl.col("likes").cast(pl.Float64), pl.col("treated").cast(pl.Float64)).to_numpy()
    learner = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=7, l2_regularization=1.0, early_stopping=False, random_state=0)
    learner.fit(X, rows["outcome"].to_numpy())
    values = [learner.predict_proba(np.column_stack([X[:, :2], np.full(len(X), arm)]))[:, 1] for arm in (1.0, 0.0)]
    model = fitted("s_learner", rows, features=("age", "likes"), folds=0)
    np.testing.assert_allclose(model.effects(rows)["uplift"].to_numpy(), values[0] - values[1], rtol=0, atol=1e-12)


def test_two_actions_are_each_learnt_as_if_alone() -> None:
    rows = campaign(4, 1000, actions=2)
    both = fitted("s_learner", rows).effects(campaign(5, 100))
    for action in ("a0", "a1"):
        alone = fitted("s_learner", rows.filter(pl.col("action_id") == action)).effects(campaign(5, 100))
        assert both.filter(pl.col("action_id") == action).equals(alone)
    only = fitted("s_learner", rows, actions=("a1",))
    assert only.actions == ("a1",)


def test_without_folds_there_are_no_intervals() -> None:
    rows = campaign(4, 1000)
    effects = fitted("x_learner", rows, folds=0).effects(rows)
    assert effects["low"].null_count() == effects["high"].null_count() == len(rows)
    effects = fitted("x_learner", rows).effects(rows)
    assert (effects["low"] < effects["uplift"]).all()
    assert (effects["uplift"] < effects["high"]).all()


def test_a_propensity_that_was_not_recorded_is_estimated_and_reported() -> None:
    """Treatment depends on likes, which raise the outcome by .5 as well: the naive difference is off, the learner is not."""
    rng = np.random.default_rng(66)
    rows = campaign(6, 4000)
    likes = rows["likes"].to_numpy()
    treated = rng.random(len(rows)) < np.where(likes, 0.8, 0.3)
    outcome = rows["age"].to_numpy() / 20 + 2.0 * likes + treated * rows["effect"].to_numpy() + rng.normal(size=len(rows))
    rows = rows.drop("propensity").with_columns(treated=pl.Series(treated), outcome=pl.Series(outcome))
    model = fitted("stacked", rows)
    assert "propensity_estimated" in [remark.code for remark in model.info.remarks]
    assert model.models[0].learners == ("x_learner", "dr_learner")
    moved, others = by_likes(model, rows)
    assert moved == pytest.approx(3.0, abs=0.4)
    assert others == pytest.approx(1.0, abs=0.4)


def test_arms_that_do_not_overlap_are_reported() -> None:
    rows = campaign(6, 1000).drop("propensity")
    told = {remark.code: remark.en for remark in fitted("x_learner", rows.with_columns(treated="likes")).info.remarks}
    assert "1,000 of 1,000 units" in told["arms_hardly_overlap"]
    assert "arms_hardly_overlap" not in [remark.code for remark in fitted("x_learner", rows).info.remarks]


def test_nothing_but_noise_gives_the_mean_effect_to_nearly_everybody() -> None:
    rows = campaign(7, slope=0.0)
    effects = fitted("stacked", rows).effects(rows)
    assert effects["uplift"].std() < 0.25  # type: ignore[operator]
    assert effects["uplift"].mean() == pytest.approx(1.0, abs=0.2)


def test_the_level_is_the_difference_of_the_arms_made_more_precise() -> None:
    rows = campaign(8)
    model = fitted("dr_learner", rows).models[0]
    arms = rows.group_by("treated").agg(pl.col("outcome").mean()).sort("treated")
    assert model.line.level == pytest.approx(arms["outcome"][1] - arms["outcome"][0], abs=0.15)
    assert (model.units, model.treated) == (len(rows), int(rows["treated"].sum()))


def test_judging_gives_each_action_its_figures_and_their_means() -> None:
    rows, later = campaign(4, 1000, actions=2), campaign(9, 1000, actions=2)
    model = fitted("s_learner", rows)
    judged = model.settings.judge(model, later, later)
    for name in ("dr_loss", "qini", "autoc"):
        assert judged[name] == pytest.approx((judged[f"{name}_a0"] + judged[f"{name}_a1"]) / 2)
    assert judged["qini_low"] < judged["qini"] < judged["qini_high"]
    assert judged["mean_effect_a0"] == pytest.approx(2.0, abs=0.3)
    assert (judged["actions"], judged["units"]) == (2.0, 2000.0)


def test_rows_that_cannot_be_learnt_from_are_refused() -> None:
    rows = campaign(4, 200)
    with pytest.raises(ParameterError, match="unknown action 'a1'"):
        fitted("s_learner", rows, actions=("a1",))
    with pytest.raises(NotEnoughEventsError, match=r"a0 has no controls with a known outcome\. Give actions"):
        fitted("s_learner", rows.filter("treated"))
    with pytest.raises(NotEnoughEventsError, match="a0 has the same outcome for all units"):
        fitted("s_learner", rows.with_columns(outcome=pl.lit(0.0)))
    with pytest.raises(TableError, match="the propensity of 200 of 200 rows is 0 or 1"):
        fitted("s_learner", rows.with_columns(propensity=pl.lit(1.0)))
    with pytest.raises(TableError, match="outcome: 1 of 200 rows are not a number"):
        fitted("s_learner", rows.with_columns(outcome=pl.when(pl.int_range(pl.len()) == 3).then(float("nan")).otherwise("outcome")))
    with pytest.raises(TableError, match="400 rows share a key"):
        fitted("s_learner", pl.concat([rows, rows]))
    with pytest.raises(TableError, match="no feature can be used: the same for all"):
        fitted("s_learner", rows.with_columns(age=pl.lit(1.0)), features=("age",))
    with pytest.raises(TableError, match="there is no feature to learn from"):
        fitted("s_learner", rows.select("customer_id", "action_id", "treated", "propensity", "outcome"), features=())


def test_a_fold_without_buyers_and_one_with_a_single_buyer_are_learnt() -> None:
    rows = campaign(4, 200).with_columns(outcome=pl.when(pl.int_range(pl.len()) == 3).then(25.0).otherwise(0.0))
    effects = fitted("hurdle", rows).effects(rows)
    assert effects["uplift"].is_finite().all()


def test_settings_out_of_range_are_refused() -> None:
    for settings, told in (({"folds": 1}, "folds is 1"), ({"trees": 0}, "trees is 0"), ({"learning_rate": 0.0}, "learning_rate is 0")):
        with pytest.raises(ParameterError, match=told):
            catalogue.make("uplift.x_learner", settings)
    with pytest.raises(ParameterError, match="folds is 0; it must be at least 2"):
        catalogue.make("uplift.stacked", {"folds": 0})
    with pytest.raises(ParameterError, match="share_of_columns is 2"):
        catalogue.make("uplift.forest", {"share_of_columns": 2.0})


def test_an_action_without_enough_units_is_left_out_with_a_remark() -> None:
    rows = campaign(4, 400, actions=2).filter((pl.col("action_id") == "a0") | ~pl.col("treated") | pl.col("customer_id").str.ends_with("7"))
    model = fitted("s_learner", rows)
    assert model.actions == ("a0",)
    assert "a1 has" in next(remark.en for remark in model.info.remarks if remark.code == "actions_not_learnt")

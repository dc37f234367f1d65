"""Comparison of models of effects: the rule of one standard error, and the intervals of its table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from uplift_campaigns import AS_OF, FEATURES, campaign

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.metrics.uplift_figures import figure_of
from relkit.models import catalogue
from relkit.models.uplift.comparison import compare_models, parameters_of, taken


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    names = ("uplift.s_learner", "uplift.t_learner", "uplift.dr_learner")
    return {name: catalogue.make(name, {"features": FEATURES, "trees": 20, "folds": 2}).fit(campaign(1), as_of=AS_OF) for name in names}


def test_the_table_has_each_model_with_its_intervals(fitted: dict[str, Any]) -> None:
    later = campaign(2)
    found = compare_models(fitted, dict.fromkeys(fitted, later), later)
    assert found.table["model"].to_list() == list(fitted)
    assert found.customers == len(later)
    assert (found.table["qini_lower"] < found.table["qini"]).all()
    assert (found.table["qini"] < found.table["qini_upper"]).all()
    assert (found.table["qini_lower"] > 0).all()
    assert found.chosen in fitted
    assert set(found.groups["model"]) == set(fitted)
    assert found.groups["customers"].sum() == len(later) * len(fitted)


def test_each_model_is_measured_as_it_judges_itself(fitted: dict[str, Any]) -> None:
    later = campaign(2)
    name, model = next(iter(fitted.items()))
    table = compare_models(fitted, dict.fromkeys(fitted, later), later).table
    judged = model.settings.judge(model, later, later)
    assert table.row(0, named=True)["dr_loss"] == pytest.approx(judged["dr_loss"], rel=1e-12)
    assert table.row(0, named=True)["qini"] == pytest.approx(judged["qini"], rel=1e-12)
    assert name == table["model"][0]


def test_the_simpler_of_models_within_one_standard_error_is_taken() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=1000)
    losses = {
        "best": figure_of(1.0, noise),
        "level": figure_of(1.001, noise + rng.normal(scale=0.1, size=1000)),
        "worse": figure_of(1.1, noise + rng.normal(scale=0.1, size=1000)),
    }
    spreads = {"best": 0.5, "level": 0.2, "worse": 0.1}
    assert taken(losses, spreads)[0] == "level"
    assert "distinguishes customers least" in taken(losses, spreads)[1]
    assert taken({name: losses[name] for name in ("best", "worse")}, spreads)[0] == "best"
    assert "no other candidate" in taken({"best": losses["best"]}, spreads)[1]


def test_leaves_are_counted(fitted: dict[str, Any]) -> None:
    counts = {name: parameters_of(model) for name, model in fitted.items()}
    assert counts["uplift.s_learner"] <= 2 * 20 * 7  # two folds of twenty trees of at most seven leaves
    assert counts["uplift.t_learner"] > counts["uplift.s_learner"]


def test_no_model_and_no_unit_are_refused(fitted: dict[str, Any]) -> None:
    later = campaign(2)
    with pytest.raises(ParameterError, match="no model was given to compare"):
        compare_models({}, {}, later)
    others = later.with_columns(action_id=later["action_id"].str.replace("a0", "b"))
    with pytest.raises(NotEnoughEventsError, match="nobody in the holdout was drawn into both arms of a0"):
        compare_models(fitted, dict.fromkeys(fitted, others), others)

"""Figures of models of uplift: for each action judged, in both languages, and none if nothing was judged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from model_checks import drawn_units

from relkit.families.bindings import diagnostic_figures
from relkit.models.catalogue import make
from relkit.models.uplift.s_learner import SLearner

if TYPE_CHECKING:
    import polars as pl


@pytest.fixture(scope="module")
def learnt() -> tuple[object, pl.DataFrame, pl.DataFrame]:
    """Return a fitted model, its rows, and the units of the next wave."""
    rows, later = drawn_units()
    model = make("uplift.s_learner", SLearner.check_settings | {"response_window_days": 28, "post_window_days": 0})
    return model.fit(rows, as_of=date(2025, 6, 30)), rows, later


def test_each_action_judged_has_its_figures(learnt) -> None:
    fitted, rows, later = learnt
    features = rows.drop("wave_id", "treated", "propensity", "outcome")
    figures = diagnostic_figures(fitted, features, outcomes=later)
    kinds = ("uplift_gain", "uplift_by_group", "uplift_calibration")
    assert set(figures) == {f"{kind}_{action}" for kind in kinds for action in ("mail", "sms_1")}
    assert "€" in figures["uplift_by_group_mail"].axes[0].get_yticklabels()[0].get_text()  # the outcome is a margin


def test_they_are_french_for_a_french_reader(learnt) -> None:
    fitted, rows, later = learnt
    figures = diagnostic_figures(fitted, rows.drop("wave_id", "treated", "propensity", "outcome"), outcomes=later, language="fr")
    assert "marge" in figures["uplift_gain_mail"].axes[0].get_ylabel()


def test_nothing_is_drawn_without_a_holdout_or_of_one_arm(learnt) -> None:
    fitted, rows, later = learnt
    assert diagnostic_figures(fitted, rows) == {}
    features = rows.drop("wave_id", "treated", "propensity", "outcome")
    assert diagnostic_figures(fitted, features, outcomes=later.filter("treated")) == {}
    assert diagnostic_figures(fitted, features.head(60), outcomes=later.head(60)) == {}  # too few to be shown by group

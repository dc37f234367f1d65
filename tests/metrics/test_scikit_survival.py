"""Metrics against scikit-survival 0.28.0, whose values were stored by tests/golden/metrics/scikit_survival.py.

Censoring is estimated on all rows, the forecasts are judged on every other one. If events and censorings share an age
scikit-survival weights by those uncensored after it (`ties="after"`); it refuses if there are none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judged_spells import CASES, Judged

from relkit.errors import NotEnoughEventsError
from relkit.metrics.brier import brier_scores, integrated_brier_score
from relkit.metrics.censoring import InView
from relkit.metrics.concordance import Concordance, concordance, uno_concordance
from relkit.metrics.time_dependent_auc import time_dependent_auc

STORED = json.loads((Path(__file__).parents[1] / "golden" / "metrics" / "scikit_survival.json").read_text(encoding="utf-8"))
TO_TEN_DIGITS: dict[str, Any] = {"rtol": 0, "atol": 1e-10}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Judged, InView, dict[str, Any]]:
    spells = CASES[request.param]()
    return spells.tested, InView.of(spells.duration, spells.event, ties="after"), STORED["cases"][request.param]


def test_the_values_are_those_of_the_version_named_here() -> None:
    assert STORED["made_by"]["scikit-survival"] == "0.28.0"
    assert set(STORED["cases"]) == set(CASES)


def test_harrell(case: tuple[Judged, InView, dict[str, Any]]) -> None:
    """concordance_index_censored, pairs and index."""
    seen, _, stored = case
    found = concordance(seen.duration, seen.event, seen.risk)
    assert found == Concordance(*(stored["harrell"][name] for name in ("concordant", "discordant", "tied")))
    np.testing.assert_allclose(found.index, stored["harrell"]["index"], **TO_TEN_DIGITS)


def test_uno(case: tuple[Judged, InView, dict[str, Any]]) -> None:
    """concordance_index_ipcw, without and with tau."""
    seen, in_view, stored = case
    spells = seen.duration, seen.event, seen.risk
    bounded = uno_concordance(*spells, tau=stored["tau"], in_view=in_view)
    np.testing.assert_allclose(bounded.index, stored["uno_up_to_tau"], **TO_TEN_DIGITS)
    if stored["uno"] is None:
        with pytest.raises(NotEnoughEventsError, match="nobody is observed"):
            uno_concordance(*spells, in_view=in_view)
    else:
        np.testing.assert_allclose(uno_concordance(*spells, in_view=in_view).index, stored["uno"], **TO_TEN_DIGITS)


@pytest.mark.parametrize("which", ["auc", "auc_of_risk_by_day"])
def test_auc(case: tuple[Judged, InView, dict[str, Any]], which: str) -> None:
    """cumulative_dynamic_auc, each horizon and mean; it refuses if nobody is uncensored after the last event, which no horizon needs."""
    seen, in_view, stored = case
    risk = seen.risk if which == "auc" else seen.risk_by_day
    found = time_dependent_auc(seen.duration, seen.event, risk, np.array(stored["days"]), in_view=in_view)
    if stored[which] is None:
        assert found.auc.shape == seen.days.shape
        return
    np.testing.assert_allclose(found.auc, stored[which]["at"], **TO_TEN_DIGITS)
    np.testing.assert_allclose(found.mean, stored[which]["mean"], **TO_TEN_DIGITS)


def test_brier(case: tuple[Judged, InView, dict[str, Any]]) -> None:
    """brier_score and integrated_brier_score."""
    seen, in_view, stored = case
    given = seen.duration, seen.event, seen.survival, np.array(stored["days"])
    np.testing.assert_allclose(brier_scores(*given, in_view=in_view), stored["brier"], **TO_TEN_DIGITS)
    np.testing.assert_allclose(integrated_brier_score(*given, in_view=in_view), stored["integrated_brier"], **TO_TEN_DIGITS)


def test_both_treatments_of_ties_agree_where_there_are_none() -> None:
    spells = CASES["fine_scale"]()
    seen, before = spells.tested, InView.of(spells.duration, spells.event)
    stored = STORED["cases"]["fine_scale"]
    auc = time_dependent_auc(seen.duration, seen.event, seen.risk, seen.days, in_view=before)
    np.testing.assert_allclose(auc.auc, stored["auc"]["at"], **TO_TEN_DIGITS)
    np.testing.assert_allclose(uno_concordance(seen.duration, seen.event, seen.risk, in_view=before).index, stored["uno"], **TO_TEN_DIGITS)
    scores = brier_scores(seen.duration, seen.event, seen.survival, seen.days, in_view=before)
    np.testing.assert_allclose(scores, stored["brier"], **TO_TEN_DIGITS)

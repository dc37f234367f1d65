"""Plots of renewals: the drawn data are the curves', in both languages."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.models.lifetime_value.retention import RetentionCurve, retention_curves
from relkit.models.lifetime_value.shifted_beta_geometric import ShiftedBetaGeometric
from relkit.plots.retention import MANY, plot_contracts_left, plot_renewals_to_come, plot_retention


@pytest.fixture(scope="module", params=[(), ("plan",)], ids=["all", "by plan"])
def curves(request: pytest.FixtureRequest) -> dict[str, RetentionCurve]:
    rng = np.random.default_rng(1)
    plan = np.repeat(["a", "b"], 150)
    life = rng.geometric(rng.beta(np.where(plan == "a", 1.0, 2.0), 8.0))
    seen = rng.integers(1, 20, 300)
    frame = pl.DataFrame({"plan": plan, "duration_days": 30.0 * np.minimum(life, seen), "event": life <= seen})
    fitted = ShiftedBetaGeometric(period_days=30.0, covariates=request.param).fit(frame, as_of=date(2025, 6, 30))
    return retention_curves(fitted, frame)


@pytest.mark.parametrize("plot", [plot_retention, plot_contracts_left])
def test_points_are_observed_and_lines_expected(plot, curves) -> None:
    ax = plot(curves)
    drawn = [line for line in ax.get_lines() if len(line.get_xdata()) and line.get_linestyle() != ":"]
    for i, curve in enumerate(curves.values()):
        known, beyond, many, few = drawn[4 * i : 4 * i + 4]
        seen, expected = (curve.seen_retention, curve.retention[0]) if plot is plot_retention else (curve.seen_survival, curve.survival[0])
        assert many.get_ydata().tolist() == seen[curve.at_risk >= MANY].tolist()
        assert few.get_ydata().tolist() == seen[curve.at_risk < MANY].tolist()
        assert known.get_ydata()[-1] == beyond.get_ydata()[0] == expected[len(seen) - 1]
        assert beyond.get_ydata()[-1] == expected[-1]
    assert len(ax.collections) == len(curves)


def test_what_is_still_worth(curves) -> None:
    ax = plot_renewals_to_come(curves)
    assert [line.get_ydata().tolist() for line in ax.get_lines()] == [curve.discounted[0].tolist() for curve in curves.values()]


@pytest.mark.parametrize("plot", [plot_retention, plot_contracts_left, plot_renewals_to_come])
def test_the_words(plot, curves) -> None:
    english, french = (plot(curves, language=language) for language in ("en", "fr"))
    assert english.get_title(loc="left") != french.get_title(loc="left")
    assert "10" in plot_renewals_to_come(curves, language="fr").get_ylabel()
    if plot is not plot_renewals_to_come:
        assert french.get_xlabel() == "Renouvellement (un tous les 30 jours)"
        assert french.get_legend().get_texts()[0].get_text() == "constaté"
    named = {text.get_text() for text in english.texts}
    assert named >= (set(curves) if len(curves) > 1 else set())

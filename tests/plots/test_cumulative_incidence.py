"""Plots of cumulative incidence: the drawn data are the record's, and every word is there in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from relkit.errors import ParameterError
from relkit.models.survival.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from relkit.plots.cumulative_incidence import plot_incidence
from relkit.plots.style import figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def world(seed: int, mean: float = 500) -> CumulativeIncidence:
    rng = np.random.default_rng(seed)
    times = rng.exponential((mean, 1500, 3000), (400, 3))
    lifetime, seen = np.ceil(times.min(axis=1)), np.ceil(rng.uniform(30, 720, 400))
    reason = np.array(["voluntary", "involuntary", "odd_one"], object)[times.argmin(axis=1)]
    return cumulative_incidence(np.minimum(lifetime, seen), np.where(lifetime <= seen, reason, None))


def texts(ax: Axes) -> list[str]:
    """Every text of the axes, after rendering (a missing glyph would be a warning, hence an error here)."""
    figure_of(ax).canvas.draw()
    return [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in ax.texts)]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Why contracts end", "Share that ended", "by the customer", "by the company", "odd one", "at risk")),
        ("fr", ("Pourquoi les contrats prennent fin", "Part de contrats terminés", "par le client", "par l’entreprise", "à risque")),
    ],
)
def test_each_cause_has_its_curve_and_band_and_the_numbers_at_risk_stand_below(language: str, words: tuple[str, ...]) -> None:
    found = world(1)
    ax = plot_incidence(found, language=language)
    assert set(words) <= set(texts(ax))
    for line, band, row in zip(ax.lines, ax.collections, range(3), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.append(0, found.days))
        np.testing.assert_array_equal(line.get_ydata(), np.append(0, found.incidence[row]))
        assert line.get_drawstyle() == "steps-post"
        assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(found.upper[row].max())
    ticks = [tick for tick in ax.get_xticks() if 0 <= tick <= found.domain[1]]
    written = {t.xy[0]: t.get_text() for t in ax.texts if t.get_text().isdigit()}
    assert written == {tick: str(int(found.at_risk_at([tick])[0])) for tick in ticks}


def test_groups_for_one_cause_have_a_row_of_numbers_each() -> None:
    groups = {"monthly": world(1), "yearly": world(2, 2000)}
    ax = plot_incidence(groups, cause="voluntary")
    assert [line.get_label() for line in ax.lines] == ["monthly", "yearly"]
    for line, found in zip(ax.lines, groups.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), np.append(0, found.incidence[found.row("voluntary")]))
    assert {"Why contracts end: by the customer", "at risk", "monthly", "yearly"} <= set(texts(ax))


def test_one_cause_alone() -> None:
    ax = plot_incidence(world(1), cause="involuntary", language="fr")
    assert len(ax.lines) == 1
    assert "Pourquoi les contrats prennent fin : par l’entreprise" in texts(ax)


def test_groups_without_a_cause_and_unknown_causes_are_refused() -> None:
    with pytest.raises(ParameterError, match="several groups are drawn for one cause"):
        plot_incidence({"monthly": world(1)})
    with pytest.raises(ParameterError, match="did you mean 'voluntary'"):
        plot_incidence(world(1), cause="volontary")

"""The money of a campaign is drawn as it is given: bars, intervals and amounts in words."""

from __future__ import annotations

import numpy as np
import pytest

from relkit.plots.campaign_money import WindowMoney, plot_campaign_money

NAN = float("nan")


def window(name: str, added: float, cost: float) -> WindowMoney:
    left = added - cost
    return WindowMoney(name=name, added=(added, added - 50, added + 50), cost=cost, net=(left, left - 50, left + 50), treated=2_000)


def test_each_window_has_a_bar_for_what_was_added_spent_and_left() -> None:
    ax = plot_campaign_money([window("day 28", 300.0, 100.0), window("day 84", 80.0, 100.0)], language="fr")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([300, -100, 200, 80, -100, -20])
    ends = [segment[:, 0].tolist() for lines in ax.collections for segment in lines.get_segments()]  # type: ignore[attr-defined]
    assert ends == [[250, 350], [150, 250], [30, 130], [-70, 30]]
    texts = [text.get_text().replace("\u202f", " ").replace("\u00a0", " ") for text in ax.texts]
    assert {"day 28", "day 84", "300 €  (150 € pour 1 000 traités)", "−20 €  (−10 € pour 1 000 traités)"} <= set(texts)
    assert [label.get_text() for label in ax.get_yticklabels()][:3] == ["Ajouté", "Coût", "Reste après coût"]


def test_an_unknown_interval_is_not_drawn_and_without_amounts_there_is_nothing() -> None:
    known = WindowMoney(name="day 28", added=(10.0, NAN, NAN), cost=0.0, net=(10.0, NAN, NAN), treated=1)
    assert len(plot_campaign_money([known]).collections) == 0
    unknown = WindowMoney(name="day 28", added=(NAN, NAN, NAN), cost=NAN, net=(NAN, NAN, NAN), treated=0)
    assert [text.get_text() for text in plot_campaign_money([unknown]).texts] == ["Nothing to draw"]
    assert np.isnan(unknown.cost)

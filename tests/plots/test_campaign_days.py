"""The daily curve is drawn as it is given, with both bands and the ends of the windows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from measured_campaigns import voucher

from relkit.plots.campaign_days import plot_campaign_days


def test_the_curve_its_bands_and_the_windows_are_drawn() -> None:
    days = voucher().table("days")
    ax = plot_campaign_days(days, windows=(28, 84), language="fr")
    _, curve, *ends = ax.lines
    assert np.asarray(curve.get_ydata()).tolist() == days["estimate"].to_list()
    assert [float(np.asarray(line.get_xdata())[0]) for line in ends] == [28, 84]
    assert [text.get_text() for text in ax.texts] == ["jour 28", "jour 84"]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(days["always_high"].max())
    assert ax.get_legend().get_texts()[0].get_text() == "bande valable tous les jours à la fois"  # type: ignore[union-attr]


def test_without_days_there_is_nothing_to_draw() -> None:
    nothing = pl.DataFrame(schema=voucher().table("days").schema)
    assert [text.get_text() for text in plot_campaign_days(nothing).texts] == ["Nothing to draw"]

from __future__ import annotations

from base64 import b64decode
from re import search

import numpy as np

from relkit.plots.customer_groups import plot_expected_ends
from relkit.plots.style import figure_of
from relkit.reports.look_back import look_back
from relkit.reports.pictures import Gallery, Picture


def picture(caption: str = "") -> Picture:
    return Picture(plot_expected_ends(np.array([3.0, 1.0]), days=90), caption)


def test_the_picture_is_inside_the_page_and_has_words() -> None:
    html = picture("More on the < left.")._repr_html_()
    png = b64decode(search(r'src="data:image/png;base64,([^"]+)"', html)[1])
    assert png.startswith(b"\x89PNG")
    assert html.count("More on the &lt; left.") == 2
    assert 'alt="More' in html
    assert 'width="720" height="432"' in html


def test_the_same_plot_gives_the_same_bytes() -> None:
    assert picture().png() == picture().png()


def test_a_gallery_without_pictures_says_why() -> None:
    assert Gallery((), "Too <little>.")._repr_html_() == "<p>Too &lt;little&gt;.</p>"
    assert Gallery((picture(), picture()))._repr_html_().count("<figure>") == 2


def test_a_look_back_shows_the_plots_a_marketer_reads_in_order() -> None:
    figure = figure_of(picture().drawn)
    shown = look_back({"calibration": figure, "hazard_ratios": figure, "decile_calibration": figure}, language="fr")
    assert [each.caption.split()[0] for each in shown.pictures] == ["Clients", "Contrats"]
    assert "too little history" in look_back({}, language="en")._repr_html_()

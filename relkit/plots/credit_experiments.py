"""Experiments next to models: the incremental conversions of each test with its interval, and what each model credits in the same days."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.plots.credit_models import ACROSS, channel_rows
from relkit.plots.dots import WIDEST
from relkit.plots.model_marks import model_marks
from relkit.plots.style import INK, PALE, axes_of, figure_of, house_style, nothing_to_draw, number_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXTS = (
    Text("Experiments and models, in the days of each test", "Expériences et modèles, sur les jours de chaque test"),
    Text("Conversions in the days of the test", "Conversions sur les jours du test"),
    Text("experiment, with its interval", "expérience, avec son intervalle"),
)


@house_style()
def plot_credit_experiments(tests: pl.DataFrame, credit: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw one row for each test: a bar for its interval, a line at its estimate, and the mark of each model.

    Args:
        tests: test (name for people), estimate, low, high; one row per test.
        credit: test, model (names for people), conversions credited in the days of the test.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    title, x_label, bar = in_language(_TEXTS, language)
    if tests.is_empty():
        return nothing_to_draw(ax, title, language)
    given = ax is not None
    ax = axes_of(ax, height=2.3 + 0.6 * len(tests))
    rows = {name: float(at) for at, name in enumerate(tests["test"])}
    at = np.array(list(rows.values()))
    low, high, middle = (tests[name].to_numpy() for name in ("low", "high", "estimate"))
    ax.barh(at, high - low, 0.62, left=low, color=PALE, linewidth=0, zorder=1, label=bar)
    ax.vlines(middle, at - 0.31, at + 0.31, color=INK, linewidth=2.2, zorder=2)
    marks = model_marks(credit["model"].to_list())
    for place, (model, mark) in enumerate(marks.items()):
        part = credit.filter(pl.col("model") == model, pl.col("test").is_in(list(rows)))
        y = np.array([rows[name] for name in part["test"]])
        ax.scatter(
            part["conversions"].to_numpy(), y, color=mark.colour, marker=mark.shape, s=58 if place == 0 else 36, zorder=3, label=model
        )
    channel_rows(ax, list(rows))
    ax.set_yticks(list(rows.values()), [fill(name, WIDEST) for name in rows])
    ax.set(title=title, xlabel=x_label)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    number_axis(ax.xaxis, language)
    ax.legend(ncols=ACROSS) if given else figure_of(ax).legend(loc="outside lower center", ncols=ACROSS)
    return ax

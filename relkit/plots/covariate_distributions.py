"""Distributions of covariates side by side, as histograms of seaborn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from relkit.errors import TableError
from relkit.plots.style import ACTUAL, MUTED, house_style, number_axis, percent_axis
from relkit.texts import Text

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

MOST_COVARIATES = 12
"""Covariates in one figure: more would be too small to read."""
_ACROSS = 3
_SHARE = Text("Share of rows", "Part des lignes")


@house_style()
def plot_covariate_distributions(values: pl.DataFrame, *, language: str = "en") -> Figure:
    """Draw the distribution of each column: two bars if it has the values 0 and 1 only, else a histogram.

    Args:
        values: numbers, one row per contract or customer; nulls are left out. Only the first 12 columns are drawn.
        language: en or fr.

    Returns:
        A figure with one pair of axes per column, three side by side.

    Raises:
        TableError: there is no column with a value.
    """
    columns = [column for column in values[:, :MOST_COVARIATES] if column.drop_nulls().len()]
    if not columns:
        raise TableError("there is no number to draw.", where="covariates", remedy="Give columns of numbers.")
    rows = -(-len(columns) // _ACROSS)
    figure = Figure(figsize=(9.5, 3.1 * rows), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    axes = figure.subplots(rows, _ACROSS, squeeze=False).ravel()
    for ax, column in zip(axes, columns, strict=False):
        _draw(ax, column.drop_nulls(), language)
    for ax in axes[::_ACROSS]:
        ax.set_ylabel(_SHARE[language])
    for ax in axes[len(columns) :]:
        ax.set_axis_off()
    return figure


def _draw(ax: Axes, column: pl.Series, language: str) -> None:
    import seaborn as sns

    is_flag = bool(column.is_in([0.0, 1.0]).all())
    sns.histplot(
        x=column.to_numpy(),
        ax=ax,
        stat="proportion",
        discrete=is_flag,
        bins="auto" if is_flag else 30,
        color=ACTUAL,
        shrink=0.8 if is_flag else 1,
    )
    ax.set(title=column.name, xlabel="", ylabel="")
    ax.axvline(float(column.mean()), color=MUTED, linewidth=1.2, linestyle="--")  # type: ignore[arg-type]  # of numbers
    percent_axis(ax.yaxis, language)
    number_axis(ax.xaxis, language, whole=is_flag)

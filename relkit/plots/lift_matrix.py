"""Matrix of lifts between the most bought products, similar products next to one another, pairs within chance muted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.metrics.clustering import average_linkage
from relkit.plots.short_names import short_names
from relkit.plots.style import GRID, INK, MUTED, axes_of, figure_of, house_style, nothing_to_draw, number
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

MOST_PRODUCTS = 20
MOST_LETTERS = 22
MOST_LIFT = 4.0
"""Lifts from here on have the darkest colour, and a quarter of one the darkest on the other side."""
WRITTEN = 16
"""Products up to which the lifts are written into the cells."""
_TEXTS = (
    Text("Lift between the most bought products", "Lift entre les produits les plus achetés"),
    Text("lift (1 = as often together as by chance)", "lift (1 = aussi souvent ensemble que par hasard)"),
    Text("grey: within chance, or too few baskets", "gris : dans les limites du hasard, ou trop peu de paniers"),
)


@house_style()
def plot_lift_matrix(
    pairs: pl.DataFrame,
    ax: Axes | None = None,
    *,
    names: Mapping[str, str] | None = None,
    most: int = MOST_PRODUCTS,
    language: str = "en",
) -> Axes:
    """Draw the lift of each pair of the most bought products; a pair that is not significant, or missing, is grey.

    Args:
        pairs: product_a, product_b, count_a, count_b (baskets), lift, is_significant.
        ax: where to draw; a new figure by default.
        names: of products by id; ids by default.
        most: products drawn at most.
        language: en or fr.
    """
    title, scale, grey = in_language(_TEXTS, language)
    products, lift = _square(pairs, most)
    if not products:
        return nothing_to_draw(ax, title, language)
    side = 2.2 + 0.34 * max(len(products), 6)
    ax = axes_of(ax, width=side + 1.2, height=side)
    image = ax.imshow(_logs(lift), cmap=_colours(), vmin=-1, vmax=1)
    labels = short_names([(names or {}).get(each) or each for each in products], MOST_LETTERS)
    _grid(ax, labels)
    if len(products) <= WRITTEN:
        _write(ax, lift, language)
    ax.set_title(title)
    ax.text(0.0, -0.01, grey, transform=ax.transAxes, va="top", fontsize=8, color=MUTED)
    _scale(ax, image, scale, language)
    return ax


def _square(pairs: pl.DataFrame, most: int) -> tuple[list[str], Floats]:
    """Return the products in the order of the leaves, and their lifts, shape (n, n); NaN if muted."""
    bought = dict(pairs.select("product_a", "count_a").iter_rows()) | dict(pairs.select("product_b", "count_b").iter_rows())
    products = sorted(bought, key=lambda product: (-bought[product], product))[:most]
    place = {product: i for i, product in enumerate(products)}
    lift = np.full((len(products), len(products)), np.nan)
    for a, b, value, matters in pairs.select("product_a", "product_b", "lift", "is_significant").iter_rows():
        if matters and a in place and b in place:
            lift[place[a], place[b]] = lift[place[b], place[a]] = value
    distance = 1.0 - _logs(np.where(np.isnan(lift), 1.0, lift))
    np.fill_diagonal(distance, 0.0)
    order = average_linkage(distance).order
    return [products[i] for i in order], lift[np.ix_(order, order)]


def _logs(lift: Floats) -> Floats:
    """Return lifts on a logarithmic scale from -1 to 1."""
    return np.asarray(np.clip(np.log(np.maximum(lift, 1e-9)) / np.log(MOST_LIFT), -1.0, 1.0))


def _colours() -> Any:
    """Return purple to orange, which readers who do not see red and green distinguish; grey for what is missing."""
    import matplotlib as mpl

    return mpl.colormaps["PuOr_r"].with_extremes(bad=GRID)


def _grid(ax: Axes, labels: Sequence[str]) -> None:
    n = len(labels)
    ax.set_xticks(range(n), labels, rotation=60, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(n), labels)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=8.5, colors=INK)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    for edge in range(1, n):
        ax.axhline(edge - 0.5, color="white", linewidth=1.2)
        ax.axvline(edge - 0.5, color="white", linewidth=1.2)


def _write(ax: Axes, lift: Floats, language: str) -> None:
    for (row, column), value in np.ndenumerate(lift):
        if np.isfinite(value):
            colour = "white" if abs(float(_logs(np.array(value)))) > 0.65 else INK
            ax.text(column, row, number(float(value), language, 1), ha="center", va="center", fontsize=7.5, color=colour)


def _scale(ax: Axes, image: Any, label: str, language: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    bar = figure_of(ax).colorbar(image, ax=ax, shrink=0.6, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(FixedLocator([-1, -0.5, 0, 0.5, 1]))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(MOST_LIFT**value, language, 2 if value < 0 else 0)))
    bar.set_label(label, fontsize=9)

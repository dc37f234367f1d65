"""Customer decision hierarchy: the products of a category as a tree, substitutes on one branch."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from relkit.plots.short_names import short_names
from relkit.plots.style import INK, MUTED, PALETTE, axes_of, house_style, number_axis
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from relkit.metrics.clustering import Clusters

MOST_LETTERS, TITLE_LETTERS = 30, 44
_TEXTS = (
    Text("Which products replace one another: {category}", "Quels produits se remplacent : {category}"),
    Text(
        "Dissimilarity (0 = the same customers switch, 0.5 = as by chance)", "Dissemblance (0 = mêmes clients qui alternent, 0,5 = hasard)"
    ),
    Text("by chance", "hasard"),
)
CHANCE = 0.5


@house_style()
def plot_decision_tree(clusters: Clusters, ax: Axes | None = None, *, names: Sequence[str], category: str, language: str = "en") -> Axes:
    """Draw the tree from the left, each group of substitutes (merged below 0.5) in a colour.

    Args:
        clusters: of the products, by `relkit.features.decision_hierarchy`.
        ax: where to draw; a new figure by default.
        names: of the products, in the order of the dissimilarities.
        category: in the title.
        language: en or fr.
    """
    title, x_label, chance = in_language(_TEXTS, language)
    n = len(names)
    ax = axes_of(ax, height=1.8 + 0.32 * max(n, 3))
    colours = _colours(clusters)
    height, place, colour = np.zeros(2 * n - 1), np.zeros(2 * n - 1), [*colours, *[MUTED] * (n - 1)]
    place[clusters.order] = np.arange(n)
    for at, (left, right) in enumerate(clusters.merges.tolist()):
        own, top = n + at, float(clusters.heights[at])
        height[own], place[own] = top, (place[left] + place[right]) / 2
        colour[own] = colour[left] if top < CHANCE else MUTED
        xs, ys = [height[left], top, top, height[right]], [place[left], place[left], place[right], place[right]]
        ax.plot(xs, ys, color=colour[own], linewidth=1.8, solid_capstyle="butt")
    ax.axvline(CHANCE, color=MUTED, linewidth=1, linestyle="--")
    ax.annotate(chance, (CHANCE, 0.0), (4, 4), ("data", "axes fraction"), textcoords="offset points", fontsize=8.5, color=MUTED)
    ax.set_yticks(range(n), short_names([names[i] for i in clusters.order], MOST_LETTERS))
    ax.tick_params(axis="y", length=0, colors=INK)
    ax.set(
        title=fill(title.format(category=category), TITLE_LETTERS),
        xlabel=x_label,
        xlim=(0, max(0.6, 1.05 * float(clusters.heights.max(initial=0.0)))),
    )
    ax.set_ylim(n - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    number_axis(ax.xaxis, language)
    return ax


def _colours(clusters: Clusters) -> list[str]:
    """Return the colour of each product: one per group of two or more that merges below chance, grey for those alone."""
    groups = clusters.groups(np.nextafter(CHANCE, 0))
    sizes = np.bincount(groups, minlength=1)
    several = [int(group) for group in np.flatnonzero(sizes > 1)]
    return [PALETTE[several.index(int(group)) % len(PALETTE)] if sizes[group] > 1 else MUTED for group in groups]

"""Network of the products that go together: a disc per product, a line per pair."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.plots.label_places import label_places
from relkit.plots.stress_layout import stress_layout
from relkit.plots.style import INK, MUTED, PALE, PALETTE, axes_of, figure_of, house_style, nothing_to_draw, number
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from matplotlib.axes import Axes

    from relkit.metrics.risk_sets import Floats

MOST_PAIRS = 25
"""Pairs drawn at most: more lines are indistinguishable on a printed page."""
MOST_GROUPS = 8
"""Groups with a colour of their own."""
WIDTH_INCHES, ROOM_INCHES = 8.2, 1.25
ASPECTS, NEAREST_INCHES = (2.4, 1.2, 0.6), 0.8
"""Widths over heights that are tried, until points are this far apart on average."""
LONGEST, LONGEST_INCHES = 1.6, 1.5
"""Length of the longest line over the shortest, and of a line of length one."""
LETTERS, POINTS_PER_INCH = 8.0, 72.0
"""Size of the labels, points."""
WIDEST = 18
"""Characters per line of a label."""
THIN, THICK = 0.9, 6.0
_TEXTS = (
    Text("Products that go together", "Produits achetés ensemble"),
    Text("lift {lift}", "lift {lift}"),
    Text("disc: baskets with the product", "disque : paniers contenant le produit"),
    Text(
        "line: pair bought together, thicker and shorter for a higher lift",
        "trait : paire achetée ensemble, plus épais et plus court si le lift est élevé",
    ),
)


@house_style()
def plot_association_network(
    pairs: pl.DataFrame,
    ax: Axes | None = None,
    *,
    names: Mapping[str, str] | None = None,
    groups: Mapping[str, str] | None = None,
    most: int = MOST_PAIRS,
    seed: int = 0,
    language: str = "en",
) -> Axes:
    """Draw the first pairs as a network; discs grow with the baskets of a product, lines with the lift of a pair.

    Args:
        pairs: product_a, product_b, count_a, count_b (baskets), lift; the most important first.
        ax: where to draw; a new figure by default.
        names: of products by id; ids by default.
        groups: of products by id, each with a colour; one colour by default.
        most: pairs drawn at most.
        seed: of the layout.
        language: en or fr.
    """
    title, _, disc, line = in_language(_TEXTS, language)
    graph = _Graph.of(pairs.head(most), names or {}, groups or {})
    if not graph.products:
        return nothing_to_draw(ax, title, language)
    at = graph.positions(seed)
    low, high = graph.page(at)
    width, height = high - low
    ax = axes_of(ax, width=WIDTH_INCHES, height=float(np.clip(height * WIDTH_INCHES / width + 1.25, 3.2, 11)))
    _draw(ax, graph, at, np.stack([low, high]))
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    _explain(ax, graph, (disc, line), language)
    ax.set_title(title)
    ax.axis("off")
    return ax


@dataclass(frozen=True, eq=False)
class _Graph:
    """A graph whose positions are in inches.

    Attributes:
        products: ids, the most bought first.
        baskets: with each product, shape (n,).
        edges: positions of the products of each pair.
        lift: of each pair, shape (m,).
        labels: of the products, broken over lines.
        colours: of the products.
        legend: colour of each group that has one; empty for a single group.
    """

    products: list[str]
    baskets: Floats
    edges: list[tuple[int, int]]
    lift: Floats
    labels: list[str]
    colours: list[str]
    legend: dict[str, str]

    @classmethod
    def of(cls, pairs: pl.DataFrame, names: Mapping[str, str], groups: Mapping[str, str]) -> _Graph:
        baskets = dict(pairs.select("product_a", "count_a").iter_rows()) | dict(pairs.select("product_b", "count_b").iter_rows())
        products = sorted(baskets, key=lambda product: (-baskets[product], product))
        place = {product: i for i, product in enumerate(products)}
        of = [groups.get(product, "") for product in products]
        known = [group for group in dict.fromkeys(of) if group][:MOST_GROUPS]
        legend = dict(zip(known, PALETTE, strict=False)) if len(known) > 1 else {}
        return cls(
            products=products,
            baskets=np.array([baskets[product] for product in products], dtype=np.float64),
            edges=[(place[a], place[b]) for a, b in pairs.select("product_a", "product_b").iter_rows()],
            lift=pairs["lift"].to_numpy().astype(np.float64),
            labels=[fill(names.get(product) or product, WIDEST) for product in products],
            colours=[(legend.get(group, MUTED) if legend else PALETTE[0]) for group in of],
            legend=legend,
        )

    @property
    def radius(self) -> Floats:
        """Radii in inches: the area grows with the baskets."""
        return np.asarray(0.07 + 0.17 * np.sqrt(self.baskets / max(float(self.baskets.max(initial=0.0)), 1.0)))

    @property
    def widths(self) -> Floats:
        """Line widths in points: they grow with the logarithm of the lift."""
        logs = np.log(np.maximum(self.lift, 1.0))
        return np.asarray(THIN + (THICK - THIN) * logs / max(float(logs.max(initial=0.0)), 1e-9))

    @property
    def lengths(self) -> list[float]:
        """Lengths of the lines: 1 for the highest lift up to `LONGEST` for the lowest, which also spreads the leaves of a hub."""
        order = np.argsort(np.argsort(-self.lift, kind="stable"), kind="stable")
        return [float(each) for each in 1 + (LONGEST - 1) * order / max(len(order) - 1, 1)]

    def positions(self, seed: int) -> Floats:
        """Return positions in inches; parts stand one above another rather than side by side if points would crowd otherwise."""
        for wide in ASPECTS:
            laid = stress_layout(len(self.products), self.edges, self.lengths, wide=wide, room=(1.1, 0.6), seed=seed)
            extent = float(np.ptp(laid[:, 0])) or 1.0
            at = (laid - laid.min(axis=0)) * min((WIDTH_INCHES - 2 * ROOM_INCHES) / extent, LONGEST_INCHES)
            if _nearest(at) >= NEAREST_INCHES:
                break
        return np.asarray(at)

    def page(self, at: Floats) -> Floats:
        """Return the lower left and the upper right corner of the page around positions, shape (2, 2)."""
        margin = np.array([ROOM_INCHES, 0.45])
        low, high = at.min(axis=0) - margin, at.max(axis=0) + margin
        spare = np.array([max(WIDTH_INCHES - float(high[0] - low[0]), 0.0) / 2, 0.0])
        return np.array([low - spare, high + spare])

    def label_sizes(self) -> Floats:
        """Return width and height of the labels in inches, shape (n, 2)."""
        from matplotlib.textpath import TextPath

        lines = [label.split("\n") for label in self.labels]
        wide = [max(float(TextPath((0, 0), text or " ", size=LETTERS).get_extents().width) for text in part) for part in lines]
        high = [1.25 * LETTERS * len(part) for part in lines]
        return 1.12 * np.array([wide, high]).T / POINTS_PER_INCH  # the page may shrink a little to make room for the legend


def _nearest(at: Floats) -> float:
    """Return the mean distance of a point from the nearest other one."""
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(axis=1).mean())


def _draw(ax: Axes, graph: _Graph, at: Floats, page: Floats) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    segments: Any = [at[[a, b]] for a, b in graph.edges]
    ax.add_collection(LineCollection(segments, linewidths=graph.widths, colors=PALE, capstyle="round", zorder=1))
    for (x, y), radius, colour in zip(at, graph.radius, graph.colours, strict=True):
        ax.add_patch(Circle((x, y), radius, facecolor=colour, edgecolor="white", linewidth=1.2, zorder=2))
    for (x, y), text in zip(label_places(at, graph.radius, graph.label_sizes(), graph.edges, page), graph.labels, strict=True):
        ax.text(x, y, text, ha="center", va="center", fontsize=LETTERS, linespacing=1.05, color=INK, zorder=3)


def _explain(ax: Axes, graph: _Graph, words: Sequence[str], language: str) -> None:
    """Add a legend: the groups, and the lift of the thinnest and the thickest line."""
    from matplotlib.lines import Line2D

    dots = [Line2D([], [], color=c, marker="o", linestyle="none", markersize=7, label=name) for name, c in graph.legend.items()]
    ends = dict.fromkeys((int(np.argmin(graph.lift)), int(np.argmax(graph.lift))))
    written = [(number(float(graph.lift[i]), language, 1), graph.widths[i]) for i in ends]
    lines = [
        Line2D([], [], color=PALE, linewidth=width, solid_capstyle="round", label=_TEXTS[1][language].format(lift=lift))
        for lift, width in written
    ]
    ax.text(0.5, 0.0, " · ".join(words), transform=ax.transAxes, ha="center", va="top", fontsize=8, color=MUTED)
    figure_of(ax).legend(handles=[*dots, *lines], loc="outside lower center", ncols=min(len(dots) + len(lines), 6))

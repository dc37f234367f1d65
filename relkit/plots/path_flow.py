"""Flow of the most frequent paths to a conversion, as a static Sankey diagram: one column a step, the last touch next to the conversion.

Paths are aligned at the conversion, so that the last column of channels has the touches that rules of the last touch credit. A band is
as thick as the conversions that passed from one channel to the next; what came before the first column shown is in its grey node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.plots.short_names import short_names
from relkit.plots.style import INK, MODEL, MUTED, PALETTE, axes_of, house_style, nothing_to_draw, number
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from matplotlib.axes import Axes

STEPS = 4
"""Columns of channels; of longer paths, the last ones are drawn."""
WIDTH, GAP = 0.16, 0.035
"""Width of a node, in columns, and the space between two nodes, as a share of all conversions."""
MOST_LETTERS = 18
NAMED = 0.022
"""Nodes smaller than this share of all conversions have no name."""
_TEXTS = (
    Text("The most frequent ways to a conversion", "Les chemins les plus fréquents vers une conversion"),
    Text("conversion", "conversion"),
    Text("earlier", "avant"),
    Text("{n} touches before", "{n} contacts avant"),
    Text("last touch", "dernier contact"),
)
EARLIER, CONVERSION = "\x00earlier", "\x00conversion"
"""Nodes that are no channels; no channel has such a name."""


@dataclass(frozen=True)
class Node:
    """A channel at a step: its column, the lower end and the height of its bar."""

    column: int
    name: str
    bottom: float
    height: float


@house_style()
def plot_path_flow(paths: pl.DataFrame, ax: Axes | None = None, *, steps: int = STEPS, language: str = "en") -> Axes:
    """Draw the flow of conversions from touch to touch.

    Args:
        paths: channels (list of names in order of time, at least one each), conversions.
        ax: where to draw; a new figure by default.
        steps: columns of channels.
        language: en or fr.
    """
    title, conversion, earlier, before, last = in_language(_TEXTS, language)
    flows = path_flows(paths, steps)
    if not flows:
        return nothing_to_draw(ax, title, language)
    ax = axes_of(ax, width=9.0, height=5.2)
    first = min(column for (column, _, _) in flows)
    nodes = _nodes(flows)
    colours = _colours(nodes)
    _bands(ax, flows, nodes, colours)
    shown = {CONVERSION: conversion, EARLIER: earlier}
    channels = sorted({node.name for node in nodes.values()} - set(shown))
    shown |= dict(zip(channels, short_names(channels, MOST_LETTERS), strict=True))
    total = sum(node.height for node in nodes.values() if node.name == CONVERSION)
    for node in nodes.values():
        _bar(ax, node, colours[node.name], shown[node.name], total, language)
    ticks = [last if column == steps - 1 else before.format(n=steps - column) for column in range(first, steps)]
    ax.set_xticks([*range(first, steps), steps], [*ticks, ""])
    ax.set(title=title, xlim=(first - 0.25, steps + 0.75))
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    return ax


def path_flows(paths: pl.DataFrame, steps: int = STEPS) -> dict[tuple[int, str, str], float]:
    """Return the conversions that pass from a node of a column to one of the next, by column and the names of both.

    Examples:
        >>> import polars as pl
        >>> paths = pl.DataFrame({"channels": [["a", "b"], ["b"]], "conversions": [2.0, 1.0]})
        >>> {key: n for key, n in path_flows(paths, 2).items() if key[2] != CONVERSION}
        {(0, 'a', 'b'): 2.0}
        >>> path_flows(paths, 2)[1, "b", CONVERSION]
        3.0
    """
    flows: dict[tuple[int, str, str], float] = {}
    for channels, conversions in paths.select("channels", "conversions").iter_rows():
        kept = [str(name) for name in channels[-steps:]]
        if len(channels) > steps:
            kept[0] = EARLIER
        for at, (start, then) in enumerate(zip(kept, [*kept[1:], CONVERSION], strict=True), steps - len(kept)):
            flows[at, start, then] = flows.get((at, start, then), 0.0) + float(conversions)
    return {key: n for key, n in flows.items() if n > 0}


def _nodes(flows: Mapping[tuple[int, str, str], float]) -> dict[tuple[int, str], Node]:
    """Return the nodes, the largest of a column at the top, columns centred on one another."""
    sizes: dict[tuple[int, str], float] = {}
    for (column, start, then), n in flows.items():
        sizes[column, start] = sizes.get((column, start), 0.0) + n
        if then == CONVERSION:
            sizes[column + 1, then] = sizes.get((column + 1, then), 0.0) + n
    total = max(n for (_, name), n in sizes.items() if name == CONVERSION)
    nodes = {}
    for column in sorted({column for column, _ in sizes}):
        own = sorted(
            ((n, name) for (at, name), n in sizes.items() if at == column), key=lambda part: (part[1] == EARLIER, -part[0], part[1])
        )
        gaps = GAP * total
        top = (sum(n for n, _ in own) + gaps * (len(own) - 1)) / 2
        for n, name in own:
            nodes[column, name] = Node(column, name, top - n, n)
            top -= n + gaps
    return nodes


def _colours(nodes: Mapping[tuple[int, str], Node]) -> dict[str, str]:
    """Return a colour for each name: the channels with most conversions have their own, the others share the last."""
    sizes: dict[str, float] = {}
    for node in nodes.values():
        sizes[node.name] = sizes.get(node.name, 0.0) + node.height
    channels = sorted((name for name in sizes if name not in {EARLIER, CONVERSION}), key=lambda name: (-sizes[name], name))
    own = [colour for colour in PALETTE if colour != MODEL]
    found = {name: own[min(at, len(own) - 1)] for at, name in enumerate(channels)}
    return found | {EARLIER: MUTED, CONVERSION: MODEL}


def _bands(
    ax: Axes, flows: Mapping[tuple[int, str, str], float], nodes: Mapping[tuple[int, str], Node], colours: Mapping[str, str]
) -> None:
    """Draw the bands in the order of their nodes, each next to the one before at both ends."""
    left = {key: node.bottom + node.height for key, node in nodes.items()}
    right = dict(left)
    for (column, start, then), n in sorted(flows.items(), key=lambda flow: _place(flow[0], nodes)):
        end = column + 1, then
        _band(ax, (column + WIDTH / 2, left[column, start]), (column + 1 - WIDTH / 2, right[end]), n, colours[start])
        left[column, start] -= n
        right[end] -= n


def _place(key: tuple[int, str, str], nodes: Mapping[tuple[int, str], Node]) -> tuple[int, float, float]:
    column, start, then = key
    return column, -nodes[column, start].bottom, -nodes[column + 1, then].bottom


def _band(ax: Axes, start: tuple[float, float], end: tuple[float, float], thickness: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    corners = [
        *((x0, y0), (middle, y0), (middle, y1), (x1, y1)),
        *((x1, y1 - thickness), (middle, y1 - thickness), (middle, y0 - thickness), (x0, y0 - thickness), (x0, y0)),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, codes), facecolor=colour, edgecolor="none", linewidth=0, alpha=0.38, zorder=1))


def _bar(ax: Axes, node: Node, colour: str, name: str, total: float, language: str) -> None:
    from matplotlib.patches import Rectangle

    corner = node.column - WIDTH / 2, node.bottom
    ax.add_patch(Rectangle(corner, WIDTH, node.height, facecolor=colour, edgecolor="none", linewidth=0, zorder=2))
    ax.update_datalim([corner, (corner[0] + WIDTH, node.bottom + node.height)])
    ax.autoscale_view()
    if node.height >= NAMED * total:
        middle = node.bottom + node.height / 2
        text = f"{name}\n{number(node.height, language)}" if node.height >= 0.06 * total else name
        ax.text(node.column + 0.62 * WIDTH, middle, text, va="center", fontsize=8.5, color=INK, zorder=3)

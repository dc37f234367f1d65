"""Transition graph of journeys: channels on an ellipse between the start and the two ends, with the steps taken most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.plots.short_names import short_names
from relkit.plots.style import ACTUAL, INK, MODEL, MUTED, PALE, axes_of, house_style, nothing_to_draw, percent
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CHANNELS, MOST_STEPS = 9, 25
MOST_LETTERS = 14
BEND, LABEL_AT = 0.16, 0.36
"""Bend of the arrows, and the share of the way at which the label is written."""
WRITTEN_SHARE = 0.15
"""Shares from here on are written next to their arrow."""
_TEXTS = {
    "title": Text("The steps that journeys take most", "Les passages les plus fréquents des parcours"),
    "start": Text("start", "début"),
    "converted": Text("conversion", "conversion"),
    "left": Text("no conversion", "sans conversion"),
    "key": Text(
        "width: journeys; percentage: of the touches of the channel it leaves, from {least} up",
        "épaisseur : parcours ; pourcentage : des contacts du canal quitté, à partir de {least}",
    ),
}
START, CONVERTED, LEFT = "start", "converted", "left"
Place = tuple[float, float]


@house_style()
def plot_journey_graph(transitions: pl.DataFrame, ax: Axes | None = None, *, language: str = "en") -> Axes:
    """Draw the start at the left, the ends at the right, the channels between, and an arrow per step.

    Args:
        transitions: origin_state, origin, state, channel, journeys, share; those too few to show are left out by the caller.
        ax: where to draw; a new figure by default.
        language: en or fr.
    """
    texts = in_language(_TEXTS, language)
    steps = _drawn(transitions)
    channels = _channels(steps)
    if not channels:
        return nothing_to_draw(ax, texts["title"], language)
    ax = axes_of(ax, width=8.6, height=5.4)
    places = _places(channels)
    longest = float(steps["journeys"].max())  # type: ignore[arg-type]
    for state, origin, to, channel, journeys, share in steps.select(_COLUMNS).iter_rows():
        left, right = (places.get(_node(*node)) for node in ((state, origin), (to, channel)))
        if left is not None and right is not None:
            text = percent(share, language) if share >= WRITTEN_SHARE and left != right else ""
            _arrow(ax, left, right, 0.6 + 5.0 * journeys / longest, text, to)
    _nodes(ax, channels, places, texts)
    ax.set(title=texts["title"], xlim=(-1.75, 1.85), ylim=(-1.3, 1.22))
    ax.set_aspect("equal")
    ax.axis("off")
    ax.text(0.0, 0.0, texts["key"].format(least=percent(WRITTEN_SHARE, language)), transform=ax.transAxes, fontsize=8.5, color=MUTED)
    return ax


_COLUMNS = ("origin_state", "origin", "state", "channel", "journeys", "share")


def _node(state: str, channel: str | None) -> str:
    return f"channel {channel}" if channel is not None else state


def _drawn(transitions: pl.DataFrame) -> pl.DataFrame:
    """Return the most frequent steps, and in any case those to a conversion, which the reader looks for."""
    ranked = transitions.sort("journeys", descending=True, maintain_order=True).with_row_index("rank")
    return ranked.filter((pl.col("rank") < MOST_STEPS) | (pl.col("state") == CONVERTED)).drop("rank")


def _channels(steps: pl.DataFrame) -> list[str]:
    """Return the channels drawn, those reached most."""
    reached = steps.drop_nulls("channel").group_by("channel").agg(pl.col("journeys").sum())
    ranked = reached.sort(["journeys", "channel"], descending=[True, False]).head(MOST_CHANNELS)
    return sorted(ranked["channel"].to_list())


def _places(channels: list[str]) -> dict[str, Place]:
    """Return the place of each node: channels on an ellipse, in alphabetical order, clockwise from the left."""
    angles = np.pi - 2 * np.pi * (np.arange(len(channels)) + 0.5) / len(channels)
    own = {_node("", name): (0.85 * float(np.cos(a)), 0.95 * float(np.sin(a))) for name, a in zip(channels, angles, strict=True)}
    return own | {START: (-1.55, 0.0), CONVERTED: (1.55, 0.45), LEFT: (1.55, -0.45)}


def _arrow(ax: Axes, left: Place, right: Place, width: float, text: str, to: str) -> None:
    colour = MODEL if to == CONVERTED else MUTED if to == LEFT else PALE
    if left == right:
        _loop(ax, left, width)
        return
    shape = {"arrowstyle": "-|>,head_length=0.5,head_width=0.22", "connectionstyle": f"arc3,rad={BEND}", "color": colour, "lw": width}
    ax.annotate("", right, left, arrowprops={**shape, "shrinkA": 22, "shrinkB": 24, "alpha": 0.75, "mutation_scale": 12}, zorder=1)
    if text:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
        ax.text(*_on_arc(left, right), text, fontsize=8, color=INK, ha="center", va="center", zorder=4, bbox=box)


def _on_arc(left: Place, right: Place) -> Place:
    """Return the place of the label of an arrow, a third of the way along its arc (a quadratic Bézier curve)."""
    across, up = right[0] - left[0], right[1] - left[1]
    control = ((left[0] + right[0]) / 2 + BEND * up, (left[1] + right[1]) / 2 - BEND * across)
    before, along, after = (1 - LABEL_AT) ** 2, 2 * LABEL_AT * (1 - LABEL_AT), LABEL_AT**2
    x, y = (before * left[axis] + along * control[axis] + after * right[axis] for axis in (0, 1))
    return x, y


def _loop(ax: Axes, at: Place, width: float) -> None:
    """Draw the steps from a channel to itself as a ring outside the ellipse."""
    from matplotlib.patches import Circle

    out = float(np.hypot(*at)) or 1.0
    centre = (at[0] * (1 + 0.17 / out), at[1] * (1 + 0.17 / out))
    ax.add_patch(Circle(centre, 0.13, fill=False, edgecolor=PALE, linewidth=width, alpha=0.75, zorder=1))


def _nodes(ax: Axes, channels: list[str], places: dict[str, Place], texts: dict[str, str]) -> None:
    names = short_names(channels, MOST_LETTERS)
    ends = {START: INK, CONVERTED: MODEL, LEFT: MUTED}
    labels = {_node("", channel): name for channel, name in zip(channels, names, strict=True)} | {end: texts[end] for end in ends}
    for node, label in labels.items():
        colour = ends.get(node, ACTUAL)
        box = {"boxstyle": "round,pad=0.42", "facecolor": colour, "edgecolor": "white", "linewidth": 1.5}
        ax.text(*places[node], label, ha="center", va="center", fontsize=9.5, color="white", zorder=5, bbox=box)

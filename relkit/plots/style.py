"""House style of the plots, and formatting of numbers and words in French and in English.

Figures are made without pyplot, so nothing is kept after the caller drops them, and no setting of the caller's
session is changed: the style applies inside `house_style()` only.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator, MultipleLocator

from relkit.texts import Text
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

INK = "#1f2a37"
MUTED = "#6b7280"
GRID = "#e5e7eb"
PALE = "#a9bccf"
ACTUAL = "#1f4e79"
MODEL = "#d9722e"
PALETTE = ("#1f4e79", "#d9722e", "#2a9d8f", "#8e5ea2", "#b8860b", "#7f8c8d", "#c0392b", "#3d85c6")
"""Colours distinguishable by readers who do not see red and green, and in grey print by their order of lightness."""

WHITE_GRID: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.linewidth": 1.25,
    "font.sans-serif": ["Arial", "DejaVu Sans", "Liberation Sans", "Bitstream Vera Sans", "sans-serif"],
    "grid.linewidth": 1,
    "legend.title_fontsize": 12,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "xtick.bottom": False,
    "xtick.major.size": 6,
    "xtick.major.width": 1.25,
    "xtick.minor.size": 4,
    "xtick.minor.width": 1,
    "ytick.left": False,
    "ytick.major.size": 6,
    "ytick.major.width": 1.25,
    "ytick.minor.size": 4,
    "ytick.minor.width": 1,
}
"""seaborn's theme `whitegrid` in the context `notebook`, as numbers: seaborn takes three seconds to import for these lines."""

_NOTHING = Text("Nothing to draw", "Rien à représenter")
_NARROW, _HARD = "\u202f", "\u00a0"
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the house style to what is drawn inside, and only there."""
    style: dict[Any, Any] = {
        **WHITE_GRID,
        "axes.edgecolor": MUTED,
        "axes.grid.axis": "y",
        "axes.labelcolor": INK,
        "axes.labelsize": 10.5,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlepad": 12,
        "axes.titlesize": 12.5,
        "text.parse_math": False,  # a plan called "$10 or $20" is not a formula
        "axes.titleweight": "bold",
        "figure.dpi": 120,
        "figure.facecolor": "white",
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "grid.color": GRID,
        "legend.fontsize": 9.5,
        "legend.frameon": False,
        "text.color": INK,
        "xtick.color": MUTED,
        "xtick.labelsize": 9.5,
        "ytick.color": MUTED,
        "ytick.labelsize": 9.5,
    }
    with mpl.rc_context(style):
        yield


def axes_of(ax: Axes | None, *, width: float = 7.5, height: float = 4.5) -> Axes:
    """Return `ax`, or the only axes of a new figure; sizes in inches."""
    if ax is not None:
        return ax
    roomy = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=(width, height), layout=roomy).subplots()


def figure_of(ax: Axes) -> Figure:
    """Return the figure of `ax`."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def nothing_to_draw(ax: Axes | None, title: str, language: str) -> Axes:
    """Return axes with a title that state that there is nothing to draw."""
    ax = axes_of(ax, height=1.8)
    ax.text(0.5, 0.5, _NOTHING[language], ha="center", color=MUTED, transform=ax.transAxes)
    ax.set_title(title)
    ax.axis("off")
    return ax


def number(value: float, language: str, digits: int = 0) -> str:
    """Return a number as people write it.

    Examples:
        >>> number(1234.5, "en", 1)
        '1,234.5'
        >>> number(-1234.5, "fr", 1).replace("\u202f", "_")
        '−1_234,5'
    """
    marks = Text(",.", f"{_NARROW},")[language]
    return f"{value:,.{digits}f}".replace("-", "−").translate(str.maketrans(",.", marks))


def percent(value: float, language: str, digits: int = 0) -> str:
    """Return a share as a percentage.

    Examples:
        >>> percent(0.125, "en", 1)
        '12.5%'
        >>> percent(0.125, "fr", 1).replace("\u00a0", " ")
        '12,5 %'
    """
    return number(100 * value, language, digits) + Text("%", f"{_HARD}%")[language]


def money(value: float, currency: str, language: str, digits: int = 0) -> str:
    """Return an amount; `currency` is an ISO code.

    Examples:
        >>> money(1234.5, "EUR", "en", 1), money(5, "CHF", "en").replace("\u00a0", " ")
        ('€1,234.5', 'CHF 5')
        >>> money(1234.5, "EUR", "fr", 1).replace("\u202f", " ").replace("\u00a0", " ")
        '1 234,5 €'
    """
    text, symbol = number(abs(value), language, digits), _SYMBOLS.get(currency, currency)
    sign = "−" if value < 0 else ""
    if language == "fr":
        return f"{sign}{text}{_HARD}{symbol}"
    return f"{sign}{symbol}{text}" if symbol != currency else f"{sign}{symbol}{_HARD}{text}"


def number_axis(axis: Axis, language: str, *, whole: bool = False) -> None:
    """Write the ticks of an axis as numbers; only whole ones if `whole`."""
    if whole:
        axis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
    axis.set_major_formatter(_StepFormatter(lambda value, digits: number(value, language, digits)))


def percent_axis(axis: Axis, language: str) -> None:
    """Write the ticks of an axis of shares as percentages."""
    axis.set_major_formatter(_StepFormatter(lambda value, digits: percent(value, language, max(digits - 2, 0))))


def money_axis(axis: Axis, currency: str, language: str) -> None:
    """Write the ticks of an axis as amounts."""
    axis.set_major_formatter(_StepFormatter(lambda value, digits: money(value, currency, language, digits)))


def day_axis(axis: Axis, last: float, language: str) -> None:
    """Write the ticks of an axis of ages from 0 to `last` days at weeks, months, quarters or years, at most nine of them."""
    steps = (1, 2, 7, 14, 30, 90, 180, 365, 730, 1825, 3650)
    axis.set_major_locator(MultipleLocator(next((step for step in steps if last / step <= 9), last / 8)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language)))


def month_axis(axis: Axis, last: float, language: str) -> None:
    """Write the ticks of an axis of ages from 0 to `last` days in months (of 365.25 / 12 days), at most nine of them.

    Examples:
        >>> ax = axes_of(None)
        >>> month_axis(ax.xaxis, 1000.0, "en")
        >>> ax.xaxis.get_major_formatter()(2 * 365.25)
        '24'
    """
    month, steps = DAYS_PER_MONTH, (0.25, 0.5, 1, 2, 3, 6, 12, 24, 60, 120, 240)
    step = next((step for step in steps if last / (step * month) <= 9), last / month / 8)
    axis.set_major_locator(MultipleLocator(step * month))
    digits = 0 if step == int(step) else 2
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value / month, language, digits)))


class _StepFormatter(Formatter):
    """Tick formatter with as many decimals as distinguish the ticks, counted once for all ticks of an axis."""

    def __init__(self, write: Callable[[float, int], str]) -> None:
        self._write = write
        self._decimals: int | None = None

    def __call__(self, x: float, pos: int | None = None) -> str:  # noqa: ARG002  (the signature of matplotlib)
        axis: Any = self.axis
        return self._write(x, _digits(axis.get_majorticklocs()) if self._decimals is None else self._decimals)

    def set_locs(self, locs: list[float]) -> None:
        """Set the ticks that are about to be written."""
        self._decimals = _digits(locs)


def _digits(ticks: Sequence[float]) -> int:
    """Return the number of decimals that distinguishes neighbouring ticks."""
    step = abs(float(ticks[1] - ticks[0])) if len(ticks) > 1 else 1.0
    for digits in range(6):
        if abs(step * 10**digits - round(step * 10**digits)) < 1e-6:
            return digits
    return 6

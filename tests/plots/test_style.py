"""Numbers and words in both languages, and a style that stays inside its block."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from relkit.errors import ParameterError
from relkit.plots.style import (
    WHITE_GRID,
    axes_of,
    day_axis,
    figure_of,
    house_style,
    money,
    money_axis,
    number,
    number_axis,
    percent,
    percent_axis,
)

NARROW, HARD = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("value", "digits", "english", "french"),
    [
        (0.0, 0, "0", "0"),
        (1234567.891, 2, "1,234,567.89", f"1{NARROW}234{NARROW}567,89"),
        (-0.5, 1, "\u22120.5", "\u22120,5"),
    ],
)
def test_numbers(value: float, digits: int, english: str, french: str) -> None:
    assert number(value, "en", digits) == english
    assert number(value, "fr", digits) == french


@pytest.mark.parametrize(
    ("value", "currency", "english", "french"),
    [
        (1234.5, "EUR", "€1,234.5", f"1{NARROW}234,5{HARD}€"),
        (-20.0, "USD", "\u2212$20.0", f"\u221220,0{HARD}$"),
        (20.0, "CHF", f"CHF{HARD}20.0", f"20,0{HARD}CHF"),
    ],
)
def test_amounts(value: float, currency: str, english: str, french: str) -> None:
    assert money(value, currency, "en", 1) == english
    assert money(value, currency, "fr", 1) == french


def test_shares() -> None:
    assert percent(0.256, "en") == "26%"
    assert percent(0.256, "fr", 1) == f"25,6{HARD}%"


def test_an_unknown_language_names_those_there_are() -> None:
    with pytest.raises(ParameterError, match="unknown language 'french'; did you mean 'fr'"):
        number(1.0, "french")


def labels(axis: mpl.axis.Axis) -> list[str]:
    return [axis.get_major_formatter()(tick, i) for i, tick in enumerate(axis.get_majorticklocs())]


def test_ticks_carry_the_decimals_that_tell_them_apart() -> None:
    ax = axes_of(None)
    ax.set(xlim=(0, 2), ylim=(0, 0.02))
    ax.set_xticks([0, 0.5, 1, 1.5, 2])
    ax.set_yticks([0, 0.005, 0.01])
    number_axis(ax.xaxis, "fr")
    assert labels(ax.xaxis) == ["0,0", "0,5", "1,0", "1,5", "2,0"]
    percent_axis(ax.yaxis, "en")
    assert labels(ax.yaxis) == ["0.0%", "0.5%", "1.0%"]
    money_axis(ax.xaxis, "EUR", "en")
    assert labels(ax.xaxis)[1] == "€0.5"
    ax.set_xticks([1.0])
    assert labels(ax.xaxis) == ["€1"]
    ax.set_xticks([0, 1 / 3])
    assert labels(ax.xaxis)[1] == "€0.333333"


def test_whole_numbers_and_ages_have_round_ticks() -> None:
    ax = axes_of(None)
    ax.set(xlim=(0, 3), ylim=(0, 800))
    number_axis(ax.xaxis, "en", whole=True)
    assert all(tick == int(tick) for tick in ax.get_xticks())
    day_axis(ax.yaxis, 800, "en")
    assert ax.get_yticks()[1:3].tolist() == [0, 90]
    day_axis(ax.yaxis, 100_000, "en")
    assert ax.get_yticks()[1:3].tolist() == [0, 12_500]


def test_the_style_ends_with_its_block() -> None:
    before = dict(mpl.rcParams)
    with house_style():
        assert mpl.rcParams["axes.titleweight"] == "bold"
    assert dict(mpl.rcParams) == before


def test_two_dollars_in_a_name_are_no_formula() -> None:
    with house_style():
        ax = axes_of(None)
        ax.set_title("Plan at $10_ or $20")
        ax.figure.canvas.draw()  # type: ignore[union-attr]
    assert not ax.title.get_parse_math()


def test_axes_given_are_the_axes_used() -> None:
    ax = Figure().subplots()
    assert axes_of(ax) is ax
    assert figure_of(axes_of(None)) is not figure_of(axes_of(None))


def test_importing_the_plots_loads_neither_seaborn_nor_pyplot() -> None:
    program = "import sys, relkit.families.bindings; print({'seaborn', 'matplotlib.pyplot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_theme_is_that_of_seaborn() -> None:
    import seaborn as sns

    theirs = {**sns.plotting_context("notebook"), **sns.axes_style("whitegrid")}
    differ = {name for name, value in theirs.items() if mpl.rcParamsDefault[name] != value}
    own = set(WHITE_GRID)
    assert {name: theirs[name] for name in own} == WHITE_GRID
    with house_style():
        left = {name for name in differ - own if mpl.rcParams[name] == mpl.rcParamsDefault[name]}
    assert left <= {"image.cmap", "axes.spines.left", "axes.spines.right", "axes.spines.top", "font.family", "font.size"}

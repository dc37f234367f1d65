from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relkit.errors import ParameterError
from relkit.reports.summary_tables import DASH, Headlines, KeyFigures, Shown, SummaryTable, day_in_words, hidden_groups, written

GROUPS = pl.DataFrame({"group": ["a", "b", "c"], "n": [1200, 40, 3], "margin": [10.5, 99.0, 1.0], "share": [0.5, 0.25, 0.25]})
COLUMNS = (
    Shown("group", "Group"),
    Shown("n", "Customers", "count"),
    Shown("margin", "Margin", "money", 2),
    Shown("share", "Share", "share", 1),
)


def table(**more) -> SummaryTable:
    return SummaryTable(**{"frame": GROUPS, "columns": COLUMNS, "count": "n", **more})


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs) -> None:  # noqa: ARG002
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_a_group_whose_size_is_not_stated_is_a_dash() -> None:
    frame = pl.DataFrame({"name": ["a", "b"], "n": [500, None], "effect": [1.5, None]})
    shown = (Shown("name", "Group"), Shown("n", "Customers", "count"), Shown("effect", "Effect", "number", 1))
    cells = SummaryTable(frame=frame, columns=shown, caption="c", language="en", count="n").cells()
    assert cells == [["a", "500", "1.5"], ["b", DASH, DASH]]


def test_numbers_are_written_as_people_write_them() -> None:
    assert table().cells()[0] == ["a", "1,200", "€10.50", "50.0%"]
    french = table(language="fr").cells()[0]
    assert [cell.replace("\u202f", " ").replace("\u00a0", " ") for cell in french] == ["a", "1 200", "10,50 €", "50,0 %"]


def test_groups_under_ten_are_masked_and_a_note_says_so() -> None:
    small = table()
    assert small.cells()[2] == ["c", "< 10", DASH, DASH]
    assert "Groups of fewer than 10 are not shown" in small._repr_html_()
    assert "moins de 10" in table(language="fr")._repr_html_()


def test_a_total_does_not_give_the_one_small_group_away() -> None:
    cells = table(total={"group": "All", "n": 1243, "margin": 110.5, "share": 1.0}).cells()
    assert [row[1] for row in cells] == ["1,200", "hidden", "< 10", "1,243"]
    assert cells[1][2] == DASH


def test_nothing_is_masked_where_nothing_is_counted_or_every_group_is_large() -> None:
    assert "not shown" not in table(count=None)._repr_html_()
    assert "not shown" not in table(frame=GROUPS.head(2))._repr_html_()
    assert table(count=None).cells()[2][2] == "€1.00"


@given(st.lists(st.integers(0, 60), max_size=8), st.booleans())
def test_no_small_group_can_be_worked_out_from_the_total(counts: list[int], has_total: bool) -> None:
    masks = hidden_groups(counts, has_total=has_total)
    assert all(text for n, text in zip(counts, masks, strict=True) if 0 < n < 10)
    hidden = [n for n, text in zip(counts, masks, strict=True) if text]
    if has_total and any(n >= 10 for n in counts):
        assert len(hidden) != 1
    assert sum(1 for n in hidden if n >= 10) <= 1


def test_the_html_has_the_cells_escaped() -> None:
    odd = GROUPS.with_columns(group=pl.Series(["<b>", "&", "c"]))
    reader = Cells()
    html = table(frame=odd, caption="A <caption>", notes=("A & note.",))._repr_html_()
    reader.feed(html.split('<div class="notes">')[0])
    assert reader.rows == [["Group", "Customers", "Margin", "Share"], *table(frame=odd).cells()]
    assert "A &lt;caption&gt;" in html
    assert "A &amp; note." in html


def test_the_total_is_last_and_set_apart() -> None:
    html = table(total={"group": "All", "n": 1243})._repr_html_()
    assert html.count('class="total"') == 1
    assert html.index('class="total"') > html.index("&lt; 10")


def test_long_texts_may_break_and_short_ones_may_not() -> None:
    assert 'class="short"' in table()._repr_html_()
    assert 'class="short"' not in table(frame=GROUPS.with_columns(group=pl.lit("a text of more than twenty-six letters")))._repr_html_()


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (None, Shown("x", "X", "money"), DASH),
        (float("nan"), Shown("x", "X", "number"), DASH),
        (date(2025, 6, 30), Shown("x", "X", "date"), "30 June 2025"),
        ("text", Shown("x", "X"), "text"),
        (-1234.56, Shown("x", "X", "number", 1), "−1,234.6"),
    ],
)
def test_values_of_every_kind(value, column: Shown, text: str) -> None:
    assert written(value, column, language="en") == text


def test_months_have_names_in_both_languages() -> None:
    assert day_in_words(date(2025, 8, 1), "fr") == "1er août 2025"
    assert day_in_words(date(2025, 12, 24), "fr") == "24 décembre 2025"
    assert day_in_words(date(2025, 2, 1), "en") == "1 February 2025"
    with pytest.raises(ParameterError, match="unknown language 'de'"):
        day_in_words(date(2025, 2, 1), "de")


def test_headlines_and_key_figures_are_escaped() -> None:
    assert Headlines(("A < B",))._repr_html_() == '<ul class="headlines"><li>A &lt; B</li></ul>'
    assert "<strong>5 &lt; 6</strong> <span>of &amp; all</span>" in KeyFigures((("5 < 6", "of & all"),))._repr_html_()

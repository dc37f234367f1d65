"""The summary as the first sheet of a workbook: figures, tables with charts to their right, paragraphs.

Rows are written from top to bottom, once each, as a workbook in constant memory requires.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relkit.delivery.summary import Block, Summary

INK, PAPER, LINE = "#1F3A5F", "#EEF3F8", "#D9E1EA"
COLOURS = ("#1F5A8C", "#8DB4D6", "#D98A4B", "#C9CED6", "#3F8F7B")
"""Colours of the parts of a stacked chart; the darkest first."""
FORMATS = {"count": "#,##0", "money": "#,##0", "share": "0.0%", "text": "@"}
FIRST_WIDTH, WIDTH, COLUMNS = 42, 15, 7
CHART_AT = COLUMNS + 1
CHART_ROWS = 16
"""Minimum number of rows for a chart."""
CHARTS_A_PAGE = 2
"""Charts on the first printed page."""
ROW_HEIGHT = 18
TEXT_CHARACTERS = 150
"""Characters per line of a paragraph, which is as wide as the widest table."""


def header_format(book: Any) -> Any:
    """Return the look of a header: white on dark blue, wrapped."""
    look = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": INK, "font_color": "#FFFFFF"}
    return book.add_format({**look, "border": 1, "border_color": "#FFFFFF"})


def write_summary(book: Any, name: str, summary: Summary) -> None:
    """Add the sheet to the workbook.

    Args:
        book: an xlsxwriter workbook, in constant memory or not.
        name: of the sheet.
        summary: its content.
    """
    sheet = book.add_worksheet(name)
    _set_up(sheet, name)
    sheet.set_row(0, 34)
    sheet.write_string(0, 0, summary.title, book.add_format({"bold": True, "font_size": 18, "font_color": INK, "valign": "vcenter"}))
    _figures(book, sheet, summary)
    row = 6
    looks = _Looks(book)
    breaks, charts = [], 0
    for block in summary.blocks:
        charts += bool(block.chart)
        breaks += [row] if block.chart and charts == CHARTS_A_PAGE + 1 else []
        row = _block(book, sheet, block, row, looks)
    sheet.set_h_pagebreaks(breaks)
    for title, paragraphs in summary.texts:
        row = _paragraphs(sheet, title, paragraphs, row, looks)


class _Looks:
    """The formats of a sheet, each created once."""

    def __init__(self, book: Any) -> None:
        line = {"bottom": 1, "bottom_color": LINE, "valign": "vcenter"}
        self.title = book.add_format({"bold": True, "font_size": 13, "font_color": INK, "valign": "vcenter"})
        self.header = header_format(book)
        self.number_header = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "align": "right", "bg_color": INK, "font_color": "#FFFFFF"}
        )
        self.cells = {kind: book.add_format({**line, "num_format": form}) for kind, form in FORMATS.items()}
        total = {**line, "bold": True, "bg_color": PAPER}
        self.totals = {kind: book.add_format({**total, "num_format": form}) for kind, form in FORMATS.items()}
        self.text = book.add_format({"text_wrap": True, "valign": "top"})


def _set_up(sheet: Any, name: str) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, COLUMNS - 1, WIDTH)
    sheet.set_column(COLUMNS, COLUMNS, 3)
    sheet.set_column(CHART_AT, CHART_AT + 8, 10)
    sheet.set_default_row(ROW_HEIGHT)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(f"&L{name}&R&P / &N")


def _figures(book: Any, sheet: Any, summary: Summary) -> None:
    """Write the figures side by side, each above its label."""
    sheet.set_row(2, 32)
    sheet.set_row(3, 34)
    common = {"align": "center", "valign": "vcenter", "bg_color": PAPER, "border": 1, "border_color": "#FFFFFF"}
    label = book.add_format({**common, "text_wrap": True, "font_color": "#4A5B70", "valign": "top"})
    large = {
        kind: book.add_format({**common, "bold": True, "font_size": 20, "font_color": INK, "num_format": form})
        for kind, form in FORMATS.items()
    }
    places = [(0, 0), (1, 2), (3, 4), (5, 6), (8, 10)][: len(summary.figures)]
    for (first, last), (value, kind, _) in zip(places, summary.figures, strict=True):
        _across(sheet, 2, first, last, value, large[kind])
    for (first, last), (_, _, text) in zip(places, summary.figures, strict=True):
        _across(sheet, 3, first, last, text, label)


def _across(sheet: Any, row: int, first: int, last: int, value: Any, look: Any) -> None:
    if last > first:
        sheet.merge_range(row, first, row, last, value, look)
    else:
        sheet.write(row, first, value, look)


def _block(book: Any, sheet: Any, block: Block, row: int, looks: _Looks) -> int:
    """Write a table from a row on, its chart to its right, and return the row where the next one begins."""
    sheet.set_row(row, 24)
    sheet.write_string(row, 0, block.title, looks.title)
    sheet.set_row(row + 1, 34 if any(len(text) > WIDTH for text in block.headers[1:]) else 20)
    for at, (text, kind) in enumerate(zip(block.headers, block.kinds, strict=True)):
        sheet.write_string(row + 1, at, text, looks.header if kind == "text" else looks.number_header)
    for i, cells in enumerate(block.rows):
        look = looks.totals if block.has_total and i == len(block.rows) - 1 else looks.cells
        for at, (value, kind) in enumerate(zip(cells, block.kinds, strict=True)):
            _cell(sheet, row + 2 + i, at, value, look[kind])
    end = row + 2 + len(block.rows)
    if block.chart and block.drawn:
        sheet.insert_chart(row, CHART_AT, _chart(book, sheet, block, row + 2), {"x_offset": 4, "y_offset": 4})
        end = max(end, row + CHART_ROWS)
    return end + 1


def _cell(sheet: Any, row: int, at: int, value: Any, look: Any) -> None:
    if value is None:
        sheet.write_blank(row, at, None, look)
    elif isinstance(value, str):
        sheet.write_string(row, at, value, look)
    else:
        sheet.write_number(row, at, value, look)


def _chart(book: Any, sheet: Any, block: Block, first: int) -> Any:
    """Return the chart of a block whose first row of cells is `first`."""
    bars = block.chart != "stacked_columns"
    chart = book.add_chart({"type": "bar" if bars else "column", "subtype": "stacked"})
    last = first + block.drawn - 1
    for colour, at in zip(COLOURS, block.series, strict=False):
        chart.add_series(
            {
                "name": [sheet.name, first - 1, at],
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, at, last, at],
                "fill": {"color": colour},
                "gap": 45,
            }
        )
    font = {"color": "#4A5B70", "size": 10}
    chart.set_title({"name": block.chart_title, "name_font": {"size": 12, "color": INK}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": font} if len(block.series) > 1 else {"none": True})
    chart.set_x_axis(
        {
            "num_font": font,
            "line": {"color": LINE},
            "num_format": "#,##0",
            "label_position": "high" if bars else "next_to",
            "major_gridlines": {"visible": bars, "line": {"color": LINE}},
        }
    )
    chart.set_y_axis(
        {
            "num_font": font,
            "reverse": bars,
            "line": {"none": not bars},
            "num_format": "#,##0",
            "major_gridlines": {"visible": not bars, "line": {"color": LINE}},
        }
    )
    chart.set_size({"width": 640, "height": 24 * max(len(block.rows) + 2, CHART_ROWS - 1)})
    chart.set_chartarea({"border": {"none": True}})
    return chart


def _paragraphs(sheet: Any, title: str, paragraphs: tuple[str, ...], row: int, looks: _Looks) -> int:
    sheet.set_row(row, 24)
    sheet.write_string(row, 0, title, looks.title)
    for i, text in enumerate(paragraphs, row + 1):
        sheet.set_row(i, 3 + 15 * math.ceil(len(text) / TEXT_CHARACTERS))
        sheet.merge_range(i, 0, i, COLUMNS - 1, "", looks.text)
        sheet.write_string(i, 0, text, looks.text)
    return row + len(paragraphs) + 2

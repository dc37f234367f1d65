"""The sentences and key figures that a notebook shows: its cells run here, in order, and their output is read back from the HTML."""

from __future__ import annotations

import ast
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def shown_sentences(name: str, **parameters: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the headline sentences of a notebook, and its key figures: value and caption."""
    html = "".join(_shown(name, parameters))
    sentences = [
        unescape(line) for block in re.findall(r'<ul class="headlines">(.*?)</ul>', html) for line in re.findall(r"<li>(.*?)</li>", block)
    ]
    figures = [
        (unescape(value), unescape(label))
        for block in re.findall(r'<div class="key-figures">(.*?)</div></div>', html)
        for value, label in re.findall(r"<strong>(.*?)</strong> <span>(.*?)</span>", block)
    ]
    return sentences, figures


def _shown(name: str, parameters: dict[str, Any]) -> Iterator[str]:
    """Yield the HTML of each cell that shows something; plots are drawn and discarded."""
    space: dict[str, Any] = {}
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type != "code":
            continue
        *before, last = ast.parse(cell.source).body
        ends_in_value = isinstance(last, ast.Expr)
        exec(compile(ast.Module([*before, *([] if ends_in_value else [last])], []), name, "exec"), space)
        if "parameters" in cell.metadata.get("tags", ()):
            space.update(parameters)
        if isinstance(last, ast.Expr):
            found = eval(compile(ast.Expression(last.value), name, "eval"), space)
            yield found._repr_html_() if hasattr(found, "_repr_html_") else ""

"""A report that failed, kept so that its cause can be found: the notebook as far as it ran, and a page of errors.

    out/default/reports/failed/segment_customer_value_fr/error.txt       which cell, which line, what was printed, the trace
    out/default/reports/failed/segment_customer_value_fr/notebook.ipynb  what ran, with what it printed

Outputs may show rows of people. Of a company's report only what was printed is kept, without tables, and with the shapes of quoted
values, of addresses, of long numbers and of ids in their place. The next run of the same page replaces the folder, or removes it.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.masking import masked
from relkit.replaced_folders import drafted, put_in_place
from relkit.shapes import shape, without_values
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from relkit.texts import Language

FOLDER = "failed"
ERROR, NOTEBOOK = "error.txt", "notebook.ipynb"
_TEXTS = {
    "title": Text("The report {name} failed.", "Le rapport {name} a échoué."),
    "cell": Text("Cell {cell} of {cells}", "Cellule {cell} sur {cells}"),
    "line": Text(", line {line}", ", ligne {line}"),
    "page": Text(
        "The notebook ran to its end; its page could not be written.",
        "Le notebook est allé jusqu’au bout ; sa page n’a pas pu être écrite.",
    ),
    "source": Text("The cell:", "La cellule :"),
    "error": Text("The error:", "L’erreur :"),
    "printed": Text("Printed before:", "Affiché auparavant :"),
    "nothing": Text("Nothing was printed.", "Rien n’a été affiché."),
    "cleared": Text(
        "Tables and values that may be personal are left out.", "Les tableaux et les valeurs peut-être personnelles ont été retirés."
    ),
}
_TABLE = "[table]"
_CLEARED = "[output]"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_BOX = re.compile(r"[\u2500-\u257f]|^shape: \(")
_COLUMNS = re.compile(r"\S(?: {2,}|\t)\S")
_WORD = re.compile(r"[\w.@+-]*\w")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A notebook that failed.

    Attributes:
        book: an nbformat notebook, with its outputs as far as it ran.
        message: the error in one line.
        cell: the position of the cell that failed, from 1; None if all ran and the page could not be written.
        line: its line, from 1; None if it is not known.
        trace: the traceback.
    """

    book: Any
    message: str
    cell: int | None = None
    line: int | None = None
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class FailedReport:
    """The place of a failed report.

    Attributes:
        folder: of all failed reports.
        name: of the page.
        language: of the page.
        is_personal: whether it shows a company, whose outputs may have rows of people.
        ids_among: returns those of some words that are ids of people.
    """

    folder: Path
    name: str
    language: Language
    is_personal: bool
    ids_among: Callable[[Collection[str]], Collection[str]] = lambda _words: ()

    @property
    def place(self) -> Path:
        """The folder of this report."""
        return self.folder / f"{self.name}_{self.language}"

    def keep(self, failure: Failure) -> str:
        """Write the failure in place of an earlier one, and return a sentence that names it."""
        import nbformat

        with drafted(self.folder) as draft:
            made = draft / self.place.name
            made.mkdir()
            (made / ERROR).write_text(self._page(failure), encoding="utf-8", newline="\n")
            nbformat.write(self._cleared(failure.book), made / NOTEBOOK)  # type: ignore[no-untyped-call]
            put_in_place(draft, self.place.name)
        return f"What ran is kept in {self.place}: {ERROR} has the cell, the line and what was printed."

    def forget(self) -> None:
        """Remove what was kept of an earlier failure; the page has been written since."""
        shutil.rmtree(self.place, ignore_errors=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _page(self, failure: Failure) -> str:
        """Return the page of errors."""
        said = {name: text[self.language] for name, text in _TEXTS.items()}
        where, source = said["page"], ""
        if failure.cell is not None:
            line = "" if failure.line is None else said["line"].format(line=failure.line)
            cells = {"cell": number_of(failure.book, failure.cell), "cells": number_of(failure.book, len(failure.book.cells))}
            where = f"{said['cell'].format(**cells)}{line}"
            source = _numbered(failure.book.cells[failure.cell - 1].source, failure.line)
        printed = self._clean(_printed(failure.book)).strip()
        parts = [said["title"].format(name=self.name), where]
        parts += [f"{said['source']}\n{source}"] if source else []
        parts += [f"{said['error']}\n{self._clean(failure.trace or failure.message)}"]
        parts += [f"{said['printed']}\n{printed}" if printed else said["nothing"]]
        return "\n\n".join([*parts, *([said["cleared"]] if self.is_personal else [])]) + "\n"

    def _cleared(self, book: Any) -> Any:
        """Return a copy of the notebook whose outputs show nobody."""
        from copy import deepcopy

        kept = deepcopy(book)
        if self.is_personal:
            for cell in kept.cells:
                if cell.cell_type == "code":
                    cell.outputs = [self._output(output) for output in cell.outputs]
        return kept

    def _output(self, output: Any) -> Any:
        from nbformat import v4

        _new: Any = v4.new_output
        if output.output_type == "stream":
            return _new("stream", name=output.name, text=self._clean(str(output.text)))
        if output.output_type == "error":
            trace = [self._clean(str(line)) for line in output.traceback]
            return _new("error", ename=output.ename, evalue=self._clean(str(output.evalue)), traceback=trace)
        return _new("stream", name="stdout", text=f"{_CLEARED}\n")

    def _clean(self, text: str) -> str:
        """Return a text without colours and secrets and, of a company, without tables, values and ids."""
        plain = masked(_COLOURS.sub("", text))
        if not self.is_personal:
            return plain
        shown = without_values(without_tables(plain))
        ids = set(self.ids_among(set(_WORD.findall(shown))))
        return _WORD.sub(lambda found: shape(found[0]) if found[0] in ids else found[0], shown) if ids else shown


def without_tables(text: str) -> str:
    r"""Return a text with a word in place of each table: of frames as polars and pandas print them.

    Examples:
        >>> print(without_tables("before\n   id  age\n0  C1   41\n1  C2   52\nafter"))
        before
        [table]
        after
    """
    lines = text.split("\n")
    alike = [bool(_BOX.search(line)) or bool(_COLUMNS.search(line)) for line in lines]
    kept: list[str] = []
    for i, line in enumerate(lines):
        in_table = alike[i] and (bool(_BOX.search(line)) or any(alike[j] for j in (i - 1, i + 1) if 0 <= j < len(lines)))
        if not in_table:
            kept.append(line)
        elif not kept or kept[-1] != _TABLE:
            kept.append(_TABLE)
    return "\n".join(kept)


def number_of(book: Any, position: int) -> int:
    """Return the number of a cell in the notebook as its author wrote it, without the parameters that papermill adds.

    Args:
        book: an nbformat notebook.
        position: of the cell in it, from 1.
    """
    return sum("injected-parameters" not in cell.metadata.get("tags", ()) for cell in book.cells[:position])


def _printed(book: Any) -> str:
    """Return the output that all cells printed."""
    streams = (output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "stream")
    return "".join(str(output.text) for output in streams)


def _numbered(source: str, line: int | None) -> str:
    """Return the lines of a cell with their numbers, the one that failed marked."""
    return "\n".join(f"{'>' if i == line else ' '}{i:4} {text}" for i, text in enumerate(source.splitlines(), start=1))

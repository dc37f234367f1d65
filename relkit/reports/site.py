"""An executed notebook as one HTML file that loads nothing from outside itself.

Code is hidden; texts are put into the reader's language; pictures are embedded. The template is our own
(`templates/relkit`): the usual one loads scripts from the network. A content security policy forbids scripts and loading besides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relkit import __version__
from relkit.errors import GateError
from relkit.reports.content_policy import META

if TYPE_CHECKING:
    from collections.abc import Sequence

TEMPLATES = Path(__file__).with_name("templates")
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href", "ping"}
"""Attributes by which an element loads something; href loads in all elements but a, area and those of SVG below."""
TAGS = {"script", "iframe", "frame", "object", "embed", "applet", "base", "link"}
"""Elements that a page without outside parts does not need."""
NOT_PROSE = re.compile(r"(<(?:style|script|pre|code)\b.*?</(?:style|script|pre|code)>|<[^>]*>)", re.DOTALL)
"""Of a page: elements whose text is no prose, and all other tags."""
IN_STYLE = re.compile(r"@import|url\((?!\s*['\"]?\s*(?:data:|#))", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Page content besides the notebook.

    Attributes:
        language: en or fr.
        facts: lines under the title: name, value.
        footer: last line.
    """

    language: str
    facts: Sequence[tuple[str, str]] = ()
    footer: str = ""


def write_page(book: Any, target: Path, page: Page) -> Path:
    """Write an executed notebook as HTML and return the file's path; the file is written completely or not at all.

    Args:
        book: an nbformat notebook with outputs.
        target: the HTML file; its folder exists.
        page: language, facts and footer.

    Raises:
        GateError: the page would load something from outside the file.
    """
    html = page_of(book, page)
    if outside := loads_from_outside(html):
        raise GateError(
            f"the page would load {outside[0]!r} from outside the file.", where=target.stem, remedy="Embed it in the notebook's output."
        )
    draft = target.with_name(f".{target.name}.part")
    draft.write_text(html, encoding="utf-8", newline="\n")
    draft.replace(target)
    return target


def page_of(book: Any, page: Page) -> str:
    """Return the HTML of an executed notebook."""
    from relkit.reports.engine import without_grammar

    with without_grammar():
        from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="relkit", extra_template_basedirs=[str(TEMPLATES)], exclude_anchor_links=True
    )
    shown = in_language(book, page.language)
    style = (TEMPLATES / "relkit" / "page.css").read_text(encoding="utf-8")
    values = {"language": page.language, "facts": list(page.facts), "footer": page.footer}
    resources = {"relkit": {**values, "title": title_of(shown), "style": style, "version": __version__, "policy": META}}
    html, _ = exporter.from_notebook_node(shown, resources=resources)
    return french_spaces(str(html)) if page.language == "fr" else str(html)


def french_spaces(html: str) -> str:
    """Return a page in which French punctuation never starts a line: the spaces before : ; ? ! » and after « do not break.

    Examples:
        >>> french_spaces('<p class="a : b">Pourquoi ? « Oui » : <code>a : b</code></p>').replace("\u00a0", "_")
        '<p class="a : b">Pourquoi_? «_Oui_»_: <code>a : b</code></p>'
    """
    parts = NOT_PROSE.split(html)
    parts[::2] = [re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", text) for text in parts[::2]]
    return "".join(parts)


def in_language(book: Any, language: str) -> Any:
    """Return the notebook with its texts in a language: a cell's source, or the translation in its metadata.

    A cell without a translation keeps its source.

    Examples:
        >>> import nbformat
        >>> cell = nbformat.v4.new_markdown_cell("# Value", metadata={"relkit": {"fr": "# Valeur"}})
        >>> book = nbformat.v4.new_notebook(cells=[cell])
        >>> [in_language(book, language).cells[0].source for language in ("en", "fr")]
        ['# Value', '# Valeur']
    """
    from copy import deepcopy

    shown = deepcopy(book)
    for cell in shown.cells:
        cell.source = cell.metadata.get("relkit", {}).get(language, cell.source)
    return shown


def title_of(book: Any) -> str:
    """Return the first heading."""
    for cell in book.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE)):
            return str(found[1]).strip()
    return "relkit"


def loads_from_outside(html: str) -> list[str]:
    """Return the addresses a browser would load from outside the file, in the order of the page.

    Examples:
        >>> loads_from_outside('<p><img src="data:image/png;base64,AA"><a href="#top">up</a></p>')
        []
        >>> loads_from_outside('<script src="https://cdn.example/x.js"></script><style>@import "x.css";</style>')
        ['<script>', 'https://cdn.example/x.js', '@import']
    """
    reader = _Loads()
    reader.feed(html)
    reader.close()
    return reader.found


class _Loads(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        self._style = tag == "style"
        if tag in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self._look(tag, name, (value or "").strip())

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag == "style":
            self._style = False

    def handle_data(self, data: str) -> None:
        """Look at a style sheet."""
        if self._style:
            self._look_at_style(data)

    def _look(self, tag: str, name: str, value: str) -> None:
        if name == "style":
            self._look_at_style(value)
        loads = name in LOADING or (name == "href" and tag not in {"a", "area"})
        if loads and value and not value.startswith(("data:", "#")):
            self.found.append(value)
        if name.startswith("on") or value.lower().startswith("javascript:"):
            self.found.append(f"{name}={value}")
        if name == "http-equiv" and value.lower() == "refresh":
            self.found.append("http-equiv=refresh")

    def _look_at_style(self, text: str) -> None:
        self.found += [match[0].rstrip("'\" ") for match in IN_STYLE.finditer(text)]

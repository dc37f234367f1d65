from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from relkit.errors import GateError
from relkit.reports.content_policy import CONTENT_POLICY
from relkit.reports.site import Page, in_language, loads_from_outside, page_of, title_of, write_page

if TYPE_CHECKING:
    from pathlib import Path

PAGE = Page(language="en", facts=[("Facts known up to", "30 June 2025")], footer="Made by hand & eye.")


def output(**data: str):
    return new_output("display_data", data={key.replace("_", "/"): value for key, value in data.items()})


def book(*outputs, source: str = "secret_code()"):
    return new_notebook(
        cells=[
            new_markdown_cell("# Value & <more>\n\nLead.", metadata={"relkit": {"fr": "# Valeur"}}),
            new_code_cell(source, outputs=list(outputs)),
            new_markdown_cell("For all."),
        ]
    )


def test_code_is_hidden_and_outputs_are_shown() -> None:
    png = b64encode(b"picture").decode()
    html = page_of(
        book(
            output(text_html="<table><tr><td>7</td></tr></table>", text_plain="repr"),
            output(image_png=png),
            output(text_markdown="**bold**"),
            output(text_plain="a < b"),
            new_output("stream", name="stdout", text="told <here>"),
            new_output("stream", name="stderr", text="warned"),
        ),
        PAGE,
    )
    assert "secret_code" not in html
    assert "repr" not in html
    assert "warned" not in html
    for shown in ("<td>7</td>", f"data:image/png;base64,{png}", "<strong>bold</strong>", "<pre>a &lt; b</pre>", "told &lt;here&gt;"):
        assert shown in html


def test_only_the_cells_of_the_language_are_shown() -> None:
    english, french = page_of(book(), PAGE), page_of(book(), Page(language="fr"))
    assert '<html lang="en">' in english
    assert "Lead." in english
    assert "Valeur" not in english
    assert '<html lang="fr">' in french
    assert "Valeur" in french
    assert "Lead." not in french
    assert "For all." in english
    assert "For all." in french


def test_title_facts_and_footer_are_on_the_page() -> None:
    html = page_of(book(), PAGE)
    assert "<title>Value &amp; &lt;more&gt;</title>" in html
    assert "<dt>Facts known up to</dt><dd>30 June 2025</dd>" in html
    assert html.index("Lead.") < html.index("30 June 2025") < html.index("For all.")
    assert "Made by hand &amp; eye." in html
    assert title_of(new_notebook()) == "relkit"


def test_the_notebook_given_is_not_changed() -> None:
    given = book()
    in_language(given, "fr").cells[0].source = "changed"
    assert [cell.source for cell in given.cells][:2] == ["# Value & <more>\n\nLead.", "secret_code()"]


def test_the_page_itself_loads_nothing_and_names_no_address() -> None:
    html = page_of(book(), PAGE)
    assert loads_from_outside(html) == []
    assert "http:" not in html
    assert "https:" not in html
    assert "<script" not in html
    assert "@media print" in html
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://cdn.example/x.js"></script>', ["<script>", "https://cdn.example/x.js"]),
        ("<script>alert(1)</script>", ["<script>"]),
        ('<link rel="stylesheet" href="x.css">', ["<link>", "x.css"]),
        ('<img src="http://example.com/a.png">', ["http://example.com/a.png"]),
        ('<img src="a.png">', ["a.png"]),
        ('<img srcset="a.png 2x">', ["a.png 2x"]),
        ('<iframe src="//example.com"></iframe>', ["<iframe>", "//example.com"]),
        ('<style>@import "x.css";</style>', ["@import"]),
        ("<style>a { background: url('http://e.com/x.png') }</style>", ["url("]),
        ('<p style="background:url(x.png)">', ["url("]),
        ('<p onclick="go()">', ["onclick=go()"]),
        ('<a href="javascript:go()">x</a>', ["href=javascript:go()"]),
        ('<meta http-equiv="refresh" content="0;url=http://e.com">', ["http-equiv=refresh"]),
        ('<svg><image xlink:href="http://e.com/x.png"/></svg>', ["http://e.com/x.png"]),
        ('<object data="x.swf"></object>', ["<object>", "x.swf"]),
        ('<a href="https://example.com">a link that is followed only on purpose</a>', []),
        ('<img src="data:image/png;base64,AA"><a href="#top">up</a><p>@import url(x) in prose</p>', []),
        ('<style>a { background: url("data:image/png;base64,AA") }</style>', []),
    ],
)
def test_what_a_browser_would_load_is_found(html: str, found: list[str]) -> None:
    assert loads_from_outside(html) == found


def test_a_page_that_would_load_something_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    with pytest.raises(GateError, match=r"page: the page would load '<script>' from outside the file. Embed it"):
        write_page(book(output(text_html='<script src="https://cdn.example/x.js"></script>')), target, PAGE)
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_written_whole_and_the_same_each_time(tmp_path: Path) -> None:
    target = write_page(book(output(text_html="<p>é</p>")), tmp_path / "page.html", PAGE)
    first = target.read_bytes()
    assert write_page(book(output(text_html="<p>é</p>")), target, PAGE).read_bytes() == first
    assert "é".encode() in first
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_policy_of_the_page_comes_before_all_that_it_governs() -> None:
    for page in (PAGE, Page(language="fr")):
        html = page_of(book(output(text_html="<p>é</p>")), page)
        at = html.index(f'<meta content="{CONTENT_POLICY}" http-equiv="Content-Security-Policy"/>')
        assert at < html.index("<title>") < html.index("<style>")


def test_the_policy_forbids_scripts_and_the_network() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    assert not {"script-src", "connect-src", "frame-src", "object-src"} & set(rules), "what is not named has the default"

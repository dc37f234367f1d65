"""The progress protocol."""

from __future__ import annotations

from relkit.progress import Progress, in_notebook, quiet


def test_quiet_says_nothing(capsys):
    quiet("reading", 0.5)
    quiet("reading")
    assert capsys.readouterr() == ("", "")


def test_any_callable_of_a_sentence_and_a_share_will_do():
    reported: list[tuple[str, float | None]] = []

    def collect(what: str, done: float | None = None, /) -> None:
        reported.append((what, done))

    progress: Progress = collect
    progress("reading", 0.25)
    assert reported == [("reading", 0.25)]


class Shown:
    """Stand-in for IPython's display: keeps the output below the cell."""

    def __init__(self) -> None:
        self.html: list[str] = []

    def display(self, content, **given):
        self.update(content, **given)
        return self

    def update(self, content, **given):
        assert given["raw"]
        self.html.append(content["text/html"])


def test_a_notebook_shows_one_line_that_renews_itself_and_goes(monkeypatch):
    import sys
    from types import SimpleNamespace

    shown = Shown()
    app = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", app)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    with in_notebook(quiet) as progress:
        progress("fitting <cox>", 0.25)
        progress("registered", None)
    assert 'value="0.250"' in shown.html[0]
    assert "fitting &lt;cox&gt;" in shown.html[0]
    assert "<progress" not in shown.html[1]
    assert shown.html[-1] == ""


def test_another_progress_is_used_instead():
    def collect(what: str, done: float | None = None, /) -> None: ...

    with in_notebook(collect) as progress:
        assert progress is collect

"""The progress protocol."""

from __future__ import annotations

from relkit.progress import Progress, quiet


def test_quiet_says_nothing(capsys):
    quiet("reading", 0.5)
    quiet("reading")
    assert capsys.readouterr() == ("", "")


def test_any_callable_of_a_sentence_and_a_share_will_do():
    said: list[tuple[str, float | None]] = []

    def collect(what: str, done: float | None = None, /) -> None:
        said.append((what, done))

    progress: Progress = collect
    progress("reading", 0.25)
    assert said == [("reading", 0.25)]

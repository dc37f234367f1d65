"""Remarks: complete in both languages, written once each, unchanged by a round trip to disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relkit.errors import ParameterError, StorageError
from relkit.remarks import Remark, read_remarks, unique, untranslated, write_remarks

if TYPE_CHECKING:
    from pathlib import Path

ONE = Remark("one_snapshot", "There is one snapshot.", "Il n’y a qu’une photographie.", ("p_alive",))


def test_what_is_written_is_read_in_both_languages(tmp_path: Path) -> None:
    path = write_remarks(tmp_path / "scores" / "remarks.json", [ONE, ONE])
    assert read_remarks(path) == (ONE,)
    assert [read_remarks(path)[0].text(language) for language in ("en", "fr")] == [ONE.en, ONE.fr]
    assert "Il n’y a" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["remarks.json"]


def test_no_file_holds_no_remarks_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    assert read_remarks(tmp_path / "remarks.json") == ()
    (tmp_path / "remarks.json").write_text('[{"code": "x"}]', encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be read"):
        read_remarks(tmp_path / "remarks.json")


def test_a_repeated_remark_is_about_everything_that_one_of_them_was_about() -> None:
    assert unique([ONE, ONE.on(["churn_probability_90d"])]) == (ONE.on(["p_alive", "churn_probability_90d"]),)
    assert unique([ONE, ONE.on([])])[0].about == ()


@pytest.mark.parametrize(
    ("code", "en", "fr"),
    [("Bad code", "A.", "B."), ("x", "", "B."), ("x", "A.", ""), ("x", "A", "B."), ("x", "A.", "B"), ("x", "A.", "A.")],
)
def test_a_remark_that_cannot_be_shown_in_both_languages_is_refused(code: str, en: str, fr: str) -> None:
    with pytest.raises(ParameterError, match="remark"):
        Remark(code, en, fr)


def test_a_sentence_of_an_earlier_version_stays_in_english() -> None:
    assert untranslated("12 customers were left out").text("fr") == "12 customers were left out."

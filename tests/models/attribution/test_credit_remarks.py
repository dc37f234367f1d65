from __future__ import annotations

import polars as pl
import pytest

from relkit.models.attribution.coded_paths import CodedPaths
from relkit.models.attribution.credit_remarks import path_remarks


def remarks(**columns: object) -> dict[str, str]:
    return {remark.code: remark.en for remark in path_remarks(CodedPaths.of(pl.DataFrame(columns)))}


def test_channels_that_preceded_few_conversions_are_named() -> None:
    found = remarks(channels=[["a", "b"], ["a"]], conversions=[29.0, 1.0])
    expected = "Channels that preceded fewer than 30 conversions: b. Their credit rests on little."
    assert found["channels_with_few_conversions"] == expected


def test_rows_of_several_conversions_are_taken_to_have_equal_values() -> None:
    found = remarks(channels=[["a", "b"], ["a"]], conversions=[3.0, 1.0], value=[30.0, 5.0])
    assert found["values_taken_as_equal"].startswith("75 % of the conversions are in rows of several")
    assert "values_taken_as_equal" not in remarks(channels=[["a", "b"], ["a"]], conversions=[1.0, 1.0], value=[30.0, 5.0])


def test_plain_journeys_have_one_remark() -> None:
    assert list(remarks(channels=[["a", "b"]] * 40, conversions=[1.0] * 40)) == ["journeys_taken_as_independent"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_sentences_have_no_digits_of_the_other_language(language: str) -> None:
    paths = CodedPaths.of(pl.DataFrame({"channels": [["a"], [], ["a"]], "conversions": [1500.0, 2500.0, 0.0], "value": [0.0, 0.0, 1234.5]}))
    texts = {remark.code: remark.text(language) for remark in path_remarks(paths)}
    share, value = ("62.5", "1,234.50") if language == "en" else ("62,5", "1\u202f234,50")
    assert share in texts["conversions_without_a_touch"]
    assert value in texts["value_without_conversion"]

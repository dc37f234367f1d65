from __future__ import annotations

import pytest

from relkit.features.segments import Segments
from relkit.reports.segment_names import COLUMNS, VALUES, segment_name, value_names


def test_both_languages_name_the_same_things() -> None:
    for text in (*COLUMNS.values(), *VALUES.values()):
        assert text.en, text
        assert text.fr, text


@pytest.mark.parametrize(
    ("segments", "language", "names"),
    [
        (Segments(column="x", kind="flag", values=("0", "1", None)), "fr", ("non", "oui", "non renseigné")),
        (Segments(column="x", kind="text", values=("a", "b"), has_others=True), "fr", ("a", "b", "autres")),
        (Segments(column="age_years", kind="number", values=("1", "2.5")), "en", ("1 years", "2.50 years")),
        (
            Segments(column="x", kind="quarters", values=("0", "1", "2"), edges=(10.0, 1250.5)),
            "en",
            ("up to 10", "10 to 1,250", "above 1,250"),
        ),
    ],
)
def test_values_in_words(segments: Segments, language: str, names: tuple[str, ...]) -> None:
    assert value_names(segments, language) == names


def test_a_declared_name_goes_before_ours() -> None:
    assert segment_name("monthly_amount", {"monthly_amount": "Abonnement"}, "fr") == "Abonnement"

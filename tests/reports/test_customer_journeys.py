from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest
from walked_journeys import Walk, at, drawn, walked

from relkit.remarks import Remark
from relkit.reports import customer_journeys_funnel, customer_journeys_moments_texts, customer_journeys_texts
from relkit.reports.customer_journeys import CustomerJourneys, in_words
from relkit.reports.customer_journeys_funnel import JourneyShapes
from relkit.reports.pictures import Gallery
from relkit.reports.summary_tables import SummaryTable

if TYPE_CHECKING:
    from datetime import datetime

WALKS = drawn(600)


def page(
    walks: list[Walk] = WALKS,
    language: str = "en",
    *,
    untouched: float = 100.0,
    open_since: datetime | None = None,
    noted: tuple[Remark, ...] = (),
) -> CustomerJourneys:
    return CustomerJourneys(
        steps=in_words(walked(walks), language),
        untouched=untouched,
        lookback_days=30,
        open_since=open_since,
        currency="EUR",
        language=language,
        noted=noted,
    )


def cells(table: SummaryTable | Gallery) -> list[list[str]]:
    assert isinstance(table, SummaryTable)
    return table.cells()


@pytest.mark.parametrize("module", [customer_journeys_texts, customer_journeys_funnel, customer_journeys_moments_texts])
def test_both_languages_have_the_same_numbers(module: object) -> None:
    for key, text in module.TEXTS.items():  # type: ignore[attr-defined]
        parts = [set(re.findall(r"\{\w+\}", text[language])) for language in ("en", "fr")]
        assert parts[0] == parts[1], key


def test_every_number_of_the_headlines_is_counted_one_by_one() -> None:
    converted = [(letters, n) for letters, n, _ in WALKS if n > 0]
    conversions = sum(n for _, n in converted)
    times = sorted(len(letters) for letters, n in converted for _ in range(int(n)))
    middle = times[math.ceil(len(times) / 2) - 1]
    closed = {letter: sum(n for letters, n in converted if letters[-1] == letter) for letter in "dsev"}
    most = max(closed, key=lambda letter: closed[letter])
    lost = [letters for letters, n, _ in WALKS if n == 0]
    exits = {letter: sum(w[-1] == letter for w in lost) / sum(w.count(letter) for w, _, _ in WALKS) for letter in "dsev"}
    worst = max(exits, key=lambda letter: exits[letter])
    names = {"d": "display", "s": "search", "e": "email", "v": "direct"}
    all_exits = len(lost) / sum(len(w) for w, _, _ in WALKS)
    lines = page().headlines().sentences
    assert lines[0] == f"600 journeys had a touch; {len(converted)} of them ({len(converted) / 600:.1%}) ended in a conversion."
    assert lines[1].startswith(
        f"100 of the {conversions + 100:.0f} conversions ({100 / (conversions + 100):.0%}) had no touch in the 30 days"
    )
    assert f"within {middle - 0.5:.1f} days of the first touch and after {middle} touches or fewer" in lines[2]
    assert f"{names[most]} closes the most: the last touch of {closed[most]:.0f} conversions ({closed[most] / conversions:.0%})" in lines[3]
    assert lines[-1].startswith(f"Of the touches on {names[worst]}, {exits[worst]:.1%} are the last")
    assert f"against {all_exits:.1%} of all touches" in lines[-1]


def test_the_channel_that_prepares_most_is_named() -> None:
    walks = [("ds", 1.0, 1.0)] * 40 + [("d", 1.0, 1.0)] * 12
    lines = page(walks).headlines().sentences
    assert "display prepares more than it closes: 40 conversions that it touched were closed by another channel, 12 by itself." in lines


def test_french_sentences_name_channels_in_french() -> None:
    lines = page([("ee", 1.0, 1.0)] * 40 + [("s", 1.0, 1.0)] * 30, "fr").headlines().sentences
    assert any(line.startswith("«\u00a0e-mail\u00a0» conclut le plus : dernier contact de 40 conversions (57\u00a0%)") for line in lines)


def test_times_are_in_minutes_hours_or_days() -> None:
    written = [page()._time(days) for days in (0.01, 0.5, 3.25)]
    assert written == ["14 minutes", "12.0 hours", "3.2 days"]


def test_conversions_that_all_had_a_touch_are_stated_as_such() -> None:
    assert any(line.startswith("Each of the ") for line in page(untouched=0.0).headlines().sentences)


def test_counts_of_fewer_than_ten_are_masked() -> None:
    walks = [("s", 1.0, 5.0)] * 40 + [("ds", 1.0, 7.0)] * 4 + [("d", 0.0, 0.0)] * 3
    shown = page(walks)
    assert cells(shown.roles())[1][3:] == ["< 10", "–", "–", "–", "–", "–", "–"]
    assert cells(shown.ends())[0][2:] == ["< 10", "–", "–", "–"]
    assert "display" not in str(shown.transitions.to_dicts())
    (forward, _) = shown.step_pictures().pictures
    assert "–" in [text.get_text() for text in forward.drawn.texts]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("walks", "untouched", "lines"),
    [
        ([("s", 1.0, 1.0)] * 9, 50.0, ["Fewer than 10 journeys had a touch: too few to show."]),
        (
            [("s", 1.0, 1.0)] * 9 + [("s", 0.0, 0.0)] * 20,
            0.0,
            ["29 journeys had a touch; fewer than 10 of them ended in a conversion."],
        ),
        ([("s", 1.0, 1.0)] * 40, 9.0, ["40 journeys had", "Fewer than 10 of the 49 conversions had no touch in the 30 days before."]),
    ],
)
def test_few_people_are_not_counted_in_sentences(walks: list[Walk], untouched: float, lines: list[str]) -> None:
    found = page(walks, untouched=untouched).headlines().sentences
    assert "9" not in found[-1].replace("29", "").replace("49", "")
    assert [sentence[: len(line)] for sentence, line in zip(found, lines, strict=False)] == lines


def test_journeys_that_are_all_open_have_no_ends_yet() -> None:
    found = page(open_since=at(0)).ends()
    lost = sum(n == 0 for _, n, _ in WALKS)
    assert isinstance(found, Gallery)
    assert found.otherwise.startswith(f"Each of the {lost} journeys without a conversion has a touch within the lookback")


def test_remarks_on_the_reading_come_with_the_warning_on_small_channels() -> None:
    note = Remark("noted", "A note.", "Une note.")
    shown = page([("s", 1.0, 1.0)] * 40 + [("d", 1.0, 1.0)] * 12, noted=(note,)).remarks()
    assert [remark.code for remark in shown.remarks] == ["noted", "small_channels"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_part_is_drawn_and_written(language: str) -> None:
    shown = page(language=language, open_since=at(5))
    pictures = [shown.roles_picture(), shown.lag_pictures(), shown.step_pictures(), shown.graph()]
    assert [len(gallery.pictures) for gallery in pictures] == [1, 2, 2, 1]
    assert all(len(cells(table)) >= 4 for table in (shown.roles(), shown.lags(), shown.times(), shown.ends()))
    assert len(shown.key_figures().figures) == 4


def test_no_journey_is_one_sentence() -> None:
    shown = page([], untouched=5.0)
    assert shown.headlines().sentences == (customer_journeys_texts.TEXTS["nobody"]["en"],)
    for part in (shown.roles(), shown.lags(), shown.times(), shown.ends(), shown.graph(), shown.step_pictures(), shown.lag_pictures()):
        assert part._repr_html_() == "<p></p>"


def test_a_declared_funnel_and_a_found_one() -> None:
    walks = [("ds", 1.0, 1.0)] * 30 + [("d", 0.0, 0.0)] * 70
    declared = JourneyShapes.of(walked(walks), stages=("display", "search"), by="channel", language="fr")
    assert declared.funnel_headlines().sentences == (
        "Sur 100 parcours qui atteignent «\u00a0display\u00a0», 30 (30,0\u00a0%) passent toutes les étapes dans cet ordre et aboutissent.",
        "Le passage le plus étroit va de «\u00a0display\u00a0» à «\u00a0search\u00a0» : 30,0\u00a0% poursuivent.",
    )
    found = JourneyShapes.of(walked(walks))
    assert found.by == "kind"
    assert (
        found.funnel_headlines().sentences[0].startswith("No stages are declared; these are the 2 that most journeys touch (column kind)")
    )
    assert len(found.funnel_picture().pictures) == 1


def test_few_who_convert_are_not_counted_out() -> None:
    walks = [("ds", 1.0, 1.0)] * 9 + [("d", 0.0, 0.0)] * 70
    lines = JourneyShapes.of(walked(walks), stages=("display",), by="channel").funnel_headlines().sentences
    assert lines == ("Of 79 journeys that reach display, fewer than 10 pass all stages in this order and convert.",)


def test_a_single_kind_of_touch_makes_no_funnel() -> None:
    shapes = JourneyShapes.of(walked([("s", 1.0, 1.0)] * 20))
    assert shapes.funnel_headlines().sentences[0].startswith("Journeys touch a single channel")
    assert shapes.group_headlines().sentences == (customer_journeys_funnel.TEXTS["no_groups"]["en"],)
    assert shapes.group_table()._repr_html_() == "<p></p>"


def test_groups_are_counted_and_the_one_that_converts_most_is_named() -> None:
    walks = [("s", 1.0, 1.0)] * 60 + [("dddddd", 0.0, 0.0)] * 100 + [("ev", 0.0, 0.0)] * 40
    shapes = JourneyShapes.of(walked(walks))
    assert shapes.group_headlines().sentences == (
        "The journeys fall into 3 groups; the largest (50%) is typically display x 6.",
        "The group search converts most: 100.0% of its journeys, against 30.0% of all.",
    )
    assert [row[:2] for row in cells(shapes.group_table())] == [["display x 6", "100"], ["search", "60"], ["email > direct", "40"]]
    assert len(shapes.group_picture().pictures) == 1

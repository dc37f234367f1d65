"""The study of attribution on simulated truth: its sentences follow the intervals, its tables what the benchmark wrote."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from relkit.errors import TableError
from relkit.models import catalogue
from relkit.reports.attribution_study import OWN_RUN, PUBLISHED, AttributionStudy
from relkit.reports.attribution_study_texts import CHANNELS, TEXTS, WORLDS
from relkit.reports.summary_tables import SummaryTable
from relkit.tables.simulation.advertised_settings import CHANNELS as SIMULATED
from relkit.tables.simulation.advertised_settings import WORLDS as SIMULATED_WORLDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def published() -> dict[str, Any]:
    return dict(json.loads(PUBLISHED.read_text(encoding="utf-8")))


def study(found: dict[str, Any], language: str = "en") -> AttributionStudy:
    return AttributionStudy(found=found, language=language)


def sentences(found: dict[str, Any], language: str = "en") -> tuple[str, ...]:
    return tuple(study(found, language).headlines().sentences)


def cells(shown: object) -> list[list[str]]:
    assert isinstance(shown, SummaryTable)
    return shown.cells()


def test_the_first_sentence_names_the_model_with_the_least_error(published: dict[str, Any]) -> None:
    best = min(published["errors"], key=lambda row: row["share"][0])
    label = catalogue.settings_class(best["model"]).label["en"]
    assert sentences(published)[0].startswith(
        f"Nearest to the truth: {label}. Its shares of channels are {100 * best['share'][0]:.1f} points"
    )


def test_the_verdict_counts_the_intervals_on_either_side(published: dict[str, Any]) -> None:
    made = copy.deepcopy(published)
    others = [row for row in made["errors"] if row["judged_less_share"]]
    for row in others:
        row["judged_less_share"] = [-0.1, -0.2, 0.1]
    others[0]["judged_less_share"] = [-0.1, -0.2, -0.01]
    others[1]["judged_less_share"] = others[2]["judged_less_share"] = [0.1, 0.01, 0.2]
    assert f"errs less than 1 of the {len(others)} others and more than 2." in sentences(made)[1]


def test_errors_where_visits_leave_no_trace_are_told(published: dict[str, Any]) -> None:
    errors = {row["model"]: row["share"][0] for row in published["errors_hidden"]}
    own = errors.pop(published["judged"])
    best = min(errors, key=errors.__getitem__)
    told = f"its error is {100 * own:.1f} points, and that of the best of the others, {catalogue.settings_class(best).label['en']}"
    assert told in sentences(published)[2]
    assert "leave no trace" not in "".join(sentences(published | {"errors_hidden": []})[:3])


def test_coverage_is_told_with_its_interval(published: dict[str, Any]) -> None:
    made = copy.deepcopy(published)
    made["coverage"] = {
        "targeted": published["coverage"]["targeted"] | {"inside": [0.877, 0.851, 0.9], "companies": 50, "pairs": 300},
        "null": published["coverage"]["targeted"] | {"inside": [0.9, 0.8, 1.0], "companies": 10, "pairs": 60},
    }
    shown = sentences(made)
    assert "Its 90% intervals contain the truth in 87.7% of 300 cases (50 companies, 6 channels; 95% interval 85.1% to 90.0%)." in shown
    assert "Where no channel has any effect, they contain zero in 90.0% of 60 cases." in shown


@pytest.mark.parametrize(("gap", "words"), [((-1, -2, -0.5), "lower"), ((1, 0.5, 2), "raise"), ((-1, -2, 1), "do not move")])
def test_lift_tests_help_only_beyond_the_interval(published: dict[str, Any], gap: tuple[float, float, float], words: str) -> None:
    made = copy.deepcopy(published)
    each = made["calibration"][0]
    each["tested_less_plain"]["share"] = [part / 100 for part in gap]
    told = next(text for text in sentences(made) if WORLDS[each["world"]]["en"] in text)
    assert words in told
    assert ("+" if gap[0] > 0 else "−") + "1.00 points" in told


def test_models_stand_in_the_order_of_their_errors(published: dict[str, Any]) -> None:
    rows = cells(study(published, "fr").models())
    assert len(rows) == len(published["errors"])
    assert rows[0][0] == catalogue.settings_class(published["errors"][0]["model"]).label["fr"]
    (own,) = (row for row in rows if row[0] == catalogue.settings_class(published["judged"]).label["fr"])
    assert own[4] == ""
    value, low, high = (f"{100 * part:.2f}".replace(".", ",") for part in published["errors"][1]["share"])
    assert rows[1][1] == f"{value} (de {low} à {high})"


def drawn(gallery: Any) -> list[Any]:
    return [picture.drawn for picture in gallery.pictures]


def test_pictures_show_what_was_measured(published: dict[str, Any]) -> None:
    shown = study(published)
    (errors,) = drawn(shown.errors())
    best = catalogue.settings_class(published["errors"][0]["model"]).label["en"]
    assert errors.get_yticklabels()[0].get_text().replace("\n", " ") == best
    truths = [axes.collections[0].get_offsets()[:, 0].tolist() for axes in drawn(shown.channels())]
    assert truths == [[each["share"] for each in published["channels"]]] * 2
    (covered,) = drawn(shown.coverage())
    inside = [each["inside"][0] for each in published["coverage"]["targeted"]["channels"].values()]
    assert covered.collections[-1].get_offsets()[:, 0].tolist() == pytest.approx(inside)


def test_every_world_has_a_row_of_calibration(published: dict[str, Any]) -> None:
    rows = cells(study(published).calibration())
    assert [row[0] for row in rows] == [WORLDS[each["world"]]["en"] for each in published["calibration"]]


def test_published_errors_come_from_fresh_companies(published: dict[str, Any]) -> None:
    assert {row["companies"] for row in published["errors"]} == {20}
    assert published["coverage"]["targeted"]["companies"] == 100
    assert {row["model"] for row in published["errors"]} == set(catalogue.families()["attribution"])


def test_channels_and_worlds_have_names_in_both_languages() -> None:
    assert set(CHANNELS) == {channel.name for channel in SIMULATED}
    assert set(WORLDS) <= set(SIMULATED_WORLDS)
    for text in (*CHANNELS.values(), *WORLDS.values(), *TEXTS.values()):
        assert text["en"]
        assert text["fr"]


def test_without_a_table_the_page_tells_how_to_make_one() -> None:
    empty = AttributionStudy(found=None, language="en")
    assert empty.headlines().sentences == ("There is no table to show. `make bench-attribution-truth` makes it.",)
    for shown in (empty.models(), empty.errors(), empty.channels(), empty.coverage(), empty.calibration()):
        assert not isinstance(shown, SummaryTable)
        assert shown.pictures == ()


def test_another_format_is_refused(tmp_path: Path, published: dict[str, Any]) -> None:
    assert OWN_RUN.name == PUBLISHED.name
    (tmp_path / "old.json").write_text(json.dumps(published | {"format": 0}), encoding="utf-8")
    with pytest.raises(TableError, match="this table has another format"):
        AttributionStudy.read(str(tmp_path / "old.json"), language="en")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(TableError, match="this is not a table of a benchmark"):
        AttributionStudy.read(str(tmp_path / "other.json"), language="en")

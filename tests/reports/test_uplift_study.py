"""The study of uplift learners: the page reads what the benchmark writes, and its sentences follow the intervals."""

from __future__ import annotations

import copy
import json
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from relkit.errors import TableError
from relkit.reports.summary_tables import SummaryTable
from relkit.reports.uplift_study import OWN_RUN, PUBLISHED, UpliftStudy
from relkit.reports.uplift_study_texts import DESIGNS, LEARNERS, MAILS, PACKAGES, TEXTS

if TYPE_CHECKING:
    from pathlib import Path

PEER = "t_scikit_uplift"


@pytest.fixture
def published() -> dict[str, Any]:
    return dict(json.loads(PUBLISHED.read_text(encoding="utf-8")))


def study(found: dict[str, Any], language: str = "en") -> UpliftStudy:
    return UpliftStudy(found=found, language=language)


def cells(shown: object) -> list[list[str]]:
    assert isinstance(shown, SummaryTable)
    return shown.cells()


def peers_of(halving: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in halving.items() if not name.startswith("uplift.")}


def test_the_first_sentence_counts_the_intervals_that_exclude_zero(published: dict[str, Any]) -> None:
    halvings = [each for mail in published["hillstrom"].values() for each in mail.values()]
    gaps = [each for halving in halvings for each in peers_of(halving).values()]
    above = sum(gap["default_less_low"] > 0 for gap in gaps)
    below = sum(gap["default_less_high"] < 0 for gap in gaps)
    first = study(published).headlines().sentences[0]
    assert f", {len(gaps)} comparisons" in first
    assert f"in {above} and worse in {below}; in the other {len(gaps) - above - below} they" in first


def test_each_email_names_the_peers_that_the_default_differs_from(published: dict[str, Any]) -> None:
    mail = published["hillstrom"]["Womens"]
    count = sum(halving[PEER]["default_less_low"] > 0 for halving in mail.values())
    assert f"T, scikit-uplift: {count}" in study(published).headlines().sentences[1]
    assert "S, scikit-uplift" not in study(published).headlines().sentences[1]


def test_the_first_sentence_follows_the_intervals(published: dict[str, Any]) -> None:
    made = copy.deepcopy(published)
    for mail in made["hillstrom"].values():
        for halving in mail.values():
            for each in peers_of(halving).values():
                each |= {"default_less_low": -0.002, "default_less_high": 0.001}
    made["hillstrom"]["Mens"]["42"][PEER] |= {"default_less_high": -0.001}
    first, womens, mens, *_ = study(made).headlines().sentences
    assert "in 0 and worse in 1; in the other 59 they" in first
    assert womens == "Womens e-mail: none of the 30 intervals excludes 0."
    assert mens == "Mens e-mail, intervals that exclude 0: 1 of 30 (T, scikit-uplift: 1)."


def test_medians_are_those_of_the_halvings(published: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in cells(study(published).medians())}
    for place, mail in ((0, "Womens"), (2, "Mens")):
        halvings = published["hillstrom"][mail].values()
        assert rows["T, scikit-uplift"][place] == f"{1000 * median(each[PEER]['qini'] for each in halvings):.2f}"
        better = sum(each[PEER]["default_less_low"] > 0 for each in halvings)
        assert rows["T, scikit-uplift"][place + 1] == f"{better} / {5 - better} / 0"
    assert rows["relkit’s default"][1::2] == ["", ""]


def test_designs_have_the_default_and_its_peers_alone(published: dict[str, Any]) -> None:
    rows = cells(study(published, "fr").errors())
    count = sum(name == "uplift.stacked" or not name.startswith("uplift.") for row in published["designs"] for name in row["learners"])
    assert len(rows) == len(cells(study(published).rankings())) == count
    (row,) = (row for row in rows if row[:2] == [DESIGNS["spend"]["fr"], "X, causalml"])
    (spend,) = (each["learners"]["x_causalml"] for each in published["designs"] if each["design"] == "spend")
    less = (f"{value:+.3f}".replace(".", ",").replace("-", "−") for value in spend["default_less"]["pehe"])
    assert row[2] == f"{spend['pehe']:.3f}".replace(".", ",")
    assert row[3] == "{} (de {} à {})".format(*less)


def test_too_few_draws_have_no_interval(published: dict[str, Any]) -> None:
    made = copy.deepcopy(published)
    del made["designs"][1]["learners"][PEER]["default_less"]
    for table in (study(made).errors(), study(made).rankings()):
        (row,) = (row for row in cells(table) if row[:2] == [DESIGNS["conf"]["en"], "T, scikit-uplift"])
        assert row[3] == "–"
    assert "11 comparisons" in next(line for line in study(made).headlines().sentences if line.startswith("Known"))


def test_verdicts_on_designs_have_the_right_signs(published: dict[str, Any]) -> None:
    made = copy.deepcopy(published)
    for row in made["designs"]:
        for each in row["learners"].values():
            if "default_less" in each:
                each["default_less"] = {"pehe": [0.2, 0.1, 0.3], "qini": [-0.2, -0.3, -0.1]}
    made["designs"][0]["learners"][PEER]["default_less"]["qini"] = [0.0, -0.1, 0.1]
    (known,) = (line for line in study(made).headlines().sentences if line.startswith("Known"))
    assert "smaller in 0, larger in 12, within chance in 0" in known
    assert "higher in 0, lower in 11, within chance in 1." in known


def test_the_price_is_that_of_the_default_and_the_median_of_the_peers(published: dict[str, Any]) -> None:
    own = [row["learners"]["uplift.stacked"]["cpu_seconds"] for row in published["designs"]]
    others = [each["cpu_seconds"] for row in published["designs"] for each in peers_of(row["learners"]).values()]
    price = study(published).headlines().sentences[-1]
    assert f"takes {min(own):.1f} to {max(own):.1f} CPU seconds" in price
    assert price.endswith(f"no higher than {median(others):.1f}.")


def test_pictures_have_the_differences_of_the_table(published: dict[str, Any]) -> None:
    for picture, mail in zip(study(published).mails().pictures, published["hillstrom"].values(), strict=True):
        drawn = [x for x, _ in picture.drawn.collections[-1].get_offsets()]
        names = peers_of(mail["42"])
        assert drawn == pytest.approx([1000 * halving[name]["default_less"] for name in names for halving in mail.values()])
    for picture, measure in zip(study(published).apart().pictures, ("pehe", "qini"), strict=True):
        drawn = [x for x, _ in picture.drawn.collections[-1].get_offsets()]
        every = [each for row in published["designs"] for each in peers_of(row["learners"]).values() if "default_less" in each]
        assert drawn == pytest.approx([each["default_less"][measure][0] for each in every])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_titles_are_inside_their_pictures(published: dict[str, Any], language: str) -> None:
    for gallery in (study(published, language).mails(), study(published, language).apart()):
        for picture in gallery.pictures:
            figure = picture.drawn.get_figure(root=True)
            figure.draw_without_rendering()
            assert picture.drawn.title.get_window_extent().x1 <= figure.bbox.x1
            assert picture.drawn.title.get_window_extent().x0 >= figure.bbox.x0


def test_the_table_of_this_machine_goes_before_the_published_one(
    published: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(UpliftStudy.read(None, language="en").found["designs"]) == 4
    (tmp_path / OWN_RUN).parent.mkdir(parents=True)
    (tmp_path / OWN_RUN).write_text(json.dumps(published | {"designs": published["designs"][:2]}))
    assert len(UpliftStudy.read(None, language="en").found["designs"]) == 2


def test_if_there_is_no_table_it_names_the_command(tmp_path: Path) -> None:
    shown = UpliftStudy.read(str(tmp_path / "none.json"), language="en")
    assert "`make bench-uplift` makes it" in shown.headlines().sentences[0]
    for each in (shown.medians(), shown.mails(), shown.errors(), shown.rankings(), shown.apart()):
        assert each._repr_html_() == "<p></p>"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{"format": 2, "designs": [1], "hillstrom": {}}', r"another format\. Run make bench-uplift"),
        ('{"format": 1, "designs": [], "hillstrom": {}}', r"another format\. Run make bench-uplift"),
        ('{"format": 1, "designs": [1], "hillstrom": {"Mens": {"42": {"s": {"qini": 1}}}}}', r"another format\. Run make bench-uplift"),
        ('{"format": 1, "designs": [1], "hillstrom": {"Mens": {"42": null}}}', r"another format\. Run make bench-uplift"),
        ('{"format": 1}', r"not a table of a benchmark\. Run make bench-uplift"),
        ("[", r"not a table of a benchmark\. Run make bench-uplift"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, written: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(written)
    with pytest.raises(TableError, match=message):
        UpliftStudy.read(str(tmp_path / "bad.json"), language="en")


def test_every_row_is_named_in_both_languages(published: dict[str, Any]) -> None:
    assert all(text.en and text.fr for texts in (MAILS, DESIGNS, LEARNERS, TEXTS) for text in texts.values())
    assert set(published["hillstrom"]) == set(MAILS)
    assert {row["design"] for row in published["designs"]} == set(DESIGNS)
    halvings = [each for mail in published["hillstrom"].values() for each in mail.values()]
    for learners in (*halvings, *(row["learners"] for row in published["designs"])):
        for name in peers_of(learners):
            learner, _, package = name.partition("_")
            assert learner in LEARNERS
            assert package in PACKAGES

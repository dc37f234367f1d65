"""The study of next products: the page reads what the benchmark writes, and its sentences follow the intervals."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from relkit.errors import TableError
from relkit.reports.next_product_study import KINDS, MEASURES, OWN_RUN, PUBLISHED, NextProductStudy
from relkit.reports.next_product_study_texts import COMPANIES, LEVELS, SPLITS, TEXTS
from relkit.reports.summary_tables import SummaryTable

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "next_products_on_real_baskets.md"


@pytest.fixture
def published() -> dict[str, Any]:
    return dict(json.loads(PUBLISHED.read_text(encoding="utf-8")))


def study(found: dict[str, Any], language: str = "en") -> NextProductStudy:
    return NextProductStudy(found=found, language=language)


def cells(shown: object) -> list[list[str]]:
    assert isinstance(shown, SummaryTable)
    return shown.cells()


def test_both_companies_levels_and_splits_are_in_every_table(published: dict[str, Any]) -> None:
    shown = study(published)
    for table in (shown.recall(), shown.ndcg(), shown.repeat(), shown.explore(), shown.circumstances()):
        names = [row[0].replace("\u00a0", " ") for row in cells(table)]
        groceries = [f"groceries, by {level}, {split}" for level in ("product", "category") for split in ("last basket", "cut date")]
        assert names == [*groceries, "gifts, by product, last basket", "gifts, by product, cut date"]
    assert cells(shown.recall())[0][1:] == ["16.2%", "14.2%", "8.1%", "+2.03 (+1.51 to +2.57)"]
    assert cells(study(published, "fr").ndcg())[0][1:] == ["0,184", "0,169", "0,081", "+0,015 (de +0,011 à +0,019)"]


def test_repeat_and_new_purchases_are_drawn_apart(published: dict[str, Any]) -> None:
    drawn = {"gains": MEASURES, "apart": KINDS}
    for name, measures in drawn.items():
        pictures = getattr(study(published), name)().pictures
        for picture, measure in zip(pictures, measures, strict=True):
            ax = picture.drawn
            assert [x for x, _ in ax.collections[-1].get_offsets()] == pytest.approx(
                [row["differences"][measure]["difference"] for row in published["rows"]]
            )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_titles_are_inside_their_pictures(published: dict[str, Any], language: str) -> None:
    for gallery in (study(published, language).gains(), study(published, language).apart()):
        for picture in gallery.pictures:
            figure = picture.drawn.get_figure(root=True)
            figure.draw_without_rendering()
            assert picture.drawn.title.get_window_extent().x1 <= figure.bbox.x1
            assert picture.drawn.title.get_window_extent().x0 >= figure.bbox.x0


def shifted(bounds: tuple[float, float]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def of(found: dict[str, Any]) -> dict[str, Any]:
        made = copy.deepcopy(found)
        made["rows"][0]["differences"]["recall"] |= {"lower": bounds[0], "upper": bounds[1]}
        return made

    return of


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ((0.001, 0.02), "in all 6 comparisons; no interval includes 0."),
        ((-0.001, 0.02), "6 comparisons: above in 5, below in 0, within chance in 1."),
        ((-0.02, -0.001), "6 comparisons: above in 5, below in 1, within chance in 0."),
    ],
)
def test_the_verdict_follows_the_intervals(published: dict[str, Any], bounds: tuple[float, float], sentence: str) -> None:
    first, second, *_ = study(shifted(bounds)(published)).headlines().sentences
    assert first.startswith("Share of the next basket found")
    assert first.endswith(sentence)
    assert second.endswith("in all 6 comparisons; no interval includes 0.")


def test_what_is_held_runs_from_the_least_to_the_greatest(published: dict[str, Any]) -> None:
    _, _, held, repeat, new = study(published).headlines().sentences
    values = [row["measures"]["model"]["recall"] for row in published["rows"]]
    assert f"first 10 products hold {min(values):.1%} to {max(values):.1%} of" in held
    for sentence, measure in ((repeat, "recall_repeat"), (new, "recall_explore")):
        values = [row["measures"]["global"][measure] for row in published["rows"]]
        digits = 2 if measure == "recall_explore" else 1
        assert sentence.endswith(f"best-sellers {min(values):.{digits}%} to {max(values):.{digits}%}.")


def test_the_table_of_this_machine_goes_before_the_published_one(
    published: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(NextProductStudy.read(None, language="en").found["rows"]) == 6
    (tmp_path / OWN_RUN).parent.mkdir(parents=True)
    (tmp_path / OWN_RUN).write_text(json.dumps(published | {"rows": published["rows"][:2]}))
    assert len(NextProductStudy.read(None, language="en").found["rows"]) == 2


def test_where_there_is_no_table_it_says_what_makes_one(tmp_path: Path) -> None:
    shown = NextProductStudy.read(str(tmp_path / "none.json"), language="en")
    assert "bench_next_product_study.py` makes it" in shown.headlines().sentences[0]
    for each in (shown.gains(), shown.recall(), shown.ndcg(), shown.apart(), shown.repeat(), shown.explore(), shown.circumstances()):
        assert each._repr_html_() == "<p></p>"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{"format": 2, "rows": [{"measures": {"model": 1, "personal": 1, "global": 1}}]}', r"another format\. Run python"),
        ('{"format": 1, "rows": []}', r"another format\. Run python"),
        ('{"format": 1, "rows": [{}]}', r"not a table of a benchmark\. Run python"),
        ("[", r"not a table of a benchmark\. Run python"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, written: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(written)
    with pytest.raises(TableError, match=message):
        NextProductStudy.read(str(tmp_path / "bad.json"), language="en")


def test_the_page_of_the_documentation_has_the_published_numbers(published: dict[str, Any]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for row in published["rows"]:
        recall = " / ".join(f"{row['measures'][name]['recall']:.4f}" for name in ("model", "personal", "global"))
        (line,) = (line for line in page.splitlines() if recall in line)
        for measure in MEASURES:
            assert "{difference:+.4f} [{lower:+.4f}, {upper:+.4f}]".format(**row["differences"][measure]) in line


def test_every_row_is_named_in_both_languages(published: dict[str, Any]) -> None:
    assert all(text.en and text.fr for texts in (COMPANIES, LEVELS, SPLITS, TEXTS) for text in texts.values())
    for row in published["rows"]:
        assert row["company"] in COMPANIES
        assert row["level"] in LEVELS
        assert row["split"] in SPLITS

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.models import catalogue
from relkit.reports.model_choice import FRAMES, TEXTS, ModelChoice
from relkit.reports.pictures import Gallery

MEASURES = {name: tuple(catalogue.family(name).texts.measures) for name in ("lifetime_value", "survival")}


def kept(family="survival"):
    names = [f"{family}.a", f"{family}.b"]
    columns = {"model": names, "parameters": [4, 0]}
    for name in MEASURES[family]:
        columns |= {name: [0.1, None], f"{name}_lower": [0.05, None], f"{name}_upper": [0.1504, None]}
    groups = pl.DataFrame({"model": names, "group": [1, 1], "customers": [50, 50], "expected": [0.1, 0.2], "seen": [0.1, 0.1]})
    day = date(2025, 6, 30)
    course = pl.DataFrame({"model": names, "day": day, "expected": [5.0, 6.0], "seen": [5.0, 5.0], "calibration": date(2025, 1, 1)})
    return dict(
        zip(FRAMES, (pl.DataFrame(columns, schema_overrides={f"{n}": pl.Float64 for n in MEASURES[family]}), groups, course), strict=True)
    )


@pytest.mark.parametrize("family", MEASURES)
@pytest.mark.parametrize(
    ("language", "title", "yes", "span", "finer"),
    [
        ("en", "Which model?", "yes", "0.100 (0.050 to 0.150)", "0.1000 (0.0500 to 0.1504)"),
        ("fr", "Quel modèle ?", "oui", "0,100 (0,050 à 0,150)", "0,1000 (0,0500 à 0,1504)"),
    ],
)
def test_picture_and_table(family, language, title, yes, span, finer):
    """A Brier score is small: it is shown with a decimal more."""
    choice = ModelChoice(model=f"{family}.a", kept=kept(family), language=language)
    assert choice.exists
    first, second = choice.candidates().cells()
    assert first[:3] == [f"{family}.a", yes, "4"]
    assert first[4] == (span if family == "lifetime_value" else finer)
    assert second == [f"{family}.b", "", "0", *["–"] * len(MEASURES[family])]
    html = choice._repr_html_()
    assert html.startswith(f"<h2>{title}</h2><figure>")
    assert html.count("<table>") == 1


def test_a_value_without_an_interval_stands_alone():
    frames = kept()
    frames[FRAMES[0]] = frames[FRAMES[0]].with_columns(ici_lower=pl.lit(None), ici_upper=pl.lit(None))
    assert ModelChoice(model="survival.a", kept=frames, language="en").candidates().cells()[0][-1] == "0.100"


def test_where_nothing_was_compared_nothing_is_shown():
    choice = ModelChoice(model="survival.a", kept=dict.fromkeys(FRAMES), language="fr")
    assert not choice.exists
    assert choice._repr_html_() == ""
    assert choice.picture().pictures == ()
    assert isinstance(choice.candidates(), Gallery)


def test_both_languages_say_the_same():
    assert all(text.en and text.fr for text in TEXTS.values())
    headings = [text for name in MEASURES for text in catalogue.family(name).texts.measures.values()]
    assert all(text.en and text.fr for text in headings)


def test_a_group_of_few_is_not_drawn():
    frames = kept("lifetime_value")
    few = frames[FRAMES[1]].with_columns(group=pl.lit("7+"), customers=pl.lit(4, pl.Int64))
    frames[FRAMES[1]] = pl.concat([frames[FRAMES[1]].cast({"group": pl.String}), few])
    (picture,) = ModelChoice(model="lifetime_value.a", kept=frames, language="en").picture().pictures
    left = picture.drawn.get_figure(root=True).axes[0]
    assert [label.get_text() for label in left.get_xticklabels()] == ["1\n50"]


def test_the_mean_over_the_holdout_and_the_score_of_its_last_day_have_names_of_their_own() -> None:
    from relkit.models.survival.comparison import YARDSTICK
    from relkit.reports.model_card import TEXTS as CARD

    heading = catalogue.family("survival").texts.measures["integrated_brier_score"]
    for language in ("en", "fr"):
        assert heading[language].lower() != CARD["brier_score"][language].lower()
    assert "Integrated" in heading.en
    assert "intégré" in heading.fr
    assert "last day" in CARD["brier_score"]["en"]
    assert "dernier jour" in CARD["brier_score"]["fr"]
    assert YARDSTICK.called == YARDSTICK.shown["integrated_brier_score"] == "integrated Brier score"

from __future__ import annotations

import polars as pl

from relkit.models.affinity.family import PROPENSITY
from relkit.reports.pictures import Gallery
from relkit.reports.product_propensities import TEXTS, ProductPropensities
from relkit.reports.summary_tables import SummaryTable
from relkit.score_kinds import Score

PLUS, RARE = (PROPENSITY.at(90, subject=name, subject_id=name.upper()) for name in ("plus", "rare"))


def people(n: int = 200) -> pl.DataFrame:
    """Return n customers, of whom a quarter hold the first product; the second is scored for five only."""
    chance = [None if i % 4 == 3 else 0.5 if i % 40 == 0 else 0.1 for i in range(n)]
    return pl.DataFrame({"customer_id": [f"k{i}" for i in range(n)], str(PLUS): chance, str(RARE): [0.2] * 5 + [None] * (n - 5)})


def read(frame: pl.DataFrame, language: str = "en") -> ProductPropensities:
    scores = [PLUS, RARE, Score("p_alive")]
    return ProductPropensities.of(frame, scores=scores, names={"PLUS": "Plus contract"}, language=language)


def test_both_languages_have_the_same_numbers() -> None:
    for text in TEXTS.values():
        parts = [{part.split("}")[0] for part in text[language].split("{")[1:]} for language in ("en", "fr")]
        assert parts[0] == parts[1]


def test_expected_takers_by_hand() -> None:
    """Of 150 without the product, 5 have 0.5 and 145 have 0.1: 17 are expected; the best 15 hold 5 x 0.5 + 10 x 0.1 = 3.5 of them."""
    assert read(people()).headlines().sentences == (
        "Plus contract has the most takers ahead: 17 of 150 customers without it should take it within 90 days (11.3%).",
        "The tenth most inclined to take Plus contract, 15 customers, holds 21% of these takers: begin with them.",
    )
    table = read(people(), "fr").by_product()
    assert isinstance(table, SummaryTable)
    assert [cell.replace("\u00a0", " ") for cell in table.cells()[0]] == ["Plus contract", "90", "150", "11,3 %", "17", "23,3 %", "21 %"]


def test_products_scored_for_few_are_left_out() -> None:
    assert read(people()).rows["product"].to_list() == ["Plus contract"]


def test_without_a_model_the_page_states_it() -> None:
    nothing = read(people().select("customer_id"))
    assert nothing.headlines().sentences == (TEXTS["none"]["en"],)
    assert isinstance(nothing.by_product(), Gallery)

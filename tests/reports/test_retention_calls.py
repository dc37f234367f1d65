from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.reports.retention_calls import TEXTS, RetentionCalls
from relkit.scores.retention_offer import RetentionOffer, by_profit_and_by_risk

N = 400


@pytest.fixture(scope="module")
def offers() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    risk, stake = rng.beta(2, 15, N), rng.gamma(2, 150, N)
    frame = pl.DataFrame({"customer_id": [f"K{i:04d}" for i in range(N)], "churn_probability": risk, "margin_saved": risk * stake})
    frame = frame.with_columns(uplift=0.3 * pl.col("churn_probability"), value=0.3 * pl.col("margin_saved"), cost=pl.lit(6.0))
    return frame.with_columns(expected_profit=pl.col("value") - pl.col("cost"))


WHY = pl.DataFrame(
    {
        "customer_id": [f"K{i:04d}" for i in range(60)],
        "reason_en": ["pays by direct debit: no"] * 50 + ["rare: yes"] * 4 + ["monthly amount above usual"] * 6,
        "reason_fr": ["paie par prélèvement : non"] * 50 + ["rare : oui"] * 4 + ["montant mensuel au-dessus de l’habituel"] * 6,
        "risk_ratio": [1.5] * 60,
    }
)


def calls(offers: pl.DataFrame | None, why: pl.DataFrame | None = WHY, language: str = "en") -> RetentionCalls:
    ids = [f"K{i:04d}" for i in range(N)]
    risk = pl.DataFrame({"customer_id": ids, "probability": np.linspace(0.5, 0.01, N)})
    return RetentionCalls(offers=offers, why=why, risk=risk, offer=RetentionOffer(), currency="EUR", language=language)


def test_both_languages_say_the_same_things() -> None:
    assert set(TEXTS["en"]) == set(TEXTS["fr"])


def test_headlines_agree_with_the_offers(offers: pl.DataFrame) -> None:
    found = by_profit_and_by_risk(offers)
    said = calls(offers).headlines().sentences
    assert (
        said[0]
        == f"Calling pays for {found.called} of 400 customers: €{found.profit:,.0f} are expected of them, at a cost of €{found.cost:,.0f}."
    )
    assert f"would miss {found.missed_share:.0%} of it" in said[1]
    assert said[2].startswith("Assumed: the offer averts 30% of the ends due within 90 days; a contact costs €1, the offer €10")


def test_an_offer_that_pays_for_nobody_or_few_says_so(offers: pl.DataFrame) -> None:
    dear = offers.with_columns(expected_profit=pl.lit(-1.0))
    assert calls(dear, language="fr").headlines().sentences[0].endswith("l’offre coûte plus qu’elle ne conserve.")
    few = dear.with_columns(expected_profit=pl.when(pl.int_range(pl.len()) < 3).then(1.0).otherwise(-1.0))
    assert calls(few).headlines().sentences[0] == "Calling pays for fewer than 10 customers under these assumptions."


def test_without_margins_it_says_so_and_draws_nothing() -> None:
    bare = calls(None)
    assert bare.headlines().sentences == ("The margin of the contracts is not known, so what an offer is worth cannot be said.",)
    assert bare.by_tenth()._repr_html_() == bare.curves()._repr_html_() == "<p></p>"


def test_the_table_by_tenth_adds_up(offers: pl.DataFrame) -> None:
    table = calls(offers).by_tenth()
    rows = table.frame  # type: ignore[union-attr]
    assert rows["customers"].to_list() == [40] * 10
    assert rows["profit"].is_sorted(descending=True)
    assert float(rows["profit"].sum()) == pytest.approx(float(offers["expected_profit"].sum()))
    assert table.cells()[-1][:2] == ["All", "400"]  # type: ignore[union-attr]


def test_reasons_are_counted_for_all_and_for_the_most_at_risk() -> None:
    cells = calls(None, language="fr").reasons().cells()  # type: ignore[union-attr]
    assert [cell.replace("\u00a0", " ") for cell in cells[0]] == ["paie par prélèvement : non", "50", "12 %", "100 %", "1,50"]
    assert [row[1] for row in cells[1:]] == ["< 10", "< 10"]
    assert calls(None, why=None).reasons()._repr_html_() == "<p>The model behind the risk does not tell reasons.</p>"


def test_the_curves_end_where_all_are_called(offers: pl.DataFrame) -> None:
    picture = calls(offers).curves().pictures[0]
    lines = picture.drawn.lines  # type: ignore[attr-defined]
    assert lines[1].get_ydata()[-1] == pytest.approx(lines[3].get_ydata()[-1])
    assert picture.caption.startswith("Customers called one after the other")

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.commands import Place, at_work
from relkit.metrics.profit import ChurnProfit
from relkit.models.survival.profit_of_risk import HeldOutProfit
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


USUAL = RetentionOffer()


def calls(
    offers: pl.DataFrame | None, why: pl.DataFrame | None = WHY, language: str = "en", *, offer: RetentionOffer = USUAL, **more: Any
) -> RetentionCalls:
    ids = [f"K{i:04d}" for i in range(N)]
    risk = pl.DataFrame({"customer_id": ids, "probability": np.linspace(0.5, 0.01, N)})
    return RetentionCalls(offers=offers, why=why, risk=risk, offer=offer, currency="EUR", language=language, **more)


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_headlines_agree_with_the_offers(offers: pl.DataFrame) -> None:
    found = by_profit_and_by_risk(offers)
    lines = calls(offers).headlines().sentences
    assert lines[0].startswith(
        "Assumption: an offer that averts 30% of the ends due within 90 days, costs €1 per contact and €10 per customer who takes it, "
        "and is taken by 100% of those who would have stayed. No offer was declared; these are the values of the literature (Verbraken,"
    )
    assert lines[1] == (
        f"Calling pays for {found.called} of 400 customers: a profit of €{found.profit:,.0f} is expected, "
        f"after costs of €{found.cost:,.0f}."
    )
    assert found.profit == pytest.approx(offers.filter(pl.col("expected_profit") > 0).select(pl.col("value") - pl.col("cost")).sum().item())
    assert f"would miss {found.missed_share:.0%} of this profit" in lines[2]
    declared = ": relkit score --offer.contact_cost 4 --offer.offer_cost 20 --offer.budget 5000"
    assert lines[-1].endswith(f"{declared}, then relkit deliver")
    with at_work(Place(programme="demo", as_of="2025-06-30")):
        complete = calls(offers).headlines().sentences[-1]
    assert complete.endswith(
        f"{declared.replace(' --offer', ' --as-of 2025-06-30 --offer', 1)} --programme demo, "
        "then relkit deliver --as-of 2025-06-30 --programme demo"
    )


def test_a_declared_offer_is_distinguished_from_an_assumed_one(offers: pl.DataFrame) -> None:
    offer = RetentionOffer(contact_cost=4, offer_cost=20, averted_share=0.25, averts=("voluntary", "price"))
    declared = ("averted_share", "averts", "contact_cost", "offer_cost")
    line = calls(offers, offer=offer, declared=declared).headlines().sentences[0]
    assert line == (
        "The declared offer averts 25% of the ends by voluntary, price due within 90 days, costs €4 per contact and €20 per customer who "
        "takes it, and is taken by 100% of those who would have stayed. Not declared, so the usual was assumed: the days within which they "
        "are due, the share of the others who take it. Measure the share averted on a control group."
    )
    lines = calls(offers, offer=offer, declared=declared, language="fr").headlines().sentences
    assert lines[0].startswith(
        "L’offre déclarée évite 25\u00a0% des fins pour motif volontaire, price prévues sous 90 jours, coûte 4\u00a0€ par"
    )
    assert not any("relkit score" in line for line in lines)


def test_a_budget_is_stated_with_the_customers_it_leaves_out(offers: pl.DataFrame) -> None:
    everybody = by_profit_and_by_risk(offers)
    found = by_profit_and_by_risk(offers, budget=300.0)
    lines = calls(offers, offer=RetentionOffer(budget=300.0)).headlines().sentences
    assert lines[1] == (
        f"Within the budget of €300, {found.called} of the {everybody.called} customers for whom calling pays are called: "
        f"a profit of €{found.profit:,.0f} is expected, after costs of €{found.cost:,.0f}."
    )
    assert f"would miss {found.missed_share:.0%} of this profit" in lines[2]
    rich = calls(offers, offer=RetentionOffer(budget=1e6)).headlines().sentences
    assert rich[1:3] == (
        calls(offers).headlines().sentences[1],
        "The budget of €1,000,000 is not spent: calling pays for nobody else.",
    )
    for budget in (0.0, 5.9):
        poor = calls(offers, offer=RetentionOffer(budget=budget)).headlines().sentences
        assert poor[1].endswith(f"pays for no call; calling would pay for {everybody.called} of 400 customers.")
        assert poor[0].startswith("Assumption")


def test_the_profit_of_an_order_by_risk_is_reported_if_measured(offers: pl.DataFrame) -> None:
    seen = HeldOutProfit(days=90, best=ChurnProfit(1.234, 0.18), perfect=ChurnProfit(3.5, 0.07), clv=210.0)
    line = calls(offers, held_out=seen).headlines().sentences[3]
    assert line == (
        "A list in the order of risk, on 90 days that the model had not seen: best is to contact 18% of the customers, a profit after "
        "costs of €1.23 for each customer under contract (expected maximum profit, EMPC, an end averted counted at €210); to know "
        "beforehand who leaves would bring €3.50."
    )


def test_an_offer_that_pays_for_nobody_or_few_says_so(offers: pl.DataFrame) -> None:
    dear = offers.with_columns(expected_profit=pl.lit(-1.0))
    assert calls(dear, language="fr").headlines().sentences[1].endswith("l’offre coûte plus qu’elle ne conserve.")
    few = dear.with_columns(expected_profit=pl.when(pl.int_range(pl.len()) < 3).then(1.0).otherwise(-1.0))
    assert calls(few).headlines().sentences[1] == "Calling pays for fewer than 10 customers under these assumptions."


def test_without_margins_it_says_so_and_draws_nothing() -> None:
    bare = calls(None)
    assert bare.headlines().sentences[0].startswith("The margin of the contracts is not known")
    assert len(bare.headlines().sentences) == 1
    assert bare.by_tenth()._repr_html_() == bare.curves()._repr_html_() == "<p></p>"


def test_the_table_by_tenth_adds_up(offers: pl.DataFrame) -> None:
    table = calls(offers).by_tenth()
    rows = table.frame  # type: ignore[union-attr]
    assert rows["customers"].to_list() == [40] * 10
    assert rows["profit"].is_sorted(descending=True)
    assert float(rows["profit"].sum()) == pytest.approx(float(offers["expected_profit"].sum()))
    assert table.cells()[-1][:2] == ["All", "400"]  # type: ignore[union-attr]


def test_a_row_of_the_table_is_not_the_profit_of_the_headline(offers: pl.DataFrame) -> None:
    for language, text in (("en", "those for whom calling does not pay too"), ("fr", "n’est pas rentable")):
        assert text in calls(offers, language=language).by_tenth()._repr_html_()


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


def test_under_a_budget_the_curves_go_by_what_is_spent(offers: pl.DataFrame) -> None:
    picture = calls(offers, offer=RetentionOffer(budget=300.0)).curves().pictures[0]
    curve, budget = picture.drawn.lines[1], picture.drawn.lines[-1]  # type: ignore[attr-defined]
    assert curve.get_xdata()[-1] == pytest.approx(6.0 * N)
    assert list(budget.get_xdata()) == [300.0, 300.0]
    dot = picture.drawn.lines[2]  # type: ignore[attr-defined]
    found = by_profit_and_by_risk(offers, budget=300.0)
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (pytest.approx(found.cost), pytest.approx(found.profit))
    assert picture.caption.startswith("Money spent on calls")


def barred_by(offers: pl.DataFrame, **counts: int) -> pl.DataFrame:
    reasons = [why for why, n in counts.items() for _ in range(n)]
    return offers.head(len(reasons)).with_columns(not_called_because=pl.Series(reasons))


def test_customers_who_may_not_be_phoned_are_counted_and_in_no_list(offers: pl.DataFrame) -> None:
    barred = barred_by(offers, no_consent=150, protected=12, unreachable=3)
    free = offers.join(barred, on="customer_id", how="anti", maintain_order="left")
    paying = int((barred["expected_profit"] > 0).sum())
    assert paying >= 10
    reading = calls(free, barred=barred)
    assert reading.headlines().sentences[2] == (
        "Left out, as they may not be phoned: 150 customers without consent to calls, some protected, fewer than 10 out of reach by phone. "
        f"Calling would pay for {paying} of them."
    )
    assert " of 235 customers: " in reading.headlines().sentences[1]
    assert reading.by_tenth().cells()[-1][1] == "235"
    french = calls(free, barred=barred, language="fr").headlines().sentences[2]
    assert french.startswith(
        "Laissés de côté, car ils ne peuvent être appelés : 150 clients sans accord pour le téléphone, quelques personnes protégées"
    )


def test_where_nobody_may_be_phoned_the_page_says_so(offers: pl.DataFrame) -> None:
    reading = calls(offers.clear(), barred=barred_by(offers, protected=N))
    lines = reading.headlines().sentences
    assert lines[1] == "None of the customers under contract may be phoned."
    assert lines[2].startswith("Left out, as they may not be phoned: 400 protected.")
    assert reading.curves().pictures == ()

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from met_customers import BOUGHT, CALL, MAIL, Moment, moments
from walked_journeys import INSTANT, at

from relkit.errors import ParameterError
from relkit.features.customer_moments import no_purchases
from relkit.periods import AsOf
from relkit.reports.customer_journeys_moments import CustomerMoments
from relkit.reports.customer_journeys_moments_texts import TEXTS
from relkit.reports.summary_tables import SummaryTable

if TYPE_CHECKING:
    from relkit.reports.pictures import Gallery

AS_OF = AsOf.parse("2025-09-30")
VISIT = ("visit", "direct")


def frame(columns: dict[str, Any], rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema: dict[str, Any] = {"customer_id": pl.String, "at": INSTANT} | columns
    return pl.DataFrame(rows, schema=schema, orient="row")


def shown(
    met: list[tuple[str, float, Moment]],
    *,
    lost: list[tuple[str, float, str]] | None = None,
    answered: list[tuple[str, float, float]] | None = None,
    bought: list[tuple[str, float]] | None = None,
    outcomes: list[tuple[str, float, str]] | None = None,
    language: str = "en",
) -> CustomerMoments:
    loss = pl.Enum(["complaint", "unsubscribed", "contract_ended", "silence"])
    purchases = frame(
        {"channel": pl.String, "store_id": pl.String, "amount": pl.Float64}, [(c, at(d), None, "m", 10.0) for c, d in bought or []]
    )
    answers = [(c, at(d), score, 1.0, None) for c, d, score in answered or []]
    reached = [(c, at(d), "email", outcome) for c, d, outcome in outcomes or []]
    return CustomerMoments(
        moments=moments(met).with_columns(step=pl.lit(None, pl.String)),
        purchases=purchases if bought else no_purchases(),
        losses=frame({"loss": loss}, [(c, at(d), kind) for c, d, kind in lost or []]),
        silence_days=90,
        silence_given=False,
        answers=frame({"score": pl.Float64, "weight": pl.Float64, "asked": pl.String}, answers) if answered is not None else None,
        outcomes=frame({"channel": pl.String, "outcome": pl.String}, reached) if outcomes is not None else None,
        as_of=AS_OF,
        loss_days=30,
        answer_days=14,
        next_days=14,
        currency="EUR",
        language=language,
    )


def crowd(number: int, moment: Moment = BOUGHT, day: float = 0.0) -> list[tuple[str, float, Moment]]:
    return [(f"c{i:03d}", day, moment) for i in range(number)]


def cells(table: SummaryTable | Gallery) -> list[list[str]]:
    assert isinstance(table, SummaryTable)
    return table.cells()


def test_what_precedes_a_loss_is_stated_next_to_what_all_had() -> None:
    """By hand: 36 of 40 complaints follow a call within 30 days; 36 of 200 customers had one then, all of them among those."""
    page = shown([*crowd(200), *crowd(36, CALL, 95.0)], lost=[(f"c{i:03d}", 100.0, "complaint") for i in range(40)])
    assert page.loss_headlines().sentences == (
        "Complaint: 90.0% of 40 were preceded within 30 days by: call (phone); 18.0% of all customers had one in the same days.",
    )
    (row,) = cells(page.before_losses())
    assert row[:6] == ["Complaint", "call (phone)", "36", "90%", "18.0%", "72.0"]
    assert cells(page.loss_paths("complaint")) == [["call (phone)", "36", "90.0%", "0.0%"]]


def test_a_moment_that_all_have_precedes_nothing_in_particular() -> None:
    page = shown([*crowd(100), *crowd(100, MAIL, 95.0)], lost=[(f"c{i:03d}", 100.0, "silence") for i in range(30)], language="fr")
    assert page.loss_headlines().sentences == ("Long silence : rien ne précède les 30 cas plus que le hasard ne l’explique.",)
    assert page.before_losses()._repr_html_() == "<p></p>"
    table = page.loss_paths("silence")
    assert isinstance(table, SummaryTable)
    assert table.cells() == [["sollicitation (e-mail)", "30", "100,0\u00a0%", "100,0\u00a0%"]]
    assert table.notes == ("Un silence est long après 90 jours sans achat, plus que 19 intervalles sur 20 entre deux achats.",)


def test_few_losses_are_not_shown_and_unknown_ones_refused() -> None:
    page = shown(crowd(50), lost=[(f"c{i:03d}", 100.0, "complaint") for i in range(9)])
    assert page.loss_headlines().sentences == ("Complaint: too few cases to show.",)
    assert "too few cases" in page.loss_paths("complaint")._repr_html_()
    assert "no case is known" in page.loss_paths("unsubscribed")._repr_html_()
    with pytest.raises(ParameterError, match="complaint"):
        page.loss_paths("complain")


def test_an_irritant_is_named_with_its_gap_and_its_customers() -> None:
    """By hand: 30 answers of 3 or 5 after calls, 60 of 7 or 9 after purchases: 4 points below, 4 above."""
    met = [*crowd(60), *crowd(30, CALL, 60.0)]
    scores = [(f"c{i:03d}", 1.0, 7.0 + 2 * (i % 2)) for i in range(60)] + [(f"c{i:03d}", 61.0, 3.0 + 2 * (i % 2)) for i in range(30)]
    page = shown(met, answered=scores, bought=[(f"c{i:03d}", 0.0) for i in range(60)])
    assert page.truth_headlines().sentences == (
        "Irritant: after call (phone), the score is 4.0 points (of 10) below that of the other answers; 30 customers had it within a year.",
        "Strong point: after purchase (store), the score is 4.0 points (of 10) above that of the other answers.",
    )
    first = cells(page.truth_table())[0]
    assert first[:4] == ["call (phone)", "30", "4.0", "4.00"]
    assert first[5:] == ["30", "€10", "€120"]
    assert len(page.truth_picture().pictures) == 1


def test_scores_that_do_not_differ_are_stated_as_such() -> None:
    met = [*crowd(60), *crowd(30, CALL, 60.0)]
    scores = [(f"c{i:03d}", day, 7.0 + 2 * (i % 2)) for day, n in ((1.0, 60), (61.0, 30)) for i in range(n)]
    (line,) = shown(met, answered=scores).truth_headlines().sentences
    assert line.endswith("beyond chance (2 moments compared, 90 answers).")


def test_moments_of_a_declared_step_have_its_name() -> None:
    page = shown([*crowd(60), *crowd(30, CALL, 60.0)])
    named = replace(page, moments=page.moments.with_columns(step=pl.when(pl.col("kind") == "call").then(pl.lit("after-sales"))))
    assert named.steps["kind"].unique().sort().to_list() == ["after-sales", "purchase"]
    assert named.moments["kind"].unique().sort().to_list() == ["call", "purchase"]


def test_scores_by_the_step_asked_about() -> None:
    scores = [(f"c{i:03d}", 1.0, 4.0 if i < 20 else 8.0) for i in range(60)]
    page = shown(crowd(60), answered=scores)
    assert page.answers is not None
    asked = page.answers.with_columns(asked=pl.when(pl.col("score") < 5).then(pl.lit("delivery")).otherwise(pl.lit("store")))
    table = replace(page, answers=asked).asked_table()
    assert [row[:4] for row in cells(table)] == [["delivery", "20", "4.0", "4.00"], ["store", "40", "8.0", "−4.00"]]
    assert replace(page, answers=asked.with_columns(asked=pl.lit("store"))).asked_table()._repr_html_() == "<p></p>"


def test_visits_before_store_purchases_stand_next_to_the_base_rate() -> None:
    """By hand: 20 of 40 store buyers visited the day before; at that instant these are 20 of the 40."""
    met = [*crowd(40), *crowd(40, BOUGHT, 50.0), *crowd(20, VISIT, 49.5)]
    page = shown(met, bought=[(f"c{i:03d}", 50.0) for i in range(40)])
    assert page.visit_headlines().sentences == (
        (
            "50.0% of 40 store purchases follow a visit to the web site within 30 days; at the same dates 50.0% of the same customers had "
            "visited it."
        ),
    )
    assert [row[:5] for row in cells(page.visits())] == [[days, "40", "20", "50.0%", "50.0%"] for days in ("1", "7", "30")]
    assert len(page.visit_picture().pictures) == 1


def test_few_visits_are_not_counted_out() -> None:
    met = [*crowd(40), *crowd(40, BOUGHT, 50.0), *crowd(9, VISIT, 49.5)]
    page = shown(met, bought=[(f"c{i:03d}", 50.0) for i in range(40)])
    assert page.visit_headlines().sentences == ("Fewer than 10 of 40 store purchases follow a visit to the web site within 30 days.",)
    assert {row[2] for row in cells(page.visits())} == {"< 10"}


def test_answers_of_few_customers_are_not_compared() -> None:
    """Twenty-four answers after a call by four customers: enough answers, too few people."""
    met = [*crowd(60), *[(f"c{i:03d}", 60.0 + week, CALL) for i in range(4) for week in range(6)]]
    scores = [(f"c{i:03d}", 1.0, 8.0) for i in range(60)] + [(f"c{i:03d}", 60.5 + week, 2.0) for i in range(4) for week in range(6)]
    assert shown(met, answered=scores).truth_headlines().sentences == (
        "Fewer than two moments were followed by 20 answers of enough customers within 14 days, so none can be compared.",
    )


def test_outcomes_that_differ_beyond_chance_are_compared_within_their_channel() -> None:
    """By hand: of 200 who clicked 100 buy within a day, of 200 who did not open 10 do."""
    met = [*crowd(400), *crowd(100, BOUGHT, 21.0), *[(f"c{i:03d}", 21.0, BOUGHT) for i in range(200, 210)]]
    outcomes = [(f"c{i:03d}", 20.0, "clicked" if i < 200 else "delivered") for i in range(400)]
    page = shown(met, outcomes=outcomes)
    assert page.next_headlines().sentences == (
        "By email: after the outcome clicked, 50.0% of the customers buy next within 14 days; after delivered, 5.0%.",
    )
    assert cells(page.after_contacts()) == [["email", "clicked", "200", "50.0%", "50.0%"], ["email", "delivered", "200", "95.0%", "5.0%"]]
    even = shown([*crowd(400), *crowd(400, BOUGHT, 21.0)], outcomes=outcomes)
    assert even.next_headlines().sentences == (TEXTS["next_even"]["en"],)


def test_behaviour_of_few_is_masked() -> None:
    met = [*crowd(150), *crowd(9, CALL, 21.0)]
    page = shown(met, outcomes=[(f"c{i:03d}", 20.0, "opened") for i in range(150)])
    assert cells(page.after_contacts()) == [["email", "opened", "150", "94.0%"]]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_the_tables_lack_is_said_in_one_sentence(language: str) -> None:
    page = shown([], language=language)
    texts = {key: TEXTS[key][language] for key in ("no_losses", "no_surveys", "no_stores", "no_outcomes")}
    found = [part.sentences for part in (page.loss_headlines(), page.truth_headlines(), page.visit_headlines(), page.next_headlines())]
    assert found == [(text,) for text in texts.values()]
    for part in (
        page.before_losses(),
        page.truth_picture(),
        page.truth_table(),
        page.visit_picture(),
        page.visits(),
        page.after_contacts(),
    ):
        assert part._repr_html_() == "<p></p>"


def test_stores_without_visits_are_said_too() -> None:
    assert shown(crowd(20), bought=[("c001", 0.0)]).visit_headlines().sentences == (TEXTS["no_visits"]["en"],)

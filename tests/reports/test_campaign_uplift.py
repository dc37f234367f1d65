"""The page of a measured campaign: the money first, what to do next, and only what the figures allow."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from measured_campaigns import voucher

from relkit.measurement.measured_campaign import MeasuredCampaign
from relkit.measurement.result_tables import GUARDRAILS, MONEY, SEGMENTS, WAVES, made, reason_of
from relkit.reports.campaign_uplift import CampaignUplift
from relkit.reports.campaign_uplift_texts import TERMS, TEXTS, VERDICTS
from relkit.texts import Text


def page(language: str = "en", tables: dict[str, pl.DataFrame] | None = None, **facts: Any) -> CampaignUplift:
    measured = voucher(**facts)
    return CampaignUplift(measured=replace(measured, tables={**measured.tables, **(tables or {})}), language=language)


def with_net(value: float, low: float, high: float) -> dict[str, pl.DataFrame]:
    """Return the money with another net margin at the end of the post window."""
    rows = voucher().table("money").to_dicts()
    for row in rows:
        if row["figure"] == "net_margin" and row["window"] == "post":
            row |= {"value": value, "low": low, "high": high}
    return {"money": made(MONEY, rows)}


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_have_the_same_words_to_fill() -> None:
    for text in (*TEXTS.values(), *VERDICTS.values(), *(each for pair in TERMS for each in pair)):
        assert text.en
        assert text.fr
        assert sorted(re.findall(r"{(\w+)}", text.en.lower())) == sorted(re.findall(r"{(\w+)}", text.fr.lower()))


def test_the_first_sentence_is_the_money_with_its_interval_and_what_to_do_next() -> None:
    assert page().first_sentence() == (
        "The campaign voucher added €4,000 of margin after its cost, counted 84 days after the draw (95% interval: €500 to €7,500): "
        "continue it."
    )
    assert plain(page("fr", wave_id="w1").first_sentence()) == (
        "La vague w1 de la campagne voucher a ajouté 4 000 € de marge, coût déduit, 84 jours après le tirage (intervalle à 95 % : de 500 "
        "€ à "
        "7 500 €) : à poursuivre."
    )


@pytest.mark.parametrize(
    ("net", "facts", "words"),
    [
        (
            (-900, -1_500, -300),
            {"verdict": "stop"},
            "cost more than it added: −€900 of margin after its cost.*stop it, because of the harm",
        ),
        ((200, -300, 700), {"verdict": "retest", "units_needed": 12_345}, "not shown to have added money.*with 12,345 units drawn"),
        ((200, -300, 700), {"verdict": "retest"}, "test it again, with more units drawn"),
        (
            (200, 100, 300),
            {"mismatch": True, "verdict": "not_measurable"},
            "cannot be known, because the draw was not carried out as planned",
        ),
        ((200, 100, 300), {"what": Text("Spend", "Dépense")}, "added €200 of spend after"),
    ],
)
def test_it_follows_the_figures_and_the_verdict(net: tuple[float, float, float], facts: dict[str, Any], words: str) -> None:
    assert re.search(words, page(tables=with_net(*net), **facts).first_sentence())


def test_a_french_amount_is_elided_and_sentences_keep_their_numbers() -> None:
    assert "d’achats" in page("fr", what=Text("Purchases", "Achats")).first_sentence()
    for sentence, other in zip(page().headlines().sentences, page("fr").headlines().sentences, strict=True):
        assert len(re.findall(r"\d[\d.,]*", sentence)) == len(re.findall(r"\d[\d.,\u202f]*", other)), (sentence, other)


def test_money_that_is_not_known_is_said_with_its_reason() -> None:
    reason = Text("No table tells of money.", "Aucune table ne renseigne de montants.")
    rows = [{"figure": "net_margin", "window": "post", **reason_of(reason)}]
    nothing = page(tables={"money": made(MONEY, rows)}, verdict="not_measurable")
    assert nothing.headlines().sentences[0].startswith("What the campaign voucher added in money is not known: No table tells of money.")
    assert "is not known" in nothing.money().otherwise
    assert nothing.key_figures()._repr_html_() == "<p></p>"


def test_sales_pulled_forward_are_named() -> None:
    (found,) = [line for line in page().headlines().sentences if "pulled forward" in line]
    assert "after day 28 the treated brought €2,000 less than the control" in found
    assert "credited with €8,000 of margin; €6,000 is left" in found


def test_a_comparison_says_so_first_and_never_speaks_of_a_control() -> None:
    counts = {"treated": 4_000, "not_contacted": 9_000}
    compared = page(kind="comparison", counts=counts, srm_p_value=None)
    sentences = [*compared.headlines().sentences, *compared.randomisation().sentences]
    assert sentences[0].startswith("Nobody was drawn at random for the campaign voucher: this is a comparison, not a proof.")
    assert "4,000 customers were contacted, and 9,000 who could have been were not." in sentences
    shown = " ".join(sentences) + compared.balance()._repr_html_() + compared.robustness()._repr_html_()
    assert "control" not in shown.lower()
    french = page("fr", kind="comparison", counts=counts, srm_p_value=None)
    assert "témoin" not in " ".join(french.headlines().sentences) + french.balance()._repr_html_()


def test_the_split_names_cannibalised_sales() -> None:
    first, taken = page().split_sentences().sentences
    assert "€2.40 on the products offered, −€1.00 on the rest of their category and €0.10 on everything else" in first
    assert taken.startswith("The offer took sales from its own category: −€1.00")
    estimates = voucher().table("estimates").filter(~pl.col("measure").str.starts_with("margin_"))
    without = page(tables={"estimates": estimates})
    assert without.split_sentences().sentences == (TEXTS["no_split"]["en"],)
    assert without.split().pictures == ()


def test_segments_are_named_only_beyond_chance() -> None:
    (differs,) = page().segment_sentences().sentences
    assert differs == "The effect differs by country, beyond chance: it is largest for FR (€2.50 each) and smallest for DE (€0.10 each)."
    same = voucher().table("segments").with_columns(differ_q_value=pl.lit(0.4))
    assert page(tables={"segments": same}).segment_sentences().sentences[0].startswith("No segment reacts differently beyond chance, 1 ")
    nothing = page(tables={"segments": made(SEGMENTS, [])})
    assert nothing.segment_sentences().sentences == (TEXTS["no_segments"]["en"],)
    assert nothing.segments().pictures == ()


def test_guardrails_hold_are_harmed_or_unproven() -> None:
    holds, harmed = page().guardrail_sentences().sentences
    assert holds == "Unsubscribed: no harm beyond 0.50 pt (0.20 pt, 0.10 pt to 0.30 pt)."
    assert harmed == "Complained: harmed beyond what is accepted, 2.00 pt (1.90 pt to 2.10 pt); 0.50 pt is accepted."
    rows = [row | {"low": -0.01, "high": 0.03, "state": "unclear"} for row in voucher().table("guardrails").to_dicts()]
    assert "is not ruled out" in page(tables={"guardrails": made(GUARDRAILS, rows)}).guardrail_sentences().sentences[0]
    assert page(tables={"guardrails": made(GUARDRAILS, [])}).guardrail_sentences().sentences == (TEXTS["no_guardrails"]["en"],)


def test_the_draw_is_judged_in_words() -> None:
    sizes, before, reached = page().randomisation().sentences
    assert sizes == "The arms have the sizes that were planned (p = 0.410)."
    assert before.startswith("Before the draw the arms were alike (p = 0.620)")
    assert reached.startswith("97.5% of those drawn treated were reached, and 0.2% of the control")
    wrong = page(mismatch=True, srm_p_value=1e-9, counts={"treated": 10, "control": 9, "in_both_arms": 3}).randomisation().sentences
    assert "do not have the sizes that were planned (p < 0.001)" in wrong[0]
    assert "< 10 units drawn into both arms" in wrong[2]


def test_with_everybody_reached_there_is_one_effect() -> None:
    counts = {"treated": 4_000, "control": 2_000, "treated_reached": 4_000, "control_reached": 0}
    assert page(counts=counts).randomisation().sentences[-1].startswith("All of those drawn treated were reached")


def test_tables_and_pictures_are_shown() -> None:
    shown = page("fr")
    assert [len(gallery.pictures) for gallery in (shown.money(), shown.days(), shown.split(), shown.segments())] == [1, 1, 1, 1]
    assert shown.waves().cells()[0][:3] == ["w0", "10 janvier 2024", "2\u202f000"]  # type: ignore[union-attr]
    assert shown.guardrails().cells()[1][-1] == "franchi"  # type: ignore[union-attr]
    assert len(shown.terms().cells()) == len(TERMS)
    amounts = {row[0]: row[2] for row in shown.money_table().cells()}
    assert amounts["Marge ajoutée par unité traitée"] == "1,50\xa0€"
    assert amounts["Marge nette"] == "4\u202f000\xa0€"
    assert "day" not in shown.money_table()._repr_html_()
    small = made(WAVES, [{"wave_id": "w0", "n_treated": 4, "n_other": 2, "propensity": 0.5}])
    assert page(tables={"waves": small}).waves().cells()[0][2] == "< 10"  # type: ignore[union-attr]


def test_what_it_shows_is_a_measured_campaign() -> None:
    assert isinstance(page().measured, MeasuredCampaign)

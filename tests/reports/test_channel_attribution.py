from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from shown_credit import MODELS, credit, of_models, page, totals

from relkit.reports.channel_attribution import ChannelAttribution
from relkit.reports.channel_spread import channel_spread
from relkit.reports.pictures import Gallery


def sentences(**changes) -> list[str]:
    return list(page(**changes).headlines().sentences)


def test_the_share_of_conversions_without_a_touch_comes_first() -> None:
    assert sentences()[0] == (
        "150 conversions brought €1,500 of revenue. 50 of them (33.3%) had no touch in the 30 days before: no channel can claim these."
    )
    assert sentences(language="fr")[0].startswith("150 conversions ont rapporté 1\u202f500\u00a0€ de chiffre d’affaires. 50 d’entre elles")


def test_conversions_that_would_have_come_anyway_are_those_of_the_incremental_model() -> None:
    assert "40 conversions (26.7%) would be missing without the channels; the other 110 would have come anyway." in sentences()[1]
    assert not any("would be missing" in sentence for sentence in sentences(**of_models("attribution.a", "attribution.c")))


def test_nothing_is_said_to_be_caused_if_the_baseline_is_not_known() -> None:
    blind = [replace(model, is_baseline_known=False) for model in MODELS]
    for language, stated in (("en", "cannot be told from these data"), ("fr", "ne peut se lire dans ces données")):
        found = sentences(models=blind, language=language)
        assert stated in found[1]
        assert not any("would be missing" in sentence or "manqueraient" in sentence for sentence in found)


def test_a_share_on_which_models_agree_and_one_on_which_they_do_not_are_named() -> None:
    # search: 50 to 60 and 40 %; social: 30 to 50 %; direct 10 %. Widths: 16, 12 and 2 points.
    found = sentences()
    assert not any("agree on" in sentence for sentence in found)
    assert any(
        "For 2 of 3 channels the choice of the model matters more than the data. The widest gap is on search: 40.0% by Last touch, "
        "60.0% by Linear." in sentence
        for sentence in found
    )


def test_a_share_within_the_noise_of_the_data_is_one_on_which_models_agree() -> None:
    wide = credit().with_columns(lower=pl.col("conversions") - 30, upper=pl.col("conversions") + 30)
    assert "The 3 models agree on search, within the noise of the data: between 40.0% and 60.0% of the credited conversions." in sentences(
        credit=wide
    )


def test_the_model_decides_a_share_only_if_it_moves_it_by_more_than_the_mean_interval() -> None:
    found = channel_spread(credit())
    assert dict(found.select("channel", "is_model_bound").iter_rows()) == {"search": True, "social": True, "direct": False}
    assert found["width"].round(3).to_list() == [0.16, 0.12, 0.02]
    wide = credit().with_columns(lower=pl.col("conversions") - 30, upper=pl.col("conversions") + 30)
    assert not channel_spread(wide)["is_model_bound"].any()


def test_without_intervals_or_with_one_model_nothing_is_marked() -> None:
    bare = credit().with_columns(lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64))
    assert not channel_spread(bare)["is_model_bound"].any()
    assert any("A single model has been fitted" in sentence for sentence in sentences(**of_models("attribution.a")))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "By “Effect”, a conversion costs least on social (€6.25) and most on search (€15.00). The spend of 2 of 3 channels is known",
        ),
        ("fr", "Selon « Effect », une conversion coûte le moins sur social (6,25\u00a0€) et le plus sur search (15,00\u00a0€)."),
    ],
)
def test_costs_are_those_of_the_first_model(language: str, text: str) -> None:
    assert any(text in sentence for sentence in sentences(language=language))


def test_an_unknown_spend_is_a_dash_and_not_zero() -> None:
    table = page().money_table()
    rows = {row[0]: row[1:] for row in table.cells()}
    assert rows["direct"] == ["–", "–", "–", "–", "–"]
    assert rows["search"] == ["€300", "€15.00", "€5.00 to €15.00", "0.67", "0.67 to 2.00"]
    assert any("not zero" in note for note in table.notes)
    unknown = credit().with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("cost", "cost_per_conversion", "return_on_spend"))
    assert any(sentence.startswith("The spend of no channel is known") for sentence in sentences(credit=unknown))


def test_the_channel_to_test_next_is_the_one_on_whose_value_models_differ_most() -> None:
    assert sentences()[-1].startswith("To do first: an experiment on search. The models differ there by €400 of revenue")


def test_key_figures_are_those_of_journeys_and_money() -> None:
    shown = page().key_figures()
    assert [value for value, _ in shown.figures] == ["100", "33.3%", "2", "€400", "€0.90"]


def test_tables_and_pictures_have_every_channel() -> None:
    own = page(language="fr")
    assert [row[0] for row in own.spread_table().cells()] == ["search", "social", "direct"]
    assert [row[-1] for row in own.spread_table().cells()] == ["le modèle", "le modèle", "les données"]
    assert [row[0] for row in own.credit_table().cells()] == ["search", "social", "direct"]
    assert "110" in own.credit_table().notes[0]
    for gallery in (own.models_picture(), own.shares_picture(), own.money_picture()):
        assert len(gallery.pictures) == 1


def test_paths_without_times_speak_of_no_lookback() -> None:
    assert "days before" not in sentences(lookback_days=None)[0]


def test_one_channel_gets_everything() -> None:
    one = credit().filter(pl.col("channel") == "search").with_columns(share=pl.lit(1.0))
    assert any("There is a single channel, search" in sentence for sentence in sentences(credit=one))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"models": (), "credit": credit().clear(), "totals": totals().clear()}, "No model of attribution has been fitted yet"),
        ({"credit": credit().clear(), "totals": totals().with_columns(conversions=pl.lit(0.0))}, "No conversion is known"),
    ],
)
def test_without_models_or_conversions_there_is_one_sentence(changes, text: str) -> None:
    own = page(**changes)
    assert len(own.headlines().sentences) == 1
    assert own.headlines().sentences[0].startswith(text)
    parts = (own.key_figures(), own.models_picture(), own.shares_picture(), own.money_picture())
    assert all(
        isinstance(part, Gallery) and not part.pictures for part in (*parts, own.spread_table(), own.credit_table(), own.money_table())
    )


def test_negative_shares_are_shown_as_they_are() -> None:
    signed = credit().with_columns(share=pl.when(pl.col("channel") == "direct").then(-0.1).otherwise("share"))
    own = ChannelAttribution(models=MODELS, credit=signed, totals=totals())
    assert own.spread_table().cells()[-1][1] == "−10.0%"

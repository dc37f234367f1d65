from __future__ import annotations

import polars as pl
from shown_credit import page

from relkit.reports.channel_robustness import CreditRobustness

VARIANTS = pl.DataFrame(
    {
        "source": ["lookback"] * 4 + ["reuse"] * 4,
        "setting": [7.0, 7.0, 90.0, 90.0, 0.0, 0.0, 1.0, 1.0],
        "channel": ["search", "social"] * 4,
        "share": [0.5, 0.5, 0.65, 0.35, 0.6, 0.4, 0.58, 0.42],
    }
)


def test_the_part_of_the_credit_that_moves_is_the_total_variation() -> None:
    found = CreditRobustness(credit=page().labelled, variants=VARIANTS, model="Linear")
    # Effect 50/40/10, Last touch 40/50/10, Linear 60/30/10: ten points apart, the outer two twenty.
    assert found.distances["moved"].round(12).to_list() == [0.1, 0.1, 0.2]
    first, second, third = found.headlines().sentences
    assert first == (
        "The choice of the model moves up to 20.0% of all credit from one channel to another; the lookback (by “Linear”) 15.0%, the reuse "
        "of touches 2.0%."
    )
    assert second.endswith("the furthest “Last touch” and “Linear” (20.0%).")
    # Ranks search 1, 2, 1; social 2, 1, 2; direct 3: sums 4, 5, 9 and W = 12 * 14 / (9 * 24).
    assert third == "On the order of the channels the agreement of all models is 0.78 (Kendall’s W, 1 if all have the same order)."


def test_spans_are_from_the_least_to_the_greatest_share_by_source() -> None:
    spans = CreditRobustness(credit=page().labelled, variants=VARIANTS, model="Linear").spans
    search = {source: (round(low, 6), round(high, 6)) for channel, source, low, high in spans.iter_rows() if channel == "search"}
    assert search == {"data": (0.42, 0.58), "models": (0.4, 0.6), "lookback": (0.5, 0.65), "reuse": (0.58, 0.6)}
    assert set(spans.filter(pl.col("channel") == "direct")["source"]) == {"data", "models"}


def test_the_table_has_a_row_for_each_model_and_variant() -> None:
    cells = CreditRobustness(credit=page(language="fr").labelled, variants=VARIANTS, model="Linéaire", language="fr").table().cells()
    assert [row[0] for row in cells][-4:] == [
        "Linéaire, fenêtre de 7 jours",
        "Linéaire, fenêtre de 90 jours",
        "Linéaire, contacts utilisés une fois",
        "Linéaire, contacts réutilisés",
    ]
    assert cells[0] == ["Effect", "50,0\u00a0%", "40,0\u00a0%", "10,0\u00a0%"]


def test_further_channels_share_a_column() -> None:
    names = [f"c{n}" for n in range(11)]
    many = pl.DataFrame({"channel": names, "model": ["m"] * 11, "conversions": [1.0] * 11, "share": [1 / 11] * 11})
    bounded = many.with_columns(lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64))
    cells = CreditRobustness(credit=bounded, variants=VARIANTS.clear()).table().cells()
    assert len(cells[0]) == 10
    assert cells[0][-1] == "27.3%"


def test_paths_without_times_cannot_be_varied_and_one_model_not_compared() -> None:
    fixed = CreditRobustness(credit=page().labelled, variants=VARIANTS.clear())
    assert fixed.headlines().sentences[1].startswith("Paths given as paths have no times")
    alone = CreditRobustness(credit=page().labelled.filter(pl.col("model") == "Linear"), variants=VARIANTS.clear())
    assert alone.headlines().sentences == ("A single model has been fitted: nothing can be compared.",)
    assert not alone.picture().pictures

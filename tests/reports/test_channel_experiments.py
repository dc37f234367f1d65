from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.reports.channel_experiments import ChannelExperiments

TESTS = pl.DataFrame(
    {
        "test_id": ["t1", "t2"],
        "channel": ["search", "social"],
        "starts_on": [date(2025, 5, 1), date(2025, 6, 1)],
        "ends_on": [date(2025, 5, 14), date(2025, 6, 30)],
        "estimate": [40.0, 10.0],
        "low": [30.0, -5.0],
        "high": [50.0, 25.0],
        "level": [0.9, 0.95],
        "method": ["people drawn", None],
    }
)
CREDIT = pl.DataFrame(
    {
        "test_id": ["t1", "t1", "t2", "t2"],
        "model": ["Effect", "Last touch", "Effect", "Last touch"],
        "conversions": [35.0, 80.0, 20.0, 24.0],
    }
)


def test_the_widest_contradiction_is_the_headline() -> None:
    found = ChannelExperiments(tests=TESTS, credit=CREDIT)
    assert found.headline() == (
        "1 of 2 experiments contradict models. The widest gap: search, 1 May 2025 to 14 May 2025, with 40 incremental "
        "conversions (30 to 50), where “Last touch” credits 80."
    )
    assert found.compared["verdict"].to_list() == ["inside", "above", "inside", "inside"]
    assert found.channels == {"search", "social"}


def test_each_experiment_has_its_sentence() -> None:
    first, second = ChannelExperiments(tests=TESTS, credit=CREDIT, language="fr").headlines().sentences
    assert first.endswith("Modèles qui en attribuent davantage : Last touch.")
    assert second.endswith("Tous les modèles tombent dans cet intervalle.")
    assert "du 1er mai 2025 au 14 mai 2025" in first


@pytest.mark.parametrize(
    ("credited", "end"),
    [([10.0, 80.0], "Models that credit more: Last touch; fewer: Effect."), ([10.0, 35.0], "Models that credit fewer: Effect.")],
)
def test_too_little_credit_is_a_contradiction_too(credited: list[float], end: str) -> None:
    one = CREDIT.head(2).with_columns(conversions=pl.Series(credited))
    assert ChannelExperiments(tests=TESTS.head(1), credit=one).headlines().sentences[0].endswith(end)


def test_models_within_all_intervals_are_confirmed() -> None:
    assert ChannelExperiments(tests=TESTS, credit=CREDIT.filter(pl.col("model") == "Effect")).headline() == (
        "2 experiments are known, and every model is within the interval of each."
    )


def test_the_table_has_every_experiment_with_every_model() -> None:
    cells = ChannelExperiments(tests=TESTS, credit=CREDIT).table().cells()
    assert [row[-3:] for row in cells] == [
        ["Effect", "35", "within the interval"],
        ["Last touch", "80", "more than found"],
        ["Effect", "20", "within the interval"],
        ["Last touch", "24", "within the interval"],
    ]
    assert cells[2][1:4] == ["–", "10", "−5.0 to 25 (95%)"]


def test_an_experiment_without_credit_stands_alone() -> None:
    found = ChannelExperiments(tests=TESTS, credit=CREDIT.head(2))
    assert found.headlines().sentences[1].endswith("No model credits anything in these days.")
    assert len(found.picture().pictures) == 1
    assert found.table().cells()[-1][-3:] == ["–", "–", "–"]


def test_the_correction_of_a_model_is_shown_with_its_source() -> None:
    factors = pl.DataFrame(
        {
            "channel": ["search", "social"],
            "factor": [0.5, 1.0],
            "factor_lower": [0.25, 0.4],
            "factor_upper": [0.75, 1.6],
            "source": ["test", "none"],
        }
    )
    table = ChannelExperiments(tests=TESTS, credit=CREDIT, factors=factors, language="fr").factors_table()
    assert table.cells()[0] == ["search", "0,50", "de 0,25 à 0,75", "une expérience sur le canal"]
    assert table.cells()[1] == ["social", "–", "–", "aucune : inchangé"]
    assert not ChannelExperiments(tests=TESTS, credit=CREDIT).factors_table().pictures


def test_without_experiments_the_page_says_what_that_means() -> None:
    none = ChannelExperiments(tests=TESTS.clear(), credit=CREDIT.clear())
    assert "none proves that a channel causes conversions" in none.headline()
    assert none.headlines().sentences[0].startswith("No experiment on a channel is known.")
    assert not none.picture().pictures

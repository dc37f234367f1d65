from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from relkit.models.attribution.budget import BudgetScenario
from relkit.models.attribution.channel_responses import ChannelResponses
from relkit.reports.channel_scenario import ChannelScenario

WEEKS = [date(2025, 1, 6) + timedelta(weeks=week) for week in range(10)]


def weekly(channel: str, scale: float, *, step: float = 10.0) -> pl.DataFrame:
    """Return ten weeks of spend and its value, a square root of it."""
    money = [100.0 + step * week for week in range(10)]
    return pl.DataFrame({"channel": channel, "period": WEEKS, "spend": money, "value": [scale * each**0.5 for each in money]})


def page(*parts: pl.DataFrame, language: str = "en") -> ChannelScenario:
    responses = ChannelResponses.of(pl.concat(parts))
    found = BudgetScenario.of(responses) if len(responses.responses) > 1 else None
    return ChannelScenario(responses=responses.table, scenario=found, curves=pl.concat(parts), model="Effect", language=language)


def test_one_more_euro_goes_where_the_curve_is_steepest() -> None:
    # At the mean spend of 145: 30 (146^0.5 - 145^0.5) - 20 (145^0.5 - 144^0.5) = 0.41.
    shown = page(weekly("ad", 30.0), weekly("tv", 20.0))
    assert shown.headline() == "One euro moved from tv to ad would bring €0.41 more of revenue, by a scenario on past weeks."
    assert shown.headlines().sentences[0].startswith("One euro moved from tv to ad would bring €0.41 more of revenue (€0.41 to €0.41).")
    assert "the same €290 a week" in shown.headlines().sentences[1]


def test_the_table_has_every_channel_and_refused_ones_have_dashes() -> None:
    shown = page(weekly("ad", 30.0), weekly("tv", 20.0), weekly("post", 5.0, step=0.0), language="fr")
    rows = {row[0]: row[1:] for row in shown.table().cells()}
    assert rows["post"] == ["100\u00a0€", "–", "–", "–", "refusé"]
    assert rows["ad"][1] == "1,25\u00a0€"
    assert shown.headlines().sentences[-1].startswith("Hors du scénario : post. Une dépense qui ne varie jamais")
    assert len(shown.picture().pictures) == 1


def test_a_refusal_has_its_reason() -> None:
    shown = page(weekly("ad", 30.0), weekly("post", 5.0, step=0.0))
    (only,) = shown.headlines().sentences
    assert only.startswith("There is no scenario: money can move only between two channels whose response is known, and 1 of 2 has one.")
    assert only.endswith("A spend that never varies tells nothing about what another one would bring.")
    assert shown.headline() == "What one euro moved between channels would change cannot be told from this spend."
    assert not shown.picture().pictures


def test_without_a_known_spend_there_is_one_sentence() -> None:
    nothing = page(weekly("ad", 30.0)).responses.clear()
    shown = ChannelScenario(responses=nothing, scenario=None, curves=pl.DataFrame())
    assert shown.headlines().sentences == ("There is no scenario: the spend of no channel is known.",)
    assert shown.headline() == ""

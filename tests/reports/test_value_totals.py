"""Tests of the sentences on totals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from relkit.models.lifetime_value.total_spread import TotalSpread
from relkit.reports.value_totals import TEXTS, ValueTotals
from relkit.scores.customers_to_come import Pace
from relkit.scores.total_bounds import Total, TotalBounds

STEADY = Pace(counts=(30, 28, 33, 31, 29, 30, 32, 27, 31, 30, 29, 30), year_before=350)


def totals(
    language: str = "en",
    *,
    origins: int = 4,
    in_money: bool = True,
    contracts: float = 0.0,
    pace: Pace | None = STEADY,
    to_come: Any = None,
) -> ValueTotals:
    spread = TotalSpread(log_spread=0.2, degrees=3 + origins, origins=origins, judged_days=182.0 if origins else 0.0, in_money=in_money)
    value: Any = SimpleNamespace(
        scored=pl.DataFrame({"future": [100.0], "contracts": [contracts]}),
        bounds=TotalBounds(orders=spread, money=spread),
        span={"en": "next 24 months", "fr": "24 prochains mois"}[language],
        span_days=730,
        currency="EUR",
        language=language,
    )
    return ValueTotals(value=value, pace=pace, to_come=to_come)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_say_the_same_things() -> None:
    placeholders = [{part.split("}")[0] for part in text.split("{")[1:]} for pair in TEXTS.values() for text in (pair.en, pair.fr)]
    assert placeholders[::2] == placeholders[1::2]


def test_bounds_by_several_past_days() -> None:
    first, second = totals().basis().sentences
    assert first.startswith("The bounds of totals come from 4 past days, on which forecasts of 182 days")
    assert second == "Nothing was compared further ahead than 182 days: over the next 24 months totals are taken to be as far off as there."


@pytest.mark.parametrize(("origins", "start"), [(0, "This model was tried on no past day"), (1, "Only one past day could be tried")])
def test_bounds_that_leave_the_own_error_out_say_so(origins: int, start: str) -> None:
    lines = totals(origins=origins).basis().sentences
    assert lines[0].startswith(start)
    assert "relkit fit lifetime_value.auto" in lines[0]
    assert len(lines) == 1 + (origins > 0)


def test_errors_of_orders_stand_in_for_money_and_contracts_have_their_own() -> None:
    lines = totals(in_money=False, contracts=25.0).basis().sentences
    assert lines[2].startswith("Past days were compared in orders only")
    assert lines[3].startswith("25% of the total comes from running contracts")


def test_customers_to_come_where_acquisition_is_steady() -> None:
    (line,) = totals("fr", to_come=Total(1234.0, 700.0, 2100.0)).left_out().sentences
    assert plain(line) == (
        "Le total laisse de côté les clients à venir. Au rythme régulier des 12 derniers mois, soit 30 par mois, ils ajouteraient 1 234 € "
        "sur les 24 prochains mois ; de 700 € à 2 100 € (95 %)."
    )
    assert "does not forecast what a new customer brings" in totals().left_out().sentences[0]


def test_no_figure_where_acquisition_is_not_steady() -> None:
    (line,) = totals(pace=Pace(counts=STEADY.counts, year_before=200), to_come=Total(1.0, 1.0, 1.0)).left_out().sentences
    assert line.endswith("acquisition is not steady (360 customers won in the last 12 months, 200 in the 12 before).")
    (line,) = totals(pace=Pace(counts=tuple(range(20, 44, 2)))).left_out().sentences
    assert line.endswith("(150 customers won in the first half of the last 12 months, 222 in the second).")
    assert totals(pace=None).left_out().sentences == ()

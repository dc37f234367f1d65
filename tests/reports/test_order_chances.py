from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from relkit.models.lifetime_value.order_calibration import OrderCalibration, learnt
from relkit.reports.order_chances import TEXTS, OrderChances
from relkit.reports.summary_tables import SummaryTable
from relkit.texts import in_language


def taught(power: float, n: int = 4000) -> OrderCalibration:
    rng = np.random.default_rng(4)
    own = rng.beta(0.7, 2.0, n)
    found = learnt(own, rng.random(n) < own**power, rng.integers(0, 3, n), days=90, calibrated_from=date(2025, 4, 1))
    assert found is not None
    return found


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())
    for key in in_language(TEXTS, "en"):
        assert {part.split("}")[0] for part in TEXTS[key]["en"].split("{")[1:]} >= {
            part.split("}")[0] for part in TEXTS[key]["fr"].split("{")[1:]
        }


def test_the_verdict_counts_what_happened() -> None:
    found = taught(0.7)
    lines = [plain(line) for line in OrderChances(found, "en").verdict().sentences]
    assert lines[0].startswith("The chances of an order may be believed")
    forecast = round(float(found.judged.predicted @ found.judged.size))
    assert lines[1] == (
        f"Of 4,000 customers, {found.buyers:,} ({found.buyers / 4000:.0%}) bought in the 90 days after 1 April 2025, which the model had "
        f"not seen; {forecast:,} were expected to."
    )
    assert (
        f"the model’s own were {100 * found.own.mean_error:.1f} points off on average, "
        f"the adjusted ones are {100 * found.judged.mean_error:.1f}" in lines[2]
    )
    french = plain(OrderChances(found, "fr").verdict().sentences[1])
    assert french.startswith("Sur 4 000 clients")
    assert "90 jours suivant le 1er avril 2025" in french


def test_the_table_is_the_tenths() -> None:
    found = taught(0.7)
    table = OrderChances(found, "fr").by_tenth()
    assert isinstance(table, SummaryTable)
    cells = table.cells()
    assert [row[0] for row in cells] == [str(i + 1) for i in range(10)]
    assert plain(cells[9][3]) == f"{100 * found.judged.observed[9]:.1f} %".replace(".", ",")
    assert len(OrderChances(found, "fr").picture().pictures) == 1


def test_what_chance_does_not_explain_is_reported() -> None:
    """A map of few parameters cannot follow a forecast that is wrong in waves."""
    rng = np.random.default_rng(5)
    own = rng.uniform(0.05, 0.95, 60_000)
    found = learnt(
        own, rng.random(60_000) < 0.5 + 0.3 * np.sin(30 * own), rng.integers(0, 3, 60_000), days=90, calibrated_from=date(2025, 4, 1)
    )
    assert found is not None
    assert OrderChances(found, "en").verdict().sentences[0].startswith("The chances of an order rank customers but are not exact")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_without_a_holdout_the_page_says_so(language: str) -> None:
    chances = OrderChances(None, language)
    assert chances.verdict().sentences == (TEXTS["none"][language],)
    assert chances.picture()._repr_html_() == chances.by_tenth()._repr_html_() == "<p></p>"

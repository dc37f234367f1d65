from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.models.covariates import Ratios
from relkit.models.survival.cumulative_incidence import incidence_by_reason
from relkit.models.survival.kaplan_meier import KaplanMeier
from relkit.reports.churn_risk import TEXTS, RiskReading
from relkit.reports.summary_tables import SummaryTable

DAY = date(2025, 6, 30)
N = 400


@pytest.fixture(scope="module")
def spells() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    event = rng.random(N) < 0.4
    return pl.DataFrame(
        {
            "customer_id": [f"K{i:04d}" for i in range(N)],
            "contract_id": [f"A{i:04d}" for i in range(N)],
            "duration_days": rng.integers(30, 1500, N).astype(float),
            "event": event,
            "ended_on": [DAY - timedelta(days=int(d)) if e else None for d, e in zip(rng.integers(0, 700, N), event, strict=True)],
            "end_reason": [("voluntary" if i % 3 else "other") if e else None for i, e in enumerate(event)],
            "monthly_amount": rng.gamma(3, 10, N).round(2),
        }
    )


@pytest.fixture(scope="module")
def scores(spells: pl.DataFrame) -> pl.DataFrame:
    running = spells.filter(~pl.col("event"))
    return running.head(200).select("customer_id", probability=pl.Series(np.linspace(0.01, 0.4, 200)))


@pytest.fixture(scope="module")
def curve(spells: pl.DataFrame):
    return KaplanMeier().fit(spells, as_of=DAY).curve()


def read(spells: pl.DataFrame, scores: pl.DataFrame, language: str = "en") -> RiskReading:
    return RiskReading.of(spells, scores, as_of=DAY, days=90, currency="EUR", language=language)


def shown(table: object) -> list[list[str]]:
    assert isinstance(table, SummaryTable)
    return table.cells()


RATIOS = Ratios(
    ("pays_by_direct_debit", "monthly_amount", "odd_column", "plan=Gold"),
    np.array([1.0, 13.9, 2.0, 1.0]),
    np.array([True, False, False, True]),
    np.array([0.6, 1.3, 1.1, 1.1]),
    np.array([0.5, 1.1, 0.9, 0.9]),
    np.array([0.7, 1.5, 1.3, 1.3]),
    0.95,
    ("", "", "", "Basic"),
)


def test_both_languages_say_the_same_things() -> None:
    assert all(text.en and text.fr for text in TEXTS.values())


def test_headlines_agree_with_the_scores(spells: pl.DataFrame, scores: pl.DataFrame, curve) -> None:
    risk = read(spells, scores)
    lines = risk.headlines(curve).sentences
    ends = float(scores["probability"].sum())
    assert lines[0] == f"Of 200 running contracts with a forecast, {round(ends)} ({ends / 200:.1%}) are expected to end within 90 days."
    top = float(scores["probability"].sort(descending=True).head(20).sum())
    assert lines[1].startswith(f"The tenth most at risk, 20 contracts, holds {top / ends:.0%} of the expected ends. That is the risk alone")
    joined = spells.join(scores, on="customer_id")
    assert f"€{(joined['monthly_amount'] * joined['probability']).sum():,.0f} of monthly payments" in lines[2]
    assert f"After twelve months {curve.at([365])[0]:.0%}" in lines[3]
    running = int((~spells["event"]).sum())
    assert lines[-1].startswith(f"{running - 200} more running contracts have no forecast of their own")


def test_the_table_by_tenth_adds_up(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    cells = read(spells, scores).by_tenth().cells()
    assert [row[1] for row in cells] == ["20"] * 10 + ["200"]
    assert sum(float(row[3]) for row in cells[:-1]) == pytest.approx(float(cells[-1][3]), abs=0.6)
    risks = [float(row[2].rstrip("%")) for row in cells[:-1]]
    assert risks == sorted(risks, reverse=True)


def test_without_amounts_money_is_not_spoken_of(spells: pl.DataFrame, scores: pl.DataFrame, curve) -> None:
    risk = read(spells.drop("monthly_amount"), scores)
    assert len(risk.by_tenth().columns) == 6
    assert not [line for line in risk.headlines(curve).sentences if "€" in line]
    assert len(risk.key_figures(curve).figures) == 3


def test_a_short_history_says_nothing_of_a_year(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    young = spells.with_columns(duration_days=pl.lit(100.0) + pl.int_range(pl.len()) % 50)
    short = KaplanMeier().fit(young, as_of=DAY).curve()
    risk = read(young, scores)
    assert not [line for line in risk.headlines(short).sentences if "twelve" in line]
    assert [row[0] for row in risk.survival(short).cells()] == ["3"]
    assert len(risk.key_figures(short).figures) == 3


def test_ends_of_the_last_year_are_counted_by_reason(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    cells = shown(read(spells, scores, "fr").ends_by_reason())
    recent = spells.filter(pl.col("event") & (pl.col("ended_on") > DAY - timedelta(days=365)))
    assert cells[0][:2] == ["Résilié par le client", str(int((recent["end_reason"] == "voluntary").sum()))]
    assert cells[-1][:2] == ["Ensemble", str(len(recent))]
    unknown = shown(read(spells.drop("end_reason"), scores).ends_by_reason())
    assert unknown[0][0] == "Not given"
    none = read(spells.with_columns(ended_on=pl.lit(None, pl.Date)), scores).ends_by_reason()
    assert "On what day contracts ended is not known" in none._repr_html_()
    old = read(spells.with_columns(ended_on=pl.col("ended_on") - timedelta(days=4000)), scores).ends_by_reason()
    assert "No contract is known to have ended in the last twelve months" in old._repr_html_()


def test_survival_at_round_ages_with_its_band(spells: pl.DataFrame, scores: pl.DataFrame, curve) -> None:
    cells = read(spells, scores).survival(curve).cells()
    assert [row[0] for row in cells][:3] == ["3", "6", "12"]
    low, still, high = (float(cells[2][i].rstrip("%")) for i in (2, 1, 3))
    assert low < still < high


def test_factors_are_read_in_words(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    cells = read(spells, scores, "fr").factors(RATIOS).cells()
    assert [row[0] for row in cells] == ["Paie par prélèvement", "Montant mensuel", "odd column", "plan=Gold"]
    assert [row[5] for row in cells] == ["dure plus longtemps", "finit plus tôt", "pas de différence nette", "pas de différence nette"]
    assert [row[1] for row in cells] == ["oui plutôt que non", "+13,9", "+2,0", "plutôt que «\u00a0Basic\u00a0»"]


def test_without_a_regression_it_says_so(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    risk = read(spells, scores)
    assert "do not come from a plain Cox regression" in risk.forest(None)._repr_html_()
    assert risk.factors(None)._repr_html_() == "<p></p>"
    assert len(risk.forest(RATIOS).pictures) == 1


def test_pictures_are_drawn_with_a_sentence(spells: pl.DataFrame, scores: pl.DataFrame, curve) -> None:
    risk = read(spells, scores, "fr")
    assert risk.ends().caption.startswith("Contrats en cours classés par risque")
    assert risk.curve(curve).caption.startswith("Part des contrats")
    assert sum(bar.get_height() for bar in risk.ends().drawn.patches) == pytest.approx(float(scores["probability"].sum()))


def test_contracts_that_nobody_scored_are_an_error(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    with pytest.raises(TableError, match="scores: no running contract has a score"):
        read(spells, scores.clear())


def test_why_contracts_end_by_age(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    incidence = incidence_by_reason(spells)
    assert incidence is not None
    reading = read(spells, scores, "fr")
    assert "data:image/png;base64," in reading.reasons(incidence)._repr_html_()
    table = reading.reasons_by_age(incidence)
    assert isinstance(table, SummaryTable)
    assert [cell[0] for cell in table.cells()] == ["Résilié par le client", "Autre", "Encore en cours"]
    months = [3, 6, 12, 24, 36, 48]
    assert [column.label.replace("\u202f", " ") for column in table.columns] == ["Motif", *(f"{m} mois" for m in months)]
    assert table.frame.select(pl.exclude("reason")).sum().row(0) == pytest.approx([1.0] * len(months))
    assert table.frame["at_12"][0] == pytest.approx(incidence.at("voluntary", [365.25])[0])


def test_few_reasons_are_hidden_and_none_is_reported(spells: pl.DataFrame, scores: pl.DataFrame) -> None:
    few = spells.with_columns(end_reason=pl.when(pl.int_range(pl.len()) < 12).then("end_reason"))
    incidence = incidence_by_reason(few)
    assert incidence is not None
    reading = read(spells, scores)
    table = reading.reasons_by_age(incidence)
    assert isinstance(table, SummaryTable)
    assert [cell[0] for cell in table.cells()] == ["Not given", "Still running"]
    assert "No end has a reason" in reading.reasons(None)._repr_html_()
    assert reading.reasons_by_age(None)._repr_html_() == "<p></p>"

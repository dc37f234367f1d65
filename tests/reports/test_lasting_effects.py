from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from relkit.metrics.multiplicity import holm
from relkit.models.survival.cox import Cox
from relkit.models.survival.proportional_hazards import proportional_hazards
from relkit.reports.lasting_effects import LastingEffects
from relkit.reports.summary_tables import SummaryTable

DAY = date(2025, 6, 30)
N = 4000


@pytest.fixture(scope="module")
def spells() -> pl.DataFrame:
    """`fading` triples the hazard up to day 100, `turning` triples it and then removes two thirds of it, `lasting` doubles it."""
    rng = np.random.default_rng(2)
    x = rng.random((N, 3)) < 0.5
    early = 0.003 * np.exp(x @ np.log([3.0, 3.0, 2.0]))
    late = 0.003 * np.exp(x @ np.log([1.0, 1 / 3, 2.0]))
    first = rng.exponential(1 / early)
    life = np.where(first < 100, first, 100 + rng.exponential(1 / late))
    plan = rng.choice(["a", "b", "c"], N)
    columns = dict(zip(("fading", "turning", "lasting"), x.T * 1.0, strict=True))
    return pl.DataFrame(
        {"customer_id": [str(i) for i in range(N)], "duration_days": np.minimum(life, 600), "event": life < 600, "plan": plan, **columns}
    )


def read(spells: pl.DataFrame, *covariates: str, language: str = "en", **settings: Any) -> LastingEffects:
    fitted = Cox(covariates=covariates, **settings).fit(spells, as_of=DAY)
    return LastingEffects.of(fitted, spells, declared={"lasting": "Paid late"}, language=language)


def test_each_effect_is_read_in_words(spells: pl.DataFrame) -> None:
    table = read(spells, "fading", "turning", "lasting").table()
    assert isinstance(table, SummaryTable)
    readings = {row[0]: row[-1] for row in table.cells()}
    assert readings == {"Fading": "fades with age", "Turning": "turns round with age", "Paid late": "no sign of change"}
    french = read(spells, "fading", "turning", "lasting", language="fr")
    assert french.headlines().sentences[0].startswith("L’effet change avec l’âge pour :")
    assert "« Turning »" in french.headlines().sentences[0]


def test_p_values_are_those_of_the_test_adjusted(spells: pl.DataFrame) -> None:
    found = read(spells, "fading", "lasting")
    fitted = Cox(covariates=("fading", "lasting")).fit(spells, as_of=DAY)
    p = proportional_hazards(fitted, spells)["p_value"].to_numpy()[:2]
    assert found.rows is not None
    assert found.rows["p"].to_list() == pytest.approx(holm(p).tolist())


def test_a_category_has_one_row_and_names_the_level_that_changes_most(spells: pl.DataFrame) -> None:
    mixed = spells.with_columns(plan=pl.when(pl.col("turning") == 1).then(pl.lit("z")).otherwise("plan"))
    table = read(mixed, "plan").table()
    assert isinstance(table, SummaryTable)
    (row,) = table.cells()
    assert row[-1] == "changes with age, most for “a”" or row[-1].startswith("changes with age, most for")


def test_effects_that_last_are_reported_to_last(spells: pl.DataFrame) -> None:
    assert read(spells, "plan", "lasting").headlines().sentences[0].startswith("No effect is seen to change with age")


def test_what_cannot_be_tested_is_reported(spells: pl.DataFrame) -> None:
    for found in (LastingEffects.of(None, None, declared={}, language="en"), read(spells, "fading", penalty=1.0)):
        assert "cannot be tested" in found.headlines().sentences[0]
        assert found.table()._repr_html_() == "<p></p>"


def test_a_covariate_that_bends_is_tested_and_has_no_ratio(spells: pl.DataFrame) -> None:
    rng = np.random.default_rng(3)
    # Customers with a large score are the fading ones: the curve of the score fades with them.
    scored = spells.with_columns(score=rng.normal(0, 0.5, N) + spells["fading"].to_numpy() * 2)
    table = read(scored, "score", "lasting", splines={"score": 3}).table()
    assert isinstance(table, SummaryTable)
    bent, straight = table.frame.select("ratio", "early", "late", "reading").rows()
    assert bent == (None, None, None, "its curve changes with age")
    assert straight[0] == pytest.approx(straight[1], rel=0.25)
    assert straight[-1] == "no sign of change"

"""State of a scoring, and the findings that steps add to it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from relkit.jobs.scored import Found, Scored, ScoredModel, ScoringTerms, source_of_all
from relkit.models.lifetime_value.family import ORDERS
from relkit.models.survival.family import CONTRACTS
from relkit.remarks import Remark
from relkit.score_kinds import Score

NOTED = Remark("noted", "This was noticed.", "Ceci a été remarqué.")


def model(name: str, version: str = "1", day: date = date(2025, 6, 30)) -> ScoredModel:
    made: Any = SimpleNamespace(model=name, version=version, as_of=day)
    return ScoredModel(version=made, fitted=None, rows=pl.DataFrame())


def scored() -> Scored:
    nothing: Any = None
    return Scored(tables=nothing, as_of=nothing, terms=ScoringTerms(horizon_days=90, horizon_months=24), rows=nothing)


def test_findings_add_up_in_their_order() -> None:
    first = Found().saying("One.").noting(NOTED)
    both = first + Found(facts={Score("p_alive"): {"rate": 0.3}}).warning("Two.").noting(NOTED, as_warning=False)
    assert both.sentences == ("One.", NOTED.en)
    assert both.warnings == (NOTED.en, "Two.")
    assert both.remarks == (("", NOTED), ("", NOTED))
    assert first.sentences == ("One.",)


def test_a_warning_about_a_model_names_it_once() -> None:
    named = Remark("named", "survival.cox is old.", "survival.cox est ancien.")
    found = Found().noting(NOTED, "survival.cox").noting(named, "survival.cox")
    assert found.warnings == ("survival.cox: This was noticed.", "survival.cox is old.")
    assert [name for name, _ in found.remarks] == ["survival.cox", "survival.cox"]


def test_the_preferred_model_of_a_role_counts_whichever_scored_first() -> None:
    found = scored().with_model(model("survival.kaplan_meier")).with_model(model("survival.cox"))
    assert [each.name for each in found.having(CONTRACTS)] == ["survival.cox", "survival.kaplan_meier"]
    best = found.by(CONTRACTS)
    assert best is not None
    assert best.name == "survival.cox"
    assert found.by(ORDERS) is None


def test_what_was_found_stays_as_it_is() -> None:
    before = scored()
    after = before.with_(Found(facts={Score("p_alive"): {"margin_rate": 0.3}})).with_model(model("survival.cox"))
    assert (before.fact("margin_rate"), after.fact("margin_rate"), dict(before.models)) == (None, 0.3, {})
    with pytest.raises(FrozenInstanceError):
        before.found = Found()  # type: ignore[misc]


def test_a_score_on_several_models_is_as_old_as_the_oldest() -> None:
    source = source_of_all([model("a", "3"), model("b", "1", date(2025, 3, 31))])
    assert source is not None
    assert (source.model, source.version, source.trained_as_of) == ("a+b", "3+1", date(2025, 3, 31))
    assert source_of_all([]) is None


def test_both_horizons_are_counted_where_there_is_one_without_end() -> None:
    endless = ScoringTerms(horizon_days=90, horizon_months=12, endless=True)
    assert [str(ahead.score) for ahead in endless.ahead] == ["future_margin_12m", "future_margin_endless"]
    assert scored().terms.months == (24,)

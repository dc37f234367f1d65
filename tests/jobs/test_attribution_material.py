"""Material of the page on attribution: groups, the order of models, and what is lacking; its numbers have a test of their own."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import modelled_company
import polars as pl
import pytest
import shown_credit

from relkit.errors import ParameterError, TableError
from relkit.jobs.attribution_material import AttributionMaterial
from relkit.scores.channel_credit import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

DAY = str(modelled_company.LAST)
MODELS = {"attribution.a": "attribution.linear", "attribution.c": "attribution.last_touch"}
JUNE = date(2025, 6, 1)


def table() -> pl.DataFrame:
    """Return credit of two rules for all journeys, for one segment and for one period, as scoring writes it."""
    named = shown_credit.credit().filter(pl.col("model").is_in(list(MODELS))).with_columns(pl.col("model").replace(MODELS))
    groups: list[dict[str, Any]] = [
        {"segment": None, "period": None},
        {"segment": "new", "period": None},
        {"segment": None, "period": JUNE},
    ]
    kinds = {"segment": pl.String, "period": pl.Date}
    parts = [named.with_columns(pl.lit(value, kinds[name]).alias(name) for name, value in group.items()) for group in groups]
    lacking = {each.name: each.dtype for each in COLUMNS if each.name not in parts[0].columns}
    full = pl.concat(parts).with_columns(pl.lit(None, dtype).alias(name) for name, dtype in lacking.items())
    return full.select(each.name for each in COLUMNS)


def record(model: str) -> dict[str, Any]:
    """Return the record of a version: half of everything is in the segment."""
    whole = {"journeys": 200.0, "conversions": 150.0, "value": 1500.0, "unattributed": 50.0, "unattributed_value": 500.0, "nulls": 50.0}
    half = {name: value / 2 for name, value in whole.items()}
    totals = [{"segment": None, "period": None, **whole}, {"segment": "new", "period": None, **half}]
    totals.append({"segment": None, "period": JUNE.isoformat(), **half})
    reads = {"lookback_days": 14.0, "worth": "margin", "reuse_touches": False}
    version = {"version": "3", "registered": model, "trained_as_of": DAY, "run_id": "r", "metric": None}
    return {**version, "level": 0.9, "reads_with": reads, "totals": totals}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the output of a company with paths that came grouped, after scoring."""
    frames = {"paths": pl.DataFrame({"path": ["search > social"], "conversions": [1.0]})}
    modelled_company.write_company(tmp_path, frames)
    folder = tmp_path / "scores" / DAY
    folder.mkdir(parents=True)
    table().write_parquet(folder / "channel_credit.parquet")
    models = {model: record(model) for model in MODELS.values()}
    (folder / "channel_credit.json").write_text(json.dumps({"models": models, "margin_rate": None}))
    return tmp_path


@pytest.fixture
def company(out: Path, monkeypatch: pytest.MonkeyPatch) -> AttributionMaterial:
    monkeypatch.setattr(AttributionMaterial, "fitted", lambda *_: object())
    return AttributionMaterial.read(programme="default", out=out, language="fr")


def test_models_stand_in_the_order_of_their_role_with_their_labels(company: AttributionMaterial) -> None:
    assert [(model.name, model.label, model.level) for model in company.models] == [
        ("attribution.linear", "Linéaire", 0.9),
        ("attribution.last_touch", "Dernier contact", 0.9),
    ]
    assert not any(model.is_incremental for model in company.models)


def test_a_segment_and_a_period_have_a_page_of_their_own(company: AttributionMaterial) -> None:
    whole, new, june = company.attribution(), company.attribution("new"), company.attribution(period="2025-06-01")
    assert [page.totals["conversions"][0] for page in (whole, new, june)] == [150, 75, 75]
    assert all(len(page.credit) == 6 for page in (whole, new, june))
    assert new.experiments is None
    assert new.scenario is None
    assert "75 conversions ont rapporté" in new.headlines().sentences[0]


def test_a_group_that_no_model_has_is_refused_with_those_there_are(company: AttributionMaterial) -> None:
    with pytest.raises(ParameterError, match=r"unknown segment 'nwe'; did you mean 'new'"):
        company.attribution("nwe")
    with pytest.raises(ParameterError, match=r"unknown period '2025-07-01'.*Known: 2025-06-01"):
        company.attribution(period="2025-07-01")


def test_without_groups_the_message_says_how_to_get_some(out: Path) -> None:
    path = out / "scores" / DAY / "channel_credit.parquet"
    table().filter(pl.all_horizontal(pl.col("segment", "period").is_null())).write_parquet(path)
    company = AttributionMaterial.read(programme="default", out=out)
    with pytest.raises(ParameterError, match=r"no model was fitted by segment. Fit with --settings.by"):
        company.attribution("new")


def test_paths_that_came_grouped_have_no_times_and_no_scenario(company: AttributionMaterial) -> None:
    assert company.attribution().lookback_days is None
    assert company.scenario().scenario is None
    assert company.experiments().tests.is_empty()
    assert company.robustness().variants.is_empty()


def test_values_are_named_by_their_worth(company: AttributionMaterial) -> None:
    assert "de marge" in company.attribution().headlines().sentences[0]


def test_before_scoring_it_says_what_to_run(out: Path) -> None:
    (out / "scores" / DAY / "channel_credit.parquet").unlink()
    with pytest.raises(TableError, match=r"there is no credit of channels as of .*Run relkit fit attribution.all.* and relkit score"):
        AttributionMaterial.read(programme="default", out=out)


def test_a_version_that_is_gone_is_named(out: Path, workplace: Path) -> None:
    company = AttributionMaterial.read(programme="default", out=out)
    with pytest.raises(ParameterError, match=r"version 3 of attribution.linear is no longer registered"):
        company.fitted("attribution.linear")


def test_the_model_card_names_the_versions(company: AttributionMaterial) -> None:
    assert sorted(row[:2] for row in company.model_card().cells()) == [["attribution.last_touch", "3"], ["attribution.linear", "3"]]

"""Integer weights as repeated rows, for every model of customer value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import FitError, ParameterError, TableError
from relkit.models import catalogue, storage
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.retention import retention_curves
from relkit.models.lifetime_value.shifted_beta_geometric import ShiftedBetaGeometric
from relkit.models.survival.weibull_aft import WeibullAft

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = {"lifetime_value.pooled", "lifetime_value.same_again", "lifetime_value.zero_truncated_nbd"}
"""Forecasts made of purchase days one by one, where a row is a customer."""
NAMES = [name for name in catalogue.names() if name.startswith("lifetime_value.") and name not in WITHOUT]
SETTINGS: dict[str, dict[str, Any]] = {
    "lifetime_value.bg_bb": {"period_days": 28.0},
    "lifetime_value.shifted_beta_geometric": {"covariates": ("plan", "monthly_amount")},
    "lifetime_value.beta_discrete_weibull": {"covariates": ("plan", "monthly_amount")},
}


def rows_of(name: str) -> pl.DataFrame:
    """Return rows with weights 0, 1, 2, 3, and a category whose most frequent level changes with the weights."""
    features, _ = model_checks.FRAMES[catalogue.settings_class(name).reads]()
    n = np.arange(len(features))
    weights = n % 4
    return features.with_columns(weight=pl.Series(weights), plan=pl.Series(np.where((weights < 2) | (n % 12 == 3), "plain", "plus")))


def repeated(rows: pl.DataFrame) -> pl.DataFrame:
    every = rows[np.repeat(np.arange(len(rows)), rows["weight"].to_numpy())].drop("weight")
    return every.with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


@pytest.mark.parametrize("name", NAMES)
def test_integer_weights_are_repeated_rows(name: str) -> None:
    rows, settings = rows_of(name), SETTINGS.get(name, {})
    weighted = catalogue.make(name, settings | {"weight_column": "weight"}).fit(rows, as_of=model_checks.AS_OF)
    plain = catalogue.make(name, settings).fit(repeated(rows), as_of=model_checks.AS_OF)
    assert weighted.info.log_likelihood == pytest.approx(plain.info.log_likelihood, rel=1e-12)
    assert_frame_equal(weighted.summary(), plain.summary(), rel_tol=1e-5)
    assert "weight" not in weighted.needs.names
    scores = weighted.score(rows.drop("weight"), horizon_days=60)
    assert_frame_equal(scores, plain.score(rows, horizon_days=60), rel_tol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_invalid_weights_are_refused(name: str) -> None:
    rows = rows_of(name)
    model = catalogue.make(name, SETTINGS.get(name, {}) | {"weight_column": "weight"})
    with pytest.raises(TableError, match="weight: 300 of 300 rows are below 0"):
        model.fit(rows.with_columns(weight=pl.lit(-1)), as_of=model_checks.AS_OF)
    with pytest.raises(TableError, match="weight"):
        model.fit(rows.drop("weight"), as_of=model_checks.AS_OF)
    with pytest.raises((FitError, TableError)):
        model.fit(rows.with_columns(weight=pl.lit(0)), as_of=model_checks.AS_OF)
    taken = model.needs.names[1]
    with pytest.raises(ParameterError, match=f"weight_column is '{taken}', which the model reads already"):
        catalogue.make(name, {"weight_column": taken})


def test_a_reference_is_the_level_of_most_customers() -> None:
    rows = rows_of(BgNbd.name)
    assert rows["plan"].value_counts().sort("count")["plan"][-1] == "plain"
    fitted = BgNbd(purchase_covariates=("plan",), weight_column="weight").fit(rows, as_of=model_checks.AS_OF)
    assert fitted.covariates[0].levels == ("plus", "plain")
    assert fitted.covariates[0].columns == ("plan=plain",)


def test_curves_of_contracts_count_as_the_fit_does() -> None:
    rows = rows_of(ShiftedBetaGeometric.name)
    both = []
    for settings, frame in (({"weight_column": "weight"}, rows), ({}, repeated(rows))):
        fitted = ShiftedBetaGeometric(covariates=("monthly_amount",), **settings).fit(frame, as_of=model_checks.AS_OF)
        both.append(retention_curves(fitted, frame)[""])
    assert both[0].at_risk.tolist() == both[1].at_risk.tolist()
    assert both[0].seen_survival == pytest.approx(both[1].seen_survival)
    assert both[0].survival == pytest.approx(both[1].survival, rel=0.01)


@pytest.mark.parametrize("given", [None, "weight"])
def test_models_saved_with_the_earlier_name_load(given: str | None, tmp_path: Path) -> None:
    """Survival models used to have `weights`, and None for no such column, before the name was common to all."""
    rows = model_checks.spells()[0].with_columns(weight=2.0)
    model = WeibullAft(covariates=("monthly_amount",), weight_column=given or "")
    saved = storage.save(model.fit(rows, as_of=model_checks.AS_OF), tmp_path / "model")
    body = json.loads(saved.read_text())
    del body["fields"]["settings"]["weight_column"], body["digest"]  # of those days it had none
    saved.write_text(json.dumps(body | {"fields": body["fields"] | {"settings": body["fields"]["settings"] | {"weights": given}}}))
    assert storage.load(tmp_path / "model").settings == model

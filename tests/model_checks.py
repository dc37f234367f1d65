"""What every model of the catalogue must do, whatever its family.

A case is a model's settings with small frames it can be fitted on, scored on and judged on; a check takes a
case. Values in the frames are whole numbers and quarters, so that 32 bits hold them exactly.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from polars.testing import assert_frame_equal

from relkit.errors import TableError
from relkit.jobs import model_inputs
from relkit.models import catalogue, storage
from relkit.models.base import CustomerScorer, FitInfo, Fitted, Model
from relkit.models.lifetime_value.order_calibration import learnt
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead

if TYPE_CHECKING:
    from collections.abc import Callable

AS_OF = date(2025, 6, 30)
HORIZON = 60


@dataclass(frozen=True)
class Case:
    """A model and the frames it is checked on; `features` serves both fit and score."""

    model: Model[Any]
    features: pl.DataFrame
    outcomes: pl.DataFrame

    def fit(self, features: pl.DataFrame | None = None) -> Any:
        return self.model.fit(self.features if features is None else features, as_of=AS_OF)

    def score(self, fitted: Any, features: pl.DataFrame | None = None) -> pl.DataFrame:
        return fitted.score(self.features if features is None else features, horizon_days=HORIZON)


def purchases() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 customers with orders and spend, and what they did in the 90 days that follow."""
    rng = np.random.default_rng(1)
    seen = simulated_purchases.buyers(300, rng, r=0.9, alpha=40.0, a=0.8, b=4.0, days=400.0)
    x = seen["repeat_purchases"].to_numpy()
    mean = np.where(x > 0, np.round(4 * rng.gamma(4.0, rng.gamma(6.0, 2.0, 300))) / 4 + 0.25, np.nan)
    spent = pl.Series(mean, nan_to_null=True).alias("mean_repeat_value")
    features = seen.with_columns(pl.col("^.*_days$").ceil(), pl.format("c{}", "customer_id").alias("customer_id"), spent)
    after = {"holdout_purchases": rng.poisson(x / 3), "holdout_mean_value": spent.fill_null(20.0) + 1.5, "holdout_days": np.full(300, 90)}
    return features, pl.DataFrame({"customer_id": features["customer_id"], **after})


def histories() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the same customers with the days on which they came back one by one, in whole days."""
    features, outcomes = purchases()
    rng = np.random.default_rng(4)
    x, days = features["repeat_purchases"].to_numpy(), features["last_purchase_age_days"].to_numpy()
    last = np.maximum(days, x)
    between = [np.sort(rng.choice(int(end) - 1, n - 1, replace=False)) + 1.0 if n > 1 else [] for n, end in zip(x, last, strict=True)]
    ages = [[*map(float, others), float(end)] if n else [] for n, end, others in zip(x, last, between, strict=True)]
    T = np.maximum(features["observed_days"].to_numpy(), last)
    first = [AS_OF - timedelta(days=int(age)) for age in T]
    told = {"last_purchase_age_days": last, "observed_days": T, "first_order_on": pl.Series(first)}
    listed = pl.Series("repeat_ages_days", ages, dtype=pl.List(pl.Float64))
    return features.with_columns(**told).with_columns(listed), outcomes


def spells() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 contracts, one a customer, with two covariates, and how old they became in the 90 days that follow."""
    rng = np.random.default_rng(2)
    n = 300
    debit, amount = rng.integers(0, 2, n).astype(float), rng.integers(10, 60, n) / 4
    ends, seen = np.ceil(rng.exponential(200 * np.exp(0.7 * debit))) + 1, rng.integers(30, 600, n).astype(float)
    duration, event = np.minimum(ends, seen), ends <= seen
    entry = np.where(rng.random(n) < 0.2, np.floor(duration / 2), 0.0)
    ids = [f"c{i:03d}" for i in range(n)]
    columns = {"duration_days": duration, "event": event, "entry_days": entry, "pays_by_direct_debit": debit, "monthly_amount": amount}
    wish = np.where(rng.random(n) < 0.7, "voluntary", "involuntary")
    columns["end_reason"] = pl.Series(np.where(event, wish, "").tolist()).replace("", None)
    later = {"duration_days": np.minimum(ends, seen + 90), "event": ends <= seen + 90}
    return pl.DataFrame({"customer_id": ids, **columns}), pl.DataFrame({"customer_id": ids, **later})


FRAMES: dict[str, Callable[[], tuple[pl.DataFrame, pl.DataFrame]]] = {
    "lifetime_value": purchases,
    "purchase_histories": histories,
    "survival": spells,
    "contract_versions": spells,
}
"""Features and outcomes by the family whose inputs a model reads."""


def case_of(name: str) -> Case:
    """Return the case of a model of the catalogue."""
    model = catalogue.make(name, SETTINGS.get(name, {}))
    return Case(model, *FRAMES[model_inputs.AS_FAMILY.get(name, model.family)]())


_COVARIATES = {"covariates": ("pays_by_direct_debit", "monthly_amount")}
SETTINGS: dict[str, dict[str, Any]] = {
    "survival.boosted_hazard": _COVARIATES | {"trees": 20},
    "survival.cause_specific_cox": _COVARIATES,
    "survival.cox": _COVARIATES,
    "survival.cox_time_varying": _COVARIATES,
    "survival.fine_gray": _COVARIATES,
    "survival.lifelines": _COVARIATES | {"fitter": "ParametricSplinePHFitter"},
    "survival.log_logistic_aft": _COVARIATES,
    "survival.log_normal_aft": _COVARIATES,
    "survival.mixture_cure": _COVARIATES,
    "survival.piecewise_exponential": _COVARIATES,
    "survival.weibull_aft": _COVARIATES,
    "survival.discrete_competing_risks": _COVARIATES,
    "survival.discrete_hazard": _COVARIATES,
}
"""Settings that a model needs to be made at all, by name."""


def inputs_are_unchanged(case: Case, folder: Path) -> None:
    features, outcomes = case.features.clone(), case.outcomes.clone()
    fitted = case.fit()
    case.score(fitted)
    case.model.judge(fitted, case.features, case.outcomes)
    assert_frame_equal(case.features, features)
    assert_frame_equal(case.outcomes, outcomes)


def the_same_rows_give_the_same_answer(case: Case, folder: Path) -> None:
    first, second = case.fit(), case.fit()
    assert first.info == second.info
    assert_frame_equal(first.summary(), second.summary(), check_exact=True)
    assert_frame_equal(case.score(first), case.score(second), check_exact=True)


def row_order_does_not_matter(case: Case, folder: Path) -> None:
    shuffled = case.features.sample(fraction=1.0, shuffle=True, seed=3)
    fitted, again = case.fit(), case.fit(shuffled)
    assert_frame_equal(again.summary(), fitted.summary(), rel_tol=1e-6)
    ordered = case.score(fitted)
    assert_frame_equal(case.score(fitted, shuffled).sort("customer_id"), ordered.sort("customer_id"), check_exact=True)
    assert case.score(fitted, shuffled)["customer_id"].to_list() == shuffled["customer_id"].to_list()


def extra_columns_do_not_matter(case: Case, folder: Path) -> None:
    wider = case.features.select(pl.lit("?").alias("colour"), *reversed(case.features.columns), pl.lit(1.0).alias("size"))
    fitted, again = case.fit(), case.fit(wider)
    assert again.info == fitted.info
    assert_frame_equal(again.summary(), fitted.summary(), check_exact=True)
    assert_frame_equal(case.score(again, wider), case.score(fitted), check_exact=True)


def one_score_row_per_customer(case: Case, folder: Path) -> None:
    fitted = case.fit()
    scores = case.score(fitted)
    assert scores.columns[0] == "customer_id"
    assert len(scores.columns) > 1
    assert scores["customer_id"].to_list() == case.features["customer_id"].to_list()
    for column in scores.columns[1:]:
        values = scores[column].drop_nulls()
        assert values.dtype == pl.Float64
        assert len(values) or (column == "p_alive" and fitted.nobody_leaves)
        assert values.is_finite().all()


def saved_and_loaded_it_is_the_same(case: Case, folder: Path) -> None:
    fitted = case.fit()
    storage.save(fitted, folder / "model")
    loaded = storage.load(folder / "model")
    assert type(loaded) is type(fitted)
    assert (loaded.settings, loaded.info) == (fitted.settings, fitted.info)
    assert_frame_equal(loaded.summary(), fitted.summary(), check_exact=True)
    assert_frame_equal(case.score(loaded), case.score(fitted), check_exact=True)


def what_is_saved_is_plain(case: Case, folder: Path) -> None:
    """Nothing but JSON, arrays and frames; no customer, and nothing of the size of the training data."""
    storage.save(case.fit(), folder / "model")
    names = {path.name for path in (folder / "model").iterdir()}
    assert "model.json" in names
    assert {Path(name).suffix for name in names} <= {".json", ".npy", ".parquet"}
    assert "c101" not in (folder / "model" / "model.json").read_text()
    for path in (folder / "model").glob("*.parquet"):
        assert "customer_id" not in pl.read_parquet(path).columns
    assert json.loads((folder / "model" / "model.json").read_text())["name"] == case.model.name


def a_missing_column_is_named(case: Case, folder: Path) -> None:
    fitted = case.fit()
    for asked, use in ((case.model.needs, case.fit), (fitted.needs, lambda features: case.score(fitted, features))):
        for column in asked.columns:
            if column.required:
                with pytest.raises(TableError, match=f"column '{column.name}' is missing"):
                    use(case.features.drop(column.name))


def an_unfit_frame_is_refused(case: Case, folder: Path) -> None:
    for column in case.model.needs.columns:
        if column.required and not column.nullable:
            holed = case.features.with_columns(
                pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col(column.name)).alias(column.name)
            )
            with pytest.raises(TableError, match=f"{column.name}: 1 of 300 rows are null"):
                case.fit(holed)


def the_summary_has_its_columns(case: Case, folder: Path) -> None:
    summary = case.fit().summary()
    assert summary.columns == ["term", "estimate", "std_error", "lower", "upper"]
    assert summary.dtypes == [pl.String, *[pl.Float64] * 4]
    assert len(summary)
    inside = summary.drop_nulls()
    assert (inside["lower"] <= inside["estimate"]).all()
    assert (inside["estimate"] <= inside["upper"]).all()


def number_types_do_not_matter(case: Case, folder: Path) -> None:
    fitted = case.fit()
    expected = case.score(fitted)
    numbers = [name for name, dtype in case.features.schema.items() if dtype.is_numeric()]
    whole = [name for name in numbers if (case.features[name].drop_nulls() % 1 == 0).all()]
    for types in (dict.fromkeys(whole, pl.Int64), dict.fromkeys(whole, pl.Int32), dict.fromkeys(numbers, pl.Float32)):
        other = case.features.cast(types)
        assert_frame_equal(case.fit(other).summary(), fitted.summary(), check_exact=True)
        assert_frame_equal(case.score(fitted, other), expected, check_exact=True)


def nothing_can_be_set_afterwards(case: Case, folder: Path) -> None:
    fitted = case.fit()
    for record in (case.model, fitted, fitted.info):
        for field in dataclasses.fields(record):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(record, field.name, None)


def it_has_the_shape_of_a_model(case: Case, folder: Path) -> None:
    fitted = case.fit()
    assert isinstance(fitted, Fitted)
    assert isinstance(fitted, CustomerScorer)
    assert isinstance(fitted.info, FitInfo)
    assert fitted.name == case.model.name
    assert fitted.name.startswith(f"{case.model.family}.")
    assert fitted.settings == case.model
    assert fitted.info.as_of == AS_OF
    assert 0 < fitted.info.rows <= len(case.features)
    assert len(fitted.info.fingerprint) == 64
    assert all(note.endswith(".") for note in fitted.info.notes)


def it_judges_itself(case: Case, folder: Path) -> None:
    judged = case.model.judge(case.fit(), case.features, case.outcomes)
    assert case.model.holdout_metric.name in judged
    assert case.model.holdout_metric.direction in ("lower", "higher")
    assert all(isinstance(value, float) and np.isfinite(value) for value in judged.values())


def it_scores_nobody(case: Case, folder: Path) -> None:
    fitted = case.fit()
    assert case.score(fitted, case.features.clear()).schema == case.score(fitted).schema


def orders_have_a_probability(case: Case, folder: Path) -> None:
    """Of models of purchases; their own is no more than the orders expected, and a calibration is saved with the model and applied."""
    fitted = case.fit()
    if not isinstance(fitted, PurchasesAhead):
        return
    own = fitted.order_probability(case.features, HORIZON)
    assert ((own >= 0) & (own <= 1)).all()
    assert (own <= fitted.expected_purchases(case.features, HORIZON) * (1 + 1e-9)).all()
    rng = np.random.default_rng(7)
    bought = rng.random(len(own)) < own / 2
    x = case.features["repeat_purchases"].to_numpy()
    taught = fitted.with_calibration(learnt(own, bought, x, days=HORIZON, calibrated_from=AS_OF - timedelta(days=HORIZON)))
    assert taught.order_calibration is not None
    assert taught.order_calibration.changes
    storage.save(taught, folder / "taught")
    loaded: Any = storage.load(folder / "taught")
    assert_frame_equal(case.score(loaded), case.score(taught), check_exact=True)
    changed = case.score(loaded)[f"order_probability_{HORIZON}d"]
    assert ((changed >= 0) & (changed <= 1)).all()
    assert changed.mean() < own.mean()  # type: ignore[operator]
    others = [name for name in case.score(loaded).columns if not name.startswith("order_probability")]
    assert_frame_equal(case.score(loaded).select(others), case.score(fitted).select(others), check_exact=True)
    assert (loaded.order_probability(case.features, HORIZON, calibrated=False) == own).all()


CHECKS: tuple[Callable[[Case, Path], None], ...] = (
    inputs_are_unchanged,
    the_same_rows_give_the_same_answer,
    row_order_does_not_matter,
    extra_columns_do_not_matter,
    one_score_row_per_customer,
    saved_and_loaded_it_is_the_same,
    what_is_saved_is_plain,
    a_missing_column_is_named,
    an_unfit_frame_is_refused,
    the_summary_has_its_columns,
    number_types_do_not_matter,
    nothing_can_be_set_afterwards,
    it_has_the_shape_of_a_model,
    it_judges_itself,
    it_scores_nobody,
    orders_have_a_probability,
)

"""Checks of models, in parts: of every fitted model, of those that score customers, of those that credit channels.

A case is a model's settings with small frames to fit, score and judge it on; a check takes a
case. Values in the frames are whole numbers and quarters, so that 32 bits represent them exactly. A case is fitted once: the
fitted model is frozen, and only the checks of fitting itself fit again: once to rows in another order, once to columns in another
order among others, and once for each type of number.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import simulated_purchases
from polars.testing import assert_frame_equal

from relkit.errors import TableError
from relkit.models import catalogue, storage
from relkit.models.affinity.family import CONTRACTS_TAKEN, PRODUCT_HISTORIES, RECEIPTS
from relkit.models.attribution.credit import CREDIT_SCHEMA, GROUP, GROUP_SCHEMA, TOTALS_SCHEMA
from relkit.models.attribution.family import PATHS, TIMELINES
from relkit.models.base import CreditsChannels, CustomerScorer, FitInfo, Fitted, KeepsEverybody, Model, fingerprint
from relkit.models.lifetime_value.family import HISTORIES, SUMMARIES
from relkit.models.lifetime_value.order_calibration import learnt
from relkit.models.lifetime_value.purchases_ahead import PurchasesAhead
from relkit.models.survival.family import CONTRACT_VERSIONS, SPELLS
from relkit.models.uplift.family import DRAWN_UNITS
from relkit.scores.scoring import scores_given

if TYPE_CHECKING:
    from relkit.models.roles import Reading

AS_OF = date(2025, 6, 30)
HORIZON = 60


@dataclass(frozen=True)
class Case:
    """A model and the frames it is checked on; `features` serves both fit and score, and `given` are the frames' fingerprints at first."""

    model: Model[Any]
    features: pl.DataFrame
    outcomes: pl.DataFrame
    given: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", self.fingerprints())

    def fingerprints(self) -> tuple[str, str]:
        return fingerprint(self.features), fingerprint(self.outcomes)

    @cached_property
    def fitted(self) -> Any:
        return self.fit()

    @cached_property
    def fitted_to_more(self) -> Any:
        """The fit to the same rows with other columns among them, in another order."""
        return self.fit(wider(self))

    @cached_property
    def fitted_shuffled(self) -> Any:
        return self.fit(shuffled(self))

    def fit(self, features: pl.DataFrame | None = None) -> Any:
        return self.model.fit(self.features if features is None else features, as_of=AS_OF)

    def score(self, fitted: Any, features: pl.DataFrame | None = None) -> pl.DataFrame:
        return fitted.score(self.features if features is None else features, horizon_days=HORIZON)


def purchases() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 customers with orders and spend, and their outcomes in the following 90 days."""
    rng = np.random.default_rng(1)
    seen = simulated_purchases.buyers(300, rng, r=0.9, alpha=40.0, a=0.8, b=4.0, days=400.0)
    x = seen["repeat_purchases"].to_numpy()
    mean = np.where(x > 0, np.round(4 * rng.gamma(4.0, rng.gamma(6.0, 2.0, 300))) / 4 + 0.25, np.nan)
    spent = pl.Series(mean, nan_to_null=True).alias("mean_repeat_value")
    features = seen.with_columns(pl.col("^.*_days$").ceil(), pl.format("c{}", "customer_id").alias("customer_id"), spent)
    after = {"holdout_purchases": rng.poisson(x / 3), "holdout_mean_value": spent.fill_null(20.0) + 1.5, "holdout_days": np.full(300, 90)}
    return features, pl.DataFrame({"customer_id": features["customer_id"], **after})


def histories() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the same customers with each day of a repeat purchase, in whole days."""
    features, outcomes = purchases()
    rng = np.random.default_rng(4)
    x, days = features["repeat_purchases"].to_numpy(), features["last_purchase_age_days"].to_numpy()
    last = np.maximum(days, x)
    between = [np.sort(rng.choice(int(end) - 1, n - 1, replace=False)) + 1.0 if n > 1 else [] for n, end in zip(x, last, strict=True)]
    ages = [[*map(float, others), float(end)] if n else [] for n, end, others in zip(x, last, between, strict=True)]
    T = np.maximum(features["observed_days"].to_numpy(), last)
    first = [AS_OF - timedelta(days=int(age)) for age in T]
    history = {"last_purchase_age_days": last, "observed_days": T, "first_order_on": pl.Series(first)}
    listed = pl.Series("repeat_ages_days", ages, dtype=pl.List(pl.Float64))
    return features.with_columns(**history).with_columns(listed), outcomes


def spells() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 contracts, one per customer, with two covariates, and their ages after the following 90 days."""
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


def receipts() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 baskets of six products, of which the first two go together, and those of the following 90 days."""
    rng = np.random.default_rng(3)
    names = [f"c10{i}" for i in range(6)]

    def baskets(n: int, first_day: date) -> pl.DataFrame:
        there = rng.random((n, 6)) < 0.3
        there[:, 1] |= there[:, 0] & (rng.random(n) < 0.6)
        products = [[name for name, is_in in zip(names, row, strict=True) if is_in] for row in there]
        days = [first_day + timedelta(days=i * 90 // n) for i in range(n)]
        customers = [f"k{i % 40}" for i in range(n)]
        return pl.DataFrame({"customer_id": customers, "day": days, "channel_id": ["web", "store"] * (n // 2), "products": products})

    return baskets(300, AS_OF - timedelta(days=89)), baskets(200, AS_OF + timedelta(days=1))


def product_histories() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 customers who buy 12 products, some by habit, and the next basket of three in four of them."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(300):
        liked = rng.permutation(12)[:4]
        baskets = [np.unique(np.append(rng.choice(liked, 2), rng.integers(0, 12))) for _ in range(1 + rng.poisson(4))]
        ages = np.sort(rng.choice(300, len(baskets), replace=False))[::-1]
        rows.append((f"c{i:03d}", baskets, [AS_OF - timedelta(days=int(age)) for age in ages]))
    codes = iter(range(10_000))
    lists = {"customer_id": [], "products": [], "days": [], "baskets": []}  # type: ignore[var-annotated]
    for name, baskets, days in rows:
        lists["customer_id"].append(name)
        lists["products"].append([f"p{item:02d}" for basket in baskets for item in basket])
        lists["days"].append([day for basket, day in zip(baskets, days, strict=True) for _ in basket])
        lists["baskets"].append([code for basket in baskets for code in [next(codes)] * len(basket)])
    features = pl.DataFrame(lists, schema_overrides={"baskets": pl.List(pl.UInt32)})
    later = [products[:2] if i % 4 else None for i, products in enumerate(lists["products"])]
    return features, pl.DataFrame({"customer_id": lists["customer_id"], "next_products": later})


def takers() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 600 customers with two features, the products they held and took, and what they took in the following 60 days."""
    rng = np.random.default_rng(5)
    n = 600
    age, plan = rng.integers(80, 320, n) / 4, rng.choice(["S", "M", "L"], n)
    odds = np.exp(-2.5 + 0.04 * (age - 50) + 0.8 * (plan == "L"))
    took = {name: rng.random((2, n)) < odds / (1 + odds) for name in ("LOAN", "card-1")}
    holds = rng.random(n) < 0.2

    def listed(rows: list[list[str]]) -> pl.Series:
        return pl.Series(rows, dtype=pl.List(pl.String))

    def of(period: int) -> pl.Series:
        return listed([[name for name in took if took[name][period, i] and not (name == "LOAN" and holds[i])] for i in range(n)])

    ids = [f"c{i:03d}" for i in range(n)]
    held = listed([["LOAN"] if each else [] for each in holds])
    features = {"customer_id": ids, "age": age, "plan": plan.tolist(), "held": held, "taken": of(0)}
    return pl.DataFrame(features), pl.DataFrame({"customer_id": ids, "taken": of(1)})


def drawn_units() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 400 customers drawn for one of two actions, with two features and their outcome, and those of the following wave."""
    rng = np.random.default_rng(6)
    n = 400
    age, plan, treated = rng.integers(80, 320, n) / 4, rng.choice(["S", "M", "L"], n), rng.random((2, n)) < 0.5

    def wave(number: int) -> dict[str, object]:
        effect = treated[number] * np.where(plan == "L", 6.0, 1.0)
        spent = np.round(4 * (age / 8 + effect + rng.normal(0, 4, n))) / 4
        return {"wave_id": [f"w{number}"] * n, "treated": treated[number], "propensity": np.full(n, 0.5), "outcome": spent}

    ids = {"customer_id": [f"c{i:03d}" for i in range(n)], "action_id": [("MAIL", "sms-1")[i % 2] for i in range(n)]}
    features = {"age": age, "plan": plan.tolist()}
    return pl.DataFrame({**ids, **wave(0), **features}), pl.DataFrame({**ids, **wave(1)}).drop("wave_id")


def paths() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 600 journeys over four channels with times, segments and months, a tenth of them without a touch, and 300 later ones."""
    rng = np.random.default_rng(8)
    names = np.array(["email", "search", "social", "display"])

    def journeys(n: int, first_day: date) -> pl.DataFrame:
        touches = [
            names[rng.choice(4, rng.integers(1, 6), p=[0.4, 0.3, 0.2, 0.1])].tolist() if rng.random() < 0.9 else [] for _ in range(n)
        ]
        odds = [0.1 + 0.1 * len(set(each)) if len(each) else 1.0 for each in touches]
        converts = (rng.random(n) < odds).astype(float)
        seconds = [np.sort(rng.integers(0, 86_400 * 30, len(each)))[::-1].tolist() for each in touches]
        months = [(first_day + timedelta(days=45 * i // n)).replace(day=1) for i in range(n)]
        columns = {"conversions": converts, "nulls": 1 - converts, "value": converts * rng.integers(40, 400, n) / 4}
        groups = {"segment": [("new", "known", "unknown")[i % 7 % 3] for i in range(n)], "period": months}
        lists = {"channels": pl.Series(touches, dtype=pl.List(pl.String)), "seconds_before": pl.Series(seconds, dtype=pl.List(pl.Int64))}
        return pl.DataFrame({**lists, **columns, **groups})

    return journeys(600, AS_OF - timedelta(days=44)), journeys(300, AS_OF + timedelta(days=1))


def timelines() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return 300 people over 120 days, one in three of them without a touch, and as many others over the same days."""
    return timelines_of(9), timelines_of(10)


def timelines_of(seed: int, people: int = 300, days: int = 120, lift: float = 3.0) -> pl.DataFrame:
    """Return timelines on which search multiplies the rate of orders by `lift` for five days, and email and direct change nothing."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(people):
        n = rng.poisson(5) if i % 3 else 0
        touches = np.sort(rng.integers(0, 4 * days, n)) / 4
        channels = rng.choice(["email", "search", "direct"], n)
        searched = touches[channels == "search"]
        orders = np.sort(rng.integers(0, 4 * days, rng.poisson(days * lift * 0.03))) / 4
        near = ((orders[:, None] >= searched) & (orders[:, None] <= searched + 5)).any(axis=1) if n else np.zeros(len(orders), bool)
        orders = np.unique(orders[near | (rng.random(len(orders)) < 1 / lift)])
        values = rng.integers(40, 400, len(orders)) / 4
        rows.append((touches.tolist(), channels.tolist(), orders.tolist(), values.tolist(), ("new", "known")[i % 2]))
    names = ["touch_days", "touch_channels", "order_days", "order_values", "segment"]
    lists = {name: pl.List(pl.String if name == "touch_channels" else pl.Float64) for name in names[:4]}
    frame = pl.DataFrame(rows, schema=names, schema_overrides=lists, orient="row")
    starts_on = AS_OF - timedelta(days=days - 1)
    return frame.with_columns(from_day=pl.lit(0.0), until_day=pl.lit(float(days)), starts_on=pl.lit(starts_on))


FRAMES: dict[Reading, Callable[[], tuple[pl.DataFrame, pl.DataFrame]]] = {
    SUMMARIES: purchases,
    HISTORIES: histories,
    SPELLS: spells,
    CONTRACT_VERSIONS: spells,
    RECEIPTS: receipts,
    PRODUCT_HISTORIES: product_histories,
    CONTRACTS_TAKEN: takers,
    DRAWN_UNITS: drawn_units,
    PATHS: paths,
    TIMELINES: timelines,
}
"""Features and outcomes by reading."""


@cache
def case_of(name: str) -> Case:
    """Return the case of a model of the catalogue, with the settings that it declares for the checks."""
    model = catalogue.make(name, catalogue.settings_class(name).check_settings)
    return Case(model, *FRAMES[model.reads]())


# --- every fitted model -----------------------------------------------------------------------------------------


def fitting_leaves_its_inputs_unchanged(case: Case, folder: Path) -> None:
    case.model.judge(case.fitted, case.features, case.outcomes)
    assert case.fingerprints() == case.given


def the_same_rows_give_the_same_fit(case: Case, folder: Path) -> None:
    """With other columns or without, in any order of columns."""
    again = case.fitted_to_more
    assert again.info == case.fitted.info
    assert_frame_equal(again.summary(), case.fitted.summary(), check_exact=True)
    assert_frame_equal(gives(case, again), gives(case, case.fitted), check_exact=True)


def row_order_does_not_matter_to_the_fit(case: Case, folder: Path) -> None:
    assert_frame_equal(case.fitted_shuffled.summary(), case.fitted.summary(), rel_tol=1e-6)


def saved_and_loaded_it_is_the_same(case: Case, folder: Path) -> None:
    storage.save(case.fitted, folder / "model")
    loaded = storage.load(folder / "model")
    assert type(loaded) is type(case.fitted)
    assert (loaded.settings, loaded.info) == (case.fitted.settings, case.fitted.info)
    assert_frame_equal(loaded.summary(), case.fitted.summary(), check_exact=True)
    assert_frame_equal(gives(case, loaded), gives(case, case.fitted), check_exact=True)


def what_is_saved_is_plain(case: Case, folder: Path) -> None:
    """Only JSON, arrays and frames; no customer, and nothing as large as the training data."""
    storage.save(case.fitted, folder / "model")
    names = {path.name for path in (folder / "model").iterdir()}
    assert "model.json" in names
    assert {Path(name).suffix for name in names} <= {".json", ".npy", ".parquet"}
    assert "c101" not in (folder / "model" / "model.json").read_text()
    for path in (folder / "model").glob("*.parquet"):
        assert "customer_id" not in pl.read_parquet(path).columns
    assert json.loads((folder / "model" / "model.json").read_text())["name"] == case.model.name


def a_column_that_fitting_lacks_is_named(case: Case, folder: Path) -> None:
    for column in case.model.needs.columns:
        if column.required:
            with pytest.raises(TableError, match=f"column '{column.name}' is missing"):
                case.fit(case.features.drop(column.name))


def an_unfit_frame_is_refused(case: Case, folder: Path) -> None:
    for column in case.model.needs.columns:
        if column.required and not column.nullable:
            fifth = pl.int_range(pl.len()) == 4
            holed = case.features.with_columns(pl.when(fifth).then(None).otherwise(pl.col(column.name)).alias(column.name))
            with pytest.raises(TableError, match=f"{column.name}: 1 of {len(holed)} rows are null"):
                case.fit(holed)


def the_summary_has_its_columns(case: Case, folder: Path) -> None:
    summary = case.fitted.summary()
    assert summary.columns == ["term", "estimate", "std_error", "lower", "upper"]
    assert summary.dtypes == [pl.String, *[pl.Float64] * 4]
    assert len(summary)
    inside = summary.drop_nulls()
    assert (inside["lower"] <= inside["estimate"]).all()
    assert (inside["estimate"] <= inside["upper"]).all()


def number_types_do_not_matter_to_the_fit(case: Case, folder: Path) -> None:
    for other in with_other_numbers(case):
        assert_frame_equal(case.fit(other).summary(), case.fitted.summary(), check_exact=True)


def nothing_can_be_set_afterwards(case: Case, folder: Path) -> None:
    for record in (case.model, case.fitted, case.fitted.info):
        for each in dataclasses.fields(record):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(record, each.name, None)


def it_has_the_shape_of_a_model(case: Case, folder: Path) -> None:
    fitted = case.fitted
    assert isinstance(fitted, Fitted)
    assert isinstance(fitted.info, FitInfo)
    assert fitted.name == case.model.name
    assert fitted.name.startswith(f"{case.model.family}.")
    assert fitted.settings == case.model
    assert fitted.info.as_of == AS_OF
    assert 0 < fitted.info.rows <= len(case.features)
    assert len(fitted.info.fingerprint) == 64
    assert all(note.endswith(".") for note in fitted.info.notes)


def it_declares_its_facts(case: Case, folder: Path) -> None:
    model = case.model
    assert model.role in catalogue.roles()
    assert model.label.en
    assert model.label.fr
    assert model.purpose.en.endswith(".")
    assert model.purpose.fr.endswith(".")
    assert not model.twin or model.twin in catalogue.names()
    assert not model.competes or model.name in catalogue.candidates(f"{model.family}.auto")


def it_judges_itself(case: Case, folder: Path) -> None:
    judged = case.model.judge(case.fitted, case.features, case.outcomes)
    assert case.model.holdout_metric.name in judged
    assert case.model.holdout_metric.direction in ("lower", "higher")
    assert all(isinstance(value, float) and np.isfinite(value) for value in judged.values())


# --- models that score customers --------------------------------------------------------------------------------


def scoring_leaves_its_rows_unchanged(case: Case, folder: Path) -> None:
    features = case.features.clone()
    case.score(case.fitted)
    assert_frame_equal(case.features, features)


def row_order_does_not_matter_to_scores(case: Case, folder: Path) -> None:
    rows, ordered = shuffled(case), case.score(case.fitted)
    scores = case.score(case.fitted, rows)
    assert_frame_equal(scores.sort("customer_id"), ordered.sort("customer_id"), check_exact=True)
    assert scores["customer_id"].to_list() == rows["customer_id"].to_list()


def extra_columns_do_not_matter_to_scores(case: Case, folder: Path) -> None:
    assert_frame_equal(case.score(case.fitted, wider(case)), case.score(case.fitted), check_exact=True)


def one_score_row_per_customer(case: Case, folder: Path) -> None:
    scores = case.score(case.fitted)
    assert isinstance(case.fitted, CustomerScorer)
    assert scores.columns[0] == "customer_id"
    assert len(scores.columns) > 1
    assert scores["customer_id"].to_list() == case.features["customer_id"].to_list()
    for column in scores.columns[1:]:
        values = scores[column].drop_nulls()
        assert values.dtype == pl.Float64
        assert len(values) or (column == "p_alive" and isinstance(case.fitted, KeepsEverybody) and case.fitted.nobody_leaves)
        assert values.is_finite().all()


def it_gives_a_score_of_its_role(case: Case, folder: Path) -> None:
    given = set(case.score(case.fitted).columns)
    assert any(str(score) in given for score in scores_given(case.fitted, case.model.role.scores, HORIZON))


def a_column_that_scoring_lacks_is_named(case: Case, folder: Path) -> None:
    for column in case.fitted.needs.columns:
        if column.required:
            with pytest.raises(TableError, match=f"column '{column.name}' is missing"):
                case.score(case.fitted, case.features.drop(column.name))


def number_types_do_not_matter_to_scores(case: Case, folder: Path) -> None:
    expected = case.score(case.fitted)
    for other in with_other_numbers(case):
        assert_frame_equal(case.score(case.fitted, other), expected, check_exact=True)


def it_scores_nobody(case: Case, folder: Path) -> None:
    assert case.score(case.fitted, case.features.clear()).schema == case.score(case.fitted).schema


def orders_have_a_probability(case: Case, folder: Path) -> None:
    """For models of purchases; their own is at most the expected orders, and a calibration is saved with the model and applied."""
    fitted = case.fitted
    if not isinstance(fitted, PurchasesAhead):
        return
    own = fitted.order_probability(case.features, HORIZON)
    assert ((own >= 0) & (own <= 1)).all()
    # A naive rule expects nothing of some customers, of whom its distribution knows better.
    assert case.model.is_bar or (own <= fitted.expected_purchases(case.features, HORIZON) * (1 + 1e-9)).all()
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


# --- models that credit channels --------------------------------------------------------------------------------


def credit_is_shared_out_among_channels(case: Case, folder: Path) -> None:
    credit = case.fitted.credit()
    assert isinstance(case.fitted, CreditsChannels)
    assert dict(credit.schema) == CREDIT_SCHEMA
    assert credit["channel"].is_unique().all()
    assert credit["share"].sum() == pytest.approx(1.0)
    assert case.model.reads is TIMELINES or (credit["conversions"] >= 0).all()  # a channel may also prevent orders, as far as it is known
    assert credit["conversions"].is_sorted(descending=True)
    totals = case.fitted.totals.row(0, named=True)
    assert credit["conversions"].sum() + totals["unattributed"] == pytest.approx(totals["conversions"])
    assert credit["value"].sum() + totals["unattributed_value"] == pytest.approx(totals["value"])


def groups_have_credit_of_their_own(case: Case, folder: Path) -> None:
    fitted: Any = case.fitted
    assert dict(fitted.credits.schema) == GROUP_SCHEMA | CREDIT_SCHEMA
    assert dict(fitted.totals.schema) == GROUP_SCHEMA | TOTALS_SCHEMA
    sums = fitted.credits.group_by(GROUP, maintain_order=True).agg(pl.sum("conversions", "value", "share"))
    assert sums.select(GROUP).rows() == fitted.totals.select(GROUP).rows()
    credited = sums["conversions"] + fitted.totals["unattributed"], sums["value"] + fitted.totals["unattributed_value"]
    for found, column in zip(credited, ("conversions", "value"), strict=True):
        assert found.to_list() == pytest.approx(fitted.totals[column].to_list())
    segments = fitted.totals.filter(pl.col("segment").is_not_null(), pl.col("period").is_null())
    assert segments["conversions"].sum() in (0.0, pytest.approx(fitted.totals["conversions"][0]))


def credit_lies_within_its_bounds(case: Case, folder: Path) -> None:
    credit = case.fitted.credits.drop_nulls(("lower", "upper", "value_lower", "value_upper"))
    for column, low, high in (("conversions", "lower", "upper"), ("value", "value_lower", "value_upper")):
        assert (credit[low] <= credit[column] + 1e-9).all()
        assert (credit[column] <= credit[high] + 1e-9).all()


def row_order_does_not_matter_to_credit(case: Case, folder: Path) -> None:
    again = case.fitted_shuffled.credit()
    assert_frame_equal(again, case.fitted.credit(), check_row_order=False, rel_tol=1e-9)


# --- shared by the checks --------------------------------------------------------------------------------------


def shuffled(case: Case) -> pl.DataFrame:
    return case.features.sample(fraction=1.0, shuffle=True, seed=3)


def wider(case: Case) -> pl.DataFrame:
    return case.features.select(pl.lit("?").alias("colour"), *reversed(case.features.columns), pl.lit(1.0).alias("size"))


def with_other_numbers(case: Case) -> list[pl.DataFrame]:
    """Return the same rows with whole numbers of 64 and of 32 bits, and with floats of 32 bits."""
    numbers = [name for name, dtype in case.features.schema.items() if dtype.is_numeric()]
    whole = [name for name in numbers if (case.features[name].drop_nulls() % 1 == 0).all()]
    kinds: list[Any] = [dict.fromkeys(whole, pl.Int64), dict.fromkeys(whole, pl.Int32), dict.fromkeys(numbers, pl.Float32)]
    return [case.features.cast(types) for types in kinds]


def gives(case: Case, fitted: Any) -> pl.DataFrame:
    """Return the output of a fitted model for the case's rows."""
    return given_for(fitted, case.features)


def given_for(fitted: Any, features: pl.DataFrame) -> pl.DataFrame:
    """Return the output of a fitted model: scores of customers, the credit of channels, or rules on products."""
    others = [getattr(fitted, name) for name in ("credit", "associations") if hasattr(fitted, name)]
    found: pl.DataFrame = fitted.score(features, horizon_days=HORIZON) if hasattr(fitted, "score") else others[0]()
    return found


Check = Callable[[Case, Path], None]
OF_EVERY_MODEL: tuple[Check, ...] = (
    fitting_leaves_its_inputs_unchanged,
    the_same_rows_give_the_same_fit,
    row_order_does_not_matter_to_the_fit,
    saved_and_loaded_it_is_the_same,
    what_is_saved_is_plain,
    a_column_that_fitting_lacks_is_named,
    an_unfit_frame_is_refused,
    the_summary_has_its_columns,
    number_types_do_not_matter_to_the_fit,
    nothing_can_be_set_afterwards,
    it_has_the_shape_of_a_model,
    it_declares_its_facts,
    it_judges_itself,
)
OF_SCORERS: tuple[Check, ...] = (
    scoring_leaves_its_rows_unchanged,
    row_order_does_not_matter_to_scores,
    extra_columns_do_not_matter_to_scores,
    one_score_row_per_customer,
    it_gives_a_score_of_its_role,
    a_column_that_scoring_lacks_is_named,
    number_types_do_not_matter_to_scores,
    it_scores_nobody,
    orders_have_a_probability,
)
OF_CREDIT: tuple[Check, ...] = (
    credit_is_shared_out_among_channels,
    groups_have_credit_of_their_own,
    credit_lies_within_its_bounds,
    row_order_does_not_matter_to_credit,
)


def checks_of(name: str) -> tuple[Check, ...]:
    """Return the checks that a model of the catalogue must pass, according to its fitted class."""
    fitted = catalogue.fitted_class(name)
    return OF_EVERY_MODEL + OF_SCORERS * hasattr(fitted, "score") + OF_CREDIT * hasattr(fitted, "credit")

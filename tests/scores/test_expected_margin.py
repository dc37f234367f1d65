"""The margin ahead of buyers and of contract holders: one column, one meaning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from simulated_purchases import buyers

from relkit.errors import ParameterError
from relkit.models import catalogue
from relkit.models.lifetime_value.discounted_months import discounted_months, months_ahead, share_past
from relkit.models.lifetime_value.discounted_value import dert
from relkit.models.lifetime_value.uncertainty import standard_errors
from relkit.scores.expected_margin import Ahead, contract_margins, future_margin, purchase_margins, unknown_margins
from relkit.scores.score_table import Source
from relkit.units import DAYS_PER_MONTH

DAY = date(2025, 6, 30)
MODELS = Source(model="lifetime_value.bg_nbd+lifetime_value.gamma_gamma", version="4+2", trained_as_of=DAY)
NOT = Ahead(24, 0.0)
"""Not discounted."""


@pytest.fixture(scope="module")
def features() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    made = buyers(1000, rng, r=0.8, alpha=60.0, a=0.8, b=5.0)
    x = made["repeat_purchases"].to_numpy()
    value = np.where(x > 0, rng.gamma(6.0 * np.maximum(x, 1)) / np.maximum(x, 1) / rng.gamma(4.0, 1 / 27, len(x)), np.nan)
    return made.with_columns(mean_repeat_value=pl.Series(value).fill_nan(None))


@pytest.fixture(scope="module")
def models(features: pl.DataFrame) -> tuple[Any, ...]:
    return tuple(catalogue.make(f"lifetime_value.{name}").fit(features, as_of=DAY) for name in ("bg_nbd", "gamma_gamma"))


@dataclass(frozen=True)
class Exponential:
    """Contracts that end at a constant rate: everything has a closed form."""

    a_year: float
    covariance: np.ndarray = field(default_factory=lambda: np.array([[0.04]]))

    def survival_ahead(self, features: pl.DataFrame, days: Any) -> np.ndarray:
        return np.tile(np.exp(-self.a_year * np.asarray(days) / 365.25), (len(features), 1))

    @property
    def coordinates(self) -> np.ndarray:
        return np.log([self.a_year])

    def moved(self, coordinates: np.ndarray) -> Exponential:
        return replace(self, a_year=float(np.exp(coordinates[0])))


def running(*rows: tuple[str, float], age: float = 100.0) -> pl.DataFrame:
    """Return running contracts from (customer, margin a month)."""
    ids = [f"k{i}" for i in range(len(rows))]
    return pl.DataFrame(
        {
            "customer_id": [r[0] for r in rows],
            "contract_id": ids,
            "duration_days": [age] * len(rows),
            "margin_a_month": [r[1] for r in rows],
        },
        schema_overrides={"customer_id": pl.String, "contract_id": pl.String, "margin_a_month": pl.Float64},
    )


def table(*parts: pl.DataFrame, ahead: Ahead = NOT) -> pl.DataFrame:
    return future_margin(parts, ahead=ahead, as_of=DAY, source=MODELS).frame


def part(**rows: tuple[float, float | None]) -> pl.DataFrame:
    """Return a part from customer: (value, error)."""
    columns = {"customer_id": list(rows), "value": [v for v, _ in rows.values()], "error": [e for _, e in rows.values()]}
    return pl.DataFrame(columns, schema={"customer_id": pl.String, "value": pl.Float64, "error": pl.Float64})


# --- purchases --------------------------------------------------------------------------------------------------


def test_purchases_without_discount_are_orders_times_value_times_rate(models, features):
    found = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT)
    expected = models[0].expected_purchases(features, 730) * models[1].expected_order_value(features) * 0.3
    assert found["value"].to_numpy() == pytest.approx(expected, rel=1e-12)
    assert table(found).select("score", "model", "version", "horizon_days").unique().rows() == [
        ("future_margin_24m", MODELS.model, "4+2", 730)
    ]


def test_discounting_lowers_it_and_a_longer_horizon_raises_it(models, features):
    def total(months: int | None = 24, rate: float = 0.1) -> float:
        return float(purchase_margins(*models, features, margin_rate=0.3, ahead=Ahead(months, rate), intervals=False)["value"].sum())

    assert total(rate=0.0) > total() > total(rate=0.5)
    assert total(None) > total(36) > total() > total(12)


def test_without_end_it_rests_on_dert(models, features):
    ahead = Ahead(None, 0.1)
    found = purchase_margins(*models, features, margin_rate=0.3, ahead=ahead, intervals=False)
    expected = dert(models[0], features, 0.1)["discounted_orders"].to_numpy() * models[1].expected_order_value(features) * 0.3
    assert found["value"].to_numpy() == pytest.approx(expected, rel=1e-12)
    assert table(found, ahead=ahead)["score"].unique().to_list() == ["future_margin_endless"]


def test_the_relative_variances_of_two_models_add(models, features):
    """Drawn: 800 parameter vectors of each model by its covariance, for a few customers."""
    some = features.filter(pl.col("repeat_purchases") > 1).head(5)
    found = purchase_margins(*models, some, margin_rate=0.3, ahead=NOT)
    rng = np.random.default_rng(8)
    drawn = [
        np.array([value(model.moved(at)) for at in rng.multivariate_normal(model.coordinates, model.covariance, 800)])
        for model, value in (
            (models[0], lambda m: m.expected_purchases(some, 730.0)),
            (models[1], lambda m: m.expected_order_value(some)),
        )
    ]
    relative = np.std(np.log(drawn[0] * drawn[1]), axis=0)
    assert (found["error"] / found["value"]).to_numpy() == pytest.approx(relative, rel=0.12)


def test_a_model_without_standard_errors_gives_a_margin_without_interval(models, features):
    lost = replace(models[0], covariance=np.full((4, 4), np.nan))
    scores = table(purchase_margins(lost, models[1], features, margin_rate=0.3, ahead=NOT))
    assert scores["lower"].null_count() == scores["upper"].null_count() == len(features)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"margin_rate": 30.0, "ahead": NOT}, r"margin_rate is 30.0; it must lie in \[0, 1\]. Write 0.30 for 30 %"),
        ({"margin_rate": 0.3, "ahead": Ahead(24, -0.1)}, r"annual_discount_rate is -0.1; it must be 0 or more"),
        ({"margin_rate": 0.3, "ahead": Ahead(None, 0.0)}, r"annual_discount_rate is 0.0; it must be above 0 without a horizon"),
    ],
)
def test_impossible_settings_are_refused(models, features, given, message):
    with pytest.raises(ParameterError, match=message):
        purchase_margins(*models, features, **given)


def test_a_horizon_of_no_month_is_refused():
    with pytest.raises(ParameterError, match="horizon_months is 0; it must be at least 1"):
        Ahead(0, 0.1)
    with pytest.raises(ParameterError, match="months is 0; it must be at least 1"):
        months_ahead(0, 0.1)


# --- contracts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "rate"), [(24, 0.1), (1, 0.0), (24, 0.0), (None, 0.1), (None, 0.02), (None, 3.0)])
def test_months_of_an_exponential_life_are_the_closed_form(months, rate):
    """A rate h a year, discounted at d = ln(1 + rate): 12 (1 - e^(-(h + d) years)) / (h + d) months; the middle of a month for it all."""
    fitted, d = Exponential(0.3), np.log1p(rate)
    years = np.inf if months is None else months / 12
    expected = 12 * -np.expm1(-(0.3 + d) * years) / (0.3 + d)
    found = discounted_months(fitted, running(("a", 1.0)), months_ahead(months, rate))
    assert found == pytest.approx([expected], rel=1e-3 if rate == 3.0 else 1e-4)


def test_a_contract_that_never_ends_is_worth_its_months():
    assert discounted_months(Exponential(1e-12), running(("a", 1.0)), months_ahead(24, 0.0)) == pytest.approx([24.0])


def test_several_contracts_add_up_and_none_are_none():
    fitted = Exponential(0.3)
    one = contract_margins(fitted, running(("a", 10.0)), ahead=NOT)["value"][0]
    found = contract_margins(fitted, running(("b", 5.0), ("a", 10.0), ("b", 20.0)), ahead=NOT).sort("customer_id")
    assert found["value"].to_list() == pytest.approx([one, 2.5 * one])
    assert contract_margins(fitted, running(), ahead=NOT).is_empty()


def test_errors_of_contracts_under_one_model_add_up():
    """They depend on the same parameter: the standard error is that of the sum, not the root of squares."""
    fitted = Exponential(0.3)
    one = standard_errors(fitted, lambda m: 10 * discounted_months(m, running(("a", 1.0)), months_ahead(24, 0.0)))[0]
    found = contract_margins(fitted, running(("a", 10.0), ("a", 20.0)), ahead=NOT)
    assert found["error"].to_list() == pytest.approx([3 * one], rel=1e-6)
    assert contract_margins(fitted, running(("a", 10.0)), ahead=NOT, intervals=False)["error"].to_list() == [None]


def spells(n: int, *, seed: int) -> pl.DataFrame:
    """Return contracts that end at a rate of 0.8 exp(0.5 x) a year, censored after up to four."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    life, seen = rng.exponential(365.25 / 0.8 * np.exp(-0.5 * x)), rng.uniform(30, 1461, n)
    return pl.DataFrame(
        {"customer_id": [f"k{i}" for i in range(n)], "duration_days": np.minimum(life, seen), "event": life <= seen, "x": x}
    )


@pytest.mark.parametrize(("name", "settings"), [("cox", {"covariates": ("x",)}), ("kaplan_meier", {})])
def test_the_months_of_curves_are_those_of_the_truth(name, settings):
    fitted = catalogue.make(f"survival.{name}", settings).fit(spells(6000, seed=1), as_of=DAY)
    holder = running(("a", 1.0)).with_columns(customer_id="contract_id", x=pl.lit(0.0))
    found = discounted_months(fitted, holder, months_ahead(24, 0.0))
    if name == "cox":
        assert found == pytest.approx([12 * -np.expm1(-1.6) / 0.8], rel=0.06)
    ahead = np.arange(24) * DAYS_PER_MONTH + DAYS_PER_MONTH / 2
    rows = fitted.survival_ahead(holder, ahead)
    assert rows.shape == (1, 24)
    assert found == pytest.approx([rows.sum()])
    churn = fitted.score(holder, horizon_days=90)["churn_probability_90d"]
    assert 1 - fitted.survival_ahead(holder, [90.0])[0, 0] == pytest.approx(churn[0])


def test_the_bounds_of_survival_cover_the_truth():
    """A customer at the mean, 200 days old, 300 more days: of 200 samples of 300 contracts the 90 % band should contain 180."""
    truth, held = np.exp(-0.8 * 300 / 365.25), {"cox": 0, "kaplan_meier": 0}
    holder = running(("a", 1.0), age=200.0).with_columns(x=pl.lit(0.0))
    for seed in range(200):
        given = spells(300, seed=seed)
        cox = catalogue.make("survival.cox", {"covariates": ("x",)}).fit(given, as_of=DAY)
        low, high = cox.survival_ahead_bounds(holder, [300.0], level=0.9)
        held["cox"] += int(low[0, 0] <= truth <= high[0, 0])
        rng = np.random.default_rng(1000 + seed)
        life, seen = rng.exponential(365.25 / 0.8, 300), rng.uniform(30, 1461, 300)
        alike = pl.DataFrame({"customer_id": given["customer_id"], "duration_days": np.minimum(life, seen), "event": life <= seen})
        curve = catalogue.make("survival.kaplan_meier").fit(alike, as_of=DAY)
        low, high = curve.survival_ahead_bounds(holder, [300.0], level=0.9)
        held["kaplan_meier"] += int(low[0, 0] <= truth <= high[0, 0])
    assert all(168 <= count <= 192 for count in held.values()), held


def test_what_lies_past_the_largest_age_is_reported():
    fitted = catalogue.make("survival.kaplan_meier").fit(spells(500, seed=3), as_of=DAY)
    rows = running(("a", 1.0), age=fitted.domain[1]).with_columns(customer_id="contract_id")
    assert share_past(fitted, rows, months_ahead(24, 0.1), np.array([2.0])) == pytest.approx(1.0)
    young = running(("a", 1.0), age=1.0).with_columns(customer_id="contract_id")
    assert share_past(fitted, young, months_ahead(24, 0.1), np.array([2.0])) == 0.0
    assert share_past(Exponential(0.3), young, months_ahead(24, 0.1), np.array([2.0])) == 0.0


# --- both -------------------------------------------------------------------------------------------------------


def test_who_buys_and_holds_a_contract_has_the_sum_and_its_variances_add():
    scores = table(part(a=(100.0, 3.0), b=(10.0, 1.0)), part(a=(50.0, 4.0)))
    assert scores.select("customer_id", "value").rows() == [("a", 150.0), ("b", 10.0)]
    factor = np.exp(1.959963984540054 * 5 / 150)
    assert scores.select("lower", "upper").row(0) == pytest.approx((150 / factor, 150 * factor))


def test_half_a_margin_is_no_margin():
    assert table(part(a=(100.0, 3.0), b=(10.0, 1.0)), unknown_margins(pl.Series(["a"])))["customer_id"].to_list() == ["b"]


def test_an_error_that_is_not_known_leaves_the_value_without_interval():
    assert table(part(a=(100.0, 3.0)), part(a=(5.0, None))).select("value", "lower", "upper").rows() == [(105.0, None, None)]


def test_losses_have_symmetric_bounds_and_nothing_has_itself():
    scores = table(part(gain=(100.0, 10.0), loss=(-50.0, 10.0), mixed=(100.0, 3.0), none=(0.0, 0.0)), part(mixed=(-40.0, 4.0)))
    rows = {name: (low, value, high) for name, low, value, high in scores.select("customer_id", "lower", "value", "upper").rows()}
    z = 1.959963984540054
    assert rows["loss"] == pytest.approx((-50 - 10 * z, -50, -50 + 10 * z))
    assert rows["mixed"] == pytest.approx((60 - 5 * z, 60, 60 + 5 * z))
    assert rows["none"] == (0.0, 0.0, 0.0)
    assert rows["gain"] == pytest.approx((100 * np.exp(-z / 10), 100, 100 * np.exp(z / 10)))


def test_a_contract_at_a_loss_takes_off():
    found = contract_margins(Exponential(0.3), running(("a", -10.0)), ahead=NOT)
    assert found["value"][0] < 0 < found["error"][0]


# --- returns ----------------------------------------------------------------------------------------------------


def returns(features: pl.DataFrame, share: float, *, error: float = 0.0, to_come: float = 0.0, slope: float = 0.0, most: float = 0.0):
    numbers = {
        "expected_return_share": share,
        "share_error": error,
        "returns_to_come": to_come,
        "to_come_slope": slope,
        "most_to_come": most,
    }
    return features.select("customer_id", **{name: pl.lit(value) for name, value in numbers.items()})


def test_purchases_are_net_of_the_share_and_of_what_is_still_to_come(models, features):
    gross = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, intervals=False)["value"]
    back = returns(features, 0.25, to_come=40.0, slope=100.0, most=160.0)
    net = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, returns=back, intervals=False)
    assert net["value"].to_list() == pytest.approx((0.75 * gross - 12.0).to_list(), rel=1e-12)
    assert (net["value"] < 0).any()
    assert table(net).select("value", "lower").to_dict(as_series=False)["lower"] == [None] * len(net)


def test_a_share_of_nought_changes_no_digit(models, features):
    plain = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT)
    nothing = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, returns=returns(features, 0.0))
    assert nothing["value"].to_list() == plain["value"].to_list()
    bounds = [table(found).select("lower", "upper").to_numpy() for found in (nothing, plain)]
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-9)


def test_customers_whose_returns_are_not_known_send_nothing_back(models, features):
    some = returns(features.head(3), 1.0)
    plain, net = (purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, returns=of)["value"] for of in (None, some))
    assert net.head(3).to_list() == [0, 0, 0]
    assert net[3:].to_list() == plain[3:].to_list()


def test_the_error_of_the_share_goes_into_that_of_the_margin(models, features):
    """Squares add: the error of orders and values on the kept part, and that of the share on all that depends on it."""
    plain = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT)
    back = returns(features, 0.25, error=0.1, to_come=8.0, slope=30.0, most=30.0)
    net = purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, returns=back)
    by_hand = np.hypot(0.75 * plain["error"], 0.1 * (plain["value"] + 30.0 * 0.3))
    assert net["error"].to_numpy() == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("share", "error", "most"), [(0.97, 0.05, 0.0), (0.5, 0.3, 0.0), (0.9, 0.2, 500.0), (1.0, 0.1, 0.0)])
def test_bounds_stay_ordered_and_above_what_is_possible(models, features, share, error, most):
    """Without sales that may still be returned nothing is below zero; with them no more than all of them is lost."""
    back = returns(features, share, error=error, to_come=0.5 * most, slope=most, most=most)
    net = table(purchase_margins(*models, features, margin_rate=0.3, ahead=NOT, returns=back))
    assert ((net["lower"] <= net["value"]) & (net["value"] <= net["upper"])).all()
    assert (net["lower"] >= -0.3 * most - 1e-9).all()
    assert net["upper"].is_finite().all()


def test_returns_and_a_contract_add_up(models, features):
    """The contract's part is not affected by returns of purchases."""
    first = features.head(1)
    bought = purchase_margins(*models, first, margin_rate=0.3, ahead=NOT, returns=returns(first, 0.4, error=0.1))
    name = str(first["customer_id"][0])
    scores = table(bought, part(**{name: (50.0, 4.0)}))
    assert scores["value"][0] == pytest.approx(bought["value"][0] + 50.0)
    assert scores["lower"][0] > 0

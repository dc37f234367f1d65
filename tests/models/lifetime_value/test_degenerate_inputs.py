"""Degenerate inputs: each is refused clearly, or fitted and reported.

Reported means: a `TableError` or a `FitError` with what, where and (from a fit) what to do; or a fit whose scores are finite
and whose notes name every parameter without a standard error. Warnings are errors in tests, so none escapes either.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, TableError
from relkit.models import catalogue
from relkit.models.lifetime_value.family import HISTORIES
from relkit.models.survival.family import SPELLS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAMES = [name for name in catalogue.names() if name.startswith("lifetime_value.")]
SPEND = ["lifetime_value.gamma_gamma"]
CONTRACTS = [name for name in NAMES if catalogue.settings_class(name).reads is SPELLS]
HISTORIES = [name for name in NAMES if catalogue.settings_class(name).reads is HISTORIES]
ORDERS = [name for name in NAMES if name not in SPEND + CONTRACTS]
N = 300


@pytest.fixture(scope="module")
def cases() -> Callable[[str], tuple[model_checks.Case, Any]]:
    """Return a model's case with its fit to regular customers, which other checks share."""

    def case(name: str) -> tuple[model_checks.Case, Any]:
        usual = model_checks.case_of(name)
        return usual, usual.fitted

    return case


def bought(
    base: pl.DataFrame, x: Sequence[int], t_x: Sequence[float], T: Sequence[float], m: Sequence[float] | None = None
) -> pl.DataFrame:
    """Return the first rows of `base` with other purchases, evenly spread up to t_x if their days are listed."""
    changed: dict[str, Any] = {
        "repeat_purchases": pl.Series(x, dtype=pl.Int64),
        "last_purchase_age_days": pl.Series(t_x, dtype=pl.Float64),
        "observed_days": pl.Series(T, dtype=pl.Float64),
        "mean_repeat_value": pl.Series([20.0] * len(x) if m is None else m, dtype=pl.Float64),
    }
    if "repeat_ages_days" in base.columns:
        ages = [(last * np.arange(1, n + 1) / max(n, 1)).tolist() for n, last in zip(x, t_x, strict=True)]
        changed["repeat_ages_days"] = pl.Series(ages, dtype=pl.List(pl.Float64))
        changed["first_order_on"] = pl.Series([model_checks.AS_OF - timedelta(days=int(age)) for age in T])
    return base.head(len(x)).with_columns(**changed).with_columns(spent().alias("mean_repeat_value"))


def spent() -> pl.Expr:
    return pl.when(pl.col("repeat_purchases") > 0).then("mean_repeat_value")


def everyone(base: pl.DataFrame, x: int, t_x: float, T: float) -> pl.DataFrame:
    return bought(base, [x] * N, [t_x] * N, [T] * N)


def assert_finite(scores: pl.DataFrame, ended: pl.Series | None = None) -> None:
    for column in scores.columns[1:]:
        values = scores[column] if ended is None else scores[column].filter(~ended)
        if column == "p_alive":  # blank if it is 1 by construction
            values = values.drop_nulls()
        assert values.is_finite().fill_null(value=False).all(), column
        assert (values >= 0).all(), column
        assert not column.startswith("order_probability_") or (values <= 1).all()


def assert_reported(case: model_checks.Case, features: pl.DataFrame) -> Any:
    """Return the fit, or the error with which it was refused."""
    try:
        fitted = case.fit(features)
    except (FitError, TableError) as error:
        return refused(error)
    assert_finite(case.score(fitted, features), features["event"] if "event" in features.columns else None)
    unknown = fitted.summary().filter(pl.col("std_error").is_null())["term"].to_list()
    # A naive rule never has standard errors.
    assert fitted.info.notes or not unknown or case.model.is_bar
    return fitted


def refused(error: FitError | TableError) -> FitError | TableError:
    """Return the error, which states where and, from a fit, what to do."""
    assert error.where
    assert error.remedy or isinstance(error, TableError)
    return error


def assert_scored(case: model_checks.Case, usual: Any, features: pl.DataFrame) -> None:
    """Assert that scores are finite; a discrete-time model may refuse customers who bought more often than possible."""
    try:
        scores = case.score(usual, features)
    except TableError as error:
        refused(error)
        assert features["repeat_purchases"].max() > 100
        return
    assert_finite(scores)


def holed(frame: pl.DataFrame, name: str, value: float | None) -> pl.DataFrame:
    """Return a frame with `value` in row 4 of a column."""
    faulty = pl.lit(value, dtype=pl.Float64)
    return frame.with_columns(pl.when(pl.int_range(pl.len()) == 4).then(faulty).otherwise(pl.col(name).cast(pl.Float64)).alias(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_named_with_their_row(cases: Any, name: str, value: float) -> None:
    case, usual = cases(name)
    for needs, use in ((case.model.needs, case.fit), (usual.needs, lambda features: case.score(usual, features))):
        for column in needs.columns:
            if column.name in case.features.columns and case.features[column.name].dtype.is_numeric():
                with pytest.raises(TableError, match=rf"{column.name}.*first: row 4"):
                    use(holed(case.features, column.name, value))


@pytest.mark.parametrize("name", NAMES)
def test_nobody(cases: Any, name: str) -> None:
    case, _ = cases(name)
    with pytest.raises((NotEnoughEventsError, TableError), match=name):
        case.fit(case.features.clear())


class TestOrders:
    @pytest.mark.parametrize("name", ORDERS + SPEND)
    @pytest.mark.parametrize("days", [0.0, 200.0])
    def test_one_time_buyers(self, cases: Any, name: str, days: float) -> None:
        """T = 0 for all of them is another form of it."""
        case, usual = cases(name)
        customers = everyone(case.features, 0, 0.0, days)
        with pytest.raises(NotEnoughEventsError, match=rf"{name}: 0 of 300 customers .*Fit a longer period or more customers"):
            case.fit(customers)
        assert_finite(case.score(usual, customers))

    @pytest.mark.parametrize("name", ORDERS + SPEND)
    @pytest.mark.parametrize("x", [0, 3])
    def test_a_single_customer(self, cases: Any, name: str, x: int) -> None:
        case, usual = cases(name)
        customer = bought(case.features, [x], [28.0 * x], [280.0])
        with pytest.raises(NotEnoughEventsError, match=rf"{min(x, 1)} of 1 customers .*Fit a longer period or more customers"):
            case.fit(customer)
        assert_finite(case.score(usual, customer))

    @pytest.mark.parametrize("name", [name for name in ORDERS if not catalogue.settings_class(name).is_bar])
    def test_customers_who_came_today_change_nothing(self, cases: Any, name: str) -> None:
        """T = 0 carries no information: the parameters are those of the others."""
        case, alone = cases(name)
        new = bought(case.features, [0] * 30, [0.0] * 30, [0.0] * 30).with_columns(customer_id=pl.format("new {}", "customer_id"))
        both = case.fit(pl.concat([case.features, new]))
        assert both.summary()["estimate"].to_list() == pytest.approx(alone.summary()["estimate"].to_list(), rel=1e-5)
        assert both.info.log_likelihood == pytest.approx(alone.info.log_likelihood, abs=1e-6)
        assert_finite(case.score(both, new))

    @pytest.mark.parametrize("name", ORDERS)
    def test_purchases_without_time_are_refused(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        customers = everyone(case.features, 2, 0.0, 0.0)
        with pytest.raises(TableError, match=r"(last_purchase_age_days|repeat_ages_days|repeat_purchases).*300 of 300 rows"):
            case.fit(customers)
        assert assert_reported(case, bought(case.features, [2, 1, 0], [0.0, 9.0, 0.0], [0.0, 99.0, 99.0])).where

    @pytest.mark.parametrize("name", ORDERS + SPEND)
    def test_thousands_of_purchases(self, cases: Any, name: str) -> None:
        case, usual = cases(name)
        one = pl.concat([case.features.tail(N - 1), bought(case.features, [5000], [390.0], [400.0])])
        n = N // 5
        all_of_them = bought(case.features, range(5000, 5000 + n), [390.0] * n, [400.0] * n, list(1.0 + np.arange(n)))
        for customers in (one, all_of_them):
            assert_reported(case, customers)
            assert_scored(case, usual, customers)

    @pytest.mark.parametrize("name", ORDERS)
    @pytest.mark.parametrize(("x", "t_x"), [(2, 56.0), (2, 364.0), (1, 28.0)])
    def test_customers_all_alike(self, cases: Any, name: str, x: int, t_x: float) -> None:
        """Without differences the shape has no upper bound, and the notes report it."""
        case, _ = cases(name)
        assert_reported(case, everyone(case.features, x, t_x, 364.0))

    @pytest.mark.parametrize("name", ORDERS)
    @pytest.mark.parametrize(("column", "value"), [("observed_days", 1e9), ("last_purchase_age_days", 1e9), ("repeat_purchases", 1e12)])
    def test_numbers_beyond_any_history_are_named(self, cases: Any, name: str, column: str, value: float) -> None:
        case, usual = cases(name)
        for use in (case.fit, lambda features: case.score(usual, features)):
            with pytest.raises(TableError, match=rf"{column}: 1 of 300 rows are over .*first: row 4"):
                use(holed(case.features, column, value))

    def test_days_that_do_not_end_at_the_as_of_day(self, cases: Any) -> None:
        """One day is rounding of a fraction; two are another calendar."""
        case, _ = cases("lifetime_value.time_varying_pareto_nbd")
        later = pl.when(pl.int_range(pl.len()) == 4).then(pl.duration(days=2)).otherwise(pl.duration(days=0))
        with pytest.raises(TableError, match=r"first_order_on: 1 of 300 rows do not lie observed_days before .*first: row 4"):
            case.fit(case.features.with_columns(pl.col("first_order_on") + later))

    @pytest.mark.parametrize("name", ORDERS)
    def test_spend_is_no_matter_of_theirs(self, cases: Any, name: str) -> None:
        """Of one customer nothing, of the next less than nothing, then the same, then none that is known."""
        case, usual = cases(name)
        spend = pl.Series("mean_repeat_value", [0.0, -5.0, 20.0, None] * (N // 4))
        assert case.fit(case.features.with_columns(spend)).summary().equals(usual.summary())

    @pytest.mark.parametrize("name", ORDERS + SPEND)
    @pytest.mark.parametrize("first_seed", [0, pytest.param(20, marks=pytest.mark.slow)])
    def test_a_handful_of_customers_of_any_kind(self, cases: Any, name: str, first_seed: int) -> None:
        """20 small populations at random: few or many purchases, soon or late, any spend."""
        case, usual = cases(name)
        fits = 0
        for seed in range(first_seed, first_seed + 20):
            customers = handful(case.features, np.random.default_rng(seed))
            fits += not isinstance(assert_reported(case, customers), Exception)
            assert_scored(case, usual, customers)
        assert fits > 5


def handful(base: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    n = int(rng.integers(3, 25))
    T = np.floor(rng.uniform(0, 400, n))
    x = np.minimum(rng.poisson(rng.choice([0.2, 1.0, 5.0, 300.0]), n), T).astype(int)
    t_x = np.where(x > 0, np.clip(np.ceil(T * rng.random(n) ** rng.choice([0.1, 1.0, 10.0])), x, T), 0.0)
    m = np.round(rng.gamma(rng.choice([0.05, 1.0, 1000.0]), 10, n), 2) * np.where(rng.random(n) < 0.2, rng.choice([0, -1]), 1)
    return bought(base, x.tolist(), t_x.tolist(), T.tolist(), m.tolist())


@pytest.mark.parametrize("name", SPEND)
class TestSpend:
    @pytest.mark.parametrize("value", [0.0, -5.0])
    def test_no_spend_at_all(self, cases: Any, name: str, value: float) -> None:
        case, usual = cases(name)
        customers = case.features.with_columns(mean_repeat_value=pl.lit(value)).with_columns(spent())
        with pytest.raises(NotEnoughEventsError, match="0 of 300 customers have repeat purchases of positive value"):
            case.fit(customers)
        assert_finite(case.score(usual, customers))

    @pytest.mark.parametrize("value", [0.0, -5.0, None])
    def test_some_without_spend_are_left_out_and_counted(self, cases: Any, name: str, value: float | None) -> None:
        case, _ = cases(name)
        some = pl.int_range(pl.len()) % 3 == 0
        faulty = pl.lit(value, dtype=pl.Float64)
        customers = case.features.with_columns(mean_repeat_value=pl.when(some).then(faulty).otherwise("mean_repeat_value"))
        fitted = assert_reported(case, customers)
        left_out = len(customers.filter(some & (pl.col("repeat_purchases") > 0)))
        assert f"{left_out} of 300 customers had repeat purchases of no positive value and were left out." in fitted.info.notes
        assert fitted.summary().equals(case.fit(customers.filter(~some)).summary())

    def test_constant_spend(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        fitted = assert_reported(case, bought(case.features, range(1, N + 1), [300.0] * N, [364.0] * N))
        assert "Every customer spends 20 per order" in fitted.info.notes[-1]
        assert fitted.mean_order_value == 20

    def test_spend_that_differs_by_rounding_only(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        m = (20 + 1e-13 * np.arange(N)).tolist()
        fitted = assert_reported(case, bought(case.features, range(1, N + 1), [300.0] * N, [364.0] * N, m))
        assert fitted.mean_order_value == pytest.approx(20)
        assert any("pooled mean" in note for note in fitted.info.notes)

    def test_spend_beyond_any_currency_is_refused(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        with pytest.raises(TableError, match=r"mean_repeat_value: 1 of 300 rows are over 1e\+15 \(first: row 4"):
            case.fit(holed(case.features, "mean_repeat_value", 1e300))

    def test_spend_below_any_currency_is_refused(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        with pytest.raises(TableError, match=r"mean_repeat_value: above 0 yet below 1e-09 .*1 of 300 rows \(first: row 4"):
            case.fit(holed(case.features, "mean_repeat_value", 1e-300))
        least = holed(holed(case.features, "mean_repeat_value", 1e-9).reverse(), "mean_repeat_value", 1e15)
        assert_reported(case, least)


@pytest.mark.parametrize("name", CONTRACTS)
class TestContracts:
    def test_nobody_left(self, cases: Any, name: str) -> None:
        case, usual = cases(name)
        spells = case.features.with_columns(event=pl.lit(value=False))
        with pytest.raises(NotEnoughEventsError, match=r"none of the 300 spells ended.*Take a longer period"):
            case.fit(spells)
        assert_finite(case.score(usual, spells))

    @pytest.mark.parametrize("ended", [False, True])
    @pytest.mark.parametrize("days", [0.0, 10.0, 400.0])
    def test_a_single_contract(self, cases: Any, name: str, days: float, *, ended: bool) -> None:
        case, usual = cases(name)
        one = case.features.head(1).with_columns(duration_days=pl.lit(days), event=pl.lit(ended), entry_days=pl.lit(0.0))
        found = assert_reported(case, one)
        assert isinstance(found, NotEnoughEventsError) or found.info.notes
        assert_finite(case.score(usual, one), one["event"])

    @pytest.mark.parametrize("days", [0.0, 30.0, 61.0, 1e5])
    def test_contracts_all_alike(self, cases: Any, name: str, days: float) -> None:
        """All ended at the same age, and all but one."""
        case, usual = cases(name)
        same = case.features.with_columns(duration_days=pl.lit(days), event=pl.lit(value=True), entry_days=pl.lit(0.0))
        for spells in (same, same.with_columns(event=pl.int_range(pl.len()) > 0)):
            assert_reported(case, spells)
            assert_finite(case.score(usual, spells), spells["event"])

    def test_a_contract_that_is_yet_to_start_is_named(self, cases: Any, name: str) -> None:
        case, _ = cases(name)
        starts = pl.when(pl.int_range(pl.len()) == 4).then(model_checks.AS_OF + timedelta(days=1)).otherwise(model_checks.AS_OF)
        with pytest.raises(TableError, match=r"started_on: 1 of 300 rows are after .*first: row 4"):
            case.fit(case.features.with_columns(started_on=starts))

    def test_a_negative_duration_is_named(self, cases: Any, name: str) -> None:
        case, usual = cases(name)
        spells = holed(case.features, "duration_days", -1.0)
        for use in (case.fit, lambda features: case.score(usual, features)):
            with pytest.raises(TableError, match=r"duration_days: 1 of 300 rows are below 0 \(first: row 4"):
                use(spells)

    @pytest.mark.parametrize("first_seed", [0, pytest.param(20, marks=pytest.mark.slow)])
    def test_a_handful_of_contracts_of_any_kind(self, cases: Any, name: str, first_seed: int) -> None:
        case, usual = cases(name)
        fits = 0
        for seed in range(first_seed, first_seed + 20):
            rng = np.random.default_rng(seed)
            n = int(rng.integers(2, 25))
            days = np.floor(rng.uniform(0, 400, n))
            ended, seen = rng.random(n) < rng.choice([0.1, 0.9]), rng.random(n) < 0.2
            changed = {"duration_days": days, "event": ended, "entry_days": np.where(seen, np.floor(days / 2), 0.0)}
            spells = case.features.head(n).with_columns(**{column: pl.Series(values) for column, values in changed.items()})
            fits += not isinstance(assert_reported(case, spells), Exception)
            assert_finite(case.score(usual, spells), spells["event"])
        assert fits > 5


@pytest.mark.parametrize("hole", [None, np.nan, np.inf])
@pytest.mark.parametrize("name", HISTORIES)
def test_a_hole_among_the_ages_is_refused_with_its_row(cases, name, hole):
    case, _ = cases(name)
    ages = pl.col("repeat_ages_days")
    holed = pl.concat_list(ages.list.head(2), pl.lit(hole, dtype=pl.Float64), ages.list.slice(3))
    frame = case.features.with_columns(pl.when(pl.int_range(pl.len()) == 1).then(holed).otherwise(ages).alias("repeat_ages_days"))
    with pytest.raises(TableError, match=r"repeat_ages_days: has an empty or infinite age .*1 of 300 rows \(first: row 1\)"):
        case.fit(frame)

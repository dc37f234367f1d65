"""Inputs at the limit of what a model of survival can learn from: each is refused clearly, or fitted and reported.

Reported means: an error with what, where and what to do; or a fit whose scores are probabilities, and whose terms without a
standard error are named in its notes. Warnings are errors in tests, so none gets out either.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [name for name in catalogue.names() if name.startswith("survival.")]
TREES = ["survival.boosted_hazard"]
N = 300


def fields(name: str) -> set[str]:
    return {field.name for field in dataclasses.fields(catalogue.make(name, catalogue.settings_class(name).check_settings))}


REGRESSIONS = [name for name in NAMES if "covariates" in fields(name)]
LINEAR = [name for name in REGRESSIONS if name not in TREES]
WEIGHTED = [name for name in NAMES if "weight_column" in fields(name)]


def case_of(name: str, **settings: Any) -> model_checks.Case:
    """Return a model's case with some settings of its own; trees are few."""
    usual = model_checks.case_of(name)
    few = {"trees": 20} if name in TREES else {}
    return dataclasses.replace(usual, model=catalogue.make(name, {**catalogue.settings_class(name).check_settings, **few, **settings}))


@pytest.fixture(scope="module")
def cases() -> Callable[[str], tuple[model_checks.Case, Any]]:
    """Return a model's case with its fit to contracts as they should be; made once each."""
    made: dict[str, tuple[model_checks.Case, Any]] = {}

    def case(name: str) -> tuple[model_checks.Case, Any]:
        if name not in made:
            usual = case_of(name)
            made[name] = usual, usual.fit()
        return made[name]

    return case


def holed(frame: pl.DataFrame, name: str, value: float | None) -> pl.DataFrame:
    """Return a frame with `value` in row 4 of a column."""
    faulty = pl.lit(value, dtype=pl.Float64)
    return frame.with_columns(pl.when(pl.int_range(pl.len()) == 4).then(faulty).otherwise(pl.col(name).cast(pl.Float64)).alias(name))


def assert_probabilities(scores: pl.DataFrame, ended: pl.Series) -> None:
    for column in scores.columns[1:]:
        values = scores[column].filter(~ended)
        assert values.is_finite().fill_null(value=False).all(), column
        if column.startswith("churn_probability"):
            assert values.is_between(0, 1 + 1e-9).all(), column


def assert_handled(case: model_checks.Case, features: pl.DataFrame) -> Any:
    """Return the fit, or the error with which it was refused."""
    try:
        fitted = case.fit(features)
    except (FitError, TableError, ParameterError) as error:
        return refused(error)
    assert_probabilities(case.score(fitted, features), features["event"])
    summary = fitted.summary()
    assert summary["estimate"].drop_nulls().is_finite().all()
    assert fitted.info.notes or not summary["std_error"].null_count()
    return fitted


def refused(error: Any) -> Any:
    """Return the error, which states where and, of a fit, what to do."""
    assert error.where
    assert error.remedy or isinstance(error, TableError)
    return error


# --- invalid rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("duration_days", -1.0, "are below 0"),
        ("duration_days", float("nan"), "are not a number"),
        ("duration_days", float("inf"), "are infinite"),
        ("duration_days", None, "are null"),
        ("duration_days", 1e9, "are over 100000"),
        ("entry_days", -1.0, "are below 0"),
        ("entry_days", float("nan"), "are not a number"),
        ("entry_days", 1e6, "over duration_days"),
        ("event", None, "are null"),
    ],
)
def test_invalid_ages_are_named_with_their_row(cases: Any, name: str, column: str, value: float | None, message: str) -> None:
    case, usual = cases(name)
    faulty = holed(case.features, column, value)
    with pytest.raises(TableError, match=rf"{column}.*{message}.*first: row 4" if message.startswith("are") else rf"{column}: {message}"):
        case.fit(faulty)
    if column == "duration_days":
        with pytest.raises(TableError, match=rf"duration_days: 1 of 300 rows {message} \(first: row 4"):
            case.score(usual, faulty)


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_another_type_are_named(cases: Any, name: str) -> None:
    case, usual = cases(name)
    for change, message in (
        ({"duration_days": pl.lit("long")}, "duration_days is String, expected Float64"),
        ({"event": pl.lit("perhaps")}, "event is String, expected Boolean"),
    ):
        for use in (case.fit, lambda features: case.score(usual, features)):
            with pytest.raises(TableError, match=message):
                use(case.features.with_columns(**change))


@pytest.mark.parametrize("name", NAMES)
def test_ages_as_text_and_no_entry_are_read_as_what_they_are(cases: Any, name: str) -> None:
    """A null entry is age 0 in every model, and the row stays."""
    case, _ = cases(name)
    unknown = pl.when(pl.col("entry_days") > 0).then("entry_days")
    read = case.fit(case.features.with_columns(pl.col("duration_days").cast(pl.String), unknown.cast(pl.String).alias("entry_days")))
    assert read.info.rows == N
    assert read.summary().equals(cases(name)[1].summary())


@pytest.mark.parametrize("name", NAMES)
def test_a_customer_scored_twice_is_named(cases: Any, name: str) -> None:
    case, usual = cases(name)
    with pytest.raises(TableError, match=r"2 rows share a key \(customer_id\); first: row 0\."):
        case.score(usual, case.features.with_columns(customer_id=pl.col("customer_id").replace("c007", "c000")))


# --- uninformative histories --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [N, 1, 0])
def test_nobody_left(cases: Any, name: str, rows: int) -> None:
    case, usual = cases(name)
    spells = case.features.head(rows).with_columns(event=pl.lit(value=False))
    with pytest.raises(NotEnoughEventsError, match=rf"{name}: none of the {rows} spells ended.*Take a longer period"):
        case.fit(spells)
    assert_probabilities(case.score(usual, spells), spells["event"])


@pytest.mark.parametrize("name", NAMES)
def test_everybody_left(cases: Any, name: str) -> None:
    case, _ = cases(name)
    assert_handled(case, case.features.with_columns(event=pl.lit(value=True), end_reason=pl.col("end_reason").fill_null("voluntary")))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_single_contract_or_two(cases: Any, name: str, rows: int) -> None:
    case, _ = cases(name)
    found = assert_handled(case, case.features.filter("event").head(rows))
    if name in REGRESSIONS and rows == 1:
        assert isinstance(found, FitError)


@pytest.mark.parametrize("name", NAMES)
def test_spells_of_no_length(cases: Any, name: str) -> None:
    """First observed on the day they were last observed: they were never at risk. Ended on the day they started: hardly."""
    case, _ = cases(name)
    with pytest.raises(NotEnoughEventsError, match=f"{name}: none of the 0 spells ended"):
        case.fit(case.features.filter(pl.col("duration_days") > 0).with_columns(entry_days="duration_days"))
    assert_handled(case, case.features.with_columns(duration_days=pl.lit(0.0), entry_days=pl.lit(0.0)))
    assert_handled(case, holed(holed(case.features, "entry_days", 0.0), "duration_days", 0.0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("days", [1e-9, 0.5, 90.0, 1e5])
def test_contracts_that_all_end_at_one_age(cases: Any, name: str, days: float) -> None:
    """All of them; those that end, while the others run on; and both at once."""
    case, _ = cases(name)
    same = case.features.with_columns(duration_days=pl.lit(days), entry_days=pl.lit(0.0))
    some = same.with_columns(duration_days=pl.when("event").then(days).otherwise(case.features["duration_days"]))
    for spells in (same, some, same.with_columns(event=pl.lit(value=True), end_reason=pl.lit("voluntary"))):
        assert_handled(case, spells)


@pytest.mark.parametrize("name", NAMES)
def test_a_handful_of_contracts_of_any_kind(cases: Any, name: str) -> None:
    """20 small populations at random: few or many ends, soon or late, some observed late."""
    case, usual = cases(name)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 60))
        days, ended = np.floor(rng.uniform(0, 400, n)), rng.random(n) < rng.choice([0.1, 0.5, 0.9])
        entry = np.where(rng.random(n) < 0.2, np.floor(days / 2), 0.0)
        ages = {"duration_days": days, "event": ended, "entry_days": entry}
        reason = pl.when("event").then(pl.col("end_reason").fill_null("voluntary"))
        spells = case.features.head(n).with_columns(**{key: pl.Series(values) for key, values in ages.items()}).with_columns(reason)
        assert_handled(case, spells)
        assert_probabilities(case.score(usual, spells), spells["event"])


# --- covariates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, 1e300, -1e300])
def test_a_covariate_that_is_no_number_is_named_with_its_row(cases: Any, name: str, value: float | None) -> None:
    case, usual = cases(name)
    faulty = holed(case.features, "monthly_amount", value)
    with pytest.raises(TableError, match=r"monthly_amount: 1 of 300 rows are .*first: row 4"):
        case.fit(faulty)
    if value is None or not np.isfinite(value):
        with pytest.raises(TableError, match=r"monthly_amount: 1 of 300 rows are .*first: row 4"):
            case.score(usual, faulty)
    else:
        assert_probabilities(case.score(usual, faulty), faulty["event"])


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("value", [0.0, 7.0, 1e12, 7 + 1e-14 * pl.int_range(pl.len()), 1e-300 * pl.int_range(pl.len())])
def test_a_constant_column(cases: Any, name: str, value: float | pl.Expr) -> None:
    case, _ = cases(name)
    with pytest.raises(FitError, match=r"monthly_amount is .*(constant|for everybody).*Drop"):
        case.fit(case.features.with_columns(monthly_amount=value if isinstance(value, pl.Expr) else pl.lit(value)))


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize(
    "value",
    [
        pl.col("monthly_amount"),
        3 * pl.col("monthly_amount") - 2,
        1e12 * pl.col("monthly_amount"),
        0.1 * pl.col("monthly_amount") + 0.3 * pl.col("pays_by_direct_debit"),
    ],
)
def test_a_column_that_follows_from_others(name: str, value: pl.Expr) -> None:
    case = case_of(name, covariates=("monthly_amount", "pays_by_direct_debit", "third"))
    with pytest.raises(FitError, match=r"third follows from monthly_amount.*so their effects cannot be told apart.*Drop third"):
        case.fit(case.features.with_columns(third=value))


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_scale_of_a_column_needs_no_care(cases: Any, name: str, scale: float) -> None:
    case, usual = cases(name)
    scaled = case.features.with_columns(pl.col("monthly_amount") * scale)
    found, expected = case.score(case.fit(scaled), scaled), case.score(usual)
    for column in expected.columns[1:]:
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6, atol=1e-12)


NEVER = ~pl.col("event") & (pl.int_range(pl.len()) % 2 == 0)


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize(
    ("value", "blamed"),
    [
        (pl.when(NEVER).then(pl.lit("old")).otherwise(pl.lit("new")), "special=old"),
        (pl.when((NEVER.cum_sum() == 1) & NEVER).then(pl.lit("old")).otherwise(pl.lit("new")), "special=old"),
        (pl.when("event").then(pl.lit("left")).otherwise(pl.lit("stayed")), "special=stayed"),
        (pl.col("event").cast(pl.Float64), "special"),
        (~pl.col("event"), "special"),
    ],
)
@pytest.mark.parametrize("others", [(), ("monthly_amount",)])
def test_a_value_of_whom_nobody_ends(name: str, value: pl.Expr, blamed: str, others: tuple[str, ...]) -> None:
    """Its coefficient has no finite maximum: it is named, and not the intercept. Trees stop before, and answer."""
    case = case_of(name, covariates=("special", *others))
    spells = case.features.with_columns(special=value)
    if name in TREES:
        assert not isinstance(assert_handled(case, spells), Exception)
        return
    with pytest.raises(FitError, match=rf"the coefficient of (\w+: )?{blamed} runs to infinity.*Drop special from"):
        case.fit(spells)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_value_of_whom_all_end(name: str) -> None:
    """Soon and late as the others: its effect is finite."""
    case = case_of(name, covariates=("special",))
    spells = case.features.with_columns(special=pl.col("event") & (pl.int_range(pl.len()) % 2 == 0))
    assert_handled(case, spells)


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("columns", [20, 400])
def test_more_columns_than_ends(name: str, columns: int) -> None:
    rng = np.random.default_rng(0)
    made = {f"z{j}": rng.normal(size=N) for j in range(columns)}
    case = case_of(name, covariates=tuple(made))
    few = pl.col("event") & (pl.col("event").cum_sum() <= 15) if columns == 20 else pl.col("event")
    with pytest.raises(NotEnoughEventsError, match=r"\d+ spells ended|all ends count as one cause"):
        case.fit(case.features.with_columns(event=few, **made))


@pytest.mark.parametrize("name", REGRESSIONS)
def test_categories_that_are_none(name: str) -> None:
    case = case_of(name, covariates=("plan",))
    row = pl.int_range(pl.len())
    for plan, message in (
        (pl.format("p{}", row % 51), "plan has 51 levels, over 50"),
        (pl.col("customer_id"), "plan has 300 levels, over 50"),
        (pl.lit("a"), "plan is 'a' wherever it is known"),
        (pl.when(row > 5).then(pl.lit("a")), "plan is 'a' wherever it is known"),
        (pl.lit(None, dtype=pl.String), "plan is never known"),
        (pl.concat_list(row), "plan is List"),
    ):
        with pytest.raises(TableError, match=message):
            case.fit(case.features.with_columns(plan=plan))
    assert_handled(case, case.features.with_columns(plan=pl.format("p{}", row % 50)))


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("covariates", [("monthly_amount", "monthly_amount"), ("duration_days",), ("event",), ("customer_id",)])
def test_columns_that_are_no_covariates(name: str, covariates: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match=rf"{covariates[0]!r} is given twice, or is no covariate.*Name each column once"):
        case_of(name, covariates=covariates)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_misspelt_column_names_the_nearest(name: str) -> None:
    case = case_of(name, covariates=("monthly_amont",))
    with pytest.raises(TableError, match=r"column 'monthly_amont' is missing \(did you mean 'monthly_amount'\)"):
        case.fit()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("survival.kaplan_meier", {"by": "duration_days"}),
        ("survival.kaplan_meier", {"by": "customer_id"}),
        ("survival.cox", {"cluster": "duration_days"}),
        ("survival.cox", {"cluster": "monthly_amount"}),
        ("survival.cox_time_varying", {"cluster": "entry_days"}),
        ("survival.cox", {"strata": ("event",)}),
        ("survival.discrete_competing_risks", {"reason": "event"}),
        ("survival.weibull_aft", {"lower_column": "monthly_amount", "upper_column": "end"}),
        ("survival.weibull_aft", {"lower_column": "end", "upper_column": "end"}),
        ("survival.weibull_aft", {"lower_column": "entry_days", "upper_column": "end"}),
    ],
)
def test_a_column_that_is_asked_for_as_two_things(name: str, settings: dict[str, Any]) -> None:
    def fit() -> None:
        case = case_of(name, **settings)
        case.fit(case.features.with_columns(end=pl.col("duration_days") + 30))

    with pytest.raises(ParameterError, match=r"Name (each|another) column"):
        fit()


def test_pieces_of_one_customer_may_be_a_cluster() -> None:
    fitted = case_of("survival.cox_time_varying", cluster="customer_id").fit()
    assert fitted.summary()["std_error"].is_finite().all()


# --- ends known by intervals --------------------------------------------------------------------------------------

AFT = ["survival.log_logistic_aft", "survival.log_normal_aft", "survival.weibull_aft"]


def intervals(name: str) -> tuple[model_checks.Case, pl.DataFrame]:
    case = case_of(name, covariates=("monthly_amount",), lower_column="begun", upper_column="ended")
    ended = pl.when("event").then(pl.col("duration_days") + 30)
    return case, case.features.with_columns(begun=pl.col("duration_days"), ended=ended)


@pytest.mark.parametrize("name", AFT)
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("begun", float("nan"), r"begun: 1 of 300 rows are not a number \(first: row 4, nan\)\.$"),
        ("begun", float("inf"), r"begun: 1 of 300 rows are infinite \(first: row 4, inf\)\.$"),
        ("begun", -1.0, r"begun: 1 of 300 rows are below 0 \(first: row 4"),
        ("begun", None, r"begun: 1 of 300 rows are null \(first: row 4"),
        ("ended", float("nan"), r"ended: 1 of 300 rows are not a number \(first: row 4"),
        ("ended", 1e9, r"ended: 1 of 300 rows are over 100000 \(first: row 4"),
        ("ended", 0.5, r"ended: below begun .*1 of 300 rows \(first: row 4"),
        ("entry_days", 9e4, r"entry_days: over begun .*1 of 300 rows \(first: row 4"),
    ],
)
def test_invalid_intervals_are_named_with_their_row(name: str, column: str, value: float | None, message: str) -> None:
    case, spells = intervals(name)
    with pytest.raises(TableError, match=message):
        case.fit(holed(spells, column, value))


@pytest.mark.parametrize("name", AFT)
def test_intervals_that_tell_no_width_are_refused(name: str) -> None:
    """All ended by one visit, or none knows when within it: any steepness is as likely as another."""
    case, spells = intervals(name)
    first = spells.with_columns(entry_days=pl.lit(0.0), begun=pl.lit(0.0), ended=pl.lit(30.0))
    for faulty in (first, first.with_columns(begun=pl.when("event").then(0.0).otherwise(30.0), ended=pl.when("event").then(30.0))):
        with pytest.raises(FitError, match="the ages at which spells end hardly differ, so their distribution has no width"):
            case.fit(faulty)
    with pytest.raises(NotEnoughEventsError, match="none of the 300 spells ended"):
        case.fit(spells.with_columns(ended=pl.lit(None, dtype=pl.Float64)))


@pytest.mark.parametrize("name", AFT)
def test_edges_that_differ_by_rounding_are_one_age(name: str) -> None:
    case, spells = intervals(name)
    known, nearly = (spells.with_columns(ended=pl.when("event").then(pl.col("begun") * (1 + gap))) for gap in (0.0, 1e-15))
    np.testing.assert_allclose(case.fit(nearly).coordinates, case.fit(known).coordinates, rtol=1e-9)


# --- weights ------------------------------------------------------------------------------------------------------


def weighted(name: str, value: float | None) -> tuple[model_checks.Case, pl.DataFrame]:
    case = case_of(name, weight_column="many")
    return case, holed(case.features.with_columns(many=pl.lit(1.0)), "many", value)


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), None])
def test_invalid_weights_are_named_with_their_row(name: str, value: float | None) -> None:
    case, spells = weighted(name, value)
    with pytest.raises(TableError, match=r"many.*1 of 300 rows.*first: row 4"):
        case.fit(spells)


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_weight_of_nothing_is_refused_or_counts_nothing(name: str) -> None:
    case, spells = weighted(name, 0.0)
    try:
        found = case.fit(spells)
    except TableError as error:
        refused(error)
        return
    without = case.fit(spells.filter(pl.int_range(pl.len()) != 4))
    if name not in TREES:
        np.testing.assert_allclose(found.coordinates, without.coordinates, rtol=1e-6)
    assert_handled(case, spells.with_columns(many=pl.lit(0.0)))


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("weight", [1e-12, 1e-3, 1e9])
def test_weights_of_any_size(name: str, weight: float) -> None:
    """Equal weights move no estimate; models that count ends by them may find too few."""
    case, spells = weighted(name, 1.0)
    found = assert_handled(case, spells.with_columns(many=pl.lit(weight)))
    if isinstance(found, Exception) or not hasattr(found, "coefficients"):
        return
    if name.startswith("survival.cox"):
        np.testing.assert_allclose(found.coefficients, case.fit(spells).coefficients, rtol=1e-6)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_in_a_column_that_is_read_already(name: str) -> None:
    taken = ["duration_days", *(["monthly_amount"] if name in REGRESSIONS else [])]
    for column in taken:
        with pytest.raises(ParameterError, match=column):
            case_of(name, weight_column=column).fit()

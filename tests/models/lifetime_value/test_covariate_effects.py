from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import model_checks
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.families.bindings import diagnostic_figures
from relkit.models import storage
from relkit.models.lifetime_value import bg_nbd, mbg_nbd, nbd, pareto_nbd
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.diagnostics import effect_ratios, frequency_histogram, purchase_tracking
from relkit.models.lifetime_value.discounted_value import dert, discounted_orders
from relkit.models.lifetime_value.mbg_nbd import MbgNbd
from relkit.models.lifetime_value.nbd import Nbd
from relkit.models.lifetime_value.pareto_nbd import FittedParetoNbd, ParetoNbd
from relkit.models.lifetime_value.uncertainty import interval
from relkit.models.likelihood_ratio import likelihood_ratio_test

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = date(2006, 12, 31)
BOTH = {"purchase_covariates": ("Gender", "Channel"), "lifetime_covariates": ("Gender", "Channel")}
MODELS = (Nbd, BgNbd, MbgNbd, ParetoNbd)


@pytest.fixture(scope="module")
def apparel(real_data: Path) -> pl.DataFrame:
    """Return the 600 customers of CLVTools' apparelTrans as of 2006-12-31, as by its estimation.split of 104 weeks; T to that day."""
    lines = pl.read_csv(real_data / "clvtools_apparelTrans.csv", try_parse_dates=True).filter(pl.col("Date") <= DAY)
    days = lines.select("Id", "Date").unique()
    first, last = pl.col("Date").min(), pl.col("Date").max()
    summary = days.group_by("Id").agg(
        (pl.len() - 1).cast(pl.Int64).alias("repeat_purchases"),
        (last - first).dt.total_days().alias("last_purchase_age_days"),
        (pl.lit(DAY) - first).dt.total_days().alias("observed_days"),
    )
    who = pl.read_csv(real_data / "clvtools_apparelStaticCov.csv")
    return summary.join(who, on="Id").sort("Id").rename({"Id": "customer_id"})


@pytest.fixture(scope="module")
def plain(apparel: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd().fit(apparel, as_of=DAY)


@pytest.fixture(scope="module")
def static(apparel: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd(**BOTH).fit(apparel, as_of=DAY)


@pytest.fixture(scope="module")
def constrained(apparel: pl.DataFrame) -> FittedParetoNbd:
    return ParetoNbd(**BOTH, same_effect=("Gender",)).fit(apparel, as_of=DAY)


def near(fitted: FittedParetoNbd, published: dict[str, float]) -> None:
    """Assert that the published estimates lie within a hundredth of a standard error of ours: theirs stop short of the maximum."""
    found = {term: (value, error) for term, value, error in fitted.summary().select("term", "estimate", "std_error").iter_rows()}
    assert set(found) == set(published)
    for term, value in published.items():
        assert found[term][0] == pytest.approx(value, abs=0.01 * found[term][1]), term


def at(fitted: FittedParetoNbd, published: dict[str, float], apparel: pl.DataFrame) -> float:
    """Return the log-likelihood at other parameters, from the free function: alpha exp(-g'z), beta exp(-h'z)."""
    z = apparel.select("Gender", "Channel").to_numpy()
    g, h = (z @ [published[f"{of}.{name}"] for name in ("Gender", "Channel")] for of in ("purchase", "lifetime"))
    x, t_x, T = (apparel[name].to_numpy() for name in ("repeat_purchases", "last_purchase_age_days", "observed_days"))
    own = published["r"], published["alpha"] * np.exp(-g), published["s"], published["beta"] * np.exp(-h)
    return float(pareto_nbd.log_likelihood(*own, x, t_x / 7, T / 7).sum())


PUBLISHED = {
    "r": 1.8378,
    "alpha": 92.9123,
    "s": 0.5920,
    "beta": 49.6227,
    "lifetime.Gender": -0.6430,
    "lifetime.Channel": 0.7907,
    "purchase.Gender": 0.2859,
    "purchase.Channel": 0.6241,
}
"""CLVTools 0.12.1, CLVTools_advanced_techniques.pdf, static covariates."""


class TestPublishedNumbers:
    """CLVTools 0.12.1, CLVTools_advanced_techniques.pdf, apparelTrans in weeks with estimation.split 104."""

    def test_without_covariates(self, plain: FittedParetoNbd) -> None:
        assert plain.info.log_likelihood == pytest.approx(-5848.0978, abs=5e-5)
        near(plain, {"r": 1.4489768, "alpha": 48.6360845, "s": 0.5612598, "beta": 46.8843633})
        assert plain.summary()["std_error"].to_list() == pytest.approx([0.2434282, 7.4891816, 0.2710479, 35.6114114], rel=1e-4)

    def test_static_covariates_on_both_processes(self, static: FittedParetoNbd) -> None:
        assert static.info.log_likelihood == pytest.approx(-5821.0627, abs=5e-5)
        near(static, PUBLISHED)
        errors = dict(static.summary().select("term", "std_error").iter_rows())
        # Alpha and beta are only as accurate as the flat likelihood allows their optimiser: a third of a percent.
        assert [errors[term] for term in ("r", "alpha", "s", "beta")] == pytest.approx([0.3455, 16.9670, 0.2609, 36.2509], rel=4e-3)
        assert [errors[term] for term in PUBLISHED if "." in term] == pytest.approx([0.2955, 0.3059, 0.1041, 0.1050], abs=2e-4)
        assert static.aic == pytest.approx(11658.1254, abs=5e-5)
        assert static.bic == pytest.approx(11693.3009, abs=2e-4)

    def test_the_published_parameters_have_the_published_likelihood(self, static: FittedParetoNbd, apparel: pl.DataFrame) -> None:
        found = at(static, PUBLISHED, apparel)
        assert found == pytest.approx(-5821.0627, abs=1e-4)
        assert found < static.info.log_likelihood  # type: ignore[operator]

    def test_one_effect_for_both_processes(self, constrained: FittedParetoNbd) -> None:
        assert constrained.info.log_likelihood == pytest.approx(-5826.5342, abs=5e-5)
        effects = {"lifetime.Channel": 1.0228, "purchase.Channel": 0.6384, "both.Gender": 0.3283}
        near(constrained, {"r": 1.7939, "alpha": 94.7223, "s": 0.4287, "beta": 59.0743, **effects})

    def test_likelihood_ratio(self, constrained: FittedParetoNbd, static: FittedParetoNbd) -> None:
        found = likelihood_ratio_test(constrained, static)
        assert found.chi2 == pytest.approx(10.943, abs=5e-4)
        assert found.p_value == pytest.approx(0.0009396, abs=5e-8)
        assert found.degrees_of_freedom == 1

    def test_ridge(self, apparel: pl.DataFrame) -> None:
        """Lambda .1 on transactions, .2 on the lifetime: the mean log-likelihood less lambda times the squares."""
        fitted = ParetoNbd(**BOTH, purchase_ridge=0.1, lifetime_ridge=0.2).fit(apparel, as_of=DAY)
        effects = dict(zip(fitted.effects.names, fitted.coefficients.tolist(), strict=True))
        published = {"purchase.Gender": 0.17178, "purchase.Channel": 0.23676, "lifetime.Gender": -0.04437, "lifetime.Channel": 0.02465}
        assert effects == pytest.approx(published, abs=6e-5)
        penalty = sum((0.1 if name.startswith("purchase") else 0.2) * value**2 for name, value in effects.items())
        assert fitted.info.log_likelihood / 600 - penalty == pytest.approx(-9.7313, abs=5e-5)  # type: ignore[operator]


# --- formulas ---------------------------------------------------------------------------------------------------

X = np.array([0.0, 0, 1, 2, 5, 40, 3])
T_X = np.array([0.0, 0, 5, 29, 25, 30, 3])
T = np.array([10.0, 30, 20, 30, 25, 40, 12])
SPREAD = np.linspace(0.8, 1.3, 7)
TERMS: dict[Any, tuple[Any, ...]] = {
    nbd: (0.6, 5.0 * SPREAD),
    bg_nbd: (0.6, 5.0 * SPREAD, 0.8 / SPREAD, 2.3),
    mbg_nbd: (0.6, 5.0 * SPREAD, 0.8 / SPREAD, 0.6),
    pareto_nbd: (0.6, 8.0 * SPREAD, 0.7, 8.0 / SPREAD),
}


@pytest.mark.parametrize("module", TERMS, ids=lambda module: module.__name__.rpartition(".")[2])
class TestTermsOfTheirOwn:
    """Each formula at arrays of terms equals its value customer by customer."""

    def one_by_one(self, module: Any, function: str, *arrays: Any) -> list[float]:
        terms = [np.broadcast_to(term, 7) for term in TERMS[module]]
        call = getattr(module, function)
        rows = [[np.array([part[i]]) for part in arrays] for i in range(7)]
        return [float(call(*(float(term[i]) for term in terms), *rows[i]).squeeze()) for i in range(7)]

    def test_rows_are_the_log_likelihood(self, module: Any) -> None:
        value, _, _ = module.rows(*TERMS[module], X, T_X, T)
        assert value == pytest.approx(self.one_by_one(module, "log_likelihood", X, T_X, T), rel=1e-12)

    def test_slopes_and_bends(self, module: Any) -> None:
        _, first, second = module.rows(*TERMS[module], X, T_X, T)
        for i, term in enumerate(TERMS[module]):
            step = 1e-5 * np.max(term)
            up, down = (
                module.rows(*(other + sign * step * (j == i) for j, other in enumerate(TERMS[module])), X, T_X, T) for sign in (1, -1)
            )
            assert (up[0] - down[0]) / (2 * step) == pytest.approx(first[i], rel=1e-6, abs=1e-7)
            assert (up[1] - down[1]) / (2 * step) == pytest.approx(second[i], rel=1e-6, abs=1e-7)
        assert second == pytest.approx(np.swapaxes(second, 0, 1))

    def test_predictions(self, module: Any) -> None:
        ahead = np.linspace(1.0, 60.0, 7)
        for function, arrays in (
            ("probability_alive", (X, T_X, T)),
            ("purchases_if_alive", (X, T, ahead)),
            ("expected_purchases_new", (ahead,)),
            ("purchase_probability", (X, ahead)),
        ):
            assert getattr(module, function)(*TERMS[module], *arrays) == pytest.approx(
                self.one_by_one(module, function, *arrays), rel=1e-12
            )

    @pytest.mark.parametrize(("function", "arrays"), [("alive_later_if_alive", (X, T)), ("purchase_probability_if_alive", (X, T, X[::-1]))])
    def test_predictions_of_those_alive(self, module: Any, function: str, arrays: tuple[Any, ...]) -> None:
        call = getattr(module, function)
        terms = [np.broadcast_to(term, 7) for term in TERMS[module]]
        alone = [float(call(*(float(term[i]) for term in terms), *(part[i : i + 1] for part in arrays), 30.0)[0]) for i in range(7)]
        assert call(*TERMS[module], *arrays, 30.0) == pytest.approx(alone, rel=1e-12)


# --- simulated customers ----------------------------------------------------------------------------------------


def buyers(n: int, kind: Callable[..., Any], *, g: float, h: float, seed: int = 0) -> pl.DataFrame:
    """Return customers of a model in which a number acts on purchases by g, and a three-level category on the lifetime by h and -h."""
    rng = np.random.default_rng(seed)
    size, letter = rng.normal(2.0, 1.0, n), rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    push = h * ((letter == "b").astype(float) - (letter == "c"))
    rate, end, T = rng.gamma(1.2, 1 / 30, n) * np.exp(g * (size - 2)), np.full(n, np.inf), rng.uniform(100, 700, n)
    leave = np.zeros(n)
    if kind is ParetoNbd:
        end = rng.exponential(1 / (rng.gamma(1.5, 1 / 400, n) * np.exp(push)))
    elif kind is not Nbd:
        leave = rng.beta(0.8 * np.exp(push), 4.0)
    if kind is MbgNbd:
        end = np.where(rng.random(n) < leave, 0.0, end)
    x, t_x, clock, here = np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.arange(n)
    while len(here):
        clock[here] += rng.exponential(1 / rate[here])
        here = here[clock[here] <= np.minimum(T, end)[here]]
        x[here] += 1
        t_x[here] = clock[here]
        here = here[rng.random(len(here)) > leave[here]]
    ids = [f"c{i}" for i in range(n)]
    seen = {"repeat_purchases": x, "last_purchase_age_days": t_x, "observed_days": T}
    return pl.DataFrame({"customer_id": ids, **seen, "size": size, "letter": letter})


def with_effects(kind: Any, **more: Any) -> Any:
    own = {} if kind is Nbd else {"lifetime_covariates": ("letter",)}
    return kind(purchase_covariates=("size",), **own, **more)


@pytest.mark.parametrize("kind", MODELS)
def test_planted_effects_are_recovered(kind: Any) -> None:
    """Within 3.5 standard errors, all of them; and those errors are small relative to the effects."""
    fitted = with_effects(kind).fit(buyers(6_000, kind, g=0.3, h=0.6), as_of=DAY)
    planted = {"purchase.size": 0.3} if kind is Nbd else {"purchase.size": 0.3, "lifetime.letter=b": 0.6, "lifetime.letter=c": -0.6}
    rows = {row["term"]: row for row in fitted.summary().iter_rows(named=True)}
    for term, value in planted.items():
        assert abs(rows[term]["estimate"] - value) < 3.5 * rows[term]["std_error"]
        assert rows[term]["std_error"] < 0.25 * abs(value)
        assert rows[term]["upper"] - rows[term]["estimate"] == pytest.approx(rows[term]["estimate"] - rows[term]["lower"])
    assert abs(np.log(rows["alpha"]["estimate"] * 7 / 30) - 0.6) < 3.5 * rows["alpha"]["std_error"] / rows["alpha"]["estimate"]


@pytest.mark.parametrize("kind", MODELS)
def test_a_group_apart_is_a_fit_of_its_own(kind: Any) -> None:
    """With r, b (or s) shared, groups distinguished by covariates have the likelihood of separate terms."""
    people = buyers(500, kind, g=0.3, h=0.6)
    fitted = with_effects(kind).fit(people, as_of=DAY)
    few = people.filter(pl.col("letter") == "b").with_columns(size=pl.lit(3.0))
    g, *h = fitted.coefficients
    moved = {"alpha": fitted.alpha * np.exp(-3 * g)}
    if h:
        moved[kind.formulas.lifetime_term] = getattr(fitted, kind.formulas.lifetime_term) * np.exp(kind.formulas.lifetime_sign * h[0])
    plain = {term: getattr(fitted, term) for term in kind.formulas.terms} | moved
    alone = type(fitted)(settings=kind(), info=fitted.info, covariance=fitted.covariance, **plain)
    assert_frame_equal(fitted.score(few), alone.score(few), rel_tol=1e-12)
    assert fitted.probability_alive_later(few, 90.0) == pytest.approx(alone.probability_alive_later(few, 90.0))
    counts = few["repeat_purchases"].to_numpy() // 2
    assert fitted.purchases_probability(few, counts, 90.0) == pytest.approx(alone.purchases_probability(few, counts, 90.0))
    assert_frame_equal(dert(fitted, few, 0.1), dert(alone, few, 0.1), rel_tol=1e-12)
    assert_frame_equal(discounted_orders(fitted, few, 365, 0.1), discounted_orders(alone, few, 365, 0.1), rel_tol=1e-12)
    new = few.select("size", "letter")[:3]
    assert fitted.expected_purchases_new(90.0, of=new) == pytest.approx(np.full(3, alone.expected_purchases_new(90.0)))
    assert fitted.purchase_probability([0, 1, 4], 90.0, of=new) == pytest.approx(alone.purchase_probability([0, 1, 4], 90.0))


def test_a_typical_customer() -> None:
    people = buyers(500, BgNbd, g=0.3, h=0.6)
    fitted = with_effects(BgNbd).fit(people, as_of=DAY)
    typical = pl.DataFrame({"size": [people["size"].mean()], "letter": ["a"]})
    assert fitted.expected_purchases_new(90.0) == pytest.approx(fitted.expected_purchases_new(90.0, of=typical))
    assert fitted.expected_purchases_new([30.0, 90.0]).shape == (2,)
    moved = fitted.alpha * np.exp(-fitted.coefficients[0] * people["size"].mean())
    assert fitted.typical == pytest.approx({"r": fitted.r, "alpha": moved, "a": fitted.a, "b": fitted.b})


@pytest.mark.parametrize("kind", MODELS)
def test_integer_weights_are_repeated_rows(kind: Any) -> None:
    people = buyers(400, kind, g=0.3, h=0.6).with_columns(weight=pl.int_range(pl.len()) % 4)
    repeated = people[np.repeat(np.arange(400), people["weight"].to_numpy())].with_columns(
        customer_id=pl.int_range(pl.len()).cast(pl.String)
    )
    for make in (kind, lambda **more: with_effects(kind, **more)):
        weighted, plain = make(weight_column="weight").fit(people, as_of=DAY), make().fit(repeated, as_of=DAY)
        assert weighted.info.log_likelihood == pytest.approx(plain.info.log_likelihood, rel=1e-12)
        assert_frame_equal(weighted.summary(), plain.summary(), rel_tol=1e-6)
        assert weighted.bic == pytest.approx(plain.bic, rel=1e-12)
        assert weighted.needs.names == plain.needs.names


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("check", model_checks.checks_of("lifetime_value.bg_nbd"), ids=lambda check: check.__name__)
def test_with_covariates_it_is_a_model_like_the_others(kind: Any, check: Callable[..., None], tmp_path: Path) -> None:
    features, outcomes = model_checks.purchases()
    rng = np.random.default_rng(9)
    covariates = {"height": rng.integers(0, 9, 300) / 4, "letter": rng.choice(["a", "b"], 300)}
    settings = {"purchase_covariates": ("height", "letter"), "purchase_ridge": 0.01}
    if kind is not Nbd:
        settings |= {"lifetime_covariates": ("letter",), "same_effect": ("letter",)}
    check(model_checks.Case(kind(**settings), features.with_columns(**covariates), outcomes), tmp_path)


def test_intervals_of_forecasts_include_the_uncertainty_of_effects() -> None:
    people = buyers(500, ParetoNbd, g=0.3, h=0.6)
    fitted = with_effects(ParetoNbd).fit(people, as_of=DAY)
    alive, low, high = interval(fitted, lambda model: model.probability_alive(people), scale="logit")
    assert ((low <= alive) & (alive <= high)).all()
    assert ((high - low)[people["repeat_purchases"] > 0] > 0).all()
    assert fitted.moved(fitted.coordinates).probability_alive(people) == pytest.approx(alive)


def test_columns_of_any_scale() -> None:
    """A year of birth instead of a size gives the same model, although its terms are those of the year 0."""
    people = buyers(800, BgNbd, g=0.3, h=0.6).with_columns(year=1950 + 10 * pl.col("size"), instant=1e9 + pl.col("size"))
    kept = {"lifetime_covariates": ("letter",)}
    one, other = (BgNbd(purchase_covariates=(name,), **kept).fit(people, as_of=DAY) for name in ("size", "year"))
    assert other.info.log_likelihood == pytest.approx(one.info.log_likelihood, rel=1e-10)
    assert 10 * other.coefficients[0] == pytest.approx(one.coefficients[0], rel=1e-6)
    assert_frame_equal(other.score(people), one.score(people), rel_tol=1e-6)
    with pytest.raises(FitError, match=r"out of floating-point range\. Subtract from each covariate"):
        BgNbd(purchase_covariates=("instant",), **kept).fit(people, as_of=DAY)


def test_a_covariate_far_outside_the_observed_range() -> None:
    people = buyers(500, ParetoNbd, g=0.3, h=0.6)
    for kind in MODELS:
        fitted = with_effects(kind).fit(people, as_of=DAY)
        scores = fitted.score(people.with_columns(size=pl.col("size") * 1e6))
        assert scores["expected_orders_90d"].is_finite().all()


class TestRefusals:
    def test_the_nbd_has_no_lifetime(self) -> None:
        with pytest.raises(
            ParameterError, match=r"nbd: there are lifetime_covariates, but in this model nobody leaves\. Use them as purchase"
        ):
            Nbd(lifetime_covariates=("size",))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"purchase_covariates": ("observed_days",)}, "'observed_days' is given twice, or is no covariate"),
            ({"purchase_covariates": ("a", "a")}, "'a' is given twice"),
            ({"purchase_covariates": ("a",), "same_effect": ("a",)}, "same_effect names 'a', which does not act on both"),
            ({"purchase_covariates": ("a",), "weight_column": "a"}, "'a' is given twice, or is no covariate"),
            ({"weight_column": "customer_id"}, "weight_column is 'customer_id', which the model reads already"),
            ({"lifetime_ridge": -1.0}, "lifetime_ridge is -1; it must be 0 or more"),
        ],
    )
    def test_settings(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(ParameterError, match=message):
            BgNbd(**settings)

    def test_columns(self) -> None:
        people = buyers(300, BgNbd, g=0.3, h=0.6).with_columns(one=pl.lit(1.0), double=2 * pl.col("size"), text=pl.lit("x"))
        for name, error, message in (
            ("one", FitError, "one is 1 for everybody"),
            ("double", FitError, "double follows from size"),
            ("text", TableError, "text is 'x' wherever it is known"),
            ("colour", TableError, "column 'colour' is missing"),
        ):
            with pytest.raises(error, match=message):
                BgNbd(purchase_covariates=("size", name)).fit(people, as_of=DAY)

    def test_too_few_customers(self) -> None:
        people = buyers(40, BgNbd, g=0.3, h=0.6).filter(pl.col("repeat_purchases").is_between(0, 0) | (pl.int_range(pl.len()) < 6))
        few = people.filter(pl.col("repeat_purchases") > 0).height
        with pytest.raises(NotEnoughEventsError, match=f"{few} of {len(people)} customers bought again; 7 parameters need more"):
            with_effects(BgNbd).fit(people, as_of=DAY)

    def test_negative_weights(self) -> None:
        people = buyers(30, BgNbd, g=0.3, h=0.6).with_columns(weight=pl.lit(-1.0))
        with pytest.raises(TableError, match="weight: 30 of 30 rows are below 0"):
            BgNbd(weight_column="weight").fit(people, as_of=DAY)

    def test_criteria_under_a_penalty(self) -> None:
        fitted = with_effects(BgNbd, purchase_ridge=0.1).fit(buyers(300, BgNbd, g=0.3, h=0.6), as_of=DAY)
        with pytest.raises(ParameterError, match="a ridge penalty was in force"):
            _ = fitted.aic


def test_an_unobserved_category_is_the_reference_and_a_missing_number_is_set_aside(tmp_path: Path) -> None:
    from relkit.scores.scoring import scorable

    people = buyers(300, BgNbd, g=0.3, h=0.6)
    storage.save(with_effects(BgNbd).fit(people, as_of=DAY), tmp_path / "model")
    fitted: Any = storage.load(tmp_path / "model")
    one = people[:3].with_columns(letter=pl.Series(["a", "z", None]), size=pl.lit(1.0))
    known = one.with_columns(letter=pl.lit("a"))
    assert_frame_equal(fitted.score(one), fitted.score(known))
    kept, aside = scorable(one.with_columns(size=pl.Series([1.0, None, 2.0])), fitted.needs)
    assert (kept["customer_id"].to_list(), aside) == (["c0", "c2"], 1)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return buyers(600, BgNbd, g=0.3, h=0.6).with_columns(pl.col("^.*_days$").ceil())


class TestDiagnostics:
    def test_expected_counts_are_those_of_each_customer(self, people: pl.DataFrame) -> None:
        fitted = with_effects(BgNbd).fit(people, as_of=DAY)
        found = frequency_histogram(fitted, people, top=3)
        alone = [fitted.purchase_probability(np.arange(3), row["observed_days"][0], of=row) for row in people.iter_slices(1)]
        assert found.expected[:3] == pytest.approx(np.sum(alone, axis=0))
        assert found.expected.sum() == pytest.approx(600)

    def test_tracking_counts_each_customer_with_his_own_rate(self, people: pl.DataFrame) -> None:
        fitted = with_effects(ParetoNbd).fit(people, as_of=DAY)
        first = [DAY - timedelta(days=int(days)) for days in people["observed_days"]]
        days = pl.DataFrame({"customer_id": people["customer_id"], "day": first})
        span = (DAY - min(first)).days
        for some in (people, people.with_columns(pl.col("size").round(1))):
            tracking = purchase_tracking(fitted, days, until=DAY, days=span, features=some)
            alone = fitted.expected_purchases_new(some["observed_days"].to_numpy(), of=some).sum()
            # Groups of nearly identical customers, as all differ: a hundredth.
            assert tracking.expected.sum() == pytest.approx(alone, rel=1e-2 if some is people else 1e-9)
        with pytest.raises(TableError, match="the model reads size, letter"):
            purchase_tracking(fitted, days, until=DAY)

    def test_ratios(self, people: pl.DataFrame) -> None:
        fitted = with_effects(BgNbd).fit(people, as_of=DAY)
        found = effect_ratios(fitted)
        assert found.terms == ("purchase.size", "lifetime.letter=b", "lifetime.letter=c")
        assert found.is_flag.tolist() == [False, True, True]
        assert found.step[0] == pytest.approx(np.std(people["size"].to_numpy()))
        low, high = fitted.summary().filter(pl.col("term") == "lifetime.letter=b").select("lower", "upper").row(0)
        assert (found.lower[1], found.upper[1]) == pytest.approx((np.exp(low), np.exp(high)))

    def test_all_figures_are_drawn(self, people: pl.DataFrame) -> None:
        fitted = with_effects(BgNbd).fit(people, as_of=DAY)
        first = [DAY - timedelta(days=int(days)) for days in people["observed_days"]]
        days = pl.DataFrame({"customer_id": people["customer_id"], "day": first})
        figures = diagnostic_figures(fitted, people, purchases=days, language="fr")
        assert {"frequency_histogram", "alive_surface", "rate_ratios", "cumulative_purchases"} <= set(figures)
        labels = [label.get_text() for label in figures["rate_ratios"].axes[0].get_yticklabels()]
        assert labels[1] == "letter=b (départ)\ncontre «\u00a0a\u00a0»"

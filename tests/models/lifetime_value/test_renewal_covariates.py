"""Covariates and cohorts of contracts that renew: an independent maximum, recovery, and unusable covariates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from relkit.errors import FitError, NotEnoughEventsError, ParameterError, TableError
from relkit.models.lifetime_value.beta_discrete_weibull import BetaDiscreteWeibull
from relkit.models.lifetime_value.shifted_beta_geometric import ShiftedBetaGeometric
from relkit.models.lifetime_value.uncertainty import interval, standard_errors
from relkit.models.likelihood_ratio import likelihood_ratio_test

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.models.lifetime_value.renewal_model import FittedRenewalModel, RenewalModel

DAY = date(2025, 6, 30)
YEAR = 365.25
MODELS = (ShiftedBetaGeometric, BetaDiscreteWeibull)


def cohorts(real_data: Path) -> pl.DataFrame:
    """Return both cohorts of Fader and Hardie (2007), years 1 to 7, with their name."""
    table = pl.read_csv(real_data / "sbg_retention.csv").head(8)
    parts = []
    for name in ("regular", "high_end"):
        left = -np.diff(table[name].to_numpy())
        ages = YEAR * np.concatenate([np.repeat(np.arange(1, 8), left), np.full(table[name][-1], 7)])
        parts.append(pl.DataFrame({"duration_days": ages, "event": np.arange(len(ages)) < left.sum(), "cohort": name}))
    return pl.concat(parts)


BY_SCIPY: dict[type[RenewalModel], tuple[dict[str, float], float]] = {
    ShiftedBetaGeometric: ({"alpha": 0.420153, "beta": 1.920244, "cohort=regular": 0.837222}, -3304.863307),
    BetaDiscreteWeibull: ({"gamma": 0.256463, "delta": 1.201907, "c": 1.283641, "cohort=regular": 0.818667}, -3303.095272),
}
"""Estimates and log-likelihood of both cohorts with one shape and a level each.

The maximum by an independent program: scipy Nelder-Mead on differences of betaln, to 1e-11.
"""


@pytest.mark.parametrize("model", MODELS)
def test_a_level_for_each_cohort(real_data: Path, model: Any) -> None:
    expected, value = BY_SCIPY[model]
    fitted = model(period_days=YEAR, covariates=("cohort",)).fit(cohorts(real_data), as_of=DAY)
    assert dict(fitted.summary().select("term", "estimate").iter_rows()) == pytest.approx(expected, abs=2e-5)
    assert fitted.info.log_likelihood == pytest.approx(value, abs=1e-5)
    assert fitted.info.rows == 2000


def simulated(n: int, c: float = 1.0) -> pl.DataFrame:
    """Return monthly contracts, some with late entry, with alpha 0.8 exp(0.7 debit - 0.03 amount + level of the year), beta 6."""
    rng = np.random.default_rng(12)
    debit, amount, year = rng.random(n) < 0.4, rng.uniform(5, 45, n), rng.integers(0, 3, n)
    a = 0.8 * np.exp(0.7 * debit - 0.03 * amount + np.array([0.0, 0.5, -0.4])[year])
    life = np.ceil((rng.exponential(size=n) / -np.log1p(-rng.beta(a, 6.0))) ** (1 / c))
    seen = rng.integers(1, 49, n)
    entry = np.where(rng.random(n) < 0.3, rng.integers(0, 13, n), 0)
    kept = (entry < np.minimum(life, seen)) | (entry == 0)
    frame = pl.DataFrame(
        {
            "customer_id": [f"k{i}" for i in range(n)],
            "duration_days": 30.0 * np.minimum(life, seen),
            "event": life <= seen,
            "entry_days": 30.0 * entry,
            "debit": debit,
            "amount": amount,
            "year": np.array(["2022", "2023", "2024"])[year],
        }
    )
    return frame.filter(pl.Series(kept))


@pytest.mark.parametrize(("model", "c"), [(ShiftedBetaGeometric, 1.0), (BetaDiscreteWeibull, 1.3)])
def test_effects_come_back(model: Any, c: float) -> None:
    """30,000 contracts with a number, a truth value and a cohort: within three standard errors, and these are small."""
    fitted = model(period_days=30.0, tolerance_days=0, covariates=("debit", "amount", "year")).fit(simulated(30_000, c), as_of=DAY)
    level = {"2022": 0.0, "2023": 0.5, "2024": -0.4}
    reference = level[fitted.effects[2].levels[0]]
    truth = {"debit": 0.7, "amount": -0.03, "c": c} | {f"year={year}": at - reference for year, at in level.items()}
    truth |= {fitted.formulas.terms[0]: 0.8 * np.exp(reference), fitted.formulas.terms[1]: 6.0}
    for term, estimate, error, lower, upper in fitted.summary().iter_rows():
        assert abs(estimate - truth[term]) < 3 * error, term
        assert lower < estimate < upper
        assert error < 0.06 * (abs(truth[term]) + 1)


@pytest.fixture(scope="module")
def few() -> pl.DataFrame:
    return simulated(1500)


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.name)
def fitted(request: pytest.FixtureRequest, few: pl.DataFrame) -> FittedRenewalModel:
    found: FittedRenewalModel = request.param(period_days=30.0, tolerance_days=0, covariates=("debit", "amount", "year")).fit(
        few, as_of=DAY
    )
    return found


class TestPredictions:
    def test_each_contract_has_its_own(self, fitted: FittedRenewalModel, few: pl.DataFrame) -> None:
        rows = few.head(50)
        days = np.array([0.0, 45.0, 300.0])
        ahead = fitted.survival_ahead(rows, days)
        start = rows["duration_days"].to_numpy()
        for i in (0, 7, 49):
            alone = rows[i : i + 1]
            expected = fitted.survival(start[i] + days, alone)[0] / fitted.survival(start[i : i + 1], alone)[0]
            assert ahead[i] == pytest.approx(expected, rel=1e-12)
        score = fitted.score(rows, horizon_days=45)["churn_probability_45d"]
        running = ~rows["event"].to_numpy()
        assert score.filter(pl.Series(running)).to_numpy() == pytest.approx(1 - ahead[running, 1])
        assert score.null_count() == (~running).sum()
        assert fitted.retention_rate(np.array([1.0, 2.0]), rows).shape == (50, 2)
        assert fitted.retention_rate(np.array([1.0]), rows)[:, 0] == pytest.approx(fitted.survival(np.array([30.0]), rows)[:, 0])

    def test_the_odds_of_leaving_first_are_the_coefficients(self, few: pl.DataFrame) -> None:
        """Of sBG: the mean probability of leaving at the first renewal has log-odds log(alpha / beta) + g'z."""
        fitted = ShiftedBetaGeometric(period_days=30.0, tolerance_days=0, covariates=("debit",)).fit(few, as_of=DAY)
        yes, no = (
            1 - fitted.retention_rate(np.array([1.0]), pl.DataFrame({"customer_id": ["a"], "duration_days": [0.0], "debit": [z]}))[0, 0]
            for z in (1.0, 0.0)
        )
        assert np.log(yes / (1 - yes)) - np.log(no / (1 - no)) == pytest.approx(fitted.coefficients[0])

    def test_values_follow_the_odds(self, fitted: FittedRenewalModel, few: pl.DataFrame) -> None:
        """Contracts less likely to leave are worth more renewals; the bounds contain the value."""
        rows = few.head(40).with_columns(duration_days=pl.lit(90.0))
        ahead = fitted.survival_ahead(rows, np.array([90.0]))[:, 0]
        worth, low, high = interval(fitted, lambda model: model.discounted_renewals(rows, annual_discount_rate=0.1))
        assert (np.argsort(worth) == np.argsort(ahead)).all()
        assert (low < worth).all()
        assert (worth < high).all()
        assert (fitted.expected_renewals(rows) >= worth).all()

    def test_a_typical_contract_is_at_the_mean(self, fitted: FittedRenewalModel) -> None:
        known = {covariate.name: covariate for covariate in fitted.effects}
        typical = {"debit": known["debit"].mean, "amount": known["amount"].mean, "year": known["year"].levels[0]}
        row = pl.DataFrame({"customer_id": ["a"], "duration_days": [0.0], **{name: [value] for name, value in typical.items()}})
        assert fitted.survival(np.array([100.0])) == pytest.approx(fitted.survival(np.array([100.0]), row)[0])

    def test_the_uncertainty_of_the_coefficients_counts(self, fitted: FittedRenewalModel) -> None:
        assert fitted.coordinates.shape == (fitted.covariance.shape[0],)
        assert fitted.moved(fitted.coordinates).summary().equals(fitted.summary())
        errors = standard_errors(fitted, lambda model: model.coefficients)
        assert errors == pytest.approx(fitted.summary()["std_error"].to_numpy()[len(fitted.formulas.terms) :], rel=1e-6)

    def test_the_scale_of_a_covariate_does_not_matter(self, few: pl.DataFrame) -> None:
        plain = ShiftedBetaGeometric(period_days=30.0, covariates=("amount",)).fit(few, as_of=DAY)
        cents = ShiftedBetaGeometric(period_days=30.0, covariates=("amount",)).fit(
            few.with_columns(amount=1000 + 100 * pl.col("amount")), as_of=DAY
        )
        assert cents.coefficients == pytest.approx(plain.coefficients / 100, rel=1e-5)
        assert cents.info.log_likelihood == pytest.approx(plain.info.log_likelihood, rel=1e-10)
        assert cents.alpha == pytest.approx(plain.alpha * np.exp(-10 * plain.coefficients[0]), rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
class TestUnusableCovariates:
    def test_a_constant(self, model: Any, few: pl.DataFrame) -> None:
        with pytest.raises(FitError, match="amount is 7 for everybody, so it explains nothing"):
            model(covariates=("amount",)).fit(few.with_columns(amount=pl.lit(7.0)), as_of=DAY)

    def test_one_that_follows_from_another(self, model: Any, few: pl.DataFrame) -> None:
        twice = few.with_columns(double=2 * pl.col("amount") + 1)
        with pytest.raises(FitError, match="double follows from amount, so their effects cannot be told apart"):
            model(covariates=("amount", "double")).fit(twice, as_of=DAY)

    def test_a_missing_number(self, model: Any, few: pl.DataFrame) -> None:
        with pytest.raises(TableError, match=r"amount: 1 of [\d,]+ rows are (NaN|null|not finite)"):
            model(covariates=("amount",)).fit(few.with_columns(amount=pl.when(pl.int_range(pl.len()) > 0).then("amount")), as_of=DAY)
        holed = few.with_columns(amount=pl.when(pl.int_range(pl.len()) > 0).then("amount").otherwise(float("nan")))
        with pytest.raises(TableError, match="amount"):
            model(covariates=("amount",)).fit(holed, as_of=DAY)

    def test_more_effects_than_ends(self, model: Any, few: pl.DataFrame) -> None:
        some = pl.concat([few.filter(pl.col("event") & (pl.col("duration_days") < 100)).head(2), few.filter(~pl.col("event"))])
        with pytest.raises(NotEnoughEventsError, match=r"2 contracts ended; \d parameters need more\. Use fewer covariates"):
            model(period_days=30.0, covariates=("debit", "amount", "year")).fit(some, as_of=DAY)

    def test_the_same_column_twice(self, model: Any) -> None:
        for wrong in (("amount", "amount"), ("event",), ("started_on",)):
            with pytest.raises(ParameterError, match="is given twice, or is no covariate"):
                model(covariates=wrong)

    def test_a_cohort_that_nobody_left_is_reported(self, model: Any, few: pl.DataFrame) -> None:
        """For the reference, 2024, the first term is not identified; for another level, its own effect."""
        for year, term in (("2022", "year=2022"), ("2024", model.formulas.terms[0])):
            loyal = few.with_columns(event=pl.col("event") & (pl.col("year") != year))
            fitted = model(period_days=30.0, covariates=("year",)).fit(loyal, as_of=DAY)
            assert any(note.startswith(f"{term} ") and "has no standard error" in note for note in fitted.info.notes)
            assert fitted.summary().row(by_predicate=pl.col("term") == term, named=True)["std_error"] is None
            nobody = loyal.filter(pl.col("year") == year).head(5)
            assert fitted.score(nobody, horizon_days=30)["churn_probability_30d"].max() < 1e-3  # type: ignore[operator]


class TestLikelihoodRatio:
    def test_duration_dependence(self, real_data: Path) -> None:
        """High End, years 1 to 7: twice the gain of BdW over sBG (both maxima by scipy, see their tests), one degree of freedom."""
        frame = cohorts(real_data).filter(pl.col("cohort") == "high_end")
        small, large = (model(period_days=YEAR).fit(frame, as_of=DAY) for model in MODELS)
        found = likelihood_ratio_test(small, large)
        assert found.chi2 == pytest.approx(2 * (1611.15815 - 1605.31421), abs=1e-3)
        assert (found.degrees_of_freedom, round(found.p_value, 5)) == (1, 0.00063)

    def test_a_cohort(self, real_data: Path) -> None:
        frame = cohorts(real_data)
        small = ShiftedBetaGeometric(period_days=YEAR).fit(frame, as_of=DAY)
        large = ShiftedBetaGeometric(period_days=YEAR, covariates=("cohort",)).fit(frame, as_of=DAY)
        assert likelihood_ratio_test(small, large).p_value < 1e-20
        with pytest.raises(ParameterError, match="is no case of the full one"):
            likelihood_ratio_test(large, small)

    def test_other_contracts(self, few: pl.DataFrame) -> None:
        small = ShiftedBetaGeometric(period_days=30.0).fit(few.head(900), as_of=DAY)
        large = BetaDiscreteWeibull(period_days=30.0).fit(few, as_of=DAY)
        with pytest.raises(ParameterError, match="fitted to different contracts, in another order, or with another period"):
            likelihood_ratio_test(small, large)

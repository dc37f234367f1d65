"""Customers older than the data: their rate, the parameters of newcomers, and scores by group."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import simulated_purchases as simulated
from whole_distributions import distribution

from relkit.errors import ParameterError, TableError
from relkit.models import catalogue
from relkit.models.lifetime_value.bg_nbd import BgNbd
from relkit.models.lifetime_value.diagnostics import purchase_tracking
from relkit.models.lifetime_value.mbg_cnbd_k import MbgCnbdK
from relkit.models.lifetime_value.older_customers import OLDER

if TYPE_CHECKING:
    from relkit.models.base import FitInfo

DAY = date(2025, 6, 30)
BUYING = {"r": 0.8, "alpha": 40.0, "a": 0.8, "b": 4.0}
LEAVING = {"r": 0.8, "alpha": 40.0, "s": 1.0, "beta": 200.0}


def customers(n: int = 1_000) -> pl.DataFrame:
    return simulated.mostly_older(n, np.random.default_rng(1), **BUYING)


def remarks(info: FitInfo) -> dict[str, str]:
    return {remark.code: remark.en for remark in info.remarks}


@pytest.mark.parametrize("name", ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_the_likelihood_of_two_groups_is_that_of_the_flag_as_a_covariate(name: str) -> None:
    """The covariate under another name goes the general way, through the derivatives of each customer."""
    sample, truth = (simulated.leavers, LEAVING) if name == "pareto_nbd" else (simulated.buyers, BUYING)
    drawn = simulated.mostly_older(1_000, np.random.default_rng(2), sample=sample, **truth)
    model = catalogue.make(f"lifetime_value.{name}")
    plain = catalogue.make(f"lifetime_value.{name}", {"purchase_covariates": ("flag",), "older_customers": "as_newcomers"})
    own, general = model.fit(drawn, as_of=DAY), plain.fit(drawn.with_columns(flag=OLDER), as_of=DAY)
    assert own.coordinates == pytest.approx(general.coordinates, rel=1e-6, abs=1e-6)
    assert own.covariance == pytest.approx(general.covariance, rel=1e-4)
    assert own.info.log_likelihood == pytest.approx(general.info.log_likelihood)
    same = drawn.with_columns(flag=OLDER)
    m = np.arange(len(drawn)) % 4
    for of_own, of_general in (
        (own.expected_purchases(drawn, 90), general.expected_purchases(same, 90)),
        (own.order_probability(drawn, 90), general.order_probability(same, 90)),
        (own.probability_alive_later(drawn, 90), general.probability_alive_later(same, 90)),
        (own.purchases_probability(drawn, m, 90), general.purchases_probability(same, m, 90)),
    ):
        assert of_own == pytest.approx(of_general, rel=1e-5)


def test_parameters_of_newcomers_are_recovered_though_most_are_older() -> None:
    """Within three standard errors each; `tests/recovery` measures the coverage. Taken for newcomers, the older ones spoil alpha."""
    drawn = customers(8_000)
    found, spoilt = (BgNbd(period_days=1.0, older_customers=way).fit(drawn, as_of=DAY) for way in ("own_rate", "as_newcomers"))
    truth = [*np.log(list(BUYING.values())), np.log(2.0)]
    assert np.abs(found.coordinates - truth) == pytest.approx(0.0, abs=1.0)
    assert (np.abs(found.coordinates - truth) < 3 * np.sqrt(np.diag(found.covariance))).all()
    assert spoilt.alpha < 0.75 * BUYING["alpha"]


def test_a_rhythm_and_older_customers_are_learnt_together() -> None:
    """Erlang intervals of two stages; the older ones, twice as fast."""
    rng = np.random.default_rng(3)
    newcomers, older = (
        simulated.regular_buyers(n, rng, k=2, r=0.8, alpha=alpha, a=0.8, b=4.0, T=400.0)[0].with_columns(
            pl.lit(value=is_older).alias(OLDER)
        )
        for n, alpha, is_older in ((600, 20.0, False), (900, 10.0, True))
    )
    drawn = pl.concat((newcomers, older)).with_columns(customer_id=pl.int_range(1_500).cast(pl.String))
    found = MbgCnbdK(k=2, period_days=1.0).fit(drawn, as_of=DAY)
    error = np.sqrt(np.diag(found.covariance))
    assert np.abs(found.coordinates - [*np.log([0.8, 20.0, 0.8, 4.0]), np.log(2.0)]) == pytest.approx(0.0, abs=3 * error.max())
    one = drawn[[0, 0]].with_columns(customer_id=pl.Series(["a", "b"]), is_left_censored=pl.Series([False, True]))
    alone = MbgCnbdK(k=2, period_days=1.0, older_customers="as_newcomers").fit(newcomers, as_of=DAY)
    rates = found.expected_purchases_new(10.0, of=one)
    assert rates[1] > 1.5 * rates[0]
    assert found.expected_purchases(one, 90)[0] == pytest.approx(alone.expected_purchases(one, 90)[0], rel=0.1)
    assert distribution(found, one, 90, most=60).sum(axis=1) == pytest.approx(1.0)


def test_nothing_changes_without_older_customers_or_with_too_few() -> None:
    drawn = customers(400)
    plain = BgNbd().fit(drawn.drop(OLDER), as_of=DAY)
    few = pl.int_range(pl.len()) < 20
    for changed in (drawn.with_columns(is_left_censored=pl.lit(value=False)), drawn.with_columns(is_left_censored=few)):
        fitted = BgNbd().fit(changed, as_of=DAY)
        assert fitted.coordinates.tolist() == plain.coordinates.tolist()
        assert fitted.needs.names == plain.needs.names
    assert "treats them as newcomers" in remarks(fitted.info)["older_as_newcomers"]
    assert not plain.info.remarks


def test_the_remark_gives_their_rate_in_both_languages() -> None:
    remark = BgNbd().fit(customers(), as_of=DAY).info.remarks[0]
    assert remark.en.startswith(
        "600 of 1,000 customers may have been there before the data start. They have a purchase rate of their own: "
    )
    assert " times that of newcomers (95 % interval " in remark.en
    assert remark.en.endswith("The parameters of newcomers rest on the other 400.")
    assert "leur propre rythme d’achat" in remark.fr


def test_scores_need_the_flag_and_an_empty_one_is_a_newcomer() -> None:
    drawn = customers()
    fitted = BgNbd().fit(drawn, as_of=DAY)
    with pytest.raises(TableError, match=OLDER):
        fitted.score(drawn.drop(OLDER))
    empty = drawn.with_columns(is_left_censored=pl.lit(None, pl.Boolean))
    newcomers = drawn.with_columns(is_left_censored=pl.lit(value=False))
    assert fitted.score(empty).equals(fitted.score(newcomers))
    assert fitted.expected_purchases_new(90.0) == pytest.approx(fitted.expected_purchases_new(90.0, of=newcomers[:1]))


def test_an_unknown_treatment_is_refused() -> None:
    with pytest.raises(ParameterError, match="own_rate"):
        BgNbd(older_customers="apart")  # type: ignore[arg-type]


def test_purchases_over_time_are_tracked_with_the_rate_of_each_group() -> None:
    """Purchases name customers as categories, as features build them."""
    drawn = customers()
    fitted = BgNbd().fit(drawn, as_of=DAY)
    ids = drawn["customer_id"].sort()
    started = drawn.select(
        pl.col("customer_id").cast(pl.Enum(ids)), day=pl.lit(DAY) - pl.duration(days=pl.col("observed_days").floor().cast(pl.Int64))
    )
    tracked, plain = (
        purchase_tracking(model, started.sort("customer_id"), until=DAY, features=drawn)
        for model in (fitted, BgNbd(older_customers="as_newcomers").fit(drawn, as_of=DAY))
    )
    assert tracked.expected.sum() == pytest.approx(drawn["repeat_purchases"].sum(), rel=0.15)
    assert tracked.expected.sum() != pytest.approx(plain.expected.sum(), rel=1e-6)

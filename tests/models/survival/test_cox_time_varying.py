"""Cox on pieces of spells: R on the Stanford heart data, lifelines, and survival along a path written out."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import CoxTimeVaryingFitter, datasets

from relkit.errors import TableError
from relkit.models.survival.cox import Cox
from relkit.models.survival.cox_time_varying import CoxTimeVarying, FittedCoxTimeVarying

DAY = date(2025, 6, 30)
HEART = ("age", "transplant", "surgery", "year")


def pieces(frame: pl.DataFrame) -> pl.DataFrame:
    named = frame.rename({"start": "entry_days", "stop": "duration_days"})
    return named.with_columns(pl.col("id").cast(pl.String).alias("customer_id"), pl.col("event").cast(pl.Boolean))


def heart() -> pl.DataFrame:
    return pieces(pl.from_pandas(datasets.load_stanford_heart_transplants()))


def dfcv() -> pl.DataFrame:
    return pieces(pl.from_pandas(datasets.load_dfcv()))


@pytest.fixture(scope="module")
def fitted() -> FittedCoxTimeVarying:
    return CoxTimeVarying(covariates=HEART).fit(heart(), as_of=DAY)


def test_the_stanford_heart_data_are_those_of_r(fitted: FittedCoxTimeVarying) -> None:
    """R, coxph(Surv(start, stop, event) ~ age + transplant + surgery + year, data = heart), in lifelines' test_estimation.py."""
    assert fitted.coefficients.tolist() == pytest.approx([0.0272, -0.0103, -0.6372, -0.1463], abs=5e-5)
    assert fitted.summary()["std_error"].to_list() == pytest.approx([0.0137, 0.3138, 0.3672, 0.0705], abs=5e-5)


def test_a_small_example_is_that_of_r() -> None:
    """R, coxph(Surv(start, stop, event) ~ group + z, data = dfcv), of Xu's lecture 7 (UCSD, Math 284), in lifelines' tests."""
    found = CoxTimeVarying(covariates=("group", "z")).fit(dfcv(), as_of=DAY)
    assert found.coefficients.tolist() == pytest.approx([1.826757, 0.705963], abs=5e-7)
    assert found.summary()["std_error"].to_list() == pytest.approx([1.229, 1.206], abs=5e-4)


def test_weights_are_those_of_r() -> None:
    """R on dfcv with these weights, in lifelines' tests."""
    weights = [0.46009262, 0.04643257, 0.38150793, 0.11903676, 0.51965860, 0.96173133, 0.32435527]
    weights += [0.16708398, 0.85464418, 0.15146481, 0.24713429, 0.55198318, 0.16948366, 0.19246483]
    found = CoxTimeVarying(covariates=("group", "z"), weight_column="w").fit(dfcv().with_columns(w=pl.Series(weights)), as_of=DAY)
    assert found.coefficients.tolist() == pytest.approx([0.313, 0.423], abs=5e-4)
    assert found.summary()["std_error"].to_list() == pytest.approx([1.542, 1.997], abs=5e-4)


@pytest.mark.parametrize("strata", [(), ("surgery",)])
def test_lifelines_agrees(strata: tuple[str, ...]) -> None:
    """Lifelines 0.30.3, CoxTimeVaryingFitter: coefficients, errors and log L, with weights (1, 2, 3 in turn) and with strata."""
    covariates = tuple(name for name in HEART if name not in strata)
    frame = heart().with_columns(w=1.0 + pl.int_range(pl.len()) % 3)
    ours = CoxTimeVarying(covariates=covariates, strata=strata, weight_column="w").fit(frame, as_of=DAY)
    data = datasets.load_stanford_heart_transplants().assign(w=frame["w"].to_numpy())
    data = data[["id", "start", "stop", "event", "w", *covariates, *strata]]
    peer = CoxTimeVaryingFitter().fit(
        data, "event", id_col="id", weights_col="w", strata=list(strata) or None, fit_options={"precision": 1e-12}
    )
    np.testing.assert_allclose(ours.coefficients, peer.params_, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), peer.standard_errors_, rtol=1e-6)
    assert ours.info.log_likelihood == pytest.approx(peer.log_likelihood_, abs=1e-6)


def test_pieces_in_which_nothing_changes_are_whole_spells() -> None:
    whole = pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})
    whole = whole.with_columns(pl.col("duration_days").cast(pl.Float64), customer_id=pl.int_range(pl.len()).cast(pl.String))
    one = Cox(covariates=("fin", "age", "prio")).fit(whole, as_of=DAY)
    cut = pl.col("duration_days") > 10
    early = whole.with_columns(duration_days=pl.when(cut).then(10.0).otherwise("duration_days"), event=pl.col("event") * (~cut))
    parts = pl.concat([early.with_columns(entry_days=pl.lit(0.0)), whole.filter(cut).with_columns(entry_days=pl.lit(10.0))])
    two = CoxTimeVarying(covariates=("fin", "age", "prio")).fit(parts, as_of=DAY)
    np.testing.assert_allclose(two.coefficients, one.coefficients, rtol=1e-8)
    assert two.info.log_likelihood == pytest.approx(one.info.log_likelihood, abs=1e-8)
    assert two.concordance == pytest.approx(one.concordance, abs=1e-3)


def now(n: int = 3) -> pl.DataFrame:
    frame = heart().unique("customer_id", keep="first", maintain_order=True)[:n]
    return frame.with_columns(event=pl.lit(value=False), duration_days=pl.Series([10.0, 50.0, 300.0][:n]))


def test_survival_on_a_path_is_the_hazard_of_each_stretch(fitted: FittedCoxTimeVarying) -> None:
    """It is exp of minus the sum over stretches of hazard ratio times baseline, written out."""
    people = now()
    who = people["customer_id"][1]
    given = {"age": [0.0, 0.0], "transplant": [1.0, 0.0], "surgery": [0.0, 1.0], "year": [1.0, 2.0]}
    path = pl.DataFrame({"customer_id": [who, who], "from_days": [60.0, 20.0], **given})
    days = [5.0, 40.0, 100.0, 4000.0]
    found = fitted.survival_on_path(people, path, days)
    held = fitted.survival_ahead(people, days)
    np.testing.assert_allclose(found[[0, 2]], held[[0, 2]], rtol=1e-12)
    assert found[1, 0] == pytest.approx(held[1, 0], rel=1e-12)
    ratios = [fitted.hazard_ratio(people)[1], fitted.hazard_ratio(path)[1], fitted.hazard_ratio(path)[0]]
    for j, day in enumerate(days):
        edges = np.minimum([0.0, 20.0, 60.0, np.inf], day)
        steps = np.diff(fitted.cumulative_baseline(50.0 + edges))
        assert found[1, j] == pytest.approx(np.exp(-float(steps @ ratios)), rel=1e-12)


def test_a_path_follows_the_stratum_of_its_customer() -> None:
    found = CoxTimeVarying(covariates=("age", "transplant", "year"), strata=("surgery",)).fit(heart(), as_of=DAY)
    people = now()
    same = people.select("customer_id", "age", "transplant", "year", from_days=pl.lit(7.0))
    np.testing.assert_allclose(found.survival_on_path(people, same, [90.0]), found.survival_ahead(people, [90.0]), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"customer_id": pl.lit("nobody") + pl.col("customer_id")}, "are not among those given. Give rows of those customers only"),
        ({"from_days": pl.lit(0.0)}, "from_days: 3 of 3 rows are not above 0"),
        ({"customer_id": pl.lit("1")}, r"customer_id, from_days"),
        ({"age": pl.lit(None, pl.Float64)}, "age: 3 of 3 rows are null"),
    ],
)
def test_an_invalid_path_is_refused(fitted: FittedCoxTimeVarying, change: dict[str, pl.Expr], match: str) -> None:
    path = now().select("customer_id", *HEART, from_days=pl.lit(7.0)).with_columns(**change)
    with pytest.raises(TableError, match=match):
        fitted.survival_on_path(now(), path, [90.0])


def test_pieces_that_overlap_or_follow_an_end_are_refused() -> None:
    model = CoxTimeVarying(covariates=HEART)
    with pytest.raises(TableError, match=r"\d+ pieces begin before the last one is over, or after the end \(first: customer_id"):
        model.fit(heart().with_columns(customer_id=pl.lit("a")), as_of=DAY)
    several = heart().with_columns(contract_id=pl.col("customer_id"), customer_id=pl.lit("a"))
    assert model.fit(several, as_of=DAY).info.rows == len(heart())


def test_a_change_on_the_last_day_seen_is_no_row_of_the_fit(fitted: FittedCoxTimeVarying) -> None:
    last = heart().filter(~pl.col("event")).unique("customer_id", keep="last", maintain_order=True)
    added = pl.concat([heart(), last.with_columns(entry_days=pl.col("duration_days"), age=pl.lit(99.0))[-3:]])
    again = CoxTimeVarying(covariates=HEART).fit(added, as_of=DAY)
    assert again.info.rows == fitted.info.rows
    np.testing.assert_allclose(again.coefficients, fitted.coefficients, rtol=1e-12)

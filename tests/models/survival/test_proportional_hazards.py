"""The test of proportional hazards: R's cox.zph before survival 3, in the tests of lifelines, and lifelines itself."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter, datasets
from lifelines.statistics import proportional_hazard_test

from relkit.errors import ParameterError
from relkit.models.survival.cox import Cox
from relkit.models.survival.proportional_hazards import ALL, proportional_hazards

DAY = date(2025, 6, 30)


def found(frame: pl.DataFrame, covariates: tuple[str, ...], transform: str, **settings: object) -> dict[str, tuple[float, int, float]]:
    fitted = Cox(covariates=covariates, **settings).fit(frame, as_of=DAY)  # type: ignore[arg-type]
    rows = proportional_hazards(fitted, frame, transform=transform)  # type: ignore[arg-type]
    return {term: (chi2, df, p) for term, chi2, df, p in rows.iter_rows()}


def regression() -> pl.DataFrame:
    return pl.from_pandas(datasets.load_regression_dataset()).rename({"T": "duration_days", "E": "event"})


def five(**columns: list[float]) -> pl.DataFrame:
    given: dict[str, list[float]] = {
        "var1": [0.209325, 0.693919, 0.443804, 0.065636, 0.386294],
        "duration_days": [5.269797, 6.601666, 7.335846, 11.684092, 12.678458],
        "event": [1] * 5,
    }
    return pl.DataFrame({**given, **columns}, strict=False)


def rossi() -> pl.DataFrame:
    return pl.from_pandas(datasets.load_rossi()).rename({"week": "duration_days", "arrest": "event"})


def test_ranks_and_logarithms_are_those_of_r() -> None:
    """R, cox.zph of coxph(Surv(T, E) ~ var1 + var2 + var3), by rank and log, on regression.csv, in lifelines' test_statistics.py."""
    tested = found(regression(), ("var1", "var2", "var3"), "rank")
    assert [tested[f"var{j}"][0] for j in (1, 2, 3)] == pytest.approx([1.4938293, 0.8792998, 2.2686088], rel=1e-6)
    assert tested["var3"][2] == pytest.approx(0.1320184, abs=5e-8)
    tested = found(regression(), ("var1", "var2", "var3"), "log")
    assert [tested[f"var{j}"][0] for j in (1, 2, 3)] == pytest.approx([2.227627, 0.714427, 1.466321], abs=5e-7)


def test_kaplan_meier_is_that_of_r() -> None:
    """R, cox.zph(coxph(Surv(T, E) ~ var1), transform = "km") on five rows, in lifelines' test_statistics.py."""
    assert found(five(), ("var1",), "km")["var1"][0] == pytest.approx(0.00971, abs=5e-6)


def test_weights_and_strata_are_those_of_r() -> None:
    """R, weights = w, transform = "rank"; and strata(s), transform = "identity", in lifelines' test_statistics.py."""
    frame = five(w=[1, 0.5, 2, 1, 1], s=[1, 1, 0, 0, 0])
    assert found(frame, ("var1",), "rank", weight_column="w")["var1"][0] == pytest.approx(0.1083698, abs=5e-8)
    assert found(frame, ("var1",), "identity", weight_column="w", strata=("s",))["var1"][0] == pytest.approx(0.0283, abs=5e-5)


@pytest.mark.parametrize("transform", ["identity", "log"])
def test_lifelines_agrees(transform: str) -> None:
    """Lifelines 0.30.3, proportional_hazard_test on rossi, which has ties; its km and rank separate tied ends or ignore them."""
    covariates = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
    data = datasets.load_rossi()
    peer = CoxPHFitter().fit(data, "week", "arrest", fit_options={"precision": 1e-12, "r_precision": 1e-14})
    theirs = proportional_hazard_test(peer, data, time_transform=transform).summary
    tested = found(rossi(), covariates, transform)
    for name in covariates:
        assert tested[name][0] == pytest.approx(theirs.loc[name, "test_statistic"], rel=1e-6)
        assert tested[name][2] == pytest.approx(theirs.loc[name, "p"], rel=1e-6)


def test_an_effect_that_fades_is_found_and_one_that_stays_is_not() -> None:
    """One effect ends at age 60, one lasts: p-values over 40 worlds."""
    fading, lasting = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x, z = rng.normal(size=(2, 1500))
        early = rng.exponential(60 / np.exp(0.8 * x + 0.5 * z))
        late = 60 + rng.exponential(60 / np.exp(0.5 * z))
        days = np.where(early < 60, early, late)
        frame = pl.DataFrame({"x": x, "z": z, "duration_days": np.minimum(days, 200.0), "event": days < 200})
        tested = found(frame, ("x", "z"), "km")
        fading.append(tested["x"][2])
        lasting.append(tested["z"][2])
    assert max(fading) < 0.001
    assert np.mean(np.array(lasting) < 0.1) < 0.3  # binomial of 40 at 0.1: more than 11 once in 3,000 times


def test_terms_of_one_covariate_are_tested_together() -> None:
    frame = rossi().with_columns(ages=((pl.col("age") - 1) // 5).clip(3, 6).cast(pl.String))
    tested = found(frame, ("fin", "ages"), "rank")
    assert {term: df for term, (_, df, _) in tested.items()} == {"fin": 1, "ages": 3, ALL: 4}


def test_robust_errors_change_nothing() -> None:
    assert found(rossi(), ("fin", "age"), "km", robust=True) == found(rossi(), ("fin", "age"), "km")


def test_ends_at_one_age_tell_nothing() -> None:
    frame = rossi().with_columns(event=(pl.col("duration_days") == 20) & (pl.col("event") == 1), duration_days=pl.col("duration_days"))
    frame = frame.with_columns(event=pl.when(pl.col("duration_days") == 52).then(pl.int_range(pl.len()) % 3 == 0).otherwise(False))
    assert found(frame, ("age",), "rank")["age"] == (0.0, 1, 1.0)


def test_invalid_input_is_refused() -> None:
    fitted = Cox(covariates=("age",)).fit(rossi(), as_of=DAY)
    with pytest.raises(ParameterError, match="unknown transform of age 'ranks'; did you mean 'rank'"):
        proportional_hazards(fitted, rossi(), transform="ranks")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"the test is of a regression without a penalty\. Fit it with penalty 0"):
        proportional_hazards(Cox(covariates=("age",), penalty=0.1).fit(rossi(), as_of=DAY), rossi())

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.models.survival.cox import Cox
from relkit.models.survival.diagnostics import hazard_ratios
from relkit.models.survival.effects_over_age import effects_over_age

NAMES = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
DAY = date(2025, 6, 30)


def rossi() -> pl.DataFrame:
    from lifelines.datasets import load_rossi

    rows = pl.from_pandas(load_rossi()).with_columns(pl.col(*NAMES, "week").cast(pl.Float64), event=pl.col("arrest") == 1)
    return rows.rename({"week": "duration_days"}).with_columns(customer_id=pl.int_range(pl.len()).cast(pl.String))


def test_early_and_late_ratios_are_a_line_through_the_scaled_residuals_of_lifelines() -> None:
    from lifelines import CoxPHFitter
    from lifelines.datasets import load_rossi

    frame = rossi()
    fitted = Cox(covariates=NAMES).fit(frame, as_of=DAY)
    found = effects_over_age(fitted, frame, transform="identity")
    peer = CoxPHFitter().fit(load_rossi(), "week", "arrest")
    residuals = peer.compute_residuals(load_rossi(), "scaled_schoenfeld")
    weeks = load_rossi().loc[residuals.index, "week"].to_numpy(float)
    ratios = hazard_ratios(fitted)
    steps = dict(zip(ratios.terms, ratios.step, strict=True))
    for row in found.iter_rows(named=True):
        slope = np.polyfit(weeks, residuals[row["column"]].to_numpy(), 1)[0]
        for age, ratio in ((row["early_days"], row["early"]), (row["late_days"], row["late"])):
            line = peer.params_[row["column"]] + slope * (age - weeks.mean())
            assert ratio == pytest.approx(np.exp(line * steps[row["column"]]), rel=1e-6)
    ended = np.sort(weeks)
    assert (found["early_days"][0], found["late_days"][0]) == (ended[int(0.1 * len(ended))], ended[int(0.9 * len(ended))])


def test_an_effect_that_fades_is_found() -> None:
    """The hazard ratio is 4 up to day 100 and 1 from then on."""
    rng = np.random.default_rng(1)
    x = np.arange(4000) % 2
    first = rng.exponential(1 / (0.004 * np.where(x == 1, 4.0, 1.0)))
    life = np.where(first < 100, first, 100 + rng.exponential(1 / 0.004, 4000))
    frame = pl.DataFrame(
        {"customer_id": [str(i) for i in range(4000)], "duration_days": np.minimum(life, 500), "event": life < 500, "x": x * 1.0}
    )
    row = effects_over_age(Cox(covariates=("x",)).fit(frame, as_of=DAY), frame).row(0, named=True)
    assert row["early"] > 3
    assert row["late"] < 1.3
    assert row["early"] > row["ratio"] > row["late"]


def test_all_ends_at_one_age_tell_of_no_other() -> None:
    frame = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(40)],
            "duration_days": [30.0] * 20 + [60.0] * 20,
            "event": [True] * 20 + [False] * 20,
            "x": ([0.0] * 5 + [1.0] * 5) * 4,
        }
    )
    row = effects_over_age(Cox(covariates=("x",)).fit(frame, as_of=DAY), frame).row(0, named=True)
    assert row["early"] == row["late"] == pytest.approx(row["ratio"])


def test_a_penalty_is_refused() -> None:
    frame = rossi()
    with pytest.raises(ParameterError, match="without a penalty"):
        effects_over_age(Cox(covariates=NAMES, penalty=1.0).fit(frame, as_of=DAY), frame)


def test_the_columns_of_a_covariate_that_bends_have_no_ratios() -> None:
    frame = rossi()
    found = effects_over_age(Cox(covariates=("age", "fin"), splines={"age": 3}).fit(frame, as_of=DAY), frame)
    assert found.filter(pl.col("column").str.starts_with("age"))["ratio"].null_count() == 3
    (straight,) = found.filter(pl.col("column") == "fin").select("ratio", "early", "late").rows()
    assert None not in straight

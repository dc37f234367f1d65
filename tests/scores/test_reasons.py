"""Why a contract is at risk, as codes and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.models.survival.cox import Cox
from relkit.scores.reasons import LEAST, SCHEMA, Explains, churn_reasons, reason_columns
from relkit.scores.score_table import Source

DAY = date(2025, 6, 30)
TOLD = Source(model="survival.cox", version="2", trained_as_of=DAY)


@dataclass(frozen=True)
class Said:
    """A model whose contributions are given."""

    parts: dict[str, list[float]]

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:  # noqa: ARG002
        return tuple(self.parts), np.array(list(self.parts.values())).T


def told(frame: pl.DataFrame, **parts: list[float]) -> pl.DataFrame:
    return churn_reasons(Said(parts), frame, as_of=DAY, source=TOLD)


def test_the_three_that_raise_the_risk_most_and_no_others() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], **{name: [1.5, 9.0] for name in "pqrst"}})
    found = told(frame, p=[0.1, -1.0], q=[0.5, 0.0], r=[0.2, LEAST / 2], s=[0.4, -0.2], t=[-2.0, 0.0])
    assert found.select("customer_id", "rank", "code").rows() == [("a", 1, "q_low"), ("a", 2, "s_low"), ("a", 3, "r_low")]
    assert found["risk_ratio"].to_list() == pytest.approx(np.exp([0.5, 0.4, 0.2]))
    assert dict(found.schema) == SCHEMA
    assert reason_columns(found).rows() == [("a", "q_low", "s_low", "r_low")]


def test_words_follow_what_the_covariate_is() -> None:
    frame = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "monthly_amount": [80.0, 20.0, 20.0],
            "pays_by_direct_debit": [0.0, 1.0, 1.0],
            "start_year": ["2023", "2021", None],
            "odd_flag": [True, False, False],
            "income": [None, 5.0, 6.0],
        }
    )
    some, none = [0.5, 0.0, 0.0], [0.0, 0.0, 0.6]
    found = told(frame, monthly_amount=some, pays_by_direct_debit=some, start_year=none, odd_flag=[0.0, 0.0, 0.0], income=[0.3, 0.0, 0.0])
    assert found.select("code", "reason_en", "reason_fr", "value").rows() == [
        ("monthly_amount_high", "monthly amount above usual", "montant mensuel au-dessus de l’habituel", "80.0"),
        ("pays_by_direct_debit_no", "pays by direct debit: no", "paie par prélèvement : non", "0.0"),
        ("income_unknown", "income unknown", "income inconnu", None),
        ("start_year=unknown", "year of the start: unknown", "année d’ouverture : inconnu", None),
    ]


def spells() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    n = 1500
    amount, debit = rng.gamma(4, 10, n), (rng.random(n) < 0.6).astype(float)
    life = rng.exponential(600 / np.exp(0.02 * (amount - 40) - 0.7 * debit))
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "duration_days": np.minimum(life, 500.0),
            "event": life <= 500.0,
            "monthly_amount": amount,
            "pays_by_direct_debit": debit,
        }
    )


def test_contributions_of_cox_add_up_to_the_hazard_ratio() -> None:
    frame = spells()
    fitted = Cox(covariates=("monthly_amount", "pays_by_direct_debit")).fit(frame, as_of=DAY)
    assert isinstance(fitted, Explains)
    names, parts = fitted.contributions(frame)
    assert names == ("monthly_amount", "pays_by_direct_debit")
    assert np.exp(parts.sum(axis=1)) == pytest.approx(fitted.hazard_ratio(frame), rel=1e-12)


def test_a_cox_regression_gives_the_reasons_that_hold() -> None:
    frame = spells()
    fitted = Cox(covariates=("monthly_amount", "pays_by_direct_debit")).fit(frame, as_of=DAY)
    found = churn_reasons(fitted, frame, as_of=DAY, source=TOLD)
    assert set(found["code"]) == {"monthly_amount_high", "pays_by_direct_debit_no"}
    joined = found.join(frame, on="customer_id")
    assert (joined.filter(code="pays_by_direct_debit_no")["pays_by_direct_debit"] == 0).all()
    assert joined.filter(code="monthly_amount_high")["monthly_amount"].min() > frame["monthly_amount"].mean()  # type: ignore[operator]
    assert (found["risk_ratio"] > 1.05).all()
    again = churn_reasons(fitted, frame.reverse(), as_of=DAY, source=TOLD)
    assert again.equals(found)


def test_nobody_and_nothing_to_tell() -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "x": [1.0]})
    assert told(frame.clear(), x=[]).schema == told(frame, x=[0.0]).schema == pl.Schema(SCHEMA)
    assert told(frame).is_empty()

"""Reasons for the risk of a contract, as codes and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.models.survival.boosted_hazard import BoostedHazard
from relkit.models.survival.cox import Cox
from relkit.scores.reasons import LEAST, SCHEMA, Explains, churn_reasons, net_of_opposites, reason_columns
from relkit.scores.score_table import Source

DAY = date(2025, 6, 30)
TOLD = Source(model="survival.cox", version="2", trained_as_of=DAY)


@dataclass(frozen=True)
class Said:
    """A model whose contributions are given."""

    parts: dict[str, list[float]]

    def contributions(self, features: pl.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:  # noqa: ARG002
        return tuple(self.parts), np.array(list(self.parts.values())).T


def why(frame: pl.DataFrame, **parts: list[float]) -> pl.DataFrame:
    return churn_reasons(Said(parts), frame, as_of=DAY, source=TOLD)


def test_the_three_that_raise_the_risk_most_and_no_others() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], **{name: [1.5, 9.0] for name in "pqrst"}})
    found = why(frame, p=[0.1, -1.0], q=[0.5, 0.0], r=[0.2, LEAST / 2], s=[0.4, -0.2], t=[-2.0, 0.0])
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
    found = why(frame, monthly_amount=some, pays_by_direct_debit=some, start_year=none, odd_flag=[0.0, 0.0, 0.0], income=[0.3, 0.0, 0.0])
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
    assert why(frame.clear(), x=[]).schema == why(frame, x=[0.0]).schema == pl.Schema(SCHEMA)
    assert why(frame).is_empty()


def optioned(n: int = 3000) -> pl.DataFrame:
    """Customers of whom a third have an option that makes them leave sooner, and use it, which makes them stay: net, they stay."""
    rng = np.random.default_rng(5)
    option = (rng.random(n) < 1 / 3).astype(float)
    usage = option * rng.gamma(16, 0.5, n)
    debit = (rng.random(n) < 0.5).astype(float)
    life = rng.exponential(500 / np.exp(0.8 * option - 0.18 * usage - 0.5 * debit))
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "duration_days": np.minimum(life, 900.0) + 0.01,
            "event": life < 900.0,
            "has_option": option,
            "usage": usage,
            "pays_by_direct_debit": debit,
        }
    )


def test_covariates_that_cancel_each_other_are_judged_together() -> None:
    """With the option and without any usage the risk is lower overall than without the option: neither is a reason by itself."""
    frame = optioned()
    names = ("has_option", "usage", "pays_by_direct_debit")
    fitted = Cox(covariates=names).fit(frame, as_of=DAY)
    parts = fitted.contributions(frame)[1]
    assert (parts[frame["has_option"].to_numpy() == 1, 0] > LEAST).all(), "one by one, the option would be a reason of all who hold it"
    found = churn_reasons(fitted, frame, as_of=DAY, source=TOLD).join(frame, on="customer_id")
    found_of = found.with_columns(covariate=pl.col("code").str.replace("_(yes|no|high|low)$", ""))
    tied = found_of.filter(pl.col("covariate").is_in(["has_option", "usage"]))
    sums = pl.DataFrame({"customer_id": frame["customer_id"], "both": parts[:, 0] + parts[:, 1]})
    agreed = tied.join(sums, on="customer_id")
    assert agreed["risk_ratio"].to_list() == pytest.approx(np.exp(agreed["both"].to_numpy()))
    assert set(agreed["code"]) == {"usage_low"}, "the option alone raises nobody's risk"
    unused = sums.with_columns(usage=parts[:, 1]).filter((pl.col("both") > LEAST) & (pl.col("usage") > LEAST))
    assert set(agreed["customer_id"]) == set(unused["customer_id"])
    assert found_of.filter(covariate="pays_by_direct_debit").height == int((frame["pays_by_direct_debit"] == 0).sum())


def test_what_does_not_cancel_is_left_as_it_is() -> None:
    rng = np.random.default_rng(6)
    first = rng.normal(size=200)
    parts = np.column_stack([first, 0.8 * first, rng.normal(size=200), np.zeros(200)])
    assert net_of_opposites(parts).tolist() == parts.tolist(), "what moves together adds up, and each is true by itself"
    opposed = np.column_stack([first, -0.8 * first])
    assert net_of_opposites(opposed[:29]).tolist() == opposed[:29].tolist(), "of so few nothing is known"
    assert np.isneginf(net_of_opposites(opposed)).sum() == 200
    levels = np.column_stack([first, -first])
    assert np.max(net_of_opposites(levels)) == 0.0, "levels that are defined by each other and cancel are no reason"


OPTIONS = ("MultipleLines", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")
OF_CUSTOMERS = ("gender", "SeniorCitizen", "Partner", "Dependents")
OF_CONTRACTS = ("PhoneService", "InternetService", "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges")


def test_on_telco_a_reason_is_not_the_opposite_of_the_net_effect(real_data) -> None:
    """The charge is the sum of the options; a reason is opposite where, alone in the model, its covariate would lower the risk."""
    raw = pl.read_csv(real_data / "telco_churn_ibm.csv.gz").filter(pl.col("tenure") > 0)
    of = pl.col(*OPTIONS)
    frame = raw.with_columns(
        pl.when(of.str.starts_with("No")).then(pl.lit("No")).otherwise(of).name.keep(),
        customer_id=pl.col("customerID"),
        duration_days=pl.col("tenure") * 30.4375,
        event=pl.col("Churn") == "Yes",
    )
    names = (*OF_CUSTOMERS, *OF_CONTRACTS, *OPTIONS)
    running = frame.filter(~pl.col("event"))
    parts = Cox(covariates=names).fit(frame, as_of=DAY).contributions(running)[1]
    alone = np.column_stack([Cox(covariates=(name,)).fit(frame, as_of=DAY).contributions(running)[1][:, 0] for name in names])

    def opposite(found: np.ndarray) -> float:
        given = (found > LEAST) & (found >= np.sort(found, axis=1)[:, [-3]])
        return float((given & (alone < 0)).any(axis=1).mean())

    assert opposite(parts) > 0.3
    assert opposite(net_of_opposites(parts)) < 0.01
    assert np.max(net_of_opposites(parts)[:, names.index("MonthlyCharges")]) <= LEAST


def test_the_reasons_of_boosted_trees_follow_the_net_effect() -> None:
    """Trees give an option and its usage opposite parts too; net, nobody is at risk by both whose true effect is a fifth below the mean."""
    frame = optioned(6_000)
    fitted = BoostedHazard(covariates=("has_option", "usage", "pays_by_direct_debit"), trees=80).fit(frame, as_of=DAY)
    running = frame.with_columns(event=pl.lit(value=False), duration_days=pl.lit(100.0))
    found = churn_reasons(fitted, running, as_of=DAY, source=TOLD)
    true = pl.DataFrame({"customer_id": frame["customer_id"], "net": 0.8 * frame["has_option"] - 0.18 * frame["usage"]})
    tied = found.filter(pl.col("code").str.contains("has_option|usage")).join(true, on="customer_id")
    assert len(tied) > 1_000
    assert (tied["net"] < float(true["net"].mean()) - 0.2).mean() < 0.005
    debit = found.filter(pl.col("code") == "pays_by_direct_debit_no")
    assert len(debit) == int((frame["pays_by_direct_debit"] == 0).sum())

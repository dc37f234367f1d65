"""relkit score with a declared offer: its scores, its record, and the remarks if it can be valued for none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import modelled_company as company
import polars as pl
import pytest

from relkit.cli import run
from relkit.errors import ParameterError
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.scores.score_table import wide

pytestmark = pytest.mark.usefixtures("plain_fits")

OFFER = {"contact_cost": 4, "offer_cost": 20, "stayers_take_share": 0.2, "averted_share": 0.25, "window_days": 90}
NAMES = ("retention_offer_value", "retention_offer_cost", "retention_offer_profit")


def score(**more):
    job = ScoreCustomers.parse(**{"models": ("survival.cox",), "intervals": False} | more)
    job.verify()
    return job.run()


def offered(result) -> pl.DataFrame:
    return wide(pl.read_parquet(result.paths["scores"]).filter(pl.col("score").str.starts_with("retention_")))


def test_a_declared_offer_is_scored_for_every_holder_of_a_contract(fitted_workplace):
    result = score(offer=OFFER)
    scores = offered(result)
    holders = company.contracts().filter(pl.col("ended_on").is_null())["customer_id"].n_unique()
    assert len(scores) == holders
    value, cost, profit = (scores[name] for name in NAMES)
    assert profit.to_list() == pytest.approx((value - cost).to_list())
    assert cost.min() > 4
    called = scores.drop_nulls("retention_call_rank").sort("retention_call_rank")
    assert set(called["customer_id"]) == set(scores.filter(profit > 0)["customer_id"])
    assert called["retention_offer_profit"].is_sorted(descending=True)
    lines = [sentence for sentence in result.sentences if sentence.startswith("Calling pays for")]
    assert lines[0].startswith(f"Calling pays for {len(called)} of {holders} customers under contract: ")
    assert lines[0].endswith("of that profit would be missed.")
    assert not [sentence for sentence in result.sentences if "as it was not declared" in sentence]


def test_without_an_offer_there_is_no_such_score(fitted_workplace):
    result = score()
    assert not [name for name in result.counts["scores"] if name.startswith("retention_")]
    assert result.details["offer"] is None


def test_the_offer_and_what_was_declared_of_it_stand_beside_its_scores(fitted_workplace):
    result = score(offer={"contact_cost": "4", "offer_cost": "20", "budget": "500"}, horizon_months=12, margin_rate=0.3)
    models = json.loads(result.paths["models"].read_text())
    kept = models["retention_offer_profit"]
    assert kept["offer"] == {
        "averted_share": 0.3,
        "window_days": 90,
        "contact_cost": 4.0,
        "offer_cost": 20.0,
        "stayers_take_share": 1.0,
        "budget": 500.0,
        "averts": [],
    }
    assert kept["offer_declared"] == ["budget", "contact_cost", "offer_cost"]
    assert (kept["offer_margin_rate"], kept["horizon_months"], kept["annual_discount_rate"]) == (0.3, 12, 0.1)
    assert models["contract_residual_value_12m"]["annual_discount_rate"] == 0.1
    assert "Assumed of the offer, as it was not declared: averted_share 0.3, window_days 90, stayers_take_share 1." in result.sentences


def test_a_budget_is_kept_and_calls_those_who_bring_most_for_it(fitted_workplace):
    everybody = offered(score(offer=OFFER)).drop_nulls("retention_call_rank")
    budget = float(everybody["retention_offer_cost"].sum()) / 3
    result = score(offer=OFFER | {"budget": budget})
    called = offered(result).drop_nulls("retention_call_rank").sort("retention_call_rank")
    assert 0 < len(called) < len(everybody)
    assert called["retention_offer_cost"].sum() <= budget
    assert (called["retention_offer_profit"] / called["retention_offer_cost"]).is_sorted(descending=True)
    text = f"customers under contract, within a budget of {budget:,.0f} EUR for {len(called)} of them: "
    assert any(text in sentence for sentence in result.sentences)
    rich = score(offer=OFFER | {"budget": 1e6})
    assert any("customers under contract (the budget of 1,000,000 EUR is not spent): " in sentence for sentence in rich.sentences)


@pytest.mark.parametrize("budget", [0, 1.5])
def test_a_budget_that_pays_for_no_call_is_reported(fitted_workplace, budget):
    result = score(offer=OFFER | {"budget": budget})
    assert "retention_call_rank" not in result.counts["scores"]
    assert result.counts["scores"]["retention_offer_profit"] > 0
    assert f"The budget of {budget:.2f} EUR pays for no call: the first one should cost" in result.warnings[-1]


def test_an_offer_that_pays_for_nobody_is_reported(fitted_workplace):
    result = score(offer=OFFER | {"offer_cost": 1e6})
    assert result.warnings[-1] == "Calling pays for nobody under the declared offer: it costs more than it keeps."
    file = DeliverFiles.parse(workbook=False)
    from relkit.jobs.build_features import BuildFeatures

    BuildFeatures.parse().run()
    done = file.run()
    frame = pl.read_parquet(done.paths["customers_scored"])
    assert frame.schema["retention_call_rank"] == pl.Int32
    assert frame["retention_call_rank"].null_count() == len(frame)
    assert frame["retention_offer_cost_eur"].null_count() < len(frame)
    manifest = json.loads(Path(done.paths["manifest_json"]).read_text())
    entries = {entry["score"]: entry for entry in manifest["models"]}
    assert entries["retention_offer_profit"]["offer"]["offer_cost"] == 1e6


def test_contracts_without_a_known_margin_are_counted(fitted_workplace):
    held = company.contracts()
    first = held.filter(pl.col("ended_on").is_null()).unique("customer_id", keep="none")["contract_id"].sort()[0]
    margin = pl.when(pl.col("contract_id") != first).then(pl.col("monthly_amount") * 0.4)
    frames = {"contracts": held.with_columns(monthly_margin=margin)}
    company.write_company(fitted_workplace / "out" / "default", frames, assumed_margin_rate=None)
    result = score(offer=OFFER)
    assert len(offered(result)) == result.counts["scores"]["churn_probability_90d"] - 1
    assert any(text.startswith("The offer has no value for 1 customer: the monthly margin of the contract") for text in result.warnings)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"assumed_margin_rate": None}, "The offer says nothing: the margin of no running contract is known. Map monthly_margin"),
        ({"contract_bills_in_transactions": True}, "The offer says nothing: what contracts bill is counted among the transactions"),
    ],
)
def test_an_offer_without_any_margin_says_so(fitted_workplace, facts, message):
    company.write_company(fitted_workplace / "out" / "default", history_starts_on=company.FIRST, **facts)
    result = score(offer=OFFER)
    assert result.warnings[-1].startswith(message)
    assert not [name for name in result.counts["scores"] if name.startswith("retention_")]


def test_an_offer_without_a_model_of_contracts_says_so(fitted_workplace):
    result = score(offer=OFFER, models=("lifetime_value.bg_nbd",))
    assert "The offer says nothing: no model of contracts scored. Run relkit fit survival.cox first." in result.warnings


def permissions(**more: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The company with consents: every third holder never agreed to calls; and with other given facts."""
    when = datetime(2024, 1, 1, tzinfo=UTC)
    holders = company.contracts()["customer_id"].unique().sort()
    agree = holders.gather_every(3).append(holders.gather_every(3, 1))
    consents = pl.DataFrame({"customer_id": agree, "purpose": "marketing", "channel_id": "phone", "changed_at": when, "status": "granted"})
    return {"transactions": company.transactions(), "contracts": company.contracts(), "consents": consents, **more}


def excluded(ids: pl.Series, **more: str | None) -> pl.DataFrame:
    started = datetime(2025, 1, 1, tzinfo=UTC)
    return pl.DataFrame({"customer_id": ids, "reason": "guardianship", "starts_at": started, **({"scope": None} | more)}).with_columns(
        pl.col("scope").cast(pl.String), pl.col("starts_at").cast(pl.Datetime("us", "UTC"))
    )


def test_customers_who_may_not_be_phoned_have_a_value_and_no_rank(fitted_workplace):
    """The first in the ranking is put under guardianship, the second opts out of calls: both leave it, and the others move up."""
    out = fitted_workplace / "out" / "default"
    company.write_company(out, permissions(), history_starts_on=company.FIRST)
    free = score(offer=OFFER)
    before = offered(free).drop_nulls("retention_call_rank").sort("retention_call_rank")["customer_id"]
    agreed = permissions()["consents"]["customer_id"]
    assert before.is_in(agreed.implode()).all()
    assert len(before) > 3
    barred = pl.concat([excluded(before[:1]), excluded(before[1:2], scope="phone")])
    company.write_company(out, permissions(suppressions=barred), history_starts_on=company.FIRST)
    result = score(offer=OFFER)
    scores = offered(result)
    after = scores.drop_nulls("retention_call_rank").sort("retention_call_rank")["customer_id"]
    assert after.to_list() == before[2:].to_list()
    values = scores.filter(pl.col("customer_id").is_in(before[:2].implode()))
    assert values["retention_offer_profit"].min() > 0
    paying = scores.filter(pl.col("retention_offer_profit") > 0)
    without = paying.filter(~pl.col("customer_id").is_in(agreed.implode()))
    n = len(scores) - len(scores.filter(pl.col("customer_id").is_in(agreed.implode()))) + 2
    assert (
        f"{n} customers under contract may not be phoned and have no rank; calling would pay for {len(without) + 2} of them: 1 protected, "
        f"{len(without)} without consent to calls, 1 out of reach by phone."
    ) in result.sentences
    assert any(
        s.startswith(f"Calling pays for {len(after)} of {len(scores) - n} customers under contract who may be phoned: ")
        for s in result.sentences
    )


def test_a_budget_is_spent_on_customers_who_may_be_phoned(fitted_workplace):
    out = fitted_workplace / "out" / "default"
    company.write_company(out, permissions(), history_starts_on=company.FIRST)
    everybody = offered(score(offer=OFFER)).drop_nulls("retention_call_rank")
    budget = float(everybody["retention_offer_cost"].sum()) / 2
    first = offered(score(offer=OFFER | {"budget": budget})).drop_nulls("retention_call_rank").sort("retention_call_rank")["customer_id"]
    company.write_company(out, permissions(suppressions=excluded(first[:2])), history_starts_on=company.FIRST)
    called = offered(score(offer=OFFER | {"budget": budget})).drop_nulls("retention_call_rank")
    assert called["retention_offer_cost"].sum() <= budget
    assert set(first[2:]) <= set(called["customer_id"])
    assert len(set(called["customer_id"]) - set(first)) > 0


def test_where_nobody_may_be_phoned_nobody_is_ranked(fitted_workplace):
    frames = permissions(suppressions=excluded(company.contracts()["customer_id"].unique().sort(), scope="all"))
    company.write_company(fitted_workplace / "out" / "default", frames, history_starts_on=company.FIRST)
    result = score(offer=OFFER)
    assert "retention_call_rank" not in result.counts["scores"]
    assert "None of the customers under contract may be phoned, so nobody is ranked." in result.warnings


def with_moves() -> pl.DataFrame:
    """The contracts of the company; every third end was a move."""
    nth = pl.int_range(pl.len()) % 3 == 0
    return company.contracts().with_columns(
        end_reason=pl.when(pl.col("end_reason").is_not_null() & nth).then(pl.lit("move")).otherwise("end_reason")
    )


def test_an_offer_on_voluntary_ends_needs_a_model_that_tells_them(fitted_workplace):
    company.write_company(fitted_workplace / "out" / "default", {"contracts": with_moves()}, history_starts_on=company.FIRST)
    wishes = OFFER | {"averts": "voluntary"}
    with pytest.raises(
        ParameterError,
        match=r"offer: averts is voluntary, and survival.cox does not tell why contracts end\. Run relkit fit survival\.discrete_com",
    ):
        score(offer=wishes)
    causes = "survival.discrete_competing_risks"
    FitModel.parse(model=causes).run()
    by_wish, by_any = (offered(score(offer=offer, models=(causes,))) for offer in (wishes, OFFER))
    share = (by_wish["retention_offer_value"] / by_any["retention_offer_value"]).to_numpy()
    assert ((share > 0.4) & (share < 0.9)).all()
    both = score(offer=wishes, models=("survival.cox", causes))
    behind = pl.read_parquet(both.paths["scores"]).filter(score="retention_offer_profit")["model"].unique().to_list()
    assert behind == [causes]
    with pytest.raises(ParameterError, match=r"unknown cause 'volontary'; did you mean 'voluntary'"):
        score(offer=OFFER | {"averts": "volontary"}, models=(causes,))


def test_the_command_line_takes_the_offer_by_name(fitted_workplace, capsys):
    flags = ["--offer.contact-cost", "4", "--offer.offer_cost", "20", "--offer.averted_share", "0.25", "--offer.budget", "5000"]
    assert run(["score", "--models", "survival.cox", *flags]) == 0
    shown = capsys.readouterr()
    assert "Calling pays for" in shown.out or "Calling pays for" in shown.err
    assert run(["score", "--offer.contact_cost", "-4", "--offer.offer_cost", "20"]) == 2
    assert "relkit: offer: contact_cost is -4; it must be 0 or more" in capsys.readouterr().err
    assert run(["score", "--offer.contacts", "4"]) == 2
    assert "unknown setting 'contacts'; did you mean 'contact_cost'?" in capsys.readouterr().err
    assert run(["score", "--offer", "4"]) == 2
    assert "Write each by its name: --offer.NAME VALUE." in capsys.readouterr().err

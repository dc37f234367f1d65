"""A company that has a datamart of customers and nothing else, from its files to scores, a delivery and reports.

The simulated one has 12 monthly snapshots of customers whose months to the end are exponential: 0.02 a month on the yearly plan,
three times that on the monthly one. Snapshots of a year list the customers of that year; those who left earlier are in none.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import modelled_company as company
import numpy as np
import polars as pl
import pytest

from relkit.families.bindings import absence, inputs_of, reading_of
from relkit.features.snapshot_spells import DAYS, spells_at_risk, to_learn
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.check_tables import CheckTables
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.holdouts import HeldOut, Known
from relkit.jobs.score_customers import ScoreCustomers
from relkit.jobs.write_report import WriteReport
from relkit.models import catalogue
from relkit.models.lifetime_value.family import SUMMARIES
from relkit.models.survival.family import SNAPSHOT_VERSIONS, SNAPSHOTS, SPELLS
from relkit.periods import DrawnHoldout
from relkit.tables.table_set import TableSet
from relkit.tracking import registry

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
ENDS = pl.date_range(date(2024, 1, 31), date(2024, 12, 31), "1mo", eager=True).dt.month_end().to_list()
NONE = {"personal_data": "none", "known_at": "as_of"}
DECLARED = {
    "tenure_months": {"role": "tenure", "unit": "months", "label_en": "Tenure", "label_fr": "Ancienneté", **NONE},
    "has_left": {"role": "ended", "label_en": "Left", "label_fr": "Parti", **NONE},
    "fee": {"role": "monthly_amount", "label_en": "Fee", "label_fr": "Abonnement", **NONE},
    "plan": {"role": "covariate", "label_en": "Plan", "label_fr": "Formule", **NONE},
}
HAZARD = {"yearly": 0.02, "monthly": 0.06}

pytestmark = pytest.mark.usefixtures("plain_fits")


def datamart(people: int = 4_000, days: list[date] = ENDS) -> pl.DataFrame:
    """Return monthly snapshots of current customers, and of those who left since the previous snapshot."""
    rng = np.random.default_rng(20)
    plan = rng.choice(list(HAZARD), people)
    month = np.array([day.toordinal() for day in days])
    start = month[0] + rng.uniform(-60, 11, people) * DAYS["months"]
    end = start + rng.exponential(1 / np.array([HAZARD[p] for p in plan])) * DAYS["months"]
    fee = rng.gamma(4.0, 5.0, people).round(2)
    rows = []
    for k, day in enumerate(month):
        seen = (start <= day) & (end > (month[k - 1] if k else day))
        tenure = np.floor((np.minimum(day, end) - start) / DAYS["months"])
        columns = {"customer_id": np.flatnonzero(seen).astype(str), "plan": plan[seen], "fee": fee[seen]}
        observed = {"tenure_months": tenure[seen].astype(int), "has_left": (end <= day)[seen]}
        rows.append(pl.DataFrame(columns | observed).with_columns(as_of=pl.lit(days[k])))
    return pl.concat(rows)


def tables_of(place: Path, frame: pl.DataFrame) -> TableSet:
    edges = {"first_day": frame["as_of"].min(), "last_day": frame["as_of"].max()}
    return company.write_company(place / "out" / "default", {"customer_snapshots": frame}, attributes=DECLARED, **edges)


def test_a_datamart_stands_for_contracts(tmp_path):
    tables = tables_of(tmp_path, datamart(50))
    assert (reading_of("survival.cox", tables), reading_of("survival.cox")) == (SNAPSHOTS, SPELLS)
    assert reading_of("survival.cox_time_varying", tables) == SNAPSHOT_VERSIONS
    assert reading_of("lifetime_value.shifted_beta_geometric", tables) == SNAPSHOTS
    assert reading_of("lifetime_value.bg_nbd", tables) == SUMMARIES
    assert absence("survival.cox", tables) == ""


def test_contracts_come_first(tmp_path):
    frames = {"customer_snapshots": datamart(50), "contracts": company.contracts()}
    tables = company.write_company(tmp_path, frames, attributes=DECLARED)
    assert reading_of("survival.cox", tables) == SPELLS


def test_without_roles_the_missing_ones_are_reported(workplace):
    company.write_company(workplace / "out" / "default", {"customer_snapshots": datamart(50)})
    skipped = FitModel.parse(model="survival.cox").run().skipped
    assert skipped == (
        "survival.cox: the data have no contracts table, and the mapping does not say which attributes of customer_snapshots are the "
        "tenure and the end (role), from which it learns."
    )


def test_cox_recovers_the_ratio_of_hazards(tmp_path):
    """The truth lies within two standard errors, and the curve of the monthly plan near exp(-0.06 t): late entry is accounted for."""
    tables = tables_of(tmp_path, datamart())
    inputs = inputs_of("survival.cox", tables)
    spells = to_learn(inputs.features(tables, tables.as_of()))
    fitted = catalogue.make("survival.cox", {"covariates": ["plan"]}).fit(spells, as_of=date(2024, 12, 31))
    term, estimate, error = fitted.summary().select("term", "estimate", "std_error").row(0)
    truth = np.log(3.0) if term == "plan=monthly" else -np.log(3.0)
    assert abs(estimate - truth) < 2 * error
    curve = catalogue.make("survival.kaplan_meier", {"by": "plan"}).fit(spells, as_of=date(2024, 12, 31))
    months = np.array([12.0, 24.0, 36.0]) * DAYS["months"]
    np.testing.assert_allclose(curve.curve("monthly").at(months), np.exp(-0.06 * np.array([12, 24, 36])), atol=0.06)


def test_from_the_datamart_to_the_customer_file(workplace):
    """Judged in time, as there are later days; every step of the main pipeline runs."""
    frame = datamart(1_500)
    tables_of(workplace, frame)
    built = BuildFeatures.parse().run()
    last = frame.filter(pl.col("as_of") == ENDS[-1])
    assert built.counts["contract_holders"] == (~last["has_left"]).sum()
    result = FitModel.parse(model="survival.cox").run()
    assert result.details["holdout"] == "2024-09-12 to 2024-12-31"
    assert result.metrics["holdout_days"] == 122.0  # from the snapshot of 31 August
    assert set(result.parameters) >= {"monthly_amount"}
    assert not [sentence for sentence in result.sentences if "drawn at random" in sentence]
    scored = ScoreCustomers.parse().run()
    scores = pl.read_parquet(scored.paths["scores"])
    there = set(last.filter(~pl.col("has_left"))["customer_id"])
    made = {"churn_probability_90d", "expected_remaining_months_24m", "future_margin_24m", "contract_residual_value_24m"}
    assert set(scores["score"]) == made
    assert set(scores["customer_id"]) == there
    truth = last.filter(~pl.col("has_left")).with_columns(risk=1 - (-pl.col("plan").replace_strict(HAZARD) * 90 / DAYS["months"]).exp())
    met = scores.filter(pl.col("score") == "churn_probability_90d").join(truth, on="customer_id")
    assert abs(met["value"].mean() - met["risk"].mean()) < 0.03
    words = pl.read_parquet(scored.paths["reasons"])
    assert ("plan=monthly", "Plan: monthly", "Formule : monthly") in set(words.select("code", "reason_en", "reason_fr").rows())
    delivered = DeliverFiles.parse().run()
    assert delivered.counts["rows"] == frame["customer_id"].n_unique()


def test_a_second_version_is_compared_on_the_same_customers_drawn(workplace):
    tables_of(workplace, datamart(800, days=ENDS[:6]).filter(pl.col("as_of") == ENDS[5]).with_columns(has_left=pl.col("fee") < 15))
    first, second = FitModel.parse(model="survival.cox").run(), FitModel.parse(model="survival.cox").run()
    holdout = registry.champion("survival.cox").holdout
    assert holdout.startswith("30% of the customers of 2024-06-30, drawn at random (seed 20250630), over their first ")
    assert first.metrics["brier_score"] == second.metrics["brier_score"]
    sentence = next(sentence for sentence in second.sentences if sentence.startswith("The champion"))
    assert sentence == (
        "The champion, version 1, may have learnt from the customers of this holdout, so its settings were fitted anew without them "
        "and judged on it."
    )
    assert FitModel.parse(model="survival.cox", holdout_days=0).run().details["holdout"] == ""


@pytest.fixture(scope="module")
def telco(real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("telco")
    CheckTables.parse(data=real_data, mapping=MAPPINGS / "telco_churn.yaml", out=out).run()
    return out


def test_telco_is_judged_on_customers_drawn(telco, workplace):
    """Published: 7,043 customers, 11 of them of tenure 0, 1,869 gone. The log-likelihood is lifelines 0.30's (Efron)."""
    result = FitModel.parse(model="survival.cox", out=telco).run()
    assert result.counts["rows"] == 7_032
    assert any(
        sentence == "Not at risk for a day, so that nothing is learnt from them: 11 customers with a tenure_months of 0. "
        "They are scored as new customers."
        for sentence in result.sentences
    )
    assert "Customers are known as of one day only, so there are no later days to judge by: the holdout was drawn at random." in (
        result.sentences
    )
    assert 0.83 < result.metrics["concordance"] < 0.87
    assert round(result.log_likelihood, 4) == round(lifelines_log_likelihood(telco), 4)
    scored = ScoreCustomers.parse(out=telco).run()
    assert scored.counts["scores"]["churn_probability_90d"] == 7_043 - 1_869
    assert '"code": "ages_in_whole_units"' in scored.paths["remarks"].read_text()
    stored = json.loads(scored.paths["models"].read_text())
    assert "drawn at random" in stored["churn_probability_90d"]["metrics"]["survival.cox"]["holdout"]


def lifelines_log_likelihood(out: Path) -> float:
    from lifelines import CoxPHFitter

    tables = TableSet.open(out / "tables")
    inputs = inputs_of("survival.cox", tables)
    spells = spells_at_risk(inputs.features(tables, tables.as_of()))
    columns = spells.select("duration_days", "event", *inputs.chosen("covariates", spells))
    texts = [name for name, kind in columns.schema.items() if kind == pl.String]
    frame = columns.to_dummies(texts, drop_first=True).cast(pl.Float64).to_pandas()
    return float(CoxPHFitter().fit(frame, "duration_days", "event").log_likelihood_)


@pytest.mark.parametrize(
    ("name", "at_risk", "gone", "concordance"),
    [("bank_churn", 10_000, 2_037, (0.69, 0.74)), ("smcrm_churn", 500, 232, (0.77, 0.86))],
)
def test_the_other_files_are_read_by_their_mappings(real_data, tmp_path, name, at_risk, gone, concordance):
    """Published: 2,037 of 10,000 gone (95 of them, of 413, with a tenure of 0 years, which is rounded); 232 of 500."""
    CheckTables.parse(data=real_data, mapping=MAPPINGS / f"{name}.yaml", out=tmp_path).run()
    tables = TableSet.open(tmp_path / "tables")
    inputs, as_of = inputs_of("survival.cox", tables), tables.as_of()
    split = inputs.drawn_holdout(tables, as_of)
    assert isinstance(split, DrawnHoldout)
    everybody, held = inputs.to_learn(inputs.features(tables, as_of)), HeldOut.of(inputs, Known(tables), split)
    assert (len(everybody), everybody["event"].sum()) == (at_risk, gone)
    model = catalogue.make("survival.cox", {"covariates": inputs.chosen("covariates", everybody, held.before)})
    found = model.judge(model.fit(held.before, as_of=as_of.day), held.judged, held.outcomes)["concordance"]
    assert concordance[0] < found < concordance[1]


def test_a_report_is_skipped_where_nothing_says_how_long_customers_stay(workplace):
    company.write_company(workplace / "out" / "default", {"customer_snapshots": datamart(50)})
    assert "the mapping does not say which attributes" in str(WriteReport.parse(notebook="segment_churn_risk").run().skipped)

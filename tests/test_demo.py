"""The demo on a small company: it recovers the truth, is not run twice, and lists what to open."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from relkit import cli, demo
from relkit.demo import RunDemo
from relkit.errors import ParameterError
from relkit.running import find_pipeline

MAIN = Path(__file__).resolve().parents[1] / "pipelines" / "monthly_scoring.yaml"


@pytest.fixture
def without_reports(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an entered working directory where the main pipeline ends before its reports, which have tests of their own."""
    for name in ("PIPELINE", "TRUE_MODELS", "CAMPAIGN"):
        source = MAIN.with_name(f"{getattr(demo, name)}.yaml")
        path = workplace / ("main.yaml" if name == "PIPELINE" else source.name)
        path.write_text("\n".join(line for line in source.read_text().splitlines() if "report:" not in line))
        monkeypatch.setattr(demo, name, path)
    monkeypatch.setattr(demo, "NAMED", demo.NAMED[:1])
    monkeypatch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})  # drawn in tests of their own
    few = (
        "lifetime_value.auto.settings.candidates=lifetime_value.mbg_nbd,lifetime_value.same_again",
        *("lifetime_value.auto.settings.origins=1", "lifetime_value.auto.settings.replicates=20"),
        "survival.auto.settings.candidates=survival.kaplan_meier,survival.cox",
        "attribution.all.settings.models=last_touch,markov_removal",
    )
    monkeypatch.setattr(demo, "FIRST_ORDERS", (*demo.FIRST_ORDERS, *(f"fit {each}" for each in few)))
    return workplace


def test_the_demo_runs_recovers_the_truth_and_is_not_run_twice(without_reports: Path) -> None:
    result = RunDemo.parse(customers=3000).run()
    assert result.passed
    compared = {(row["model"], row["term"]): row for row in result.details["comparison"]}
    chain = "attribution.markov_removal"
    assert {model for model, _ in compared} == {"lifetime_value.bg_nbd", "lifetime_value.gamma_gamma", "survival.cox", chain}
    assert sum(model == chain for model, _ in compared) == 5
    # Fifteen estimates: one over 3.9 standard errors happens once in a thousand seeds, and this seed is fixed.
    assert all(abs(row["z"]) < 3.9 for row in compared.values())
    assert "Estimates next to the true parameters of the simulation:" in result.sentences
    # Of four intervals at 95 %, on one draw: the truth may lie outside, but not by far.
    assert len(result.details["campaign"]) == 4
    for row in result.details["campaign"]:
        assert row["low"] - (row["high"] - row["low"]) / 2 < row["true"] < row["high"] + (row["high"] - row["low"]) / 2
    assert "What a campaign added, next to its true effect:" in result.sentences
    # The commands printed last are complete: those of relkit are parsed and verified as they are, and one is run.
    typed = [line.split("   ")[0].strip() for line in result.sentences[result.sentences.index("Open next:") + 2 :]]
    own = [line[line.index("relkit ") :] for line in typed if "relkit " in line and "jupyter" not in line]
    assert own == ["relkit models --programme demo", "relkit report segment_customer_value --language fr --programme demo"]
    assert cli.run(shlex.split(own[0])[1:]) == 0
    assert any("jupyter lab" in line and line.endswith("explore_first_steps.ipynb") for line in typed)
    assert any(line.endswith("mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db") for line in typed)
    delivered = result.paths["customers_scored"]
    assert delivered.is_relative_to("out/demo/deliveries/demo")

    again = RunDemo.parse(customers=3000).run()
    assert {step["status"] for step in again.details["steps"]} == {"kept"}
    assert again.details["comparison"] == result.details["comparison"]


def test_the_pipeline_is_found_from_anywhere(workplace: Path) -> None:
    assert find_pipeline(RunDemo.parse().pipeline().pipeline) == MAIN


def test_a_failed_step_ends_the_demo(without_reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "FIRST_ORDERS", ())  # the pipeline below has no such step
    (without_reports / "main.yaml").write_text("steps:\n  - check: {max_quarantine_share: 0}\n  - deliver\n")
    result = RunDemo.parse(customers=300).run()
    assert not result.passed
    assert result.job == "demo"
    assert "comparison" not in result.details


def test_too_few_customers_are_refused() -> None:
    with pytest.raises(ParameterError, match="demo: customers is 3: input should be greater than or equal to 100"):
        RunDemo.parse(customers=3)

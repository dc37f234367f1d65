"""The study of models next to others: the page reads what the benchmark writes."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from relkit.errors import TableError
from relkit.models import catalogue
from relkit.reports.peer_study import MEASURES, OWN_RUN, PUBLISHED, PeerStudy
from relkit.reports.peer_study_texts import NAMES, TEXTS
from relkit.reports.summary_tables import SummaryTable

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "churn_on_telco.md"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_telco", ROOT / "tests" / "benchmarks" / "bench_telco.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(bench: ModuleType, path: Path, *, own: float, other: float) -> Path:
    """Write a table with one model per side, in which ours has the concordance `own` on all resamples, up to noise."""
    names = ["survival.kaplan_meier", "survival.cox", "lifelines Cox"]
    values = np.array([[0.5, 0.2], [own, 0.09], [other, 0.09]])
    draws = values + np.random.default_rng(1).normal(0, 0.001, (200, 3, 2))
    found = {"format": 1, "measured_on": "2026-11-22", "programs": {"python": "3.11"}}
    found["data"] = {"customers_learnt": 70, "customers_judged": 30, "columns": 4, "months": [1, 66], "resamples": 200, "level": 0.95}
    bench.written(found | bench.table(names, [0.1, 0.2, 3.0], values, draws, 2), path)
    return path


@pytest.mark.parametrize(("own", "other", "verdict"), [(0.85, 0.84, "better"), (0.85, 0.8501, "level"), (0.83, 0.84, "worse")])
def test_the_best_of_each_side_is_compared_by_the_same_resamples(
    bench: ModuleType, tmp_path: Path, own: float, other: float, verdict: str
) -> None:
    found = json.loads(written(bench, tmp_path / "made" / "t.json", own=own, other=other).read_text())
    assert found["verdicts"]["concordance"] == {"ours": "survival.cox", "theirs": "lifelines Cox", "verdict": verdict}
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["t.json"]
    lines = PeerStudy.read(str(tmp_path / "made" / "t.json"), language="en").headlines().sentences
    assert lines[0].endswith(TEXTS[verdict]["en"])
    assert f"a concordance of {own:.4f}" in lines[0]
    assert lines[-1] == "The slowest of ours takes 0.2 seconds to learn and to forecast, the slowest of the others 3.0."


def test_the_page_shows_every_model_and_leaves_the_baseline_out_of_pictures(bench: ModuleType, tmp_path: Path) -> None:
    study = PeerStudy.read(str(written(bench, tmp_path / "t.json", own=0.85, other=0.84)), language="fr")
    table = study.table()
    assert isinstance(table, SummaryTable)
    assert {row[0] for row in table.cells()} == {"Kaplan-Meier (rien n’est su des clients)", "Cox", "Cox (lifelines)"}
    for gallery in (study.order(), study.errors()):
        assert [len(picture.drawn.get_yticks()) for picture in gallery.pictures] == [2, 2]
    facts = study.circumstances()
    assert isinstance(facts, SummaryTable)
    assert ["Mesuré le", "22 novembre 2026"] in facts.cells()


def test_the_table_of_this_machine_goes_before_the_published_one(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(PeerStudy.read(None, language="en").found["models"]) > 9
    written(bench, tmp_path / OWN_RUN, own=0.85, other=0.84)
    assert len(PeerStudy.read(None, language="en").found["models"]) == 3


def test_where_there_is_no_table_it_says_what_makes_one(tmp_path: Path) -> None:
    study = PeerStudy.read(str(tmp_path / "none.json"), language="en")
    assert "`make bench` makes it" in study.headlines().sentences[0]
    for shown in (study.order(), study.errors(), study.table(), study.circumstances()):
        assert shown._repr_html_() == "<p></p>"
    (tmp_path / "bad.json").write_text('{"format": 2, "models": [1], "verdicts": {}}')
    with pytest.raises(TableError, match=r"another format\. Run make bench"):
        PeerStudy.read(str(tmp_path / "bad.json"), language="en")
    (tmp_path / "bad.json").write_text("[")
    with pytest.raises(TableError, match=r"not a table of a benchmark\. Run make bench"):
        PeerStudy.read(str(tmp_path / "bad.json"), language="en")


def test_what_is_published_is_whole_and_the_page_of_the_documentation_says_the_same() -> None:
    found, page = json.loads(PUBLISHED.read_text(encoding="utf-8")), PAGE.read_text(encoding="utf-8")
    assert {"survival.cox", "survival.weibull_aft", "survival.discrete_hazard", "survival.boosted_hazard"} <= {
        model["name"] for model in found["models"]
    }
    for model in found["models"]:
        name = model["name"] if model["maker"] == "peer" else f"`{model['name']}`"
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {name} |"))
        for measure in MEASURES:
            assert "{estimate:.4f} ({lower:.4f} to {upper:.4f})".format(**model[measure]) in row
    assert {one["verdict"] for one in found["verdicts"].values()} <= {"level", "better"}
    assert all(version in page for version in (found["programs"]["scikit-survival"], found["programs"]["lifelines"]))
    assert found["measured_on"] in page


def test_every_model_is_named_in_both_languages(bench: ModuleType) -> None:
    assert all(text.en and text.fr for text in TEXTS.values())
    assert all(text.en and text.fr for text in NAMES.values())
    assert set(bench.OURS) <= set(catalogue.names())


def test_every_model_reads_the_same_facts_and_no_other(bench: ModuleType, real_data: Path) -> None:
    frame = bench.customers()
    assert len(frame) == 7032
    assert frame.drop("customer_id", "event").dtypes == [pl.Float64] * (len(frame.columns) - 2)
    assert not [name for name in frame.columns if name.startswith("_")]
    assert not [name for name in frame.columns if "charges" in name.lower() and "total" in name.lower()]

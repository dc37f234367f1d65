"""Remarks of fits and features reach the reader: report, dictionary, manifest and workbook, in both languages, once each.

The company has sold for half a year (the season is hardly identifiable, and the first buyers look new) and has one snapshot of its members
(those who left long ago may be missing, so that lives look longer than they are).
"""

from __future__ import annotations

import ast
import json
import zipfile
from collections import Counter
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import modelled_company as company
import numpy as np
import polars as pl
import pytest
from light_mlflow import lighten
from made_once import entered

from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.report_material import ReportMaterial
from relkit.jobs.score_customers import ScoreCustomers
from relkit.jobs.write_report import WriteReport
from relkit.remarks import read_remarks

ORDERS, VALUE, MEMBERS = "lifetime_value.time_varying_pareto_nbd", "lifetime_value.gamma_gamma", "survival.kaplan_meier"
SOLD_FROM = date(2024, 12, 15)
NAMED = {
    "one_snapshot": ("lives look longer than they are", "les durées paraissent plus longues qu’elles ne sont"),
    "older_as_newcomers": ("this model treats them as newcomers", "ce modèle les traite comme des nouveaux"),
    "season_hardly_told": ("a season can hardly be told", "la saison se distingue à peine"),
}
NONE = {"personal_data": "none", "known_at": "as_of"}
ROLES = {"tenure": {"role": "tenure", "unit": "months", **NONE}, "gone": {"role": "ended", **NONE}}


def members(count: int = 200) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "customer_id": [f"M{i:04d}" for i in range(count)],
            "as_of": [company.LAST] * count,
            "tenure": rng.integers(1, 40, count),
            "gone": rng.random(count) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Return a working directory in which everything before delivery and reports has run."""
    folder = tmp_path_factory.mktemp("noticed")
    sold = company.transactions(400).filter(pl.col("occurred_at") >= datetime(2024, 12, 15, tzinfo=UTC))
    with entered(folder, empty_store) as patch:
        lighten(patch)
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        frames = {"transactions": sold, "customer_snapshots": members()}
        company.write_company(folder / "out" / "default", frames, attributes=ROLES, first_day=SOLD_FROM)
        BuildFeatures.parse().run()
        for model in (ORDERS, VALUE, MEMBERS):
            FitModel.parse(model=model, holdout_days=0).run()
        ScoreCustomers.parse(models=(ORDERS, VALUE, MEMBERS)).run()
    return folder


@pytest.fixture
def noticed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return place


def test_scores_come_with_what_was_noticed_once_each_and_about_which(noticed: Path) -> None:
    remarks = read_remarks(noticed / "out" / "default" / "scores" / str(company.LAST) / "remarks.json")
    found = {remark.code: remark for remark in remarks}
    assert set(NAMED) <= set(found)
    assert Counter(remark.code for remark in remarks)["one_snapshot"] == 1
    assert found["one_snapshot"].about == ("churn_probability_90d", "expected_remaining_months_24m")[: len(found["one_snapshot"].about)]
    assert "expected_orders_90d" in found["season_hardly_told"].about
    assert "churn_probability_90d" not in found["season_hardly_told"].about
    for code, (en, fr) in NAMED.items():
        assert en in found[code].en
        assert fr in found[code].fr


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_delivery_tells_them_in_manifest_dictionary_and_workbook(noticed: Path, language: str) -> None:
    result = DeliverFiles.parse(language=language).run()
    manifest = json.loads(result.paths["manifest_json"].read_text())
    dictionary = pl.read_csv(result.paths["data_dictionary_csv"], infer_schema=False)
    with zipfile.ZipFile(result.paths["customers_scored_xlsx"]) as book:
        summary = min(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        texts = unescape(book.read(summary).decode())
    for code, pair in NAMED.items():
        assert [entry["code"] for entry in manifest["remarks"]].count(code) == 1
        assert pair[0] in next(entry["en"] for entry in manifest["remarks"] if entry["code"] == code)
        assert pair[1] in next(entry["fr"] for entry in manifest["remarks"] if entry["code"] == code)
        for name, text in zip(("meaning_en", "meaning_fr"), pair, strict=True):
            counts = dictionary[name].str.count_matches(text, literal=True).fill_null(0)
            assert counts.max() == 1, (code, name)
        assert texts.count(pair[language == "fr"]) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_show_those_that_concern_them(noticed: Path, language: str) -> None:
    material = ReportMaterial.read(language=language)
    everything = material.remarks()._repr_html_()
    assert all(everything.count(pair[language == "fr"]) == 1 for pair in NAMED.values())
    of_contracts = material.remarks_on_contracts()._repr_html_()
    assert NAMED["one_snapshot"][language == "fr"] in of_contracts
    assert NAMED["season_hardly_told"][language == "fr"] not in of_contracts


@pytest.mark.slow
@pytest.mark.parametrize(("page", "language", "code"), [("segment_churn_risk", "fr", "one_snapshot")])
def test_a_report_has_them_once(noticed: Path, page: str, language: str, code: str) -> None:
    done = WriteReport.parse(notebook=page, language=language).run()
    text = unescape(done.paths["page"].read_text(encoding="utf-8"))
    assert text.count(NAMED[code][language == "fr"]) == 1


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def remarks_in(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Remark"]


def constants(tree: ast.Module) -> dict[str, object]:
    """Return the constants of a module by name."""
    plain = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    return {target.id: node.value.value for node in plain for target in node.targets if isinstance(target, ast.Name)}


def code_of(remark: ast.Call, named: dict[str, object]) -> object:
    """Return the code of a remark, written out in its call or as a constant of its module; None if it is neither."""
    code = remark.args[0]
    return code.value if isinstance(code, ast.Constant) else named.get(code.id) if isinstance(code, ast.Name) else None


def test_every_kind_of_remark_has_a_code_of_its_own_and_both_languages() -> None:
    """Each code is written out in one place, with its remark; the class refuses a text that is missing or identical in both languages."""
    package = Path(__file__).resolve().parents[2] / "relkit"
    paths = [path for path in sorted(package.rglob("*.py")) if path != package / "remarks.py" and "Remark(" in path.read_text("utf-8")]
    written = [(path, node, named) for path in paths for tree in [parsed(path)] for named in [constants(tree)] for node in remarks_in(tree)]
    codes = Counter(code_of(node, named) for _, node, named in written)
    assert codes[None] == 0
    assert codes.total() > 50
    assert [code for code, times in codes.items() if times > 1] == []
    for path, node, _ in written:
        en, fr = (ast.unparse(part) for part in node.args[1:3])
        assert en != fr, path

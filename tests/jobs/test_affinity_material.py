"""Material of the affinity report on the simulated company: what it shows is what was planted, though the report does not know it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from relkit.errors import ParameterError
from relkit.jobs.affinity_material import AffinityMaterial
from relkit.jobs.report_material import ReportMaterial
from relkit.reports.summary_tables import SummaryTable
from relkit.tables.simulation.assortment import CATEGORIES, DEPARTMENTS, product_id

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.reports.product_pairs import ProductPairs


@pytest.fixture
def affinity(reported: Path, monkeypatch: pytest.MonkeyPatch) -> AffinityMaterial:
    monkeypatch.chdir(reported)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return AffinityMaterial(ReportMaterial.read())


def top_pairs(pairs: ProductPairs, most: int) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in pairs.together.head(most).select("product_a", "product_b").iter_rows()}


def test_the_planted_bundles_are_the_strongest_pairs(affinity: AffinityMaterial) -> None:
    """The product of rank 0 brings that of rank 1 of its category: these are the first pairs of the page, whatever else is found."""
    planted = {frozenset({product_id(c, 0), product_id(c, 1)}) for c in range(len(CATEGORIES))}
    pairs = affinity.pairs()
    assert top_pairs(pairs, len(planted)) == planted
    table = pairs.bundles()
    assert isinstance(table, SummaryTable)
    named = {frozenset(row[:2]) for row in table.cells()[: len(planted)]}
    assert named == {frozenset({f"{name} 1", f"{name} 2"}) for name in CATEGORIES}


def test_no_substitutes_and_no_changes_are_claimed_as_none_were_planted(affinity: AffinityMaterial) -> None:
    """Within a category products are drawn by popularity, and bundles do not change over the years."""
    for category in CATEGORIES:
        shopping = affinity.shopping(category=category)
        assert "no two of the 15 products compared" in shopping.verdict().sentences[0]
        assert shopping.hierarchy().pictures == ()
    assert not affinity.pairs().changed["has_drifted"].any()


def test_the_finest_level_that_fits_a_page_is_shown_unless_another_is_asked_for(affinity: AffinityMaterial) -> None:
    assert set(affinity.groups.values()) == set(CATEGORIES)
    coarse = AffinityMaterial(affinity.material, level="category_1")
    assert set(coarse.groups.values()) == {*DEPARTMENTS, "contracts"}
    assert set(coarse.shopping().crossed.categories) == set(DEPARTMENTS)
    with pytest.raises(ParameterError, match="category_1"):
        _ = AffinityMaterial(affinity.material, level="category").groups


def test_the_model_card_has_the_rules_which_make_no_score(affinity: AffinityMaterial) -> None:
    models = [row[0] for row in affinity.model_card().cells()]
    assert models == ["affinity.next_product", "affinity.rules"]


def test_next_products_are_those_of_the_delivered_file(affinity: AffinityMaterial) -> None:
    people, first = affinity.material.people, affinity.offers().first
    shown = people["next_product_1"].drop_nulls().value_counts().sort("next_product_1")
    refusing = people.filter(score_quality="refused_profiling")
    assert len(refusing)
    kept = affinity.material.folder / "scores" / str(affinity.material.as_of) / "next_products.parquet"
    assert kept.is_file()
    assert shown["count"].sum() == len(first)
    assert first["product_id"].value_counts().sort("product_id").rows() == shown.rows()


def test_a_company_without_the_models_has_a_page_that_states_it(
    affinity: AffinityMaterial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/empty.db")
    shutil.copy(affinity.material.folder.parents[1] / "mlruns" / "mlflow.db", tmp_path / "empty.db")
    bare = AffinityMaterial(replace(affinity.material, programme="other", folder=tmp_path, models={}))
    assert bare.pairs().headlines().sentences[0].startswith("No association rules have been learnt yet")
    assert bare.offers().headlines().sentences[0].startswith("No customer has a next product yet")
    assert bare.trust().verdict().sentences[0].startswith("Nothing shows yet how good the lists are")

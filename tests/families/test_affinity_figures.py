"""Figures of product affinity, with and without a holdout."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from model_checks import product_histories, receipts

from relkit.families.bindings import diagnostic_figures
from relkit.models.affinity.next_product import NextProduct
from relkit.models.affinity.rules import Rules

DAY = date(2025, 6, 30)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_rules_have_a_network_and_a_matrix(language: str) -> None:
    learnt, later = receipts()
    fitted = Rules(min_count=5).fit(learnt, as_of=DAY)
    figures = diagnostic_figures(fitted, learnt, outcomes=later, language=language)
    assert list(figures) == ["association_network", "lift_matrix"]
    assert {"c100", "c101"} <= {text.get_text() for text in figures["association_network"].axes[0].texts}


def test_rules_of_groups_or_without_a_pair_have_no_picture() -> None:
    learnt, _ = receipts()
    assert diagnostic_figures(Rules(min_count=5, by="channel_id").fit(learnt, as_of=DAY), learnt) == {}
    alone = pl.DataFrame({"products": [["a"], ["b"]]})
    assert diagnostic_figures(Rules(min_count=1).fit(alone, as_of=DAY), alone) == {}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_lists_are_judged_on_a_holdout_only(language: str) -> None:
    histories, later = product_histories()
    fitted = NextProduct(neighbours=20).fit(histories, as_of=DAY)
    figures = diagnostic_figures(fitted, histories, outcomes=later, language=language)
    assert list(figures) == ["list_recall", "list_calibration"]
    assert len(figures["list_recall"].axes) == 2  # all that was bought had been bought before, so there is no panel of new products
    assert diagnostic_figures(fitted, histories, language=language) == {}
    nobody = later.with_columns(next_products=pl.lit(None, later.schema["next_products"]))
    assert diagnostic_figures(fitted, histories, outcomes=nobody, language=language) == {}

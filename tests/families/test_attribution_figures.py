from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.families.bindings import diagnostic_figures
from relkit.models import catalogue

PATHS = pl.DataFrame({"channels": [["a", "b"], ["b"], ["a"]], "conversions": [5.0, 7.0, 2.0], "nulls": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    ("model", "settings", "figures"),
    [
        ("attribution.linear", {}, {"credit_shares"}),
        ("attribution.markov_removal", {}, {"credit_shares", "transition_map"}),
        ("attribution.markov_removal", {"order": 2}, {"credit_shares"}),
    ],
)
def test_models_are_drawn_with_their_runs(model: str, settings: dict, figures: set[str]) -> None:
    fitted = catalogue.make(model, settings).fit(PATHS, as_of=date(2025, 6, 30))
    drawn = diagnostic_figures(fitted, PATHS, language="fr")
    assert set(drawn) == figures
    label = catalogue.settings_class(model).label["fr"]
    assert label in drawn["credit_shares"].axes[0].get_title(loc="left")

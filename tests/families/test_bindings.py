"""Inputs of models, by reading."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.families.bindings import binding, inputs_of, reading_of
from relkit.models import catalogue
from relkit.models.survival.family import SNAPSHOTS, SPELLS


@pytest.mark.parametrize("name", catalogue.names())
def test_every_model_has_its_inputs(name: str) -> None:
    inputs = inputs_of(name)
    assert inputs.reading is catalogue.settings_class(name).reads
    assert set(catalogue.required_settings(name)) <= set(inputs.choices)
    assert set(inputs.declined) <= set(inputs.choices)


@pytest.mark.parametrize("family", catalogue.families())
def test_a_binding_lists_its_inputs_under_their_reading(family: str) -> None:
    assert all(inputs.reading is reading for reading, inputs in binding(family).inputs.items())
    assert inputs_of(family).reading is inputs_of(f"{family}.auto").reading is catalogue.family(family).reads


def test_the_binding_of_a_model_is_that_of_its_family() -> None:
    assert binding("lifetime_value.shifted_beta_geometric") is binding("lifetime_value")
    assert reading_of("lifetime_value.shifted_beta_geometric") is SPELLS
    assert SPELLS.instead is SNAPSHOTS


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"survivals.cox: unknown model family 'survivals'; did you mean 'survival'"):
        inputs_of("survivals.cox")


def test_what_is_chosen_suits_every_frame() -> None:
    inputs = inputs_of("survival.cox")
    one = pl.DataFrame({"monthly_amount": [1.0, 2.0, 4.0], "term_months": [12.0, 24.0, 12.0]})
    other = one.with_columns(term_months=pl.lit(12.0))
    assert inputs.chosen("covariates", one) == ("monthly_amount", "term_months")
    assert inputs.chosen("covariates", one, other) == ("monthly_amount",)

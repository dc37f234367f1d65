"""What each family reads."""

from __future__ import annotations

import polars as pl
import pytest
from relkit.jobs.model_inputs import AS_FAMILY, FAMILIES, inputs_of, read_settings, required_settings

from relkit.errors import ParameterError
from relkit.models import catalogue


def test_every_family_of_the_catalogue_has_its_inputs():
    assert set(catalogue.families()) <= set(FAMILIES)
    for name in catalogue.names():
        assert set(required_settings(name)) <= set(inputs_of(name).choices)


def test_only_known_models_read_what_another_family_does():
    assert set(AS_FAMILY) <= set(catalogue.names())
    assert set(AS_FAMILY.values()) <= set(FAMILIES)
    assert all(not name.startswith(f"{family}.") for name, family in AS_FAMILY.items())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_named_functions_exist(family):
    inputs = FAMILIES[family]
    for name in [inputs.learnt, inputs.outcomes, *([inputs.one_each] if inputs.one_each else []), *inputs.choices.values()]:
        assert callable(inputs._get(name))
    for module, name in inputs.declared.values():
        assert callable(inputs._get(name, module))
    if inputs.history:
        assert callable(inputs._get(inputs.history[1], inputs.history[0]))


def test_an_unknown_family_is_refused():
    with pytest.raises(ParameterError, match=r"survivals.cox: unknown model family 'survivals'; did you mean 'survival'"):
        inputs_of("survivals.cox")


def test_what_is_chosen_suits_every_frame():
    inputs = FAMILIES["survival"]
    one = pl.DataFrame({"monthly_amount": [1.0, 2.0, 4.0], "term_months": [12.0, 24.0, 12.0]})
    other = one.with_columns(term_months=pl.lit(12.0))
    assert inputs.chosen("covariates", one) == ("monthly_amount", "term_months")
    assert inputs.chosen("covariates", one, other) == ("monthly_amount",)


def test_lists_given_as_lists_stay():
    assert read_settings("survival.cox", {"covariates": ["a", "b"]}) == {"covariates": ["a", "b"]}
    assert read_settings("lifetime_value.bg_nbd", {"period_days": "1,5"}) == {"period_days": "1,5"}

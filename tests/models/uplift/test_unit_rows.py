"""Names that settings of models of effects may have."""

from __future__ import annotations

import pytest

from relkit.errors import ParameterError
from relkit.models.catalogue import make
from relkit.models.uplift.unit_rows import OWN


@pytest.mark.parametrize("name", [column.name for column in OWN])
def test_columns_of_the_draw_are_no_features(name: str) -> None:
    with pytest.raises(ParameterError, match=f"features: {name} states who was drawn"):
        make("uplift.s_learner", {"features": ["age", name]})


@pytest.mark.parametrize("setting", ["actions", "features"])
def test_a_name_that_comes_twice_is_refused(setting: str) -> None:
    with pytest.raises(ParameterError, match=f"{setting}: mail is named twice"):
        make("uplift.x_learner", {setting: ["mail", "sms", "mail"]})

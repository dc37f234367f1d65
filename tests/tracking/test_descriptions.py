"""What registered models and versions say of themselves."""

from __future__ import annotations

from relkit.models import catalogue
from relkit.tracking.descriptions import _METRICS, PURPOSES


def test_every_model_of_the_catalogue_has_its_sentence() -> None:
    assert set(PURPOSES) == set(catalogue.names())
    assert all(sentence.endswith(".") for sentence in PURPOSES.values())


def test_every_metric_that_versions_are_compared_by_is_explained() -> None:
    compared = {catalogue.settings_class(name).holdout_metric.name for name in catalogue.names()}
    assert compared <= set(_METRICS)

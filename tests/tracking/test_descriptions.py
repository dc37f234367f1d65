"""Descriptions of registered models and versions."""

from __future__ import annotations

from relkit.models import catalogue
from relkit.tracking.descriptions import _METRICS, model_description


def test_every_model_of_the_catalogue_has_its_sentence() -> None:
    for name in catalogue.names():
        purpose = catalogue.settings_class(name).purpose
        assert purpose.en.endswith(".")
        assert purpose.fr.endswith(".")
        assert model_description(name, "loyalty").startswith(purpose.en)


def test_every_metric_that_versions_are_compared_by_is_explained() -> None:
    compared = {catalogue.settings_class(name).holdout_metric.name for name in catalogue.names()}
    assert compared <= set(_METRICS)


def test_credit_is_no_score() -> None:
    ends = {name: model_description(name, "loyalty").split("loyalty. ")[1] for name in ("attribution.linear", "survival.cox")}
    assert ends["attribution.linear"] == "Channels are credited by the version aliased champion."
    assert ends["survival.cox"] == "Scores are made with the version aliased champion."

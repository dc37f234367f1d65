"""relkit models and relkit models promote."""

from __future__ import annotations

import json

import pytest

from relkit.errors import ParameterError
from relkit.jobs.fit_model import FitModel
from relkit.jobs.manage_models import ListModels, PromoteModel
from relkit.tracking import registry

BG_NBD = "lifetime_value.bg_nbd"

pytestmark = pytest.mark.usefixtures("plain_fits")


def promote(**given):
    job = PromoteModel.parse(model=BG_NBD, **given)
    job.verify()
    return job.run()


def test_an_empty_registry_says_how_to_fill_it(workplace):
    result = ListModels.parse().run()
    assert result.sentences == ("No model is registered yet. Run relkit fit lifetime_value.auto first.",)
    assert result.details == {"versions": []}


def test_all_versions_are_listed(fitted_workplace):
    result = ListModels.parse().run()
    assert result.counts == {"models": 4, "versions": 4}
    assert [v["name"] for v in result.details["versions"]] == sorted(v["name"] for v in result.details["versions"])
    value = registry.champion(BG_NBD).metric_value
    assert result.sentences[0] == (
        f"{BG_NBD} version 1 (champion): as of 2025-06-30, crps_repeat_purchases {value:.6g} on 2024-12-31 to 2025-06-30; first version."
    )
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


def test_one_model_is_listed_newest_first(fitted_workplace):
    FitModel.parse(model=BG_NBD, holdout_days=0).run()
    result = ListModels.parse(model=BG_NBD).run()
    newest, oldest = result.details["versions"]
    assert not newest["is_chosen"], "a model that was named was not chosen among others"
    assert (newest["version"], newest["aliases"], oldest["version"], oldest["aliases"]) == ("2", ("challenger",), "1", ("champion",))
    assert newest["as_of"] == "2025-06-30"
    assert result.sentences[0] == (
        f"{BG_NBD} version 2 (challenger): as of 2025-06-30, not judged on a holdout; "
        "without a holdout it cannot be compared with the champion."
    )


def test_an_unknown_model_is_refused(fitted_workplace):
    with pytest.raises(ParameterError, match=r"unknown registered model 'lifetime_value.bgnbd'; did you mean 'lifetime_value.bg_nbd'"):
        ListModels.parse(model="lifetime_value.bgnbd").run()


def test_a_version_is_promoted_with_its_reason(fitted_workplace):
    FitModel.parse(model=BG_NBD, holdout_days=0).run()
    result = promote(version=2, reason="agreed with finance")
    assert result.sentences == (f"{BG_NBD} version 2 is champion in place of version 1: agreed with finance. Run relkit score to use it.",)
    assert result.details["champion_before"] == "1"
    assert result.details["version"]["aliases"] == ("champion",)
    assert registry.champion_versions()[BG_NBD] == "2"


def test_promoting_the_champion_again_keeps_it(fitted_workplace):
    result = promote(version="1", reason="still the best")
    assert result.sentences == (f"{BG_NBD} version 1 is champion: still the best. Run relkit score to use it.",)


def test_a_reason_is_needed(fitted_workplace):
    with pytest.raises(ParameterError, match=r"models promote: a reason is needed; it is kept with the version. Give --reason"):
        promote(version="1")


def test_an_unknown_version_is_refused(fitted_workplace):
    with pytest.raises(ParameterError, match=r"unknown version '8'. Known: 1."):
        promote(version="8", reason="a try")


def test_a_command_below_another_is_suggested(capsys):
    from relkit.cli import run

    assert run(["models", "promot"]) == 2
    hint = "'promot' is one word too many; did you mean relkit models promote? relkit models --help lists what it takes."
    assert hint in capsys.readouterr().err

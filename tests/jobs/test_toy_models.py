"""A model is one file and a family one folder with its binding file: both go through every job, and nothing else names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
import toy_models

from relkit.errors import ParameterError
from relkit.jobs.build_features import BuildFeatures
from relkit.jobs.deliver_files import DeliverFiles
from relkit.jobs.fit_model import FitModel
from relkit.jobs.score_customers import ScoreCustomers
from relkit.models import catalogue
from relkit.tracking import registry, runs

if TYPE_CHECKING:
    from pathlib import Path

MODEL, MEMBER = "lifetime_value.steady_rate", "visits.came_back"


def description_of(name: str) -> str:
    with runs.connected() as client:
        return str(client.get_registered_model(registry.registered_name(name, "default")).description)


def test_one_file_makes_a_model(checked: Path, tmp_path: Path) -> None:
    """It is fitted, judged, registered, scored, delivered and documented."""
    with toy_models.toy_model(tmp_path):
        assert MODEL in catalogue.names()
        assert catalogue.models_of(catalogue.role_of(MODEL))[-1] == MODEL  # no order lists it, so it is tried last
        fit = FitModel.parse(model=MODEL).run()
        assert fit.metrics["mae_repeat_purchases"] > 0
        assert fit.details["alias"] == "champion"
        assert fit.parameters["rate_per_day"] > 0
        assert description_of(MODEL).startswith("Steady rate: orders ahead at the pace so far.")
        assert {"plots/purchases_by_frequency.png"} <= drawn(fit.details["run_id"])
        assert MODEL in ScoreCustomers.parse().run().details["models"]  # no other model of orders has a champion
        delivered = deliver()
        own = delivered["dictionary"].filter(pl.col("column") == "expected_orders_90d").row(0, named=True)
        assert (own["model"], own["model_version"]) == (MODEL, "1")
        assert delivered["file"]["expected_orders_90d"].null_count() < len(delivered["file"])
    assert MODEL not in catalogue.names()


def test_one_folder_and_its_binding_make_a_family(checked: Path, tmp_path: Path) -> None:
    """Its role has a score and a column of its own."""
    with toy_models.toy_family(tmp_path):
        assert catalogue.families()["visits"] == (MEMBER,)
        assert catalogue.family("visits").roles == (catalogue.role_of(MEMBER),)
        assert "visits.auto" not in catalogue.choices()  # it declares no comparison
        fit = FitModel.parse(model=MEMBER).run()
        assert 0 < fit.metrics["brier_of_return"] < 1
        assert "visitors as of" in fit.sentences[0]
        assert drawn(fit.details["run_id"]) == {"plots/chance_by_visits.png"}
        assert description_of(MEMBER).startswith("Came back: the chance of another visit.")
        scored = ScoreCustomers.parse().run()
        assert scored.details["models"] == {MEMBER: "1"}
        assert set(scored.counts["scores"]) >= {"return_chance"}
        delivered = deliver()
        assert delivered["file"]["return_chance"].drop_nulls().is_between(0, 1).all()
        own = delivered["dictionary"].filter(pl.col("column") == "return_chance").row(0, named=True)
        assert (own["model"], own["model_version"]) == (MEMBER, "1")
        assert (own["label_en"], own["label_fr"]) == ("Chance of another visit", "Chance d’une autre visite")
        assert own["null_means_en"] == "has never come"
    with pytest.raises(ParameterError, match="unknown model"):
        FitModel.parse(model=MEMBER).run()


def drawn(run_id: str) -> set[str]:
    with runs.connected() as client:
        return {found.path for found in client.list_artifacts(run_id, "plots")}


def deliver() -> dict[str, pl.DataFrame]:
    BuildFeatures.parse().run()
    ScoreCustomers.parse().run()
    paths = DeliverFiles.parse().run().paths
    return {"file": pl.read_parquet(paths["customers_scored"]), "dictionary": pl.read_csv(paths["data_dictionary_csv"])}

"""The score table and the margin ahead with each model of a group as champion."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from model_checks import case_of

from relkit.models import catalogue
from relkit.models.lifetime_value.family import EXPECTED_ORDERS, ORDERS
from relkit.models.survival.family import CONTRACTS
from relkit.scores.expected_margin import Ahead, contract_margins, purchase_margins
from relkit.scores.score_table import Source
from relkit.scores.scoring import scorable, score_model

DAY = date(2025, 6, 30)
TOLD = Source(model="m", version="1", trained_as_of=DAY)
AHEADS = (Ahead(24, 0.10), Ahead(24, 0.0), Ahead(None, 0.10))


WITHOUT_BOUNDS = ("survival.boosted_hazard",)
"""Trees have no standard error."""


def test_every_model_that_gives_a_score_may_be_behind_it() -> None:
    assert {name for role in catalogue.roles() for name in catalogue.models_of(role)} == set(catalogue.names())


def fitted(name: str) -> tuple:
    found = case_of(name)
    return found.model.fit(found.features, as_of=DAY), found.features


@pytest.mark.parametrize("name", catalogue.models_of(ORDERS))
def test_of_orders(name: str) -> None:
    model, features = fitted(name)
    features = features.with_columns(mean_repeat_value=pl.when(pl.col("repeat_purchases") > 0).then(10.0 + pl.int_range(pl.len()) % 37))
    value = catalogue.make("lifetime_value.gamma_gamma").fit(features, as_of=DAY)
    features = features.head(20)
    scores = score_model(model, features, kinds=ORDERS.scores, as_of=DAY, source=TOLD)
    # A naive rule has no parameters whose uncertainty would bound the forecast of a customer.
    is_bar = catalogue.settings_class(name).is_bar
    assert scores.of(EXPECTED_ORDERS.at(90))["lower"].null_count() == (len(features) if is_bar else 0)
    # Without end the sums are long, and a third of the customers shows as much.
    people = (features, features, features.gather_every(3))
    found = [purchase_margins(model, value, own, margin_rate=0.3, ahead=ahead) for own, ahead in zip(people, AHEADS, strict=True)]
    near, plain, endless = (frame["value"] for frame in found)
    assert (near <= plain).all()
    assert (near.gather_every(3) <= endless * (1 + 1e-9)).all()
    spread = found[0]["error"]
    assert spread.is_null().all() or (spread >= 0).all()


@pytest.mark.parametrize("name", catalogue.models_of(CONTRACTS))
def test_of_contracts(name: str) -> None:
    model, features = fitted(name)
    running, _ = scorable(features.filter(~pl.col("event")), model.needs)
    running = running.with_columns(customer_id=pl.format("c{}", pl.int_range(pl.len())))
    scores = score_model(model, running, kinds=CONTRACTS.scores, as_of=DAY, source=TOLD).frame
    with_bounds = name not in WITHOUT_BOUNDS
    assert scores["lower"].null_count() == (0 if with_bounds else len(scores))
    held = running.with_columns(contract_id="customer_id", margin_a_month=pl.lit(5.0))
    near, plain, endless = (contract_margins(model, held, ahead=ahead) for ahead in AHEADS)
    assert ((near["value"] <= plain["value"]) & (near["value"] <= endless["value"])).all()
    assert (plain["value"] <= 120.0).all()
    assert near["error"].null_count() == (0 if with_bounds else len(near))
    stays = model.survival_ahead(running, np.array([90.0]))[:, 0]
    churn = model.score(running, horizon_days=90)["churn_probability_90d"].to_numpy()
    assert 1 - stays == pytest.approx(churn, abs=1e-12)

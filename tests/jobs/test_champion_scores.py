"""Models tried in each role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.jobs.champion_scores import Champions
from relkit.models import catalogue
from relkit.models.lifetime_value.family import ORDER_VALUE, ORDERS
from relkit.models.survival.family import CONTRACTS
from relkit.tracking import registry

if TYPE_CHECKING:
    import pytest


def test_a_model_of_each_role_scores_and_those_that_were_chosen_are_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "chosen_models", lambda programme: ("lifetime_value.nbd",) if programme == "demo" else ())
    groups = {group.role.name: group for group in Champions(programme="demo").groups()}
    orders, value, contracts = (groups[role.name] for role in (ORDERS, ORDER_VALUE, CONTRACTS))
    assert list(groups) == [role.name for role in catalogue.roles() if role.scores]
    assert value.models == catalogue.models_of(ORDER_VALUE)
    assert orders.models[:2] == ("lifetime_value.nbd", "lifetime_value.bg_nbd")
    assert contracts.models == catalogue.models_of(CONTRACTS)
    others = Champions(programme="other").groups()
    assert next(group.first for group in others if group.role is ORDERS) == "lifetime_value.bg_nbd"


def test_models_that_are_named_score_each_in_its_role() -> None:
    groups = Champions(programme="demo", models=("survival.cox", "survival.kaplan_meier", "lifetime_value.shifted_beta_geometric")).groups()
    assert [group.models for group in groups] == [
        ("survival.cox",),
        ("survival.kaplan_meier",),
        ("lifetime_value.shifted_beta_geometric",),
    ]
    assert {group.role for group in groups} == {CONTRACTS}


def test_scores_of_all_roles_have_names_of_their_own() -> None:
    stems = [kind.stem for kind in catalogue.scores()]
    assert len(set(stems)) == len(stems)

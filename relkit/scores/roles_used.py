"""The roles that give scores to customers, and the models that play each: a seam that `relkit.models.roles` takes over."""

from __future__ import annotations

from dataclasses import dataclass

from relkit.errors import ParameterError
from relkit.score_kinds import ScoreKind

P_ALIVE = ScoreKind(stem="p_alive", high=1.0, applies_to="no_contract")
EXPECTED_ORDERS = ScoreKind(stem="expected_orders", horizon="days")
ORDER_PROBABILITY = ScoreKind(stem="order_probability", horizon="days", high=1.0)
EXPECTED_ORDER_VALUE = ScoreKind(stem="expected_order_value")
CHURN_PROBABILITY = ScoreKind(stem="churn_probability", horizon="days", high=1.0, applies_to="contract", by_reason=True)


@dataclass(frozen=True, kw_only=True)
class Role:
    """What the scores of a model are for.

    Attributes:
        name: of the role.
        scores: kinds of the scores that models of the role give.
        preferred: models in the order in which they are tried.
    """

    name: str
    scores: tuple[ScoreKind, ...]
    preferred: tuple[str, ...]


ORDERS = Role(
    name="orders",
    scores=(P_ALIVE, EXPECTED_ORDERS, ORDER_PROBABILITY),
    preferred=(
        "lifetime_value.bg_nbd",
        "lifetime_value.pareto_nbd",
        "lifetime_value.mbg_nbd",
        "lifetime_value.nbd",
        "lifetime_value.mbg_cnbd_k",
        "lifetime_value.bg_bb",
        "lifetime_value.time_varying_pareto_nbd",
    ),
)
ORDER_VALUE = Role(name="order_value", scores=(EXPECTED_ORDER_VALUE,), preferred=("lifetime_value.gamma_gamma",))
CONTRACTS = Role(
    name="contracts",
    scores=(CHURN_PROBABILITY,),
    preferred=(
        "survival.cox",
        "survival.cox_time_varying",
        "survival.discrete_hazard",
        "survival.discrete_competing_risks",
        "survival.cause_specific_cox",
        "survival.fine_gray",
        "survival.boosted_hazard",
        "survival.kaplan_meier",
        "survival.weibull_aft",
        "survival.log_normal_aft",
        "survival.log_logistic_aft",
        "survival.piecewise_exponential",
        "survival.mixture_cure",
        "lifetime_value.shifted_beta_geometric",
        "lifetime_value.beta_discrete_weibull",
    ),
)
ROLES = (ORDERS, ORDER_VALUE, CONTRACTS)
_STEPPED = ("survival.cox", "survival.cox_time_varying", "survival.cause_specific_cox", "survival.fine_gray", "survival.kaplan_meier")


def models_of(role: Role) -> tuple[str, ...]:
    """Return the models that play a role, in the order in which they are tried."""
    return role.preferred


def role_of(model: str) -> Role:
    """Return the role of a model."""
    found = next((role for role in ROLES if model in role.preferred), None)
    if found is None:
        raise ParameterError.unknown("model", model, [name for role in ROLES for name in role.preferred], where="score")
    return found


def is_stepped(model: str) -> bool:
    """Return whether the curve of a model falls only at the ages at which an end was observed."""
    return model in _STEPPED

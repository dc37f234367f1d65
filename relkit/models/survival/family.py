"""Life of contracts: the role of its models, the tables they read, and their comparison."""

from __future__ import annotations

from typing import Any

from relkit.models.roles import ComparisonTexts, Family, Reading, Role
from relkit.models.survival.columns import CONTRACTS_COLUMNS
from relkit.models.survival.comparison import YARDSTICK, compare_models
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

SNAPSHOTS = Reading("snapshots", table="customer_snapshots")
SNAPSHOT_VERSIONS = Reading("snapshot_versions", table="customer_snapshots", unit="periods of customers")
SPELLS = Reading("spells", table="contracts", unit="contracts", instead=SNAPSHOTS)
CONTRACT_VERSIONS = Reading("contract_versions", table="contracts", unit="periods of contracts", instead=SNAPSHOT_VERSIONS)

CHURN_PROBABILITY = ScoreKind(stem="churn_probability", horizon="days", high=1.0, applies_to="contract", by_reason=True)

CONTRACTS = Role(
    name="contracts",
    label=Text("contracts", "contrats"),
    scores=(CHURN_PROBABILITY,),
    columns=CONTRACTS_COLUMNS,
    preferred=(
        "cox",
        "cox_time_varying",
        "discrete_hazard",
        "discrete_competing_risks",
        "cause_specific_cox",
        "fine_gray",
        "boosted_hazard",
        "kaplan_meier",
        "weibull_aft",
        "log_normal_aft",
        "log_logistic_aft",
        "piecewise_exponential",
        "mixture_cure",
        "lifelines",
        "shifted_beta_geometric",
        "beta_discrete_weibull",
    ),
)
CHECKED_COVARIATES: dict[str, Any] = {"covariates": ("pays_by_direct_debit", "monthly_amount")}
"""Settings with which the checks build a regression."""

FAMILY = Family(
    name="survival",
    label=Text("Life of contracts", "Durée des contrats"),
    roles=(CONTRACTS,),
    reads=SPELLS,
    compared=CONTRACTS,
    yardstick=YARDSTICK,
    compare=compare_models,
    judged_customers=15_000,
    texts=ComparisonTexts(
        groups=(
            Text("Which contracts went on to end", "Les contrats qui ont pris fin"),
            Text(
                "Tenth by risk (mean of the models), 1 = most at risk",
                "Dixième par risque (moyenne des modèles), 1 = plus exposé",
            ),
            Text("Ended in the holdout", "Terminés en période de test"),
        ),
        course=(
            Text("Ends in the holdout", "Fins en période de test"),
            Text("Contracts ended, cumulated", "Contrats terminés, cumulés"),
        ),
        is_share=True,
        measures={
            "integrated_brier_score": Text(
                "Integrated Brier score, over all days (0 = perfect)", "Score de Brier intégré, sur tous les jours (0 = parfait)"
            ),
            "brier_score": Text("Brier score on the last day (0 = perfect)", "Score de Brier au dernier jour (0 = parfait)"),
            "total_ratio": Text("Expected over seen (1 = right)", "Attendu sur constaté (1 = juste)"),
            "log_score": Text("Log-score (higher is better)", "Score logarithmique (plus haut = meilleur)"),
            "uno_c": Text("Right order (1 = always, 0.5 = chance)", "Ordre juste (1 = toujours, 0,5 = hasard)"),
            "ici": Text("Mean error of the probability", "Erreur moyenne de la probabilité"),
        },
    ),
)

"""Customer value family: the roles of its models, what they read, and how models of orders are compared."""

from __future__ import annotations

from relkit.models.lifetime_value.columns import ORDER_VALUE_COLUMNS, ORDERS_COLUMNS
from relkit.models.lifetime_value.comparison import YARDSTICK, compare_models, compare_origins
from relkit.models.roles import ComparisonTexts, Family, Reading, Role
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

SUMMARIES = Reading("purchases", table="transactions")
HISTORIES = Reading("purchase_histories", table="transactions")

P_ALIVE = ScoreKind(stem="p_alive", high=1.0, applies_to="no_contract")
EXPECTED_ORDERS = ScoreKind(stem="expected_orders", horizon="days")
ORDER_PROBABILITY = ScoreKind(stem="order_probability", horizon="days", high=1.0)
EXPECTED_ORDER_VALUE = ScoreKind(stem="expected_order_value")

ORDERS = Role(
    name="orders",
    label=Text("orders", "commandes"),
    scores=(P_ALIVE, EXPECTED_ORDERS, ORDER_PROBABILITY),
    columns=ORDERS_COLUMNS,
    preferred=(
        *("bg_nbd", "pareto_nbd", "mbg_nbd", "nbd", "mbg_cnbd_k", "bg_bb", "time_varying_pareto_nbd"),
        *("pooled", "same_again", "zero_truncated_nbd"),
    ),
)
ORDER_VALUE = Role(
    name="order values",
    label=Text("order values", "valeurs de commande"),
    scores=(EXPECTED_ORDER_VALUE,),
    columns=ORDER_VALUE_COLUMNS,
)

FAMILY = Family(
    name="lifetime_value",
    label=Text("Customer value", "Valeur client"),
    roles=(ORDERS, ORDER_VALUE),
    reads=SUMMARIES,
    compared=ORDERS,
    yardstick=YARDSTICK,
    compare=compare_models,
    compare_origins=compare_origins,
    judged_customers=10_000,
    texts=ComparisonTexts(
        groups=(
            Text("What customers went on to buy", "Ce que les clients ont acheté ensuite"),
            Text("Repeat purchases before the holdout", "Réachats avant la période de test"),
            Text("Purchases in the holdout, mean", "Achats en période de test, moyenne"),
        ),
        course=(
            Text("Repeat purchases since the start", "Réachats depuis le début"),
            Text("Repeat purchases, cumulated", "Réachats cumulés"),
        ),
        measures={
            "log_score": Text("Log-score (higher is better)", "Score logarithmique (plus haut = meilleur)"),
            "crps": Text("Error of the distribution, in orders (CRPS)", "Erreur de la distribution, en commandes (CRPS)"),
            "mae_of_median": Text("Mean error of the median", "Erreur moyenne de la médiane"),
            "rmse": Text("Root mean squared error", "Erreur quadratique moyenne (racine)"),
            "total_ratio": Text("Expected over seen (1 = right)", "Attendu sur constaté (1 = juste)"),
            "normalised_gini": Text("Ranking (1 = like the truth, 0 = chance)", "Classement (1 = parfait, 0 = hasard)"),
        },
        rule=Text(
            "Means over the past dates at which the models were judged; in brackets 95% of what other samples would give. "
            "The pooled forecast is taken unless another model has a clearly better log-score and is clearly worse neither on the CRPS nor "
            "on the total. Without it the best log-score is taken, unless another model is clearly better on CRPS or total and worse on "
            "nothing. Naive rules are bars that models have to beat, and are not taken.",
            "Moyennes sur les dates passées où les modèles ont été jugés ; entre parenthèses, 95\u00a0% de ce que donneraient d’autres "
            "échantillons. La prévision combinée est retenue, sauf si un autre modèle a un score logarithmique nettement "
            "meilleur sans être nettement moins bon sur le CRPS ni sur le total. À défaut, le meilleur score logarithmique l’emporte, sauf "
            "si un autre modèle est nettement meilleur sur le CRPS ou le total et moins bon sur rien. Les règles simples sont des repères "
            "que les modèles doivent battre ; elles ne sont jamais retenues.",
        ),
    ),
)

"""The columns of a delivered file that show the scores of this family's models, by the role of the model."""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.texts import Text

NO_PURCHASE = Text("never bought, or not scored: see the quality of the scores", "aucun achat, ou sans score : voir la qualité des scores")
NO_P_ALIVE = Text(
    "too early to tell, never bought, under contract, or not scored: see the quality of the scores",
    "trop tôt pour le dire, aucun achat, sous contrat, ou sans score : voir la qualité des scores",
)

ORDERS_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="p_alive",
        dtype=pl.Float64,
        label=Text("Probability of still buying", "Probabilité d'être encore acheteur"),
        meaning=Text(
            "Probability that the customer has not stopped buying (purchases without a contract). Empty where it is too early"
            " to tell: with the model used, this customer's purchases do not yet say whether they stopped. An empty cell "
            "never means active.",
            "Probabilité que le client n'ait pas cessé d'acheter (achats hors contrat). Vide quand il est trop tôt pour le "
            "dire : avec le modèle utilisé, ses achats ne disent pas encore s'il a cessé. Une cellule vide ne signifie jamais"
            " actif.",
        ),
        null_means=NO_P_ALIVE,
        kind="score",
        score="p_alive",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="order_probability_{h}d",
        dtype=pl.Float64,
        label=Text("Probability of an order within {h} days", "Probabilité de commande sous {h} jours"),
        meaning=Text(
            "Probability of at least one order in the {h} days after the as-of date, contract or not; calibrated on what "
            "customers did in the last days known, where the model could be tested on them. Filter on it to find the "
            "customers who still buy.",
            "Probabilité d'au moins une commande dans les {h} jours suivant la date de situation, avec ou sans contrat ; "
            "calée sur ce que les clients ont fait dans les derniers jours connus, si le modèle a pu y être éprouvé. À "
            "filtrer pour trouver qui achète encore.",
        ),
        null_means=NO_PURCHASE,
        kind="score",
        score="order_probability_{h}d",
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    ),
    FileColumn(
        name="expected_orders_{h}d",
        dtype=pl.Float64,
        label=Text("Expected orders, next {h} days", "Commandes attendues sur {h} jours"),
        meaning=Text(
            "Expected number of orders in the {h} days after the as-of date.",
            "Nombre de commandes attendu dans les {h} jours qui suivent la date de situation.",
        ),
        null_means=NO_PURCHASE,
        kind="score",
        score="expected_orders_{h}d",
        unit="orders",
        low=0,
        decimals=4,
    ),
)
"""Columns of the scores of models of orders."""

ORDER_VALUE_COLUMNS: tuple[FileColumn, ...] = (
    FileColumn(
        name="expected_order_value_{cur}",
        dtype=pl.Float64,
        label=Text("Expected value of an order ({CUR})", "Valeur attendue d'une commande ({CUR})"),
        meaning=Text(
            "Expected amount of the customer's next order, before returns.",
            "Montant attendu de la prochaine commande du client, avant retours.",
        ),
        null_means=NO_PURCHASE,
        kind="score",
        score="expected_order_value",
        unit="{CUR}",
        low=0,
        decimals=2,
    ),
)
"""Columns of the scores of models of order value."""

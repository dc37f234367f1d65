"""Affinity family: the roles of its models and what they read."""

from __future__ import annotations

from relkit.models.affinity.columns import NEXT_PRODUCTS_COLUMNS
from relkit.models.affinity.propensity_columns import PROPENSITY_COLUMNS
from relkit.models.roles import Family, Reading, Role
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

RECEIPTS = Reading("receipts", table="transactions", unit="baskets")
PRODUCT_HISTORIES = Reading("product_histories", table="transactions")
OUTCOMES_OF_SNAPSHOTS = Reading("outcomes_of_snapshots", table="customer_snapshots")
PRODUCTS_BOUGHT = Reading("products_bought", table="transactions", instead=OUTCOMES_OF_SNAPSHOTS)
CONTRACTS_TAKEN = Reading("contracts_taken", table="contracts", unit="customers", instead=PRODUCTS_BOUGHT)

NEXT_PRODUCT_PROBABILITY = ScoreKind(stem="next_product_probability", high=1.0)
PROPENSITY = ScoreKind(stem="propensity", horizon="days", high=1.0, by_subject=True)

ASSOCIATIONS = Role(name="associations", label=Text("associations of products", "associations de produits"))
NEXT_PRODUCTS = Role(
    name="next products",
    label=Text("next products", "prochains produits"),
    scores=(NEXT_PRODUCT_PROBABILITY,),
    columns=NEXT_PRODUCTS_COLUMNS,
)
PROPENSITIES = Role(name="propensities", label=Text("propensities", "appétences"), scores=(PROPENSITY,), columns=PROPENSITY_COLUMNS)

FAMILY = Family(
    name="affinity",
    label=Text("Product affinity", "Affinités produits"),
    roles=(ASSOCIATIONS, NEXT_PRODUCTS, PROPENSITIES),
    reads=RECEIPTS,
)

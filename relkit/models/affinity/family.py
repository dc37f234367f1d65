"""Affinity family: the roles of its models and what they read."""

from __future__ import annotations

from relkit.models.affinity.columns import NEXT_PRODUCTS_COLUMNS
from relkit.models.roles import Family, Reading, Role
from relkit.score_kinds import ScoreKind
from relkit.texts import Text

RECEIPTS = Reading("receipts", table="transactions", unit="baskets")
PRODUCT_HISTORIES = Reading("product_histories", table="transactions")

NEXT_PRODUCT_PROBABILITY = ScoreKind(stem="next_product_probability", high=1.0)

ASSOCIATIONS = Role(name="associations", label=Text("associations of products", "associations de produits"))
NEXT_PRODUCTS = Role(
    name="next products",
    label=Text("next products", "prochains produits"),
    scores=(NEXT_PRODUCT_PROBABILITY,),
    columns=NEXT_PRODUCTS_COLUMNS,
)

FAMILY = Family(
    name="affinity",
    label=Text("Product affinity", "Affinités produits"),
    roles=(ASSOCIATIONS, NEXT_PRODUCTS),
    reads=RECEIPTS,
)

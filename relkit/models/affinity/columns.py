"""The columns of a delivered file that show the scores of this family's models, by the role of the model."""

from __future__ import annotations

import polars as pl

from relkit.file_column import FileColumn
from relkit.texts import Text

MOST = 3
"""Number of next products in a delivered file."""

NO_NEXT_PRODUCT = Text(
    "fewer products to recommend, protected from any contact, or not scored: see the quality of the scores",
    "moins de produits à recommander, client protégé de tout contact, ou sans score : voir la qualité des scores",
)
_NO_MARGIN = Text(
    "no such product (see the column of the product), or its margin is unknown",
    "pas de produit (voir la colonne du produit), ou marge du produit inconnue",
)


_SCORE = "next_product_probability"
"""The score on which all these columns rest."""


def _product(k: int) -> FileColumn:
    """Return the column of the k-th next product."""
    return FileColumn(
        name=f"next_product_{k}",
        dtype=pl.String,
        label=Text(f"Next product, {k}", f"Prochain produit, {k}"),
        meaning=Text(
            "Product that the customer is most likely to have in the next basket, 1 first; without those discontinued or out of stock.",
            "Produit que le client a le plus de chances d'avoir dans son prochain panier, 1 d'abord ; sans ceux qui sont retirés de la "
            "vente ou en rupture.",
        ),
        null_means=NO_NEXT_PRODUCT,
        kind="delivery",
        score=_SCORE,
        allowed=Text("ids of products; their names where words are shown", "identifiants de produits ; leurs noms là où sont les mots"),
    )


def _probability(k: int) -> FileColumn:
    """Return the column of its probability."""
    return FileColumn(
        name=f"next_product_probability_{k}",
        dtype=pl.Float64,
        label=Text(f"Probability of next product {k}", f"Probabilité du prochain produit {k}"),
        meaning=Text(
            "Probability that the product is in the customer's next basket, if there is a next one.",
            "Probabilité que le produit soit dans le prochain panier du client, s'il y en a un.",
        ),
        null_means=NO_NEXT_PRODUCT,
        kind="score" if k == 1 else "delivery",
        score=_SCORE,
        unit="probability",
        low=0,
        high=1,
        decimals=4,
    )


def _margin(k: int) -> FileColumn:
    """Return the column of its expected margin."""
    return FileColumn(
        name=f"next_product_margin_{{cur}}_{k}",
        dtype=pl.Float64,
        label=Text(f"Expected margin of next product {k} ({{CUR}})", f"Marge attendue du prochain produit {k} ({{CUR}})"),
        meaning=Text(
            "Margin of this product in the next basket: its probability, by its margin per unit, by the usual quantity, less expected "
            "returns. With or without an action: it is not the effect of an offer.",
            "Marge de ce produit dans le prochain panier : sa probabilité, par sa marge unitaire, par la quantité habituelle, moins "
            "les retours attendus. Avec ou sans action : ce n'est pas l'effet d'une offre.",
        ),
        null_means=_NO_MARGIN,
        kind="delivery",
        score=_SCORE,
        unit="{CUR}",
        decimals=2,
    )


def _reason(k: int) -> FileColumn:
    """Return the column of its reason."""
    return FileColumn(
        name=f"next_product_reason_{k}",
        dtype=pl.String,
        label=Text(f"Reason for next product {k}", f"Motif du prochain produit {k}"),
        meaning=Text(
            "Why this product is recommended, in words for the customer; after = the product bought that leads to it.",
            "Pourquoi ce produit est recommandé, en mots pour le client ; après =, le produit acheté qui y conduit.",
        ),
        null_means=NO_NEXT_PRODUCT,
        kind="delivery",
        score=_SCORE,
        allowed=Text(
            "habit = bought before; due_again = time to buy it again; bought_together=<product> = goes with that product; "
            "category = similar products are bought; popular = many customers buy it",
            "habit = déjà acheté ; due_again = temps d'en racheter ; bought_together=<produit> = va avec ce produit ; "
            "category = achats de produits semblables ; popular = beaucoup de clients l'achètent",
        ),
    )


NEXT_PRODUCTS_COLUMNS: tuple[FileColumn, ...] = tuple(
    column(k) for k in range(1, MOST + 1) for column in (_product, _probability, _margin, _reason)
)
"""Columns that models of next products give."""

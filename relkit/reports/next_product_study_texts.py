"""Texts of the study of next products on public data, in English and French."""

from __future__ import annotations

from relkit.texts import Text

COMPANIES: dict[str, Text] = {
    "completejourney": Text("groceries", "alimentaire"),
    "online_retail": Text("gifts", "cadeaux"),
}
"""The Complete Journey and Online Retail, by what they sell."""
LEVELS: dict[str, Text] = {
    "product": Text("by product", "par produit"),
    "product_type": Text("by category", "par catégorie"),
}
SPLITS: dict[str, Text] = {
    "last_basket": Text("last\u00a0basket", "dernier\u00a0panier"),
    "cut_date": Text("cut\u00a0date", "date de\u00a0coupure"),
}
TEXTS: dict[str, Text] = {
    "absent": Text(
        "There is no table to show. `{command}` makes it, where the public data sets are at hand.",
        "Il n’y a pas de tableau à montrer. `{command}` le produit, là où les jeux de données publics sont présents.",
    ),
    "in_recall": Text("Share of the next basket found", "Part du panier suivant retrouvée"),
    "in_ndcg": Text("Order of the list (NDCG)", "Ordre de la liste (NDCG)"),
    "always": Text(
        "{measure}: the model is above the customers’ own favourites in all {all} comparisons; no interval includes 0.",
        "{measure} : le modèle fait mieux que les favoris du client dans les {all} comparaisons ; aucun intervalle ne contient 0.",
    ),
    "sometimes": Text(
        "{measure}, model against the customers’ own favourites, {all} comparisons: above in {above}, below in {below}, within chance in "
        "{level}.",
        "{measure}, modèle face aux favoris du client, {all} comparaisons : au-dessus dans {above}, au-dessous dans {below}, dans les "
        "limites du hasard dans {level}.",
    ),
    "held": Text(
        "The model’s first {k} products hold {model} of the next basket, the customers’ own favourites {personal}.",
        "Les {k} premiers produits du modèle contiennent {model} du panier suivant ; les favoris du client, {personal}.",
    ),
    "found_repeat": Text(
        "Of the products bought before, the model finds {model}, own favourites {personal}, best-sellers {global}.",
        "Des produits déjà achetés, le modèle retrouve {model}, les favoris {personal}, les meilleures ventes {global}.",
    ),
    "found_explore": Text(
        "Of the products new to the customer, the model finds {model}, own favourites {personal}, best-sellers {global}.",
        "Des produits nouveaux pour le client, le modèle retrouve {model}, les favoris {personal}, les meilleures ventes {global}.",
    ),
    "from_to": Text("{low} to {high}", "de {low} à {high}"),
    "comparison": Text("Comparison", "Comparaison"),
    "model": Text("Next-product model", "Modèle de prochain produit"),
    "personal": Text("Own favourites, then best-sellers", "Favoris du client, puis meilleures ventes"),
    "global": Text("Best-sellers", "Meilleures ventes"),
    "points": Text("Model less own favourites, percentage points", "Modèle moins favoris du client, en points de pourcentage"),
    "less": Text("Model less own favourites", "Modèle moins favoris du client"),
    "interval": Text("{difference} ({lower} to {upper})", "{difference} (de {lower} à {upper})"),
    "intervals": Text(
        "Intervals of {level}, over {replicates} paired resamples of the customers judged.",
        "Intervalles à {level}, sur {replicates} rééchantillons appariés des clients jugés.",
    ),
    "c_gap": Text(
        "Right of 0, the model is better. A bar across 0: within chance.",
        "À droite de 0, le modèle fait mieux. Un trait qui croise 0 : dans les limites du hasard.",
    ),
    "worse": Text("worse", "moins bon"),
    "better": Text("better", "meilleur"),
    "t_recall": Text("Share of the next basket among the first {k}", "Part du panier suivant parmi les {k} premiers"),
    "t_ndcg": Text("Order of the first {k} (NDCG, 1 = perfect)", "Ordre des {k} premiers (NDCG, 1 = parfait)"),
    "t_recall_repeat": Text("Products bought before: share found", "Produits déjà achetés : part retrouvée"),
    "t_recall_explore": Text("Products new to the customer: share found", "Produits nouveaux : part retrouvée"),
    "circumstances": Text("What was compared", "Ce qui a été comparé"),
    "customers": Text("Customers judged", "Clients jugés"),
    "products": Text("Products ranked", "Produits classés"),
    "bought": Text("Products in the next basket, mean", "Produits du panier suivant, moyenne"),
    "repeat_share": Text("Of them bought before", "Dont déjà achetés"),
    "made": Text("Measured on {day}, with {versions}.", "Mesuré le {day}, avec {versions}."),
}

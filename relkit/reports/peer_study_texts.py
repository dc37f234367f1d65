"""Texts of the study of our models next to others, in English and French."""

from __future__ import annotations

from relkit.texts import Text

NAMES: dict[str, Text] = {
    "survival.kaplan_meier": Text("Kaplan-Meier (nothing known of customers)", "Kaplan-Meier (rien n’est su des clients)"),
    "survival.auto": Text("chosen by relkit", "choisi par relkit"),
    "lifelines Cox": Text("Cox (lifelines)", "Cox (lifelines)"),
    "scikit-survival forest": Text("random survival forest (scikit-survival)", "forêt aléatoire de survie (scikit-survival)"),
    "scikit-survival boosting": Text("gradient boosting (scikit-survival)", "boosting de gradient (scikit-survival)"),
}
"""Names that differ from the catalogue's or are missing there; the other models have their own labels."""
TEXTS: dict[str, Text] = {
    "absent": Text(
        "There is no table to show. `{command}` makes it, where the public data sets are at hand.",
        "Il n’y a pas de tableau à montrer. `{command}` le produit, là où les jeux de données publics sont présents.",
    ),
    "v_concordance": Text(
        "Who leaves first: the best of ours is “{ours}” with a concordance of {own}, the best of the others "
        "“{theirs}” with {other}; difference {gap}.",
        "Qui part en premier : notre meilleur modèle est « {ours} », avec une concordance de {own} ; le "
        "meilleur des autres, « {theirs} », avec {other} ; écart {gap}.",
    ),
    "v_integrated_brier_score": Text(
        "How likely, by when: the best of ours is “{ours}” with an integrated Brier score of {own}, the "
        "best of the others “{theirs}” with {other}; difference {gap}.",
        "Avec quelle probabilité, et quand : notre meilleur modèle est « {ours} », avec un score de Brier "
        "intégré de {own} ; le meilleur des autres, « {theirs} », avec {other} ; écart {gap}.",
    ),
    "level": Text("They are level: the interval holds 0.", "Ils sont à égalité : l’intervalle contient 0."),
    "better": Text("Ours is better.", "Le nôtre est meilleur."),
    "worse": Text("Ours is worse.", "Le nôtre est moins bon."),
    "time": Text(
        "The slowest of ours takes {relkit_most} seconds to learn and to forecast, the slowest of the others {peer_most}.",
        "Le plus lent des nôtres met {relkit_most} secondes à apprendre et à prévoir, le plus lent des autres {peer_most}.",
    ),
    "relkit": Text("relkit", "relkit"),
    "peer": Text("other", "autre"),
    "model": Text("Model", "Modèle"),
    "maker": Text("Of", "De"),
    "concordance": Text("Concordance (1 = perfect order)", "Concordance (1 = ordre parfait)"),
    "concordance_gap": Text("Concordance less that of the best of the others", "Concordance moins celle du meilleur des autres"),
    "integrated_brier_score": Text("Integrated Brier score (0 = perfect)", "Score de Brier intégré (0 = parfait)"),
    "integrated_brier_score_gap": Text(
        "Integrated Brier score less that of the best of the others", "Score de Brier intégré moins celui du meilleur des autres"
    ),
    "seconds": Text("Seconds of CPU", "Secondes de calcul"),
    "table": Text("All models, the least error first", "Tous les modèles, la plus petite erreur d’abord"),
    "intervals": Text(
        "Intervals of {level} over {resamples} resamples of the customers judged, the same for all models.",
        "Intervalles à {level} sur {resamples} rééchantillons des clients jugés, les mêmes pour tous les modèles.",
    ),
    "time_note": Text("Learning and forecasting, on one core.", "Apprentissage et prévision, sur un cœur."),
    "t_concordance": Text("Who leaves first", "Qui part en premier"),
    "t_concordance_gap": Text("The same, less the best of the others", "De même, moins le meilleur des autres"),
    "t_integrated_brier_score": Text("How likely, by when", "Avec quelle probabilité, et quand"),
    "t_integrated_brier_score_gap": Text("The same, less the best of the others", "De même, moins le meilleur des autres"),
    "c_concordance": Text(
        "Of two customers, how often the one who left first had been given the higher risk. Grey: other programs.",
        "De deux clients, combien de fois celui qui est parti le premier avait reçu le risque le plus élevé. "
        "En gris : les autres programmes.",
    ),
    "c_integrated_brier_score": Text(
        "Mean squared error of the probability to be still there, over all months. Grey: other programs.",
        "Erreur quadratique moyenne de la probabilité d’être encore là, sur tous les mois. En gris : les autres programmes.",
    ),
    "c_gap": Text(
        "Differences are over the same resamples, so they tell more than the overlap of the bars above. "
        "A bar across 0: level with the best of the others.",
        "Les écarts portent sur les mêmes rééchantillons : ils en disent plus que le recouvrement des traits du dessus. "
        "Un trait qui croise 0 : à égalité avec le meilleur des autres.",
    ),
    "lower_c": Text("worse", "moins bon"),
    "higher_c": Text("better", "meilleur"),
    "lower_error": Text("better", "meilleur"),
    "higher_error": Text("worse", "moins bon"),
    "circumstances": Text("What was measured, when and with what", "Ce qui a été mesuré, quand et avec quoi"),
    "what": Text("What", "Quoi"),
    "value": Text("Value", "Valeur"),
    "measured_on": Text("Measured on", "Mesuré le"),
    "customers_learnt": Text("Customers learnt from", "Clients dont on a appris"),
    "customers_judged": Text("Customers judged", "Clients jugés"),
    "columns": Text("Columns, categories as 0 and 1", "Colonnes, catégories en 0 et 1"),
    "months": Text("Months of the error", "Mois de l’erreur"),
    "from_to": Text("{first} to {last}", "{first} à {last}"),
}

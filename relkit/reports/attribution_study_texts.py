"""Texts of the study of models of attribution in a world whose channels cause sales, in English and French."""

from __future__ import annotations

from relkit.texts import Text

CHANNELS: dict[str, Text] = {
    "search": Text("search", "recherche payante"),
    "display": Text("display", "bannières"),
    "video": Text("video", "vidéo"),
    "email": Text("e-mail", "e-mail"),
    "retargeting": Text("retargeting", "reciblage"),
    "affiliate": Text("affiliates", "affiliation"),
    "direct": Text("direct visits", "visites directes"),
}
WORLDS: dict[str, Text] = {
    "targeted": Text("all visits recorded", "toutes les visites connues"),
    "hidden": Text("half of the visits unseen", "la moitié des visites inconnue"),
}
"""Worlds by how much of what drives both touches and orders is in the data."""
TEXTS: dict[str, Text] = {
    "absent": Text("There is no table to show. `{command}` makes it.", "Il n’y a pas de tableau à montrer. `{command}` le produit."),
    "nearest": Text(
        "Nearest to the truth: {model}. Its shares of channels are {error} points off on average, over {companies} simulated companies; "
        "those of the next best, {next}, {next_error} points.",
        "Le plus proche de la vérité : {model}. Ses parts de canaux s’écartent en moyenne de {error} points, sur {companies} entreprises "
        "simulées ; celles du suivant, {next}, de {next_error} points.",
    ),
    "judged": Text(
        "Beyond the 95% interval, the {judged} model errs less than {below} of the {all} others and more than {above}.",
        "Au-delà de l’intervalle à 95\u00a0%, le modèle {judged} se trompe moins que {below} des {all} autres et plus que {above}.",
    ),
    "hidden": Text(
        "Where half of the visits leave no trace, its error is {error} points, and that of the best of the others, {next}, {next_error}: "
        "what drives touches and orders alike has to be in the data, or be tested.",
        "Quand la moitié des visites ne laisse pas de trace, son erreur est de {error} points, et celle du meilleur des autres, {next}, de "
        "{next_error} : ce qui entraîne à la fois contacts et commandes doit être dans les données, ou être testé.",
    ),
    "covered": Text(
        "Its {level} intervals contain the truth in {inside} of {pairs} cases ({companies} companies, {channels} channels; 95% interval "
        "{lower} to {upper}).",
        "Ses intervalles à {level} contiennent la vérité dans {inside} des {pairs} cas ({companies} entreprises, {channels} canaux ; "
        "intervalle à 95\u00a0% : de {lower} à {upper}).",
    ),
    "null": Text(
        "Where no channel has any effect, they contain zero in {inside} of {pairs} cases.",
        "Quand aucun canal n’a d’effet, ils contiennent zéro dans {inside} des {pairs} cas.",
    ),
    "lift_better": Text(
        "Lift tests of {channels} lower the error of the shares ({world}): {difference} points ({lower} to {upper}).",
        "Des tests d’incrémentalité ({channels}) réduisent l’erreur des parts ({world}) : {difference} point (de {lower} à {upper}).",
    ),
    "lift_worse": Text(
        "Lift tests of {channels} raise the error of the shares ({world}): {difference} points ({lower} to {upper}).",
        "Des tests d’incrémentalité ({channels}) augmentent l’erreur des parts ({world}) : {difference} point (de {lower} à {upper}).",
    ),
    "lift_level": Text(
        "Lift tests of {channels} do not move the error of the shares beyond chance ({world}): {difference} points ({lower} to {upper}).",
        "Des tests d’incrémentalité ({channels}) ne changent pas l’erreur des parts au-delà du hasard ({world}) : {difference} point "
        "(de {lower} à {upper}).",
    ),
    "model": Text("Model", "Modèle"),
    "share": Text("Error of shares, points", "Erreur des parts, points"),
    "paid_share": Text("Without direct visits, points", "Sans visites directes, points"),
    "conversions": Text("Error of conversions", "Erreur des conversions"),
    "less": Text("{judged} less it, points", "{judged} moins lui, points"),
    "cpu_seconds": Text("CPU, s", "CPU, s"),
    "interval": Text("{difference} ({lower} to {upper})", "{difference} (de {lower} à {upper})"),
    "t_models": Text("Credit against the truth, {companies} companies", "Crédit face à la vérité, {companies} entreprises"),
    "n_models": Text(
        "Mean absolute error over the channels, with 95% intervals over companies; differences are paired by company. Shares are those of "
        "the conversions that channels cause; conversions are the number per channel. CPU: median of a fit.",
        "Erreur absolue moyenne sur les canaux, intervalles à 95\u00a0% sur les entreprises ; différences appariées par entreprise. "
        "Parts : des conversions provoquées par les canaux ; conversions : leur nombre par canal ; CPU : médiane d’un ajustement.",
    ),
    "t_share": Text("How far shares are from the truth", "Écart des parts à la vérité"),
    "x_share": Text("Mean absolute error of channel shares", "Erreur absolue moyenne des parts de canaux"),
    "c_share": Text("Further left is nearer to the truth.", "Plus c’est à gauche, plus c’est proche de la vérité."),
    "t_channels": Text("Shares by channel: {model} and the truth", "Parts par canal : {model} et la vérité"),
    "x_channels": Text("Share of the conversions that channels cause", "Part des conversions provoquées par les canaux"),
    "c_channels": Text(
        "Means over the companies. Affiliates and direct visits cause nothing: they come before orders that were coming anyway.",
        "Moyennes sur les entreprises. L’affiliation et les visites directes ne provoquent rien : elles précèdent des commandes qui "
        "seraient venues de toute façon.",
    ),
    "truth": Text("Truth", "Vérité"),
    "t_covered": Text("How often intervals contain the truth", "Fréquence à laquelle les intervalles contiennent la vérité"),
    "x_covered": Text("Share of companies", "Part des entreprises"),
    "c_covered": Text(
        "The line is at the level that the intervals state, {level}. A bar across it: within chance (95%).",
        "Le trait est au niveau annoncé par les intervalles, {level}. Une barre qui le croise : dans les limites du hasard (95\u00a0%).",
    ),
    "t_lift": Text("With lift tests less without", "Avec des tests d’incrémentalité, moins sans"),
    "world": Text("World", "Monde"),
    "and": Text(" and ", " et "),
    "plain": Text("Error of shares, no test", "Erreur des parts, sans test"),
    "tested": Text("With the tests", "Avec les tests"),
    "gain": Text("Difference, points", "Différence, points"),
    "own": Text("Difference, conversions of the tested channels", "Différence, conversions des canaux testés"),
    "n_lift": Text(
        "The same companies, with and without the tests’ results; below 0, the tests help. 95% intervals, paired by company.",
        "Mêmes entreprises, avec et sans résultats des tests ; au-dessous de 0, les tests aident. Intervalles à 95\u00a0%, appariés par "
        "entreprise.",
    ),
    "made": Text("Measured on {day}, with {versions}.", "Mesuré le {day}, avec {versions}."),
}

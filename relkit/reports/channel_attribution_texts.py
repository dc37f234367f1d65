"""Texts of the page on the attribution of conversions to channels."""

from __future__ import annotations

from relkit.texts import Text

SMALL_AMOUNT = 100.0
"""Amounts below it are written to the cent."""
TEXTS: dict[str, Text] = {
    "no_model": Text(
        "No model of attribution has been fitted yet: run {command}.",
        "Aucun modèle d’attribution n’a encore été entraîné : lancez {command}.",
    ),
    "nothing": Text("No conversion is known: there is nothing to credit.", "Aucune conversion n’est connue : il n’y a rien à attribuer."),
    "untouched": Text(
        "{conversions} conversions brought {value} of {worth}. {without} of them ({share}) had no touch in the {days} days before: no "
        "channel can claim these.",
        "{conversions} conversions ont rapporté {value} de {worth}. {without} d’entre elles ({share}) n’ont été précédées d’aucun contact "
        "dans les {days} jours : aucun canal ne peut les revendiquer.",
    ),
    "touched": Text(
        "{conversions} conversions brought {value} of {worth}, and each had a touch in the {days} days before.",
        "{conversions} conversions ont rapporté {value} de {worth}, et toutes ont été précédées d’un contact dans les {days} jours.",
    ),
    "grouped": Text(
        "{conversions} conversions brought {value} of {worth}; {without} of them ({share}) had no touch.",
        "{conversions} conversions ont rapporté {value} de {worth} ; {without} d’entre elles ({share}) n’ont été précédées d’aucun "
        "contact.",
    ),
    "anyway": Text(
        "By the model that compares each person’s days with and without touches, {caused} conversions ({share}) would be missing without "
        "the channels; the other {rest} would have come anyway.",
        "D’après le modèle qui compare, pour chaque personne, les jours avec et sans contact, {caused} conversions ({share}) manqueraient "
        "sans les canaux ; les {rest} autres seraient venues de toute façon.",
    ),
    "anyway_unknown": Text(
        "How many of them would have come without any channel cannot be told from these data, so that the credit by “{model}” shows no "
        "cause either.",
        "Combien d’entre elles seraient venues sans aucun canal ne peut se lire dans ces données : le crédit selon « {model} » ne prouve "
        "pas non plus de cause.",
    ),
    "agree": Text(
        "The {n} models agree on {channel}, within the noise of the data: between {low} and {high} of the credited conversions.",
        "Les {n} modèles s’accordent sur {channel}, au hasard des données près : entre {low} et {high} des conversions attribuées.",
    ),
    "one_model": Text(
        "A single model has been fitted, so nothing is known of the agreement of models: {command} fits the others.",
        "Un seul modèle a été entraîné : rien ne dit si les modèles s’accordent. Pour les autres : {command}.",
    ),
    "one_channel": Text(
        "There is a single channel, {channel}: every model gives it all that can be credited.",
        "Il n’y a qu’un seul canal, {channel} : tout modèle lui attribue tout ce qui peut l’être.",
    ),
    "depends": Text(
        "For {k} of {n} channels the choice of the model matters more than the data. The widest gap is on {channel}: {low} by {least}, "
        "{high} by {most}.",
        "Pour {k} canaux sur {n}, le choix du modèle pèse plus que les données. L’écart le plus large porte sur {channel} : {low} selon "
        "« {least} », {high} selon « {most} ».",
    ),
    "depends_on_none": Text(
        "For none of the {n} channels does the choice of the model matter more than the data.",
        "Pour aucun des {n} canaux le choix du modèle ne pèse plus que les données.",
    ),
    "untested": Text(
        "No experiment on a channel is known. All shares on this page are calculated from journeys as they were: none proves that a "
        "channel causes conversions.",
        "Aucune expérience n’est connue sur un canal. Toutes les parts de cette page sont calculées sur des parcours tels qu’ils ont été : "
        "aucune ne prouve qu’un canal provoque des conversions.",
    ),
    "confirmed": Text(
        "{n} experiments are known, and every model is within the interval of each.",
        "{n} expériences sont connues, et tous les modèles tombent dans l’intervalle de chacune.",
    ),
    "confirmed_one": Text(
        "One experiment is known, {test}, and every model is within its interval.",
        "Une seule expérience est connue, {test}, et tous les modèles tombent dans son intervalle.",
    ),
    "contradicted_one": Text(
        "The only experiment, {test}, contradicts at least one model: it found {estimate} incremental conversions ({low} to {high}), where "
        "“{model}” credits {credit}.",
        "La seule expérience, {test}, contredit au moins un modèle : elle a constaté {estimate} conversions incrémentales (de {low} à "
        "{high}), là où « {model} » en attribue {credit}.",
    ),
    "contradicted": Text(
        "{k} of {n} experiments contradict models. The widest gap: {test}, with {estimate} incremental conversions ({low} to "
        "{high}), where “{model}” credits {credit}.",
        "Expériences qui contredisent des modèles : {k} sur {n}. L’écart le plus large : {test}, avec {estimate} conversions "
        "incrémentales (de {low} à {high}), là où « {model} » en attribue {credit}.",
    ),
    "costs": Text(
        "By “{model}”, a conversion costs least on {cheap} ({least}) and most on {dear} ({most}). The spend of {known} of {n} channels is "
        "known: {spend}.",
        "Selon « {model} », une conversion coûte le moins sur {cheap} ({least}) et le plus sur {dear} ({most}). La dépense est connue pour "
        "{known} canaux sur {n} : {spend}.",
    ),
    "one_cost": Text(
        "By “{model}”, a conversion costs {least} on {cheap}, the only channel with a known spend ({spend}).",
        "Selon « {model} », une conversion coûte {least} sur {cheap}, seul canal dont la dépense est connue ({spend}).",
    ),
    "no_cost": Text(
        "The spend of no channel is known: cost in touchpoints, or rows of costs with the channel as their scope, would show what a "
        "conversion costs.",
        "La dépense d’aucun canal n’est connue : un coût dans touchpoints, ou des lignes de costs par canal, montrerait ce que coûte une "
        "conversion.",
    ),
    "test_next": Text(
        "To do first: an experiment on {channel}. The models differ there by {value} of {worth}, more than on any other channel.",
        "À faire d’abord : une expérience sur {channel}. Les modèles y diffèrent de {value} de {worth}, plus que sur tout autre canal.",
    ),
    "k_conversions": Text("conversions credited to a channel, of {n}", "conversions attribuées à un canal, sur {n}"),
    "k_without": Text("of the conversions without any touch", "des conversions sans aucun contact"),
    "k_marked": Text(
        "channels whose share depends on the model more than on the data, of {n}",
        "canaux dont la part dépend du modèle plus que des données, sur {n}",
    ),
    "k_spend": Text("spent on the {n} channels with a known spend", "dépensés sur les {n} canaux dont la dépense est connue"),
    "k_return": Text("of {worth} per euro spent there, by “{model}”", "de {worth} par euro dépensé, selon « {model} »"),
    "k_return_other": Text(
        "of {worth} per unit of {currency} spent there, by “{model}”", "de {worth} par {currency} dépensé, selon « {model} »"
    ),
    "c_models": Text(
        "Each mark is the share that one model gives to the channel. A long row is a matter of opinion, a short one a finding.",
        "Chaque marque est la part qu’un modèle donne au canal. Une ligne longue relève de l’opinion, une ligne courte d’un constat.",
    ),
    "c_shares": Text(
        "Shares by one model, with the interval that chance explains. The interval does not cover the choice of the model.",
        "Parts selon un modèle, avec l’intervalle dû au hasard. L’intervalle ne couvre pas le choix du modèle.",
    ),
    "c_spend": Text(
        "A dot to the right of its square: the channel’s share of the credit is larger than its share of the spend.",
        "Un point à droite de son carré : la part du canal dans le crédit dépasse sa part dans les dépenses.",
    ),
    "t_models": Text("Share of each channel, from the least to the greatest", "Part de chaque canal, de la plus petite à la plus grande"),
    "t_credit": Text("Credit by “{model}”", "Crédit selon « {model} »"),
    "t_money": Text("Spend and return", "Dépenses et retour"),
    "t_groups": Text("Share of each channel by {group}, by “{model}”", "Part de chaque canal par {group}, selon « {model} »"),
    "segment": Text("segment", "segment"),
    "period": Text("period", "période"),
    "channel": Text("Channel", "Canal"),
    "least_share": Text("Least share", "Part minimale"),
    "least_model": Text("by", "selon"),
    "most_share": Text("Greatest share", "Part maximale"),
    "most_model": Text("by", "selon"),
    "width": Text("Noise of the data", "Hasard des données"),
    "verdict": Text("Decided by", "Décidé par"),
    "the_model": Text("the model", "le modèle"),
    "the_data": Text("the data", "les données"),
    "conversions": Text("Conversions", "Conversions"),
    "lower": Text("Low ({level})", "Bas ({level})"),
    "upper": Text("High ({level})", "Haut ({level})"),
    "share": Text("Share", "Part"),
    "value": Text("Value", "Valeur"),
    "value_lower": Text("Low ({level})", "Bas ({level})"),
    "value_upper": Text("High ({level})", "Haut ({level})"),
    "cost": Text("Spend", "Dépense"),
    "cost_per_conversion": Text("Cost per conversion", "Coût par conversion"),
    "range_cost": Text("by all models", "selon tous les modèles"),
    "return_on_spend": Text("Return on spend", "Retour sur dépense"),
    "range_return": Text("by all models", "selon tous les modèles"),
    "range": Text("{low} to {high}", "de {low} à {high}"),
    "revenue": Text("revenue", "chiffre d’affaires"),
    "margin": Text("margin", "marge"),
    "note_width": Text(
        "Noise of the data: the mean width of the models’ intervals, in points of share. A channel is decided by the model if its shares "
        "differ by more.",
        "Hasard des données : largeur moyenne des intervalles des modèles, en points de part. Un canal est décidé par le modèle si ses "
        "parts s’écartent davantage.",
    ),
    "note_unknown_cost": Text(
        "A dash: the spend is not known. It is not zero.", "Un tiret : la dépense n’est pas connue. Elle n’est pas nulle."
    ),
    "note_return": Text(
        "Return on spend: value credited, divided by the spend.", "Retour sur dépense : valeur attribuée, divisée par la dépense."
    ),
    "note_unattributed": Text(
        "Not credited to any channel: {n} conversions ({share}).", "Attribuées à aucun canal : {n} conversions ({share})."
    ),
    "unknown_segment": Text(
        "No model was fitted by that segment or period.", "Aucun modèle n’a été entraîné pour ce segment ou cette période."
    ),
}
"""Sentences, captions and headers by key; captions begin with c_, titles of tables with t_, key figures with k_."""

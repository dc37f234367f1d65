"""Texts of the page on customer journeys, on what happens beyond the purchase."""

from __future__ import annotations

from relkit.texts import Text

TEXTS: dict[str, Text] = {
    "no_losses": Text(
        "No complaint, unsubscription, end of contract or long silence is known, so no path leads there: map cases, outcomes, contracts or "
        "transactions.",
        "Aucune réclamation, aucun désabonnement, aucune fin de contrat ni long silence n’est connu : aucun parcours n’y mène. Renseignez "
        "cases, outcomes, contracts ou transactions.",
    ),
    "before_loss": Text(
        "{loss}: {share} of {n} were preceded within {days} days by: {moment}; {base} of all customers had one in the same days.",
        "{loss} : {share} des {n} cas ont été précédés, dans les {days} jours, par : {moment} ; {base} de l’ensemble des clients en ont "
        "eu un aux mêmes dates.",
    ),
    "nothing_before": Text(
        "{loss}: nothing precedes the {n} cases more than chance explains.",
        "{loss} : rien ne précède les {n} cas plus que le hasard ne l’explique.",
    ),
    "no_loss": Text("{loss}: no case is known.", "{loss} : aucun cas n’est connu."),
    "few_losses": Text("{loss}: too few cases to show.", "{loss} : trop peu de cas pour être montrés."),
    "n_silence": Text(
        "A silence is long after {days} days without a purchase, more than 19 in 20 gaps between two purchases.",
        "Un silence est long après {days} jours sans achat, plus que 19 intervalles sur 20 entre deux achats.",
    ),
    "n_silence_given": Text(
        "A silence is long after {days} days without a purchase.", "Un silence est long après {days} jours sans achat."
    ),
    "n_cause": Text(
        "What precedes need not cause: a message that many receive precedes much.",
        "Ce qui précède n’est pas forcément la cause : un message reçu par beaucoup précède beaucoup de choses.",
    ),
    "before_losses": Text("What precedes losses, within {days} days", "Ce qui précède les pertes, dans les {days} jours"),
    "loss_paths": Text("Paths that lead to: {loss}", "Parcours qui mènent à : {loss}"),
    "loss": Text("Loss", "Perte"),
    "moment": Text("Moment", "Moment"),
    "preceded": Text("Cases preceded", "Cas précédés"),
    "share": Text("Share", "Part"),
    "base_share": Text("All customers then", "Ensemble des clients alors"),
    "excess": Text("Difference, points", "Écart, points"),
    "interval": Text("95% interval", "Intervalle à 95\u00a0%"),
    "path": Text("Last moments before", "Derniers moments avant"),
    "losses": Text("Cases", "Cas"),
    "others": Text("Other customers, same days", "Autres clients, mêmes dates"),
    "no_moment": Text("none", "aucun"),
    "no_surveys": Text(
        "There are no survey answers with a number, so satisfaction cannot be joined to what happened: map surveys.",
        "Aucune réponse d’enquête avec une note : la satisfaction ne peut pas être rapprochée de ce qui s’est passé. Renseignez surveys.",
    ),
    "few_answers": Text(
        "Fewer than two moments were followed by {n} answers of enough customers within {days} days, so none can be compared.",
        "Moins de deux moments ont été suivis de {n} réponses d’assez de clients dans les {days} jours : rien ne peut être comparé.",
    ),
    "irritant": Text(
        "Irritant: after {moment}, the score is {gap} points (of 10) below that of the other answers; {customers} customers had it within "
        "a year.",
        "Irritant : après «\u00a0{moment}\u00a0», la note est inférieure de {gap} points (sur 10) à celle des autres réponses ; "
        "{customers} clients l’ont vécu en un an.",
    ),
    "irritant_few": Text(
        "Irritant: after {moment}, the score is {gap} points (of 10) below that of the other answers.",
        "Irritant : après «\u00a0{moment}\u00a0», la note est inférieure de {gap} points (sur 10) à celle des autres réponses.",
    ),
    "delight": Text(
        "Strong point: after {moment}, the score is {gap} points (of 10) above that of the other answers.",
        "Point fort : après «\u00a0{moment}\u00a0», la note est supérieure de {gap} points (sur 10) à celle des autres réponses.",
    ),
    "even": Text(
        "Satisfaction does not differ from one moment to another beyond chance ({n} moments compared, {answers} answers).",
        "La satisfaction ne diffère pas d’un moment à l’autre au-delà du hasard ({n} moments comparés, {answers} réponses).",
    ),
    "c_truth": Text(
        "Score of the other answers less the score after the moment: at the right of the line, an irritant. The intervals hold for all "
        "moments at once.",
        "Note des autres réponses moins la note après le moment : à droite de la ligne, un irritant. Les intervalles valent pour tous les "
        "moments à la fois.",
    ),
    "truth": Text("Moments of truth", "Moments de vérité"),
    "gap": Text("Points of 10 below the other answers", "Points sur 10 sous les autres réponses"),
    "gap_short": Text("Gap, points", "Écart, points"),
    "better": Text("strong point", "point fort"),
    "worse": Text("irritant", "irritant"),
    "answers": Text("Answers", "Réponses"),
    "score": Text("Score after it", "Note après"),
    "customers": Text("Customers in a year", "Clients en un an"),
    "revenue_each": Text("Revenue of each", "Chiffre d’affaires de chacun"),
    "stake": Text("Stake", "Enjeu"),
    "n_stake": Text(
        "Stake: customers x revenue of each x gap as a share of the scale. It ranks, it is no loss of money; shown for gaps beyond chance.",
        "Enjeu : clients x chiffre d’affaires de chacun x écart en part de l’échelle. Il classe, sans être une perte d’argent ; montré "
        "pour les écarts au-delà du hasard.",
    ),
    "by_step": Text("Scores by the step asked about", "Notes selon l’étape sur laquelle portait la question"),
    "asked": Text("Step", "Étape"),
    "score_asked": Text("Score", "Note"),
    "n_asked": Text(
        "All answers, whenever they came; the intervals hold for all steps at once.",
        "Toutes les réponses, quelle que soit leur date ; les intervalles valent pour toutes les étapes à la fois.",
    ),
    "no_stores": Text(
        "No identified customer bought in a store, so visits before store purchases cannot be counted: map store_id or channel_id of the "
        "transactions.",
        "Aucun client identifié n’a acheté en magasin : les visites avant achat en magasin ne peuvent pas être comptées. Renseignez "
        "store_id ou channel_id des transactions.",
    ),
    "no_visits": Text(
        "No visit to the web site by an identified customer is known, so visits before store purchases cannot be counted.",
        "Aucune visite du site par un client identifié n’est connue : les visites avant achat en magasin ne peuvent pas être comptées.",
    ),
    "visited": Text(
        "{share} of {n} store purchases follow a visit to the web site within {days} days; at the same dates {base} of the same customers "
        "had visited it.",
        "{share} des {n} achats en magasin suivent une visite du site dans les {days} jours ; aux mêmes dates, {base} des mêmes clients "
        "l’avaient visité.",
    ),
    "visited_few": Text(
        "Fewer than {smallest} of {n} store purchases follow a visit to the web site within {days} days.",
        "Moins de {smallest} des {n} achats en magasin suivent une visite du site dans les {days} jours.",
    ),
    "visits": Text("Visits to the web site before store purchases", "Visites du site avant un achat en magasin"),
    "window": Text("Within, days", "Dans les … jours"),
    "purchases": Text("Store purchases", "Achats en magasin"),
    "follow": Text("After a visit", "Après une visite"),
    "row": Text("within {days} days", "dans les {days} jours"),
    "row_one": Text("within a day", "dans la journée"),
    "before_purchase": Text("before store purchases", "avant les achats en magasin"),
    "any_time": Text("same customers, same dates", "mêmes clients, mêmes dates"),
    "share_with_visit": Text("Share with a visit", "Part avec une visite"),
    "c_visits": Text(
        "The distance between the two marks is what goes beyond the habit of visiting. Visits that were not identified are missing from "
        "both.",
        "La distance entre les deux repères est ce qui dépasse l’habitude de visiter. Les visites non identifiées manquent des deux côtés.",
    ),
    "no_outcomes": Text(
        "There are no outcomes of contacts, so what customers do next cannot be shown: map contacts and outcomes.",
        "Aucune issue de contact : ce que les clients font ensuite ne peut pas être montré. Renseignez contacts et outcomes.",
    ),
    "next": Text(
        "By {channel}: after the outcome {outcome}, {share} of the customers buy next within {days} days; after {other}, {less}.",
        "Canal {channel} : après l’issue «\u00a0{outcome}\u00a0», {share} des clients achètent ensuite dans les {days} jours ; après "
        "«\u00a0{other}\u00a0», {less}.",
    ),
    "next_even": Text(
        "On each channel, the share of customers who buy next differs from one outcome to another by no more than chance explains.",
        "Sur chaque canal, la part des clients qui achètent ensuite ne varie pas d’une issue à l’autre au-delà du hasard.",
    ),
    "after": Text(
        "What customers do next, within {days} days of a contact", "Ce que font ensuite les clients, {days} jours après un contact"
    ),
    "channel": Text("Channel", "Canal"),
    "outcome": Text("Outcome of the contact", "Issue du contact"),
    "contacts": Text("Contacts", "Contacts"),
    "n_next": Text(
        "The first thing each customer does. Those who react were more interested before, so the difference is no effect of the contact.",
        "Le premier geste de chaque client. Ceux qui réagissent étaient plus intéressés avant : l’écart n’est pas un effet du contact.",
    ),
}

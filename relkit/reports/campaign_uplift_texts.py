"""Texts of the report on a measured campaign, in both languages."""

from __future__ import annotations

from relkit.texts import Text

VERDICTS: dict[str, Text] = {
    "continue": Text("continue it.", "à poursuivre."),
    "stop": Text("stop it, or make it cheaper.", "à arrêter, ou à rendre moins chère."),
    "stop_harm": Text(
        "stop it, because of the harm it does (see what must not get worse).", "à arrêter, pour le mal qu’elle fait (voir les garde-fous)."
    ),
    "retest": Text("test it again, with {n} units drawn.", "à tester de nouveau, sur {n} unités tirées."),
    "retest_unsized": Text("test it again, with more units drawn.", "à tester de nouveau, sur plus d’unités."),
    "not_measurable": Text("nothing can be decided on these figures.", "rien ne peut être décidé sur ces chiffres."),
}
"""The next step, by verdict."""

TEXTS: dict[str, Text] = {
    "name": Text("the campaign {action}", "la campagne {action}"),
    "name_wave": Text("the wave {wave} of the campaign {action}", "la vague {wave} de la campagne {action}"),
    "gain": Text(
        "{Name} added {net} {of_what}{less}, {when} ({level} interval: {low} to {high}): {advice}",
        "{Name} a ajouté {net} {of_what}{less}, {when} (intervalle à {level} : de {low} à {high}) : {advice}",
    ),
    "loss": Text(
        "{Name} cost more than it added: {net} {of_what}{less}, {when} ({level} interval: {low} to {high}): {advice}",
        "{Name} a coûté plus qu’elle n’a ajouté : {net} {of_what}{less}, {when} (intervalle à {level} : de {low} à {high}) : {advice}",
    ),
    "unclear": Text(
        "{Name} is not shown to have added money: {net} {of_what}{less}, {when}, and chance alone could explain it "
        "({level} interval: {low} to {high}): {advice}",
        "Rien ne montre que {name} a ajouté de l’argent : {net} {of_what}{less}, {when}, et le hasard seul peut l’expliquer "
        "(intervalle à {level} : de {low} à {high}) : {advice}",
    ),
    "less": Text(" after its cost", ", coût déduit"),
    "counted": Text("counted {days} days after the draw", "{days} jours après le tirage"),
    "known_once": Text("as known on {day}", "tel que connu le {day}"),
    "mismatch": Text(
        "What {name} added cannot be known, because the draw was not carried out as planned: the figure of {net} "
        "({level} interval: {low} to {high}) is not to be used, and {advice}",
        "Ce que {name} a ajouté ne peut être connu, car le tirage n’a pas été appliqué comme prévu : le chiffre de {net} "
        "(intervalle à {level} : de {low} à {high}) n’est pas à utiliser, et {advice}",
    ),
    "unknown": Text(
        "What {name} added in money is not known: {reason} {advice}", "L’argent ajouté par {name} n’est pas connu : {reason} {advice}"
    ),
    "comparison": Text(
        "Nobody was drawn at random for {name}: this is a comparison, not a proof. Those contacted brought {net} {of_what} {more} than "
        "similar customers who were not, before any cost, within {days} days ({level} interval, for chance alone: {low} to {high}), and "
        "who was chosen may explain all of it: draw at random next time.",
        "Personne n’a été tiré au sort pour {name} : ceci est une comparaison, pas une preuve. Les clients contactés ont apporté {net} "
        "{of_what} {more} que des clients semblables qui ne l’ont pas été, avant tout coût, en {days} jours (intervalle à {level}, "
        "pour le seul hasard : de {low} à {high}), et le choix des clients peut suffire à l’expliquer : tirez au sort la prochaine fois.",
    ),
    "more": Text("more", "de plus"),
    "fewer": Text("less", "de moins"),
    "basis": Text(
        "{treated} units were drawn treated and {other} control, in {waves} {when}; each counts as drawn, contacted or not.",
        "{treated} unités ont été tirées traitées et {other} témoins, en {waves} {when} ; chacune compte comme tirée, contactée ou non.",
    ),
    "basis_compared": Text(
        "{treated} customers were contacted, and {other} who could have been were not.",
        "{treated} clients ont été contactés, et {other} qui auraient pu l’être ne l’ont pas été.",
    ),
    "on_day": Text("on {first}", "le {first}"),
    "on_days": Text("from {first} to {last}", "du {first} au {last}"),
    "waves_one": Text("one wave", "une vague"),
    "waves_many": Text("{n} waves", "{n} vagues"),
    "each": Text(
        "Per treated unit that is {each} {of_what} ({low} to {high}), where a control unit brought {other}.",
        "Par unité traitée, cela fait {each} {of_what} (de {low} à {high}), quand une unité témoin a apporté {other}.",
    ),
    "kept": Text(
        "Of the treated {estimate} more than of the control still hold a contract on day {days} ({low} to {high}); what these contracts "
        "bring later is not counted.",
        "Au jour {days}, {estimate} de plus des traités que des témoins ont encore un contrat (de {low} à {high}) ; ce que ces contrats "
        "rapporteront ensuite n’est pas compté.",
    ),
    "pulled": Text(
        "Part of the response was pulled forward: after day {response} the treated brought {later} less than the control ({low} to "
        "{high}). "
        "Judged on day {response}, the campaign would have been credited with {early} {of_what}; {whole} is left.",
        "Une partie de la réponse n’était qu’anticipée : après le jour {response}, les traités ont apporté {later} de moins que les "
        "témoins "
        "(de {low} à {high}). Jugée au jour {response}, la campagne aurait été créditée de {early} {of_what} ; il en reste {whole}.",
    ),
    "lasting": Text(
        "The effect lasted: after day {response} the treated still brought {later} more than the control ({low} to {high}).",
        "L’effet a duré : après le jour {response}, les traités ont encore apporté {later} de plus que les témoins (de {low} à {high}).",
    ),
    "steady": Text(
        "After day {response} no difference is shown ({later}, {low} to {high}): neither pulled forward nor lasting beyond chance.",
        "Après le jour {response}, aucun écart n’est démontré ({later}, de {low} à {high}) : ni anticipation ni effet durable "
        "au-delà du hasard.",
    ),
    "cost": Text(
        "It cost {cost} in contacts, offers and work on the action; each {one} spent brought {ratio} {of_what} ({low} to {high}).",
        "Elle a coûté {cost} en contacts, offres et travail ; {one} dépensé a rapporté {ratio} {of_what} (de {low} à {high}).",
    ),
    "cost_only": Text("It cost {cost} in contacts, offers and work on the action.", "Elle a coûté {cost} en contacts, offres et travail."),
    "no_cost": Text("No cost of it is known, so nothing is deducted.", "Aucun coût n’en est connu : rien n’est déduit."),
    "per_order": Text("An additional order cost {value} ({low} to {high}).", "Une commande de plus a coûté {value} (de {low} à {high})."),
    "taken": Text(
        "The offer took sales from its own category: {category} of margin on other products of the category ({low} to {high}).",
        "L’offre a pris des ventes à sa propre catégorie : {category} de marge sur les autres produits de la catégorie (de {low} à "
        "{high}).",
    ),
    "halo": Text(
        "It also sold what it did not offer: {rest} of margin on everything else ({low} to {high}).",
        "Elle a aussi fait vendre ce qu’elle n’offrait pas : {rest} de marge sur tout le reste (de {low} à {high}).",
    ),
    "split": Text(
        "Per treated unit, the margin moved by {promoted} on the products offered, {category} on the rest of their category and {rest} on "
        "everything else.",
        "Par unité traitée, la marge a varié de {promoted} sur les produits offerts, {category} sur le reste de leur catégorie et {rest} "
        "sur "
        "tout le reste.",
    ),
    "no_split": Text(
        "The action carried no offer limited to products, so its margin is not split.",
        "L’action ne portait pas d’offre limitée à des produits : sa marge n’est pas répartie.",
    ),
    "all_reached": Text(
        "All of those drawn treated were reached, and none of the control: the effect on those drawn is that on those reached.",
        "Tous les traités ont été touchés, et aucun témoin : l’effet sur les unités tirées est celui sur les personnes touchées.",
    ),
    "reached": Text(
        "{share} of those drawn treated were reached, and {stray} of the control: on those reached because of the draw the effect is "
        "{effect} {of_what} each ({low} to {high}).",
        "{share} des traités ont été touchés, et {stray} des témoins : pour ceux que le tirage a fait toucher, l’effet est de "
        "{effect} {of_what} chacun (de {low} à {high}).",
    ),
    "differs": Text(
        "The effect differs by {segment}, beyond chance: it is largest for {best} ({high} each) and smallest for {worst} ({low} each).",
        "L’effet diffère selon « {segment} », au-delà du hasard : le plus fort pour {best} ({high} chacun), le plus faible pour {worst} "
        "({low} chacun).",
    ),
    "alike": Text(
        "No segment reacts differently beyond chance, {n} having been compared: one decision for all.",
        "Aucun segment ne réagit autrement au-delà du hasard, {n} ayant été comparés : une seule décision pour tous.",
    ),
    "no_segments": Text("No column makes groups of customers that can be compared.", "Aucune colonne ne forme de groupes comparables."),
    "holds": Text(
        "{measure}: no harm beyond {allowed} ({estimate}, {low} to {high}).",
        "{measure} : pas de dégradation de plus de {allowed} ({estimate}, de {low} à {high}).",
    ),
    "broken": Text(
        "{measure}: harmed beyond what is accepted, {estimate} ({low} to {high}); {allowed} is accepted.",
        "{measure} : dégradation au-delà de ce qui est admis, {estimate} (de {low} à {high}) ; {allowed} est admis.",
    ),
    "harmed": Text(
        "{measure}: harmed, {estimate} ({low} to {high}), perhaps by more than the {allowed} that is accepted.",
        "{measure} : dégradation de {estimate} (de {low} à {high}), peut-être au-delà de {allowed}, seuil admis.",
    ),
    "unproven": Text(
        "{measure}: a harm of more than {allowed} is not ruled out ({estimate}, {low} to {high}).",
        "{measure} : une dégradation de plus de {allowed} n’est pas exclue ({estimate}, de {low} à {high}).",
    ),
    "unmeasured": Text("{measure}: {reason}", "{measure} : {reason}"),
    "no_guardrails": Text(
        "No table tells of unsubscriptions, complaints or returns.", "Aucune table ne renseigne désabonnements, réclamations ou retours."
    ),
    "as_planned": Text("The arms have the sizes that were planned (p = {p}).", "Les groupes ont les tailles prévues (p = {p})."),
    "not_planned": Text(
        "The arms do not have the sizes that were planned (p {p}): something removed or added units after the draw.",
        "Les groupes n’ont pas les tailles prévues (p {p}) : des unités ont été retirées ou ajoutées après le tirage.",
    ),
    "alike_before": Text(
        "Before the draw the arms were alike (p = {p}), as a draw at random makes them.",
        "Avant le tirage les groupes se valaient (p = {p}), comme le veut un tirage au sort.",
    ),
    "unlike_before": Text(
        "Before the draw the arms already differed (p {p}): check how the draw was made.",
        "Avant le tirage les groupes différaient déjà (p {p}) : vérifiez comment le tirage a été fait.",
    ),
    "excluded": Text(
        "{n} units drawn into both arms of a wave are left out.", "{n} unités tirées dans les deux groupes d’une vague sont exclues."
    ),
    "k_net": Text("{of_what} added{less}, {low} to {high}", "{of_what} ajoutés{less}, de {low} à {high}"),
    "k_margin": Text("added before its cost", "ajoutés avant déduction du coût"),
    "k_cost": Text("cost", "coût"),
    "k_orders": Text("orders added, {low} to {high}", "commandes ajoutées, de {low} à {high}"),
    "k_each": Text("per 1,000 treated{less}", "pour 1 000 traités{less}"),
    "c_money": Text(
        "Bars: what was added, what it cost, and what is left; lines: {level} intervals. An interval that crosses zero may be chance.",
        "Barres : ce qui a été ajouté, ce que cela a coûté, ce qui reste ; traits : intervalles à {level}. Un intervalle qui traverse zéro "
        "peut n’être que hasard.",
    ),
    "c_days": Text(
        "A curve that rises and falls back was a purchase brought forward. Whoever watches every day reads the wide band, which holds on "
        "all "
        "days at once.",
        "Une courbe qui monte puis redescend est un achat anticipé. Qui regarde chaque jour lit la bande large, valable tous les jours "
        "à la fois.",
    ),
    "no_days": Text("No table has the margin of each day.", "Aucune table ne donne la marge de chaque jour."),
    "c_split": Text(
        "Margin per unit at the end of the post window, by what was bought. A gain on the products offered may be taken from their "
        "category.",
        "Marge par unité en fin d’observation, selon ce qui a été acheté. Un gain sur les produits offerts peut être pris à leur "
        "catégorie.",
    ),
    "c_segments": Text(
        "Grey: the groups of that column do not differ beyond chance. The {level} intervals are those of each group alone.",
        "En gris : les groupes de cette colonne ne diffèrent pas au-delà du hasard. Les intervalles à {level} sont ceux de chaque groupe "
        "seul.",
    ),
    "split_title": Text("Margin by what was bought", "Marge selon ce qui a été acheté"),
    "per_unit": Text("Effect per unit drawn", "Effet par unité tirée"),
    "promoted": Text("Products offered", "Produits offerts"),
    "category": Text("Rest of their category", "Reste de leur catégorie"),
    "rest": Text("Everything else", "Tout le reste"),
    "whole": Text("All together", "Ensemble"),
    "t_money": Text("The money", "L’argent"),
    "t_robust": Text("The same effect by other methods", "Le même effet par d’autres méthodes"),
    "t_segments": Text("Effect by group", "Effet par groupe"),
    "t_guardrails": Text("What must not get worse", "Ce qui ne doit pas se dégrader"),
    "t_waves": Text("Draws, planned and carried out", "Tirages, prévus et réalisés"),
    "t_compared": Text("The difference, as it is and adjusted", "L’écart, brut et ajusté"),
    "t_chosen": Text("Before the contact", "Avant le contact"),
    "t_balance": Text("Before the draw", "Avant le tirage"),
    "t_words": Text("Terms", "Termes"),
    "figure": Text("Figure", "Chiffre"),
    "window": Text("Counted", "Compté"),
    "measure": Text("Measure", "Indicateur"),
    "method": Text("Method", "Méthode"),
    "value": Text("Value", "Valeur"),
    "low": Text("Low", "Bas"),
    "high": Text("High", "Haut"),
    "treated": Text("Treated", "Traités"),
    "other": Text("Control", "Témoins"),
    "contacted": Text("Contacted", "Contactés"),
    "difference_after": Text("After weighting", "Après pondération"),
    "not_contacted": Text("Not contacted", "Non contactés"),
    "effect": Text("Effect", "Effet"),
    "p": Text("p", "p"),
    "q": Text("p, corrected", "p, corrigée"),
    "segment": Text("Segment", "Segment"),
    "group": Text("Group", "Groupe"),
    "units": Text("Units", "Unités"),
    "allowed": Text("Harm accepted", "Dégradation acceptée"),
    "verdict": Text("Finding", "Constat"),
    "state_held": Text("holds", "tenu"),
    "state_breached": Text("broken", "franchi"),
    "state_unclear": Text("not shown to hold", "non démontré"),
    "wave": Text("Wave", "Vague"),
    "drawn_on": Text("Drawn on", "Tirée le"),
    "planned": Text("Planned share of treated", "Part prévue de traités"),
    "share": Text("Share of treated", "Part de traités"),
    "before": Text("Measure before the draw", "Indicateur avant le tirage"),
    "before_contact": Text("What was known before the contact", "Ce qui était connu avant le contact"),
    "difference": Text("Difference, in standard deviations", "Écart, en écarts types"),
    "term": Text("Term", "Terme"),
    "meaning": Text("Meaning", "Sens"),
    "note": Text("Dash: not computed. {reasons}", "Tiret : non calculé. {reasons}"),
    "points": Text("{n} pt", "{n} pt"),
    "after": Text("day {n}", "jour {n}"),
    "between": Text("days {a} to {b}", "jours {a} à {b}"),
}

TERMS: tuple[tuple[Text, Text], ...] = (
    (
        Text("Treated, control", "Traités, témoins"),
        Text(
            "The two arms of the draw at random. Control units could have been contacted and were left alone; only they tell what the "
            "treated "
            "would have done anyway.",
            "Les deux groupes du tirage au sort. Les témoins auraient pu être contactés et ont été laissés tranquilles ; eux seuls disent "
            "ce "
            "que les traités auraient fait de toute façon.",
        ),
    ),
    (
        Text("Interval", "Intervalle"),
        Text(
            "Effects that agree with the data. In 95 campaigns of 100, a 95% interval holds the true effect.",
            "Les effets compatibles avec les données. Dans 95 campagnes sur 100, un intervalle à 95\u00a0% contient le véritable effet.",
        ),
    ),
    (
        Text("Net margin", "Marge nette"),
        Text(
            "Margin that the treated brought more than the control, times the treated units, less the cost of contacts, offers and the "
            "action.",
            "Marge que les traités ont apportée de plus que les témoins, fois le nombre de traités, moins le coût des contacts, des "
            "offres et de "
            "l’action.",
        ),
    ),
    (
        Text("Response window, post window", "Fenêtre de réponse, fenêtre d’observation"),
        Text(
            "The days in which a response is expected, and the further days in which it may be taken back: customers who buy earlier buy "
            "less later.",
            "Les jours où une réponse est attendue, et les suivants où elle peut être reprise : qui achète plus tôt achète moins ensuite.",
        ),
    ),
    (
        Text("Adjusted (CUPED)", "Ajusté (CUPED)"),
        Text(
            "The effect corrected for what each unit did before the draw. It aims at the same effect with a shorter interval.",
            "L’effet corrigé de ce que chaque unité faisait avant le tirage. Il vise le même effet, avec un intervalle plus court.",
        ),
    ),
    (
        Text("On those reached (CACE)", "Sur les personnes touchées (CACE)"),
        Text(
            "The effect on units that were reached because of the draw; the effect as drawn is spread over all treated units.",
            "L’effet sur les unités que le tirage a fait toucher ; l’effet tel que tiré est réparti sur tous les traités.",
        ),
    ),
    (
        Text("Guardrail", "Garde-fou"),
        Text(
            "A measure that the campaign may not harm by more than the stated amount, such as unsubscriptions.",
            "Un indicateur que la campagne ne doit pas dégrader au-delà du seuil indiqué, comme les désabonnements.",
        ),
    ),
)
"""Terms of the page with their meaning."""

"""Texts of the study of uplift learners on e-mails and on designs with known effects, in English and French."""

from __future__ import annotations

from relkit.texts import Text

MAILS: dict[str, Text] = {
    "Womens": Text("Womens e-mail", "e-mail Femmes"),
    "Mens": Text("Mens e-mail", "e-mail Hommes"),
}
DESIGNS: dict[str, Text] = {
    "rct": Text("drawn by lot, yes or no", "tirée au sort, oui ou non"),
    "conf": Text("not drawn by lot", "sans tirage au sort"),
    "spend": Text("drawn, most spend nothing", "tirée, la plupart n’achètent rien"),
    "amount": Text("the same, amounts move too", "idem, les montants changent aussi"),
}
"""Designs, by how the treatment was given and by the outcome."""
LEARNERS: dict[str, Text] = {
    "s": Text("S", "S"),
    "t": Text("T", "T"),
    "x": Text("X", "X"),
    "r": Text("R", "R"),
    "dr": Text("DR", "DR"),
    "class": Text("class transformation", "transformation de classe"),
    "forest": Text("forest", "forêt"),
}
PACKAGES = {"scikit_uplift": "scikit-uplift", "causalml": "causalml", "econml": "EconML"}
TEXTS: dict[str, Text] = {
    "absent": Text(
        "There is no table to show. `{command}` makes it, where the public data sets are at hand.",
        "Il n’y a pas de tableau à montrer. `{command}` le produit, là où les jeux de données publics sont présents.",
    ),
    "hillstrom": Text(
        "Hillstrom’s e-mails, {all} comparisons ({mails} e-mails, {peers} peers, {halvings} halvings): beyond the 95% interval, the "
        "default ranks customers better than the peer in {above} and worse in {below}; in the other {level} they cannot be told apart.",
        "E-mails de Hillstrom, {all} comparaisons ({mails} e-mails, {peers} autres méthodes, {halvings} partages en deux) : au-delà de "
        "l’intervalle à 95\u00a0%, le modèle par défaut classe mieux les clients dans {above} et moins bien dans {below} ; dans les "
        "{level} autres, on ne peut pas les départager.",
    ),
    "mail": Text(
        "{mail}, intervals that exclude 0: {outside} of {all} ({names}).",
        "{mail}, intervalles qui excluent 0 : {outside} sur {all} ({names}).",
    ),
    "mail_none": Text(
        "{mail}: none of the {all} intervals excludes 0.",
        "{mail} : aucun des {all} intervalles n’exclut 0.",
    ),
    "and": Text("; ", " ; "),
    "times": Text("{name}: {count}", "{name} : {count}"),
    "chance": Text(
        "Halvings share the same customers and do not add up as evidence; if nothing differed, about {expected} of {all} intervals would "
        "still exclude 0, on one side or the other.",
        "Les partages portent sur les mêmes clients : leurs résultats ne s’additionnent pas. Sans aucune différence réelle, environ "
        "{expected} intervalles sur {all} excluraient quand même 0, d’un côté ou de l’autre.",
    ),
    "known": Text(
        "Known effects, {all} comparisons: the default’s error is smaller in {error_better}, larger in {error_worse}, within chance in "
        "{error_level}; its Qini is higher in {qini_better}, lower in {qini_worse}, within chance in {qini_level}.",
        "Effets connus, {all} comparaisons : l’erreur du modèle par défaut est plus faible dans {error_better}, plus forte dans "
        "{error_worse}, dans les limites du hasard dans {error_level} ; son Qini est plus élevé dans {qini_better}, plus bas dans "
        "{qini_worse}, dans les limites du hasard dans {qini_level}.",
    ),
    "price": Text(
        "The price: the default takes {default} CPU seconds for a fit and its forecasts; half of the peers’ figures are no higher "
        "than {peers}.",
        "Le prix : {default} secondes de processeur pour un ajustement et ses prévisions ; la moitié des chiffres des autres méthodes ne "
        "dépasse pas {peers}.",
    ),
    "from_to": Text("{low} to {high}", "de {low} à {high}"),
    "default": Text("relkit’s default", "modèle par défaut de relkit"),
    "peer": Text("{learner}, {package}", "{learner}, {package}"),
    "learner": Text("Learner", "Méthode"),
    "median": Text("{mail}: median Qini per 1,000", "{mail} : Qini médian pour 1\u00a0000"),
    "counts": Text("Default better / not told apart / worse", "Défaut meilleur / non départagé / moins bon"),
    "of_counts": Text("{above} / {level} / {below}", "{above} / {level} / {below}"),
    "t_medians": Text("Qini on the half not learnt from, {halvings} halvings", "Qini sur la moitié mise de côté, {halvings} partages"),
    "n_medians": Text(
        "Visits gained per 1,000 customers over a random choice, averaged over sizes of campaign. Counts are of halvings, by 95% "
        "intervals.",
        "Visites gagnées pour 1\u00a0000 clients par rapport à un choix au hasard, en moyenne sur les tailles de campagne. Les comptes "
        "portent sur les partages, selon les intervalles à 95\u00a0%.",
    ),
    "t_mail": Text("{mail}: Qini, default less peer", "{mail} : Qini, défaut moins autre"),
    "x_mail": Text("Difference in Qini per 1,000 customers", "Différence de Qini pour 1\u00a0000 clients"),
    "halving": Text("{name} · {at}", "{name} · {at}"),
    "c_mail": Text(
        "A row for each halving. Right of 0, the default ranks better. Grey: the interval includes 0.",
        "Une ligne par partage. À droite de 0, le modèle par défaut classe mieux. En gris : l’intervalle contient 0.",
    ),
    "peer_better": Text("peer better", "autre meilleure"),
    "default_better": Text("default better", "défaut meilleur"),
    "design": Text("Design", "Cas"),
    "seeds": Text("Draws", "Tirages"),
    "pehe": Text("Error", "Erreur"),
    "qini": Text("Qini", "Qini"),
    "less": Text("Default less it", "Défaut moins elle"),
    "cpu_seconds": Text("CPU, s", "CPU, s"),
    "interval": Text("{difference} ({lower} to {upper})", "{difference} (de {lower} à {upper})"),
    "t_pehe_of": Text("Error against the known effects", "Erreur face aux effets connus"),
    "t_qini_of": Text("Qini by the known effects", "Qini selon les effets connus"),
    "n_pehe": Text(
        "Root mean squared error, over the spread of true effects (1 = the same effect for all). Differences paired by draw, 95% "
        "intervals; none for fewer than three draws (–).",
        "Erreur quadratique moyenne, rapportée à la dispersion des vrais effets (1 = le même effet pour tous). Différences appariées par "
        "tirage, intervalles à 95\u00a0% ; aucune en dessous de trois tirages (–).",
    ),
    "n_qini": Text(
        "1 = the best possible ranking. Differences paired by draw, 95% intervals; none for fewer than three draws (–).",
        "1 = le meilleur classement possible. Différences appariées par tirage, intervalles à 95\u00a0% ; aucune en dessous de trois "
        "tirages (–).",
    ),
    "t_pehe": Text("Error: default less peer", "Erreur : défaut moins autre"),
    "t_qini": Text("Qini: default less peer", "Qini : défaut moins autre"),
    "x_pehe": Text("Difference in error", "Différence d’erreur"),
    "x_qini": Text("Difference in Qini (1 = best ranking)", "Différence de Qini (1 = meilleur classement)"),
    "row": Text("{learner} · {design}", "{learner} · {design}"),
    "c_pehe": Text("Left of 0, the default errs less.", "À gauche de 0, le modèle par défaut se trompe moins."),
    "c_qini": Text("Right of 0, the default ranks better.", "À droite de 0, le modèle par défaut classe mieux."),
    "made": Text("Measured on {day}, with {versions}.", "Mesuré le {day}, avec {versions}."),
}

"""Texts of the churn report on segments, in English and French."""

from __future__ import annotations

from relkit.texts import Text

TEXTS: dict[str, Text] = {
    "chosen": Text(
        "Contracts are told apart most clearly by “{name}”, of {tried} ways that were tried (log-rank test, p {p} after "
        "adjusting for all of them).",
        "Ce qui distingue le mieux les contrats : « {name} », parmi {tried} découpages essayés (test du log-rank, p {p} une fois "
        "corrigé de leur nombre).",
    ),
    "unclear": Text(
        "No way to segment the contracts tells them clearly apart; the nearest, of {tried}, is by “{name}” (log-rank "
        "test, p {p} after adjusting for all of them).",
        "Aucun découpage ne distingue nettement les contrats ; le plus proche, sur {tried} : « {name} » (test du "
        "log-rank, p {p} une fois corrigé de leur nombre).",
    ),
    "named": Text(
        "Contracts are compared by “{name}”, as asked for (log-rank test, p {p}).",
        "Les contrats sont comparés, comme demandé, selon « {name} » (test du log-rank, p {p}).",
    ),
    "no_segments": Text(
        "There is nothing to segment the contracts by: no column has two values with enough contracts and an end.",
        "Rien ne permet de découper les contrats : aucune colonne n’a deux valeurs avec assez de contrats et une fin.",
    ),
    "one_segment": Text(
        "By “{name}” the contracts fall into one group, or no contract ended while two groups were observed: there is nothing to compare.",
        "Selon « {name} », les contrats forment un seul groupe, ou aucun n’a pris fin tant que deux groupes étaient "
        "observés : il n’y a rien à comparer.",
    ),
    "apart": Text(
        "Of the first {months} months, contracts with “{who_longest}” last {longest} months on average, those "
        "with “{who_shortest}” {shortest}: a difference of {gap} months.",
        "Sur les {months} premiers mois, les contrats « {who_longest} » durent en moyenne {longest} mois, les contrats "
        "« {who_shortest} » {shortest} : {gap} mois d’écart.",
    ),
    "crossing": Text(
        "Some curves cross: which segment lasts longer depends on the age. Tests of early and of late ages stand below.",
        "Des courbes se croisent : le segment qui dure le plus dépend de l’âge. Les tests des premiers et des derniers âges "
        "figurent plus bas.",
    ),
    "late": Text(
        "Fewer than {smallest} contracts were observed from their first day with {names}. These have no curve; the test "
        "compares them at the ages at which they were observed.",
        "Moins de {smallest} contrats ont été observés dès leur premier jour pour {names}. Pas de courbe pour eux ; le test les "
        "compare aux âges où ils ont été observés.",
    ),
    "nobody": Text("No contract with {names} ended.", "Aucun contrat n’a pris fin pour {names}."),
    "of_today": Text(
        "This is what is known of customers today. Where it changes with time, or because a contract ended, it is a "
        "consequence and not a cause.",
        "C’est ce que l’on sait des clients aujourd’hui. Si cela change avec le temps, ou parce qu’un contrat a pris "
        "fin, c’est une conséquence et non une cause.",
    ),
    "left_out": Text(
        "Fewer than {smallest} contracts belong to none of these segments; they are left out.",
        "Moins de {smallest} contrats n’appartiennent à aucun de ces segments ; ils sont laissés de côté.",
    ),
    "ways": Text("Which way to segment contracts tells them apart", "Quels découpages distinguent les contrats"),
    "segmented_by": Text("By", "Selon"),
    "segments": Text("Segments", "Segments"),
    "chi2": Text("Chi-squared", "Khi-deux"),
    "df": Text("Degrees of freedom", "Degrés de liberté"),
    "p_value": Text("p-value", "Valeur p"),
    "p_adjusted": Text("p-value, adjusted", "Valeur p corrigée"),
    "holm_note": Text(
        "Adjusted for {tried} tests (Holm): with nothing behind any of them, one below 0.05 would appear on at most one page in twenty.",
        "Corrigée pour {tried} tests (Holm) : si aucun n’avait de fondement, une valeur sous 0,05 apparaîtrait au plus "
        "sur une page sur vingt.",
    ),
    "curves": Text("How long contracts last, by “{name}”", "Combien de temps durent les contrats, selon « {name} »"),
    "c_curves": Text(
        "Share of each segment that lasts at least so long; bands hold 95%. Below, how many contracts were observed at "
        "that age. A curve ends where fewer than {smallest} are left.",
        "Part de chaque segment qui dure au moins aussi longtemps ; les bandes couvrent 95\u00a0%. Dessous, le nombre "
        "de contrats observés à cet âge. Une courbe s’arrête là où il en reste moins de {smallest}.",
    ),
    "no_curves": Text(
        "Too few contracts were observed from their first day for curves to be compared.",
        "Trop peu de contrats ont été observés dès leur premier jour pour comparer des courbes.",
    ),
    "test": Text("Test", "Test"),
    "all_ages": Text("All ages alike (log-rank)", "Tous les âges de même (log-rank)"),
    "early_ages": Text("Early ages count most", "Les premiers âges comptent le plus"),
    "late_ages": Text("Late ages count most", "Les derniers âges comptent le plus"),
    "tests": Text(
        "Where curves cross: “{name}”, at early and at late ages",
        "Courbes qui se croisent, selon « {name} », aux premiers et aux derniers âges",
    ),
    "tests_note": Text(
        "Weights of Fleming and Harrington: the share still running (early), the share that has ended (late). "
        "Adjusted for three tests (Holm).",
        "Poids de Fleming et Harrington : part encore en cours (premiers âges), part terminée (derniers âges). "
        "Corrigé pour trois tests (Holm).",
    ),
    "segment": Text("Segment", "Segment"),
    "contracts": Text("Contracts", "Contrats"),
    "ended": Text("Ended", "Terminés"),
    "mean_months": Text("Months lasted, mean", "Durée moyenne, mois"),
    "low": Text("Low (95%)", "Bas (95\u00a0%)"),
    "high": Text("High (95%)", "Haut (95\u00a0%)"),
    "gap": Text("Months beside “{name}”", "Mois par rapport à « {name} »"),
    "lasting": Text(
        "How many of the first {months} months contracts last, by “{name}”",
        "Combien des {months} premiers mois durent les contrats, selon « {name} »",
    ),
    "lasting_note": Text(
        "The area under the curve up to {months} months (restricted mean). A dash: not observed for so long. Differences "
        "are beside the largest segment; their p-values are adjusted for the number of segments (Holm).",
        "Aire sous la courbe jusqu’à {months} mois (moyenne restreinte). Un tiret : pas observé aussi longtemps. "
        "Les écarts sont pris au plus grand segment ; leurs valeurs p sont corrigées du nombre de segments (Holm).",
    ),
    "few_ended": Text("Fewer than {smallest} ends are not shown.", "Moins de {smallest} fins ne sont pas dites."),
    "differences": Text("Months more or less of the first {months} months", "Mois en plus ou en moins sur les {months} premiers mois"),
    "shorter": Text("lasts shorter", "dure moins"),
    "longer": Text("lasts longer", "dure plus"),
    "c_differences": Text(
        "Beside “{name}”, the largest segment. A bar across 0 means no clear difference.",
        "Par rapport à « {name} », le plus grand segment. Un trait qui croise 0 : pas de différence nette.",
    ),
    "judged": Text("Contracts judged", "Contrats jugés"),
    "forecast": Text("Forecast", "Prévision"),
    "observed": Text("Ended", "Terminés"),
    "reading": Text("In words", "En clair"),
    "as_forecast": Text("as forecast", "conforme à la prévision"),
    "more_ended": Text("more ended than forecast", "plus de fins que prévu"),
    "fewer_ended": Text("fewer ended than forecast", "moins de fins que prévu"),
    "by_forecast": Text(
        "Share that ended within {days} days, forecast and observed, by “{name}”",
        "Part de contrats terminés sous {days} jours, prévue et constatée, selon « {name} »",
    ),
    "forecast_note": Text(
        "Forecast on {day} for the contracts then running, by a model that knew nothing of later days. The "
        "intervals hold for all segments together (95%).",
        "Prévision du {day} pour les contrats alors en cours, par un modèle qui ignorait la suite. Les "
        "intervalles valent pour tous les segments ensemble (95\u00a0%).",
    ),
    "drawn_note": Text(
        "From the first day of customers drawn at random, of whom the model knew nothing. The intervals hold for all "
        "segments together (95%).",
        "Dès le premier jour de clients tirés au hasard, dont le modèle ignorait tout. Les intervalles valent pour tous "
        "les segments ensemble (95\u00a0%).",
    ),
    "forecast_title": Text("Ended within {days} days: forecast and observed", "Fins sous {days} jours : prévision et constat"),
    "forecast_axis": Text("Share of contracts", "Part des contrats"),
    "c_forecast": Text(
        "A diamond outside the bar: in that segment the forecast is off by more than chance.",
        "Un losange hors du trait : dans ce segment, la prévision s’écarte plus que par hasard.",
    ),
    "no_forecast": Text(
        "There was too little history to put the forecast to the test by segment.",
        "L’historique était trop court pour éprouver la prévision par segment.",
    ),
    "factor": Text("What differs", "Ce qui diffère"),
    "ratio": Text("Risk of ending, times, mean", "Risque de fin multiplié par, moyenne"),
    "early": Text("Early (about {months} months)", "Au début (vers {months} mois)"),
    "late_age": Text("Late (about {months} months)", "Plus tard (vers {months} mois)"),
    "effects": Text("Whether what goes with an early end does so at every age", "Ce qui va avec une fin précoce le fait-il à tout âge ?"),
    "effects_note": Text(
        "Test of proportional hazards (Grambsch and Therneau), adjusted for {tried} tests (Holm). Early and late: "
        "when a tenth and nine tenths of the ends have come, by a line through the residuals.",
        "Test des risques proportionnels (Grambsch et Therneau), corrigé pour {tried} tests (Holm). Début et plus tard : "
        "quand un dixième et neuf dixièmes des fins ont eu lieu, selon une droite à travers les résidus.",
    ),
    "lasts": Text("no sign of change", "aucun signe de changement"),
    "fades": Text("fades with age", "s’estompe avec l’âge"),
    "grows": Text("grows with age", "se renforce avec l’âge"),
    "turns": Text("turns round with age", "s’inverse avec l’âge"),
    "bends": Text("its curve changes with age", "sa courbe change avec l’âge"),
    "changes": Text("changes with age, most for “{level}”", "change avec l’âge, surtout pour « {level} »"),
    "no_effects": Text(
        "Whether effects last cannot be tested: the scores do not come from a plain Cox regression.",
        "On ne peut vérifier si les effets durent : les scores ne viennent pas d’une régression de Cox simple.",
    ),
    "some_change": Text(
        "The effect of {names} changes with age: one number for all ages is a mean of different ones.",
        "L’effet change avec l’âge pour : {names}. Un seul chiffre pour tous les âges est une moyenne de plusieurs.",
    ),
    "none_changes": Text(
        "No effect is seen to change with age: one number for all ages describes it well enough.",
        "Aucun effet ne paraît changer avec l’âge : un seul chiffre pour tous les âges le décrit assez bien.",
    ),
}

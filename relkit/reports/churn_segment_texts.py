"""What the churn report says of segments, in English and French."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "chosen": "Contracts are told apart most clearly by “{name}”, of {tried} ways that were tried (log-rank test, p {p} after "
        "adjusting for all of them).",
        "unclear": "No way to segment the contracts tells them clearly apart; the nearest, of {tried}, is by “{name}” (log-rank "
        "test, p {p} after adjusting for all of them).",
        "named": "Contracts are compared by “{name}”, as asked for (log-rank test, p {p}).",
        "no_segments": "There is nothing to segment the contracts by: no column has two values with enough contracts and an end.",
        "one_segment": "By “{name}” the contracts fall into one group, or no contract ended while two groups were observed: there "
        "is nothing to compare.",
        "apart": "Of the first {months} months, contracts with “{who_longest}” last {longest} months on average, those "
        "with “{who_shortest}” {shortest}: a difference of {gap} months.",
        "crossing": "Some curves cross: which segment lasts longer depends on the age. Tests of early and of late ages stand below.",
        "late": "Fewer than {smallest} contracts were observed from their first day with {names}. These have no curve; the test "
        "compares them at the ages at which they were observed.",
        "nobody": "No contract with {names} ended.",
        "of_today": "This is what is known of customers today. Where it changes with time, or because a contract ended, it is a "
        "consequence and not a cause.",
        "left_out": "Fewer than {smallest} contracts belong to none of these segments; they are left out.",
        "ways": "Which way to segment contracts tells them apart",
        "segmented_by": "By",
        "segments": "Segments",
        "chi2": "Chi-squared",
        "df": "Degrees of freedom",
        "p_value": "p-value",
        "p_adjusted": "p-value, adjusted",
        "holm_note": "Adjusted for {tried} tests (Holm): with nothing behind any of them, one below 0.05 would appear on at most "
        "one page in twenty.",
        "curves": "How long contracts last, by “{name}”",
        "c_curves": "Share of each segment that lasts at least so long; bands hold 95%. Below, how many contracts were observed at "
        "that age. A curve ends where fewer than {smallest} are left.",
        "no_curves": "Too few contracts were observed from their first day for curves to be compared.",
        "test": "Test",
        "all_ages": "All ages alike (log-rank)",
        "early_ages": "Early ages count most",
        "late_ages": "Late ages count most",
        "tests": "Where curves cross: “{name}”, at early and at late ages",
        "tests_note": "Weights of Fleming and Harrington: the share still running (early), the share that has ended (late). "
        "Adjusted for three tests (Holm).",
        "segment": "Segment",
        "contracts": "Contracts",
        "ended": "Ended",
        "mean_months": "Months lasted, mean",
        "low": "Low (95%)",
        "high": "High (95%)",
        "gap": "Months beside “{name}”",
        "lasting": "How many of the first {months} months contracts last, by “{name}”",
        "lasting_note": "The area under the curve up to {months} months (restricted mean). A dash: not observed for so long. Differences "
        "are beside the largest segment; their p-values are adjusted for the number of segments (Holm).",
        "few_ended": "Fewer than {smallest} ends are not shown.",
        "differences": "Months more or less of the first {months} months",
        "shorter": "lasts shorter",
        "longer": "lasts longer",
        "c_differences": "Beside “{name}”, the largest segment. A bar across 0 means no clear difference.",
        "judged": "Contracts judged",
        "forecast": "Forecast",
        "observed": "Ended",
        "reading": "In words",
        "as_forecast": "as forecast",
        "more_ended": "more ended than forecast",
        "fewer_ended": "fewer ended than forecast",
        "by_forecast": "Share that ended within {days} days, forecast and observed, by “{name}”",
        "forecast_note": "Forecast on {day} for the contracts then running, by a model that knew nothing of later days. The "
        "intervals hold for all segments together (95%).",
        "drawn_note": "From the first day of customers drawn at random, of whom the model knew nothing. The intervals hold for all "
        "segments together (95%).",
        "forecast_title": "Ended within {days} days: forecast and observed",
        "forecast_axis": "Share of contracts",
        "c_forecast": "A diamond outside the bar: in that segment the forecast is off by more than chance.",
        "no_forecast": "There was too little history to put the forecast to the test by segment.",
        "factor": "What differs",
        "ratio": "Risk of ending, times, mean",
        "early": "Early (about {months} months)",
        "late_age": "Late (about {months} months)",
        "effects": "Whether what goes with an early end does so at every age",
        "effects_note": "Test of proportional hazards (Grambsch and Therneau), adjusted for {tried} tests (Holm). Early and late: "
        "when a tenth and nine tenths of the ends have come, by a line through the residuals.",
        "lasts": "no sign of change",
        "fades": "fades with age",
        "grows": "grows with age",
        "turns": "turns round with age",
        "bends": "its curve changes with age",
        "changes": "changes with age, most for “{level}”",
        "no_effects": "Whether effects last cannot be tested: the scores do not come from a plain Cox regression.",
        "some_change": "The effect of {names} changes with age: one number for all ages is a mean of different ones.",
        "none_changes": "No effect is seen to change with age: one number for all ages describes it well enough.",
    },
    "fr": {
        "chosen": "Ce qui distingue le mieux les contrats : « {name} », parmi {tried} découpages essayés (test du log-rank, p {p} une fois "
        "corrigé de leur nombre).",
        "unclear": "Aucun découpage ne distingue nettement les contrats ; le plus proche, sur {tried} : « {name} » (test du "
        "log-rank, p {p} une fois corrigé de leur nombre).",
        "named": "Les contrats sont comparés, comme demandé, selon « {name} » (test du log-rank, p {p}).",
        "no_segments": "Rien ne permet de découper les contrats : aucune colonne n’a deux valeurs avec assez de contrats et une fin.",
        "one_segment": "Selon « {name} », les contrats forment un seul groupe, ou aucun n’a pris fin tant que deux groupes étaient "
        "observés : il n’y a rien à comparer.",
        "apart": "Sur les {months} premiers mois, les contrats « {who_longest} » durent en moyenne {longest} mois, les contrats "
        "« {who_shortest} » {shortest} : {gap} mois d’écart.",
        "crossing": "Des courbes se croisent : le segment qui dure le plus dépend de l’âge. Les tests des premiers et des derniers âges "
        "figurent plus bas.",
        "late": "Moins de {smallest} contrats ont été observés dès leur premier jour pour {names}. Pas de courbe pour eux ; le test les "
        "compare aux âges où ils ont été observés.",
        "nobody": "Aucun contrat n’a pris fin pour {names}.",
        "of_today": "C’est ce que l’on sait des clients aujourd’hui. Si cela change avec le temps, ou parce qu’un contrat a pris "
        "fin, c’est une conséquence et non une cause.",
        "left_out": "Moins de {smallest} contrats n’appartiennent à aucun de ces segments ; ils sont laissés de côté.",
        "ways": "Quels découpages distinguent les contrats",
        "segmented_by": "Selon",
        "segments": "Segments",
        "chi2": "Khi-deux",
        "df": "Degrés de liberté",
        "p_value": "Valeur p",
        "p_adjusted": "Valeur p corrigée",
        "holm_note": "Corrigée pour {tried} tests (Holm) : si aucun n’avait de fondement, une valeur sous 0,05 apparaîtrait au plus "
        "sur une page sur vingt.",
        "curves": "Combien de temps durent les contrats, selon « {name} »",
        "c_curves": "Part de chaque segment qui dure au moins aussi longtemps ; les bandes couvrent 95\u00a0%. Dessous, le nombre "
        "de contrats observés à cet âge. Une courbe s’arrête là où il en reste moins de {smallest}.",
        "no_curves": "Trop peu de contrats ont été observés dès leur premier jour pour comparer des courbes.",
        "test": "Test",
        "all_ages": "Tous les âges de même (log-rank)",
        "early_ages": "Les premiers âges comptent le plus",
        "late_ages": "Les derniers âges comptent le plus",
        "tests": "Courbes qui se croisent, selon « {name} », aux premiers et aux derniers âges",
        "tests_note": "Poids de Fleming et Harrington : part encore en cours (premiers âges), part terminée (derniers âges). "
        "Corrigé pour trois tests (Holm).",
        "segment": "Segment",
        "contracts": "Contrats",
        "ended": "Terminés",
        "mean_months": "Durée moyenne, mois",
        "low": "Bas (95\u00a0%)",
        "high": "Haut (95\u00a0%)",
        "gap": "Mois par rapport à « {name} »",
        "lasting": "Combien des {months} premiers mois durent les contrats, selon « {name} »",
        "lasting_note": "Aire sous la courbe jusqu’à {months} mois (moyenne restreinte). Un tiret : pas observé aussi longtemps. "
        "Les écarts sont pris au plus grand segment ; leurs valeurs p sont corrigées du nombre de segments (Holm).",
        "few_ended": "Moins de {smallest} fins ne sont pas dites.",
        "differences": "Mois en plus ou en moins sur les {months} premiers mois",
        "shorter": "dure moins",
        "longer": "dure plus",
        "c_differences": "Par rapport à « {name} », le plus grand segment. Un trait qui croise 0 : pas de différence nette.",
        "judged": "Contrats jugés",
        "forecast": "Prévision",
        "observed": "Terminés",
        "reading": "En clair",
        "as_forecast": "conforme à la prévision",
        "more_ended": "plus de fins que prévu",
        "fewer_ended": "moins de fins que prévu",
        "by_forecast": "Part de contrats terminés sous {days} jours, prévue et constatée, selon « {name} »",
        "forecast_note": "Prévision du {day} pour les contrats alors en cours, par un modèle qui ignorait la suite. Les "
        "intervalles valent pour tous les segments ensemble (95\u00a0%).",
        "drawn_note": "Dès le premier jour de clients tirés au hasard, dont le modèle ignorait tout. Les intervalles valent pour tous "
        "les segments ensemble (95\u00a0%).",
        "forecast_title": "Fins sous {days} jours : prévision et constat",
        "forecast_axis": "Part des contrats",
        "c_forecast": "Un losange hors du trait : dans ce segment, la prévision s’écarte plus que par hasard.",
        "no_forecast": "L’historique était trop court pour éprouver la prévision par segment.",
        "factor": "Ce qui diffère",
        "ratio": "Risque de fin multiplié par, moyenne",
        "early": "Au début (vers {months} mois)",
        "late_age": "Plus tard (vers {months} mois)",
        "effects": "Ce qui va avec une fin précoce le fait-il à tout âge ?",
        "effects_note": "Test des risques proportionnels (Grambsch et Therneau), corrigé pour {tried} tests (Holm). Début et plus tard : "
        "quand un dixième et neuf dixièmes des fins ont eu lieu, selon une droite à travers les résidus.",
        "lasts": "aucun signe de changement",
        "fades": "s’estompe avec l’âge",
        "grows": "se renforce avec l’âge",
        "turns": "s’inverse avec l’âge",
        "bends": "sa courbe change avec l’âge",
        "changes": "change avec l’âge, surtout pour « {level} »",
        "no_effects": "On ne peut vérifier si les effets durent : les scores ne viennent pas d’une régression de Cox simple.",
        "some_change": "L’effet change avec l’âge pour : {names}. Un seul chiffre pour tous les âges est une moyenne de plusieurs.",
        "none_changes": "Aucun effet ne paraît changer avec l’âge : un seul chiffre pour tous les âges le décrit assez bien.",
    },
}

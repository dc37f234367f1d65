"""Texts of the page of the check, in both languages."""

from __future__ import annotations

from relkit.texts import Text

TEXTS: dict[str, Text] = {
    "title": Text("Check of the data", "Contrôle des données"),
    "programme": Text("Programme", "Programme"),
    "checked": Text("Checked", "Contrôlé le"),
    "period": Text("Data", "Données"),
    "from_to": Text("{first} to {last}", "du {first} au {last}"),
    "before": Text("Compared with", "Comparé à"),
    "no_check_before": Text("no earlier check", "aucun contrôle antérieur"),
    "check_of": Text("the check of {at}", "contrôle du {at}"),
    "passed": Text("The check passed: the tables are in place and can be worked with.", "Contrôle réussi : les tables sont en place."),
    "passed_alarms": Text(
        "The check passed, with {n} to look at: see what to do.", "Contrôle réussi, avec {n} à examiner : voir ce qu’il faut faire."
    ),
    "failed": Text("The check did not pass.", "Le contrôle n’est pas passé."),
    "share_exceeded": Text(
        "{table}: {out} of {read} rows are faulty ({share}), more than the {most} that max_quarantine_share permits. "
        "Look at quarantine/{table}.parquet.",
        "{table} : {out} lignes sur {read} sont fautives ({share}), plus que les {most} admis par max_quarantine_share. "
        "Regardez quarantine/{table}.parquet.",
    ),
    "rule_stops": Text(
        "{table}: {broken} of {judged} rows break the rule {rule} ({share}), more than the {allowed} that it allows.",
        "{table} : {broken} lignes sur {judged} enfreignent la règle {rule} ({share}), plus que les {allowed} qu’elle admet.",
    ),
    "unbalanced": Text(
        "{table}.{column}: what was read is not the sum of what was kept and quarantined.",
        "{table}.{column} : le total lu n’est pas la somme du gardé et du mis en quarantaine.",
    ),
    "gate_closed": Text(
        "It was run as a gate, and each of the alarms below fails it.",
        "Il a été lancé comme barrière (--gate), et chacune des alertes ci-dessous le fait échouer.",
    ),
    "one_alarm": Text("1 alarm", "1 alerte"),
    "more_alarms": Text("{n} alarms", "{n} alertes"),
    "to_do": Text("What to do", "Ce qu’il faut faire"),
    "nothing_to_do": Text("Nothing.", "Rien."),
    "alarms": Text("Alarms", "Alertes"),
    "remarks": Text("To know before reading the numbers", "À savoir avant de lire les chiffres"),
    "sources": Text("Sources", "Sources"),
    "sources_intro": Text(
        "Every line of a file is a row of data, a blank line, or one up to the header; files that were not read are among what to do.",
        "Chaque ligne d’un fichier est une ligne de données, une ligne vide ou une ligne jusqu’à l’en-tête ; les fichiers non lus figurent "
        "parmi ce qu’il faut faire.",
    ),
    "tables": Text("Rows in and out", "Lignes lues et gardées"),
    "tables_intro": Text(
        "No row is lost: each one in quarantine is in the file named, with its source, its row and the rule it broke.",
        "Aucune ligne n’est perdue : celles en quarantaine sont dans le fichier indiqué, avec leur source, leur numéro et la règle "
        "enfreinte.",
    ),
    "rules": Text("Rules broken", "Règles enfreintes"),
    "no_rules": Text("No row breaks a rule.", "Aucune ligne n’enfreint de règle."),
    "unlikely": Text("Unlikely values, kept", "Valeurs peu probables, gardées"),
    "own_rules": Text("Your own rules", "Vos propres règles"),
    "own_intro": Text(
        "Declared under rules in the mapping file. Rows for which a rule gives neither yes nor no are not judged.",
        "Déclarées sous rules dans le fichier de correspondance. Les lignes pour lesquelles une règle ne dit ni oui ni non ne sont pas "
        "jugées.",
    ),
    "controls": Text("Control totals", "Totaux de contrôle"),
    "controls_intro": Text(
        "Rows kept and sums of money, by source and month of the table’s main date, next to those of the previous check that passed. "
        "A month that the previous check saw in part has at least as much now.",
        "Lignes gardées et sommes d’argent, par source et par mois de la date principale de la table, à côté de celles du dernier contrôle "
        "réussi. Un mois que celui-ci n’avait vu qu’en partie contient maintenant au moins autant.",
    ),
    "months_before": Text("Earlier months", "Mois antérieurs"),
    "drift": Text("Columns", "Colonnes"),
    "no_drift": Text(
        "The columns of the sources are those of the previous check.", "Les colonnes des sources sont celles du contrôle précédent."
    ),
    "first_check": Text("There is no earlier check to compare with.", "Il n’y a pas de contrôle antérieur auquel comparer."),
    "checks": Text("Checks so far", "Contrôles jusqu’ici"),
    "notes": Text("What was detected and left out", "Détecté et laissé de côté"),
    "notes_in_english": Text("As the check printed it.", "Tel que le contrôle l’a affiché, en anglais."),
    "footer": Text("Made by relkit {version} from tables/check.json.", "Fait par relkit {version} d’après tables/check.json."),
    "in_part": Text("seen in part", "vu en partie"),
    "total": Text("in all", "en tout"),
    "undated": Text("without a date", "sans date"),
    "history_of": Text("{what}, check by check, up to {last}", "{what}, contrôle après contrôle, jusqu’à {last}"),
    "row_of": Text("row {row} of {source}", "ligne {row} de {source}"),
    "yes": Text("yes", "oui"),
    "no": Text("no", "non"),
    "warn": Text("warns", "avertit"),
    "quarantine": Text("quarantines", "met en quarantaine"),
    "stop": Text("stops", "arrête"),
}

HEADS: dict[str, Text] = {
    "source": Text("Source", "Source"),
    "files": Text("Files", "Fichiers"),
    "lines_before": Text("Lines up to the header", "Lignes jusqu’à l’en-tête"),
    "rows": Text("Rows", "Lignes"),
    "rows_before": Text("Rows before", "Lignes avant"),
    "blank_lines": Text("Blank lines", "Lignes vides"),
    "short_lines": Text("Too short", "Trop courtes"),
    "long_lines": Text("Too long", "Trop longues"),
    "duplicates": Text("Exact copies", "Copies exactes"),
    "newest": Text("Newest day", "Jour le plus récent"),
    "table": Text("Table", "Table"),
    "left_out": Text("Left out by the mapping", "Écartées par la correspondance"),
    "folded": Text("Folded", "Regroupées"),
    "read": Text("Read", "Lues"),
    "kept": Text("Kept", "Gardées"),
    "quarantined": Text("Quarantined", "En quarantaine"),
    "share": Text("Share", "Part"),
    "file": Text("File", "Fichier"),
    "rule": Text("Rule", "Règle"),
    "first": Text("First", "Première"),
    "history": Text("Over the checks", "Au fil des contrôles"),
    "remedy": Text("What to do", "Que faire"),
    "severity": Text("If exceeded", "Si dépassée"),
    "broken": Text("Rows that break it", "Lignes en infraction"),
    "allowed": Text("Allowed", "Admis"),
    "unjudged": Text("Not judged", "Non jugées"),
    "month": Text("Month", "Mois"),
    "before": Text("{what} before", "{what} avant"),
    "change": Text("Change", "Écart"),
    "checked": Text("Check", "Contrôle"),
    "passed": Text("Passed", "Réussi"),
    "came": Text("New", "En plus"),
    "went": Text("Gone", "En moins"),
    "changed": Text("Other type", "Type changé"),
}

FIGURES: dict[str, Text] = {
    "customers": Text("customers", "clients"),
    "transactions": Text("transactions", "transactions"),
    "contracts": Text("contracts", "contrats"),
    "customer_snapshots": Text("customer snapshots", "photographies de clients"),
    "paths": Text("grouped paths", "parcours groupés"),
    "revenue": Text("revenue, {currency}", "chiffre d’affaires, {currency}"),
    "read": Text("rows read", "lignes lues"),
    "quarantined": Text("in quarantine", "en quarantaine"),
}

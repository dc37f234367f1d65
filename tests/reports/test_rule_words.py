"""Rules and remedies in French."""

from __future__ import annotations

import pytest

from relkit.reports.rule_words import remedy_words, rule_words
from relkit.tables.quarantine import unlikely_rules, unreadable
from relkit.tables.schemas import TABLES

RULES = [rule for contract in TABLES.values() for rule in (*contract.rules, *unlikely_rules(contract, contract.names))]
COLUMNS = [(contract, column.name) for contract in TABLES.values() for column in contract.columns]


def test_every_rule_and_remedy_of_the_tables_has_french_words():
    names = {rule.name for rule in RULES} | {unreadable(contract, name) for contract, name in COLUMNS}
    assert {name for name in names if rule_words(name, "fr") == name} == set()
    assert {rule.remedy for rule in RULES if rule.remedy and not remedy_words(rule.remedy, "fr")} == set()


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("customer_id or identifier: empty", "customer_id ou identifier : vide"),
        ("net_amount: below -5", "net_amount : inférieur à -5"),
        ("line_kind: none of sale, return", "line_kind : aucune des valeurs sale, return"),
        ("order_id: exact copy of an earlier row", "order_id : copie exacte d’une ligne précédente"),
        ("line: more fields than columns", "ligne : plus de champs que de colonnes"),
        ("my own rule", "my own rule"),
        ("net_amount: strange", "net_amount: strange"),
    ],
)
def test_rules_in_french(english, french):
    assert rule_words(english, "fr").replace("\u00a0", " ") == french
    assert rule_words(english, "en") == english


def test_remedies_keep_what_they_name():
    english = 'Declare in the mapping how it is written, for example {column: day, format: "%d/%m/%Y"}.'
    assert remedy_words(english, "fr").endswith('par exemple {column: day, format: "%d/%m/%Y"}.')
    assert remedy_words("Check that valid_from and valid_to are not swapped in the mapping.", "fr") == (
        "Vérifiez que valid_from et valid_to ne sont pas inversés dans la correspondance."
    )

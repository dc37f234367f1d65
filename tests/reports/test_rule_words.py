"""Rules and remedies in French."""

from __future__ import annotations

import ast
import inspect
import re

import polars as pl
import pytest

from relkit.contracts import Rule
from relkit.reports.rule_words import remedy_words, rule_words
from relkit.tables import ended_contracts, quarantine, unread_values
from relkit.tables.quarantine import unlikely_rules, unreadable
from relkit.tables.schemas import TABLES

RULES = [rule for contract in TABLES.values() for rule in (*contract.rules, *unlikely_rules(contract, contract.names))]
RULES += [
    Rule(name=found.rule, columns=(), broken=pl.lit(value=False), remedy=found.remedy)
    for contract in TABLES.values()
    if (found := contract.disagreement) is not None
]
COLUMNS = [(contract, column.name) for contract in TABLES.values() for column in contract.columns]


def test_every_rule_and_remedy_of_the_tables_has_french_words():
    names = {rule.name for rule in RULES} | {unreadable(contract, name) for contract, name in COLUMNS}
    assert {name for name in names if rule_words(name, "fr") == name} == set()
    assert {rule.remedy for rule in RULES if rule.remedy and not remedy_words(rule.remedy, "fr")} == set()


def test_every_remedy_of_unreadable_values_has_french_words():
    modules = (unread_values, quarantine)
    texts = {node.value for module in modules for node in ast.walk(ast.parse(inspect.getsource(module))) if _is_text(node)}
    begins = re.compile(r"(Correct|They look|Write an|Export|If the|A delimiter).*\.$")
    told = {text for text in texts if begins.match(text)}
    assert len(told) >= 7
    assert {text for text in told if not remedy_words(text, "fr")} == set()
    filled = {
        ended_contracts._REMEDY,
        'format: "%d/%m/%Y" reads 80% of these values, and no usual one reads all: they may be of several forms.',
        (
            '"%d/%m/%Y" and "%m/%d/%Y" read every value of the column, so the values do not tell which is meant: '
            "ask, and declare it as format."
        ),
        'They have the decimal mark ",": declare decimal: "," for the column, or ask for one form.',
        'Declare thousands: "." for the column if "." stands between thousands, decimal: "." if before decimals.',
        "They have marks or signs beside the number: declare thousands, or take signs out with replace(x, '%', '') in an expression.",
    }
    assert rule_words(ended_contracts._WITHOUT_DAY, "fr") != ended_contracts._WITHOUT_DAY
    assert {text for text in filled if not remedy_words(text, "fr")} == set()


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
    english = 'format: "%d/%m/%Y" reads every value of the column: declare it in the mapping.'
    assert remedy_words(english, "fr").startswith('format: "%d/%m/%Y" lit toutes les valeurs')
    assert remedy_words("Check that valid_from and valid_to are not swapped in the mapping.", "fr") == (
        "Vérifiez que valid_from et valid_to ne sont pas inversés dans la correspondance."
    )

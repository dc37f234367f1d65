"""Rules that analysts declare: compiled on our columns, judged with the contract's, and counted."""

from __future__ import annotations

import json

import polars as pl
import pytest

from relkit.errors import ParameterError, TableError
from relkit.tables.mapping import read_source_tables
from relkit.tables.own_rules import CompiledRule, rule_report
from relkit.tables.reading import read_tables

LINES = """transaction_line_id,transaction_id,customer_id,occurred_at,net_amount,margin_amount
1,a,p,2025-06-01,10,4
2,a,p,2025-06-02,20,30
3,b,7,2025-06-03,30,
4,c,q,2025-06-04,40,41
5,d,q,2025-06-05,fifty,60
"""
RULE = "- {name: margin, expression: margin_amount <= net_amount, severity: SEVERITY, allowed_share: SHARE}"


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "transactions.csv").write_text(LINES)
    return tmp_path


def declared(shop, *rules, table="transactions"):
    text = "company: {history_starts_on: 2025-01-01}\n" + f"rules:\n  {table}:\n" + "".join(f"    {rule}\n" for rule in rules)
    (shop / "data" / "mapping.yaml").write_text(text)
    return shop / "data"


def check(shop, *rules, table="transactions", **more):
    data = declared(shop, *rules, table=table)
    return read_tables(data, shop / "out", **{"max_quarantine_share": 1.0, **more})


def rule(severity, share=0.0):
    return RULE.replace("SEVERITY", severity).replace("SHARE", str(share))


def test_a_rule_that_warns_counts_and_keeps_the_rows(shop):
    report = check(shop, rule("warn"))
    (found,) = report.tables["transactions"].own_rules
    assert (found.judged, found.broken, found.unjudged, found.first) == (3, 2, 1, ("transactions.csv", 2))
    assert (report.passed, report.tables["transactions"].rows_kept) == (True, 4)
    (alarm,) = report.alarms
    assert alarm.en == "transactions: 2 of 3 rows break the rule margin (66.7%, at most 0% are allowed)."
    assert alarm.fr.replace("\u00a0", " ") == (
        "transactions : 2 lignes sur 3 enfreignent la règle margin (66,7 %, au plus 0 % sont admis)."
    )
    assert alarm in report.remarks
    assert alarm.en in report.warnings


def test_a_share_within_what_is_allowed_is_counted_and_no_warning(shop):
    report = check(shop, rule("warn", 0.7), is_gate=True)
    assert (report.passed, report.alarms) == (True, ())
    assert not any("margin" in warning and "rule" in warning for warning in report.warnings)
    assert report.tables["transactions"].own_rules[0].broken == 2


def test_a_rule_that_quarantines_moves_the_rows_under_its_name(shop):
    report = check(shop, rule("quarantine"))
    faulty = pl.read_parquet(report.paths["quarantine_transactions"])
    assert faulty.select("rule", "row").rows() == [("margin", 2), ("margin", 4), ("net_amount: not a number", 5)]
    assert report.tables["transactions"].rows_kept == 2
    assert report.tables["transactions"].own_rules[0].first == ("transactions.csv", 2)
    assert report.tables["transactions"].sums["net_amount"].kept == 40.0
    assert report.alarms[0].en.endswith("(66.7%, at most 0% are allowed); they are in quarantine.")


def test_a_rule_that_stops_fails_the_check_above_its_share(shop):
    report = check(shop, rule("stop", 0.5))
    assert not report.passed
    assert report.refusals == (
        "transactions: 2 of 3 rows break the rule margin (66.67%), more than the 50.00% that it allows, and it stops the check.",
    )
    assert check(shop, rule("stop", 0.7)).passed


def test_a_gate_is_closed_by_a_rule_that_warns(shop):
    assert not check(shop, rule("warn", 0.5), is_gate=True).passed
    assert check(shop, rule("warn", 0.5)).passed


def test_counts_and_shares_are_in_check_json_and_the_reason_in_both_languages(shop):
    report = check(shop, rule("warn")[:-1] + ", reason: {en: Margins come net, fr: Les marges sont nettes.}}")
    stored = json.loads(report.paths["check"].read_text())["tables"]["transactions"]["own_rules"]["margin"]
    counts = {"judged": 3, "broken": 2, "unjudged": 1, "share": 0.666667, "first": {"source": "transactions.csv", "row": 2}}
    reasons = {"reason_en": "Margins come net", "reason_fr": "Les marges sont nettes."}
    assert stored == {"severity": "warn", "allowed_share": 0.0, **counts, **reasons}
    assert report.alarms[0].en.endswith("are allowed). Margins come net.")


EXPRESSIONS = {
    "occurred_at >= date '2025-06-03'": 2,
    "customer_id <> 'q'": 1,
    "starts_with(customer_id, 'p') or customer_id is null": 2,
    "customer_id > 6": 0,
    "line_kind = 'sale'": 0,
    "abs(net_amount) between 10 and 30": 1,
    "not (margin_amount is null)": 1,
}
"""Kept rows that break each: the fifth has no amount and is in quarantine."""


def test_expressions_read_our_columns_with_their_types(shop):
    report = check(shop, *(f'- {{name: own {place}, expression: "{text}"}}' for place, text in enumerate(EXPRESSIONS)))
    assert [found.broken for found in report.tables["transactions"].own_rules] == list(EXPRESSIONS.values())


def test_attributes_of_snapshots_are_columns_too(shop):
    (shop / "data" / "customer_snapshots.csv").write_text("customer_id,as_of,band\np,2025-06-30,A\nq,2025-06-30,B\nr,2025-06-30,\n")
    report = check(shop, "- {name: band, expression: \"band = 'A'\", severity: quarantine}", table="customer_snapshots")
    (found,) = report.tables["customer_snapshots"].own_rules
    assert (found.judged, found.broken, found.unjudged) == (2, 1, 1)
    assert pl.read_parquet(report.paths["quarantine_customer_snapshots"])["rule"].to_list() == ["band"]


def test_a_rule_may_be_named_like_a_column_or_a_method(shop):
    names = ("net_amount", "filter", "validate", "columns", "prix payé", "own")
    report = check(shop, *(f"- {{name: {name}, expression: margin_amount <= net_amount, severity: quarantine}}" for name in names))
    faulty = pl.read_parquet(report.paths["quarantine_transactions"])
    assert [set(rules.split("; ")) == set(names) for rules in faulty["rule"]] == [True, True, False]


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        (
            "net_amout > 0",
            TableError,
            r"mapping.yaml, line 4, column \d+: column 'net_amout' is not in transactions; did you mean 'net_amount'",
        ),
        ("currency = 'EUR'", TableError, "column 'currency' is not in transactions"),
        ("_source = 'x'", TableError, "column '_source' is not in transactions"),
        ("net_amount + 1", ParameterError, "line 4, column .*: the rule 'own' gives a number, not yes or no"),
        ("customer_id", ParameterError, "the rule 'own' gives a text, not yes or no"),
        ("1 = 1", ParameterError, "the rule 'own' names no column"),
        ("net_amount > (select 1)", ParameterError, "is not allowed in an expression"),
        ("net_amount >", ParameterError, "neither a column of transactions nor an expression"),
    ],
)
def test_an_expression_that_gives_no_answer_is_refused_with_its_line(shop, expression, error, message):
    with pytest.raises(error, match=message):
        read_source_tables(declared(shop, f'- {{name: own, expression: "{expression}"}}'))


@pytest.mark.parametrize(
    ("rules", "table", "message"),
    [
        (("- {name: a, expression: quantity = 1}", "- {name: a, expression: quantity = 2}"), "transactions", "line 5.*two rules.*'a'"),
        (("- {name: a, expression: quantity = 1}",), "transaction", "line 3.*unknown table 'transaction'; did you mean 'transactions'"),
        (("- {name: a, expression: quantity = 1}",), "contracts", "line 3.*unknown table 'contracts'"),
        (("- {name: 'a: b', expression: quantity = 1}",), "transactions", "line 4.*name is 'a: b'"),
        (("- {name: a, expression: quantity = 1, severity: error}",), "transactions", "line 4.*severity is 'error'"),
        (("- {name: a, expression: quantity = 1, allowed_share: 2}",), "transactions", "line 4.*allowed_share is 2"),
        (("- {name: a, expresion: quantity = 1}",), "transactions", "unknown key 'expresion'; did you mean 'expression'"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused_with_its_line(shop, rules, table, message):
    with pytest.raises(ParameterError, match=f"(?s){message}"):
        read_source_tables(declared(shop, *rules, table=table))


def test_a_rule_that_judges_no_row_is_not_exceeded():
    report = rule_report(CompiledRule(name="own", holds=pl.col("x") > 0), (0, 0), 5, ())
    assert (report.share, report.is_exceeded, report.unjudged, report.first) == (0.0, False, 5, None)

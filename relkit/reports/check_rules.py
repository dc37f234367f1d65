"""Rules broken, with their shares, their course over the checks and what to do: part of the page of a check."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from relkit.reports.plain_table import code
from relkit.reports.rule_words import remedy_words, rule_words
from relkit.reports.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.reports.check_words import CheckWords
    from relkit.tables.check_history import CheckHistory


def rules_section(check: Mapping[str, Any], history: CheckHistory, words: CheckWords) -> str:
    """Return the rules of the tables that rows break, and the values that are unlikely.

    Args:
        check: the content of check.json.
        history: the checks up to this one.
        words: of the language.
    """
    heads = ["table", "rule", "rows", "share", "history", "first", "remedy"]
    broken, unlikely = (_broken(check, history, words, kind) for kind in ("rules", "unlikely"))
    content = f"<p>{words.say('no_rules')}</p>"
    if broken:
        content = words.table(heads, broken) if len(history.entries) > 1 else _without_history(heads, broken, words)
    if unlikely:
        content += f"<h3>{words.say('unlikely')}</h3>{_without_history(heads, unlikely, words)}"
    return words.section("rules", content)


def _without_history(heads: list[str], rows: list[list[str]], words: CheckWords) -> str:
    at = heads.index("history")
    return words.table([*heads[:at], *heads[at + 1 :]], [[*row[:at], *row[at + 1 :]] for row in rows])


def _broken(check: Mapping[str, Any], history: CheckHistory, words: CheckWords, kind: str) -> list[list[str]]:
    rows = []
    for table, report in check["tables"].items():
        for rule, detail in report[kind].items():
            past = [entry.parts["rules"].get(table, {}).get(rule, 0) for entry in history.entries if table in entry.parts["rows"]]
            label = words.say("history_of", what=words.head("rows"), last=words.count(detail["rows"]))
            first = detail["first"]
            where = words.say("row_of", row=words.count(first["row"]), source=first["source"]) if first else ""
            figures = [words.count(detail["rows"]), words.share(detail["rows"] / report["rows_read"])]
            shown = [escape(text) for text in (rule_words(rule, words.language), where, remedy_words(detail["remedy"], words.language))]
            rows.append([code(table), shown[0], *figures, sparkline(past, label), *shown[1:]])
    return rows


def own_rules_section(check: Mapping[str, Any], history: CheckHistory, words: CheckWords) -> str:
    """Return the rules that the mapping declares, broken or not; empty if there are none.

    Arguments as for `rules_section`.
    """
    rows: list[list[str]] = []
    alarmed: set[tuple[int, int]] = set()
    for table, report in check["tables"].items():
        for name, rule in report["own_rules"].items():
            share = rule["broken"] / rule["judged"] if rule["judged"] else 0.0
            if share > rule["allowed_share"]:
                alarmed.add((len(rows), 4))
            rows.append([code(table), *_own_rule(name, rule, share, words), _course(history, table, name, share, words)])
    heads = ["table", "rule", "severity", "broken", "share", "allowed", "unjudged", "history"]
    return words.section("own_rules", words.table(heads, rows, alarmed), "own_intro") if rows else ""


def _own_rule(name: str, rule: Mapping[str, Any], share: float, words: CheckWords) -> list[str]:
    reason = rule.get(f"reason_{words.language}", "")
    shown = code(name) + (f"<br>{escape(reason)}" if reason else "")
    shares = [words.share(share), words.share(rule["allowed_share"])]
    return [shown, words.say(rule["severity"]), words.count(rule["broken"]), *shares, words.count(rule["unjudged"])]


def _course(history: CheckHistory, table: str, name: str, share: float, words: CheckWords) -> str:
    past = [entry.parts["own_rules"].get(table, {}).get(name, {}).get("share") for entry in history.entries]
    label = words.say("history_of", what=words.head("share"), last=words.share(share))
    return sparkline([value for value in past if value is not None], label)

"""Page of a check: sources and rows, rules broken and their history, control totals, changes, and what to do, in one language.

The page is made from the files of the check (check.json, remarks.json, history/checks.jsonl) and shows no value of any row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from relkit import __version__
from relkit.errors import GateError
from relkit.remarks import FILE, read_remarks
from relkit.reports.check_page_texts import FIGURES, HEADS
from relkit.reports.check_rules import own_rules_section, rules_section
from relkit.reports.check_totals import totals_section
from relkit.reports.check_words import CheckWords
from relkit.reports.content_policy import META
from relkit.reports.plain_table import bullets, code
from relkit.reports.site import TEMPLATES, french_spaces, loads_from_outside
from relkit.tables.check_history import parts_of, read_history
from relkit.tables.column_drift import column_drift
from relkit.tables.table_set import CHECK, TableSet
from relkit.texts import LANGUAGES, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.remarks import Remark
    from relkit.tables.check_history import CheckEntry, CheckHistory

PAGES = Text("check.html", "check.fr.html")
"""File of the page."""
MOST_CHECKS = 12
"""Most earlier checks that the page lists."""
STYLE = TEMPLATES / "check.css"


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckPage:
    """A check in the words of one language.

    Attributes:
        programme: its name.
        check: the content of check.json.
        remarks: on the data, in order of importance.
        history: the checks up to this one.
        currency: ISO code of the sums.
        words: of the language.
    """

    programme: str
    check: Mapping[str, Any]
    remarks: tuple[Remark, ...]
    history: CheckHistory
    currency: str = "EUR"
    words: CheckWords

    def html(self) -> str:
        """Return the page.

        Raises:
            GateError: it would load something from outside the file.
        """
        before = self.history.before(parts_of(self.check))
        parts = (
            self._head(before),
            self._verdict(),
            self._figures(),
            self._to_do(),
            self._sources(),
            self._tables(),
            rules_section(self.check, self.history, self.words),
            own_rules_section(self.check, self.history, self.words),
            totals_section(self.check, before, self.currency, self.words),
            self._drift(before),
            self._checks(),
            self._notes(),
        )
        page = self._framed("\n".join(part for part in parts if part))
        page = french_spaces(page) if self.words.is_french else page
        if outside := loads_from_outside(page):
            raise GateError(f"the page would load {outside[0]!r} from outside the file.", where="check page")
        return page

    def _framed(self, body: str) -> str:
        style = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "relkit" / "page.css", STYLE))
        return (
            f'<!DOCTYPE html>\n<html lang="{self.words.language}">\n<head>\n<meta charset="utf-8">\n'
            f"{META}\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="generator" content="relkit {__version__}">\n'
            f"<title>{self.words.say('title')} – {escape(self.programme)}</title>\n<style>\n{style}</style>\n</head>\n"
            f"<body>\n<main>\n{body}\n</main>\n<footer>{escape(self.words.say('footer', version=__version__))}</footer>\n</body>\n</html>\n"
        )

    def _head(self, before: CheckEntry | None) -> str:
        say, day = self.words.say, self.words.day
        at = self.history.entries[-1].at if self.history.entries else None
        first, last = (self.check["headline"].get(name) for name in ("first_day", "last_day"))
        facts = {
            "programme": self.programme,
            "checked": f"{day(at.date())} {at:%H:%M} UTC" if at else "",
            "period": say("from_to", first=day(first), last=day(last)) if first else "",
            "before": say("no_check_before") if before is None else say("check_of", at=day(before.at.date())),
        }
        shown = "".join(f"<div><dt>{say(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items() if value)
        return f'<h1>{say("title")}</h1>\n<dl class="facts">{shown}</dl>'

    def _verdict(self) -> str:
        say, alarms = self.words.say, self._alarms()
        if not self.check["passed"]:
            reasons = self._reasons() or list(self.check["refusals"])
            return f'<div class="verdict failed"><p><strong>{say("failed")}</strong></p>{bullets(reasons)}</div>'
        if not alarms:
            return f'<div class="verdict"><p><strong>{say("passed")}</strong></p></div>'
        number = say("one_alarm") if len(alarms) == 1 else say("more_alarms", n=len(alarms))
        return f'<div class="verdict alarmed"><p><strong>{say("passed_alarms", n=number)}</strong></p></div>'

    def _reasons(self) -> list[str]:
        """Return the reasons for which the check did not pass, in the language of the page."""
        reasons = [reason for table, report in self.check["tables"].items() for reason in self._reasons_of(table, report)]
        is_gate = bool(self._alarms()) and len(self.check["refusals"]) > len(reasons)
        return [*reasons, self.words.say("gate_closed")] if is_gate else reasons

    def _reasons_of(self, table: str, report: Mapping[str, Any]) -> list[str]:
        words, reasons = self.words, []
        out, read, most = report["rows_quarantined"], report["rows_read"], self.check["max_quarantine_share"]
        if read and out / read > most:
            figures = {"out": words.count(out), "read": words.count(read), "share": words.share(out / read), "most": words.share(most)}
            reasons.append(words.say("share_exceeded", table=table, **figures))
        for name, rule in report["own_rules"].items():
            share = rule["broken"] / rule["judged"] if rule["judged"] else 0.0
            if rule["severity"] == "stop" and share > rule["allowed_share"]:
                shares = {"share": words.share(share), "allowed": words.share(rule["allowed_share"])}
                counts = {"broken": words.count(rule["broken"]), "judged": words.count(rule["judged"])}
                reasons.append(words.say("rule_stops", table=table, rule=name, **counts, **shares))
        unbalanced = [column for column, sums in report["sums"].items() if not sums["balanced"]]
        return reasons + [words.say("unbalanced", table=table, column=column) for column in unbalanced]

    def _alarms(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.code in set(self.check["alarms"])]

    def _figures(self) -> str:
        headline, tables = self.check["headline"], self.check["tables"].values()
        shown = {name: self.words.count(headline[name]) for name in FIGURES if headline.get(name)}
        shown |= {name: self.words.count(sum(report[f"rows_{name}"] for report in tables)) for name in ("read", "quarantined")}
        boxes = (
            f"<div><strong>{value}</strong><span>{escape(FIGURES[name].filled(currency=self.currency)[self.words.language])}</span></div>"
            for name, value in shown.items()
        )
        return f'<div class="key-figures">{"".join(boxes)}</div>'

    def _to_do(self) -> str:
        alarms = self._alarms()
        others = [remark for remark in self.remarks if remark not in alarms and remark.code != "check_not_passed"]
        parts = [
            f"<h3>{self.words.say(title)}</h3>{bullets(remark.text(self.words.language) for remark in remarks)}"
            for title, remarks in (("alarms", alarms), ("remarks", others))
            if remarks
        ]
        content = "".join(parts) or f"<p>{self.words.say('nothing_to_do')}</p>"
        return f'<section class="todo"><h2>{self.words.say("to_do")}</h2>{content}</section>'

    def _sources(self) -> str:
        sources = self.check["counts"].get("sources", {})
        if not sources:
            return ""
        facts, newest = [name for name in HEADS if any(counts.get(name) for counts in sources.values())], self._newest()
        rows = [
            [code(name), *(self.words.count(counts.get(fact, 0)) for fact in facts), self.words.day(newest.get(name, ""))]
            for name, counts in sources.items()
        ]
        return self.words.section("sources", self.words.table(["source", *facts, "newest"], rows), "sources_intro")

    def _newest(self) -> dict[str, str]:
        """Return the last day of each source over all tables."""
        found: dict[str, str] = {}
        for total in (total for totals in self.check["controls"].values() for total in totals):
            found[total["source"]] = max(total["last"] or "", found.get(total["source"], ""))
        return found

    def _tables(self) -> str:
        mapped = self.check["counts"].get("tables", {})
        extra = [fact for fact in ("left_out", "folded") if any(counts.get(fact) for counts in mapped.values())]
        rows = []
        for name, report in self.check["tables"].items():
            read, out = report["rows_read"], report["rows_quarantined"]
            counts = [mapped.get(name, {}).get(fact, 0) for fact in extra]
            file = code(f"quarantine/{name}.parquet") if out else ""
            share = self.words.share(out / read) if out and read else ""
            rows.append([code(name), *map(self.words.count, (*counts, read, report["rows_kept"], out)), share, file])
        heads = ["table", *extra, "read", "kept", "quarantined", "share", "file"]
        return self.words.section("tables", self.words.table(heads, rows), "tables_intro")

    def _drift(self, before: CheckEntry | None) -> str:
        if before is None:
            return self.words.section("drift", f"<p>{self.words.say('first_check')}</p>")
        rows = [
            [
                code(drift.source),
                ", ".join(map(code, drift.came)),
                ", ".join(map(code, drift.went)),
                ", ".join(f"{code(name)} ({escape(old)} → {escape(new)})" for name, old, new in drift.changed),
            ]
            for drift in column_drift(before.columns, self.check["columns"])
        ]
        table = self.words.table(["source", "came", "went", "changed"], rows)
        return self.words.section("drift", table if rows else f"<p>{self.words.say('no_drift')}</p>")

    def _checks(self) -> str:
        entries = list(reversed(self.history.entries))[:MOST_CHECKS]
        if len(entries) < 2:
            return ""
        rows, facts = [], ("read", "kept", "quarantined")
        for entry in entries:
            sums = [sum(table[fact] for table in entry.parts["rows"].values()) for fact in facts]
            passed = self.words.say("yes" if entry.passed else "no")
            rows.append([f"{self.words.day(entry.at.date())} {entry.at:%H:%M}", passed, *map(self.words.count, sums)])
        return self.words.section("checks", self.words.table(["checked", "passed", *facts], rows))

    def _notes(self) -> str:
        notes = list(self.check["notes"])
        if not notes:
            return ""
        explained = f"<p>{self.words.say('notes_in_english')}</p>"
        return self.words.section("notes", f'{explained}<div class="plain" lang="en">{bullets(notes)}</div>')


def write_check_pages(out: Path, programme: str) -> dict[str, Path]:
    """Write the page of the last check in both languages, each whole or not at all, and return the files by language.

    Args:
        out: the programme's folder, with tables/ and history/.
        programme: its name.
    """
    tables = TableSet.open(out / "tables")
    check = json.loads((tables.folder / CHECK).read_text(encoding="utf-8"))
    remarks, history = read_remarks(tables.folder / FILE), read_history(out)
    paths: dict[str, Path] = {}
    for language in LANGUAGES:
        page = CheckPage(
            programme=programme,
            check=check,
            remarks=remarks,
            history=history,
            currency=tables.facts.currency,
            words=CheckWords(language),
        )
        draft = out / f".{PAGES[language]}.part"
        draft.write_text(page.html(), encoding="utf-8", newline="\n")
        paths[language] = draft.replace(out / PAGES[language])
    return paths

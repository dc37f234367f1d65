"""The checks of a programme, one line of JSON each, in order of time: their totals, columns, rules and outcome.

    out/default/history/checks.jsonl

An entry repeats what the check's check.json says and adds the time. The folder is put in place with the tables; an entry that is lacking
all the same is added from their check.json by the next check. A check of the same data with the same outcome adds none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from relkit.json_text import json_text
from relkit.tables.control_totals import ControlTotal
from relkit.tables.table_set import CHECK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = "history"
FILE = "checks.jsonl"
DAMAGED = "checks.damaged.jsonl"
MOST_CHECKS = 200
"""Most checks in the file; the oldest one goes first."""
_DATA = ("controls", "columns", "fingerprints")
"""Parts of an entry that follow from the data alone."""
_PARTS = ("passed", *_DATA, "rows", "rules", "own_rules")


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckEntry:
    """A check as the history has it.

    Attributes:
        at: time of the check, UTC.
        parts: passed, controls, columns, fingerprints, rows, rules and own_rules, as in check.json.
    """

    at: datetime
    parts: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """True if the check passed."""
        return bool(self.parts["passed"])

    @property
    def digest(self) -> str:
        """Digest of all that the check found."""
        return _digest(self.parts)

    @property
    def data_digest(self) -> str:
        """Digest of what follows from the data alone."""
        return _digest({name: self.parts[name] for name in _DATA})

    def totals(self, table: str) -> tuple[ControlTotal, ...]:
        """Return the control totals of a table; empty if it was not there."""
        return tuple(ControlTotal(**total) for total in self.parts["controls"].get(table, ()))

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that were there."""
        return tuple(self.parts["controls"])

    @property
    def columns(self) -> dict[str, dict[str, str]]:
        """The columns of each source, with their types."""
        return dict(self.parts["columns"])


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckHistory:
    """The checks of a programme, the oldest first.

    Attributes:
        entries: the checks.
        damaged: lines of the file that could not be read.
        set_aside: such lines of earlier readings.
    """

    entries: tuple[CheckEntry, ...] = ()
    damaged: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    def before(self, parts: Mapping[str, Any]) -> CheckEntry | None:
        """Return the last check that passed and was of other data; None if there is none."""
        own = _digest({name: parts[name] for name in _DATA})
        return next((entry for entry in reversed(self.entries) if entry.passed and entry.data_digest != own), None)

    def with_check(self, parts: Mapping[str, Any], at: datetime) -> CheckHistory:
        """Return the history with a check, unless its last entry says the same; a clock that was set back does not change the order."""
        moment = max([at.astimezone(UTC).replace(microsecond=0), *(entry.at for entry in self.entries[-1:])])
        entry = CheckEntry(at=moment, parts={name: parts[name] for name in _PARTS})
        if self.entries and self.entries[-1].digest == entry.digest:
            return self
        return replace(self, entries=(*self.entries, entry)[-MOST_CHECKS:])


def read_history(out: Path) -> CheckHistory:
    """Return the checks of a programme, that of the tables in place among them.

    Args:
        out: the programme's folder.
    """
    lines = [(line, _entry(line)) for line in _lines(out / FOLDER / FILE)]
    entries = sorted((entry for _, entry in lines if entry is not None), key=lambda entry: entry.at)
    damaged = tuple(line for line, entry in lines if entry is None)
    history = CheckHistory(entries=tuple(entries), damaged=damaged, set_aside=_lines(out / FOLDER / DAMAGED))
    return _with_published(history, out / "tables" / CHECK)


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines()) if path.is_file() else ()


def write_history(out: Path, history: CheckHistory) -> Path:
    """Write the history into a folder of `out` and return its path; damaged lines go to a file of their own.

    Args:
        out: the programme's folder, or the draft whose folders are to be put in place there.
        history: the checks.
    """
    path = out / FOLDER / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json_text({"at": entry.at.isoformat(), **entry.parts}, sort_keys=True) for entry in history.entries]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if aside := (*history.set_aside, *history.damaged):
        path.with_name(DAMAGED).write_text("".join(f"{line}\n" for line in aside), encoding="utf-8")
    return path


def _with_published(history: CheckHistory, check: Path) -> CheckHistory:
    """Return the history with the check of the tables in place, whose process may have been killed before it wrote its entry."""
    try:
        at = datetime.fromtimestamp(check.stat().st_mtime, UTC)
        parts = parts_of(json.loads(check.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return history  # no tables yet, or those of an earlier version
    entry = _entry(json_text({"at": at.isoformat(), **parts}))
    return history if entry is None else history.with_check(entry.parts, at)


def parts_of(check: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a check.json that the history keeps."""
    tables = check["tables"]
    return {
        "passed": check["passed"],
        **{name: check[name] for name in _DATA},
        "rows": {
            name: {"read": t["rows_read"], "kept": t["rows_kept"], "quarantined": t["rows_quarantined"]} for name, t in tables.items()
        },
        "rules": {name: {rule: detail["rows"] for rule, detail in t["rules"].items()} for name, t in tables.items() if t["rules"]},
        "own_rules": {name: _shares(t["own_rules"]) for name, t in tables.items() if t["own_rules"]},
    }


def _shares(rules: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("severity", "allowed_share", "judged", "broken", "unjudged", "share")
    return {name: {fact: detail[fact] for fact in kept} for name, detail in rules.items()}


def _entry(line: str) -> CheckEntry | None:
    try:
        stored = json.loads(line)
        entry = CheckEntry(at=datetime.fromisoformat(stored["at"]).astimezone(UTC), parts={name: stored[name] for name in _PARTS})
        is_sound = _is_sound(entry)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return entry if is_sound else None


def _is_sound(entry: CheckEntry) -> bool:
    """Return True if all parts of an entry have the form in which they are used; some others raise."""
    totals = [total for table in entry.tables for total in entry.totals(table)]
    figures = [figure for total in totals for figure in (total.rows, *total.money.values())]
    figures += [table[fact] for table in entry.parts["rows"].values() for fact in ("read", "kept", "quarantined")]
    figures += [rows for rules in entry.parts["rules"].values() for rows in rules.values()]
    figures += [rule["share"] for rules in entry.parts["own_rules"].values() for rule in rules.values()]
    texts = [kind for columns in entry.columns.values() for kind in columns.values()]
    texts += [text for total in totals for text in (total.source, total.month, total.first or "", total.last or "")]
    for text in (text for total in totals for text in (total.first, total.last) if text is not None):
        date.fromisoformat(text)
    return all(isinstance(figure, int | float) for figure in figures) and all(isinstance(text, str) for text in texts)


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

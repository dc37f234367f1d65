"""`relkit check DATA`: reads a company's files, validates them, quarantines faulty rows, and reports the findings."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from relkit.commands import command
from relkit.errors import ParameterError, RelkitError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet
from relkit.texts import Language

if TYPE_CHECKING:
    from relkit.tables.findings import ReadReport
    from relkit.tables.mapping import SourceFiles


_MORE = {"contracts": "contract", "customer_snapshots": "customer snapshot", "paths": "grouped path"}


class CheckTables(Job):
    """Read the tables of a company through a mapping, validate and summarise them."""

    command: ClassVar[str] = "check"

    data: str | Path = Field(description="Folder or file with the data, or a SQL URL (sqlite:///shop.db).")
    mapping: Path | None = Field(
        default=None, description="Mapping file that reads foreign files as our tables. Default: DATA/mapping.yaml, else files named so."
    )
    max_quarantine_share: float = Field(
        default=0.05, ge=0.0, le=1.0, description="Share of a table's rows that may be faulty; above it the check does not pass."
    )
    draft_mapping: Path | None = Field(
        default=None, description="New file that receives a commented draft of a mapping, made from the data; nothing is checked then."
    )
    language: Language = Field(default="en", description="Language of the draft's comments: en or fr.")

    gate: bool = Field(
        default=False,
        description="Do not pass either if totals fell, columns changed, a source is stale, or more rows break a rule than it allows.",
    )

    def inputs(self) -> tuple[Path, ...]:
        """Return the files read, including the mapping."""
        found = self._sources()
        return found.files if found else ()

    def state(self) -> str:
        """Return the names of files found and not read, which are reported; with a database, a new value each time.

        A change in the contents of a database cannot be detected from outside. A mapping that states how fresh its sources must be
        adds the day.
        """
        found = self._sources()
        if found is None:
            return ""
        today = (f"{datetime.now(ZoneInfo(found.zone_of_ages)):%Y-%m-%d}",) if found.zone_of_ages else ()
        return uuid.uuid4().hex if found.has_database else "\n".join((*today, *found.unread))

    def _sources(self) -> SourceFiles | None:
        from relkit.tables.mapping import source_files

        try:
            return source_files(self.data, self.mapping)
        except RelkitError:
            return None  # run() reports the error

    def verify(self) -> None:
        """Refuse a mapping file that does not exist, or beside a draft."""
        if self.draft_mapping is not None and self.mapping is not None:
            raise ParameterError("a draft is made without a mapping.", where="draft_mapping", remedy="Leave --mapping out.")
        if self.mapping is not None and not self.mapping.is_file():
            raise ParameterError("there is no such file.", where=f"mapping {self.mapping}", remedy="Check the path of the mapping file.")

    def _drafted(self, path: Path) -> Result:
        """Write the draft of a mapping."""
        from relkit.masking import masked
        from relkit.tables.databases import as_url
        from relkit.tables.drafting.publishing import write_draft

        url = as_url(self.data)
        tried = command("check", str(self.data) if url is None else masked(url), mapping=path)
        draft = write_draft(self.data, path, language=self.language, command=tried)
        return Result(
            job=self.command,
            counts={"questions": draft.questions, "tables": len(draft.tables), "sources": draft.sources, "unplaced": len(draft.unplaced)},
            paths={"draft": path},
            sentences=draft.sentences(),
            details={"tables": list(draft.tables), "unplaced": list(draft.unplaced)},
        )

    def run(self, progress: Progress = quiet) -> Result:
        """Read, validate, write tables, quarantine, facts, and the page of the check in both languages."""
        self.verify()
        if self.draft_mapping is not None:
            return self._drafted(self.draft_mapping)
        from relkit.reports.check_page import write_check_pages
        from relkit.tables.reading import read_tables

        report = read_tables(
            self.data,
            self.out_dir,
            mapping=self.mapping,
            max_quarantine_share=self.max_quarantine_share,
            is_gate=self.gate,
            progress=progress,
        )
        pages = write_check_pages(self.out_dir, self.programme)
        return Result(
            job=self.command,
            passed=report.passed,
            counts={"tables": {name: _counts(table) for name, table in report.tables.items()}, "sources": report.counts},
            paths={**report.paths, "page": pages["en"], "page_fr": pages["fr"]},
            warnings=report.warnings,
            sentences=_sentences(report),
            details={"headline": report.headline, "notes": list(report.notes), "refusals": list(report.refusals)},
        )


def _counts(table: Any) -> dict[str, Any]:
    return {
        "rows_read": table.rows_read,
        "rows_kept": table.rows_kept,
        "rows_quarantined": table.rows_quarantined,
        "rules": {finding.rule: finding.rows for finding in table.rules},
        "unlikely": {finding.rule: finding.rows for finding in table.unlikely},
        "own_rules": {rule.name: rule.broken for rule in table.own_rules},
    }


def _sentences(report: ReadReport) -> tuple[str, ...]:
    lines = [line for table in report.tables.values() for line in table.sentences()]
    refused = [f"The check does not pass. {refusal}" for refusal in report.refusals]
    return (*report.notes, *lines, _headline(report), *refused)


def _headline(report: ReadReport) -> str:
    """Return the headline figures by which a company recognises its data, in one line."""
    from relkit.tables.findings import counted

    figures, facts = report.headline, report.facts
    parts = [counted(figures["customers"], "customer")]
    if "transactions" in figures:
        parts.append(f"{counted(figures['transactions'], 'transaction')} in {counted(figures['transaction_lines'], 'line')}")
        parts.append(f"net amount {figures['net_amount']:,.2f} {facts.currency}")
        if figures["revenue"] != figures["net_amount"]:
            parts.append(f"of which revenue {figures['revenue']:,.2f}")
        if figures["unidentified_lines"]:
            parts.append(f"{counted(figures['unidentified_lines'], 'line')} without a customer")
    parts += [counted(figures[name], noun) for name, noun in _MORE.items() if name in figures]
    if facts.first_day:
        parts.append(f"on {facts.first_day}" if facts.first_day == facts.last_day else f"from {facts.first_day} to {facts.last_day}")
    return f"{', '.join(parts)}."

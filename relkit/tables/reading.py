"""From a folder of a company's files to validated tables, quarantine and an account of every row.

    report = read_tables(Path("data"), Path("out/default"), max_quarantine_share=0.05)

Under `out` this leaves tables/<table>.parquet, tables/facts.json, tables/check.json and
quarantine/<table>.parquet, and an entry in history/checks.jsonl. All of it is written into a folder beside them and moved into place at the
end, so that a crash leaves the tables of before, or none; never a part.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from relkit.contracts import Contract, Rule
from relkit.errors import TableError
from relkit.json_text import json_text
from relkit.progress import Progress, quiet
from relkit.remarks import FILE, Remark, unique, write_remarks
from relkit.replaced_folders import drafted, put_in_place
from relkit.tables.alarms import changes, damaged_history, exceeded_rules, stale_sources
from relkit.tables.check_history import FOLDER as HISTORY
from relkit.tables.check_history import CheckHistory, parts_of, read_history, write_history
from relkit.tables.control_totals import control_totals
from relkit.tables.declared.columns import LARGEST, MONEY
from relkit.tables.disagreements import disagreeing_rows
from relkit.tables.doubts import doubts
from relkit.tables.ended_contracts import with_ends
from relkit.tables.findings import Finding, ReadReport, Reconciliation, TableReport, counted, plain
from relkit.tables.headline import business_days, headline
from relkit.tables.keys import equal_rows
from relkit.tables.own_rules import CompiledRule, RuleReport, counts_of, rule_report
from relkit.tables.quarantine import Judged, first_rows, rows_of, unlikely_rules, unreadable
from relkit.tables.report_remarks import remarks_on
from relkit.tables.schemas import FACT_TABLES, SOURCE, TABLES
from relkit.tables.staging import INDEX, Staged, missing_columns, stage
from relkit.tables.table_set import CHECK, TableFacts, TableSet, write_facts

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.tables.mapping import SourceTables

TABLE_FOLDER, QUARANTINE = "tables", "quarantine"
"""Folders that a check writes, replaced as one."""


def read_tables(
    data: Path | str,
    out: Path,
    *,
    mapping: Path | None = None,
    max_quarantine_share: float = 0.05,
    is_gate: bool = False,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> ReadReport:
    """Read a company's files through a mapping, validate them and write what is good and what is not.

    Args:
        data: a folder, one file, or a SQL URL.
        out: output root; tables/ and quarantine/ in it are replaced.
        mapping: a mapping file; None takes DATA/mapping.yaml, or else files named after our tables.
        max_quarantine_share: share of a table's rows, in [0, 1], above which the report does not pass.
        is_gate: whether alarms (totals that fell, columns that changed, stale sources, declared rules) fail the check too.
        now: time of the check, for its place in the history and the age of the sources; None is the present.
        progress: receives a line on each step.

    Returns:
        The account: rows kept, quarantined by rule, warnings, sums to the cent.

    Raises:
        TableError: a file or column is missing, a file is empty, or nothing says what customers did.
        ParameterError: the mapping says something it may not.
    """
    from relkit.tables.mapping import read_source_tables

    sources = read_source_tables(data, mapping, progress)
    return validate_tables(sources, out, max_quarantine_share=max_quarantine_share, is_gate=is_gate, now=now, progress=progress)


def validate_tables(
    sources: SourceTables,
    out: Path,
    *,
    max_quarantine_share: float = 0.05,
    is_gate: bool = False,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> ReadReport:
    """Validate tables that are read already, and write them; arguments, result and errors as for `read_tables`.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> from relkit.tables.mapping import SourceTables
        >>> lines = pl.LazyFrame(
        ...     {
        ...         "transaction_line_id": ["1", "2"],
        ...         "transaction_id": ["1", "2"],
        ...         "occurred_at": ["2025-06-30T10:00:00", "2025-06-30T11:00:00"],
        ...         "net_amount": ["12.50", "twelve"],
        ...     }
        ... )
        >>> report = validate_tables(SourceTables(frames={"transactions": lines}), Path(mkdtemp()), max_quarantine_share=0.5)
        >>> report.tables["transactions"].sentences()[0]
        'transactions: 1 row kept, 1 quarantined (50.00%).'
        >>> print(report.tables["transactions"].rules[0])
        net_amount: not a number: 1 row (first: row 2 of transactions, a text like aaaaaa)
    """
    frames = {name: sources.frames[name] for name in TABLES if name in sources.frames}
    _verify(frames)
    moment = now or datetime.now(UTC)
    with drafted(out) as folder:
        for name in (QUARANTINE, TABLE_FOLDER):
            (folder / name).mkdir()
        history = read_history(out)
        reports = {}
        duplicates_counted = any(source.get("duplicates") for source in sources.counts.get("sources", {}).values())
        for place, (name, raw) in enumerate(frames.items()):
            progress(f"checking {name}", place / len(frames))
            reports[name] = _validate(raw, name, folder, sources, equal_lines=not duplicates_counted)
        gate = _Gate(share=max_quarantine_share, is_closed_by_alarms=is_gate, now=moment, history=history)
        report, parts = _account(reports, sources, folder, gate)
        write_history(folder, history.with_check(parts, moment))
        put_in_place(folder, HISTORY, QUARANTINE, TABLE_FOLDER)
    return _moved(report, out)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gate:
    """Conditions under which a check passes, and the checks before it."""

    share: float
    is_closed_by_alarms: bool
    now: datetime
    history: CheckHistory


def _verify(frames: dict[str, pl.LazyFrame]) -> None:
    """Raise one TableError for all that can be seen to be wrong before a row is judged."""
    if not any(name in frames for name in FACT_TABLES):
        given = ", ".join(frames) or "none"
        raise TableError(
            f"none of {', '.join(FACT_TABLES)} is there, so nothing says what customers did (tables given: {given}).",
            where="tables",
            remedy="Give at least one of them, or map a file to it.",
        )
    problems = []
    for name, raw in frames.items():
        first = raw.head(1).collect()
        where = f"{name} ({first[SOURCE][0]})" if SOURCE in first.columns and len(first) else name
        problems += [f"{where}: {missing}" for missing in missing_columns(raw, TABLES[name])]
        if not len(first):
            problems.append(f"{where}: there is no row of data")
    if problems:
        raise TableError("; ".join(problems) + ".", remedy="Give these columns their names in a mapping file, or leave the table out.")


def _validate(raw: pl.LazyFrame, name: str, folder: Path, sources: SourceTables, *, equal_lines: bool) -> TableReport:
    own = sources.rules.get(name, ())
    contract = _with_rules(TABLES[name], own)
    kept, faulty = folder / "tables" / f"{name}.parquet", folder / "quarantine" / f"{name}.parquet"
    copy = stage(raw, contract, folder / f"{name}.staged", zone=sources.business_zone, columnar=name in sources.columnar)
    copy, remarks = _with_ends(copy, sources)
    readings = sources.readings.get(name, {})
    judged, rules = Judged.of(copy).write_kept(kept).write_quarantine(faulty, readings)
    staged, rows = judged.staged, judged.kept()
    doubtful = unlikely_rules(contract, staged.names)
    if name == "transactions" and equal_lines:
        doubtful.append(_equal_lines(judged))
    doubtful += disagreeing_rows(rows, contract, staged.names)
    unlikely = first_rows(rows, doubtful, contract, readings)
    unread = {finding.rule: finding.rows for finding in rules}
    report = TableReport(
        table=name,
        rows_read=rows_of(staged.path),
        rows_kept=rows_of(kept),
        columns=staged.names,
        ignored=staged.ignored,
        rules=rules,
        unlikely=tuple(finding for finding in unlikely if finding.rule not in {rule.name for rule in own}),
        sums=_reconciled(staged, kept, faulty, unread),
        own_rules=_own_rules(judged, own, (*rules, *unlikely)),
        totals=control_totals(rows, contract, staged.names, zone=sources.business_zone, origins=sources.origins.get(name)),
        remarks=remarks,
    )
    copy.remove()
    return report


def _with_rules(contract: Contract, own: tuple[CompiledRule, ...]) -> Contract:
    """Return the contract with the declared rules among its own."""
    return replace(contract, rules=(*contract.rules, *(rule.rule() for rule in own))) if own else contract


def _own_rules(judged: Judged, own: tuple[CompiledRule, ...], findings: tuple[Finding, ...]) -> tuple[RuleReport, ...]:
    """Return the reports on the declared rules: those that send rows to quarantine among all rows, the others among the rows kept."""
    sending = [rule for rule in own if rule.severity == "quarantine"]
    others = [rule for rule in own if rule.severity != "quarantine"]
    rows = rows_of(judged.staged.path)
    tried = {rule.name: rows for rule in sending} | {rule.name: rows - judged.faulty_rows for rule in others}
    counts = counts_of(judged.staged.scan(), sending) | counts_of(judged.kept(), others)
    return tuple(rule_report(rule, counts[rule.name], tried[rule.name], findings) for rule in own)


def _equal_lines(judged: Judged) -> Rule:
    """Return the doubt about lines that are equal in all but their id; a customer may well buy the same thing twice."""
    content = [name for name in judged.staged.names if name not in judged.staged.contract.key]
    later = equal_rows(judged.kept(), content)
    return Rule(
        name="duplicate line: equal to an earlier one in all but its id",
        columns=(),
        broken=pl.col(INDEX).is_in(later.implode()),
        impossible=False,
        remedy="Kept: the same thing can be bought twice; leave copies out in the source if they are none.",
    )


def _with_ends(copy: Staged, sources: SourceTables) -> tuple[Staged, tuple[Remark, ...]]:
    """Return a staged table in which contracts that ended without a day are dealt with, and what was done."""
    if copy.contract.name != "contracts":
        return copy, ()
    found = with_ends(
        copy,
        zone=sources.business_zone,
        without_day=sources.contract_ended_without_day,
        statuses=sources.contract_ended_statuses,
    )
    return found.staged, found.remarks


def _disagreements(reports: dict[str, TableReport]) -> dict[str, int]:
    """Return the number of rows of each table that state another thing on the fact of an earlier one."""
    rules = {name: TABLES[name].disagreement for name in reports}
    found = {
        name: sum(finding.rows for finding in reports[name].unlikely if rule is not None and finding.rule == rule.rule)
        for name, rule in rules.items()
    }
    return {name: rows for name, rows in found.items() if rows}


def _reconciled(staged: Staged, kept: Path, faulty: Path, unread: dict[str, int]) -> dict[str, Reconciliation]:
    """Return, for each column of money, what was read beside what was kept and quarantined."""
    money = [c.name for c in staged.contract.columns if c.unit == MONEY and c.name in staged.names]
    sums = [_sums(path, money) for path in (staged.path, kept, faulty)]
    return {
        name: Reconciliation(
            read=sums[0][name], kept=sums[1][name], quarantined=sums[2][name], unread_rows=unread.get(unreadable(staged.contract, name), 0)
        )
        for name in money
    }


def _sums(path: Path, columns: list[str]) -> dict[str, float]:
    """Return the sums of the values that are amounts; a file that is not there sums to nothing."""
    if not columns or not path.is_file():
        return dict.fromkeys(columns, 0.0)
    amounts = [pl.col(name).filter(pl.col(name).is_between(-LARGEST, LARGEST)).sum() for name in columns]
    return pl.scan_parquet(path).select(amounts).collect(engine="streaming").row(0, named=True)


def _account(reports: dict[str, TableReport], sources: SourceTables, folder: Path, gate: _Gate) -> tuple[ReadReport, dict[str, Any]]:
    """Write facts.json and check.json into `folder` and return the account of all tables, and its parts that the history keeps."""
    tables = folder / "tables"
    rows = {name: report.rows_kept for name, report in reports.items()}
    files = {name: tables / f"{name}.parquet" for name in reports}
    first_day, last_day = business_days(files, sources.business_zone)
    facts = TableFacts(
        currency=sources.currency,
        business_zone=sources.business_zone,
        tax_basis=sources.tax_basis,
        history_starts_on=sources.history_starts_on,
        history_starts_with_company=sources.history_starts_with_company,
        assumed_margin_rate=sources.assumed_margin_rate,
        contract_bills_in_transactions=sources.contract_bills_in_transactions,
        first_day=first_day,
        last_day=last_day,
        rows=rows,
        fingerprints={name: _sha256(path) for name, path in files.items()},
        attributes=_attributes(sources),
        precisions=dict(sources.precisions),
        numbered=list(sources.numbered),
        disagreements=_disagreements(reports),
    )
    write_facts(tables, facts)
    alarms = _alarms(reports, sources, facts, gate)
    refusals = (*_refusals(reports, gate.share), *(alarm.en for alarm in alarms if gate.is_closed_by_alarms))
    doubtful = (*damaged_history(len(gate.history.damaged)), *doubts(TableSet.open(tables)))
    report = ReadReport(
        passed=not refusals,
        refusals=refusals,
        tables=reports,
        facts=facts,
        headline=headline(TableSet.open(tables)),
        warnings=(
            *(remark.en for remark in (*alarms, *sources.remarks)),
            *_warnings(reports),
            *(remark.en for remark in doubtful),
        ),
        notes=sources.notes,
        counts=sources.counts,
        remarks=unique((*remarks_on(reports, refused=bool(refusals)), *alarms, *sources.remarks, *doubtful)),
        alarms=alarms,
        columns=sources.columns,
        paths={"tables": tables, "check": tables / CHECK, "remarks": tables / FILE}
        | {f"quarantine_{name}": path for name in reports if (path := folder / "quarantine" / f"{name}.parquet").is_file()},
    )
    write_remarks(tables / FILE, report.remarks)
    content = _json(report, gate.share, sources.max_fall_share)
    (tables / CHECK).write_text(json_text(content, indent=2, default=str) + "\n", encoding="utf-8")
    return report, parts_of(content)


def _alarms(reports: dict[str, TableReport], sources: SourceTables, facts: TableFacts, gate: _Gate) -> tuple[Remark, ...]:
    """Return remarks on changes for the worse since the previous check, stale sources, and declared rules that are exceeded."""
    totals = {name: report.totals for name, report in reports.items()}
    before = gate.history.before(_data_of(reports, sources.columns, facts))
    today = gate.now.astimezone(ZoneInfo(sources.business_zone)).date()
    return (
        *changes(totals, sources.columns, before, most=sources.max_fall_share),
        *stale_sources(totals, sources.freshness_days, today),
        *exceeded_rules(reports),
    )


def _data_of(reports: dict[str, TableReport], columns: dict[str, dict[str, str]], facts: TableFacts) -> dict[str, Any]:
    """Return the parts of check.json that follow from the data alone, by which checks of the same data are known."""
    controls = {name: [total.plain() for total in report.totals] for name, report in reports.items()}
    return {"controls": controls, "columns": columns, "fingerprints": facts.fingerprints}


def _refusals(reports: dict[str, TableReport], share: float) -> tuple[str, ...]:
    sentences = [
        f"{name}: {report.rows_quarantined:,} of {counted(report.rows_read)} are faulty ({report.quarantine_share:.2%}), "
        f"more than the {share:.2%} that max_quarantine_share permits; look at quarantine/{name}.parquet."
        for name, report in reports.items()
        if report.quarantine_share > share
    ]
    sentences += [
        f"{name}: {rule.broken:,} of {counted(rule.judged)} break the rule {rule.name} ({rule.share:.2%}), more than the "
        f"{rule.allowed_share:.2%} that it allows, and it stops the check."
        for name, report in reports.items()
        for rule in report.own_rules
        if rule.severity == "stop" and rule.is_exceeded
    ]
    sentences += [
        f"{name}.{column}: {sums.read:,.2f} was read, but {sums.kept:,.2f} kept and {sums.quarantined:,.2f} quarantined do not add up."
        for name, report in reports.items()
        for column, sums in report.sums.items()
        if not sums.balanced
    ]
    return tuple(sentences)


def _warnings(reports: dict[str, TableReport]) -> list[str]:
    sentences = [f"{name}: {finding}. {finding.remedy}".strip() for name, report in reports.items() for finding in report.unlikely]
    sentences += [remark.en for report in reports.values() for remark in report.remarks]
    sentences += [
        f"{name}: left out, since no column of the table is so named: {', '.join(report.ignored)}."
        for name, report in reports.items()
        if report.ignored
    ]
    return sentences


def _attributes(sources: SourceTables) -> dict[str, dict[str, str]]:
    fields = ("meaning", "unit", "personal_data", "purpose", "known_at", "role", "counts")
    return {
        attribute.name: {
            "label_en": attribute.label["en"],
            "label_fr": attribute.label["fr"],
            **{field: getattr(attribute, field) for field in fields},
        }
        for attribute in sources.attributes
    }


def _json(report: ReadReport, share: float, fall_share: float) -> dict[str, Any]:
    return {
        "format": 1,
        "passed": report.passed,
        "max_quarantine_share": share,
        "refusals": list(report.refusals),
        "headline": report.headline,
        "tables": {name: plain(table) for name, table in report.tables.items()},
        "warnings": list(report.warnings),
        "notes": list(report.notes),
        "counts": report.counts,
        **_data_of(report.tables, report.columns, report.facts),
        "max_fall_share": fall_share,
        "alarms": [alarm.code for alarm in report.alarms],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moved(report: ReadReport, out: Path) -> ReadReport:
    """Return the report with the paths at which the files now are."""
    paths = {name: out / path.parent.name / path.name if path.suffix else out / path.name for name, path in report.paths.items()}
    return ReadReport(**{**vars(report), "paths": paths})

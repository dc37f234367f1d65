"""From a folder of a company's files to validated tables, quarantine and an account of every row.

    report = read_tables(Path("data"), Path("out/default"), max_quarantine_share=0.05)

Under `out` this leaves tables/<table>.parquet, tables/facts.json, tables/check.json and
quarantine/<table>.parquet. All of it is written into a folder beside them and moved into place at the
end, so that a crash leaves the tables of before, or none; never a part.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.contracts import Rule
from relkit.errors import TableError
from relkit.progress import Progress, quiet
from relkit.remarks import FILE, unique, write_remarks
from relkit.replaced_folders import drafted, put_in_place
from relkit.tables.declared.columns import MONEY
from relkit.tables.doubts import doubts
from relkit.tables.findings import ReadReport, Reconciliation, TableReport, counted, plain
from relkit.tables.headline import business_days, headline
from relkit.tables.keys import equal_rows
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
    data: Path | str, out: Path, *, mapping: Path | None = None, max_quarantine_share: float = 0.05, progress: Progress = quiet
) -> ReadReport:
    """Read a company's files through a mapping, validate them and write what is good and what is not.

    Args:
        data: a folder, one file, or a SQL URL.
        out: output root; tables/ and quarantine/ in it are replaced.
        mapping: a mapping file; None takes DATA/mapping.yaml, or else files named after our tables.
        max_quarantine_share: share of a table's rows, in [0, 1], above which the report does not pass.
        progress: receives a line on each step.

    Returns:
        The account: rows kept, quarantined by rule, warnings, sums to the cent.

    Raises:
        TableError: a file or column is missing, a file is empty, or nothing says what customers did.
        ParameterError: the mapping says something it may not.
    """
    from relkit.tables.mapping import read_source_tables

    return validate_tables(read_source_tables(data, mapping, progress), out, max_quarantine_share=max_quarantine_share, progress=progress)


def validate_tables(sources: SourceTables, out: Path, *, max_quarantine_share: float = 0.05, progress: Progress = quiet) -> ReadReport:
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
        net_amount: not a number: 1 row (first: row 2 of transactions, 'twelve')
    """
    frames = {name: sources.frames[name] for name in TABLES if name in sources.frames}
    _verify(frames)
    with drafted(out) as folder:
        for name in (QUARANTINE, TABLE_FOLDER):
            (folder / name).mkdir()
        reports = {}
        duplicates_counted = any(source.get("duplicates") for source in sources.counts.get("sources", {}).values())
        for place, (name, raw) in enumerate(frames.items()):
            progress(f"checking {name}", place / len(frames))
            reports[name] = _validate(raw, name, folder, sources, equal_lines=not duplicates_counted)
        report = _account(reports, sources, folder, max_quarantine_share)
        put_in_place(folder, QUARANTINE, TABLE_FOLDER)
    return _moved(report, out)


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
    contract = TABLES[name]
    kept, faulty = folder / "tables" / f"{name}.parquet", folder / "quarantine" / f"{name}.parquet"
    copy = stage(raw, contract, folder / f"{name}.staged", zone=sources.business_zone, columnar=name in sources.columnar)
    judged = Judged.of(copy).write_kept(kept)
    staged = judged.staged
    rules = judged.write_quarantine(faulty)
    doubtful = unlikely_rules(contract, staged.names)
    if name == "transactions" and equal_lines:
        doubtful.append(_equal_lines(judged))
    if name == "consents":
        doubtful.append(_two_answers(judged))
    unlikely = first_rows(judged.kept(), doubtful, contract)
    unread = {finding.rule: finding.rows for finding in rules}
    report = TableReport(
        table=name,
        rows_read=rows_of(staged.path),
        rows_kept=rows_of(kept),
        columns=staged.names,
        ignored=staged.ignored,
        rules=rules,
        unlikely=unlikely,
        sums=_reconciled(staged, kept, faulty, unread),
    )
    copy.remove()
    return report


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


def _two_answers(judged: Judged) -> Rule:
    """Return the doubt about consents that were answered twice at one instant, as a form does that is sent and corrected."""
    answers = {"status", "valid_to"}
    asked = [name for name in judged.staged.contract.key if name in judged.staged.names and name not in answers]
    later = equal_rows(judged.kept(), asked)
    return Rule(
        name="status: another answer at the same instant",
        columns=(),
        broken=pl.col(INDEX).is_in(later.implode()),
        impossible=False,
        remedy="Kept: the more restrictive answer holds, whatever the order of the rows.",
    )


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
    """Return the sums of the finite values; a file that is not there sums to nothing."""
    if not columns or not path.is_file():
        return dict.fromkeys(columns, 0.0)
    finite = [pl.col(name).filter(pl.col(name).is_finite()).sum() for name in columns]
    return pl.scan_parquet(path).select(finite).collect(engine="streaming").row(0, named=True)


def _account(reports: dict[str, TableReport], sources: SourceTables, folder: Path, share: float) -> ReadReport:
    """Write facts.json and check.json into `folder` and return the account of all tables."""
    tables = folder / "tables"
    rows = {name: report.rows_kept for name, report in reports.items()}
    files = {name: tables / f"{name}.parquet" for name in reports}
    first_day, last_day = business_days(files, sources.business_zone)
    facts = TableFacts(
        currency=sources.currency,
        business_zone=sources.business_zone,
        tax_basis=sources.tax_basis,
        history_starts_on=sources.history_starts_on,
        assumed_margin_rate=sources.assumed_margin_rate,
        contract_bills_in_transactions=sources.contract_bills_in_transactions,
        first_day=first_day,
        last_day=last_day,
        rows=rows,
        fingerprints={name: _sha256(path) for name, path in files.items()},
        attributes=_attributes(sources),
        precisions=dict(sources.precisions),
        numbered=list(sources.numbered),
    )
    write_facts(tables, facts)
    refusals = _refusals(reports, share)
    doubtful = doubts(TableSet.open(tables))
    report = ReadReport(
        passed=not refusals,
        refusals=refusals,
        tables=reports,
        facts=facts,
        headline=headline(TableSet.open(tables)),
        warnings=(*_warnings(reports), *(remark.en for remark in doubtful)),
        notes=sources.notes,
        counts=sources.counts,
        remarks=unique((*remarks_on(reports, refused=bool(refusals)), *doubtful)),
        paths={"tables": tables, "check": tables / CHECK, "remarks": tables / FILE}
        | {f"quarantine_{name}": path for name in reports if (path := folder / "quarantine" / f"{name}.parquet").is_file()},
    )
    write_remarks(tables / FILE, report.remarks)
    (tables / CHECK).write_text(json.dumps(_json(report, share), indent=2, default=str) + "\n", encoding="utf-8")
    return report


def _refusals(reports: dict[str, TableReport], share: float) -> tuple[str, ...]:
    sentences = [
        f"{name}: {report.rows_quarantined:,} of {counted(report.rows_read)} are faulty ({report.quarantine_share:.2%}), "
        f"more than the {share:.2%} that max_quarantine_share permits; look at quarantine/{name}.parquet."
        for name, report in reports.items()
        if report.quarantine_share > share
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
    sentences += [
        f"{name}: left out, since no column of the table is so named: {', '.join(report.ignored)}."
        for name, report in reports.items()
        if report.ignored
    ]
    return sentences


def _attributes(sources: SourceTables) -> dict[str, dict[str, str]]:
    fields = ("meaning", "unit", "personal_data", "purpose", "known_at", "role")
    return {
        attribute.name: {
            "label_en": attribute.label["en"],
            "label_fr": attribute.label["fr"],
            **{field: getattr(attribute, field) for field in fields},
        }
        for attribute in sources.attributes
    }


def _json(report: ReadReport, share: float) -> dict[str, Any]:
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
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moved(report: ReadReport, out: Path) -> ReadReport:
    """Return the report with the paths at which the files now are."""
    paths = {name: out / path.parent.name / path.name if path.suffix else out / path.name for name, path in report.paths.items()}
    return ReadReport(**{**vars(report), "paths": paths})

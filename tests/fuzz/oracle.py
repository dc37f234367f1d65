"""Faults that may never happen, whatever the input; each is a line that names its kind first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fuzz.company import CANARY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fuzz.run import Ran

SLOW_SECONDS = 10.0


def faults(ran: Ran) -> Iterator[str]:
    """Yield what is wrong with any command: exceptions, breakdowns, hangs, canaries that were given away."""
    if ran.raised:
        yield f"traceback: {ran.raised[:300]}"
    for text in (ran.printed, *ran.written.values()):
        if "broke down" in text or "Traceback (most recent" in text:
            line = next(x for x in text.splitlines() if "broke down" in x or "Traceback" in x)
            yield f"broke down: {line[:300]}"
            break
    if ran.code not in {0, 1, 2, None}:
        yield f"exit code: {ran.code}"
    if ran.code == 2 and not ran.printed.strip():
        yield "silent: exit code 2 without a word"
    if ran.seconds > SLOW_SECONDS:
        yield f"hang: {ran.seconds:.0f} s"
    yield from _given_away(ran)


def _given_away(ran: Ran) -> Iterator[str]:
    for where, text in {"printed": ran.printed, **ran.written}.items():
        for found in re.finditer(CANARY, text, flags=re.IGNORECASE):
            around = text[max(0, found.start() - 120) : found.end() + 30].replace("\n", " ")
            yield f"personal value in {where}: ...{around}..."
            break


def accounts(ran: Ran, files: Mapping[str, int | None], sums: Mapping[str, float | None]) -> Iterator[str]:
    """Yield what `relkit check` lost in silence.

    Args:
        ran: a check that did not refuse its input.
        files: by table, the rows that its file has; None if they cannot be counted from outside.
        sums: by table, the sum of net_amount in it, to the cent; None if it is not known.
    """
    if ran.code == 2 or "tables/check.json" not in ran.written:
        return
    account = json.loads(ran.written["tables/check.json"])
    for table, rows in files.items():
        report = account["tables"].get(table)
        if report is None:
            if table not in ran.printed:
                yield f"silent loss: the file of {table} was read by nobody and is not named"
            continue
        if report["rows_kept"] + report["rows_quarantined"] != report["rows_read"]:
            kept, faulty = report["rows_kept"], report["rows_quarantined"]
            yield f"silent loss: {table} {kept} kept + {faulty} quarantined != {report['rows_read']} read"
        if rows is not None and rows != (found := _accounted(account, table)):
            yield f"silent loss: {table} has {rows} rows, {found} are accounted for"
        yield from _sums(report, table, sums.get(table))


def _accounted(account: dict[str, Any], table: str) -> int:
    """Return the rows of a table that were read, left out by rule, or counted apart."""
    report, counts = account["tables"][table], account["counts"]
    apart = counts.get("tables", {}).get(table, {})
    source = counts.get("sources", {}).get(table, {})
    elsewhere = sum(source.get(name, 0) for name in ("blank_lines",))
    return int(report["rows_read"]) + apart.get("left_out", 0) + apart.get("folded", 0) + elsewhere


def _sums(report: dict[str, Any], table: str, meant: float | None) -> Iterator[str]:
    for column, found in report["sums"].items():
        # each of the three is shown to the cent; `balanced` is judged before they are rounded
        shown = abs(found["read"] - found["kept"] - found["quarantined"]) <= max(0.015, 1e-12 * abs(found["read"]))
        if not (found["balanced"] and shown):
            yield f"sums: {table}.{column} {found}"
        if meant is not None and column == "net_amount" and not found["unread_rows"] and abs(found["read"] - meant) > 0.005:
            yield f"sums: {table}.{column} read as {found['read']}, the file has {meant:.2f}"

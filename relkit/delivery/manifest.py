"""The manifest of a delivery: manifest.json.

Everything that varies between runs of the same work (time, run identifiers, machine) is in the block
`run`; the rest has the same bytes for the same inputs and the same relkit.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit import __version__
from relkit.delivery.customer_files import marketer_view
from relkit.delivery.totals import totals_of
from relkit.models.uplift.family import UPLIFT
from relkit.remarks import unique
from relkit.scores.kept_scores import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.delivery.customer_files import CustomerFile
    from relkit.delivery.difference import Difference
    from relkit.remarks import Remark
    from relkit.tables.table_set import TableFacts
    from relkit.texts import Language

FORMAT = 1
WORKBOOK_ROWS = 100_000
"""Customers in a workbook by default."""
LEFT_OUT = ("run_id", *FIELDS)
"""Facts of a score that differ from run to run, and its record, which its name repeats."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Occasion:
    """Context of a delivery: its recipients and its sources.

    Attributes:
        programme: its id.
        language: of the sheet and of the page on differences.
        facts: of the tables behind the file.
        inputs: files that were read: name, rows, sha256, and dates if any.
        models: by score, the entry of models.json for the model behind it.
        warnings: to the reader, besides those of the file, in English.
        remarks: notes that change how the numbers are to be read, in both languages; the first sheet of the workbook shows them.
        run_id: of this run.
        workbook: whether the spreadsheet is wanted.
        workbook_rows: maximum number of customers in it, the most valuable first.
    """

    programme: str
    language: Language
    facts: TableFacts
    inputs: Sequence[Mapping[str, Any]] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    remarks: Sequence[Remark] = ()
    run_id: str = ""
    workbook: bool = True
    workbook_rows: int = WORKBOOK_ROWS


def manifest(
    file: CustomerFile,
    occasion: Occasion,
    *,
    difference: Difference,
    escaped_cells: Mapping[str, Mapping[str, int]],
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Return the manifest, all but its `files`, which publishing fills in.

    Args:
        file: the content that is delivered.
        occasion: context of the delivery.
        difference: against the previous delivery.
        escaped_cells: by file and column, cells that got an apostrophe.
        warnings: all warnings to the reader.
    """
    facts = occasion.facts
    return {
        "format": FORMAT,
        "programme": {"id": occasion.programme, "sha256": None},
        "as_of": file.as_of.isoformat(),
        "language": occasion.language,
        "relkit": __version__,
        "polars": pl.__version__,
        "currency": facts.currency,
        "tax_basis": facts.tax_basis,
        "business_zone": facts.business_zone,
        "assumed_margin_rate": facts.assumed_margin_rate,
        "rows": len(file.frame),
        "columns": list(file.frame.columns),
        "marketer_columns": [c.name for c in marketer_view(file)],
        "schema_sha256": schema_sha256(file.frame),
        "refused": _refused(file),
        "fields_asked_for": dict(file.fields),
        "inputs": [dict(entry) for entry in occasion.inputs],
        "models": _models(file, occasion.models),
        "totals": totals_of(file, occasion.models),
        "scores_by_action": _by_action(file),
        "channel_credit": None if file.credit is None else file.credit.manifest(),
        "difference": _difference(difference),
        "escaped_cells": {name: dict(counts) for name, counts in escaped_cells.items() if counts},
        "remarks": [{"code": r.code, "en": r.en, "fr": r.fr, "about": list(r.about)} for r in unique((*occasion.remarks, *file.remarks))],
        "warnings": list(warnings),
        "approved_by": None,
        "run": run_block(occasion.run_id, _model_runs(file, occasion)),
    }


def _model_runs(file: CustomerFile, occasion: Occasion) -> dict[str, Any]:
    """Return the MLflow run behind each score, and behind each model of the credit of channels."""
    runs = {score: entry.get("run_id") for score, entry in sorted(occasion.models.items())}
    return runs | (file.credit.runs() if file.credit else {})


def schema_sha256(frame: pl.DataFrame) -> str:
    """Return one checksum over the names and types of the columns, in their order.

    Examples:
        >>> a, b = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [2]})
        >>> schema_sha256(a) == schema_sha256(b), schema_sha256(a) == schema_sha256(b.cast(pl.Float64))
        (True, False)
    """
    lines = "".join(f"{name}:{dtype}\n" for name, dtype in frame.schema.items())
    return hashlib.sha256(lines.encode()).hexdigest()


def run_block(run_id: str, model_runs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that vary between runs: time, machine, code."""
    return {
        "run_id": run_id,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.system(),
        "git_commit": git_commit(Path(__file__).parent),
        "model_runs": dict(model_runs),
    }


def git_commit(folder: Path) -> str | None:
    """Return the commit of the checkout that `folder` belongs to, or None if there is none."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=10, check=False)  # noqa: S607  (whichever git the user has)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def _refused(file: CustomerFile) -> dict[str, Any]:
    counts = file.refused.group_by("rule").len().sort("rule")
    return {"rows": len(file.refused), "by_rule": dict(counts.iter_rows())}


def _models(file: CustomerFile, models: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    listed = []
    for score, source in sorted(file.sources.items()):
        more = {key: value for key, value in models.get(score, {}).items() if key not in LEFT_OUT}
        listed.append({"score": score, **more, "model": source.model, "version": source.version, "trained_as_of": source.trained_as_of})
    return listed


def _by_action(file: CustomerFile) -> dict[str, Any] | None:
    """Return the rows of each action and the model behind them; None without scores by action."""
    if file.by_action is None:
        return None
    effects = [source for source in file.sources.values() if UPLIFT.includes(source.record)]
    behind = {"model": effects[0].model, "version": effects[0].version, "trained_as_of": effects[0].trained_as_of}
    counts = file.by_action.group_by("action_id").len().sort("action_id")
    return {"rows": len(file.by_action), "by_action": dict(counts.iter_rows()), **behind}


def _difference(difference: Difference) -> dict[str, Any]:
    counts = {change: difference.customers(change) for change in ("entered", "left", "changed")}
    return {"previous": difference.before, **counts, "psi": {name: round(value, 6) for name, value in difference.psi.items()}}

"""Drafts of the public data sets beside the mappings that people wrote: which columns were found, asked about, missed.

    python -m tests.tables.drafted_columns > table.md

A mapped column is a column of ours, or an attribute, that a mapping reads from columns of the file; constants are no reading.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from relkit.declarations import read_declaration
from relkit.tables.data_place import DataPlace
from relkit.tables.drafting.draft import Draft, draft_mapping
from relkit.tables.mapping import read_source_tables
from relkit.tables.mapping_file import Block, ColumnRule, MappingFile, SourceDeclaration, load_mapping
from relkit.tables.schemas import ROW, SOURCE
from tests.tables.answered import answered, questions

MAPPINGS = Path(__file__).resolve().parents[2] / "pipelines" / "mappings"
NAMES = sorted(path.stem for path in MAPPINGS.glob("*.yaml"))
_OPEN = re.compile(r'"?\?(\d+)"?')


@dataclass
class Compared:
    """One mapping beside the draft.

    Attributes:
        name: of the mapping.
        verdicts: by column of ours: right, asked, asked without the right answer, wrong, left out.
        unsafe: keys, signs, units and orders of days that differ from the mapping and were not asked about.
        questions: number of them.
        extra: columns that the draft reads and the mapping does not.
    """

    name: str
    verdicts: dict[str, str] = field(default_factory=dict)
    unsafe: list[str] = field(default_factory=list)
    questions: int = 0
    extra: int = 0

    @property
    def counts(self) -> Counter[str]:
        """Number of columns by verdict."""
        return Counter(self.verdicts.values())


def linked(real_data: Path, name: str, folder: Path) -> Path:
    """Return a folder with links to the files of a mapping, and nothing else."""
    place = DataPlace.of(real_data)
    for source in load_mapping(MAPPINGS / f"{name}.yaml").file.sources.values():
        for path in place.files(source) or ():
            target = folder / path.name
            if not target.exists():
                target.symlink_to(path)
    return folder


def compared(real_data: Path, name: str, folder: Path) -> Compared:
    """Return the comparison for one mapping."""
    place = DataPlace.of(linked(real_data, name, folder))
    draft = draft_mapping(place.folder)
    written = _read(draft, folder)
    answers = {number: offered for number, (_, offered) in questions(draft.text).items()}
    reference = load_mapping(MAPPINGS / f"{name}.yaml").file
    found = Compared(name=name, questions=draft.questions)
    columns = _columns(reference, place)
    theirs = _draft_readings(written, answers, _of_declared(written["sources"], place))
    for table, key, reads, rule in _readings(reference, columns):
        label = f"{table}.{key}"
        verdict, unsafe = _verdict(table, key, reads, rule, theirs)
        if found.verdicts.get(label) not in {"right", "asked"}:
            found.verdicts[label] = verdict
        found.unsafe += [f"{label}: {each}" for each in unsafe]
    wanted = {(table, column) for table, _, reads, _ in _readings(reference, columns) for column in reads}
    found.extra = len({(r["table"], c) for r in theirs for c in r["reads"]} - wanted)
    return found


def differing(real_data: Path, name: str, folder: Path) -> list[str]:
    """Return the columns proposed right that the answered draft reads otherwise than the mapping in some row; attributes apart."""
    verdicts = compared(real_data, name, folder).verdicts
    company = load_mapping(MAPPINGS / f"{name}.yaml").file.company

    def choose(question: str, offered: list[str]) -> str:
        known = {"zone": company.business_zone, "clock": company.business_zone, "currency": company.currency}
        return next((answer for word, answer in known.items() if word in question), offered[0])

    path = folder / "answered.yaml"
    path.write_text(answered(draft_mapping(folder).text, choose), encoding="utf-8")
    ours, theirs = (read_source_tables(folder, mapping).frames for mapping in (path, MAPPINGS / f"{name}.yaml"))
    found = []
    for label in (label for label, verdict in verdicts.items() if verdict == "right"):
        of, column = label.split(".")
        if of in ours and of != "customer_snapshots":
            rows = [frames[of].select(SOURCE, ROW, column) for frames in (ours, theirs)]
            pairs = rows[0].join(rows[1], on=[SOURCE, ROW], suffix="_theirs").collect()
            if pairs.is_empty() or pairs.filter(pl.col(column).ne_missing(pl.col(f"{column}_theirs"))).height:
                found.append(label)
    path.unlink()
    return found


def _read(draft: Draft, folder: Path) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=folder, delete=False, encoding="utf-8") as file:
        file.write(draft.text)
    path = Path(file.name)
    value = read_declaration(path).value
    path.unlink()
    return dict(value)


def _columns(file: MappingFile, place: DataPlace) -> dict[str, dict[str, str]]:
    """Return by source its columns, each with the name that a draft has for it (column_1 if the file names none)."""
    found = {}
    for name, declared in file.sources.items():
        columns = place.open(name, declared).columns
        unnamed = bool(declared.columns)
        files = ",".join(sorted(p.name for p in place.files(declared) or ()))
        found[name] = {c: f"{files}|{f'column_{i}' if unnamed else c}" for i, c in enumerate(columns, start=1)}
    return found


def _of_declared(sources: dict[str, Any], place: DataPlace) -> dict[str, dict[str, str]]:
    found = {}
    for name, keys in sources.items():
        known = {k: v for k, v in keys.items() if not (isinstance(v, str) and _OPEN.fullmatch(v))}
        declared = SourceDeclaration.model_validate(known)
        columns = place.open(name, declared).columns
        files = ",".join(sorted(p.name for p in place.files(declared) or ()))
        found[name] = {c: f"{files}|{c}" for c in columns}
    return found


def _named(text: str, columns: dict[str, str]) -> frozenset[str]:
    """Return the columns that a text names: it is one, or an expression with some."""
    if text.startswith("{where: "):
        text = text[8:].split(", amounts", maxsplit=1)[0].split(", kind", maxsplit=1)[0].rstrip("}")
        text = _unquoted(text)
    if text in columns:
        return frozenset({columns[text]})
    bare = re.sub(r"'(?:[^']|'')*'", " ", text)
    quoted = set(re.findall(r'"([^"]+)"', bare)) & set(columns)
    words = set(re.findall(r"[A-Za-z_À-ÿ][\wÀ-ÿ]*", re.sub(r'"[^"]+"', " ", bare)))
    found = {columns[c] for c in quoted | (words & set(columns))}
    return frozenset(found | ({"_row"} if "_row" in words else set()))


def _reads(rule: ColumnRule, columns: dict[str, str]) -> frozenset[str]:
    text = rule.column or rule.expression or rule.read
    return frozenset() if text is None else _named(text, columns)


def _all_columns(block: Block, columns: dict[str, dict[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (*(join.source for join in block.join), block.source):
        found |= columns[name]
    return found


def _readings(file: MappingFile, columns: dict[str, dict[str, str]]) -> list[tuple[str, str, frozenset[str], Any]]:
    found = []
    for table, blocks in file.tables.items():
        for block in blocks:
            known = _all_columns(block, columns)
            rules: dict[str, ColumnRule] = {**block.columns, **block.attributes}
            for name, rule in rules.items():
                reads = _reads(rule, known)
                if reads:
                    found.append((table, name, reads, rule))
    return found


def _draft_readings(written: dict[str, Any], answers: dict[str, list[str]], columns: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    found = []
    for table, blocks in (written["tables"] or {}).items():
        for block in blocks:
            known: dict[str, str] = {}
            for source in (*((block["join"]["source"],) if "join" in block else ()), block["from"]):
                known |= columns[source]
            if "key" in block:
                found.append({"table": table, "key": "(key)", "reads": frozenset({"_row"}), "offers": [], "rule": "file and row"})
            if "returns" in block:
                texts = answers[_OPEN.fullmatch(block["returns"]).group(1)]  # type: ignore[union-attr]
                offers = [_named(text, known) for text in texts]
                found.append({"table": table, "key": "line_kind", "reads": frozenset(), "offers": offers, "rule": "?"})
            for group in ("columns", "attributes"):
                for name, rule in (block.get(group) or {}).items():
                    found.append(_reading(table, name, rule, known, answers))
    return found


def _reading(table: str, name: str, rule: Any, known: dict[str, str], answers: dict[str, list[str]]) -> dict[str, Any]:
    parts = rule if isinstance(rule, dict) else {"read": rule}
    text = parts.get("column") or parts.get("expression") or parts.get("read")
    reading = {"table": table, "key": name, "rule": rule, "reads": frozenset(), "offers": []}
    if isinstance(text, str) and (match := _OPEN.fullmatch(text)):
        reading["offers"] = [_named(_unquoted(answer), known) for answer in answers[match.group(1)]]
    elif isinstance(text, str):
        reading["reads"] = _named(text, known)
    return reading


def _unquoted(text: str) -> str:
    return text[1:-1].replace('\\"', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _verdict(table: str, key: str, reads: frozenset[str], rule: Any, theirs: list[dict[str, Any]]) -> tuple[str, list[str]]:
    attribute = hasattr(rule, "role")
    same = [r for r in theirs if r["table"] == table and (attribute or r["key"] == key)]
    if not attribute and reads == {"_row"}:
        same += [r for r in theirs if r["table"] == table and r["key"] == "(key)"]
    for each in same:
        if each["reads"] == reads:
            return "right", _unsafe(rule, each["rule"])
    for each in same:
        if reads in each["offers"] or (key == "line_kind" and any(offer and offer <= reads for offer in each["offers"])):
            return "asked", []
    if attribute or not same:
        return "left out", []
    return ("asked, not offered", []) if any(each["offers"] for each in same) else ("wrong", [])


def _unsafe(rule: Any, theirs: Any) -> list[str]:
    """Return the order of days and the units that the draft states and the mapping does not."""
    stated = theirs if isinstance(theirs, dict) else {}
    found = []
    for part in ("format", "unit"):
        ours, other = getattr(rule, part, None) or None, stated.get(part)
        if other is not None and not _OPEN.fullmatch(str(other)) and other != ours:
            found.append(f"{part} {other!r}, and not {ours!r}")
    role = stated.get("role")
    if role is not None and not _OPEN.fullmatch(str(role)) and rule.role not in {role, "covariate"}:
        found.append(f"role {role!r}, and not {rule.role!r}")
    return found


def table(found: list[Compared]) -> str:
    """Return the comparison as a table."""
    heads = ("right", "asked", "asked, not offered", "wrong", "left out")
    rows = [
        "| Mapping | Mapped columns | " + " | ".join(heads) + " | Questions | Stated without a question and different |",
        "|---" * 9 + "|",
    ]
    rows = [rows[0], "|" + "---|" * (len(heads) + 4)]
    for each in found:
        counts = each.counts
        unsafe = "; ".join(each.unsafe) or "none"
        rows.append(
            f"| {each.name} | {len(each.verdicts)} | " + " | ".join(str(counts[h]) for h in heads) + f" | {each.questions} | {unsafe} |"
        )
    total: Counter[str] = Counter()
    for each in found:
        total += each.counts
    rows.append(
        f"| **all** | {sum(total.values())} | " + " | ".join(str(total[h]) for h in heads) + f" | {sum(e.questions for e in found)} | |"
    )
    return "\n".join(rows)


def main() -> None:
    """Print the table, and the columns that are not right."""
    real_data = Path(os.environ.get("RELKIT_DATA", str(Path(__file__).resolve().parents[3] / "shared" / "data")))
    found = []
    for name in sys.argv[1:] or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            found.append(compared(real_data, name, Path(folder)))
    print(table(found))  # noqa: T201
    for each in found:
        for column, verdict in each.verdicts.items():
            if verdict != "right":
                print(f"- {each.name}: {column}: {verdict}")  # noqa: T201


if __name__ == "__main__":
    main()

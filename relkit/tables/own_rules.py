"""Rules that analysts declare in the mapping, compiled on the columns of our tables.

    rules:
      transactions:
        - {name: price_paid, expression: net_amount <= 5000, severity: quarantine, allowed_share: 0.01}

A row for which the expression is false breaks the rule; one for which it is null is not judged, and counted. They are judged in the
passes that judge the contract's own rules (`relkit.tables.quarantine`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from relkit.contracts import Rule
from relkit.errors import ParameterError
from relkit.tables.casting import Style, kind_of, spoken
from relkit.tables.expressions import Scope, Value, compile_expression
from relkit.tables.schemas import TABLES
from relkit.tables.staging import TECHNICAL
from relkit.texts import EMPTY, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from relkit.contracts import Contract
    from relkit.tables.findings import Finding
    from relkit.tables.mapping_file import Mapping, OwnRule

Severity = Literal["warn", "quarantine", "stop"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledRule:
    """A declared rule, ready to be tried on rows.

    Attributes:
        name: of the rule, as in quarantine and in check.json.
        holds: true for good rows, false for those that break it, null if it cannot be judged.
        severity: warn, quarantine or stop.
        allowed_share: of the judged rows, in [0, 1], that may break it.
        reason: why it is declared, for people.
    """

    name: str
    holds: pl.Expr
    severity: Severity = "warn"
    allowed_share: float = 0.0
    reason: Text = EMPTY

    def rule(self) -> Rule:
        """Return it as a rule of a contract; its name says all that a message may show."""
        broken = (~self.holds).fill_null(value=False)
        return Rule(name=self.name, columns=(), broken=broken, impossible=self.severity == "quarantine", remedy=self.reason.en)


@dataclass(frozen=True, kw_only=True)
class RuleReport:
    """Rows that were judged by a declared rule.

    Attributes:
        name, severity, allowed_share, reason: of the rule.
        judged: rows for which it is true or false.
        broken: rows for which it is false.
        unjudged: rows for which it is null.
        first: file and row of the first row that breaks it; None if there is none, or if it is in quarantine.
    """

    name: str
    severity: Severity
    allowed_share: float
    reason: Text
    judged: int
    broken: int
    unjudged: int
    first: tuple[str, int] | None = None

    @property
    def share(self) -> float:
        """Share of the judged rows that break it, in [0, 1]."""
        return self.broken / self.judged if self.judged else 0.0

    @property
    def is_exceeded(self) -> bool:
        """True if more rows break it than are allowed to."""
        return self.share > self.allowed_share

    def plain(self) -> dict[str, Any]:
        """Return it as written to JSON."""
        counts = {"judged": self.judged, "broken": self.broken, "unjudged": self.unjudged, "share": round(self.share, 6)}
        first = None if self.first is None else {"source": self.first[0], "row": self.first[1]}
        return {"severity": self.severity, "allowed_share": self.allowed_share, **counts, "first": first} | (
            {"reason_en": self.reason.en, "reason_fr": self.reason.fr} if self.reason else {}
        )


def compile_rules(mapping: Mapping, frames: dict[str, pl.LazyFrame], zone: str) -> dict[str, tuple[CompiledRule, ...]]:
    """Return the declared rules of each table.

    Args:
        mapping: which declares them.
        frames: the tables as the sources have them, lazy.
        zone: IANA zone of the business day, for days compared with instants.

    Raises:
        TableError: a rule names a column that its table does not have.
        ParameterError: an expression is not supported, or gives no yes or no; a table is not there.
    """
    found = {}
    for table, rules in mapping.file.rules.items():
        if table not in frames and table in mapping.file.tables:
            continue  # none of its sources is there, and they need not be
        if table not in frames:
            raise ParameterError.unknown("table", table, frames, where=mapping.at("rules", table))
        columns = _columns(TABLES[table], frames[table].collect_schema())
        scope = Scope(columns=columns, style=Style(zone=zone, day_zone=zone), source=table, is_inline=True)
        found[table] = tuple(_compiled(rule, scope, mapping.at("rules", table, i, "expression")) for i, rule in enumerate(rules))
    return found


def counts_of(rows: pl.LazyFrame, rules: Sequence[CompiledRule]) -> dict[str, tuple[int, int]]:
    """Return, for each rule, the rows that it judges and those that break it, from one pass.

    Examples:
        >>> rule = CompiledRule(name="paid", holds=pl.col("x") <= pl.col("y"))
        >>> counts_of(pl.LazyFrame({"x": [1, 3, None], "y": [2, 2, 2]}), [rule])
        {'paid': (2, 1)}
    """
    if not rules:
        return {}
    asked = [rule.holds.is_not_null().sum().alias(f"n{i}") for i, rule in enumerate(rules)]
    asked += [(~rule.holds).sum().alias(f"b{i}") for i, rule in enumerate(rules)]
    found = rows.select(asked).collect(engine="streaming").row(0, named=True)
    return {rule.name: (int(found[f"n{i}"]), int(found[f"b{i}"])) for i, rule in enumerate(rules)}


def rule_report(rule: CompiledRule, counts: tuple[int, int], rows: int, findings: Iterable[Finding]) -> RuleReport:
    """Return the report on a rule.

    Args:
        rule: the rule.
        counts: rows judged and rows broken, as from `counts_of`.
        rows: all rows that were tried.
        findings: of the table; that of the rule has its first row.
    """
    first = next(((f.source, f.row) for f in findings if f.rule == rule.name and f.row is not None), None)
    return RuleReport(
        name=rule.name,
        severity=rule.severity,
        allowed_share=rule.allowed_share,
        reason=rule.reason,
        judged=counts[0],
        broken=counts[1],
        unjudged=rows - counts[0],
        first=first,
    )


def _columns(contract: Contract, given: pl.Schema) -> dict[str, Value]:
    """Return the columns that the table will have, with the types that it gives them."""
    made = [c for c in contract.columns if c.name in given or c.always or (c.default is not None and not c.nullable)]
    kinds = {c.name: kind_of(c.dtype if isinstance(c.dtype, pl.DataType) else c.dtype()) for c in made}
    own = {name: kind_of(dtype) for name, dtype in given.items() if name not in contract.names and name not in TECHNICAL}
    kinds |= own if contract.open_ended else {}
    return {name: Value(pl.col(name), kind) for name, kind in kinds.items()}


def _compiled(rule: OwnRule, scope: Scope, where: str) -> CompiledRule:
    placed = Scope(columns=scope.columns, style=scope.style, where=where, source=scope.source, is_inline=True)
    value = compile_expression(rule.expression, placed)
    if value.kind != "bool":
        message = f"the rule {rule.name!r} gives {spoken(value.kind)}, not yes or no."
        raise ParameterError(message, where=where, remedy="Write a condition that holds for good rows, like net_amount <= 5000.")
    if not value.expr.meta.root_names():
        raise ParameterError(f"the rule {rule.name!r} names no column.", where=where, remedy=f"Columns: {', '.join(scope.columns)}.")
    reason = Text(rule.reason.en, rule.reason.fr) if rule.reason else EMPTY
    return CompiledRule(name=rule.name, holds=value.expr, severity=rule.severity, allowed_share=rule.allowed_share, reason=reason)

"""Customers to whom something may be offered, and counts of the others by the first reason that applies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

REASONS = {
    "refused_profiling": "refused profiling",
    "protected": "protected from any contact",
    "not_contactable": "may not be contacted",
}
"""Reasons in order of precedence, in words."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OfferedTo:
    """Customers who may be offered something, and those who may not.

    Attributes:
        rows: of the customers who may.
        left_out: customers who may not, by reason; every key of `REASONS`.
        knows_consent: whether consents are known; if not, only those who are known not to be reachable are left out.
    """

    rows: pl.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)
    knows_consent: bool = True

    @classmethod
    def of(cls, tables: TableSet, as_of: AsOf, rows: pl.DataFrame, *, channel: str | None = None) -> OfferedTo:
        """Return the customers among `rows` who may be contacted, on a channel or on any.

        Raises:
            ParameterError: no such channel is known.
        """
        import polars as pl

        from relkit.features.channels import refusing_profiling
        from relkit.features.contactability import contactability

        reach = contactability(rows.select(pl.col("customer_id").cast(pl.String)), tables, as_of)
        refusing = refusing_profiling(tables, as_of)["customer_id"].implode()
        tests = {
            "refused_profiling": pl.col("customer_id").is_in(refusing),
            "protected": pl.col("is_protected"),
            "not_contactable": ~pl.col(_may(channel, reach.columns)).fill_null(value=True),
        }
        because = reach.select(pl.coalesce(pl.when(test).then(pl.lit(code)) for code, test in tests.items())).to_series()
        counts = dict(because.drop_nulls().value_counts().iter_rows())
        left_out = {code: int(counts.get(code, 0)) for code in REASONS}
        return cls(rows=rows.filter(because.is_null()), left_out=left_out, knows_consent=tables.has("consents"))

    def sentence(self, channel: str | None = None) -> str:
        """Return the sentence on the customers left out; empty if nobody was."""
        from relkit.tables.findings import counted

        by = f" by {channel}" if channel else ""
        parts = [f"{n:,} {REASONS[code]}{by if code == 'not_contactable' else ''}" for code, n in self.left_out.items() if n]
        return f"Left out: {counted(sum(self.left_out.values()), 'customer')} ({', '.join(parts)})." if parts else ""


def _may(channel: str | None, columns: list[str]) -> str:
    """Return the column on the permission to contact."""
    from relkit.features.contactability import MAY

    if channel is None:
        return "is_contactable"
    known = [name.removeprefix(MAY) for name in columns if name.startswith(MAY)]
    if channel not in known:
        raise ParameterError.unknown("channel", channel, known, where="channel")
    return MAY + channel

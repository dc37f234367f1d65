"""The page docs/tables.md, made from the contracts: `python -m relkit.tables.documentation > docs/tables.md`."""

from __future__ import annotations

import sys
import textwrap

import polars as pl

from relkit.contracts import INSTANT, Column, Contract
from relkit.tables.declared.columns import LARGEST, LIKELY_AMOUNT
from relkit.tables.schemas import FACT_TABLES, TABLES

_TYPES = {pl.String: "text", pl.Float64: "number", pl.Int32: "whole number", pl.Date: "day", pl.Boolean: "yes/no"}

_WIDTH = 138

_HEAD = f"""# Tables

<!-- made from relkit/tables/schemas.py: python -m relkit.tables.documentation > docs/tables.md -->

These are the tables that `relkit check` reads, by themselves or through a mapping file. At least one of {", ".join(FACT_TABLES)} must
be there; every other table and every column that is not required may be absent, and what needs it then says so in one sentence.

- Ids are text, in one spelling: Unicode NFC, without invisible characters. Days are dates (`2025-06-30`), from 1800 to 2200; days that
  stand for none (0001-01-01, 9999-12-31 ...) are empty. Instants are UTC to the microsecond; a bare instant and a bare day are in the
  zone of the source, which by default is the zone of the business.
- Money is in the currency of the programme, excluding VAT unless the mapping says `tax_basis: incl`. The sums of every column of money
  are reconciled to the cent: read = kept + quarantined. An amount, quantity or score beyond {LARGEST:,.0f} is quarantined; an amount of
  money beyond {LIKELY_AMOUNT:,.0f} is unlikely.
- A row that breaks a rule goes to `quarantine/<table>.parquet` with the rule, the file, the row number and what the source said. A value
  outside the likely range is kept and warned about.
- Of rows that share a key the first good one is kept; the others go to quarantine, exact copies under a rule of their own. A part of a
  key that is optional counts only where it is given.
- Personal data: *none* says nothing about a person by itself, *pseudonym* identifies one within the company, *personal* describes or
  identifies one, *sensitive* needs protection beyond that. Values of the last two are never shown in messages.
- What leaves relkit, column by column: [customer_file.md](customer_file.md).

"""


def tables_page() -> str:
    """Return the page in Markdown.

    Examples:
        >>> tables_page().splitlines()[0]
        '# Tables'
    """
    contents = "\n".join(f"- [{name}](#{name}): {contract.meaning}" for name, contract in TABLES.items())
    return _HEAD + contents + "\n\n" + "\n".join(_section(contract) for contract in TABLES.values())


def _section(contract: Contract) -> str:
    lines = [f"## {contract.name}", "", f"*{contract.label['en']}* / *{contract.label['fr']}*. {contract.meaning}", ""]
    lines += [f"Key: {', '.join(f'`{name}`' for name in contract.key)}."]
    lines += [f"Each row has at least one of {', '.join(f'`{name}`' for name in group)}." for group in contract.one_of]
    if contract.references:
        lines.append(
            f"Refers to: {', '.join(f'`{column}` to {other}' for column, other in contract.references)} (unknown values are warned about)."
        )
    if contract.open_ended:
        lines.append(
            "Any further column is kept as an attribute; the mapping file declares its label, type, personal-data class and purpose."
        )
    lines += [line for note in contract.notes.split("\n\n") if note for line in ("", textwrap.fill(note, _WIDTH))]
    lines += ["", "| Column | Label | Type | Values | Personal data | Meaning |", "|---|---|---|---|---|---|"]
    lines += [_row(column) for column in contract.columns]
    if contract.disagreement:
        lines += ["", f"Rows that disagree on one fact (`{contract.disagreement.rule}`): {contract.disagreement.remedy}"]
    if contract.rules:
        lines += ["", "Rules between columns:", ""]
        lines += [
            f"- `{rule.name}`: {'quarantined' if rule.impossible else 'warned about'}. {rule.remedy}".rstrip() for rule in contract.rules
        ]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    meaning = column.meaning + (f" Empty: {column.null_means}." if column.null_means else "")
    cells = (name, f"{column.label['en']} / {column.label['fr']}", _type(column), _values(column), column.personal_data, meaning)
    return "| " + " | ".join(cells) + " |"


def _type(column: Column) -> str:
    if column.dtype == INSTANT:
        return "instant"
    kind = _TYPES[column.dtype if isinstance(column.dtype, type) else type(column.dtype)]
    return f"{kind} ({column.unit})" if column.unit and column.unit != kind else kind


def _values(column: Column) -> str:
    """Return the possible range, the likely range and the meaning of an empty value."""
    parts = ["required"] if column.required else []
    if column.allowed:
        parts.append(", ".join(column.allowed))
    hard = (("from", column.low), ("above", column.above), ("to", column.high))
    soft = (("from", column.likely_low), ("to", column.likely_high))
    parts += [f"{word} {bound:g}" for word, bound in hard if bound is not None and abs(bound) != LARGEST]
    parts += [f"likely {word} {bound:g}" for word, bound in soft if bound is not None and abs(bound) != LIKELY_AMOUNT]
    if column.default is not None:
        parts.append(f"default {column.default}")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # French labels, whatever the console's encoding
    sys.stdout.write(tables_page())

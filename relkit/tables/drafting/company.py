"""Facts of the company that apply to all tables: currency, zone, tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.names import tax_basis, words
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.drafting.desk import Desk

_NAMED = {"EUR": {"eur", "euro", "euros"}, "USD": {"usd", "dollar", "dollars"}, "GBP": {"gbp", "pound", "pounds"}, "CHF": {"chf"}}
_ZONES = ("Europe/Paris", "Europe/Brussels", "Europe/London", "America/New_York", "UTC")
_MONEY = ("transactions", "contracts", "customer_snapshots", "paths")


def company_lines(desks: Sequence[Desk], blocks: Sequence[DraftBlock]) -> list[Line]:
    """Return the lines of `company`: what the values leave open is asked."""
    used = [desk for desk in desks if any(block.source == desk.found.name for block in blocks)]
    lines = [_currency(used), _zone()]
    if any(block.table in {"transactions", "products"} for block in blocks):
        lines.append(_tax(blocks))
    return lines


def _currency(desks: Sequence[Desk]) -> Line:
    for desk in desks:
        column = desk.one("currency", fits=lambda c: c.looks == "currency" and len(c.levels) == 1)
        if column is not None:
            remark = Text(f"the only one in {column.name}", f"la seule dans {column.name}")
            return Line(key="currency", value=column.levels[0].upper(), reads=(column.name,), remark=remark)
    text = Text("in which currency are the amounts?", "dans quelle devise sont les montants ?")
    named = {word for desk in desks for column in desk.found.columns for word in words(column.name)}
    hint = Text("a column is named so", "une colonne porte ce nom")
    answers = tuple(Answer(code, hint if named & texts else Text()) for code, texts in _NAMED.items())
    return Line(key="currency", value=Question(text, answers))


def _zone() -> Line:
    text = Text("in which zone does the business day begin and end?", "dans quel fuseau commence et finit la journée de l’entreprise ?")
    return Line(key="business_zone", value=Question(text, tuple(Answer(zone) for zone in _ZONES)))


def _tax(blocks: Sequence[DraftBlock]) -> Line:
    """Return the line of the tax basis: that of the name of the amount that is read, if it is certain."""
    amounts = [line for block in blocks if block.table == "transactions" for line in block.columns if line.key == "net_amount"]
    read = {tax_basis(name) for line in amounts for name in line.reads} - {None}
    asked = any(isinstance(line.value, Question) for line in amounts)
    if len(read) == 1 and not asked and all(any(tax_basis(name) for name in line.reads) for line in amounts):
        remark = Text("as the amount is named", "d’après le nom du montant")
        return Line(key="tax_basis", value=str(read.pop()), remark=remark)
    text = Text("do the amounts include VAT?", "les montants sont-ils TTC (incl) ou HT (excl) ?")
    answers = (Answer("incl", Text("with tax", "TTC")), Answer("excl", Text("without tax", "HT")))
    return Line(key="tax_basis", value=Question(text, answers))

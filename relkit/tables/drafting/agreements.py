"""Blocks of contracts: subscriptions, policies, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import day_line, filled, id_line, is_day, is_id, is_number, money_line, plain_line
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, quoted, scalar
from relkit.tables.drafting.totals import totals_line
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk

_STARTS = ("contract_start", "created_on", "order_day")


def is_contracts(desk: Desk) -> bool:
    """Return whether a source lists contracts of customers: each begins on a day."""
    if desk.one("customer_id", fits=is_id) is None or not any(desk.one(name, fits=is_day) for name in _STARTS):
        return False
    agreed = desk.one("contract_id", fits=is_id) is not None or desk.one("contract_start", fits=is_day) is not None
    return agreed and (
        desk.one("contract_id") is not None or any(desk.one(x) for x in ("contract_end", "monthly_amount", "status", "term"))
    )


def contracts(desk: Desk) -> list[DraftBlock]:
    """Return the block of the contracts."""
    start = next(column for name in _STARTS if (column := desk.one(name, fits=is_day)) is not None)
    end, renewal = desk.one("contract_end", fits=is_day), desk.one("renewal_day", fits=is_day)
    customer, monthly = desk.one("customer_id", fits=is_id), desk.one("monthly_amount", fits=is_number)
    columns = [
        *_key(desk),
        *((id_line("customer_id", customer),) if customer is not None else ()),
        day_line("started_on", start),
        *((day_line("ended_on", end),) if end is not None else ()),
        *((day_line("renewal_on", renewal),) if renewal is not None else ()),
        *_status(desk),
        *((money_line("monthly_amount", monthly),) if monthly is not None else _amount(desk)),
        *plain_line("term_months", desk.one("term", fits=lambda c: is_number(c) and c.numbers is not None and c.numbers.is_whole)),
        *plain_line("payment_method", desk.one("payment_method")),
        *plain_line("product_id", desk.one("product_id", "contract_type", fits=lambda c: c.kind == "text")),
    ]
    return [DraftBlock(table="contracts", source=desk.found.name, head=totals_line(desk), columns=tuple(columns))]


def _key(desk: Desk) -> tuple[Line, ...]:
    named = desk.all("contract_id", fits=is_id)
    if len(named) == 1 and named[0].is_unique:
        return (id_line("contract_id", named[0], Text("tells all rows apart", "distingue toutes les lignes")),)
    text = Text("which column identifies the contract?", "quelle colonne identifie le contrat ?")
    columns = named or desk.all("any_id", fits=is_id) or desk.all("customer_id", fits=is_id)
    answers = tuple(Answer(scalar(c.name), filled(c)) for c in columns)
    return (Line(key="contract_id", value=Question(text, answers), reads=tuple(c.name for c in columns)),)


def _status(desk: Desk) -> tuple[Line, ...]:
    status, end = desk.one("status"), desk.one("contract_end", fits=is_day)
    if status is not None:
        return plain_line("status", status)
    if end is None:
        text = Text("are all of these contracts running?", "tous ces contrats sont-ils en cours ?")
        return (Line(key="status", value={"constant": Question(text, (Answer("active"),))}),)
    made = f"case when {quoted(end.name)} is null then 'active' else 'ended' end"
    return (Line(key="status", value=made, reads=(end.name,)),)


def _amount(desk: Desk) -> tuple[Line, ...]:
    amounts = desk.all("amount", "price", fits=is_number)
    if not amounts:
        return ()
    text = Text("is it billed a month? A yearly amount is divided by 12.", "est-il facturé par mois ? Un montant annuel se divise par 12.")
    answers = [Answer(scalar(c.name), Text("a month", "par mois")) for c in amounts]
    answers += [Answer(f"{quoted(c.name)} / 12", Text("a year", "par an")) for c in amounts]
    return (Line(key="monthly_amount", value=Question(text, tuple(answers), may_go=True), reads=tuple(c.name for c in amounts)),)

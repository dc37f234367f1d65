"""Blocks of journeys: touches one by one, or paths that come grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import day_line, id_line, is_code, is_day, is_id, is_number, plain_line
from relkit.tables.drafting.names import plain
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, literal, quoted, scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

_KINDS = {
    "impression": ("impression", "view", "vue", "affichage", "display"),
    "click": ("click", "clic", "clicked", "conversion", "converted"),
    "visit": ("visit", "visite", "session"),
}


def is_paths(desk: Desk) -> bool:
    """Return whether a source has grouped paths, channel after channel."""
    return any(column.looks == "path" for column in desk.found.columns) and desk.one("conversions", "conversion_value") is not None


def paths(desk: Desk) -> list[DraftBlock]:
    """Return the block of grouped paths."""
    path = next(column for column in desk.found.columns if column.looks == "path")
    separator = _separator(desk, path)
    columns = [
        Line(key="path", value=path.name, reads=(path.name,)),
        *((Line(key="separator", value={"constant": separator}),) if separator != ">" else ()),
        *plain_line("conversions", desk.one("conversions", fits=is_number)),
        *plain_line("nulls", desk.one("nulls", fits=is_number)),
        *plain_line("value", desk.one("conversion_value", fits=is_number)),
    ]
    return [DraftBlock(table="paths", source=desk.found.name, columns=tuple(columns))]


def _separator(desk: Desk, path: Profile) -> str:
    texts = desk.found.sample[path.name].drop_nulls()
    counts = {mark: int(texts.str.contains(mark, literal=True).sum() or 0) for mark in (">", "→", "|")}
    return max(counts, key=lambda mark: counts[mark])


def is_touchpoints(desk: Desk) -> bool:
    """Return whether rows are touches: somebody, a time and a channel, and neither order nor product."""
    somebody = desk.one("customer_id", "anonymous_id", fits=is_id)
    timed = desk.one("order_day", fits=lambda c: is_day(c) and (c.kind in {"instant", "utc"} or any(f.has_clock for f in c.days)))
    sold = desk.one("order_id", "product_id", "amount", "quantity", fits=lambda c: is_code(c) or is_number(c))
    return somebody is not None and timed is not None and desk.one("channel") is not None and sold is None


def touchpoints(desk: Desk) -> list[DraftBlock]:
    """Return the block of the touches."""
    customer = desk.one("customer_id", fits=lambda c: is_code(c) and c not in desk.all("anonymous_id"))
    anonymous = desk.one("anonymous_id", fits=is_id)
    when, channel = desk.one("order_day", fits=is_day), desk.one("channel")
    if when is None or channel is None:
        return []
    columns = [
        *((id_line("customer_id", customer),) if customer is not None else ()),
        *((id_line("anonymous_id", anonymous),) if anonymous is not None else ()),
        day_line("occurred_at", when, instant=True),
        Line(key="channel_id", value=channel.name, reads=(channel.name,)),
        *_kind(desk),
        *plain_line("campaign_id", desk.one("campaign_id")),
    ]
    head = (Line(key="key", value="file and row"),)
    return [DraftBlock(table="touchpoints", source=desk.found.name, head=head, columns=tuple(columns))]


def _kind(desk: Desk) -> tuple[Line, ...]:
    column = desk.one("outcome", "line_kind", fits=lambda c: bool(c.levels))
    text = Text("was a touch an impression, a click or a visit?", "un contact était-il une impression, un clic ou une visite ?")
    usual = tuple(Answer(f"{{constant: {kind}}}") for kind in _KINDS)
    if column is None:
        return (Line(key="kind", value=Question(text, usual, may_go=True)),)
    branches = [
        f"when {quoted(column.name)} = {literal(level)} then '{kind}'"
        for level in column.levels
        for kind, words in _KINDS.items()
        if plain(level) in words
    ]
    if not branches:
        return (Line(key="kind", value=Question(text, usual, may_go=True), reads=(column.name,)),)
    made = scalar(f"case {' '.join(branches)} end")
    told = Text(f"by {column.name}", f"d’après {column.name}")
    return (Line(key="kind", value=Question(text, (Answer(made, told), *usual), may_go=True), reads=(column.name,)),)

"""Blocks of what customers answered, and of their points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import day_line, id_line, is_day, is_id, is_number, plain_line
from relkit.tables.drafting.names import words
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, literal, quoted, scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk

_MOVES = ("earned", "burned", "expired", "tier")


def is_surveys(desk: Desk) -> bool:
    """Return whether rows are answers of customers: a score on a day."""
    dated = desk.one("order_day", "created_on", fits=is_day) is not None
    return dated and desk.one("score", fits=is_number) is not None and desk.one("amount", "order_id") is None


def surveys(desk: Desk) -> list[DraftBlock]:
    """Return the block of the answers."""
    score, when = desk.one("score", fits=is_number), desk.one("order_day", "created_on", fits=is_day)
    customer = desk.one("customer_id", fits=is_id)
    if score is None or when is None:
        return []
    question = desk.one("question")
    named = next((word for word in words(score.name) if word in {"nps", "csat", "ces"}), "csat")
    mode = Text("asked at a distance (cold), or right after an event (hot)?", "enquête à froid (cold) ou à chaud (hot) ?")
    which = Text(f"which question does {score.name!r} answer?", f"à quelle question répond « {score.name} » ?")
    columns = [
        *((id_line("customer_id", customer),) if customer is not None else ()),
        day_line("answered_at", when, instant=True),
        Line(key="mode", value={"constant": Question(mode, (Answer("cold"), Answer("hot")))}),
        *plain_line("question", question),
        *(() if question is not None else (Line(key="question", value={"constant": Question(which, (Answer(named),))}),)),
        Line(key="score", value=score.name, reads=(score.name,)),
        *plain_line("comment", desk.one("comment")),
    ]
    head = (Line(key="key", value="file and row"),)
    return [DraftBlock(table="surveys", source=desk.found.name, head=head, columns=tuple(columns))]


def is_movements(desk: Desk) -> bool:
    """Return whether rows are movements of points of customers."""
    dated, points = desk.one("order_day", fits=is_day), desk.one("points", fits=is_number)
    return points is not None and dated is not None and desk.one("customer_id", "card_id", fits=is_id) is not None


def movements(desk: Desk) -> list[DraftBlock]:
    """Return the block of the movements of points."""
    points, when = desk.one("points", fits=is_number), desk.one("order_day", fits=is_day)
    customer = desk.one("customer_id", "card_id", fits=is_id)
    if points is None or when is None or customer is None:
        return []
    kind = desk.one("line_kind", fits=lambda c: bool(c.levels))
    text = Text("does a row earn or burn points?", "une ligne gagne-t-elle ou utilise-t-elle des points ?")
    answers = [Answer(scalar(f"case when {quoted(points.name)} < 0 then 'burned' else 'earned' end"), Text("by sign", "selon le signe"))]
    if kind is not None:
        made = " ".join(f"when {quoted(kind.name)} = {literal(level)} then 'earned'" for level in kind.levels)
        answers.insert(
            0, Answer(scalar(f"case {made} end"), Text(f"with earned, burned or expired for each; {', '.join(_MOVES)}", "à adapter"))
        )
    columns = [
        id_line("customer_id", customer),
        day_line("occurred_at", when, instant=True),
        Line(key="kind", value=Question(text, tuple(answers)), reads=(points.name, *((kind.name,) if kind is not None else ()))),
        Line(key="points", value=points.name, reads=(points.name,)),
    ]
    head = (Line(key="key", value="file and row"),)
    return [DraftBlock(table="loyalty_movements", source=desk.found.name, head=head, columns=tuple(columns))]

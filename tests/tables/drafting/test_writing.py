"""Comments, questions and lines as they are written."""

from __future__ import annotations

from relkit.tables.drafting.pieces import Answer, Line, Question
from relkit.tables.drafting.writing import Sheet
from relkit.texts import Text


def test_a_question_that_two_lines_share_keeps_its_number():
    question = Question(Text("which?", "laquelle ?"), (Answer("a", Text("one", "un")), Answer("b")), may_go=True)
    sheet = Sheet()
    sheet.line(Line(key="x", value=question), 2)
    sheet.line(Line(key="z", value={"column": question, "precision": "day"}), 2)
    assert sheet.lines == [
        "  # QUESTION 1: which?",
        "  #     a   one",
        "  #     b",
        '  # Replace "?1" by one of them, or take the line out.',
        '  x: "?1"',
        '  # Question 1 again: replace "?1" here too.',
        '  z: {column: "?1", precision: day}',
    ]

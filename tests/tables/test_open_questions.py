"""Drafts with open questions are refused, each question named with its line."""

from __future__ import annotations

import pytest

from relkit.errors import ParameterError
from relkit.tables.mapping_file import load_mapping

DRAFT = """
company:
  # QUESTION 1: in which currency are the amounts?
  #     EUR
  currency: "?1"
sources:
  till: {files: till.csv, nulls: ["?"]}
tables:
  transactions:
    from: till
    key: file and row
    columns: {transaction_id: no, occurred_at: {column: day, format: "?2"}, net_amount: amount}
"""


def test_open_questions_are_named_with_their_lines(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(DRAFT)
    with pytest.raises(
        ParameterError, match=r"2 questions of the draft are open. line \d+, \?1: in which currency are the amounts\?"
    ) as error:
        load_mapping(path)
    assert "?2: tables.transactions.columns.occurred_at.format" in str(error.value)
    assert "taken out" not in str(error.value)


def test_an_answered_draft_is_read(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(DRAFT.replace('"?1"', "EUR").replace('"?2"', '"%d/%m/%Y"'))
    assert load_mapping(path).file.company.currency == "EUR"

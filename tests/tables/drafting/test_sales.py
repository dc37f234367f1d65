"""Lines of sales."""

from __future__ import annotations

from tests.tables.drafting.drafted import answers, block, export


def test_signs_of_returns_are_asked():
    assert answers(export("returns")[0], block("returns", "transactions")["returns"]) == ['{where: "prix_ht < 0"}']
    assert answers(export("stripe")[0], block("stripe", "transactions")["returns"])[0] == (
        "{where: Status = 'Refunded', amounts_in_file: positive}"
    )
    assert "returns" not in block("sap", "transactions")

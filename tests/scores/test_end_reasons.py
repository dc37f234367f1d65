from __future__ import annotations

from relkit.models.survival.cumulative_incidence import REASONS
from relkit.scores.end_reasons import END_REASONS, reason_in_words


def test_every_reason_of_the_contracts_table_has_words_in_its_order() -> None:
    assert tuple(END_REASONS) == REASONS
    assert all(reason_in_words(reason) == END_REASONS[reason] for reason in REASONS)

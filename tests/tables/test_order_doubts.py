"""The order of day and month: asked about only where the other one is by far the more likely."""

from __future__ import annotations

import pytest
from checked_files import checked, codes

from relkit.tables.order_doubts import swapped


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([f"03/{day:02}/2024" for day in range(1, 13)], ["days_with_two_orders"]),  # as declared, the third of each month
        ([f"{day:02}/03/2024" for day in range(1, 13)], []),  # as declared, twelve days of March
        ([f"03/{month:02}/2024" for month in range(1, 13)] + ["13/03/2024"], []),
        (["03/01/2024", "03/02/2024", "03/03/2024"], []),  # three days tell nothing
    ],
)
def test_only_a_strong_sign_is_a_question(tmp_path, days, said):
    lines = "".join(f"{place};c;{day};1.5\n" for place, day in enumerate(days))
    assert codes(checked(tmp_path, lines, day='{column: day, format: "%d/%m/%Y"}')) == said


def test_formats_without_two_orders_have_none():
    assert (swapped("%Y-%m-%d"), swapped("%d/%m/%y"), swapped("%d %b %Y"), swapped(None)) == ("%Y-%d-%m", "%m/%d/%y", None, None)

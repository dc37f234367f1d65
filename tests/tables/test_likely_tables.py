"""Names held against those of our tables."""

from __future__ import annotations

import pytest

from relkit.tables.likely_tables import bare_name, kind_of_part, likely_table
from relkit.tables.schemas import TABLES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TRANSACTIONS", ("transactions", "same")),
        ("Loyalty Movements", ("loyalty_movements", "same")), (" costs ", ("costs", "same")),
        ("contact", ("contacts", "singular")), ("Case", ("cases", "singular")), ("calendars", ("calendar", "singular")),
        ("transactions2024", ("transactions", "part")), ("contracts-2024-01-31", ("contracts", "part")),
        ("costs_part 3", ("costs", "part")),
        ("transactions_1999", ("transactions", "part")), ("transactions_v2", ("transactions", "near")),
        ("transaction_2024", ("transactions", "near")),
               ("customers (1)", ("customers", "near")),
        ("my customer list", ("customers", "near")),
        ("contract_parties_old", ("contract_parties", "near")),
        ("transacions", ("transactions", "near")),
        ("case_study", None), ("cost_center", None), ("notes", None), ("ventes", None), ("", None),
    ],
)  # fmt: skip
def test_names_and_how_surely_they_stand_for_a_table(name, expected):
    assert likely_table(name) == expected


def test_every_table_is_found_by_its_name_its_singular_and_a_year():
    for table in TABLES:
        assert likely_table(table.upper()) == (table, "same")
        assert likely_table(f"{table}_2024") == (table, "part")
        assert likely_table(table.removesuffix("s") if table.endswith("s") else f"{table}s") == (table, "singular")


def test_parts_of_one_kind_and_names_without_endings():
    kinds = {kind_of_part(f"transactions{part}") for part in ("_2023", "_2024", "_2024-01", "2024")}
    assert len(kinds) == 3
    assert [bare_name(name) for name in ("a.CSV.GZ", "a.json.zip", "a.csv.part", "a.b", ".csv")] == ["a", "a", "a", "a.b", ""]

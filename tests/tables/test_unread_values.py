"""Messages on values that could not be read: the column of the file, the reason, and what reads all of it."""

from __future__ import annotations

import pytest
from checked_files import checked

from relkit.tables.unread_values import shown_text

FRENCH = '{column: day, format: "%d/%m/%Y"}'


def finding(folder, days, day="day", amounts=None):
    amounts = amounts or ["1.5"] * len(days)
    rows = "".join(f"{place};c;{given};{amount}\n" for place, (given, amount) in enumerate(zip(days, amounts, strict=True)))
    (found,) = checked(folder, rows, day=day).tables["transactions"].rules
    return found


def test_a_day_that_does_not_exist_is_told_with_the_column_of_the_file(tmp_path):
    found = finding(tmp_path, ["31/02/2024", "01/01/2024"], FRENCH)
    assert str(found) == (
        "occurred_at: not an instant: 1 row (first: row 1 of t.csv, column day with format \"%d/%m/%Y\", '31/02/2024': "
        "no day of the calendar: day 31 of month 2)"
    )
    assert found.remedy == "Correct them where the file is made; no usual format reads every value of the column."


@pytest.mark.parametrize(
    ("days", "declared", "remedy"),
    [
        (["11/13/2000", "01/02/2000"], FRENCH, 'format: "%m/%d/%Y" reads every value of the column: declare it in the mapping.'),
        (["31/12/2024", "01/02/2024"], "day", 'format: "%d/%m/%Y" reads every value of the column: declare it in the mapping.'),
        (["01/02/2024", "03/04/2024"], "day", '"%d/%m/%Y" and "%m/%d/%Y" read every value of the column, so the values do not tell which'),
        (["31/12/2024", "30/11/2024", "?"], "day", 'format: "%d/%m/%Y" reads 67% of these values, and no usual one reads all'),
        (["11/13/2000", "13/11/2000"], FRENCH, "Correct them where the file is made; no usual format reads every value of the column."),
        (["45300", "45301.5"], "day", "They look like the days of a spreadsheet: declare format: excel (or excel_1904) if they are."),
    ],
)
def test_a_format_is_proposed_only_if_it_reads_every_value(tmp_path, days, declared, remedy):
    assert finding(tmp_path, days, declared).remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("amounts", "remedy"),
    [
        (["abc", "1.5"], "Correct them where the file is made; if they stand for no value, add them to `nulls` of the source."),
        (["12,5", "1.5"], 'They have the decimal mark ",": declare decimal: "," for the column, or ask for one form.'),
        (["12,50 EUR", "1.5"], "They have marks or signs beside the number: declare thousands, or take signs out"),
    ],
)
def test_words_get_no_advice_on_decimal_marks(tmp_path, amounts, remedy):
    assert finding(tmp_path, ["2024-01-01"] * 2, amounts=amounts).remedy.startswith(remedy)


@pytest.mark.parametrize("text", ["Dupont", "zoe@example.org", "+33612345678", "06 12 34 56 78", "4970101234567890", "06-12-34-56-78"])
def test_what_may_be_of_a_person_is_never_shown(text):
    assert text not in shown_text(text, is_open=True)

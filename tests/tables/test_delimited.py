"""Delimited, blank-separated and fixed-width text: detection and refusals."""

from __future__ import annotations

import pytest

from relkit.errors import TableError
from relkit.tables.delimited import BLANKS, detect_delimiter, open_delimited
from relkit.tables.opened_file import FIELDS, ReadOptions
from relkit.tables.schemas import ROW

SHOP = "no;client;montant\n1;007;12,50\n2;;1 234,5\n"


def opened(folder, text, **options):
    path = folder / "shop.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_delimited(path, ReadOptions(**options))


def rows(folder, text, **options):
    file = opened(folder, text, **options)
    return file.frame.select(ROW, *file.columns, FIELDS).collect().rows()


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b,c", "1,2,3"], ","),
        (["a;b", "1;2,5", "2;3,5"], ";"),
        (["1;2,5", "2;3,5"], ";"),
        (["a\tb", "1\t2"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        (["a,b", '"x;y;z",2'], ","),
        (["name,text", "x,one; two; three", "y,one", "z,a; b"], ","),
        (["  00001 19970101  1   11.77", "  00002 19970112  1   12.00"], BLANKS),
        (["word", "other"], ","),
        (["a,b,c", "1,2", "1,2,3", "1,2,3"], ","),
    ],
)  # fmt: skip
def test_the_delimiter_is_the_one_that_cuts_lines_alike(lines, delimiter):
    assert detect_delimiter(lines) == delimiter


@pytest.mark.parametrize(
    ("text", "detected", "decimal"),
    [
        (SHOP, "semicolon-separated, UTF-8, with a header, decimal comma", ","),
        (SHOP.replace(";", "\t"), "tab-separated, UTF-8, with a header, decimal comma", ","),
        ("a,b\n1,2.5\n", "comma-separated, UTF-8, with a header, decimal point", "."),
        ('a,b\n1,"2,5"\n', "comma-separated, UTF-8, with a header, decimal comma", ","),
        ("a;b\n1;2\n", "semicolon-separated, UTF-8, with a header", None),
        ("a;b;c\n1;2,5;2.5\n", "semicolon-separated, UTF-8, with a header", None),
        ("a;b\n1;1,234\n", "semicolon-separated, UTF-8, with a header", None),  # a thousand or a fraction: nobody can tell
        ("a b\n1 2.5\n", "blank-separated, UTF-8, with a header, decimal point", "."),
        ("été;b\n1;2\n".encode("windows-1252"), "semicolon-separated, windows-1252, with a header", None),
    ],
)
def test_detected_properties_are_noted(tmp_path, text, detected, decimal):
    file = opened(tmp_path, text)
    assert (file.detected, file.decimal) == (detected, decimal)


def test_given_properties_are_not_noted(tmp_path):
    file = opened(tmp_path, SHOP, delimiter=";", encoding="utf-8", header=True, decimal=",")
    assert (file.detected, file.decimal) == ("", ",")


def test_all_columns_are_texts_with_their_zeros(tmp_path):
    assert rows(tmp_path, SHOP) == [(1, "1", "007", "12,50", None), (2, "2", None, "1 234,5", None)]


def test_rows_are_counted_from_one_in_the_file_whatever_its_line_ends(tmp_path):
    quoted = 'a;b\r\n1;"two\r\nlines"\r\n2;x\r\n'
    assert rows(tmp_path, quoted) == [(1, "1", "two\r\nlines", None), (2, "2", "x", None)]
    assert rows(tmp_path, '"a\nb";c\n1;2\n') == [(1, "1", "2", None)]


def test_a_line_that_is_too_long_or_too_short_has_the_number_of_its_fields(tmp_path):
    assert rows(tmp_path, "a;b\n1;2\n1;2;3;4\n1\n") == [(1, "1", "2", None), (2, "1", "2", 2), (3, "1", None, -1)]


def test_lines_before_the_header_are_skipped(tmp_path):
    assert rows(tmp_path, "export of Monday\n\na;b\n1;2\n", skip_lines=2) == [(1, "1", "2", None)]


def test_quotes_may_mean_nothing(tmp_path):
    assert rows(tmp_path, 'a;b\n1;5" screen\n2;"open\n', quote=None) == [(1, "1", '5" screen', None), (2, "2", '"open', None)]


@pytest.mark.parametrize(
    ("text", "header"),
    [("1;2;3\n4;5;6\n", False), ("x;y;z\n4;5;6\n", True), ("no;client;montant\n1;2;3\n", True), ("x;y;z\nx;y;z\n", False)],
)
def test_names_for_a_file_without_header(tmp_path, text, header):
    file = opened(tmp_path, text, columns=("no", "client", "montant"))
    assert file.columns == ("no", "client", "montant")
    assert len(file.frame.collect()) == (1 if header else 2)
    assert ("with a header" if header else "without header") in file.detected


def test_a_header_cell_without_a_name_gets_one(tmp_path):
    assert opened(tmp_path, ";b\n1;2\n", header=True).columns == ("column_1", "b")


def test_blank_separated_columns(tmp_path):
    text = " id  date amount\r\n 001 19970101   11.77\r\n 002\t19970102  3  extra more\r\n"
    assert rows(tmp_path, text, format="text") == [(1, "001", "19970101", "11.77", None), (2, "002", "19970102", "3", 2)]


def test_fixed_places(tmp_path):
    places = {"no": (1, 3), "day": (5, 12), "amount": (14, 20)}
    text = "001 20240101   12.50\n002 20240102       \n"
    assert rows(tmp_path, text, format="fixed", places=places) == [
        (1, "001", "20240101", "12.50", None),
        (2, "002", "20240102", None, None),
    ]
    assert opened(tmp_path, text, format="fixed", places=places).decimal == "."
    assert rows(tmp_path, "NO. DAY        AMNT\n" + text, format="fixed", places=places, header=True)[0][1] == "001"


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("\n\n \n", {}, "the file holds only blank lines"),
        ("a;b\n", {}, r"it has a header of 2 columns and no row\. Ask for it again"),
        (SHOP, {"delimiter": ","}, r"cut at ',' its first line is one column; the lines look semicolon-separated, 3"),
        (SHOP, {"delimiter": ","}, r"Write delimiter: ';', or leave it out to have it found"),
        ("1;2\n3;4\n", {}, r"its first line holds values \(a text of 1 digit, .*\) and names no column\. Give the names"),
        ("a;b;a\n1;2;3\n", {}, "the header has one name more than once, in columns 1 and 3"),
        ("1;2;3\n", {"columns": ("a", "b")}, r"it has 3 columns and the mapping names 2; first line: a text of 1 digit, a text"),
        ("001 20240101\n", {"format": "fixed", "places": {"a": (1, 3), "b": (20, 25)}}, "12 characters long and column 'b' starts at 20"),
    ],
)  # fmt: skip
def test_what_does_not_stand_as_it_should_is_refused(tmp_path, text, options, expected):
    with pytest.raises(TableError, match=expected):
        opened(tmp_path, text, **options)


def test_one_column_is_a_table_too(tmp_path):
    assert rows(tmp_path, "id\nx\n", delimiter=";") == [(1, "x", None)]


def test_utf_16_is_noted_as_people_write_it(tmp_path):
    path = tmp_path / "till.csv"
    path.write_bytes("id;montant\n1;2,50\n".encode("utf-16"))
    assert open_delimited(path, ReadOptions()).detected == "semicolon-separated, UTF-16, with a header, decimal comma"


def test_a_header_that_ends_in_delimiters_is_one(tmp_path):
    path = tmp_path / "till.csv"
    path.write_text("id,amount,,\n1,2.5,,\n")
    assert open_delimited(path, ReadOptions()).columns == ("id", "amount", "column_3", "column_4")
    path.write_text("id,,amount\n1,,2.5\n")
    with pytest.raises(TableError, match=r"holds values \(a 2-character text, .*\) and names no column"):
        open_delimited(path, ReadOptions())


def test_a_column_without_a_name_may_come_first(tmp_path):
    assert opened(tmp_path, ",day,amount\n0,2024-01-03,2.5\n").columns == ("column_1", "day", "amount")


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\n', "SEP=;\r\n", "\ufeffsep=;\n"])
def test_the_mark_of_the_delimiter_that_excel_reads_is_no_row(tmp_path, first):
    file = opened(tmp_path, f"{first}no;montant\n1;2,5\n")
    assert (file.columns, file.lines_before) == (("no", "montant"), 2)
    assert "taken for Excel's mark of the delimiter" in file.detected
    assert opened(tmp_path, "sep=,\nno,text\n1,a;b;c\n").columns == ("no", "text")


@pytest.mark.parametrize(
    ("text", "skip"),
    [
        ("Sales of May\n\nno;client;montant\n1;007;2,5\n2;008;3,5\n", 2),
        ("Sales of May;;\nno;client;montant\n1;007;2,5\n2;008;3,5\n", 1),
        ("Sales, of May\nno;client;montant\n1;007;2\n2;008;3\n", 1),
        ("Ventes\nau 31/05/2024\n\nno,client,montant\n1,007,2\n2,008,3\n", 3),
    ],
)
def test_a_title_above_the_header_is_hinted_at(tmp_path, text, skip):
    expected = rf"line {skip + 1} looks like its header, and line 1 like a title\. Write skip_lines: {skip} for this source in the mapping"
    with pytest.raises(TableError, match=expected):
        opened(tmp_path, text)
    file = opened(tmp_path, text, skip_lines=skip)
    assert (file.columns, len(file.frame.collect())) == (("no", "client", "montant"), 2)


def test_a_header_of_one_column_is_no_title(tmp_path):
    assert opened(tmp_path, "word\nother\n").columns == ("word",)
    assert opened(tmp_path, "remark\na, b\nc\nd, e\n").columns == ("remark",)


def test_lines_of_text_without_delimiters_may_be_short_too(tmp_path):
    text = "id day amount\n1 2024-01-03 2.5\n2 2024-01-03 2.5\n3 2024-01-03\n  \n4 2024"
    file = opened(tmp_path, text, format="text")
    assert file.frame.collect()[FIELDS].to_list() == [None, None, -1, None, -1]
    assert [remark.code for remark in file.remarks] == ["file_breaks_off"]
    places = {"no": (1, 3), "day": (4, 11), "amount": (12, 19)}
    padded = "00120240101   12.50\n00220240102    2.50\n00320240103    2.50\n00420240103   1"
    file = opened(tmp_path, padded, format="fixed", places=places)
    assert file.frame.collect()[FIELDS].to_list() == [None, None, None, -1]
    assert [remark.code for remark in file.remarks] == ["file_breaks_off"]
    stripped = "001202401012.5\n0022024010212.5\n00320240103\n004202401033.5\n"  # blanks at the end left out: only what lacks a column
    assert opened(tmp_path, stripped, format="fixed", places=places).frame.collect()[FIELDS].to_list() == [None, None, -1, None]
    filled = opened(tmp_path, stripped, format="fixed", places=places, fill_short=True)
    assert filled.frame.collect()[FIELDS].null_count() == 4


@pytest.mark.parametrize(
    "text",
    [
        "Zoé Dupont;zoe@mail.example;Lyon\nMax Roy;max@mail.example;Metz\n",
        "Dupont;+33 6 12 34 56 78\nRoy;+33 6 98 76 54 32\n",
        "Dupont;06.12.34.56.78\nRoy;06.98.76.54.32\n",
        "CL007;Dupont\nCL008;Roy\nCL012;Durand\n",
    ],
)
def test_a_first_line_of_a_person_is_no_header_and_is_not_shown(tmp_path, text):
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(TableError, match="its first line holds values") as caught:
        open_delimited(tmp_path / "people.csv", ReadOptions())
    assert not any(word in str(caught.value) for word in ("Dupont", "zoe", "Lyon", "12 34", "12.34", "007"))


@pytest.mark.parametrize("header", ["ca_2024;ca_2023", "col1;col2", "q1;e-mail", "no.;tel. 1"])
def test_headers_with_digits_are_headers(tmp_path, header):
    (tmp_path / "t.csv").write_text(f"{header}\nx1;3\nx2;4\n")
    assert open_delimited(tmp_path / "t.csv", ReadOptions()).columns == tuple(header.split(";"))

"""Quotes that do not follow the rules: read as spreadsheets read them, or refused with their line."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.tables import stray_quotes
from relkit.tables.delimited import open_delimited
from relkit.tables.opened_file import ReadOptions
from relkit.tables.schemas import ROW

BODY = "".join(f"{i};x;{i}\n" for i in range(4, 4000))


def rows(folder, text, name="a.csv", **options):
    content = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(content)
    opened = open_delimited(folder / name, ReadOptions(**options))
    return opened.frame.select(ROW, *opened.columns).collect().rows(), opened.detected


@pytest.mark.parametrize("end", ["", BODY])
@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (['1;screen 5";9', "2;x;9", "3;x;9"], ['screen 5"', "x", "x"]),
        (['1;screen 5" wide;9', '2;4" and 6";9', "3;x;9"], ['screen 5" wide', '4" and 6"', "x"]),
        (['1;a " word;9', '2;"proper; quotes";9', '3;"two ""good"" ones";9'], ['a " word', "proper; quotes", 'two "good" ones']),
        (['1;"Le "Petit" Bar";9', "2;x;9", '3;"two\nlines";9'], ["Le Petit Bar", "x", "two\nlines"]),
    ],
)  # fmt: skip
def test_quotes_inside_fields_are_taken_as_they_stand(tmp_path, lines, names, end):
    text = "id;name;n\n" + "\n".join(lines) + "\n" + end
    read, detected = rows(tmp_path, text)
    assert len(read) == 3 + end.count("\n")
    assert [row[:2] for row in read[:3]] == [(1, "1"), (2, "2"), (3, "3")]
    assert [row[2] for row in read[:3]] == names
    assert detected.endswith(", quotes inside fields taken as they stand") == ("Petit" not in text)  # polars reads that one by itself
    assert rows(tmp_path, gzip.compress(text.encode()), "a.csv.gz")[0] == read


def test_proper_quotes_are_not_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("relkit.tables.delimited.requoted", None)
    assert rows(tmp_path, 'id;name\n1;"a; ""b"""\n')[0] == [(1, "1", 'a; "b"')]


def test_with_all_options_given_one_detection_is_left(tmp_path):
    options = {"delimiter": ";", "encoding": "utf-8", "header": True, "decimal": "."}
    assert rows(tmp_path, 'id;name\n1;5" x\n2;y\n', **options)[1] == "quotes inside fields taken as they stand"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('id;d;y\n9;"open;5\n', r"a\.csv: line 2 opens a quote that is not closed, in column 2\. Write quote: none in the mapping"),
        ('id;d;y\n1;2;3\n9;"open;5\n4;5;6', "line 3 opens a quote that is not closed, in column 2"),
        ('id;d;y\n1;2;3\n9;8;"open\n' + BODY, "line 3 opens a quote that is not closed, in column 3"),
        (
            'id;d;y;z\n1;"two\nlines";3;4\n9;8;"open\n1;2;3;4\n5;6";7\n',
            "row 2 has a field that holds whole rows: a quote is opened and closed",
        ),
        ('id;d;y\n1;2;3\n9;8;"open' + "x" * 140_000 + "\n", "line 3 opens a quote that is not closed"),
    ],
)
def test_a_quote_that_is_never_closed_is_refused_with_its_line(tmp_path, text, expected):
    with pytest.raises(TableError, match=expected):
        rows(tmp_path, text)


def test_the_limit_of_lines_spares_long_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(stray_quotes, "_MOST_LINES", 3)
    text = 'id;name\n1;5" x\n2;"a\nb\nc"\n'
    assert rows(tmp_path, text)[0][1] == (2, "2", "a\nb\nc")
    with pytest.raises(TableError, match="line 3 opens a quote that is not closed, in column 2"):
        rows(tmp_path, text.replace("c", "c\nd"))


def test_what_was_written_anew_is_what_polars_reads(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('\ufeffid;name\n1;5" x\n', encoding="utf-8")
    copy, has_end = stray_quotes.requoted(path, delimiter=";", quote='"', name="a.csv")
    assert has_end
    assert pl.read_csv(copy, separator=";").rows() == [(1, '5" x')]

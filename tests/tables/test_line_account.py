"""Fields of every line, counted from the bytes."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relkit.errors import TableError
from relkit.tables import line_account
from relkit.tables.line_account import Shape, account_for_lines, last_line


def account(folder, text, *, width=3, **shape):
    path = folder / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {"delimiter": ";", "quote": '"', "width": width, "header": True} | shape
    return account_for_lines(path, Shape(**given), name="a.csv")


def misfits(found):
    return dict(zip(found.rows.tolist(), found.fields.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b;c\n1;2;3\n1;2\n1\n1;2;3;4\n1;2;3;;x\n", {2: 2, 3: 1, 4: 4, 5: 5}),
        ("a;b;c\n1;2;3;\n1;2;3;;;\n;;\n;;;;\n\n \n\r\n", {}),
        ('a;b;c\n1;"x;\n;y"\n"1;2;3"\n"a""b;";2;3\n1;"";""\n', {1: 2, 2: 1}),
        ('a;b;c\n1;5" x;7" y\n1;5" x;7"\n', {}),  # a quote counts at the beginning of a field only
        ("a;b\n1\n", {}),  # the header is no row: its two fields are none
        ("\ufeffa;b;c\r\n1;2\r\n", {1: 2}),
    ],
)
@pytest.mark.parametrize("chunk", [1 << 20, 7])
def test_lines_that_do_not_fit_are_found_wherever_a_chunk_ends(tmp_path, monkeypatch, text, expected, chunk):
    monkeypatch.setattr(line_account, "_CHUNK", chunk)
    found = misfits(account(tmp_path, text, width=1 if text == "a;b\n1\n" else 3))
    assert found == expected


@given(st.lists(st.lists(st.text('a;"\n ', max_size=4), min_size=1, max_size=5), min_size=1, max_size=8), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_what_the_csv_module_writes_is_counted_as_written(tmp_path_factory, rows, chunk):
    import csv
    import io

    file = io.StringIO()
    csv.writer(file, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_account, "_CHUNK", chunk)
        found = misfits(account(tmp_path_factory.mktemp("a"), file.getvalue()))
    assert found == {
        row: len(cells)
        for row, cells in enumerate(rows, start=1)
        if not line_account.is_blank(cells) and (len(cells) < 3 or any(cell.strip() for cell in cells[3:]))
    }


def test_lines_before_the_header_and_a_text_without_header(tmp_path):
    assert misfits(account(tmp_path, "x\ny;z\na;b;c\n1;2\n", skip_lines=2)) == {1: 2}
    assert misfits(account(tmp_path, "1;2\n1;2;3\n1\n", header=False)) == {1: 2, 3: 1}
    assert misfits(account(tmp_path, 'a;b;c\n"1;2\n', quote=None)) == {1: 2}


def test_a_last_line_that_breaks_off(tmp_path):
    assert account(tmp_path, "a;b;c\n1;2;3\n1;2").breaks_off
    assert not account(tmp_path, "a;b;c\n1;2;3\n1;2\n").breaks_off
    assert not account(tmp_path, "a;b;c\n1;2\n1;2;3").breaks_off
    assert not account(tmp_path, "a;b;c\n1;2\n ").breaks_off
    assert account(tmp_path, 'a;b;c\n1;2;"open').is_open


def test_the_last_rows_are_kept_for_a_look(tmp_path):
    text = "a;b;c\n" + "1;2;3\n" * 5 + "Total;;9\n\n;;\n"
    assert account(tmp_path, text).ending == ((4, ("1", "2", "3")), (5, ("1", "2", "3")), (6, ("Total", "", "9")))
    assert account(tmp_path, "a;b;c\n").ending == ()


@pytest.mark.parametrize(
    ("body", "quote", "expected"),
    [
        (b"1;2;" + b"x" * 3000, '"', "one field of a text file is limited to 2,000 bytes. If it is meant, set RELKIT_MAX_FIELD_BYTES"),
        (b'1;"' + b"x" * 3000 + b'";3\n', '"', "one field of a text file is limited to 2,000 bytes"),
        (b"1;" + b"x;" * 4000, '"', "one line of a text file is limited to 5,000 bytes. If it is meant, set RELKIT_MAX_LINE_BYTES"),
        (b'1;"' + b"x\n" * 3000, None, None),
        (b"x" * 1900 + b";" + b"x" * 1900 + b";3\n", '"', None),
    ],
)
@pytest.mark.parametrize("chunk", [1 << 20, 1000])
def test_fields_and_lines_are_bounded(tmp_path, monkeypatch, body, quote, expected, chunk):
    monkeypatch.setenv("RELKIT_MAX_FIELD_BYTES", "2000")
    monkeypatch.setenv("RELKIT_MAX_LINE_BYTES", "5000")
    monkeypatch.setattr(line_account, "_CHUNK", chunk)
    if expected is None:
        account(tmp_path, b"a;b;c\n" + body, quote=quote)
        return
    with pytest.raises(TableError, match=expected):
        account(tmp_path, b"a;b;c\n" + body, quote=quote)


def test_a_small_archive_of_one_large_field_is_refused_before_it_is_in_memory(tmp_path, monkeypatch):
    import tracemalloc

    packed = gzip.compress(b"a;b;c\n1;2;" + b"x" * 60_000_000, compresslevel=1)
    assert len(packed) < 400_000
    tracemalloc.start()
    with pytest.raises(TableError, match=r"a\.csv: one field of a text file is limited to 1,000,000 bytes"):
        account(tmp_path, packed)
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()
    monkeypatch.setenv("RELKIT_MAX_UNPACKED_BYTES", "1000000")
    with pytest.raises(TableError, match="a compressed file once unpacked is limited to 1,000,000 bytes"):
        account(tmp_path, gzip.compress(b"a;b;c\n1;2;3\n" * 200_000))


def test_the_last_line_of_a_text_without_quotes(tmp_path):
    path = tmp_path / "a.txt"
    for text, expected in (("a\nb", "b"), ("a\nb\n\n", "b\n\n"), ("", ""), ("a\r\nb\r\n", "b\r\n")):
        path.write_text(text, newline="")
        assert last_line(path, name="a.txt") == expected

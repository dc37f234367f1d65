"""Text files: encodings detected, files converted, files refused."""

from __future__ import annotations

import gzip

import pytest

from relkit.errors import TableError
from relkit.tables import encodings
from relkit.tables.encodings import open_text

TEXT = "client;libellé\n1;thé à l’œil\n2;café\n"


def written(folder, content, name="file.csv"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "given", "found"),
    [
        (TEXT.encode(), None, "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), None, "utf-8"),
        (b"a;b\n1;2\n", "ascii", "utf-8"),
        (TEXT.encode("windows-1252"), None, "windows-1252"),
        (TEXT.encode("windows-1252"), "latin-1", "windows-1252"),
        (TEXT.encode("utf-16"), None, "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), None, "utf-16-be"),
        (TEXT.encode("utf-16-le"), None, "utf-16-le"),
        (TEXT.encode("utf-16-be"), None, "utf-16-be"),
        (TEXT.encode("utf-16"), "utf-16", "utf-16"),
        (TEXT.replace("’", "'").replace("œ", "oe").encode("cp850"), "cp850", "cp850"),
    ],
)
def test_the_encoding_is_found_and_polars_gets_utf8(tmp_path, content, given, found):
    opened = open_text(written(tmp_path, content), given)
    assert opened.encoding == found
    assert opened.sample.splitlines()[0] in {"client;libellé", "a;b"}
    assert opened.path.read_text(encoding="utf-8-sig").startswith(("client;libellé\n1;thé", "a;b\n"))
    assert opened.is_whole


def test_gzip_is_seen_by_its_bytes(tmp_path):
    for name in ("file.csv.gz", "file.csv"):
        opened = open_text(written(tmp_path, gzip.compress(TEXT.encode("windows-1252")), name))
        assert opened.encoding == "windows-1252"
        assert opened.sample == TEXT


def test_lines_of_the_old_macintosh_are_ended_anew(tmp_path):
    assert open_text(written(tmp_path, b"a;b\r1;2\r")).path.read_bytes() == b"a;b\n1;2\n"


def test_a_letter_cut_by_the_end_of_a_chunk_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_CHUNK", 7)
    assert open_text(written(tmp_path, TEXT.encode())).encoding == "utf-8"
    assert open_text(written(tmp_path, TEXT.encode("utf-16"))).path.read_text(encoding="utf-8") == TEXT


def test_the_sample_of_a_long_file_ends_with_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_SAMPLE", 20)
    opened = open_text(written(tmp_path, b"a;b\n" + b"1;2\n" * 10))
    assert opened.sample == "a;b\n" + "1;2\n" * 4
    assert not opened.is_whole


def test_a_sample_is_cut_between_letters(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "_SAMPLE", 3)
    assert open_text(written(tmp_path, "aéé;b\n1;2\n".encode())).sample == "aé"


@pytest.mark.parametrize(
    ("content", "name", "given", "expected"),
    [
        (b"", "a.csv", None, r"a\.csv: the file is empty\. Ask for it again"),
        (gzip.compress(b"", mtime=0), "a.csv.gz", None, "the file is empty"),
        (b"plain", "a.csv.gz", None, r"its name ends in \.gz but it is not gzipped\. Take \.gz off its name"),
        (gzip.compress(b"abc" * 9999, mtime=0)[:40], "a.csv.gz", None, r"the gzip stream is broken \(.*\)\. The copy is incomplete"),
        (b"\x1f\x8b\x08\x00" + b"x" * 50, "a.csv.gz", None, "the gzip stream is broken"),
        (b"PK\x03\x04....", "a.csv", None, "it is a zip archive or an Excel workbook, not text"),
        (b"PAR1....", "a.csv", None, "it is a Parquet file, not text"),
        (bytes(range(1, 256)) + b"\0", "a.csv", None, "it holds zero bytes: it is not text"),
        (bytes(5000), "a.csv", None, "it holds zero bytes: it is not text"),
        (b"a\nb\n\x81\n", "a.csv", None, r"line 3 holds 0x81, which is neither UTF-8 nor windows-1252\. Give its `encoding`"),
        (TEXT.encode("latin-1", "replace"), "a.csv", "utf-8", r"line 1 holds 0xe9, which is not utf-8\. It looks like .* that is 'é'"),
        (b"\x81", "a.csv", "utf-8", r"line 1 holds 0x81, which is not utf-8\. Leave `encoding` out to have it found"),
        ("é".encode()[:1], "a.csv", "utf-8", "line 1 holds 0xc3, which is not utf-8"),
        (b"abc", "a.csv", "utf-16", "line 1 holds .*, which is not utf-16"),
        *((b"abc", "a.csv", name, f"'{name}' is not an encoding") for name in ("rot13", "base64", "zip", "hex", "uu", "bz2", "quopri")),
        *((b"abc", "a.csv", name, "is not an encoding of files") for name in ("idna", "punycode", "unicode_escape", "undefined", "a\0b")),
        (b"a;b\n" * 70_000 + b"1;\0\n", "a.csv", None, r"line 70001 holds a zero byte\. The copy is damaged, or it is not text"),
        (b"a;b\n1;\0\n", "a.csv", "windows-1252", "line 2 holds a zero byte"),
        (b"a;b\n1;2\n" + bytes(4096), "a.csv", "utf-8", "line 3 holds a zero byte"),
        (b"abc", "a.csv", "utf-9", r"'utf-9' is not an encoding of files\. Write utf-8, windows-1252 or utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(tmp_path, content, name, given, expected):
    with pytest.raises(TableError, match=expected):
        open_text(written(tmp_path, content, name), given)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-16"), b"\xfe\xff" + TEXT.encode("utf-16-be"), TEXT.encode("utf-32"), b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r").encode(), TEXT.replace("\n", "\r").encode("utf-16"), (TEXT.replace("\n", "\r") + "\r\n").encode(),
    ],
)  # fmt: skip
def test_marks_and_line_ends_of_all_kinds_give_one_text(tmp_path, content):
    opened = open_text(written(tmp_path, content))
    assert opened.path.read_text(encoding="utf-8-sig").rstrip("\n") == TEXT.rstrip("\n")
    assert opened.sample.rstrip("\n") == TEXT.rstrip("\n")


def test_a_missing_file_and_one_that_is_a_folder(tmp_path):
    with pytest.raises(TableError, match=r"none\.csv: there is no such file\. Check the path"):
        open_text(tmp_path / "none.csv")
    with pytest.raises(TableError, match="it cannot be opened"):
        open_text(tmp_path)

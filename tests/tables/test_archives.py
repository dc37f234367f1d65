"""Zip archives of one file."""

from __future__ import annotations

import zipfile

import pytest

from relkit.errors import TableError
from relkit.tables.archives import members, unpacked


def archive(folder, **files):
    path = folder / "a.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "."), text)
    return path


def test_the_one_file_is_unpacked_and_what_systems_add_is_none(tmp_path):
    path = archive(tmp_path, a__csv="x\n1\n", **{"__MACOSX/._a.csv": "", ".DS_Store": "", "folder/": ""})
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr("__MACOSX/._a.csv", "")
    assert members(path) == ["a.csv"]
    assert unpacked(path).read_text() == "x\n1\n"
    assert unpacked(path).suffix == ".csv"


def test_none_or_several_files_a_password_and_damage_are_refused(tmp_path, monkeypatch):
    with pytest.raises(TableError, match=r"a\.csv\.zip: it holds 2 files, not one\. Unpack it into the folder"):
        unpacked(archive(tmp_path, a__csv="x", b__csv="y"))
    with pytest.raises(TableError, match="it is not a zip archive with a file in it"):
        unpacked(archive(tmp_path))
    whole = archive(tmp_path, a__csv="x" * 100).read_bytes()
    (tmp_path / "a.csv.zip").write_bytes(whole.replace(b"x", b"y", 1)[:30] + b"\xff\xff" + whole[32:])
    with pytest.raises(TableError, match=r"damaged|not a zip archive"):
        unpacked(tmp_path / "a.csv.zip")
    secret = bytearray(whole)
    secret[6] |= 1
    secret[whole.index(b"PK\x01\x02") + 8] |= 1  # both headers say that it is encrypted
    (tmp_path / "a.csv.zip").write_bytes(bytes(secret))
    with pytest.raises(TableError, match="it has a password"):
        unpacked(tmp_path / "a.csv.zip")
    monkeypatch.setenv("RELKIT_MAX_UNPACKED_BYTES", "50")
    with pytest.raises(TableError, match="a compressed file once unpacked is limited to 50 bytes"):
        unpacked(archive(tmp_path, a__csv="x" * 1000))

"""Text files: their bytes, their compression and their encoding.

An encoding that is not given is detected: a byte order mark, else UTF-8 if all of the file is UTF-8, else UTF-16 if
every other byte is zero, else Windows-1252. Text in another encoding than UTF-8, or with the line ends of the old Macintosh,
is converted once to a private copy.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.errors import TableError
from relkit.limits import beyond, limit
from relkit.tables.opened_file import scratch_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 22
_SAMPLE = 1 << 18
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"SQLite format 3": "an SQLite database",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
"""Encodings of Python that are not those of files: they encode names or pieces of programs."""
_SAME = {"latin1": "windows-1252", "iso8859-1": "windows-1252", "cp1252": "windows-1252", "ascii": "utf-8", "utf-8-sig": "utf-8"}


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text that polars can read.

    Attributes:
        path: the file, or a converted copy of it; UTF-8, perhaps gzipped.
        encoding: of the original.
        sample: its first characters, whole lines.
        is_whole: whether the sample is all of it.
    """

    path: Path
    encoding: str
    sample: str
    is_whole: bool


def open_text(path: Path, encoding: str | None = None) -> TextFile:
    """Return a readable form of the text at `path`.

    Args:
        path: plain or gzipped.
        encoding: None to detect it.

    Raises:
        TableError: it is missing, empty, not text, a broken gzip, or not in that encoding.
    """
    _verify_start(path)
    given = _canonical(encoding, path) if encoding is not None else None
    start = next(chunks(path), b"")
    if not start:
        raise TableError("the file is empty.", where=str(path), remedy="Ask for it again, or take it out of the folder.")
    found = given or _guess(path, start)
    _verify_encoding(path, found, given=given is not None)
    has_old_ends = start.count(b"\r") - start.count(b"\r\n") > start.count(b"\n")  # of the old Macintosh
    readable = path if found == "utf-8" and not has_old_ends else _converted(path, found, old_ends=has_old_ends)
    sample = _first_text(readable) if readable != path else start[:_SAMPLE].decode(found, errors="ignore").removeprefix("\ufeff")
    is_whole = len(start) <= _SAMPLE
    if not is_whole:
        sample = sample[: sample.rfind("\n") + 1] or sample
    return TextFile(path=readable, encoding=found, sample=sample, is_whole=is_whole)


def start_of(path: Path, encoding: str | None = None) -> TextFile:
    """Return the first characters of a text, in an encoding that the rest of it may yet contradict; errors as for `open_text`."""
    _verify_start(path)
    start = next(chunks(path), b"")[:_SAMPLE]
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    found = _canonical(encoding, path) if encoding is not None else marked or "utf-8"
    sample = start.decode(found, errors="replace").removeprefix("\ufeff")
    return TextFile(path=path, encoding=found, sample=sample.replace("\r\n", "\n").replace("\r", "\n"), is_whole=False)


def _verify_start(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        message = "there is no such file" if isinstance(error, FileNotFoundError) else f"it cannot be opened ({error.strerror})"
        raise TableError(f"{message}.", where=str(path), remedy="Check the path.") from error
    if path.suffix.lower() == ".gz" and start and not start.startswith(_GZIP):
        raise TableError(
            "its name ends in .gz but it is not gzipped.",
            where=str(path),
            remedy="Take .gz off its name if it is plain, or fetch it again.",
        )
    for mark, what in _OTHERS.items():
        if start.startswith(mark):
            raise TableError(f"it is {what}, not text.", where=str(path), remedy="Name it by what it is, or give its `format`.")


def chunks(path: Path, size: int = _CHUNK) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if it is gzipped.

    Args:
        path: of the file.
        size: of a chunk, in bytes.

    Raises:
        TableError: the gzip stream is broken, or larger than the limit once unpacked.
    """
    with path.open("rb") as plain:
        is_gzip = plain.read(2) == _GZIP
    most, seen = limit("unpacked_bytes"), 0
    try:
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as file:
            while chunk := file.read(size):
                seen += len(chunk)
                if is_gzip and seen > most:
                    raise beyond("unpacked_bytes", where=str(path), error=TableError)
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TableError(
            f"the gzip stream is broken ({error}).", where=str(path), remedy="The copy is incomplete: fetch it again."
        ) from error


def _canonical(encoding: str, path: Path) -> str:
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise _no_encoding(encoding, path) from error
    # rot13, base64 and zip are codecs, not encodings: they make text of text, or bytes of bytes
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("_", "-") in _NO_TEXT:
        raise _no_encoding(encoding, path)
    return _SAME.get(found.name, found.name)


def _no_encoding(encoding: str, path: Path) -> TableError:
    return TableError(f"{encoding!r} is not an encoding of files.", where=str(path), remedy="Write utf-8, windows-1252 or utf-16.")


def _guess(path: Path, start: bytes) -> str:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    head = start[:_SAMPLE]
    odd, even = (head[first::2].count(0) > len(head) // 5 for first in (1, 0))
    if odd != even:
        return "utf-16-le" if odd else "utf-16-be"
    if b"\x00" in head:
        raise TableError("it holds zero bytes: it is not text.", where=str(path), remedy="Give its `format`, or its `encoding`.")
    return "utf-8" if _first_fault(path, "utf-8") is None else "windows-1252"


def _first_fault(path: Path, encoding: str) -> tuple[int, bytes, int] | None:
    """Return (line, offending bytes, offset) of the first bytes that are not in the encoding, None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    pending = b""
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    for chunk in chunks(path):
        if not is_wide and (zero := chunk.find(0)) >= 0:
            return line + chunk[:zero].count(b"\n"), b"\x00", offset + zero
        try:
            if not (encoding == "utf-8" and not pending and chunk.isascii()):
                decoder.decode(chunk)
        except UnicodeError as error:
            if not isinstance(error, UnicodeDecodeError):  # UTF-16 without its byte order mark
                return 1, chunk[:2], 0
            held = error.object
            return line + held[: error.start].count(b"\n"), bytes(held[error.start : error.end]), offset - len(pending) + error.start
        pending = decoder.getstate()[0]
        offset += len(chunk)
        line += chunk.count(b"\n")
    return (line, pending, offset - len(pending)) if pending else None


def _verify_encoding(path: Path, encoding: str, *, given: bool) -> None:
    fault = _first_fault(path, encoding) if given or encoding != "utf-8" else None
    if fault is None:
        return
    line, wrong, _ = fault
    if wrong == b"\x00":
        raise TableError(
            f"line {line} holds a zero byte.", where=str(path), remedy="The copy is damaged, or it is not text: fetch it again."
        )
    shown = " ".join(f"0x{byte:02x}" for byte in wrong)
    if given:
        remedy = "Leave `encoding` out to have it found."
        if encoding == "utf-8" and _first_fault(path, "windows-1252") is None:
            letter = wrong.decode("windows-1252", errors="replace")
            remedy = f"It looks like windows-1252, where that is {letter!r}: write encoding: windows-1252."
        raise TableError(f"line {line} holds {shown}, which is not {encoding}.", where=str(path), remedy=remedy)
    raise TableError(
        f"line {line} holds {shown}, which is neither UTF-8 nor {encoding}.",
        where=str(path),
        remedy="Give its `encoding` in the mapping, or export it as UTF-8.",
    )


def _converted(path: Path, encoding: str, *, old_ends: bool) -> Path:
    """Return a copy in UTF-8 without byte order mark, with normal line ends."""
    copy = scratch_file(".txt")
    plain = codecs.getincrementaldecoder(encoding)()
    decoder = io.IncrementalNewlineDecoder(plain, translate=True) if old_ends else plain
    with copy.open("w", encoding="utf-8", newline="") as file:
        for position, chunk in enumerate(chunks(path)):
            text = decoder.decode(chunk)
            file.write(text.removeprefix("\ufeff") if position == 0 else text)
        file.write(decoder.decode(b"", final=True))
    return copy


def _first_text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read(_SAMPLE)

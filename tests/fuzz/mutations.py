"""Mutations of a table: of its cells, of its structure, of the bytes of its file.

Mutations of cells and of the structure leave the number of rows known; those of bytes do not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from fuzz.company import Rows

CELLS = (
    *("", " ", "\t", "NULL", "NA", "n/a", "-", "?", "None", "nan", "NaN", "inf", "-inf", "Infinity", "1e308", "-1e308", "1e400", "1e-320"),
    *(
        "0",
        "-0",
        "00",
        "0.0",
        "007",
        "1.0",
        "17850.0",
        "1.7850E+4",
        "1,234",
        "1.299",
        "12.500",
        "1.234.567,89",
        "1 234,50",
        "1'234.50",
        "12,5",
    ),
    *("(12.50)", "12.50-", "+12", "--5", "12.50 EUR", "€ 12", "$3", "50%", "0x1F", "1_000", "9" * 23, "9" * 400, "0." + "3" * 60, "٣", "½"),
    *(
        "2024-01-01",
        "2024-13-45",
        "2024-02-30",
        "31/02/2024",
        "11/13/2000",
        "01/02/2024",
        "1/2/24",
        "45300",
        "45300.75",
        "20240101",
        "1704067200",
    ),
    *("0001-01-01", "9999-12-31", "1900-01-01", "2024-01-01T23:30:00Z", "2024-01-01 23:30:00.123456 UTC", "2024-01-01T00:00:00+99:99"),
    *(
        "2024-01-01T24:00:00",
        "2024-06-30 23:59:60",
        "2024-03-31 02:30",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "99999-01-01",
    ),
    *("-2024-01-01", "2024-W01-1", "Jan 1, 2024", "1 janv. 2024", "24:00", "true", "yes", "oui", "vrai", "1", "Y", "TRUE ", "on"),
    *(
        "=1+1",
        "@SUM(A1)",
        "-2+3+cmd|' /C calc'!A0",
        "a;b",
        "a,b",
        'a"b',
        '""',
        "'",
        "a\nb",
        "a\r\nb",
        "\\",
        "\\N",
        "a\\",
        "#N/A",
        "#REF!",
        "#",
    ),
    *(
        "é",
        "e\u0301",
        "\u200b",
        "\ufeff",
        "\u202e",
        "😀",
        "\U0001d54f",
        "\x00",
        "\x01",
        "\x1b[31m",
        "\u2028",
        "\ud7ff",
        "ß",
        "İ",
        "a" * 5_000,
        "😀" * 300,
    ),
    *(
        "granted",
        "withdrawn",
        "sale",
        "return",
        "SALE",
        " sale",
        "unknown",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${x}",
        "%s%s%n",
        "../../x",
    ),
)
"""Cells that went wrong somewhere, for every type of column."""


def cells(table: Rows, rng: Random) -> str:
    """Put strange cells into a column, in place: one, some or all of its rows; return the name of the column."""
    column = rng.choice(list(table[0]))
    share = rng.choice([0.0, 0.3, 1.0])
    chosen = [row for row in table if rng.random() < share] or [rng.choice(table)]
    value = rng.choice(CELLS)
    for row in chosen:
        row[column] = value if rng.random() < 0.8 else rng.choice(CELLS)
    return column


def forms(table: Rows, rng: Random) -> str:
    """Write the cells of a column in another form, as another program would; return its name."""
    column = rng.choice(list(table[0]))
    change = rng.choice(_FORMS)
    for row in table:
        row[column] = change(row[column])
    return column


_FORMS: tuple[Callable[[str], str], ...] = (
    lambda x: x.replace(".", ","),
    lambda x: "/".join(reversed(x[:10].split("-"))) + x[10:],
    lambda x: f"{x}Z",
    lambda x: f"{x}:00.000 UTC",
    lambda x: f" {x} ",
    lambda x: x.upper(),
    lambda x: f"{x}.0",
    lambda x: f"'{x}",
    lambda x: f"{x}\u200b",
    lambda x: x.replace("-", ""),
    lambda x: f"{x}€",
    lambda x: x + "0" if "." in x else f"{x}.",
)


def drop_column(table: Rows, rng: Random) -> None:
    """Leave a column out."""
    name = rng.choice(list(table[0]))
    for row in table:
        row.pop(name)


def rename_column(table: Rows, rng: Random) -> None:
    """Give a column another name, strange ones among them."""
    old = rng.choice(list(table[0]))
    new = rng.choice(
        ["_row", "_source", "*", "^.*$", "", " ", old.upper(), f" {old}", f"{old}\u200b", "a.b", '"', "😀", "select", "x" * 400, "é"]
    )
    for row in table:
        row[new] = row.pop(old)


def swap_columns(table: Rows, rng: Random) -> None:
    """Put the values of a column under the name of another."""
    names = list(table[0])
    first, second = rng.choice(names), rng.choice(names)
    for row in table:
        row[first], row[second] = row[second], row[first]


def repeat_rows(table: Rows, rng: Random) -> None:
    """Repeat a row."""
    table.append(dict(rng.choice(table)))


def total_row(table: Rows, rng: Random) -> None:
    """Add a row of totals, as exports of spreadsheets have."""
    total = dict.fromkeys(table[0], "")
    total[next(iter(total))] = rng.choice(["Total", "TOTAL", "Sum", ""])
    for name in total:
        values = [row[name] for row in table]
        with_number = [float(x) for x in values if x.replace(".", "", 1).isdigit() and math.isfinite(float(x))]
        if len(with_number) == len(values):
            total[name] = f"{sum(with_number):.2f}"
    table.append(total)


STRUCTURE: tuple[Callable[[Rows, Random], None], ...] = (drop_column, rename_column, swap_columns, repeat_rows, total_row)


def mutated_bytes(data: bytes, rng: Random) -> bytes:
    """Return the bytes of a file with one of the accidents that happen to files."""
    if not data:
        return data
    return rng.choice(_BYTES)(data, rng)


def _flip(data: bytes, rng: Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _insert(data: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    marks = [
        b"\0",
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"|",
        b"\n",
        b"\r",
        b"\n\n\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\x1a",
        b"\xe9",
        b"\xc3\x28",
        b"'",
        b" " * 99,
    ]
    return data[:place] + rng.choice(marks) * rng.choice([1, 1, 2, 50]) + data[place:]


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _lines(data: bytes, rng: Random) -> bytes:
    lines = data.split(b"\n")
    chosen = rng.randrange(len(lines))
    change = rng.choice(["twice", "gone", "swapped", "joined", "header again", "no header"])
    if change == "twice":
        lines.insert(chosen, lines[chosen])
    elif change == "gone":
        del lines[chosen]
    elif change == "swapped":
        rng.shuffle(lines)
    elif change == "joined":
        lines[chosen : chosen + 2] = [b"".join(lines[chosen : chosen + 2])]
    elif change == "header again":
        lines.insert(chosen, lines[0])
    else:
        del lines[0]
    return b"\n".join(lines)


def _preamble(data: bytes, rng: Random) -> bytes:
    firsts = [
        b"sep=;\n",
        b"sep=,\n",
        b"Export of 2024-01-31\n\n",
        b"\n\n",
        b"# comment\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf",
        b"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o\n",
    ]
    return rng.choice(firsts) + data


def _encoded(data: bytes, rng: Random) -> bytes:
    name = rng.choice(["utf-16", "utf-16-le", "utf-32", "cp1252", "cp500", "utf-8-sig", "utf-7", "shift_jis", "latin-1"])
    return data.decode("utf-8", "replace").encode(name, "replace")


def _ends(data: bytes, rng: Random) -> bytes:
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\r", b"\n\n", b" \n", b",\n", b"\x0b", b"\xc2\x85", b"\xe2\x80\xa8"]))


def _delimiters(data: bytes, rng: Random) -> bytes:
    return data.replace(b",", rng.choice([b";", b"\t", b"|", b";;", b" ", b", ", b"\x01", b"~", b"\xc2\xa7", b":"]))


def _quotes(data: bytes, rng: Random) -> bytes:
    return rng.choice([data.replace(b",", b'","'), b'"' + data, data + b'"', data.replace(b"-", b'"'), data.replace(b"\n", b'"\n"')])


_BYTES = (_flip, _flip, _insert, _insert, _cut, _lines, _lines, _preamble, _encoded, _ends, _delimiters, _quotes)

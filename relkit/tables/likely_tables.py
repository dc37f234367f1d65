"""Names of files, folders, sheets and foreign tables held against the names of our tables."""

from __future__ import annotations

import re
from typing import Literal

from relkit.errors import nearest
from relkit.tables.schemas import TABLES

Likeness = Literal["same", "singular", "part", "near"]
"""same: but for capitals and blanks; singular: but for an s; part: with a date or the number of a part behind; near: something like it."""

_SHORT_NAME = 7
_PART = re.compile(r"[_.]?((?:19|20)\d\d(?:[_.]?[01]\d(?:[_.]?[0-3]\d)?)?|part[_.]?\d{1,5})")
_SINGULAR = {name.removesuffix("s"): name for name in TABLES if name.endswith("s")} | {
    f"{name}s": name for name in TABLES if not name.endswith("s")
}
_AMONG = {name: rf"(?<![a-z]){name.removesuffix('s') + 's?' if len(name) > _SHORT_NAME else name}(?![a-z])" for name in TABLES}
"""Patterns that find a table's name among other words; without its s only if it is long: there are many kinds of cost and case."""

_ENDINGS = re.compile(
    r"\.(csv|tsv|txt|dat|parquet|pq|xlsx|xlsm|duckdb|ddb|gz|zip|bz2|xz|zst|7z|rar|tar|tgz|json|jsonl|ndjson|xlsb|xls|ods|xml|html?|sql|avro|orc"
    r"|feather|arrow|ipc|sav|sas7bdat|dta|rds|rdata|pkl|pdf|docx?|db|sqlite3?|mdb|accdb|part|crdownload|filepart|download|tmp)$",
    re.IGNORECASE,
)


def bare_name(name: str) -> str:
    """Return the name of a file without any of the endings that files of data have, those of formats that we cannot read among them.

    Examples:
        >>> bare_name("transactions.csv.zip"), bare_name("sales.2024.json"), bare_name("sales")
        ('transactions', 'sales.2024', 'sales')
    """
    while (shorter := _ENDINGS.sub("", name)) != name:
        name = shorter
    return name


def likely_table(name: str) -> tuple[str, Likeness] | None:
    """Return the table that a name stands for and how surely, None if it is near none.

    Args:
        name: of a file without its endings, of a folder, a sheet or a table.

    Examples:
        >>> likely_table("Transactions"), likely_table("transaction"), likely_table("transactions_2024-01")
        (('transactions', 'same'), ('transactions', 'singular'), ('transactions', 'part'))
        >>> likely_table("old transactions"), likely_table("readme")
        (('transactions', 'near'), None)
    """
    plain = re.sub(r"[\s\-]+", "_", name.strip().casefold())
    if plain in TABLES:
        return plain, "same"
    if plain in _SINGULAR:
        return _SINGULAR[plain], "singular"
    inside = [table for table in TABLES if re.search(_AMONG[table], plain)]
    if inside:
        table = max(inside, key=len)
        is_part = plain.startswith(table) and _PART.fullmatch(plain[len(table) :]) is not None
        return table, "part" if is_part else "near"
    near = nearest(plain, TABLES, likeness=0.8)
    return (near, "near") if near else None


def kind_of_part(name: str) -> str:
    """Return the form of the date or number behind a table's name, which the parts of one table share.

    Examples:
        >>> kind_of_part("transactions_2024") == kind_of_part("transactions_2023"), kind_of_part("transactions_2024-01")
        (True, '_0000-00')
    """
    found = likely_table(name)
    return re.sub(r"\d", "0", name.strip()[len(found[0]) :]) if found else ""

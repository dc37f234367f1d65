"""A company whose every personal field is a canary, and the search for them in everything that is written or printed.

    write_company(folder)            CSV files named after our tables, with faulty rows in each; a mapping is not needed
    leaks(folder, printed)           where a canary is that may not be: files and lines of output

Only the company's own tables, quarantine, features, scores and the files delivered to the marketer may hold them.
"""

from __future__ import annotations

import csv
import gzip
import re
import zipfile
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CANARY = re.compile(r"k[a@]n[a@]r[i1][\w-]*|699[ .-]?87[ .-]?\d|1931-07-\d\d|\d\d/07/1931", re.IGNORECASE)
"""Every personal value has one of these: ids, names and texts the word, telephone numbers the digits, birthdays the month."""

KEPT = (
    re.compile(r"(^|/)(tables|quarantine|features|scores)/.*\.parquet$"),
    re.compile(r"(^|/)deliveries/[^/]+/[^/]+/(customers|changes|contactable|next_products|call_list|reasons)[^/]*\.(csv|xlsx|parquet)$"),
    re.compile(r"(^|/)kept/"),
    re.compile(r"(^|/)(lists|rankings)/.*\.(csv|xlsx|parquet)$"),
)
"""Files that rightly hold people: rows of tables, and the files that are delivered."""

LAST = date(2025, 6, 30)


def person(i: int) -> dict[str, str]:
    """Return the personal values of a customer."""
    return {
        "id": f"KANARI{i:04d}",
        "name": f"Kanariella Kanariou-{i}",
        "mail": f"kanari.{i}@mail.example",
        "phone": f"+33 699 87{i % 10} {i:03d}",
        "postcode": f"KANARI{i % 97:02d}",
        "birthday": f"1931-07-{1 + i % 28:02d}",
        "card": f"KANARI-CARD-{i}",
        "text": f"Madame Kanari dit {i} fois non",
    }


def write_company(folder: Path, customers: int = 120, *, seed: int = 11) -> Path:
    """Write the CSV files of the company to a new folder, and return it.

    Args:
        folder: to be made.
        customers: how many.
        seed: of what they buy.
    """
    folder.mkdir(parents=True)
    people = [person(i) for i in range(customers)]
    rng = np.random.default_rng(seed)
    for name, rows in {
        "customers": list(_customers(people)),
        "transactions": list(_transactions(people, rng)),
        "contracts": list(_contracts(people, rng)),
        "identifiers": list(_identifiers(people)),
        "consents": list(_consents(people)),
        "suppressions": list(_suppressions(people)),
        "surveys": list(_surveys(people)),
    }.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return folder


Row = list[str]


def _customers(people: list[dict[str, str]]) -> Iterator[Row]:
    yield ["customer_id", "created_on", "country", "language", "birth_year", "postcode", "name", "email"]
    for p in people:
        yield [p["id"], "2022-01-05", "FR", "fr", "1931", p["postcode"], p["name"], p["mail"]]
    first, second, third = people[:3]
    yield [first["id"], first["birthday"], first["name"], "fr", "1931", first["postcode"], first["name"], first["mail"]]
    yield ["", second["birthday"], second["name"], second["mail"], second["phone"], second["postcode"], second["name"], second["mail"]]
    yield [third["mail"], third["phone"], "FR", "fr", third["birthday"], third["postcode"], third["name"], third["mail"], third["text"]]
    yield [f"={third['id']}", "2022-01-05", "FR", "fr", "1931", third["postcode"], third["name"], third["mail"]]


def _transactions(people: list[dict[str, str]], rng: np.random.Generator) -> Iterator[Row]:
    yield ["transaction_line_id", "transaction_id", "customer_id", "occurred_at", "net_amount", "line_kind", "currency", "channel_id"]
    line = 0
    for p in people:
        day = int(rng.integers(0, 500))
        while day < 900:
            at = LAST - timedelta(days=900 - day)
            amount = f"{rng.gamma(4, 12):.2f}"
            yield [f"L{line}", f"T{line}", p["id"], f"{at}T10:00:00Z", amount, "sale", "EUR", "web"]
            line += 1
            day += 1 + int(rng.exponential(120))
    for at, p in enumerate(people[3:9]):
        shifted = [p["mail"], p["phone"], p["name"], p["birthday"], p["phone"], p["text"]]
        yield [f"X{at}", f"X{at}", p["id"], p["birthday"] if at % 2 else p["phone"], shifted[at], shifted[-at], p["mail"], p["text"]]
        yield [p["id"], p["id"], p["mail"], "2025-01-01", "699870001", "sale", p["name"], p["phone"], p["text"], p["mail"]]
        yield [p["mail"], p["mail"], p["id"], "2025-01-01T10:00:00Z", "5.00", "sale", "EUR", p["name"]]
        yield [p["mail"], p["mail"], p["id"], "2025-01-01T10:00:00Z", "6.00", "sale", "EUR", p["name"]]
    yield ["L0", "T0", people[0]["id"]]


def _contracts(people: list[dict[str, str]], rng: np.random.Generator) -> Iterator[Row]:
    yield ["contract_id", "customer_id", "status", "started_on", "ended_on", "monthly_amount", "payment_method", "end_reason"]
    for i, p in enumerate(people[:100]):
        begun = LAST - timedelta(days=int(rng.integers(60, 900)))
        ended = begun + timedelta(days=int(rng.exponential(500)) + 1)
        over = ended <= LAST
        yield [f"KANARI-K{i}", p["id"], "ended" if over else "running", f"{begun}", f"{ended}" if over else "", "25.00", "card", ""]
    for p in people[5:9]:
        yield [p["mail"], p["id"], p["name"], p["phone"], p["birthday"], p["mail"], p["name"], p["text"]]
        yield [f"KANARI-K{p['id']}", p["id"], "ended", "2025-01-01", "2024-01-01", "1000000", "card", p["text"]]


def _identifiers(people: list[dict[str, str]]) -> Iterator[Row]:
    yield ["source", "id_type", "id_value", "valid_from", "customer_id"]
    for p in people:
        yield ["crm", "email", p["mail"], "2022-01-05", p["id"]]
        yield ["crm", "phone", p["phone"], "2022-01-05", p["id"]]
    yield ["crm", people[4]["name"], people[4]["mail"], people[4]["birthday"] + "x", people[4]["id"]]
    yield ["crm", "email", people[4]["mail"], "2022-01-05", people[5]["id"]]


def _consents(people: list[dict[str, str]]) -> Iterator[Row]:
    yield ["customer_id", "identifier", "purpose", "channel_id", "changed_at", "status"]
    for i, p in enumerate(people):
        yield [p["id"], p["mail"], "marketing", "email", "2024-01-05T10:00:00Z", "granted" if i % 3 else "refused"]
    yield [people[6]["id"], people[6]["mail"], people[6]["name"], "email", people[6]["phone"], people[6]["text"]]


def _suppressions(people: list[dict[str, str]]) -> Iterator[Row]:
    yield ["customer_id", "reason", "starts_at", "scope"]
    for p in people[10:14]:
        yield [p["id"], "deceased", "2024-01-05T10:00:00Z", "all"]
    yield [people[7]["id"], people[7]["text"], people[7]["phone"], people[7]["name"]]


def _surveys(people: list[dict[str, str]]) -> Iterator[Row]:
    yield ["response_id", "customer_id", "answered_at", "mode", "question", "score", "scale_min", "scale_max", "comment"]
    for i, p in enumerate(people[:60]):
        yield [f"R{i}", p["id"], "2025-05-05T10:00:00Z", "hot", "nps", str(i % 11), "0", "10", p["text"]]
    yield ["R0", people[8]["id"], people[8]["birthday"] + "?", people[8]["name"], "nps", people[8]["phone"], "0", "10", people[8]["text"]]


def leaks(folder: Path, printed: Iterable[str] = ()) -> list[str]:
    """Return the places of canaries that may not be there: `file: the words around it`, and `printed: ...`.

    Args:
        folder: searched with everything below it, but for the files that may hold people (`KEPT`).
        printed: texts from the terminal.
    """
    found = [f"printed: {around}" for text in printed for around in _around(text)]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if not any(kept.search(name) for kept in KEPT):
            found += [f"{name}: {around}" for text in _texts(path) for around in _around(text)]
            found += [f"the name of {name}"] if CANARY.search(name) else []
    return found


def _around(text: str) -> list[str]:
    return [" ".join(text[max(found.start() - 60, 0) : found.end() + 40].split()) for found in CANARY.finditer(text)][:3]


def _texts(path: Path) -> Iterator[str]:
    """Yield the content of a file as text: what a database, a notebook or an archive holds, too."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name).decode("utf-8", "replace")
        return
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:4] == b"PAR1":
        import polars as pl

        yield pl.read_parquet(path).write_json()
        return
    yield content.decode("utf-8", "replace")

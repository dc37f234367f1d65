"""Cases of mapping files: one that reads two files of a shop, after an accident, and expressions at random."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from fuzz.company import CANARY
from fuzz.documents import changed, damaged, text_of
from fuzz.expressions import expression
from fuzz.oracle import accounts, faults
from fuzz.run import run

if TYPE_CHECKING:
    from pathlib import Path

_LINE = "{ticket};{line};{card};{day:02d}/01/2024 10:12;Thé vert;{pieces};{price},50;{kind}\n"
TILL = "Ticket;Ligne;Carte;Date;Article;Qté;Prix;Type\n" + "".join(
    _LINE.format(
        ticket=1000 + i // 2,
        line=i % 2,
        card=f"{CANARY}{i % 5}" if i % 4 else "",
        day=3 + i,
        pieces=i % 3,
        price=4 + i,
        kind="R" if i == 7 else "V",
    )
    for i in range(12)
)
CARDS = "id,opened,birth year,town,mail\n" + "".join(
    f"{CANARY}{i},2019-0{i + 1},198{i},{CANARY}ville,{CANARY}{i}@x.example\n" for i in range(5)
)
COLUMNS = ("Ticket", "Ligne", "Carte", '"Date"', "Article", '"Qté"', "Prix", "Type", "_row", "_source")


def mapping() -> dict[str, Any]:
    """Return the mapping of the shop as it should be."""
    return {
        "company": {"currency": "EUR", "business_zone": "Europe/Paris", "tax_basis": "incl", "history_starts_on": "2024-01-01"},
        "sources": {
            "till": {"files": "till.csv", "zone": "Europe/Paris", "delimiter": ";", "decimal": ","},
            "cards": {"files": ["cards.csv"]},
        },
        "tables": {
            "transactions": {
                "from": "till",
                "where": "Type <> 'X'",
                "join": {"source": "cards", "on": {"Carte": "id"}, "unmatched": "keep"},
                "columns": {
                    "transaction_line_id": "concat(Ticket, '-', Ligne)",
                    "transaction_id": "Ticket",
                    "customer_id": "Carte",
                    "occurred_at": {"column": "Date", "format": "%d/%m/%Y %H:%M"},
                    "product_id": "Article",
                    "quantity": "Qté",
                    "net_amount": '"Qté" * Prix',
                },
                "returns": {"where": "Type = 'R'", "amounts_in_file": "positive"},
            },
            "customers": {
                "from": "cards",
                "columns": {"customer_id": "id", "created_on": {"column": "opened", "format": "%Y-%m", "precision": "month"}},
            },
            "customer_snapshots": {
                "from": "cards",
                "columns": {"customer_id": "id", "as_of": {"constant": "2024-01-31"}},
                "attributes": {"town": {"column": "town", "label": {"en": "Town", "fr": "Ville"}, "known_at": "as_of"}},
            },
        },
    }


def case(seed: int, folder: Path) -> list[str]:
    """Write, check and judge one mapping; return the faults."""
    rng = Random(f"mappings {seed}")
    (folder / "till.csv").write_text(TILL, "utf-8")
    (folder / "cards.csv").write_text(CARDS, "utf-8")
    tree = json.loads(json.dumps(mapping()))
    how = rng.choice(["expression", "expression", "tree", "tree", "text"])
    for _ in range(rng.choice([1, 1, 2, 4])):
        if how == "tree":
            changed(tree, rng)
        elif how == "expression":
            _with_expression(tree, rng)
    text = text_of(tree)
    if how == "text":
        text = damaged(text, rng)
    (folder / "mapping.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    out = folder / "out"
    words = ["check", str(folder), "--out", str(out), "--max-quarantine-share", "1"]
    ran = run(words, out, parameters={"data": folder, "out": out, "max_quarantine_share": 1} if seed % 10 else None)
    return [*faults(ran), *accounts(ran, {"transactions": 12} if how == "expression" else {}, {})]


def _with_expression(tree: dict[str, Any], rng: Random) -> None:
    """Put an expression in place of a column, a condition or the rule of returns."""
    block = tree["tables"]["transactions"]
    made = expression(COLUMNS, rng)
    place = rng.choice(["where", "returns", *block["columns"]])
    if place == "where":
        block["where"] = made
    elif place == "returns":
        block["returns"]["where"] = made
    else:
        block["columns"][place] = made if rng.random() < 0.7 else {"expression": made}

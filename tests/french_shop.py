"""A folder as a French shop would send it: semicolons, decimal commas, Windows encoding, titles above headers, a row of totals, accents.

Customers, products and receipts are invented codes; nobody who exists is among them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_FIRST, _DAYS = datetime(2023, 1, 2), 728  # noqa: DTZ001  a shop's spreadsheet knows no zone
_FAMILIES = ("Épicerie", "Thés & cafés", "Vaisselle")
_CITIES = (("Lyon", "69003"), ("Nîmes", "30000"), ("Bourg-en-Bresse", "01000"))


def french(amount: float) -> str:
    """Return an amount as a French spreadsheet writes it.

    Examples:
        >>> french(1234.5).replace(" ", "_")
        '1_234,50'
    """
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


def write_french_shop(folder: Path, *, customers: int = 60, seed: int = 1) -> Path:
    """Write sales of two years, customers and products into a folder, and return it."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    prices = {f"ART{i:03d}": float(round(4 + 40 * rng.random(), 2)) for i in range(1, 13)}
    lines = _lines(rng, customers, prices)
    for year in (2023, 2024):
        _write_sales(folder / f"ventes_{year}.csv", [line for line in lines if line[0].year == year])
    _write_products(folder / "produits.csv", prices)
    _write_customers(folder / "clients.xlsx", rng, customers)
    (folder / "lisez-moi.pdf").write_bytes(b"%PDF-1.4\n")
    return folder


def _lines(rng: np.random.Generator, customers: int, prices: dict[str, float]) -> list[tuple[datetime, str, str, str, int, str]]:
    """Return day, receipt, customer, product, quantity and kind of each line, in the order of time."""
    found = []
    for i in range(1, customers + 1):
        first, rate, stays = rng.integers(0, 400), rng.gamma(2, 0.012), rng.exponential(500)
        days = [0, *np.cumsum(rng.exponential(1 / max(rate, 0.002), 60))]
        for day in [int(first + d) for d in days if d <= stays and first + d < _DAYS]:
            kind = "Retour" if rng.random() < 0.03 else "Vente"
            product = str(rng.choice(list(prices)))
            found.append((_FIRST + timedelta(days=day), f"{i:06d}", product, int(rng.integers(1, 4)), kind))
            if rng.random() < 0.4:
                found.append((_FIRST + timedelta(days=day), f"{i:06d}", str(rng.choice(list(prices))), 1, "Vente"))
    found += [(_FIRST + timedelta(days=int(d)), "", "ART001", 1, "Vente") for d in rng.integers(0, _DAYS, 10)]
    found.sort(key=lambda line: (line[0], line[1]))
    receipts = {visit: f"T{100_000 + n}" for n, visit in enumerate(dict.fromkeys((line[0], line[1]) for line in found))}
    return [(day, receipts[day, customer], customer, *rest) for day, customer, *rest in found]


def _write_sales(path: Path, lines: list[tuple[datetime, str, str, str, int, str]]) -> None:
    rows, total = [], 0.0
    for day, receipt, customer, product, quantity, kind in lines:
        price = 4 + int(product[3:]) * 2.35
        amount = round(quantity * price, 2)
        total += amount
        rows.append(f"{receipt};{customer};{day:%d/%m/%Y};{product};{quantity};{french(price)};{french(amount)};{kind}")
    head = "N° ticket;N° client;Date d'achat;Réf. article;Qté;Prix unitaire TTC;Montant TTC;Nature"
    path.write_bytes("\r\n".join([head, *rows, f"TOTAL;;;;;;{french(total)};", ""]).encode("windows-1252"))


def _write_products(path: Path, prices: dict[str, float]) -> None:
    rows = [f"{code};Article n° {code[3:]};{_FAMILIES[i % 3]};Rayon {i % 6};{french(p)}" for i, (code, p) in enumerate(prices.items())]
    path.write_bytes("\r\n".join(["Référence;Désignation;Famille;Sous-famille;Prix TTC", *rows, ""]).encode("windows-1252"))


def _write_customers(path: Path, rng: np.random.Generator, customers: int) -> None:
    import xlsxwriter

    heads = (
        "N° client",
        "Ville",
        "Code postal",
        "Date d'inscription",
        "Année de naissance",
        "Opt-in e-mail",
        "Opt-in SMS",
        "Courrier : stop",
    )
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, day = book.add_worksheet("Clients"), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write(0, 0, "Fichier clients au 31/12/2024")
        sheet.write_row(2, 0, heads)
        for i in range(1, customers + 1):
            city, postcode = _CITIES[i % 3]
            sheet.write_row(2 + i, 0, [f"{i:06d}", city, postcode])
            sheet.write_datetime(2 + i, 3, _FIRST - timedelta(days=int(rng.integers(1, 300))), day)
            answers = ["Oui" if rng.random() < p else "Non" for p in (0.7, 0.4, 0.2)]
            sheet.write_row(2 + i, 4, [int(rng.integers(1940, 2004)), *answers])
        notes = book.add_worksheet("Légende")
        notes.write_row(0, 0, ["Colonne", "Signification"])
        notes.write_row(1, 0, ["Opt-in", "Accord du client"])

"""Blocks of what is sold and where: products and stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import broadest_first, chosen, id_line, in_cents, is_code, is_number, money_line, plain_line
from relkit.tables.drafting.pieces import DraftBlock, Line, Question
from relkit.tables.drafting.totals import totals_line
from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.tables.drafting.desk import Desk

_NAMES = ("product_name", "category_1", "category_2", "product_type", "brand", "price", "unit_price")


def is_products(desk: Desk) -> bool:
    """Return whether a source lists products: their id never repeats, and nothing of customers or sales is there."""
    key = desk.one("product_id", "any_id", fits=lambda c: c.is_unique and is_code(c))
    named = desk.one("product_id") is not None or desk.one("brand") is not None
    return key is not None and named and any(desk.one(name) for name in _NAMES) and desk.one("customer_id", "order_id") is None


def products(desk: Desk) -> list[DraftBlock]:
    """Return the block of a list of products."""
    keys = desk.all("product_id", fits=lambda c: c.is_unique and is_code(c)) or desk.all("any_id", fits=lambda c: c.is_unique)
    text = Text(
        "which column identifies the product, in the sales too?", "quelle colonne identifie le produit, y compris dans les ventes ?"
    )
    key = chosen("product_id", keys, text) if len(keys) > 1 else (id_line("product_id", keys[0]),)
    columns = [
        *key,
        *plain_line("name", desk.one("product_name", fits=lambda c: c not in keys)),
        *categories(desk),
        *plain_line("brand", desk.one("brand")),
        *plain_line("supplier", desk.one("supplier")),
        *_price(desk),
        *plain_line("in_stock", desk.one("in_stock", fits=lambda c: c.is_yes_no)),
    ]
    return [DraftBlock(table="products", source=desk.found.name, head=totals_line(desk), columns=tuple(columns))]


def categories(desk: Desk) -> list[Line]:
    """Return the lines of the categories of products, the broadest first."""
    ordered = broadest_first(desk.all("category_1", "category_2", "product_type"))[:3]
    return [line for i, column in enumerate(ordered, start=1) for line in plain_line(f"category_{i}", column)]


def _price(desk: Desk) -> tuple[Line, ...]:
    prices = desk.all("price", "unit_price", fits=is_number)
    if len(prices) == 1:
        return (money_line("price", prices[0]),)
    text = Text("which price is the list price of one unit?", "quel prix est le prix catalogue d’une unité ?")
    lines = chosen("price", prices, text, may_go=True)
    return lines if not any(in_cents(price) for price in prices) or isinstance(lines[0].value, Question) else ()


def is_stores(desk: Desk) -> bool:
    """Return whether a source lists stores."""
    key = desk.one("store_id", fits=lambda c: c.is_unique and is_code(c))
    return key is not None and desk.one("customer_id", "order_id", "order_day") is None


def stores(desk: Desk) -> list[DraftBlock]:
    """Return the block of a list of stores."""
    key = desk.one("store_id", fits=lambda c: c.is_unique and is_code(c))
    if key is None:
        return []
    columns = [
        id_line("store_id", key),
        *plain_line("name", desk.one("store_name", "product_name")),
        *plain_line("region", desk.one("region")),
    ]
    return [DraftBlock(table="stores", source=desk.found.name, head=totals_line(desk), columns=tuple(columns))]

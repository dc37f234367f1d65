"""Blocks of what is sold and where: products and stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.tables.drafting.desk import broadest_first, chosen, filled, id_line, in_cents, is_code, is_number, money_line, plain_line
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, scalar
from relkit.tables.drafting.references import MOST, evidence, reference
from relkit.tables.drafting.totals import totals_line
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

_MORE = 2
_NAMES = ("product_name", "category_1", "category_2", "product_type", "brand", "price", "unit_price")


def is_products(desk: Desk, desks: Sequence[Desk] = ()) -> bool:
    """Return whether a source lists products: their id never repeats, and nothing of customers or sales is there."""
    described = any(desk.one(name) for name in _NAMES)
    if not described or desk.one("customer_id", "order_id") is not None:
        return False
    if desk.one("product_id", fits=lambda c: c.is_unique and is_code(c)) is not None:
        return True
    return any(_is_referred_to(desk, key, desks) for key in desk.all("any_id", fits=lambda c: c.is_unique and is_code(c)))


def _is_referred_to(desk: Desk, key: Profile, desks: Sequence[Desk]) -> bool:
    found = reference(desk, key, desks, "product_id")
    return found is not None and found.share >= MOST


def products(desk: Desk, desks: Sequence[Desk] = ()) -> list[DraftBlock]:
    """Return the block of a list of products."""
    keys = desk.all("product_id", fits=lambda c: c.is_unique and is_code(c)) or desk.all("any_id", fits=lambda c: c.is_unique)
    referred = [key for key in keys if _is_referred_to(desk, key, desks)]
    keys = referred if len(referred) == 1 else keys
    text = Text(
        "which column identifies the product, in the sales too?", "quelle colonne identifie le produit, y compris dans les ventes ?"
    )
    if len(keys) == 1 and (keys == desk.all("product_id", fits=lambda c: c.is_unique) or not _is_counted(keys[0])):
        key = (id_line("product_id", keys[0], evidence(desk, keys[0], desks, "product_id")),)
    else:
        answers = tuple(Answer(scalar(k.name), evidence(desk, k, desks, "product_id") or filled(k)) for k in keys)
        key = (Line(key="product_id", value=Question(text, answers), reads=tuple(k.name for k in keys)),)
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


def _is_counted(key: Profile) -> bool:
    """Return whether ids may be no more than the numbers of the rows, which every file has."""
    return key.numbers is not None and key.numbers.is_whole and key.numbers.low <= 1 and key.numbers.high <= _MORE * key.rows


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

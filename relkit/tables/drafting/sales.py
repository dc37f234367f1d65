"""Blocks of what was bought, and of the customers and products that only its lines name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.remarks import french
from relkit.tables import casting
from relkit.tables.drafting.catalogue import categories
from relkit.tables.drafting.desk import (
    chosen,
    day_line,
    equals,
    filled,
    id_answer,
    id_line,
    in_cents,
    is_code,
    is_day,
    is_id,
    is_number,
    money_expression,
    money_line,
    plain_line,
)
from relkit.tables.drafting.lexicon import CANCEL_WORDS, RETURN_WORDS
from relkit.tables.drafting.names import notions, plain, tax_basis
from relkit.tables.drafting.pieces import Answer, DraftBlock, Line, Question, percent, quoted, scalar
from relkit.tables.drafting.totals import totals_line
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.tables.drafting.desk import Desk
    from relkit.tables.drafting.profile import Profile

_MIXED = 0.02
_AGREES = 0.95
_MANY = 0.3
_CENT = 0.011
_NO_SALE = frozenset({"contract_id", "points", "redeemed_on", "tenure", "left", "anonymous_id", "path"})
_FACTS_OF_CUSTOMERS = ("country", "postcode", "language", "birth_year", "customer_type")
_FACTS_OF_PRODUCTS = (
    ("name", "product_name"),
    ("brand", "brand"),
    ("supplier", "supplier"),
)


def is_sales(desk: Desk) -> bool:
    """Return whether the rows of a source are lines of sales: dated amounts of customers or orders, which come back."""
    customer, order = customer_of(desk), desk.one("order_id", fits=is_id)
    if desk.one("order_day", fits=is_day) is None and not (days_of(desk) and not desk.found.has_names):
        return False
    if not (amounts_of(desk) or prices_of(desk) or (not desk.found.has_names and _money_by_values(desk))):
        return False
    if order is None and customer is not None and customer.is_unique and desk.found.rows > 1:
        return False
    return (customer is not None or order is not None or not desk.found.has_names) and not any(desk.one(name) for name in _NO_SALE)


def customer_of(desk: Desk) -> Profile | None:
    """Return the column that identifies customers by its name, or by nothing but a general name."""
    return desk.one("customer_id", fits=is_id) or desk.one("card_id", "email", "any_id", fits=lambda c: is_id(c) and not c.is_unique)


def days_of(desk: Desk) -> list[Profile]:
    """Return the columns of the days of a sale: by name, else by values if no column has a name."""
    named = desk.all("order_day", fits=is_day)
    others = [c for c in desk.found.columns if c.is_day]
    return named or (others if not desk.found.has_names or len(others) == 1 else [])


def amounts_of(desk: Desk) -> list[Profile]:
    """Return the columns of amounts of lines or orders."""
    return desk.all("amount", fits=is_number)


def prices_of(desk: Desk) -> list[Profile]:
    """Return the columns of prices, those of one unit first."""
    return desk.all("unit_price", "price", fits=is_number)


def _money_by_values(desk: Desk) -> list[Profile]:
    """Return the columns without a name that may be money: those with fractions, else numbers of many values."""
    numbers = [c for c in desk.found.columns if is_number(c) and c.numbers is not None and not c.is_day]
    cents = [c for c in numbers if c.numbers is not None and not c.numbers.is_whole]
    return cents or [c for c in numbers if not c.is_unique]


def transactions(desk: Desk) -> list[DraftBlock]:
    """Return the block of the lines of sales."""
    key, line_id = _key(desk)
    columns = [
        *line_id,
        *_order(desk),
        *_customer(desk),
        *_day(desk),
        *_product(desk),
        *_quantity(desk),
        *_net_amount(desk),
        *_discount(desk),
        *_margin(desk),
        *plain_line("store_id", desk.one("store_id", fits=is_code)),
        *plain_line("channel_id", desk.one("channel", fits=is_code)),
        *plain_line("offer_id", desk.one("coupon_id", fits=is_code)),
    ]
    where = totals_line(desk)
    return [
        DraftBlock(
            table="transactions",
            source=desk.found.name,
            head=(*key, *where),
            columns=tuple(columns),
            returns=_returns(desk),
            reads_more=_read_by_returns(desk),
        )
    ]


def _key(desk: Desk) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return the head and the line of the key: a column or a pair that tells all lines apart, else file and row."""
    line = desk.one("line_id", fits=lambda c: is_code(c) and "AMOUNT" not in notions(c.name))
    order = desk.one("order_id", fits=is_id)
    if line is not None and line.is_unique and line.share == 1:
        return (), (id_line("transaction_line_id", line, Text("tells all rows apart", "distingue toutes les lignes")),)
    if line is not None and order is not None and desk.found.rows <= len(desk.found.sample) and desk.together(order.name, line.name) == 1:
        made = f"concat({quoted(order.name)}, '-', {quoted(line.name)})"
        remark = Text("together they tell all rows apart", "ensemble, elles distinguent toutes les lignes")
        return (), (Line(key="transaction_line_id", value=made, reads=(order.name, line.name), remark=remark),)
    if order is not None and order.is_unique and order.share == 1:
        return (), (id_line("transaction_line_id", order, Text("one row an order", "une ligne par commande")),)
    remark = Text("no column tells all rows apart", "aucune colonne ne distingue toutes les lignes")
    return (Line(key="key", value="file and row", remark=remark),), ()


def _order(desk: Desk) -> tuple[Line, ...]:
    orders, customer, days = desk.all("order_id", fits=is_id), customer_of(desk), days_of(desk)
    text = Text("which column is the number of the order or receipt?", "quelle colonne est le numéro de commande ou de ticket ?")
    if len(orders) == 1:
        mixed = _mixed(desk, orders[0], customer)
        if mixed <= _MIXED:
            return (id_line("transaction_id", orders[0]),)
        doubt = Text(
            f"{percent(mixed).en} of the values of {orders[0].name!r} belong to several customers: is it the number of the order?",
            f"{percent(mixed).fr} des valeurs de « {orders[0].name} » concernent plusieurs clients : est-ce le numéro de commande ?",
        )
        return (Line(key="transaction_id", value=Question(doubt, _of_a_day(desk, orders[0])), reads=(orders[0].name,)),)
    if orders:
        return chosen("transaction_id", orders, text)
    none = Text(
        "no column is named like an order or receipt. Are all lines of a customer and a day one order, or is each line an order?",
        "aucune colonne ne porte le nom d’une commande ou d’un ticket. Les lignes d’un client et d’un jour forment-elles une commande, "
        "ou chaque ligne en est-elle une ?",
    )
    customers = [customer] if customer is not None else _codes(desk)
    answers = [
        Answer(f"concat({quoted(c.name)}, '-', {quoted(d.name)})", Text("one order a customer and day", "une commande par client et jour"))
        for c in customers
        for d in days[:1]
    ]
    answers.append(Answer(scalar("concat('row ', _row)"), Text("each line is an order", "chaque ligne est une commande")))
    numbered = [c for c in desk.all("any_id", "product_name", fits=is_id) if c.distinct > _MANY * c.present and c not in customers]
    answers += [Answer(scalar(c.name), filled(c)) for c in numbered]
    reads = tuple(dict.fromkeys([*(c.name for c in (*customers, *numbered)), *(d.name for d in days[:1])]))
    return (Line(key="transaction_id", value=Question(none, tuple(answers)), reads=reads),)


def _of_a_day(desk: Desk, order: Profile) -> tuple[Answer, ...]:
    customer = customer_of(desk)
    joined = f"concat({quoted(customer.name)}, '-', {quoted(order.name)})" if customer is not None else ""
    return (Answer(scalar(order.name)), *((Answer(joined, Text("within a customer", "propre à chaque client")),) if joined else ()))


def _mixed(desk: Desk, order: Profile, customer: Profile | None) -> float:
    """Return the share of orders that several customers have."""
    if customer is None or customer is order:
        return 0.0
    pairs = desk.found.sample.lazy().select(order.name, customer.name).drop_nulls()
    per_order = pairs.group_by(order.name).agg(pl.col(customer.name).n_unique().alias("n"))
    return float(per_order.select((pl.col("n") > 1).mean()).collect().item() or 0.0)


def _codes(desk: Desk) -> list[Profile]:
    """Return the columns that may identify customers by their values: codes that come back, of many values."""
    codes = [c for c in desk.found.columns if c.is_code and not c.is_day and 20 < c.distinct < c.present]
    return codes or [c for c in desk.found.columns if c.is_code and not c.is_day and 1 < c.distinct < c.present]


def _customer(desk: Desk) -> tuple[Line, ...]:
    return desk.once("customer", _customer_line)


def _customer_line(desk: Desk) -> tuple[Line, ...]:
    named = desk.all("customer_id", fits=is_id)
    if len(named) == 1:
        return (id_line("customer_id", named[0], _unidentified(named[0])),)
    text = Text("which column identifies the customer?", "quelle colonne identifie le client ?")
    others = named or [*desk.all("card_id", "email", fits=is_id), *desk.all("any_id", fits=lambda c: is_id(c) and not c.is_unique)]
    others = others or ([] if desk.found.has_names else _codes(desk))
    if not others:
        return ()
    reads = tuple(c.name for c in others)
    return (Line(key="customer_id", value=Question(text, tuple(id_answer(c) for c in others), may_go=True), reads=reads),)


def _unidentified(column: Profile) -> Text:
    if column.share == 1:
        return Text()
    return Text(
        f"empty in {percent(1 - column.share).en} of the rows: unidentified",
        f"vide dans {percent(1 - column.share).fr} des lignes : non identifié",
    )


def _day(desk: Desk) -> tuple[Line, ...]:
    days = days_of(desk)
    if len(days) == 1:
        return (day_line("occurred_at", days[0], instant=True),)
    text = Text("which column is the day of the purchase?", "quelle colonne est la date d’achat ?")
    forms = {_written(day_line("occurred_at", day, instant=True).value) for day in days}
    if len(forms) == 1:
        answers = tuple(Answer(scalar(day.name), filled(day)) for day in days)
        rule = day_line("occurred_at", days[0], instant=True).value
        value: Any = {**rule, "column": Question(text, answers)} if isinstance(rule, dict) else Question(text, answers)
        return (Line(key="occurred_at", value=value, reads=tuple(d.name for d in days)),)
    return (day_line("occurred_at", days[0], instant=True),) if days else ()


def _written(rule: Any) -> str:
    return str(sorted((k, str(v)) for k, v in rule.items() if k != "column")) if isinstance(rule, dict) else ""


def _product(desk: Desk) -> tuple[Line, ...]:
    coded = desk.all("product_id", fits=lambda c: is_code(c) or c.kind == "text")
    if coded:
        return chosen(
            "product_id", coded, Text("which column identifies the product?", "quelle colonne identifie le produit ?"), may_go=True
        )
    named = desk.one("product_name")
    if named is None:
        return ()
    text = Text(
        f"no column has codes of products. Does {named.name!r} identify them?",
        f"aucune colonne ne contient de code produit. « {named.name} » identifie-t-elle les produits ?",
    )
    return (Line(key="product_id", value=Question(text, (Answer(scalar(named.name), filled(named)),), may_go=True), reads=(named.name,)),)


def _quantity(desk: Desk) -> tuple[Line, ...]:
    named = desk.all("quantity", fits=is_number)
    text = Text("which column is the quantity?", "quelle colonne est la quantité ?")
    if named:
        return chosen("quantity", named, text, may_go=True)
    small = [c for c in desk.found.columns if is_number(c) and c.numbers is not None and c.numbers.is_whole and c.numbers.high < 10_000]
    small = [c for c in small if not desk.found.has_names or {"QUANTITY"} & notions(c.name)] if desk.found.has_names else small
    small = [c for c in small if c not in _codes(desk)[:2] and c not in (_money_by_values(desk) if not desk.found.has_names else [])]
    # a name such as number_of_cds ends in what is counted
    if not small and desk.found.has_names:
        small = [c for c in desk.found.columns if is_number(c) and plain(c.name).startswith(("number_of", "number of", "nb_", "nombre_de"))]
    if not small:
        return ()
    answers = tuple(Answer(scalar(c.name), filled(c)) for c in small)
    return (Line(key="quantity", value=Question(text, answers, may_go=True), reads=tuple(c.name for c in small)),)


def _net_amount(desk: Desk) -> tuple[Line, ...]:
    amounts, prices = amounts_of(desk), prices_of(desk)
    quantity = desk.one("quantity", fits=is_number)
    if not amounts and not prices:
        return _asked_amount(_money_by_values(desk)) if not desk.found.has_names else ()
    if len(amounts) == 1 and (quantity is None or not prices or any(_agree(desk, amounts[0], quantity, price) for price in prices)):
        return (money_line("net_amount", amounts[0]),)
    if quantity is None:
        return (money_line("net_amount", prices[0]),) if len(prices) == 1 and not amounts else _asked_amount(amounts or prices)
    if not amounts and len(prices) == 1 and "UNIT" in notions(prices[0].name) and not in_cents(prices[0]):
        made = _product_of(quantity, prices[0])
        return (Line(key="net_amount", value=made, reads=(quantity.name, prices[0].name)),)
    return _asked_amount(amounts or prices, prices, quantity)


def _agree(desk: Desk, amount: Profile, quantity: Profile, price: Profile) -> bool:
    """Return whether the amount is quantity times price in nearly all rows, to a cent and apart from its sign."""
    paid, count, each = (_values(desk, column) for column in (amount, quantity, price))
    full = (count * each).abs()
    taken = [_values(desk, column).abs().fill_null(0.0) for column in desk.all("discount", fits=is_number)]
    shares = [((less - paid.abs()).abs() < _CENT).drop_nulls().mean() or 0.0 for less in (full, *(full - part for part in taken))]
    return max(float(share) for share in shares) >= _AGREES  # type: ignore[arg-type]


def _values(desk: Desk, column: Profile) -> pl.Series:
    """Return the numbers of a column of the sample."""
    kind = casting.kind_of(desk.found.sample[column.name].dtype)
    numbers = column.numbers
    style = casting.Style(decimal=numbers.decimal, thousands=numbers.thousands) if numbers is not None else casting.Style()
    return desk.found.sample.select(casting.number(pl.col(column.name), kind, style)).to_series()


def _product_of(quantity: Profile, price: Profile) -> str:
    return f"round({quoted(quantity.name)} * {money_expression(price)}, 2)"


def _asked_amount(columns: list[Profile], prices: Sequence[Profile] = (), quantity: Profile | None = None) -> tuple[Line, ...]:
    """Return the line that asks which amount was paid for the line: one of the columns, or a price times the quantity."""
    text = Text("which amount was paid for the line, after discounts?", "quel montant a été payé pour la ligne, remises déduites ?")
    of_unit = Text("if it is the price of one unit", "si c’est le prix d’une unité")
    answers = [Answer(_product_of(quantity, price), of_unit) for price in prices if quantity is not None]
    for column in columns:
        answers.append(Answer(scalar(column.name), _BASES.get(str(tax_basis(column.name)), filled(column))))
        if in_cents(column):
            answers.append(Answer(f"{quoted(column.name)} / 100", Text("if it is in cents", "s’il est en centimes")))
    reads = tuple(dict.fromkeys((*(c.name for c in (*columns, *prices)), *((quantity.name,) if quantity is not None else ()))))
    return (Line(key="net_amount", value=Question(text, tuple(answers)), reads=reads),)


_BASES = {"incl": Text("with tax", "TTC"), "excl": Text("without tax", "HT")}


def _discount(desk: Desk) -> tuple[Line, ...]:
    columns = desk.all("discount", fits=is_number)
    if not columns:
        return ()
    text = Text(
        "what was taken off the price, as a positive amount? A share is no amount.",
        "quelle remise a été déduite du prix, en montant positif ? Un taux n’est pas un montant.",
    )
    answers = []
    if len(columns) > 1:
        total = " + ".join(quoted(c.name) for c in columns)
        answers.append(Answer(f"round({total}, 2)", Text("all of them", "toutes ensemble")))
    for column in columns:
        answers.append(Answer(scalar(column.name), Text("an amount", "un montant")))
        amount = next(iter(amounts_of(desk)), None)
        numbers = column.numbers
        if amount is not None and numbers is not None and numbers.low >= 0 and 0 < numbers.high < 1:
            paid, rate = quoted(amount.name), quoted(column.name)
            rated = f"round({paid} / (1 - {rate}) - {paid}, 4)"
            answers.append(
                Answer(rated, Text(f"a share of the price; {amount.name} is after it", f"un taux ; {amount.name} en tient compte"))
            )
        if numbers is not None and numbers.negative:
            answers.append(Answer(f"abs({quoted(column.name)})", Text("written with a minus sign", "écrite avec un signe moins")))
    reads = tuple(c.name for c in columns)
    return (Line(key="discount_amount", value=Question(text, tuple(answers), may_go=True), reads=reads),)


def _margin(desk: Desk) -> tuple[Line, ...]:
    column = desk.one("margin", fits=lambda c: is_number(c) and "RATE" not in notions(c.name))
    return () if column is None else (money_line("margin_amount", column),)


def _returns(desk: Desk) -> Question | None:
    """Return the question on returns: by sign, by a column of kinds, by the first letter of the order."""
    answers: list[Answer] = []
    money = amounts_of(desk) or prices_of(desk)
    signed = [c for c in (*desk.all("quantity", fits=is_number), *money) if c.numbers is not None and c.numbers.negative]
    if not desk.found.has_names:
        signed = [c for c in _money_by_values(desk) if c.numbers is not None and c.numbers.negative]
    for kind in desk.all("line_kind", "status", fits=lambda c: bool(c.levels)):
        answers += _by_kind(kind)
    answers += _by_letter(desk)
    for column in signed:
        where = f"{quoted(column.name)} < 0"
        count = column.numbers.negative if column.numbers is not None else 0
        answers.append(Answer(_flow(where), Text(f"{count:,} rows of the sample", f"{french(count)} lignes de l’échantillon")))
    if not answers:
        return None
    text = Text(
        "which lines are returns, and which cancel a sale? Several rules go into [ , ]; amounts_in_file: positive is for lines "
        "without a minus sign, kind: cancel for cancellations.",
        "quelles lignes sont des retours, lesquelles annulent une vente ? Plusieurs règles vont entre [ , ] ; amounts_in_file: positive "
        "vaut pour les lignes sans signe moins, kind: cancel pour les annulations.",
    )
    return Question(text, tuple(answers), may_go=True)


def _read_by_returns(desk: Desk) -> tuple[str, ...]:
    return tuple(kind.name for kind in desk.all("line_kind", "status", fits=lambda c: bool(c.levels)) if _by_kind(kind))


def _by_kind(column: Profile) -> list[Answer]:
    found = []
    for words, more in ((RETURN_WORDS, ""), (CANCEL_WORDS, ", kind: cancel")):
        levels = tuple(level for level in column.levels if plain(level).strip(". ") in words)
        if levels:
            where = scalar(equals(column, levels))
            found.append(Answer(f"{{where: {where}, amounts_in_file: positive{more}}}", Text("no minus sign", "sans signe moins")))
            found.append(Answer(f"{{where: {where}{more}}}", Text("minus sign in the file", "signe moins dans le fichier")))
    return found


def _by_letter(desk: Desk) -> list[Answer]:
    """Return a rule for each letter with which a few numbers of orders begin, all others being figures."""
    order = desk.one("order_id", fits=lambda c: c.kind == "text")
    if order is None:
        return []
    first = desk.found.sample[order.name].drop_nulls().str.strip_chars().str.slice(0, 1)
    letters = first.filter(first.str.contains("[A-Za-z]"))
    if not len(letters) or len(letters) > 0.2 * len(first):
        return []
    return [
        Answer(
            _flow(f"starts_with({quoted(order.name)}, '{letter}')", ", kind: cancel"),
            Text(f"{order.name}: {letter}...", f"{order.name} : {letter}…"),
        )
        for letter in sorted(letters.unique().to_list())
    ]


def _flow(where: str, more: str = "") -> str:
    quotes = '"' + where.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{{where: {quotes}{more}}}"


def customers_of(desk: Desk) -> list[DraftBlock]:
    """Return the block of the customers whom only the lines of sales name."""
    column, days = customer_of(desk), days_of(desk)
    lines: list[Line] = []
    if column is None and desk.found.has_names:
        return []
    key = next(iter(_customer(desk)), None)
    if key is None:
        return []
    named = desk.one("customer_id", fits=is_id) is not None
    text = Text(
        f"does {desk.found.name} begin with the first purchase of every customer? If so, the customer is known since then.",
        f"{desk.found.name} commence-t-il au premier achat de chaque client ? Si oui, le client est connu depuis cette date.",
    )
    if len(days) >= 1:
        rule = day_line("created_on", days[0]).value
        asked: Any = {**rule, "column": Question(text, (Answer(scalar(days[0].name)),), may_go=True)} if isinstance(rule, dict) else None
        value = asked or Question(text, (Answer(scalar(days[0].name)),), may_go=True)
        lines.append(Line(key="created_on", value=value, reads=(days[0].name,)))
    for meaning in _FACTS_OF_CUSTOMERS:
        fact = desk.one(meaning)
        lines += plain_line("type" if meaning == "customer_type" else meaning, fact)
    where: tuple[Line, ...] = ()
    if named and column is not None and column.share < 1:
        where = (Line(key="where", value=f"{quoted(column.name)} is not null"),)
    head = (*where, Line(key="one_per", value="customer_id"))
    return [DraftBlock(table="customers", source=desk.found.name, head=head, columns=(key, *lines))]


def products_of(desk: Desk) -> list[DraftBlock]:
    """Return the block of the products that only the lines of sales name."""
    key = desk.one("product_id", fits=lambda c: is_code(c) or c.kind == "text")
    lines = [line for ours, meaning in _FACTS_OF_PRODUCTS for line in plain_line(ours, desk.one(meaning, fits=lambda c: c is not key))]
    lines += categories(desk)
    if key is None or not lines:
        return []
    head: tuple[Line, ...] = (Line(key="one_per", value="product_id"),)
    if key.share < 1:
        head = (Line(key="where", value=f"{quoted(key.name)} is not null"), *head)
    return [DraftBlock(table="products", source=desk.found.name, head=head, columns=(id_line("product_id", key), *lines))]


def conversions_of(desk: Desk) -> list[DraftBlock]:
    """Return the block of the sales among touches: rows with a value or a mark of a conversion."""
    value, mark = desk.one("conversion_value", fits=is_number), desk.one("conversions", fits=lambda c: c.is_yes_no)
    customer, days = customer_of(desk), days_of(desk)
    if value is None or mark is None or customer is None or not days:
        return []
    yes = "1" if mark.numbers is not None else literal_yes(mark)
    columns = (
        Line(key="transaction_id", value="concat('sale of row ', _row)"),
        id_line("customer_id", customer),
        day_line("occurred_at", days[0], instant=True),
        *plain_line("channel_id", desk.one("channel", fits=is_code)),
        money_line("net_amount", value),
    )
    head = (
        Line(key="key", value="file and row"),
        Line(key="where", value=f"{quoted(mark.name)} = {yes}"),
    )
    return [DraftBlock(table="transactions", source=desk.found.name, head=head, columns=columns, reads_more=(mark.name,))]


def literal_yes(column: Profile) -> str:
    """Return the value of a yes/no column that means yes, as an expression has it."""
    from relkit.tables.drafting.lexicon import YES
    from relkit.tables.drafting.pieces import literal

    return literal(next(level for level in column.levels if plain(level) in YES))

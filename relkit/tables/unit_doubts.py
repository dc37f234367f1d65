"""The doubt that some amounts of a column are in cents and others in whole units.

Three signs, each of which needs a ratio of a hundred and whole numbers on the high side: one product at two prices, a hundredfold apart;
months that are a hundredfold above the others; and, where no product is named, whole amounts a hundredfold above those with a fraction.
The signs are looked for in a sample of the rows, drawn by their key and so the same for any order of the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet

_AMOUNTS = {"transactions": ("net_amount", "occurred_at"), "contracts": ("monthly_amount", "started_on")}
_MOST_ROWS = 200_000
_LEAST_PRODUCTS = 3
_LEAST_SHARE = 0.1
"""Share of the rows that must be concerned, on either side."""
_LEAST_OF_PAIRS = 0.05
_LEAST_ROWS = 40
_LEAST_A_MONTH = 20
_HUNDREDFOLD = (50.0, 200.0)
"""Ratio of medians that is taken for a hundred."""
_ODD_ENDINGS = 0.4
"""Share of whole amounts that must end in another digit than 0, 5 or 9: totals in cents do, prices in units do not."""


def mixed_units(tables: TableSet) -> list[Remark]:
    """Return a remark for each table whose amounts look like cents in some rows and units in others."""
    return [_remark(name, column, share) for name, (column, at) in _AMOUNTS.items() if (share := _share_high(tables, name, column, at))]


def _share_high(tables: TableSet, name: str, column: str, at: str) -> float:
    """Return the share of the rows that look like cents, 0 if none do."""
    if not tables.has(name) or column not in tables.columns(name):
        return 0.0
    rows = _sample(tables, name, column, at)
    if len(rows) < 2 * _LEAST_ROWS:
        return 0.0
    has_products = rows["product"].null_count() < len(rows) / 2
    return (of_products(rows) if has_products else of_fractions(rows["amount"])) or of_months(rows)


def _sample(tables: TableSet, name: str, column: str, at: str) -> pl.DataFrame:
    """Return amount and price in hundredths, product and month of the rows with an amount, at most about 200,000 of them."""
    there, key = tables.columns(name), tables.facts.rows[name]
    every = max(key // _MOST_ROWS, 1)
    quantity = pl.col("quantity").abs() if "quantity" in there else pl.lit(1.0)
    kind = pl.col("line_kind") == "sale" if "line_kind" in there else pl.lit(value=True)
    drawn = pl.col("transaction_line_id" if name == "transactions" else "contract_id").hash(seed=0) % every == 0
    amount = pl.col(column).abs()
    return (
        tables.scan(name)
        .filter(kind & (pl.col(column).abs() > 0) & (drawn if every > 1 else True))
        .select(
            amount=amount,
            price=(amount / pl.when(quantity > 0).then(quantity) * 100).round(0).cast(pl.Int64, strict=False),
            product=pl.col("product_id") if "product_id" in there else pl.lit(None, dtype=pl.String),
            month=pl.col(at).dt.truncate("1mo"),
        )
        .collect(engine="streaming")
    )


def of_products(rows: pl.DataFrame) -> float:
    """Return the share of rows at a price a hundred times another price of their product, if that is common.

    Args:
        rows: `product`, and `price` in hundredths.

    Examples:
        >>> prices = pl.DataFrame({"product": ["a", "a", "b", "b", "c", "c"], "price": [125, 12500, 200, 20000, 99, 9900]})
        >>> of_products(prices)
        0.5
    """
    counts = rows.drop_nulls(["product", "price"]).group_by("product", "price").len()
    pairs = counts.join(counts, left_on=["product", pl.col("price") * 100], right_on=["product", "price"], suffix="_high")
    low, high, all_rows = int(pairs["len"].sum()), int(pairs["len_high"].sum()), max(int(counts["len"].sum()), 1)
    if pairs["product"].n_unique() < _LEAST_PRODUCTS or low + high < _LEAST_SHARE * all_rows:
        return 0.0
    share = high / (low + high)
    return share if _LEAST_OF_PAIRS <= share <= 1 - _LEAST_OF_PAIRS else 0.0


def of_fractions(amounts: pl.Series) -> float:
    """Return the share of whole amounts if they look like the others in cents: a hundredfold, of any last digit."""
    is_whole = amounts == amounts.round(0)
    whole, broken = amounts.filter(is_whole), amounts.filter(~is_whole)
    if min(len(whole), len(broken)) < max(_LEAST_ROWS, _LEAST_SHARE * len(amounts)):
        return 0.0
    odd = (~(whole % 10).is_in([0.0, 5.0, 9.0])).mean()
    ratios = [_ratio(whole.quantile(at), broken.quantile(at)) for at in (0.25, 0.5, 0.75)]
    alike = all(_HUNDREDFOLD[0] / 2 <= ratio <= _HUNDREDFOLD[1] * 2 for ratio in ratios)
    return len(whole) / len(amounts) if alike and float(odd or 0) >= _ODD_ENDINGS else 0.0  # type: ignore[arg-type]  # a mean of yes and no


def of_months(rows: pl.DataFrame) -> float:
    """Return the share of rows in months whose amounts are whole and a hundredfold those of the other months.

    Args:
        rows: `amount` and `month`.
    """
    months = (
        rows.drop_nulls("month")
        .group_by("month")
        .agg(pl.len(), pl.col("amount").median().alias("median"), (pl.col("amount") == pl.col("amount").round(0)).mean().alias("whole"))
        .filter(pl.col("len") >= _LEAST_A_MONTH)
        .sort("median")
    )
    if len(months) < 2:
        return 0.0
    ratios = (months["median"][1:] / months["median"][:-1]).to_list()
    place = ratios.index(max(ratios)) + 1
    low, high = months[:place], months[place:]
    share = float(high["len"].sum()) / float(months["len"].sum())
    is_hundred = _HUNDREDFOLD[0] <= _ratio(high["median"].median(), low["median"].median()) <= _HUNDREDFOLD[1]
    apart = ratios[place - 1] >= _HUNDREDFOLD[0] / 2
    is_cents = bool((high["whole"] >= 1 - _LEAST_OF_PAIRS).all())
    return share if is_hundred and apart and is_cents and _LEAST_SHARE <= share <= 1 - _LEAST_SHARE else 0.0


def _ratio(above: object, below: object) -> float:
    return float(above) / float(below) if isinstance(above, int | float) and isinstance(below, int | float) and below else 0.0


def _remark(name: str, column: str, share: float) -> Remark:
    return Remark(
        "amounts_in_two_units",
        f"{name}: about {share:.0%} of the amounts of {column} look like cents and the others like whole units: they are a hundred "
        "times as high. If so, divide the former by 100 in the mapping (case when ... then amount / 100 else amount end).",
        f"{name} : environ {french(100 * share)} % des montants de {column} ressemblent à des centimes et les autres à des unités : ils "
        "sont cent fois plus élevés. Si c’est le cas, divisez-les par 100 dans la correspondance (case when ... then montant / 100 "
        "else montant end).",
    )

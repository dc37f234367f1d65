"""One wide table, one row per customer as of a cutoff, with every feature that the company's tables allow.

Its rows are all customers whom some table knew at the cutoff, including those of the customers table that never
bought (prospects) among them. Test accounts are left out.

A count or sum of facts is 0 if none is known and the table that contains them exists; a measure that does
not apply is null (days since the last order of a customer who never ordered). A column whose table is absent
is absent, except those that state who may be contacted: without them everybody would seem to be. Revenue, and
the margin of twelve months, are those of purchases; `past_margin` includes what contracts have brought as well
(`relkit.features.contract_margins`), as does the expected margin of the months ahead.
`relkit.features.columns` declares what each column is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.features.baskets import coded_baskets
from relkit.features.channels import coded_profiles, consent_states, contact_features
from relkit.features.coded_lines import buyers
from relkit.features.columns import DECLARED
from relkit.features.contactability import excluded_customers, with_contactability
from relkit.features.contract_margins import has_contract_margins, past_contract_margins
from relkit.features.dictionary import SNAPSHOT
from relkit.features.id_codes import codes_among
from relkit.features.known_rows import YEAR_DAYS, known_rows, marked_as_test
from relkit.features.purchase_days import coded_days
from relkit.features.purchases import purchase_summary
from relkit.features.revenue import coded_revenue
from relkit.features.satisfaction import last_scores, open_cases
from relkit.features.snapshot_spells import has_snapshot_spells, snapshot_spells, stays
from relkit.features.snapshots import last_snapshots
from relkit.features.spells import contract_spells, main_contracts
from relkit.progress import Progress, quiet
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet

_BEFORE_HISTORY = "_contract_before_history"
"""Column that exists only until is_left_censored is made from it."""
_CONTRACT_MARGIN, _MEASURED = "_contract_margin", "_contract_margin_is_measured"
"""Columns that exist only until past_margin and margin_source are made from them."""


def customer_table(tables: TableSet, as_of: AsOf, *, progress: Progress = quiet) -> pl.DataFrame:
    """Return one row per customer known at `as_of`, in order of customer_id.

    Args:
        tables: the company.
        as_of: cutoff of what is known.
        progress: called before each part.

    Returns:
        customer_id, as_of, then the columns of `relkit.features.columns.DECLARED` that the tables
        allow, the columns of the customers table, and the attributes of the last snapshot (an attribute
        whose name is taken begins with `snapshot_`).
    """
    parts: list[pl.DataFrame] = []
    for name, needed, part in PARTS:
        if tables.has(needed):
            progress(f"computing {name}", None)
            parts.append(part(tables, as_of))
    ids, rows = _numbered(parts, tables)
    table = ids.to_frame().with_columns(pl.lit(as_of.day).alias("as_of"))
    for frame, numbers in zip(parts, rows, strict=True):
        table = table.hstack(_aligned(frame.drop("customer_id", "customer", strict=False), numbers, len(ids)))
    counted = _with_zeros(_with_contract_margins(_with_relation(table, tables), tables), tables)
    return _ordered(with_contactability(counted, tables, as_of), tables)


def _numbered(parts: list[pl.DataFrame], tables: TableSet) -> tuple[pl.Series, list[NDArray[np.int64]]]:
    """Return the ids of all known customers but test accounts, in order, and the number of the customer of each row of each part.

    A number is a position among the ids; a row of nobody has -1.
    """
    codes = [part["customer"] for part in parts if "customer" in part.columns]
    bought = pl.concat(codes).unique().sort() if codes else pl.Series([], dtype=pl.UInt32)
    buyer_ids = buyers(tables)["customer_id"].gather(bought) if codes else pl.Series("customer_id", [], pl.String)
    everybody, (of_buyers, *of_ids) = _places([buyer_ids, *(part["customer_id"] for part in parts if "customer_id" in part.columns)])
    by_code = np.empty(int(bought[-1]) + 1 if len(bought) else 0, np.int64)
    by_code[bought.to_numpy()] = of_buyers
    numbers = iter(of_ids)
    rows = [by_code[part["customer"].to_numpy()] if "customer" in part.columns else next(numbers) for part in parts]
    known = ~everybody.is_in(marked_as_test(tables).implode())
    place = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)  # the last for rows of nobody
    return everybody.filter(known), [place[each] for each in rows]


def _places(parts: list[pl.Series]) -> tuple[pl.Series, list[NDArray[np.int64]]]:
    """Return all ids, in order, and the place among them of each id of each part, -1 for null.

    One part usually has all: the others are looked up in it before ids are put together, which would sort them all.
    """
    everybody = max(parts, key=len).drop_nulls().unique().sort()
    for _ in range(2):
        places = [_places_in(everybody, ids) for ids in parts]
        unknown = [ids.filter(pl.Series(at < 0)).drop_nulls() for ids, at in zip(parts, places, strict=True)]
        if not any(map(len, unknown)):
            break
        everybody = pl.concat([everybody, *unknown]).unique().sort()
    return everybody, places


def _places_in(everybody: pl.Series, ids: pl.Series) -> NDArray[np.int64]:
    if ids.equals(everybody):
        return np.arange(len(ids))
    return codes_among(everybody, ids).cast(pl.Int64).fill_null(-1).to_numpy()


def _aligned(values: pl.DataFrame, numbers: NDArray[np.int64], customers: int) -> pl.DataFrame:
    """Return the rows of a part in the order of customers, nulls if it has none: a join would look up the ids in each part again."""
    places = np.full(customers, -1, np.int64)
    rows = np.flatnonzero(numbers >= 0)
    places[numbers[rows]] = rows
    if len(values) == customers and np.array_equal(places, rows):
        return values
    at = pl.Series("at", places)
    return values.select(pl.all().gather(at.set(at < 0, None)))


def _purchases(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    is_recent = pl.col("day") > as_of.minus(days=YEAR_DAYS).day
    orders = coded_days(tables, as_of).group_by("customer", maintain_order=True).agg(is_recent.sum().cast(pl.Int32).alias("orders_12m"))
    since = (pl.lit(as_of.day) - pl.col("last_order_on")).dt.total_days().cast(pl.Int32)
    summary = purchase_summary(tables, as_of).with_columns(orders["customer"], orders["orders_12m"], since.alias("days_since_last_order"))
    return summary.drop("customer_id")


def _contracts(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the customer table's contract columns, from running and ended contracts."""
    return _held(contract_spells(tables, as_of), _holders(tables, as_of), tables.facts.currency)


def _tenures(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return the same from snapshots that give customers' tenure, if there are no contracts: a stay is a contract."""
    if tables.has("contracts") or not has_snapshot_spells(tables):
        return pl.DataFrame(schema={"customer_id": pl.String})
    everybody = stays(tables, as_of).group_by("customer_id").agg(has_held=pl.lit(value=True), before=(pl.col("entry_days") > 0).any())
    return _held(snapshot_spells(tables, as_of), everybody, tables.facts.currency)


def _held(spells: pl.DataFrame, holders: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Return the contract columns of holders, and whether those without an observed spell began before the history."""
    main = main_contracts(spells).select("customer_id", pl.col("duration_days").cast(pl.Int32).alias("contract_age_days"))
    active = pl.col("is_active")
    sums = [active.sum().cast(pl.Int32).alias("active_contracts"), (pl.col("entry_days") > 0).any().alias(_BEFORE_HISTORY)]
    if "monthly_amount" in spells.columns:
        amounts = pl.col("monthly_amount").filter(active & pl.col("monthly_amount").is_not_null())
        name = f"monthly_amount_{currency.lower()}"
        sums.append(pl.when(amounts.len() > 0).then(amounts.sum().round(6)).alias(name))
    watched = spells.group_by("customer_id").agg(sums)
    joined = holders.join(watched, on="customer_id", how="left").join(main, on="customer_id", how="left")
    return joined.with_columns(pl.when("has_held").then(pl.coalesce(_BEFORE_HISTORY, "before"))).drop("has_held", "before")


def _contract_margins(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return past margins of contracts, for `_with_contract_margins` to add; empty if the transactions contain them."""
    if not has_contract_margins(tables):
        return pl.DataFrame(schema={"customer_id": pl.String})
    frame = past_contract_margins(tables, as_of).rename({"contract_margin": _CONTRACT_MARGIN, "contract_margin_is_measured": _MEASURED})
    return frame if len(frame) else frame.select("customer_id")


def _holders(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Return every customer with a contract, and whether one has begun: spells leave out those that ended before the history."""
    rows = known_rows(tables, "contracts", as_of, "customer_id", "started_on")
    has_held = (pl.col("started_on") <= as_of.day).any()
    return rows.group_by("customer_id").agg(has_held=has_held, before=pl.lit(value=True)).collect(engine="streaming")


def _cases(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    return open_cases(tables, as_of).select("customer_id", pl.lit(value=True).alias("has_open_case"))


def _snapshots(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    frame = last_snapshots(tables, as_of)
    taken = {described.name.replace("{cur}", tables.facts.currency.lower()) for described in DECLARED} | {*TABLES["customers"].names}
    return frame.rename({name: SNAPSHOT + name for name in frame.columns[2:] if name in taken})


def _attributes(tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    return known_rows(tables, "customers", as_of).drop("is_test", strict=False).collect(engine="streaming")


PARTS: tuple[tuple[str, str, Callable[[TableSet, AsOf], pl.DataFrame]], ...] = (
    ("purchases", "transactions", _purchases),
    ("revenue and margins", "transactions", coded_revenue),
    ("baskets", "transactions", coded_baskets),
    ("channels", "transactions", coded_profiles),
    ("contracts", "contracts", _contracts),
    ("tenures", "customer_snapshots", _tenures),
    ("margins of contracts", "contracts", _contract_margins),
    ("contacts", "contacts", contact_features),
    ("consents", "consents", consent_states),
    ("exclusions", "suppressions", excluded_customers),
    ("satisfaction", "surveys", last_scores),
    ("open cases", "cases", _cases),
    ("attributes", "customers", _attributes),
    ("snapshots", "customer_snapshots", _snapshots),
)
"""Progress message, the table required, and the function that makes a frame with a customer_id, or with customer, the code of a buyer."""


def _with_zeros(table: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Fill counts and sums of facts with 0 for customers without any; margins only if the company knows any."""
    currency = tables.facts.currency.lower()
    counts = {"orders_12m", "baskets_12m", "active_contracts", f"past_revenue_{currency}", f"revenue_12m_{currency}"}
    counts |= {name for name in table.columns if name.startswith("contacts_30d_")}
    consents = [name for name in table.columns if name.startswith("consent_")]
    return table.with_columns(
        pl.col(name for name in table.columns if name in counts).fill_null(0),
        pl.col(consents).fill_null("unknown"),
        pl.col(name for name in ("has_open_case",) if name in table.columns).fill_null(value=False),
    )


def _with_contract_margins(table: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Add what contracts brought to past_margin, and fill with 0 the margins of those who have brought none.

    A margin is null if that of any part is unknown, and for everybody if the company knows none at all.
    """
    currency = tables.facts.currency.lower()
    past, recent = f"past_margin_{currency}", f"margin_12m_{currency}"
    bought = _if_made(table, f"past_revenue_{currency}", pl.Float64).is_not_null()
    held, brought = _if_made(table, _MEASURED, pl.Boolean).is_not_null(), _if_made(table, _CONTRACT_MARGIN, pl.Float64)
    purchases = pl.when(bought).then(_if_made(table, past, pl.Float64)).otherwise(0.0)
    total = (purchases + pl.when(held).then(brought).otherwise(0.0)).round(6)
    margins = {past: total} if past in table.columns or _MEASURED in table.columns else {}
    if recent in table.columns:
        margins[recent] = pl.when(bought).then(recent).otherwise(0.0)
    some = {past: (bought & _if_made(table, past, pl.Float64).is_not_null()) | (held & brought.is_not_null())}
    some[recent] = bought & _if_made(table, recent, pl.Float64).is_not_null()
    known = table.select(some[name].any().alias(name) for name in margins).row(0, named=True) if margins else {}
    made = table.with_columns((value if known[name] else pl.lit(None, pl.Float64)).alias(name) for name, value in margins.items())
    return _with_margin_source(made, past, recent).drop(_CONTRACT_MARGIN, _MEASURED, strict=False)


def _with_margin_source(table: pl.DataFrame, past: str, recent: str) -> pl.DataFrame:
    """Add to margin_source whether the margins of contracts were measured: an assumed one makes the sum assumed."""
    if _MEASURED not in table.columns:
        return table
    of_contracts = pl.when(pl.col(_CONTRACT_MARGIN).is_not_null()).then(
        pl.when(_MEASURED).then(pl.lit("measured")).otherwise(pl.lit("assumed"))
    )
    sources = (_if_made(table, "margin_source", pl.String), of_contracts)
    assumed, measured = (pl.any_horizontal(source.eq_missing(pl.lit(name)) for source in sources) for name in ("assumed", "measured"))
    both = pl.when(assumed).then(pl.lit("assumed")).when(measured).then(pl.lit("measured"))
    known = pl.col(past).is_not_null() | (
        _if_made(table, recent, pl.Float64).is_not_null() & _if_made(table, "margin_source", pl.String).is_not_null()
    )
    return table.with_columns(margin_source=pl.when(known).then(both))


def _with_relation(table: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Add is_prospect, and is_left_censored over purchases and contracts.

    A customer with only returns, cancelled orders or fees is no prospect, though no buyer either.
    """
    revenue = f"past_revenue_{tables.facts.currency.lower()}"
    is_buyer = _if_made(table, "first_order_on", pl.Date).is_not_null()
    is_holder = _if_made(table, _BEFORE_HISTORY, pl.Boolean).is_not_null()
    is_known = _if_made(table, revenue, pl.Float64).is_not_null() | is_holder
    is_given = revenue in table.columns or _BEFORE_HISTORY in table.columns
    censored = [_if_made(table, name, pl.Boolean).fill_null(value=False) for name in ("is_left_censored", _BEFORE_HISTORY)]
    return table.with_columns(
        pl.when(pl.lit(is_given)).then(~is_known).alias("is_prospect"),
        pl.when(is_buyer | is_holder).then(pl.any_horizontal(censored)).alias("is_left_censored"),
    ).drop(_BEFORE_HISTORY, strict=False)


def _if_made(table: pl.DataFrame, name: str, dtype: type[pl.DataType]) -> pl.Expr:
    return pl.col(name) if name in table.columns else pl.lit(None, dtype)


def _ordered(table: pl.DataFrame, tables: TableSet) -> pl.DataFrame:
    """Return the columns in the order of the dictionary, attributes last."""
    found: list[str] = []
    for described in DECLARED:
        start, varies, _ = described.name.partition("{channel}")
        name = described.name.replace("{cur}", tables.facts.currency.lower())
        found += [c for c in table.columns if c not in found and (c.startswith(start) if varies else c == name)]
    key = [name for name in ("customer_id", "as_of", "entity_id") if name in table.columns]
    made = [name for name in found if name not in key]
    others = [name for name in table.columns if name not in {*key, *made}]
    return table.select(*key, *made, *others)

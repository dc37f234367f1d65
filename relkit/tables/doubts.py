"""Doubts about tables that are each valid by themselves: unknown references, no margin, other currencies, future days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl

from relkit.remarks import Remark, french
from relkit.tables.declared.statuses import RUNNING, is_one_of
from relkit.tables.findings import counted
from relkit.tables.id_doubts import near_matches, spellings
from relkit.tables.schemas import TABLES
from relkit.tables.unit_doubts import mixed_units

if TYPE_CHECKING:
    from relkit.tables.table_set import TableSet

_HOLDERS = ("customers", "transactions", "contracts", "customer_snapshots")
"""Tables that say who the customers are."""
NO_IDS = ("null", "na", "n/a", "#n/a", "nan", "none", "nil", "unknown", "inconnu", "?", "-")
"""Texts that programs and people write when there is no customer."""


def doubts(tables: TableSet, *, today: date | None = None) -> tuple[Remark, ...]:
    """Return a remark for each doubt; none of them is blocking.

    Args:
        tables: the validated tables.
        today: days after this one are in the future; None is the present day (UTC).
    """
    hashes = _hashes_of_keys(tables)
    remarks = [remark for name in tables.facts.rows for remark in _unknown(tables, name, hashes)]
    ids = _ids(tables)
    distinct = {name: rows["customer_id"] for name, rows in ids.items()}
    return (
        *remarks,
        *spellings(distinct),
        *_between(distinct),
        *_unidentified(tables),
        *_no_ids(ids),
        *_running_and_ended(tables),
        *mixed_units(tables),
        *_margin(tables),
        *_currency(tables),
        *_history(tables),
        *_ahead(tables, today or datetime.now(UTC).date()),
    )


def _hashes_of_keys(tables: TableSet) -> dict[str, pl.Series]:
    """Return, for each table to which another refers, the hashes of its keys, read once."""
    there = [name for name in tables.facts.rows if name in TABLES]
    referred = {other for name in there for column, other in TABLES[name].references if tables.has(other)}
    hashes = {other: pl.col(TABLES[other].key[0]).hash(seed=0).alias("hash") for other in referred}
    return {other: tables.scan(other).select(hash_of).collect(engine="streaming")["hash"] for other, hash_of in hashes.items()}


def _unknown(tables: TableSet, name: str, hashes: dict[str, pl.Series]) -> list[Remark]:
    """Return a remark for each column that refers to rows missing from another table.

    Ids are compared by their 64-bit hashes: of a million unknown ids next to as many known, one passes for known once in ten million times.
    """
    remarks = []
    for column, other in TABLES[name].references:
        if not tables.has(other) or column not in tables.columns(name):
            continue
        is_known = pl.col(column).hash(seed=0).is_in(hashes[other].implode())
        lonely = tables.scan(name).filter(pl.col(column).is_not_null() & ~is_known).group_by(column).len()
        lonely_ids = lonely.collect(engine="streaming")
        found = lonely_ids["len"]
        if len(found):
            count, rows = len(found), int(found.sum())
            remarks += near_matches(name, column, other, lonely_ids[column], _keys(tables, other))
            remarks.append(
                Remark(
                    "unknown_references",
                    f"{name}: {counted(count, 'value')} of {column}, in {counted(rows)}, unknown to {other}; kept.",
                    f"{name} : {_counted(count, 'valeur')} de {column}, dans {_counted(rows, 'ligne')}, absentes de {other} ; gardées.",
                )
            )
    return remarks


def _keys(tables: TableSet, other: str) -> pl.Series:
    key = TABLES[other].key[0]
    return tables.scan(other).select(pl.col(key).unique()).collect(engine="streaming")[key]


def _ids(tables: TableSet) -> dict[str, pl.DataFrame]:
    """Return the distinct customers of each table that has any, with their rows."""
    names = [name for name in _HOLDERS if tables.has(name) and "customer_id" in tables.columns(name)]
    rows = {name: tables.scan(name).select(pl.col("customer_id")).drop_nulls().group_by("customer_id").len() for name in names}
    return {name: counts.collect(engine="streaming") for name, counts in rows.items()}


def _between(ids: dict[str, pl.Series]) -> list[Remark]:
    """Return the remarks on customers of one table that another has in another spelling, where none of customers says which is right."""
    if "customers" in ids or len(ids) < 2:
        return []
    (first, known), *others = ids.items()
    remarks = []
    for name, own in others:
        unknown = own.filter(~own.is_in(known.implode()))
        remarks += near_matches(name, "customer_id", first, unknown, known) if len(unknown) else []
    return remarks


def _unidentified(tables: TableSet) -> list[Remark]:
    """Return a remark on lines without a customer; if no line has one, a column was usually not mapped."""
    if not tables.has("transactions") or "customer_id" not in tables.columns("transactions"):
        return []
    lines, known = (
        tables.scan("transactions").select(pl.len(), pl.col("customer_id").count().alias("known")).collect(engine="streaming").row(0)
    )
    if not lines or lines == known:
        return []
    if not known:
        return [_NO_CUSTOMER]
    share = (lines - known) / lines
    return [
        Remark(
            "sales_without_customer",
            f"{share:.1%} of the sales lines ({lines - known:,} of {lines:,}) name no customer: their amounts are in nobody's figures.",
            f"{french(100 * share, 1)} % des lignes de vente ({french(lines - known)} sur {french(lines)}) n’ont pas de client : leurs "
            "montants ne comptent dans les chiffres de personne.",
        )
    ]


def _no_ids(ids: dict[str, pl.DataFrame]) -> list[Remark]:
    """Return a remark for each table with an id that means no value, and would pass for one big customer."""
    remarks = []
    for name, rows in ids.items():
        found = rows.filter(pl.col("customer_id").str.to_lowercase().is_in(NO_IDS)).sort("len", "customer_id", descending=[True, False])
        if len(found):
            marks, rows_found = ", ".join(f"{mark!r}" for mark in found["customer_id"]), int(found["len"].sum())
            remarks.append(
                Remark(
                    "ids_that_stand_for_none",
                    f"{name}: {counted(rows_found)} with the customer_id {marks}, taken for a customer; "
                    f"if it stands for no value, add nulls: [{marks}] to the source in the mapping file.",
                    f"{name} : {_counted(rows_found, 'ligne')} avec le customer_id {marks}, pris pour un client ; s’il signifie « aucun », "
                    f"ajoutez nulls: [{marks}] à la source dans le fichier de correspondance.",
                )
            )
    return remarks


def _running_and_ended(tables: TableSet) -> list[Remark]:
    """Return a remark on contracts whose last row states that they run and gives a day, not ahead, on which they ended."""
    last = tables.facts.last_day
    if last is None or not tables.has("contracts") or not {"status", "ended_on"} <= set(tables.columns("contracts")):
        return []
    rows = tables.scan("contracts").filter(is_one_of(pl.col("status"), RUNNING), pl.col("ended_on") <= last)
    if "valid_from" in tables.columns("contracts"):
        found = rows.select("contract_id", "valid_from").collect(engine="streaming")
        newest = tables.scan("contracts").filter(pl.col("contract_id").is_in(found["contract_id"].unique().implode()))
        newest = newest.group_by("contract_id").agg(pl.col("valid_from").max())
        rows = found.lazy().join(newest, on=["contract_id", "valid_from"], nulls_equal=True)
    contracts = int(rows.select(pl.col("contract_id").n_unique()).collect(engine="streaming").item())
    if not contracts:
        return []
    return [
        Remark(
            "running_with_an_end",
            f"contracts: {counted(contracts, 'contract')} ended by {last} while the status says running; the day holds, so they count as "
            "ended.",
            f"contracts : {_counted(contracts, 'contrat')} avec une fin au plus tard le {last:%d/%m/%Y} et un statut en cours ; la date "
            "l’emporte, ils comptent comme terminés.",
        )
    ]


def _margin(tables: TableSet) -> list[Remark]:
    if not tables.has("transactions") or tables.facts.assumed_margin_rate is not None:
        return []
    if "margin_amount" in tables.columns("transactions") or (tables.has("products") and "unit_margin" in tables.columns("products")):
        return []
    return [_NO_MARGIN]


def _currency(tables: TableSet) -> list[Remark]:
    if not tables.has("transactions") or "currency" not in tables.columns("transactions"):
        return []
    # a shifted line may have a person's address here: only what looks like a code is shown
    code = pl.when(pl.col("currency").str.contains(r"^[A-Za-z]{3}$")).then("currency")
    others = tables.scan("transactions").filter(pl.col("currency") != tables.facts.currency).group_by(code.alias("code")).len()
    found = others.sort("len", "code", descending=[True, False], nulls_last=True).collect(engine="streaming")
    if not len(found):
        return []
    rows, currency = int(found["len"].sum()), tables.facts.currency
    listed, listed_fr = (
        ", ".join(f"{code or none} {write(n)}" for code, n in found.head(5).iter_rows())
        for none, write in (("no code", "{:,}".format), ("sans code", french))
    )
    return [
        Remark(
            "other_currencies",
            f"transactions: {counted(rows)} were paid in another currency than {currency} ({listed}); "
            f"their amounts are taken to be in {currency} already.",
            f"transactions : {_counted(rows, 'ligne')} dans une autre devise que {currency} ({listed_fr}) ; leurs montants sont supposés "
            f"déjà en {currency}.",
        )
    ]


def _history(tables: TableSet) -> list[Remark]:
    facts = tables.facts
    if facts.history_starts_on is not None or facts.history_starts_with_company or facts.first_day is None:
        return []
    if not (tables.has("transactions") or tables.has("contracts")):
        return []
    return [
        Remark(
            "history_start_assumed",
            f"No source says when its history starts, so the first day seen, {tables.facts.first_day}, is taken; "
            "customers of long before then look new. State history_starts_on in the mapping file.",
            f"Aucune source ne dit quand commence son historique : le premier jour vu, le {tables.facts.first_day:%d/%m/%Y}, est retenu ; "
            "les clients plus anciens ont l’air nouveaux. Déclarez history_starts_on dans le fichier de correspondance.",
        )
    ]


def _ahead(tables: TableSet, today: date) -> list[Remark]:
    last = tables.facts.last_day
    if last is None or last <= today:
        return []
    return [
        Remark(
            "data_reach_ahead",
            f"The last day in the data is {last}, which lies ahead; give --as-of, or work is done as of that day.",
            f"Le dernier jour des données, le {last:%d/%m/%Y}, est dans le futur ; donnez --as-of, sinon tout est calculé à cette date.",
        )
    ]


def _counted(number: int, noun: str) -> str:
    """Return the number with its French noun."""
    return f"{french(number)} {noun}{'s' if number > 1 else ''}"


_NO_CUSTOMER = Remark(
    "no_line_has_a_customer",
    "transactions: no line has a customer, so nothing can be said of who buys. "
    "Map customer_id to the column of the card, account or customer number.",
    "transactions : aucune ligne n’a de client, donc rien ne peut être dit de ceux qui achètent. "
    "Associez customer_id à la colonne du numéro de carte, de compte ou de client.",
)
_NO_MARGIN = Remark(
    "no_margin_known",
    "No margin is known: lines carry no margin_amount, products no unit_margin and no rate is assumed, so all values in margin "
    "stay empty. Declare assumed_margin_rate under company in the mapping file, 0.3 for 30 %.",
    "Aucune marge n’est connue : ni margin_amount sur les lignes, ni unit_margin sur les produits, ni taux supposé ; toutes les valeurs en "
    "marge restent vides. Déclarez assumed_margin_rate sous company dans le fichier de correspondance, 0.3 pour 30 %.",
)

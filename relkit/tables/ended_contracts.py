"""Contracts whose status says that they ended, and which have no day of it.

Counted as running they would make lives look longer, and be called. So all rows of such a contract go to quarantine, unless the
mapping declares `contract_ended_without_day: last_known_day`: the contract then ends on the earliest day by which the source
knew of it, which is the day from which the row is valid if that is after the start, or the day on which it was recorded, or
else the last day of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

import polars as pl

from relkit.contracts import Rule
from relkit.remarks import Remark, french
from relkit.tables.declared.statuses import ENDED, is_one_of
from relkit.tables.findings import counted
from relkit.tables.staging import Staged, write_table

EndedWithoutDay = Literal["quarantine", "last_known_day"]
_DAYS = ("started_on", "ended_on", "valid_from")
_WITHOUT_DAY = "status: ended without ended_on"
_REMEDY = (
    "Map the day of the end to ended_on, or declare contract_ended_without_day: last_known_day under company in the mapping; "
    "if the status means something else, declare contract_ended_statuses."
)


@dataclass(frozen=True, kw_only=True)
class EndedContracts:
    """The staged table of contracts in which ends without a day are dealt with.

    Attributes:
        staged: the typed copy.
        remarks: on ends that were given a day.
    """

    staged: Staged
    remarks: tuple[Remark, ...] = ()


def with_ends(
    staged: Staged, *, zone: str, without_day: str = "quarantine", statuses: tuple[str, ...] = (), today: date | None = None
) -> EndedContracts:
    """Return the table with the rule on ends without a day, or with a day for each of them.

    Args:
        staged: the typed copy of contracts.
        zone: IANA zone of the business day.
        without_day: "quarantine" or "last_known_day".
        statuses: words of the source for a contract that has ended; empty takes the usual ones in English and French.
        today: days after this one are announced, and no last day of the table; None is the present day (UTC).
    """
    has_day = pl.col("ended_on").is_not_null() if "ended_on" in staged.names else pl.lit(value=False)
    ended = is_one_of(pl.col("status"), statuses or ENDED)
    rows = staged.scan()
    found = rows.filter(ended & ~has_day).select("contract_id").collect(engine="streaming")["contract_id"]
    if found.is_empty():
        return EndedContracts(staged=staged)
    if without_day == "last_known_day":
        filled = _filled(staged, ended & ~has_day, _last_day(rows, staged.names, today or datetime.now(UTC).date()), zone)
        return EndedContracts(staged=filled, remarks=(_given_a_day(len(found)),))
    dated = rows.filter(pl.col("contract_id").is_in(found.unique().implode()), has_day).select("contract_id").collect(engine="streaming")
    wholly = found.filter(~found.is_in(dated["contract_id"].implode())).unique().sort()
    rules = _rules(ended & ~has_day, wholly)
    return EndedContracts(staged=replace(staged, contract=replace(staged.contract, rules=(*staged.contract.rules, *rules))))


def _rules(lacks_day: pl.Expr, wholly: pl.Series) -> tuple[Rule, Rule]:
    """Return the rules on rows that end a contract without a day, and on the other rows of contracts of which no row has one."""
    others = pl.col("contract_id").is_in(wholly.implode()) & ~lacks_day
    return (
        Rule(name=_WITHOUT_DAY, columns=("status",), broken=lacks_day, remedy=_REMEDY),
        Rule(name=f"{_WITHOUT_DAY} in another row of the contract", columns=("status",), broken=others, remedy=_REMEDY),
    )


def _last_day(rows: pl.LazyFrame, names: tuple[str, ...], today: date) -> date:
    """Return the last day of the table that is not announced."""
    dated = [pl.col(name).filter(pl.col(name) <= today).max() for name in _DAYS if name in names]
    last = rows.select(pl.max_horizontal(dated)).collect(engine="streaming").item()
    return today if last is None else last


def _filled(staged: Staged, lacks_day: pl.Expr, last: date, zone: str) -> Staged:
    """Return the copy, written again, in which ends without a day have one."""
    known: list[pl.Expr] = [pl.when(pl.col("valid_from") > pl.col("started_on")).then("valid_from")] if "valid_from" in staged.names else []
    if "recorded_at" in staged.names:
        known.append(pl.col("recorded_at").dt.convert_time_zone(zone).dt.date())
    day = pl.min_horizontal(*known, pl.lit(last, pl.Date)) if known else pl.lit(last, pl.Date)
    given = pl.col("ended_on") if "ended_on" in staged.names else pl.lit(None, pl.Date)
    ended_on = pl.when(lacks_day).then(pl.max_horizontal(day, "started_on")).otherwise(given).alias("ended_on")
    names = tuple(name for name in staged.contract.names if name in {*staged.names, "ended_on"})
    path = staged.path.with_name(f"{staged.path.name}.ended")
    rows = pl.scan_parquet(staged.path).with_columns(ended_on)
    if staged.technical is None:
        rows.sink_parquet(path, compression="lz4", statistics=False)
    else:
        write_table(rows.select(names), path)
    return replace(staged, path=path.replace(staged.path), names=names)


def _given_a_day(rows: int) -> Remark:
    return Remark(
        "contracts_ended_without_day",
        f"contracts: {counted(rows)} {'says' if rows == 1 else 'say'} that the contract ended, without a day. As declared, it ended on "
        "the earliest day by which the source knew: such lives look longer than they were.",
        f"contracts : {french(rows)} ligne{'s' if rows > 1 else ''} {'indiquent' if rows > 1 else 'indique'} une fin de contrat sans date. "
        "Comme déclaré, la fin retenue est le premier jour où la source la connaît : ces durées paraissent plus longues qu’elles ne sont.",
    )

"""`relkit features`: the customer table, the spells of contracts and their dictionary, as of a date or an instant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.jobs.model_inputs import absence, inputs_of
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.check_tables import CheckTables
    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


class BuildFeatures(Job):
    """Compute the features of every customer as of a date."""

    command: ClassVar[str] = "features"
    reads: ClassVar[str] = "tables"

    data: str | Path | None = Field(
        default=None, description="Raw data to check first: folder, file or SQL URL. Default: the tables that an earlier check left."
    )
    mapping: Path | None = Field(
        default=None, description="Mapping file for DATA. Default: DATA/mapping.yaml, else files named as our tables."
    )
    as_of: str | None = Field(
        default=None,
        description="Date (its whole business day) or instant; later facts do not count. Default: the last business day in the data.",
    )

    def inputs(self) -> tuple[Path, ...]:
        """Return the raw data and the mapping, or the facts of the tables, which hold every table's checksum."""
        check = self._check()
        return check.inputs() if check else (self.out_dir / "tables" / "facts.json",)

    def state(self) -> str:
        """Return what decides the reading of raw data and is no file."""
        check = self._check()
        return check.state() if check else ""

    def verify(self) -> None:
        """Refuse a mapping without data, and one that is not there."""
        check = self._check()
        if check:
            check.verify()
        elif self.mapping is not None:
            raise ParameterError(
                "a mapping reads raw data, and no data is given.", where="mapping", remedy="Give data too, or leave mapping out."
            )

    def run(self, progress: Progress = quiet) -> Result:
        """Check the data if any is given, then compute and write."""
        from relkit.tables.table_set import TableSet

        self.verify()
        check = self._check()
        checked = check.run(progress) if check else None
        if checked and not checked.passed:
            return checked.model_copy(update={"job": self.command})
        tables = TableSet.open(self.out_dir / "tables")
        result = _build(tables, tables.as_of(self.as_of), self.out_dir / "features", progress)
        if not checked:
            return result
        return result.model_copy(update={"warnings": checked.warnings + result.warnings, "sentences": checked.sentences + result.sentences})

    def _check(self) -> CheckTables | None:
        from relkit.jobs.check_tables import CheckTables

        if self.data is None:
            return None
        return CheckTables(programme=self.programme, out=self.out, data=self.data, mapping=self.mapping)


def _build(tables: TableSet, as_of: AsOf, features: Path, progress: Progress) -> Result:
    from relkit.features.customer_table import customer_table
    from relkit.features.dictionary import dictionary
    from relkit.features.known_rows import marked_as_test

    customers = customer_table(tables, as_of, progress=progress)
    if customers.is_empty():
        raise tables.nobody(as_of)
    inputs = inputs_of("survival", tables)
    is_read = not absence("survival", tables)
    spells = inputs.features(tables, as_of) if is_read else None
    frames = {"customers": customers, "spells": spells, "dictionary": dictionary(customers.columns, tables)}
    progress("writing features", None)
    paths = {name: _written(frame, features / str(as_of) / f"{name}.parquet") for name, frame in frames.items() if frame is not None}
    if spells is None:
        (features / str(as_of) / "spells.parquet").unlink(missing_ok=True)
    counts = _counts(customers, spells, len(marked_as_test(tables)))
    remarks = inputs.said_of(tables, as_of) if is_read else ()
    return Result(
        job=BuildFeatures.command,
        counts=counts,
        paths=paths,
        warnings=_warnings(customers, tables, as_of),
        sentences=(*_sentences(counts, as_of, tables), *remarks),
        details={"as_of": str(as_of)},
    )


def unknown_days(tables: TableSet, as_of: AsOf) -> tuple[str, ...]:
    """Return a warning where the data end before the as-of day; nothing where they do not.

    Days after the last fact look like days on which nobody did anything; features, fit and score all say so.
    """
    last = tables.facts.last_day
    if last is None or as_of.day <= last:
        return ()
    return (f"The data end on {last}: nothing is known of the {(as_of.day - last).days:,} days up to {as_of}.",)


def _written(frame: pl.DataFrame, path: Path) -> Path:
    """Write a file whole or not at all: a run that is stopped leaves the one before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    frame.write_parquet(draft)
    draft.replace(path)
    return path


def _counts(customers: pl.DataFrame, spells: pl.DataFrame | None, test_accounts: int) -> dict[str, Any]:
    counts = {
        "customers": len(customers),
        "prospects": int(customers["is_prospect"].sum()),
        "left_censored": int(customers["is_left_censored"].sum()),
        "test_accounts_left_out": test_accounts,
        "columns": customers.width,
    }
    if "first_order_on" in customers.columns:
        counts["buyers"] = len(customers) - customers["first_order_on"].null_count()
        counts["repeat_buyers"] = int((customers["repeat_purchases"] > 0).sum())
        counts["repeat_purchases"] = int(customers["repeat_purchases"].sum())
    if spells is not None:
        counts["contract_holders"] = int((customers["active_contracts"] > 0).sum())
        counts |= {"contracts": len(spells), "contracts_ended": int(spells["event"].sum())}
    return counts


def _sentences(counts: dict[str, Any], as_of: AsOf, tables: TableSet) -> tuple[str, ...]:
    from relkit.tables.findings import counted

    among = f", {counted(counts['prospects'], 'prospect')} among them" if counts["prospects"] else ""
    said = [f"As of {as_of.spoken}: {counted(counts['customers'], 'customer')}{among}."]
    if "buyers" in counts:
        again = f"{counts['repeat_buyers']:,} of them again ({counted(counts['repeat_purchases'], 'repeat purchase')})"
        said.append(f"{counts['buyers']:,} have bought, {again}.")
    else:
        said.append("There is no transactions table, so nothing is said of purchases.")
    if "contracts" in counts:
        row = "contract" if tables.has("contracts") else "stay"
        ended = f"of {counted(counts['contracts'], row)} watched {counts['contracts_ended']:,} ended"
        held = "hold a contract" if tables.has("contracts") else "are still there"
        said.append(f"{counts['contract_holders']:,} {held}; {ended}.")
    else:
        said.append(f"There is no {absence('survival', tables).removeprefix('the data have no ')}, so there are no spells.")
    if counts["left_censored"]:
        start = tables.facts.history_starts_on
        since = f"the history starts on {start}" if start else "no one declared when the history starts"
        said.append(f"{counts['left_censored']:,} may have been customers before ({since}).")
    if counts["test_accounts_left_out"]:
        said.append(f"Left out: {counted(counts['test_accounts_left_out'], 'test account')}.")
    return tuple(said)


def _warnings(customers: pl.DataFrame, tables: TableSet, as_of: AsOf) -> tuple[str, ...]:
    from relkit.tables.findings import counted

    said = [f"The check of these tables did not pass: {refusal}" for refusal in tables.refusals()]
    said += unknown_days(tables, as_of)
    margin = f"past_margin_{tables.facts.currency.lower()}"
    if margin in customers.columns and (unknown := int((customers[margin].is_null() & ~customers["is_prospect"]).sum())):
        said.append(
            f"The margin of {counted(unknown, 'customer')} is not known: some of their lines or contracts carry none. "
            "Map margin_amount, products.unit_margin or contracts.monthly_margin, or declare assumed_margin_rate."
        )
    return tuple(said)

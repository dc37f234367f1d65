"""`relkit features`: the customer table, the spells of contracts and their dictionary, as of a date or an instant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from relkit.errors import ParameterError
from relkit.jobs.base import Job, Result
from relkit.progress import Progress, quiet
from relkit.remarks import FILE, Remark, french, write_remarks
from relkit.replaced_folders import drafted, put_in_place

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
        """Return the raw data and the mapping, or the facts of the tables, which contain every table's checksum."""
        check = self._check()
        return check.inputs() if check else (self.out_dir / "tables" / "facts.json",)

    def state(self) -> str:
        """Return whatever determines the reading of raw data but is in no file."""
        check = self._check()
        return check.state() if check else ""

    def verify(self) -> None:
        """Refuse a mapping without data, and one that does not exist."""
        check = self._check()
        if check:
            check.verify()
        elif self.mapping is not None:
            raise ParameterError(
                "a mapping reads raw data, but no data is given.", where="mapping", remedy="Give data too, or leave mapping out."
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
    from relkit.families.bindings import absence, inputs_of
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
    counts = _counts(customers, spells, len(marked_as_test(tables)))
    of_spells = inputs.remarks_on(tables, as_of) if is_read else ()
    warned = (*unknown_days(tables, as_of), *_strange_scopes(tables, as_of), *_without_margin(customers, tables))
    noticed = (*warned, *age_understated(counts["left_censored"], len(customers)), *of_spells)
    progress("writing features", None)
    paths = _written({name: frame for name, frame in frames.items() if frame is not None}, noticed, features / str(as_of))
    return Result(
        job=BuildFeatures.command,
        counts=counts,
        paths=paths,
        warnings=_warnings(tables, warned),
        sentences=(*_sentences(counts, as_of, tables), *(remark.en for remark in of_spells)),
        details={"as_of": str(as_of)},
    )


def unknown_days(tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
    """Return a remark if the data end before the as-of day.

    Days after the last fact look like days without any activity; features, fit and score all warn of it.
    """
    last = tables.facts.last_day
    if last is None or as_of.day <= last:
        return ()
    days = (as_of.day - last).days
    return (
        Remark(
            "days_after_the_data",
            f"The data end on {last}: nothing is known of the {days:,} days up to {as_of}.",
            f"Les données s’arrêtent le {last:%d/%m/%Y} : rien n’est connu des {french(days)} jours qui suivent, jusqu’à la date d’arrêté "
            f"({as_of.day:%d/%m/%Y}).",
        ),
    )


def age_understated(customers: int, among: int) -> tuple[Remark, ...]:
    """Return a remark if some customers may have existed before the data start (left censoring)."""
    if not customers:
        return ()
    return (
        Remark(
            "age_understated",
            f"{customers:,} of {among:,} customers may have been there before the data start, so that their age is understated: "
            "they look newer than they are.",
            f"{french(customers)} clients sur {french(among)} étaient peut-être là avant le début des données : leur ancienneté est "
            "sous-estimée, ils paraissent plus récents qu’ils ne sont.",
        ),
    )


def _written(frames: dict[str, pl.DataFrame], noticed: tuple[Remark, ...], folder: Path) -> dict[str, Path]:
    """Write the folder of a day as a whole: an interrupted run leaves the previous one in place."""
    with drafted(folder.parent) as draft:
        made = draft / folder.name
        write_remarks(made / FILE, noticed)
        for name, frame in frames.items():
            frame.write_parquet(made / f"{name}.parquet")
        put_in_place(draft, folder.name)
    return {**{name: folder / f"{name}.parquet" for name in frames}, "remarks": folder / FILE}


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
    from relkit.families.bindings import absence
    from relkit.tables.findings import counted

    among = f", {counted(counts['prospects'], 'prospect')} among them" if counts["prospects"] else ""
    sentences = [f"As of {as_of.spoken}: {counted(counts['customers'], 'customer')}{among}."]
    if "buyers" in counts:
        again = f"{counts['repeat_buyers']:,} of them again ({counted(counts['repeat_purchases'], 'repeat purchase')})"
        sentences.append(f"{counts['buyers']:,} have bought, {again}.")
    else:
        sentences.append("There is no transactions table, so nothing is reported on purchases.")
    if "contracts" in counts:
        row = "contract" if tables.has("contracts") else "stay"
        ended = f"of {counted(counts['contracts'], row)} watched {counts['contracts_ended']:,} ended"
        held = "hold a contract" if tables.has("contracts") else "are still there"
        sentences.append(f"{counts['contract_holders']:,} {held}; {ended}.")
    else:
        sentences.append(f"There is no {absence('survival', tables).removeprefix('the data have no ')}, so there are no spells.")
    if counts["left_censored"]:
        start = tables.facts.history_starts_on
        since = f"the history starts on {start}" if start else "no one declared when the history starts"
        sentences.append(f"{counts['left_censored']:,} may have been customers before ({since}).")
    if counts["test_accounts_left_out"]:
        sentences.append(f"Left out: {counted(counts['test_accounts_left_out'], 'test account')}.")
    return tuple(sentences)


def _warnings(tables: TableSet, noticed: tuple[Remark, ...]) -> tuple[str, ...]:
    refused = (f"The check of these tables did not pass: {refusal}" for refusal in tables.refusals())
    return (*refused, *(remark.en for remark in noticed))


def _strange_scopes(tables: TableSet, as_of: AsOf) -> tuple[Remark, ...]:
    """Return a remark on exclusions with an unknown scope."""
    from relkit.features.contactability import unknown_scopes
    from relkit.tables.findings import counted

    if not (strange := unknown_scopes(tables, as_of)):
        return ()
    return (
        Remark(
            "unknown_scope",
            f"The scope of {counted(strange, 'exclusion')} in force is no channel, class or entity: every channel counts as covered. "
            "Correct suppressions.scope in the source or the mapping.",
            f"Le périmètre de {french(strange)} exclusion{'s' if strange > 1 else ''} en vigueur n’est ni un canal, ni une classe, ni une "
            "entité : tous les canaux sont considérés comme couverts. Corrigez suppressions.scope à la source ou dans le mapping.",
            about=("is_contactable",),
        ),
    )


def _without_margin(customers: pl.DataFrame, tables: TableSet) -> tuple[Remark, ...]:
    """Return a remark on customers whose margin is unknown."""
    from relkit.tables.findings import counted

    margin = f"past_margin_{tables.facts.currency.lower()}"
    if margin not in customers.columns or not (unknown := int((customers[margin].is_null() & ~customers["is_prospect"]).sum())):
        return ()
    return (
        Remark(
            "past_margin_unknown",
            f"The margin of {counted(unknown, 'customer')} is not known: some of their lines or contracts carry none. "
            "Map margin_amount, products.unit_margin or contracts.monthly_margin, or declare assumed_margin_rate.",
            f"La marge de {french(unknown)} client{'s' if unknown > 1 else ''} n’est pas connue : certaines de leurs lignes ou de leurs "
            "contrats n’en portent pas. Associez margin_amount, products.unit_margin ou contracts.monthly_margin, ou déclarez "
            "assumed_margin_rate.",
            about=(margin,),
        ),
    )

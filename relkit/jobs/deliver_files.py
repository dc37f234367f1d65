"""`relkit deliver`: publishes the scored customer file of a day, with the credit of channels."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from relkit.commands import command
from relkit.errors import GateError, ParameterError, TableError
from relkit.jobs.base import Job, Result
from relkit.permissions import is_open_to_all, owner_alone
from relkit.progress import Progress, quiet
from relkit.remarks import FILE, Remark, french, read_remarks, unique

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.delivery.channel_credit import ChannelCredit
    from relkit.delivery.customer_delivery import Published
    from relkit.delivery.customer_files import CustomerFile
    from relkit.tables.table_set import TableSet


SOURCE = "features/customers.parquet"
"""The table from which rows are refused."""


class DeliverFiles(Job):
    """Publish the scored customer file: Parquet, CSV (plain and French), XLSX, dictionary, manifest and what changed."""

    command: ClassVar[str] = "deliver"
    reads: ClassVar[str] = "features"

    as_of: str | None = Field(
        default=None, description="Day of the features and scores to deliver. Default: the last business day in the data."
    )
    language: Literal["en", "fr"] = Field(default="en", description="Language of the spreadsheet and of the page on differences.")
    workbook: bool = Field(default=True, description="Write the spreadsheet too.")
    workbook_rows: int = Field(
        default=100_000, ge=1, description="Customers in the spreadsheet at most, the most valuable first; all are in the other files."
    )
    prefer: tuple[str, ...] = Field(default=(), description="Models to prefer where two give the same score, best first.")
    fields: dict[str, str] = Field(
        default_factory=dict, description="Further columns of the customer table, by name, each with its purpose."
    )
    max_refused_share: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of customers whose identifier may not be delivered."
    )
    private: bool = Field(default=False, description="Let nobody else on this machine read the delivery: files 0600 in a folder 0700.")

    def inputs(self) -> tuple[Path, ...]:
        """Return the folders of features and scores."""
        from relkit.tables.table_set import FACTS, TableSet

        tables = self.out_dir / "tables"
        day = f"/{TableSet.open(tables).as_of(self.as_of)}" if (tables / FACTS).is_file() else ""
        return tuple(self.out_dir / f"{folder}{day}" for folder in ("features", "scores"))

    def verify(self) -> None:
        """Refuse models to prefer that do not exist."""
        from relkit.models.catalogue import names

        for name in self.prefer:
            if name not in names():
                raise ParameterError.unknown("model", name, names(), where="prefer")

    def run(self, progress: Progress = quiet) -> Result:
        """Read features and scores, write everything to a draft, publish it."""
        with owner_alone(wanted=self.private):
            return self._delivered(progress)

    def _delivered(self, progress: Progress) -> Result:
        from relkit.delivery.customer_delivery import deliver_customers
        from relkit.delivery.manifest import Occasion
        from relkit.scores.kept_scores import read_models
        from relkit.tables.table_set import TableSet

        tables = TableSet.open(self.out_dir / "tables")
        day = str(tables.as_of(self.as_of))
        progress("reading customers and scores", 0.0)
        file, missing = self._file(tables, day)
        noticed = (*missing, *self._quarantine(file))
        models = read_models(self.out_dir / "scores" / day)
        occasion = Occasion(
            programme=self.programme,
            language=self.language,
            facts=tables.facts,
            inputs=self._read(tables, day),
            models=models,
            warnings=(
                *(f"The check of these tables did not pass: {refusal}" for refusal in tables.refusals()),
                *(remark.en for remark in noticed),
            ),
            remarks=(*self._remarks(day), *noticed),
            run_id=uuid.uuid4().hex,
            workbook=self.workbook,
            workbook_rows=self.workbook_rows,
        )
        published = deliver_customers(file, self.out_dir / "deliveries" / self.programme, occasion, progress=progress)
        return self._result(file, published, day)

    def _file(self, tables: TableSet, day: str) -> tuple[CustomerFile, tuple[Remark, ...]]:
        """Return the content of the delivery, and a remark if there are no scores."""
        import polars as pl

        from relkit.delivery.channel_credit import ChannelCredit
        from relkit.delivery.customer_files import customer_file
        from relkit.scores.kept_scores import KeptScores

        folder = self.out_dir / "features" / day
        if not (folder / "customers.parquet").is_file():
            made = sorted(path.name for path in folder.parent.iterdir()) if folder.parent.is_dir() else []
            there = f"There are some as of {', '.join(made)}." if made else ""
            remedy = f"{there} Run {command('features', as_of=day)} first.".strip()
            raise TableError("there are no features of that day.", where=str(folder), remedy=remedy)
        scored = self.out_dir / "scores" / day
        scores = KeptScores.read(scored)
        dictionary, reasons, products = folder / "dictionary.parquet", scored / "reasons.parquet", scored / "next_products.parquet"
        actions = scored / "scores_by_action.parquet"
        made_file = customer_file(
            pl.read_parquet(folder / "customers.parquet"),
            scores,
            as_of=tables.as_of(day).day,
            currency=tables.facts.currency,
            dictionary=pl.read_parquet(dictionary) if dictionary.is_file() else None,
            fields=self.fields,
            prefer=self.prefer,
            reasons=pl.read_parquet(reasons) if reasons.is_file() else None,
            next_products=pl.read_parquet(products) if products.is_file() else None,
            by_action=pl.read_parquet(actions) if actions.is_file() else None,
            remarks=self._remarks(day),
        )
        credit = ChannelCredit.read(scored, tables.facts.currency)
        noticed = () if scores else (_only_credit(day) if credit else _no_scores(day),)
        return replace(made_file, credit=credit), noticed

    def _remarks(self, day: str) -> tuple[Remark, ...]:
        """Return the remarks on the tables, the features and the scores; those of the scores include the others."""
        return remarks_of(self.out_dir, day)

    def _quarantine(self, file: CustomerFile) -> tuple[Remark, ...]:
        """Set aside customers whose identifier is refused, with a remark; refuse the delivery if there are too many."""
        import polars as pl

        path = self.out_dir / "quarantine" / "customers_scored.parquet"
        path.unlink(missing_ok=True)
        if file.refused.is_empty():
            return ()
        path.parent.mkdir(parents=True, exist_ok=True)
        file.refused.with_columns(source=pl.lit(SOURCE)).write_parquet(path)
        first = file.refused.row(0, named=True)
        why = f"{first['rule']} (first: row {first['row']:,} of {SOURCE})"
        share = len(file.refused) / (len(file.refused) + len(file.frame))
        if share > self.max_refused_share:
            raise GateError(
                f"{share:.1%} of the customers have an identifier that may not be delivered: {why}.",
                where=str(path),
                remedy="Map customer_id so that it begins with a letter or a digit, or raise max_refused_share.",
            )
        return (_not_delivered(len(file.refused), why, path),)

    def _read(self, tables: TableSet, day: str) -> list[dict[str, Any]]:
        """Return name, rows and checksum of each input of the delivery."""
        import polars as pl

        from relkit.delivery.publishing import sha256

        facts = tables.facts
        listed: list[dict[str, Any]] = [
            {"name": f"tables/{name}", "rows": rows, "sha256": facts.fingerprints.get(name)} for name, rows in sorted(facts.rows.items())
        ]
        for name in (
            f"features/{day}/customers",
            *(f"scores/{day}/{name}" for name in ("scores", "reasons", "next_products", "scores_by_action", "channel_credit")),
        ):
            path = self.out_dir / f"{name}.parquet"
            if path.is_file():
                rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
                listed.append({"name": name, "as_of": day, "rows": rows, "sha256": sha256(path)})
        return listed

    def _result(self, file: CustomerFile, published: Published, day: str) -> Result:
        delivery, difference = published.delivery, published.difference
        changes = {change: difference.customers(change) for change in ("entered", "left", "changed")}
        escaped = sum(sum(counts.values()) for counts in published.escaped_cells.values())
        counts = {"rows": len(file.frame), "columns": len(file.columns), "refused": len(file.refused), "escaped_cells": escaped, **changes}
        names = {path.name: path for path in sorted(delivery.folder.iterdir())}
        return Result(
            job=self.command,
            counts=counts,
            paths={
                "delivery": delivery.folder,
                "latest": delivery.folder.parent / "LATEST",
                **{_key(name): path for name, path in names.items()},
            },
            warnings=(*published.warnings, *_open_folder(delivery.folder)),
            sentences=tuple(_sentences(file, published, changes, day)),
            details={"as_of": day, "delivery": delivery.name, "previous": difference.before, "columns": list(file.frame.columns)},
        )


def _key(name: str) -> str:
    """Return the stable key of a file: customers_scored.csv is customers_scored_csv, the Parquet file is customers_scored."""
    return name.removesuffix(".parquet").replace(".", "_").lower()


def _open_folder(folder: Path) -> tuple[str, ...]:
    """Return a warning on a delivery that anybody on the machine may read."""
    if not is_open_to_all(folder):
        return ()
    return (f"Anybody on this machine may read {folder}. Deliver with --private, or take the rights of others from a folder above it.",)


def _no_scores(day: str) -> Remark:
    """Return the remark on a delivery without scores."""
    score, deliver = command("score", as_of=day), command("deliver", as_of=day)
    return Remark(
        "no_scores",
        f"There are no scores as of {day}: the file has no score columns. Run {score}, then {deliver}.",
        f"Il n’y a pas de scores au {day} : le fichier n’a aucune colonne de score. Lancez {score}, puis {deliver}.",
    )


def _only_credit(day: str) -> Remark:
    """Return the remark on a delivery with credit of channels and without scores of customers."""
    return Remark(
        "no_scores_of_customers",
        f"No customer was scored as of {day}: the file has no score columns.",
        f"Aucun client n’a reçu de score au {day} : le fichier n’a aucune colonne de score.",
    )


def _not_delivered(customers: int, why: str, path: Path) -> Remark:
    """Return the remark on customers left out because of their identifier."""
    from relkit.tables.findings import counted

    one = customers == 1
    return Remark(
        "not_delivered",
        f"Not delivered: {counted(customers, 'customer')}, {why}; see {path}.",
        f"{french(customers)} {'client n’est pas livré' if one else 'clients ne sont pas livrés'} : l’identifiant n’est pas admis dans un "
        f"fichier de tableur ; voir {path}.",
    )


def remarks_of(out: Path, day: str) -> tuple[Remark, ...]:
    """Return the remarks up to the scores of a day, each once; without scores, those of its tables and features.

    Args:
        out: the output root.
        day: the name of the folders of features and scores.
    """
    scored = out / "scores" / day / FILE
    if scored.is_file():
        return read_remarks(scored)
    return unique((*read_remarks(out / "tables" / FILE), *read_remarks(out / "features" / day / FILE)))


def _sentences(file: CustomerFile, published: Published, changes: dict[str, int], day: str) -> list[str]:
    from relkit.delivery.publishing import latest
    from relkit.tables.findings import counted

    delivery, before = published.delivery, published.difference.before
    sentences = [f"Delivered {counted(len(file.frame), 'customer')} as of {day}, {len(file.columns)} columns, in {delivery.folder}."]
    made_by = {(source.model, source.version, source.trained_as_of) for source in file.sources.values() if "+" not in source.model}
    sentences += [f"{model} version {version}, trained as of {end}, is behind the scores." for model, version, end in sorted(made_by)]
    if file.credit is not None:
        sentences.append(_credited(file.credit))
    if before:
        moves = f"{changes['entered']:,} entered, {changes['left']:,} left, {changes['changed']:,} changed group"
        sentences.append(f"Against {before}: {moves}; see difference.md.")
    elif published.is_first:
        sentences.append("There is no earlier delivery to compare with.")
    newest = latest(delivery.folder.parent)
    if newest and newest.name != delivery.name:
        sentences.append(f"LATEST stays at {newest.name}, whose day is later.")
    return sentences


def _credited(credit: ChannelCredit) -> str:
    """Return a sentence on the credit of channels."""
    from relkit.tables.findings import counted

    channels, models = counted(credit.frame["channel"].n_unique(), "channel"), counted(len(credit.record["models"]), "model")
    without = "" if credit.frame["cost"].count() else "; the spend on them is not known"
    return f"The credit of {channels} by {models} is in channel_credit.csv{without}."

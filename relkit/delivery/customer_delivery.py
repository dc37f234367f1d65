"""Delivery of a scored customer file: all its formats and companions, written and published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from relkit.delivery import channel_credit_files, written_files
from relkit.delivery.customer_files import narrowed
from relkit.delivery.difference import as_markdown, compare, no_difference
from relkit.delivery.manifest import Occasion, manifest
from relkit.delivery.publishing import Delivery, Draft, drafting, verify
from relkit.delivery.summary import summary_of
from relkit.errors import StorageError
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from relkit.delivery.customer_files import CustomerFile
    from relkit.delivery.difference import Difference
    from relkit.texts import Language

SCORED = "customers_scored.parquet"
PLAIN_CSV = "customers_scored.csv"
FRENCH_CSV = "customers_scored_fr.csv"
MARKETER_CSV = "customers_marketer.csv"
MARKETER_FRENCH_CSV = "customers_marketer_fr.csv"
WORKBOOK = "customers_scored.xlsx"
DICTIONARY = "data_dictionary.csv"
BY_ACTION = "scores_by_action.parquet"


@dataclass(frozen=True, eq=False, kw_only=True)
class Published:
    """A delivery that was just made.

    Attributes:
        delivery: the published folder.
        difference: against the one before it.
        escaped_cells: by file and column, cells that got an apostrophe.
        warnings: what the reader should know, those of the file included.
        is_first: there was no delivery to compare with.
    """

    delivery: Delivery
    difference: Difference
    escaped_cells: Mapping[str, Mapping[str, int]]
    warnings: tuple[str, ...]
    is_first: bool


def deliver_customers(file: CustomerFile, root: Path, occasion: Occasion, *, progress: Progress = quiet) -> Published:
    """Publish the file in all formats under `root`, atomically.

    Args:
        file: the content.
        root: deliveries/<programme>.
        occasion: context of the delivery.
        progress: called with what is being written.

    Raises:
        StorageError: another delivery of this programme is under way.
    """
    with drafting(root, file.as_of) as draft:
        marketer = narrowed(file)
        escaped_cells = _write_tables(file, marketer, draft.folder, progress) | _write_credit(file, draft.folder, occasion)
        progress("comparing with the previous delivery", 0.15)
        difference, notes = _compared(file, draft)
        _write_difference(file, draft, difference, occasion.language)
        left_out: tuple[str, ...] = ()
        if occasion.workbook:
            shown = written_files.most_valuable(marketer, occasion.workbook_rows)
            summary = summary_of(file, occasion, difference, in_sheet=len(shown.frame))
            path = draft.folder / WORKBOOK
            escaped_cells[WORKBOOK] = written_files.write_xlsx(shown, path, language=occasion.language, summary=summary, progress=progress)
            left_out = _rest(len(shown.frame), len(marketer.frame))
        warnings = (*occasion.warnings, *file.warnings, *left_out, *notes)
        progress("publishing", 0.95)
        delivery = draft.publish(manifest(file, occasion, difference=difference, escaped_cells=escaped_cells, warnings=warnings))
    return Published(
        delivery=delivery, difference=difference, escaped_cells=escaped_cells, warnings=warnings, is_first=draft.previous is None
    )


def _write_tables(file: CustomerFile, marketer: CustomerFile, folder: Path, progress: Progress) -> dict[str, dict[str, int]]:
    """Write all but the workbook; return the cells that got an apostrophe, by file."""
    progress("writing Parquet and CSV", 0.1)
    if file.by_action is not None:
        file.by_action.write_parquet(folder / BY_ACTION, compression="zstd", compression_level=3, statistics=True)
    return {
        SCORED: written_files.write_parquet(file, folder / SCORED),
        PLAIN_CSV: written_files.write_csv(file, folder / PLAIN_CSV),
        FRENCH_CSV: written_files.write_csv(file, folder / FRENCH_CSV, style="fr"),
        MARKETER_CSV: written_files.write_csv(marketer, folder / MARKETER_CSV),
        MARKETER_FRENCH_CSV: written_files.write_csv(marketer, folder / MARKETER_FRENCH_CSV, style="fr"),
        DICTIONARY: written_files.write_dictionary(file, folder / DICTIONARY),
    }


def _write_credit(file: CustomerFile, folder: Path, occasion: Occasion) -> dict[str, dict[str, int]]:
    """Write the credit of channels, if there is some; return the cells that got an apostrophe, by file."""
    if file.credit is None:
        return {}
    escaped_cells = channel_credit_files.write_credit(file.credit, folder)
    if occasion.workbook:
        name = channel_credit_files.WORKBOOK
        escaped_cells[name] = channel_credit_files.write_credit_workbook(file.credit, folder / name, occasion.language)
    return escaped_cells


def _rest(shown: int, customers: int) -> tuple[str, ...]:
    """Return a warning on customers who are not in the workbook."""
    if shown == customers:
        return ()
    return (f"{WORKBOOK} lists the {shown:,} most valuable of {customers:,} customers; all are in {MARKETER_CSV} and {SCORED}.",)


def _compared(file: CustomerFile, draft: Draft) -> tuple[Difference, tuple[str, ...]]:
    """Return the difference against the previous delivery, or an empty one if that one cannot be trusted."""
    if draft.previous is None:
        return no_difference(len(file.frame)), ()
    try:
        verify(draft.previous)
        before = pl.read_parquet(draft.previous.folder / SCORED)
    except (StorageError, OSError, pl.exceptions.PolarsError) as error:
        return no_difference(len(file.frame), is_first=False), (
            f"Nothing was compared: the previous delivery {draft.previous.name} cannot be used ({error}).",
        )
    return compare(before, file.frame, file.columns, name=draft.previous.name), ()


def _write_difference(file: CustomerFile, draft: Draft, difference: Difference, language: Language) -> None:
    difference.frame.write_parquet(draft.folder / "difference.parquet")
    page = as_markdown(difference, name=draft.name, columns=file.columns, language=language)
    (draft.folder / "difference.md").write_bytes(page.encode())

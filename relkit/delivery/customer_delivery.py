"""Writes a scored customer file, with everything that goes with it, and publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.delivery import written_files
from relkit.delivery.difference import as_markdown, compare, no_difference
from relkit.delivery.manifest import manifest
from relkit.delivery.publishing import Delivery, Draft, drafting, verify
from relkit.errors import StorageError
from relkit.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from relkit.delivery.columns import Language
    from relkit.delivery.customer_files import CustomerFile
    from relkit.delivery.difference import Difference
    from relkit.tables.table_set import TableFacts

SCORED = "customers_scored.parquet"
PLAIN_CSV = "customers_scored.csv"
FRENCH_CSV = "customers_scored_fr.csv"
WORKBOOK = "customers_scored.xlsx"
DICTIONARY = "data_dictionary.csv"
ABOUT = {
    "en": {
        "programme": "Programme",
        "as_of": "Facts known up to",
        "rows": "Customers",
        "currency": "Currency",
        "model": "Model behind {label}",
        "version": "{model}, version {version}, trained on facts up to {day}",
        "note": "Reading",
        "reading": "One row a customer. An empty cell means that the column does not apply; the dictionary says why. "
        "The file customers_scored.csv holds all columns.",
    },
    "fr": {
        "programme": "Programme",
        "as_of": "Faits connus jusqu'au",
        "rows": "Clients",
        "currency": "Devise",
        "model": "Modèle derrière {label}",
        "version": "{model}, version {version}, entraîné sur les faits connus au {day}",
        "note": "Lecture",
        "reading": "Une ligne par client. Une cellule vide signifie que la colonne ne s'applique pas ; le dictionnaire dit pourquoi. "
        "Le fichier customers_scored_fr.csv contient toutes les colonnes.",
    },
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Published:
    """A delivery that was just made.

    Attributes:
        delivery: its folder.
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


def deliver_customers(
    file: CustomerFile,
    root: Path,
    *,
    programme: str,
    language: Language,
    facts: TableFacts,
    inputs: Sequence[Mapping[str, Any]] = (),
    models: Mapping[str, Mapping[str, Any]] | None = None,
    warnings: Sequence[str] = (),
    run_id: str = "",
    progress: Progress = quiet,
) -> Published:
    """Publish the file in all formats under `root`, whole or not at all.

    Args:
        file: the content.
        root: deliveries/<programme>.
        programme: its id, for the manifest.
        language: of the sheet and of the page on differences.
        facts: of the tables behind the file.
        inputs: files that were read, for the manifest.
        models: by score, what is known of the model behind it, for the manifest.
        warnings: what else the reader should know.
        run_id: of this run, for the manifest's run block.
        progress: told what is being written.

    Raises:
        StorageError: another delivery of this programme is under way.
    """
    with drafting(root, file.as_of) as draft:
        escaped_cells, left_out = _write_all(file, draft, programme, language, facts, progress)
        progress("comparing with the previous delivery", 0.9)
        difference, said = _compared(file, draft)
        _write_difference(file, draft, difference, language)
        told = (*warnings, *file.warnings, *left_out, *said)
        content = manifest(
            file,
            programme=programme,
            language=language,
            facts=facts,
            inputs=inputs,
            models=models or {},
            difference=difference,
            escaped_cells=escaped_cells,
            warnings=told,
            run_id=run_id,
        )
        progress("publishing", 0.95)
        delivery = draft.publish(content)
    return Published(delivery=delivery, difference=difference, escaped_cells=escaped_cells, warnings=told, is_first=draft.previous is None)


def _write_all(
    file: CustomerFile, draft: Draft, programme: str, language: Language, facts: TableFacts, progress: Progress
) -> tuple[dict[str, dict[str, int]], tuple[str, ...]]:
    """Write each format; return the cells that got an apostrophe, by file, and what to say about a format left out."""
    folder = draft.folder
    progress("writing Parquet and CSV", 0.1)
    escaped_cells = {
        SCORED: written_files.write_parquet(file, folder / SCORED),
        PLAIN_CSV: written_files.write_csv(file, folder / PLAIN_CSV),
        FRENCH_CSV: written_files.write_csv(file, folder / FRENCH_CSV, style="fr"),
        DICTIONARY: written_files.write_dictionary(file, folder / DICTIONARY),
    }
    if not written_files.fits_a_sheet(file):
        limit = written_files.SHEET_ROWS
        return escaped_cells, (
            f"No {WORKBOOK}: {len(file.frame):,} customers and a header pass the {limit:,} rows of a sheet; use the CSV files.",
        )
    about = _about(file, programme, language, facts)
    escaped_cells[WORKBOOK] = written_files.write_xlsx(file, folder / WORKBOOK, language=language, about=about, progress=progress)
    return escaped_cells, ()


def _compared(file: CustomerFile, draft: Draft) -> tuple[Difference, tuple[str, ...]]:
    """Return the difference against the previous delivery, or none where that one cannot be trusted."""
    if draft.previous is None:
        return no_difference(len(file.frame)), ()
    try:
        verify(draft.previous)
        before = pl.read_parquet(draft.previous.folder / SCORED)
    except (StorageError, OSError, pl.exceptions.PolarsError) as error:
        return no_difference(len(file.frame)), (
            f"Nothing was compared: the previous delivery {draft.previous.name} cannot be used ({error}).",
        )
    return compare(before, file.frame, file.columns, name=draft.previous.name), ()


def _write_difference(file: CustomerFile, draft: Draft, difference: Difference, language: Language) -> None:
    labels = {column.name: column.label(language) for column in file.columns}
    difference.frame.write_parquet(draft.folder / "difference.parquet")
    page = as_markdown(difference, name=draft.name, labels=labels, language=language)
    (draft.folder / "difference.md").write_bytes(page.encode())


def _about(file: CustomerFile, programme: str, language: Language, facts: TableFacts) -> list[tuple[str, str]]:
    texts = ABOUT[language]
    lines = [
        (texts["programme"], programme),
        (texts["as_of"], file.as_of.isoformat()),
        (texts["rows"], str(len(file.frame))),
        (texts["currency"], facts.currency),
    ]
    for column in file.columns:
        source = file.sources.get(column.score)
        if source and column.kind == "score" and column.bound == "value":
            said = texts["version"].format(model=source.model, version=source.version, day=source.trained_as_of)
            lines.append((texts["model"].format(label=column.label(language)), said))
    return [*lines, (texts["note"], texts["reading"])]

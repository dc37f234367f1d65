"""Changes between two scored customer files: customers who entered, left or changed group, and scores that drifted.

Only columns declared with `follow` (value decile, top fifth, consents...) count as changes: every amount
moves a little each month, and a list of all customers would be useless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from relkit.scores.drift import population_stability_index
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.file_column import FileColumn
    from relkit.texts import Language

SCHEMA = {"customer_id": pl.String, "change": pl.String, "column": pl.String, "before": pl.String, "after": pl.String}
FLOWS_SHOWN = 10
TEXTS = {
    "title": Text("What changed: {now} against {before}", "Ce qui a changé : {now} par rapport à {before}"),
    "first": Text(
        "This is the first delivery of the programme: there is nothing to compare it with.",
        "Première livraison du programme : il n'y a rien à quoi la comparer.",
    ),
    "unusable": Text(
        "Nothing was compared: the previous delivery cannot be used.", "Rien n'a été comparé : la livraison précédente est inutilisable."
    ),
    "against": Text("Against {before}:", "Par rapport au {before} :"),
    "counts": Text(
        "{rows} customers. {entered} entered, {left} left, {changed} changed group in at least one way.",
        "{rows} clients. {entered} entrés, {left} sortis, {changed} ont changé de groupe sur au moins un critère.",
    ),
    "columns_new": Text("New columns: {names}.", "Nouvelles colonnes : {names}."),
    "columns_gone": Text("Columns no longer there: {names}.", "Colonnes disparues : {names}."),
    "flows": Text("{label}: {count} customers changed", "{label} : {count} clients ont changé"),
    "head": Text("| From | To | Customers |", "| De | Vers | Clients |"),
    "none": Text("(empty)", "(vide)"),
    "yes": Text("yes", "oui"),
    "no": Text("no", "non"),
    "more": Text("... and {count} more customers in smaller flows.", "... et {count} autres clients dans des flux plus petits."),
    "drift": Text(
        "Shift of the scores (PSI; under 0.10 stable, over 0.25 a marked shift)",
        "Déplacement des scores (PSI ; moins de 0,10 stable, plus de 0,25 déplacement marqué)",
    ),
    "drift_head": Text("| Score | PSI |", "| Score | PSI |"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Difference:
    """The difference between a delivery and the one before it.

    Attributes:
        frame: customer_id, change (entered, left, changed), column, before, after (text); empty for a first delivery.
        before: name of the previous delivery; None for a first one.
        rows: customers now.
        psi: population stability index by score column.
        new_columns, gone_columns: names that are in only one of the two files.
        is_first: there was no delivery to compare with. If false without `before`, the previous one cannot be used.
    """

    frame: pl.DataFrame
    before: str | None
    rows: int
    psi: Mapping[str, float] = field(default_factory=dict)
    new_columns: tuple[str, ...] = ()
    gone_columns: tuple[str, ...] = ()
    is_first: bool = False

    def customers(self, change: str) -> int:
        """Return the number of customers who entered, left or changed."""
        return int(self.frame.filter(pl.col("change") == change)["customer_id"].n_unique())

    def flows(self) -> pl.DataFrame:
        """Return column, before, after, customers: counts of the changes, the largest first within a column."""
        changed = self.frame.filter(pl.col("change") == "changed")
        counted = changed.group_by("column", "before", "after").agg(customers=pl.len())
        return counted.sort(["column", "customers", "before", "after"], descending=[False, True, False, False])


def no_difference(rows: int, *, is_first: bool = True) -> Difference:
    """Return the empty difference of a first delivery, or of one whose predecessor cannot be used."""
    return Difference(frame=pl.DataFrame(schema=SCHEMA), before=None, rows=rows, is_first=is_first)


def compare(before: pl.DataFrame, now: pl.DataFrame, columns: Sequence[FileColumn], *, name: str) -> Difference:
    """Return the changes from the full view `before` to the full view `now`.

    Args:
        before: customers_scored of the previous delivery, key customer_id.
        now: customers_scored of this one.
        columns: declarations of the columns of `now`.
        name: of the previous delivery.
    """
    followed = [c.name for c in columns if c.follow and c.name in before.columns]
    ids, ids_before = now.select("customer_id"), before.select("customer_id")
    entered = ids.join(ids_before, on="customer_id", how="anti").with_columns(change=pl.lit("entered"))
    left = ids_before.join(ids, on="customer_id", how="anti").with_columns(change=pl.lit("left"))
    both = _beside(before.select("customer_id", *followed), now.select("customer_id", *followed))
    changed = [_changes(both, column) for column in followed]
    frame = pl.concat([pl.DataFrame(schema=SCHEMA), entered, left, *changed], how="diagonal").sort("change", "customer_id", "column")
    return Difference(
        frame=frame,
        before=name,
        rows=len(now),
        psi=_shifts(before, now, columns),
        new_columns=tuple(c for c in now.columns if c not in before.columns),
        gone_columns=tuple(c for c in before.columns if c not in now.columns),
    )


def as_markdown(difference: Difference, *, name: str, columns: Sequence[FileColumn], language: Language) -> str:
    """Return the difference as a page for people.

    Args:
        difference: from `compare` or `no_difference`.
        name: of this delivery.
        columns: declarations of the columns of this delivery, for their headers and the words of their codes.
        language: of the text.
    """
    texts, declared = in_language(TEXTS, language), {column.name: column for column in columns}
    labels = {column.name: column.label[language] for column in columns}
    if difference.before is None:
        return f"# {name}\n\n{texts['first' if difference.is_first else 'unusable']}\n"
    lines = [f"# {texts['title'].format(now=name, before=difference.before)}", "", _counts(difference, language), ""]
    for key, names in (("columns_new", difference.new_columns), ("columns_gone", difference.gone_columns)):
        lines += [texts[key].format(names=", ".join(names)), ""] if names else []
    for (column,), flows in difference.flows().group_by("column", maintain_order=True):
        lines += _flow_table(flows, declared[str(column)], language)
    if difference.psi:
        lines += [f"## {texts['drift']}", "", texts["drift_head"], "|---|---:|"]
        lines += [f"| {labels.get(score, score)} | {_decimal(value, language)} |" for score, value in difference.psi.items()] + [""]
    return "\n".join(lines)


def main_changes(difference: Difference, *, columns: Sequence[FileColumn], language: Language) -> list[str]:
    """Return the difference in a few sentences: customers who came and left, and counts of each change of group.

    Examples:
        >>> main_changes(no_difference(5), columns=(), language="en")
        ['This is the first delivery of the programme: there is nothing to compare it with.']
    """
    texts = in_language(TEXTS, language)
    if difference.before is None:
        return [texts["first" if difference.is_first else "unusable"]]
    moved: dict[str, int] = dict(difference.flows().group_by("column").agg(pl.col("customers").sum()).iter_rows())
    flows = [
        texts["flows"].format(label=column.label[language], count=_number(moved[column.name], language)) + "."
        for column in columns
        if column.name in moved
    ]
    against = texts["against"].format(before=difference.before)
    return [f"{against} {_counts(difference, language)}", *flows]


def _counts(difference: Difference, language: Language) -> str:
    counts = {change: _number(difference.customers(change), language) for change in ("entered", "left", "changed")}
    return TEXTS["counts"][language].format(rows=_number(difference.rows, language), **counts)


def _beside(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return the customers in both files, with the columns of both."""
    if not now["customer_id"].equals(before["customer_id"]):
        return now.join(before, on="customer_id", suffix="__before")
    return now.hstack([column.alias(f"{column.name}__before") for column in before.drop("customer_id")])


def _changes(both: pl.DataFrame, column: str) -> pl.DataFrame:
    was = f"{column}__before"
    now, then = pl.col(column), pl.col(was)
    if both.schema[column] != both.schema[was]:
        now, then = now.cast(pl.String), then.cast(pl.String)
    moved = both.filter(now.ne_missing(then))
    return moved.select(
        "customer_id",
        change=pl.lit("changed"),
        column=pl.lit(column),
        before=pl.col(was).cast(pl.String),
        after=pl.col(column).cast(pl.String),
    )


def _shifts(before: pl.DataFrame, now: pl.DataFrame, columns: Sequence[FileColumn]) -> dict[str, float]:
    """Return the PSI of each score column that both files have."""
    shown = [c.name for c in columns if c.kind == "score" and c.bound == "value" and c.name in before.columns]
    pairs = {name: (before[name].drop_nulls().to_numpy(), now[name].drop_nulls().to_numpy()) for name in shown}
    return {name: population_stability_index(was, now_) for name, (was, now_) in pairs.items() if len(was) and len(now_)}


def _flow_table(flows: pl.DataFrame, column: FileColumn, language: Language) -> list[str]:
    texts, label = in_language(TEXTS, language), column.label[language]
    total = int(flows["customers"].sum())
    lines = [f"## {texts['flows'].format(label=label, count=_number(total, language))}", "", texts["head"], "|---|---|---:|"]
    for row in flows.head(FLOWS_SHOWN).iter_rows(named=True):
        was, now = (_word(row[key], column, language) for key in ("before", "after"))
        lines.append(f"| {was} | {now} | {_number(row['customers'], language)} |")
    rest = int(flows["customers"][FLOWS_SHOWN:].sum())
    return [*lines, "", *([texts["more"].format(count=_number(rest, language)), ""] if rest else [])]


def _word(value: str | None, column: FileColumn, language: Language) -> str:
    """Return a value as people read it: the word for a code, yes or no for a flag."""
    texts = in_language(TEXTS, language)
    if value is None:
        return texts["none"]
    return {"true": texts["yes"], "false": texts["no"], **column.words(language)}.get(value, value)


def _number(value: int, language: Language) -> str:
    text = f"{value:,}"
    return text.replace(",", "\u202f") if language == "fr" else text


def _decimal(value: float, language: Language) -> str:
    text = f"{value:.3f}"
    return text.replace(".", ",") if language == "fr" else text

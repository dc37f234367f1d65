"""Text that a spreadsheet would run as a formula, and identifiers that may not look like one.

A cell that begins with = + - @, a tab or a line break (also after blanks, and in the full-width and small
forms that spreadsheets treat alike) gets a leading apostrophe in CSV and XLSX files. A spreadsheet may cut a file at another
delimiter than its own, so such a sign behind , ; | a tab or a line break inside a cell gets one too. A program that reads
the files back takes the apostrophe off where it stands before such a sign, at the start of a cell or behind a delimiter
(`unescaped_text`); Parquet has the texts as they are. An identifier is never altered: one that begins so, or that a reader could
mistake for another, is refused.
"""

from __future__ import annotations

import re

import polars as pl

BLANKS = r"[\s\x{00}\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]*"
SIGNS = r"=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}\x{FE66}\x{FE62}\x{FE63}\x{FE6B}\x{2212}"


def _python(pattern: str) -> str:
    """Return a pattern of polars in Python's spelling."""
    return re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: f"\\u{found[1]:0>4}", pattern)


FORMULA = rf"^(?:{BLANKS}[{SIGNS}]|[ ]*[\t\r\n])"

DELIMITERS = r",;|\t\r\n"
BEHIND = rf'([{DELIMITERS}])({BLANKS}"*{BLANKS})([{SIGNS}])'
"""A sign that begins a cell if the text is cut at a delimiter in it; a quote before it would be taken off."""
_ESCAPED = re.compile(rf"^'(?={_python(FORMULA[1:])})|(?<=[{DELIMITERS}])({_python(BLANKS)}\"*{_python(BLANKS)})'(?=[{_python(SIGNS)}])")

ID_RULES = {
    "the identifier is empty": r"^\s*$",
    "the identifier begins like a formula (= + - @, tab)": FORMULA,
    "the identifier holds a formula behind a delimiter (, ; | tab)": BEHIND,
    "the identifier begins or ends with a blank": r"^\s|\s$",
    "the identifier holds a control character": r"[\p{Cc}\x{200B}\x{FEFF}]",
}
"""Reasons to refuse an identifier, with their patterns; the first match is the reason given."""
PLAIN_ID = "^[0-9A-Za-z][-0-9A-Za-z_.:/]*$"
"""Identifiers that break no rule, as most do: one pattern to try instead of all."""


def looks_like_formula(column: str) -> pl.Expr:
    """Return whether the text of `column` would be read as a formula, whatever delimiter it is cut at; null if it is null.

    Examples:
        >>> cells = pl.DataFrame({"note": ["=1+1", "  @home", "fine", "a-b", "C2;=1+1"]})
        >>> cells.select(looks_like_formula("note"))["note"].to_list()
        [True, True, False, False, True]
    """
    return pl.col(column).str.contains(FORMULA) | pl.col(column).str.contains(BEHIND)


def _neutralised(column: str) -> pl.Expr:
    behind = pl.col(column).str.replace_all(BEHIND, "${1}${2}'${3}")
    return pl.when(pl.col(column).str.contains(FORMULA)).then("'" + behind).otherwise(behind)


def escaped_text(text: str) -> str:
    """Return one text, e.g. a header, with a leading apostrophe if it looks like a formula.

    Examples:
        >>> escaped_text("=1+1"), escaped_text("Orders")
        ("'=1+1", 'Orders')
    """
    return str(escaped(pl.DataFrame({"text": [text]}))[0].item())


def unescaped_text(text: str) -> str:
    """Return one text of a delivered CSV or workbook as it was before.

    A text that had an apostrophe before such a sign from the start loses it: the two cannot be distinguished.

    Examples:
        >>> unescaped_text("'=1+1"), unescaped_text("a;'=b"), unescaped_text("l'an 1"), unescaped_text(escaped_text("C2;=1,-2"))
        ('=1+1', 'a;=b', "l'an 1", 'C2;=1,-2')
    """
    return _ESCAPED.sub(lambda found: found[1] or "", text)


def escaped(frame: pl.DataFrame, *, except_for: tuple[str, ...] = ()) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the frame with an apostrophe before each sign that begins a formula, and how many cells have one, by column.

    Args:
        frame: any frame; only its text columns are examined. It is not changed.
        except_for: columns that are left as they are (identifiers, which were validated).

    Examples:
        >>> escaped(pl.DataFrame({"note": ["=1+1", "fine"]}))[1]
        {'note': 1}
    """
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String and name not in except_for]
    if not texts:
        return frame, {}
    risky = [name for name in texts if _has_formula(frame[name])]
    found = frame.select(looks_like_formula(name).sum() for name in risky).row(0, named=True) if risky else {}
    counts = {name: int(count) for name, count in found.items()}
    made = [_neutralised(name).alias(name) for name in counts]
    return frame.with_columns(made), counts


def _has_formula(cells: pl.Series) -> bool:
    """Return whether any cell looks like a formula; columns mostly hold few distinct texts, which are tried once each."""
    return bool(pl.DataFrame({"text": cells.unique()}).select(looks_like_formula("text").any()).item())


def refused_ids(frame: pl.DataFrame, column: str = "customer_id") -> pl.Series:
    """Return, for each row, the reason why its identifier is refused, or null if it is valid.

    Examples:
        >>> refused_ids(pl.DataFrame({"customer_id": ["C1", "=C2"]})).to_list()
        [None, 'the identifier begins like a formula (= + - @, tab)']
    """
    if frame[column].null_count() == 0 and frame[column].str.contains(PLAIN_ID).all():
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True).alias("rule")
    text = pl.col(column).fill_null("")
    rules = [pl.when(text.str.contains(pattern)).then(pl.lit(reason)) for reason, pattern in ID_RULES.items()]
    return frame.select(pl.coalesce(rules).alias("rule"))["rule"]

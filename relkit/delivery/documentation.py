"""The page docs/customer_file.md, generated from the columns: `python -m relkit.delivery.documentation > docs/customer_file.md`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import polars as pl

from relkit.delivery.columns import MARKETER, declared, marketer_columns
from relkit.features.columns import CUSTOMER
from relkit.scores.action_scores import COLUMNS as BY_ACTION
from relkit.scores.channel_credit import COLUMNS as CREDIT
from relkit.scores.channel_credit import TOTAL_COLUMNS, in_currency
from relkit.scores.rfm import FIFTHS, LABEL_OF, LABELS
from relkit.scores.value_activity import ACTIVITIES, OTHERS, SEGMENTS, VALUES

if TYPE_CHECKING:
    from relkit.file_column import FileColumn
    from relkit.texts import Text

_TYPES = {pl.String: "text", pl.Float64: "number", pl.Int8: "whole number", pl.Int32: "whole number", pl.Date: "day", pl.Boolean: "yes/no"}

_HEAD = """# The scored customer file

<!-- made from relkit/delivery/columns.py: python -m relkit.delivery.documentation > docs/customer_file.md -->

`relkit deliver` publishes one row per customer, atomically, in `deliveries/<programme>/<day>/`. How to join addresses and import
the file into mailing tools: [importing.md](importing.md).

| File | View | Headers | Cells | Order of rows |
|---|---|---|---|---|
| customers_scored.parquet | full | technical | codes, booleans | customer_id |
| customers_scored.csv | full | technical | codes, true and false | customer_id |
| customers_scored_fr.csv | full | French | French words, Oui and Non | customer_id |
| customers_marketer.csv | marketer | technical | codes, true and false | total margin, the largest first |
| customers_marketer_fr.csv | marketer | French | French words, Oui and Non | total margin, the largest first |
| customers_scored.xlsx | marketer, summary, dictionary | of its language | words; booleans, in French Oui and Non | as above |
| scores_by_action.parquet | one row per customer and action | technical | ids | customer_id, action_id |
| channel_credit.parquet, .csv | one row per model and channel | technical | codes | model, segment, period, conversions |
| channel_credit_fr.csv, .xlsx | the same | French; of its language | words | as above |
| data_dictionary.csv | every column of all views, codes with their English and French words | | | |

- The **marketer's view** has the same columns every month, whatever the tables and models: a column is empty if nothing fills it.
  Horizons in the names are those of the scores (by default 90 days and 24 months). Customers without a total margin come last; ties
  are in the order of customer_id.
- The **full view** has a column only if it can be computed.
- The workbook lists everybody up to 100,000 customers (`--workbook-rows`); above that, the most valuable ones, and its first sheet says
  where the others are. All other files hold everybody.
- CSV files are UTF-8 with commas; the French ones have a byte order mark, semicolons and decimal commas. Days in CSV are ISO.
- In CSV files and workbooks an apostrophe stands before a sign (= + - @ and their like) by which a spreadsheet would take a cell, or a
  part of it behind a comma, semicolon, bar, tab or line break, for a formula; a program that reads them back takes it off
  (`relkit.delivery.text_safety.unescaped_text`). Parquet has the texts as they are. An id with such a sign is not delivered but put into
  quarantine and counted.
- Files have the permissions of the umask. A folder that anybody on the machine may read is a warning; `--private`, of `deliver` and of
  `run`, makes files readable by their owner alone (0600, folders 0700).
- Money is in the currency of the programme (`{cur}` in a name); `{h}` is a horizon, in days (`d`) or months (`m`).
- A probability that does not apply is empty, never 0; never read an empty cell as a yes. `score_quality` says why a score is
  empty, in the same words in every file.
- Protected customers (an exclusion in force covers every channel) keep their scores and are in no tenth, no RFM group and no rank; they
  have no next product and no effect of an action. Customers who refuse profiling have no score at all.
- Next products are given by id in the technical files and by name where words are shown; their tables, the offers and the rankings of
  customers for a product are described in [next_products.md](next_products.md).

"""


def customer_file_page() -> str:
    """Return the page in Markdown.

    Examples:
        >>> customer_file_page().splitlines()[0]
        '# The scored customer file'
    """
    return "\n".join([_HEAD + _marketer(), _columns(), _by_action(), _credit(), _codes(), _segments(), _rfm()])


def _marketer() -> str:
    columns = marketer_columns(currency="EUR")
    lines = ["## The marketer's view", "", "| | Column | Header in English | Header in French |", "|---:|---|---|---|"]
    lines += [
        f"| {i} | `{name}` | {c.label['en']} | {c.label['fr']} |" for i, (name, c) in enumerate(zip(MARKETER, columns, strict=True), 1)
    ]
    return "\n".join(lines) + "\n"


def _columns() -> str:
    shown = {name.replace(f"_{channel}", "_{channel}") for name in MARKETER for channel in ("email", "sms", "phone", "post")}
    lines = [
        "## Columns",
        "",
        "In the order of the full view. **Bold**: in the marketer's view too (of channels: email, sms, phone, post).",
        "",
    ]
    lines += ["| Column | Label | Type | Values | Meaning | Empty cell means |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + [_row(column, in_marketer=column.name in shown) for column in declared()]) + "\n"


def _by_action() -> str:
    lines = [
        "## Scores by action: scores_by_action.parquet",
        "",
        "Written if a model of the effects of actions (`relkit fit uplift.auto`) has a champion: one row per customer and action, for",
        "customers like those drawn for the action. The cost is not taken off the value; the file decides nothing. Customers who refuse",
        "profiling, protected customers and test accounts have no row. The model and its version are in manifest.json.",
        "",
        "| Column | Label | Type | Values | Meaning | Empty cell means |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_row(column, in_marketer=False) for column in (CUSTOMER, *BY_ACTION)]) + "\n"


def _credit() -> str:
    lines = [
        "## Credit of channels: channel_credit",
        "",
        "Written if a model of attribution (`relkit fit attribution.all`) has a champion: one row per model and channel, then one per",
        "segment and period if the models were fitted `by` an attribute or `period`. No model is chosen: where they agree, the data",
        "speak; where they differ, the credit depends on the model. Conversions that no channel is credited with are in the sheet of",
        "totals of the workbook and in manifest.json, next to the version and the settings of each model. The files contain no customer.",
        "",
        "| Column | Label | Type | Values | Meaning | Empty cell means |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_row(in_currency(column, "EUR"), in_marketer=False) for column in (*CREDIT, *TOTAL_COLUMNS)]) + "\n"


def _row(column: FileColumn, *, in_marketer: bool) -> str:
    name = f"**`{column.name}`**" if in_marketer else f"`{column.name}`"
    kind = _TYPES[column.dtype if isinstance(column.dtype, type) else type(column.dtype)]
    unit = column.unit if column.unit not in {"", kind, "date"} else ""
    values = "[codes](#codes)" if column.codes else "" if column.dtype == pl.Boolean else column.allowed_in("en")
    if column.name.startswith("churn_reason_"):
        values = "codes of the delivery's dictionary"
    null, label = column.empty_means["en"] or "never empty", _both(column.label)
    return f"| {name} | {label} | {kind}{f' ({unit})' if unit else ''} | {values} | {column.meaning['en']} | {null} |"


def _codes() -> str:
    lines = ["## Codes", "", "Segments and RFM groups have their own sections below.", ""]
    lines += ["| Column | Code | English | French |", "|---|---|---|---|"]
    for column in (*declared(), *CREDIT):
        if column.name not in ("segment_value_activity", "rfm_label"):
            lines += [f"| `{column.name}` | {code} | {text['en']} | {text['fr']} |" for code, text in column.codes.items()]
    return "\n".join(lines) + "\n"


def _segments() -> str:
    meaning = next(column.meaning["en"] for column in declared() if column.name == "segment_value_activity")
    lines = ["## Segments of value and activity", "", meaning, ""]
    lines += ["Ties are broken by customer_id; a past of unknown margin counts as zero.", ""]
    lines += [f"| | {' | '.join(words['en'].capitalize() for words in ACTIVITIES.values())} |", "|---|" + "---|" * len(ACTIVITIES)]
    for value, words in VALUES.items():
        cells = (f"`{value}_{activity}`<br>{_both(SEGMENTS[f'{value}_{activity}'])}" for activity in ACTIVITIES)
        lines.append(f"| **{words['en']}** | {' | '.join(cells)} |")
    lines += ["", "Without a value group:", ""]
    lines += [f"- `{code}`: {_both(text)}" for code, text in OTHERS.items()]
    return "\n".join(lines) + "\n"


def _both(text: Text) -> str:
    return f"{text['en']} / {text['fr']}"


def _rfm() -> str:
    fifths = range(1, FIFTHS + 1)
    lines = [
        "## RFM: recency, frequency, monetary value",
        "",
        "Scores from 1 to 5 among the buyers of the day, 5 = best: one more than the number of fifths of the buyers who are strictly",
        "worse, so that equal values always have equal scores. Recency counts days since the last order, frequency the days with an",
        "order so far, monetary value the net revenue so far. The group is derived from recency and frequency:",
        "",
        f"| | {' | '.join(f'Frequency {f}' for f in fifths)} |",
        "|---|" + "---|" * FIFTHS,
    ]
    lines += [f"| **Recency {r}** | {' | '.join(f'`{LABEL_OF[r, f]}`' for f in fifths)} |" for r in reversed(fifths)]
    lines += ["", "| Code | English | French |", "|---|---|---|"]
    lines += [f"| `{code}` | {text['en']} | {text['fr']} |" for code, text in LABELS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # French labels, whatever the console's encoding
    sys.stdout.write(customer_file_page())

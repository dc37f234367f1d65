"""Page of a measured campaign: the forms in which its figures are written, and the tables that every such page has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.measurement.result_tables import METHODS
from relkit.plots.style import money, number, percent
from relkit.reports.campaign_uplift_texts import TEXTS
from relkit.reports.remarks import RemarkList
from relkit.reports.summary_tables import SMALLEST_GROUP, Shown, SummaryTable, day_in_words, p_value

if TYPE_CHECKING:
    from relkit.measurement.measured_campaign import MeasuredCampaign

SPLIT = ("promoted", "category", "other")
"""Parts of the margin: measures `margin_promoted`, `margin_category`, `margin_other`."""
PER_UNIT = frozenset({"margin_each", "without_each", "cost_per_order"})
"""Figures of money of a single unit or order, written to the cent."""
_FIGURES = frozenset({"value", "low", "high", "estimate", "mean_treated", "mean_other", "allowed", "p"})
"""Columns of numbers that are written before, each in its own unit."""
_CHANGES = frozenset({"estimate", "low", "high", "allowed"})
"""Columns in which a share is a difference of shares, in points."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignPage:
    """A measured campaign in the words of one language.

    Attributes:
        measured: facts, tables and remarks.
        language: en or fr.
    """

    measured: MeasuredCampaign
    language: str = "en"

    def money_table(self) -> SummaryTable:
        """Return all figures of money at the end of both windows."""
        rows = self.measured.table("money").filter(pl.col("window").is_in(self._windows))
        cells = [
            {"figure": row[f"label_{self.language}"], "window": self._window(row["window"])}
            | {name: self._written(row[name], row["kind"], 2 * (row["figure"] in PER_UNIT)) for name in ("value", "low", "high")}
            for row in rows.iter_rows(named=True)
        ]
        shown = self._columns("figure", "window", "value", "low", "high")
        return self._table(cells, shown, "t_money", notes=self._reasons(rows))

    def robustness(self) -> SummaryTable:
        """Return the effects on every measure but the parts of the margin, by every method and window."""
        rows = self.measured.table("estimates").filter(
            ~pl.col("measure").is_in([f"margin_{part}" for part in SPLIT]), pl.col("window").is_in(self._windows)
        )
        names = ("estimate", "low", "high") if self._is_compared else ("mean_treated", "mean_other", "estimate", "low", "high")
        cells = [
            {
                "measure": row[f"label_{self.language}"],
                "method": METHODS[row["method"]][self.language],
                "window": self._window(row["window"]),
            }
            | {name: self._change(row, name) for name in names}
            | {"p": "–" if row["p_value"] is None else p_value(row["p_value"], self.language)}
            for row in rows.iter_rows(named=True)
        ]
        caption = "t_compared" if self._is_compared else "t_robust"
        return self._table(cells, self._columns("measure", "method", "window", *names, "p"), caption, notes=self._reasons(rows))

    def remarks(self) -> RemarkList:
        """Return the remarks on the measurement."""
        return RemarkList(self.measured.remarks, self.language)

    def _less(self) -> str:
        """Return the words that the cost is deducted; empty if none is known."""
        return self._say("less") if self._known("cost") and self._value("cost") > 0 else ""

    def _amount(self) -> str:
        """Return the measure that the campaign is to add: the one whose name is that of the figures of money."""
        rows = self.measured.table("estimates").filter(pl.col("label_en") == self.measured.facts.what.en)
        return "" if rows.is_empty() else str(rows["measure"][0])

    def _name(self) -> str:
        facts = self.measured.facts
        if facts.wave_id is None:
            return self._say("name", action=facts.action_id)
        return self._say("name_wave", action=facts.action_id, wave=facts.wave_id)

    def _other(self) -> str:
        return self._say("not_contacted" if self._is_compared else "other")

    @property
    def _is_compared(self) -> bool:
        """True if nobody was drawn."""
        return self.measured.facts.kind == "comparison"

    def _known(self, figure: str) -> bool:
        return self.measured.money(figure)["value"] is not None

    def _value(self, figure: str, window: str = "post") -> float:
        value = self.measured.money(figure, window)["value"]
        return float("nan") if value is None else float(value)

    def _interval(self, figure: str, window: str) -> tuple[float, float, float]:
        row = self.measured.money(figure, window)
        value, low, high = (float("nan") if row[name] is None else float(row[name]) for name in ("value", "low", "high"))
        return value, low, high

    def _ends(self, row: dict[str, Any], digits: int = 0) -> dict[str, str]:
        return {name: "–" if row[name] is None else self._money(row[name], digits) for name in ("low", "high")}

    @property
    def _is_known_once(self) -> bool:
        """True if the amount is known at one time only, so that both windows show the same."""
        rows = self.measured.table("estimates")
        later = rows.filter(pl.col("measure") == self._amount(), pl.col("window") == "later")
        return later.is_empty() and not self._is_compared

    @property
    def _windows(self) -> tuple[str, ...]:
        """Windows that differ, in order of time."""
        return ("post",) if self._is_known_once else ("response", "post", "later")

    def _window(self, window: str) -> str:
        if self._is_known_once:
            return day_in_words(self.measured.facts.as_of, self.language)
        days = self.measured.facts.days
        if window == "later":
            return self._say("between", a=self._number(days["response"] + 1), b=self._number(days["post"]))
        return self._say("after", n=self._number(days[window]))

    def _columns(self, *names: str) -> tuple[Shown, ...]:
        return tuple(Shown(name, self._header(name), "figure" if name in _FIGURES else "text") for name in names)

    def _amounts(self, *names: str) -> tuple[Shown, ...]:
        return tuple(Shown(name, self._header(name), "money", 2) for name in names)

    def _header(self, name: str) -> str:
        if name == "mean_other":
            return self._other()
        if name == "mean_treated" and self._is_compared:
            return self._say("contacted")
        return self._say({"mean_treated": "treated", "estimate": "effect"}.get(name, name.removesuffix(f"_{self.language}")))

    def _table(self, cells: list[dict[str, Any]], shown: tuple[Shown, ...], caption: str, notes: tuple[str, ...] = ()) -> SummaryTable:
        frame = pl.DataFrame(cells, schema=dict.fromkeys((column.name for column in shown), pl.String))
        return SummaryTable(frame=frame, columns=shown, caption=self._say(caption), language=self.language, notes=notes)

    def _reasons(self, rows: pl.DataFrame) -> tuple[str, ...]:
        reasons = rows[f"reason_{self.language}"].drop_nulls().unique(maintain_order=True).to_list()
        return (self._say("note", reasons=" ".join(reasons)),) if reasons else ()

    def _written(self, value: float | None, kind: str, digits: int = 0) -> str:
        """Return a value of a kind; shares and ratios always have decimals."""
        if value is None or value != value:  # noqa: PLR0124  (not a number)
            return "–"
        if kind == "share":
            return percent(value, self.language, max(digits, 2))
        return self._money(value, digits) if kind == "money" else self._number(value, max(digits, 2) if kind == "ratio" else digits)

    def _change(self, row: dict[str, Any], name: str) -> str:
        """Return a mean or a change of a row; a change of a share is written in points."""
        if row["kind"] == "share" and name in _CHANGES and row[name] is not None:
            return self._say("points", n=self._number(100 * row[name], 2))
        return self._written(row[name], row["kind"], 2)

    def _few(self, n: int) -> str:
        return self._number(n) if n >= SMALLEST_GROUP else f"< {SMALLEST_GROUP}"

    def _level(self) -> str:
        return percent(self.measured.facts.level, self.language)

    def _p(self, value: float) -> str:
        return p_value(value, self.language)

    def _money(self, value: float, digits: int = 0) -> str:
        return money(value, self.measured.facts.currency, self.language, digits)

    def _number(self, value: float, digits: int = 0) -> str:
        return number(value, self.language, digits)

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(of_what=self._of_what(), **words)

    def _of_what(self) -> str:
        """Return the amount that the campaign is to add, after a number: of margin."""
        what = self.measured.facts.what[self.language]
        what = what if what.isupper() else what[:1].lower() + what[1:]
        if self.language == "en":
            return f"of {what}"
        return f"d’{what}" if what[:1] in "aeiouyhàâéèêîôû" else f"de {what}"

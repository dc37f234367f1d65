"""Lists of next products against baskets that customers then filled, from the table that a benchmark wrote: it has no row of the data.

study = NextProductStudy.read(None, language="fr")
study.headlines(), study.gains(), study.recall(), study.ndcg(), study.apart(), study.repeat(), study.explore()

The table of this machine (`out/benchmarks/next_product.json`) is shown if there is one, else the one published with the code
(`docs/next_product.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from relkit.plots.style import number, percent
from relkit.reports.benchmark_table import BenchmarkStudy, BenchmarkTable
from relkit.reports.next_product_study_texts import COMPANIES, LEVELS, SPLITS, TEXTS
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Kind, Shown, SummaryTable, day_in_words
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
COMMAND = "python tests/benchmarks/bench_next_product_study.py"
METHODS = ("model", "personal", "global")
MEASURES = ("recall", "ndcg")
KINDS = ("recall_repeat", "recall_explore")
"""Recall of the products that the customer had bought before, and of those new to him."""
_SHARE_DIGITS = {"recall_explore": 2}
"""Digits of percentages; the shares of new products are small."""


def _is_known(found: Any) -> Any:
    return found["format"] == FORMAT and all(set(METHODS) <= set(row["measures"]) for row in found["rows"]) and found["rows"]


TABLE = BenchmarkTable(name="next_product.json", command=COMMAND, is_known=_is_known)
OWN_RUN, PUBLISHED = TABLE.own_run, TABLE.published


@dataclass(frozen=True, eq=False, kw_only=True)
class NextProductStudy(BenchmarkStudy):
    """The table of a benchmark: a row for each company, level of products and split."""

    source: ClassVar[BenchmarkTable] = TABLE
    texts: ClassVar = TEXTS

    def headlines(self) -> Headlines:
        """Return the verdict on each measure, and what the lists find of new products, or how to make the table."""
        if self.found is None:
            return Headlines((self._say("absent", command=COMMAND),))
        return Headlines((*(self._verdict(measure) for measure in MEASURES), self._held(), *map(self._kind, KINDS)))

    def gains(self) -> Gallery:
        """Return the differences between the model and the customers' own favourites, in recall and in NDCG."""
        return self._pictures(MEASURES)

    def recall(self) -> SummaryTable | Gallery:
        """Return the share of the next basket that each list holds, and the difference."""
        return self._measured("recall")

    def ndcg(self) -> SummaryTable | Gallery:
        """Return the same for NDCG, which also rewards a high place in the list."""
        return self._measured("ndcg")

    def apart(self) -> Gallery:
        """Return the differences in recall of products bought before, and of new ones."""
        return self._pictures(KINDS)

    def repeat(self) -> SummaryTable | Gallery:
        """Return the recall of products bought before."""
        return self._measured("recall_repeat")

    def explore(self) -> SummaryTable | Gallery:
        """Return the recall of products that were new to the customer."""
        return self._measured("recall_explore")

    def circumstances(self) -> SummaryTable | Gallery:
        """Return the baskets of each comparison, the date and the software."""
        if self.found is None:
            return Gallery(())
        rows = [
            {"comparison": self._named(row), **{name: row[name] for name in ("customers", "products", "bought", "repeat_share")}}
            for row in self.found["rows"]
        ]
        columns = (
            Shown("comparison", self._say("comparison")),
            *(Shown(name, self._say(name), "count") for name in ("customers", "products")),
            Shown("bought", self._say("bought"), "number", 1),
            Shown("repeat_share", self._say("repeat_share"), "share"),
        )
        versions = ", ".join(f"{name} {version}" for name, version in self.found["versions"].items())
        made = self._say("made", day=day_in_words(date.fromisoformat(self.found["made_on"]), self.language), versions=versions)
        return self._table(rows, columns, self._say("circumstances"), (made,))

    def _verdict(self, measure: str) -> str:
        """Return the number of comparisons in which the interval of the difference is above 0, holds it, or is below."""
        gaps = [row["differences"][measure] for row in self._rows]
        above, below = sum(gap["lower"] > 0 for gap in gaps), sum(gap["upper"] < 0 for gap in gaps)
        counts = {"above": above, "below": below, "level": len(gaps) - above - below, "all": len(gaps)}
        values = {name: number(count, self.language) for name, count in counts.items()}
        key = "always" if above == len(gaps) else "sometimes"
        return self._say(key, measure=self._say(f"in_{measure}"), **values)

    def _held(self) -> str:
        return self._say("held", k=self._k, model=self._span("model", "recall"), personal=self._span("personal", "recall"))

    def _kind(self, measure: str) -> str:
        """Return the shares that the lists find of the products bought before, or of new ones."""
        spans = {method: self._span(method, measure) for method in METHODS}
        return self._say(f"found_{measure.removeprefix('recall_')}", **spans)

    def _span(self, method: str, measure: str) -> str:
        """Return the least and the greatest value of a measure over the comparisons."""
        values = [row["measures"][method][measure] for row in self._rows]
        digits = _SHARE_DIGITS.get(measure, 1)
        low, high = (percent(value, self.language, digits) for value in (min(values), max(values)))
        return self._say("from_to", low=low, high=high)

    def _pictures(self, measures: tuple[str, ...]) -> Gallery:
        if self.found is None:
            return Gallery(())
        return Gallery(tuple(Picture(self._drawn(measure), self._say("c_gap")) for measure in measures))

    def _drawn(self, measure: str) -> Any:
        from relkit.plots.dots import Dots, plot_dots

        gaps = [row["differences"][measure] for row in self._rows]
        value, lower, upper = (pl.Series([gap[part] for gap in gaps]).to_numpy() for part in ("difference", "lower", "upper"))
        return plot_dots(
            [self._named(row) for row in self._rows],
            [Dots(value=value, lower=lower, upper=upper)],
            title=self._say(f"t_{measure}", k=self._k),
            x_label=self._say("less" if measure == "ndcg" else "points"),
            kind="number" if measure == "ndcg" else "share",
            reference=0.0,
            sides=(self._say("worse"), self._say("better")),
            language=self.language,
        )

    def _measured(self, measure: str) -> SummaryTable | Gallery:
        """Return a measure of the three lists, and the model's less that of the customers' own favourites."""
        if self.found is None:
            return Gallery(())
        kind: Kind
        kind, digits = ("number", 3) if measure == "ndcg" else ("share", _SHARE_DIGITS.get(measure, 1))
        columns = (
            Shown("comparison", self._say("comparison")),
            *(Shown(method, self._say(method), kind, digits) for method in METHODS),
            Shown("gap", self._say("less" if measure == "ndcg" else "points")),
        )
        rows = [
            {
                "comparison": self._named(row),
                **{method: row["measures"][method][measure] for method in METHODS},
                "gap": self._gap(row["differences"][measure], measure),
            }
            for row in self._rows
        ]
        note = self._say("intervals", level=percent(LEVEL, self.language), replicates=number(self._replicates, self.language))
        return self._table(rows, columns, self._say(f"t_{measure}", k=self._k), (note,))

    def _gap(self, gap: Mapping[str, float], measure: str) -> str:
        """Return a difference with its interval; of shares in points of percentage."""
        scale, digits = (1, 3) if measure == "ndcg" else (100, 2)
        parts = {name: self._signed(scale * gap[name], digits) for name in ("difference", "lower", "upper")}
        return self._say("interval", **parts)

    def _signed(self, value: float, digits: int) -> str:
        return ("+" if round(value, digits) > 0 else "") + number(round(value, digits) + 0.0, self.language, digits)

    def _named(self, row: Mapping[str, Any]) -> str:
        """Return a row's company, level and split in words."""
        words = [names[row[key]][self.language] for key, names in (("company", COMPANIES), ("level", LEVELS), ("split", SPLITS))]
        return ", ".join(words)

    def _table(self, rows: list[dict[str, Any]], columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(frame=pl.DataFrame(rows), columns=columns, caption=caption, language=self.language, notes=notes)

    @property
    def _rows(self) -> list[dict[str, Any]]:
        assert self.found is not None
        return list(self.found["rows"])

    @property
    def _k(self) -> str:
        assert self.found is not None
        return number(self.found["k"], self.language)

    @property
    def _replicates(self) -> int:
        assert self.found is not None
        return int(self.found["replicates"])

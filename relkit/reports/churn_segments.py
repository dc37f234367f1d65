"""The churn report by segment: the segments that distinguish contracts, how long each lasts, and how certain that is.

study = SegmentStudy.of(spells, customers, segment=None, declared={}, language="fr")
study.headlines(), study.ways(), study.curves(), study.tests(), study.lasting(), study.differences()

Of the columns that a contract has (`relkit.features.segments`), the one with the smallest p-value of a log-rank test is taken;
p-values are adjusted for the number of columns tried (Holm). A segment that the reader names is tested as is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import ParameterError
from relkit.features.segments import NO_SEGMENTS, Segments, candidates
from relkit.metrics.multiplicity import holm
from relkit.models.survival.log_rank import log_rank
from relkit.models.survival.segments import cross, curves_by_segment, days_lived, seen_until, stretch, told_apart
from relkit.plots.style import number
from relkit.reports.churn_segment_texts import TEXTS
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.segment_names import segment_name, value_names
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable, p_value
from relkit.texts import Text
from relkit.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.metrics.risk_sets import Indexes
    from relkit.models.survival.curve import SurvivalCurve
    from relkit.models.survival.segments import Comparison, Lasting

AGES_MONTHS = (3, 6, 12, 24, 36, 48, 60)
LEAST_MONTHS = 12
"""A stretch is not shortened below this for a segment that was observed for less."""
CLEAR = 0.05
"""Adjusted p-values below this are called clear."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentStudy:
    """Contracts in segments, and the tests that distinguish them.

    Attributes:
        spells: one row per contract: duration_days, event, entry_days, and the columns of segments.
        tried: the tests of all columns that were tried, the clearest first.
        segments: of the chosen column; None if no column distinguishes contracts.
        declared: names of columns, from the mapping.
        is_named: whether the reader chose the column.
        is_of_today: whether the column is one of the customer as of today, not of the contract.
        language: en or fr.
    """

    spells: pl.DataFrame
    tried: Mapping[str, Comparison]
    segments: Segments | None
    declared: Mapping[str, str]
    is_named: bool
    is_of_today: bool
    language: str

    @classmethod
    def of(
        cls, spells: pl.DataFrame, customers: pl.DataFrame, *, segment: str | None, declared: Mapping[str, str], language: str
    ) -> SegmentStudy:
        """Choose the segments.

        Args:
            spells: one row per contract: customer_id, duration_days, event, entry_days (may be absent), and its attributes.
            customers: one row per customer: customer_id, and their attributes as of today.
            segment: a column of either; None for the column of the contracts that distinguishes them best.
            declared: names of columns, from the mapping, in the reader's language.
            language: en or fr.

        Raises:
            ParameterError: `segment` is in neither table.
        """
        given = spells if "entry_days" in spells.columns else spells.with_columns(entry_days=pl.lit(0.0))
        is_of_today = False
        if segment is not None and (segment not in given.columns or segment in NO_SEGMENTS):
            if segment not in customers.columns or segment in NO_SEGMENTS:
                known = sorted({*candidates(given), *customers.columns} - NO_SEGMENTS)
                raise ParameterError.unknown("segment", segment, known, where="segment")
            given, is_of_today = (
                given.join(customers.select("customer_id", segment), on="customer_id", how="left", maintain_order="left"),
                True,
            )
        columns = candidates(given) if segment is None else (segment,)
        ways = {name: Segments.of(given, name) for name in columns}
        tried = told_apart({name: _codes(given, one) for name, one in ways.items()}, *_lifetimes(given))
        chosen = ways[next(iter(tried))] if tried else ways.get(segment or "")
        return cls(
            spells=given,
            tried=tried,
            segments=chosen,
            declared=declared,
            is_named=segment is not None,
            is_of_today=is_of_today,
            language=language,
        )

    @property
    def name(self) -> str:
        """The column that defines the segments, in words."""
        return "" if self.segments is None else self._named(self.segments.column)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the segments."""
        return () if self.segments is None else value_names(self.segments, self.language)

    def headlines(self) -> Headlines:
        """Return the main findings: which segments, how clear, how far apart, and their caveats."""
        if not self.tried:
            return Headlines((self._say("one_segment", name=self.name) if self.is_named else self._say("no_segments"),))
        first = next(iter(self.tried.values()))
        key = "named" if self.is_named else "chosen" if first.p_adjusted < CLEAR else "unclear"
        sentences = [self._say(key, name=self.name, p=self._p(first.p_adjusted), tried=len(self.tried)), *self._apart()]
        if self._cross:
            sentences.append(self._say("crossing"))
        return Headlines((*sentences, *self._cautions()))

    def ways(self) -> SummaryTable | Gallery:
        """Return the test of every column that was tried, the clearest first."""
        if not self.tried:
            return Gallery(())
        rows = [
            {
                "name": self._named(column),
                "segments": len(one.test.groups),
                "chi2": one.test.chi2,
                "df": one.test.degrees_of_freedom,
                "p": one.test.p_value,
                "p_adjusted": one.p_adjusted,
            }
            for column, one in self.tried.items()
        ]
        columns = (
            Shown("name", self._say("segmented_by")),
            Shown("segments", self._say("segments"), "count"),
            Shown("chi2", self._say("chi2"), "number", 1),
            Shown("df", self._say("df"), "count"),
            Shown("p", self._say("p_value"), "p_value"),
            *(() if self.is_named else (Shown("p_adjusted", self._say("p_adjusted"), "p_value"),)),
        )
        notes = () if self.is_named else (self._say("holm_note", tried=len(self.tried)),)
        return self._table(rows, columns, self._say("ways"), notes=notes)

    def curves(self) -> Gallery:
        """Return the curve of each segment, with the number at risk below."""
        from relkit.plots.survival import plot_survival

        curves = self._curves
        if len(curves) < 2:
            return Gallery((), "" if not self.tried else self._say("no_curves"))
        named = {self.names[place]: curve for place, curve in curves.items()}
        rest = self.names[-1] if self.segments is not None and self.segments.has_others else ""
        title = self._say("curves", name=self.name)
        drawn = plot_survival(named, title=title, at_least=SMALLEST_GROUP, rest=rest, language=self.language)
        return Gallery((Picture(drawn, self._say("c_curves", smallest=SMALLEST_GROUP)),))

    def tests(self) -> SummaryTable | Gallery:
        """Return tests of early and of late ages next to the log-rank test, if curves cross; nothing otherwise."""
        if not self._cross or self.segments is None:
            return Gallery(())
        code = _codes(self.spells, self.segments)
        duration, event, entry = (values[code >= 0] for values in _lifetimes(self.spells))
        weighted = {
            "all_ages": log_rank(duration, event, code[code >= 0], entry),
            "early_ages": log_rank(duration, event, code[code >= 0], entry, weighting="fleming_harrington", rho=1),
            "late_ages": log_rank(duration, event, code[code >= 0], entry, weighting="fleming_harrington", gamma=1),
        }
        adjusted = holm([test.p_value for test in weighted.values()])
        rows = [
            {"test": self._say(key), "chi2": test.chi2, "df": test.degrees_of_freedom, "p": test.p_value, "p_adjusted": p}
            for (key, test), p in zip(weighted.items(), adjusted.tolist(), strict=True)
        ]
        columns = (
            Shown("test", self._say("test")),
            Shown("chi2", self._say("chi2"), "number", 1),
            Shown("df", self._say("df"), "count"),
            Shown("p", self._say("p_value"), "p_value"),
            Shown("p_adjusted", self._say("p_adjusted"), "p_value"),
        )
        return self._table(rows, columns, self._say("tests", name=self.name), notes=(self._say("tests_note"),))

    def lasting(self) -> SummaryTable | Gallery:
        """Return the mean months that each segment lasts within the stretch, and their difference from the largest segment."""
        found = self._lasting
        if found is None:
            return Gallery(())
        days, reference, lasting = found
        rows = [
            {"name": self.names[place], "contracts": contracts, "ended": _shown(ended), **_numbers(lasting.get(place))}
            for place, (contracts, ended) in self._counts.items()
        ]
        columns = (
            Shown("name", self._say("segment")),
            Shown("contracts", self._say("contracts"), "count"),
            Shown("ended", self._say("ended"), "count"),
            Shown("mean", self._say("mean_months"), "number", 1),
            Shown("low", self._say("low"), "number", 1),
            Shown("high", self._say("high"), "number", 1),
            Shown("gap", self._say("gap", name=self.names[reference]), "number", 1),
            Shown("gap_low", self._say("low"), "number", 1),
            Shown("gap_high", self._say("high"), "number", 1),
            Shown("p", self._say("p_adjusted"), "p_value"),
        )
        caption = self._say("lasting", months=round(days / DAYS_PER_MONTH), name=self.name)
        notes = [self._say("lasting_note", months=round(days / DAYS_PER_MONTH))]
        if any(row["ended"] is None for row in rows):
            notes.append(self._say("few_ended", smallest=SMALLEST_GROUP))
        return self._table(rows, columns, caption, count="contracts", notes=tuple(notes))

    def differences(self) -> Gallery:
        """Return the differences as a picture."""
        from relkit.plots.dots import Dots, plot_dots

        found = self._lasting
        gaps = {} if found is None else {place: one.difference for place, one in found[2].items() if one.difference is not None}
        if found is None or not gaps:
            return Gallery(())
        days, reference, _ = found
        bounds = [
            pl.Series([getattr(gap, part) / DAYS_PER_MONTH for gap in gaps.values()]).to_numpy() for part in ("estimate", "lower", "upper")
        ]
        drawn = plot_dots(
            [self.names[place] for place in gaps],
            [Dots(value=bounds[0], lower=bounds[1], upper=bounds[2])],
            title=self._say("differences", months=round(days / DAYS_PER_MONTH)),
            x_label=self._say("gap", name=self.names[reference]),
            reference=0.0,
            sides=(self._say("shorter"), self._say("longer")),
            muted=[bool(low <= 0 <= high) for low, high in zip(*bounds[1:], strict=True)],
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_differences", name=self.names[reference])),))

    def places(self, frame: pl.DataFrame, customers: pl.DataFrame | None = None) -> pl.Series | None:
        """Return the segment of each row of other contracts, e.g. those of an earlier day; None if there are no segments."""
        if self.segments is None:
            return None
        column = self.segments.column
        if self.is_of_today and customers is not None and column not in frame.columns:
            frame = frame.join(customers.select("customer_id", column), on="customer_id", how="left", maintain_order="left")
        return self.segments.places(frame) if column in frame.columns else None

    def _apart(self) -> list[str]:
        """Return the difference between the segments that last longest and shortest."""
        found = self._lasting
        if found is None:
            return []
        known = {place: one.mean.estimate for place, one in found[2].items() if one.mean is not None}
        longest, shortest = max(known, key=lambda place: known[place]), min(known, key=lambda place: known[place])
        if len(known) < 2 or known[longest] == known[shortest]:
            return []
        months = {"longest": known[longest] / DAYS_PER_MONTH, "shortest": known[shortest] / DAYS_PER_MONTH}
        written = {name: number(value, self.language, 1) for name, value in months.items()}
        gap = number((known[longest] - known[shortest]) / DAYS_PER_MONTH, self.language, 1)
        who = {"who_longest": self._who(longest), "who_shortest": self._who(shortest)}
        return [self._say("apart", months=round(found[0] / DAYS_PER_MONTH), gap=gap, **written, **who)]

    def _cautions(self) -> list[str]:
        """Return the caveats to read before the segments."""
        late = [self._quoted(place) for place in self._counts if place not in self._curves]
        alive = [self._quoted(place) for place, (_, ended) in self._counts.items() if not ended]
        lines = [self._say("late", names=", ".join(late), smallest=SMALLEST_GROUP)] if late else []
        lines += [self._say("nobody", names=", ".join(alive))] if alive else []
        lines += [self._say("of_today")] if self.is_of_today else []
        return lines + ([self._say("left_out", smallest=SMALLEST_GROUP)] if self.segments is not None and self.segments.left_out else [])

    @property
    def _counts(self) -> dict[int, tuple[int, int]]:
        """Contracts and ends of each segment."""
        if self.segments is None:
            return {}
        rows = self.spells.select(self.segments.places(self.spells), "event").drop_nulls("segment").group_by("segment")
        return {place: (n, ended) for place, n, ended in rows.agg(n=pl.len(), ended=pl.col("event").sum()).sort("segment").iter_rows()}

    @property
    def _curves(self) -> dict[int, SurvivalCurve]:
        if self.segments is None or not self.tried:
            return {}
        return curves_by_segment(_codes(self.spells, self.segments), *_lifetimes(self.spells), smallest=SMALLEST_GROUP)

    @property
    def _cross(self) -> bool:
        return cross(list(self._curves.values()), smallest=SMALLEST_GROUP)

    @property
    def _lasting(self) -> tuple[float, int, dict[int, Lasting]] | None:
        """The stretch in days, the segment that others are compared with, and how long each lasts; None if none can be estimated."""
        curves, counts = self._curves, self._counts
        ages = [months * DAYS_PER_MONTH for months in AGES_MONTHS]
        days = stretch(list(curves.values()), ages, least=LEAST_MONTHS * DAYS_PER_MONTH, smallest=SMALLEST_GROUP)
        if days is None:
            return None
        seen = [place for place, curve in curves.items() if seen_until(curve, smallest=SMALLEST_GROUP) >= days]
        reference = max(seen, key=lambda place: counts[place][0])
        return days, reference, days_lived(curves, days, reference, smallest=SMALLEST_GROUP)

    def _named(self, column: str) -> str:
        return segment_name(column, self.declared, self.language)

    def _who(self, place: int) -> str:
        """Return a segment as it is named in a sentence: its column and its value."""
        return Text("{name}: {value}", "{name} : {value}")[self.language].format(name=self.name, value=self.names[place])

    def _quoted(self, place: int) -> str:
        return Text("“{who}”", "« {who} »")[self.language].format(who=self._who(place))

    def _p(self, value: float) -> str:
        return p_value(value, self.language)

    def _table(self, rows: list[dict[str, Any]], columns: tuple[Shown, ...], caption: str, **more: Any) -> SummaryTable:
        frame = pl.DataFrame(rows, infer_schema_length=None)
        return SummaryTable(frame=frame, columns=columns, caption=caption, language=self.language, **more)

    def _say(self, key: str, **values: Any) -> str:
        written = {name: number(value, self.language) if isinstance(value, int) else value for name, value in values.items()}
        text = TEXTS[key][self.language].format(**written)
        return text[:1].upper() + text[1:]


def _codes(spells: pl.DataFrame, segments: Segments) -> Indexes:
    """Return the place of each contract's segment, -1 for none."""
    codes: Indexes = segments.places(spells).fill_null(-1).cast(pl.Int64).to_numpy()
    return codes


def _lifetimes(spells: pl.DataFrame) -> tuple[Any, Any, Any]:
    """Return duration, event and entry as arrays."""
    return spells["duration_days"].to_numpy(), spells["event"].to_numpy(), spells["entry_days"].fill_null(0.0).to_numpy()


def _shown(ended: int) -> int | None:
    """Return a number of ends; None if it is small enough to reveal a person."""
    return None if 0 < ended < SMALLEST_GROUP else ended


def _numbers(lasting: Lasting | None) -> dict[str, float | None]:
    """Return the months lived with their bounds, the difference with its bounds, and its p-value."""
    none = dict.fromkeys(("mean", "low", "high", "gap", "gap_low", "gap_high", "p"))
    if lasting is None or lasting.mean is None:
        return none
    mean, gap = lasting.mean, lasting.difference
    lived = {"mean": mean.estimate / DAYS_PER_MONTH, "low": mean.lower / DAYS_PER_MONTH, "high": mean.upper / DAYS_PER_MONTH}
    bounds = {} if gap is None else {"gap": gap.estimate, "gap_low": gap.lower, "gap_high": gap.upper}
    apart = {name: value / DAYS_PER_MONTH for name, value in bounds.items()} | {"p": lasting.p_adjusted}
    return {**none, **lived, **apart}

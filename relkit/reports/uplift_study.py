"""Learners of uplift next to their peers, from the table that a benchmark wrote: it has no row of the data.

study = UpliftStudy.read(None, language="fr")
study.headlines(), study.medians(), study.mails(), study.errors(), study.rankings(), study.apart()

The table of this machine (`out/benchmarks/uplift.json`) is shown if there is one, else the one published with the code
(`docs/uplift.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from relkit.plots.style import number
from relkit.reports.benchmark_table import BenchmarkStudy, BenchmarkTable
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable, day_in_words
from relkit.reports.uplift_study_texts import DESIGNS, LEARNERS, MAILS, PACKAGES, TEXTS
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = 1
COMMAND = "make bench-uplift"
MEASURES = ("pehe", "qini")
"""Error of the effects, over their spread, and Qini by the true effects."""
PER_CUSTOMERS = 1000


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The default's figure less that of a peer, with its interval.

    Examples:
        >>> Gap(peer="x_causalml", difference=0.2, lower=-0.1, upper=0.5).side
        0
    """

    peer: str
    difference: float
    lower: float
    upper: float

    @property
    def side(self) -> int:
        """1 if the interval is above 0, -1 if it is below, 0 if it includes 0."""
        return int(self.lower > 0) - int(self.upper < 0)


def _is_known(found: Any) -> bool:
    if found["format"] != FORMAT or not found["designs"] or not found["hillstrom"]:
        return False
    halvings = [each for mail in found["hillstrom"].values() for each in mail.values()]
    return all(halvings) and all(set(_PARTS.values()) <= set(figures) for each in halvings for figures in each.values())


TABLE = BenchmarkTable(name="uplift.json", command=COMMAND, is_known=_is_known)
OWN_RUN, PUBLISHED = TABLE.own_run, TABLE.published


@dataclass(frozen=True, eq=False, kw_only=True)
class UpliftStudy(BenchmarkStudy):
    """The table of a benchmark: halvings of two e-mails, and designs with known effects."""

    source: ClassVar[BenchmarkTable] = TABLE
    texts: ClassVar = TEXTS

    def headlines(self) -> Headlines:
        """Return the comparisons that the intervals decide and those that they do not, or how to make the table."""
        if self.found is None:
            return Headlines((self._say("absent", command=COMMAND),))
        return Headlines((self._emails(), *map(self._mail, self._mails), self._chance(), self._known(), self._price()))

    def medians(self) -> SummaryTable | Gallery:
        """Return the median Qini of each learner over the halvings, and the counts of intervals on either side of 0."""
        if self.found is None:
            return Gallery(())
        columns = [Shown("learner", self._say("learner"))]
        for mail in self._mails:
            columns.append(Shown(mail, self._say("median", mail=MAILS[mail][self.language]), "number", 2))
            columns.append(Shown(f"{mail}_counts", self._say("counts")))
        rows = [self._median_row(name) for name in (self._default, *self._peers)]
        caption = self._say("t_medians", halvings=self._count(self._halvings))
        return self._table(rows, tuple(columns), caption, (self._say("n_medians"),))

    def mails(self) -> Gallery:
        """Return a picture of the paired differences in Qini for each e-mail, with a row for each halving."""
        return Gallery(() if self.found is None else tuple(Picture(self._drawn_mail(mail), self._say("c_mail")) for mail in self._mails))

    def errors(self) -> SummaryTable | Gallery:
        """Return the error of the default and its peers on the designs, with the paired differences and the CPU time."""
        return self._measured(
            "pehe", Shown("seeds", self._say("seeds"), "count"), Shown("cpu_seconds", self._say("cpu_seconds"), "number", 1)
        )

    def rankings(self) -> SummaryTable | Gallery:
        """Return the Qini by the true effects of the default and its peers, with the paired differences."""
        return self._measured("qini")

    def apart(self) -> Gallery:
        """Return the paired differences in error and in Qini on the designs."""
        return Gallery(() if self.found is None else tuple(Picture(self._drawn(name), self._say(f"c_{name}")) for name in MEASURES))

    def _emails(self) -> str:
        """Return the number of halvings in which the interval of the difference is above 0, includes it, or is below."""
        gaps = [gap for mail in self._mails for gap in self._gaps(mail)]
        shape = {"mails": len(self._mails), "peers": len(self._peers), "halvings": self._halvings, "all": len(gaps)}
        return self._say("hillstrom", **self._counts(shape), **self._sides(gaps))

    def _mail(self, mail: str) -> str:
        """Return the peers from which the default differs on an e-mail, with the number of halvings."""
        gaps = self._gaps(mail)
        outside = [gap.peer for gap in gaps if gap.side]
        names = (
            self._say("times", name=self._named(peer), count=self._count(outside.count(peer))) for peer in self._peers if peer in outside
        )
        counts = self._counts({"outside": len(outside), "all": len(gaps)})
        text = self._say("mail" if outside else "mail_none", mail=MAILS[mail][self.language], names=self._say("and").join(names), **counts)
        return text[0].upper() + text[1:]

    def _chance(self) -> str:
        """Return the number of intervals that would exclude 0 if no learner differed from another."""
        count = sum(len(self._gaps(mail)) for mail in self._mails)
        return self._say("chance", **self._counts({"all": count, "expected": round((1 - LEVEL) * count)}))

    def _known(self) -> str:
        """Return the verdicts on the designs; a smaller error is better, a higher Qini is."""
        gaps = {name: [gap for _, gap in self._design_gaps(name)] for name in MEASURES}
        error, ranking = self._sides(gaps["pehe"]), self._sides(gaps["qini"])
        return self._say(
            "known",
            all=self._count(len(gaps["pehe"])),
            error_better=error["below"],
            error_worse=error["above"],
            error_level=error["level"],
            qini_better=ranking["above"],
            qini_worse=ranking["below"],
            qini_level=ranking["level"],
        )

    def _price(self) -> str:
        """Return the least and the greatest CPU time of the default over the designs, and the median of the peers."""
        own = [each["cpu_seconds"] for _, name, each in self._learners() if name == self._default]
        others = [each["cpu_seconds"] for _, name, each in self._learners() if name != self._default]
        low, high = (number(value, self.language, 1) for value in (min(own), max(own)))
        return self._say("price", default=self._say("from_to", low=low, high=high), peers=number(median(others), self.language, 1))

    def _median_row(self, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"learner": self._named(name)}
        for mail in self._mails:
            row[mail] = PER_CUSTOMERS * median(each[name]["qini"] for each in self._table_of(mail).values())
            gaps = [gap for gap in self._gaps(mail) if gap.peer == name]
            row[f"{mail}_counts"] = self._say("of_counts", **self._sides(gaps)) if gaps else ""
        return row

    def _measured(self, measure: str, *others: Shown) -> SummaryTable | Gallery:
        if self.found is None:
            return Gallery(())
        columns = (
            *(Shown(name, self._say(name)) for name in ("design", "learner")),
            Shown("value", self._say(measure), "number", 3),
            Shown("less", self._say("less")),
            *others,
        )
        rows = [self._design_row(measure, *each) for each in self._learners()]
        return self._table(rows, columns, self._say(f"t_{measure}_of"), (self._say(f"n_{measure}"), self._made()))

    def _design_row(self, measure: str, design: str, name: str, each: Mapping[str, Any]) -> dict[str, Any]:
        less = each.get("default_less")
        missing = "" if name == self._default else "–"
        return {
            "design": DESIGNS[design][self.language],
            "learner": self._named(name),
            "value": each[measure],
            "less": self._interval(less[measure]) if less else missing,
            "seeds": each["seeds"],
            "cpu_seconds": each["cpu_seconds"],
        }

    def _interval(self, parts: tuple[float, float, float]) -> str:
        words = (("+" if round(part, 3) > 0 else "") + number(round(part, 3) + 0.0, self.language, 3) for part in parts)
        return self._say("interval", **dict(zip(("difference", "lower", "upper"), words, strict=True)))

    def _made(self) -> str:
        """Return the day and the software."""
        assert self.found is not None
        versions = ", ".join(f"{name} {version}" for name, version in self.found["versions"].items())
        return self._say("made", day=day_in_words(date.fromisoformat(self.found["made_on"]), self.language), versions=versions)

    def _drawn_mail(self, mail: str) -> Any:
        gaps = self._gaps(mail)
        rows = [self._halving(gap.peer, at % self._halvings) for at, gap in enumerate(gaps)]
        title = self._say("t_mail", mail=MAILS[mail][self.language])
        return self._dots(rows, gaps, title=title[0].upper() + title[1:], x_label=self._say("x_mail"), is_more_better=True)

    def _halving(self, peer: str, at: int) -> str:
        """Return the name of a row: that of the peer in its first one, and the number of the halving."""
        count = self._count(at + 1)
        return count if at else self._say("halving", name=self._named(peer), at=count)

    def _drawn(self, measure: str) -> Any:
        pairs = list(self._design_gaps(measure))
        rows = [self._say("row", learner=self._named(gap.peer), design=DESIGNS[design][self.language]) for design, gap in pairs]
        gaps = [gap for _, gap in pairs]
        title, x_label = self._say(f"t_{measure}"), self._say(f"x_{measure}")
        return self._dots(rows, gaps, title=title, x_label=x_label, is_more_better=measure == "qini")

    def _dots(self, rows: list[str], gaps: list[Gap], *, title: str, x_label: str, is_more_better: bool) -> Any:
        from relkit.plots.dots import Dots, plot_dots

        value, lower, upper = (pl.Series([getattr(gap, part) for gap in gaps]).to_numpy() for part in ("difference", "lower", "upper"))
        sides = (self._say("peer_better"), self._say("default_better"))
        return plot_dots(
            rows,
            [Dots(value=value, lower=lower, upper=upper)],
            title=title,
            x_label=x_label,
            reference=0.0,
            sides=sides if is_more_better else (sides[1], sides[0]),
            muted=[gap.side == 0 for gap in gaps],
            language=self.language,
        )

    def _gaps(self, mail: str) -> list[Gap]:
        """Return the differences in Qini on an e-mail, peer after peer, each in the order of the halvings."""
        found = [(peer, each[peer]) for peer in self._peers for each in self._table_of(mail).values()]
        return [Gap(peer=peer, **{part: PER_CUSTOMERS * each[key] for part, key in _PARTS.items()}) for peer, each in found]

    def _design_gaps(self, measure: str) -> Iterator[tuple[str, Gap]]:
        """Yield design and difference of each peer that has enough seeds for an interval."""
        for design, name, each in self._learners():
            if "default_less" in each:
                difference, lower, upper = each["default_less"][measure]
                yield design, Gap(peer=name, difference=difference, lower=lower, upper=upper)

    def _learners(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield design, name and figures of the default and the peers; our other learners are left out."""
        assert self.found is not None
        for row in self.found["designs"]:
            for name, each in row["learners"].items():
                if name == self._default or _is_peer(name):
                    yield row["design"], name, each

    def _named(self, name: str) -> str:
        if not _is_peer(name):
            return self._say("default")
        learner, _, package = name.partition("_")
        return self._say("peer", learner=LEARNERS[learner][self.language], package=PACKAGES[package])

    def _sides(self, gaps: list[Gap]) -> dict[str, str]:
        sides = [gap.side for gap in gaps]
        return self._counts({"above": sides.count(1), "level": sides.count(0), "below": sides.count(-1)})

    def _counts(self, counts: Mapping[str, int]) -> dict[str, str]:
        return {name: self._count(count) for name, count in counts.items()}

    def _count(self, count: int) -> str:
        return number(count, self.language)

    def _table(self, rows: list[dict[str, Any]], columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(frame=pl.DataFrame(rows), columns=columns, caption=caption, language=self.language, notes=notes)

    def _table_of(self, mail: str) -> dict[str, Any]:
        assert self.found is not None
        return dict(self.found["hillstrom"][mail])

    @property
    def _mails(self) -> tuple[str, ...]:
        assert self.found is not None
        return tuple(self.found["hillstrom"])

    @property
    def _halvings(self) -> int:
        return len(self._table_of(self._mails[0]))

    @property
    def _default(self) -> str:
        """Our learner in the halvings, where the benchmark has the default alone."""
        return next(name for name in self._first if not _is_peer(name))

    @property
    def _peers(self) -> tuple[str, ...]:
        return tuple(filter(_is_peer, self._first))

    @property
    def _first(self) -> dict[str, Any]:
        return dict(next(iter(self._table_of(self._mails[0]).values())))


_PARTS = {"difference": "default_less", "lower": "default_less_low", "upper": "default_less_high"}


def _is_peer(name: str) -> bool:
    """Return whether a learner is another package's; ours have their family before a dot."""
    return "." not in name

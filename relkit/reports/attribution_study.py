"""Models of attribution against the truth of a simulated world, from the table that a benchmark wrote.

study = AttributionStudy.read(None, language="fr")
study.headlines(), study.models(), study.errors(), study.channels(), study.coverage(), study.calibration()

The table of this machine (`out/benchmarks/attribution_truth.json`) is shown if there is one, else the one published with the code
(`docs/attribution_truth.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from relkit.models import catalogue
from relkit.plots.style import number, percent
from relkit.reports.attribution_study_texts import CHANNELS, TEXTS, WORLDS
from relkit.reports.benchmark_table import BenchmarkStudy, BenchmarkTable
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable, day_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = 1
COMMAND = "make bench-attribution-truth"
MEASURES = ("share", "paid_share", "conversions")
NULL = "null"
POINTS = 100


def _is_known(found: Any) -> bool:
    rows = found["errors"]
    return (
        found["format"] == FORMAT
        and bool(rows)
        and all(set(MEASURES) <= set(row) for row in (*rows, *found["errors_hidden"]))
        and bool(found["channels"])
    )


TABLE = BenchmarkTable(name="attribution_truth.json", command=COMMAND, is_known=_is_known)
OWN_RUN, PUBLISHED = TABLE.own_run, TABLE.published


@dataclass(frozen=True, eq=False, kw_only=True)
class AttributionStudy(BenchmarkStudy):
    """The table of a benchmark: errors of all models, coverage of one of them, and its calibration."""

    source: ClassVar[BenchmarkTable] = TABLE
    texts: ClassVar = TEXTS

    def headlines(self) -> Headlines:
        """Return the nearest model, the verdict on the judged one, and the gain from lift tests, or how to make the table."""
        if self.found is None:
            return Headlines((self._say("absent", command=COMMAND),))
        return Headlines(
            (self._nearest(), self._verdict(), *self._hidden(), *self._covered(), *map(self._lifted, self.found["calibration"]))
        )

    def models(self) -> SummaryTable | Gallery:
        """Return the errors of all models, the best first, and the paired differences of the judged one."""
        if self.found is None:
            return Gallery(())
        columns = (
            Shown("model", self._say("model")),
            *(Shown(key, self._say(key)) for key in ("share", "paid_share", "conversions")),
            Shown("less", self._say("less", judged=self._labelled(self._judged))),
            Shown("cpu_seconds", self._say("cpu_seconds"), "number", 2),
        )
        caption = self._say("t_models", companies=self._count(self._rows[0]["companies"]))
        return self._table([self._row(row) for row in self._rows], columns, caption, (self._say("n_models"), self._made()))

    def errors(self) -> Gallery:
        """Return a picture of the error of the shares of each model."""
        if self.found is None:
            return Gallery(())
        from relkit.plots.dots import plot_dots

        drawn = plot_dots(
            [self._labelled(row["model"]) for row in self._rows],
            [_dots([row["share"] for row in self._rows])],
            title=self._say("t_share"),
            x_label=self._say("x_share"),
            kind="share",
            reference=0.0,
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_share")),))

    def channels(self) -> Gallery:
        """Return the shares by channel next to the truth: those of the judged model, and those of the best of the others."""
        if self.found is None:
            return Gallery(())
        others = [row["model"] for row in self._rows if row["model"] != self._judged]
        return Gallery(tuple(Picture(self._drawn_channels(model), self._say("c_channels")) for model in (self._judged, *others[:1])))

    def coverage(self) -> Gallery:
        """Return a picture of how often the intervals contain the truth, by channel."""
        found = None if self.found is None else self._of_effects()
        if not found:
            return Gallery(())
        from relkit.plots.dots import plot_dots

        drawn = plot_dots(
            [self._channel(name) for name in found["channels"]],
            [_dots([each["inside"] for each in found["channels"].values()])],
            title=self._say("t_covered"),
            x_label=self._say("x_covered"),
            kind="share",
            reference=found["level"],
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_covered", level=percent(found["level"], self.language))),))

    def calibration(self) -> SummaryTable | Gallery:
        """Return the errors with and without the results of lift tests."""
        if self.found is None or not self.found["calibration"]:
            return Gallery(())
        rows = [
            {
                "world": WORLDS[each["world"]][self.language],
                "plain": self._points(each["plain"]["share"], signed=False),
                "tested": self._points(each["tested"]["share"], signed=False),
                "gain": self._points(each["tested_less_plain"]["share"]),
                "own": self._interval(each["tested_less_plain"]["tested_channels"], 0),
            }
            for each in self.found["calibration"]
        ]
        columns = tuple(Shown(key, self._say(key)) for key in ("world", "plain", "tested", "gain", "own"))
        return self._table(rows, columns, self._say("t_lift"), (self._say("n_lift"),))

    def _nearest(self) -> str:
        first, second = self._rows[:2]
        errors = {"error": first["share"][0], "next_error": second["share"][0]}
        return self._say(
            "nearest",
            model=self._labelled(first["model"]),
            next=self._labelled(second["model"]),
            companies=self._count(first["companies"]),
            **{key: number(POINTS * value, self.language, 1) for key, value in errors.items()},
        )

    def _verdict(self) -> str:
        """Return from how many models the judged one differs beyond the interval, on either side."""
        gaps = [row["judged_less_share"] for row in self._rows if row["judged_less_share"]]
        counts = {"below": sum(gap[2] < 0 for gap in gaps), "above": sum(gap[1] > 0 for gap in gaps), "all": len(gaps)}
        label = self._labelled(self._judged)
        return self._say("judged", judged=label[0].lower() + label[1:], **{key: self._count(value) for key, value in counts.items()})

    def _hidden(self) -> list[str]:
        """Return the errors of the judged model and of the best of the others where visits leave no trace, if they were measured."""
        assert self.found is not None
        errors = {row["model"]: row["share"][0] for row in self.found["errors_hidden"]}
        if not errors:
            return []
        own = errors.pop(self._judged)
        other = min(errors, key=errors.__getitem__)
        shown = {"error": own, "next_error": errors[other]}
        words = {key: number(POINTS * value, self.language, 1) for key, value in shown.items()}
        return [self._say("hidden", next=self._labelled(other), **words)]

    def _covered(self) -> list[str]:
        """Return the share of intervals that contain the truth, and zero in the world without effects, as far as they were measured."""
        assert self.found is not None
        sentences = []
        for world, found in self.found["coverage"].items():
            inside, lower, upper = (percent(part, self.language, 1) for part in found["inside"])
            counts = {key: self._count(found[key]) for key in ("pairs", "companies")} | {"channels": self._count(len(found["channels"]))}
            shares = {"inside": inside, "lower": lower, "upper": upper, "level": percent(found["level"], self.language)}
            sentences.append(self._say("null" if world == NULL else "covered", **counts, **shares))
        return sentences

    def _lifted(self, each: Mapping[str, Any]) -> str:
        difference, lower, upper = each["tested_less_plain"]["share"]
        key = "lift_better" if upper < 0 else "lift_worse" if lower > 0 else "lift_level"
        values = {"difference": difference, "lower": lower, "upper": upper}
        shown = {name: self._signed(POINTS * value, 2) for name, value in values.items()}
        return self._say(
            key, channels=self._say("and").join(map(self._channel, each["channels"])), world=WORLDS[each["world"]][self.language], **shown
        )

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        less = row["judged_less_share"]
        return {
            "model": self._labelled(row["model"]),
            **{key: self._points(row[key], signed=False) for key in ("share", "paid_share")},
            "conversions": self._interval(row["conversions"], 0, signed=False),
            "less": self._points(less) if less else "",
            "cpu_seconds": row["cpu_seconds"],
        }

    def _drawn_channels(self, model: str) -> Any:
        from relkit.plots.dots import Dots, plot_dots

        assert self.found is not None
        channels, label = self.found["channels"], self._labelled(model)
        return plot_dots(
            [self._channel(each["channel"]) for each in channels],
            [
                Dots(value=_array(each["share"] for each in channels), label=self._say("truth")),
                Dots(value=_array(each["models"][model]["share"] for each in channels), label=label),
            ],
            title=self._say("t_channels", model=label),
            x_label=self._say("x_channels"),
            kind="share",
            language=self.language,
        )

    def _of_effects(self) -> dict[str, Any]:
        """Return the coverage in the world with effects; empty if it was not measured."""
        assert self.found is not None
        return dict(next((found for world, found in self.found["coverage"].items() if world != NULL), {}))

    def _points(self, parts: Sequence[float], *, signed: bool = True) -> str:
        return self._interval([POINTS * part for part in parts], 2, signed=signed)

    def _interval(self, parts: Sequence[float], digits: int, *, signed: bool = True) -> str:
        words = [self._signed(part, digits) if signed else number(part, self.language, digits) for part in parts]
        return self._say("interval", **dict(zip(("difference", "lower", "upper"), words, strict=True)))

    def _signed(self, value: float, digits: int) -> str:
        return ("+" if round(value, digits) > 0 else "") + number(round(value, digits) + 0.0, self.language, digits)

    def _made(self) -> str:
        """Return the day and the software."""
        assert self.found is not None
        versions = ", ".join(f"{name} {version}" for name, version in self.found["versions"].items())
        return self._say("made", day=day_in_words(date.fromisoformat(self.found["made_on"]), self.language), versions=versions)

    def _labelled(self, model: str) -> str:
        """Return the label of a model, which reads as a name in both languages."""
        label: str = catalogue.settings_class(model).label[self.language]
        return label

    def _channel(self, name: str) -> str:
        return CHANNELS[name][self.language]

    def _count(self, count: int) -> str:
        return number(count, self.language)

    def _table(self, rows: list[dict[str, Any]], columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(frame=pl.DataFrame(rows), columns=columns, caption=caption, language=self.language, notes=notes)

    @property
    def _judged(self) -> str:
        assert self.found is not None
        return str(self.found["judged"])

    @property
    def _rows(self) -> list[dict[str, Any]]:
        assert self.found is not None
        return list(self.found["errors"])


def _array(values: Any) -> Any:
    return pl.Series(list(values), dtype=pl.Float64).to_numpy()


def _dots(spans: Sequence[Sequence[float]]) -> Any:
    """Return estimates with their intervals as a series of dots."""
    from relkit.plots.dots import Dots

    value, lower, upper = (_array(span[part] for span in spans) for part in range(3))
    return Dots(value=value, lower=lower, upper=upper)

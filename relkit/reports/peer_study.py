"""Our models next to those of other programs, from the table that a benchmark wrote: it has no row of the data.

study = PeerStudy.read(None, language="fr")
study.headlines(), study.order(), study.errors(), study.table(), study.circumstances()

The table of this machine (`out/benchmarks/telco_churn.json`) is shown if there is one, else the one published with
the code (`docs/telco_churn.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from relkit.models import catalogue
from relkit.plots.style import number, percent
from relkit.reports.benchmark_table import BenchmarkStudy, BenchmarkTable
from relkit.reports.peer_study_texts import NAMES, TEXTS
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, Shown, SummaryTable, day_in_words
from relkit.texts import Text, in_language

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
COMMAND = "make bench"
MEASURES = ("concordance", "integrated_brier_score")
PLAIN = "survival.kaplan_meier"
"""Ignores covariates: in the table, but so far off that pictures leave it out."""


def _is_known(found: Any) -> Any:
    return found["format"] == FORMAT and found["models"] and set(found["verdicts"]) == set(MEASURES)


TABLE = BenchmarkTable(name="telco_churn.json", command=COMMAND, is_known=_is_known)
OWN_RUN, PUBLISHED = TABLE.own_run, TABLE.published


@dataclass(frozen=True, eq=False, kw_only=True)
class PeerStudy(BenchmarkStudy):
    """The table of a benchmark."""

    source: ClassVar[BenchmarkTable] = TABLE
    texts: ClassVar = TEXTS

    def headlines(self) -> Headlines:
        """Return whether the best of ours is level with the best of theirs, by each measure, or how to make the table."""
        if self.found is None:
            return Headlines((self._say("absent", command=COMMAND),))
        verdicts = [self._verdict(measure, one) for measure, one in self.found["verdicts"].items()]
        return Headlines((*verdicts, self._say("time", **self._times())))

    def order(self) -> Gallery:
        """Return a picture of how well each model ranks customers."""
        return self._pictures("concordance", best_first=-1)

    def errors(self) -> Gallery:
        """Return a picture of the error of each model's probabilities."""
        return self._pictures("integrated_brier_score", best_first=1)

    def table(self) -> SummaryTable | Gallery:
        """Return every model with both measures, their intervals, their difference from the best of the others, and its time."""
        if self.found is None:
            return Gallery(())
        rows = [
            {
                "model": self._named(model["name"]),
                "maker": self._say(model["maker"]),
                **{measure: self._interval(model[measure]) for measure in MEASURES},
                **{f"{measure}_gap": self._interval(model[f"{measure}_above_best_peer"], signed=True) for measure in MEASURES},
                "seconds": model["cpu_seconds"],
            }
            for model in sorted(self.found["models"], key=lambda model: model["integrated_brier_score"]["estimate"])
        ]
        columns = (
            Shown("model", self._say("model")),
            Shown("maker", self._say("maker")),
            *(Shown(column, self._say(column)) for measure in MEASURES for column in (measure, f"{measure}_gap")),
            Shown("seconds", self._say("seconds"), "number", 2),
        )
        data = self.found["data"]
        note = self._say("intervals", level=percent(data["level"], self.language), resamples=number(data["resamples"], self.language))
        return self._table(rows, columns, self._say("table"), (note, self._say("time_note")))

    def circumstances(self) -> SummaryTable | Gallery:
        """Return the circumstances of the benchmark: data, date and software."""
        if self.found is None:
            return Gallery(())
        data = self.found["data"]
        first, last = (number(month, self.language) for month in data["months"])
        facts = {
            "measured_on": day_in_words(date.fromisoformat(self.found["measured_on"]), self.language),
            **{key: number(data[key], self.language) for key in ("customers_learnt", "customers_judged", "columns")},
            "months": self._say("from_to", first=first, last=last),
        }
        rows = [{"what": self._say(key), "value": value} for key, value in facts.items()]
        rows += [{"what": name, "value": value} for name, value in self.found["programs"].items()]
        columns = (Shown("what", self._say("what")), Shown("value", self._say("value")))
        return self._table(rows, columns, self._say("circumstances"))

    def _pictures(self, measure: str, *, best_first: int) -> Gallery:
        """Return a measure, and its difference from the best of the others, the best model on top."""
        if self.found is None:
            return Gallery(())
        models = [model for model in self.found["models"] if model["name"] != PLAIN]
        ranked = sorted(models, key=lambda model: best_first * model[measure]["estimate"])
        drawn = [
            Picture(self._drawn(ranked, measure, measure, None), self._say(f"c_{measure}")),
            Picture(self._drawn(ranked, f"{measure}_above_best_peer", f"{measure}_gap", 0.0), self._say("c_gap")),
        ]
        return Gallery(tuple(drawn))

    def _drawn(self, models: list[dict[str, Any]], key: str, label: str, reference: float | None) -> Any:
        from relkit.plots.dots import Dots, plot_dots

        value, lower, upper = (pl.Series([model[key][part] for model in models]).to_numpy() for part in ("estimate", "lower", "upper"))
        shorter = "lower_c" if "concordance" in key else "lower_error"
        longer = "higher_c" if "concordance" in key else "higher_error"
        return plot_dots(
            [self._named(model["name"]) for model in models],
            [Dots(value=value, lower=lower, upper=upper)],
            title=self._say(f"t_{label}"),
            x_label=self._say(label),
            reference=reference,
            sides=None if reference is None else (self._say(shorter), self._say(longer)),
            muted=[model["maker"] != "relkit" for model in models],
            language=self.language,
        )

    def _verdict(self, measure: str, one: Mapping[str, str]) -> str:
        assert self.found is not None
        models = {model["name"]: model for model in self.found["models"]}
        ours, theirs = models[one["ours"]], models[one["theirs"]]
        values = {
            "ours": self._named(one["ours"]),
            "theirs": self._named(one["theirs"]),
            "own": self._number(ours[measure]["estimate"]),
            "other": self._number(theirs[measure]["estimate"]),
            "gap": self._interval(ours[f"{measure}_above_best_peer"], signed=True),
        }
        return self._say(f"v_{measure}", **values) + " " + self._say(one["verdict"])

    def _times(self) -> dict[str, str]:
        """Return the seconds of the slowest and the median model of each side."""
        assert self.found is not None
        seconds = {maker: [m["cpu_seconds"] for m in self.found["models"] if m["maker"] == maker] for maker in ("relkit", "peer")}
        return {f"{maker}_most": number(max(values), self.language, 1) for maker, values in seconds.items()}

    def _interval(self, value: Mapping[str, float], *, signed: bool = False) -> str:
        parts = {name: self._number(part, signed=signed) for name, part in value.items()}
        return Text("{estimate} ({lower} to {upper})", "{estimate} (de {lower} à {upper})")[self.language].format(**parts)

    def _number(self, value: float, *, signed: bool = False) -> str:
        return ("+" if signed and value > 0 else "") + number(value, self.language, 4)

    def _named(self, name: str) -> str:
        named = in_language(NAMES, self.language)
        if name in named or name not in catalogue.names():
            return named.get(name, name)
        return catalogue.settings_class(name).label[self.language]

    def _table(self, rows: list[dict[str, Any]], columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...] = ()) -> SummaryTable:
        return SummaryTable(frame=pl.DataFrame(rows), columns=columns, caption=caption, language=self.language, notes=notes)

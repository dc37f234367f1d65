"""Content of the page on journeys to conversion: roles of channels, time to conversion, steps, and where journeys end.

page = CustomerJourneys(steps=in_words(steps, "fr"), untouched=120.0, lookback_days=30, open_since=..., currency="EUR", language="fr")
page.headlines(), page.roles(), page.lags(), page.step_pictures(), page.graph(), page.ends()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.assisted_conversions import assisted_conversions, small_channel_remarks
from relkit.features.conversion_lags import conversion_lags, journey_lags, lag_classes
from relkit.features.journey_ends import journey_ends
from relkit.features.journey_transitions import START, journey_transitions
from relkit.features.step_matrix import CONVERTED, LEFT, NOT_BEGUN, TOUCH, step_matrix
from relkit.plots.style import number, percent
from relkit.reports.customer_journeys_texts import TEXTS, channel_names
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.remarks import RemarkList
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, KeyFigures, Shown, SummaryTable

if TYPE_CHECKING:
    from datetime import datetime

    from relkit.remarks import Remark

MOST_CHANNELS = 10
"""Channels that the step matrix shows; tables show as many more rows."""
MOST_ROWS, MOST_TIMES = 20, 12


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerJourneys:
    """Journeys as a page shows them.

    Attributes:
        steps: of `relkit.features.journey_steps`, channels in words.
        untouched: conversions without a touch.
        lookback_days: days within which touches count.
        open_since: journeys without a conversion whose last touch is at this instant or later are still open.
        currency: ISO code of money.
        language: en or fr.
        noted: remarks on how the journeys were read.
    """

    steps: pl.DataFrame
    untouched: float
    lookback_days: float
    open_since: datetime | None
    currency: str
    language: str
    noted: tuple[Remark, ...] = ()

    @cached_property
    def assisted(self) -> pl.DataFrame:
        """Conversions that each channel closed and assisted."""
        return assisted_conversions(self.steps)

    @cached_property
    def lag_rows(self) -> pl.DataFrame:
        """Lags of converted journeys."""
        return journey_lags(self.steps)

    @cached_property
    def lag_figures(self) -> pl.DataFrame:
        """Quantiles of the lags."""
        return conversion_lags(self.lag_rows)

    @cached_property
    def matrix(self) -> pl.DataFrame:
        """The step matrix, both ways."""
        return step_matrix(self.steps)

    @cached_property
    def transitions(self) -> pl.DataFrame:
        """Steps between channels that enough journeys took."""
        return journey_transitions(self.steps).filter(pl.col("journeys") >= SMALLEST_GROUP)

    @cached_property
    def exits(self) -> pl.DataFrame:
        """Ends of journeys by channel."""
        return journey_ends(self.steps, open_since=self.open_since)

    @cached_property
    def last(self) -> pl.DataFrame:
        """The last touch of each journey, hence one row per journey."""
        return self.steps.filter(pl.col("from_end") == 1)

    def headlines(self) -> Headlines:
        """Return the main findings, in sentences."""
        if self.last.is_empty():
            return Headlines((self._say("nobody"),))
        if len(self.last) < SMALLEST_GROUP:
            return Headlines((self._say("few", smallest=SMALLEST_GROUP),))
        lines = [self._converted(), self._untouched(), self._lag(), self._closer(), self._opener(), self._exits()]
        return Headlines(tuple(line for line in lines if line))

    def key_figures(self) -> KeyFigures:
        """Return the large numbers."""
        if len(self.last) < SMALLEST_GROUP:
            return KeyFigures(())
        figures = [(self._number(len(self.last)), self._say("k_journeys"))]
        if len(self.lag_rows) >= SMALLEST_GROUP:
            whole = self.lag_figures.row(0, named=True)
            figures.append((self._percent(len(self.lag_rows) / len(self.last), 1), self._say("k_rate")))
            touches = float(self.lag_rows.select((pl.col("touches") * pl.col("conversions")).sum() / pl.col("conversions").sum()).item())
            figures += [(self._time(whole["days_q50"]), self._say("k_time")), (self._number(touches, 1), self._say("k_touches"))]
        return KeyFigures(tuple(figures))

    def remarks(self) -> RemarkList:
        """Return the remarks on how the journeys were read, and the warning on small channels."""
        return RemarkList((*self.noted, *small_channel_remarks(self.assisted)), self.language)

    def roles_picture(self) -> Gallery:
        """Return the conversions that channels close and assist, as bars."""
        from relkit.plots.journey_roles import plot_journey_roles

        shown = self.assisted.filter(pl.col("conversions") >= SMALLEST_GROUP)
        if shown.is_empty():
            return Gallery(())
        return Gallery((Picture(plot_journey_roles(shown, language=self.language), self._say("c_roles")),))

    def roles(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with values."""
        if self.assisted.is_empty():
            return Gallery(())
        rate = pl.col("converted_journeys") / pl.col("journeys")
        columns = (
            *(
                self._shown("channel"),
                self._shown("journeys", "count"),
                self._shown("rate", "share", 1),
                self._shown("conversions", "count"),
            ),
            *(self._shown(name, "count") for name in ("opened", "closed", "assisted")),
            *(self._shown("ratio", "number", 2), self._shown("closed_value", "money"), self._shown("assisted_value", "money")),
        )
        notes = (self._say("n_again"), *((self._say("n_small"),) if self.assisted["is_small"].any() else ()))
        return self._table(self.assisted.with_columns(rate=rate).head(MOST_ROWS), columns, "roles", "conversions", notes)

    def lag_pictures(self) -> Gallery:
        """Return the shares of conversions by days and by touches."""
        from relkit.plots.journey_lags import DAYS, TOUCHES, plot_journey_lags

        if len(self.lag_rows) < SMALLEST_GROUP:
            return Gallery(())
        classes = lag_classes(self.lag_rows).filter((pl.col("measure") == TOUCHES) | (pl.col("low") < self.lookback_days))
        days = self._say("c_days", days=self._number(self.lookback_days))
        captions = {DAYS: days, TOUCHES: self._say("c_touches")}
        drawn = {measure: plot_journey_lags(classes, measure=measure, language=self.language) for measure in captions}
        return Gallery(tuple(Picture(drawn[measure], caption) for measure, caption in captions.items()))

    def lags(self) -> SummaryTable | Gallery:
        """Return the quantiles of days and touches by the channel of the first touch."""
        if self.lag_rows.is_empty():
            return Gallery(())
        named = self.lag_figures.with_columns(pl.col("channel").fill_null(self._say("all")))
        columns = (
            *(Shown("channel", self._say("first_touch")), self._shown("conversions", "count"), self._shown("same_day", "share")),
            *(Shown(f"days_{quantile}", self._say(quantile), "number", 2) for quantile in ("q25", "q50", "q90")),
            Shown("touches_q50", self._say("touches50"), "number"),
        )
        return self._table(named.head(MOST_ROWS), columns, "lags", "conversions", ())

    def step_pictures(self) -> Gallery:
        """Return the step matrix from the start and back from the conversion."""
        return Gallery(tuple(picture for backward in (False, True) if (picture := self._steps(backward=backward)) is not None))

    def graph(self) -> Gallery:
        """Return the graph of the steps taken most."""
        from relkit.plots.journey_graph import plot_journey_graph

        if self.transitions.is_empty():
            return Gallery(())
        return Gallery((Picture(plot_journey_graph(self.transitions, language=self.language), self._say("c_graph")),))

    def times(self) -> SummaryTable | Gallery:
        """Return the time between two touches, of the steps taken most, and from the last touch to the conversion."""
        timed = self.transitions.filter(pl.col("origin_state") != START, pl.col("state") != LEFT).head(MOST_TIMES)
        if timed.is_empty():
            return Gallery(())
        columns = (
            *(Shown("origin", self._say("from")), Shown("channel", self._say("to")), Shown("journeys", self._say("times"), "count")),
            *(Shown("share", self._say("of_origin"), "share"), self._shown("median_days", "number", 2)),
        )
        named = timed.with_columns(pl.col("channel").fill_null(self._say("conversion")))
        return self._table(named, columns, "steps_table", "journeys", ())

    def ends(self) -> SummaryTable | Gallery:
        """Return the channels at which journeys end without a conversion."""
        if self.exits.is_empty():
            return Gallery(())
        if not self.exits["ended"].sum():
            return Gallery((), self._say("none_ended", n=self._number(float(self.exits["still_open"].sum()))))
        columns = (
            *(Shown("label", self._say("channel")), self._shown("touches", "count"), self._shown("ended", "count")),
            *(self._shown("share_of_ends", "share"), self._shown("exit_rate", "share", 1), self._shown("still_open", "count")),
        )
        notes = (self._say("n_open", days=self._number(self.lookback_days)),) if self.open_since else ()
        few = pl.col("still_open").is_between(1, SMALLEST_GROUP - 1)
        shown = self.exits.with_columns(still_open=pl.when(~few).then("still_open"))
        return self._table(shown.head(MOST_ROWS), columns, "ends", "ended", notes)

    def _steps(self, *, backward: bool) -> Picture | None:
        """Return one of the two step matrices; None if too few journeys have a second touch."""
        from relkit.plots.journey_step_matrix import plot_step_matrix

        sign = -1 if backward else 1
        own = self.matrix.filter(pl.col("step") * sign > 0).with_columns(step=pl.col("step") * sign)
        begun = own.filter(pl.col("state") == TOUCH).group_by("step").agg(pl.col("journeys").sum())
        steps = sorted(begun.filter(pl.col("journeys") >= SMALLEST_GROUP)["step"].to_list())
        if not steps:
            return None
        channels, states = self._channels(own), [NOT_BEGUN] if backward else [CONVERTED, LEFT]
        shares = _square(own, channels, states, steps)
        names = [*channels, *(self._say(f"state_{state}") for state in states)]
        drawn = plot_step_matrix(shares, rows=names, first_end=len(channels), backward=backward, language=self.language)
        return Picture(drawn, self._say("c_backward" if backward else "c_forward"))

    def _channels(self, matrix: pl.DataFrame) -> list[str]:
        """Return the channels with most touches in the matrix."""
        counted = matrix.drop_nulls("channel").group_by("channel").agg(pl.col("journeys").sum())
        return counted.sort(["journeys", "channel"], descending=[True, False]).head(MOST_CHANNELS)["channel"].to_list()

    def _converted(self) -> str:
        journeys, converted = len(self.last), len(self.lag_rows)
        if 0 < converted < SMALLEST_GROUP:
            return self._say("converted_few", journeys=self._number(journeys), smallest=SMALLEST_GROUP)
        counts = {"journeys": self._number(journeys), "converted": self._number(converted)}
        return self._say("converted", **counts, share=self._percent(converted / journeys, 1))

    def _untouched(self) -> str:
        conversions = float(self.last["conversions"].sum()) + self.untouched
        if conversions < SMALLEST_GROUP:
            return ""
        if not self.untouched:
            return self._say("all_touched", conversions=self._number(conversions), days=self._number(self.lookback_days))
        if self.untouched < SMALLEST_GROUP:
            few = {"smallest": SMALLEST_GROUP, "conversions": self._number(conversions)}
            return self._say("untouched_few", **few, days=self._number(self.lookback_days))
        counts = {"untouched": self._number(self.untouched), "conversions": self._number(conversions)}
        return self._say("untouched", **counts, share=self._percent(self.untouched / conversions), days=self._number(self.lookback_days))

    def _lag(self) -> str:
        if len(self.lag_rows) < SMALLEST_GROUP:
            return ""
        whole = self.lag_figures.row(0, named=True)
        words = {"time": self._time(whole["days_q50"]), "same_day": self._percent(whole["same_day"])}
        if whole["touches_q50"] <= 1:
            return self._say("lag_one", **words)
        return self._say("lag", **words, touches=self._number(whole["touches_q50"]))

    def _closer(self) -> str:
        enough = ~pl.col("is_small") & (pl.col("closed") >= SMALLEST_GROUP)
        ranked = self.assisted.filter(enough).sort(["closed", "channel"], descending=[True, False])
        if len(ranked) < 2:
            return ""
        row, all_closed = ranked.row(0, named=True), float(self.assisted["closed"].sum())
        return self._say(
            "closer", channel=row["channel"], closed=self._number(row["closed"]), share=self._percent(row["closed"] / all_closed)
        )

    def _opener(self) -> str:
        """Return the sentence on the channel with the highest ratio of those that prepare more than they close."""
        prepares = self.assisted.filter(~pl.col("is_small"), pl.col("assisted") > pl.col("closed"), pl.col("closed") >= SMALLEST_GROUP)
        ranked = prepares.sort(["ratio", "channel"], descending=[True, False])
        if ranked.is_empty():
            return ""
        row = ranked.row(0, named=True)
        return self._say("opener", channel=row["channel"], assisted=self._number(row["assisted"]), closed=self._number(row["closed"]))

    def _exits(self) -> str:
        enough = self.exits.filter(pl.col("ended") >= SMALLEST_GROUP)
        if len(enough) < 2:
            return ""
        known = float((self.exits["touches"] - self.exits["still_open"]).sum())
        row = enough.sort(["exit_rate", "label"], descending=[True, False]).row(0, named=True)
        everywhere = float(self.exits["ended"].sum()) / known
        return self._say("exits", channel=row["label"], rate=self._percent(row["exit_rate"], 1), all=self._percent(everywhere, 1))

    def _shown(self, name: str, kind: Any = "text", digits: int = 0) -> Shown:
        return Shown(name, self._say(name), kind, digits)

    def _table(self, frame: pl.DataFrame, columns: tuple[Shown, ...], caption: str, count: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(
            frame=frame,
            columns=columns,
            caption=self._say(caption),
            language=self.language,
            currency=self.currency,
            count=count,
            notes=notes,
        )

    def _time(self, days: float) -> str:
        """Return a time in minutes, hours or days, whichever it has at least two of."""
        for unit, a_day in (("time_days", 1), ("time_hours", 24)):
            if days * a_day >= 2:
                return self._say(unit, n=self._number(days * a_day, 1))
        return self._say("time_minutes", n=self._number(days * 24 * 60))

    def _number(self, value: float, digits: int = 0) -> str:
        return number(value, self.language, digits)

    def _percent(self, value: float, digits: int = 0) -> str:
        return percent(value, self.language, digits)

    def _say(self, key: str, **words: Any) -> str:
        return TEXTS[key][self.language].format(**words)


def in_words(steps: pl.DataFrame, language: str) -> pl.DataFrame:
    """Return steps with their channels in words."""
    names = channel_names(steps["channel"].unique().cast(pl.String).sort(), language)
    words = pl.col("channel").cast(pl.String).replace(names).cast(pl.Categorical)
    return steps.with_columns(channel=words)


def _square(matrix: pl.DataFrame, channels: list[str], states: list[str], steps: list[int]) -> Any:
    """Return the shares, shape (channels and states, steps); NaN for a cell of few journeys."""
    row = pl.coalesce(pl.lit("channel ") + pl.col("channel"), "state")  # a channel may be named like a state
    few = pl.col("journeys").is_between(1, SMALLEST_GROUP - 1)
    shown = matrix.select("step", row=row, share=pl.when(few).then(float("nan")).otherwise(pl.col("share")))
    names = pl.DataFrame({"row": [*(f"channel {name}" for name in channels), *states]})
    columns = [
        names.join(shown.filter(pl.col("step") == step), on="row", how="left", maintain_order="left")["share"].fill_null(0.0)
        for step in steps
    ]
    return pl.DataFrame([column.alias(str(step)) for column, step in zip(columns, steps, strict=True)]).to_numpy()

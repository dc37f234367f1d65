"""Content of the page on journeys beyond the purchase: losses, moments of truth, visits before store purchases, what contacts lead to.

page = CustomerMoments(moments=..., purchases=..., losses=..., answers=..., outcomes=..., as_of=..., currency="EUR", language="fr")
page.loss_headlines(), page.before_losses(), page.truth_picture(), page.visits(), page.after_contacts()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.features.moments_of_truth import moments_of_truth, scores_by_step
from relkit.features.next_behaviour import next_behaviour
from relkit.features.paths_to_losses import KIND_AND_CHANNEL, moments_before, paths_to_losses
from relkit.features.visits_before_stores import store_purchases, visits_before_stores
from relkit.file_column import channel_in_words
from relkit.metrics.intervals import bounds
from relkit.plots.style import number, percent
from relkit.reports.customer_journeys_moments_texts import TEXTS
from relkit.reports.customer_journeys_texts import LOSSES, OUTCOMES, kind_name, moment_name
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import SMALLEST_GROUP, Headlines, Shown, SummaryTable
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from relkit.periods import AsOf

MOST_ROWS = 15
FEWEST_CONTACTS = 100
"""Contacts with an outcome below which it is in no sentence."""
FEWEST_ANSWERS = 20
"""Answers after a moment below which it is not compared."""
BETWEEN = Text("{low} to {high}", "de {low} à {high}")


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerMoments:
    """Moments of customers, their satisfaction and their losses, as a page shows them.

    Attributes:
        moments: of `relkit.features.customer_moments`.
        purchases: of `relkit.features.customer_moments.purchases_of`; no row if there are none.
        losses: of `relkit.features.losses`.
        silence_days: of a long silence; None if there are no purchases.
        silence_given: whether those days were asked for.
        answers: of `relkit.features.moments_of_truth.survey_answers`; None without surveys.
        outcomes: of `relkit.features.next_behaviour.contact_outcomes`; None without contacts or outcomes.
        as_of: the cutoff.
        loss_days, answer_days, next_days: days before a loss, before an answer, after an outcome.
        currency: ISO code of money.
        language: en or fr.
    """

    moments: pl.DataFrame
    purchases: pl.DataFrame
    losses: pl.DataFrame
    silence_days: int | None
    silence_given: bool
    answers: pl.DataFrame | None
    outcomes: pl.DataFrame | None
    as_of: AsOf
    loss_days: int
    answer_days: int
    next_days: int
    currency: str
    language: str

    @cached_property
    def steps(self) -> pl.DataFrame:
        """The moments, those of a declared step of the journey under its name."""
        return self.moments.with_columns(kind=pl.coalesce("step", "kind"))

    @cached_property
    def preceding(self) -> pl.DataFrame:
        """Moments that precede losses, with 95 % bounds of the excess that hold for all moments of a loss at once, and is_more."""
        rows = moments_before(self.losses, self.steps, window_days=self.loss_days)
        if rows.is_empty():
            return rows
        parts = [_bounded(own, "excess", "excess_error") for own in rows.partition_by("loss", maintain_order=True)]
        return pl.concat(parts).with_columns(is_more=pl.col("lower") > 0)

    @cached_property
    def truth(self) -> pl.DataFrame:
        """Moments with enough answers, with bounds of their gap that hold for all at once."""
        assert self.answers is not None
        found = moments_of_truth(self.answers, self.steps, self.purchases, self.as_of, window_days=self.answer_days)
        several = (pl.col("answers") >= FEWEST_ANSWERS) & (pl.col("respondents") >= SMALLEST_GROUP)
        enough = found.filter(several, pl.col("gap").is_not_null()).with_columns(_unless_few("customers"))
        if enough.is_empty():
            return enough
        return _bounded(enough, "gap", "gap_error").with_columns(
            verdict=pl.when(pl.col("lower") > 0).then(1).when(pl.col("upper") < 0).then(-1).otherwise(0)
        )

    @cached_property
    def store_visits(self) -> pl.DataFrame:
        """Store purchases after a visit, by window."""
        return visits_before_stores(self.moments, self.purchases)

    @cached_property
    def following(self) -> pl.DataFrame:
        """Behaviour of customers after the outcome of a contact."""
        assert self.outcomes is not None
        return next_behaviour(self.outcomes, self.moments, self.as_of, window_days=self.next_days)

    def loss_headlines(self) -> Headlines:
        """Return, for each kind of loss, what precedes it most beyond what all customers have."""
        counts = self.losses.group_by("loss").agg(n=pl.len()).sort("loss")
        if counts.is_empty():
            return Headlines((self._say("no_losses"),))
        return Headlines(tuple(self._loss(loss, n) for loss, n in counts.iter_rows()))

    def before_losses(self) -> SummaryTable | Gallery:
        """Return the moments that precede losses more than chance explains."""
        if self.preceding.is_empty() or (more := self.preceding.filter("is_more")).is_empty():
            return Gallery(())
        named = more.with_columns(
            *(self._moment(), pl.col("loss").replace_strict(self._words(LOSSES), default=pl.col("loss"), return_dtype=pl.String)),
            excess=100 * pl.col("excess"),
            interval=_interval(100 * more["lower"], 100 * more["upper"], self.language, 1),
        )
        columns = (
            *(self._shown("loss"), self._shown("moment"), self._shown("preceded", "count"), self._shown("share", "share")),
            *(self._shown("base_share", "share", 1), self._shown("excess", "number", 1), self._shown("interval", "figure")),
        )
        notes = (self._say("n_cause"), *self._silence())
        return self._table(named.head(2 * MOST_ROWS), columns, self._say("before_losses", days=self.loss_days), "preceded", notes)

    def loss_paths(self, loss: str) -> SummaryTable | Gallery:
        """Return the paths that lead to one kind of loss, alongside those of other customers in the same days.

        Raises:
            ParameterError: an unknown loss.
        """
        from relkit.errors import ParameterError

        if loss not in LOSSES:
            raise ParameterError.unknown("loss", loss, LOSSES, where="loss")
        own = self.losses.filter(pl.col("loss") == loss)
        found = paths_to_losses(own, self.steps, window_days=self.loss_days).filter(pl.col("losses") >= SMALLEST_GROUP)
        if found.is_empty():
            return Gallery((), self._say("no_loss" if own.is_empty() else "few_losses", loss=LOSSES[loss][self.language]))
        few = pl.col("others").is_between(1, SMALLEST_GROUP - 1)
        named = found.head(MOST_ROWS).with_columns(
            path=pl.Series([self._path(path) for path in found["path"].head(MOST_ROWS)], dtype=pl.String),
            base_share=pl.when(~few).then("base_share"),
        )
        columns = (
            *(self._shown("path"), self._shown("losses", "count"), self._shown("share", "share", 1)),
            Shown("base_share", self._say("others"), "share", 1),
        )
        return self._table(named, columns, self._say("loss_paths", loss=LOSSES[loss][self.language]), "losses", self._silence(loss))

    def truth_headlines(self) -> Headlines:
        """Return the irritants and strong points beyond chance."""
        if self.answers is None or self.answers.is_empty():
            return Headlines((self._say("no_surveys"),))
        if len(self.truth) < 2:
            return Headlines((self._say("few_answers", n=FEWEST_ANSWERS, days=self.answer_days),))
        lines = [self._gap(row) for row in self.truth.filter(pl.col("verdict") != 0).iter_rows(named=True)]
        counts = {"n": len(self.truth), "answers": self._number(float(self.truth["answers"].sum()))}
        return Headlines(tuple(lines) or (self._say("even", **counts),))

    def truth_picture(self) -> Gallery:
        """Return the gap of each moment, with its interval."""
        from relkit.plots.dots import Dots, plot_dots

        if self.answers is None or len(self.truth) < 2:
            return Gallery(())
        names = self.truth.select(self._moment())["moment"].to_list()
        value, lower, upper = (self.truth[name].to_numpy() for name in ("gap", "lower", "upper"))
        drawn = plot_dots(
            names,
            [Dots(value=value, lower=lower, upper=upper)],
            title=self._say("truth"),
            x_label=self._say("gap"),
            reference=0.0,
            sides=(self._say("better"), self._say("worse")),
            muted=[verdict == 0 for verdict in self.truth["verdict"]],
            language=self.language,
        )
        return Gallery((Picture(drawn, self._say("c_truth")),))

    def truth_table(self) -> SummaryTable | Gallery:
        """Return the moments with their scores, volume, revenue and stake, the highest stake first."""
        if self.answers is None or len(self.truth) < 2:
            return Gallery(())
        columns = (
            *(self._shown("moment"), self._shown("answers", "count"), self._shown("score", "number", 1)),
            *(Shown("gap", self._say("gap_short"), "number", 2), self._shown("interval", "figure"), self._shown("customers", "count")),
            *(self._shown("revenue_each", "money"), self._shown("stake", "money")),
        )
        named = self.truth.with_columns(
            self._moment(),
            interval=_interval(self.truth["lower"], self.truth["upper"], self.language, 2),
            stake=pl.when(pl.col("verdict") != 0).then("stake"),
        )
        return self._table(named.head(MOST_ROWS), columns, self._say("truth"), "answers", (self._say("n_stake"),))

    def asked_table(self) -> SummaryTable | Gallery:
        """Return the scores by the step that customers were asked about; nothing if there are no two steps."""
        if self.answers is None or len(rows := scores_by_step(self.answers)) < 2:
            return Gallery(())
        bounded = _bounded(rows, "gap", "gap_error")
        named = bounded.with_columns(interval=_interval(bounded["lower"], bounded["upper"], self.language, 2))
        columns = (
            *(self._shown("asked"), self._shown("answers", "count"), Shown("score", self._say("score_asked"), "number", 1)),
            *(Shown("gap", self._say("gap_short"), "number", 2), self._shown("interval", "figure")),
        )
        return self._table(named.head(MOST_ROWS), columns, self._say("by_step"), "answers", (self._say("n_asked"),))

    def visit_headlines(self) -> Headlines:
        """Return the share of store purchases after a visit, for the longest window."""
        if store_purchases(self.purchases).is_empty():
            return Headlines((self._say("no_stores"),))
        row = self.store_visits.row(-1, named=True)
        if not row["base_share"]:
            return Headlines((self._say("no_visits"),))
        if row["preceded"] < SMALLEST_GROUP:
            few = {"smallest": SMALLEST_GROUP, "n": self._number(row["events"]), "days": row["window_days"]}
            return Headlines((self._say("visited_few", **few),))
        shares = {"share": percent(row["share"], self.language, 1), "base": percent(row["base_share"], self.language, 1)}
        return Headlines((self._say("visited", **shares, n=self._number(row["events"]), days=row["window_days"]),))

    def visit_picture(self) -> Gallery:
        """Return the shares by window, alongside the base rate."""
        from relkit.plots.dots import Dots, plot_dots

        if not self._has_visits:
            return Gallery(())
        rows = self.store_visits.with_columns(share=pl.when(pl.col("preceded") >= SMALLEST_GROUP).then("share").fill_null(float("nan")))
        days = [self._say("row_one") if day == 1 else self._say("row", days=day) for day in rows["window_days"]]
        series = [
            Dots(value=rows["share"].to_numpy(), label=self._say("before_purchase")),
            Dots(value=rows["base_share"].to_numpy(), label=self._say("any_time")),
        ]
        title, label = self._say("visits"), self._say("share_with_visit")
        drawn = plot_dots(days, series, title=title, x_label=label, kind="share", language=self.language)
        return Gallery((Picture(drawn, self._say("c_visits")),))

    def visits(self) -> SummaryTable | Gallery:
        """Return the same in numbers, with the excess."""
        if not self._has_visits:
            return Gallery(())
        rows = _bounded(self.store_visits, "excess", "excess_error", at_once=False)
        interval = _interval(100 * rows["lower"], 100 * rows["upper"], self.language, 1)
        named = rows.with_columns(excess=100 * pl.col("excess"), interval=interval)
        columns = (
            *(Shown("window_days", self._say("window"), "number"), Shown("events", self._say("purchases"), "count")),
            *(Shown("preceded", self._say("follow"), "count"), self._shown("share", "share", 1)),
            *(
                Shown("base_share", self._say("any_time"), "share", 1),
                self._shown("excess", "number", 1),
                self._shown("interval", "figure"),
            ),
        )
        return self._table(named, columns, self._say("visits"), "preceded", ())

    def next_headlines(self) -> Headlines:
        """Return, for each channel, the outcomes after which customers buy most and least."""
        if self.outcomes is None or self.following.is_empty():
            return Headlines((self._say("no_outcomes"),))
        rates = self._behaviours().filter(pl.col("contacts") >= FEWEST_CONTACTS)
        if "purchase" not in rates.columns:
            return Headlines(())
        known = rates.drop_nulls("purchase").sort(["purchase", "outcome"], descending=[True, False])
        channels = [own for own in known.partition_by("channel", maintain_order=True) if len(own) > 1]
        lines = tuple(self._next(own) for own in channels if _differ(own))
        return Headlines(lines or ((self._say("next_even"),) if channels else ()))

    def after_contacts(self) -> SummaryTable | Gallery:
        """Return the share of customers who buy, visit, click or do nothing next, by channel and outcome."""
        if self.outcomes is None or self.following.is_empty():
            return Gallery(())
        wide = self._behaviours()
        kinds = [name for name in wide.columns if name not in {"channel", "outcome", "contacts"}]
        labels = [Shown(name, kind_name(name, self.language), "share", 1) for name in kinds]
        columns = (self._shown("channel"), self._shown("outcome"), self._shown("contacts", "count"), *labels)
        named = wide.with_columns(
            pl.col("outcome").replace_strict(self._words(OUTCOMES), default=pl.col("outcome"), return_dtype=pl.String)
        )
        return self._table(named.head(2 * MOST_ROWS), columns, self._say("after", days=self.next_days), "contacts", (self._say("n_next"),))

    @property
    def _has_visits(self) -> bool:
        return not store_purchases(self.purchases).is_empty() and bool(self.store_visits["base_share"].sum())

    def _behaviours(self) -> pl.DataFrame:
        """Return one row per outcome with the share of each behaviour that enough customers show; null for a cell of few."""
        rows = self.following.with_columns(whole=pl.col("contacts").sum().over("channel", "outcome"))
        few = pl.col("contacts") < SMALLEST_GROUP
        shown = rows.with_columns(share=pl.when(~few).then("share"))
        used = shown.filter(~few).group_by("next").agg(n=pl.col("contacts").sum()).sort(["n", "next"], descending=[True, False])
        kinds = used["next"].to_list()
        wide = shown.filter(pl.col("next").is_in(kinds)).pivot(
            "next", on_columns=kinds, index=["channel", "outcome", "whole"], values="share"
        )
        return wide.rename({"whole": "contacts"}).select("channel", "outcome", "contacts", *kinds)

    def _next(self, rates: pl.DataFrame) -> str:
        """Return the sentence on one channel; the outcomes are in order of the share who buy next."""
        most, least = rates.row(0, named=True), rates.row(-1, named=True)
        words = {key: OUTCOMES[row["outcome"]][self.language] for key, row in (("outcome", most), ("other", least))}
        shares = {key: percent(row["purchase"], self.language, 1) for key, row in (("share", most), ("less", least))}
        return self._say("next", channel=channel_in_words(most["channel"])[self.language], **words, **shares, days=self.next_days)

    def _loss(self, loss: str, n: int) -> str:
        name = LOSSES[loss][self.language]
        if n < SMALLEST_GROUP:
            return self._say("few_losses", loss=name)
        more = self.preceding.filter(pl.col("loss") == loss, pl.col("is_more")) if len(self.preceding) else self.preceding
        if more.is_empty():
            return self._say("nothing_before", loss=name, n=self._number(n))
        row = more.row(0, named=True)
        shares = {"share": percent(row["share"], self.language, 1), "base": percent(row["base_share"], self.language, 1)}
        moment = moment_name(row["kind"], row["channel"], self.language)
        return self._say("before_loss", loss=name, **shares, n=self._number(row["events"]), moment=moment, days=self.loss_days)

    def _gap(self, row: dict[str, Any]) -> str:
        moment = moment_name(row["kind"], row["channel"], self.language)
        gap = number(abs(row["gap"]), self.language, 1)
        if row["verdict"] < 0:
            return self._say("delight", moment=moment, gap=gap)
        if row["customers"] is None:
            return self._say("irritant_few", moment=moment, gap=gap)
        return self._say("irritant", moment=moment, gap=gap, customers=self._number(row["customers"]))

    def _silence(self, loss: str = "silence") -> tuple[str, ...]:
        if loss != "silence" or self.silence_days is None:
            return ()
        return (self._say("n_silence_given" if self.silence_given else "n_silence", days=self._number(self.silence_days)),)

    def _path(self, path: pl.Series | list[str]) -> str:
        """Return a path of moments in words."""
        parts = [label.partition(KIND_AND_CHANNEL) for label in path]
        words = [moment_name(kind, channel, self.language) for kind, _, channel in parts]
        return " > ".join(words) or self._say("no_moment")

    def _moment(self) -> pl.Expr:
        """Return the expression for a moment in words."""
        pair = pl.struct("kind", "channel")
        named = pair.map_elements(lambda row: moment_name(row["kind"], row["channel"], self.language), return_dtype=pl.String)
        return named.alias("moment")

    def _channel(self) -> pl.Expr:
        """Return the expression for a channel in words."""
        return pl.col("channel").map_elements(lambda name: channel_in_words(name)[self.language], return_dtype=pl.String)

    def _words(self, texts: dict[str, Text]) -> dict[str, str]:
        return {key: text[self.language] for key, text in texts.items()}

    def _shown(self, name: str, kind: Any = "text", digits: int = 0) -> Shown:
        return Shown(name, self._say(name), kind, digits)

    def _table(self, frame: pl.DataFrame, columns: tuple[Shown, ...], caption: str, count: str, notes: tuple[str, ...]) -> SummaryTable:
        return SummaryTable(
            frame=frame, columns=columns, caption=caption, language=self.language, currency=self.currency, count=count, notes=notes
        )

    def _number(self, value: float) -> str:
        return number(value, self.language)

    def _say(self, key: str, **words: Any) -> str:
        return TEXTS[key][self.language].format(**words)


def _bounded(rows: pl.DataFrame, value: str, error: str, *, at_once: bool = True) -> pl.DataFrame:
    """Return the rows with lower and upper bounds, by default for all rows at once (Bonferroni)."""
    level = 1 - (1 - LEVEL) / max(len(rows), 1) if at_once else LEVEL
    lower, upper = bounds(rows[value].to_numpy(), rows[error].to_numpy(), level)
    return rows.with_columns(lower=pl.Series(lower), upper=pl.Series(upper))


def _interval(lower: pl.Series, upper: pl.Series, language: str, digits: int) -> pl.Series:
    """Return intervals in words."""
    between = BETWEEN[language]
    pairs = zip(lower, upper, strict=True)
    written = [between.format(low=number(low, language, digits), high=number(high, language, digits)) for low, high in pairs]
    return pl.Series(written, dtype=pl.String)


def _unless_few(name: str) -> pl.Expr:
    """Return the expression for a number of people; null if they are few."""
    return pl.when(~pl.col(name).is_between(1, SMALLEST_GROUP - 1)).then(name).alias(name)


def _differ(rates: pl.DataFrame) -> bool:
    """Return whether the highest and the lowest share who buy next differ beyond chance, given that they were picked among several.

    The level is corrected for the pairs there are (Bonferroni); contacts are taken as independent, and the shares as normal.
    """
    pairs = len(rates) * (len(rates) - 1) / 2
    ends = rates[[0, -1]]
    variance = (ends["purchase"] * (1 - ends["purchase"]) / ends["contacts"]).sum()
    lower, _ = bounds(
        (ends["purchase"][:1] - ends["purchase"][-1:]).to_numpy(), pl.Series([variance]).sqrt().to_numpy(), 1 - (1 - LEVEL) / pairs
    )
    return bool(lower[0] > 0)

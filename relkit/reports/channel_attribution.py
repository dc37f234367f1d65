"""Content of the page on attribution: where models agree, what experiments say against them, what a conversion costs, what to do.

page = ChannelAttribution(credit=credit, totals=totals, models=models, ...)
page.headlines(), page.key_figures(), page.models_picture(), page.spread_table(), page.credit_table(), page.money_table()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.commands import command
from relkit.plots.style import money, number, percent
from relkit.reports.channel_attribution_texts import SMALL_AMOUNT, TEXTS
from relkit.reports.channel_spread import channel_spread
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import DASH, Headlines, KeyFigures, Shown, SummaryTable
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from relkit.reports.channel_experiments import ChannelExperiments
    from relkit.reports.channel_scenario import ChannelScenario


@dataclass(frozen=True)
class CreditModel:
    """A model of attribution as the page shows it.

    Attributes:
        name: in the catalogue.
        label: in the reader's language.
        is_incremental: whether it learns from people with and without touches, and leaves conversions to nobody.
        level: of its intervals.
        is_baseline_known: whether the data show what would have come without touches.
    """

    name: str
    label: str
    is_incremental: bool = False
    level: float = LEVEL
    is_baseline_known: bool = True


CREDIT_COLUMNS = (
    *("channel", "model", "conversions", "lower", "upper", "value", "value_lower", "value_upper", "share"),
    *("cost", "cost_per_conversion", "return_on_spend"),
)
"""Columns of the table of credit that the page reads; model is the name in the catalogue."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelAttribution:
    """Credit of channels by all models of one group of journeys, with words for people.

    Attributes:
        models: those fitted, the one whose figures of money are shown first.
        credit: the columns of `CREDIT_COLUMNS`, one row per channel and model.
        totals: model, conversions, value, unattributed, unattributed_value: one row per model.
        experiments: next to the models; None for a group, as experiments concern everybody.
        scenario: of the budget; None for a group.
        lookback_days: length of the lookback; None for paths that were given as paths.
        worth: revenue or margin.
        currency: ISO code.
        language: en or fr.
    """

    models: Sequence[CreditModel]
    credit: pl.DataFrame
    totals: pl.DataFrame
    experiments: ChannelExperiments | None = None
    scenario: ChannelScenario | None = None
    lookback_days: float | None = None
    worth: str = "revenue"
    currency: str = "EUR"
    language: str = "en"

    @cached_property
    def labelled(self) -> pl.DataFrame:
        """Credit with the labels of models for their names; models in their order, channels by their mean share."""
        labels = {model.name: model.label for model in self.models}
        order = {name: at for at, name in enumerate(self.spread["channel"])}
        named = self.credit.with_columns(
            at_model=pl.col("model").replace_strict({name: at for at, name in enumerate(labels)}, return_dtype=pl.Int64),
            at_channel=pl.col("channel").replace_strict(order, return_dtype=pl.Int64),
            model=pl.col("model").replace_strict(labels, return_dtype=pl.String),
        )
        return named.sort("at_model", "at_channel").drop("at_model", "at_channel")

    @cached_property
    def spread(self) -> pl.DataFrame:
        """Least and greatest share of each channel; see `relkit.reports.channel_spread`."""
        labels = {model.name: model.label for model in self.models}
        return channel_spread(self.credit.with_columns(model=pl.col("model").replace_strict(labels, return_dtype=pl.String)))

    @cached_property
    def money(self) -> pl.DataFrame:
        """Spend, cost per conversion and return of each channel by the first model, with their ranges over all models."""
        rows = self.labelled
        ranges = rows.group_by("channel").agg(
            least_cost=pl.col("cost_per_conversion").min(),
            most_cost=pl.col("cost_per_conversion").max(),
            least_return=pl.col("return_on_spend").min(),
            most_return=pl.col("return_on_spend").max(),
            least_value=pl.col("value").min(),
            most_value=pl.col("value").max(),
        )
        first = rows.filter(pl.col("model") == self.first.label)
        return first.join(ranges, on="channel", how="left", maintain_order="left")

    @property
    def first(self) -> CreditModel:
        """The model whose figures of money are shown."""
        return self.models[0]

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to show."""
        return not self.models or self.credit.is_empty() or not float(self.totals["conversions"].max() or 0)  # type: ignore[arg-type]

    def headlines(self) -> Headlines:
        """Return the main findings in sentences, the share of conversions without a touch first."""
        if not self.models:
            return Headlines((self._say("no_model", command=command("fit", "attribution.all")),))
        if self.is_empty:
            return Headlines((self._say("nothing"),))
        found = [
            self._total(),
            self._anyway(),
            self._agreement(),
            self._dependence(),
            self._experiments(),
            self._costs(),
            "" if self.scenario is None else self.scenario.headline(),
            self._test_next(),
        ]
        return Headlines(tuple(sentence for sentence in found if sentence))

    def key_figures(self) -> KeyFigures | Gallery:
        """Return a few large numbers."""
        if self.is_empty:
            return Gallery(())
        total = self._journeys
        credited = total["conversions"] - total["unattributed"]
        marked = int(self.spread["is_model_bound"].sum())
        figures = [
            (self._number(credited), self._say("k_conversions", n=self._number(total["conversions"]))),
            (self._percent(total["unattributed"] / total["conversions"]), self._say("k_without")),
            (self._number(marked), self._say("k_marked", n=len(self.spread))),
        ]
        known = self.money.drop_nulls("cost")
        if spent := float(known["cost"].sum()):
            figures.append((self._money(spent), self._say("k_spend", n=len(known))))
            earned = float(known["value"].sum()) / spent
            key = "k_return" if self.currency == "EUR" else "k_return_other"
            figures.append((self._cents(earned), self._say(key, worth=self._worth, model=self.first.label, currency=self.currency)))
        return KeyFigures(tuple(figures))

    def models_picture(self) -> Gallery:
        """Return all models side by side."""
        from relkit.plots.credit_models import plot_credit_models

        if self.is_empty:
            return Gallery(())
        drawn = plot_credit_models(self.labelled, marked=self.spread.filter("is_model_bound")["channel"].to_list(), language=self.language)
        return Gallery((Picture(drawn, self._say("c_models")),))

    def shares_picture(self) -> Gallery:
        """Return the shares by the first model with their intervals."""
        from relkit.plots.credit_shares import plot_credit_shares

        if self.is_empty:
            return Gallery(())
        rows = self.labelled.filter(pl.col("model") == self.first.label)
        drawn = plot_credit_shares(rows, model=self.first.label, level=self.first.level, language=self.language)
        return Gallery((Picture(drawn, self._say("c_shares")),))

    def money_picture(self) -> Gallery:
        """Return the share of the spend and of the credit by channel; nothing without a known spend."""
        from relkit.plots.spend_credit import plot_spend_credit

        if self.is_empty or self.money["cost"].drop_nulls().is_empty():
            return Gallery(())
        return Gallery((Picture(plot_spend_credit(self.money, language=self.language), self._say("c_spend")),))

    def spread_table(self) -> SummaryTable | Gallery:
        """Return the least and greatest share of each channel, with what decides it."""
        if self.is_empty:
            return Gallery(())
        decided = pl.when("is_model_bound").then(pl.lit(self._say("the_model"))).otherwise(pl.lit(self._say("the_data")))
        rows = self.spread.with_columns(verdict=pl.when(pl.col("width").is_not_null()).then(decided))
        columns = (
            self._column("channel"),
            self._column("low", "share", 1, of="least_share"),
            self._column("least_model"),
            self._column("high", "share", 1, of="most_share"),
            self._column("most_model"),
            self._column("width", "share", 1),
            self._column("verdict"),
        )
        return self._table(rows, columns, self._say("t_models"), notes=(self._say("note_width"),))

    def credit_table(self) -> SummaryTable | Gallery:
        """Return the conversions and the value credited by the first model, with their intervals."""
        if self.is_empty:
            return Gallery(())
        rows = self.labelled.filter(pl.col("model") == self.first.label)
        shown = ("conversions", "lower", "upper", "share", "value", "value_lower", "value_upper")
        columns = (self._column("channel"), *(self._figure(name) for name in shown if rows[name].count()))
        own = self.totals.row(by_predicate=pl.col("model") == self.first.name, named=True)
        left = {"n": self._number(own["unattributed"]), "share": self._percent(own["unattributed"] / own["conversions"])}
        return self._table(rows, columns, self._say("t_credit", model=self.first.label), notes=(self._say("note_unattributed", **left),))

    def money_table(self) -> SummaryTable | Gallery:
        """Return spend, cost per conversion and return on spend by channel; nothing without a known spend, as the headline states."""
        if self.is_empty or not self.money["cost"].count():
            return Gallery(())
        rows = pl.DataFrame([self._priced(row) for row in self.money.iter_rows(named=True)])
        columns = (
            self._column("channel"),
            self._column("cost", "figure"),
            self._column("cost_per_conversion", "figure"),
            self._column("range_cost", "figure"),
            self._column("return_on_spend", "figure"),
            self._column("range_return", "figure"),
        )
        notes = [self._say("note_return")] + [self._say("note_unknown_cost")] * bool(self.money["cost"].null_count())
        return self._table(rows, columns, self._say("t_money"), notes=tuple(notes))

    def _priced(self, row: dict[str, Any]) -> dict[str, str]:
        """Return the row of a channel in the table of money, as text."""
        return {
            "channel": row["channel"],
            "cost": self._range(row["cost"], None, self._spent),
            "cost_per_conversion": self._range(row["cost_per_conversion"], None, self._cents),
            "range_cost": self._range(row["least_cost"], row["most_cost"], self._cents),
            "return_on_spend": self._range(row["return_on_spend"], None, self._ratio),
            "range_return": self._range(row["least_return"], row["most_return"], self._ratio),
        }

    def _range(self, low: float | None, high: float | None, write: Callable[[float], str]) -> str:
        """Return a value, or a range, as text; a dash if it is not known."""
        if low is None:
            return DASH
        return write(low) if high is None else self._say("range", low=write(low), high=write(high))

    @property
    def _journeys(self) -> dict[str, Any]:
        """Totals of a model that credits journeys; those of the first model if there is none."""
        path = next((model for model in self.models if not model.is_incremental), self.first)
        return self.totals.row(by_predicate=pl.col("model") == path.name, named=True)

    def _total(self) -> str:
        total = self._journeys
        words = {"conversions": self._number(total["conversions"]), "value": self._money(total["value"]), "worth": self._worth}
        if all(model.is_incremental for model in self.models):
            return ""
        without = {"without": self._number(total["unattributed"]), "share": self._percent(total["unattributed"] / total["conversions"])}
        if self.lookback_days is None:
            return self._say("grouped", **words, **without)
        days = self._number(self.lookback_days, int(self.lookback_days != int(self.lookback_days)))
        return self._say("untouched" if total["unattributed"] else "touched", days=days, **words, **without)

    def _anyway(self) -> str:
        model = next((model for model in self.models if model.is_incremental), None)
        if model is None:
            return ""
        if not model.is_baseline_known:
            return self._say("anyway_unknown", model=model.label)
        total = self.totals.row(by_predicate=pl.col("model") == model.name, named=True)
        caused = total["conversions"] - total["unattributed"]
        share = self._percent(caused / total["conversions"])
        return self._say("anyway", caused=self._number(caused), share=share, rest=self._number(total["unattributed"]))

    def _agreement(self) -> str:
        if len(self.models) == 1:
            return self._say("one_model", command=command("fit", "attribution.all"))
        if len(self.spread) == 1:
            return self._say("one_channel", channel=self.spread["channel"][0])
        agreed = self._agreed
        if agreed.is_empty():
            return ""
        least = agreed.row(0, named=True)
        ends = {name: self._percent(least[name], 1) for name in ("low", "high")}
        return self._say("agree", n=len(self.models), channel=least["channel"], **ends)

    @property
    def _agreed(self) -> pl.DataFrame:
        """Channels that the data decide, of at least half of an equal share, the one with the least relative spread first."""
        known = self.spread.filter(~pl.col("is_model_bound"), pl.col("mean_share") >= 0.5 / len(self.spread), pl.col("mean_share") > 0)
        return known.sort(pl.col("spread") / pl.col("mean_share"), "channel")

    def _dependence(self) -> str:
        if len(self.models) == 1 or len(self.spread) == 1:
            return ""
        marked = self.spread.filter("is_model_bound").sort("spread", "channel", descending=[True, False])
        if marked.is_empty():
            return self._say("depends_on_none", n=len(self.spread))
        widest = marked.row(0, named=True)
        ends = {name: self._percent(widest[name], 1) for name in ("low", "high")}
        models = {"least": widest["least_model"], "most": widest["most_model"]}
        return self._say("depends", k=len(marked), n=len(self.spread), channel=widest["channel"], **ends, **models)

    def _experiments(self) -> str:
        return "" if self.experiments is None else self.experiments.headline()

    def _costs(self) -> str:
        priced = self.money.drop_nulls("cost_per_conversion").sort("cost_per_conversion", "channel")
        if priced.is_empty():
            return self._say("no_cost")
        cheap, dear = priced.row(0, named=True), priced.row(-1, named=True)
        words = {"model": self.first.label, "cheap": cheap["channel"], "least": self._money(cheap["cost_per_conversion"], 2)}
        known = self.money.drop_nulls("cost")
        spend = self._money(float(known["cost"].sum()))
        if len(priced) == 1:
            return self._say("one_cost", **words, spend=spend)
        most = self._money(dear["cost_per_conversion"], 2)
        return self._say("costs", **words, dear=dear["channel"], most=most, known=len(known), n=len(self.money), spend=spend)

    def _test_next(self) -> str:
        """Name the channel on whose value the models differ most, of those without an experiment; only of paid ones if any is paid."""
        if len(self.models) == 1 or len(self.spread) == 1:
            return ""
        tested = set() if self.experiments is None else self.experiments.channels
        is_paid = (pl.col("cost") > 0) if float(self.money["cost"].sum() or 0) else pl.lit(value=True)
        gap = pl.col("most_value") - pl.col("least_value")
        open_channels = self.money.filter(is_paid, ~pl.col("channel").is_in(list(tested))).with_columns(gap=gap)
        if open_channels.is_empty() or not float(open_channels["gap"].max() or 0):  # type: ignore[arg-type]
            return ""
        widest = open_channels.sort("gap", "channel", descending=[True, False]).row(0, named=True)
        return self._say("test_next", channel=widest["channel"], value=self._money(widest["gap"]), worth=self._worth)

    @property
    def _worth(self) -> str:
        return self._say(self.worth)

    def _figure(self, name: str) -> Shown:
        if name == "share":
            return self._column(name, "share", 1)
        return self._column(name, "money" if name.startswith("value") else "number", 0)

    def _column(self, name: str, kind: Any = "text", digits: int = 0, *, of: str = "") -> Shown:
        return Shown(name, self._say(of or name, level=percent(self.first.level, self.language)), kind, digits)

    def _table(self, rows: pl.DataFrame, columns: tuple[Shown, ...], caption: str, notes: tuple[str, ...] = ()) -> SummaryTable:
        return SummaryTable(frame=rows, columns=columns, caption=caption, language=self.language, currency=self.currency, notes=notes)

    def _say(self, key: str, **words: object) -> str:
        return TEXTS[key][self.language].format(**words)

    def _number(self, value: float, digits: int = 0) -> str:
        return number(value, self.language, digits)

    def _percent(self, value: float, digits: int = 1) -> str:
        return percent(value, self.language, digits)

    def _spent(self, value: float) -> str:
        """Return a spend, to the cent if that of some channel would otherwise be shown as next to nothing."""
        least = float(self.money.filter(pl.col("cost") > 0)["cost"].min() or 0)  # type: ignore[arg-type]
        return self._money(value, 2 if least < SMALL_AMOUNT else 0)

    def _ratio(self, value: float) -> str:
        return self._number(value, 2)

    def _cents(self, value: float) -> str:
        return self._money(value, 2)

    def _money(self, value: float, digits: int = 0) -> str:
        return money(value, self.currency, self.language, digits)

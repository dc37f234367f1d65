"""Content of the report on a measured campaign: the money it added, how surely, to whom, and what to do next.

uplift = CampaignUplift(measured=measured, language="fr")
uplift.headlines(), uplift.key_figures(), uplift.money(), uplift.days(), uplift.split(), uplift.segments(), uplift.guardrails()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.measurement.campaign_outcomes import MOSTLY_HOLDERS
from relkit.plots.style import percent
from relkit.reports.campaign_page import SPLIT, CampaignPage
from relkit.reports.campaign_uplift_texts import TERMS, VERDICTS
from relkit.reports.pictures import Gallery, Picture
from relkit.reports.summary_tables import Headlines, KeyFigures, Shown, SummaryTable, day_in_words
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence


_PARTS = {"promoted": "promoted", "category": "category", "other": "rest"}
ALPHA, BALANCE_ALPHA = 0.05, 0.01
"""Segments differ if the corrected p-value is below the first; arms differed before the draw if it is below the second."""
LARGEST = 24
"""Groups drawn at most; the table has all."""
_COLON = Text(": ", "\u00a0: ")


@dataclass(frozen=True, eq=False, kw_only=True)
class CampaignUplift(CampaignPage):
    """The content of the page on a measured campaign."""

    def headlines(self) -> Headlines:
        """Return the main findings, the money and the next step first."""
        found = [self._first(), self._basis()]
        if self._known("net_margin") and not self._is_compared:
            found += [*self._each(), *self._kept(), *self._later(), *self._cost()]
        return Headlines(tuple(found))

    def first_sentence(self) -> str:
        """Return the money that the campaign added, with its interval, and the next step."""
        return self._first()

    def key_figures(self) -> KeyFigures | Gallery:
        """Return the net margin, the margin added, the cost, the orders added and the net margin per 1,000 treated."""
        if not self._known("net_margin"):
            return Gallery(())
        net, orders = self.measured.money("net_margin"), self.measured.money("incremental_orders")
        figures = [(self._money(net["value"]), self._say("k_net", less=self._less(), **self._ends(net)))]
        figures += [(self._money(self._value(name)), self._say(key)) for name, key in _BARS if self._less()]
        if self._known("incremental_orders"):
            ends = {name: self._number(orders[name]) for name in ("low", "high")}
            figures.append((self._number(orders["value"]), self._say("k_orders", **ends)))
        if self._known("net_per_1000"):
            figures.append((self._money(self._value("net_per_1000")), self._say("k_each", less=self._less())))
        return KeyFigures(tuple(figures))

    def money(self) -> Gallery:
        """Return the picture for the head of the department: margin added, cost and net margin at the end of both windows."""
        from relkit.plots.campaign_money import WindowMoney, plot_campaign_money

        facts = self.measured.facts
        if not self._known("net_margin"):
            return Gallery((), self._first())
        windows = [
            WindowMoney(
                name=self._window(window),
                added=self._interval("incremental_margin", window),
                cost=self._value("cost", window),
                net=self._interval("net_margin", window),
                treated=int(facts.counts["treated"]),
            )
            for window in self._windows
            if window != "later"
        ]
        drawn = plot_campaign_money(windows, currency=facts.currency, language=self.language)
        return Gallery((Picture(drawn, self._say("c_money", level=self._level())),))

    def days(self) -> Gallery:
        """Return the cumulative effect day after day."""
        from relkit.plots.campaign_days import plot_campaign_days

        facts, rows = self.measured.facts, self.measured.table("days")
        if rows.is_empty():
            return Gallery((), self._say("no_days"))
        ends = tuple(facts.days.values())
        drawn = plot_campaign_days(rows, windows=ends, currency=facts.currency, language=self.language)
        return Gallery((Picture(drawn, self._say("c_days")),))

    def split_sentences(self) -> Headlines:
        """Return the sources of the margin: products offered, their category, everything else."""
        rows = {part: self._best(f"margin_{part}") for part in SPLIT}
        if any(row["estimate"] is None for row in rows.values()):
            return Headlines((self._say("no_split"),))
        found = [self._say("split", **{_PARTS[part]: self._money(row["estimate"], 2) for part, row in rows.items()})]
        category, rest = rows["category"], rows["other"]
        if category["high"] is not None and category["high"] < 0:
            found.append(self._say("taken", category=self._money(category["estimate"], 2), **self._ends(category, 2)))
        if rest["low"] is not None and rest["low"] > 0:
            found.append(self._say("halo", rest=self._money(rest["estimate"], 2), **self._ends(rest, 2)))
        return Headlines(tuple(found))

    def split(self) -> Gallery:
        """Return the margin by what was bought, as a picture."""
        rows = [self._best(f"margin_{part}") for part in SPLIT]
        if any(row["estimate"] is None for row in rows):
            return Gallery(())
        names = [self._say(part) for part in (*_PARTS.values(), "whole")]
        drawn = self._dots(names, [*rows, self._best("margin")], self._say("split_title"))
        return Gallery((Picture(drawn, self._say("c_split")),))

    def segment_sentences(self) -> Headlines:
        """Return the segments in which the effect differs beyond chance."""
        rows = self.measured.table("segments")
        if rows.is_empty():
            return Headlines((self._say("no_segments"),))
        differing = rows.filter(pl.col("differ_q_value") < ALPHA)
        if differing.is_empty():
            return Headlines((self._say("alike", n=rows["segment"].n_unique()),))
        return Headlines(tuple(self._differs(part) for _, part in differing.group_by("segment", maintain_order=True)))

    def segments(self) -> Gallery:
        """Return a picture of the effects by group; those of segments that do not differ beyond chance are grey."""
        rows = self.measured.table("segments").filter(pl.col("estimate").is_not_null())
        if rows.is_empty():
            return Gallery(())
        shown = rows.head(LARGEST)
        names = [
            f"{row[f'segment_{self.language}']}{_COLON[self.language]}{row[f'group_{self.language}']}"
            for row in shown.iter_rows(named=True)
        ]
        muted = [row["differ_q_value"] is None or row["differ_q_value"] >= ALPHA for row in shown.iter_rows(named=True)]
        drawn = self._dots(names, list(shown.iter_rows(named=True)), self._say("t_segments"), muted=muted)
        return Gallery((Picture(drawn, self._say("c_segments", level=self._level())),))

    def segments_table(self) -> SummaryTable | Gallery:
        """Return the effects by group, with corrected p-values."""
        rows = self.measured.table("segments")
        if rows.is_empty():
            return Gallery(())
        shown = (
            *self._columns(f"segment_{self.language}", f"group_{self.language}"),
            Shown("units", self._say("units"), "count"),
            *self._amounts("mean_other", "estimate", "low", "high"),
            Shown("q_value", self._say("q"), "p_value"),
        )
        frame = rows.with_columns(units=pl.col("n_treated") + pl.col("n_other"))
        return SummaryTable(
            frame=frame,
            columns=shown,
            caption=self._say("t_segments"),
            language=self.language,
            currency=self.measured.facts.currency,
            count="units",
            notes=self._reasons(rows),
        )

    def guardrail_sentences(self) -> Headlines:
        """Return the guardrails in words: harmed, held or unclear."""
        rows = self.measured.table("guardrails")
        if rows.is_empty():
            return Headlines((self._say("no_guardrails"),))
        return Headlines(tuple(self._guardrail(row) for row in rows.iter_rows(named=True)))

    def guardrails(self) -> SummaryTable | Gallery:
        """Return the guardrails with the harm that is accepted."""
        rows = self.measured.table("guardrails")
        if rows.is_empty():
            return Gallery(())
        names = ("mean_treated", "mean_other", "estimate", "low", "high", "allowed")
        cells = [
            {"measure": row[f"label_{self.language}"], "verdict": self._say(f"state_{row['state']}")}
            | {name: self._change(row, name) for name in names}
            for row in rows.iter_rows(named=True)
        ]
        return self._table(cells, self._columns("measure", *names, "verdict"), "t_guardrails", notes=self._reasons(rows))

    def randomisation(self) -> Headlines:
        """Return whether the draw was carried out as planned, and how many were contacted."""
        facts, found = self.measured.facts, []
        if facts.srm_p_value is not None:
            found.append(self._say("not_planned" if facts.mismatch else "as_planned", p=self._p(facts.srm_p_value)))
        if facts.balance_p_value is not None:
            alike = facts.balance_p_value >= BALANCE_ALPHA
            found.append(self._say("alike_before" if alike else "unlike_before", p=self._p(facts.balance_p_value)))
        if facts.counts.get("in_both_arms"):
            found.append(self._say("excluded", n=self._few(facts.counts["in_both_arms"])))
        return Headlines((*found, *self._reached()))

    def waves(self) -> SummaryTable | Gallery:
        """Return planned and actual shares of treated by wave."""
        rows = self.measured.table("waves")
        if rows.is_empty():
            return Gallery(())
        units = pl.col("n_treated") + pl.col("n_other")
        frame = rows.with_columns(units=units, share=pl.col("n_treated") / units)
        shown = (
            Shown("wave_id", self._say("wave")),
            Shown("drawn_on", self._say("drawn_on"), "date"),
            Shown("units", self._say("units"), "count"),
            Shown("propensity", self._say("planned"), "share", 1),
            Shown("share", self._say("share"), "share", 1),
            Shown("p_value", self._say("p"), "p_value"),
        )
        return SummaryTable(frame=frame, columns=shown, caption=self._say("t_waves"), language=self.language, count="units")

    def balance(self) -> SummaryTable | Gallery:
        """Return the means of both arms before the draw; in a comparison, how far both groups were apart, the farthest first."""
        rows = self.measured.table("balance")
        if rows.is_empty():
            return Gallery(())
        if self._is_compared:
            return self._chosen(rows)
        shown = (
            Shown(f"label_{self.language}", self._say("before")),
            Shown("mean_treated", self._say("treated"), "number", 2),
            Shown("mean_other", self._say("other"), "number", 2),
            Shown("difference", self._say("difference"), "number", 3),
            Shown("p_value", self._say("p"), "p_value"),
        )
        return SummaryTable(frame=rows, columns=shown, caption=self._say("t_balance"), language=self.language)

    def _chosen(self, rows: pl.DataFrame) -> SummaryTable:
        from relkit.reports.segment_names import segment_name

        parts = [(row, *row[f"label_{self.language}"].partition("=")) for row in rows.iter_rows(named=True)]
        names = [f"{segment_name(name.replace(' ', '_'), {}, self.language)}{equals}{level}" for _, name, equals, level in parts]
        named = rows.with_columns(name=pl.Series(names)).sort(pl.col("difference").abs(), descending=True, nulls_last=True).head(LARGEST)
        shown = (
            Shown("name", self._say("before_contact")),
            Shown("difference", self._say("difference"), "number", 3),
            Shown("difference_after", self._say("difference_after"), "number", 3),
        )
        return SummaryTable(frame=named, columns=shown, caption=self._say("t_chosen"), language=self.language)

    def terms(self) -> SummaryTable:
        """Return the terms of the page with their meaning."""
        cells = [{"term": term[self.language], "meaning": meaning[self.language]} for term, meaning in TERMS]
        return self._table(cells, self._columns("term", "meaning"), "t_words")

    def _first(self) -> str:
        facts, net = self.measured.facts, self.measured.money("net_margin")
        words = {"name": self._name(), "Name": _capitalised(self._name()), "days": self._number(facts.days["post"]), "level": self._level()}
        words |= {"less": self._less(), "when": self._when(), "more": self._say("more")}
        if net["low"] is None and not facts.mismatch:
            return self._say(
                "unknown", **words, reason=net[f"reason_{self.language}"] or facts.verdict_why[self.language], advice=self._advice()
            )
        figures = {"net": self._money(net["value"]), **self._ends(net)}
        if self._is_compared and net["value"] < 0:
            figures["net"], words["more"] = self._money(-net["value"]), self._say("fewer")
        return self._say(self._finding(net), **words, **figures, advice=self._advice())

    def _finding(self, net: dict[str, Any]) -> str:
        """Return the key of the first sentence."""
        if self._is_compared:
            return "comparison"
        if self.measured.facts.mismatch:
            return "mismatch"
        if net["low"] is None or net["low"] <= 0 <= net["high"]:
            return "unclear"
        return "gain" if net["low"] > 0 else "loss"

    def _when(self) -> str:
        """Return the day up to which the amount is counted: that of the measurement, if it is known once."""
        if self._is_known_once:
            return self._say("known_once", day=self._window("post"))
        return self._say("counted", days=self._number(self.measured.facts.days["post"]))

    def _advice(self) -> str:
        verdict, needed = self.measured.facts.verdict, self.measured.facts.units_needed
        key = "retest_unsized" if verdict == "retest" and needed is None else verdict
        if verdict == "stop" and (self.measured.table("guardrails")["state"] == "breached").any():
            key = "stop_harm"
        return VERDICTS[key][self.language].format(n=self._number(needed or 0))

    def _basis(self) -> str:
        facts = self.measured.facts
        other = facts.counts.get("control", facts.counts.get("not_contacted", 0))
        counts = {"treated": self._number(facts.counts["treated"]), "other": self._number(other)}
        if self._is_compared:
            return self._say("basis_compared", **counts)
        waves = self._say("waves_one") if facts.waves == 1 else self._say("waves_many", n=self._number(facts.waves))
        first, last = (day_in_words(day, self.language) for day in (facts.first_draw, facts.last_draw))
        when = self._say("on_day" if first == last else "on_days", first=first, last=last)
        return self._say("basis", **counts, waves=waves, when=when)

    def _each(self) -> list[str]:
        row, without = self.measured.money("margin_each"), self.measured.money("without_each")
        if row["value"] is None or without["value"] is None:
            return []
        return [self._say("each", each=self._money(row["value"], 2), other=self._money(without["value"], 2), **self._ends(row, 2))]

    def _kept(self) -> list[str]:
        """Return the contracts kept, if most customers drawn hold one: their margin goes on after the windows."""
        row, facts = self._best("has_contract"), self.measured.facts
        if row["estimate"] is None or row["low"] is None or row["mean_other"] < MOSTLY_HOLDERS:
            return []
        days = self._number(facts.response_window_days + facts.post_window_days)
        return [self._say("kept", days=days, **{name: self._change(row, name) for name in ("estimate", "low", "high")})]

    def _later(self) -> list[str]:
        """Return whether the response was pulled forward or lasted."""
        later, facts = self.measured.money("later_margin", "later"), self.measured.facts
        if later["value"] is None or later["low"] is None:
            return []
        key = "pulled" if later["high"] < 0 else "lasting" if later["low"] > 0 else "steady"
        amount = self._money(later["value"] if key == "steady" else abs(later["value"]))
        early = self._money(self._value("incremental_margin", "response"))
        whole = self._money(self._value("incremental_margin"))
        return [
            self._say(key, later=amount, **self._ends(later), response=self._number(facts.response_window_days), early=early, whole=whole)
        ]

    def _cost(self) -> list[str]:
        if not self._known("cost") or self._value("cost") == 0:
            return [self._say("no_cost")]
        cost, ratio, order = self._money(self._value("cost")), self.measured.money("margin_per_cost"), self.measured.money("cost_per_order")
        found = [self._say("cost_only", cost=cost)]
        if ratio["value"] is not None and ratio["low"] is not None:
            words = {"one": self._money(1), "ratio": self._money(ratio["value"], 2), **self._ends(ratio, 2)}
            found = [self._say("cost", cost=cost, **words)]
        if order["low"] is not None:
            found.append(self._say("per_order", value=self._money(order["value"], 2), **self._ends(order, 2)))
        return found

    def _reached(self) -> list[str]:
        facts, row = self.measured.facts, self.measured.estimate(self._amount(), method="reached")
        if facts.counts.get("treated_reached") == facts.counts.get("treated") and not facts.counts.get("control_reached"):
            return [self._say("all_reached")] if facts.counts.get("treated") else []
        if row["estimate"] is None or not facts.counts.get("treated") or not facts.counts.get("control"):
            return []
        shares = {
            name: percent(facts.counts.get(f"{arm}_reached", 0) / facts.counts[arm], self.language, 1)
            for name, arm in (("share", "treated"), ("stray", "control"))
        }
        return [self._say("reached", **shares, effect=self._money(row["estimate"], 2), **self._ends(row, 2))]

    def _differs(self, part: pl.DataFrame) -> str:
        known = part.filter(pl.col("estimate").is_not_null()).sort("estimate")
        worst, best = known.row(0, named=True), known.row(-1, named=True)
        name = f"group_{self.language}"
        return self._say(
            "differs",
            segment=best[f"segment_{self.language}"].lower(),
            best=best[name],
            worst=worst[name],
            high=self._money(best["estimate"], 2),
            low=self._money(worst["estimate"], 2),
        )

    def _guardrail(self, row: dict[str, Any]) -> str:
        label = row[f"label_{self.language}"]
        if row["estimate"] is None or row["low"] is None:
            return self._say("unmeasured", measure=label, reason=row[f"reason_{self.language}"] or "–")
        ends = {name: self._change(row, name) for name in ("estimate", "low", "high", "allowed")}
        key = {"held": "holds", "breached": "broken"}.get(row["state"], "harmed" if row["low"] > 0 else "unproven")
        return self._say(key, measure=label, **ends)

    def _dots(self, names: list[str], rows: list[dict[str, Any]], title: str, muted: Sequence[bool] = ()) -> Any:
        from relkit.plots.dots import Dots, plot_dots

        ends = {name: pl.Series([row[name] for row in rows], dtype=pl.Float64).to_numpy() for name in ("estimate", "low", "high")}
        series = [Dots(value=ends["estimate"], lower=ends["low"], upper=ends["high"])]
        look: dict[str, Any] = {"kind": "money", "currency": self.measured.facts.currency, "language": self.language}
        return plot_dots(names, series, title=title, x_label=self._say("per_unit"), reference=0.0, muted=muted, **look)

    def _best(self, measure: str) -> dict[str, Any]:
        """Return the effect at the end of the post window by the method of the figures of money; as drawn if it has no other."""
        row = self.measured.estimate(measure, method=self.measured.facts.method)
        return row if row["estimate"] is not None else self.measured.estimate(measure)


_BARS = (("incremental_margin", "k_margin"), ("cost", "k_cost"))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]

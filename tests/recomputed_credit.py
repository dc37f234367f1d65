"""Numbers of each sentence on the credit of channels, recomputed from the tables with loops over people: see `recomputed_sentences`.

Journeys are cut here by the written rule: one person's touches after the previous conversion and within 30 days of 24 hours before it, both
ends included. Credit is that of the three rules fitted, its intervals those of Fay and Feuer (1997). What comes from elsewhere: the credit
of models that are no rules, from the record of the scoring, and the scenario, from the files of `relkit budget`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from recomputed_affinity import spoken
from scipy.stats import gamma

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

LOOKBACK_DAYS, LEVEL, SMALLEST = 30.0, 0.95, 10
NAMES = {"attribution.linear": ("Linear", "Linéaire"), "attribution.first_touch": ("First touch", "Premier contact")}
NAMES |= {"attribution.last_touch": ("Last touch", "Dernier contact")}


@dataclass(frozen=True)
class Journey:
    """Channels in order of time, the day on which it ended, and the value; no value for one that led to nothing."""

    channels: tuple[str, ...]
    ended_on: date
    value: float | None


@dataclass(frozen=True, eq=False)
class CreditFacts:
    """The tables of a company in which three rules were fitted.

    Attributes:
        out: output root.
        day: last day.
        budget: details of the result of `relkit budget` with the first model; None if it was refused.
        programme: its id.
    """

    out: Path
    day: str
    budget: dict[str, Any] | None = None
    programme: str = "default"

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.out / "tables" / f"{name}.parquet")

    @cached_property
    def touches(self) -> dict[str, list[tuple[datetime, str, str]]]:
        """Instant, id and channel of the touches of each customer, in order of time."""
        found: dict[str, list[tuple[datetime, str, str]]] = {}
        for row in self.table("touchpoints").sort("occurred_at", "touchpoint_id").iter_rows(named=True):
            found.setdefault(row["customer_id"], []).append((row["occurred_at"], row["touchpoint_id"], row["channel_id"]))
        return found

    @cached_property
    def orders(self) -> dict[str, list[tuple[datetime, float]]]:
        """Instant and value of the orders of each customer, in order of time."""
        lines = self.table("transactions")
        assert set(lines["line_kind"]) == {"sale"}
        sums = lines.group_by("customer_id", "transaction_id").agg(pl.col("occurred_at").min(), pl.col("net_amount").sum())
        found: dict[str, list[tuple[datetime, float]]] = {}
        for row in sums.sort("occurred_at").iter_rows(named=True):
            assert row["net_amount"] > 0
            found.setdefault(row["customer_id"], []).append((row["occurred_at"], row["net_amount"]))
        return found

    def journeys(self, lookback_days: float = LOOKBACK_DAYS, *, reuse: bool = False) -> list[Journey]:
        """Return all journeys; those of conversions without a touch have no channels."""
        found = []
        for customer in {*self.touches, *self.orders}:
            touches, orders = self.touches.get(customer, []), self.orders.get(customer, [])
            before = None
            for at, value in orders:
                since = at - timedelta(days=lookback_days)
                own = [t for t in touches if since <= t[0] <= at and (reuse or before is None or t[0] > before)]
                found.append(Journey(tuple(channel for _, _, channel in own), at.date(), value))
                before = at
            left = [t for t in touches if before is None or t[0] > before]
            if left:
                found.append(Journey(tuple(channel for _, _, channel in left), left[-1][0].date(), None))
        return found

    @cached_property
    def converted(self) -> list[Journey]:
        return [journey for journey in self.journeys() if journey.value is not None]

    @property
    def touched(self) -> list[Journey]:
        return [journey for journey in self.converted if journey.channels]

    @cached_property
    def credit(self) -> dict[str, dict[str, dict[str, float]]]:
        """By model and channel: conversions, value and the width of the interval of the conversions."""
        return {model: _credit(model, self.touched) for model in NAMES}

    @cached_property
    def channels(self) -> list[str]:
        return sorted({channel for journey in self.journeys() for channel in journey.channels})

    def share(self, model: str, channel: str) -> float:
        return self.credit[model].get(channel, {}).get("conversions", 0.0) / len(self.touched)

    @cached_property
    def bound(self) -> dict[str, tuple[float, str, float, str, bool]]:
        """By channel: least share and its model, greatest share and its model, whether the models differ by more than the intervals."""
        found = {}
        for channel in self.channels:
            shares = sorted((self.share(model, channel), model) for model in NAMES)
            width = float(np.mean([self.credit[model][channel]["width"] for model in NAMES])) / len(self.touched)
            (low, least), (high, most) = shares[0], shares[-1]
            found[channel] = (low, least, high, most, high - low > width)
        return found

    @cached_property
    def cost(self) -> dict[str, float]:
        """Spend by channel: the cost of each touch, else the declared one of a contact on its channel."""
        declared = {row["scope_id"]: row["amount"] for row in self.table("costs").iter_rows(named=True) if row["per"] == "contact"}
        found: dict[str, float] = {}
        for row in self.table("touchpoints").iter_rows(named=True):
            price = row["cost"] if row["cost"] is not None else declared[row["channel_id"]]
            found[row["channel_id"]] = found.get(row["channel_id"], 0.0) + price
        return found

    @cached_property
    def tests(self) -> list[dict[str, Any]]:
        """Experiments with the conversions that each model credits to their channel in their days."""
        found = []
        for row in self.table("lift_tests").sort("starts_on").iter_rows(named=True):
            days = [j for j in self.touched if row["starts_on"] <= j.ended_on <= row["ends_on"]]
            credited = {model: _credit(model, days).get(row["channel_id"], {}).get("conversions", 0.0) for model in NAMES}
            start, end = (spoken(row[name]) for name in ("starts_on", "ends_on"))
            name = (f"{row['channel_id']}, {start[0]} to {end[0]}", f"{row['channel_id']}, du {start[1]} au {end[1]}")
            found.append({**row, "name": name, "credit": credited})
        return found

    @property
    def paths(self) -> Counter[tuple[str, ...]]:
        """Conversions by path, touches of one channel in a row as one step."""
        return Counter(_collapsed(journey.channels) for journey in self.touched)


def _collapsed(channels: tuple[str, ...]) -> tuple[str, ...]:
    return channels[:1] + tuple(after for before, after in pairwise(channels) if after != before)


def _portions(model: str, channels: tuple[str, ...]) -> dict[str, float]:
    if model == "attribution.first_touch":
        return {channels[0]: 1.0}
    if model == "attribution.last_touch":
        return {channels[-1]: 1.0}
    assert model == "attribution.linear"
    return {name: n / len(channels) for name, n in Counter(channels).items()}


def _credit(model: str, journeys: list[Journey]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for journey in journeys:
        for channel, part in _portions(model, journey.channels).items():
            own = found.setdefault(channel, {"conversions": 0.0, "value": 0.0, "squares": 0.0})
            own["conversions"] += part
            own["value"] += part * (journey.value or 0.0)
            own["squares"] += part**2
    for own in found.values():
        own["width"] = _width(own["conversions"], own["squares"])
    return found


def _width(total: float, squares: float) -> float:
    """Return the width of the interval of Fay and Feuer; one more conversion could be credited whole."""
    tail = (1 - LEVEL) / 2
    low = gamma.ppf(tail, total**2 / squares, scale=squares / total)
    high = gamma.ppf(1 - tail, (total + 1) ** 2 / (squares + 1), scale=(squares + 1) / (total + 1))
    return float(high - low)


def _untouched(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    everything, without = facts.converted, [journey for journey in facts.converted if not journey.channels]
    values = {"conversions": len(everything), "value": sum(journey.value or 0.0 for journey in everything), "days": 30}
    share = len(without) / len(everything)
    return {**values, "worth": ("revenue", "chiffre d’affaires"), "without": len(without), "share": share, "figure": share}


def _agree(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    means = {channel: float(np.mean([facts.share(model, channel) for model in NAMES])) for channel in facts.channels}
    fit = [c for c in facts.channels if not facts.bound[c][4] and means[c] >= 0.5 / len(means)]
    channel = min(fit, key=lambda c: ((facts.bound[c][2] - facts.bound[c][0]) / means[c], c))
    return {"n": len(NAMES), "channel": channel, "low": facts.bound[channel][0], "high": facts.bound[channel][2]}


def _depends(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    marked = [channel for channel in facts.channels if facts.bound[channel][4]]
    widest = max(marked, key=lambda c: facts.bound[c][2] - facts.bound[c][0])
    low, least, high, most, _is_bound = facts.bound[widest]
    values = {"channel": widest, "low": low, "high": high, "least": NAMES[least], "most": NAMES[most]}
    return {"k": len(marked), "n": len(facts.channels), **values}


def _marked(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    return {"figure": sum(is_bound for *_, is_bound in facts.bound.values()), "n": len(facts.channels)}


def _costs(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    model = next(iter(NAMES))
    each = {channel: facts.cost[channel] / facts.credit[model][channel]["conversions"] for channel in facts.cost}
    cheap, dear = min(each, key=lambda c: (each[c], c)), max(each, key=lambda c: (each[c], c))
    ends = {"cheap": cheap, "least": each[cheap], "dear": dear, "most": each[dear]}
    return {"model": NAMES[model], **ends, "known": len(each), "n": len(facts.channels), "spend": sum(facts.cost.values())}


def _spend(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    return {"figure": sum(facts.cost.values()), "n": len(facts.cost)}


def _return(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    model = next(iter(NAMES))
    earned = sum(facts.credit[model][channel]["value"] for channel in facts.cost)
    return {"figure": earned / sum(facts.cost.values()), "model": NAMES[model], "worth": ("revenue", "chiffre d’affaires")}


def _test_next(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    tested = {test["channel_id"] for test in facts.tests}
    gaps = {}
    for channel in (c for c, cost in facts.cost.items() if cost > 0 and c not in tested):
        values = [facts.credit[model][channel]["value"] for model in NAMES]
        gaps[channel] = max(values) - min(values)
    widest = max(gaps, key=lambda c: gaps[c])
    return {"channel": widest, "value": gaps[widest], "worth": ("revenue", "chiffre d’affaires")}


def _contradicted(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    gaps = {
        (at, model): max(credit - test["high"], test["low"] - credit)
        for at, test in enumerate(facts.tests)
        for model, credit in test["credit"].items()
    }
    outside = {key: gap for key, gap in gaps.items() if gap > 0}
    at, model = max(outside, key=lambda key: outside[key])
    test = facts.tests[at]
    numbers = {"estimate": test["incremental_conversions"], "low": test["low"], "high": test["high"], "credit": test["credit"][model]}
    return {"k": len({at for at, _ in outside}), "n": len(facts.tests), "test": test["name"], "model": NAMES[model], **numbers}


def _of_test(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the numbers of the experiment named, and the models that credit more and fewer."""
    test = next(each for each in facts.tests if values["test"] in each["name"])
    sides = {
        side: tuple(", ".join(NAMES[model][at] for model, credit in test["credit"].items() if is_there(credit)) for at in (0, 1))
        for side, is_there in (("above", lambda n: n > test["high"]), ("below", lambda n: n < test["low"]))
    }
    numbers = {"estimate": test["incremental_conversions"], "low": test["low"], "high": test["high"]}
    return {"test": test["name"], **numbers, **{side: names for side, names in sides.items() if names[0]}}


def _within(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _of_test(facts, values)
    assert not {"above", "below"} & set(found)
    return found


def _lengths(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    single = sum(len(set(journey.channels)) == 1 for journey in facts.touched) / len(facts.touched)
    return {"single": single, "several": 1 - single}


def _top(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    path, n = min(facts.paths.items(), key=lambda item: (-item[1], item[0]))
    assert n >= SMALLEST
    return {"path": " → ".join(path), "n": n, "share": n / len(facts.touched)}


def _distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in {*one, *other}) / 2


def _shares(facts: CreditFacts, model: str, **read: Any) -> dict[str, float]:
    journeys = [j for j in facts.journeys(**read) if j.value is not None and j.channels]
    credit = _credit(model, journeys)
    total = sum(own["conversions"] for own in credit.values())
    return {channel: own["conversions"] / total for channel, own in credit.items()}


def _moved(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    model = next(iter(NAMES))
    lookbacks = [_shares(facts, model, lookback_days=days) for days in (7.0, 30.0, 90.0)]
    reuse = [_shares(facts, model, reuse=reused) for reused in (False, True)]
    apart = {name: max(_distance(*pair) for pair in combinations(parts, 2)) for name, parts in (("lookback", lookbacks), ("reuse", reuse))}
    return {"models": max(_distances(facts).values()), "model": NAMES[model], **apart}


def _distances(facts: CreditFacts) -> dict[tuple[str, str], float]:
    shares = {model: _shares(facts, model) for model in NAMES}
    return {(one, other): _distance(shares[one], shares[other]) for one, other in combinations(NAMES, 2)}


def _closest(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    distances = _distances(facts)
    found = {}
    for (a, b), far, pick in ((("a", "b"), "near", min), (("c", "d"), "far", max)):
        pair = pick(distances, key=lambda key: distances[key])
        names = [NAMES[model] for model in pair]
        if values[a] not in names[0]:
            names.reverse()
        found |= {a: names[0], b: names[1], far: distances[pair]}
    return found


def _order(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    """Return Kendall's W from the ranks of the channels in each model, which have no ties."""
    sums = dict.fromkeys(facts.channels, 0)
    for model in NAMES:
        for rank, channel in enumerate(sorted(facts.channels, key=lambda c: -facts.share(model, c)), 1):
            sums[channel] += rank
    m, n, mean = len(NAMES), len(sums), len(NAMES) * (len(sums) + 1) / 2
    return {"w": 12 * sum((total - mean) ** 2 for total in sums.values()) / (m**2 * (n**3 - n))}


WHY = {
    "no_spend": ("Nothing was spent.", "Rien n’a été dépensé."),
    "no_value": ("Nothing was credited.", "Rien n’a été attribué."),
}
UNIT = {"unit": ("euro", "euro"), "worth": ("revenue", "chiffre d’affaires")}


def _euro(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    assert facts.budget is not None
    move = next(each for each in facts.budget["moves"] if each["amount"] >= 1)
    return {**UNIT, "giver": move["from"], "taker": move["to"], "gain": move["gain"], "low": move["lower"], "high": move["upper"]}


def _sure(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _euro(facts, values)
    assert found["low"] > 0
    return found


def _unsure(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _euro(facts, values)
    assert found["low"] <= 0
    return found


def _best(facts: CreditFacts, _: Mapping[str, str]) -> dict[str, Any]:
    """Return the scenario; its total is also the mean weekly spend on the channels that have a response."""
    assert facts.budget is not None
    gain = facts.budget["gain_per_week"]
    ends = {"gain": gain["value"], "low": gain["lower"], "high": gain["upper"]}
    return {**UNIT, "total": facts.budget["total_per_week"], "reach": facts.budget["reach"], **ends}


def _left_out(facts: CreditFacts, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the channels refused for the reason that is stated."""
    assert facts.budget is not None
    reason = next(reason for reason, texts in WHY.items() if values["why"] in texts)
    refused = [each["channel"] for each in facts.budget["channels"] if each["refused_because"] == reason]
    return {"channels": ", ".join(sorted(refused)), "why": WHY[reason]}


CREDIT: dict[str, Callable[[CreditFacts, Mapping[str, str]], dict[str, Any]]] = {
    "channel_attribution_texts.untouched": _untouched,
    "channel_attribution_texts.agree": _agree,
    "channel_attribution_texts.depends": _depends,
    "channel_attribution_texts.contradicted": _contradicted,
    "channel_attribution_texts.contradicted_one": _contradicted,
    "channel_attribution_texts.costs": _costs,
    "channel_attribution_texts.test_next": _test_next,
    "channel_attribution_texts.k_conversions": lambda facts, _: {"figure": len(facts.touched), "n": len(facts.converted)},
    "channel_attribution_texts.k_without": _untouched,
    "channel_attribution_texts.k_marked": _marked,
    "channel_attribution_texts.k_spend": _spend,
    "channel_attribution_texts.k_return": _return,
    "channel_experiments.within": _within,
    "channel_experiments.too_much": _of_test,
    "channel_experiments.too_little": _of_test,
    "channel_experiments.both_ways": _of_test,
    "channel_journeys.lengths": _lengths,
    "channel_journeys.top": _top,
    "channel_robustness.by_source": _moved,
    "channel_robustness.closest": _closest,
    "channel_robustness.order": _order,
    "channel_scenario.euro": _sure,
    "channel_scenario.euro_unsure": _unsure,
    "channel_scenario.move_sure": _sure,
    "channel_scenario.move_unsure": _unsure,
    "channel_scenario.best": _best,
    "channel_scenario.left_out": _left_out,
}
"""By module and key of `TEXTS`, as in `recomputed_sentences.RECOMPUTED`."""

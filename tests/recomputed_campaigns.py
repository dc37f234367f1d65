"""Numbers of each sentence on a measured campaign, recomputed from the raw files of `campaign_shop` with numpy, without relkit.

One function for each text of `relkit.reports.campaign_uplift_texts`, as in `recomputed_sentences`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from scipy.stats import chi2, norm, t

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

RESPONSE, POST = 28, 56
DAYS = RESPONSE + POST
LEVEL = 0.95
PARIS = ZoneInfo("Europe/Paris")
PROMOTED, CATEGORY = "wine", "spirits"


@dataclass(frozen=True)
class Estimate:
    """An effect with its standard error and the degrees of freedom."""

    value: float
    error: float
    df: float

    @property
    def low(self) -> float:
        return self.value - self.error * float(t.ppf((1 + LEVEL) / 2, self.df))

    @property
    def high(self) -> float:
        return self.value + self.error * float(t.ppf((1 + LEVEL) / 2, self.df))


@dataclass(frozen=True, eq=False)
class CampaignFacts:
    """The raw files of a shop.

    Attributes:
        data: folder of the files.
        out: output root of the programme.
        programme: its id.
        action: the action measured.
    """

    data: Path
    out: Path
    programme: str = "default"
    action: str = "wine_voucher"

    def file(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.data / f"{name}.csv", try_parse_dates=True)

    @cached_property
    def units(self) -> pl.DataFrame:
        """One row per unit and wave: arm, share, household, and each measure by the end of both windows and before the draw."""
        homes = self.file("customers").select("customer_id", "household_id", "country")
        draws = self.file("assignments").join(homes, on="customer_id").with_row_index("unit")
        draws = draws.with_columns(drawn_on=pl.col("drawn_at").map_elements(day_of, return_dtype=pl.Date))
        joined = draws.join(self.sums(draws), on="unit", how="left").with_columns(pl.col(pl.Float64).fill_null(0.0))
        joined = joined.join(self.bills(draws), on="unit", how="left")
        return joined.with_columns(pl.col("cost").fill_null(0.0), pl.col("reached", "unsubscribed").fill_null(value=False)).sort("unit")

    def sums(self, draws: pl.DataFrame) -> pl.DataFrame:
        lines = self.file("transactions").with_columns(day=pl.col("occurred_at").map_elements(day_of, return_dtype=pl.Date))
        near = lines.join(draws.select("unit", "customer_id", "drawn_at", "drawn_on"), on="customer_id")
        near = near.with_columns(since=(pl.col("day") - pl.col("drawn_on")).dt.total_days())
        later, since, product = pl.col("occurred_at") >= pl.col("drawn_at"), pl.col("since"), pl.col("product_id")
        windows = {"pre": ~later & (since >= -DAYS), "response": later & (since <= RESPONSE), "post": later & (since <= DAYS)}
        found = []
        for name, inside in windows.items():
            found += [
                pl.col("margin_amount").filter(inside).sum().alias(f"margin_{name}"),
                pl.col("net_amount").filter(inside).sum().alias(f"revenue_{name}"),
            ]
            found += [pl.col("day").filter(inside).n_unique().cast(pl.Float64).alias(f"orders_{name}")]
        parts = {"promoted": product == PROMOTED, "category": product == CATEGORY, "other": ~product.is_in([PROMOTED, CATEGORY])}
        found += [pl.col("margin_amount").filter(windows["post"] & inside).sum().alias(f"{name}_post") for name, inside in parts.items()]
        return near.group_by("unit").agg(found)

    def bills(self, draws: pl.DataFrame) -> pl.DataFrame:
        """Return the cost of letters and coupons of each unit, whether it was reached, and whether it unsubscribed."""
        came = self.file("outcomes")
        coupons = came.filter(pl.col("outcome") == "redeemed").join(self.file("offers").select("offer_id", "unit_cost"), on="offer_id")
        spent = coupons.group_by("contact_id").agg(pl.col("unit_cost").sum())
        gone = came.filter(pl.col("outcome") == "unsubscribed").select("contact_id", gone=pl.lit(value=True))
        letters = self.file("contacts").join(spent, on="contact_id", how="left").join(gone, on="contact_id", how="left")
        sent = letters.join(draws.select("unit", "customer_id", "wave_id"), on=["customer_id", "wave_id"])
        total = (pl.col("cost") + pl.col("unit_cost").fill_null(0.0)).sum()
        return sent.group_by("unit").agg(cost=total, reached=pl.lit(value=True), unsubscribed=pl.col("gone").any())

    @cached_property
    def treated(self) -> np.ndarray:
        return self.units["arm"].to_numpy() == "treated"

    @cached_property
    def strata(self) -> np.ndarray:
        """Number of the wave and share of each unit."""
        keys = list(zip(self.units["wave_id"], self.units["propensity"], strict=True))
        return np.array([sorted(set(keys)).index(key) for key in keys])

    @cached_property
    def homes(self) -> np.ndarray:
        return np.unique(self.units["household_id"].to_numpy(), return_inverse=True)[1]

    def column(self, name: str) -> np.ndarray:
        return self.units[name].cast(pl.Float64).to_numpy()

    def adjusted(self, y: np.ndarray) -> np.ndarray:
        """Return a measure less its slopes on what was known before the draw, taken within strata and over both arms."""
        x = np.column_stack([self.column(f"{name}_pre") for name in ("margin", "revenue", "orders")])
        inside = [values - self.by_stratum(values, np.ones(len(y), bool)) for values in (x, y[:, None])]
        slopes = np.linalg.lstsq(inside[0], inside[1][:, 0], rcond=None)[0]
        return y - (x - x.mean(axis=0)) @ slopes

    def by_stratum(self, values: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Return for each row the mean of its stratum among some rows."""
        means = np.stack([values[among & (self.strata == s)].mean(axis=0) for s in range(self.strata.max() + 1)])
        return np.asarray(means[self.strata])

    def influence(self, y: np.ndarray, *, of_treated: bool) -> tuple[float, np.ndarray]:
        """Return the effect averaged over strata (by all units, or by treated ones), and what each unit adds to its error."""
        stood_for = np.bincount(self.strata[self.treated] if of_treated else self.strata) / (self.treated.sum() if of_treated else len(y))
        total, parts = 0.0, np.zeros(len(y))
        for arm, sign in ((self.treated, 1.0), (~self.treated, -1.0)):
            means = self.by_stratum(y[:, None], arm)[:, 0]
            sizes = np.bincount(self.strata[arm])
            total += sign * float(sum(share * y[arm & (self.strata == s)].mean() for s, share in enumerate(stood_for)))
            parts[arm] = sign * ((y - means) * (stood_for / sizes)[self.strata])[arm]
        return total, parts

    def error(self, *parts: np.ndarray) -> float:
        """Return the covariance (of one, the variance) of estimates whose errors are sums of these parts, by household (CR1)."""
        summed = [np.bincount(self.homes, weights=each) for each in parts]
        groups, n = int(self.homes.max()) + 1, len(self.homes)
        factor = groups / (groups - 1) * (n - 1) / (n - 2 * (int(self.strata.max()) + 1))
        return factor * float(summed[0] @ summed[-1])

    @property
    def df(self) -> int:
        return int(self.homes.max())

    def effect(self, y: np.ndarray, *, of_treated: bool = False, adjusted: bool = True) -> Estimate:
        value, parts = self.influence(self.adjusted(y) if adjusted else y, of_treated=of_treated)
        return Estimate(value, math.sqrt(self.error(parts)), self.df)

    def total(self, y: np.ndarray) -> Estimate:
        found, n = self.effect(y, of_treated=True), int(self.treated.sum())
        return Estimate(found.value * n, found.error * n, found.df)

    def ratio(self, above: np.ndarray, below: np.ndarray) -> tuple[float, float, float]:
        """Return a ratio of adjusted effects on the treated, with the roots of Fieller's quadratic."""
        (a, pa), (b, pb) = (self.influence(self.adjusted(y), of_treated=True) for y in (above, below))
        k = float(t.ppf((1 + LEVEL) / 2, self.df)) ** 2
        roots = np.roots([b**2 - k * self.error(pb), -2 * (a * b - k * self.error(pa, pb)), a**2 - k * self.error(pa)])
        return a / b, float(min(roots)), float(max(roots))

    @cached_property
    def net(self) -> np.ndarray:
        return self.column("margin_post") - self.column("cost")


def day_of(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


def ends(found: Estimate) -> dict[str, float]:
    return {"low": found.low, "high": found.high}


def _first(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    found = facts.total(facts.net)
    expected = {"net": found.value, **ends(found), "when": DAYS, "level": LEVEL}
    return expected | ({"advice": _units_needed(facts)} if any(c.isdigit() for c in values["advice"]) else {})


def _units_needed(facts: CampaignFacts) -> int:
    """Return the units that detect a net as large as the cost; as large as the estimate, if those drawn were enough for the cost."""
    found, n = facts.total(facts.net), len(facts.units)
    cost = facts.total(facts.column("cost")).value
    reach = float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(0.8))
    needed = math.ceil(n * (reach * found.error / cost) ** 2)
    return needed if needed > n else math.ceil(n * (reach * found.error / found.value) ** 2)


def _unclear(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    found = facts.total(facts.net)
    assert found.low <= 0 <= found.high
    return _first(facts, values)


def _gain(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    assert facts.total(facts.net).low > 0
    return _first(facts, values)


def _basis(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    days = sorted(facts.units["drawn_on"])
    n = int(facts.treated.sum())
    when = tuple(number for day in (days[0], days[-1]) for number in (day.day, day.year))
    return {"treated": n, "other": len(facts.units) - n, "waves": facts.units["wave_id"].n_unique(), "when": when}


def _each(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    y = facts.adjusted(facts.column("margin_post"))
    shares = np.bincount(facts.strata[facts.treated]) / facts.treated.sum()
    without = sum(share * y[~facts.treated & (facts.strata == s)].mean() for s, share in enumerate(shares))
    found = facts.effect(facts.column("margin_post"), of_treated=True)
    return {"each": found.value, **ends(found), "other": without}


def _later(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    found = facts.total(facts.column("margin_post") - facts.column("margin_response"))
    amounts = {"early": facts.total(facts.column("margin_response")).value, "whole": facts.total(facts.column("margin_post")).value}
    return {"later": found.value, **ends(found), "response": RESPONSE, **amounts}


def _steady(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    found = _later(facts, values)
    assert found["low"] <= 0 <= found["high"]
    return found


def _pulled(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    found = _later(facts, values)
    assert found["high"] < 0
    return found | {"later": -found["later"]}


def _cost(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    ratio, low, high = facts.ratio(facts.column("margin_post"), facts.column("cost"))
    return {"cost": facts.total(facts.column("cost")).value, "one": 1, "ratio": ratio, "low": low, "high": high}


def _per_order(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    value, low, high = facts.ratio(facts.column("cost"), facts.column("orders_post"))
    return {"value": value, "low": low, "high": high}


def _split(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    parts = {"promoted": "promoted_post", "category": "category_post", "rest": "other_post"}
    return {name: facts.effect(facts.column(column)).value for name, column in parts.items()}


def _taken(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    found = facts.effect(facts.column("category_post"))
    assert found.high < 0
    return {"category": found.value, **ends(found)}


def _reached(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    reached = facts.column("reached")
    measured = (facts.adjusted(y) for y in (reached, facts.column("margin_post")))
    (rise, on_rise), (gain, on_gain) = (facts.influence(y, of_treated=True) for y in measured)
    value = gain / rise
    found = Estimate(value, math.sqrt(facts.error(on_gain - value * on_rise)) / rise, facts.df)
    shares = {"share": reached[facts.treated].mean(), "stray": reached[~facts.treated].mean()}
    return {"effect": value, **ends(found), **shares}


def _alike(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    """Compare countries and groups by orders before the draw, each group by itself: none may differ clearly."""
    orders = facts.column("orders_pre")
    for groups in (facts.units["country"].to_numpy() == "FR", orders > np.median(orders)):
        y, found = facts.column("margin_post"), []
        for inside in (groups, ~groups):
            arms = y[inside & facts.treated], y[inside & ~facts.treated]
            found.append((arms[0].mean() - arms[1].mean(), arms[0].var(ddof=1) / len(arms[0]) + arms[1].var(ddof=1) / len(arms[1])))
        assert abs(found[0][0] - found[1][0]) < 2.5 * math.sqrt(found[0][1] + found[1][1])
    return {"n": 2}


def _unsubscribed(facts: CampaignFacts) -> Estimate:
    return facts.effect(facts.column("unsubscribed"), adjusted=False)


def _holds(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    found = _unsubscribed(facts)
    assert values["measure"] in {"Unsubscribed", "Désabonnés"}
    assert found.high < 0.005
    return {"estimate": 100 * found.value, "low": 100 * found.low, "high": 100 * found.high, "allowed": 0.5}


def _unproven(facts: CampaignFacts, values: dict[str, str]) -> dict[str, Any]:
    """Nobody complained: each share lies below the bound of the score interval of none of n (Wilson), and so does their difference."""
    if values["measure"] in {"Unsubscribed", "Désabonnés"}:
        found = _unsubscribed(facts)
        assert found.low <= 0
        assert found.high >= 0.005
        return {"estimate": 100 * found.value, "low": 100 * found.low, "high": 100 * found.high, "allowed": 0.5}
    z = float(norm.ppf(0.975))
    above, below = (100 * z**2 / (n + z**2) for n in (facts.treated.sum(), (~facts.treated).sum()))
    return {"estimate": 0.0, "low": -below, "high": above, "allowed": 0.5}


def _as_planned(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    share = facts.column("propensity")
    z = (facts.treated.sum() - share.sum()) / math.sqrt((share * (1 - share)).sum())
    return {"p": 2 * float(norm.sf(abs(z)))}


def _alike_before(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    found = [facts.influence(facts.column(f"{name}_pre"), of_treated=False) for name in ("margin", "revenue", "orders")]
    gaps = np.array([value for value, _ in found])
    covariance = np.array([[facts.error(a, b) for _, b in found] for _, a in found])
    return {"p": float(chi2.sf(gaps @ np.linalg.solve(covariance, gaps), 3))}


def _net(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    found = facts.total(facts.net)
    return {"figure": found.value, **ends(found)}


def _orders(facts: CampaignFacts, _: dict[str, str]) -> dict[str, Any]:
    found = facts.total(facts.column("orders_post"))
    return {"figure": found.value, **ends(found)}


_MODULE = "campaign_uplift_texts"
CAMPAIGN: dict[str, Callable[[CampaignFacts, dict[str, str]], dict[str, Any]]] = {
    f"{_MODULE}.unclear": _unclear,
    f"{_MODULE}.gain": _gain,
    f"{_MODULE}.basis": _basis,
    f"{_MODULE}.each": _each,
    f"{_MODULE}.steady": _steady,
    f"{_MODULE}.pulled": _pulled,
    f"{_MODULE}.cost": _cost,
    f"{_MODULE}.per_order": _per_order,
    f"{_MODULE}.split": _split,
    f"{_MODULE}.taken": _taken,
    f"{_MODULE}.reached": _reached,
    f"{_MODULE}.alike": _alike,
    f"{_MODULE}.holds": _holds,
    f"{_MODULE}.unproven": _unproven,
    f"{_MODULE}.as_planned": _as_planned,
    f"{_MODULE}.alike_before": _alike_before,
    f"{_MODULE}.k_net": _net,
    f"{_MODULE}.k_margin": lambda facts, _: {"figure": facts.total(facts.column("margin_post")).value},
    f"{_MODULE}.k_cost": lambda facts, _: {"figure": facts.total(facts.column("cost")).value},
    f"{_MODULE}.k_orders": _orders,
    f"{_MODULE}.k_each": lambda facts, _: {"figure": 1000 * facts.total(facts.net).value / facts.treated.sum()},
}
"""By module and key of `TEXTS`: the values to show, by placeholder."""

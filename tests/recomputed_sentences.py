"""Numbers of each sentence of the reports, recomputed from the delivered file: one function per sentence, by key.

To add a sentence to a report, add its text to `TEXTS` as usual, and here a function under `module.key` that returns, by placeholder,
the number (or numbers, if there are several) that must be shown: see `RECOMPUTED`. Words need nothing. Nothing here
calls the reports: polars and numpy on the delivered file, and on contracts, costs and the holdout for facts not in its columns.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from recomputed_affinity import AFFINITY
from recomputed_campaigns import CAMPAIGN
from recomputed_credit import CREDIT
from scipy.stats import beta, chi2, t

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MONTH = 365.25 / 12
WAYS = (
    "product_id",
    "start_year",
    "monthly_amount",
    "term_months",
    "pays_by_direct_debit",
    "other_contracts_at_start",
    "age_at_start_years",
)
"""Covariates by which the simulated contracts can be segmented."""
DEBIT = {"Pays by direct debit", "Paie par prélèvement"}
WHO = {
    "known": ("people known", "personnes connues"),
    "under_contract": ("people under contract with a forecast", "personnes sous contrat dotées d’une prévision"),
}
CHANNEL = {
    "email": ("by email", "par e-mail"),
    "sms": ("by SMS", "par SMS"),
    "phone": ("by phone", "par téléphone"),
    "post": ("by post", "par courrier"),
}
BARRED = {
    "protected": ("protected", "protégées"),
    "unreachable": ("out of reach", "injoignables"),
    "consent_expired": ("expired", "expiré"),
    "consent_refused": ("refuse", "refusent"),
    "consent_unknown": ("never said", "jamais exprimées"),
}
COLUMN = {
    "type": ("Customer type", "Type de client"),
    "country": ("Country", "Pays"),
    "region": ("Region", "Région"),
    "language": ("Language", "Langue"),
    "household_size": ("Household size", "Taille du foyer"),
    "engagement_score": ("Engagement score", "Score d’engagement"),
}
"""Names of groups of people and of columns, in both languages."""


@dataclass(frozen=True)
class Counted:
    """Numbers of people in one place of a sentence, each with the words that must be next to it, in order.

    A group of one to nine is "fewer than 10"; with `has_total`, if only one group is that small, the smallest of the others has a word
    in place of its number, so that the difference does not reveal the small one.

    Attributes:
        groups: number, and words in English and French; empty groups are not named unless `names_empty`.
        has_total: whether the sum is shown.
        names_empty: whether empty groups are named.
        unnamed: sizes of other groups of the same total that are not named here.
    """

    groups: tuple[tuple[int, tuple[str, str]], ...]
    has_total: bool = False
    names_empty: bool = False
    unnamed: tuple[int, ...] = ()

    def written(self) -> list[tuple[int | str, tuple[str, str]]]:
        """Return the text for each number: itself, `under`, or `some`."""
        named = [(n, words) for n, words in self.groups if n or self.names_empty]
        sizes = [*(n for n, _ in named), *self.unnamed]
        small = [n for n in sizes if 1 <= n <= 9]
        large = [n for n in sizes if n >= 10]
        masked = min(large) if self.has_total and len(small) == 1 and large else None
        masked = None if masked in self.unnamed else masked
        found: list[tuple[int | str, tuple[str, str]]] = []
        for n, words in named:
            found.append(("under" if 1 <= n <= 9 else "some" if n == masked else n, words))
            masked = None if n == masked else masked
        return found


def people(n: int) -> Counted:
    """Return a number of people, masked if it is small."""
    return Counted(((n, ("", "")),), names_empty=True)


@dataclass(frozen=True, eq=False)
class Facts:
    """The delivery of a day, and the facts of sentences that are not in the columns of its file.

    Attributes:
        out: output root.
        day: day of the delivery.
        programme: its id.
        offered: the delivered file of the same customers with the retention offer of the page declared; None if there is none.
        offer_cost: cost of that offer, per customer who takes it.
        budget: budget of that offer.
    """

    out: Path
    day: str
    programme: str = "default"
    offered: pl.DataFrame | None = None
    offer_cost: float = 10.0
    budget: float | None = None

    @cached_property
    def file(self) -> pl.DataFrame:
        """The delivered file."""
        return pl.read_parquet(self.out / "deliveries" / self.programme / self.day / "customers_scored.parquet")

    @cached_property
    def cur(self) -> str:
        return str(json.loads((self.out / "tables" / "facts.json").read_text())["currency"]).lower()

    @cached_property
    def orders(self) -> tuple[str, int]:
        """The column of expected orders, and its days."""
        name = min((c for c in self.file.columns if c.startswith("expected_orders_")), key=lambda c: int(c.split("_")[2][:-1]))
        return name, int(name.split("_")[2][:-1])

    @cached_property
    def months(self) -> int:
        """Months of the margin ahead."""
        return int(self.margin.split("_")[2][:-1])

    @cached_property
    def margin(self) -> str:
        return next(c for c in self.file.columns if c.startswith("future_margin_") and c.endswith(f"m_{self.cur}"))

    @cached_property
    def valued(self) -> pl.DataFrame:
        """Customers with a forecast: past, future, activity and whether they are in the best fifth."""
        quality, alive = pl.col("score_quality"), pl.col("p_alive")
        known = self.file.filter(pl.col(self.margin).is_not_null()).with_columns(
            past=pl.col(f"past_margin_{self.cur}").fill_null(0.0), future=pl.col(self.margin)
        )
        if "segment_value_activity" in known.columns:
            words = pl.col("segment_value_activity").str.splitn("_", 2).struct
            return known.with_columns(activity=words.field("field_1"), is_best=words.field("field_0") == "best")
        activity = (
            pl.when(alive.is_null())
            .then(pl.lit("contract"))
            .when(quality == "short_history")
            .then(pl.lit("too_early"))
            .when(alive >= 0.7)
            .then(pl.lit("active"))
            .when(alive < 0.3)
            .then(pl.lit("gone"))
            .otherwise(pl.lit("uncertain"))
        )
        ranked = known.with_columns(activity=activity, total=(pl.col("past") + pl.col("future")).round(2)).sort(
            ["total", "customer_id"], descending=[True, False]
        )
        return ranked.with_columns(is_best=pl.int_range(pl.len()) * 10 // pl.len() < 2)

    def of(self, *activities: str) -> pl.DataFrame:
        return self.valued.filter(pl.col("activity").is_in(activities))

    @cached_property
    def with_activity(self) -> int:
        return len(self.of("active", "uncertain", "gone"))

    @cached_property
    def unforecast(self) -> dict[str, int]:
        """Numbers of people without a forecast, by reason."""
        held = pl.read_parquet(self.out / "features" / self.day / "customers.parquet")
        active = held["active_contracts"] if "active_contracts" in held.columns else pl.zeros(len(held), eager=True)
        rows = self.file.join(held.select("customer_id", active=active), on="customer_id").filter(pl.col(self.margin).is_null())
        known = pl.col("days_since_last_order").is_not_null() | (pl.col("active") > 0)
        refuses = pl.col("consent_profiling") == "refused" if "consent_profiling" in rows.columns else pl.lit(value=False)
        return {
            "prospects": rows.filter(~known).height,
            "refusing": rows.filter(known & refuses).height,
            "whole": self.file.filter(pl.col("score_quality") == "refused_profiling").height,
            "unforecast": rows.filter(known & ~refuses).height,
        }

    @cached_property
    def spells(self) -> pl.DataFrame:
        return pl.read_parquet(self.out / "features" / self.day / "spells.parquet")

    @cached_property
    def risk(self) -> tuple[str, int]:
        name = next(c for c in self.file.columns if c.startswith("churn_probability_") and c.endswith("d"))
        return name, int(name.split("_")[2][:-1])

    @cached_property
    def running(self) -> pl.DataFrame:
        """Customers with a score, each with the main contract: of several the one with the highest amount, then the earliest start."""
        held = self.spells.filter(~pl.col("event"))
        main = held.sort(
            ["customer_id", "monthly_amount", "started_on", "contract_id"], descending=[False, True, False, False], nulls_last=True
        ).unique("customer_id", keep="first", maintain_order=True)
        scored = self.file.select("customer_id", risk=pl.col(self.risk[0])).drop_nulls()
        return scored.join(main, on="customer_id").sort(["risk", "customer_id"], descending=[True, False])

    @cached_property
    def most_at_risk(self) -> pl.DataFrame:
        return self.running.filter(10 * pl.int_range(pl.len()) // pl.len() == 0)

    @cached_property
    def all_offers(self) -> pl.DataFrame:
        """Customers with a valued offer, the most at risk first, and the reason if they may not be phoned."""
        assert self.offered is not None
        names = {"value": "retention_offer_value", "cost": "retention_offer_cost", "profit": "retention_offer_profit"}
        columns = {short: next(c for c in self.offered.columns if c in {name, f"{name}_{self.cur}"}) for short, name in names.items()}
        agreed = (pl.col("consent_phone") == "granted").fill_null(value=False)
        barred = (
            pl.when(pl.col("not_contactable_because") == "protected")
            .then(pl.lit("protected"))
            .when(pl.col("may_contact_phone").not_())
            .then(pl.when(agreed).then(pl.lit("unreachable")).otherwise(pl.lit("no_consent")))
        )
        rows = self.offered.select("customer_id", risk=self.risk[0], barred=barred, **columns).drop_nulls("profit")
        return rows.sort(["risk", "customer_id"], descending=[True, False])

    @cached_property
    def offers(self) -> pl.DataFrame:
        """The offers to customers who may be phoned."""
        return self.all_offers.filter(pl.col("barred").is_null())

    @cached_property
    def paying(self) -> pl.DataFrame:
        return self.offers.filter(pl.col("profit") > 0)

    @cached_property
    def called(self) -> pl.DataFrame:
        """The offers for which calling pays, within the budget, the highest profit per unit of cost first."""
        if self.budget is None:
            return self.paying
        ranked = self.paying.sort([pl.col("profit") / pl.col("cost"), "customer_id"], descending=[True, False])
        return ranked.filter(pl.col("cost").cum_sum() <= self.budget)

    @cached_property
    def under_contract(self) -> pl.DataFrame:
        """Customers of the file with a risk."""
        return self.file.drop_nulls(self.risk[0])

    @cached_property
    def customers(self) -> pl.DataFrame:
        return pl.read_parquet(self.out / "features" / self.day / "customers.parquet")

    @cached_property
    def table_facts(self) -> dict[str, Any]:
        return dict(json.loads((self.out / "tables" / "facts.json").read_text()))

    @cached_property
    def holdout(self) -> dict[str, Any]:
        """The order probabilities on the holdout; see `order_holdout`."""
        return order_holdout(self)

    @cached_property
    def models(self) -> dict[str, Any]:
        return dict(json.loads((self.out / "scores" / self.day / "models.json").read_text()))

    @cached_property
    def past(self) -> Past:
        """The totals of the holdout; see `past_of`."""
        return past_of(self)

    @cached_property
    def acquisition_cost(self) -> float:
        return float(pl.read_parquet(self.out / "tables" / "costs.parquet").filter(scope="acquisition")["amount"].mean())  # type: ignore[arg-type]


def still_running(spells: pl.DataFrame, days: float) -> float:
    """Return the product-limit estimate of outliving an age; contracts are observed from their entry."""
    return float(np.prod([1 - ended / at_risk for age, ended, at_risk in _steps(spells) if age <= days]))


def median_age(spells: pl.DataFrame) -> float:
    left = 1.0
    for age, ended, at_risk in _steps(spells):
        left *= 1 - ended / at_risk
        if left <= 0.5:
            return age
    raise AssertionError("half of them are still running")


def mean_within(spells: pl.DataFrame, days: float) -> float:
    """Return the area under that curve up to an age."""
    area, left, before = 0.0, 1.0, 0.0
    for age, ended, at_risk in _steps(spells):
        if age >= days:
            break
        area, left, before = area + left * (age - before), left * (1 - ended / at_risk), age
    return area + left * (days - before)


def _steps(spells: pl.DataFrame) -> list[tuple[float, int, int]]:
    duration, event, entry = (spells[name].to_numpy() for name in ("duration_days", "event", "entry_days"))
    seen = duration > entry
    duration, event, entry = duration[seen], event[seen], entry[seen]
    return [
        (age, int(((duration == age) & event).sum()), int(((entry < age) & (duration >= age)).sum())) for age in np.unique(duration[event])
    ]


def p_of_two(spells: pl.DataFrame, column: str) -> float:
    """Return the p-value of the log-rank test of a flag."""
    rows = spells.drop_nulls(column).filter(pl.col("duration_days") > pl.col("entry_days"))
    duration, event, entry = (rows[name].to_numpy() for name in ("duration_days", "event", "entry_days"))
    one, gap, variance = rows[column].to_numpy() == 1, 0.0, 0.0
    for age in np.unique(duration[event]):
        at_risk, ends = (entry < age) & (duration >= age), (duration == age) & event
        n, n1, d = at_risk.sum(), (at_risk & one).sum(), ends.sum()
        gap += (ends & one).sum() - d * n1 / n
        variance += d * n1 / n * (1 - n1 / n) * (n - d) / (n - 1) if n > 1 else 0.0
    return float(chi2.sf(gap**2 / variance, 1))


def best_list(ended: np.ndarray, risk: np.ndarray, *, clv: float, contact: float, cost: float, share: float) -> tuple[float, float]:
    """Return the mean profit and depth of a list in the order of risk, at its best depth for each share averted ~ Beta(20 share, ...)."""
    churner = ended[np.argsort(-risk, kind="stable")]
    steps = np.unique([0, *(np.flatnonzero(np.diff(np.sort(-risk))) + 1), len(risk)])
    kept, lost = np.append(0, np.cumsum(churner))[steps], np.append(0, np.cumsum(~churner))[steps]
    grid = (np.arange(20_000) + 0.5) / 20_000
    weight = beta.pdf(grid, 20 * share, 20 * (1 - share)) / 20_000
    profit = [((g * (clv - cost) - contact) * kept - (cost + contact) * lost) / len(risk) for g in grid]
    best = np.array([p.argmax() for p in profit])
    return float(sum(w * p.max() for w, p in zip(weight, profit, strict=True))), float(weight @ steps[best] / len(risk))


def held_out(facts: Facts) -> dict[str, Any]:
    """Return the profit of the ranking by risk on the holdout: a refit without it, and the ends observed in it."""
    from relkit.jobs.report_material import ReportMaterial

    trial = ReportMaterial.read(programme=facts.programme, out=facts.out).trial("survival.cox")
    assert trial is not None
    days = 90
    risk = trial.fitted.score(trial.judged, horizon_days=days)
    rows = trial.judged.select("customer_id", "contract_id", age="duration_days").with_columns(risk=risk[f"churn_probability_{days}d"])
    after = trial.outcomes.select("customer_id", "contract_id", until="duration_days", ended="event")
    both = rows.join(after, on=["customer_id", "contract_id"]).drop_nulls("risk").with_columns(more=pl.col("until") - pl.col("age"))
    seen = both.filter(pl.col("ended") | (pl.col("more") >= days)).with_columns(gone=pl.col("ended") & (pl.col("more") <= days))
    clv = facts.all_offers["value"].sum() / (0.3 * facts.all_offers["risk"].sum())
    terms = {"clv": clv, "contact": 1.0, "cost": facts.offer_cost, "share": 0.3}
    gone, forecast = seen["gone"].to_numpy(), seen["risk"].to_numpy()
    profit, depth = best_list(gone, forecast, **terms)
    perfect, _ = best_list(gone, gone.astype(float), **terms)
    return {"days": days, "share": depth, "profit": profit, "clv": clv, "perfect": perfect}


def _apart(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    within = int(shown["months"]) * MONTH
    rows = facts.spells.group_by("pays_by_direct_debit", maintain_order=True)
    lasting = sorted(mean_within(part, within) / MONTH for _, part in rows)
    assert within <= float(facts.spells["duration_days"].max())  # type: ignore[arg-type]
    return {"months": int(shown["months"]), "shortest": lasting[0], "longest": lasting[1], "gap": lasting[1] - lasting[0]}


def _clearest(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    assert shown["name"] in DEBIT, "compute the test of another way to segment here"
    return {"tried": len(WAYS), "p": min(1.0, len(WAYS) * p_of_two(facts.spells, "pays_by_direct_debit"))}


def _lorenz(values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    down = np.sort(values.clip(0.0).to_numpy())[::-1]
    return np.linspace(0, 1, len(down) + 1), np.append(0.0, np.cumsum(down)) / down.sum()


def _missed(facts: Facts) -> float:
    along, spent = facts.offers["profit"].cum_sum(), facts.offers["cost"].cum_sum()
    reached = along if facts.budget is None else along.filter(spent <= facts.budget)
    return 1 - max(0.0, float(reached.max() or 0.0)) / float(facts.called["profit"].sum())  # type: ignore[arg-type]


def _offer(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"share": 0.3, "days": 90, "contact": 1, "cost": facts.offer_cost, "takers": 1.0}


def _commands(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    named = "" if facts.programme == "default" else f" --programme {facts.programme}"
    score = "relkit score --offer.contact_cost 4 --offer.offer_cost 20 --offer.budget 5000"
    return {"score": f"{score}{named}", "deliver": f"relkit deliver{named}"}


def _best_fifth(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    future = facts.valued["future"].sort(descending=True)
    top, whole = future.head(round(len(future) / 5)).sum(), future.sum()
    return {"buyers": len(future), "share": top / whole, "span": facts.months, "top": top, "all": whole}


def _slipping(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    rows = facts.of("uncertain", "gone").filter("is_best")
    return {"n": len(rows), "past": rows["past"].sum()}


def _gone(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    rows = facts.of("gone")
    return {"n": len(rows), "share": len(rows) / facts.with_activity, "told": facts.with_activity, "past": rows["past"].sum()}


def _orders(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    name, days = facts.orders
    total = facts.file[name].sum()
    reach = facts.past.reach(days, total)
    found = {"n": total, "buyers": facts.file[name].count(), "figure": total, "low": total / reach, "high": total * reach}
    return found | {"days": days}


def _range(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    """Return the total of the margin: the part of purchases by past errors of money, that of contracts by its scores' bounds."""
    rows, residual = facts.valued, f"contract_residual_value_{facts.months}m_{facts.cur}"
    held = rows[residual].fill_null(0.0)
    bought, rate = rows["future"] - held, float(facts.models[facts.margin.removesuffix(f"_{facts.cur}")]["margin_rate"])
    worth = rate * rows[f"expected_order_value_{facts.cur}"].fill_null(0.0)
    reach = facts.past.reach(facts.months * MONTH, bought.sum() ** 2 / (bought * worth).abs().sum(), money=True)
    low, high = ((held / rows["future"] * rows[f"{facts.margin}_{end}"]).fill_nan(0.0).fill_null(held) for end in ("low", "high"))
    below = (bought.sum() * (1 - 1 / reach)) ** 2 + (held - low).sum() ** 2
    above = (bought.sum() * (reach - 1)) ** 2 + (high - held).sum() ** 2
    total = rows["future"].sum()
    return {"figure": total, "future": facts.months, "low": total - below**0.5, "high": total + above**0.5}


def _basis(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    found = facts.past
    assert len(found.days) == 1 + (found.whole > 90)
    return {"n": 1, "judged": found.whole, "span": facts.months, "command": shown.get("command", "")} | _in_place(facts)


def _in_place(facts: Facts) -> dict[str, Any]:
    return {"command": "relkit fit lifetime_value.auto" + ("" if facts.programme == "default" else f" --programme {facts.programme}")}


def _of_contracts(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"share": facts.valued[f"contract_residual_value_{facts.months}m_{facts.cur}"].sum() / facts.valued["future"].sum()}


def _to_come(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    """Return the value of customers to come: month by month, the orders of those won in the middle of it, each discounted."""
    from relkit.jobs.report_material import ReportMaterial

    counts, before, mean = won(facts)
    material = ReportMaterial.read(programme=facts.programme, out=facts.out)
    model, terms = material.fitted(material.orders_model), facts.models[facts.margin.removesuffix(f"_{facts.cur}")]
    new = pl.DataFrame({"customer_id": ["new"], "is_left_censored": [False]}) if getattr(model, "covariates", ()) else None
    again = np.diff([np.ravel(model.expected_purchases_new(MONTH * age, of=new))[0] for age in range(facts.months + 1)])
    orders, left = 0.0, 1 + terms["annual_discount_rate"]
    for month in range(facts.months):
        orders += left ** (-(month + 0.5) / 12)
        for age in range(facts.months - month):
            orders += (0.5 if month + age == facts.months - 1 else 1.0) * again[age] * left ** (-(month + age + 1) / 12)
    orders *= np.mean(counts)
    change = 0.0 if before is None else abs(np.log(sum(counts) / before))
    spread = np.sqrt(max(1.0, np.var(counts, ddof=1) / np.mean(counts)) / sum(counts) + max(change, 0.15) ** 2)
    value = orders * mean * terms["margin_rate"] * (1 - (terms.get("return_share") or 0.0))
    reach = facts.past.reach(facts.months * MONTH, orders, money=True, own=spread)
    return {"a_month": np.mean(counts), "value": value, "span": facts.months, "low": value / reach, "high": value * reach}


def won(facts: Facts) -> tuple[list[int], int | None, float]:
    """Return the customers won in each of twelve months of 30.4375 days, those of the year before, and the mean value of their orders."""
    from relkit.periods import AsOf

    end = AsOf.parse(facts.day, zone=facts.table_facts["business_zone"])
    days = bought_on(facts, end.cutoff)
    known = facts.customers.select("customer_id", "is_left_censored")
    first = days.group_by("customer_id").agg(first=pl.col("day").min()).join(known, on="customer_id").filter(~pl.col("is_left_censored"))
    month = ((end.day - pl.col("first")).dt.total_days() / MONTH).floor().cast(pl.Int64)
    dated = first.with_columns(month=month)
    counts = [dated.filter(pl.col("month") == at).height for at in range(11, -1, -1)]
    before = dated.filter(pl.col("month").is_between(12, 23)).height
    start = days["day"].min()
    reaches_back = (end.day - start).days - 31 >= 2 * 365.25  # type: ignore[operator]
    values = day_values(facts, end.cutoff).join(dated.filter(pl.col("month") < 12), on="customer_id", how="semi")
    return counts, before if reaches_back else None, float(values["value"].mean())  # type: ignore[arg-type]


def _one_past_day(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    forecast, came = facts.past.money[90]
    reach = prior_reach(90, facts.past.orders[90][0])
    assert forecast / reach <= came <= forecast * reach
    word = ("high", "haut") if forecast >= came else ("low", "bas")
    return {"span": 90, "off": abs(forecast / came - 1), "side": word}


def _cohorts_held(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    """Return the number of cohorts of ten customers or more that came within bounds on the whole holdout; nothing was known before it."""
    trial, days = facts.past.trial, facts.past.whole
    rows = trial.judged.with_columns(expected=trial.fitted.expected_purchases(trial.judged, days))
    rows = rows.join(came_after(facts, trial.split), on="customer_id", how="left").with_columns(pl.col("came").fill_null(0))
    new = rows.filter(~pl.col("is_left_censored"))
    length = next(length for length in ("1mo", "1q", "1y") if length == "1y" or new["first_order_on"].dt.truncate(length).n_unique() <= 12)
    start = pl.when(~pl.col("is_left_censored")).then(pl.col("first_order_on").dt.truncate(length))
    sums = rows.group_by(start=start).agg(n=pl.len(), f=pl.col("expected").sum(), came=pl.col("came").sum()).filter(pl.col("n") >= 10)
    held = [f / prior_reach(days, f, own=0.3) <= came <= f * prior_reach(days, f, own=0.3) for _, _, f, came in sums.iter_rows()]
    day, month, year = shown["day"].replace("1er", "1").split()
    assert (int(year), MONTHS[month], int(day)) == (trial.split.calibration.day.year, *trial.split.calibration.day.timetuple()[1:3])
    return {"held": sum(held), "cohorts": len(held), "days": days, "day": shown["day"]}


def came_after(facts: Facts, split: Any) -> pl.DataFrame:
    """Return the days on which each customer bought in a holdout."""
    later = bought_on(facts, split.end.cutoff).filter(pl.col("day") > split.calibration.day, pl.col("day") <= split.end.day)
    return later.group_by("customer_id").agg(came=pl.len().cast(pl.Float64))


def prior_reach(days: float, orders: float, own: float = 0.0) -> float:
    """Return the factor of the bounds of a total without any past."""
    return reach_of([], days, orders, own)


def reach_of(errors: list[float], days: float, orders: float, own: float = 0.0) -> float:
    """Return the factor of the bounds of a total: prior and past errors averaged, the chance of the orders, a spread of its own."""
    prior = float(np.interp(np.log(days), np.log([28, 90, 180]), [0.17, 0.16, 0.15]))
    shared = (3 * prior**2 + sum(e**2 for e in errors)) / (3 + len(errors)) + 1 / max(orders, 1.0)
    degrees = (3 + len(errors)) * (1 + own**2 / shared) ** 2
    return float(np.exp(t.ppf(0.975, degrees) * np.sqrt(shared + own**2)))


@dataclass(frozen=True, eq=False)
class Past:
    """The one past day of a model fitted by name: its holdout, of which the first 90 days and the whole are totals.

    Attributes:
        trial: the model fitted again without the holdout.
        orders: by days, orders forecast and come.
        money: by days, the same in money.
    """

    trial: Any
    orders: dict[int, tuple[float, float]]
    money: dict[int, tuple[float, float]]

    @property
    def days(self) -> list[int]:
        return sorted(self.orders)

    @property
    def whole(self) -> int:
        return max(self.orders)

    def reach(self, days: float, orders: float, *, money: bool = False, own: float = 0.0) -> float:
        """Return the factor of the bounds of a total, from the error at the nearest horizon."""
        totals = self.money if money else self.orders
        forecast, came = totals[min(self.days, key=lambda span: abs(np.log(span / days)))]
        return reach_of([float(np.log(came / forecast))], days, orders, own)


def past_of(facts: Facts) -> Past:
    """Return the totals of a refit without the holdout, and what came by the transactions."""
    from relkit.jobs.report_material import ReportMaterial
    from relkit.models.lifetime_value.gamma_gamma import GammaGamma

    material = ReportMaterial.read(programme=facts.programme, out=facts.out)
    trial = material.trial(material.orders_model)
    assert trial is not None
    day, rows = trial.split.calibration.day, trial.judged
    each = GammaGamma().fit(rows, as_of=day).expected_order_value(rows)
    orders, money = {}, {}
    for days in (90, trial.split.days):
        end = trial.split.first(days).end
        values = day_values(facts, end.cutoff).filter(pl.col("day") > day, pl.col("day") <= end.day)
        values = values.join(rows, on="customer_id", how="semi")
        expected = trial.fitted.expected_purchases(rows, days)
        orders[days] = (float(expected.sum()), float(len(values)))
        money[days] = (float(expected @ each), float(values["value"].sum()))
    return Past(trial, orders, money)


def _payback(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    from relkit.features.cohorts import acquisition_cohorts
    from relkit.tables.table_set import TableSet

    tables = TableSet.open(facts.out / "tables")
    months = acquisition_cohorts(tables, tables.as_of(facts.day)).payback_months(facts.acquisition_cost)["payback_months"].median()
    return {"figure": months, "cost": facts.acquisition_cost}


def _ends(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    ends, running = facts.running["risk"].sum(), len(facts.running)
    return {"running": running, "ends": ends, "share": ends / running, "days": facts.risk[1], "figure": ends}


def _concentrated(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    top = facts.most_at_risk
    return {"n": len(top), "share": top["risk"].sum() / facts.running["risk"].sum()}


def _going(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    paid = facts.running["monthly_amount"]
    lost = (paid * facts.running["risk"]).sum()
    return {"lost": lost, "all": paid.sum(), "days": facts.risk[1], "figure": lost}


def _without(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    running = facts.spells.filter(~pl.col("event"))
    counted = running.join(facts.running, on="customer_id", how="semi").height - len(facts.running)
    rest = len(running) - len(facts.running)
    return {"n": rest, "second": counted, "others": rest - counted}


def _year(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    share = still_running(facts.spells, 365)
    return {"share": share, "figure": share}


def _calls(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    called = facts.called
    profit, cost = (called["value"] - called["cost"]).sum(), called["cost"].sum()
    offered = facts.offered
    if offered is not None and "retention_call_rank" in offered.columns:
        assert offered["retention_call_rank"].count() == len(called)
    counted = {"n": len(called), "paying": len(facts.paying), "all": len(facts.offers)}
    return counted | {"profit": profit, "cost": cost, "budget": facts.budget or 0.0}


def _barred(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    left_out = facts.all_offers.drop_nulls("barred")
    words = {
        "no_consent": ("without consent to calls", "sans accord pour le téléphone"),
        "protected": ("protected", "protégées"),
        "unreachable": ("out of reach by phone", "injoignables par téléphone"),
    }
    groups = tuple(((left_out["barred"] == why).sum(), wording) for why, wording in words.items())
    return {"reasons": Counted(groups, has_total=True), "paying": people(left_out.filter(pl.col("profit") > 0).height)}


def _few(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert 0 < len(facts.paying) < 10 or 0 < len(facts.called) < 10
    return {"n": 10}


def _unspent(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert len(facts.called) == len(facts.paying)
    return {"budget": facts.budget}


def _nobody(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert facts.offers.is_empty()
    return {}


def _unheard(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert "consents_absent" in set(facts.file["not_contactable_because"])
    return {}


def _may(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    """Return the contactable people: of all, or of those under contract with a forecast, depending on the sentence."""
    who = "known" if shown["who"] in WHO["known"] else "under_contract"
    rows = facts.file if who == "known" else facts.under_contract
    may = rows.filter(pl.col("not_contactable_because").is_null())
    assert may["is_contactable"].all()
    channels = [name for name in rows.columns if name.startswith("may_contact_")]
    by = tuple((int(rows[name].sum()), CHANNEL[name.removeprefix("may_contact_")]) for name in channels)
    return {
        "n": people(len(may)),
        "all": len(rows),
        "share": len(may) / len(rows),
        "who": WHO[who],
        "channels": Counted(by, names_empty=True),
    }


def _may_not(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    """Return the reasons why the others in the file may not be contacted; only in the value report."""
    why = facts.file["not_contactable_because"].drop_nulls()
    groups = tuple(((why == name).sum(), words) for name, words in BARRED.items())
    barred, absent = sum(n for n, _ in groups), (why == "consents_absent").sum()
    assert barred + absent == len(why)
    others = (len(facts.file) - len(why), absent)
    return {"n": people(barred), "reasons": Counted(groups, has_total=True, unnamed=others)}


def order_holdout(facts: Facts) -> dict[str, Any]:
    """Return the outcomes of the order probabilities on the first days of the holdout.

    Buyers are counted in the transactions. The probabilities are those of a refit without the holdout; only the map learnt from
    one half of the customers for the other is relkit's own, `learnt`, given the counts made here.
    """
    from relkit.jobs.report_material import ReportMaterial
    from relkit.models.lifetime_value.order_calibration import learnt

    material = ReportMaterial.read(programme=facts.programme, out=facts.out)
    trial, days = material.trial(material.orders_model), facts.orders[1]
    assert trial is not None
    before, after = trial.split.calibration, trial.split.first(days).end
    known = bought_on(facts, after.cutoff)
    earlier = bought_on(facts, before.cutoff)["customer_id"].unique().sort()
    later = known.filter(pl.col("day") > before.day, pl.col("day") <= after.day)["customer_id"].unique()
    rows = trial.judged.sort("customer_id")
    assert rows["customer_id"].to_list() == earlier.to_list()
    bought, own = rows["customer_id"].is_in(later.implode()).to_numpy(), trial.fitted.order_probability(rows, days, calibrated=False)
    found = learnt(own, bought, rows["repeat_purchases"].to_numpy(), days=days, calibrated_from=before.day)
    assert found is not None
    judged = found.judged
    gaps = (judged.observed - judged.predicted) / np.sqrt(judged.std_error**2)
    tenth = np.searchsorted(np.unique(np.quantile(own, np.arange(1, 10) / 10)), own, side="left")
    own_gaps = [abs(own[tenth == k].mean() - bought[tenth == k].mean()) * (tenth == k).sum() for k in np.unique(tenth)]
    return {
        "customers": len(rows),
        "buyers": int(bought.sum()),
        "share": bought.mean(),
        "days": days,
        "day": before.day,
        "forecast": float((judged.predicted * judged.size).sum()),
        "off": 100 * float((np.abs(judged.observed - judged.predicted) * judged.size).sum() / judged.size.sum()),
        "own": 100 * float(sum(own_gaps)) / len(rows),
        "holds": chi2.sf(float((gaps**2).sum()), len(gaps)) > 0.01 and bool((np.abs(gaps) <= 3).all()),
        "changes": not np.array_equal(judged.predicted, found.own.predicted),
    }


def bought_on(facts: Facts, until: Any) -> pl.DataFrame:
    """Return customer and day of purchases, from the transactions known before an instant, in business days of the company."""
    return day_values(facts, until).drop("value")


def day_values(facts: Facts, until: Any) -> pl.DataFrame:
    """Return customer, day and value of purchases, less what was cancelled the same day."""
    lines = pl.read_parquet(facts.out / "tables" / "transactions.parquet").filter(
        pl.col("customer_id").is_not_null(), pl.col("line_kind").is_in(["sale", "cancel"]), pl.col("occurred_at") < until
    )
    if "recorded_at" in lines.columns:
        lines = lines.filter(pl.col("recorded_at").is_null() | (pl.col("recorded_at") < until))
    zone = facts.table_facts["business_zone"]
    dated = lines.with_columns(day=pl.col("occurred_at").dt.convert_time_zone(zone).dt.date())
    article = [name for name in ("product_id",) if name in dated.columns]
    is_sale = pl.col("line_kind") == "sale"
    left = dated.group_by("customer_id", "day", *article).agg(
        sold=is_sale.any(), cancelled=(~is_sale).any(), left=pl.col("net_amount").sum().round(6)
    )
    kept = left.filter(pl.col("sold") & (~pl.col("cancelled") | (pl.col("left") > 0)))
    kept = kept.group_by("customer_id", "day").agg(value=pl.col("left").sum())
    customers = pl.read_parquet(facts.out / "tables" / "customers.parquet")
    tests = customers.filter("is_test") if "is_test" in customers.columns else customers.clear()
    return kept.join(tests, on="customer_id", how="anti")


MONTHS = {
    "January": 1, "February": 2, "March": 3, "April": 4, "May": 5, "June": 6,
    "July": 7, "August": 8, "September": 9, "October": 10, "November": 11, "December": 12,
    "janvier": 1, "février": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6,
    "juillet": 7, "août": 8, "septembre": 9, "octobre": 10, "novembre": 11, "décembre": 12,
}  # fmt: skip


def _came_true(facts: Facts, shown: dict[str, str]) -> dict[str, Any]:
    found = facts.holdout
    day, month, year = shown["day"].replace("1er", "1").split()
    assert (int(year), MONTHS[month], int(day)) == (found["day"].year, found["day"].month, found["day"].day)
    return found | {"day": shown["day"]}


def _believed(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert facts.holdout["holds"]
    return {}


def _not_believed(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert not facts.holdout["holds"]
    return facts.holdout


def _set_right(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert facts.holdout["changes"]
    return facts.holdout


def _not_set(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    assert not facts.holdout["changes"]
    return facts.holdout


def segment_of(column: pl.Series) -> pl.Series:
    """Return the segment of each customer, as text: values of at least ten customers, if over six the five most frequent and others.

    A number with more than six values is cut into quarters; a missing value is `?`.
    """
    if not column.dtype.is_numeric():
        text = column.cast(pl.String)
    elif column.drop_nulls().n_unique() > 6:
        text = quarter_of(column)
    else:
        text = column.cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")
    counts = sorted(Counter(text.fill_null("?").to_list()).items(), key=lambda item: (-item[1], item[0]))
    kept = [name for name, n in counts if n >= 10]
    kept = kept if len(kept) == len(counts) <= 6 else kept[:5]
    others = sum(n for name, n in counts if name not in kept)
    return pl.Series([name if name in kept else "others" if others >= 10 else None for name in text.fill_null("?")], dtype=pl.String)


def quarter_of(column: pl.Series) -> pl.Series:
    """Return the quarter of each number, as text: `up to 1`, `2`, `3 to 5`, `above 5` of whole numbers."""
    known, step = column.drop_nulls(), int(column.dtype.is_integer())
    below = known.filter(known < known.max()).max()
    inner = {known.quantile(share, "nearest") for share in (0.25, 0.5, 0.75)}
    edges = sorted(edge for edge in inner if edge <= below) or [below]  # type: ignore[operator,type-var]
    text = [f"{edge:.2f}".removesuffix(".00") for edge in edges]
    lower = [f"{edge + step:.2f}".removesuffix(".00") for edge in edges]  # type: ignore[operator]
    middle = [b if a == b else f"{a} to {b}" for a, b in zip(lower, text[1:], strict=False)]
    names = [f"up to {text[0]}", *middle, f"above {text[-1]}"]
    return pl.Series([None if value is None else names[sum(value > edge for edge in edges)] for value in column], dtype=pl.String)


def named(segment: str) -> tuple[str, str]:
    """Return the name of a segment in English and French."""
    known = {
        "others": ("others", "autres"),
        "?": ("not given", "non renseigné"),
        "person": ("person", "particulier"),
        "household": ("household", "foyer"),
        "company": ("company", "entreprise"),
    }
    french = re.sub(r"^(\S+) to (\S+)$", r"de \1 à \2", segment.replace("up to", "jusqu’à").replace("above", "plus de")).replace(".", ",")
    return known.get(segment, (segment, french))


def between(future: np.ndarray, segment: pl.Series) -> float:
    """Return the share of the variance that lies between segments (eta squared)."""
    placed = segment.is_not_null().to_numpy()
    y, names = future[placed], np.array(segment.drop_nulls().to_list())
    means = {name: y[names == name].mean() for name in set(names)}
    return float(sum((names == name).sum() * (mean - y.mean()) ** 2 for name, mean in means.items()) / ((y - y.mean()) ** 2).sum())


def segments_tried(facts: Facts) -> dict[str, tuple[float, pl.DataFrame]]:
    """Return, by descriptive column that makes segments, the share explained, and the mean of each segment of ten or more."""
    rows = facts.valued.select("customer_id", "future").join(facts.customers, on="customer_id", how="left", maintain_order="left")
    names = ["type", "country", "region", "language", "household_size", *facts.table_facts.get("attributes", {})]
    found = {}
    for name in dict.fromkeys(name for name in names if name in rows.columns):
        segment = segment_of(rows[name])
        if segment.drop_nulls().n_unique() > 1:
            means = rows.select("future", segment=segment).drop_nulls().group_by("segment").agg(n=pl.len(), mean=pl.col("future").mean())
            found[name] = between(rows["future"].to_numpy(), segment), means.filter(pl.col("n") >= 10).sort("mean", descending=True)
    return found


def called_as(facts: Facts, column: str) -> tuple[str, str]:
    """Return the name of a column in English and French: the declared one, or that of relkit."""
    label = facts.table_facts.get("attributes", {}).get(column, {})
    is_declared = column not in COLUMN or label.get("label_en", "").lower() not in {"", column.replace("_", " ")}
    return (label["label_en"], label["label_fr"]) if is_declared else COLUMN[column]


def _distinguished(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    tried = segments_tried(facts)
    best = max(tried, key=lambda name: tried[name][0])
    assert tried[best][0] >= 0.01
    return {"name": called_as(facts, best), "share": tried[best][0], "tried": len(tried)}


def _alike(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    tried = segments_tried(facts)
    best = max(tried, key=lambda name: tried[name][0])
    assert tried[best][0] < 0.01
    return {"name": called_as(facts, best), "tried": len(tried), "least": 0.01}


def _ends_of_segments(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    tried = segments_tried(facts)
    means = max(tried.values(), key=lambda found: found[0])[1]["segment"]
    return {"high": named(means[0]), "low": named(means[-1])}


def _nothing(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {}


def _people(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"figure": len(facts.file), "n": len(facts.valued)}


def _active(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    active = len(facts.of("active"))
    return {"figure": active, "share": active / facts.with_activity, "told": facts.with_activity}


def _held(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    customers, value = _lorenz(facts.valued["future"])
    return {"figure": np.interp(0.8, value, customers), "share": 0.8}


def _unknown_past(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"n": facts.valued[f"past_margin_{facts.cur}"].null_count()}


def _counted(key: str) -> Callable[[Facts, dict[str, str]], dict[str, Any]]:
    return lambda facts, _: {"n": facts.unforecast[key], "whole": facts.unforecast["whole"]}


RECOMPUTED: dict[str, Callable[[Facts, dict[str, str]], dict[str, Any]]] = {
    "customer_value.top_share": _best_fifth,
    "customer_value.at_risk": _slipping,
    "customer_value.gone_said": _gone,
    "customer_value.orders": _orders,
    "customer_value.prospects": _counted("prospects"),
    "customer_value.refusing": _counted("refusing"),
    "customer_value.unforecast": _counted("unforecast"),
    "customer_value.unknown_past": _unknown_past,
    "customer_value.no_margin": _nothing,
    "customer_value.k_all": _people,
    "customer_value.k_active": _active,
    "customer_value.k_orders": _orders,
    "customer_value.k_value": lambda facts, _: {"figure": facts.valued["future"].sum(), "future": facts.months},
    "customer_value.k_mean": lambda facts, _: {"figure": facts.valued["future"].mean()},
    "value_study.of_forecast": lambda facts, _: {"figure": facts.valued["past"].sum()},
    "value_study.range": _range,
    "value_study.range_usual": _range,
    "value_totals.one": _basis,
    "value_totals.beyond": _basis,
    "value_totals.contracts": _of_contracts,
    "value_totals.to_come": _to_come,
    "value_totals.unsteady_short": _nothing,
    "past_totals.one_inside": _one_past_day,
    "past_totals.alone": lambda facts, _: _in_place(facts),
    "cohort_forecasts.within": _cohorts_held,
    "value_study.held": _held,
    "value_study.payback": _payback,
    "value_study.at_once": _payback,
    "churn_risk.expected": _ends,
    "churn_risk.concentrated": _concentrated,
    "churn_risk.money": _going,
    "churn_risk.median": lambda facts, _: {"months": round(median_age(facts.spells) / MONTH)},
    "churn_risk.year": _year,
    "churn_risk.without": _without,
    "churn_risk.without_few": _without,
    "churn_risk.k_running": lambda facts, _: {"figure": len(facts.running)},
    "churn_risk.k_ends": _ends,
    "churn_risk.k_lost": _going,
    "churn_risk.k_year": _year,
    "retention_calls.assumed": _offer,
    "retention_calls.declared": _offer,
    "retention_calls.called": _calls,
    "retention_calls.none": _nothing,
    "retention_calls.no_margin": _nothing,
    "retention_calls.few": _few,
    "retention_calls.missed": lambda facts, _: {"share": _missed(facts)},
    "retention_calls.empc": lambda facts, _: held_out(facts),
    "retention_calls.within": _calls,
    "retention_calls.too_small": _calls,
    "retention_calls.unspent": _unspent,
    "retention_calls.nobody": _nobody,
    "retention_calls.barred": _barred,
    "retention_calls.declare": _commands,
    "contactability.may": _may,
    "contactability.not": _may_not,
    "contactability.absent": _unheard,
    "contactability.absent_whole": _unheard,
    "order_chances.holds": _believed,
    "order_chances.fails": _not_believed,
    "order_chances.bought": _came_true,
    "order_chances.set": _set_right,
    "order_chances.unset": _not_set,
    "order_chances.season": _nothing,
    "value_segments.chosen": _distinguished,
    "value_segments.alike": _alike,
    "value_segments.apart": _ends_of_segments,
    "value_segments.today": _nothing,
    "churn_segment_texts.chosen": _clearest,
    "churn_segment_texts.apart": _apart,
    "churn_segment_texts.none_changes": _nothing,
    "churn_segment_texts.some_change": _nothing,
    **AFFINITY,
    **CAMPAIGN,
    **CREDIT,
}
"""By module and key of `TEXTS`: the values to show, by placeholder; `figure` is the value of a key figure."""

"""The numbers of each sentence of the reports, computed again from the delivered file: one function a sentence, by its key.

To add a sentence to a report, add its text to `TEXTS` as always, and here a function under `module.key` that returns, by placeholder,
the number (or numbers, where what stands there has several) that must be shown: see `RECOMPUTED`. Words need nothing. Nothing here
calls the reports: polars and numpy on the delivered file, and on contracts, costs and the holdout for what no column of it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.stats import beta, chi2

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
"""Of the simulated contracts, by what they can be told apart."""
DEBIT = {"Pays by direct debit", "Paie par prélèvement"}


@dataclass(frozen=True, eq=False)
class Facts:
    """What was delivered of a day, and beside it what a sentence says that no column of the file does.

    Attributes:
        out: output root.
        day: of the delivery.
        programme: whose.
        offered: the delivered file of the same customers with the retention offer of the page declared; None where there is none.
    """

    out: Path
    day: str
    programme: str = "default"
    offered: pl.DataFrame | None = None

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
        """Customers with a forecast: past, future, activity and whether they are of the best fifth."""
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
    def told(self) -> int:
        return len(self.of("active", "uncertain", "gone"))

    @cached_property
    def unforecast(self) -> dict[str, int]:
        """People without a forecast, by why."""
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
        """Customers with a score, each with what the main contract pays: of several the one that pays most, then began first."""
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
    def offers(self) -> pl.DataFrame:
        """Customers whom an offer was valued for, the most at risk first."""
        assert self.offered is not None
        names = {"value": "retention_offer_value", "cost": "retention_offer_cost", "profit": "retention_offer_profit"}
        columns = {short: next(c for c in self.offered.columns if c in {name, f"{name}_{self.cur}"}) for short, name in names.items()}
        rows = self.offered.select("customer_id", risk=self.risk[0], **columns).drop_nulls("profit")
        return rows.sort(["risk", "customer_id"], descending=[True, False])

    @cached_property
    def called(self) -> pl.DataFrame:
        return self.offers.filter(pl.col("profit") > 0)

    @cached_property
    def acquisition_cost(self) -> float:
        return float(pl.read_parquet(self.out / "tables" / "costs.parquet").filter(scope="acquisition")["amount"].mean())  # type: ignore[arg-type]


def still_running(spells: pl.DataFrame, days: float) -> float:
    """Return the product-limit estimate of outliving an age; contracts come into view at their entry."""
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
    """Return the profit of the order by risk on the holdout: a refit without it, and the ends that it then saw."""
    from relkit.jobs.report_material import ReportMaterial

    trial = ReportMaterial.read(programme=facts.programme, out=facts.out).trial("survival.cox")
    assert trial is not None
    days = 90
    risk = trial.fitted.score(trial.judged, horizon_days=days)
    rows = trial.judged.select("customer_id", "contract_id", age="duration_days").with_columns(risk=risk[f"churn_probability_{days}d"])
    after = trial.outcomes.select("customer_id", "contract_id", until="duration_days", ended="event")
    both = rows.join(after, on=["customer_id", "contract_id"]).drop_nulls("risk").with_columns(more=pl.col("until") - pl.col("age"))
    seen = both.filter(pl.col("ended") | (pl.col("more") >= days)).with_columns(gone=pl.col("ended") & (pl.col("more") <= days))
    clv = facts.offers["value"].sum() / (0.3 * facts.offers["risk"].sum())
    told = {"clv": clv, "contact": 1.0, "cost": 10.0, "share": 0.3}
    gone, forecast = seen["gone"].to_numpy(), seen["risk"].to_numpy()
    profit, depth = best_list(gone, forecast, **told)
    perfect, _ = best_list(gone, gone.astype(float), **told)
    return {"days": days, "share": depth, "profit": profit, "clv": clv, "perfect": perfect}


def _apart(facts: Facts, said: dict[str, str]) -> dict[str, Any]:
    within = int(said["months"]) * MONTH
    rows = facts.spells.group_by("pays_by_direct_debit", maintain_order=True)
    lasting = sorted(mean_within(part, within) / MONTH for _, part in rows)
    assert within <= float(facts.spells["duration_days"].max())  # type: ignore[arg-type]
    return {"months": int(said["months"]), "shortest": lasting[0], "longest": lasting[1], "gap": lasting[1] - lasting[0]}


def _clearest(facts: Facts, said: dict[str, str]) -> dict[str, Any]:
    assert said["name"] in DEBIT, "compute the test of another way to segment here"
    return {"tried": len(WAYS), "p": min(1.0, len(WAYS) * p_of_two(facts.spells, "pays_by_direct_debit"))}


def _lorenz(values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    down = np.sort(values.clip(0.0).to_numpy())[::-1]
    return np.linspace(0, 1, len(down) + 1), np.append(0.0, np.cumsum(down)) / down.sum()


def _missed(facts: Facts) -> float:
    best = max(0.0, float(facts.offers["profit"].cum_sum().max()))  # type: ignore[arg-type]
    return 1 - best / float(facts.called["profit"].sum())


def _offer(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"share": 0.3, "days": 90, "contact": 1, "cost": 10, "takers": 1.0}


def _command(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"command": f"relkit score --programme {facts.programme} --as-of {facts.day}"}


def _best_fifth(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    future = facts.valued["future"].sort(descending=True)
    top, whole = future.head(round(len(future) / 5)).sum(), future.sum()
    return {"buyers": len(future), "share": top / whole, "span": facts.months, "top": top, "all": whole}


def _slipping(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    rows = facts.of("uncertain", "gone").filter("is_best")
    return {"n": len(rows), "past": rows["past"].sum()}


def _gone(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    rows = facts.of("gone")
    return {"n": len(rows), "share": len(rows) / facts.told, "told": facts.told, "past": rows["past"].sum()}


def _orders(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    name, days = facts.orders
    return {"n": facts.file[name].sum(), "days": days, "buyers": facts.file[name].count(), "figure": facts.file[name].sum()}


def _range(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    low, high = (facts.valued[name].fill_null(facts.valued["future"]).sum() for name in (f"{facts.margin}_low", f"{facts.margin}_high"))
    return {"figure": facts.valued["future"].sum(), "future": facts.months, "low": low, "high": high}


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
    return {"n": len(called), "all": len(facts.offers), "profit": profit, "cost": cost}


def _nothing(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {}


def _people(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    return {"figure": len(facts.file), "n": len(facts.valued)}


def _active(facts: Facts, _: dict[str, str]) -> dict[str, Any]:
    active = len(facts.of("active"))
    return {"figure": active, "share": active / facts.told, "told": facts.told}


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
    "retention_calls.few": lambda facts, _: {"n": 10 if 0 < len(facts.called) < 10 else None},
    "retention_calls.missed": lambda facts, _: {"share": _missed(facts)},
    "retention_calls.empc": lambda facts, _: held_out(facts),
    "retention_calls.declare": _command,
    "churn_segment_texts.chosen": _clearest,
    "churn_segment_texts.apart": _apart,
    "churn_segment_texts.none_changes": _nothing,
    "churn_segment_texts.some_change": _nothing,
}
"""By module and key of `TEXTS`: what must be shown, by placeholder; `figure` is what a key figure writes large."""

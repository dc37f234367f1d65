"""Numbers of each sentence of the affinity report, recomputed from the tables with polars, numpy and scipy: see `recomputed_sentences`.

Two things are taken from the models: the list of pairs that were followed, and the lists of products that were recommended. All counts,
lifts, tests and shares on them are recomputed here.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.stats import hypergeom, norm, poisson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recomputed_sentences import Facts

ALPHA = 0.05
METHODS = {
    "personal": ("own favourites, then best-sellers", "favoris du client, puis meilleures ventes"),
    "global": ("best-sellers", "meilleures ventes"),
}


class Shop:
    """Baskets and visits of the simulated company, which has no returns, fees or gift cards among its lines."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @cached_property
    def lines(self) -> pl.DataFrame:
        """Distinct lines: customer_id, transaction_id, day, product_id, and the name and category of the product."""
        table = pl.read_parquet(self.facts.out / "tables" / "transactions.parquet")
        assert set(table["line_kind"].unique()) == {"sale"}
        assert table["product_id"].null_count() == table["customer_id"].null_count() == 0
        day = pl.col("occurred_at").dt.convert_time_zone("Europe/Paris").dt.date()
        products = pl.read_parquet(self.facts.out / "tables" / "products.parquet").sort("valid_from").unique("product_id", keep="last")
        lines = table.select("customer_id", "transaction_id", "product_id", day=day).unique()
        return lines.join(products.select("product_id", "name", category="category_2"), on="product_id", how="left")

    @cached_property
    def baskets(self) -> list[frozenset[str]]:
        return [frozenset(part) for part in self.lines.group_by("transaction_id").agg("product_id")["product_id"].to_list()]

    @cached_property
    def bought(self) -> dict[str, int]:
        """Baskets with each product."""
        return dict(self.lines.group_by("product_id").agg(pl.col("transaction_id").n_unique()).iter_rows())

    @cached_property
    def category(self) -> dict[str, str]:
        return dict(self.lines.select("product_id", "category").unique().iter_rows())

    @cached_property
    def name(self) -> dict[str, str]:
        return dict(self.lines.select("product_id", "name").unique().iter_rows())

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """Pairs in at least a thousandth of the baskets: extra baskets, and whether they differ from chance."""
        counted: dict[tuple[str, str], int] = {}
        for basket in self.baskets:
            for pair in combinations(sorted(basket), 2):
                counted[pair] = counted.get(pair, 0) + 1
        n, least = len(self.baskets), int(np.ceil(len(self.baskets) / 1000))
        rows = [(a, b, k, self.bought[a], self.bought[b]) for (a, b), k in counted.items() if k >= least]
        both, left, right = (np.array([row[i] for row in rows]) for i in (2, 3, 4))
        tails = hypergeom.sf(both - 1, n, left, right), hypergeom.cdf(both, n, left, right)
        products = len(self.bought)
        q = adjusted(np.minimum(2 * np.minimum(*tails), 1), products * (products - 1) // 2)
        frame = pl.DataFrame(rows, schema=["a", "b", "both", "left", "right"], orient="row")
        return frame.with_columns(extra=pl.Series(both - left * right / n), matters=pl.Series(q <= ALPHA) & pl.Series(both >= 10))

    @cached_property
    def together(self) -> pl.DataFrame:
        return self.pairs.filter("matters", pl.col("extra") > 0).sort(["extra", "a", "b"], descending=[True, False, False])

    def counts(self, a: str, b: str, baskets: list[frozenset[str]]) -> tuple[int, int, int, int]:
        return sum(a in x and b in x for x in baskets), sum(a in x for x in baskets), sum(b in x for x in baskets), len(baskets)

    @cached_property
    def changes(self) -> tuple[int, int]:
        """Number of pairs followed, and of those whose lift changed in the last 90 days."""
        last = self.lines["day"].max()
        assert str(last) == self.facts.day
        periods = []
        for start in (180, 90):
            ages = (pl.lit(last) - pl.col("day")).dt.total_days()
            part = self.lines.filter(ages < start, ages >= start - 90)
            periods.append([frozenset(x) for x in part.group_by("transaction_id").agg("product_id")["product_id"].to_list()])
        followed = champion(self.facts, "associations").changes
        p = [self._changed(a, b, periods) for a, b in followed.select("product_a", "product_b").iter_rows()]
        return len(p), int((adjusted(np.array(p), len(p)) <= ALPHA).sum())

    def _changed(self, a: str, b: str, periods: list[list[frozenset[str]]]) -> float:
        """Return the p-value of equal lifts, from the delta method on the logarithm of each."""
        logs, variances = [], []
        for baskets in periods:
            both, left, right, n = self.counts(a, b, baskets)
            assert both > 0
            lift = both * n / (left * right)
            logs.append(np.log(lift))
            variances.append(1 / both - 1 / left - 1 / right + (2 * lift - 1) / n)
        return float(2 * norm.sf(abs(logs[1] - logs[0]) / np.sqrt(sum(variances))))

    @cached_property
    def buyers(self) -> dict[str, set[str]]:
        """Customers of each category."""
        return {name: set(part) for name, part in self.lines.group_by("category").agg("customer_id").iter_rows()}

    def visits(self, category: str) -> list[list[set[str]]]:
        """Products of a category by customer and day."""
        part = self.lines.filter(pl.col("category") == category).sort("customer_id", "day")
        found: dict[str, dict[Any, set[str]]] = {}
        for customer, day, product in part.select("customer_id", "day", "product_id").iter_rows():
            found.setdefault(customer, {}).setdefault(day, set()).add(product)
        return [list(days.values()) for days in found.values()]


_SHOPS: dict[str, Shop] = {}


def shop(facts: Facts) -> Shop:
    """Return the shop of a company; each is read once."""
    return _SHOPS.setdefault(f"{facts.out}", Shop(facts))


def champion(facts: Facts, role: str) -> Any:
    """Return the fitted model of a role that is in use."""
    from relkit.models import catalogue
    from relkit.tracking import registry

    (model,) = {"associations": ["affinity.rules"], "next products": ["affinity.next_product"]}[role]
    assert catalogue.role_of(model).name == role
    versions = registry.versions(registry.registered_name(model, facts.programme))
    return registry.load(next(version for version in versions if version.is_champion))


def adjusted(p: np.ndarray, tests: int) -> np.ndarray:
    """Return the q-values of Benjamini and Hochberg among so many tests."""
    order = np.argsort(p)
    steps = p[order] * tests / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    return q


def _strongest(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = shop(facts)
    a, b, both, left, right, extra, _matters = own.together.row(0)
    n = len(own.baskets)
    lift = both * n / (left * right)
    reach = norm.ppf(0.975) * np.sqrt(1 / both - 1 / left - 1 / right + (2 * lift - 1) / n)
    names = {"a": own.name[a], "b": own.name[b]}
    return {**names, "count": both, "lift": lift, "low": lift * np.exp(-reach), "high": lift * np.exp(reach), "extra": round(extra)}


def _pairs(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = shop(facts)
    apart = own.pairs.filter("matters", pl.col("extra") < 0)
    values = {"compared": len(own.pairs), "together": len(own.together), "apart": len(apart), "alpha": ALPHA}
    return {**values, "figure": len(own.together)}


def _within(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = shop(facts)
    top = own.together.head(15)
    same = sum(own.category[a] == own.category[b] for a, b in top.select("a", "b").iter_rows())
    return {"shown": len(top), "same": same, "figure": top["extra"].sum()}


def _within_all(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _within(facts, values)
    assert found["same"] == found["shown"]
    return found


def _followed(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    watched, n = shop(facts).changes
    return {"watched": watched, "n": n, "days": 90}


def _unchanged(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _followed(facts, values)
    assert found["n"] == 0
    return found


def _baskets(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = shop(facts)
    return {"figure": len(own.baskets), "singles": sum(len(basket) == 1 for basket in own.baskets)}


def _crossed(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    """Return the pair of categories with the highest index; of its directions, the one with the larger share."""
    buyers, n = shop(facts).buyers, shop(facts).lines["customer_id"].n_unique()
    index = {(a, b): 100 * len(buyers[a] & buyers[b]) * n / (len(buyers[a]) * len(buyers[b])) for a in buyers for b in buyers if a != b}
    a, b = max(index, key=lambda pair: (index[pair], len(buyers[pair[0]] & buyers[pair[1]]) / len(buyers[pair[0]])))
    both = len(buyers[a] & buyers[b])
    shares = {"share": both / len(buyers[a]), "all": len(buyers[b]) / n}
    return {"a": a, "b": b, **shares, "index": round(index[a, b]), "both": both}


def _returns(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    medians = {}
    for category in shop(facts).buyers:
        days = shop(facts).lines.filter(pl.col("category") == category).select("customer_id", "day").unique().sort("customer_id", "day")
        gaps = days.with_columns(gap=pl.col("day").diff().over("customer_id").dt.total_days()).drop_nulls("gap")
        assert gaps["customer_id"].n_unique() >= 10
        medians[category] = float(np.median(gaps["gap"].to_numpy()))
    shortest = min(medians, key=lambda name: (medians[name], name))
    return {"category": shortest, "days": round(medians[shortest]), "n": len(medians)}


def _unreplaced(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the switches of the category with most returns; no pair may be above chance by a test without any correction of margins."""
    own = shop(facts)
    visits = {name: own.visits(name) for name in own.buyers}
    busiest = max(visits, key=lambda name: (sum(len(days) - 1 for days in visits[name]), name))
    switches: dict[tuple[str, str], int] = {}
    for days in visits[busiest]:
        for before, after in pairwise(days):
            for pair in ((i, j) for i in before - after for j in after - before):
                switches[pair] = switches.get(pair, 0) + 1
    products = sorted({product for days in visits[busiest] for day in days for product in day})
    assert len(products) <= 20
    leaving = {i: sum(switches.get((i, j), 0) for j in products) for i in products}
    joining = {j: sum(switches.get((i, j), 0) for i in products) for j in products}
    total = sum(switches.values())
    for i, j in combinations(products, 2):
        expected = (leaving[i] * joining[j] + leaving[j] * joining[i]) / total
        assert poisson.sf(switches.get((i, j), 0) + switches.get((j, i), 0) - 1, 1.3 * expected) > 0.001
    customers = sum(len(days) > 1 for days in visits[busiest])
    return {"category": busiest, "products": len(products), "switches": total, "customers": customers}


def _first(facts: Facts) -> pl.DataFrame:
    return pl.read_parquet(facts.out / "scores" / facts.day / "next_products.parquet").filter(pl.col("rank") == 1)


def _scored(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    """Return the customers by whether they had bought the first product, which the transactions show."""
    first = _first(facts)
    owned = set(shop(facts).lines.select("customer_id", "product_id").iter_rows())
    repeat = sum(pair in owned for pair in first.select("customer_id", "product_id").iter_rows())
    return {"n": len(first), "repeat": repeat, "share": repeat / len(first), "explore": len(first) - repeat}


def _favourite(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    first = _first(facts)
    (product, n) = first["product_id"].value_counts().sort(["count", "product_id"], descending=[True, False]).row(0)
    mean = first.filter(product_id=product)["probability"].mean()
    return {"product": shop(facts).name[product], "n": n, "share": n / len(first), "probability": mean}


def _margin(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    column = f"next_product_margin_{facts.cur}_1"
    held = facts.file[column].sum()
    whole = _first(facts)["expected_margin"].sum()
    assert abs(held - whole) < 0.005 * len(facts.file) + 0.02 * abs(whole)  # the file has rounded cells, and leaves out who refuses scores
    return {"margin": whole}


class Lists:
    """Lists of the model and of the baselines for customers who bought after the calibration, and the products of their next basket."""

    def __init__(self, facts: Facts) -> None:
        from relkit.jobs.affinity_material import AffinityMaterial
        from relkit.jobs.report_material import ReportMaterial

        material = ReportMaterial.read(programme=facts.programme, out=str(facts.out))
        trust = AffinityMaterial(material).trust()
        assert trust.judged is not None
        assert trust.day is not None
        own, day = shop(facts), trust.day
        self.day = day
        trial = material.trial("affinity.next_product")
        assert trial is not None
        names = trial.fitted.products["product_id"].to_list()
        later = own.lines.filter(pl.col("day") > day).sort("day")
        before = own.lines.filter(pl.col("day") <= day)
        self.owned = {c: set(p) for c, p in before.group_by("customer_id").agg("product_id").iter_rows()}
        first = later.select("customer_id", "day").group_by("customer_id").agg(pl.col("day").min())
        self.customers = [c for c in trial.judged["customer_id"].cast(pl.String) if c in set(first["customer_id"])]
        self.next: dict[str, set[str]] = {}
        for customer, _transaction, product in self._first_baskets(later, first):
            self.next.setdefault(customer, set()).add(product)
        assert len(self.customers) == trust.judged.bought.counts.size
        self.lists = {
            method: dict(zip(self.customers, [[names[i] for i in row if i >= 0] for row in rows.tolist()], strict=True))
            for method, rows in trust.judged.lists.items()
        }
        self.probabilities = dict(zip(self.customers, trust.judged.probabilities.tolist(), strict=True))

    def _first_baskets(self, later: pl.DataFrame, first: pl.DataFrame) -> list[tuple[str, str, str]]:
        """Return the lines of each customer's first basket; of two on one day, the one with the earlier line."""
        table = later.join(first, on=["customer_id", "day"])
        assert table.group_by("customer_id").agg(pl.col("transaction_id").n_unique())["transaction_id"].max() == 1
        return table.select("customer_id", "transaction_id", "product_id").rows()

    def recall(self, method: str, kind: str = "all") -> list[float]:
        """Return the share found of each customer to whom the kind of purchase applies."""
        found = []
        for customer in self.customers:
            owned = self.owned.get(customer, set())
            bought = {p for p in self.next[customer] if kind == "all" or (p in owned) == (kind == "repeat")}
            if bought:
                found.append(len(bought & set(self.lists[method][customer][:10])) / len(bought))
        return found


_LISTS: dict[str, Lists] = {}


def lists(facts: Facts) -> Lists:
    """Return the lists of a company; each is made once."""
    if str(facts.out) not in _LISTS:
        _LISTS[str(facts.out)] = Lists(facts)
    return _LISTS[str(facts.out)]


def _judged(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = lists(facts)
    means = {method: float(np.mean(own.recall(method))) for method in ("model", *METHODS)}
    better = max(METHODS, key=lambda name: means[name])
    values = {"customers": len(own.customers), "day": spoken(own.day), "top": 10, "recall": means["model"], "other": means[better]}
    return {**values, "baseline": METHODS[better]}


def _apart(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the difference; the bounds of its bootstrap are within a tenth of a standard error of the normal ones."""
    own = lists(facts)
    means = {method: np.array(own.recall(method)) for method in ("model", *METHODS)}
    better = max(METHODS, key=lambda name: float(np.mean(means[name])))
    apart = means["model"] - means[better]
    error = 100 * float(apart.std() / np.sqrt(len(apart)))
    for name, at in (("low", -1.96), ("high", 1.96)):
        shown = float(values[name].replace(",", ".").replace("−", "-"))
        assert abs(shown - (100 * float(apart.mean()) + at * error)) < 0.25 * error + 0.05
    bounds = {name: float(values[name].replace(",", ".").replace("−", "-")) for name in ("low", "high")}
    return {"difference": 100 * float(apart.mean()), **bounds}


def _beats(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _apart(facts, values)
    assert found["low"] > 0
    return found


def _equals(facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    found = _apart(facts, values)
    assert found["low"] <= 0.05
    assert found["high"] >= -0.05
    return found


def _explored(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    own = lists(facts)
    return {"model": float(np.mean(own.recall("model", "explore"))), "plain": float(np.mean(own.recall("global", "explore")))}


def _off(facts: Facts) -> tuple[float, float]:
    """Return the mean gap of the first three products, by tenth of the probability, in points, and the largest gap in standard errors."""
    own = lists(facts)
    p, y = [], []
    for customer in own.customers:
        for product, chance in zip(own.lists["model"][customer][:3], own.probabilities[customer][:3], strict=True):
            p.append(chance)
            y.append(product in own.next[customer])
    chance, came = np.array(p), np.array(y)
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, 11)[1:-1]))
    group = np.searchsorted(edges, chance, side="left")
    parts = [group == g for g in np.unique(group)]
    gaps = [abs(float(chance[part].mean()) - float(came[part].mean())) for part in parts]
    errors = [gap / np.sqrt(float((chance[part] * (1 - chance[part])).sum())) * part.sum() for gap, part in zip(gaps, parts, strict=True)]
    return 100 * float(np.average(gaps, weights=[part.sum() for part in parts])), float(max(errors))


def _holds(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    assert _off(facts)[1] <= 3.2
    return {}


def _fails(facts: Facts, _: Mapping[str, str]) -> dict[str, Any]:
    assert _off(facts)[1] > 2
    return {"off": _off(facts)[0]}


MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "fr": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
}


def spoken(day: Any) -> tuple[str, str]:
    """Return a date in words, in both languages."""
    first = {"en": "1", "fr": "1er"}
    english, french = (f"{first[at] if day.day == 1 else day.day} {MONTHS[at][day.month - 1]} {day.year}" for at in ("en", "fr"))
    return english, french


AFFINITY: dict[str, Callable[[Facts, Mapping[str, str]], dict[str, Any]]] = {
    "product_pairs.strongest": _strongest,
    "product_pairs.together": _pairs,
    "product_pairs.within": _within,
    "product_pairs.within_all": _within_all,
    "product_pairs.changed": _followed,
    "product_pairs.unchanged": _unchanged,
    "product_pairs.k_baskets": _baskets,
    "product_pairs.k_pairs": _pairs,
    "product_pairs.k_extra": _within,
    "category_shopping.crossed": _crossed,
    "category_shopping.returns": _returns,
    "category_shopping.unreplaced": _unreplaced,
    "next_products.scored": _scored,
    "next_products.favourite": _favourite,
    "next_products.margin": _margin,
    "next_products.judged": _judged,
    "next_products.beats": _beats,
    "next_products.equals": _equals,
    "next_products.explore": _explored,
    "next_products.holds": _holds,
    "next_products.fails": _fails,
    "product_propensities.none": lambda *_: {},
}
"""By module and key of `TEXTS`, as in `recomputed_sentences.RECOMPUTED`."""

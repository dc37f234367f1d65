"""Association rules: products bought together more often than by chance, with their measures and tests.

    fitted = Rules(min_support=0.001, min_confidence=0.5).fit(receipts, as_of=day)
    fitted.rules          one row per rule, the highest lift first
    fitted.pairs          all pairs that meet often enough, for matrices and networks
    fitted.itemsets       the frequent sets, marked if closed or maximal
    fitted.changes        pairs whose lift is compared between the last two periods

By default sets of two and three products are searched among those in at least one basket in a thousand; if that leaves more than can be
read, the smallest count is doubled. Every rule found is kept, whatever its lift: products that avoid each other are substitutes. The
summary has only rules that are significant, attract each other and are not redundant.

    Agrawal, R., Imielinski, T. and Swami, A. (1993), Mining association rules between sets of items in large databases, SIGMOD.
    Hahsler, M., Grün, B. and Hornik, K. (2005), arules, Journal of Statistical Software 14(15).

Out of scope here: sequences (bought A, then B), and what a single customer will want next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from relkit.cards import FittedCard
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.affinity.family import ASSOCIATIONS, RECEIPTS
from relkit.models.affinity.lift_changes import lift_changes
from relkit.models.affinity.mined_rules import MinedRules, mined
from relkit.models.affinity.receipt_frames import PRODUCT, ReadReceipts, read_receipts, receipts_contract
from relkit.models.affinity.rule_remarks import BasketFacts, facts_of, rule_remarks
from relkit.models.affinity.set_counts import count_sets
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts, fingerprint
from relkit.scalars import check_level, check_scalar
from relkit.texts import Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.affinity.baskets import Baskets

SUMMARISED = 50
"""Most rules in the summary."""
JUDGED = 200
"""Most rules judged on later baskets, and most pairs compared between two periods."""
_ARROW = "=>"


@dataclass(frozen=True, kw_only=True)
class Rules(ModelFacts):
    """Settings of association rules.

    Attributes:
        min_support: smallest share of the baskets that contain all products of a rule; None leaves the choice to the data.
        min_count: smallest number of those baskets; if both are given, both apply. 0 lists pairs that never met (max_size 2).
        min_confidence: smallest share of the baskets with the left side that have the right side too.
        min_lift: smallest lift.
        max_size: most products in a rule, both sides together; 0 for no limit.
        max_consequent: most products on the right.
        single_to_single: one product on either side only.
        antecedents: products allowed on the left; empty for all.
        consequents: products allowed on the right; empty for all.
        without: products left out of all rules (carrier bags); baskets that contain them still count.
        item_levels: "product" or columns of categories with a list per basket; several mix them, without an item and its own category.
        by: column whose groups of baskets have rules of their own (channel_id, a segment); empty for none.
        level: of the intervals.
        significance: largest false discovery rate at which a rule counts as significant.
        drop_redundant: leave out rules that a more general one makes superfluous.
        only_significant: leave out rules that are not significant.
        max_basket_items: baskets with more different products are set aside; 0 for no limit.
        watch: pairs "A=>B" whose lift is compared between the last two periods; empty for the strongest.
        period_days: length of these periods.
    """

    name: ClassVar[str] = "affinity.rules"
    family: ClassVar[str] = "affinity"
    role, reads = ASSOCIATIONS, RECEIPTS
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="share_of_rules_that_hold", direction="higher")
    label = Text("Association rules", "Règles d’association")
    purpose = Text(
        "Which products are bought together more often than by chance, in which direction, and how surely.",
        "Quels produits s’achètent ensemble plus souvent que par hasard, dans quel sens, et avec quelle certitude.",
    )
    figures: ClassVar[tuple[str, ...]] = ("association_network", "lift_matrix")
    check_settings: ClassVar[dict[str, Any]] = {"min_count": 5}

    min_support: float | None = None
    min_count: int | None = None
    min_confidence: float = 0.0
    min_lift: float = 0.0
    max_size: int = 3
    max_consequent: int = 1
    single_to_single: bool = False
    antecedents: tuple[str, ...] = ()
    consequents: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    item_levels: tuple[str, ...] = (PRODUCT,)
    by: str = ""
    level: float = LEVEL
    significance: float = 0.05
    drop_redundant: bool = False
    only_significant: bool = False
    max_basket_items: int = 0
    watch: tuple[str, ...] = ()
    period_days: int = 90

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        for name in ("min_support", "min_confidence"):
            value = getattr(self, name)
            if value is not None:
                check_scalar(value, name, ge=0, le=1, where=self.name, remedy="Write 0.01 for 1 %.")
        for name, least in (("min_lift", 0), ("max_size", 0), ("max_consequent", 1), ("max_basket_items", 0), ("period_days", 1)):
            check_scalar(getattr(self, name), name, ge=least, where=self.name)
        if self.min_count is not None:
            check_scalar(self.min_count, "min_count", ge=0, where=self.name)
        if self.max_size == 1:
            raise ParameterError("max_size is 1; a rule has at least two products.", where=self.name, remedy="Write 2, 3 or 0 (no limit).")
        check_level(self.level, where=self.name)
        check_scalar(self.significance, "significance", gt=0, lt=1, where=self.name, remedy="Write 0.05 for 5 %.")
        if not self.item_levels or len(set(self.item_levels)) < len(self.item_levels):
            raise ParameterError("item_levels is empty or names a level twice.", where=self.name, remedy="Write product, or category_1.")
        self.watched  # noqa: B018 refuses invalid pairs

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return receipts_contract(self.item_levels, self.by)

    @property
    def most_items(self) -> int:
        """Most products in a rule; 0 for no limit."""
        return 2 if self.single_to_single else self.max_size

    @property
    def watched(self) -> tuple[tuple[str, str], ...]:
        """The pairs to watch."""
        parts = [tuple(part.strip() for part in pair.split(_ARROW)) for pair in self.watch]
        if wrong := [pair for pair, sides in zip(self.watch, parts, strict=True) if len(sides) != 2 or not all(sides)]:
            raise ParameterError(f"watch has {wrong[0]!r}, which is no pair.", where=self.name, remedy='Write "A=>B".')
        return tuple((sides[0], sides[1]) for sides in parts)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedRules:
        """Find the rules of receipts.

        Args:
            features: one row per basket with `products`, a list of ids (text, category or enumeration); `day` if periods are to be
                compared; the columns that `item_levels` and `by` name.
            as_of: last day whose baskets are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: no basket has a product, or there are too many sets to list.
            FitError: products named in the settings are in no basket.

        Examples:
            >>> from datetime import date
            >>> receipts = pl.DataFrame({"products": [["milk", "bread"], ["milk", "bread"], ["beer"], ["milk"]]})
            >>> fitted = Rules(min_count=2).fit(receipts, as_of=date(2025, 6, 30))
            >>> fitted.rules.select("antecedent", "consequent", "count", "confidence", "lift").row(0)
            (['bread'], ['milk'], 2, 1.0, 1.3333333333333333)
        """
        read = read_receipts(features, self.item_levels, self.by)
        baskets, read = _set_aside(read, self.max_basket_items)
        if not baskets.n:
            raise NotEnoughEventsError(
                "no basket has a product.", where=self.name, remedy="Check that product_id is mapped and that sales have line_kind sale."
            )
        found = mined(self, read, baskets)
        changes = _changes(self, found, read, baskets, as_of)
        facts = facts_of(self, baskets, read.baskets, found)
        info = FitInfo(
            as_of=as_of,
            rows=baskets.n,
            log_likelihood=None,
            converged=True,
            fingerprint=fingerprint(read.columns),
            remarks=rule_remarks(self, facts, changes, baskets.names),
        )
        return FittedRules(
            settings=self, info=info, facts=facts, rules=found.rules, pairs=found.pairs, itemsets=found.itemsets, changes=changes
        )

    def judge(self, fitted: FittedRules, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return the share of the strongest rules whose lift stays above 1 in later baskets, and how far their lifts move.

        Args:
            fitted: the rules.
            features: not read; the rules know their own baskets.
            outcomes: receipts of the holdout.

        Returns:
            share_of_rules_that_hold, mean_log_lift_difference (later less earlier, over rules that met again), rules_judged.

        Raises:
            NotEnoughEventsError: no rule is significant, or the products of none were bought later.
        """
        by = fitted.settings.by  # a champion may have been fitted with other settings
        read = read_receipts(outcomes, fitted.settings.item_levels, by)
        top = fitted.strongest(JUDGED)
        judged = [_later(rules, baskets) for rules, baskets in _by_group(top, read, by) if len(rules)]
        later = pl.concat(judged).filter(pl.col("possible")) if judged else pl.DataFrame()
        if later.is_empty():
            raise NotEnoughEventsError("no significant rule has products that were bought later.", where=self.name)
        moved = later.filter(pl.col("lift_later") > 0).select((pl.col("lift_later") / pl.col("lift")).log().mean()).item()
        return {
            "share_of_rules_that_hold": float(later.select((pl.col("lift_later") > 1).mean()).item()),
            "mean_log_lift_difference": 0.0 if moved is None else float(moved),
            "rules_judged": float(len(later)),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedRules(FittedCard):
    """Association rules of receipts.

    Attributes:
        settings: the settings.
        info: facts about the fit.
        facts: numbers of baskets, products and rules.
        rules: one row per rule: the group (if `by`), then the columns of `relkit.models.affinity.association_rules.COLUMNS`.
        pairs: product_a, product_b, count, count_a, count_b, baskets: all pairs at or above the smallest count.
        itemsets: items, size, count, baskets, support, is_closed, is_maximal: all sets at or above it.
        changes: columns of `relkit.models.affinity.lift_changes.lift_changes`, and has_drifted; empty without two periods.
    """

    name: ClassVar[str] = "affinity.rules"
    format: ClassVar[int] = 1

    settings: Rules
    info: FitInfo
    facts: BasketFacts
    rules: pl.DataFrame
    pairs: pl.DataFrame
    itemsets: pl.DataFrame
    changes: pl.DataFrame

    @property
    def needs(self) -> Contract:
        """Columns that the rules were learnt from."""
        return self.settings.needs

    def associations(self) -> pl.DataFrame:
        """Return the rules."""
        return self.rules

    def strongest(self, most: int = SUMMARISED) -> pl.DataFrame:
        """Return the rules to read first, by the lower bound of their lift.

        They are significant, attracting, not redundant, and each item on the left improves them by more than chance.

        Args:
            most: number of rules.

        Returns:
            Rows of `rules`.
        """
        order = [*([self.settings.by] if self.settings.by else []), "antecedent", "consequent"]
        is_sure = pl.max_horizontal("q_value", "improvement_p_value") <= self.settings.significance
        good = self.rules.filter(is_sure, pl.col("count") * pl.col("baskets") > _expected(), ~pl.col("is_redundant"))
        return good.sort("lift_lower", *order, descending=[True, *[False] * len(order)], nulls_last=True).head(most)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: numbers of the fit, then the lift of the strongest rules.

        The standard error of a lift is that of its logarithm times the lift.
        """
        facts = self.facts
        numbers = {"baskets": facts.baskets, "products": facts.products, "rules": facts.rules, "significant rules": facts.significant}
        nothing = pl.lit(None, pl.Float64)
        head = pl.DataFrame({"term": list(numbers), "estimate": [float(value) for value in numbers.values()]})
        top = self.strongest().select(
            term=_term(self.settings.by),
            estimate="lift",
            std_error=pl.col("lift") * (pl.col("lift_upper") / pl.col("lift_lower")).log() / (2 * _reach(self.settings.level)),
            lower="lift_lower",
            upper="lift_upper",
        )
        return pl.concat([head.with_columns(std_error=nothing, lower=nothing, upper=nothing), top])


def _expected() -> pl.Expr:
    return pl.col("antecedent_count") * pl.col("consequent_count")


def _reach(level: float) -> float:
    from relkit.metrics.intervals import normal_reach

    return normal_reach(level)


def _term(by: str) -> pl.Expr:
    """Return the words of a rule: A + B => C, after its group."""
    sides = [pl.col(side).list.join(" + ") for side in ("antecedent", "consequent")]
    words = pl.format(f"{{}} {_ARROW} {{}}", *sides)
    return pl.format("{}: {}", pl.col(by).fill_null("-"), words) if by else words


def _set_aside(read: ReadReceipts, most: int) -> tuple[Baskets, ReadReceipts]:
    """Return the baskets with at most so many products, and the receipts with the groups and days of these."""
    kept = read.baskets.sizes <= most if most else np.ones(read.baskets.n, np.bool_)
    if kept.all():
        return read.baskets, read
    mask = pl.Series(kept)
    days = None if read.days is None else read.days.filter(mask)
    groups = None if read.groups is None else read.groups.filter(mask)
    return read.baskets.where(kept), replace(read, days=days, groups=groups)


def _by_group(top: pl.DataFrame, read: ReadReceipts, by: str) -> list[tuple[pl.DataFrame, Baskets]]:
    """Return the rules of each group with its baskets."""
    if not by or read.groups is None:
        return [(top, read.baskets)]
    pairs = []
    for group in top[by].unique(maintain_order=True).to_list():
        mine = read.groups.is_null() if group is None else (read.groups == group).fill_null(value=False)
        pairs.append((top.filter(pl.col(by).eq_missing(pl.lit(group))), read.baskets.where(mine.to_numpy())))
    return pairs


def _later(rules: pl.DataFrame, baskets: Baskets) -> pl.DataFrame:
    """Return lift, lift_later and possible (both sides were bought) of rules in later baskets."""
    code = dict(zip(baskets.names.to_list(), range(len(baskets.names)), strict=True))
    sides = [[tuple(code.get(item, -1) for item in items) for items in rules[side].to_list()] for side in ("antecedent", "consequent")]
    both = [left + right for left, right in zip(*sides, strict=True)]
    left, right, met = count_sets(baskets, [*sides[0], *sides[1], *both]).reshape(3, len(rules))
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = baskets.n * met / (left * right)
    return pl.DataFrame({"lift": rules["lift"], "lift_later": lift, "possible": (left > 0) & (right > 0)})


def _changes(settings: Rules, found: MinedRules, read: ReadReceipts, baskets: Baskets, as_of: date) -> pl.DataFrame:
    """Return the lift of the watched pairs, or of the strongest, in the last period and in the one before."""
    code = dict(zip(baskets.names.to_list(), range(len(baskets.names)), strict=True))
    pairs = settings.watched or _strongest_pairs(found.rules, settings.significance)
    before, after = _periods(settings, read, baskets, as_of)
    if before is None or after is None:
        pairs, before, after = (), baskets, baskets
    codes = [(code.get(a, -1), code.get(b, -1)) for a, b in pairs]
    table = lift_changes(before, after, codes, pairs, level=settings.level)
    return table.with_columns(has_drifted=(pl.col("q_value") <= settings.significance).fill_null(value=False))


def _periods(settings: Rules, read: ReadReceipts, baskets: Baskets, as_of: date) -> tuple[Baskets | None, Baskets | None]:
    """Return the baskets of the period before the last, and of the last; None if the receipts do not cover both."""
    start = as_of - timedelta(days=settings.period_days - 1)
    first, days = start - timedelta(days=settings.period_days), read.days
    if days is None or not len(days) or days.min() is None or days.min() > first:  # type: ignore[operator]
        return None, None
    is_last = days.is_between(start, as_of).fill_null(value=False)
    is_before = days.is_between(first, start, closed="left").fill_null(value=False)
    return baskets.where(is_before.to_numpy()), baskets.where(is_last.to_numpy())


def _strongest_pairs(rules: pl.DataFrame, significance: float) -> tuple[tuple[str, str], ...]:
    """Return the pairs of single products with the highest lower bounds of lift, each once."""
    single = (pl.col("antecedent").list.len() == 1) & (pl.col("consequent").list.len() == 1)
    pairs = rules.filter(single, pl.col("q_value") <= significance, pl.col("count") * pl.col("baskets") > _expected()).select(
        "lift_lower", a=pl.col("antecedent").list.first(), b=pl.col("consequent").list.first()
    )
    each = (
        pairs.select("lift_lower", a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b"))
        .group_by("a", "b")
        .agg(pl.max("lift_lower"))
    )
    return tuple(
        each.sort("lift_lower", "a", "b", descending=[True, False, False], nulls_last=True).head(JUDGED).select("a", "b").iter_rows()
    )

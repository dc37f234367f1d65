"""Numbers of a fit of rules, and the sentences that state them: what was counted, what was left apart, what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from relkit.models.affinity.baskets import Baskets
    from relkit.models.affinity.mined_rules import MinedRules
    from relkit.models.affinity.rules import Rules

MONSTER_ITEMS = 100
"""Different products from which a basket is reported as unusually large."""


@dataclass(frozen=True, kw_only=True)
class BasketFacts:
    """Numbers of a fit.

    Attributes:
        baskets: with at least one product; the denominator of every support.
        products: different ones.
        one_item: baskets of one product, which are among them.
        empty: rows without a product, which are no baskets.
        nameless: lines without a product that were left out.
        repeated: products counted once although a basket listed them several times.
        largest: different products in the largest basket.
        monsters: baskets of more than `MONSTER_ITEMS` different products that were counted.
        set_aside: baskets larger than `max_basket_items`, not among the baskets.
        least: smallest count of a rule; the smallest of the groups.
        rules: number of rules listed.
        significant: those at or below the false discovery rate.
        tried: rules among which these were selected.
    """

    baskets: int
    products: int
    one_item: int
    empty: int
    nameless: int
    repeated: int
    largest: int
    monsters: int
    set_aside: int
    least: int
    rules: int
    significant: int
    tried: int


def facts_of(settings: Rules, used: Baskets, read: Baskets, found: MinedRules) -> BasketFacts:
    """Return the numbers of a fit.

    Args:
        settings: of the fit.
        used: the baskets counted.
        read: all of them, with those set aside.
        found: the rules.
    """
    sizes = used.sizes
    return BasketFacts(
        baskets=used.n,
        products=int((used.counts > 0).sum()),
        one_item=int((sizes == 1).sum()),
        empty=read.empty,
        nameless=read.nameless,
        repeated=read.repeated,
        largest=int(read.sizes.max(initial=0)),
        monsters=int((sizes > MONSTER_ITEMS).sum()),
        set_aside=read.n - used.n,
        least=min(found.least.values(), default=0),
        rules=len(found.rules),
        significant=int((found.rules["q_value"] <= settings.significance).sum()),
        tried=found.tried,
    )


def rule_remarks(settings: Rules, facts: BasketFacts, changes: pl.DataFrame, names: Iterable[str]) -> tuple[Remark, ...]:
    """Return the remarks on a fit, `names` being those of the products in baskets."""
    remarks = [_counted(facts), _found(settings, facts), _left_out(facts), _large(settings, facts)]
    remarks += [_never_bought(settings, names), _drifted(settings, changes)]
    return tuple(remark for remark in remarks if remark is not None)


def _counted(facts: BasketFacts) -> Remark:
    return Remark(
        "baskets_counted",
        f"Baskets: {facts.baskets:,}, with {facts.products:,} different products; baskets of one product only: {facts.one_item:,}.",
        f"Paniers : {french(facts.baskets)}, avec {french(facts.products)} produits différents ; paniers d’un seul produit : "
        f"{french(facts.one_item)}.",
    )


def _found(settings: Rules, facts: BasketFacts) -> Remark:
    size = f" of at most {settings.most_items} products" if settings.most_items else ""
    taille = f" d’au plus {settings.most_items} produits" if settings.most_items else ""
    rate, taux = f"{100 * settings.significance:g} %", f"{100 * settings.significance:g} %".replace(".", ",")
    return Remark(
        "rules_found",
        f"Rules{size} whose products were bought together {_at_least(facts.least)}: {facts.rules:,}; significant at a false "
        f"discovery rate of {rate} over the {facts.tried:,} rules tried: {facts.significant:,}.",
        f"Règles{taille} dont les produits ont été achetés ensemble {_au_moins(facts.least)} : {french(facts.rules)} ; "
        f"significatives au taux de fausses découvertes de {taux} sur les {french(facts.tried)} règles essayées : "
        f"{french(facts.significant)}.",
    )


def _at_least(least: int) -> str:
    """Return the smallest count of a rule in words.

    Examples:
        >>> [_at_least(count) for count in (0, 1, 1200)]
        ['or not', 'at least once', 'at least 1,200 times']
    """
    return {0: "or not", 1: "at least once"}.get(least, f"at least {least:,} times")


def _au_moins(least: int) -> str:
    return {0: "ou non", 1: "au moins une fois"}.get(least, f"au moins {french(least)} fois")


def _left_out(facts: BasketFacts) -> Remark | None:
    counts = (facts.empty, facts.nameless, facts.repeated)
    if not any(counts):
        return None
    english = ("baskets without a product", "lines without a product", "further lines of a product in the same basket")
    francais = ("paniers sans produit", "lignes sans produit", "autres lignes d’un produit dans le même panier")
    parts = [f"{text}, {number:,}" for text, number in zip(english, counts, strict=True) if number]
    bouts = [f"{text}, {french(number)}" for text, number in zip(francais, counts, strict=True) if number]
    return Remark("basket_lines_left_out", f"Not counted: {'; '.join(parts)}.", f"Non comptés : {' ; '.join(bouts)}.")


def _large(settings: Rules, facts: BasketFacts) -> Remark | None:
    most = settings.max_basket_items
    if facts.set_aside:
        return Remark(
            "large_baskets_set_aside",
            f"Baskets of more than {most:,} different products, set aside and not counted: {facts.set_aside:,}; the largest has "
            f"{facts.largest:,}.",
            f"Paniers de plus de {french(most)} produits différents, mis de côté et non comptés : {french(facts.set_aside)} ; le plus "
            f"grand en a {french(facts.largest)}.",
        )
    if not facts.monsters:
        return None
    return Remark(
        "large_baskets_counted",
        f"Baskets of more than {MONSTER_ITEMS} different products, counted like the others: {facts.monsters:,}; the largest has "
        f"{facts.largest:,}. To set them aside, give max_basket_items.",
        f"Paniers de plus de {MONSTER_ITEMS} produits différents, comptés comme les autres : {french(facts.monsters)} ; le plus grand en "
        f"a {french(facts.largest)}. Pour les mettre de côté, indiquez max_basket_items.",
    )


def _never_bought(settings: Rules, names: Iterable[str]) -> Remark | None:
    """Return the remark on watched products that no basket has: new ones, or slips of the pen."""
    missing = sorted({name for pair in settings.watched for name in pair} - set(names))
    if not missing:
        return None
    listed = ", ".join(missing)
    return Remark(
        "watched_in_no_basket",
        f"Watched, but in no basket: {listed}. Write ids as in the products column.",
        f"Suivis, mais dans aucun panier : {listed}. Écrivez les identifiants comme dans la colonne products.",
    )


def _drifted(settings: Rules, changes: pl.DataFrame) -> Remark | None:
    """Return the alarm on pairs whose lift has changed; None if none has."""
    moved = changes.filter("has_drifted").sort("p_value", "product_a", "product_b")
    if moved.is_empty():
        return None
    some = moved.head(3).select("product_a", "product_b", "lift_before", "lift_after").rows()
    english = ", ".join(f"{a} with {b} from {before:.2f} to {after:.2f}" for a, b, before, after in some)
    francais = ", ".join(f"{a} avec {b} de {french(before, 2)} à {french(after, 2)}" for a, b, before, after in some)
    days = settings.period_days
    return Remark(
        "lifts_drifted",
        f"Lifts that changed between the last {days} days and the {days} before: {len(moved):,} of {len(changes):,} pairs ({english}).",
        f"Lifts qui ont changé entre les {days} derniers jours et les {days} précédents : {french(len(moved))} paires sur "
        f"{french(len(changes))} ({francais}).",
    )

"""Next product: the chance that a product is in a customer's next basket, whether he has bought it before or not.

Habits and discoveries compete on one scale. For a product that a customer has, the chance depends on how often, how lately and at
which intervals he bought it; for one that he has not, on how near it is to those that he has, and on its popularity. Both are logistic
regressions, fitted to the first baskets after some days, calibrated on the baskets of other customers, and then applied to counts of
the whole history. Such a model must beat personal frequency, and repeat and first purchases are best measured apart:

    Li, M., Jullien, S., Ariannezhad, M. and de Rijke, M. (2023), A next basket recommendation reality check, ACM TOIS 41(4).

A probability is that of the customer's next basket, whenever it comes: it does not depend on a horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray  # noqa: TC002 storage reads the types of the fields

from relkit.cards import FittedCard
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.affinity.ease import ease_neighbours
from relkit.models.affinity.family import NEXT_PRODUCTS, PRODUCT_HISTORIES
from relkit.models.affinity.habits import Pairs
from relkit.models.affinity.histories import PRODUCT_HISTORIES as CONTRACT
from relkit.models.affinity.histories import Histories, Read, day_number, positions, read_histories
from relkit.models.affinity.new_products import Wider, widened
from relkit.models.affinity.next_learning import Head, Knowledge, Learnt, learn
from relkit.models.affinity.next_lists import OWNED, Asked, lists, named
from relkit.models.affinity.next_one import chances_of
from relkit.models.affinity.next_terms import usual_gap
from relkit.models.affinity.product_figures import ProductFigures
from relkit.models.affinity.sequences import count_sequences, sequence_rules
from relkit.models.affinity.similarity import Neighbours, neighbours
from relkit.models.base import FitInfo, HoldoutMetric, ModelFacts
from relkit.models.summaries import summary_of
from relkit.remarks import Remark, french
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.affinity.next_lists import Owned

LONGEST_LIST = 100
"""Longest list of products."""
SEQUENCES_KEPT = 1_000
"""Most sequence rules that a model keeps."""
JUDGED_CUSTOMERS = 20_000
"""Most customers on whose next baskets a model is judged."""


@dataclass(frozen=True, kw_only=True)
class NextProduct(ModelFacts):
    """Settings of the next-product model.

    Attributes:
        similarity: of products that the same customers buy: lift (shrunk), cosine, bm25, or ease (at most 15,000 products).
        neighbours: nearest products kept of each.
        shrink: customers that are added to a count of common customers as if the two products were independent; for ease, its penalty.
        near: candidates of a customer by similarity.
        popular: candidates of everyone by popularity.
        half_life_days: age at which a basket counts half in a product's recent popularity.
        gap_share: share of the usual interval after which a product may be offered again.
        sequence_days: longest time from the first purchase of a product to that of the next one, in sequence rules.
        most_products: products kept, the most bought first.
        most_customers: customers whose next baskets the weights are learnt from.
        seed: of the choice of these customers.

    Examples:
        >>> from datetime import date
        >>> bought = {
        ...     "products": [["bread", "milk"], ["bread"]],
        ...     "baskets": [[1, 1], [2]],
        ...     "days": [[date(2025, 6, 1)] * 2, [date(2025, 6, 2)]],
        ... }
        >>> histories = pl.DataFrame({"customer_id": ["a", "b"], **bought})
        >>> fitted = NextProduct().fit(histories, as_of=date(2025, 6, 30))
        >>> fitted.recommend(histories, top=1, owned="exclude").select("customer_id", "product_id", "reason").rows()
        [('b', 'milk', 'popular')]
    """

    name: ClassVar[str] = "affinity.next_product"
    family: ClassVar[str] = "affinity"
    role = NEXT_PRODUCTS
    reads = PRODUCT_HISTORIES
    label = Text("Next product", "Prochain produit")
    purpose = Text(
        "Products likely to be in a customer's next basket, bought before or not, with their probability.",
        "Produits que le prochain panier d’un client contiendra probablement, déjà achetés ou non, avec leur probabilité.",
    )
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="ndcg_10", direction="higher")
    figures: ClassVar[tuple[str, ...]] = ("lists",)
    check_settings: ClassVar[Mapping[str, Any]] = {"neighbours": 20}

    similarity: Literal["lift", "cosine", "bm25", "ease"] = "lift"
    neighbours: int = 50
    shrink: float = 10.0
    near: int = 30
    popular: int = 20
    half_life_days: float = 30.0
    gap_share: float = 0.5
    sequence_days: int = 90
    most_products: int = 100_000
    most_customers: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges of the settings."""
        check_choice(self.similarity, "similarity", ("lift", "cosine", "bm25", "ease"))
        for name in ("neighbours", "near", "popular", "sequence_days", "most_products", "most_customers"):
            check_scalar(getattr(self, name), name, ge=1, where=self.name)
        check_scalar(self.half_life_days, "half_life_days", gt=0, where=self.name)
        for name in ("shrink", "gap_share"):
            check_scalar(getattr(self, name), name, ge=0, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that fit reads."""
        return CONTRACT

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedNextProduct:
        """Return the model: counts of the whole history, weights learnt from the first baskets after some days within it.

        Args:
            features: one row per customer with the columns of `needs`; others are ignored.
            as_of: last day whose facts are in the features.

        Raises:
            TableError: a column is missing, a list has nulls, or a customer has two rows.
            NotEnoughEventsError: nobody has bought a product.
        """
        read = read_histories(features, ordered=True)
        if not len(read.histories.items):
            raise NotEnoughEventsError("no customer has bought a product.", where=self.name, remedy="Give lines with a product_id.")
        read, left_out = self._most_bought(read)
        items = len(read.names)
        learnt = learn(
            read.histories, items, lambda h, pairs, day: self._known(h, pairs, items, day), most=self.most_customers, seed=self.seed
        )
        pairs, now = Pairs.of(read.histories, items), day_number(as_of)
        whole = self._known(read.histories, pairs, items, now)
        then = count_sequences(read.histories, pairs, items, within_days=self.sequence_days, now=now)
        info = FitInfo(
            as_of=as_of,
            rows=len(read.ids),
            log_likelihood=None,
            converged=learnt.converged,
            seed=self.seed,
            fingerprint=read.fingerprint,
            remarks=(*left_out, *_remarks(learnt, read.histories)),
        )
        return FittedNextProduct(
            settings=self,
            info=info,
            products=whole.figures.frame(read.names),
            near_items=whole.near.items,
            near_values=whole.near.values,
            usual_gap_days=whole.gap_days,
            repeat=learnt.repeat,
            new=learnt.new,
            calibration=learnt.calibration,
            sequences=sequence_rules(then, read.names, least_lift=1.0).head(SEQUENCES_KEPT),
            customers_learnt_from=learnt.customers,
        )

    def judge(self, fitted: FittedNextProduct, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return measures of the ten first products against the first basket after the cutoff, all products being ranked.

        Args:
            fitted: the model, fitted up to the calibration date.
            features: as of the calibration date.
            outcomes: customer_id and next_products, the products of the first basket after it; null or empty without one.
        """
        from relkit.models.affinity.next_judging import judged

        return judged(fitted, features, outcomes, most=JUDGED_CUSTOMERS, seed=self.seed)

    def _known(self, histories: Histories, pairs: Pairs, items: int, day: int) -> Knowledge:
        figures = ProductFigures.of(histories, pairs, items, now=day, half_life_days=self.half_life_days)
        return Knowledge(figures, self._neighbours(pairs, items), self.near, self.popular, usual_gap(histories))

    def _neighbours(self, pairs: Pairs, items: int) -> Neighbours:
        if self.similarity == "ease":
            return ease_neighbours(pairs, items, ridge=self.shrink, most=self.neighbours)
        return neighbours(pairs, items, scale=self.similarity, most=self.neighbours, shrink=self.shrink)

    def _most_bought(self, read: Read) -> tuple[Read, tuple[Remark, ...]]:
        """Return the histories with the products most bought, and a remark if others were left out."""
        products = len(read.names)
        if products <= self.most_products:
            return read, ()
        counts = np.bincount(read.histories.items, minlength=products)
        kept = np.sort(np.argsort(-counts, kind="stable")[: self.most_products])
        place = np.full(products, -1, np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        own = read.histories
        histories = Histories(own.offsets, place[own.items], own.days, own.orders, own.baskets, own.last_days)
        remark = Remark(
            "rare_products",
            f"Of {products:,} products, the {self.most_products:,} most bought are offered; the others only count in the size of baskets.",
            f"Sur {french(products)} produits, les {french(self.most_products)} les plus achetés sont proposés ; les autres ne comptent "
            "que dans la taille des paniers.",
        )
        return Read(read.ids, read.names.gather(kept), histories, read.unknown, read.fingerprint), (remark,)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedNextProduct(FittedCard):
    """A fitted next-product model.

    Attributes:
        settings: what was fitted.
        info: facts about the fit.
        products: product_id (in order) and the figures of each: customers, popularity, recent, interval_days, again, first.
        near_items: shape (p, k), positions of each product's nearest neighbours; -1 where there are fewer.
        near_values: shape (p, k), their similarities.
        usual_gap_days: mean gap between a customer's baskets, taken for those with fewer than two.
        repeat: chance of a repeat purchase.
        new: chance of a first purchase.
        calibration: kind (repeat, new), from, to, candidates, predicted, observed and its bounds, on customers whose baskets
            neither fitted nor calibrated the weights.
        sequences: rules of products bought one after the other (`relkit.models.affinity.sequences.sequence_rules`), the 1,000 of highest
            lift.
        customers_learnt_from: whose next baskets gave the weights and their calibration.
    """

    name: ClassVar[str] = NextProduct.name
    format: ClassVar[int] = 1

    settings: NextProduct
    info: FitInfo
    products: pl.DataFrame
    near_items: NDArray[np.int32]
    near_values: NDArray[np.float32]
    usual_gap_days: float
    repeat: Head
    new: Head
    calibration: pl.DataFrame
    sequences: pl.DataFrame
    customers_learnt_from: int

    def damage(self) -> str:
        """Return which array does not belong to the products, or ""."""
        n = len(self.products)
        return "" if len(self.near_items) == n and self.near_items.max(initial=-1) < n else "near_items: a neighbour is no product"

    @property
    def needs(self) -> Contract:
        """Columns that score reads."""
        return CONTRACT

    @cached_property
    def knowledge(self) -> Knowledge:
        """The counts from which candidates are made."""
        figures = ProductFigures.read(self.products)
        near, own = Neighbours(self.near_items, self.near_values), self.settings
        return Knowledge(figures, near, own.near, own.popular, self.usual_gap_days)

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper: the weights of both kinds, with errors that allow for customers' habits."""
        names = [f"{kind}.{term}" for kind, head in (("repeat", self.repeat), ("new", self.new)) for term in ("constant", *head.terms)]
        estimates = np.r_[self.repeat.coefficients, self.new.coefficients]
        errors = np.sqrt(np.r_[np.diag(self.repeat.covariance), np.diag(self.new.covariance)])
        return summary_of(names, estimates, errors)

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id and next_product_probability, that of the first product recommended; null if there is none.

        One row per row of `features`; any horizon gives the same.
        """
        del horizon_days
        best = self.recommend(features, top=1).select(pl.col("customer_id"), next_product_probability="probability")
        return features.select("customer_id").join(best, on="customer_id", how="left", maintain_order="left")

    def recommend(
        self,
        features: pl.DataFrame,
        *,
        top: int = 3,
        exclude: Sequence[str] | pl.Series | None = None,
        owned: Owned = "allow_after_gap",
        per_category: int | None = None,
        categories: Mapping[str, str] | None = None,
        candidates: Sequence[str] | pl.Series | None = None,
        as_of: date | None = None,
    ) -> pl.DataFrame:
        """Return the next products of each customer: excluded ones are left out, then the rest is ranked, then the list is cut.

        Args:
            features: one row per customer with the columns of `needs`.
            top: longest list, at most 100; a customer with fewer candidates has a shorter one.
            exclude: products offered to nobody (out of stock, discontinued).
            owned: products that a customer has: `allow` them, `allow_after_gap` (not before `gap_share` of the usual interval has passed
                by the day on which he is expected back), `exclude` them, or `repeats_only`.
            per_category: most products of a category in a list; `categories` must be given.
            categories: category by product. A product that nobody has bought yet is judged by its category.
            candidates: the only products that may be offered; None for all.
            as_of: day from which the next basket is counted; by default the day of the fit or, if later, the last day in the histories.
                A customer with a later basket is counted from that.

        Returns:
            customer_id, rank (from 1), product_id, probability (that his next basket contains it), is_repeat, because (the product of
            his past that it goes with; null for his own habit or mere popularity), reason (habit, due_again, bought_together, popular,
            category), is_new_customer, is_new_product; customers in the order of `features`, ties by product_id ascending.

        Raises:
            TableError: the histories break their contract.
            ParameterError: an unknown policy, or a limit without categories.
        """
        check_scalar(top, "top", ge=1, le=LONGEST_LIST, where=self.name)
        check_choice(owned, "owned", OWNED)
        if per_category is not None:
            check_scalar(per_category, "per_category", ge=1, where=self.name)
            if categories is None:
                raise ParameterError(
                    "per_category is given without categories.", where=self.name, remedy="Give the category of each product."
                )
        wider = self._wider(categories, candidates)
        read = read_histories(features, catalogue=wider.names)
        asked = self._asked(wider, read.histories, top, exclude, owned, per_category, categories, candidates, as_of)
        found = lists(read.histories, wider.knowledge, self.repeat, self.new, asked)
        return named(found, read.ids, wider.names, read.histories.baskets, wider.is_new)

    def rank_candidates(self, features: pl.DataFrame, candidates: Sequence[str] | pl.Series, *, as_of: date | None = None) -> pl.DataFrame:
        """Return given products in the order of their probability for each customer, his own among them; columns as for `recommend`."""
        top = min(max(len(candidates), 1), LONGEST_LIST)
        return self.recommend(features, top=top, owned="allow", candidates=candidates, as_of=as_of)

    def rank_customers(
        self,
        features: pl.DataFrame,
        product_id: str,
        *,
        top: int | None = None,
        owned: Owned = "allow_after_gap",
        as_of: date | None = None,
    ) -> pl.DataFrame:
        """Return the customers most likely to have a product in their next basket, the best first.

        Args:
            features: one row per customer with the columns of `needs`.
            product_id: the product.
            top: most customers; None for all.
            owned: policy for customers who have it, as for `recommend`.
            as_of: day from which the next basket is counted, as for `recommend`.

        Returns:
            customer_id, probability, is_repeat, reason, because; ties in the order of `features`.

        Raises:
            ParameterError: an unknown product, or one that nobody has bought.
        """
        check_choice(owned, "owned", OWNED)
        place = self._place(product_id)
        read = read_histories(features, catalogue=self.products["product_id"])
        asked = self._asked(self._wider(None, None), read.histories, 1, None, owned, None, None, None, as_of)
        found = chances_of(place, read.histories, self.knowledge, self.repeat, self.new, asked)
        frame = named(found, read.ids, self.products["product_id"], read.histories.baskets, asked.is_new)
        best = frame.select("customer_id", "probability", "is_repeat", "reason", "because").sort(
            "probability", descending=True, maintain_order=True
        )
        return best if top is None else best.head(top)

    def similar_items(self, product_id: str, top: int = 10) -> pl.DataFrame:
        """Return the products that the same customers buy: product_id, similarity, the nearest first.

        Raises:
            ParameterError: an unknown product.
        """
        near, values = self.knowledge.near.of(self._place(product_id))
        return pl.DataFrame({"product_id": self.products["product_id"].gather(near[:top]), "similarity": values[:top].astype(float)})

    def _place(self, product_id: str) -> int:
        found = positions(self.products["product_id"], [product_id])
        if not len(found):
            raise ParameterError.unknown("product", product_id, self.products["product_id"].head(20), where=self.name)
        return int(found[0])

    def _wider(self, categories: Mapping[str, str] | None, candidates: Sequence[str] | pl.Series | None) -> Wider:
        """Return the catalogue with the products that may be offered though nobody has bought them."""
        own = self.products["product_id"]
        if not categories:
            return Wider(own, self.knowledge, np.zeros(len(own), np.bool_))
        return widened(own, self.knowledge, list(categories if candidates is None else candidates), categories)

    def _asked(
        self,
        wider: Wider,
        histories: Histories,
        top: int,
        exclude: Sequence[str] | pl.Series | None,
        owned: Owned,
        per_category: int | None,
        categories: Mapping[str, str] | None,
        candidates: Sequence[str] | pl.Series | None,
        as_of: date | None,
    ) -> Asked:
        """Return the request in positions of products and days since 1970-01-01."""
        allowed = np.ones(len(wider.names), np.bool_)
        number = max(self.settings.popular, 2 * top)
        if candidates is not None:
            allowed[:] = False
            allowed[positions(wider.names, list(candidates))] = True
            number = len(wider.names)
        if exclude is not None:
            allowed[positions(wider.names, list(exclude))] = False
        last = int(histories.last_days.max()) if histories.customers else 0
        return Asked(
            top=top,
            owned=owned,
            allowed=allowed,
            popular=wider.knowledge.most_popular(allowed, number),
            groups=_groups(wider.names, categories or {}),
            per_category=per_category or 0,
            now=max(day_number(self.info.as_of), last) if as_of is None else day_number(as_of),
            gap_share=self.settings.gap_share,
            positive=1.0 if self.settings.similarity == "lift" else 0.0,
            is_new=wider.is_new,
        )


def _groups(names: pl.Series, categories: Mapping[str, str]) -> NDArray[np.int32]:
    """Return the category of each product as a number; -1 for one without."""
    if not categories:
        return np.full(len(names), -1, np.int32)
    own = pl.Series([categories.get(name) for name in names.to_list()], dtype=pl.String)
    return own.rank("dense").cast(pl.Int32).fill_null(-1).to_numpy()


def _remarks(learnt: Learnt, histories: Histories) -> tuple[Remark, ...]:
    remarks = []
    if not learnt.repeat.rows or not learnt.new.rows:
        remarks.append(_NOT_LEARNT)
    once = int((histories.baskets == 1).sum())
    if once:
        remarks.append(_bought_once(once, histories.customers))
    if learnt.customers and learnt.customers < histories.customers:
        remarks.append(_learnt_from(learnt.customers, histories.customers))
    return tuple(remarks)


def _bought_once(once: int, customers: int) -> Remark:
    return Remark(
        "one_basket",
        f"{once:,} of {customers:,} customers have one basket: what they will want again is inferred from the others.",
        f"{french(once)} clients sur {french(customers)} n’ont qu’un panier : ce qu’ils rachèteront est déduit des autres.",
    )


def _learnt_from(used: int, customers: int) -> Remark:
    return Remark(
        "weights_from_some",
        f"The weights were learnt from the next baskets of {used:,} customers, the counts from all {customers:,}.",
        f"Les poids sont appris sur les paniers suivants de {french(used)} clients, les comptages sur la totalité des {french(customers)}.",
    )


_NOT_LEARNT = Remark(
    "weights_not_learnt",
    "Too few customers came back for weights to be learnt: products are ranked by the customer's own frequency, new ones by popularity, "
    "and the probabilities are not calibrated.",
    "Trop peu de clients sont revenus pour apprendre des poids : les produits sont classés par la fréquence propre du client, les nouveaux "
    "par popularité, et les probabilités ne sont pas calibrées.",
)

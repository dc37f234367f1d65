"""Products named on the command line: found by id or by name, and refused if they are unknown or not offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

NEAREST = 3
"""Most names suggested in place of an unknown one: a company may have a hundred thousand products."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OfferableProducts:
    """The products of a company, by id and by name.

    Attributes:
        products: as returned by `relkit.features.product_facts.product_facts`.
        where: the command that names them.
    """

    products: pl.DataFrame
    where: str

    def id_of(self, named: str) -> str:
        """Return the id of a product given by its id, or by a name that no other product has.

        Raises:
            ParameterError: there is no such product (with the nearest ones), or several have the name.
        """
        import polars as pl

        if len(self.products.filter(pl.col("product_id") == named)):
            return named
        found = self.products.filter(pl.col("name").str.to_lowercase() == named.strip().lower())["product_id"]
        if len(found) == 1:
            return str(found[0])
        if len(found) > 1:
            listed = ", ".join(found.head(NEAREST))
            raise ParameterError(f"{len(found):,} products are named {named!r}.", where=self.where, remedy=f"Give an id, such as {listed}.")
        raise self._unknown(named)

    def ids_of(self, named: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of several products, each once; a text with commas that is no product itself lists several."""
        known = set(self.products["product_id"])
        parts = [part for text in named for part in ([text] if text in known else text.split(",")) if part.strip()]
        return tuple(dict.fromkeys(self.id_of(part.strip()) for part in parts))

    def name_of(self, product_id: str) -> str:
        """Return the name of a product; its id if there is no row of it."""
        return str(self._fact(product_id, "name") or product_id)

    def reason_of(self, product_id: str) -> str | None:
        """Return the reason why a product is not offered, in words; None if it is."""
        from relkit.features.product_facts import REASONS

        because = self._fact(product_id, "not_offered_because")
        return None if because is None else REASONS[because]["en"]

    def _fact(self, product_id: str, column: str) -> str | None:
        import polars as pl

        found = self.products.filter(pl.col("product_id") == product_id)[column]
        return found.item() if len(found) else None

    def must_be_offered(self, product_id: str) -> None:
        """Refuse a product that is not offered, with the reason."""
        because = self.reason_of(product_id)
        if because is not None:
            raise ParameterError(
                f"{product_id} is not offered: {because}.",
                where=self.where,
                remedy="Name another product, or add --force to rank customers for it all the same.",
            )

    def _unknown(self, named: str) -> ParameterError:
        """Return the error for a product that does not exist, with the nearest ones."""
        from difflib import get_close_matches

        named_as = {str(text).lower(): product for product, name in self._named() for text in (name, product)}
        near = dict.fromkeys(named_as[text] for text in get_close_matches(named.lower(), list(named_as), n=2 * NEAREST, cutoff=0.5))
        listed = ", ".join(f"{each} ({name})" if (name := self.name_of(each)) != each else each for each in list(near)[:NEAREST])
        hint = f" Nearest: {listed}." if listed else ""
        return ParameterError(
            f"unknown product {named!r}.", where=self.where, remedy=f"Give the id or the name of one that is sold or in products.{hint}"
        )

    def _named(self) -> list[tuple[str, str]]:
        return list(self.products.select("product_id", "name").iter_rows())

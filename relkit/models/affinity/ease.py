"""EASE: the item-item weights that best rebuild each customer's products from his other ones, in closed form.

    Steck, H. (2019), Embarrassingly shallow autoencoders for sparse data, WWW; eq. 8: B = I - P diag(1 / diag P), P = (X'X + l I)^-1.

The matrix is dense: at `MOST_PRODUCTS` products its inverse takes 900 MB in single precision and some minutes. The weights are cut to
each product's largest, so that lists cost the same as with other similarities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relkit.errors import ParameterError
from relkit.models.affinity.similarity import Neighbours
from relkit.models.many_threads import many_threads
from relkit.scalars import check_scalar

if TYPE_CHECKING:
    from relkit.models.affinity.habits import Pairs

Singles = NDArray[np.float32]

MOST_PRODUCTS = 15_000


def ease_neighbours(pairs: Pairs, items: int, *, ridge: float = 250.0, most: int = 100) -> Neighbours:
    """Return each product's neighbours by the weight that it has in rebuilding them, the largest first; weights above 0 only.

    Args:
        pairs: products of customers.
        items: number of products, at most 15,000.
        ridge: penalty l, in customers.
        most: neighbours kept of each product.

    Raises:
        ParameterError: there are more products than the closed form can take, or the penalty is not above 0.
    """
    if items > MOST_PRODUCTS:
        remedy = "Keep the most bought (most_products), count categories instead, or use another similarity."
        raise ParameterError(f"{items:,} products are more than the {MOST_PRODUCTS:,} of the closed form.", where="ease", remedy=remedy)
    check_scalar(ridge, "ridge", gt=0, where="ease")
    return _largest(ease_weights(pairs, items, ridge=ridge), most)


def ease_weights(pairs: Pairs, items: int, *, ridge: float) -> Singles:
    """Return B, shape (items, items): row i has the weights of product i in the scores of all products; its diagonal is 0."""
    from scipy.linalg.lapack import spotrf, spotri
    from scipy.sparse import csr_array

    X = csr_array((np.ones(len(pairs.items), np.float32), pairs.items, pairs.offsets), shape=(len(pairs.offsets) - 1, items))
    gram = np.asfortranarray((X.T @ X).toarray())
    gram[np.diag_indices(items)] += ridge
    with many_threads(items):
        factor, _ = spotrf(gram, lower=True, overwrite_a=True)
        inverse, _ = spotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices(items)] = 0.0
    return np.asarray(weights, np.float32)


def _largest(weights: Singles, most: int) -> Neighbours:
    """Return the largest positive weights of each row; ties go by position."""
    k = max(1, min(most, len(weights) - 1))
    order = np.argsort(-weights, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(weights, order, axis=1)
    there = values > 0
    return Neighbours(np.where(there, order, -1).astype(np.int32), np.where(there, values, 0).astype(np.float32))

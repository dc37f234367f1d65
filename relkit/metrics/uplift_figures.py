"""Figures of an uplift model with their uncertainty: an estimate, its standard error and the influence of each row.

Every figure keeps the influence values of its rows, so that two figures on the same rows are compared as a pair: the difference has the
influence values `a - b`, and whatever the two share (the luck of the draw, above all) cancels. Rows of one household are summed first.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.errors import ParameterError
from relkit.metrics.intervals import normal_reach
from relkit.units import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from relkit.metrics.ranking import Floats


@dataclass(frozen=True, eq=False)
class UpliftFigure:
    """An estimate with a confidence interval by the normal distribution.

    Attributes:
        estimate: in units of the outcome per customer, unless the function that returns it states otherwise.
        std_error: of the estimate; 0 if no row can change it (a constant score).
        level: of the interval.
        influence: of each row on the estimate, shape (n,), of mean 0; the standard error is that of their mean.
        cluster: code of the household of each row, shape (n,), or None.
    """

    estimate: float
    std_error: float
    level: float
    influence: Floats
    cluster: NDArray[np.intp] | None = None

    @property
    def low(self) -> float:
        """The lower bound."""
        return self.estimate - normal_reach(self.level) * self.std_error

    @property
    def high(self) -> float:
        """The upper bound."""
        return self.estimate + normal_reach(self.level) * self.std_error

    @property
    def p_value(self) -> float:
        """Probability of an estimate at least as far from 0, on either side, if the truth is 0; 1 if the estimate is exactly 0."""
        if self.estimate == 0:
            return 1.0
        if self.std_error == 0:
            return 0.0
        return 2 * NormalDist().cdf(-abs(self.estimate) / self.std_error)

    def minus(self, other: UpliftFigure) -> UpliftFigure:
        """Return the difference from a figure on the same rows, with its paired standard error.

        Examples:
            >>> gain = np.array([2.0, 0.0, 1.0, 3.0])
            >>> one, other = figure_of(2.0, gain - 1.5), figure_of(1.5, gain - 1.5)
            >>> one.minus(other).estimate, one.minus(other).std_error
            (0.5, 0.0)
        """
        if len(self.influence) != len(other.influence):
            raise ParameterError(
                f"{len(self.influence):,} and {len(other.influence):,} rows are compared; a paired difference needs the same rows.",
                where="uplift figures",
                remedy="Score the same customers with both models.",
            )
        return figure_of(self.estimate - other.estimate, self.influence - other.influence, cluster=self.cluster, level=self.level)


def figure_of(estimate: float, influence: Floats, *, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return a figure with the standard error that the influence of its rows gives.

    Args:
        estimate: the figure.
        influence: of each row, shape (n,), n at least 2; centred here.
        cluster: household of each row, shape (n,), numbers or texts; by default each row is its own.
        level: of the interval.

    Raises:
        ParameterError: fewer than two rows or two households.

    Examples:
        >>> round(figure_of(0.5, np.array([-1.0, 0.0, 1.0])).std_error, 4)
        0.5774
        >>> round(figure_of(0.5, np.array([-1.0, 0.0, 1.0]), cluster=["a", "a", "b"]).std_error, 4)
        0.6667
    """
    codes = None if cluster is None else cluster_codes(cluster, len(influence))
    centred = influence - influence.mean()
    return UpliftFigure(estimate, _std_error(centred, codes), level, centred, codes)


def cluster_codes(cluster: ArrayLike, n: int) -> NDArray[np.intp]:
    """Return the number of each row's household, from 0, shape (n,).

    Examples:
        >>> cluster_codes(["b", "a", "b"], 3).tolist()
        [1, 0, 1]
    """
    given = np.asarray(cluster)
    if given.shape != (n,):
        raise ParameterError(f"cluster has shape {given.shape}; it must be ({n},).", where="uplift figures")
    if np.issubdtype(given.dtype, np.integer) and given.min() >= 0 and given.max() < 4 * n:
        return given.astype(np.intp, copy=False)
    return np.unique(given, return_inverse=True)[1]


def mean_figure(values: Floats, *, weight: Floats | None = None, cluster: ArrayLike | None = None, level: float = LEVEL) -> UpliftFigure:
    """Return the mean of values of shape (n,) with its interval: of AIPW scores, the average effect.

    Examples:
        >>> mean = mean_figure(np.array([1.0, 2.0, 3.0]))
        >>> mean.estimate, round(mean.std_error, 4)
        (2.0, 0.5774)
    """
    if weight is None:
        mean = float(values.mean())
        return figure_of(mean, values - mean, cluster=cluster, level=level)
    mean = float(values @ weight / weight.sum())
    return figure_of(mean, (values - mean) * weight * (len(values) / weight.sum()), cluster=cluster, level=level)


def _std_error(influence: Floats, codes: NDArray[np.intp] | None) -> float:
    """Return the standard error of the mean of centred values, those of a household summed first."""
    n, sums = len(influence), influence
    if codes is not None:
        sums = np.bincount(codes, weights=influence)[np.bincount(codes) > 0].astype(float)
    if len(sums) < 2:
        unit = "rows" if codes is None else "households"
        raise ParameterError(f"fewer than 2 {unit}; an interval needs more.", where="uplift figures", remedy="Measure more customers.")
    return float(np.sqrt(sums @ sums * (len(sums) / (len(sums) - 1))) / n)


def as_floats(where: str, **columns: Any) -> list[Floats]:
    """Return columns as floats of one length, checked.

    Args:
        where: the caller, for the message.
        columns: by name, each of shape (n,).

    Raises:
        ParameterError: columns of different lengths, no row at all, or values that are not finite numbers.

    Examples:
        >>> [column.tolist() for column in as_floats("qini", score=[1, 2])]
        [[1.0, 2.0]]
    """
    arrays = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or any(array.ndim != 1 or not array.size for array in arrays.values()):
        listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ParameterError(
            f"the columns have the shapes {listed}; all must be (n,), n at least 1.", where=where, remedy="Join them by customer first."
        )
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            wrong = np.flatnonzero(~np.isfinite(array))
            raise ParameterError(
                f"{len(wrong):,} of {len(array):,} values are not finite numbers (first: row {wrong[0]}).",
                where=f"{where}: {name}",
                remedy="Leave these rows out.",
            )
    return list(arrays.values())

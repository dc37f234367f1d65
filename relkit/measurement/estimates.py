"""Means of several measures in both arms with their joint covariance: what all effects, ratios of effects and sums of money derive from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import ParameterError
from relkit.measurement.effect import Effect
from relkit.measurement.t_intervals import TWO_SIDED, Alternative
from relkit.texts import EMPTY, Text
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.metrics.risk_sets import Floats
    from relkit.remarks import Remark

_NO_DIRECTION = 1e-10


@dataclass(frozen=True, eq=False)
class Term:
    """One independent part of the covariance: a stratum of an arm, or all clusters.

    Attributes:
        covariance: of the means of both arms, shape (2 m, 2 m).
        df: degrees of freedom behind it.
    """

    covariance: Floats
    df: float


@dataclass(frozen=True, eq=False)
class Estimates:
    """Means of m measures in both arms.

    Attributes:
        names: of the measures.
        means: of the treated, then of the control units, shape (2 m,); NaN if unknown.
        terms: independent parts of their covariance; none if an arm has one unit.
        sizes: units treated and in control.
        method: "welch", or a selection of "stratified", "weighted", "adjusted", "clustered".
        reasons: why the figures of a measure are missing, by its name.
        saved: share of the variance explained by covariates, by the name of the measure.
        remarks: on how the figures are to be read.
    """

    names: tuple[str, ...]
    means: Floats
    terms: tuple[Term, ...]
    sizes: tuple[float, float]
    method: str
    reasons: Mapping[str, Text]
    saved: Mapping[str, float]
    remarks: tuple[Remark, ...] = ()

    def weights(self, parts: Mapping[str, float]) -> Floats:
        """Return the weights, shape (2 m,), of a weighted sum of effects: parts of each measure, treated minus control.

        Raises:
            ParameterError: an unknown measure.
        """
        weights = np.zeros(2 * len(self.names))
        for name, part in parts.items():
            weights[[self.at(name), self.at(name) + len(self.names)]] += (part, -part)
        return weights

    def at(self, name: str) -> int:
        """Return the place of a measure among the names."""
        if name not in self.names:
            raise ParameterError.unknown("measure", name, self.names, where="measurement")
        return self.names.index(name)

    def covariance(self, first: Floats, second: Floats) -> float:
        """Return the covariance of two weighted sums of the means, each of shape (2 m,)."""
        return float(sum(first @ term.covariance @ second for term in self.terms))

    def df(self, weights: Floats) -> float | None:
        """Return the degrees of freedom of a weighted sum (Welch 1947; Satterthwaite 1946); None if it has no variance."""
        parts = [(float(weights @ term.covariance @ weights), term.df) for term in self.terms]
        below = sum(variance**2 / df for variance, df in parts)
        return float(sum(variance for variance, _ in parts) ** 2 / below) if below > 0 else None

    def effect(
        self, parts: str | Mapping[str, float], *, name: str = "", level: float = LEVEL, alternative: Alternative = TWO_SIDED
    ) -> Effect:
        """Return the effect on a measure, or on a weighted sum of measures such as margin minus cost.

        Args:
            parts: name of a measure, or the weight of each.
            name: of the sum.
            level: of the interval.
            alternative: of the test.
        """
        wanted = {parts: 1.0} if isinstance(parts, str) else dict(parts)
        weights = self.weights(wanted)
        m, means = len(self.names), [float(weights[: len(self.names)] @ side) for side in np.split(self.means, 2)]
        sides = [np.concatenate([weights[:m], np.zeros(m)]), np.concatenate([np.zeros(m), weights[:m]])]
        reason = next((self.reasons[part] for part in wanted if part in self.reasons), EMPTY)
        known = tuple(None if np.isnan(mean) else mean for mean in means)
        spread = [[self.covariance(a, b) for b in sides] for a in sides] if self.terms and None not in known else None
        return Effect.of(
            name or " + ".join(wanted), (known[0], known[1]), self.sizes,
            spread=None if spread is None else (spread[0][0], spread[1][1], spread[0][1]), df=self.df(weights), level=level,
            alternative=alternative, method=self.method, reason=reason, variance_saved=self._saved(wanted), remarks=self.remarks,
        )  # fmt: skip

    def joint_test(self) -> tuple[float, int]:
        """Return the Wald statistic of no difference in any measure, and its degrees of freedom; measures that do not vary are left out."""
        m = len(self.names)
        gaps = self.means[:m] - self.means[m:]
        signs = np.hstack([np.eye(m), -np.eye(m)])
        covariance = signs @ sum((term.covariance for term in self.terms), start=np.zeros((2 * m, 2 * m))) @ signs.T
        scale = np.sqrt(np.diag(covariance))
        kept = scale > 0
        if not kept.any():
            return 0.0, 0
        correlations = covariance[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
        z = gaps[kept] / scale[kept]
        values, vectors = np.linalg.eigh(correlations)
        # Measures that follow from others, such as flags that sum to one, leave directions without variance.
        real = values > _NO_DIRECTION
        return float(((vectors[:, real].T @ z) ** 2 / values[real]).sum()), int(real.sum())

    def _saved(self, wanted: Mapping[str, float]) -> float | None:
        return self.saved.get(next(iter(wanted))) if len(wanted) == 1 else None

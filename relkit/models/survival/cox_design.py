"""Input of Cox's likelihood: the rows that count, in order, and the standardised columns of their covariates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from relkit.errors import FitError, NotEnoughEventsError
from relkit.models.covariates import column_names, each_column
from relkit.models.survival.partial_likelihood import Order, derivatives, linear_predictor, sums, total_of_ends
from relkit.models.useless_columns import CONSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from relkit.metrics.risk_sets import Flags, Floats
    from relkit.models.covariates import Covariate
    from relkit.models.survival.partial_likelihood import Indexes, Sums


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Spells, or the pieces of spells between two changes of a covariate.

    Attributes:
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days; None when all were observed from the start.
        stratum: shape (n,), from 0; None when there is one.
        weight: shape (n,); None when all weigh 1.
    """

    duration: Floats
    event: Flags
    entry: Floats | None
    stratum: Indexes | None = None
    weight: Floats | None = None

    def order(self, *, efron: bool = True, stratified: bool = True) -> Order:
        """Return their order."""
        stratum = self.stratum if stratified else None
        return Order.of(self.duration, self.event, self.entry, efron=efron, stratum=stratum, weight=self.weight)

    def taken(self, rows: Indexes | Flags) -> Rows:
        """Return a subset of them."""
        entry, stratum, weight = (None if part is None else part[rows] for part in (self.entry, self.stratum, self.weight))
        return Rows(duration=self.duration[rows], event=self.event[rows], entry=entry, stratum=stratum, weight=weight)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Design:
    """Input of the likelihood.

    Attributes:
        order: of the rows.
        X: shape (d, m), standardised covariates in order.
        means: shape (d,), among all rows.
        scales: shape (d,), standard deviations.
        names: of the columns.
        mass: sum of the weights of all rows.
        efron: how ties are treated.
    """

    order: Order
    X: Floats
    means: Floats
    scales: Floats
    names: tuple[str, ...]
    mass: float
    efron: bool = True

    def at(self, beta: Floats) -> Sums:
        """Return log L and the sums over risk sets at coefficients of the standardised columns."""
        return sums(self.order, linear_predictor(self.X, beta))

    def derivatives(self, found: Sums) -> tuple[Floats, Floats]:
        """Return the gradient and the information at what `at` found."""
        return derivatives(self.order, self.X, self._total_of_ends, found)

    @cached_property
    def _total_of_ends(self) -> Floats:
        return total_of_ends(self.order, self.X)

    @classmethod
    def of(cls, frame: pl.DataFrame, rows: Rows, known: Sequence[Covariate], *, efron: bool, penalised: bool, where: str) -> Design:
        """Return the design.

        Args:
            frame: contains the covariates.
            rows: as many as the frame has.
            known: the covariates.
            efron: how ties are treated.
            penalised: whether there may be more columns than ends.
            where: the caller, for messages.

        Raises:
            NotEnoughEventsError: fewer events than columns.
            FitError: a column is constant.
        """
        names, ends = column_names(known), int(rows.event.sum())
        if ends < len(names) and not penalised:
            raise NotEnoughEventsError(
                f"{ends} {'spell' if ends == 1 else 'spells'} ended, fewer than the {len(names)} covariates.",
                where=where,
                remedy="Use fewer covariates or a longer period, or give a penalty.",
            )
        order = rows.order(efron=efron)
        X, means, scales = np.empty((len(names), len(order.rows))), np.empty(len(names)), np.empty(len(names))
        for j, (name, column) in enumerate(zip(names, each_column(frame, known), strict=True)):
            means[j] = column.mean()
            centred = column - means[j]
            scales[j] = np.sqrt(np.einsum("i,i->", centred, centred) / len(centred))
            np.take(centred, order.rows, out=X[j])
            if not (np.ptp(X[j]) > CONSTANT * abs(means[j]) and scales[j] > 0):
                raise FitError(
                    f"{name} is constant ({means[j] + X[j][0]:g}) among the spells at risk when others end, so it explains nothing.",
                    where=where,
                    remedy="Drop it from covariates.",
                )
            X[j] /= scales[j]
        mass = float(len(rows.duration) if rows.weight is None else rows.weight.sum())
        return cls(order, X, means, scales, names, mass, efron)

    def thinned(self, rows: Rows, step: int) -> Design:
        """Return the design of every `step`-th row in order of age: a sample with the ages in the right proportion."""
        kept = self.order.rows[::step]
        order = rows.taken(kept).order(efron=self.efron)
        return Design(order, self.X[:, ::step][:, order.rows], self.means, self.scales, self.names, self.mass / step, self.efron)

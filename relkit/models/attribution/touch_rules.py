"""Rules that give out each conversion among the touches of its journey by a fixed key.

A rule is its settings and `weights`, which returns a weight for each touch, adding up to 1 within each journey. Everything else is shared:
credit is the sum of these portions over the conversions (`relkit.models.attribution.portions`). No rule is evidence of a cause: each
states a convention, and every conversion with a touch is credited, also those that would have come anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from relkit.errors import NotEnoughEventsError
from relkit.models.attribution.coded_paths import PATHS_CONTRACT, CodedPaths, columns_read
from relkit.models.attribution.credit_remarks import path_remarks
from relkit.models.attribution.journey_groups import totals_of
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.attribution.judging import SHARE_MOVED, judged_shares
from relkit.models.attribution.portions import Portions, converting, converting_groups
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.contracts import Contract
    from relkit.models.attribution.coded_paths import Floats, Ints
    from relkit.models.attribution.credit import FittedCredit
    from relkit.remarks import Remark


class TouchRule(JourneySettings):
    """Mixin of the settings of rules; a rule defines `weights`."""

    holdout_metric: ClassVar[HoldoutMetric] = SHARE_MOVED

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return PATHS_CONTRACT

    def weights(self, paths: CodedPaths) -> Floats:
        """Return the weight of each touch, adding up to 1 within each journey; (m,)."""
        raise NotImplementedError

    def credit_of(self, paths: CodedPaths) -> pl.DataFrame:
        """Return the credit of channels for coded paths, with that of their groups."""
        ended = converting(paths)
        return Portions.of_touches(ended, self.weights(ended)).credit(ended, converting_groups(paths), self.level)

    def remarks(self, paths: CodedPaths) -> tuple[Remark, ...]:
        """Return the remarks on the fit."""
        return path_remarks(paths)

    def judge(self, fitted: FittedCredit, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return the part of the credit that the journeys of a holdout give to other channels.

        Args:
            fitted: the fitted rule.
            features: not read; the rule knows its own credit.
            outcomes: paths of the journeys that ended in the holdout.

        Returns:
            share_moved, value_moved (if both periods have values), conversions_judged.

        Raises:
            NotEnoughEventsError: no conversion of the holdout was preceded by a touch.
        """
        return judged_shares(fitted, outcomes)


def read_paths(settings: JourneySettings, features: pl.DataFrame) -> CodedPaths:
    """Return paths as integers.

    Raises:
        TableError: a column is missing, of another type, or null.
        NotEnoughEventsError: there is no row.
    """
    paths = CodedPaths.of(features)
    if not paths.rows:
        remedy = "Check that touchpoints and sales have rows up to this day, and what conversion asks for."
        raise NotEnoughEventsError("there is no journey.", where=settings.name, remedy=remedy)
    return paths


def fitted_rule(settings: TouchRule, features: pl.DataFrame, as_of: date) -> dict[str, Any]:
    """Return the fields of a fitted rule: settings, info, credits, totals.

    Args:
        settings: the rule.
        features: paths, as `PATHS_CONTRACT` has them.
        as_of: last day whose facts are among them.

    Raises:
        TableError: a column is missing, of another type, or null.
        NotEnoughEventsError: there is no row.
    """
    paths = read_paths(settings, features)
    info = info_of(features, paths, as_of, settings.remarks(paths))
    return {"settings": settings, "info": info, "credits": settings.credit_of(paths), "totals": totals_of(paths)}


def info_of(features: pl.DataFrame, paths: CodedPaths, as_of: date, remarks: tuple[Remark, ...], seed: int | None = None) -> FitInfo:
    """Return the facts of a fit without a likelihood."""
    own = fingerprint(columns_read(features))
    return FitInfo(as_of=as_of, rows=paths.rows, log_likelihood=None, converged=True, seed=seed, fingerprint=own, remarks=remarks)


def touches_at(paths: CodedPaths, positions: Ints) -> Floats:
    """Return a weight of 1 for the touches at these positions, and 0 for all others; (m,)."""
    weights = np.zeros(len(paths.touches))
    weights[positions] = 1.0
    return weights


def with_touches(paths: CodedPaths) -> Ints:
    """Return the numbers of the rows that have a touch."""
    return np.flatnonzero(paths.lengths)


def shared_equally(paths: CodedPaths) -> Floats:
    """Return equal weights of the touches of each row; (m,)."""
    lengths = paths.lengths
    return np.repeat(1.0 / np.maximum(lengths, 1), lengths)

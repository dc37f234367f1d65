"""Order values as known at a past origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.errors import FitError, TableError
from relkit.models.lifetime_value.gamma_gamma import GammaGamma

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from relkit.models.lifetime_value.gamma_gamma import FittedGammaGamma


def order_value_at(features: pl.DataFrame, as_of: date) -> FittedGammaGamma | None:
    """Return the model of order values as known at an origin; None if too few customers came back, or no value is known."""
    try:
        return GammaGamma().fit(features, as_of=as_of)
    except (FitError, TableError):
        return None

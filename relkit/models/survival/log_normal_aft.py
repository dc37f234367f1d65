"""The log-normal regression: the logarithm of lifetime is normal, so that risk rises first and falls later.

S(t) = Phi(-(log t - mu) / sigma), with mu = intercept + x'b, the logarithm of the median (Kalbfleisch and Prentice 2002,
2.2.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.survival.aft_model import AftModel, Distribution, FittedAftModel
from relkit.models.survival.location_scale import LOG_NORMAL
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class LogNormalAft(AftModel):
    """Settings of a log-normal regression; its attributes are those of `AftModel`.

    Examples:
        >>> from datetime import date
        >>> import polars as pl
        >>> spells = pl.DataFrame(
        ...     {
        ...         "duration_days": [30.0, 60.0, 90.0, 120.0, 150.0, 180.0],
        ...         "event": [True, True, True, False, True, False],
        ...         "pays_by_direct_debit": [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
        ...     }
        ... )
        >>> fitted = LogNormalAft(covariates=("pays_by_direct_debit",)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary().select("term", estimate=pl.col("estimate").round(3)).rows()
        [('pays_by_direct_debit', 0.845), ('intercept', 4.208), ('log_sigma', -0.462)]
    """

    name: ClassVar[str] = "survival.log_normal_aft"
    label = Text("log-normal, accelerated time", "log-normale, temps accéléré")
    purpose = Text(
        "Log-normal regression: how long contracts last, with a risk that rises, then falls slowly.",
        "Régression log-normale : la durée des contrats, avec un risque qui monte puis redescend lentement.",
    )
    distribution: ClassVar[Distribution] = Distribution(LOG_NORMAL, "log_sigma", -1.0)

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLogNormalAft:
        """Return the model fitted by maximum likelihood; see `learn`."""
        return FittedLogNormalAft(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLogNormalAft(FittedAftModel):
    """A fitted log-normal model; its attributes are those of `FittedAftModel`."""

    name: ClassVar[str] = LogNormalAft.name

    settings: LogNormalAft

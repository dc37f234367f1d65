"""The log-logistic regression: as the log-normal, with heavier tails, and proportional odds of having ended.

S(t) = 1 / (1 + (t / alpha)^beta), with log alpha = intercept + x'b, the logarithm of the median (Kalbfleisch and Prentice
2002, 2.2.6). The expected lifetime is infinite if beta is 1 or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.survival.aft_model import AftModel, Distribution, FittedAftModel
from relkit.models.survival.location_scale import LOG_LOGISTIC
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class LogLogisticAft(AftModel):
    """Settings of a log-logistic regression; its attributes are those of `AftModel`.

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
        >>> fitted = LogLogisticAft(covariates=("pays_by_direct_debit",)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary().select("term", estimate=pl.col("estimate").round(3)).rows()
        [('pays_by_direct_debit', 0.865), ('intercept', 4.157), ('log_beta', 0.966)]
    """

    name: ClassVar[str] = "survival.log_logistic_aft"
    label = Text("log-logistic, accelerated time", "log-logistique, temps accéléré")
    purpose = Text(
        "Log-logistic regression: how long contracts last, with a risk that rises, then falls.",
        "Régression log-logistique : la durée des contrats, avec un risque qui monte puis redescend.",
    )
    distribution: ClassVar[Distribution] = Distribution(LOG_LOGISTIC, "log_beta")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedLogLogisticAft:
        """Return the model fitted by maximum likelihood; see `learn`."""
        return FittedLogLogisticAft(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLogLogisticAft(FittedAftModel):
    """A fitted log-logistic model; its attributes are those of `FittedAftModel`."""

    name: ClassVar[str] = LogLogisticAft.name

    settings: LogLogisticAft

"""The Weibull regression: risk rises or falls with age as a power, and covariates stretch the time of a life.

S(t) = exp(-(t / lambda)^rho), with log lambda = intercept + x'b: rho above 1 is a risk that rises with age, below 1 one that
falls. It has proportional hazards too: a unit of a covariate multiplies the risk by exp(-rho b). Parametrised as flexsurv,
lifelines and eha's aftreg are (Kalbfleisch and Prentice 2002, 2.2.2). Ends may be known by intervals (`lower_column`,
`upper_column`), as of contracts that are observed at billing dates only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from relkit.models.survival.aft_model import AftModel, Distribution, FittedAftModel
from relkit.models.survival.location_scale import WEIBULL
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class WeibullAft(AftModel):
    """Settings of a Weibull regression; its attributes are those of `AftModel`.

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
        >>> fitted = WeibullAft(covariates=("pays_by_direct_debit",)).fit(spells, as_of=date(2025, 6, 30))
        >>> fitted.summary().select("term", estimate=pl.col("estimate").round(3)).rows()
        [('pays_by_direct_debit', 0.615), ('intercept', 4.577), ('log_rho', 0.606)]
    """

    name: ClassVar[str] = "survival.weibull_aft"
    label = Text("Weibull, accelerated time", "Weibull, temps accéléré")
    purpose = Text(
        "Weibull regression: how long contracts last, with a risk that rises or falls steadily.",
        "Régression de Weibull : la durée des contrats, avec un risque qui monte ou baisse régulièrement.",
    )
    distribution: ClassVar[Distribution] = Distribution(WEIBULL, "log_rho")

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedWeibullAft:
        """Return the model fitted by maximum likelihood; see `learn`."""
        return FittedWeibullAft(settings=self, **self.learn(features, as_of))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedWeibullAft(FittedAftModel):
    """A fitted Weibull model; its attributes are those of `FittedAftModel`."""

    name: ClassVar[str] = WeibullAft.name

    settings: WeibullAft

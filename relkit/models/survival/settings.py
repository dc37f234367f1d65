"""Settings that survival models share, in parts, each with its checks.

    class WeibullAft(Weighted, Bending, JudgedByEnds)      covariates with splines, rows that stand for several spells
    class BoostedHazard(Weighted, Periodic, Explained, JudgedByEnds)

A part adds its fields and its checks to those of the parts before it; a model adds its own, and its formulas. `taken` lists the
columns that are read as something other than a covariate, `covariate_lists` the covariates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from relkit.models.covariate_declaration import Declaration, Missing, check_names
from relkit.models.survival.causes import reason_column
from relkit.models.survival.lifetimes import Lifetimes, lifetime_contract, read_lifetimes
from relkit.models.survival.spells import RESERVED, Spells, fit_contract, read_spells
from relkit.models.weights import check_weight_column, columns_of
from relkit.scalars import check_level, check_scalar
from relkit.units import DAYS_PER_MONTH, LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.contracts import Column, Contract
    from relkit.metrics.risk_sets import Floats


@dataclass(frozen=True, kw_only=True)
class Levelled:
    """Settings with a level of intervals.

    Attributes:
        level: of the intervals.
    """

    name: ClassVar[str]

    level: float = LEVEL

    def __post_init__(self) -> None:
        """Check the level."""
        check_level(self.level, where=self.name)

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are read as something other than a covariate or a weight."""
        return RESERVED

    @property
    def covariate_lists(self) -> Mapping[str, tuple[str, ...]]:
        """The covariates by the setting that names them."""
        return {}

    @property
    def beside(self) -> tuple[Column, ...]:
        """Columns that `fit` reads besides spells and covariates."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Explained(Levelled):
    """Settings of a regression.

    Attributes:
        covariates: columns: numbers, truth values, or categories as text.
        missing: "refuse" empty numbers, or "indicator": replace them by the mean, with an indicator as a term.
    """

    covariates: tuple[str, ...]
    missing: Missing = "refuse"

    def __post_init__(self) -> None:
        """Check the declaration of the covariates."""
        super().__post_init__()
        for setting, names in self.covariate_lists.items():
            check_names(names, self.taken, where=setting)
        check_names(self.declaration.names)

    @property
    def covariate_lists(self) -> Mapping[str, tuple[str, ...]]:
        """The covariates by the setting that names them."""
        return {"covariates": self.covariates}

    @property
    def declaration(self) -> Declaration:
        """Declaration of the covariates."""
        names = (name for names in self.covariate_lists.values() for name in names)
        return Declaration(names=tuple(dict.fromkeys(names)), missing=self.missing, splines=self.bends)

    @property
    def bends(self) -> dict[str, int]:
        """Number of columns of the spline of each covariate; empty if the model has no splines."""
        return {}

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return fit_contract(self.name, (*self.declaration.asked, *self.beside))

    def spells(self, features: pl.DataFrame) -> Spells:
        """Return the spells of a frame, or raise as `read_spells` does."""
        return read_spells(features, self.declaration.given(self.needs, features))


@dataclass(frozen=True, kw_only=True)
class Bending(Explained):
    """Settings of a regression whose covariates may have splines.

    Attributes:
        splines: by covariate, the number of columns of its natural cubic spline.
    """

    splines: dict[str, int] = field(default_factory=dict)

    @property
    def bends(self) -> dict[str, int]:
        """Number of columns of the spline of each covariate."""
        return self.splines


@dataclass(frozen=True, kw_only=True)
class Weighted(Levelled):
    """Settings with a column of weights.

    Attributes:
        weight_column: column with the number of spells that a row stands for; empty if each is one.
    """

    may_weigh_nothing: ClassVar[bool] = True

    weight_column: str = ""

    def __post_init__(self) -> None:
        """Check the column of weights."""
        super().__post_init__()
        covariates = (name for names in self.covariate_lists.values() for name in names)
        check_weight_column(self.weight_column, (*self.taken, *covariates), where=self.name)

    @property
    def beside(self) -> tuple[Column, ...]:
        """Columns that `fit` reads besides spells and covariates."""
        return (*columns_of(self.weight_column, zero=self.may_weigh_nothing), *super().beside)

    def weights(self, frame: pl.DataFrame) -> Floats | None:
        """Return the number of spells that each row stands for, shape (n,); None if each is one."""
        return frame[self.weight_column].to_numpy() if self.weight_column else None


@dataclass(frozen=True, kw_only=True)
class Parametric(Weighted, Bending):
    """Settings of a regression of whole lifetimes, whose covariates may have splines; its weights are above 0."""

    may_weigh_nothing: ClassVar[bool] = False

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are read as something other than a covariate or a weight."""
        return (*super().taken, *(self.interval or ()))

    @property
    def interval(self) -> tuple[str, str] | None:
        """Columns that bound each lifetime, if they are read instead of duration and event."""
        return None

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return lifetime_contract(self.name, self.declaration.asked, weight_column=self.weight_column, bounds=self.interval)

    def lifetimes(self, features: pl.DataFrame) -> Lifetimes:
        """Return the lifetimes of a frame, or raise as `read_lifetimes` does."""
        asked = self.declaration.given(self.needs, features)
        return read_lifetimes(features, asked, weight_column=self.weight_column, bounds=self.interval)


@dataclass(frozen=True, kw_only=True)
class Periodic(Levelled):
    """Settings of a model of periods.

    Attributes:
        period_days: length of a period; the default is a month, 365.25 / 12.
    """

    period_days: float = DAYS_PER_MONTH

    def __post_init__(self) -> None:
        """Check the length of a period."""
        super().__post_init__()
        check_scalar(self.period_days, "period_days", gt=0, where=self.name)


@dataclass(frozen=True, kw_only=True)
class ByReason(Levelled):
    """Settings of a model that distinguishes causes.

    Attributes:
        reason: column with the reason why a spell ended; an end without a reason counts as "unknown".
    """

    reason: str = "end_reason"

    def __post_init__(self) -> None:
        """Check the column of the cause."""
        super().__post_init__()
        check_names((self.reason,), super().taken, where="reason")

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are read as something other than a covariate or a weight."""
        return (*super().taken, self.reason)

    @property
    def beside(self) -> tuple[Column, ...]:
        """Columns that `fit` reads besides spells and covariates."""
        return (*super().beside, reason_column(self.reason))

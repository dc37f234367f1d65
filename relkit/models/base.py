"""The shape of every model: settings that fit, and a fitted object that is complete.

    settings = BgNbd(period_days=7)                 # frozen, nothing else inside
    fitted = settings.fit(features, as_of=day)      # frozen, complete, keeps no training rows
    fitted.score(features, horizon_days=90)         # customer_id, then score columns

Both are frozen dataclasses, so that there is no half-built state and two functions in
`relkit.models.storage` can save and load them all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from relkit.models.roles import Reading, Role  # noqa: TC001 storage reads the types of the settings
from relkit.periods import AsOf
from relkit.texts import Text  # noqa: TC001 storage reads the types of the settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import polars as pl

    from relkit.contracts import Contract
    from relkit.remarks import Remark


@dataclass(frozen=True, kw_only=True)
class FitInfo:
    """Facts about a fit, apart from its parameters.

    Attributes:
        as_of: last day whose facts were used.
        rows: customers (or spells) used.
        log_likelihood: at the optimum, in the model's unit of time; None if there is no likelihood.
        converged: whether the optimiser reached its tolerance.
        seed: of a random fit, else None.
        fingerprint: sha256 of the columns read.
        remarks: what a reader of the summary or of the scores must know (a fallback taken, rows left out).
        cutoff: first instant (UTC) unknown to the fit; None in models saved before it was stored, and in fits to a frame
            of which only the day is known: the end of `as_of`.
    """

    as_of: date
    rows: int
    log_likelihood: float | None
    converged: bool
    seed: int | None = None
    fingerprint: str = ""
    remarks: tuple[Remark, ...] = ()
    cutoff: datetime | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """The remarks in English, one or two sentences each."""
        return tuple(remark.en for remark in self.remarks)


def edge_of(info: FitInfo, zone: str = "UTC") -> AsOf:
    """Return the as-of cutoff of a fit; if it stores its day only, the end of that day in `zone`.

    Examples:
        >>> from datetime import date
        >>> edge_of(FitInfo(as_of=date(2025, 6, 30), rows=1, log_likelihood=None, converged=True)).spoken
        '2025-06-30 (UTC)'
    """
    if info.cutoff is None:
        return AsOf.end_of(info.as_of, zone=zone)
    return AsOf(day=info.as_of, cutoff=info.cutoff, zone=zone)


def fit_as_of(model: Model[Any], features: pl.DataFrame, edge: AsOf) -> Any:
    """Return a model fitted to features as of a cutoff, which it keeps to the instant."""
    fitted: Any = model.fit(features, as_of=edge.day)
    return replace(fitted, info=replace(fitted.info, cutoff=edge.cutoff))


@dataclass(frozen=True, kw_only=True)
class HoldoutMetric:
    """The number by which versions of a model are compared.

    Attributes:
        name: as it is logged, e.g. "mae_repeat_purchases".
        direction: whether higher or lower is better.
        decides: whether a version with a worse value stays behind the champion. Models that are shown side by side, and none of which
            is right by such a number, say no: the newest version is used.
    """

    name: str
    direction: Literal["lower", "higher"]
    decides: bool = True

    def not_worse(self, challenger: float, champion: float) -> bool:
        """Return whether the challenger's value is at least as good as the champion's."""
        return challenger <= champion if self.direction == "lower" else challenger >= champion


@runtime_checkable
class Fitted(Protocol):
    """A fitted model, of any family."""

    name: ClassVar[str]
    format: ClassVar[int]

    @property
    def settings(self) -> Any:
        """The settings that were fitted."""

    @property
    def info(self) -> FitInfo:
        """Facts about the fit."""

    @property
    def needs(self) -> Contract:
        """Columns that `score` reads."""

    def summary(self) -> pl.DataFrame:
        """Return term, estimate, std_error, lower, upper (95 %)."""


@runtime_checkable
class CustomerScorer(Fitted, Protocol):
    """A fitted model that scores customers."""

    def score(self, features: pl.DataFrame, *, horizon_days: int | None = None) -> pl.DataFrame:
        """Return customer_id, then score columns, one row per row of `features`, in its order."""


@runtime_checkable
class CreditsChannels(Fitted, Protocol):
    """A fitted model that attributes what customers did to channels; it scores no customer."""

    def credit(self) -> pl.DataFrame:
        """Return channel, then its credit: one row per channel, shares that sum to one."""


@runtime_checkable
class Associates(Fitted, Protocol):
    """A fitted model of products that go together; it scores no customer."""

    def associations(self) -> pl.DataFrame:
        """Return antecedent, consequent (lists of products), then measures: one row per rule."""


F_co = TypeVar("F_co", bound=Fitted, covariant=True)


@runtime_checkable
class KeepsEverybody(Protocol):
    """A fitted model that may find that customers never leave."""

    @property
    def nobody_leaves(self) -> bool:
        """True if customers never stop buying in this model."""


@runtime_checkable
class Varies(Protocol):
    """Settings of a model that leave a choice to a holdout."""

    def variants(self, features: pl.DataFrame) -> tuple[Any, ...]:
        """Return the settings to choose among, the first by default; none if there is no choice."""

    @staticmethod
    def best_of(fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[int, Remark]:
        """Return the place of the variant that does best on a holdout, and the remark on it."""


class ModelFacts:
    """Mixin of settings classes: the facts that a model declares about itself, from which tables elsewhere are made.

    Attributes:
        role: the role of its scores.
        reads: the rows it learns from and scores.
        label: its name for display.
        purpose: what it is for, in one sentence.
        competes: whether it is a candidate when models of its family are compared.
        is_bar: whether it is a naive rule, which stands in a comparison as a bar and is not taken.
        twin: the model it is identical to when both learn from the same rows; empty if there is none.
        figures: its diagnostic figures, under the names that its family's binding draws.
        check_settings: the settings with which the tests' checks make it.
    """

    role: ClassVar[Role]
    reads: ClassVar[Reading]
    label: ClassVar[Text]
    purpose: ClassVar[Text]
    competes: ClassVar[bool] = False
    is_bar: ClassVar[bool] = False
    twin: ClassVar[str] = ""
    figures: ClassVar[tuple[str, ...]] = ()
    check_settings: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def not_taken(cls) -> frozenset[str]:
        """Return the settings of the class that this model refuses."""
        return frozenset()

    @classmethod
    def judged_at(cls, days: int) -> Mapping[str, Any]:  # noqa: ARG003 for those whose cost depends on it
        """Return the settings with which a trial judged at one horizon is cheaper and no different."""
        return {}


class Model(Protocol[F_co]):
    """The settings of a model."""

    name: ClassVar[str]
    family: ClassVar[str]
    holdout_metric: ClassVar[HoldoutMetric]
    role: ClassVar[Role]
    reads: ClassVar[Reading]
    label: ClassVar[Text]
    purpose: ClassVar[Text]
    competes: ClassVar[bool]
    is_bar: ClassVar[bool]
    twin: ClassVar[str]
    figures: ClassVar[tuple[str, ...]]
    check_settings: ClassVar[Mapping[str, Any]]

    @classmethod
    def not_taken(cls) -> frozenset[str]:
        """Return the settings of the class that this model refuses."""

    @classmethod
    def judged_at(cls, days: int) -> Mapping[str, Any]:
        """Return the settings with which a trial judged at one horizon is cheaper and no different."""

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads, with units; depends on the settings."""

    def fit(self, features: pl.DataFrame, *, as_of: date) -> F_co:
        """Return the fitted model."""

    def judge(self, fitted: Any, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:
        """Return metrics of `fitted` on a holdout, `holdout_metric.name` among them.

        `features` are those of the calibration date. `outcomes` has what happened after it, one row per
        row of `features` that can be judged, joined by key (extra columns are ignored):

        - purchase models: customer_id, holdout_purchases (purchase days), holdout_mean_value (per purchase
          day, null when none), holdout_days;
        - survival models: customer_id, contract_id, duration_days and event as known at the holdout's end.

        `fitted` is typed Any because a protocol that returns F_co cannot also take it.
        """


def fingerprint(frame: pl.DataFrame) -> str:
    """Return the sha256 of a frame's names, types and values, for `FitInfo.fingerprint`.

    It depends on the order of the rows, but not on the machine or on library versions, nor on the codes in which categories are kept.
    """
    from polars import Boolean, Categorical, Enum, List

    digest = hashlib.sha256()
    for series in frame:
        if series.dtype in (Categorical, Enum):
            digest.update(_of_categories(series))
            continue
        if series.dtype == List:
            digest.update((fingerprint(series.list.len().to_frame()) + fingerprint(series.explode().to_frame())).encode())
            continue
        digest.update(f"{series.name}:{series.dtype}:{len(series)}:{series.null_count()}\n".encode())
        digest.update(series.is_null().to_numpy().data if series.null_count() else b"")
        if series.dtype == Boolean or series.dtype.is_numeric() or series.dtype.is_temporal():
            known = series.drop_nulls() if series.null_count() else series
            digest.update(known.to_physical().to_numpy().data)
        else:
            digest.update("\x1f".join(series.drop_nulls().cast(str).to_list()).encode())
    return digest.hexdigest()


def _of_categories(series: pl.Series) -> bytes:
    """Return the bytes of categories: each distinct text once, in order, then the position of each value among them."""
    from polars import Enum, String, UInt32

    texts = series.unique().drop_nulls().cast(String).sort()
    codes = series.cast(Enum(texts)).to_physical().cast(UInt32).fill_null(len(texts))
    head = f"{series.name}:category:{len(series)}:{series.null_count()}\n" + "\x1f".join(texts.to_list())
    return head.encode() + codes.to_numpy().tobytes()

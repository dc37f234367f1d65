"""Columns that every survival model reads, moved from a frame into arrays, with their errors defined once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from relkit.contracts import Column, Contract, Rule, check
from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.survival.aligned_ages import with_one_age
from relkit.remarks import Remark, french
from relkit.scalars import check_scalar
from relkit.units import HORIZON_DAYS

if TYPE_CHECKING:
    from relkit.metrics.risk_sets import Flags, Floats

LONGEST_DAYS = 100_000
"""Longer than any contract: a value beyond is a faulty cell, such as seconds for days."""
CUSTOMER = Column(name="customer_id", dtype=pl.String, required=True, nullable=False, personal_data="pseudonym")
DURATION = Column(
    name="duration_days",
    dtype=pl.Float64,
    required=True,
    nullable=False,
    low=0.0,
    high=LONGEST_DAYS,
    unit="days",
    meaning="Age at the end, or when last observed.",
)
EVENT = Column(name="event", dtype=pl.Boolean, required=True, nullable=False, meaning="Whether the spell has ended.")
ENDED = Column(name="event", dtype=pl.Boolean, meaning="Whether it has ended: no score then.")
ENTRY = Column(
    name="entry_days",
    dtype=pl.Float64,
    nullable=False,
    default=0.0,
    low=0.0,
    unit="days",
    meaning="Age when first observed: 0 if observed from the start.",
)
RESERVED = ("customer_id", "duration_days", "event", "entry_days")
"""Columns that are not covariates."""
BACKWARDS = Rule(
    name="entry_days: over duration_days",
    columns=("entry_days", "duration_days"),
    broken=pl.col("entry_days") > pl.col("duration_days"),
    remedy="Count both in days from the start of the spell.",
)


def fit_contract(name: str, covariates: tuple[Column, ...], rules: tuple[Rule, ...] = ()) -> Contract:
    """Return the contract of `fit`: one row per spell; a customer may have several."""
    return Contract(name=name, key=(), columns=named_once(name, (DURATION, EVENT, ENTRY, *covariates)), rules=(BACKWARDS, *rules))


def named_once(model: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns, or raise for one that the settings name for two things."""
    names = [column.name for column in columns]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ParameterError(f"{twice[0]!r} is read as two things.", where=model, remedy="Name each column once.")
    return columns


def score_contract(name: str, covariates: tuple[Column, ...]) -> Contract:
    """Return the contract of `score`: one row per customer."""
    return Contract(name=name, key=("customer_id",), columns=(CUSTOMER, DURATION, ENDED, *covariates))


@dataclass(frozen=True, eq=False)
class Spells:
    """Spells that were at risk for some time.

    Attributes:
        frame: the rows kept, with the columns of the contract.
        duration: shape (n,), days.
        event: shape (n,).
        entry: shape (n,), days, below `duration` unless both are 0.
        remarks: on what was left out.
    """

    frame: pl.DataFrame
    duration: Floats
    event: Flags
    entry: Floats
    remarks: tuple[Remark, ...]

    @property
    def late_entry(self) -> Floats | None:
        """The entry ages, or None when every spell was observed from its start."""
        return self.entry if bool((self.entry > 0).any()) else None


def read_spells(features: pl.DataFrame, needs: Contract) -> Spells:
    """Return the spells of a frame; ages that differ by rounding are one (`relkit.metrics.near_ties`).

    Raises:
        TableError: a column is missing, null, negative or not finite, or a spell ends before it is first observed.
        NotEnoughEventsError: no row, or no event, is left.
    """
    frame = check(with_one_age(features, "entry_days", "duration_days"), needs)
    kept = frame.filter((pl.col("entry_days") < pl.col("duration_days")) | (pl.col("entry_days") == 0))
    event = kept["event"].to_numpy()
    if not event.any():
        raise NotEnoughEventsError(
            f"none of the {len(kept):,} spells ended, so nothing can be learnt about when they end.",
            where=needs.name,
            remedy="Take a longer period, or a wider set of contracts.",
        )
    left_out = len(frame) - len(kept)
    remarks = (_seen_once(left_out),) if left_out else ()
    return Spells(kept, kept["duration_days"].to_numpy(), event, kept["entry_days"].to_numpy(), remarks)


def _seen_once(spells: int) -> Remark:
    """Return the remark on spells that span no time."""
    return Remark(
        "seen_once",
        "1 spell was left out: it was first seen on the day it was last seen."
        if spells == 1
        else f"{spells:,} spells were left out: they were first seen on the day they were last seen.",
        "1 durée a été écartée : vue pour la première et la dernière fois le même jour, elle n’apprend rien."
        if spells == 1
        else f"{french(spells)} durées ont été écartées : vues pour la première et la dernière fois le même jour, elles n’apprennent rien.",
    )


def check_horizon(horizon_days: int | None) -> int:
    """Return the horizon, `HORIZON_DAYS` when none is given."""
    return HORIZON_DAYS if horizon_days is None else int(check_scalar(horizon_days, "horizon_days", ge=1))


def scores_of(frame: pl.DataFrame, columns: dict[str, Floats]) -> pl.DataFrame:
    """Return customer_id and the score columns, null for spells that have ended."""
    scored = frame.select("customer_id").with_columns(pl.Series(name, values) for name, values in columns.items())
    if "event" not in frame.columns:
        return scored
    running = ~frame["event"].fill_null(value=False)
    return scored.with_columns(pl.when(running).then(pl.col(name)) for name in columns)


def long_survival(frame: pl.DataFrame, days: Floats, values: Floats) -> pl.DataFrame:
    """Return customer_id, days, survival from a matrix of one row per customer."""
    repeated = frame["customer_id"].gather(np.repeat(np.arange(len(frame)), len(days)))
    return pl.DataFrame({"customer_id": repeated, "days": np.tile(days, len(frame)), "survival": values.ravel()})


def as_floats(values: float | list[float] | Floats) -> Floats:
    """Return ages as a one-dimensional array of floats."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))

"""Rows of units drawn: one per unit, wave and action, with the arm, its propensity and the outcome, and the features at the draw.

Rows are put in order of customer, wave and action, so that a fit does not depend on the order in which they come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from relkit.contracts import Column, Contract, check
from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.models.affinity.takers import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

CUSTOMER = Column(name="customer_id", dtype=pl.String, required=True, nullable=False, personal_data="pseudonym")
CLUSTER = Column(
    name="cluster_id", dtype=pl.String, meaning="Household, or another group whose members are not independent.", personal_data="pseudonym"
)
WAVE = Column(name="wave_id", dtype=pl.String, meaning="Wave of the action.")
ACTION = Column(name="action_id", dtype=pl.String, required=True, nullable=False, meaning="Action that the unit was drawn for.")
TREATED = Column(name="treated", dtype=pl.Boolean, required=True, nullable=False, meaning="Drawn to be treated; otherwise a control.")
PROPENSITY = Column(
    name="propensity",
    dtype=pl.Float64,
    low=0.0,
    high=1.0,
    meaning="Probability of being treated rather than a control of this action.",
    null_means="not known: it is estimated",
)
OUTCOME = Column(name="outcome", dtype=pl.Float64, required=True, nullable=False, meaning="Measured from the draw to the end of a window.")
DRAWN = (ACTION, WAVE, TREATED, PROPENSITY, OUTCOME)
"""Columns that tell what was drawn and what came of it."""
OWN = (CUSTOMER, CLUSTER, *DRAWN)
"""Columns of the rows that are no features."""
KEY = (CUSTOMER.name, WAVE.name, ACTION.name)


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitRows:
    """Rows of units drawn.

    Attributes:
        own: their columns that are no features.
        features: their features, in order of name.
    """

    own: pl.DataFrame
    features: pl.DataFrame

    @classmethod
    def read(cls, frame: pl.DataFrame, *, features: Sequence[str] = (), left_out: Sequence[str] = (), where: str) -> Self:
        """Return the rows of a frame, sorted.

        Args:
            frame: one row per unit, wave and action.
            features: columns to learn from; empty for all.
            left_out: columns never to learn from.
            where: the caller, for messages.

        Raises:
            TableError: a column is missing or invalid, there is no feature, or a propensity is 0 or 1.
        """
        never = {*(column.name for column in OWN), *left_out}
        names = sorted(features or (name for name in frame.columns if name not in never))
        if not names:
            raise TableError("there is no feature to learn from.", where=where, remedy="Give columns besides those of the draw.")
        contract = needs_of(names, where=where)
        typed = (replace(c, dtype=frame.schema.get(c.name, pl.Float64)) if c.name in names else c for c in contract.columns)
        rows = check(plain(frame, names), replace(contract, columns=tuple(typed)))
        _refuse_certainty(rows, where)
        rows = rows.sort([name for name in KEY if name in rows.columns])
        return cls(own=rows.select(c.name for c in OWN if c.name in rows.columns), features=rows.select(names))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.own)

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that units were drawn for, in alphabetical order."""
        return tuple(self.own[ACTION.name].unique().sort().to_list())

    def of(self, action: str) -> UnitRows:
        """Return the rows of an action."""
        return self.only(self.own[ACTION.name] == action)

    def only(self, which: pl.Series) -> UnitRows:
        """Return the rows that a mask marks."""
        return UnitRows(own=self.own.filter(which), features=self.features.filter(which))

    @property
    def treated(self) -> Flags:
        """A mask of units drawn to be treated, shape (n,)."""
        found: Flags = self.own[TREATED.name].to_numpy()
        return found

    @property
    def outcome(self) -> Floats:
        """The outcome of each row, shape (n,)."""
        found: Floats = self.own[OUTCOME.name].to_numpy()
        return found

    @property
    def propensity(self) -> Floats | None:
        """The probability of being treated, shape (n,); None if that of some row is not known."""
        if PROPENSITY.name not in self.own.columns or self.own[PROPENSITY.name].null_count():
            return None
        found: Floats = self.own[PROPENSITY.name].to_numpy()
        return found

    @property
    def cluster(self) -> Codes:
        """The group of each row as a number from 0 on: its household if that is known, else its customer, shape (n,)."""
        both = [pl.col(name) for name in (CLUSTER.name, CUSTOMER.name) if name in self.own.columns]
        groups = self.own.select(pl.coalesce(both).alias("group"))["group"]
        return (groups.rank("dense").cast(pl.Int64) - 1).to_numpy()


def check_names(setting: str, names: Sequence[str]) -> None:
    """Refuse names that come twice, and columns of the draw as features.

    Raises:
        ParameterError: there is one.
    """
    own = [column.name for column in OWN if column.name in names] if setting == "features" else []
    if own:
        raise ParameterError(f"{own[0]} states who was drawn and what came of it: it is no feature.", where=setting, remedy="Leave it out.")
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ParameterError(f"{twice[0]} is named twice.", where=setting, remedy="Name it once.")


def needs_of(features: Sequence[str], *, where: str) -> Contract:
    """Return the columns that a fit reads."""
    named = (Column(name=name, dtype=pl.Unknown, required=True, meaning="A feature: a number, a truth value or text.") for name in features)
    return Contract(name=where, key=KEY, columns=(*OWN, *named))


def chosen_actions(rows: UnitRows, wanted: Sequence[str], *, fewest: int, where: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the actions to learn, and the reasons why others cannot be learnt.

    Args:
        rows: all rows.
        wanted: actions named by the settings; empty for all.
        fewest: units that each arm must have.
        where: the caller, for messages.

    Raises:
        ParameterError: an action is named that nobody was drawn for.
        NotEnoughEventsError: no action has enough units in both arms, or one that was named has not.
    """
    known = rows.actions
    for action in wanted:
        if action not in known:
            raise ParameterError.unknown("action", action, known, where="actions")
    aside = {action: why for action in wanted or known if (why := _unlearnable(rows.of(action), fewest))}
    kept = tuple(action for action in wanted or known if action not in aside)
    if not kept or (wanted and aside):
        told = "; ".join(f"{action} has {why}" for action, why in aside.items()) or "nobody was drawn for any action"
        raise NotEnoughEventsError(
            f"{told}.",
            where=where,
            remedy=f"Give actions with at least {fewest} treated units and as many controls, or fewer fewest_units.",
        )
    return kept, aside


def _unlearnable(rows: UnitRows, fewest: int) -> str:
    """Return the reason why an action cannot be learnt; empty if it can."""
    treated = int(rows.treated.sum())
    for count, called in ((treated, "treated units"), (len(rows) - treated, "controls")):
        if count < fewest:
            return f"{count:,} {called} with a known outcome" if count else f"no {called} with a known outcome"
    return "" if np.ptp(rows.outcome) > 0 else "the same outcome for all units"


def _refuse_certainty(rows: pl.DataFrame, where: str) -> None:
    """Refuse propensities of 0 and 1."""
    if PROPENSITY.name in rows.columns and (certain := int(rows[PROPENSITY.name].is_in([0.0, 1.0]).sum())):
        raise TableError(
            f"the propensity of {certain:,} of {len(rows):,} rows is 0 or 1: nobody like them is in the other arm.",
            where=where,
            remedy="Leave out units whose arm was not drawn at random.",
        )

"""Markov attribution: channels are credited with the conversions that a chain of touches would lose without them.

    fitted = MarkovRemoval(order=2, sequences=("search > email",)).fit(paths, as_of=day)
    fitted.credit()            conversions and value of each channel, with intervals
    fitted.effects             the removal effects themselves, which do not add up to one
    fitted.transitions         from each state to each next one, for heat maps and graphs

A journey is a walk from touch to touch that ends in a conversion or in nothing; the chance of the next step depends on the last `order`
touches. The removal effect of a channel is the share of conversions that would be lost if each touch of it led to nothing; credit shares
out the conversions in proportion to the effects. All are exact: nothing is simulated, so a second run gives the same, and rare channels are
not lost.

    Anderl, E., Becker, I., von Wangenheim, F. and Schumann, J. H. (2016), Mapping the customer journey: lessons learned from graph-based
    online attribution modeling, International Journal of Research in Marketing 33(3).

Out of scope: causes. A channel that reaches people who would have bought anyway is on the way of many conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from relkit.errors import NotEnoughEventsError
from relkit.models.attribution.coded_paths import PATHS_CONTRACT, CodedPaths, columns_read
from relkit.models.attribution.credit import GROUP_SCHEMA, FittedCredit, credit_table
from relkit.models.attribution.credit_remarks import path_remarks
from relkit.models.attribution.journey_groups import groupings_of, totals_of
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.attribution.judging import judged_shares
from relkit.models.attribution.markov_likelihood import held_out_log_likelihood, log_likelihood
from relkit.models.attribution.markov_tables import (
    CONVERSION,
    NOTHING,
    SplitShares,
    chain_row,
    credit_rows,
    effect_rows,
    transition_table,
)
from relkit.models.attribution.removal_effects import solved_chain
from relkit.models.attribution.transition_sums import TransitionSums
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.scalars import check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from relkit.contracts import Contract
    from relkit.models.attribution.removal_effects import SolvedChain

MOST_TOUCHES = 8
"""Highest order."""


@dataclass(frozen=True, kw_only=True)
class MarkovRemoval(JourneySettings):
    """Settings of Markov attribution.

    Attributes:
        order: number of last touches on which the next step depends.
        null_paths: let journeys without a conversion count.
        collapse_repeats: take a channel that follows itself for one touch; it changes nothing at order 1.
    """

    name: ClassVar[str] = "attribution.markov_removal"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="log_likelihood_per_step", direction="higher")
    label = Text("Markov chain", "Chaîne de Markov")
    purpose = Text(
        "Which channels conversions depend on, by what would be lost if each of them led to nothing.",
        "De quels canaux dépendent les conversions, d’après ce qui serait perdu si chacun d’eux ne menait à rien.",
    )

    order: int = 1
    null_paths: bool = True
    collapse_repeats: bool = False

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_scalar(self.order, "order", ge=1, le=MOST_TOUCHES, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return PATHS_CONTRACT

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedMarkovRemoval:
        """Learn the chain of journeys and credit its channels.

        Args:
            features: paths, as `PATHS_CONTRACT` declares them.
            as_of: last day whose journeys are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: no journey has a touch, or there are too many states.

        Examples:
            >>> from datetime import date
            >>> frame = pl.DataFrame({"channels": [["G"], ["M"], ["G", "M"]], "conversions": [2, 1, 1], "nulls": [1, 0, 0]})
            >>> fitted = MarkovRemoval().fit(frame, as_of=date(2026, 6, 30))
            >>> fitted.credit().select("channel", pl.col("conversions").round(4)).rows()
            [('G', 2.4), ('M', 1.6)]
        """
        paths = CodedPaths.of(features)
        if not len(paths.touches):
            raise NotEnoughEventsError("no journey has a touch.", where=self.name, remedy="Check the lookback and the channels.")
        totals = totals_of(paths)
        groupings = groupings_of(paths)
        sums = self.sums(paths, self.order, tuple(groupings[-1].groups[0]))
        groups = [_Group.of(sums, group, totals) for grouping in groupings for group in grouping.groups]
        whole = groups[0]
        info = FitInfo(
            as_of=as_of,
            rows=paths.rows,
            log_likelihood=log_likelihood(whole.sums),
            converged=True,
            fingerprint=fingerprint(columns_read(features)),
            remarks=path_remarks(paths),
        )
        return FittedMarkovRemoval(
            settings=self,
            info=info,
            order=self.order,
            credits=credit_table([(each.group, each.credit(self.level)) for each in groups]),
            totals=totals,
            effects=pl.concat([each.effects(self.level) for each in groups]),
            chains=pl.concat([chain_row(each.group, each.sums, each.chain) for each in groups]),
            sums=whole.sums,
            errors=whole.errors(),
        )

    def sums(self, paths: CodedPaths, order: int, by: tuple[str, ...] = ()) -> TransitionSums:
        """Return the sums of transitions of paths, read as the settings state.

        Args:
            paths: the journeys.
            order: of the chain.
            by: groups with sums of their own.
        """
        return TransitionSums.of(paths, order, collapse=self.collapse_repeats, nulls=self.null_paths, by=by)

    def judge(self, fitted: FittedMarkovRemoval, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return how well the chain forecasts the journeys of a holdout, and the part of the credit that they give to other channels.

        Args:
            fitted: the fitted chain.
            features: not read; the chain has its own sums.
            outcomes: paths of the journeys that ended in the holdout.

        Returns:
            log_likelihood_per_step, steps_judged, share_moved, value_moved (if both periods have values), conversions_judged.

        Raises:
            NotEnoughEventsError: no conversion of the holdout was preceded by a touch.
        """
        settings = fitted.settings  # a champion may have been fitted with other settings
        moved = judged_shares(fitted, outcomes)
        later = settings.sums(CodedPaths.of(outcomes), fitted.order).chain()
        total, steps = held_out_log_likelihood(fitted.sums, later)
        return {self.holdout_metric.name: total / steps, "steps_judged": steps, **moved}


@dataclass(frozen=True, eq=False)
class _Group:
    """Chain of a group of journeys.

    Attributes:
        group: its segment and period.
        sums: its transitions.
        chain: solved.
        split: shares of the credit.
        credited: conversions and value to be shared out.
    """

    group: dict[str, Any]
    sums: TransitionSums
    chain: SolvedChain
    split: SplitShares
    credited: tuple[float, float]

    @classmethod
    def of(cls, sums: TransitionSums, group: dict[str, Any], totals: pl.DataFrame) -> _Group:
        """Solve the chain of a group."""
        own = sums.chain(_among(sums.groups, group))
        chain = solved_chain(own)
        total = totals.filter(pl.col(name).eq_missing(pl.lit(group.get(name), dtype)) for name, dtype in GROUP_SCHEMA.items())
        credited = total["conversions"][0] - total["unattributed"][0], total["value"][0] - total["unattributed_value"][0]
        return cls(group, own, chain, SplitShares.of(chain), credited)

    def credit(self, level: float) -> pl.DataFrame:
        """Return the credit of each channel."""
        return credit_rows(self.sums, self.chain, self.split, self.credited, level)

    def effects(self, level: float) -> pl.DataFrame:
        """Return the removal effect of each channel."""
        return effect_rows(self.group, list(self.sums.names), self.chain, slice(len(self.sums.names)), level)

    def errors(self) -> pl.DataFrame:
        """Return the standard errors of the credit of each channel."""
        number, value = self.credited
        return pl.DataFrame(
            {"channel": list(self.sums.names), "conversions": number * self.split.error, "value": abs(value) * self.split.value_error}
        )


def _among(groups: pl.DataFrame, group: dict[str, Any]) -> NDArray[np.bool_]:
    """Return which of the finest groups belong to a group."""
    mine = np.ones(len(groups), np.bool_)
    for name, value in group.items():
        mine &= groups.select(pl.col(name).eq_missing(pl.lit(value, GROUP_SCHEMA[name]))).to_series().to_numpy()
    return mine


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedMarkovRemoval(FittedCredit):
    """Markov credit.

    Attributes:
        settings: the settings that were fitted.
        order: number of last touches on which the next step depends.
        effects: removal effects, by segment, period and channel, with the columns of `EFFECT_SCHEMA`; null if nothing converted.
        chains: journeys, conversion_probability, value_per_journey and states, by segment and period.
        sums: transitions of all journeys.
        errors: channel, and the standard errors of its conversions and value.
    """

    name: ClassVar[str] = "attribution.markov_removal"
    format: ClassVar[int] = 1

    settings: MarkovRemoval
    order: int
    effects: pl.DataFrame
    chains: pl.DataFrame
    sums: TransitionSums
    errors: pl.DataFrame

    @property
    def transitions(self) -> pl.DataFrame:
        """State, next, journeys, probability, of all journeys; a state is its touches joined by " > ", or (start)."""
        return transition_table(self.sums)

    def matrix(self) -> pl.DataFrame:
        """Return state, then one column per next channel, (conversion) and (null), with probabilities; one row per state."""
        order = [*self.credit()["channel"], CONVERSION, NOTHING]
        wide = self.transitions.pivot("next", index="state", values="probability", maintain_order=True)
        absent = [pl.lit(0.0).alias(name) for name in order if name not in wide.columns]
        return wide.with_columns(absent).select("state", *order).fill_null(0.0)

    def summary(self) -> pl.DataFrame:
        """Return term (the channel), estimate (conversions credited), std_error, lower, upper."""
        errors = self.errors.select(term="channel", std_error="conversions")
        return (
            super()
            .summary()
            .drop("std_error")
            .join(errors, on="term", how="left", maintain_order="left")[["term", "estimate", "std_error", "lower", "upper"]]
        )

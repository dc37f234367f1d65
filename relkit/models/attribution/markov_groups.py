"""Chains of groups of journeys: all of them, each segment and each period, learnt from the same sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import ParameterError
from relkit.models.attribution.credit import GROUP_SCHEMA
from relkit.models.attribution.journey_groups import groupings_of, totals_of
from relkit.models.attribution.markov_tables import JOINED, SplitShares, credit_rows, effect_rows
from relkit.models.attribution.path_bootstrap import with_resampled_variance
from relkit.models.attribution.removal_by_journey import effects_by_journey
from relkit.models.attribution.removal_effects import solved_chain
from relkit.models.attribution.touch_states import recent_touches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.attribution.coded_paths import CodedPaths
    from relkit.models.attribution.markov_removal import MarkovRemoval
    from relkit.models.attribution.removal_effects import SolvedChain
    from relkit.models.attribution.transition_sums import TransitionSums

TO_NULL = "to_null"
_NEVER = -2


@dataclass(frozen=True, eq=False)
class ChainLearner:
    """Learner of the chains of all groups of some paths.

    Attributes:
        settings: of the model.
        paths: the journeys; those without a conversion count only if the settings let them.
        order: of the chains.
        sums: transitions of the finest groups.
        totals: what there is to credit, by group.
    """

    settings: MarkovRemoval
    paths: CodedPaths
    order: int
    sums: TransitionSums
    totals: pl.DataFrame

    @classmethod
    def of(cls, settings: MarkovRemoval, paths: CodedPaths, order: int) -> ChainLearner:
        """Count the transitions of paths."""
        sums = settings.sums(paths, order, tuple(groupings_of(paths)[-1].groups[0]))
        counted = paths if settings.null_paths else replace(paths, nulls=np.zeros(paths.rows))
        return cls(settings, counted, order, sums, totals_of(paths))

    @property
    def resamples(self) -> bool:
        """True if intervals are those of resampled journeys."""
        return self.settings.interval == "paths" and not self.by_journey

    @property
    def by_journey(self) -> bool:
        """True if effects are read off the journeys."""
        return self.settings.removal != TO_NULL

    @property
    def whole_rows(self) -> bool:
        """True if the values within a row of several conversions are taken as equal."""
        return self.resamples or self.by_journey

    @cached_property
    def codes(self) -> tuple[tuple[int, ...], ...]:
        """The sequences of the settings as codes of channels, -2 for a channel without a touch.

        Raises:
            ParameterError: a sequence is longer than the chain remembers.
        """
        place = {name: code for code, name in enumerate(self.sums.names)}
        for parts in self.settings.named_sequences:
            if len(parts) > self.order + 1:
                problem = (
                    f"{JOINED.join(parts)!r} has {len(parts)} touches; a chain of order {self.order} knows sequences of {self.order + 1}."
                )
                raise ParameterError(problem, where="sequences", remedy=f"Choose order {len(parts) - 1}.")
        return tuple(tuple(place.get(name, _NEVER) for name in parts) for parts in self.settings.named_sequences)

    def groups(self) -> list[GroupChain]:
        """Return the chains of all groups, that of all journeys first."""
        groupings = groupings_of(self.paths)
        return [self._group(group, each.codes == code) for each in groupings for code, group in enumerate(each.groups)]

    def _group(self, group: dict[str, Any], rows: NDArray[np.bool_]) -> GroupChain:
        """Return the chain of a group."""
        own = self.sums.chain(_among(self.sums.groups, group))
        chain = self._solved(own, rows)
        total = self.totals.filter(pl.col(name).eq_missing(pl.lit(group.get(name), dtype)) for name, dtype in GROUP_SCHEMA.items())
        credited = total["conversions"][0] - total["unattributed"][0], total["value"][0] - total["unattributed_value"][0]
        return GroupChain(self.settings, group, own, chain, SplitShares.of(chain), credited)

    def _solved(self, sums: TransitionSums, rows: NDArray[np.bool_]) -> SolvedChain:
        """Return the effects of a group by the convention of the settings, with their variances."""
        chain = solved_chain(sums, self.codes, variances=not self.resamples)
        if self.by_journey:
            return _replaced(chain, effects_by_journey(self.paths, rows, self.settings.removal))
        if not self.resamples:
            return chain
        conversions, nulls, value = (np.where(rows, amount, 0.0) for amount in (self.paths.conversions, self.paths.nulls, self.paths.value))
        steps = recent_touches(self.paths, self.order, collapse=self.settings.collapse_repeats)
        rng = np.random.default_rng(self.settings.seed)
        mine = replace(self.paths, conversions=conversions, nulls=nulls, value=value)
        return with_resampled_variance(chain, mine, steps, self.codes, rng=rng, replicates=self.settings.replicates)


@dataclass(frozen=True, eq=False)
class GroupChain:
    """Chain of a group of journeys.

    Attributes:
        settings: of the model.
        group: its segment and period.
        sums: its transitions.
        chain: solved.
        split: shares of the credit.
        credited: conversions and value to be shared out.
    """

    settings: MarkovRemoval
    group: dict[str, Any]
    sums: TransitionSums
    chain: SolvedChain
    split: SplitShares
    credited: tuple[float, float]

    def credit(self) -> pl.DataFrame:
        """Return the credit of each channel."""
        return credit_rows(self.sums, self.chain, self.split, self.credited, self.settings.level)

    def effects(self) -> pl.DataFrame:
        """Return the removal effect of each channel."""
        return effect_rows(self.group, list(self.sums.names), self.chain, slice(self.chain.channels), self.settings.level)

    def sequences(self) -> pl.DataFrame:
        """Return the removal effect of each sequence."""
        names = [JOINED.join(parts) for parts in self.settings.named_sequences]
        return effect_rows(self.group, names, self.chain, slice(self.chain.channels, None), self.settings.level)

    def errors(self) -> tuple[pl.DataFrame, NDArray[np.float64]]:
        """Return the standard errors of the credit of each channel, and the covariances of the shares."""
        number, value = self.credited
        errors = {"conversions": number * self.split.error, "value": abs(value) * self.split.value_error}
        return pl.DataFrame({"channel": list(self.sums.names), **errors}), self.chain.shares_variance


def _among(groups: pl.DataFrame, group: dict[str, Any]) -> NDArray[np.bool_]:
    """Return which of the finest groups belong to a group."""
    mine = np.ones(len(groups), np.bool_)
    for name, value in group.items():
        mine &= groups.select(pl.col(name).eq_missing(pl.lit(value, GROUP_SCHEMA[name]))).to_series().to_numpy()
    return mine


def _replaced(chain: SolvedChain, parts: Any) -> SolvedChain:
    """Return a chain with other effects of its channels; those of sequences are kept."""
    k, (conversions, value) = chain.channels, parts
    fields: dict[str, Any] = {}
    for prefix, (effects, covariance) in (("", conversions), ("value_", value)):
        old, variance = getattr(chain, f"{prefix}effects"), np.zeros_like(getattr(chain, f"{prefix}variance"))
        variance[k:, k:] = getattr(chain, f"{prefix}variance")[k:, k:]
        variance[:k, :k] = covariance
        fields |= {f"{prefix}effects": np.concatenate([effects, old[k:]]), f"{prefix}variance": variance}
    return replace(chain, **fields)

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

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from relkit.errors import NotEnoughEventsError, ParameterError
from relkit.models.attribution.coded_paths import PATHS_CONTRACT, CodedPaths, Floats, columns_read
from relkit.models.attribution.credit import FittedCredit, credit_table
from relkit.models.attribution.credit_remarks import path_remarks
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.attribution.judging import judged_shares
from relkit.models.attribution.markov_groups import TO_NULL, ChainLearner
from relkit.models.attribution.markov_likelihood import held_out_log_likelihood, log_likelihood
from relkit.models.attribution.markov_orders import chosen, compared_orders
from relkit.models.attribution.markov_remarks import markov_remarks
from relkit.models.attribution.markov_tables import CONVERSION, JOINED, NOTHING, chain_row, clearly_above, transition_table
from relkit.models.attribution.removal_by_journey import DETOUR, FAIL
from relkit.models.attribution.transition_sums import TransitionSums
from relkit.models.base import FitInfo, HoldoutMetric, fingerprint
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from datetime import date

    from relkit.contracts import Contract

MOST_TOUCHES = 8
"""Highest order."""


@dataclass(frozen=True, kw_only=True)
class MarkovRemoval(JourneySettings):
    """Settings of Markov attribution.

    Attributes:
        order: number of last touches on which the next step depends; 0 to have it chosen by the likelihood of journeys left out.
        max_order: highest order among which it is chosen.
        null_paths: let journeys without a conversion count.
        collapse_repeats: take a channel that follows itself for one touch; it changes no effect at order 1.
        removal: a touch of a removed channel leads to nothing ("to_null"); journeys with the channel fail, and the chain is learnt anew
            ("fail"); its touches are skipped, and only journeys with no other touch fail ("detour").
        sequences: of channels, as "search > email": the effect of letting their last step lead to nothing is listed.
        interval: by the delta method on the steps of the chain ("steps"), or over resampled journeys ("paths"), as a check.
        replicates: number of resamples.
        seed: of the resamples.
    """

    name: ClassVar[str] = "attribution.markov_removal"
    holdout_metric: ClassVar[HoldoutMetric] = HoldoutMetric(name="log_likelihood_per_step", direction="higher")
    label = Text("Markov chain", "Chaîne de Markov")
    purpose = Text(
        "Which channels conversions depend on, by what would be lost if each of them led to nothing.",
        "De quels canaux dépendent les conversions, d’après ce qui serait perdu si chacun d’eux ne menait à rien.",
    )

    figures: ClassVar[tuple[str, ...]] = (*JourneySettings.figures, "transition_map")

    order: int = 1
    max_order: int = 4
    null_paths: bool = True
    collapse_repeats: bool = False
    removal: Literal["to_null", "fail", "detour"] = "to_null"
    sequences: tuple[str, ...] = ()
    interval: Literal["steps", "paths"] = "steps"
    replicates: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_scalar(self.order, "order", ge=0, le=MOST_TOUCHES, where=self.name, remedy="Write 0 to have it chosen.")
        check_scalar(self.max_order, "max_order", ge=1, le=MOST_TOUCHES, where=self.name)
        check_choice(self.removal, "removal", (TO_NULL, FAIL, DETOUR))
        check_choice(self.interval, "interval", ("steps", "paths"))
        check_scalar(self.replicates, "replicates", ge=20, where=self.name, remedy="Write 200.")
        self.named_sequences  # noqa: B018 refuses invalid ones

    @property
    def named_sequences(self) -> tuple[tuple[str, ...], ...]:
        """The channels of each sequence."""
        found = tuple(tuple(part.strip() for part in text.split(JOINED.strip())) for text in self.sequences)
        for text, parts in zip(self.sequences, found, strict=True):
            if len(parts) < 2 or not all(parts):
                raise ParameterError(
                    f"sequences has {text!r}.", where=self.name, remedy='Write at least two channels, as in "search > email".'
                )
        return found

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
        orders = self._compared(paths)
        order = chosen(orders) if len(orders) else max(self.order, 1)
        learner = ChainLearner.of(self, paths, order)
        groups = learner.groups()
        whole, (errors, covariance) = groups[0], groups[0].errors()
        info = FitInfo(
            as_of=as_of,
            rows=paths.rows,
            log_likelihood=log_likelihood(whole.sums),
            converged=True,
            seed=self.seed if learner.resamples else None,
            fingerprint=fingerprint(columns_read(features)),
            remarks=markov_remarks(self, path_remarks(paths), learner, whole, orders),
        )
        return FittedMarkovRemoval(
            settings=self,
            info=info,
            order=order,
            credits=credit_table([(each.group, each.credit()) for each in groups]),
            totals=learner.totals,
            effects=pl.concat([each.effects() for each in groups]),
            sequences=pl.concat([each.sequences() for each in groups]),
            chains=pl.concat([chain_row(each.group, each.sums, each.chain) for each in groups]),
            orders=orders,
            sums=whole.sums,
            errors=errors,
            covariance=covariance,
        )

    def _compared(self, paths: CodedPaths) -> pl.DataFrame:
        """Return the orders compared; none if it is given."""
        most = 0 if self.order else self.max_order
        return compared_orders(paths, most, collapse=self.collapse_repeats, nulls=self.null_paths)

    def sums(self, paths: CodedPaths, order: int, by: tuple[str, ...] = ()) -> TransitionSums:
        """Return the sums of transitions of paths, read as the settings state.

        Args:
            paths: the journeys.
            order: of the chain.
            by: groups with sums of their own.
        """
        return TransitionSums.of(paths, order, collapse=self.collapse_repeats, nulls=self.null_paths, by=by)

    def judge(self, fitted: FittedMarkovRemoval, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return the likelihood of the journeys of a holdout, and the part of the credit that they give to other channels.

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
        plain = replace(settings, order=fitted.order, sequences=(), interval="steps")
        moved = judged_shares(replace(fitted, settings=plain), outcomes)
        # Journeys that failed count here even for a chain learnt without them: it did not forecast that they would.
        later = replace(settings, null_paths=True).sums(CodedPaths.of(outcomes), fitted.order).chain()
        total, steps = held_out_log_likelihood(fitted.sums, later)
        return {self.holdout_metric.name: total / steps, "steps_judged": steps, **moved}


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedMarkovRemoval(FittedCredit):
    """Markov credit.

    Attributes:
        settings: the settings that were fitted.
        order: number of last touches on which the next step depends.
        effects: removal effects, by segment, period and channel, with the columns of `EFFECT_SCHEMA`; null if nothing converted.
        sequences: the same of sequences of channels; the column channel has them as text.
        chains: journeys, conversion_probability, value_per_journey and states, by segment and period.
        orders: those among which the order was chosen, with the columns of `ORDER_SCHEMA`; empty if it was given.
        sums: transitions of all journeys.
        errors: channel, and the standard errors of its conversions and value.
        covariance: of the shares of conversions, in the order of the channels of `errors`; (K, K).
    """

    name: ClassVar[str] = "attribution.markov_removal"
    format: ClassVar[int] = 1

    settings: MarkovRemoval
    order: int
    effects: pl.DataFrame
    sequences: pl.DataFrame
    chains: pl.DataFrame
    orders: pl.DataFrame
    sums: TransitionSums
    errors: pl.DataFrame
    covariance: Floats

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

    def ranks(self) -> pl.DataFrame:
        """Return channel, best, worst: the ranks that a channel may have, by those clearly above and below it.

        Two channels differ clearly if the interval of the difference of their shares is clear of zero, all pairs together at the level of
        the settings (Bonferroni).
        """
        names = self.errors["channel"].to_list()
        share = self.errors.join(self.credit(), on="channel", how="left", maintain_order="left")["share"].to_numpy()
        above = clearly_above(share, self.covariance, self.settings.level)
        places = {"channel": names, "best": 1 + above.sum(axis=0), "worst": len(names) - above.sum(axis=1)}
        order = pl.DataFrame({"channel": names, "share": share}).sort("share", "channel", descending=[True, False])
        return order.select("channel").join(pl.DataFrame(places), on="channel", how="left", maintain_order="left")

    def removal_terms(self) -> pl.DataFrame:
        """Return term, estimate, std_error of the removal effects of channels in all journeys.

        Examples:
            >>> import polars as pl
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["search"], ["social"]], "conversions": [3.0, 1.0]})
            >>> MarkovRemoval().fit(paths, as_of=date(2025, 6, 30)).removal_terms().select("term", "estimate").rows()
            [('removal of search', 0.75), ('removal of social', 0.25)]
        """
        whole = self.effects.filter(pl.col("segment").is_null(), pl.col("period").is_null())
        return whole.select(pl.format("removal of {}", "channel").alias("term"), pl.col("removal_effect").alias("estimate"), "std_error")

    def summary(self) -> pl.DataFrame:
        """Return term (the channel), estimate (conversions credited), std_error, lower, upper."""
        errors = self.errors.select(term="channel", std_error="conversions")
        return (
            super()
            .summary()
            .drop("std_error")
            .join(errors, on="term", how="left", maintain_order="left")[["term", "estimate", "std_error", "lower", "upper"]]
        )

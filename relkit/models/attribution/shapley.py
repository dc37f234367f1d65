"""Shapley credit: each channel gets its mean contribution over all orders in which the channels could have come into play.

Its answer depends on the game, that is on the worth of a set of channels:

    unanimity   the conversions of the journeys whose channels all lie in the set. Exact in one pass: a conversion is shared equally among
                the different channels of its journey (Zhao et al., section 3), as if each had been needed. Neither order, repetition nor
                journeys without a conversion count.
    ordered     the same credit by position too: the part of a channel is spread over the places at which it stands in the journey (their
                ordered Shapley value); `positions` has it.
    rate        the conversion rate of these journeys (`relkit.models.attribution.rate_game`): reads failures too, may be negative.

    Zhao, K., Mahboobi, S. H. and Bagheri, S. R. (2018), Shapley value methods for attribution modeling in online advertising,
    arXiv:1804.05327.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl

from relkit.metrics.weighted_counts import signed_sum_bounds
from relkit.models.attribution.channel_sets import ChannelSets
from relkit.models.attribution.coded_paths import PATHS_CONTRACT
from relkit.models.attribution.credit import FittedCredit, credit_table
from relkit.models.attribution.credit_remarks import named, path_remarks
from relkit.models.attribution.journey_groups import groupings_of, totals_of
from relkit.models.attribution.journey_settings import JourneySettings
from relkit.models.attribution.judging import SHARE_MOVED, judged_shares
from relkit.models.attribution.portions import Portions, converting, converting_groups
from relkit.models.attribution.rate_game import EXACT_CHANNELS, exact_rate_credit, sampled_rate_credit
from relkit.models.attribution.touch_rules import info_of, read_paths
from relkit.models.base import HoldoutMetric  # noqa: TC001 storage reads the types of the settings
from relkit.remarks import Remark
from relkit.scalars import check_choice, check_scalar
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from relkit.contracts import Contract
    from relkit.models.attribution.coded_paths import CodedPaths, Floats, Ints
    from relkit.models.attribution.journey_groups import Grouping
    from relkit.models.attribution.rate_game import RateCredit

GAMES = ("unanimity", "ordered", "rate")
POSITIONS_SCHEMA: dict[str, Any] = {"channel": pl.String, "position": pl.Int64, "conversions": pl.Float64, "value": pl.Float64}
ORDERS_SCHEMA: dict[str, Any] = {"channel": pl.String, "std_error": pl.Float64, "orders": pl.Int64}


@dataclass(frozen=True, kw_only=True)
class Shapley(JourneySettings):
    """Settings of Shapley credit.

    Attributes:
        game: worth of a set of channels: "unanimity", "ordered" or "rate".
        orders: orders of joining drawn by the game "rate" if there are more than 22 channels, which is too many for all of them.
        seed: of these draws.
    """

    name: ClassVar[str] = "attribution.shapley"
    holdout_metric: ClassVar[HoldoutMetric] = SHARE_MOVED
    label = Text("Shapley value", "Valeur de Shapley")
    purpose = Text(
        "Which channels are in the journeys that convert: each conversion shared equally among the different channels, or by their rates.",
        "Quels canaux figurent dans les parcours qui convertissent : chaque conversion partagée à parts égales entre les canaux "
        "différents, ou selon leurs taux.",
    )

    game: Literal["unanimity", "ordered", "rate"] = "unanimity"
    orders: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        super().__post_init__()
        check_choice(self.game, "game", GAMES)
        check_scalar(self.orders, "orders", ge=4, where=self.name)
        check_scalar(self.seed, "seed", ge=0, where=self.name)

    @property
    def needs(self) -> Contract:
        """Columns that `fit` reads."""
        return PATHS_CONTRACT

    def fit(self, features: pl.DataFrame, *, as_of: date) -> FittedShapley:
        """Credit channels by their Shapley values.

        Args:
            features: paths, as `PATHS_CONTRACT` has them.
            as_of: last day whose facts are among them.

        Raises:
            TableError: a column is missing, of another type, or null.
            NotEnoughEventsError: there is no journey.

        Examples:
            >>> from datetime import date
            >>> paths = pl.DataFrame({"channels": [["a", "b", "a"], ["a"]], "conversions": [4.0, 1.0], "nulls": [0.0, 5.0]})
            >>> Shapley().fit(paths, as_of=date(2025, 6, 30)).credit().select("channel", "conversions").rows()
            [('a', 3.0), ('b', 2.0)]
        """
        paths = read_paths(self, features)
        is_drawn = self.game == "rate" and len(paths.names) > EXACT_CHANNELS
        found, drawn = self._by_rates(paths) if self.game == "rate" else (self.credit_of(paths), _no_rows(ORDERS_SCHEMA))
        remarks = (*path_remarks(paths), *self._remarks(found))
        return FittedShapley(
            settings=self,
            info=info_of(features, paths, as_of, remarks, seed=self.seed if is_drawn else None),
            credits=found,
            totals=totals_of(paths),
            positions=_positions(converting(paths)) if self.game == "ordered" else _no_rows(POSITIONS_SCHEMA),
            drawn=drawn,
        )

    def judge(self, fitted: FittedCredit, features: pl.DataFrame, outcomes: pl.DataFrame) -> dict[str, float]:  # noqa: ARG002
        """Return the part of the credit that the journeys of a holdout give to other channels.

        Args:
            fitted: the fitted model.
            features: not read; the model knows its own credit.
            outcomes: paths of the journeys that ended in the holdout.

        Returns:
            share_moved, value_moved (if both periods have values), conversions_judged.

        Raises:
            NotEnoughEventsError: no conversion of the holdout was preceded by a touch.
        """
        return judged_shares(fitted, outcomes)

    def credit_of(self, paths: CodedPaths) -> pl.DataFrame:
        """Return the credit of channels for coded paths, with that of their groups.

        Args:
            paths: the paths; for the game "rate", what drawing orders leaves uncertain is not among the columns.

        Examples:
            >>> from relkit.models.attribution.coded_paths import CodedPaths
            >>> paths = CodedPaths.of(pl.DataFrame({"channels": [["a", "b"]], "conversions": [2.0]}))
            >>> Shapley().credit_of(paths).select("channel", "conversions").rows()
            [('a', 1.0), ('b', 1.0)]
        """
        if self.game == "rate":
            return self._by_rates(paths)[0]
        ended, groupings = converting(paths), converting_groups(paths)
        return credit_table([(group, _equal_frame(ended.names, sets, self.level)) for group, sets in _sets_of(ended, groupings)])

    def _by_rates(self, paths: CodedPaths) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the credit of the rate game, and the error that drawing orders leaves; no rows if all are valued."""
        by_group = [(group, self._rate_credit(sets)) for group, sets in _sets_of(paths, groupings_of(paths))]
        parts = [(group, _rate_frame(paths.names, found, self.level)) for group, found in by_group]
        if len(paths.names) <= EXACT_CHANNELS:
            return credit_table(parts), _no_rows(ORDERS_SCHEMA)
        drawn = {"channel": paths.names, "std_error": by_group[0][1].std_error, "orders": np.full(len(paths.names), self.orders // 2 * 2)}
        return credit_table(parts), pl.DataFrame(drawn, schema=ORDERS_SCHEMA)

    def _rate_credit(self, sets: ChannelSets) -> RateCredit:
        if sets.channels <= EXACT_CHANNELS:
            return exact_rate_credit(sets)
        return sampled_rate_credit(sets, self.orders, np.random.default_rng(self.seed))

    def _remarks(self, found: pl.DataFrame) -> tuple[Remark, ...]:
        """Return the remarks on the game."""
        if self.game != "rate":
            return (UNANIMITY,)
        below = found.filter(pl.col("conversions") < 0, pl.all_horizontal(pl.col("segment", "period").is_null()))
        return (RATES, *([_negative(below["channel"].to_list())] if len(below) else []))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedShapley(FittedCredit):
    """Shapley credit.

    Attributes:
        settings: the settings that were fitted.
        positions: channel, position (1 is the first touch), conversions, value: of the game "ordered"; empty for the others.
        drawn: channel, std_error (of the conversions), orders: the error left by drawing orders; empty if all of them were valued.
    """

    name: ClassVar[str] = Shapley.name
    format: ClassVar[int] = 1

    settings: Shapley
    positions: pl.DataFrame
    drawn: pl.DataFrame


UNANIMITY = Remark(
    "every_channel_of_a_journey_counts_alike",
    "Each conversion is shared equally among the different channels of its journey, as if each of them had been needed; order, repetition "
    "and journeys without a conversion do not count.",
    "Chaque conversion est partagée à parts égales entre les canaux différents de son parcours, comme si chacun avait été nécessaire ; "
    "l’ordre, les répétitions et les parcours sans conversion ne comptent pas.",
)


RATES = Remark(
    "rates_of_few_journeys_count_as_much",
    "The game of rates weighs the conversion rate of few journeys as much as that of many: credit of rare channels may be large by chance, "
    "as its interval shows.",
    "Le jeu des taux donne au taux de conversion de quelques parcours autant de poids qu’à celui de milliers : le crédit d’un canal rare "
    "peut être élevé par hasard, comme le montre son intervalle.",
)


def _negative(names: list[str]) -> Remark:
    return Remark(
        "negative_credit",
        f"Credit is negative where journeys convert less often with a channel than without it: {named(names, 'en')}.",
        f"Le crédit est négatif lorsque les parcours convertissent moins souvent avec un canal que sans lui : {named(names, 'fr')}.",
    )


def _sets_of(paths: CodedPaths, groupings: Iterable[Grouping]) -> Iterator[tuple[dict[str, Any], ChannelSets]]:
    """Yield the groups of journeys with their sets of channels."""
    for grouping in groupings:
        yield from zip(grouping.groups, ChannelSets.by_group(paths, grouping.codes, len(grouping.groups)), strict=True)


def _equal_frame(names: pl.Series, sets: ChannelSets, level: float) -> pl.DataFrame:
    """Return the credit of one group whose conversions are shared equally among their channels."""
    one_group = np.zeros(len(sets.conversions), np.int64)
    columns = sets.equal_portions().columns(sets.amounts, one_group, (1, sets.channels), level)
    return pl.DataFrame({"channel": names, **{name: column[0] for name, column in columns.items()}})


def _rate_frame(names: pl.Series, found: RateCredit, level: float) -> pl.DataFrame:
    """Return the credit of one group as a frame."""
    lower, upper = signed_sum_bounds(found.conversions, found.conversions_variance, level)
    value_lower, value_upper = signed_sum_bounds(found.value, found.value_variance, level)
    columns = {"conversions": found.conversions, "lower": lower, "upper": upper}
    return pl.DataFrame({"channel": names, **columns, "value": found.value, "value_lower": value_lower, "value_upper": value_upper})


def _positions(paths: CodedPaths) -> pl.DataFrame:
    """Return the credit of each channel at each position of journeys that all converted."""
    lengths = paths.lengths
    rows = np.repeat(np.arange(paths.rows), lengths)
    part = _parts_of_touches(paths, rows)
    touches = pl.DataFrame({
        "code": paths.touches,
        "position": np.arange(len(rows)) - np.repeat(paths.offsets[:-1], lengths) + 1,
        "conversions": part * paths.conversions[rows],
        "value": part * paths.value[rows],
    })  # fmt: skip
    sums = touches.group_by("code", "position").agg(pl.sum("conversions", "value")).sort("code", "position")
    return sums.select(channel=paths.names.gather(sums["code"]), position="position", conversions="conversions", value="value")


def _parts_of_touches(paths: CodedPaths, rows: Ints) -> Floats:
    """Return the part of each touch in its journey: that of its channel, spread over the touches of the channel; (m,)."""
    pairs = Portions.of_touches(paths, np.ones(len(rows)))
    different = np.bincount(pairs.rows, minlength=paths.rows)
    channels = len(paths.names)
    pair = np.searchsorted(pairs.rows * channels + pairs.channels, rows * channels + paths.touches)
    parts: Floats = 1.0 / (different[rows] * pairs.sizes[pair])
    return parts


def _no_rows(schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)

"""Attribution: the inputs of its models, from touchpoints and sales or from a file of grouped paths, and their figures."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.families.attribution_figures import FIGURES
from relkit.families.binding import Binding
from relkit.families.inputs import ModelInputs
from relkit.features import grouped_paths, journeys, timelines
from relkit.features.channel_tests import channel_tests
from relkit.features.journeys import Wanted
from relkit.models.attribution.family import GROUPED_PATHS, PATHS, TIMELINES
from relkit.models.attribution.lift_tests import LiftTest
from relkit.units import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.periods import AsOf
    from relkit.tables.table_set import TableSet


def _of_paths(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs of paths for settings of a model."""
    return _paths(Wanted.of(settings))


def _of_grouped(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs of grouped paths for settings of a model."""
    return _grouped(Wanted.of(settings))


def _of_timelines(settings: Mapping[str, Any]) -> ModelInputs:
    """Return the inputs of timelines for settings of a model."""
    return _timelines(Wanted.of(settings))


def declared_lift_tests(tables: TableSet, as_of: AsOf) -> tuple[LiftTest, ...]:
    """Return the experiments that are known at a cutoff, as settings have them."""
    names = ("lift_test_id", "channel_id", "starts_on", "ends_on", "incremental_conversions", "low", "high", "level")
    rows = channel_tests(tables, as_of).with_columns(pl.col("level").fill_null(LEVEL))
    return tuple(LiftTest(**row) for row in rows.select(names).iter_rows(named=True))


@cache
def _paths(wanted: Wanted) -> ModelInputs:
    """Return the inputs of models that want the same journeys: the same object, so that they are read once for all."""
    return ModelInputs(
        reading=PATHS,
        learnt=partial(journeys.paths, wanted=wanted),
        outcomes=partial(journeys.later_paths, wanted=wanted),
        remarks=partial(journeys.journey_remarks, wanted=wanted),
        suited=_of_paths,
        is_there=journeys.has_touches,
        undeclared="it has no touchpoint",
    )


@cache
def _grouped(wanted: Wanted) -> ModelInputs:
    return ModelInputs(
        reading=GROUPED_PATHS,
        learnt=partial(grouped_paths.grouped_paths, wanted=wanted),
        outcomes=partial(grouped_paths.later_grouped_paths, wanted=wanted),
        suited=_of_grouped,
        undeclared="the paths are grouped, without the time of their touches",
    )


@cache
def _timelines(wanted: Wanted) -> ModelInputs:
    return ModelInputs(
        reading=TIMELINES,
        learnt=partial(timelines.timelines, wanted=wanted),
        outcomes=partial(timelines.later_timelines, wanted=wanted),
        remarks=partial(journeys.journey_remarks, wanted=wanted),
        suited=_of_timelines,
        declared={"lift_tests": declared_lift_tests},
        is_there=journeys.has_touches,
        undeclared="it has no touchpoint",
    )


BINDING = Binding(
    inputs={PATHS: _paths(Wanted()), GROUPED_PATHS: _grouped(Wanted()), TIMELINES: _timelines(Wanted())},
    figures=FIGURES,
)

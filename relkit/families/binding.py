"""Record of a binding: for each family, the builders of its inputs and the figures that its models name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    import polars as pl
    from matplotlib.axes import Axes

    from relkit.families.inputs import ModelInputs
    from relkit.models.roles import Reading
    from relkit.remarks import Remark


class Given(NamedTuple):
    """Data from which the figures of a model are drawn.

    Attributes:
        features: features as of the fit; with outcomes, those judged.
        learnt: the rows the model was fitted to.
        outcomes: outcomes of a holdout; None if there was none.
        purchases: customer_id, day of all purchases, including those of the holdout; None if the family has none.
        currency: ISO code of money.
        language: en or fr.
    """

    features: pl.DataFrame
    learnt: pl.DataFrame
    outcomes: pl.DataFrame | None
    purchases: pl.DataFrame | None
    currency: str
    language: str


Draw = Callable[[Any, Given], "dict[str, Axes]"]
"""Function that draws one or several figures of a fitted model, by file name; none if their data are not given."""

Teach = Callable[[Any, Any, "pl.DataFrame", "Callable[[int], pl.DataFrame]"], tuple[Any, dict[str, float]]]
"""Function of a fitted model, the model tried, the rows it was judged on and a reader of the outcomes of the first days of the
holdout; it returns the model with the lesson of the holdout, and the metrics of that lesson."""


def _nothing(fitted: Any, language: str = "en") -> dict[str, Axes]:  # noqa: ARG001 same signature as in all families
    return {}


def _unchanged(fitted: Any, origins: pl.DataFrame) -> Any:  # noqa: ARG001
    return fitted


def _no_value(features: pl.DataFrame, day: date) -> None:  # noqa: ARG001
    return None


def _no_sentence(fitted: Any) -> list[str]:  # noqa: ARG001
    return []


def _no_remark(fitted: Any) -> tuple[Remark, ...]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Binding:
    """Binding of a family's features and plots to its models.

    Attributes:
        inputs: inputs by reading.
        figures: functions by the names that models use (`ModelFacts.figures`).
        teach: function that adds the lesson of a holdout in time to a model before it is registered; None if there is none.
        lesson_figures: figures of the lesson that a fitted model keeps, in a language.
        lesson_sentences: sentences on the same lesson.
        order_value: function of features and their day that returns a model of order values; None if nothing can be learnt.
        with_origins: function that gives a fitted model its own of the forecasts at past origins (`ModelComparison.origins`).
        lesson_remarks: remarks on the same lesson, which affect how scores are to be read.
    """

    inputs: Mapping[Reading, ModelInputs]
    figures: Mapping[str, Draw] = field(default_factory=dict)
    teach: Teach | None = None
    lesson_figures: Callable[[Any, str], dict[str, Axes]] = _nothing
    lesson_sentences: Callable[[Any], list[str]] = _no_sentence
    order_value: Callable[[pl.DataFrame, date], Any] = _no_value
    with_origins: Callable[[Any, pl.DataFrame], Any] = _unchanged
    lesson_remarks: Callable[[Any], tuple[Remark, ...]] = _no_remark


def file_name(text: str) -> str:
    """Return a text as part of the name of a figure.

    Examples:
        >>> file_name("Moved abroad!"), file_name("?")
        ('moved_abroad', 'unnamed')
    """
    return re.sub(r"\W+", "_", text).strip("_").lower() or "unnamed"

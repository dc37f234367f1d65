"""Bindings: the record in which one file a family says what builds its inputs and draws the figures that its models name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes

    from relkit.families.inputs import ModelInputs
    from relkit.models.roles import Reading


class Given(NamedTuple):
    """What the figures of a model are drawn from.

    Attributes:
        features: as of the fit; with outcomes, those that are judged.
        learnt: what the model was fitted to.
        outcomes: what happened on a holdout; None where there was none.
        purchases: customer_id, day of all purchases, the holdout's included; None where the family has none.
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
"""Draws one or several figures of a fitted model, by the names of their files; none where what they need is not given."""

Teach = Callable[[Any, Any, "pl.DataFrame", "Callable[[int], pl.DataFrame]"], tuple[Any, dict[str, float]]]
"""Takes a fitted model, the one that was tried, the rows that judged it and what tells the outcomes of the first days of the
holdout, and returns the model with what that taught it, and how well that did."""


def _nothing(fitted: Any, language: str = "en") -> dict[str, Axes]:  # noqa: ARG001 called as those of all families are
    return {}


def _no_sentence(fitted: Any) -> list[str]:  # noqa: ARG001
    return []


@dataclass(frozen=True, kw_only=True, eq=False)
class Binding:
    """What binds a family's features and plots to its models.

    Attributes:
        inputs: by reading.
        figures: by the names under which models ask for them (`ModelFacts.figures`).
        teach: what a holdout in time teaches a model before it is registered; None where nothing.
        lesson_figures: of what a fitted model keeps of such a holdout, in a language.
        lesson_sentences: the same in words.
    """

    inputs: Mapping[Reading, ModelInputs]
    figures: Mapping[str, Draw] = field(default_factory=dict)
    teach: Teach | None = None
    lesson_figures: Callable[[Any, str], dict[str, Axes]] = _nothing
    lesson_sentences: Callable[[Any], list[str]] = _no_sentence


def file_name(text: str) -> str:
    """Return any text as part of the name of a figure.

    Examples:
        >>> file_name("Moved abroad!"), file_name("?")
        ('moved_abroad', 'unnamed')
    """
    return re.sub(r"\W+", "_", text).strip("_").lower() or "unnamed"

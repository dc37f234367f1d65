"""Scores that a templated column shows.

A template names its score with `{h}` for the horizon, `{reason}` for the reason and `{product}` for the product.

    horizons(template, scores)          the horizons at which the score of `order_probability_{h}d` was made, the nearest first
    reasons(template, scores)           horizon and reason of each score that `churn_probability_{h}d_{reason}` shows
    subjects(template, scores)          each score that `propensity_{product}_{h}d` shows
    marketer_horizon(template, scores)  the one that the marketer's view shows, even if the score is absent

A template shows a score if its name, filled with the horizon, reason and product of the score's record, is the score's own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.scores.end_reasons import END_REASONS
from relkit.units import HORIZON_DAYS, HORIZON_MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relkit.file_column import FileColumn
    from relkit.score_kinds import Horizon, Score

UNITS: dict[str, Horizon] = {"{h}d": "days", "{h}m": "months"}
"""Horizon in templates, and its unit."""
DEFAULT_HORIZONS: dict[Horizon, int] = {"days": HORIZON_DAYS, "months": HORIZON_MONTHS}
"""Days and months in the marketer's headers if no score has a horizon."""


def horizons(template: FileColumn, scores: Iterable[Score]) -> list[int]:
    """Return the horizons at which the score of a template was made, the nearest first.

    Examples:
        >>> import polars as pl
        >>> from relkit.file_column import FileColumn
        >>> from relkit.score_kinds import Score
        >>> column = FileColumn(name="expected_orders_{h}d", dtype=pl.Float64, score="expected_orders_{h}d")
        >>> horizons(column, [Score("expected_orders", "days", 90), Score("expected_orders", "days", 30), Score("p_alive")])
        [30, 90]
    """
    return sorted(score.horizon for score in scores if score.horizon is not None and _shows(template, score))


def reasons(template: FileColumn, scores: Iterable[Score]) -> list[tuple[int, str]]:
    """Return horizon and reason of the scores that a template of reasons shows: the nearest first, then in the order of `END_REASONS`."""
    found = [(score.horizon, score.reason) for score in scores if score.horizon is not None and score.reason and _shows(template, score)]
    known = list(END_REASONS)
    return sorted(found, key=lambda pair: (pair[0], known.index(pair[1]) if pair[1] in known else len(known), pair[1]))


def subjects(template: FileColumn, scores: Iterable[Score]) -> list[Score]:
    """Return the scores that a template of products shows: by horizon, then by name."""
    found = [score for score in scores if score.horizon is not None and score.subject and _shows(template, score)]
    return sorted(found, key=lambda score: (score.horizon or 0, score.subject))


def marketer_horizon(template: FileColumn, scores: Iterable[Score]) -> int | None:
    """Return the nearest horizon of a score or, if it is absent, the default if another score has it, else the nearest of theirs.

    None for a template without a horizon.
    """
    unit = next((unit for mark, unit in UNITS.items() if mark in template.score), None)
    given = list(scores)
    if unit is None:
        return None
    if own := horizons(template, given):
        return own[0]
    others = sorted({score.horizon for score in given if score.unit == unit and score.horizon is not None})
    default = DEFAULT_HORIZONS[unit]
    return default if default in others or not others else others[0]


def _shows(template: FileColumn, score: Score) -> bool:
    return template.score.format(h=score.horizon, reason=score.reason, product=score.subject) == str(score)

"""Figures of models of uplift, by the names that the models use: of each action judged, gain curve, effects by group, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.features.campaign_measures import measures_of
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from relkit.families.binding import Draw, Given
    from relkit.models.uplift.judging import Judged
    from relkit.plots.uplift_outcome import Outcome

MOST_ACTIONS = 8
"""Actions whose figures are drawn, those with the most units first."""
SEED, REPLICATES = 20250630, 500
GROUPS, FEWEST_IN_GROUP = 10, 50


def _gain(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.metrics.uplift import Ranking
    from relkit.metrics.uplift_bands import resampled_curve
    from relkit.plots.uplift_curves import plot_uplift_gain

    drawn = {}
    for each in _judged(fitted, given):
        curve = resampled_curve(Ranking.of(each.uplift), each.scores, cluster=each.cluster, replicates=REPLICATES, seed=SEED)
        outcome = _outcome(fitted, given)
        drawn[f"uplift_gain_{each.subject}"] = plot_uplift_gain({each.action: curve.gain_band()}, outcome=outcome, language=given.language)
    return drawn


def _by_group(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.metrics.uplift import Ranking
    from relkit.metrics.uplift_calibration import effect_by_group
    from relkit.plots.uplift_groups import plot_effect_by_group

    drawn = {}
    for each in _judged(fitted, given):
        groups = effect_by_group(Ranking.of(each.uplift), each.scores, each.uplift, groups=_groups(each), cluster=each.cluster)
        drawn[f"uplift_by_group_{each.subject}"] = plot_effect_by_group(groups, outcome=_outcome(fitted, given), language=given.language)
    return drawn


def _calibration(fitted: Any, given: Given) -> dict[str, Axes]:
    from relkit.metrics.uplift import Ranking
    from relkit.metrics.uplift_calibration import uplift_calibration
    from relkit.plots.uplift_groups import plot_uplift_calibration

    drawn = {}
    for each in _judged(fitted, given):
        judged = uplift_calibration(Ranking.of(each.uplift), each.scores, each.uplift, groups=_groups(each), cluster=each.cluster)
        outcome = _outcome(fitted, given)
        drawn[f"uplift_calibration_{each.subject}"] = plot_uplift_calibration(judged, outcome=outcome, language=given.language)
    return drawn


def _judged(fitted: Any, given: Given) -> Sequence[Judged]:
    """Return the units of the actions judged, those with the most units first; none without outcomes."""
    from relkit.errors import NotEnoughEventsError
    from relkit.models.uplift.judging import judged_units

    if given.outcomes is None:
        return ()
    try:
        found = judged_units(fitted, given.features, given.outcomes)
    except NotEnoughEventsError:
        return ()
    enough = [each for each in found if len(each.uplift) >= 2 * FEWEST_IN_GROUP]
    return sorted(enough, key=lambda each: (-len(each.uplift), each.action))[:MOST_ACTIONS]


def _groups(each: Judged) -> int:
    return max(2, min(GROUPS, len(each.uplift) // FEWEST_IN_GROUP))


def _outcome(fitted: Any, given: Given) -> Outcome:
    """Return the outcome of the model for the axes: a measure of campaigns, or a declared outcome under its own name."""
    from relkit.plots.uplift_outcome import Outcome

    name = fitted.settings.outcome
    known = measures_of([name])
    if not known:
        plain = name.replace("_", " ")
        return Outcome(Text(plain, plain))
    label = known[0].label
    return Outcome(Text(label.en.lower(), label.fr.lower()), known[0].kind, given.currency)


FIGURES: Mapping[str, Draw] = {"uplift_gain": _gain, "uplift_by_group": _by_group, "uplift_calibration": _calibration}

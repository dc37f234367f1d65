"""The rule by which a new version becomes champion.

A first version is promoted. A later one is promoted only if its holdout metric is not worse than that of the
champion judged on the same holdout, or if a person forces it and gives a reason. One that learnt only up to an earlier day than the
champion, as for a report on the past, is never promoted automatically. If the metric does not decide, any other new version is promoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relkit.models.base import HoldoutMetric


@dataclass(frozen=True)
class Decision:
    """Decision whether a version becomes champion, and the sentence that gives the reason."""

    promoted: bool
    reason: str


def decide(
    metric: HoldoutMetric, *, challenger: float | None, champion: float | None, has_champion: bool, forced: str = "", behind: str = ""
) -> Decision:
    """Return the decision for a new version.

    Args:
        metric: its name and direction.
        challenger: the new version's value on the holdout; None if there was no holdout.
        champion: the champion's value on the same holdout; None if it could not be judged.
        has_champion: whether there is a champion at all.
        forced: the reason of the person who forces the promotion; empty if nobody does.
        behind: how the new version learnt from fewer days than the champion; empty if it did not.

    Examples:
        >>> from relkit.models.base import HoldoutMetric
        >>> mae = HoldoutMetric(name="mae", direction="lower")
        >>> decide(mae, challenger=0.70, champion=0.75, has_champion=True).reason
        "mae 0.7 is not worse than the champion's 0.75"
        >>> decide(mae, challenger=0.80, champion=0.75, has_champion=True).promoted
        False
    """
    if not has_champion:
        return Decision(promoted=True, reason="first version")
    if forced:
        return Decision(promoted=True, reason=f"forced: {forced}")
    if behind:
        return Decision(promoted=False, reason=behind)
    if not metric.decides:
        return Decision(promoted=True, reason=f"the newest version is used: {metric.name} says how much it moves, not which is right")
    if challenger is None or champion is None:
        unheld, unjudged = "without a holdout it cannot be compared with the champion", "the champion could not be judged on this holdout"
        return Decision(promoted=False, reason=unheld if challenger is None else unjudged)
    better = metric.not_worse(challenger, champion)
    comparison = "is not worse than" if better else "is worse than"
    return Decision(promoted=better, reason=f"{metric.name} {challenger:.6g} {comparison} the champion's {champion:.6g}")

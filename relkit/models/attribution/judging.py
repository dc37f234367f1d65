"""Judging credit on later journeys: the part of it that another period would have given to other channels.

No rule is right because its shares stay as they are, nor wrong because they move: a shop may advertise elsewhere. So the figure
describes and does not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.errors import NotEnoughEventsError
from relkit.metrics.credit_shares import total_variation
from relkit.models.base import HoldoutMetric

if TYPE_CHECKING:
    import polars as pl

    from relkit.models.attribution.credit import FittedCredit

SHARE_MOVED = HoldoutMetric(name="share_moved", direction="lower", decides=False)
"""Part of the credit that the holdout's journeys give to other channels."""


def share_moved(before: pl.DataFrame, after: pl.DataFrame) -> float:
    """Return the total variation between the shares of two tables of credit; a channel that one of them lacks has none there.

    Args:
        before: channel, share: one row per channel.
        after: the same of other journeys.

    Examples:
        >>> import polars as pl
        >>> before = pl.DataFrame({"channel": ["a", "b"], "share": [0.5, 0.5]})
        >>> share_moved(before, pl.DataFrame({"channel": ["c", "b"], "share": [0.25, 0.75]}))
        0.5
    """
    both = before.select("channel", before="share").join(after.select("channel", after="share"), on="channel", how="full", coalesce=True)
    shares = both.sort("channel").fill_null(0.0)
    return total_variation(shares["before"].to_numpy(), shares["after"].to_numpy())


def judged_shares(fitted: FittedCredit, outcomes: pl.DataFrame) -> dict[str, float]:
    """Return the part of the credit that moves when the same settings are fitted to later journeys.

    Args:
        fitted: the model.
        outcomes: the rows of the holdout, such as the model was fitted to.

    Returns:
        share_moved (of the conversions), value_moved (of the value, if both periods have any), conversions_judged.

    Raises:
        NotEnoughEventsError: none of the later journeys led to a conversion that could be credited.
    """
    later: FittedCredit = fitted.settings.fit(outcomes, as_of=fitted.info.as_of)
    before, after = fitted.credit(), later.credit()
    judged = float(after["conversions"].sum())
    if not judged or not float(before["conversions"].sum()):
        when = "after the fit" if not judged else "before the fit"
        remedy = "Choose a longer holdout, or check that touchpoints and sales share their customers."
        raise NotEnoughEventsError(f"no conversion {when} was preceded by a touch.", where=fitted.settings.name, remedy=remedy)
    found = {SHARE_MOVED.name: share_moved(before, after), "conversions_judged": judged}
    values = [_value_shares(credit) for credit in (before, after)]
    return found | ({"value_moved": share_moved(*values)} if all(len(each) for each in values) else {})


def _value_shares(credit: pl.DataFrame) -> Any:
    """Return channel, share: that of the value; empty unless the value is positive."""
    total = float(credit["value"].sum())
    return credit.select("channel", share=credit["value"] / total) if total > 0 else credit.clear()

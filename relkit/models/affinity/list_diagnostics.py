"""Diagnostics of judged lists of next products: means with intervals, and the reliability of the first probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.metrics.intervals import normal_reach
from relkit.metrics.recommendation import ListMeasures, found_in
from relkit.metrics.reliability import Reliability, reliability
from relkit.models.affinity.next_judging import SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.metrics.risk_sets import Floats
    from relkit.models.affinity.next_judging import Judged

METHODS = ("model", "personal", "global")
"""The model, then the baselines: own favourites filled up with best-sellers, and best-sellers."""
KINDS = {"all": "recall", "repeat": "recall_repeat", "explore": "recall_explore"}
"""Measures of recall by kind of purchase."""


def means_of(measures: Mapping[str, ListMeasures], field: str) -> tuple[Floats, Floats, Floats]:
    """Return the means of a measure by method with their 95 % intervals over customers, each of shape (methods,).

    Customers to whom the measure does not apply are left out; a mean over none is NaN.

    Examples:
        >>> one = ListMeasures(*[np.array([0.25, 0.75, np.nan])] * 6)
        >>> [bound.round(3).tolist() for bound in means_of(dict.fromkeys(METHODS, one), "recall")]
        [[0.5, 0.5, 0.5], [0.01, 0.01, 0.01], [0.99, 0.99, 0.99]]
    """
    values = [getattr(measures[name], field) for name in METHODS]
    known = [each[np.isfinite(each)] for each in values]
    mean = np.array([each.mean() if len(each) else np.nan for each in known])
    error = np.array([each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.nan for each in known])
    return mean, np.maximum(mean - normal_reach() * error, 0.0), np.minimum(mean + normal_reach() * error, 1.0)


def mean_of(measures: Mapping[str, ListMeasures], method: str, field: str = "recall") -> float:
    """Return the mean of a measure of one method; NaN if it applies to no customer."""
    return float(means_of(measures, field)[0][METHODS.index(method)])


def recalls(measures: Mapping[str, ListMeasures]) -> dict[str, tuple[Floats, Floats, Floats]]:
    """Return `means_of` recall by kind of purchase, without kinds that no customer made."""
    found = {kind: means_of(measures, field) for kind, field in KINDS.items()}
    return {kind: values for kind, values in found.items() if np.isfinite(values[0]).all()}


def list_reliability(judged: Judged) -> Reliability:
    """Return the probabilities of the first products of each list against what was bought."""
    p = judged.probabilities[:, :SHOWN]
    there = np.isfinite(p)
    return reliability(p[there], found_in(judged.lists["model"][:, :SHOWN], judged.bought)[there])

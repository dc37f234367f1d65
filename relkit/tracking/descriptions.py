"""Descriptions of a registered model and its versions: the text that the MLflow page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.models import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.base import Fitted, HoldoutMetric
    from relkit.periods import DrawnHoldout, Holdout
    from relkit.remarks import Remark

_METRICS = {
    "mae_repeat_purchases": "it missed a customer's number of repeat purchases by {value} on average (0 is perfect)",
    "crps_repeat_purchases": "its distributions lay {value} repeat purchases from what customers bought on average (CRPS, 0 is perfect)",
    "mae_order_value": "it missed a customer's mean order value by {value} on average, in the currency of the tables (0 is perfect)",
    "brier_score": "the Brier score of its probabilities on the last day was {value} (0 is perfect, 0.25 is a coin tossed for everybody)",
    "concordance": "it put {value} of the pairs of customers in the right order (1 is perfect, 0.5 is chance)",
    "log_loss": "the log loss of its probabilities was {value} (0 is perfect, 0.693 is a coin tossed for everybody)",
    "dr_loss": "the mean squared distance of its effects from the doubly robust scores was {value} (lower is better; most is noise)",
    "ndcg_10": "the NDCG of its lists of ten products against the next baskets was {value} (1 is perfect)",
    "share_moved": "{value} of the credit went to other channels when it was learnt from the journeys of those days alone (0 is none)",
    "log_likelihood_per_step": "the mean log-likelihood of a step of the journeys of those days was {value} (higher is better)",
    "share_of_rules_that_hold": "in later baskets {value} of its strongest rules still had a lift above 1 (1 is all of them)",
}
"""Meaning of each holdout metric, as the end of a sentence."""


def model_description(model: str, programme: str) -> str:
    """Return the description of a registered model.

    Examples:
        >>> model_description("survival.cox", "loyalty").endswith("Programme loyalty. Scores are made with the version aliased champion.")
        True
    """
    settings = catalogue.settings_class(model)
    used = "Channels are credited by" if settings.role.credits_channels else "Scores are made with"
    return f"{settings.purpose.en} Programme {programme}. {used} the version aliased champion."


def version_description(
    fitted: Fitted,
    *,
    programme: str,
    unit: str,
    metric: HoldoutMetric | None,
    value: float | None,
    holdout: Holdout | DrawnHoldout | None,
    remarks: Sequence[Remark],
) -> str:
    """Return the description of a version: the model, its training data, its holdout result, and remarks.

    Args:
        fitted: the model.
        programme: whose data it learnt from.
        unit: what a row is, e.g. "customers".
        metric: by which versions are compared; None if there is none.
        value: of it on the holdout; None if there was no holdout.
        holdout: what it was judged on.
        remarks: on how to read its scores.
    """
    info = fitted.info
    parts = [
        fitted.settings.purpose.en,
        f"Fitted to {info.rows:,} {unit} of programme {programme}, with the facts known on {info.as_of}.",
        _judged(metric, value, holdout),
    ]
    listed = "\n".join(f"- {remark.en}" for remark in remarks if remark.code != "not_judged")
    return " ".join(parts) + (f"\n\nTo know:\n\n{listed}" if listed else "")


def _judged(metric: HoldoutMetric | None, value: float | None, holdout: Holdout | DrawnHoldout | None) -> str:
    if metric is None or value is None or holdout is None:
        return "It was not judged on days that it had not seen."
    better = "less" if metric.direction == "lower" else "more"
    result = _METRICS.get(metric.name, f"its {metric.name} was {{value}} ({better} is better)").format(value=f"{value:.4g}")
    return f"Judged {holdout.spoken}, which it had not seen, {result}; it was then fitted again with all days."

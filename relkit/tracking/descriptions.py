"""What a registered model and its versions are, in words: the text that the MLflow page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.models.base import Fitted, HoldoutMetric
    from relkit.periods import DrawnHoldout, Holdout
    from relkit.remarks import Remark

PURPOSES = {
    "lifetime_value.beta_discrete_weibull": "Beta-discrete-Weibull: contracts renewed, where the risk of leaving moves with tenure.",
    "lifetime_value.bg_bb": "BG/BB: purchases at occasions (a yearly appeal, a market), and the probability of still being a customer.",
    "lifetime_value.bg_nbd": "BG/NBD: orders ahead and the probability of still buying, for customers who leave without a word.",
    "lifetime_value.gamma_gamma": "Gamma-Gamma: what an order of each customer should bring.",
    "lifetime_value.mbg_cnbd_k": "MBG/CNBD-k: orders ahead and the probability of still buying, for customers who buy at a rhythm.",
    "lifetime_value.mbg_nbd": "MBG/NBD: orders ahead and the probability of still buying, where some leave after their first order.",
    "lifetime_value.nbd": "NBD: orders ahead if nobody ever left; a baseline.",
    "lifetime_value.pareto_nbd": "Pareto/NBD: orders ahead and the probability of still buying, for customers who may leave at any time.",
    "lifetime_value.shifted_beta_geometric": "Shifted beta-geometric: how many contracts are renewed, from one period to the next.",
    "lifetime_value.time_varying_pareto_nbd": "Pareto/NBD with season and campaigns: orders ahead and the probability of still buying.",
    "survival.boosted_hazard": "Gradient boosting on months of contracts: the probability that a contract ends.",
    "survival.cause_specific_cox": "Cox regressions by cause: the probability that a contract ends, for each reason.",
    "survival.cox": "Cox regression: the probability that a contract ends, and what makes ends come sooner.",
    "survival.cox_time_varying": "Cox regression on changing terms: the probability that a contract ends, with prices as they were.",
    "survival.discrete_competing_risks": "Competing risks by month: the probability that a contract ends, for each reason.",
    "survival.discrete_hazard": "Logistic regression on months of contracts: the probability that a contract ends.",
    "survival.fine_gray": "Fine and Gray's regression: the share of contracts that end for one reason, and what moves it.",
    "survival.kaplan_meier": "Kaplan-Meier: how long contracts last, by group where wished; a baseline.",
    "survival.lifelines": "Regressions of lifelines, by name: how long contracts last, under shapes that relkit has not.",
    "survival.log_logistic_aft": "Log-logistic regression: how long contracts last, with a risk that rises, then falls.",
    "survival.log_normal_aft": "Log-normal regression: how long contracts last, with a risk that rises, then falls slowly.",
    "survival.mixture_cure": "Mixture cure model: how long contracts last, where some customers never leave.",
    "survival.piecewise_exponential": "Piecewise exponential model: how long contracts last, with a risk for each stretch of age.",
    "survival.weibull_aft": "Weibull regression: how long contracts last, with a risk that rises or falls steadily.",
}
"""What each model of the catalogue is for."""

_METRICS = {
    "mae_repeat_purchases": "it missed a customer's number of repeat purchases by {value} on average (0 is perfect)",
    "mae_order_value": "it missed a customer's mean order value by {value} on average, in the currency of the tables (0 is perfect)",
    "brier_score": "the Brier score of its probabilities was {value} (0 is perfect, 0.25 is a coin tossed for everybody)",
    "concordance": "it put {value} of the pairs of customers in the right order (1 is perfect, 0.5 is chance)",
}
"""What each holdout metric means, as the end of a sentence."""


def model_description(model: str, programme: str) -> str:
    """Return what a registered model is.

    Examples:
        >>> model_description("survival.cox", "loyalty").endswith("Programme loyalty. Scores are made with the version aliased champion.")
        True
    """
    return f"{PURPOSES.get(model, model)} Programme {programme}. Scores are made with the version aliased champion."


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
    """Return what a version is: the model, what it learnt from, how it did on the holdout, and what to know of it.

    Args:
        fitted: the model.
        programme: whose data it learnt from.
        unit: what a row is, e.g. "customers".
        metric: by which versions are compared; None where there is none.
        value: of it on the holdout; None where there was no holdout.
        holdout: what it was judged on.
        remarks: what changes how its scores are to be read.
    """
    info = fitted.info
    parts = [
        PURPOSES.get(fitted.name, fitted.name),
        f"Fitted to {info.rows:,} {unit} of programme {programme}, with the facts known on {info.as_of}.",
        _judged(metric, value, holdout),
    ]
    listed = "\n".join(f"- {remark.en}" for remark in remarks if remark.code != "not_judged")
    return " ".join(parts) + (f"\n\nTo know:\n\n{listed}" if listed else "")


def _judged(metric: HoldoutMetric | None, value: float | None, holdout: Holdout | DrawnHoldout | None) -> str:
    if metric is None or value is None or holdout is None:
        return "It was not judged on days that it had not seen."
    better = "less" if metric.direction == "lower" else "more"
    said = _METRICS.get(metric.name, f"its {metric.name} was {{value}} ({better} is better)").format(value=f"{value:.4g}")
    return f"Judged {holdout.spoken}, which it had not seen, {said}; it was then fitted again with all days."

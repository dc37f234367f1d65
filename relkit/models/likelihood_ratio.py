"""Likelihood-ratio test of two nested models of the same customers: does the larger one explain more than chance?

    likelihood_ratio_test(without_covariates, with_covariates).p_value

The restricted model must be a special case of the full one: fewer covariates, or one effect common to both processes. Twice
the gain in log-likelihood is then chi-squared with as many degrees of freedom as there are additional parameters (Wilks 1938).

An NBD is no such case of a BG/NBD or Pareto/NBD. Nobody leaves in it, which lies on the boundary of their parameter space (and there
one of the two dropout parameters is not identified), so that twice the gain is not chi-squared; compare these by AIC or on a
holdout. Models with a ridge penalty are refused as well: they do not maximise the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from relkit.errors import ParameterError
from relkit.models.lifetime_value.renewal_model import FittedRenewalModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from relkit.models.lifetime_value.purchase_model import FittedPurchaseModel

_WHERE = "likelihood_ratio_test"


@dataclass(frozen=True, kw_only=True)
class LikelihoodRatio:
    """The outcome of a likelihood-ratio test.

    Attributes:
        chi2: twice the gain in log-likelihood.
        degrees_of_freedom: additional parameters of the full model.
        p_value: probability of a gain at least this large if the restricted model is true.
    """

    chi2: float
    degrees_of_freedom: int
    p_value: float


def likelihood_ratio_test(
    restricted: FittedPurchaseModel | FittedRenewalModel, full: FittedPurchaseModel | FittedRenewalModel
) -> LikelihoodRatio:
    """Return the test of the gain of `full` over `restricted`: the probability of one as large by chance.

    Args:
        restricted: fitted without a penalty.
        full: the same kind of model, fitted to the same rows, of which `restricted` is a special case. For contracts that renew, a shifted
            beta-geometric is a special case of a beta-discrete-Weibull.

    Raises:
        ParameterError: the two are not nested, or a likelihood cannot be compared.
    """
    if isinstance(restricted, FittedRenewalModel) and isinstance(full, FittedRenewalModel):
        return _of_renewals(restricted, full)
    if isinstance(restricted, FittedRenewalModel) or isinstance(full, FittedRenewalModel):
        raise ParameterError(f"{restricted.name} is no case of {full.name}.", where=_WHERE, remedy="Compare two models of the same events.")
    _refuse_other_kind(restricted, full)
    more = len(full.coordinates) - len(restricted.coordinates)
    if more < 1 or not _nested(restricted, full):
        raise ParameterError(
            f"the restricted model is no case of the full one ({_effects(restricted)} against {_effects(full)}).",
            where=_WHERE,
            remedy="Give the smaller model first; each of its effects must be an effect, or several held equal, of the larger one.",
        )
    return _gained(restricted.deviance - full.deviance, more)


def _gained(chi2: float, more: int) -> LikelihoodRatio:
    """Return the outcome for a gain, which may fall below zero by rounding."""
    chi2 = max(chi2, 0.0)
    return LikelihoodRatio(chi2=chi2, degrees_of_freedom=more, p_value=float(special.chdtrc(more, chi2)))


def _of_renewals(restricted: FittedRenewalModel, full: FittedRenewalModel) -> LikelihoodRatio:
    """Return the outcome for two models of contracts that renew."""
    if not restricted.is_case_of(full):
        raise ParameterError(
            f"the restricted model, {restricted.name}, is no case of the full one, {full.name}.",
            where=_WHERE,
            remedy="Give the smaller one first; its covariates must be among those of the larger one.",
        )
    if (restricted.contracts, restricted.settings.period_days, restricted.settings.tolerance_days) != (
        full.contracts,
        full.settings.period_days,
        full.settings.tolerance_days,
    ):
        raise ParameterError(
            "they were fitted to different contracts, in another order, or with another period.",
            where=_WHERE,
            remedy="Fit both to one frame.",
        )
    gain = float(full.info.log_likelihood or 0.0) - float(restricted.info.log_likelihood or 0.0)
    return _gained(2 * gain, len(full.coordinates) - len(restricted.coordinates))


def _refuse_other_kind(restricted: FittedPurchaseModel, full: FittedPurchaseModel) -> None:
    if restricted.name != full.name:
        raise ParameterError(
            f"{restricted.name} is no case of {full.name}.",
            where=_WHERE,
            remedy="Compare the two by AIC or on a holdout.",
        )
    if restricted.settings.period_days != full.settings.period_days:
        raise ParameterError("the two were fitted with different period_days.", where=_WHERE, remedy="Fit both with the same.")
    if _customers(restricted) != _customers(full):
        raise ParameterError("they were fitted to different customers, or in another order.", where=_WHERE, remedy="Fit both to one frame.")


def _customers(fitted: FittedPurchaseModel) -> str:
    return fitted.purchases_fingerprint or fitted.info.fingerprint


def _nested(restricted: FittedPurchaseModel, full: FittedPurchaseModel) -> bool:
    """Return whether the effects of `full` can produce everything that those of `restricted` can."""
    rows = sorted({*_reached(restricted), *_reached(full)})
    small, large = (_matrix(_reached(fitted), rows, len(fitted.coefficients)) for fitted in (restricted, full))
    rank = int(np.linalg.matrix_rank(large)) if large.size else 0
    return not small.size or (large.size > 0 and int(np.linalg.matrix_rank(np.hstack((large, small)))) == rank)


def _reached(fitted: FittedPurchaseModel) -> dict[tuple[str, str], int]:
    """Return the coefficient in effect, by process and column."""
    effects = fitted.effects
    columns = [name.partition(".")[2] for name in effects.names]
    acts = (("purchase", effects.on_purchases), ("lifetime", effects.on_lifetime))
    return {(process, columns[j]): j for process, on in acts for j in np.flatnonzero(on).tolist()}


def _matrix(reached: dict[tuple[str, str], int], rows: list[tuple[str, str]], width: int) -> NDArray[Any]:
    made = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        if row in reached:
            made[i, reached[row]] = 1.0
    return made


def _effects(fitted: FittedPurchaseModel) -> str:
    return ", ".join(fitted.effects.names) or "no covariates"

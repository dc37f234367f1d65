"""The models relkit knows, by name; a class is imported only when it is asked for.

    make("lifetime_value.bg_nbd", {"period_days": 7})     settings, checked
    fitted_class("lifetime_value.bg_nbd")                  what fitting them gives; `storage.load` asks here

A name is the path of a module below `relkit.models`, so that a model is one file and one line here.
"""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from relkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError

    from relkit.models.base import Fitted, Model

_S = TypeVar("_S")

_CLASSES = {
    "lifetime_value.beta_discrete_weibull": ("BetaDiscreteWeibull", "FittedBetaDiscreteWeibull"),
    "lifetime_value.bg_bb": ("BgBb", "FittedBgBb"),
    "lifetime_value.bg_nbd": ("BgNbd", "FittedBgNbd"),
    "lifetime_value.gamma_gamma": ("GammaGamma", "FittedGammaGamma"),
    "lifetime_value.mbg_cnbd_k": ("MbgCnbdK", "FittedMbgCnbdK"),
    "lifetime_value.mbg_nbd": ("MbgNbd", "FittedMbgNbd"),
    "lifetime_value.nbd": ("Nbd", "FittedNbd"),
    "lifetime_value.pareto_nbd": ("ParetoNbd", "FittedParetoNbd"),
    "lifetime_value.shifted_beta_geometric": ("ShiftedBetaGeometric", "FittedShiftedBetaGeometric"),
    "lifetime_value.time_varying_pareto_nbd": ("TimeVaryingParetoNbd", "FittedTimeVaryingParetoNbd"),
    "survival.boosted_hazard": ("BoostedHazard", "FittedBoostedHazard"),
    "survival.cause_specific_cox": ("CauseSpecificCox", "FittedCauseSpecificCox"),
    "survival.cox": ("Cox", "FittedCox"),
    "survival.cox_time_varying": ("CoxTimeVarying", "FittedCoxTimeVarying"),
    "survival.discrete_competing_risks": ("DiscreteCompetingRisks", "FittedDiscreteCompetingRisks"),
    "survival.discrete_hazard": ("DiscreteHazard", "FittedDiscreteHazard"),
    "survival.fine_gray": ("FineGray", "FittedFineGray"),
    "survival.kaplan_meier": ("KaplanMeier", "FittedKaplanMeier"),
    "survival.lifelines": ("Lifelines", "FittedLifelines"),
    "survival.log_logistic_aft": ("LogLogisticAft", "FittedLogLogisticAft"),
    "survival.log_normal_aft": ("LogNormalAft", "FittedLogNormalAft"),
    "survival.mixture_cure": ("MixtureCure", "FittedMixtureCure"),
    "survival.piecewise_exponential": ("PiecewiseExponential", "FittedPiecewiseExponential"),
    "survival.weibull_aft": ("WeibullAft", "FittedWeibullAft"),
}

NAMES: tuple[str, ...] = tuple(sorted(_CLASSES))
"""Every model, in alphabetical order."""


def families() -> dict[str, tuple[str, ...]]:
    """Return the models of each family.

    Examples:
        >>> families()["survival"][:2]
        ('survival.boosted_hazard', 'survival.cause_specific_cox')
    """
    known = sorted({name.partition(".")[0] for name in NAMES})
    return {family: tuple(name for name in NAMES if name.startswith(f"{family}.")) for family in known}


def settings_class(name: str) -> type[Model[Any]]:
    """Return the class of the settings of model `name`, or raise a ParameterError with the nearest name."""
    found: type[Model[Any]] = getattr(_module(name), _CLASSES[name][0])
    return found


def fitted_class(name: str) -> type[Fitted]:
    """Return the class of the fitted model `name`, or raise a ParameterError with the nearest name."""
    found: type[Fitted] = getattr(_module(name), _CLASSES[name][1])
    return found


def make(name: str, settings: Mapping[str, Any] | None = None) -> Model[Any]:
    """Return the settings of model `name`, checked and converted to their declared types.

    Args:
        name: one of `NAMES`.
        settings: values by setting; those not given keep their defaults. Numbers may come as text, as a
            command line gives them.

    Raises:
        ParameterError: an unknown name or setting (with the nearest known one), or a value out of range.

    Examples:
        >>> make("survival.kaplan_meier", {"level": "0.9"}).level
        0.9
    """
    return checked(settings_class(name), name, settings)


def checked(cls: type[_S], name: str, settings: Mapping[str, Any] | None = None) -> _S:
    """Return settings of any frozen dataclass, checked and converted as `make` does.

    Args:
        cls: the dataclass.
        name: whose settings they are, for the messages.
        settings: values by setting.

    Raises:
        ParameterError: an unknown setting (with the nearest known one), or a value out of range.
    """
    from pydantic import TypeAdapter, ValidationError

    given = dict(settings or {})
    known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            raise ParameterError.unknown("setting", key, known, where=name)
    try:
        made: _S = TypeAdapter(cls).validate_python(given)
    except ValidationError as error:
        raise ParameterError(_said(name, error), where=name) from error
    return made


def _module(name: str) -> Any:
    if name not in _CLASSES:
        raise ParameterError.unknown("model", name, NAMES)
    return import_module(f"relkit.models.{name}")


def _said(name: str, error: ValidationError) -> str:
    """Return one sentence for each faulty setting; a message of ours is kept as it is."""
    said = []
    for problem in error.errors(include_url=False):
        ours = problem.get("ctx", {}).get("error")
        if isinstance(ours, ParameterError):
            alone = ours.where == name or not ours.where  # the name stands in front of all of them already
            said.append(" ".join(filter(None, ("" if alone else f"{ours.where}:", ours.what, ours.remedy))).rstrip("."))
            continue
        setting = ".".join(str(part) for part in problem["loc"])
        said.append(f"{setting} is {problem.get('input')!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(said) + "."

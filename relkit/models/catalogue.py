"""The models relkit knows, by name; a class is imported only when it is requested.

    make("lifetime_value.bg_nbd", {"period_days": 7})     settings, checked
    fitted_class("lifetime_value.bg_nbd")                  the class of the fitted model; used by `storage.load`
    models_of(ORDERS)                                      the models of a role, the preferred ones first

The folders are the registry. A folder of `relkit.models` that has a `family.py` is a family; a module in it that defines the classes
`CamelCase` and `FittedCamelCase` of its own name, with its path below `relkit.models` as their `name`, is a model.
"""

from __future__ import annotations

import re
import sys
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from relkit import models
from relkit.errors import ParameterError
from relkit.extremes import extremes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError

    from relkit.models.base import Fitted, Model
    from relkit.models.roles import Family, Role
    from relkit.score_kinds import ScoreKind

_S = TypeVar("_S")
_AUTO = "auto"
_ALL = "all"


def names() -> tuple[str, ...]:
    """Return every model, in alphabetical order.

    Examples:
        >>> names()[:2]
        ('affinity.next_product', 'affinity.propensity')
    """
    return sum(families().values(), ())


def families() -> dict[str, tuple[str, ...]]:
    """Return the models of each family.

    Examples:
        >>> families()["survival"][:2]
        ('survival.boosted_hazard', 'survival.cause_specific_cox')
    """
    roots = tuple(models.__path__)
    known = sorted({family for root in roots for family in _families_in(root)})
    return {family: tuple(f"{family}.{module}" for module in _modules(family, roots)) for family in known}


def family(name: str) -> Family:
    """Return the declaration of a family; `name` may also be that of a model, or of the choice among its models (`survival.auto`)."""
    own, known = name.partition(".")[0], families()
    if own not in known:
        raise ParameterError.unknown("model family", own, known, where=name)
    found: Family = import_module(f"relkit.models.{own}.family").FAMILY
    return found


def roles() -> tuple[Role, ...]:
    """Return the roles of all families, in alphabetical order of the families."""
    return tuple(role for name in families() for role in family(name).roles)


def role_of(name: str) -> Role:
    """Return the role of a model's scores.

    Examples:
        >>> role_of("lifetime_value.shifted_beta_geometric").name
        'contracts'
    """
    return settings_class(name).role


def models_of(role: Role) -> tuple[str, ...]:
    """Return the models of a role in the order in which they are tried: the preferred ones first, then the others alphabetically.

    Examples:
        >>> models_of(role_of("lifetime_value.nbd"))[:2]
        ('lifetime_value.bg_nbd', 'lifetime_value.pareto_nbd')
    """
    return tuple(sorted((name for name in names() if role_of(name) is role), key=role.rank))


def choices() -> tuple[str, ...]:
    """Return the names of the choices among the models of a family.

    Examples:
        >>> choices()
        ('lifetime_value.auto', 'survival.auto', 'uplift.auto')
    """
    return tuple(f"{name}.{_AUTO}" for name in families() if family(name).compared is not None)


def candidates(choice: str) -> tuple[str, ...]:
    """Return the models that a choice compares, those that compete; the first is taken when nothing can be compared.

    Raises:
        ParameterError: no choice has this name.

    Examples:
        >>> candidates("survival.auto")[0]
        'survival.cox'
    """
    own = family(choice)
    if own.compared is None or choice not in choices():
        raise ParameterError.unknown("choice", choice, choices(), where=choice)
    return tuple(name for name in models_of(own.compared) if name.startswith(f"{own.name}.") and settings_class(name).competes)


def side_by_side() -> tuple[str, ...]:
    """Return the names under which all models of a family are fitted, to be shown side by side.

    Examples:
        >>> side_by_side()
        ('attribution.all',)
    """
    return tuple(f"{name}.{_ALL}" for name in families() if family(name).side_by_side)


def members(name: str) -> tuple[str, ...]:
    """Return the models that are fitted side by side, in the order of their roles.

    Raises:
        ParameterError: no models are fitted under this name.

    Examples:
        >>> all(model.startswith("attribution.") for model in members("attribution.all"))
        True
    """
    if name not in side_by_side():
        raise ParameterError.unknown("family shown side by side", name, side_by_side(), where=name)
    own = family(name)
    return tuple(model for role in own.roles for model in models_of(role) if model.startswith(f"{own.name}."))


def named_in_full(name: str, family_name: str) -> str:
    """Return the full name of a model that may be given without its family.

    Examples:
        >>> named_in_full("linear", "attribution.all"), named_in_full("attribution.linear", "attribution.all")
        ('attribution.linear', 'attribution.linear')
    """
    return name if "." in name else f"{family(family_name).name}.{name}"


def scores() -> tuple[ScoreKind, ...]:
    """Return the kinds of scores that models give, of every role."""
    return tuple(kind for role in roles() for kind in role.scores)


def required_settings(name: str) -> tuple[str, ...]:
    """Return the settings of a model that have no default.

    Examples:
        >>> required_settings("survival.cox"), required_settings("lifetime_value.bg_nbd")
        (('covariates',), ())
    """
    known = fields(settings_class(name))  # type: ignore[arg-type]
    return tuple(each.name for each in known if each.default is MISSING and each.default_factory is MISSING)


def known_settings(name: str) -> frozenset[str]:
    """Return the settings that a model has, without those of its class that it refuses.

    Examples:
        >>> "period_days" in known_settings("lifetime_value.bg_nbd"), "covariates" in known_settings("lifetime_value.bg_nbd")
        (True, False)
    """
    made = settings_class(name)
    return frozenset(each.name for each in fields(made)) - made.not_taken()  # type: ignore[arg-type]


def settings_class(name: str) -> type[Model[Any]]:
    """Return the class of the settings of model `name`, or raise a ParameterError with the nearest name."""
    found: type[Model[Any]] = getattr(_module(name), _class_name(name.partition(".")[2]))
    return found


def fitted_class(name: str) -> type[Fitted]:
    """Return the class of the fitted model `name`, or raise a ParameterError with the nearest name."""
    found: type[Fitted] = getattr(_module(name), f"Fitted{_class_name(name.partition('.')[2])}")
    return found


def make(name: str, settings: Mapping[str, Any] | None = None) -> Model[Any]:
    """Return the settings of model `name`, checked and converted to their declared types.

    Args:
        name: one of `names()`.
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
        name: of the model they belong to, for the messages.
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
        raise ParameterError(_sentences(name, error), where=name) from error
    if problems := [problem for key in known for problem in extremes(key, getattr(made, key))]:
        raise ParameterError("; ".join(problems) + ".", where=name)
    return made


def _module(name: str) -> Any:
    known = names()
    if name not in known:
        raise ParameterError.unknown("model", name, known)
    return import_module(f"relkit.models.{name}")


@cache
def _families_in(root: str) -> tuple[str, ...]:
    """Return the families of a folder, which does not change while relkit runs."""
    return tuple(path.parent.name for path in Path(root).glob("*/family.py"))


def _modules(family: str, roots: tuple[str, ...]) -> list[str]:
    """Return the names of the modules of a family that are models."""
    package = sys.modules.get(f"relkit.models.{family}")
    folders = [str(Path(root, family)) for root in roots] if package is None else list(package.__path__)
    return sorted({module for folder in dict.fromkeys(folders) for module in _models_in(family, folder)})


@cache
def _models_in(family: str, folder: str) -> tuple[str, ...]:
    """Return the modules of a folder that are models, judged by their source; nothing is imported."""
    return tuple(path.stem for path in Path(folder).glob("*.py") if _is_model(family, path))


def _is_model(family: str, path: Path) -> bool:
    """Return whether a module defines settings and a fitted model under its own name."""
    source, own = path.read_text(encoding="utf-8"), _class_name(path.stem)
    declares = f'name: ClassVar[str] = "{family}.{path.stem}"' in source
    return declares and all(re.search(rf"^class {each}\b", source, re.MULTILINE) for each in (own, f"Fitted{own}"))


def _class_name(module: str) -> str:
    return "".join(part.capitalize() for part in module.split("_"))


def _sentences(name: str, error: ValidationError) -> str:
    """Return one sentence for each faulty setting; relkit's own messages are kept as they are."""
    sentences = []
    for problem in error.errors(include_url=False):
        ours = problem.get("ctx", {}).get("error")
        if isinstance(ours, ParameterError):
            alone = ours.where == name or not ours.where  # the name already precedes all of them
            sentences.append(" ".join(filter(None, ("" if alone else f"{ours.where}:", ours.what, ours.remedy))).rstrip("."))
            continue
        setting = ".".join(str(part) for part in problem["loc"])
        sentences.append(f"{setting} is {problem.get('input')!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(sentences) + "."

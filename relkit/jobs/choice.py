"""Settings of a choice among the models of a family: candidates, their settings, and how they are judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.jobs.given_settings import read_settings, read_texts

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Settings of a choice among models.

    Attributes:
        candidates: names of models; by default all that compete in the family.
        replicates: resamples of the customers, for the intervals.
        seed: seed of the resampling, and of the draw of the customers.
        judged_customers: the candidates are fitted and compared on so many customers, drawn by a hash of their ids; the model taken is
            fitted to all. 0 for the default of the family.
        horizon_days: days ahead that are judged, in families judged at several origins.
        origins: past days at which the candidates are judged in such families, as far as the history allows.
        settings: settings of the candidates, such as period_days or covariates; each takes those it has and ignores the others.
    """

    candidates: tuple[str, ...] = ()
    replicates: int = 200
    seed: int = 0
    judged_customers: int = 0
    horizon_days: int = 0
    origins: int = 4
    settings: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """Return the given settings that apply to a candidate."""
        from relkit.models.catalogue import known_settings

        return {key: value for key, value in self.settings.items() if key in known_settings(name)}

    def read(self, name: str) -> dict[str, Any]:
        """Return the same with lists and numbers by column split from text."""
        return read_settings(name, self.of(name))

    def without(self) -> dict[str, tuple[str, ...]]:
        """Return, by candidate, the given settings that it does not have and is tried without."""
        from relkit.models.catalogue import known_settings

        lacking = {name: tuple(key for key in self.settings if key not in known_settings(name)) for name in self.candidates}
        return {name: keys for name, keys in lacking.items() if keys}


def read_choice(model: str, given: Mapping[str, Any]) -> Choice:
    """Return the checked settings of a choice, with its candidates and their settings.

    Raises:
        ParameterError: an unknown setting or candidate, or a value out of range.

    Examples:
        >>> read_choice("lifetime_value.auto", {"candidates": "lifetime_value.bg_nbd, lifetime_value.nbd"}).candidates
        ('lifetime_value.bg_nbd', 'lifetime_value.nbd')
        >>> read_choice("survival.auto", {"covariates": "monthly_amount"}).of("survival.cox")
        {'covariates': 'monthly_amount'}
    """
    from relkit.models import catalogue

    names = own_settings(model)
    own = {name: value for name, value in read_texts(Choice, given).items() if name in names}
    choice = catalogue.checked(Choice, model, own)
    competing = catalogue.candidates(model)
    for name in choice.candidates:
        if name not in competing:
            raise ParameterError.unknown("candidate", name, competing, where=model)
    _check_numbers(choice, model)
    theirs = {name: value for name, value in given.items() if name not in own}
    chosen = replace(choice, candidates=choice.candidates or competing, settings=theirs)
    refuse_unknown_settings(chosen, model, names)
    return chosen


def own_settings(model: str) -> tuple[str, ...]:
    """Return the settings of the choice itself; those of origins belong to families judged at several.

    Examples:
        >>> own_settings("survival.auto")
        ('candidates', 'replicates', 'seed', 'judged_customers')
    """
    from relkit.models.catalogue import family

    of_origins = () if family(model).compare_origins is None else ("horizon_days", "origins")
    return ("candidates", "replicates", "seed", "judged_customers", *of_origins)


def _check_numbers(choice: Choice, model: str) -> None:
    """Refuse numbers with which nothing can be judged."""
    if choice.replicates < 20:
        raise ParameterError(f"replicates is {choice.replicates}; intervals need at least 20.", where=model)
    if choice.judged_customers < 0 or choice.horizon_days < 0:
        raise ParameterError("judged_customers and horizon_days must be 0 (the default) or more.", where=model)
    if choice.origins < 1:
        raise ParameterError(f"origins is {choice.origins}; at least 1 is needed.", where=model)


def refuse_unknown_settings(choice: Choice, model: str, own: tuple[str, ...]) -> None:
    """Refuse a setting that no candidate has, and a value out of range.

    Args:
        choice: the candidates with the settings given to them.
        model: the name that stands for the candidates, for the message.
        own: settings of the choice itself.

    Raises:
        ParameterError: naming the setting, with the nearest known one.
    """
    from relkit.models import catalogue

    known = [*own, *sorted({key for name in choice.candidates for key in catalogue.known_settings(name)})]
    for key in choice.settings:
        if key not in known:
            raise ParameterError.unknown("setting", key, known, where=model)
    for name in choice.candidates:
        made = read_settings(name, choice.of(name))
        catalogue.make(name, {setting: ["none"] for setting in catalogue.required_settings(name)} | made)

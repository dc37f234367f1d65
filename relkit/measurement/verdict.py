"""The verdict on an action: continue, stop, retest or not measurable, with the units that a retest needs.

It is taken from the net margin after the post-window, so that sales that were only pulled forward do not count; from the check of the
arms, without which no figure is to be trusted; and from the guardrails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scipy.special import ndtri

from relkit.remarks import french
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relkit.measurement.effect import Effect
    from relkit.measurement.guardrails import Guardrail

Decision = Literal["continue", "stop", "retest", "not_measurable"]

TITLES: dict[Decision, Text] = {
    "continue": Text("Continue", "Continuer"),
    "stop": Text("Stop", "Arrêter"),
    "retest": Text("Test again", "Tester à nouveau"),
    "not_measurable": Text("Not measurable", "Non mesurable"),
}
POWER = 0.8
"""Probability with which a retest detects the break-even effect."""


@dataclass(frozen=True)
class Verdict:
    """A decision and its reason.

    Attributes:
        decision: "continue", "stop", "retest" or "not_measurable".
        sentence: the reason.
        units_needed: units to draw, in all arms together, to detect the break-even effect with 80 % power; None if that is unknown.
        units_drawn: units that were drawn.
    """

    decision: Decision
    sentence: Text
    units_needed: int | None
    units_drawn: int

    @property
    def title(self) -> Text:
        """Return the decision in words."""
        return TITLES[self.decision]


def verdict(
    net: Effect,
    *,
    cost_per_unit: float | None = None,
    is_mismatch: bool = False,
    guardrails: Sequence[Guardrail] = (),
    units_available: int | None = None,
) -> Verdict:
    """Return the verdict on an action.

    Args:
        net: effect on net margin per unit drawn, after the post-window.
        cost_per_unit: cost of treating a unit: a margin of that size pays for the action; None or 0 takes the size of the estimate.
        is_mismatch: whether the sizes of the arms contradict the plan.
        guardrails: measures that must not get worse.
        units_available: units that a retest could draw; None if there is no limit.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated", "control"] * 4, "net": [9.0, 1, 5, 2, 7, 3, 8, 2]}
        >>> net = Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None).effect("net")
        >>> verdict(net, cost_per_unit=1.0).decision, verdict(net, is_mismatch=True).decision
        ('continue', 'not_measurable')
    """
    drawn = net.n_treated + net.n_control
    break_even = units_to_detect(net, cost_per_unit or net.estimate)
    decision, sentence = _decided(net, guardrails, is_mismatch=is_mismatch)
    if decision != "retest":
        return Verdict(decision, sentence, break_even, drawn)
    paid = break_even is not None and break_even <= drawn
    needed = units_to_detect(net, net.estimate) if paid else break_even
    decision, sentence = _undecided(needed, drawn, units_available, _RETEST_SMALL if paid else _RETEST)
    return Verdict(decision, sentence, needed, drawn)


def units_to_detect(net: Effect, size: float | None, *, power: float = POWER) -> int | None:
    """Return the units, in the shares drawn, with which an effect of some size is detected.

    Args:
        net: effect per unit drawn, whose standard error shows how much units vary.
        size: of the effect; None or 0 if it is unknown.
        power: probability of detection, two-sided at the level of the effect.

    Examples:
        >>> import polars as pl
        >>> from relkit.measurement.designs import Design
        >>> rows = {"arm": ["treated", "control"] * 50, "net": [0.0, 1.0, 2.0, 3.0, 4.0] * 20}
        >>> units_to_detect(Design.of(pl.DataFrame(rows), propensity=None, wave=None, cluster=None).effect("net"), 0.5)
        257
    """
    if not net.se or not size:
        return None
    reach = float(ndtri((1 + net.level) / 2) + ndtri(power))
    needed = (net.n_treated + net.n_control) * (reach * net.se / size) ** 2
    return math.ceil(needed) if needed < _MOST_UNITS else None


_MOST_UNITS = 1e12


def _decided(net: Effect, guardrails: Sequence[Guardrail], *, is_mismatch: bool) -> tuple[Decision, Text]:
    if is_mismatch:
        return "not_measurable", _MISMATCH
    if net.low is None or net.high is None:
        return "not_measurable", _UNKNOWN.filled(reason=net.reason)
    breached = [guardrail.measure for guardrail in guardrails if guardrail.state == "breached"]
    if breached:
        return "stop", _BREACHED.filled(measures=", ".join(breached))
    if net.high < 0:
        return "stop", _LOSS
    if net.low <= 0:
        return "retest", _RETEST
    unclear = [guardrail.measure for guardrail in guardrails if guardrail.state == "unclear"]
    return "continue", _GAIN_UNCLEAR.filled(measures=", ".join(unclear)) if unclear else _GAIN


def _undecided(needed: int | None, drawn: int, available: int | None, sentence: Text) -> tuple[Decision, Text]:
    """Return whether a retest could settle it."""
    if needed is None:
        return "not_measurable", _NO_SIZE
    if available is not None and needed > available:
        return "not_measurable", _TOO_MANY.filled(needed=_number(needed), available=_number(available))
    return "retest", sentence.filled(needed=_number(needed), drawn=_number(drawn))


def _number(count: int) -> Text:
    return Text(f"{count:,}", french(count))


_MISMATCH = Text(
    "The sizes of the arms contradict the planned shares, so that treated and control cannot be compared: find out why before measuring.",
    "Les tailles des groupes contredisent les parts prévues : les groupes ne sont pas comparables, cherchez la cause avant de mesurer.",
)
_UNKNOWN = Text("There is no interval of the net margin. {reason}", "La marge nette n’a pas d’intervalle. {reason}")
_BREACHED = Text(
    "The action harms a guardrail by more than the margin tolerated: {measures}.",
    "L’action dégrade un garde-fou au-delà de la marge tolérée : {measures}.",
)
_LOSS = Text(
    "Net of its cost, the action lost margin: its whole interval lies below 0.",
    "Coût déduit, l’action a perdu de la marge : tout l’intervalle est inférieur à 0.",
)
_GAIN = Text(
    "Net of its cost, the action added margin: its whole interval lies above 0.",
    "Coût déduit, l’action a rapporté de la marge : tout l’intervalle est supérieur à 0.",
)
_GAIN_UNCLEAR = Text(
    "Net of its cost, the action added margin: its whole interval lies above 0. It is not shown yet that these are unharmed: {measures}.",
    "Coût déduit, l’action a rapporté de la marge : tout l’intervalle est supérieur à 0. L’absence de préjudice n’est pas établie pour :"
    " {measures}.",
)
_NO_SIZE = Text(
    "The interval of the net margin contains 0, and no number of units would settle an effect this small.",
    "L’intervalle de la marge nette contient 0, et aucun effectif ne trancherait un effet aussi faible.",
)
_TOO_MANY = Text(
    "The interval of the net margin contains 0; {needed} units would be needed to settle it, and there are {available}.",
    "L’intervalle de la marge nette contient 0 ; il faudrait {needed} unités pour trancher, et il y en a {available}.",
)
_RETEST = Text(
    "The interval of the net margin contains 0: gain and loss are both possible. With {needed} units instead of {drawn}, a test detects an"
    " effect that pays for the action with 80 % probability.",
    "L’intervalle de la marge nette contient 0 : gain et perte sont possibles. Avec {needed} unités au lieu de {drawn}, un test détecterait"
    " un effet qui rembourse l’action avec une probabilité de 80 %.",
)
_RETEST_SMALL = Text(
    "The interval of the net margin contains 0, although the units drawn ({drawn}) were enough to detect an effect that pays for the"
    " action: a gain, if there is one, is small. An effect of the size estimated needs {needed} units.",
    "L’intervalle de la marge nette contient 0, alors que les unités tirées ({drawn}) suffisaient à détecter un effet qui rembourse"
    " l’action : un gain éventuel est faible. Un effet de la taille estimée demande {needed} unités.",
)

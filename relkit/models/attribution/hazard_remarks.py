"""Sentences on a fit of incremental credit: what it rests on, and what it cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relkit.models.attribution.credit_remarks import FEW_CONVERSIONS, named
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from relkit.models.attribution.coded_timelines import CodedTimelines, Floats
    from relkit.models.attribution.hazard_credit import GroupCredit
    from relkit.models.attribution.hazard_estimate import Estimate
    from relkit.models.attribution.incremental import Incremental

FROM_FIRST_TOUCH_SHARE = 0.9
"""Share of people known from their first touch on from which the baseline is hardly known."""
SELF_TOUCH_DAYS = 1 / 1440
"""A touch within this time before a conversion is part of it: one minute."""
BASELINE_HARDLY_KNOWN = "incremental_baseline_hardly_known"
FIRST_ORDERS = "incremental_first_orders_compare_little"
PART_OF_CONVERSIONS = "incremental_touches_part_of_conversions"
WITHOUT_BASELINE = (BASELINE_HARDLY_KNOWN, FIRST_ORDERS, PART_OF_CONVERSIONS)
"""Codes of remarks under which the number of conversions that would have come anyway is not to be stated."""
SELF_TOUCH_SHARE = 0.05
"""Share of conversions that come with a touch of the same minute from which this is stated."""


def incremental_remarks(timelines: CodedTimelines, estimate: Estimate, credit: GroupCredit, settings: Incremental) -> tuple[Remark, ...]:
    """Return the remarks on a fit.

    Args:
        timelines: all people.
        estimate: the fitted effects.
        credit: of all conversions.
        settings: of the fit.
    """
    preceded = _preceded(estimate, len(timelines.names))
    own = [
        _observational(),
        _known_from_first_touch(timelines),
        _first_orders(settings),
        _one_channel(timelines),
        _never_before(timelines, preceded),
        _few(timelines, preceded),
        _part_of_conversion(timelines),
        _negative(timelines, credit),
    ]
    return tuple(remark for remark in own if remark is not None)


def _observational() -> Remark:
    return Remark(
        "incremental_without_experiment",
        "Incremental credit compares people with themselves at other times. What makes people both meet a channel and buy at the same "
        "moment stays in it; only an experiment (lift_tests) removes it.",
        "Le crédit incrémental compare chaque personne à elle-même à d’autres moments. Ce qui amène au même instant un contact et un achat "
        "y reste compris ; seule une expérience (lift_tests) l’écarte.",
    )


def _known_from_first_touch(timelines: CodedTimelines) -> Remark | None:
    """Remark on data that begin for each person with a touch, as exports of advertising have it."""
    reached = np.flatnonzero(np.diff(timelines.touch_offsets) > 0)
    known = int((timelines.from_day[reached] >= timelines.touch_days[timelines.touch_offsets[reached]]).sum())
    n = timelines.people
    if known < FROM_FIRST_TOUCH_SHARE * n:
        return None
    return Remark(
        BASELINE_HARDLY_KNOWN,
        f"{known:,} of {n:,} people are known from their first touch on, and none of them before it: what would have come without any "
        "channel can hardly be told from the effects. Add customers without a touch, and their orders.",
        f"{french(known)} personnes sur {french(n)} ne sont connues qu’à partir de leur premier contact : ce qui serait venu sans aucun "
        "canal se distingue mal des effets. Ajoutez les clients sans contact, et leurs commandes.",
    )


def _first_orders(settings: Incremental) -> Remark | None:
    if settings.conversion != "first_order":
        return None
    return Remark(
        FIRST_ORDERS,
        "Each person has one first order, and nothing after it counts: comparing people with themselves rests on little, and credit may be "
        "too low for channels that reach them long before.",
        "Chaque personne n’a qu’une première commande, et rien de ce qui suit ne compte : la comparaison avec elle-même repose sur peu, et "
        "le crédit des canaux qui l’atteignent longtemps avant peut être trop faible.",
    )


def _one_channel(timelines: CodedTimelines) -> Remark | None:
    if len(timelines.names) > 1:
        return None
    return Remark(
        "incremental_one_channel_only",
        f"All touches are of one channel, {timelines.names[0]}.",
        f"Tous les contacts relèvent d’un seul canal, {timelines.names[0]}.",
    )


def _never_before(timelines: CodedTimelines, preceded: Floats) -> Remark | None:
    absent = timelines.names.filter(np.asarray(preceded == 0)).to_list()
    if not absent:
        return None
    return Remark(
        "incremental_channels_never_before_a_conversion",
        f"No conversion came within the lookback after a touch of {named(absent, 'en')}.",
        f"Aucune conversion n’a suivi, dans la fenêtre, un contact de {named(absent, 'fr')}.",
    )


def _few(timelines: CodedTimelines, preceded: Floats) -> Remark | None:
    few = timelines.names.filter(np.asarray((preceded > 0) & (preceded < FEW_CONVERSIONS))).to_list()
    if not few:
        return None
    return Remark(
        "incremental_channels_with_few_conversions",
        f"Fewer than {FEW_CONVERSIONS} conversions followed a touch of {named(few, 'en')}: their credit rests on little.",
        f"Moins de {FEW_CONVERSIONS} conversions ont suivi un contact de {named(few, 'fr')} : leur crédit repose sur peu.",
    )


def _part_of_conversion(timelines: CodedTimelines) -> Remark | None:
    """Remark on touches that are recorded with the sale itself: they cannot cause it."""
    n = len(timelines.order_days)
    at = _same_minute(timelines)
    if at < SELF_TOUCH_SHARE * n:
        return None
    return Remark(
        PART_OF_CONVERSIONS,
        f"{at:,} of {n:,} conversions come within a minute of a touch: such a touch may be the conversion itself as the source records it, "
        "and is then credited with what it did not cause.",
        f"{french(at)} conversions sur {french(n)} surviennent dans la minute d’un contact : ce contact peut être la conversion elle-même "
        "telle que la source l’enregistre, et se voit alors créditer ce qu’il n’a pas causé.",
    )


def _same_minute(timelines: CodedTimelines) -> int:
    """Return the number of conversions within a minute after a touch of the same person."""
    stride = max(float(timelines.until_day.max()), float(timelines.touch_days.max()), float(timelines.order_days.max())) + 1.0
    touched = np.repeat(np.arange(timelines.people), np.diff(timelines.touch_offsets)) * stride + timelines.touch_days
    ordered = timelines.order_people * stride + timelines.order_days
    before = np.searchsorted(touched, ordered, side="right") - 1
    known = before >= 0
    return int((ordered[known] - touched[before[known]] <= SELF_TOUCH_DAYS).sum())


def _negative(timelines: CodedTimelines, credit: GroupCredit) -> Remark | None:
    below = timelines.names.filter(np.asarray(credit.sums[0, 0] < 0)).to_list()
    if not below:
        return None
    return Remark(
        "incremental_negative_credit",
        f"After touches of {named(below, 'en')}, fewer conversions came than without them. Effects are not forced to be positive: see "
        "whether the interval includes 0.",
        f"Après les contacts de {named(below, 'fr')}, il est venu moins de conversions que sans eux. Les effets ne sont pas forcés d’être "
        "positifs : voir si l’intervalle contient 0.",
    )


def _preceded(estimate: Estimate, channels: int) -> Floats:
    """Return the conversions preceded by each channel."""
    each = estimate.data.exposures
    channel = estimate.form.channel_of[each.order_codes]
    order = np.repeat(np.arange(len(each.order_code_offsets) - 1), np.diff(each.order_code_offsets))
    pairs = np.unique(order * channels + channel)
    return np.bincount(pairs % channels, minlength=channels).astype(np.float64)

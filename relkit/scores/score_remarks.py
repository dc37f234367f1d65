"""Remarks on scores: those on the data, on the fits behind them and on the scoring, each once, with the scores concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OF_THE_FIT_ALONE = frozenset(
    {"ends_by_cause", "sampled_periods", "rhythm_chosen", "too_few_takers", "features_set_aside", "drawn_to_learn"}
)
"""Codes of remarks on a fit that do not affect how its scores are read: they stay with the version."""


def noticed_with(
    *,
    before: Sequence[Remark],
    fits: Mapping[str, Sequence[Remark]],
    now: Iterable[tuple[str, Remark]],
    scores: Mapping[str, Sequence[str]],
) -> tuple[Remark, ...]:
    """Return the remarks on scores.

    The same remark on the data of a fit and on the data of today is given once: that of today, about the scores of the model.

    Args:
        before: remarks of the check and the features.
        fits: by model, the remarks of its version.
        now: model and remark of the scoring; an empty model if it concerns no single one.
        scores: by model, the names of its scores.

    Examples:
        >>> short = Remark("season_hardly_told", "The history is short.", "L’historique est court.")
        >>> found = noticed_with(before=(), fits={"a": [short]}, now=(), scores={"a": ["p_alive"]})
        >>> [(remark.code, remark.about) for remark in found]
        [('season_hardly_told', ('p_alive',))]
    """
    kept = {name: [remark for remark in remarks if remark.code not in OF_THE_FIT_ALONE] for name, remarks in fits.items()}
    today = {remark.code for remark in before}
    of_fits = [remark.on(scores.get(name, ())) for name, remarks in kept.items() for remark in remarks if remark.code not in today]
    of_scoring = [remark.on(scores.get(name, ())) if name else remark for name, remark in now if name or remark.code not in today]
    return unique((*(_concerning(remark, kept, scores) for remark in before), *of_fits, *of_scoring))


def _concerning(remark: Remark, fits: Mapping[str, Sequence[Remark]], scores: Mapping[str, Sequence[str]]) -> Remark:
    """Return a remark on the data of today, about the scores of the models whose fit has the same remark."""
    models = [name for name, remarks in fits.items() if any(each.code == remark.code for each in remarks)]
    found = [score for name in models for score in scores.get(name, ())]
    return remark.on((*remark.about, *found)) if found else remark

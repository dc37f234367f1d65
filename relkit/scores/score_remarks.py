"""The remarks that go with scores: those of the data, of the fits behind them and of the scoring, each once, about the scores concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OF_THE_FIT_ALONE = frozenset({"ends_by_cause", "sampled_periods", "rhythm_chosen"})
"""Codes of remarks that tell how a fit went and change no reading of its scores: they stay with the version."""


def noticed_with(
    *,
    before: Sequence[Remark],
    fits: Mapping[str, Sequence[Remark]],
    now: Iterable[tuple[str, Remark]],
    scores: Mapping[str, Sequence[str]],
) -> tuple[Remark, ...]:
    """Return the remarks that go with scores.

    What a fit noticed of its data and what was noticed of the data of today is one remark: that of today, about the scores of the model.

    Args:
        before: what the check and the features noticed.
        fits: by model, what its version noticed.
        now: model and remark of the scoring; an empty model where it is about no single one.
        scores: by model, the names of the scores it is behind.

    Examples:
        >>> short = Remark("season_hardly_told", "The history is short.", "L’historique est court.")
        >>> told = noticed_with(before=(), fits={"a": [short]}, now=(), scores={"a": ["p_alive"]})
        >>> [(remark.code, remark.about) for remark in told]
        [('season_hardly_told', ('p_alive',))]
    """
    kept = {name: [remark for remark in said if remark.code not in OF_THE_FIT_ALONE] for name, said in fits.items()}
    today = {remark.code for remark in before}
    of_fits = [remark.on(scores.get(name, ())) for name, said in kept.items() for remark in said if remark.code not in today]
    of_scoring = [remark.on(scores.get(name, ())) if name else remark for name, remark in now if name or remark.code not in today]
    return unique((*(_concerning(remark, kept, scores) for remark in before), *of_fits, *of_scoring))


def _concerning(remark: Remark, fits: Mapping[str, Sequence[Remark]], scores: Mapping[str, Sequence[str]]) -> Remark:
    """Return a remark on the data of today, about the scores of the models whose fit noticed the same."""
    models = [name for name, said in fits.items() if any(each.code == remark.code for each in said)]
    found = [score for name in models for score in scores.get(name, ())]
    return remark.on((*remark.about, *found)) if found else remark

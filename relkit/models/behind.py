"""Remark on a model that is clearly behind another candidate of the comparison that was made of its family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.models.roles import ComparisonTexts

LEAST = 0.001
"""Smallest difference of the log-scores that matters, as in the choice among models."""
_MOST = 3


def behind(
    model: str, table: pl.DataFrame, differences: pl.DataFrame, measures: Mapping[str, str], texts: ComparisonTexts
) -> Remark | None:
    """Return the remark that another candidate is clearly ahead of a model; None if none is, or if the model was not compared.

    A candidate is ahead if its log-score is clearly better (95 % interval, and by `LEAST`) and no measure of the comparison
    is clearly worse; of several, the one with the best log-score is named.

    Args:
        model: that makes the scores.
        table: of the comparison, one row per model.
        differences: of the comparison: model, other, measure, difference (first minus other), lower, upper.
        measures: which values are better: lower, higher, or one (not used), by name.
        texts: names of the measures in both languages.

    Examples:
        >>> import polars as pl
        >>> from relkit.models.survival.family import FAMILY
        >>> table = pl.DataFrame({"model": ["survival.cox", "survival.boosted_hazard"], "log_score": [-0.7, -0.6]})
        >>> row = {"model": "survival.boosted_hazard", "other": "survival.cox", "measure": "log_score"}
        >>> differences = pl.DataFrame([{**row, "difference": 0.1, "lower": 0.05, "upper": 0.15}])
        >>> print(behind("survival.cox", table, differences, FAMILY.yardstick.measures, FAMILY.texts).en)
        survival.boosted_hazard is clearly ahead of survival.cox on the customers that judged both: log-score -0.6000 against -0.7000.
    """
    values = {row["model"]: row for row in table.iter_rows(named=True)}
    ahead = [name for name in values if name != model and _is_ahead(name, model, differences, measures)]
    if model not in values or not ahead:
        return None
    best = max(ahead, key=lambda name: values[name]["log_score"])
    clear = [measure for measure in texts.measures if measure in values[model] and measure in _better(best, model, differences, measures)]
    pairs = [(measure, values[best][measure], values[model][measure]) for measure in clear[:_MOST]]
    en = "; ".join(f"{_short(texts.measures[name]['en'])} {one:.4f} against {other:.4f}" for name, one, other in pairs)
    fr = " ; ".join(f"{_short(texts.measures[name]['fr'])} {french(one, 4)} contre {french(other, 4)}" for name, one, other in pairs)
    return Remark(
        "behind_another_model",
        f"{best} is clearly ahead of {model} on the customers that judged both: {en}.",
        f"{best} fait nettement mieux que {model} sur les clients qui ont servi à juger les deux : {fr}.",
    )


def _short(name: str) -> str:
    """Return the name of a measure without its explanation, in lower case but for initials."""
    plain = name.partition(" (")[0].partition(",")[0]
    return plain if plain[:2].isupper() else plain[:1].lower() + plain[1:]


def _better(one: str, other: str, differences: pl.DataFrame, measures: Mapping[str, str]) -> set[str]:
    """Return the measures on which the first model is clearly better."""
    found = set()
    for first, second, measure, difference, low, high in differences.select(
        "model", "other", "measure", "difference", "lower", "upper"
    ).iter_rows():
        if (first, second) != (one, other) or low is None or high is None or measures.get(measure) not in ("lower", "higher"):
            continue
        surely = high < 0 if measures[measure] == "lower" else low > 0
        if surely and (measure != "log_score" or abs(difference) >= LEAST):
            found.add(measure)
    return found


def _is_ahead(one: str, other: str, differences: pl.DataFrame, measures: Mapping[str, str]) -> bool:
    return "log_score" in _better(one, other, differences, measures) and not _better(other, one, differences, measures)

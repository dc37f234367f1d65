"""Comparison of models of effects on one holdout, and the rule that selects one.

No effect of a single customer is ever observed; what stands for it is the doubly robust score of each unit, unbiased and very noisy. The
mean squared distance from it, the doubly robust loss, differs between two models as their squared errors do, and the noise cancels in
part, as both are measured on the same units.

The rule is that of one standard error (Breiman et al. 1984): of the models whose loss is above the smallest by no more than one standard
error of the difference, unit by unit, the one is taken that distinguishes customers least: whose forecast effects have the smallest
standard deviation. What a campaign cannot tell is then not claimed. Qini and AUTOC are shown with intervals and decide nothing: a model
may rank well and promise twice what comes.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.metrics.calibration import quantile_groups
from relkit.metrics.resamples import Measured
from relkit.models.comparison import COURSE, GROUPS, ModelComparison, Trialled, Yardstick, compared, must_be_some
from relkit.models.uplift.judging import figures_of, judged_units
from relkit.models.uplift.unit_rows import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from relkit.metrics.uplift_figures import UpliftFigure
    from relkit.models.uplift.judging import Judged

MEASURES = {"dr_loss": "lower", "qini": "higher", "autoc": "higher"}
YARDSTICK = Yardstick(
    measures=MEASURES,
    error="dr_loss",
    called="doubly robust loss",
    shown={"dr_loss": "doubly robust loss", "qini": "Qini", "autoc": "AUTOC"},
    digits={"dr_loss": 5, "qini": 5, "autoc": 5},
)
_TENTHS, _FEWEST_IN_GROUP = 10, 40


def compare_models(
    fitted: Mapping[str, Any],
    features: Mapping[str, pl.DataFrame],
    outcomes: pl.DataFrame,
    *,
    past: pl.DataFrame | None = None,  # noqa: ARG001 same signature in all families
    replicates: int = 200,
    seed: int = 0,
) -> ModelComparison:
    """Return the comparison of fitted models on units drawn later, or not learnt from, and the one that the rule selects.

    They are judged on the units that all of them can score, by the same doubly robust scores: those of the first model.

    Args:
        fitted: models by name.
        features: what each scores, by the same names.
        outcomes: as `Model.judge` takes them.
        past: not read.
        replicates: draws from the joint distribution of all measures, from which intervals are taken.
        seed: of the draws.

    Raises:
        ParameterError: no model was given.
        NotEnoughEventsError: no unit of the holdout can be judged.
    """
    must_be_some(fitted)
    rows = _in_common(features)
    judged = _on_the_same_scores({name: judged_units(model, rows[name], outcomes) for name, model in fitted.items()})
    figures = {name: figures_of(each) for name, each in judged.items()}
    first = next(iter(judged.values()))
    trial = Trialled(
        fitted=fitted,
        parameters={name: parameters_of(model) for name, model in fitted.items()},
        measured=_drawn(list(figures.values()), replicates, seed),
        customers=sum(len(each.outcome) for each in first),
        days=float(next(iter(fitted.values())).settings.horizon_days),
        groups=_groups(judged),
        course=pl.DataFrame(schema=COURSE),
    )
    spreads = {name: float(np.std(np.concatenate([each.uplift for each in of_model]))) for name, of_model in judged.items()}
    return compared(trial, YARDSTICK, taken=taken({name: each["dr_loss"] for name, each in figures.items()}, spreads))


def taken(losses: Mapping[str, UpliftFigure], spreads: Mapping[str, float]) -> tuple[str, str]:
    """Return the model that the rule of one standard error takes, and the sentence that explains why.

    Args:
        losses: doubly robust loss of each model, on the same units.
        spreads: standard deviation of its forecast effects.
    """
    best = min(losses, key=lambda name: (losses[name].estimate, spreads[name]))
    apart = {name: loss.minus(losses[best]) for name, loss in losses.items()}
    level = [name for name, each in apart.items() if each.estimate <= each.std_error]
    chosen = min(level, key=lambda name: (spreads[name], name))
    if len(losses) == 1:
        return chosen, f"{chosen} was chosen: there was no other candidate to judge."
    if len(level) == 1:
        return chosen, f"{chosen} was chosen: its doubly robust loss is below those of all others by more than one standard error."
    others = ", ".join(name for name in level if name != chosen)
    why = f"of the models within one standard error of the smallest doubly robust loss (with it {others})"
    return chosen, f"{chosen} was chosen: {why} it distinguishes customers least, and claims no more than the campaign shows."


def parameters_of(fitted: Any) -> int:
    """Return the number of leaves of all trees of a model."""
    trees = [response.trees for model in fitted.models for effect in model.effects for response in effect.responses]
    return sum(int((each.left == np.arange(len(each.left))).sum()) for each in trees)


def _in_common(features: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of units that all of the frames have."""
    frames = list(features.values())
    keys = [name for name in KEY if all(name in frame.columns for frame in frames)]
    known = reduce(lambda ids, frame: ids.join(frame, on=keys, how="semi"), frames).select(keys)
    return {name: frame.join(known, on=keys, how="semi") for name, frame in features.items()}


def _on_the_same_scores(judged: Mapping[str, tuple[Judged, ...]]) -> dict[str, tuple[Judged, ...]]:
    """Return the units of each model with the doubly robust scores of the first."""
    first = next(iter(judged.values()))
    return {name: tuple(each.scored_as(other) for each, other in zip(own, first, strict=True)) for name, own in judged.items()}


def _drawn(figures: Sequence[Mapping[str, UpliftFigure]], replicates: int, seed: int) -> Measured:
    """Return the measures of the models, and draws from their joint normal distribution, whose covariance their influences give."""
    every = [[of_model[name] for name in MEASURES] for of_model in figures]
    flat = [figure for of_model in every for figure in of_model]
    values = np.array([figure.estimate for figure in flat])
    assert flat[0].cluster is not None
    sums = np.column_stack([np.bincount(flat[0].cluster, figure.influence) for figure in flat]) / len(flat[0].influence)
    rng = np.random.default_rng(seed)
    draws = rng.multivariate_normal(values, sums.T @ sums, size=replicates, method="eigh")
    shape = (len(every), len(MEASURES))
    return Measured(names=tuple(MEASURES), values=values.reshape(shape), draws=draws.reshape(replicates, *shape))


def _groups(judged: Mapping[str, tuple[Judged, ...]]) -> pl.DataFrame:
    """Return forecast and observed effects by tenth of the mean forecast of all models, the most moved first."""
    uplifts = {name: np.concatenate([each.uplift for each in own]) for name, own in judged.items()}
    scores = np.concatenate([each.scores for each in next(iter(judged.values()))])
    together = np.mean(list(uplifts.values()), axis=0)
    tenths = max(1, min(_TENTHS, len(together) // _FEWEST_IN_GROUP))
    group = np.unique(quantile_groups(-together, tenths), return_inverse=True)[1]
    size = np.bincount(group)
    columns = {"group": [str(i + 1) for i in range(len(size))], "customers": size, "seen": np.bincount(group, scores) / size}
    return pl.concat(
        pl.DataFrame({"model": name, **columns, "expected": np.bincount(group, uplift) / size}, schema_overrides=GROUPS).select(*GROUPS)
        for name, uplift in uplifts.items()
    )

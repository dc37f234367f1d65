"""Effects of actions in `relkit score`: the score of each action, and the table of scores by action with value and cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from relkit.errors import RelkitError
from relkit.jobs.scored import Found
from relkit.remarks import Remark

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.scored import Scored, ScoredModel
    from relkit.models.roles import Role


def effects_found(scored: Scored, model: ScoredModel, role: Role, rows: pl.DataFrame) -> Found:
    """Return the effects of actions as scores, and the table of scores by action.

    An action has no score for customers unlike those that it was drawn for. Those who refuse profiling are scored, to be counted when the
    scores are written without them; the table is without them from the start, and without customers who are protected from any contact.

    Args:
        scored: the findings so far.
        model: a model of the effects of actions.
        role: its role.
        rows: one row per customer that it can score.
    """
    import polars as pl

    from relkit.features.contactability import protected_customers
    from relkit.scores.action_scores import SCORES_BY_ACTION

    drawn, lacking = _drawn(scored, model)
    effects = _of_those_like_the_drawn(model.fitted.effects(rows), rows, drawn)
    protected = protected_customers(scored.tables, scored.as_of).select("customer_id")
    shown = effects.join(pl.concat([scored.refusing.select("customer_id"), protected]), on="customer_id", how="anti", maintain_order="left")
    table, worth = _table(scored, model, rows, shown, drawn)
    found = Found(scores=(_scores(scored, model, role, effects),), tables={SCORES_BY_ACTION: table})
    for remark in (lacking, None if worth else _no_value(model.fitted.settings.outcome)):
        found = found.noting(remark, model.name) if remark else found
    return found.saying(*_counted(effects, model.fitted.actions, len(rows)))


def _drawn(scored: Scored, model: ScoredModel) -> tuple[pl.DataFrame | None, Remark | None]:
    """Return the units drawn as of the day of scoring, those that the model learns from; None and a remark if there are none."""
    from relkit.features.drawn_units import Wanted, drawn_units

    try:
        return drawn_units(scored.tables, scored.as_of, Wanted.of(asdict(model.fitted.settings))), None
    except RelkitError:
        return None, _nobody_drawn(scored)


def _of_those_like_the_drawn(effects: pl.DataFrame, rows: pl.DataFrame, drawn: pl.DataFrame | None) -> pl.DataFrame:
    """Return the effects on customers like those drawn for each action."""
    import polars as pl

    from relkit.features.drawn_likeness import like_drawn
    from relkit.features.drawn_units import drivers_of

    if drawn is None:
        return effects
    parts = []
    for (action,), of_action in effects.group_by("action_id", maintain_order=True):
        alike = rows["customer_id"].filter(like_drawn(rows, drivers_of(drawn.filter(pl.col("action_id") == action))))
        parts.append(of_action.join(alike.to_frame(), on="customer_id", how="semi", maintain_order="left"))
    return pl.concat(parts) if parts else effects


def _scores(scored: Scored, model: ScoredModel, role: Role, effects: pl.DataFrame) -> Any:
    """Return the effects as a score table, one score for each action."""
    import polars as pl

    from relkit.scores.score_table import joined, to_long
    from relkit.scores.scoring import scores_given

    tables = []
    for score, kind in scores_given(model.fitted, role.scores, scored.terms.horizon_days).items():
        own = effects.filter(pl.col("action_id") == score.subject_id)
        wide = own.select("customer_id", pl.col("uplift").alias(str(score)))
        ends = tuple(own[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("low", "high"))
        bounds = {score: (ends[0], ends[1])} if scored.terms.intervals else None
        tables.append(to_long(wide, {score: kind}, as_of=scored.as_of.day, source=model.source, bounds=bounds))
    return joined(tables)


def _table(
    scored: Scored, model: ScoredModel, rows: pl.DataFrame, effects: pl.DataFrame, drawn: pl.DataFrame | None
) -> tuple[pl.DataFrame, bool]:
    """Return the table of scores by action, and whether its values are known."""
    import polars as pl

    from relkit.features.action_terms import costs_of_treating, has_costs, usual_channels
    from relkit.features.outcome_worth import outcome_worth
    from relkit.scores.action_scores import scores_by_action

    no_costs = pl.DataFrame(schema={"action_id": pl.String, "cost": pl.Float64})
    actions = pl.DataFrame({"action_id": model.fitted.actions}, schema={"action_id": pl.String})
    costs = costs_of_treating(drawn) if drawn is not None and has_costs(scored.tables) else no_costs
    terms = actions.join(usual_channels(scored.tables, scored.as_of), on="action_id", how="left").join(costs, on="action_id", how="left")
    worth = outcome_worth(scored.tables, scored.as_of, rows, model.fitted.settings.outcome)
    made = effects if scored.terms.intervals else effects.with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))
    return scores_by_action(made, terms, worth, currency=scored.tables.facts.currency), worth is not None


def _counted(effects: pl.DataFrame, actions: tuple[str, ...], customers: int) -> tuple[str, ...]:
    """Return a sentence for each action of which some customers have no score because they are unlike those drawn."""
    counts = dict(effects.group_by("action_id").len().iter_rows())
    return tuple(
        f"{action}: {counts.get(action, 0):,} of {customers:,} customers are like those drawn for it; the others have no score for it."
        for action in sorted(actions)
        if counts.get(action, 0) < customers
    )


def _no_value(outcome: str) -> Remark:
    return Remark(
        "no_value_of_effects",
        f"The effects are in units of {outcome}, whose worth in margin is not known: scores by action have no value.",
        f"Les effets sont exprimés en {outcome}, dont la valeur en marge n’est pas connue : les scores par action n’ont pas de valeur.",
    )


def _nobody_drawn(scored: Scored) -> Remark:
    day = scored.as_of.day
    return Remark(
        "nobody_drawn_yet",
        f"No unit drawn has a known outcome as of {day}: all customers are scored for all actions, and costs are not known.",
        f"Aucune unité tirée n’a de résultat connu au {day:%d/%m/%Y} : tous les clients ont un score pour toutes les actions, dont les "
        "coûts ne sont pas connus.",
    )

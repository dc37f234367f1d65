"""Scores of the champions, one model for each role: the version, the rows scored, and remarks on both.

    scored = scored_by_champions(scored, Champions(programme="default"))

Models of a role give the same scores, so in each role only the first model that has a champion and its columns is used; a model
fitted for comparison changes no scores unless it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError, TableError
from relkit.jobs.compared_models import behind_another
from relkit.jobs.scored import Found, ScoredModel, source_of
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    import polars as pl

    from relkit.jobs.scored import Scored
    from relkit.models.roles import Role
    from relkit.periods import AsOf
    from relkit.tracking.registry import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Group:
    """Models of one role, of which one is used.

    Attributes:
        role: the part that their scores play.
        models: in the order they are tried.
    """

    role: Role
    models: tuple[str, ...]

    @property
    def first(self) -> str:
        """The model that is tried first."""
        return self.models[0]


@dataclass(frozen=True, kw_only=True)
class Champions:
    """The registered versions available for scoring.

    Attributes:
        programme: the programme of the champions.
        models: the models named; empty for one in each role.
        hindsight: score a past day with the champions of today; otherwise with the versions in use then.
    """

    programme: str
    models: tuple[str, ...] = ()
    hindsight: bool = True

    def groups(self) -> tuple[Group, ...]:
        """Return the models to try in each role, first those that `relkit fit` chose within their family."""
        from relkit.models.catalogue import models_of, names, role_of, roles
        from relkit.tracking.registry import chosen_models

        if self.models:
            scoring = (name for name in self.models if name in names() and role_of(name).scores)
            return tuple(Group(role=role_of(name), models=(name,)) for name in scoring)
        chosen = chosen_models(self.programme)
        return tuple(
            Group(role=role, models=tuple(sorted(tried, key=lambda name: name not in chosen)))
            for role in roles()
            if role.scores and (tried := models_of(role))
        )

    def crediting(self) -> tuple[str, ...]:
        """Return the models that credit channels, of those named; all of them if none is named."""
        from relkit.models.catalogue import members, models_of, names, role_of, roles, side_by_side

        named = {model for name in self.models for model in (members(name) if name in side_by_side() else (name,))}
        if self.models and not any(role_of(name).credits_channels for name in named if name in names()):
            return ()  # nothing else is imported
        known = tuple(name for role in roles() if role.credits_channels for name in models_of(role))
        return tuple(name for name in known if name in named) if self.models else known

    def of(self, group: Group, as_of: AsOf) -> tuple[list[ModelVersion], str]:
        """Return the versions of a group available for scoring, and a sentence if there is none.

        Raises:
            ParameterError: a named model has no champion.
        """
        from relkit.tracking import registry

        registered = [registry.registered_name(name, self.programme) for name in group.models]
        if not self.hindsight:
            then = [version for name in registered if (version := registry.known_by(name, as_of.day))]
            return then, "" if then else _none_then(group, as_of)
        found = [version for name in registered if (version := registry.champion(name))]
        if found:
            return found, ""
        kin = ", nor has a model that gives the same scores" if len(group.models) > 1 else ""
        none, remedy = f"{group.first} has no champion to score with{kin}.", f"Run {command('fit', group.first)} first."
        if self.models:
            raise ParameterError(none, where="score", remedy=remedy)
        return [], f"{none} {remedy}"


def _none_then(group: Group, as_of: AsOf) -> str:
    fit = command("fit", group.first, as_of=as_of)
    return f"No version of {group.first} was trained as of {as_of} or earlier. To have one: {fit}."


def score_group(scored: Scored, group: Group, champions: Champions) -> tuple[Scored, str]:
    """Return the findings with the scores of the first model of a group whose champion can score these data.

    Returns:
        Second, the sentence on a group without a champion; empty if it has one, or if the data lack its tables.

    Raises:
        TableError: no champion of the group can score these data.
        ParameterError: a named model has no champion.
    """
    from relkit.families.bindings import absence, inputs_of, reads_with
    from relkit.tracking import registry

    if lacking := absence(group.first, scored.tables):
        return scored.with_(Found().saying(f"{group.first}: {lacking}, so it gives no scores.")), ""
    versions, none = champions.of(group, scored.as_of)
    for i, version in enumerate(versions):
        fitted, unit = registry.load(version), inputs_of(version.model, scored.tables).unit
        rows = scored.rows.of(version.model, reads_with(fitted))
        if rows.is_empty():
            return scored.with_(Found().saying(f"{version.model}: there are no {unit} to score as of {scored.as_of}.")), ""
        try:
            return _scored_by(scored, ScoredModel(version=version, fitted=fitted, rows=rows), group.role, champions.programme), ""
        except TableError as error:
            if version is versions[-1]:
                raise
            scored = scored.with_(Found().warning(f"{error} {versions[i + 1].model} scores instead."))
    return scored, none


def _scored_by(scored: Scored, model: ScoredModel, role: Role, programme: str) -> Scored:
    """Return the findings with the scores of one version."""
    from relkit.families.bindings import inputs_of
    from relkit.scores.scoring import scorable

    version = model.version
    kept, aside = scorable(model.rows, model.fitted.needs)
    unit = inputs_of(model.name, scored.tables).unit
    found = _made(scored, model, role, kept) + _on_rows(scored, model, kept, aside)
    sentence = f"{model.name} version {version.version}, trained as of {version.as_of}, scored {len(kept):,} {unit}."
    return scored.with_(found.saying(sentence) + _on_model(scored, model, programme)).with_model(model)


def _made(scored: Scored, model: ScoredModel, role: Role, kept: pl.DataFrame) -> Found:
    """Return the score table of a model, with the products that it recommends or the effects of actions if it gives some."""
    from relkit.jobs.effects_ahead import effects_found
    from relkit.jobs.next_products_ahead import products_recommended
    from relkit.scores.action_scores import MovesCustomers
    from relkit.scores.next_products import Recommends
    from relkit.scores.scoring import score_model

    terms, version = scored.terms, model.version
    try:
        if isinstance(model.fitted, Recommends):
            return products_recommended(scored, model, kept)
        if isinstance(model.fitted, MovesCustomers):
            return effects_found(scored, model, role, kept)
        table = score_model(
            model.fitted,
            kept,
            kinds=role.scores,
            as_of=scored.as_of.day,
            source=source_of(version),
            horizon_days=terms.horizon_days,
            intervals=terms.intervals,
        )
    except TableError as error:
        raise TableError(
            f"the champion, version {version.version}, cannot score these data: {error}",
            where=model.name,
            remedy=f"Fit it to them and promote that version: {command('fit', model.name)} --force --reason ...",
        ) from error
    return Found(scores=(table,))


def _on_rows(scored: Scored, model: ScoredModel, kept: pl.DataFrame, aside: int) -> Found:
    """Return remarks on the rows that a model scored: missing or new values."""
    from relkit.families.bindings import inputs_of
    from relkit.models.covariates import covariates_of
    from relkit.models.unseen_categories import unseen_categories

    inputs, found = inputs_of(model.name, scored.tables), Found()
    if aside:
        found = found.noting(_lacking(aside, len(model.rows), inputs.unit), model.name)
    known = covariates_of(model.fitted).values()
    for remark in unseen_categories(kept, known, who=inputs.unit, unnamed=scored.tables.personal_columns):
        found = found.noting(remark, model.name)
    return found


def _on_model(scored: Scored, model: ScoredModel, programme: str) -> Found:
    """Return remarks on the model itself: it learnt from later days, nobody ever leaves in it, or another is clearly ahead."""
    found = Found()
    if model.version.as_of > scored.as_of.day:
        found = found.noting(_knows_the_future(model.version, scored.as_of), model.name)
    if getattr(model.fitted, "nobody_leaves", False):
        found = found.noting(_nobody_leaves(model.name), model.name)
    behind = behind_another(model.name, programme, scored.as_of)
    return found.noting(behind, model.name) if behind else found


def calibration(scored: Scored) -> Found:
    """Return the calibration of the order probability: the days it was judged on, whether it was adjusted, and whether it held."""
    from relkit.models.lifetime_value.family import ORDER_PROBABILITY, ORDERS

    found: Any = next((each for model in scored.having(ORDERS) if (each := getattr(model.fitted, "order_calibration", None))), None)
    if found is None:
        return Found()
    facts = {"judged_on": found.spoken, "calibrated": found.changes, "holds": found.judged.holds}
    return Found(facts={ORDER_PROBABILITY.at(scored.terms.horizon_days): facts})


def _lacking(aside: int, rows: int, unit: str) -> Remark:
    return Remark(
        "lacks_a_value",
        f"{aside:,} of {rows:,} {unit} lack a value that it must know, and have no score.",
        f"Il manque à {french(aside)} lignes sur {french(rows)} une valeur dont le modèle a besoin : elles n’ont pas de score.",
    )


def _nobody_leaves(model: str) -> Remark:
    return Remark(
        "nobody_leaves",
        f"{model}: in this model nobody ever stops buying, so that it cannot tell which customers still buy.",
        f"{model} : dans ce modèle, aucun client ne cesse jamais d’acheter ; il ne peut donc pas dire lesquels achètent encore.",
        about=("p_alive",),
    )


def _knows_the_future(version: ModelVersion, as_of: AsOf) -> Remark:
    named, day = f"{version.model} version {version.version}", version.as_of
    return Remark(
        "knows_the_future",
        f"{named} was trained as of {day}, after {as_of}: it knows what happened then.",
        f"{named} a été entraîné sur les faits connus au {day:%d/%m/%Y}, après le {as_of.day:%d/%m/%Y} : il connaît la suite.",
    )

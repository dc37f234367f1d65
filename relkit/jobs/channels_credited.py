"""Credit of channels in `relkit score`: the champions of every model that gives some, side by side, with the spend on each channel.

The credit is that of the journeys that a version was fitted to: a version that learnt up to an earlier day than that of the scoring is
named in a remark, and so are versions that read other journeys than the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relkit.commands import command
from relkit.errors import ParameterError
from relkit.jobs.scored import Found, Scored, ScoredModel
from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from relkit.jobs.champion_scores import Champions
    from relkit.scores.channel_credit import ModelCredit
    from relkit.tracking.registry import ModelVersion


@dataclass(frozen=True, eq=False, kw_only=True)
class Credited:
    """A version that credits channels.

    Attributes:
        version: the registered version.
        fitted: the model itself.
        spend: the spend on channels up to its day (`relkit.features.channel_spend`).
    """

    version: ModelVersion
    fitted: Any
    spend: pl.DataFrame

    @property
    def part(self) -> ModelCredit:
        """Its part of the table."""
        from relkit.scores.channel_credit import ModelCredit

        return ModelCredit(model=self.version.model, credits=self.fitted.credits, worth=self.fitted.settings.worth, spend=self.spend)


@dataclass(frozen=True, kw_only=True)
class Available:
    """The versions that credit channels.

    Attributes:
        versions: one for each model that has one.
        absent: sentence on the data that no model could learn from; empty if there are some, or if there are versions.
        unfitted: sentence on models that were not fitted though there are data; empty if there are versions.
    """

    versions: tuple[ModelVersion, ...] = ()
    absent: str = ""
    unfitted: str = ""


def channels_credited(scored: Scored, champions: Champions) -> tuple[Scored, tuple[str, ...]]:
    """Return the findings with the table of credit, and a sentence if no model was fitted though the data have journeys.

    Raises:
        ParameterError: a named model has no champion.
    """
    available = versions_available(scored, champions)
    if not available.versions:
        said = scored.with_(Found().saying(available.absent)) if available.absent else scored
        return said, (available.unfitted,) if available.unfitted else ()
    credited = _with_spend(scored, available.versions)
    for each in credited:
        scored = scored.with_model(_as_model(each))
    return scored.with_(_found(scored, credited)), ()


def versions_available(scored: Scored, champions: Champions) -> Available:
    """Return the versions that credit channels as of the day of the scoring, of the models named or of all.

    Raises:
        ParameterError: a named model has no champion.
    """
    from relkit.families.bindings import absence

    names = champions.crediting()
    if not names:
        return Available()
    found = _versions(names, scored, champions)
    lacking = [name for name in names if name in champions.models and name not in {version.model for version in found}]
    if lacking and champions.hindsight:
        remedy = f"Run {command('fit', lacking[0])} first."
        raise ParameterError(f"{lacking[0]} has no champion that credits channels.", where="score", remedy=remedy)
    family = names[0].partition(".")[0]
    if found:
        return Available(versions=found)
    if absent := absence(family, scored.tables):
        return Available(absent=f"{family}: {absent}, so channels are given no credit.")
    fit = command("fit", f"{family}.all", as_of=None if champions.hindsight else scored.as_of)
    return Available(unfitted=f"No model of {family} has a version, so channels are given no credit. Run {fit} first.")


def _versions(names: Sequence[str], scored: Scored, champions: Champions) -> tuple[ModelVersion, ...]:
    """Return the champions of today, or the versions in use on the day."""
    from relkit.tracking import registry

    registered = [registry.registered_name(name, champions.programme) for name in names]
    if champions.hindsight:
        return tuple(version for name in registered if (version := registry.champion(name)))
    return tuple(version for name in registered if (version := registry.known_by(name, scored.as_of.day)))


def _with_spend(scored: Scored, versions: Sequence[ModelVersion]) -> list[Credited]:
    """Return the versions with their models and the spend up to their days, read once for each day and length of periods."""
    from relkit.features.channel_spend import channel_spend
    from relkit.models.base import edge_of
    from relkit.tracking import registry

    read: dict[object, pl.DataFrame] = {}
    credited = []
    for version in versions:
        fitted: Any = registry.load(version)
        edge, period = edge_of(fitted.info, scored.tables.facts.business_zone), fitted.settings.period
        if (edge, period) not in read:
            read[edge, period] = channel_spend(scored.tables, edge, period=period)
        credited.append(Credited(version=version, fitted=fitted, spend=read[edge, period]))
    return credited


def _as_model(credited: Credited) -> ScoredModel:
    import polars as pl

    return ScoredModel(version=credited.version, fitted=credited.fitted, rows=pl.DataFrame())


def _found(scored: Scored, credited: Sequence[Credited]) -> Found:
    """Return the table, its record and the remarks."""
    from relkit.features.margin_rate import margin_rate
    from relkit.scores.channel_credit import CHANNEL_CREDIT, channel_credit
    from relkit.tables.findings import counted

    known = margin_rate(scored.tables, scored.as_of) if scored.tables.has("transactions") else None
    given = scored.terms.margin_rate
    rate = given if given is not None else known.rate if known else None
    table = channel_credit([each.part for each in credited], margin_rate=rate)
    record = {"models": {each.version.model: _record(each) for each in credited}, "margin_rate": rate}
    found = Found(tables={CHANNEL_CREDIT: table}, records={CHANNEL_CREDIT: record})
    channels, models = counted(table["channel"].n_unique(), "channel"), counted(len(credited), "model")
    found = found.saying(f"Credit of {channels} by {models}.", *_unattributed(credited))
    for remark in _remarks(scored, credited):
        found = found.noting(remark.on([CHANNEL_CREDIT]))
    return found


def _record(credited: Credited) -> dict[str, Any]:
    """Return the record of a version: its origin, its settings of journeys, and the totals of what it credited."""
    version, fitted = credited.version, credited.fitted
    return {
        "version": version.version,
        "registered": version.name,
        "trained_as_of": str(version.as_of),
        "run_id": version.run_id,
        "metric": {"name": version.metric, "value": version.metric_value, "holdout": version.holdout} if version.metric else None,
        "level": fitted.settings.level,
        "reads_with": _plain(fitted.settings.reads_with),
        "totals": [{name: _day(value) for name, value in row.items()} for row in fitted.totals.to_dicts()],
    }


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def _day(value: Any) -> Any:
    from datetime import date

    return value.isoformat() if isinstance(value, date) else value


def _unattributed(credited: Sequence[Credited]) -> list[str]:
    """Return a sentence on the conversions that no channel is credited with, by the share that models give to none."""
    shares = {each.version.model: _share_without(each.fitted.totals) for each in credited}
    known = {model: share for model, share in shares.items() if share is not None}
    if not known:
        return []
    low, high = min(known.values()), max(known.values())
    span = f"{low:.1%}" if round(low, 3) == round(high, 3) else f"{low:.1%} to {high:.1%}, depending on the model,"
    return [f"{span} of the conversions are credited to no channel."]


def _share_without(totals: pl.DataFrame) -> float | None:
    """Return the share of all conversions that no channel is credited with; None without conversions."""
    import polars as pl

    whole = totals.filter(pl.col("segment").is_null(), pl.col("period").is_null()).select("unattributed", "conversions")
    unattributed, conversions = whole.row(0)
    return unattributed / conversions if conversions else None


def _remarks(scored: Scored, credited: Sequence[Credited]) -> list[Remark]:
    """Return the remarks on the versions and on the spend."""
    from relkit.scores.channel_credit import unpriced

    days = sorted({each.version.as_of for each in credited})
    remarks = [_earlier(days[0], scored)] if days[0] < scored.as_of.day else []
    remarks += [_later(days[-1], scored)] if days[-1] > scored.as_of.day else []
    if len(days) > 1 or _read_differently(credited):
        remarks.append(_other_journeys())
    known = [each.spend for each in credited if len(each.spend)]
    if partly := {name: share for name, share in unpriced(known).items() if share > 0}:
        remarks.append(_partly_priced(partly))
    if without := _without_touch(credited):
        remarks.append(_paid_without_touch(without))
    return remarks


def _read_differently(credited: Sequence[Credited]) -> bool:
    """Return whether two models read journeys with different values of a setting that both have."""
    values: dict[str, set[str]] = {}
    for each in credited:
        settings = each.fitted.settings
        for name in settings.reads_with.keys() - settings.not_taken():
            values.setdefault(name, set()).add(str(settings.reads_with[name]))
    return any(len(found) > 1 for found in values.values())


def _without_touch(credited: Sequence[Credited]) -> list[str]:
    """Return the channels with a declared cost that no touchpoint names."""
    import polars as pl

    return sorted({name for each in credited for name in each.spend.filter(pl.col("touches") == 0)["channel"]})


def _earlier(day: date, scored: Scored) -> Remark:
    return Remark(
        "credit_of_earlier_days",
        f"The credit of channels is that of journeys up to {day}: what came between that day and {scored.as_of} is not in it. Fit the "
        "models again to include it.",
        f"Le crédit des canaux porte sur les parcours jusqu’au {day:%d/%m/%Y} : ce qui s’est passé entre ce jour et le "
        f"{scored.as_of.day:%d/%m/%Y} n’y figure pas. Réentraînez les modèles pour l’inclure.",
    )


def _later(day: date, scored: Scored) -> Remark:
    return Remark(
        "credit_of_later_days",
        f"The credit of channels includes journeys up to {day}, after {scored.as_of}: it knows what happened then.",
        f"Le crédit des canaux comprend des parcours jusqu’au {day:%d/%m/%Y}, après le {scored.as_of.day:%d/%m/%Y} : il connaît la suite.",
    )


def _other_journeys() -> Remark:
    return Remark(
        "credit_of_different_journeys",
        "The models of the credit of channels were fitted to different days or with different settings of journeys (lookback, conversion, "
        "value): part of the difference between them comes from that. Fit all of them together to compare them.",
        "Les modèles du crédit des canaux ont été entraînés sur des jours différents ou avec des réglages de parcours différents (fenêtre, "
        "conversion, valeur) : une partie de leurs écarts en vient. Entraînez-les ensemble pour les comparer.",
    )


def _partly_priced(shares: dict[str, float]) -> Remark:
    from relkit.file_column import channel_in_words

    listed = {
        at: ", ".join(f"{channel_in_words(name)[at]} ({_percent(share, at)})" for name, share in shares.items()) for at in ("en", "fr")
    }
    return Remark(
        "cost_partly_known",
        f"The cost is known for only part of the touches of {listed['en']}: the spend on them is that part.",
        f"Le coût n’est connu que pour une partie des contacts de {listed['fr']} : leur dépense est celle de cette partie.",
    )


def _percent(share: float, language: str) -> str:
    return f"{share:.0%}" if language == "en" else f"{french(100 * share)} %"


def _paid_without_touch(names: Sequence[str]) -> Remark:
    listed = ", ".join(names)
    return Remark(
        "cost_without_touch",
        f"A cost is declared for {listed}, which no touchpoint names: no model can credit it.",
        f"Un coût est déclaré pour {listed}, qu’aucun point de contact ne mentionne : aucun modèle ne peut lui attribuer de crédit.",
    )

"""Registered models: numbered versions with their lineage, and the aliases champion and challenger.

    version = log_model(fitted, metric=..., metrics=...)        a run and a new version, no alias yet
    promote(version.name, version.version, reason="...")        the scoring job uses it from now on
    load_champion("lifetime_value.bg_nbd").score(features)

The same versions load with MLflow alone: `mlflow.pyfunc.load_model("models:/lifetime_value.bg_nbd@champion")`.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import relkit
from relkit.cards import Card, shown
from relkit.commands import command
from relkit.errors import ParameterError, StorageError
from relkit.models import catalogue, storage
from relkit.processes import this_process
from relkit.progress import quiet
from relkit.remarks import FILE, read_remarks, unique
from relkit.scratch import scratch
from relkit.tracking import embedded, runs, tickets
from relkit.tracking.descriptions import model_description, version_description
from relkit.tracking.embedded import StoredVersion
from relkit.tracking.refused_models import refusal, unchecked
from relkit.tracking.tickets import CHALLENGER, CHAMPION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl
    from mlflow.tracking import MlflowClient

    from relkit.models.base import Fitted, HoldoutMetric
    from relkit.periods import DrawnHoldout, Holdout
    from relkit.progress import Progress
    from relkit.remarks import Remark
    from relkit.tracking.promotion import Decision

DEFAULT_PROGRAMME = "default"
_PREFIX = tickets.PREFIX
_CHOSEN = f"{_PREFIX}chosen"
"""Tag of the registered model of a family that scores are made with."""
_FITTED = Path("artifacts", "fitted")
_POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A registered version and its lineage.

    Attributes:
        name: under which it is registered.
        version: its number, as text.
        aliases: champion, challenger, or others that people set.
        as_of: last day whose facts it learnt from.
        run_id: of the MLflow run that made it.
        created_at: UTC.
        programme: whose data it learnt from.
        metric, metric_value, metric_direction: its holdout result; None if there was none.
        holdout: what it was judged on, e.g. "1997-10-01 to 1998-06-30", or the customers drawn; empty if nothing.
        fingerprint: sha256 of the columns it was fitted on.
        tables: sha256 over the company's tables.
        relkit_version: that fitted it.
        git_commit: of the working directory at that time; empty outside a repository.
        reason: why it was or was not promoted.
        source: where MLflow keeps its files.
        digest: sha256 of the saved model; empty for a version registered before it was kept.
    """

    name: str
    version: str
    aliases: tuple[str, ...]
    as_of: date
    run_id: str
    created_at: datetime
    programme: str
    metric: str | None
    metric_value: float | None
    metric_direction: str | None
    holdout: str
    fingerprint: str
    tables: str
    relkit_version: str
    git_commit: str
    reason: str
    source: str
    digest: str = ""

    @property
    def model(self) -> str:
        """The model's name in the catalogue."""
        return self.name.removeprefix(f"{self.programme}.")

    def _repr_html_(self) -> str:
        """Return its notebook display: what it is, how it was judged, and where it comes from."""
        aliases = f" ({', '.join(self.aliases)})" if self.aliases else ""
        title = f"{self.name} version {self.version}{aliases}"
        judged = {"metric": self.metric, "value": self.metric_value, "holdout": self.holdout, "reason": self.reason}
        origin = {name: getattr(self, name) for name in ("as_of", "programme", "created_at", "relkit_version", "git_commit", "run_id")}
        return shown(Card(title).with_facts("Judged", judged).with_facts("From", origin))

    @property
    def is_champion(self) -> bool:
        """True for the version the scoring job uses."""
        return CHAMPION in self.aliases


def registered_name(model: str, programme: str = DEFAULT_PROGRAMME) -> str:
    """Return the name under which a programme registers a model: champions of different data never replace each other.

    Examples:
        >>> registered_name("survival.cox"), registered_name("survival.cox", "loyalty")
        ('survival.cox', 'loyalty.survival.cox')
    """
    return model if programme == DEFAULT_PROGRAMME else f"{programme}.{model}"


def log_model(
    fitted: Fitted,
    *,
    programme: str = DEFAULT_PROGRAMME,
    tables: str = "",
    metric: HoldoutMetric | None = None,
    metrics: Mapping[str, float] | None = None,
    holdout: Holdout | DrawnHoldout | None = None,
    params: Mapping[str, Any] | None = None,
    figures: Mapping[str, Any] | None = None,
    frames: Mapping[str, pl.DataFrame] | None = None,
    remarks: Sequence[Remark] = (),
    unit: str = "rows",
    decide: Callable[[ModelVersion | None], Decision] | None = None,
    progress: Progress = quiet,
) -> ModelVersion:
    """Write a fit as a run, register its model as a new version and return it; without `decide` it has no alias yet.

    Args:
        fitted: the model to keep.
        programme: whose data it learnt from.
        tables: sha256 over the company's tables.
        metric: the holdout metric by which versions are compared.
        metrics: all metrics of the holdout, `metric` among them.
        holdout: the split they were measured on.
        params: shown with the model's settings.
        figures: diagnostic plots by name.
        frames: small tables by name, kept as CSV with the run.
        remarks: on the data it learnt from; those of the fit itself are kept too.
        unit: what a row it learnt from is, e.g. "customers".
        decide: returns the decision on the version, given the champion; asked again for each other champion that fits at the same time
            make, so that the last answer counts. The version gets its alias by it.
        progress: receives the name of the fit for which it waits.

    Raises:
        StorageError: the store cannot be used.
    """
    name = registered_name(fitted.name, programme)
    given = dict(metrics or {})
    tags = _lineage(fitted, programme, tables, metric, given, holdout)
    noticed = unique((*remarks, *fitted.info.remarks))
    value = given.get(metric.name) if metric else None
    text = version_description(fitted, programme=programme, unit=unit, metric=metric, value=value, holdout=holdout, remarks=noticed)
    record = runs.Record(
        params=params or {}, metrics=given, tags=tags, figures=figures or {}, frames=frames or {}, remarks=noticed, description=text
    )
    ticket = {} if decide is None else {tickets.TICKET: this_process()}
    with runs.connected() as client, runs.logged_run(client, fitted, record) as logged:
        _register(client, name, model_description(fitted.name, programme))
        tags |= ticket | {f"{_PREFIX}model_digest": logged.digest}
        made = client.create_model_version(name, logged.source, run_id=logged.run_id, tags=tags, description=text, model_id=logged.model_id)
        if decide is not None:
            _compare(client, name, str(made.version), decide, progress)
    return _one(name, str(made.version))


def versions(name: str | None = None) -> list[ModelVersion]:
    """Return the versions of a model, newest first; of all models, by name, if none is given.

    Raises:
        ParameterError: no model of this name is registered.
    """
    found = _stored(name)
    if name is not None and not found:
        raise ParameterError.unknown("registered model", name, sorted({version.name for version in _stored()}), where="models")
    return [_read(version) for version in sorted(found, key=lambda v: (v.name, -int(v.version)))]


def champion(name: str) -> ModelVersion | None:
    """Return the version the scoring job uses, or None if the model was never fitted."""
    return next((_read(version) for version in _stored(name) if CHAMPION in version.aliases), None)


def known_by(name: str, day: date) -> ModelVersion | None:
    """Return the version that was in use on a day: it learnt from nothing later.

    That is the newest of those that were ever champion and learnt up to that day or an earlier one; if none was champion, the
    newest of all that learnt no further. None if every version knows later days.
    """
    own = [(_tags(v), v) for v in _stored(name)]
    early = [(tags, v) for tags, v in own if "as_of" in tags and date.fromisoformat(tags["as_of"]) <= day]
    used = [(tags, v) for tags, v in early if f"{CHAMPION}_since" in tags] or early
    _, newest = max(used, key=lambda found: (found[0]["as_of"], int(found[1].version)), default=({}, None))
    return None if newest is None else _read(newest)


def _stored(name: str | None = None, *, with_source: bool = True) -> list[StoredVersion]:
    """Return every version that relkit made, of one model or of all; those of a store on disk in one read, without loading MLflow.

    Args:
        name: of the registered model; None for all.
        with_source: look up where the files are, which costs a request per version on a server.
    """
    found = embedded.stored_versions(embedded.current())
    if found is None:
        with runs.connected() as client:
            models = client.search_registered_models(f"name = '{name}'" if name else None)
            found = [_of_server(client, version, with_source=with_source) for model in models for version in _versions_of(client, model)]
    # Versions registered by other tools carry none of our tags.
    own = [version for version in found if f"{_PREFIX}relkit_version" in version.tags]
    return own if name is None else [version for version in own if version.name == name]


def _versions_of(client: MlflowClient, model: Any) -> list[tuple[Any, tuple[str, ...]]]:
    """Return the versions of a registered model of a server with the aliases of each."""
    aliases = {alias: str(number) for alias, number in model.aliases.items()}
    found = client.search_model_versions(f"name = '{model.name}'")
    return [(v, tuple(sorted(alias for alias, number in aliases.items() if number == str(v.version)))) for v in found]


def _of_server(client: MlflowClient, version: tuple[Any, tuple[str, ...]], *, with_source: bool) -> StoredVersion:
    found, aliases = version
    source = str(client.get_model_version_download_uri(found.name, found.version)) if with_source else ""
    return StoredVersion(
        str(found.name), str(found.version), str(found.run_id), int(found.creation_timestamp), dict(found.tags), aliases, source
    )


def champion_versions(programme: str = DEFAULT_PROGRAMME) -> dict[str, str]:
    """Return the champion's version of every model of a programme; for a store on disk MLflow is not loaded."""
    names = {name: registered_name(name, programme) for name in catalogue.names()}
    store = embedded.current()
    if store.database is not None:
        champions = embedded.champions(store)
        return {name: champions[registered] for name, registered in names.items() if registered in champions}
    with runs.connected() as client:
        found = {name: _aliases(client, registered).get(CHAMPION) for name, registered in names.items()}
    return {name: version for name, version in found.items() if version}


def choose(model: str, programme: str = DEFAULT_PROGRAMME) -> None:
    """Mark a model as the one of its family that a programme scores with; any other one of the family loses the mark.

    The mark is set first: of two marks, as a command that is stopped leaves them, the later one counts.
    """
    chosen = registered_name(model, programme)
    names = [registered_name(name, programme) for name in catalogue.families()[model.partition(".")[0]]]
    with runs.connected() as client:
        client.set_registered_model_tag(chosen, _CHOSEN, datetime.now(UTC).isoformat())
        for name in names:
            marked = any(_CHOSEN in found.tags for found in client.search_registered_models(f"name = '{name}'"))
            if marked and name != chosen:
                client.delete_registered_model_tag(name, _CHOSEN)


def chosen_models(programme: str = DEFAULT_PROGRAMME) -> tuple[str, ...]:
    """Return the models marked by `choose`, at most one per family; a store on disk is read without MLflow."""
    names, marked = {registered_name(name, programme): name for name in catalogue.names()}, chosen_names()
    return tuple(name for registered, name in names.items() if registered in marked)


def chosen_names() -> set[str]:
    """Return the registered names, of all programmes, marked by `choose`."""
    store = embedded.current()
    if store.database is not None:
        return _latest(embedded.marked(store, _CHOSEN))
    with runs.connected() as client:
        return _latest({str(found.name): found.tags[_CHOSEN] for found in client.search_registered_models() if _CHOSEN in found.tags})


def _latest(marks: Mapping[str, str]) -> set[str]:
    """Return, of each family of each programme, the registered name that was marked last."""
    newest: dict[str, str] = {}
    for name in sorted(marks, key=lambda name: (marks[name], name)):
        newest[name.rpartition(".")[0]] = name
    return set(newest.values())


def saved_folder(version: ModelVersion) -> Path | None:
    """Return the folder that `relkit.models.storage` reads, relative to the working directory if inside it; None on a server."""
    local = _local(version.source)
    if local is None:
        return None
    folder = local / _FITTED
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def kept_frame(version: ModelVersion, name: str) -> pl.DataFrame | None:
    """Return a small table that was kept with the run of a version (`log_model`); None if there is none of that name."""
    import polars as pl

    with _kept_file(version, f"{name}.csv") as path:
        return None if path is None else pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)


def kept_remarks(version: ModelVersion) -> tuple[Remark, ...]:
    """Return the remarks made when a version was fitted; for one from before remarks were kept, its model's own."""
    noticed = () if version.digest else (unchecked(version),)
    with _kept_file(version, FILE) as path:
        if path is not None:
            return unique((*read_remarks(path), *noticed))
    return unique((*load(version).info.remarks, *noticed))


@contextmanager
def _kept_file(version: ModelVersion, name: str) -> Iterator[Path | None]:
    """Yield a file that was kept with the run of a version; None if there is none of that name."""
    artifacts = embedded.run_artifacts(embedded.current(), version.run_id)
    folder = _local(artifacts) if artifacts else None
    if folder is not None:
        yield folder / name if (folder / name).is_file() else None
        return
    with runs.connected() as client, scratch() as folder:
        there = any(found.path == name for found in client.list_artifacts(version.run_id))
        yield Path(client.download_artifacts(version.run_id, name, str(folder))) if there else None


def load(version: ModelVersion) -> Fitted:
    """Return the fitted model of a version, which is the one that was registered.

    Raises:
        StorageError: its files are damaged or are no longer those that were registered; the message names the version that
            would serve instead.
    """
    try:
        return _loaded(version)
    except StorageError as error:
        raise refusal(version, error, versions(version.name), _loaded) from error


def _loaded(version: ModelVersion) -> Fitted:
    local = saved_folder(version)
    if local is not None:
        return storage.load(local, registered=version.digest)
    with runs.connected(), scratch() as folder:
        from mlflow.artifacts import download_artifacts

        got = download_artifacts(artifact_uri=version.source, dst_path=str(folder), tracking_uri=embedded.current().uri)
        return storage.load(Path(got) / _FITTED, registered=version.digest)


def load_champion(name: str) -> Fitted:
    """Return the fitted model the scoring job uses.

    Raises:
        ParameterError: the model was never fitted; the message names the command that does it.
    """
    found = champion(name)
    if found is None:
        # A registered name is the model's own after the programme's.
        own = next((model for model in catalogue.names() if name.endswith(f".{model}")), name)
        programme = name.removesuffix(own).rstrip(".") or DEFAULT_PROGRAMME
        remedy = f"Run {command('fit', own, programme=programme)} first."
        raise ParameterError(f"{name} has no champion.", where="models", remedy=remedy)
    return load(found)


def promote(name: str, version: str | int, *, reason: str) -> ModelVersion:
    """Make a version the champion and return it; the reason is kept with it.

    Raises:
        ParameterError: an unknown model or version, or no reason.
    """
    return _set_alias(name, str(version), CHAMPION, reason)


def challenge(name: str, version: str | int, *, reason: str) -> ModelVersion:
    """Make a version the challenger; the reason why it was not promoted is kept with it."""
    return _set_alias(name, str(version), CHALLENGER, reason)


def git_commit(folder: Path | None = None) -> str:
    """Return the commit that is checked out in a folder (the working directory by default); empty if there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run([git, "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""


def _set_alias(name: str, version: str, alias: str, reason: str) -> ModelVersion:
    if not reason.strip():
        raise ParameterError("a reason is needed; it is kept with the version.", where="reason", remedy='Give --reason "...".')
    known = [v.version for v in versions(name)]
    if version not in known:
        raise ParameterError.unknown("version", version, known, where=name)
    with runs.connected() as client:
        client.set_model_version_tag(name, version, tickets.TICKET, this_process())
        with _giving_up(client, name, version):
            client.set_model_version_tag(name, version, tickets.BY_HAND, "yes")
            _intend(client, name, version, alias, reason, _champion_number(name))
            _give(client, name, version, alias)
        if alias == CHAMPION:
            _keep(client, name, version)
    return _one(name, version)


def _compare(client: MlflowClient, name: str, version: str, decide: Callable[[ModelVersion | None], Decision], progress: Progress) -> None:
    """Decide on a version with a ticket when its turn has come, and give it its alias."""
    with _giving_up(client, name, version):
        _decide(client, name, version, decide, progress)


@contextmanager
def _giving_up(client: MlflowClient, name: str, version: str) -> Iterator[None]:
    """Close the ticket of a version if the block fails: its process may live on, and others would wait for it."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # the first error counts
            found = _stored(name, with_source=False)
            _carry_out(client, next(own for own in found if own.version == version), found)
        raise


def _decide(client: MlflowClient, name: str, version: str, decide: Callable[[ModelVersion | None], Decision], progress: Progress) -> None:
    while _comes(client, name, version, progress):
        stored = tickets.champion_of(_stored(name))
        decision = decide(None if stored is None else _read(stored))
        alias = CHAMPION if decision.promoted else CHALLENGER
        _intend(client, name, version, alias, decision.reason, tickets.number_of(stored))
        if _champion_number(name) == tickets.number_of(stored):  # nobody has promoted another one meanwhile
            _give(client, name, version, alias)
            return


def _comes(client: MlflowClient, name: str, version: str, progress: Progress) -> bool:
    """Wait until no version of a lower number has a ticket; return False if the own one was taken for one of a stopped command."""
    told = ""
    while True:
        found = _stored(name, with_source=False)
        if not any(tickets.TICKET in own.tags for own in found if own.version == version):
            return False
        before = tickets.ahead(found, version)
        if not before:
            return True
        if not _close(client, before, found):
            waits = f"{name}: version {version} waits for the comparison of version {', '.join(other.version for other in before)}"
            if waits != told:
                progress(waits, None)
            told = waits
            time.sleep(_POLL_SECONDS)


def close_tickets(client: MlflowClient) -> int:
    """Close the tickets of all processes that have ended, and return their number."""
    found = _stored(with_source=False)
    return sum(_close(client, own, own) for name in {v.name for v in found} for own in [[v for v in found if v.name == name]])


def _close(client: MlflowClient, versions: Sequence[StoredVersion], known: Sequence[StoredVersion]) -> int:
    """Close the tickets of versions of one model that nobody will give back, and return their number."""
    left = tickets.abandoned(versions)
    for version in left:
        _carry_out(client, version, known)
        known = _stored(version.name, with_source=False)
    return len(left)


def _carry_out(client: MlflowClient, version: StoredVersion, known: Sequence[StoredVersion]) -> None:
    """Close the ticket of a version, if it has one."""
    for change in tickets.closing(version, known) if tickets.TICKET in version.tags else ():
        if change.is_alias:
            _give(client, version.name, version.version, change.name)
        elif change.value is None:
            client.delete_model_version_tag(version.name, version.version, change.name)
        else:
            client.set_model_version_tag(version.name, version.version, change.name, change.value)


def _intend(client: MlflowClient, name: str, version: str, alias: str, reason: str, before: str) -> None:
    """Write down a decision before it is carried out, so that whoever finds it can do so."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    given = {tickets.BEFORE: before, f"{_PREFIX}{alias}_since": since, tickets.REASON: reason, tickets.INTENDED: alias}
    for key, value in given.items():
        client.set_model_version_tag(name, version, key, value)


def _give(client: MlflowClient, name: str, version: str, alias: str) -> None:
    """Move an alias to a version, and give its ticket back; the challenger that becomes champion is challenger no more."""
    client.set_registered_model_alias(name, alias, version)
    if alias == CHAMPION and _aliases(client, name).get(CHALLENGER) == version:
        client.delete_registered_model_alias(name, CHALLENGER)
    for tag in (tickets.INTENDED, tickets.TICKET):
        client.delete_model_version_tag(name, version, tag)


def _keep(client: MlflowClient, name: str, version: str) -> None:
    """See that a version that a person promoted is not replaced by one that was decided without knowing of it."""
    while True:
        found = _stored(name, with_source=False)
        if any(tickets.TICKET in v.tags and tickets.INTENDED in v.tags and not tickets.abandoned([v]) for v in found):
            time.sleep(_POLL_SECONDS)
            continue
        champion = tickets.champion_of(found)
        knows = champion is None or champion.version == version or champion.tags.get(tickets.BEFORE) == version
        if knows or champion is None or tickets.BY_HAND in champion.tags:
            return
        _give(client, name, version, CHAMPION)


def _champion_number(name: str) -> str:
    return tickets.number_of(tickets.champion_of(_stored(name, with_source=False)))


def _lineage(
    fitted: Fitted,
    programme: str,
    tables: str,
    metric: HoldoutMetric | None,
    metrics: dict[str, float],
    holdout: Holdout | DrawnHoldout | None,
) -> dict[str, str]:
    """Return the tags that trace a version to its origin; those that people look versions up by have plain names."""
    plain = {
        "programme": programme,
        "as_of": str(fitted.info.as_of),
        "data_fingerprint": fitted.info.fingerprint,
        "family": fitted.name.partition(".")[0],
    }
    found = {"relkit_version": relkit.__version__, "tables": tables, "git_commit": git_commit()}
    if holdout is not None and metric is not None:
        found |= {
            "holdout": str(holdout),
            "metric": metric.name,
            "metric_direction": metric.direction,
        }
        if metric.name in metrics:
            found["metric_value"] = repr(float(metrics[metric.name]))
    return plain | {f"{_PREFIX}{name}": value for name, value in found.items()}


def _one(name: str, version: str) -> ModelVersion:
    return next(_read(found) for found in _stored(name) if found.version == version)


def _register(client: MlflowClient, name: str, description: str) -> None:
    """Register a model, unless it is registered; another fit may do so at the same time."""
    from mlflow.exceptions import MlflowException

    if _registered(client, name):
        return
    try:
        client.create_registered_model(name, description=description)
    except MlflowException:
        if not _registered(client, name):
            raise


def _registered(client: MlflowClient, name: str) -> bool:
    return any(model.name == name for model in client.search_registered_models(f"name = '{name}'"))


def _aliases(client: MlflowClient, name: str) -> dict[str, str]:
    """Return version by alias; empty for a model that is not registered."""
    found = client.search_registered_models(f"name = '{name}'")
    return {alias: str(version) for model in found for alias, version in model.aliases.items()}


def _tags(version: StoredVersion) -> dict[str, str]:
    """Return the tags of a version, relkit's own without their prefix."""
    return {key.removeprefix(_PREFIX): value for key, value in version.tags.items()}


def _read(version: StoredVersion) -> ModelVersion:
    tags = _tags(version)
    value = tags.get("metric_value")
    return ModelVersion(
        name=version.name,
        version=version.version,
        aliases=version.aliases,
        as_of=date.fromisoformat(tags["as_of"]),
        run_id=version.run_id,
        created_at=datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC),
        programme=tags["programme"],
        metric=tags.get("metric"),
        metric_value=float(value) if value is not None else None,
        metric_direction=tags.get("metric_direction"),
        holdout=tags.get("holdout", ""),
        fingerprint=tags.get("data_fingerprint") or tags["fingerprint"],
        tables=tags["tables"],
        relkit_version=tags["relkit_version"],
        git_commit=tags["git_commit"],
        reason=tags.get("reason", ""),
        source=version.source,
        digest=tags.get("model_digest", ""),
    )


def _local(source: str) -> Path | None:
    """Return the folder of a `file:` location, None for any other."""
    parsed = urlparse(source)
    return Path(unquote(parsed.path)) if parsed.scheme in {"", "file"} else None

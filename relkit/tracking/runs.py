"""A fit as an MLflow run: settings, metrics, tags, plots, and the saved model in MLflow's format.

Nothing personal is written: no rows, no customer ids, no input example. Nothing is pickled: the model is the
folder `relkit.models.storage` writes, and MLflow loads it with `served_model.py`.
"""

from __future__ import annotations

import logging
import math
import os
import re
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from relkit.masking import masked
from relkit.models import storage
from relkit.processes import this_process
from relkit.remarks import FILE, write_remarks
from relkit.scratch import scratch
from relkit.tracking import embedded
from relkit.tracking.embedded_sweep import draft_of
from relkit.tracking.served_folder import SAVED, write_served_folder
from relkit.tracking.store_errors import store_error
from relkit.tracking.tickets import PROCESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from mlflow.tracking import MlflowClient

    from relkit.models.base import Fitted
    from relkit.remarks import Remark

_BATCH = 500
_NOTE = "mlflow.note.content"
"""The tag that the MLflow page shows as the description of a run."""
_SILENT = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


@dataclass(frozen=True)
class Record:
    """Record of a fit, in addition to what the fitted model reports itself.

    Attributes:
        params: shown as parameters of the run, alongside the model's settings.
        metrics: of the holdout; a value that is not finite is left out.
        tags: lineage, on the run and on the version.
        figures: diagnostic plots by name (anything with matplotlib's `savefig`).
        frames: small tables by name, written as CSV; none has data of a single customer.
        remarks: on how to read the scores.
        description: of the run, in words.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()
    description: str = ""


@dataclass(frozen=True)
class Logged:
    """A run with its model, as MLflow identifies them.

    Attributes:
        run_id: of the run.
        source: what a version is registered from: on a server the model's id, the only form accepted; on disk the folder
            of its files, as MLflow would look up an id in whatever store the process has set globally.
        model_id: given with the source on a server; None on disk.
        digest: of the saved model.
    """

    run_id: str
    source: str
    model_id: str | None
    digest: str


@contextmanager
def connected() -> Iterator[MlflowClient]:
    """Yield a client of the store in force, made on first use, quiet, with errors in relkit's words.

    Raises:
        StorageError: the store cannot be reached, was written by another MLflow, or was moved and is read-only.
    """
    store = embedded.current()
    with _quiet():
        from mlflow.tracking import MlflowClient

        try:
            _make(store)
            embedded.relocate(store)
            yield MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
        except Exception as error:
            known = store_error(error, store.uri)
            if known is None:
                raise
            raise known from error


@contextmanager
def logged_run(client: MlflowClient, fitted: Fitted, record: Record) -> Iterator[Logged]:
    """Write a run with its model and yield where they are; the run ends with the block, and is marked as failed if that fails."""
    experiment = _experiment(client)
    tags = {**record.tags, _NOTE: record.description, PROCESS: this_process()}
    run_id = str(client.create_run(experiment, run_name=f"{fitted.name} {fitted.info.as_of}", tags=tags).info.run_id)
    try:
        yield _written(client, experiment, run_id, fitted, record)
    except BaseException:
        client.set_terminated(run_id, status="FAILED")
        raise
    client.set_terminated(run_id)


def _written(client: MlflowClient, experiment: str, run_id: str, fitted: Fitted, record: Record) -> Logged:
    """Write everything into a run, and return where it is."""
    params = _params(fitted, record)
    model = client.create_logged_model(
        experiment, name=fitted.name.replace(".", "-"), source_run_id=run_id, params=params, model_type="relkit"
    )
    try:
        _log_numbers(client, run_id, str(model.model_id), params, _metrics(fitted, record))
        with scratch() as folder:
            _log_artifacts(client, run_id, fitted, record, folder)
            digest = _log_model(client, run_id, str(model.model_id), fitted, folder)
        client.finalize_logged_model(model.model_id, "READY")
    except BaseException:
        with suppress(Exception):  # the first error counts
            client.finalize_logged_model(model.model_id, "FAILED")
        raise
    if embedded.current().database is not None:
        return Logged(run_id, str(model.artifact_location), None, digest)
    return Logged(run_id, f"models:/{model.model_id}", str(model.model_id), digest)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence MLflow's output and its telemetry, and leave the process as it was."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    before = {name: os.environ.get(name) for name in _SILENT}
    os.environ.update(_SILENT)
    with warnings.catch_warnings():
        # MLflow asks for an input example, which would be customers' rows.
        warnings.filterwarnings("ignore", message=".*[Ii]nput example", category=UserWarning)
        # MLflow's own type hints, and its use of SQLAlchemy and alembic.
        warnings.filterwarnings("ignore", message=".*Any type hint", category=UserWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        # tqdm, in a notebook without widgets: relkit shows its own progress.
        warnings.filterwarnings("ignore", message="IProgress not found")
        import mlflow  # noqa: F401  (it sets its loggers' levels when it is imported)

        loggers = {name: logging.getLogger(name) for name in ("mlflow", "alembic")}
        levels = {name: logger.level for name, logger in loggers.items()}
        for logger in loggers.values():
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for name, logger in loggers.items():
                logger.setLevel(levels[name])
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _make(store: embedded.Store) -> None:
    """Make the database of a store on disk: whole or not at all, and only once if two processes begin together."""
    if store.database is None or store.database.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    assert store.artifacts is not None
    store.database.parent.mkdir(parents=True, exist_ok=True)
    fresh = draft_of(store.database)
    try:
        made: Any = SqlAlchemyStore(f"sqlite:///{fresh.as_posix()}", embedded.location(store.artifacts))  # type: ignore[no-untyped-call]
        made.create_experiment(embedded.EXPERIMENT, artifact_location=embedded.location(store.artifacts))
        made.engine.dispose()
        try:
            os.link(fresh, store.database)
        except OSError:  # another process was quicker, and its database counts; or hard links are not supported here
            if not store.database.exists():
                fresh.replace(store.database)
    finally:
        fresh.unlink(missing_ok=True)


def _experiment(client: MlflowClient) -> str:
    found = client.get_experiment_by_name(embedded.EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    artifacts = embedded.current().artifacts
    try:
        return str(client.create_experiment(embedded.EXPERIMENT, artifact_location=embedded.location(artifacts) if artifacts else None))
    except Exception:
        found = client.get_experiment_by_name(embedded.EXPERIMENT)  # another fit may have made it at the same time
        if found is None:
            raise
        return str(found.experiment_id)


def _params(fitted: Fitted, record: Record) -> dict[str, str]:
    settings = {f"settings.{name}": value for name, value in asdict(fitted.settings).items()}
    facts = {"as_of": fitted.info.as_of, "rows": fitted.info.rows, "converged": fitted.info.converged, "seed": fitted.info.seed}
    return {name: masked(str(value)) for name, value in (settings | facts | dict(record.params)).items()}


def _metrics(fitted: Fitted, record: Record) -> dict[str, float]:
    """Return the holdout metrics, the log-likelihood and the estimates with their standard errors, finite ones only."""
    found: dict[str, float | None] = {**record.metrics, "log_likelihood": fitted.info.log_likelihood}
    for row in islice(fitted.summary().iter_rows(named=True), 200):
        found[f"estimate/{row['term']}"] = row["estimate"]
        found[f"std_error/{row['term']}"] = row["std_error"]
    return {_metric_name(name): float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _metric_name(name: str) -> str:
    """Return the name with characters that MLflow does not allow replaced."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def _log_numbers(client: MlflowClient, run_id: str, model_id: str, params: dict[str, str], metrics: dict[str, float]) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    client.log_batch(run_id, params=[Param(name, value) for name, value in params.items()])
    points = [Metric(name, value, now, 0, model_id=model_id) for name, value in metrics.items()]
    for start in range(0, len(points), _BATCH):
        client.log_batch(run_id, metrics=points[start : start + _BATCH])


def _log_artifacts(client: MlflowClient, run_id: str, fitted: Fitted, record: Record, folder: Path) -> None:
    """Write the summary and other tables, and the diagnostic plots."""
    run = folder / "run"
    (run / "plots").mkdir(parents=True)
    fitted.summary().write_csv(run / "summary.csv")
    write_remarks(run / FILE, record.remarks)
    for name, frame in record.frames.items():
        frame.write_csv(run / f"{name}.csv")
    for name, figure in record.figures.items():
        figure.savefig(run / "plots" / f"{name}.png", format="png", dpi=120)
    client.log_artifacts(run_id, str(run))


def _log_model(client: MlflowClient, run_id: str, model_id: str, fitted: Fitted, folder: Path) -> str:
    """Save the model in MLflow's format, upload it and return its digest."""
    served = folder / "served"
    write_served_folder(served, fitted, run_id=run_id, model_id=model_id)
    client.log_model_artifacts(model_id, str(served))
    return storage.digest(served / SAVED)

"""Leftovers of stopped commands on a server, finished through MLflow: once per process, as every look costs some requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relkit.tracking import embedded, registry, runs, tickets
from relkit.tracking.embedded_sweep import Swept

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

    from relkit.tracking.embedded import Store

_SEEN: set[str] = set()


def sweep_server(store: Store) -> Swept:
    """Finish what processes that have ended left on a server, and return how much."""
    if store.uri in _SEEN:
        return Swept()
    _SEEN.add(store.uri)
    with runs.connected() as client:
        closed = registry.close_tickets(client)
        return Swept(runs=_end_runs(client), versions=closed)


def _end_runs(client: MlflowClient) -> int:
    experiment = client.get_experiment_by_name(embedded.EXPERIMENT)
    if experiment is None:
        return 0
    running = client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'", max_results=1000)
    left = [run for run in running if _is_left(run)]
    for run in left:
        run_id = run.info.run_id
        registered = client.search_model_versions(f"run_id = '{run_id}'", max_results=1)
        client.set_terminated(run_id, status="FINISHED" if registered else "KILLED")
    return len(left)


def _is_left(run: Any) -> bool:
    mark = run.data.tags.get(tickets.PROCESS)
    return mark is not None and tickets.is_abandoned(mark, run.info.start_time / 1000)

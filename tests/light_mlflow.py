"""MLflow with less to do for each new store, where the store is not what is tested: `tests/tracking` uses it as it is.

A test of a job writes to a database of its own, and MLflow compiles each of its statements again for each, reads its hundred scripts
of migration, and looks before every tag whether the model is a prompt. Nothing that is written or read differs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest
    from sqlalchemy import Engine


def lighten(patch: pytest.MonkeyPatch) -> None:
    """Let engines share their compiled statements and not wait for the disk, and skip what no test of a job can change."""
    from mlflow.store.db import utils
    from mlflow.tracking import MlflowClient

    plain = _originals()
    patch.setattr(utils, "create_sqlalchemy_engine", plain["engine"])
    patch.setattr(utils, "_get_latest_schema_revision", plain["revision"])
    patch.setattr(MlflowClient, "_raise_if_prompt", lambda *_: None)


@cache
def _originals() -> dict[str, Any]:
    from mlflow.store.db import utils

    make: Any = utils.create_sqlalchemy_engine
    compiled: list[Any] = []
    return {"engine": lambda uri: _sharing(make(uri), compiled), "revision": cache(utils._get_latest_schema_revision)}


def _sharing(engine: Engine, compiled: list[Any]) -> Engine:
    """Return an engine with the compiled statements of the first one, which belong to a dialect."""
    from sqlalchemy import event

    event.listen(engine, "connect", _without_waiting)
    with engine.connect():
        pass  # an engine learns about its dialect at its first connection
    compiled[:] = compiled or [engine.dialect, engine._compiled_cache]
    engine.dialect, engine._compiled_cache = compiled
    return engine


def _without_waiting(connection: Any, _record: object) -> None:
    connection.execute("pragma synchronous = off")  # safe but when the machine itself fails

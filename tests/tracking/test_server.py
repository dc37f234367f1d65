"""The same code against an MLflow server: models registered, loaded by relkit and by MLflow alone."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from relkit.tracking import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db", "--artifacts-destination", f"{tmp_path}/kept"]
    command = [sys.executable, "-m", "mlflow", "server", *where, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    uri = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(f"{uri}/health", process)
            monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
            monkeypatch.chdir(tmp_path)
            yield uri
        finally:
            process.terminate()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the server did not answer; it ended with {process.poll()}")


def test_a_server_in_place_of_the_folder(server, tmp_path, fitted, running, capfd):
    version = registry.log_model(fitted)
    registry.promote("survival.cox", version.version, reason="first version")
    assert capfd.readouterr() == ("", "")
    assert registry.champion_versions() == {"survival.cox": "1"}
    assert registry.saved_folder(version) is None
    assert registry.load_champion("survival.cox").score(running).equals(fitted.score(running))
    assert not (tmp_path / "mlruns").exists()
    code = "import mlflow, sys; print(mlflow.pyfunc.load_model('models:/survival.cox@champion').metadata.metadata['relkit_name'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "survival.cox\n"

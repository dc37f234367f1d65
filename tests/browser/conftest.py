"""A browser, a small company after the demo, and the servers that pages come from: on loopback only, gone after the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = 1000
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
STARTED_SECONDS = 300


def chromium() -> str | None:
    """Return the path of the browser, or None if none is installed."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium, or skip and say what is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install '.[browser]'")
    path = chromium()
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Return the environment of the commands of the tests: this checkout, the store of the working directory."""
    kept = {name: value for name, value in os.environ.items() if name not in {"MLFLOW_TRACKING_URI", "JPY_SESSION_NAME"}}
    return kept | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true", "MPLBACKEND": "Agg"}


@pytest.fixture(scope="session")
def demo(tmp_path_factory, environment) -> Path:
    """Return a working directory with the notebooks, in which the demo has just been run on a small company; its output is demo.txt."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (folder / "docs").symlink_to(ROOT / "docs")
    command = [sys.executable, "-c", "from relkit.cli import main; main()", "demo", "--customers", str(CUSTOMERS)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Open next:" in done.stdout
    (folder / "demo.txt").write_text(done.stdout)
    return folder


@contextmanager
def serving(command: list[str], address: str, *, cwd: Path, environment: dict[str, str], log: Path) -> Iterator[str]:
    """Run a server until the block ends; `address` answers before it begins."""
    with log.open("w") as written:
        server = subprocess.Popen(command, cwd=cwd, env=environment, stdout=written, stderr=written, start_new_session=True)
        try:
            _wait_for(address, server, log)
            yield address
        finally:
            _stop(server)


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise AssertionError(f"{address} does not answer: {log.read_text()}")


def _stop(server: subprocess.Popen) -> None:
    """End the server with all that it started: they are a group of their own."""
    import signal

    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, sent)
            server.wait(timeout=10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def free_port() -> int:
    """Return a port of the loopback that nobody uses."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@pytest.fixture(scope="session")
def jupyter(demo, environment, tmp_path_factory) -> Iterator[str]:
    """Return the address of a JupyterLab, started elsewhere than where the company stands, with nothing of the user's settings."""
    home = tmp_path_factory.mktemp("jupyter")
    port, token = free_port(), "browser-tests"
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={demo}", "--ServerApp.port_retries=0"),
        *("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"),
    ]
    log = home / "server.log"
    with serving(command, f"http://127.0.0.1:{port}/api", cwd=home, environment=environment | own, log=log) as address:
        yield f"{address.removesuffix('/api')}/lab/workspaces/{{name}}/tree/notebooks/{{name}}.ipynb?token={token}"


@pytest.fixture(scope="session")
def mlflow_ui(demo, environment, tmp_path_factory) -> Iterator[str]:
    """Return the address of the MLflow UI on the store that the demo left, started as the demo prints it."""
    log = tmp_path_factory.mktemp("mlflow") / "server.log"
    port = free_port()
    printed = next(line.split("mlflow ui ")[1].split()[:2] for line in (demo / "demo.txt").read_text().splitlines() if "mlflow ui" in line)
    command = [sys.executable, "-m", "mlflow", "ui", *printed, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with serving(command, f"http://127.0.0.1:{port}/health", cwd=demo, environment=environment, log=log) as address:
        yield address.removesuffix("/health")

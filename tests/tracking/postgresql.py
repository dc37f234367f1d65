"""A PostgreSQL of its own behind an MLflow server, both ended at the end; run as another user than root, which it refuses."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
"""Users as which the database runs if the tests run as root."""


def lacking() -> str:
    """Return the reason why it cannot run; empty if it can."""
    if programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if find_spec("psycopg") is None:
        return "its driver is not installed (make test-server does it: pip install 'psycopg[binary]')"
    if getpass.getuser() == "root" and shutil.which("runuser") is None:
        return "PostgreSQL refuses to run as root, and runuser is not installed"
    return ""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, of the newest version; None if there is none."""
    found = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").is_file()]
    named = shutil.which("initdb")
    return max(found, key=lambda folder: int(folder.parent.name)) if found else Path(named).parent if named else None


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def database() -> Iterator[str]:
    """Yield the URL of an empty database."""
    folder, port, program = Path(mkdtemp(prefix="relkit-postgresql-")), free_port(), programs()
    user = _user(folder)
    data = folder / "data"

    def do(name: str, *words: object) -> None:
        command = [*(["runuser", "-u", user, "--"] if user else []), str(program / name), *map(str, words)]
        with (folder / "log").open("ab") as log:
            subprocess.run(command, check=True, cwd=folder, stdout=log, stderr=log)

    do("initdb", "-D", data, "-A", "trust", "-U", "relkit", "--no-sync", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    do("pg_ctl", "-D", data, "-o", options, "-w", "-l", data / "server.log", "start")
    try:
        do("createdb", "-h", "127.0.0.1", "-p", port, "-U", "relkit", "store")
        yield f"postgresql+psycopg://relkit@127.0.0.1:{port}/store"
    finally:
        do("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _user(folder: Path) -> str:
    """Return the user as which the database runs, who gets the folder; empty for the present one."""
    if getpass.getuser() != "root":
        return ""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in USERS if name in known)
    shutil.chown(folder, user)
    return user


@contextmanager
def served(store: str, folder: Path, *, workers: int = 1) -> Iterator[str]:
    """Yield the address of an MLflow server on a store, once it answers."""
    port = free_port()
    where = ["--backend-store-uri", store, "--artifacts-destination", str(folder / "kept")]
    command = [sys.executable, "-m", "mlflow", "server", *where, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"the server did not answer; it ended with {process.poll()}: {log.read_text(errors='replace')[-2000:]}")

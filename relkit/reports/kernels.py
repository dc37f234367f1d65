"""Kernels with the notebooks' imports preloaded: imports are paid for once by all notebooks of a process.

    run or report ── nursery (imports, then waits) ── kernel of the first notebook
                                                   └─ kernel of the second one

The nursery imports and does nothing else, so that nothing of one notebook can reach the next: every kernel is a fork of a process in
which no cell has run. jupyter_client starts a kernel by a command; the command is this module, which asks the nursery for a fork, passes
signals on to it and ends with it. The nursery ends with the process that made it, however that ends, and its kernels with it. Without
fork (Windows) a kernel does its own imports.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

INLINE = "module://matplotlib_inline.backend_inline"
"""The plot backend of a kernel, which matplotlib asks for when it is imported."""
ALWAYS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib_inline.backend_inline", "relkit")
_CAN_FORK = hasattr(os, "fork") and sys.platform != "win32"
_REQUEST = 1 << 20
_ENDING_SECONDS = 5.0
"""Time for kernels to end by themselves once nobody can ask them anything."""


class Nursery:
    """A process that has imported some modules and forks kernels.

    Attributes:
        address: of the socket on which it takes requests.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        from relkit.scratch import make_scratch  # not above: the command of a kernel runs this file without relkit

        self._folder = make_scratch()  # nobody else may enter it
        self.address = str(self._folder / "nursery")
        command = [sys.executable, "-m", __name__, "nursery", self.address, *modules]
        environment = {**os.environ, "MPLBACKEND": INLINE}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 this Python
        assert self._process.stdout is not None
        self._process.stdout.read(1)  # it listens

    def lives(self) -> bool:
        """Return whether it still takes requests."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, and wait until it has ended."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


_NURSERY: list[Nursery] = []
"""The nursery of this process; empty before the first notebook."""


def kernel_command(modules: Sequence[str]) -> list[str]:
    """Return the command that starts a kernel, `{connection_file}` standing for its file.

    Args:
        modules: the imports of notebooks; those of the first notebook of the process count.
    """
    if not _CAN_FORK:
        return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]
    if _NURSERY and not _NURSERY[0].lives():
        close()
    if not _NURSERY:
        _NURSERY.append(Nursery(modules))
        atexit.register(close)
    return [sys.executable, "-S", str(Path(__file__).resolve()), "kernel", _NURSERY[0].address, "{connection_file}"]


def close() -> None:
    """End the nursery of this process, if there is one."""
    while _NURSERY:
        _NURSERY.pop().close()


def _ask(address: str, connection_file: str) -> int:
    """Ask the nursery for a kernel, pass signals on to it and return when it has ended."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = {"file": connection_file, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        connection.sendall(json.dumps(request).encode() + b"\n")
        kernel = int(connection.recv(32))

        def pass_on(number: int, _frame: FrameType | None) -> None:
            with suppress(ProcessLookupError):
                os.kill(kernel, number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, pass_on)
        while connection.recv(1):  # the kernel holds the other end: it closes when the kernel ends
            pass
    return 0


def _serve(address: str, modules: Sequence[str]) -> None:
    """Import, then fork a kernel for each request until the process that made the nursery ends."""
    import gc
    import selectors

    for name in (*ALWAYS, *modules):
        with suppress(Exception):  # a notebook whose import is missing reports it itself
            import_module(name)
    gc.freeze()  # the collector of each kernel skips what is imported, as visiting would copy it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, _reap)
    if (listening := _listening(address)) is None:
        return
    kernels = []
    with selectors.DefaultSelector() as ready:
        ready.register(listening, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)  # readable when the other end is closed
        while all(key.fileobj is listening for key, _ in ready.select()):
            if not (kernel := _fork(listening)):
                return
            kernels.append(kernel)
    listening.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _end(kernels)


def _end(kernels: Sequence[int]) -> None:
    """Wait for the last kernel, which may still be ending; end those of a process that was killed while they ran."""
    last = time.monotonic() + _ENDING_SECONDS
    for kernel in kernels:
        while _runs(kernel):
            if time.monotonic() > last:
                os.kill(kernel, signal.SIGKILL)
            time.sleep(0.02)


def _runs(kernel: int) -> bool:
    """Return whether a kernel, a child of this process, has not ended."""
    try:
        return os.waitpid(kernel, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _listening(address: str) -> socket.socket | None:
    """Return the socket, once its maker knows of it; None if that process was ended during the imports, and its folder with it."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(address)
        listening.listen()
        os.write(sys.stdout.fileno(), b"1")
    except (FileNotFoundError, BrokenPipeError):
        listening.close()
        return None
    return listening


def _reap(_number: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _fork(listening: socket.socket) -> int:
    """Start the requested kernel and return its number; 0 in the process of the kernel, once it has ended."""
    connection, _ = listening.accept()
    text = b""
    while not text.endswith(b"\n"):
        text += connection.recv(_REQUEST)
    if kernel := os.fork():
        connection.close()
        return kernel
    listening.close()
    connection.sendall(str(os.getpid()).encode())
    _become_kernel(json.loads(text))
    return 0


def _become_kernel(request: dict[str, Any]) -> None:
    """Run a kernel as if this process had just been started for it."""
    import random

    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"] | {"MPLBACKEND": INLINE, "JPY_PARENT_PID": str(os.getppid())})
    os.chdir(request["folder"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    sys.argv = ["ipykernel_launcher", "-f", request["file"], "--log-level=CRITICAL"]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    role, place, *rest = sys.argv[1:]
    if role == "nursery":
        _serve(place, rest)
    else:
        sys.exit(_ask(place, rest[0]))

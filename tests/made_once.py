"""Folders that are dear to make and only read: made once a run of the tests, whichever of its processes comes first."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from relkit.locks import LOCK, held
from relkit.tables import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONGEST_SECONDS = 900


@dataclass(frozen=True)
class MadeOnce:
    """The folders that the processes of a run share.

    A folder is made where it will be read, as stores have absolute paths; a file next to it, written last, says that it is whole.

    Attributes:
        place: a folder that all processes of the run know.
        used: names of the folders that this process has read or made.
    """

    place: Path
    used: set[str] = field(default_factory=set)

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of a name, filled by `make` unless another process has done so; copy it to write to it.

        Args:
            name: of the folder; no other function may use it.
            make: fills the folder, which is empty. After an error the next process begins again.
        """
        folder, whole = self.place / name, self.place / f"{name}.json"
        maker = f"{make.__module__}.{make.__qualname__}"
        with held(self.place / f"{name}.turn", "pytest", seconds=LONGEST_SECONDS):
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
                folder.mkdir(parents=True)
                make(folder)
                whole.write_text(json.dumps({"maker": maker, "files": files_of(folder)}))
            first = json.loads(whole.read_text())["maker"]
            assert first == maker, f"{name} is made by {first}; {maker} needs another name"
        self.used.add(name)
        return folder

    def written(self) -> list[str]:
        """Return the files of the folders that were read here and differ from what was made."""
        found = []
        for name in sorted(self.used):
            made, now = json.loads((self.place / f"{name}.json").read_text())["files"], files_of(self.place / name)
            found += [f"{name}/{path}" for path in sorted(made.keys() | now.keys()) if made.get(path) != now.get(path)]
        return found


def files_of(folder: Path) -> dict[str, list[int]]:
    """Return size and time of change of each file, by path; without locks and kept frames, which readers are free to write."""
    found = {path.relative_to(folder): path.stat() for path in folder.rglob("*") if path.is_file() and path.name != LOCK}
    return {path.as_posix(): [stat.st_size, stat.st_mtime_ns] for path, stat in found.items() if kept.FOLDER not in path.parts}


@contextmanager
def entered(folder: Path, store: Path) -> Iterator[pytest.MonkeyPatch]:
    """Work for a while in a new folder with a copy of an empty tracking store."""
    (folder / "mlruns").mkdir()
    shutil.copy(store, folder / "mlruns" / "mlflow.db")
    with inside(folder) as patch:
        yield patch


@contextmanager
def inside(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Work for a while in a folder, with the store that is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield patch

"""Saved models with one thing changed, seeded: for the tests of loading and for the fuzzing of all inputs.

    for tampered in tampered_models(saved_folders(), scratch, seed=0, number=200):
        storage.load(tampered.folder)          must raise a StorageError that names tampered.model

Each is a copy of a folder of tests/golden/models, which has no digest as it was saved before they were kept, or the same saved
again, whose digest tells any change. Nothing here makes a model that is still sound: a change that only a digest can show
is made only where there is one.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relkit.models import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GOLDEN = Path(__file__).resolve().parent / "golden" / "models"


@dataclass(frozen=True)
class Tampered:
    """A folder in which one thing was changed.

    Attributes:
        folder: with the model.
        model: its name.
        change: what was done, for messages of tests.
    """

    folder: Path
    model: str
    change: str


def saved_folders() -> list[Path]:
    """Return the folders of all saved models of the golden files, in order."""
    return sorted(GOLDEN.glob("*/format_*"))


def saved_again(folder: Path, into: Path) -> Path:
    """Return a copy of a saved model as this version saves it, with its digest."""
    storage.save(storage.load(folder), into)
    return into


def tampered_models(folders: Sequence[Path], scratch: Path, *, seed: int, number: int) -> Iterator[Tampered]:
    """Yield models in turn, each with one change drawn among those that it can have.

    Args:
        folders: saved models.
        scratch: folder for the copies, each of which is removed before the next one.
        seed: of the draws.
        number: how many.
    """
    rng = np.random.default_rng(seed)
    for place in range(number):
        folder = folders[place % len(folders)]
        into = scratch / f"tampered_{place}_of_{folder.parent.name}"
        copy = shutil.copytree(folder, into)
        changes = [change for change in CHANGES if change is not changed_number or "digest" in _body(copy)]
        while True:
            change = changes[int(rng.integers(len(changes)))]
            if done := change(copy, rng):
                break
        yield Tampered(copy, folder.parent.name if folder.name.startswith("format_") else folder.name, f"{change.__name__}: {done}")
        shutil.rmtree(copy)


def changed_number(folder: Path, rng: np.random.Generator) -> str:
    """Multiply a number by 100: only the digest can tell."""
    found = [
        (path, value) for path, value in _leaves(_body(folder)["fields"]) if type(value) in (int, float) and value and _is_fitted(path)
    ]
    return _set(folder, found, rng, lambda value: value * 100)


def forbidden_number(folder: Path, rng: np.random.Generator) -> str:
    """Write what no field can be in place of a fitted number."""
    odd: list[Any] = [float("nan"), float("inf"), -float("inf"), None, "many", [], {}, 10**30, True]
    found = [(path, value) for path, value in _leaves(_body(folder)["fields"]) if type(value) is float and _is_needed(path)]
    return _set(folder, found, rng, lambda _: odd[int(rng.integers(len(odd)))])


def negative_scale(folder: Path, rng: np.random.Generator) -> str:
    """Write -1 in place of a number that is positive by its meaning."""
    names = {"alpha", "beta", "a", "b", "r", "s", "gamma", "delta", "c", "k", "p", "q", "v", "mean_order_value", "usual_gap_days"}
    names |= {"last_age", "last_days", "tail_hazard", "rows", "concordance", "share", "units", "base_rate", "spread"}
    found = [(path, value) for path, value in _leaves(_body(folder)["fields"]) if path[-1] in names and type(value) in (int, float)]
    return _set(folder, found, rng, lambda _: -1)


def missing_field(folder: Path, rng: np.random.Generator) -> str:
    """Remove a field without a default."""
    body = _body(folder)
    names = [
        name for name in body["fields"] if name in ("settings", "info", "covariance", "alpha", "r", "means", "credits", "models", "rules")
    ]
    del body["fields"][name := names[int(rng.integers(len(names)))]]
    return _write(folder, body, name)


def extra_field(folder: Path, rng: np.random.Generator) -> str:
    """Add a field that the model has not."""
    body = _body(folder)
    body["fields"][name := f"extra_{rng.integers(100)}"] = 1
    return _write(folder, body, name)


def zero_bytes(folder: Path, rng: np.random.Generator) -> str:
    """Empty a file."""
    return _file(folder, rng, lambda path: path.write_bytes(b""))


def cut_file(folder: Path, rng: np.random.Generator) -> str:
    """Cut the end off a file."""
    return _file(folder, rng, lambda path: path.write_bytes(path.read_bytes()[: -int(rng.integers(1, 9))]))


def noise(folder: Path, rng: np.random.Generator) -> str:
    """Put noise in place of a file."""
    return _file(folder, rng, lambda path: path.write_bytes(rng.bytes(300)))


def lost_file(folder: Path, rng: np.random.Generator) -> str:
    """Remove a file."""
    return _file(folder, rng, lambda path: path.unlink())


def link(folder: Path, rng: np.random.Generator) -> str:
    """Put a link to a file elsewhere in place of one."""

    def moved(path: Path) -> None:
        shutil.copyfile(path, elsewhere := path.parent.parent / "elsewhere")
        path.unlink()
        path.symlink_to(elsewhere)

    return _file(folder, rng, moved)


def pipe(folder: Path, rng: np.random.Generator) -> str:
    """Put a pipe, whose reader waits for ever, in place of a file."""

    def piped(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    return _file(folder, rng, piped)


def huge_shape(folder: Path, rng: np.random.Generator) -> str:
    """State a shape in a header that no machine could hold."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    written = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    return _file(folder, rng, lambda path: path.write_bytes(written), "*.npy")


def other_lengths(folder: Path, rng: np.random.Generator) -> str:
    """Give an array one more axis, which none has."""

    def longer(path: Path) -> None:
        file = io.BytesIO()
        np.save(file, np.load(path)[None, None, None])
        path.write_bytes(file.getvalue())

    return _file(folder, rng, longer, "covariance.npy")


def not_a_number(folder: Path, rng: np.random.Generator) -> str:
    """Put a NaN or an infinite number in an array of estimates."""
    names = ("means", "coefficients", "location", "log_rates", "intercepts", "stayed", "centre", "spread", "near_values", "leaving")
    odd = [np.nan, np.inf][int(rng.integers(2))]

    def spoilt(path: Path) -> None:
        np.save(path, np.full_like(np.load(path), odd))

    found = [path for name in names for path in folder.glob(f"{name}.npy") if np.load(path).size]
    if not found:
        return ""
    spoilt(path := found[int(rng.integers(len(found)))])
    return path.name


def elsewhere(folder: Path, rng: np.random.Generator) -> str:
    """Name a file outside the folder in model.json."""
    places = ["/etc/passwd", "../../secret.npy", "//host/share.npy", "", ".", 5, None]
    found = [(path, value) for path, value in _leaves(_body(folder)["fields"]) if path[-1] == "file"]
    return _set(folder, found, rng, lambda _: places[int(rng.integers(len(places)))])


def broken_json(folder: Path, rng: np.random.Generator) -> str:
    """Write what is no JSON, or JSON without end."""
    path = folder / "model.json"
    kinds = [b"", b"[" * 100_000, path.read_bytes()[: int(rng.integers(1, 200))], b"\xff\xfe", b"null", b"[]", b"1e999"]
    path.write_bytes(kinds[int(rng.integers(len(kinds)))])
    return "model.json"


CHANGES: tuple[Callable[[Path, np.random.Generator], str], ...] = (
    changed_number,
    forbidden_number,
    negative_scale,
    missing_field,
    extra_field,
    zero_bytes,
    cut_file,
    noise,
    lost_file,
    link,
    pipe,
    huge_shape,
    other_lengths,
    not_a_number,
    elsewhere,
    broken_json,
)
"""Each makes its change and returns a word on it, or "" if the model has nothing of the kind."""


def _body(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "model.json").read_text(encoding="utf-8")))


def _write(folder: Path, body: dict[str, Any], done: str) -> str:
    (folder / "model.json").write_text(json.dumps(body), encoding="utf-8")
    return done


def _leaves(stored: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    items = stored.items() if isinstance(stored, dict) else enumerate(stored) if isinstance(stored, list) else None
    if items is None:
        yield path, stored
        return
    for key, value in items:
        yield from _leaves(value, (*path, key))


def _is_fitted(path: tuple[Any, ...]) -> bool:
    return path[0] not in ("settings", "info")


def _is_needed(path: tuple[Any, ...]) -> bool:
    """Return whether the number is one of a field that has no default and cannot be absent."""
    return path[0] != "info" and path[-1] in {
        "alpha",
        "r",
        "mean_order_value",
        "tail_hazard",
        "last_age",
        "last_days",
        "level",
        "base_rate",
    }


def _set(folder: Path, found: Sequence[tuple[tuple[Any, ...], Any]], rng: np.random.Generator, change: Callable[[Any], Any]) -> str:
    """Change one of the values found, and return its path."""
    if not found:
        return ""
    body = _body(folder)
    path, value = found[int(rng.integers(len(found)))]
    place = body["fields"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(value)
    return _write(folder, body, ".".join(map(str, path)) + f" = {place[path[-1]]!r}")


def _file(folder: Path, rng: np.random.Generator, change: Callable[[Path], Any], pattern: str = "*") -> str:
    """Change one of the model's files, and return its name."""
    given = {"features_given.parquet", "scores_expected.parquet", "model.json"}
    found = sorted(path for path in folder.glob(pattern) if path.name not in given)
    if not found:
        return ""
    path = found[int(rng.integers(len(found)))]
    change(path)
    return path.name

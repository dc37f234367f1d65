"""Cases of saved models: one of the golden ones, tampered with, must be refused by name or score with finite numbers."""

from __future__ import annotations

import json
import math
import shutil
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import model_checks
import polars as pl
import tampered_models

from fuzz.documents import parts
from relkit.errors import RelkitError, StorageError
from relkit.models import storage

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "models"
KEPT = ("features_given.parquet", "scores_expected.parquet")
"""Files of a golden model that are no part of it."""
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        0.0,
        -0.0,
        1e308,
        1e-308,
        float("nan"),
        float("inf"),
        float("-inf"),
        10**30,
        10**400,
        "",
        "x",
        "9999-99-99",
        "nan",
    ),
    *([], {}, [1], {"a": 1}, [[]], "a" * 1000, [0.0] * 2000, {"array": "../../../etc/passwd"}, "0001-01-01", [None], "\x00", "😀"),
)


@cache
def folders() -> list[Path]:
    """Return the folders of the golden models, of every format."""
    return sorted(path.parent for path in GOLDEN.glob("*/*/model.json"))


def case(seed: int, folder: Path) -> list[str]:
    """Tamper with one model and load it: it is refused, or scores with finite numbers where its change can be meant."""
    rng = Random(f"models {seed}")
    origin = rng.choice(folders())
    return _surely_broken(origin, folder, seed, rng) if rng.random() < 0.5 else _perhaps_sound(origin, folder, rng)


def _surely_broken(origin: Path, folder: Path, seed: int, rng: Random) -> list[str]:
    """Return the fault of a model that loads although one thing is wrong with it."""
    saved = origin
    if rng.random() < 0.5:
        saved = tampered_models.saved_again(origin, folder / origin.parent.name)
    (tampered,) = islice(tampered_models.tampered_models([saved], folder, seed=seed, number=1), 1)
    where = f"{tampered.model}: {tampered.change[:120]}"
    try:
        storage.load(tampered.folder)
    except StorageError:
        return []
    except BaseException as error:  # noqa: BLE001  nothing may come through, whatever its class
        return [f"traceback: {type(error).__name__}: {str(error)[:150]}: {where}"]
    return [f"loads: {where}"]


def _perhaps_sound(origin: Path, folder: Path, rng: Random) -> list[str]:
    """Return the fault of a model whose change only its digest, which it lacks, could tell in every case."""
    copy = folder / "model"
    shutil.copytree(origin, copy, ignore=shutil.ignore_patterns(*KEPT))
    what = rng.choice([_number, _number, _value, _value, _bytes, _gone, _array_header])(copy, rng)
    if what is None:
        return []
    where = f"{origin.parent.name}: {what}"
    try:
        fitted = storage.load(copy)
        found = model_checks.given_for(fitted, pl.read_parquet(origin / KEPT[0]))
    except RelkitError:
        return []
    except BaseException as error:  # noqa: BLE001  nothing may come through, whatever its class
        return [f"traceback: {type(error).__name__}: {str(error)[:150]}: {where}"]
    bad = [name for name, dtype in found.schema.items() if dtype.is_float() and not _finite(found[name])]
    return [f"no number: {', '.join(bad)}: {where}"] if bad else []


def _finite(values: pl.Series) -> bool:
    return bool(values.drop_nulls().is_finite().all())


def _leaves(tree: Any) -> list[tuple[Any, ...]]:
    found = []
    for path in parts(tree):
        inside = tree
        for key in path:
            inside = inside[key]
        if not isinstance(inside, dict | list):
            found.append(path)
    return found


def _edited(folder: Path, rng: Random, change: Callable[[Any], Any], numbers: bool) -> str | None:
    path = folder / "model.json"
    body = json.loads(path.read_text("utf-8"))
    found = [("fields", *leaf) for leaf in _leaves(body["fields"])] if numbers else parts(body)
    rng.shuffle(found)
    for place in found:
        inside = body
        for key in place[:-1]:
            inside = inside[key]
        old = inside[place[-1]]
        if numbers and (isinstance(old, bool) or not isinstance(old, int | float)):
            continue
        inside[place[-1]] = change(old)
        path.write_text(json.dumps(body), "utf-8")
        return f"{'.'.join(map(str, place))} = {str(inside[place[-1]])[:60]}"
    return None


def _number(folder: Path, rng: Random) -> str | None:
    factor = rng.choice([100, -1, 0, 1e-6, 1e12, math.nan, math.inf, 1e300])
    return _edited(folder, rng, lambda old: old * factor, numbers=True)


def _value(folder: Path, rng: Random) -> str | None:
    value = rng.choice(VALUES)
    return _edited(folder, rng, lambda _: value, numbers=False)


def _bytes(folder: Path, rng: Random) -> str | None:
    path = rng.choice(sorted(p for p in folder.rglob("*") if p.is_file()))
    data = bytearray(path.read_bytes())
    what = rng.choice(["empty", "cut", "flip", "zeros", "deep"])
    if what == "flip" and data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    changed = {"empty": b"", "cut": bytes(data[: len(data) // 2]), "zeros": bytes(len(data)), "deep": b"[" * 200_000}.get(what, bytes(data))
    path.write_bytes(changed)
    return f"{path.name}: {what}"


def _gone(folder: Path, rng: Random) -> str | None:
    path = rng.choice(sorted(p for p in folder.rglob("*") if p.is_file()))
    path.unlink()
    if rng.random() < 0.3:
        path.mkdir()
    return f"{path.name} is gone"


def _array_header(folder: Path, rng: Random) -> str | None:
    arrays = sorted(folder.rglob("*.npy"))
    if not arrays:
        return None
    path = rng.choice(arrays)
    data = path.read_bytes()
    old, new = rng.choice(
        [(b"<f8", b"|O8"), (b"<f8", b"<c8"), (b"<f8", b"<i8"), (b"(", b"(99999999999999,"), (b"False", b"True "), (b"<f8", b"<M8")]
    )
    path.write_bytes(data.replace(old, new, 1))
    return f"{path.name}: {old.decode()} -> {new.decode()}"

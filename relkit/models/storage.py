"""Saving and loading fitted models: two functions for all of them.

    save(fitted, folder)     writes   model.json     plain fields, nested dataclasses, dates, tuples, dicts
                                      <field>.npy    arrays
                                      <field>.parquet  frames
    load(folder)             finds the class in the catalogue by the model's name and rebuilds it
    digest(folder)           sha256 over the model, to be kept elsewhere and given to load

The schema is read from the types of the dataclass, so no model needs code of its own; fields that had another name when a
model was saved are read under it. Loading runs no code from the files: there is no pickle in them, and the class comes from
`relkit.models.catalogue`, never from a path in the file. A format that this version does not know is refused with both
versions named. `model.json` is written last: a folder whose writing was interrupted has none and is refused.

A loaded model is checked as settings are. Its files are limited and are no links (`relkit.models.saved_files`), each value has
the type of its field, each number lies in its domain and lengths agree (`relkit.models.field_domains`), a record's own
`damage()` finds nothing, and every file is the one that was saved: model.json has the digest of each, and one over itself.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl
from numpy.typing import NDArray

import relkit
from relkit.errors import ParameterError, RelkitError, StorageError
from relkit.models import catalogue
from relkit.models.field_domains import lengths_that_differ, problem
from relkit.models.saved_files import array_of, contents, frame_of, sha256
from relkit.remarks import Remark, untranslated

if TYPE_CHECKING:
    from collections.abc import Container

    from relkit.models.base import Fitted

FORMAT = 1
"""Format of the folder's layout; a model's own fields have `Fitted.format`."""

_FILE = "model.json"
_DAMAGE: tuple[type[Exception], ...] = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, EOFError, MemoryError, RecursionError),
    pl.exceptions.PolarsError,
    RelkitError,
)
"""Errors of reading fields that a damaged folder leads to."""
_LARGEST, _LONGEST_REASON = 2**53, 300
_EARLIER = {"weights": "weight_column", "notes": "remarks"}
"""Former names of saved fields, and their current names."""
# Names that models import for their type checker only.
_NAMES: dict[str, Any] = {
    "np": np,
    "pl": pl,
    "NDArray": NDArray,
    "date": date,
    "datetime": datetime,
    "Path": Path,
    "Any": Any,
    "Mapping": Mapping,
    "Remark": Remark,
}


def save(fitted: Fitted, folder: Path) -> Path:
    """Write a fitted model and return the path of its model.json.

    Args:
        fitted: any fitted model of the catalogue.
        folder: created if absent; it must not contain a model yet.

    Raises:
        StorageError: the folder already contains a model, or a field cannot be stored (an infinite number, a
            type without a stored form).
    """
    if (folder / _FILE).exists():
        raise StorageError("the folder has a model already.", where=str(folder), remedy="Choose another folder; nothing is overwritten.")
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "storage": FORMAT,
        "relkit": relkit.__version__,
        "name": fitted.name,
        "format": fitted.format,
        "contract": _contract(fitted),
        "fields": _write_fields(fitted, folder, ""),
    }
    try:
        body["digest"] = _digest(body)
        text = json.dumps(body, allow_nan=False, indent=1, ensure_ascii=False)
    except ValueError as error:
        raise StorageError("a number is infinite or not a number.", where=f"{fitted.name}: {_not_finite(body['fields'])}") from error
    path = folder / _FILE
    path.write_text(text + "\n", encoding="utf-8")
    return path


def load(folder: Path, *, registered: str = "") -> Fitted:
    """Return the fitted model saved in `folder`.

    Args:
        folder: that `save` wrote.
        registered: the digest that was kept elsewhere when the model was saved; empty if none was.

    Raises:
        StorageError: there is no model, its files are damaged or were changed after they were saved, or its name, format or
            contract is not one that this version of relkit knows.
    """
    body = _read(folder)
    where = str(folder)
    _same(body, "storage", FORMAT, "storage format", where)
    cls = _class(body, where)
    _same(body, "format", cls.format, f"format of {body['name']}", where)
    try:
        fitted: Fitted = _make(cls, body["fields"], folder, "")
        now = _contract(fitted)
    except _DAMAGE as error:
        raise _damaged(body["name"], str(error), where) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # polars' own, of a file that it cannot make sense of
            raise
        raise _damaged(body["name"], "a frame cannot be read", where) from None
    if now != body.get("contract"):
        raise StorageError(
            f"the model was saved for the contract {body.get('contract')}, relkit {relkit.__version__} reads {now}.",
            where=where,
            remedy=f"Fit it again, or load it with relkit {body['relkit']}.",
        )
    _verify(body, registered, where)
    return fitted


def digest(folder: Path) -> str:
    """Return the digest of a saved model, over its fields and all its files; empty for one saved before digests were.

    Raises:
        StorageError: there is no model.
    """
    return str(_read(folder).get("digest", ""))


def _digest(body: dict[str, Any]) -> str:
    """Return the sha256 of a model.json, which has those of the other files; of its content, not of its layout."""
    signed = {name: value for name, value in body.items() if name != "digest"}
    return sha256(json.dumps(signed, allow_nan=False, sort_keys=True, separators=(",", ":")).encode())


def _verify(body: dict[str, Any], registered: str, where: str) -> None:
    """Refuse a model of which something was changed after it was saved."""
    own = body.get("digest", registered)
    if (own or registered) and not _digest(body) == own == (registered or own):
        raise StorageError(
            f"the saved {body['name']} was changed after it was saved: its digest is not the one that was kept.",
            where=where,
            remedy="Restore the folder from a copy, or fit the model again.",
        )


def _damaged(name: Any, why: str, where: str) -> StorageError:
    short = " ".join(why.split())[:_LONGEST_REASON] or "unreadable"
    return StorageError(f"the saved {name} is damaged ({short}).", where=where, remedy="Fit and save it again.")


def _contract(fitted: Fitted) -> dict[str, Any]:
    """Return the columns the model needs and their types, which decide whether current features suit it."""
    needs = fitted.needs
    return {"name": needs.name, "columns": {c.name: str(c.dtype) for c in needs.columns if c.required}}


def _read(folder: Path) -> dict[str, Any]:
    path = folder / _FILE
    if not path.is_file():
        raise StorageError("there is no saved model here (no model.json).", where=str(folder), remedy="Give the folder that save wrote.")
    try:
        body = json.loads(contents(path).decode(), parse_constant=_refused)
    except (ValueError, OSError, RecursionError) as error:
        raise StorageError(f"model.json cannot be read ({error}).", where=str(folder), remedy="Fit and save the model again.") from error
    absent = [key for key in ("storage", "relkit", "name", "format", "fields") if not isinstance(body, dict) or key not in body]
    if absent:
        raise StorageError(f"model.json has no {', '.join(absent)}.", where=str(folder), remedy="It was not written by relkit.")
    if not isinstance(body["name"], str):
        raise StorageError("the name of the model in model.json is no text.", where=str(folder), remedy="It was not written by relkit.")
    return dict(body)


def _refused(constant: str) -> None:
    raise ValueError(f"a number is {constant}")


def _same(body: dict[str, Any], key: str, known: int, what: str, where: str) -> None:
    if body[key] != known:
        raise StorageError(
            f"the {what} is {body[key]} (written by relkit {body['relkit']}); relkit {relkit.__version__} reads {known}.",
            where=where,
            remedy=f"Fit the model again, or load it with relkit {body['relkit']}.",
        )


def _class(body: dict[str, Any], where: str) -> type[Fitted]:
    try:
        return catalogue.fitted_class(body["name"])
    except ParameterError as error:
        raise StorageError(
            f"it was written by relkit {body['relkit']}, and in relkit {relkit.__version__} it is an {error.what}",
            where=where,
            remedy=error.remedy,
        ) from error


def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, localns=_NAMES)


def _write_fields(record: Any, folder: Path, path: str) -> dict[str, Any]:
    hints = _hints(type(record))
    return {f.name: _write(getattr(record, f.name), hints[f.name], folder, f"{path}{f.name}") for f in fields(record)}


def _write(value: Any, hint: Any, folder: Path, path: str) -> Any:  # noqa: PLR0911 one line for each kind of type
    hint = _given(hint, value)
    origin = get_origin(hint) or hint
    if value is None or origin is Literal:
        return value
    if origin in {bool, str, int, float}:
        return origin(value)
    if origin in {date, datetime}:
        return value.isoformat()
    if origin is np.ndarray:
        return _write_array(value, folder, path)
    if origin is pl.DataFrame:
        value.write_parquet(folder / f"{path}.parquet")
        return _file(folder, f"{path}.parquet")
    if is_dataclass(origin):
        return _write_fields(value, folder, f"{path}.")
    if origin is tuple:
        parts = _parts(hint, len(value))
        return [_write(v, h, folder, f"{path}.{i}") for i, (v, h) in enumerate(zip(value, parts, strict=True))]
    if origin in {dict, Mapping}:
        return {str(k): _write(v, get_args(hint)[1], folder, f"{path}.{k}") for k, v in value.items()}
    raise StorageError(
        f"a field of type {hint} has no stored form.", where=path, remedy="Use numbers, text, dates, tuples, arrays or frames."
    )


def _write_array(value: NDArray[Any], folder: Path, path: str) -> dict[str, str]:
    if value.dtype.hasobject:
        raise StorageError("an array of Python objects has no stored form.", where=path, remedy="Use a number or text type.")
    np.save(folder / f"{path}.npy", value, allow_pickle=False)
    return _file(folder, f"{path}.npy")


def _file(folder: Path, name: str) -> dict[str, str]:
    """Return the reference to a file: its name and its digest."""
    return {"file": name, "sha256": sha256((folder / name).read_bytes())}


def _make(cls: Any, stored: Any, folder: Path, path: str) -> Any:
    """Return the dataclass `cls` made from its stored fields, each in its domain."""
    hints = _hints(cls)
    known = {f.name: f for f in fields(cls)}
    if not isinstance(stored, dict):
        raise TypeError(f"{path or cls.__name__} is no record")
    stored = _renamed(stored, known)
    if extra := sorted(set(stored) - set(known)):
        raise ValueError(f"{path or cls.__name__} has unknown fields {', '.join(extra)}")
    values = {}
    for name, f in known.items():
        if name in stored:
            values[name] = _value(stored[name], hints[name], folder, f"{path}{name}")
        elif f.default is MISSING and f.default_factory is MISSING:
            raise ValueError(f"the field {path}{name} is absent")
    found = (f"{path}{fault}" for name in values if (fault := problem(cls.__name__, name, values[name])))
    if fault := next(found, "") or lengths_that_differ(cls.__name__, values):
        raise ValueError(fault)
    made = cls(**values)
    if fault := made.damage() if hasattr(made, "damage") else "":
        raise ValueError(f"{path}{fault}")
    return made


def _renamed(stored: dict[str, Any], known: Container[str]) -> dict[str, Any]:
    """Return stored fields under their current names; one that was empty is left at its default."""
    old = [name for name in stored if name not in known and name in _EARLIER]
    kept = {_EARLIER[name] if name in old else name: value for name, value in stored.items() if name not in old or value is not None}
    return kept if old else stored


def _value(stored: Any, hint: Any, folder: Path, path: str) -> Any:  # noqa: PLR0911 one line for each kind of type
    if stored is None and not _may_be_none(hint):
        raise ValueError(f"{path} is null")
    hint = _given(hint, stored)
    origin = get_origin(hint) or hint
    if stored is None:
        return None
    if origin is Literal:
        return _one_of(stored, get_args(hint), path)
    if origin in {bool, str, int, float}:
        return _plain(stored, origin, path)
    if origin in {date, datetime}:
        return origin.fromisoformat(stored)
    if origin is np.ndarray:
        return array_of(_saved(stored, folder, f"{path}.npy"), f"{path}.npy", _kind(hint))
    if origin is pl.DataFrame:
        return frame_of(_saved(stored, folder, f"{path}.parquet"), f"{path}.parquet")
    if origin is Remark and isinstance(stored, str):
        return untranslated(stored)
    return _make(origin, stored, folder, f"{path}.") if is_dataclass(origin) else _several(stored, hint, folder, path)


def _several(stored: Any, hint: Any, folder: Path, path: str) -> Any:
    """Return a stored tuple or dict."""
    kind = list if get_origin(hint) is tuple else dict
    if not isinstance(stored, kind):
        raise TypeError(f"{path} is no {kind.__name__}")
    if isinstance(stored, list):
        parts = _parts(hint, len(stored))
        return tuple(_value(v, h, folder, f"{path}.{i}") for i, (v, h) in enumerate(zip(stored, parts, strict=True)))
    key, item = get_args(hint)
    return {key(k): _value(v, item, folder, f"{path}.{k}") for k, v in stored.items()}


def _one_of(stored: Any, options: tuple[Any, ...], path: str) -> Any:
    if stored not in options:
        raise ValueError(f"{path} is {stored!r}, none of {', '.join(map(str, options))}")
    return stored


def _plain(stored: Any, kind: type, path: str) -> Any:
    """Return a stored number, text or truth value; JSON writes 7.0 and 7 alike, any other change of type is damage."""
    fits = isinstance(stored, kind) or (kind is float and isinstance(stored, int))
    if not fits or (isinstance(stored, bool) and kind is not bool):
        raise ValueError(f"{path} is {stored!r}, expected {kind.__name__}")
    if kind is int and not -_LARGEST <= stored <= _LARGEST:
        raise ValueError(f"{path} has over {len(str(_LARGEST))} digits")
    value = kind(stored)
    if kind is float and not math.isfinite(value):
        raise ValueError(f"{path} is infinite")
    return value


def _saved(stored: Any, folder: Path, name: str) -> bytes:
    """Return the bytes of a field's file, whose name follows from the field: another one could point anywhere."""
    if not isinstance(stored, dict) or stored.get("file") != name or Path(name).name != name:
        raise ValueError(f"{name} is not the file that model.json names")
    written = contents(folder / name)
    if "sha256" in stored and stored["sha256"] != sha256(written):
        raise ValueError(f"{name} was changed after it was saved")
    return written


def _kind(hint: Any) -> Any:
    """Return the scalar type of an array's hint; None if it is any."""
    declared = get_args(get_args(hint)[1]) if len(get_args(hint)) > 1 else ()
    return declared[0] if declared else None


def _may_be_none(hint: Any) -> bool:
    return hint is type(None) or (get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)) or hint is Any


def _parts(hint: Any, length: int) -> tuple[Any, ...]:
    """Return the type of each item of a tuple."""
    given = get_args(hint)
    return (given[0],) * length if len(given) == 2 and given[1] is Ellipsis else given


def _given(hint: Any, value: Any) -> Any:
    """Return the type in force if `hint` may be None or one of several plain types."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    options = [option for option in get_args(hint) if option is not type(None)]
    if value is None or len(options) == 1:
        return options[0]
    exact = [option for option in options if type(value) is option]
    return exact[0] if exact else options[0]


def _not_finite(stored: Any, path: str = "") -> str:
    """Return the path of the first number that JSON cannot represent."""
    if isinstance(stored, float):
        return path if not np.isfinite(stored) else ""
    items = stored.items() if isinstance(stored, dict) else enumerate(stored) if isinstance(stored, list) else ()
    return next((found for key, item in items if (found := _not_finite(item, f"{path}.{key}".lstrip(".")))), "")

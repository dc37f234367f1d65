"""Arrays and frames of a saved model: read from plain files, whose size is known and limited before anything is allocated.

A file is read only if it is a regular file in the model's own folder: no link, no pipe, no path out of it. The header of an
array must agree with the length of its file, so that a shape in it cannot ask for more memory than the file has bytes; the
rows of a frame are taken from its metadata first.
"""

from __future__ import annotations

import hashlib
import io
import math
import stat
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from relkit.errors import StorageError
from relkit.limits import beyond, limit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LONGEST_HEADER = 10_000


def contents(path: Path) -> bytes:
    """Return the bytes of a file of a saved model.

    Raises:
        StorageError: the file is larger than the limit `model_bytes`.
        ValueError: it is absent, a link, or no regular file.
    """
    try:
        found = path.lstat()
    except OSError:
        raise ValueError(f"{path.name} is absent") from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a file"
        raise ValueError(f"{path.name} is {kind}")
    if found.st_size > limit("model_bytes"):
        raise beyond("model_bytes", where=str(path), error=StorageError)
    return path.read_bytes()


def sha256(written: bytes) -> str:
    """Return the digest of bytes.

    Examples:
        >>> sha256(b"")[:8]
        'e3b0c442'
    """
    return hashlib.sha256(written).hexdigest()


def array_of(written: bytes, name: str, kind: Any = None) -> NDArray[Any]:
    """Return the array of a .npy file, read-only.

    Args:
        written: the bytes of the file.
        name: of the file, for messages.
        kind: numpy scalar type that the field declares; None allows any number or text.

    Raises:
        ValueError: the file is no .npy file, its length differs from what its header states, or its values are of another kind.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> np.save(file, np.arange(3.0))
        >>> array_of(file.getvalue(), "a.npy", np.float64).tolist()
        [0.0, 1.0, 2.0]
    """
    shape, fortran_order, dtype, start = _header(written, name)
    if dtype.hasobject or dtype.names is not None or dtype.kind not in "biufU":
        raise ValueError(f"{name} contains {dtype}, neither numbers nor text")
    if kind is not None and isinstance(kind, type) and issubclass(kind, np.generic) and np.dtype(kind).kind != dtype.kind:
        raise ValueError(f"{name} contains {dtype}, expected {np.dtype(kind)}")
    size = math.prod(shape)
    if min(shape, default=0) < 0 or size * dtype.itemsize != len(written) - start:
        raise ValueError(f"{name} has {len(written) - start:,} bytes of values, which does not agree with its header")
    if size == 0 or dtype.itemsize == 0:
        # An empty axis states nothing on the others: 0 by 10^18 allocates nothing, and code that loops over them never ends.
        if max(shape, default=0) > len(written) + _LONGEST_HEADER:
            raise ValueError(f"{name} has no values and {max(shape):,} rows or columns")
        return _frozen(np.zeros(shape, dtype.newbyteorder("=")))
    values = np.frombuffer(written, dtype, size, start).reshape(shape, order="F" if fortran_order else "C")
    plain = values.dtype.isnative and values.flags.aligned
    return values if plain else _frozen(np.require(values.astype(dtype.newbyteorder("=")), requirements="A"))


def frame_of(written: bytes, name: str) -> pl.DataFrame:
    """Return the frame of a Parquet file.

    Raises:
        StorageError: its rows and columns are more than the limit `model_bytes` can hold.
        ValueError: the file is no Parquet file.
    """
    if len(written) < 12 or written[:4] != b"PAR1" or written[-4:] != b"PAR1":  # else polars' messages are about its internals
        raise ValueError(f"{name} is not a Parquet file")
    lazy = pl.scan_parquet(io.BytesIO(written))
    rows = int(lazy.select(pl.len()).collect().item())
    if rows * len(lazy.collect_schema()) * 8 > limit("model_bytes"):
        raise beyond("model_bytes", where=name, error=StorageError)
    return pl.read_parquet(io.BytesIO(written))


def _header(written: bytes, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, order and type of an array, and where its values begin."""
    file = io.BytesIO(written[: _LONGEST_HEADER + 16])
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(file, max_header_size=_LONGEST_HEADER)
    except (ValueError, TypeError, SyntaxError, EOFError, RecursionError, MemoryError) as error:
        raise ValueError(f"{name} is not a .npy file") from error
    return shape, fortran_order, dtype, file.tell()


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array

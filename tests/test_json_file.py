"""JSON files read back: each way to be damaged is one error that names the file and the remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from relkit.delivery.publishing import Delivery
from relkit.errors import RelkitError, StorageError
from relkit.json_file import read_json
from relkit.remarks import read_remarks
from relkit.scores.kept_scores import read_models
from relkit.tables.table_set import TableSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAMAGE = ["", "{", '{"a": ', "[" * 100_000, '{"a": NaN}', '{"a": Infinity}', "\x00", "null", "5", "[1]", '"text"', "\ud800"]


@pytest.mark.parametrize("content", DAMAGE)
def test_a_damaged_file_is_named(content: str, tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    path = tmp_path / "facts.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(StorageError, match=r"facts\.json: the file is damaged.* Check again\."):
        read_json(path, "a", remedy="Check again.")


def test_a_key_that_is_lacking_is_named(tmp_path: Path) -> None:
    """A file of another version."""
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert read_json(tmp_path / "x.json", remedy="") == {"a": 1}
    with pytest.raises(StorageError, match="of another version of relkit: it has no b, c"):
        read_json(tmp_path / "x.json", "a", "b", "c", remedy="")
    with pytest.raises(StorageError, match=r"nothing\.json: the file is damaged"):
        read_json(tmp_path / "nothing.json", remedy="")


READERS: dict[str, Callable[[Path], object]] = {
    "facts.json": TableSet.open,
    "models.json": read_models,
    "manifest.json": lambda folder: Delivery(as_of=None, revision=1, folder=folder).manifest(),  # type: ignore[arg-type]  # not read
    "remarks.json": lambda folder: read_remarks(folder / "remarks.json"),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [*DAMAGE, '{"models": 5}', '[{"code": 1}]', json.dumps({"rows": {"a": {}}})])
def test_every_reader_refuses_it_by_an_error_of_ours(name: str, content: str, tmp_path: Path) -> None:
    """Or reads what is sound for it."""
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        READERS[name](tmp_path)
    except RelkitError as error:
        assert name in str(error)  # noqa: PT017  either outcome is right

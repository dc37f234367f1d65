from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray  # noqa: TC002 storage reads the types of fields

import relkit
from relkit.contracts import Column, Contract
from relkit.errors import ParameterError, StorageError
from relkit.models import catalogue, storage
from relkit.models.base import FitInfo
from relkit.remarks import Remark

NEEDS = Contract(name="toy", key=("customer_id",), columns=(Column(name="customer_id", dtype=pl.String, required=True),))


@dataclass(frozen=True, kw_only=True)
class Toy:
    """Settings with every plain type."""

    kind: Literal["a", "b"] = "a"
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in ("a", "b"):
            raise ParameterError.unknown("kind", self.kind, ("a", "b"))


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedToy:
    """A fitted model with every type that has a stored form."""

    name: ClassVar[str] = "toy"
    format: ClassVar[int] = 2
    needs: ClassVar[Contract] = NEEDS

    settings: Toy
    info: FitInfo
    flag: bool = True
    number: int = 3
    share: float = 0.5
    word: str = "mot"
    absent: float | None = None
    either: int | str = "text"
    day: date | None = date(2025, 1, 31)
    pair: tuple[int, float] = (1, 2.5)
    nested: tuple[tuple[str, ...], ...] = (("a",), ())
    by_name: dict[str, float] = field(default_factory=lambda: {"b": 1.0, "a": 2.0})
    by_number: dict[int, NDArray[np.float64]] = field(default_factory=lambda: {7: np.array([1.0, np.nan])})
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame({"x": [1, None], "d": [date(2025, 1, 1), None]}))
    texts: NDArray[np.str_] = field(default_factory=lambda: np.array(["é", "b"]))

    def summary(self) -> pl.DataFrame:
        """Return nothing."""
        return pl.DataFrame()


INFO = FitInfo(as_of=date(2025, 6, 30), rows=2, log_likelihood=-1.25, converged=True, remarks=(Remark("one", "One sentence.", "Été."),))


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(name: str) -> Any:
        return FittedToy if name == "toy" else genuine(name)

    genuine = catalogue.fitted_class
    monkeypatch.setattr(catalogue, "fitted_class", known)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    storage.save(toy(), tmp_path / "toy")
    return tmp_path / "toy"


def toy(**changes: Any) -> FittedToy:
    return FittedToy(settings=Toy(kind="b", columns=("x", "y")), info=INFO, **changes)


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    body = json.loads(path.read_text()) | changes
    del body["digest"]  # as in a model saved before it was kept, so that what a reader would trip over is seen
    path.write_text(json.dumps(body))


def edit_fields(folder: Path, **changes: Any) -> None:
    edit(folder, fields=json.loads((folder / "model.json").read_text())["fields"] | changes)


def test_every_type_comes_back(folder: Path) -> None:
    loaded, saved = storage.load(folder), toy()
    assert isinstance(loaded, FittedToy)
    for name in ("settings", "info", "flag", "number", "share", "word", "absent", "either", "day", "pair", "nested", "by_name"):
        value = getattr(loaded, name)
        assert value == getattr(saved, name)
        assert type(value) is type(getattr(saved, name))
    assert list(loaded.by_name) == ["b", "a"]
    assert np.array_equal(loaded.by_number[7], [1.0, np.nan], equal_nan=True)
    assert loaded.table.equals(saved.table)
    assert loaded.texts.tolist() == ["é", "b"]


def test_sentences_of_a_model_saved_before_remarks_stay_in_english(folder: Path) -> None:
    fields = json.loads((folder / "model.json").read_text())["fields"]
    info = {name: value for name, value in fields["info"].items() if name != "remarks"} | {"notes": ["Few ends.", "All alike."]}
    edit_fields(folder, info=info)
    remarks = storage.load(folder).info.remarks
    assert [remark.text("fr") for remark in remarks] == ["Few ends.", "All alike."]
    assert {remark.code for remark in remarks} == {"untranslated"}


def test_loaded_arrays_cannot_be_written_to(folder: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        storage.load(folder).by_number[7][0] = 5.0  # type: ignore[attr-defined]


def test_files_are_named_after_fields(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["by_number.7.npy", "model.json", "table.parquet", "texts.npy"]
    assert json.loads((folder / "model.json").read_text())["relkit"] == relkit.__version__


def test_numpy_numbers_become_plain_ones(tmp_path: Path) -> None:
    storage.save(toy(share=np.float64(0.1), number=np.int64(4)), tmp_path / "toy")
    loaded = storage.load(tmp_path / "toy")
    assert (loaded.share, loaded.number) == (0.1, 4)  # type: ignore[attr-defined]
    assert type(loaded.number) is int  # type: ignore[attr-defined]


def test_a_folder_with_a_model_is_not_overwritten(folder: Path) -> None:
    with pytest.raises(StorageError, match="the folder has a model already"):
        storage.save(toy(), folder)


@pytest.mark.parametrize(
    ("change", "place"), [({"share": np.inf}, "share"), ({"by_name": {"a": np.nan}}, "by_name.a"), ({"pair": (1, -np.inf)}, "pair.1")]
)
def test_a_number_that_json_cannot_represent(change: dict[str, Any], place: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=f"toy: {place}: a number is infinite or not a number"):
        storage.save(toy(**change), tmp_path / "toy")
    assert not (tmp_path / "toy" / "model.json").exists()


def test_an_array_of_objects(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="texts: an array of Python objects has no stored form"):
        storage.save(toy(texts=np.array([{}], dtype=object)), tmp_path / "toy")


def test_a_type_without_a_stored_form(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Odd(FittedToy):
        odd: bytes = b""

    with pytest.raises(StorageError, match="odd: a field of type <class 'bytes'> has no stored form"):
        storage.save(Odd(settings=Toy(), info=INFO), tmp_path / "toy")


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no saved model here \(no model.json\)"):
        storage.load(tmp_path)


@pytest.mark.parametrize("text", ["{", "é"])
def test_json_that_cannot_be_read(folder: Path, text: str) -> None:
    (folder / "model.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StorageError, match=r"model.json cannot be read"):
        storage.load(folder)


@pytest.mark.parametrize("text", ["[]", '{"storage": 1, "relkit": "0.1.0"}'])
def test_json_of_something_else(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(StorageError, match=r"model.json has no .*name, format, fields"):
        storage.load(folder)


def test_another_storage_format(folder: Path) -> None:
    edit(folder, storage=9, relkit="7.0.0")
    with pytest.raises(StorageError, match=rf"storage format is 9 \(written by relkit 7.0.0\); relkit {relkit.__version__} reads 1"):
        storage.load(folder)


def test_another_format_of_the_model(folder: Path) -> None:
    edit(folder, format=1, relkit="0.0.9")
    with pytest.raises(StorageError, match=rf"format of toy is 1 \(written by relkit 0.0.9\); relkit {relkit.__version__} reads 2"):
        storage.load(folder)


def test_an_unknown_model(folder: Path) -> None:
    edit(folder, name="survival.coxx", relkit="2.0.0")
    with pytest.raises(
        StorageError, match=rf"relkit 2.0.0, and in relkit {relkit.__version__} it is an unknown model 'survival.coxx'; did you mean"
    ):
        storage.load(folder)


def test_a_path_is_no_name(folder: Path) -> None:
    """The class comes from the catalogue: naming a module in the file imports nothing."""
    edit(folder, name="os.path")
    with pytest.raises(StorageError, match=r"unknown model 'os.path'"):
        storage.load(folder)


def test_another_contract(folder: Path) -> None:
    edit(folder, contract={"name": "toy", "columns": {"client": "String"}})
    with pytest.raises(StorageError, match=rf"contract .*client.*, relkit {relkit.__version__} reads .*customer_id"):
        storage.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "three"}, "number is 'three', expected int"),
        ({"flag": 1}, "flag is 1, expected bool"),
        ({"number": True}, "number is True, expected int"),
        ({"day": "31/01/2025"}, "Invalid isoformat"),
        ({"settings": {"colour": "red"}}, "has unknown fields colour"),
        ({"settings": {"kind": "c"}}, "settings.kind is 'c', none of a, b"),
        ({"by_name": [1]}, "damaged"),
        ({"info": {"rows": 2}}, "the field info.as_of is absent"),
        ({"pair": [1]}, "damaged"),
        ({"nested": 4}, "damaged"),
    ],
)
def test_fields_that_were_tampered_with(folder: Path, change: dict[str, Any], message: str) -> None:
    edit_fields(folder, **change)
    with pytest.raises(StorageError, match=message):
        storage.load(folder)


def test_a_lost_file(folder: Path) -> None:
    (folder / "texts.npy").unlink()
    with pytest.raises(StorageError, match=r"the saved toy is damaged .*texts.npy"):
        storage.load(folder)


def test_a_frame_that_is_no_parquet(folder: Path) -> None:
    (folder / "table.parquet").write_bytes(b"no")
    with pytest.raises(StorageError, match="the saved toy is damaged"):
        storage.load(folder)


class Burglar:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self.path,)


def test_a_pickle_in_an_array_is_not_run(folder: Path, tmp_path: Path) -> None:
    for written in (pickle.dumps(Burglar(tmp_path / "entered")), None):
        if written is None:
            np.save(folder / "texts.npy", np.array([Burglar(tmp_path / "entered")], dtype=object), allow_pickle=True)
        else:
            (folder / "texts.npy").write_bytes(written)
        with pytest.raises(StorageError, match="the saved toy is damaged"):
            storage.load(folder)
    assert not (tmp_path / "entered").exists()


def test_the_file_of_a_field_cannot_be_elsewhere(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", np.array(["stolen"]))
    edit_fields(folder, texts={"file": "../other.npy"})
    with pytest.raises(StorageError, match=r"texts.npy is not the file that model.json names"):
        storage.load(folder)


def test_a_number_that_was_changed_is_told_by_the_digest(folder: Path) -> None:
    """A share of 0.6 in place of 0.5 lies in its domain; so does another layout of the same content, which changes nothing."""
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert storage.load(folder).share == 0.5  # type: ignore[attr-defined]
    path.write_text(path.read_text().replace('"share": 0.5', '"share": 0.6'))
    with pytest.raises(StorageError, match="toy was changed after it was saved: its digest is not the one that was kept"):
        storage.load(folder)


def test_an_array_that_was_changed_is_told_by_its_digest(folder: Path) -> None:
    np.save(folder / "by_number.7.npy", np.array([1.0, 2.0]))
    with pytest.raises(StorageError, match=r"by_number.7.npy was changed after it was saved"):
        storage.load(folder)


def test_a_whole_model_in_place_of_another_is_told_by_the_digest_kept_elsewhere(folder: Path, tmp_path: Path) -> None:
    kept = storage.digest(folder)
    assert storage.load(folder, registered=kept).share == 0.5  # type: ignore[attr-defined]
    storage.save(toy(share=0.6), tmp_path / "other")
    edit(folder)
    assert storage.digest(folder) == ""
    for other in (tmp_path / "other", folder):
        if other == folder:
            edit_text(folder, '"share": 0.5', '"share": 0.6')
        with pytest.raises(StorageError, match="its digest is not the one that was kept"):
            storage.load(other, registered=kept)


def edit_text(folder: Path, old: str, new: str) -> None:
    path = folder / "model.json"
    path.write_text(path.read_text().replace(old, new))

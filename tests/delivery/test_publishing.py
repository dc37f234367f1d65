from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from relkit.delivery import publishing
from relkit.delivery.publishing import Delivery, deliveries, drafting, latest, sweep_deliveries, verify
from relkit.errors import StorageError

MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)


def deliver(root: Path, as_of: date = JUNE, text: str = "hello") -> Delivery:
    with drafting(root, as_of) as draft:
        (draft.folder / "note.txt").write_text(text)
        return draft.publish({"programme": "p", "run": {}})


def test_a_delivery_has_its_files_a_manifest_and_checksums(tmp_path: Path) -> None:
    made = deliver(tmp_path)
    assert sorted(p.name for p in made.folder.iterdir()) == ["SHA256SUMS", "manifest.json", "note.txt"]
    assert made.manifest()["files"] == [{"name": "note.txt", "bytes": 5, "sha256": publishing.sha256(made.folder / "note.txt")}]
    subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=made.folder, check=True, capture_output=True)
    verify(made)


def test_a_day_delivered_again_is_a_revision_and_the_first_stays(tmp_path: Path) -> None:
    names = [deliver(tmp_path, text=text).name for text in ("one", "two", "three")]
    assert names == ["2025-06-30", "2025-06-30-r2", "2025-06-30-r3"]
    assert [(d.folder / "note.txt").read_text() for d in deliveries(tmp_path)] == ["one", "two", "three"]
    assert latest(tmp_path) == deliveries(tmp_path)[-1]


def test_ten_revisions_sort_by_number(tmp_path: Path) -> None:
    for _ in range(10):
        deliver(tmp_path)
    assert deliveries(tmp_path)[-1].name == "2025-06-30-r10"
    assert (tmp_path / "LATEST").read_text() == "2025-06-30-r10\n"


def test_an_earlier_day_does_not_take_latest_back_and_is_compared_with_what_came_before(tmp_path: Path) -> None:
    deliver(tmp_path, JUNE)
    with drafting(tmp_path, MAY) as draft:
        assert draft.previous is None
        draft.publish({})
    assert latest(tmp_path).name == "2025-06-30"
    with drafting(tmp_path, JUNE) as draft:
        assert draft.previous.name == "2025-06-30"


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, MAY)
    with pytest.raises(FileNotFoundError, match="nowhere"), drafting(tmp_path, JUNE) as draft:
        (draft.folder / "half.txt").write_text((tmp_path / "nowhere").read_text())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2025-05-31", "LATEST"]


def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(tmp_path: Path) -> None:
    deliver(tmp_path, MAY)
    (tmp_path / ".draft-dead" / "deep").mkdir(parents=True)
    (tmp_path / ".draft-LATEST").write_text("half")
    (tmp_path / "notes of the team").mkdir()
    deliver(tmp_path, JUNE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2025-05-31", "2025-06-30", "LATEST", "notes of the team"]


def test_a_delivery_that_latest_does_not_name_yet_is_finished(tmp_path: Path) -> None:
    deliver(tmp_path, MAY)
    deliver(tmp_path, JUNE)
    (tmp_path / "LATEST").write_text("2025-05-31\n")
    (tmp_path / ".draft-LATEST").write_text("2025-06-30\n")
    assert sweep_deliveries(tmp_path) == 1
    assert latest(tmp_path).name == "2025-06-30"
    (tmp_path / ".draft-LATEST").write_text("2025-07-31\n")  # of a delivery that never got its name
    assert sweep_deliveries(tmp_path) == 1
    assert latest(tmp_path).name == "2025-06-30"


def test_two_deliveries_at_once_are_kept_apart(tmp_path: Path) -> None:
    with drafting(tmp_path, JUNE), pytest.raises(StorageError, match="another delivery of this programme is at work here"):
        deliver(tmp_path)
    deliver(tmp_path)


def test_a_name_that_is_taken_by_anything_is_never_reused(tmp_path: Path) -> None:
    (tmp_path / "2025-06-30").mkdir()
    (tmp_path / "2025-99-99").mkdir()
    assert deliver(tmp_path).name == "2025-06-30-r2"
    assert [d.name for d in deliveries(tmp_path)] == ["2025-06-30-r2"]


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with drafting(tmp_path, JUNE) as draft:
        (tmp_path / "2025-06-30").mkdir()
        with pytest.raises(StorageError, match="a delivery of that name has since appeared"):
            draft.publish({})
    assert list((tmp_path / "2025-06-30").iterdir()) == []


def test_everything_is_flushed_before_the_name_is_given_and_the_name_before_latest(tmp_path: Path, monkeypatch) -> None:
    """Order of the steps: files, draft folder, pointer, rename, root folder, rename of the pointer, root folder."""
    done: list[str] = []
    names: dict[int, str] = {}
    real_open, real_sync = os.open, os.fsync
    real_rename, real_replace = os.rename, os.replace

    def note_open(path, *rest, **more):
        handle = real_open(path, *rest, **more)
        names[handle] = Path(path).name
        return handle

    monkeypatch.setattr(os, "open", note_open)
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(f"sync {names[handle]}"), real_sync(handle))[1])
    monkeypatch.setattr(os, "rename", lambda a, b: (done.append(f"rename to {Path(b).name}"), real_rename(a, b))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append(f"replace {Path(b).name}"), real_replace(a, b))[1])
    root = tmp_path / "deliveries"
    deliver(root)
    draft = next(name for name in done if ".draft-" in name and "LATEST" not in name)
    assert done == [
        f"sync {tmp_path.name}",
        "sync SHA256SUMS",
        "sync manifest.json",
        "sync note.txt",
        draft,
        "sync .draft-LATEST",
        "rename to 2025-06-30",
        "sync deliveries",
        "replace LATEST",
        "sync deliveries",
    ]


def test_latest_before_the_first_delivery_is_none_and_a_dangling_one_is_refused(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    assert deliveries(tmp_path / "nowhere") == []
    (tmp_path / "LATEST").write_text("2024-01-01\n")
    with pytest.raises(StorageError, match="it names '2024-01-01', which is not a delivery here"):
        latest(tmp_path)
    deliver(tmp_path)
    assert latest(tmp_path).name == "2025-06-30"


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "note.txt").write_text("other"), "note.txt was altered"),
        (lambda folder: (folder / "note.txt").unlink(), "note.txt is missing"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt is not listed"),
    ],
)
def test_a_delivery_that_was_altered_is_reported(tmp_path: Path, harm, message: str) -> None:
    made = deliver(tmp_path)
    harm(made.folder)
    with pytest.raises(StorageError, match=message):
        verify(made)


def test_a_manifest_that_is_no_json_is_refused_before_it_is_published(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"), drafting(tmp_path, JUNE) as draft:
        draft.publish({"psi": float("nan")})
    assert deliveries(tmp_path) == []


def test_the_manifest_is_readable_text(tmp_path: Path) -> None:
    with drafting(tmp_path, JUNE) as draft:
        made = draft.publish({"label": "Décile"})
    text = (made.folder / "manifest.json").read_text(encoding="utf-8")
    assert "Décile" in text
    assert json.loads(text) == made.manifest()

"""Atomic publication of deliveries; earlier ones stay.

    deliveries/<programme>/2025-06-30/       files, manifest.json, SHA256SUMS
    deliveries/<programme>/2025-06-30-r2/    a second delivery of the same day
    deliveries/<programme>/LATEST            name of the newest delivery, a line of text (not a link: Windows, SMB)

A draft is written in a folder `.draft-*` next to them and every file and folder is flushed to disk; then the
folder gets its name by one rename, and only then is LATEST replaced, also by a rename. A run that is
killed leaves at most a draft, which the next run removes, or a whole delivery that LATEST does not name yet but
`.draft-LATEST` does, which the next run puts in its place. A lock that the system releases when its holder dies keeps two runs apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from relkit.cards import Card, shown
from relkit.commands import command
from relkit.errors import StorageError
from relkit.json_file import read_json
from relkit.locks import held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LATEST = "LATEST"
MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
DRAFT = ".draft-"
NEXT = f"{DRAFT}{LATEST}"
"""The next LATEST, written before the delivery that it names gets its name."""
NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:-r([1-9]\d*))?$")


@dataclass(frozen=True, order=True)
class Delivery:
    """A published folder; deliveries sort by day, then by revision."""

    as_of: date
    revision: int
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def manifest(self) -> dict[str, Any]:
        """Return the content of manifest.json."""
        return read_json(self.folder / MANIFEST, remedy=f"Take the delivery again from its source, or run {command('deliver')} anew.")

    def _repr_html_(self) -> str:
        """Return its card for a notebook: content, sources and warnings."""
        manifest = self.manifest()
        facts = {name: manifest.get(name) for name in ("as_of", "language", "currency", "rows", "refused", "difference", "approved_by")}
        models = [
            {name: model.get(name) for name in ("score", "model", "version", "trained_as_of")} for model in manifest.get("models", ())
        ]
        files = [{"file": path.name, "bytes": path.stat().st_size} for path in _files(self.folder)]
        card = Card(f"Delivery {self.name}", (f"Programme {manifest['programme']['id']}, in {self.folder}.",)).warned(
            manifest.get("warnings", ())
        )
        return shown(card.with_facts("Delivered", facts).with_rows("Scores", models).with_rows("Files", files))


@dataclass(frozen=True)
class Draft:
    """A delivery that is being written; `publish` makes it one.

    Attributes:
        folder: where to write its files.
        name: the name it will get.
        as_of: its day.
        previous: the delivery to compare with: the newest of those before it, or None.
    """

    folder: Path
    name: str
    as_of: date
    previous: Delivery | None

    def publish(self, manifest: Mapping[str, Any]) -> Delivery:
        """Seal the draft with its manifest and checksums, give it its name and point LATEST to the newest delivery.

        `files` in the manifest is filled in here: name, bytes and sha256 of each file written before.
        """
        root = self.folder.parent
        listed = [_described(path) for path in _files(self.folder)]
        _write(self.folder / MANIFEST, json.dumps({**manifest, "files": listed}, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        sums = {entry["name"]: entry["sha256"] for entry in listed} | {MANIFEST: sha256(self.folder / MANIFEST)}
        _write(self.folder / CHECKSUMS, "".join(f"{sums[path.name]}  {path.name}\n" for path in _files(self.folder)))
        for path in sorted(self.folder.iterdir()):
            _flush(path)
        _flush(self.folder)
        target = root / self.name
        if target.exists():  # the lock makes this impossible between relkit runs; a person may still have made it
            raise StorageError(
                "a delivery of that name has since appeared.", where=str(target), remedy="Deliver again; it will get the next name."
            )
        _announce_newest(root, Delivery(self.as_of, int(NAME.match(self.name)[2] or 1), target))  # type: ignore[index]  # it is such a name
        self.folder.rename(target)
        _flush(root)
        (root / NEXT).replace(root / LATEST)
        _flush(root)
        return next(d for d in deliveries(root) if d.name == self.name)


@contextmanager
def drafting(root: Path, as_of: date) -> Iterator[Draft]:
    """Yield a draft of a delivery, under the programme's lock; it is removed if not published by the end.

    Args:
        root: deliveries/<programme>; created if missing.
        as_of: the day the delivery is made for; it is its name, or with -r2, -r3... if that day was delivered before.

    Raises:
        StorageError: another delivery of this programme is under way.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> root = Path(mkdtemp()) / "deliveries" / "default"
        >>> with drafting(root, date(2025, 6, 30)) as draft:
        ...     _ = (draft.folder / "note.txt").write_text("hello")
        ...     made = draft.publish({"programme": "default"})
        >>> made.name, (root / LATEST).read_text().strip(), [d.name for d in deliveries(root)]
        ('2025-06-30', '2025-06-30', ['2025-06-30'])
    """
    root.mkdir(parents=True, exist_ok=True)
    _flush(root.parent)
    with held(root, "another delivery of this programme") as first:
        if not first:
            remedy = "Wait until it has finished, then deliver again."
            raise StorageError("another delivery of this programme is at work here.", where=str(root), remedy=remedy)
        sweep_deliveries(root)
        revision = 1 + max((taken for day, taken, _ in _named(root) if day == as_of), default=0)
        name = as_of.isoformat() if revision == 1 else f"{as_of.isoformat()}-r{revision}"
        before = [d for d in deliveries(root) if d.as_of <= as_of]
        folder = root / f"{DRAFT}{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            yield Draft(folder=folder, name=name, as_of=as_of, previous=before[-1] if before else None)
        finally:
            if folder.exists():
                shutil.rmtree(folder)


def deliveries(root: Path) -> list[Delivery]:
    """Return the published deliveries of a programme, oldest first (by day, then revision)."""
    return sorted(Delivery(*named) for named in _named(root) if (named[2] / CHECKSUMS).is_file())


def latest(root: Path) -> Delivery | None:
    """Return the delivery that LATEST names, or None before the first.

    Raises:
        StorageError: LATEST names a folder that does not exist.
    """
    pointer = root / LATEST
    if not pointer.is_file():
        return None
    name = pointer.read_text(encoding="utf-8").strip()
    for delivery in deliveries(root):
        if delivery.name == name:
            return delivery
    raise StorageError(
        f"it names {name!r}, which is not a delivery here.", where=str(pointer), remedy="Deliver again, or put the folder back."
    )


def verify(delivery: Delivery) -> None:
    """Check every file against SHA256SUMS, as `sha256sum -c` does.

    Raises:
        StorageError: a file is missing, altered, or not listed.
    """
    lines = (delivery.folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    present = {path.name: path for path in delivery.folder.iterdir() if path.name != CHECKSUMS}
    wrong = [f"{name} is missing" for name in sorted(expected.keys() - present.keys())]
    wrong += [f"{name} is not listed" for name in sorted(present.keys() - expected.keys())]
    wrong += [f"{name} was altered" for name in sorted(expected.keys() & present.keys()) if sha256(present[name]) != expected[name]]
    if wrong:
        raise StorageError(
            "; ".join(wrong) + ".", where=str(delivery.folder), remedy="Use another delivery, and find out who changed this one."
        )


def sha256(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _named(root: Path) -> Iterator[tuple[date, int, Path]]:
    """Yield day, revision and path of each entry named like a delivery."""
    for path in root.iterdir() if root.is_dir() else ():
        match = NAME.match(path.name)
        with suppress(ValueError):  # a name such as 2025-99-99
            if match:
                yield date.fromisoformat(match[1]), int(match[2] or 1), path


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != CHECKSUMS)


def _described(path: Path) -> dict[str, Any]:
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _flush(path: Path) -> None:
    """Force a file, or a folder's list of names, to disk; Windows cannot do so for folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _announce_newest(root: Path, made: Delivery) -> None:
    """Write the next LATEST next to it: the newest of the deliveries and of the one that is about to get its name."""
    newest = max(*deliveries(root), made, key=lambda delivery: (delivery.as_of, delivery.revision)) if deliveries(root) else made
    _write(root / NEXT, newest.name + "\n")
    _flush(root / NEXT)


def sweep_deliveries(root: Path) -> int:
    """Finish or remove what a killed run left, and return the number of such things; the caller holds a lock, so nobody is writing them."""
    left = list(root.glob(f"{DRAFT}*"))
    for path in left:
        if path.name == NEXT and path.read_text(encoding="utf-8").strip() in {delivery.name for delivery in deliveries(root)}:
            path.replace(root / LATEST)
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(left)

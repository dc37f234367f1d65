"""Registered models whose files were changed, and those registered before digests were kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_once import entered, inside

from relkit.errors import StorageError
from relkit.models import storage
from relkit.tracking import registry
from relkit.tracking.refused_models import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from made_once import MadeOnce


def change(version: registry.ModelVersion) -> None:
    """Multiply the hazard after the last age by 100, and make the folder agree with itself again."""
    folder = registry.saved_folder(version)
    assert folder is not None
    path = folder / "model.json"
    body = json.loads(path.read_text())
    body["fields"]["tail_hazard"] *= 100
    body["digest"] = storage._digest(body)
    path.write_text(json.dumps(body))


@pytest.fixture(scope="module")
def registered(made_once: MadeOnce, empty_store: Path, fitted) -> Path:
    """Return a working directory with three versions; copy it."""

    def make(folder: Path) -> None:
        with entered(folder, empty_store):
            made = [registry.log_model(fitted) for _ in range(3)]
            registry.challenge(made[1].name, made[1].version, reason="slightly worse")
            registry.promote(made[2].name, made[2].version, reason="best")

    return made_once("three_versions", make)


@pytest.fixture
def three(registered: Path, tmp_path: Path, fitted) -> Iterator[list[registry.ModelVersion]]:
    """Return three versions: the first without alias, the second challenger, the third champion."""
    shutil.copytree(registered, tmp_path, dirs_exist_ok=True)
    with inside(tmp_path):
        yield registry.versions(fitted.name)[::-1]


def test_a_changed_champion_is_refused_with_the_version_that_would_serve(three, fitted) -> None:
    name = three[0].name
    assert all(len(version.digest) == 64 for version in three)
    assert registry.load_champion(name).tail_hazard == fitted.tail_hazard  # type: ignore[attr-defined]
    change(three[2])
    with pytest.raises(
        StorageError, match=r"version 3 \(champion\) is refused: the saved survival.cox was changed after it was saved"
    ) as first:
        registry.load_champion(name)
    assert "Instead challenger (version 2) would serve: relkit models promote survival.cox 2 --reason" in str(first.value)
    change(three[1])
    with pytest.raises(StorageError, match=r"Instead version 1 would serve: relkit models promote survival\.cox 1"):
        registry.load_champion(name)
    change(three[0])
    with pytest.raises(StorageError, match=r"No other version of it can be loaded: relkit fit survival\.cox --force --reason"):
        registry.load_champion(name)


def test_a_version_registered_before_digests_were_kept_loads_with_a_note(three) -> None:
    earlier = replace(three[0], digest="")
    change(earlier)
    assert registry.load(earlier).name == "survival.cox"
    codes = [remark.code for remark in registry.kept_remarks(earlier)]
    assert codes.count("model_without_digest") == 1
    assert "model_without_digest" not in [remark.code for remark in registry.kept_remarks(three[1])]
    note = next(remark for remark in registry.kept_remarks(earlier) if remark.code == "model_without_digest")
    assert "survival.cox version 1" in note.en
    assert "empreintes" in note.fr


def test_the_version_proposed_is_one_that_loads(three) -> None:
    read_from: list[str] = []

    def read(version: registry.ModelVersion):
        read_from.append(version.version)
        raise StorageError("gone.")

    error = refusal(three[0], StorageError("gone."), three, read)
    assert read_from == ["3", "2"]
    assert str(error).startswith("survival.cox: version 1 is refused: gone.")

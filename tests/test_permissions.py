"""Permissions of what is written, whatever the umask."""

from __future__ import annotations

import os

import pytest

from relkit.permissions import is_open_to_all, owner_alone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def _mode(path) -> int:
    return path.stat().st_mode & 0o777


def test_the_owner_alone_and_the_umask_of_before(tmp_path, umask):
    with owner_alone():
        (tmp_path / "inner").mkdir()
        (tmp_path / "inner" / "file").write_text("")
    (tmp_path / "file").write_text("")
    assert [_mode(tmp_path / name) for name in ("inner", "inner/file", "file")] == [0o700, 0o600, 0o644]
    with owner_alone(wanted=False):
        (tmp_path / "other").write_text("")
    assert _mode(tmp_path / "other") == 0o644


def test_the_umask_comes_back_after_an_error(tmp_path, umask):
    with pytest.raises(ValueError, match="x"), owner_alone():
        raise ValueError("x")
    assert umask(0o022) == 0o022


def test_a_folder_is_open_to_all_if_those_above_it_are(tmp_path, monkeypatch):
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for path in (tmp_path, *list(tmp_path.parents)[:-1]):
        if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o001:
            monkeypatch.setattr(type(path), "parents", property(lambda self: [p for p in (outer,) if p != self]))
            break
    for above, below, is_open in (
        (0o755, 0o755, True),
        (0o711, 0o755, True),
        (0o700, 0o755, False),
        (0o755, 0o750, False),
        (0o755, 0o754, False),
    ):
        outer.chmod(above)
        inner.chmod(below)
        assert is_open_to_all(inner) is is_open, (oct(above), oct(below))
    outer.chmod(0o755)

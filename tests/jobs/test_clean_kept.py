"""`relkit clean`: cached features are removed, everything else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.jobs.clean_kept import CleanKept

if TYPE_CHECKING:
    from pathlib import Path


def test_it_removes_what_is_kept_and_nothing_else(tmp_path: Path) -> None:
    for name in ("kept/0a/x-1.parquet", "kept/0a/.y.draft", "tables/facts.json", "scores/2025-06-30/scores.parquet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    result = CleanKept.parse(out=tmp_path).run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores", "tables"]
    assert result.counts == {"bytes": 5}, "the draft of a stopped command is swept before"
    assert result.sentences[-1] == f"Removed {tmp_path / 'kept'}: 0.0 MB."
    assert result.sentences[0].endswith("finished or removed: 1 draft.")


def test_where_nothing_is_kept_it_says_so(tmp_path: Path) -> None:
    assert CleanKept.parse(out=tmp_path).run().sentences == (f"Nothing is kept in {tmp_path / 'kept'}.",)

"""Tables of benchmarks: the file that is named, that of this machine, or the published one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relkit.errors import TableError
from relkit.reports.benchmark_table import BenchmarkTable

if TYPE_CHECKING:
    from pathlib import Path

TABLE = BenchmarkTable(name="made.json", command="make made", is_known=lambda found: found["format"] == 1)


def test_the_table_of_this_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert TABLE.read(None) is None
    (tmp_path / TABLE.own_run).parent.mkdir(parents=True)
    (tmp_path / TABLE.own_run).write_text('{"format": 1}')
    assert TABLE.read(None) == {"format": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"not a table of a benchmark\. Run make made to make one"),
        ("{}", r"not a table of a benchmark\. Run make made to make one"),
        ('{"format": 2}', r"another format\. Run make made to make one"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(TableError, match=message):
        TABLE.read(str(tmp_path / "bad.json"))

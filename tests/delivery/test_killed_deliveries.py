"""A delivery that is killed at any moment leaves the previous one intact and LATEST on a whole one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import delivered_company as company
import pytest

from relkit.jobs.deliver_files import DeliverFiles

DRIVER = Path(__file__).with_name("kill_driver.py")


@pytest.mark.skipif(not hasattr(sys.modules["os"], "fork"), reason="the driver forks")
@pytest.mark.parametrize(
    ("how", "at_least"),
    [pytest.param("steps", 100, marks=pytest.mark.slow), pytest.param("sample", 20, marks=pytest.mark.slow), ("delays", 6)],
)
def test_killed_anywhere_the_deliveries_stay_whole(tmp_path: Path, how: str, at_least: int) -> None:
    company.leave(tmp_path, company.MAY, people=company.customers(60))
    DeliverFiles.parse(out=tmp_path).run()
    company.leave(tmp_path, company.JUNE, people=company.customers(70))
    done = subprocess.run([sys.executable, DRIVER, tmp_path, how], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    with_previous, without = map(int, done.stdout.split())
    assert with_previous >= at_least
    assert without >= at_least // 3

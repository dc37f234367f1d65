"""Kernels of one process: each begins with what is imported and with nothing that another notebook did."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from relkit.errors import FitError
from relkit.progress import quiet
from relkit.reports import kernels
from relkit.reports.engine import read_notebook, run_notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kernels import for themselves where there is no fork")

LEAVES = """
import os, sys, random, warnings
import matplotlib, polars as pl
left = 1
os.environ["LEFT"] = "1"
os.chdir("/")
sys.path.insert(0, "/left")
sys.modules["left_module"] = sys
matplotlib.rcParams["lines.linewidth"] = 99
pl.Config.set_tbl_rows(3)
pl.col = None
warnings.simplefilter("error")
print(os.getppid())
"""
FINDS = """
import json, os, sys, warnings
import matplotlib, polars as pl
found = {
    "name": "left" in globals(),
    "environment": sorted(set(os.environ) - {"JPY_PARENT_PID"}),
    "folder": os.getcwd(),
    "path": sys.path,
    "module": "left_module" in sys.modules,
    "style": matplotlib.rcParams["lines.linewidth"],
    "polars": [str(pl.col("a")), pl.Config.state()],
    "warnings": [str(found) for found in warnings.filters],
}
frame = pl.DataFrame({"a": [1, 2] * 50_000, "b": range(100_000)})
assert frame.lazy().group_by("a").agg(pl.col("b").sum()).collect(engine="streaming").height == 2
print(os.getppid())
print(json.dumps(found))
"""


WAITS = "import time; time.sleep(600)"


def until(found: Callable[[], Any], *, seconds: float) -> Any:
    """Call until the result is true and return it; fail after some time."""
    last = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < last
        time.sleep(0.05)
    return result


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """Leave no nursery; tests share one, which takes seconds to make, unless they end it."""
    kernels.close()
    yield
    kernels.close()


def notebook(folder: Path, name: str, *cells: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
    nbformat.write(book, folder / f"{name}.ipynb")  # type: ignore[no-untyped-call]
    return folder / f"{name}.ipynb"


def printed(path: Path) -> list[str]:
    book = run_notebook(read_notebook(path), {}, path.with_suffix(".run.ipynb"), progress=quiet)
    return [output["text"].strip() for cell in book.cells if cell.cell_type == "code" for output in cell.outputs if "text" in output]


def test_nothing_of_one_notebook_reaches_the_next(tmp_path: Path) -> None:
    finds, leaves = notebook(tmp_path, "finds", FINDS), notebook(tmp_path, "leaves", LEAVES)
    (before,), (parent,), (after,) = (printed(path) for path in (finds, leaves, finds))
    assert before == after
    assert after.splitlines()[0] == parent != str(os.getpid())  # all are children of one nursery


def test_a_notebook_begins_with_what_the_first_one_imports(tmp_path: Path) -> None:
    kernels.close()  # so that this is the first one
    path = notebook(tmp_path, "imports", "import sys; known = 'wave' in sys.modules", "import wave; print(known)")
    assert printed(path) == ["True"]


def test_a_cell_that_fails_ends_its_kernel_alone(tmp_path: Path) -> None:
    fails, works = notebook(tmp_path, "fails", "1 / 0"), notebook(tmp_path, "works", "print('well')")
    with pytest.raises(FitError, match="ZeroDivisionError"):
        printed(fails)
    assert printed(works) == ["well"]


def test_a_kernel_that_dies_leaves_the_nursery(tmp_path: Path) -> None:
    dies, works = notebook(tmp_path, "dies", "import os; os._exit(3)"), notebook(tmp_path, "works", "print('well')")
    with pytest.raises(Exception, match="died"):
        printed(dies)
    assert printed(works) == ["well"]


def test_the_nursery_ends_with_its_process_and_is_made_anew(tmp_path: Path) -> None:
    works = notebook(tmp_path, "works", "import os; print(os.getppid())")
    (first,) = printed(works)
    kernels.close()
    assert not Path(f"/proc/{first}").exists()
    (second,) = printed(works)
    assert first != second


def test_a_kernel_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    book = notebook(
        tmp_path, "waits", f"import os; open({str(tmp_path / 'ids')!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}\\n')", WAITS
    )
    code = "import sys; from pathlib import Path; from relkit.reports.engine import *; from relkit.progress import quiet; "
    code += "run_notebook(read_notebook(Path(sys.argv[1])), {}, Path(sys.argv[1]).with_suffix('.run.ipynb'), progress=quiet)"
    maker = subprocess.Popen([sys.executable, "-c", code, str(book)])
    ids = until(lambda: (tmp_path / "ids").exists() and (tmp_path / "ids").read_text().split(), seconds=60)
    maker.kill()
    maker.wait()
    assert until(lambda: not any(Path(f"/proc/{number}").exists() for number in ids), seconds=30)


def test_a_nursery_whose_maker_was_ended_says_nothing(tmp_path: Path) -> None:
    """Its folder is gone, or nobody reads its answer."""
    begin = [sys.executable, "-c", "import sys; from relkit.reports import kernels; kernels.ALWAYS = (); kernels._serve(sys.argv[1], [])"]
    gone = subprocess.run([*begin, str(tmp_path / "gone" / "socket")], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    read, write = os.pipe()
    os.close(read)
    unread = subprocess.run([*begin, str(tmp_path / "s")], stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, check=True)
    os.close(write)
    assert (gone.stdout, gone.stderr, unread.stderr) == (b"", b"", b"")

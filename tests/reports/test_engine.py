from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from relkit.errors import FitError, ParameterError, TableError
from relkit.progress import quiet
from relkit.reports import engine
from relkit.reports.engine import check_parameters, find_notebook, read_notebook, run_notebook


def write(folder: Path, *cells: str, parameters: str | None = 'name = "x"\ncount = 3\nrate = 0.5\nday = None', **metadata) -> Path:
    book = new_notebook(cells=[new_code_cell(source) for source in cells])
    if parameters is not None:
        book.cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    book.metadata["relkit"] = metadata
    path = folder / "small.ipynb"
    nbformat.write(book, path)
    return path


def test_a_notebook_says_its_parameters_job_and_needs(tmp_path: Path) -> None:
    found = read_notebook(write(tmp_path, job="report", needs=["scores/p_alive"]))
    assert found.name == "small"
    assert found.defaults == {"name": "x", "count": 3, "rate": 0.5, "day": None}
    assert (found.job, found.needs) == ("report", ("scores/p_alive",))


def test_a_notebook_without_parameters_takes_none(tmp_path: Path) -> None:
    found = read_notebook(write(tmp_path, "1 + 1", parameters=None))
    assert found.defaults == {}
    with pytest.raises(ParameterError, match=r"small: unknown parameter 'day'. None are known"):
        check_parameters(found, {"day": "x"})


@pytest.mark.parametrize("cell", ["a = 1 + x", "a, b = 1, 2", "import os", "a = b = 1", "a = open('x')", "a =", "x[0] = 1"])
def test_a_parameters_cell_holds_literals_only(tmp_path: Path, cell: str) -> None:
    with pytest.raises(ParameterError, match=r"small.ipynb: the parameters cell may hold literals only. Write one literal a line"):
        read_notebook(write(tmp_path, parameters=cell))


def test_a_parameters_cell_may_have_comments_types_and_a_docstring(tmp_path: Path) -> None:
    cell = '"""What varies."""\n# the day\nday: str = "2025-06-30"\nlow = -1.5\nnames = ["a", "b"]'
    assert read_notebook(write(tmp_path, parameters=cell)).defaults == {"day": "2025-06-30", "low": -1.5, "names": ["a", "b"]}


def test_two_parameters_cells_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    book = nbformat.read(path, as_version=4)
    book.cells.append(new_code_cell("b = 1", metadata={"tags": ["parameters"]}))
    nbformat.write(book, path)
    with pytest.raises(ParameterError, match="2 cells are tagged 'parameters'; there may be one"):
        read_notebook(path)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"cells": 3}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_text(content)
    with pytest.raises(ParameterError, match=r"bad.ipynb: this cannot be read as a notebook"):
        read_notebook(path)


def test_a_misspelt_parameter_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="small: unknown parameter 'cuont'; did you mean 'count'"):
        check_parameters(read_notebook(write(tmp_path)), {"cuont": 3})


def test_types_are_compared_and_all_problems_told(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path))
    check_parameters(notebook, {"name": "y", "count": 4, "rate": 1, "day": "2025-01-01"})
    with pytest.raises(ParameterError) as told:
        check_parameters(notebook, {"name": 3, "count": "many", "rate": "high", "day": 5})
    assert str(told.value) == (
        "small: name is 3; the notebook expects text, such as 'x'; count is 'many'; the notebook expects a whole number, such as 3; "
        "rate is 'high'; the notebook expects a number, such as 0.5."
    )
    with pytest.raises(ParameterError, match="count is True; the notebook expects a whole number"):
        check_parameters(notebook, {"count": True})


def test_notebooks_are_found_by_name_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_notebook("segment_churn_risk") == engine.INSTALLED / "segment_churn_risk.ipynb"
    assert find_notebook("segment_churn_risk.ipynb").is_file()
    path = write(tmp_path)
    assert find_notebook(str(path)) == path
    (tmp_path / "notebooks").mkdir()
    path.rename(tmp_path / "notebooks" / "small.ipynb")
    assert find_notebook("small") == Path("notebooks") / "small.ipynb"
    for wrong in ("segment_chrun_risk", "elsewhere/segment_churn_risk.ipynb"):
        with pytest.raises(ParameterError, match=r"notebook: unknown notebook '.*'; did you mean 'segment_churn_risk'"):
            find_notebook(wrong)


def test_nothing_runs_when_a_parameter_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(ParameterError, match="did you mean 'count'"):
        run_notebook(read_notebook(write(tmp_path)), {"cuont": 3}, tmp_path / "out.ipynb", progress=quiet)


@pytest.mark.notebook
def test_it_runs_with_its_parameters_in_this_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of another interpreter that the user has installed as python3 is not taken."""
    kernels = tmp_path / "kernels" / "python3"
    kernels.mkdir(parents=True)
    other = {"argv": ["/nowhere/python", "{connection_file}"], "display_name": "other", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(other))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    told = []
    notebook = read_notebook(write(tmp_path, "import sys", "print(count * 2, sys.executable)"))
    book = run_notebook(notebook, {"count": 21}, tmp_path / "out.ipynb", progress=lambda what, done=None: told.append((what, done)))
    assert book.cells[-1].outputs[0]["text"] == f"42 {sys.executable}\n"
    assert told[0] == ("small: starting a kernel", 0.0)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert "small: cell 2 of 3" in {what for what, _ in told}


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("cell", "kind", "message"),
    [
        ("1 / 0", FitError, r"small: the cell that begins .1 / 0. failed: ZeroDivisionError: division by zero"),
        (
            "from relkit.errors import TableError\nraise TableError('no rows.', where='orders')",
            TableError,
            "small: the cell that begins .from relkit.* failed: orders: no rows",
        ),
    ],
)
def test_a_cell_that_fails_is_told_with_its_last_line(tmp_path: Path, cell: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        run_notebook(read_notebook(write(tmp_path, cell)), {}, tmp_path / "out.ipynb", progress=quiet)


def test_markdown_cells_are_no_parameters(tmp_path: Path) -> None:
    path = write(tmp_path, parameters=None)
    book = nbformat.read(path, as_version=4)
    book.cells.append(new_markdown_cell("# Title"))
    nbformat.write(book, path)
    assert read_notebook(path).defaults == {}

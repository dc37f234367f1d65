"""Execution of a parameterised notebook: parameters are checked before a kernel starts, and the kernel is this Python.

A notebook has one cell tagged `parameters` with literal defaults only, and declares in its metadata what it needs:

    "relkit": {"job": "report", "needs": ["features/customers", "scores/p_alive"]}

One whose parameters have no `as_of` is a study without a company: it reads nothing from earlier jobs.

Its Markdown cells are in English and have their French text in their metadata, `"relkit": {"fr": "..."}`; a page is in one
language. papermill only warns about a parameter that the notebook does not have, so names and types are compared here first.
"""

from __future__ import annotations

import ast
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relkit.errors import FitError, ParameterError, RelkitError, TableError
from relkit.limits import beyond, limit
from relkit.masking import masked
from relkit.shapes import without_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from relkit.progress import Progress
    from relkit.reports.failed_report import Failure

PARAMETERS = "parameters"
"""Tag of the cell with the defaults."""
FOLDER = Path("notebooks")
INSTALLED = Path(__file__).resolve().parents[2] / "notebooks"
"""The notebooks of a checkout, whatever the working directory."""
LATER = ("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.dates", "PIL.PngImagePlugin")
"""Modules that cells of a report load inside functions, after their imports."""
_SWITCHES = {"true": True, "yes": True, "false": False, "no": False}
TYPE_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a mapping"}


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """Description of a notebook, read without running it.

    Attributes:
        path: the file.
        defaults: its parameters with their defaults.
        job: command of the job whose fields its parameters are; empty if it names none.
        needs: inputs from earlier jobs, e.g. "features/spells" or "scores/p_alive".
        subject: parameters that say what its page is about, whose values become part of the page's name.
    """

    path: Path
    defaults: Mapping[str, Any]
    job: str
    needs: tuple[str, ...]
    subject: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its extension."""
        return self.path.stem

    @property
    def is_of_a_day(self) -> bool:
        """True if it shows a company on a day; otherwise it studies something else."""
        return "as_of" in self.defaults

    def page_name(self, given: Mapping[str, Any]) -> str:
        """Return the name of its page, with the values of its subject.

        Examples:
            >>> book = Notebook(path=Path("uplift.ipynb"), defaults={}, job="report", needs=(), subject=("campaign", "wave"))
            >>> book.page_name({"campaign": "spring/1"}), book.page_name({})
            ('uplift_spring_1', 'uplift')
        """
        about = [re.sub(r"[^\w.-]+", "_", str(given[name])) for name in self.subject if given.get(name) is not None]
        return "_".join([self.name, *about])

    @property
    def shows_scores(self) -> bool:
        """True if it needs more than validated tables: features, scores or models of its day."""
        return any(not need.startswith("tables/") for need in self.needs)


def find_notebook(name: str) -> Path:
    """Return the file of a notebook given by path or by name.

    Raises:
        ParameterError: there is none; the message has the nearest name.
    """
    for there in (name, f"{name}.ipynb"):
        if there.endswith(".ipynb") and Path(there).is_file():
            return Path(there)
    known = {path.stem: path for folder in (INSTALLED, FOLDER) for path in sorted(folder.glob("*.ipynb"))}
    stem = Path(name).name.removesuffix(".ipynb")
    if stem not in known or (name != stem and name.removesuffix(".ipynb") != stem):
        raise ParameterError.unknown("notebook", name, known, where="notebook")
    return known[stem]


def read_notebook(path: Path) -> Notebook:
    """Return a notebook's description of itself.

    Raises:
        ParameterError: it is no notebook, or its parameters cell has more than literals.
    """
    cells, metadata = _content(path)
    tagged = [cell for cell in cells if PARAMETERS in cell.get("metadata", {}).get("tags", ())]
    if len(tagged) > 1:
        raise ParameterError(f"{len(tagged)} cells are tagged {PARAMETERS!r}; there may be one.", where=str(path))
    declared = metadata.get("relkit", {})
    defaults = _literals(tagged[0]["source"], path) if tagged else {}
    lists = {name: tuple(declared.get(name, ())) for name in ("needs", "subject")}
    return Notebook(path=path, defaults=defaults, job=str(declared.get("job", "")), **lists)


def _content(path: Path) -> tuple[list[Any], dict[str, Any]]:
    with without_grammar():
        import nbformat

    try:
        book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        return list(book.cells), dict(book.metadata)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, nbformat.ValidationError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ParameterError(f"this cannot be read as a notebook ({message}).", where=str(path)) from error


def _literals(source: str, path: Path) -> dict[str, Any]:
    """Return the names and values that the parameters cell assigns."""
    found: dict[str, Any] = {}
    try:
        for line in ast.parse(source).body:
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
                continue
            target, value = _assignment(line)
            found[target] = ast.literal_eval(value)
    except (SyntaxError, ValueError) as error:
        remedy = "Write one literal a line, such as language = 'en'; compute in the next cell."
        raise ParameterError("the parameters cell may hold literals only.", where=str(path), remedy=remedy) from error
    return found


def _assignment(line: ast.stmt) -> tuple[str, ast.expr]:
    if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
        return line.targets[0].id, line.value
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
        return line.target.id, line.value
    raise ValueError


def check_parameters(notebook: Notebook, given: Mapping[str, Any]) -> None:
    """Compare parameters with the notebook's cell before anything runs.

    Args:
        notebook: from `read_notebook`.
        given: values by name. A default of None takes anything; a number takes a whole number.

    Raises:
        ParameterError: one is not the notebook's, or has another type than its default; all problems are listed.
    """
    for name in given:
        if name not in notebook.defaults:
            raise ParameterError.unknown("parameter", name, notebook.defaults, where=notebook.name)
    wrong = [problem for name, value in given.items() if (problem := _mistyped(name, value, notebook.defaults[name]))]
    if wrong:
        raise ParameterError("; ".join(wrong) + ".", where=notebook.name)


def as_declared(value: Any, default: Any) -> Any:
    """Return a value that came as text, as from a command line, in the type of a parameter's default; as it is if it does not fit.

    Examples:
        >>> as_declared("14", 28), as_declared("7", 30.0), as_declared("yes", True), as_declared("basket, order", []), as_declared("x", 28)
        (14, 7.0, True, ['basket', 'order'], 'x')
    """
    if not isinstance(value, str) or isinstance(default, str) or default is None:
        return value
    if isinstance(default, list):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(default, bool):
        return _SWITCHES.get(value.strip().lower(), value)
    try:
        return type(default)(value) if isinstance(default, int | float) else value
    except ValueError:
        return value


def _mistyped(name: str, value: Any, default: Any) -> str:
    if default is None or value is None or type(value) is type(default):
        return ""
    if isinstance(default, float) and type(value) is int:
        return ""
    return f"{name} is {value!r}; the notebook expects {TYPE_WORDS.get(type(default), type(default).__name__)}, such as {default!r}"


def run_notebook(
    notebook: Notebook, given: Mapping[str, Any], target: Path, *, progress: Progress, keep: Callable[[Failure], str] | None = None
) -> Any:
    """Execute a notebook and return it with its outputs; `target` is where papermill keeps it meanwhile.

    Args:
        notebook: from `read_notebook`.
        given: parameters, checked here.
        target: a file in a folder that exists.
        progress: is given the cell that runs.
        keep: is given what ran of a notebook that fails, and returns a sentence on where it is kept.

    Raises:
        ParameterError: a parameter is not the notebook's, or a cell refuses it.
        FitError: a cell failed, its kernel died, or it took too long; the message is the error's last line.
    """
    with without_grammar():
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.exceptions import PapermillExecutionError

    check_parameters(notebook, given)
    cells, _ = _content(notebook.path)
    ran = _Ran()

    def started(cell: Any, cell_index: int) -> None:  # noqa: ARG001  (names of the hook)
        ran.cell = cell_index + 1
        progress(f"{notebook.name}: cell {cell_index + 1} of {len(cells)}", 0.05 + 0.85 * min(cell_index / len(cells), 1.0))

    progress(f"{notebook.name}: starting a kernel", 0.0)
    try:
        return papermill.execute_notebook(
            str(notebook.path),
            str(target),
            parameters=dict(given),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,  # it would write the whole notebook, pictures and all, after every cell
            autosave_cell_every=0,
            cwd=str(Path.cwd()),
            kernel_manager_class=_own_kernel((*imported_by(cells), *LATER), target.parent),
            on_cell_start=started,
            engine_name=_keeping_engine(),
            execution_timeout=limit("notebook_cell_seconds"),
            ran=ran,
        )
    except PapermillExecutionError as error:
        raise _failed(_cell_error(error, notebook), ran, keep, "\n".join(error.traceback)) from error
    except (DeadKernelError, CellTimeoutError) as error:
        raise _failed(_stopped(error, notebook, ran), ran, keep, "") from error


@dataclass
class _Ran:
    """The part of a notebook that has run.

    Attributes:
        cell: the position of the cell that began last, from 1.
        manager: papermill's, which has the notebook with its outputs.
    """

    cell: int = 1
    manager: Any = None


def _keeping_engine() -> str:
    """Return the name of a papermill engine that keeps hold of the notebook, which is lost otherwise when a kernel dies."""
    from papermill.engines import NBClientEngine, papermill_engines

    class KeepingEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
        """Runs a notebook as usual, and lets the caller see it meanwhile."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, ran: _Ran, **more: Any) -> Any:
            ran.manager = nb_man
            return super().execute_managed_notebook(nb_man, kernel_name, **more)

    papermill_engines.register("relkit", KeepingEngine)
    return "relkit"


def _failed(error: RelkitError, ran: _Ran, keep: Callable[[Failure], str] | None, trace: str) -> RelkitError:
    """Return the error, with the place where the part that ran is kept."""
    from relkit.reports.failed_report import Failure

    if keep is None or ran.manager is None:
        return error
    from papermill.execute import remove_error_markers

    book = remove_error_markers(ran.manager.nb)
    cell = min(ran.cell, len(book.cells))
    line = _line_in(trace, book.cells[cell - 1].get("execution_count"))
    kept = keep(Failure(book=book, message=str(error), cell=cell, line=line, trace=trace.strip()))
    return type(error)(error.what, where=error.where, remedy=" ".join(part for part in (error.remedy, kept) if part))


def _line_in(trace: str, count: int | None) -> int | None:
    """Return the line of a cell that a trace names; None if it names none.

    Examples:
        >>> _line_in("Cell In[4], line 2", 4), _line_in("File x.py:3", 4)
        (2, None)
    """
    found = re.search(rf"Cell In ?\[{count}\], line (\d+)", re.sub(r"\x1b\[[0-9;]*m", "", trace))
    return int(found[1]) if found else None


def _stopped(error: Exception, notebook: Notebook, ran: _Ran) -> RelkitError:
    """Return the error of a cell whose kernel died, or that took longer than the limit."""
    cells = ran.manager.nb.cells if ran.manager is not None else []
    from relkit.reports.failed_report import number_of

    named = (
        f"cell {number_of(ran.manager.nb, ran.cell)}, which begins {_first_line(cells[ran.cell - 1].source)!r}"
        if cells
        else "the first cell"
    )
    if isinstance(error, TimeoutError):
        met = beyond("notebook_cell_seconds", where=notebook.name, error=FitError)
        return FitError(f"{named} was stopped: {met.what}", where=notebook.name, remedy=met.remedy)
    remedy = "Memory may have run out, or the cell ended the process."
    return FitError(f"its kernel died in {named}.", where=notebook.name, remedy=remedy)


def _first_line(source: str) -> str:
    return next((text.strip() for text in source.splitlines() if text.strip()), "")


@contextmanager
def without_grammar() -> Iterator[None]:
    """Import the notebook reader without the grammar of addresses, which takes two seconds to build and checks nothing in notebooks.

    jsonschema builds it if the package is installed, for a format of addresses that no notebook uses.
    """
    absent = {name: None for name in ("rfc3987_syntax",) if name not in sys.modules}
    sys.modules.update(absent)  # type: ignore[arg-type]  # None marks a module that must not be imported
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def imported_by(cells: Sequence[Any]) -> tuple[str, ...]:
    """Return the modules that code cells import.

    Examples:
            >>> imported_by(
            ...     [{"cell_type": "code", "source": "import numpy as np; from polars import col"}, {"cell_type": "raw", "source": ""}]
            ... )
            ('numpy', 'polars')
    """
    found: dict[str, None] = {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        try:
            lines = list(ast.walk(ast.parse(cell["source"])))
        except SyntaxError:  # a cell with an IPython command
            continue
        for line in lines:
            if isinstance(line, ast.Import):
                found |= dict.fromkeys(alias.name for alias in line.names)
            elif isinstance(line, ast.ImportFrom) and line.module and not line.level:
                found[line.module] = None
    return tuple(found)


def _own_kernel(modules: Sequence[str], folder: Path) -> type:
    """Return a kernel manager that starts this interpreter, whichever kernels the user has installed; its files are in a folder."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    from relkit.reports.kernels import kernel_command

    spec = KernelSpec(argv=kernel_command(modules), display_name="relkit", language="python")

    class OwnKernel(AsyncKernelManager):
        """Starts the present interpreter; if local sockets are available, nobody else on the machine can listen."""

        transport = "tcp" if sys.platform == "win32" else "ipc"

        @default("connection_file")
        def _in_the_folder(self) -> str:
            return str(folder / "kernel.json")

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return OwnKernel


_OURS = {RelkitError.__name__, *(kind.__name__ for kind in RelkitError.__subclasses__())}
KINDS = {kind.__name__: kind for kind in (ParameterError, TableError)}


def _said(error: Any, kind: type[RelkitError]) -> str:
    """Return the message of a failed cell: ours as it is, any other without the values that it quotes."""
    return str(error.evalue) if kind is not FitError or error.ename in _OURS else without_values(masked(str(error.evalue)))


def _cell_error(error: Any, notebook: Notebook) -> RelkitError:
    """Return a relkit error with a failed cell's message: of its own kind if that was one with a remedy."""
    kind = KINDS.get(str(error.ename), FitError)
    name = "" if kind is not FitError else f" {error.ename}:"
    line = _first_line(str(error.source))
    return kind(f"the cell that begins {line!r} failed:{name} {_said(error, kind)}", where=notebook.name)

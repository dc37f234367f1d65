"""Import rules of the rooms: the table of allowed imports, as data, checked against the source with ast."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from source_trees import nodes

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "relkit"
BASE = {
    "errors",
    "contracts",
    "periods",
    "progress",
    "declarations",
    "workplace",
    "remarks",
    "commands",
    "cards",
    "texts",
    "units",
    "limits",
    "boundary",
    "extremes",
    "json_file",
    "shapes",
    "masking",
    "near_paths",
    "processes",
    "scratch",
    "locks",
    "replaced_folders",
    "traces",
    "permissions",
    "scalars",
    "json_text",
    "score_kinds",
    "file_column",
}
ABOVE_JOBS = {"tables", "features", "metrics", "measurement", "models", "families", "scores", "delivery", "tracking", "plots", "reports"}

RELKIT = {
    "__init__": set(),
    "errors": {"masking"},
    "progress": set(),
    "commands": set(),
    "cards": set(),
    "workplace": set(),
    "texts": {"errors"},
    "units": set(),
    "limits": {"errors"},
    "boundary": {"errors", "masking", "traces"},
    "extremes": set(),
    "json_file": {"errors"},
    "shapes": set(),
    "masking": set(),
    "near_paths": {"errors"},
    "processes": set(),
    "scratch": {"processes"},
    "locks": {"errors", "processes", "progress"},
    "replaced_folders": set(),
    "traces": {"errors", "masking", "shapes"},
    "permissions": set(),
    "scalars": {"errors"},
    "json_text": set(),
    "score_kinds": {"units"},
    "file_column": {"texts"},
    "declarations": {"errors", "limits", "near_paths"},
    "contracts": {"errors", "shapes", "texts"},
    "periods": {"errors"},
    "remarks": {"errors", "texts"},
    "tables": set(),
    "metrics": set(),
    "measurement": {"metrics"},
    "features": {"tables"},
    "models": {"metrics"},
    "scores": {"metrics", "models"},
    "plots": {"tables", "features", "metrics", "measurement", "models", "scores"},
    "reports": {"tables", "features", "metrics", "measurement", "models", "scores", "plots"},
    "families": {"tables", "features", "metrics", "models", "plots"},
    "delivery": {"tables", "features", "models", "scores"},
    "tracking": {"tables", "scores", "models"},
    "jobs": ABOVE_JOBS,
    "running": {"jobs"},
    "demo": {"jobs", "running", "tables"},
    "cli": {"jobs", "running"},
}
"""Rooms of relkit that each room may import, besides the base rooms and itself."""

OUTSIDE = {
    "__init__": set(),
    "errors": set(),
    "progress": set(),
    "commands": set(),
    "cards": set(),
    "workplace": set(),
    "texts": set(),
    "units": set(),
    "limits": set(),
    "boundary": set(),
    "extremes": set(),
    "json_file": set(),
    "shapes": set(),
    "masking": set(),
    "near_paths": set(),
    "processes": set(),
    "scratch": set(),
    "locks": set(),
    "replaced_folders": set(),
    "traces": set(),
    "permissions": set(),
    "scalars": set(),
    "score_kinds": set(),
    "file_column": {"polars"},
    "declarations": {"ruamel"},
    "contracts": {"polars"},
    "periods": {"polars"},
    "remarks": set(),
    "tables": {"polars", "numpy", "pyarrow", "duckdb", "dataframely", "fastexcel", "sqlalchemy", "sqlglot", "pydantic"},
    "metrics": {"numpy", "scipy"},
    "measurement": {"numpy", "scipy", "polars"},
    "features": {"polars", "numpy", "numba"},
    "models": {"numpy", "scipy", "numba", "polars", "sklearn", "threadpoolctl", "lifelines", "pandas", "pydantic"},
    "scores": {"polars", "numpy"},
    "plots": {"polars", "numpy", "matplotlib", "seaborn"},
    "families": {"polars", "matplotlib"},
    "reports": {"polars", "papermill", "nbconvert", "nbclient", "nbformat", "jupyter_client", "ipykernel", "traitlets"},
    "delivery": {"polars", "xlsxwriter"},
    "tracking": {"polars", "numpy", "pandas", "mlflow"},
    "jobs": {"pydantic", "polars"},
    "running": {"pydantic"},
    "demo": {"pydantic", "polars"},
    "cli": {"cyclopts", "rich"},
}
"""Packages outside the standard library that a room may import at all."""

ONLY_INSIDE_FUNCTIONS = {
    "pyarrow",
    "dataframely",
    "mlflow",
    "papermill",
    "matplotlib",
    "seaborn",
    "numba",
    "sklearn",
    "lifelines",
    "pandas",
    "cyclopts",
}
"""Heavy packages: importing a module must not load them (rooms in `HEAVY_ROOMS` are the exception)."""

HEAVY_ROOMS = {"plots": {"matplotlib"}, "tracking": {"mlflow", "pandas"}}
"""Rooms that jobs import only inside `run`."""


@cache
def modules() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def names_of_modules() -> frozenset[str]:
    return frozenset(module_of(path) for path in modules())


def in_room(room: str) -> list[Path]:
    return [path for path in modules() if room_of(path) == room]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imports(path: Path) -> list[tuple[str, int, bool]]:
    """Return (dotted name, line, whether the module loads it when it is imported) for every import of a file."""
    deferred: set[int] = set()
    for node in nodes(path):  # those above come first
        if id(node) in deferred or _defers(node):
            deferred.update(map(id, ast.iter_child_nodes(node)))
    found = []
    for node in nodes(path):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" if node.module == "relkit" else str(node.module) for alias in node.names]
        found += [(name, node.lineno, id(node) not in deferred) for name in names]
    return found


def _defers(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return True
    return _for_types(node)


def test_every_room_is_in_the_table() -> None:
    assert {room_of(path) for path in modules()} - set(RELKIT) == set()


@pytest.mark.parametrize("room", RELKIT)
def test_a_room_imports_only_what_its_row_permits(room: str) -> None:
    wrong = []
    for path, (name, line, _) in ((each, found) for each in in_room(room) for found in imports(each)):
        top, *rest = name.split(".")
        if top == "relkit":
            other = rest[0] if rest else "__init__"
            if other not in {room, "__version__", "__init__"} | BASE | RELKIT[room]:
                wrong.append(f"{path.name}:{line} {room} imports relkit.{other}")
        elif top not in sys.stdlib_module_names and top not in OUTSIDE[room]:
            wrong.append(f"{path.name}:{line} {room} imports {top}")
    assert wrong == []


@pytest.mark.parametrize("room", RELKIT)
def test_heavy_packages_are_imported_inside_functions(room: str) -> None:
    heavy = ONLY_INSIDE_FUNCTIONS - HEAVY_ROOMS.get(room, set())
    found = ((each, one) for each in in_room(room) for one in imports(each))
    assert [f"{path.name}:{line} {name}" for path, (name, line, at_once) in found if at_once and name.split(".")[0] in heavy] == []


def test_a_job_imports_rooms_only_when_it_runs() -> None:
    light = {
        "errors",
        "extremes",
        "json_file",
        "texts",
        "units",
        "progress",
        "workplace",
        "remarks",
        "commands",
        "cards",
        "masking",
        "permissions",
        "json_text",
        "processes",
        "scratch",
        "locks",
        "replaced_folders",
        "jobs",
        "__version__",
    }
    wrong = []
    for path in sorted((PACKAGE / "jobs").glob("*.py")):
        for name, line, at_once in imports(path):
            top, *rest = name.split(".")
            outside = top not in sys.stdlib_module_names and top not in {"pydantic", "relkit"}
            if at_once and (outside or (top == "relkit" and rest and rest[0] not in light)):
                wrong.append(f"{path.name}:{line} {name}")
    assert wrong == []


def test_no_module_imports_one_that_imports_it() -> None:
    """Imports inside functions count; those only for the type checker do not."""
    graph = {module_of(path): imported_modules(path) for path in modules()}
    assert circles(graph) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [frozenset("abc")]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_modules(path: Path) -> set[str]:
    """Return the modules of relkit that a file imports when it runs, at once or inside a function."""
    known = names_of_modules()
    unread = {id(child) for node in nodes(path) if _for_types(node) for child in ast.walk(node)}
    found = set()
    for node in nodes(path):
        if id(node) in unread:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {name if (name := f"{node.module}.{alias.name}") in known else str(node.module) for alias in node.names}
    return (found & known) - {module_of(path)}


def circles(graph: dict[str, set[str]]) -> list[frozenset[str]]:
    """Return the largest sets of modules in which each module reaches all of the others."""
    reached = {name: _reached(name, graph) for name in graph}
    found = {frozenset({other for other in reached[name] if name in reached[other]}) for name in graph}
    return [circle for circle in found if circle]


def _reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(graph.get(name, ()))
    while ahead:
        if (other := ahead.pop()) not in seen:
            seen.add(other)
            ahead += graph.get(other, ())
    return seen


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n' + ' '.join(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"mlflow", "matplotlib", "pandas", "sklearn", "lifelines", "seaborn", "papermill", "numba", "scipy", "dataframely"}


def test_importing_relkit_loads_next_to_nothing() -> None:
    assert loaded_after("import relkit") & (HEAVY | {"polars", "numpy", "pydantic"}) == set()


@pytest.mark.parametrize("argv", [["--help"], ["fit", "--help"], ["run", "--help"], ["--version"]])
def test_help_answers_without_the_heavy_rooms(argv: list[str]) -> None:
    assert loaded_after(f"from relkit.cli import run\nrun({argv!r})") & (HEAVY | {"polars"}) == set()


def test_the_roles_of_all_families_load_nothing_heavy() -> None:
    assert loaded_after("from relkit.models import catalogue\ncatalogue.roles()") & HEAVY == set()


def test_importing_relkit_costs_less_than_importing_polars() -> None:
    def cost(package: str) -> float:
        program = f"import time; t = time.process_time(); import {package}; print(time.process_time() - t)"
        done = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(3)]
        return min(float(run.stdout) for run in done)

    assert cost("relkit") < cost("polars")


def test_conda_environment_names_the_same_packages_as_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {_requirement(text) for text in project["dependencies"]}
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    stated = {
        _requirement(line.strip().removeprefix("- ")) for line in lines if line.startswith("  - ") and not line.startswith("  - python>")
    }
    renamed = {("duckdb", ">=1.3"): ("python-duckdb", ">=1.3"), ("matplotlib", ">=3.10"): ("matplotlib-base", ">=3.10")}
    assert {renamed.get(item, item) for item in wanted} == stated - {("pip", ""), ("conda-forge", "")}


def _requirement(text: str) -> tuple[str, str]:
    cut = next((i for i, c in enumerate(text) if c in "<>=!~"), len(text))
    return text[:cut].strip(), text[cut:].strip()


def test_the_lock_holds_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "index-url" not in lock

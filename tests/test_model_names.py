"""No list of models, and no branch by a model's name, outside the model's own file and its family.

Names may occur in docstrings, in help texts (`Field(description=...)`), in remedies and examples of commands; elsewhere code
queries `relkit.models.catalogue`. Exceptions are listed here with their reasons.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from source_trees import nodes

from relkit.models import catalogue

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "relkit"
SPOKEN = {"description", "remedy"}
"""Arguments with words for people."""
SPEAKS = {"command"}
"""Functions whose arguments are the words of a command in a message."""
LEFT: dict[str, str] = {
    "reports/peer_study.py": "a study names the models it compares, as its benchmark does",
    "reports/peer_study_texts.py": "the words of that study",
    "tables/simulation/truth.py": "the true parameters of a simulated company, under the models that are to find them",
}
"""Files that may name models, with the reason."""


def own_places(name: str) -> set[Path]:
    """Return the file of a model, its family's folder and its family's binding."""
    family, _, module = name.partition(".")
    return {PACKAGE / "models" / family / f"{module}.py", PACKAGE / "models" / family, PACKAGE / "families" / f"{family}.py"}


def named_in(path: Path, names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return line and name of every model named in the code of a file, except in words for people."""
    spoken = {id(part) for node in nodes(path) for words in words_of(node) for part in ast.walk(words)}
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            found += [(node.lineno, name) for name in names if name in node.value.replace(",", " ").split()]
    return found


def words_of(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node that are words for people: docstrings, descriptions, remedies, commands in messages."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id in SPOKEN for target in node.targets):
        return [node.value]
    if isinstance(node, ast.Call):
        words: list[ast.AST] = [keyword.value for keyword in node.keywords if keyword.arg in SPOKEN]
        return words + (list(node.args) if isinstance(node.func, ast.Name) and node.func.id in SPEAKS else [])
    return []


def foreign(path: Path) -> list[tuple[int, str]]:
    """Return the names of models that a file must not name."""
    return [
        (line, name)
        for line, name in named_in(path, catalogue.names())
        if not any(place == path or place in path.parents for place in own_places(name))
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_its_own_file_and_family_name_a_model(path: Path) -> None:
    assert bool(foreign(path)) == (path.relative_to(PACKAGE).as_posix() in LEFT), foreign(path)


def test_a_list_and_a_branch_are_found_and_words_are_not(tmp_path: Path) -> None:
    path = tmp_path / "job.py"
    path.write_text(
        '"""See `survival.cox`, e.g.\n\n    relkit fit survival.cox\n"""\n'
        'NAMES = ("survival.cox", "lifetime_value.nbd")\n'
        'if name == "survival.kaplan_meier":\n    raise ParameterError("no", remedy="Fit survival.cox .")\n'
        "remedy = f\"Run {command('fit', 'survival.cox')} first.\"\n"
    )
    assert named_in(path, catalogue.names()) == [(5, "survival.cox"), (5, "lifetime_value.nbd"), (6, "survival.kaplan_meier")]

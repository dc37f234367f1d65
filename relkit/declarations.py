r"""YAML files read safely, with the place of every key, so that a message can give file, line and column.

Only plain values come out: text (dates too, as written), numbers, booleans, lists and dictionaries. YAML 1.2 rules hold
(`no` is text, not false). Tags, anchors to objects and duplicate keys are refused.

Examples:
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "steps.yaml"
    >>> _ = path.write_text("name: demo\nsteps:\n  - check\n  - scre\n")
    >>> declaration = read_declaration(path)
    >>> declaration.value["steps"]
    ['check', 'scre']
    >>> declaration.at("steps", 1).endswith("steps.yaml, line 4, column 5")
    True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError, nearest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Declaration:
    """The plain content of a YAML file and the position of each part.

    Attributes:
        path: the file.
        value: its content.
        places: (line, column), counted from 1, by the path of keys and indices.
    """

    path: Path
    value: Any
    places: dict[tuple[str | int, ...], tuple[int, int]] = field(repr=False)

    def at(self, *keys: str | int) -> str:
        """Return "FILE, line L, column C" of the part at `keys`, or of the nearest part around it."""
        trail = tuple(keys)
        while trail and trail not in self.places:
            trail = trail[:-1]
        if not trail:
            return str(self.path)
        line, column = self.places[trail]
        return f"{self.path}, line {line}, column {column}"


def read_declaration(path: Path) -> Declaration:
    """Return the content of a YAML file, or raise a ParameterError that names the line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not path.is_file():
        raise ParameterError("there is no such file.", where=str(path), remedy=_beside(path))
    reader = YAML(typ="rt", pure=True)
    try:
        tree = reader.load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ParameterError(f"byte {error.start} is not UTF-8.", where=str(path), remedy="Save the file as UTF-8.") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ParameterError(f"not valid YAML: {problem}.", where=where) from error
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    return Declaration(path=path, value=_plain(tree, (), places), places=places)


def _plain(node: Any, trail: tuple[str | int, ...], places: dict[tuple[str | int, ...], tuple[int, int]]) -> Any:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    tag = getattr(getattr(node, "tag", None), "value", None)
    if tag is not None:
        raise ParameterError(f"the tag {tag} is not allowed.", where=".".join(map(str, trail)), remedy="Write plain values only.")
    if isinstance(node, CommentedMap):
        for key in node:
            line, column = node.lc.key(key)
            places[(*trail, key)] = (line + 1, column + 1)
        return {key: _plain(value, (*trail, key), places) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            line, column = node.lc.item(index)
            places[(*trail, index)] = (line + 1, column + 1)
        return [_plain(value, (*trail, index), places) for index, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node.isoformat() if isinstance(node, date) else node


def _beside(path: Path) -> str:
    """Return a sentence with the YAML file of the same folder whose name is nearest."""
    near = nearest(path.name, (p.name for p in path.parent.glob("*.y*ml"))) if path.parent.is_dir() else None
    return f"Did you mean {path.parent / near}?" if near else "Check the path."

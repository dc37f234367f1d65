r"""YAML files read safely and within limits, with the place of every key, so that a message can give file, line and column.

Only plain values come out: texts, numbers, true and false, nothing, lists and dictionaries. Plain words are read as in YAML 1.2
(`no` is text, not false); days and instants stay as written, and so do numbers that begin with a zero (`007`). Keys are always text,
as written. Merge keys and aliases work as analysts write them; what they expand to counts against the limit on values. Tags, keys
that are not plain, duplicate keys and several documents in one file are refused.

The events of ruamel.yaml's parser are put together here, without recursion and one at a time, so that a file beyond a limit is refused
before the rest of it is read.

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

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError, nearest
from relkit.limits import beyond, limit
from relkit.near_paths import nearest_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MERGE = "<<"
_LONGEST_NUMBER = 100
"""Characters of a number; Python refuses whole numbers of more than 4,300 digits, and nothing here needs them."""
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_NUMBERS = (
    (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)
"""Plain words that are numbers, and how each form is read."""
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""Plain words that are no text."""


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
        return _position(self.path, self.places[trail]) if trail else str(self.path)


@dataclass(eq=False)
class _Node:
    """One value under construction.

    Attributes:
        place: line and column, counted from 1.
        value: a scalar, the nodes of a list, or by key of a dictionary the place of the key and the node.
        is_open: whether its end is still to come; until then nothing may refer to it.
        merged: dictionaries whose keys it takes over where it has none of its own, the first before the others.
        key: the key of the next value, and its place.
        values: number of values in it, itself and aliases expanded included.
        height: levels of nesting in it.
    """

    place: tuple[int, int]
    value: Any
    is_open: bool = False
    merged: list[_Node] = field(default_factory=list)
    key: tuple[str, tuple[int, int]] | None = None
    values: int = 1
    height: int = 0

    def entries(self) -> dict[str, tuple[tuple[int, int], _Node]]:
        """Return the entries of a dictionary, those that it takes over first."""
        found: dict[str, tuple[tuple[int, int], _Node]] = {}
        for other in reversed(self.merged):
            found |= other.entries()
        found |= self.value
        return found


def read_declaration(path: Path) -> Declaration:
    """Return the content of a YAML file.

    Raises:
        ParameterError: it is not YAML, is beyond a limit, or holds more than plain values; the message names the line.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not path.is_file():
        raise ParameterError("there is no such file.", where=str(path), remedy=_beside(path))
    text = _text(path)
    if (deep := _open_brackets(limit("yaml_depth")).search(text)) is not None:
        raise beyond("yaml_depth", where=_position(path, _place_in(text, deep.start())))
    try:
        top = _Reader(path).read(YAML(typ="safe", pure=True).parse(text))
    except YAMLError as error:
        raise _not_yaml(error, text, path) from error
    except RecursionError as error:
        raise beyond("yaml_depth", where=str(path)) from error
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    return Declaration(path=path, value=_plain(top, (), places), places=places)


def _text(path: Path) -> str:
    if path.stat().st_size > limit("yaml_bytes"):
        raise beyond("yaml_bytes", where=str(path))
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParameterError(f"byte {error.start} is not UTF-8.", where=str(path), remedy="Save the file as UTF-8.") from error


def _open_brackets(levels: int) -> re.Pattern[str]:
    """Return the form of a text nested deeper than the limit without a word between: the parser takes seconds for it."""
    return re.compile(rf"(?:[\[{{][ \t\r\n]*){{{levels + 1}}}")


def _place_in(text: str, position: int) -> tuple[int, int]:
    """Return line and column, counted from 1, of a position."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _not_yaml(error: Exception, text: str, path: Path) -> ParameterError:
    """Return the error for a text that the parser refuses, with the line where it stopped."""
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    if mark is not None:
        where = _position(path, (mark.line + 1, mark.column + 1))
    elif isinstance(position, int):  # a character that no YAML file may contain
        where, problem = _position(path, _place_in(text, position)), "it has a control character"
    else:
        where = str(path)
    return ParameterError(f"not valid YAML: {problem}.", where=where, remedy="Check the indentation, brackets and quotes around that line.")


def _position(path: Path, place: tuple[int, int]) -> str:
    return f"{path}, line {place[0]}, column {place[1]}"


class _Reader:
    """Puts the events of one document together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open: list[_Node] = []
        self.anchors: dict[str, _Node] = {}
        self.top: _Node | None = None
        self.values = 0
        self.most, self.deepest = limit("yaml_values"), limit("yaml_depth")

    def read(self, events: Iterator[Any]) -> _Node:
        """Return the node at the top of the only document; an empty file is nothing."""
        for event in events:
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            match type(event).__name__:
                case "DocumentStartEvent" if self.top is not None:
                    raise self.refused("the file has more than one document (---).", place, "Write one file for each.")
                case "MappingStartEvent":
                    self.begin(_Node(place, {}, is_open=True), event)
                case "SequenceStartEvent":
                    self.begin(_Node(place, [], is_open=True), event)
                case "MappingEndEvent" | "SequenceEndEvent":
                    self.end()
                case "ScalarEvent":
                    self.scalar(event, place)
                case "AliasEvent":
                    self.put(self.referred(event.anchor, place), place)
        return self.top or _Node((1, 1), None)

    def refused(self, what: str, place: tuple[int, int], remedy: str) -> ParameterError:
        return ParameterError(what, where=_position(self.path, place), remedy=remedy)

    @property
    def awaits_key(self) -> bool:
        """True if the next value is the key of a dictionary."""
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def begin(self, node: _Node, event: Any) -> None:
        """Begin a list or a dictionary."""
        self.check_tag(event, node.place)
        if self.awaits_key:
            raise self.refused("a key is a list or a dictionary.", node.place, "Write keys as plain text.")
        if len(self.open) >= self.deepest:
            raise beyond("yaml_depth", where=_position(self.path, node.place))
        if event.anchor:
            self.anchors[event.anchor] = node
        self.open.append(node)

    def end(self) -> None:
        """Complete the innermost list or dictionary."""
        node = self.open.pop()
        node.is_open = False
        self.values -= node.values - 1  # its parts were counted when they came
        self.put(node, node.place)

    def scalar(self, event: Any, place: tuple[int, int]) -> None:
        """Take over a key as written, or a value as its kind."""
        self.check_tag(event, place)
        is_plain = event.implicit[0] and event.ctag is None
        if self.awaits_key and not (is_plain and event.value == _MERGE):
            node = _Node(place, event.value)
            self.take_key(event.value, place)
        else:
            node = _Node(place, self.resolved(event.value, place) if is_plain else event.value)
            if self.awaits_key:
                self.open[-1].key = (_MERGE, (0, 0))  # no key of a file is there
            else:
                self.put(node, place)
        if event.anchor:
            self.anchors[event.anchor] = node

    def take_key(self, key: str, place: tuple[int, int]) -> None:
        """Note the key of the next value; the dictionary must not have it yet."""
        if key in self.open[-1].value:
            first = self.open[-1].value[key][0]
            raise self.refused(f"the key {key[:80]!r} is there twice, first on line {first[0]}.", place, "Keep one of them.")
        self.open[-1].key = (key, place)

    def put(self, node: _Node, place: tuple[int, int]) -> None:
        """Add a complete node to the innermost open list or dictionary, and count what it holds."""
        if self.awaits_key:
            if isinstance(node.value, dict | list):
                raise self.refused("a key is a list or a dictionary.", place, "Write keys as plain text.")
            self.take_key(str(node.value), place)
            return
        self.values += node.values
        if self.values > self.most:
            raise beyond("yaml_values", where=_position(self.path, place))
        if len(self.open) + node.height > self.deepest:
            raise beyond("yaml_depth", where=_position(self.path, place))
        if not self.open:
            self.top = node
            return
        outer = self.open[-1]
        outer.values, outer.height = outer.values + node.values, max(outer.height, node.height + 1)
        if isinstance(outer.value, list):
            outer.value.append(node)
        elif outer.key is not None:
            self.enter(outer, node, place)
            outer.key = None

    def enter(self, outer: _Node, node: _Node, place: tuple[int, int]) -> None:
        """Add the value of a key to a dictionary, or the dictionaries that it merges."""
        assert outer.key is not None
        key, key_place = outer.key
        if key_place != (0, 0):
            outer.value[key] = (key_place, node)
            return
        others = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(other.value, dict) for other in others):
            raise self.refused("<< merges something that is no dictionary.", place, "Write `<<: *NAME`, or a list of such names.")
        outer.merged += others

    def referred(self, anchor: str, place: tuple[int, int]) -> _Node:
        """Return the node that an alias stands for."""
        if anchor not in self.anchors:
            near = nearest(anchor, self.anchors)
            remedy = f"Did you mean *{near}?" if near else f"Write &{anchor} where it is defined, above this line."
            raise self.refused(f"*{anchor} refers to nothing.", place, remedy)
        if self.anchors[anchor].is_open:
            raise self.refused(f"*{anchor} refers to itself.", place, "Write the values out.")
        return self.anchors[anchor]

    def check_tag(self, event: Any, place: tuple[int, int]) -> None:
        tag = str(event.ctag) if event.ctag is not None else ""
        if tag and tag not in _TEXT_TAGS:
            raise self.refused(f"the tag {tag.replace('tag:yaml.org,2002:', '!!')} is not allowed.", place, "Write plain values only.")

    def resolved(self, text: str, place: tuple[int, int]) -> Any:
        """Return the value of a plain word."""
        if text in _WORDS:
            return _WORDS[text]
        read = next((read for form, read in _NUMBERS if form.fullmatch(text)), None)
        if read is None:
            return text
        if len(text) > _LONGEST_NUMBER:
            what = f"the number has {len(text):,} characters, more than {_LONGEST_NUMBER}."
            raise self.refused(what, place, "Write it in quotes if it is a text.")
        value = read(text)
        if isinstance(value, float) and math.isinf(value) and "inf" not in text.lower():
            raise self.refused("the number is too large.", place, "Write a smaller one.")
        return value


def _plain(node: _Node, trail: tuple[str | int, ...], places: dict[tuple[str | int, ...], tuple[int, int]]) -> Any:
    """Return the plain value of a node, and add the places of its parts; no deeper than the limit on nesting."""
    if isinstance(node.value, dict):
        entries = node.entries()
        places.update({(*trail, key): place for key, (place, _) in entries.items()})
        return {key: _plain(inner, (*trail, key), places) for key, (_, inner) in entries.items()}
    if isinstance(node.value, list):
        places.update({(*trail, i): inner.place for i, inner in enumerate(node.value)})
        return [_plain(inner, (*trail, i), places) for i, inner in enumerate(node.value)]
    return node.value


def _beside(path: Path) -> str:
    """Return a sentence with the YAML file of the same folder whose name is nearest."""
    near = nearest_path(path, pattern="*.y*ml")
    return f"Did you mean {near}?" if near else "Check the path."

"""YAML documents at random: a tree whose parts were changed, and texts with the accidents and traps of YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

Path = tuple[Any, ...]

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, 1e308, float("inf"), float("nan"), 10**9, 10**18, 10**30, "", " ", "yes", "no", "off", "null", "~"),
    *(
        [],
        {},
        [[]],
        [{}],
        {"": ""},
        {"a": {"b": {}}},
        [None],
        ["a", "a"],
        "a" * 5000,
        "😀",
        "\u2028",
        "\x00",
        "é",
        "e\u0301",
        "*",
        "&a",
        "!x",
        "%",
    ),
    *(
        "2024-01-31",
        "9999-99-99",
        "9999-12-31",
        "0001-01-01",
        "2024-01-31T10:00:00+99:99",
        "-1",
        "1e400",
        "nan",
        "inf",
        "1_000",
        "0o17",
        "017",
    ),
    *(
        "rot13",
        "base64",
        "zip",
        "utf-16",
        "cp1252",
        "localtime",
        "Europe/Paris",
        "Mars/Phobos",
        "../../etc/passwd",
        "/",
        "~",
        "file:///etc/passwd",
    ),
    *("*.csv", "[", "**/*", "till.csv", "a\nb", "%d/%m/%Y", "%Q", "%", "%Y" * 500, "%s", "%d", "= 1", "1 = 1", "_row", "_source", '"', "'"),
    *(
        {1: 2},
        {5: 1},
        {None: 1},
        {True: 1},
        {"from": "till"},
        {"files": ["till.csv", "till.csv"]},
        {"constant": []},
        {"constant": {"a": 1}},
    ),
)
"""Values for any key."""

TRAPS = (
    "{0}: &a [*a]\n",
    "{0}: &a {{<<: *a}}\n",
    "a: &a [x, x]\nb: &b [*a, *a]\n{0}: *b\n",
    "{0}: !!python/object/apply:os.system [id]\n",
    "{0}: !!binary aGVsbG8=\n",
    "{0}: !!set {{a, b}}\n",
    "{0}: !!timestamp 2024-01-31\n",
    "{0}: !!int x\n",
    "{0}: !ours x\n",
    "{0}: 2024-13-45\n",
    "{0}: 2024-01-31 25:61:61\n",
    "{0}: 0o9\n",
    "{0}: 1:60:60\n",
    "{0}: 9e999999\n",
    "{0}: .inf\n",
    "{0}: |\n  a\n b\n",
    "{0}: >-\n\n\n",
    "{0}: 'a\n",
    "{0}: [a, b\n",
    "{0}: {{a: 1, a: 2}}\n",
    "? [a, b]\n: c\n",
    "? {{a: 1}}\n: c\n",
    "\t{0}: a\n",
    "{0}:\ta\n",
    "--- a\n--- b\n",
    "%YAML 1.1\n---\n{0}: yes\n",
    "%TAG ! tag:x,2000:\n---\n{0}: !y z\n",
    "{0}: *nobody\n",
    "<<: {{a: 1}}\n",
    "<<: [1, 2]\n",
    "<<: a\n",
    "{0}: \x00\n",
    "{0}: \x07\n",
    "{0}: \u2028 \u2029 \x85\n",
    "{0}: \ufeff\n",
    "\ufeff{0}: a\n",
    "@\n",
    "`\n",
    "- a\n{0}: b\n",
    ": \n",
    "...\n",
)
"""Lines that YAML takes for more than they seem; {0} is the key where they are put."""


def parts(tree: Any, path: Path = ()) -> list[Path]:
    """Return the paths of all parts below the top of a tree."""
    inner = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [found for key, value in inner for found in ((*path, key), *parts(value, (*path, key)))]


def changed(tree: Any, rng: Random) -> None:
    """Change one part of a tree in place."""
    path = rng.choice(parts(tree))
    inside = tree
    for key in path[:-1]:
        inside = inside[key]
    change = rng.choice(["value", "value", "value", "drop", "rename", "wrap", "graft", "list"])
    if change == "value":
        inside[path[-1]] = rng.choice(VALUES)
    elif change == "drop":
        inside.pop(path[-1])
    elif change == "rename" and isinstance(inside, dict):
        inside[rng.choice([1, None, True, "", f"{path[-1]}s", "x", 2.5, "<<", "*", "é"])] = inside.pop(path[-1])
    elif change == "wrap":
        inside[path[-1]] = {rng.choice(["a", "column", "from"]): inside[path[-1]]}
    elif change == "list":
        inside[path[-1]] = [inside[path[-1]], inside[path[-1]]]
    else:
        inside[path[-1]] = json.loads(json.dumps(tree, default=str))


def text_of(tree: Any) -> str:
    """Return a tree as YAML; JSON is YAML, but for what JSON does not know."""
    return _block(tree, 0)


def _block(node: Any, depth: int) -> str:
    pad = "  " * depth
    if isinstance(node, dict) and node:
        return "".join(f"{pad}{_scalar(k)}:{_after(v, depth)}" for k, v in node.items())
    if isinstance(node, list) and node:
        return "".join(f"{pad}-{_after(v, depth)}" for v in node)
    return f"{pad}{_scalar(node)}\n"


def _after(node: Any, depth: int) -> str:
    if isinstance(node, dict | list) and node:
        return "\n" + _block(node, depth + 1)
    return f" {_scalar(node)}\n"


def _scalar(node: Any) -> str:
    if isinstance(node, float):
        return {"inf": ".inf", "nan": ".nan"}.get(str(node), str(node))
    if isinstance(node, str) and node.replace("_", "").isalnum() and node.isascii():
        return node
    return json.dumps(node, ensure_ascii=False, default=str)


def damaged(text: str, rng: Random) -> str:
    """Return the text of a document after an accident: a trap of YAML, or what happens to any text."""
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    what = rng.choice(["trap", "trap", "trap", "flip", "cut", "twice", "gone", "indent", "deep", "bomb", "long", "merge"])
    if what == "trap":
        pad = len(lines[place]) - len(lines[place].lstrip())
        lines.insert(place, " " * pad + rng.choice(TRAPS).format(rng.choice(["x", "from", "files", "steps", "company"])).rstrip("\n"))
    elif what == "flip" and text:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice("{}[]:,&*#?|-<>=!%@`'\"\\ \t\n\x00\x1b😀") + text[at + rng.choice([0, 1]) :]
    elif what == "cut":
        return text[: rng.randrange(len(text) + 1)]
    elif what == "twice":
        lines.insert(place, lines[place])
    elif what == "gone":
        del lines[place]
    elif what == "indent":
        lines[place] = rng.choice([" ", "   ", "\t"]) + lines[place]
    elif what == "deep":
        lines.insert(place, rng.choice(["x: " + "[" * 1000 + "]" * 1000, "x: " + "{a: " * 1000 + "}" * 1000, "- " * 1000]))
    elif what == "bomb":
        lines = ["b0: &b0 [x, x, x, x, x, x, x, x, x]", *(f"b{i}: &b{i} [{', '.join([f'*b{i - 1}'] * 9)}]" for i in range(1, 10)), *lines]
    elif what == "long":
        lines.insert(place, "x: " + rng.choice(["9" * 5000, "a" * 300_000, "0x" + "f" * 5000, "1e" + "9" * 50, "'" + "b" * 9000]))
    else:
        lines.insert(place, rng.choice(["<<: *t", "<<: [*t, *u]", "t: &t {files: till.csv}", "<<: {from: till}"]))
    return "\n".join(lines)

"""Expressions of mapping files at random: from the grammar, of extremes, and broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

LITERALS = (
    *(
        "0",
        "1",
        "-1",
        "2.5",
        "1e308",
        "1e400",
        "9" * 18,
        "9" * 19,
        "9" * 23,
        "9" * 5000,
        "1e-400",
        "''",
        "'a'",
        "'%'",
        "'_'",
        "'😀'",
        "null",
    ),
    *(
        "true",
        "false",
        "date '2025-06-30'",
        "date '0001-01-01'",
        "date '9999-12-31'",
        "date 'x'",
        "timestamp '2025-06-30 10:00'",
        "'(a+)+$'",
    ),
    *(
        "'" + "a" * 2000 + "'",
        "interval '1 day'",
        "0x1F",
        "1_000",
        "$1",
        "?",
        ":a",
        "*",
        "current_date",
        "now()",
        "\x00",
        "e'\\n'",
        "x'ff'",
    ),
)
FUNCTIONS = (
    *("coalesce({},{})", "nullif({},{})", "abs({})", "round({},{})", "round({})", "concat({},{})", "substr({},{},{})", "substr({},{})"),
    *(
        "upper({})",
        "lower({})",
        "trim({})",
        "replace({},{},{})",
        "length({})",
        "starts_with({},{})",
        "regexp_like({},{})",
        "cast({} as integer)",
    ),
    *("cast({} as number)", "cast({} as text)", "cast({} as date)", "cast({} as timestamp)", "cast({} as boolean)", "cast({} as interval)"),
    *(
        "repeat({},1000000000)",
        "lpad({},1000000000,{})",
        "case when {} then {} else {} end",
        "case {} when {} then {} end",
        "{} in ({},{})",
    ),
    *(
        "{} between {} and {}",
        "{} like {}",
        "{} is null",
        "not {}",
        "-{}",
        "({})",
        "{}::text",
        "exp({})",
        "power({},{})",
        "{} like '%_%_%a%'",
    ),
    *(
        "regexp_like({}, '[0-9]{{5}}')",
        "regexp_like({}, '(((a{{100}}){{100}}){{100}})')",
        "substr({},1,-1)",
        "round({},-5)",
        "round({},400)",
    ),
    *(
        "substr({},0)",
        "substr({},9999999999999999999,1)",
        "(select 1)",
        "{} is distinct from {}",
        "{} collate x",
        "{}[1]",
        "{{'a': {}}}",
        "x -> {}",
    ),
)
OPERATORS = ("+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">=", "and", "or", "||", "is", "^", "//", "->", ":", ";", "--", "&")


def expression(columns: tuple[str, ...], rng: Random, depth: int = 3) -> str:
    """Return an expression, one in twenty of them broken or beyond every limit."""
    if depth == 3 and rng.random() < 0.05:
        return rng.choice(_beyond(columns[0]))
    return _part(columns, rng, depth)


def _part(columns: tuple[str, ...], rng: Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.3:
        return rng.choice([*columns, rng.choice(LITERALS)])
    if rng.random() < 0.5:
        form = rng.choice(FUNCTIONS)
        plain = form.replace("{{", "").replace("}}", "")
        return form.format(*(_part(columns, rng, depth - 1) for _ in range(plain.count("{}"))))
    return f"{_part(columns, rng, depth - 1)} {rng.choice(OPERATORS)} {_part(columns, rng, depth - 1)}"


def _beyond(name: str) -> list[str]:
    return [
        "(" * 500 + name + ")" * 500,
        "-" * 3000 + "1",
        "not " * 900 + "true",
        " + ".join([name] * 1000),
        " || ".join([name] * 900),
        f"{name} in ({','.join(map(str, range(1500)))})",
        "case " + " ".join(f"when {name} = '{i}' then {i}" for i in range(150)) + " end",
        "abs(" * 300 + name + ")" * 300,
        "a" * 100_000,
        f"{name};drop table x",
        f"{name} from x",
        "",
        " ",
        "'",
        '"',
        "/*",
        "--",
        "select * from read_csv('/etc/passwd')",
        "{{",
        "\u2028",
        "COPY x TO 'y'",
        f"concat({','.join([name] * 800)})",
    ]

"""Expressions: each allowed construct by value, everything else refused with the list of allowed ones."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relkit.errors import ParameterError, RelkitError, TableError
from relkit.tables import casting
from relkit.tables.expressions import Scope, Value, compile_expression

ROWS = (
    pl.DataFrame(
        {
            "a": ["1", "-2", "x", None],
            "b": ["C5", "A%", "", "zz"],
            "n": [1.0, 2.5, None, 0.0],
            "i": [3, 4, None, -5],
            "day": [date(2017, 1, 1), date(2017, 3, 4), None, date(2018, 1, 1)],
            "at": ["2017-01-01 10:00", None, "2017-03-04 00:00", "2018-01-01 00:00"],
            "t": ["2017-01-01", "2017-03-04 10:00:00", None, "bad"],
            "yes": ["oui", "no", "?", None],
            "flag": [True, False, None, True],
            "Order ID": ["q", "w", "e", "r"],
            "Date": ["1", "2", "3", "4"],
        }
    )
    .with_columns(pl.col("at").str.to_datetime("%Y-%m-%d %H:%M"))
    .with_columns(pl.col("at").dt.replace_time_zone("UTC").alias("utc"), pl.lit(None).alias("nothing"))
)


def scope():
    columns = {name: Value(pl.col(name), casting.kind_of(dtype)) for name, dtype in ROWS.schema.items()}
    return Scope(columns=columns, where="mapping.yaml, line 7", source="shop.csv")


def compiled(text):
    names = scope()
    value = compile_expression(text, names)
    return value, ROWS.with_columns(**names.made)


def result(text):
    value, rows = compiled(text)
    out = rows.select(x=value.expr)["x"]
    assert value.kind == "null" or casting.kind_of(out.dtype) == value.kind
    return out.to_list() if len(out) > 1 else out.to_list() * len(rows)


def faults(text):
    value, rows = compiled(text)
    return {name: rows.select(x=flag)["x"].to_list() for name, flag in value.faults.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * 2", [2.0, -4.0, None, None]),
        ("i + 1", [4, 5, None, -4]),
        ("i - n", [2.0, 1.5, None, -5.0]),
        ("-i", [-3, -4, None, 5]),
        ("- 2.5", [-2.5] * 4),
        ("i / 2", [1.5, 2.0, None, -2.5]),
        ("i / n", [3.0, 1.6, None, None]),
        ("i % 2", [1, 0, None, 1]),
        ("i % 0", [None] * 4),
        ("abs(a)", [1.0, 2.0, None, None]),
        ("round(n)", [1.0, 3.0, None, 0.0]),
        ("round(i * 26, -2)", [100, 100, None, -100]),
        ("round(n * 150, -2)", [200.0, 400.0, None, 0.0]),
        ("round(n / 3, 2)", [0.33, 0.83, None, 0.0]),
        ("a = 1", [True, False, None, None]),
        ("a = '1'", [True, False, False, None]),
        ("i <> 3", [False, True, None, True]),
        ("n >= 1", [True, True, None, False]),
        ("i <= n", [False, False, None, True]),
        ("n < i and n > 0", [True, True, None, False]),
        ("n = 1 or i = 4", [True, True, None, False]),
        ("not n > 1", [True, False, None, True]),
        ("(n > 1) = flag", [False, False, None, False]),
        ("yes = true", [True, False, None, None]),
        ("flag is true", [True, False, False, True]),
        ("flag is false", [False, True, False, False]),
        ("n is null", [False, False, True, False]),
        ("b is null", [False, False, True, False]),
        ("b is not null", [True, True, False, True]),
        ("a in (1, 2)", [True, False, None, None]),
        ("a in ('1', 'x')", [True, False, True, None]),
        ("n in (1, 0)", [True, False, None, True]),
        ("i not in (3)", [False, True, None, True]),
        ("i in (n, 4)", [False, True, None, False]),
        ("day in ('2017-01-01')", [True, False, None, False]),
        ("i between 3 and 4", [True, True, None, False]),
        ("day between '2017-01-01' and '2017-12-31'", [True, True, None, False]),
        ("day < '2017-02-01'", [True, False, None, False]),
        ("t < date '2017-02-01'", [True, False, None, None]),
        ("at >= '2017-02-01'", [False, None, True, True]),
        ("utc < '2017-01-01 11:00'", [True, None, False, False]),
        ("cast(t as timestamp) < '2017-02-01'", [True, False, None, None]),
        ("cast(at as date)", [date(2017, 1, 1), None, date(2017, 3, 4), date(2018, 1, 1)]),
        ("b like 'C%'", [True, False, False, False]),
        ("b like '%z'", [False, False, False, True]),
        ("b like '%5%'", [True, False, False, False]),
        ("b like 'zz'", [False, False, False, True]),
        ("b like '_5'", [True, False, False, False]),
        ("b like 'A%%'", [False, True, False, False]),
        ("b not like 'C%'", [False, True, True, True]),
        ("regexp_like(b, '^[A-Z]')", [True, True, False, False]),
        ("starts_with(b, 'C')", [True, False, False, False]),
        ("length(b)", [2, 2, 0, 2]),
        ("substr(b, 2)", ["5", "%", "", "z"]),
        ("substr(b, 1, 1)", ["C", "A", "", "z"]),
        ("upper(b)", ["C5", "A%", "", "ZZ"]),
        ("lower(b)", ["c5", "a%", "", "zz"]),
        ("trim('  x ')", ["x"] * 4),
        ("replace(b, 'z', 'y')", ["C5", "A%", "", "yy"]),
        ("a || '-' || i", ["1-3", "-2-4", None, None]),
        ("concat(a, '-', i)", ["1-3", "-2-4", "x-", "--5"]),
        ("concat('n', n)", ["n1", "n2.5", "n", "n0"]),
        ("coalesce(b, 'none')", ["C5", "A%", "none", "zz"]),
        ("coalesce(a, 0)", [1.0, -2.0, 0.0, 0.0]),
        ("nullif(n, 0)", [1.0, 2.5, None, None]),
        ("nullif(b, 'zz')", ["C5", "A%", "", None]),
        ("case when i > 3 then 'more' when i > 0 then 'some' end", [None if x is None else x for x in ["some", "more", None, None]]),
        ("case when n is null then null else 1 end", [1, 1, None, 1]),
        ("case n when 1 then 'one' else 'other' end", ["one", "other", "other", "other"]),
        ("case when flag then day else '2000-01-01' end", [date(2017, 1, 1), date(2000, 1, 1), date(2000, 1, 1), date(2018, 1, 1)]),
        ("case when i = 3 then n else a end", [1.0, -2.0, None, None]),
        ("cast(n as integer)", [1, None, None, 0]),
        ("cast(a as number)", [1.0, -2.0, None, None]),
        ("a::double", [1.0, -2.0, None, None]),
        ("cast(n as text)", ["1", "2.5", None, "0"]),
        ("cast(yes as boolean)", [True, False, None, None]),
        ('"Order ID"', ["q", "w", "e", "r"]),
        ("Date * 2", [2.0, 4.0, 6.0, 8.0]),
        ("nothing + 1", [None] * 4),
        ("nothing = 'x'", [None] * 4),
        ("coalesce(nothing, nothing)", [None] * 4),
        ("null and flag", [None, False, None, None]),
        ("'it''s'", ["it's"] * 4),
        ("1e3", [1000.0] * 4),
    ],
)  # fmt: skip
def test_what_is_allowed_gives_what_sql_gives(text, expected):
    assert result(text) == expected


def test_texts_that_cannot_be_read_are_kept_as_faults_of_their_column():
    assert faults("a * 2 + abs(a)") == {"a": [False, False, True, False]}
    assert faults("cast(t as date)") == {"t": [False, False, False, True]}
    assert faults("cast(n as integer)") == {"n": [False, True, False, False]}
    assert faults("cast(yes as boolean)") == {"yes": [False, False, True, False]}
    assert faults("case when a > 0 then t < date '2017-02-01' end") == {"a": [False, False, True, False], "t": [False, False, False, True]}
    assert faults("b || a") == {}


def test_a_column_is_read_as_a_number_once_however_often_it_is_named():
    names = scope()
    compile_expression("a * a + abs(a) - case when a > 1 then a else 0 end", names)
    assert list(names.made) == ["_number.a"]


def test_a_column_reads_as_its_own_source_writes():
    columns = {"x": Value(pl.col("x"), "text", style=casting.Style(decimal=","))}
    names = Scope(columns=columns)
    value = compile_expression("x * 2", names)
    assert pl.DataFrame({"x": ["1,5"]}).with_columns(**names.made).select(value.expr).item() == 3.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(*)", r"the function count\(\) is not allowed in an expression\. Allowed are: \+ - \* / %, .*like, abs, round, nullif"),
        ("read_csv('x')", r"the function read_csv\(\) is not allowed"),
        ("getenv('x')", r"the function getenv\(\) is not allowed"),
        ("(select 1)", r"'.*SELECT 1.*' is not allowed"),
        ("a in (select 1)", "is not allowed"),
        ("sum(a) over ()", "is not allowed"),
        ("left(a, 1)", r"the function left\(\) is not allowed"),
        ("a like 'x' escape '!'", "is not allowed"),
        ("a between symmetric 1 and 2", "is not allowed"),
        ("regexp_like(a, 'x', 'i')", "is not allowed"),
        ("trim(both 'x' from a)", "is not allowed"),
        ("try_cast(a as int)", "is not allowed"),
        ("a, b", "is not allowed"),
        ("a; drop table x", r"'a; drop table x' is neither a column of shop\.csv nor an expression"),
        ("set x = 1", "is not allowed|neither a column"),
        ("'", "is neither a column of shop"),
        ("", "is neither a column of shop"),
        ("Order ID * 2", r'stands in double quotes: "Order ID"\. Columns: a, b, n'),
        ("cast(a as json)", r"cast to json is not known\. Cast to integer, number, text, date, timestamp or boolean"),
        ("cast(a as int[])", "cast to .* is not known"),
        ("cast(day as integer)", "a day cannot be cast to an integer"),
        ("a is 5", "`is` may only stand before null, true or false"),
        ("a like b", "the pattern of like must be a text written out"),
        ("regexp_like(a, '(')", r"'\(' is not a regular expression"),
        ("substr(a, 0)", "substr starts at 0; the first character is 1"),
        ("substr(a, i)", "the start of substr must be a whole number written out"),
        ("replace(a, b, 'x')", "what replace looks for must be a text written out"),
        ("1 + day", "a day stands where a number is needed"),
        ("1 + 'x'", "the text 'x' stands where a number is needed"),
        ("a and 1", r"a whole number stands where a condition is needed\. Write x = 1"),
        ("day > 5", r"the expression compares or mixes a day and a whole number\. Make them alike with cast"),
        ("case when flag then 1 else day end", "compares or mixes a day and a whole number"),
        ("+".join(["a"] * 70), "nested deeper than 60 levels"),
        ("(" * 1900 + "a" + ")" * 1900, "nested deeper than 60 levels"),
        ("a + " * 1300 + "a", "an expression is limited to 5,000 characters.*RELKIT_MAX_EXPRESSION_CHARACTERS"),
        ("(" * 500 + "a" + ")" * 500, "nested deeper than 60 levels"),
        ("not " * 900 + "flag", "nested deeper than 60 levels|neither a column"),
        ("abs(" * 300 + "n" + ")" * 300, "nested deeper than 60 levels"),
        (" || ".join(["b"] * 900), "nested deeper than 60 levels"),
        ("9" * 23, "a number of 23 digits is larger than whole numbers go. Write it in single quotes if it is an id"),
        ("i = 9223372036854775808", "a number of 19 digits is larger"),
        ("a in (99999999999999999999)", "a number of 20 digits is larger"),
        ("substr(a, 1, -1)", "substr takes -1 characters"),
        ("substr(a, 9999999999999999999)", "a number of 19 digits is larger"),
        ("round(n, 400)", "round has 400 decimals; they lie between -15 and 15"),
        ("round(n, -16)", "round has -16 decimals"),
        ("repeat(a, 1000000000)", r"the function repeat\(\) is not allowed"),
        ("lpad(a, 1000000000, 'x')", "is not allowed in an expression"),
        ("regexp_like(a, '(((a{100}){100}){100})')", "is not a regular expression"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(text, expected):
    with pytest.raises(ParameterError, match=expected) as caught:
        compile_expression(text, scope())
    assert caught.value.where == "mapping.yaml, line 7"


def test_a_misspelt_column_names_the_nearest_one():
    with pytest.raises(TableError, match=r"line 7: column 'Oder ID' is not in shop\.csv; did you mean 'Order ID'\? It has: a, b"):
        compile_expression('"Oder ID" || a', scope())
    with pytest.raises(TableError, match=r"column 'shops\.name' is not in shop\.csv"):
        compile_expression("shops.name", scope())


@pytest.mark.parametrize("text", ["a", "b like 'x%'", "case when n > 1 then 1 end", "concat(a, b)"])
def test_compiling_twice_gives_the_same(text):
    first, second = compile_expression(text, scope()), compile_expression(text, scope())
    assert first.expr.meta.eq(second.expr)


@pytest.mark.parametrize(
    "text", ["eval('1')", "__import__('os')", "a.b.c", "lambda x: x", "$1", "?", "{x}", "interval 1 day", "a -> b", "a[1]"]
)
def test_nothing_of_another_language_gets_through(text):
    with pytest.raises(RelkitError):
        compile_expression(text, scope())

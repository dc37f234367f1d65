"""Queries that read, in every dialect, and those that would do more."""

from __future__ import annotations

import pytest

from relkit.errors import ParameterError
from relkit.limits import variable
from relkit.tables.select_only import DIALECTS, one_select

READS = [
    ("sqlite", "select no from sales where amount < 1"),
    ("sqlite", "with recursive n(x) as (select 1 union all select x + 1 from n where x < 9) select x, strftime('%Y', 'now') from n"),
    ("sqlite", "select json_extract(d, '$.a'), printf('%05d', no), julianday(day) from sales, json_each(d) -- all of them"),
    ("sqlite", "select group_concat(no, ';'), total(amount), iif(a, 1, 2), substr(no, 2) from sales group by 1 having count(*) > 1"),
    ("postgresql", "select distinct on (c) c::text, day at time zone 'Europe/Paris', coalesce(a, 0)::numeric(9, 2) from s order by c"),
    ("postgresql", "select c, row_number() over (partition by c order by d rows between unbounded preceding and current row) from s"),
    ("postgresql", "select c, percentile_cont(0.5) within group (order by a), count(*) filter (where a > 0) from s group by rollup (c)"),
    ("postgresql", "select t.*, x from t left join lateral (select max(a) as x from u where u.id = t.id) q on true where d ->> 'k' = 'v'"),
    ("postgresql", "select to_char(d, 'YYYY'), regexp_replace(a, 'x', '', 'g'), string_agg(a, ',') from s group by d, a"),
    ("postgresql", "select * from a union all select * from b except select * from c"),
    ("postgresql", "select id from s where id not in (select id from t) and exists (select 1 from u where u.id = s.id)"),
    ("mysql", "select `no`, date_format(d, '%Y-%m'), ifnull(a, 0), substring_index(x, ' ', 1), unix_timestamp(d) from `sales`"),
    ("mariadb", "select group_concat(distinct a order by a separator ';') from s"),
    ("mssql", "select top 10 [no], isnull(a, 0), convert(varchar(10), d, 23), datediff(day, d, getdate()) from dbo.sales with (nolock)"),
    ("mssql", "select x from s cross apply openjson(j) with (x int '$.x') as q"),
    ("oracle", "select nvl(a, 0), to_char(d, 'YYYY-MM-DD'), decode(k, 'R', -1, 1), trunc(d) from sales fetch first 10 rows only"),
    ("snowflake", "select c, a from s qualify row_number() over (partition by c order by d) = 1"),
    ("bigquery", "select safe_divide(a, b), format_date('%Y', d), array_agg(x) from `p.d.t` group by 1, 2"),
    ("duckdb", "select * exclude (a) from read_parquet('part/*.parquet') where d > date '2024-01-01'"),
    ("duckdb", "from sales select no, list_sum(x), strftime(d, '%Y'), unnest(items)"),
    ("duckdb", "select * from 'file.parquet'"),
    ("duckdb", "select * from (pivot sales on kind using sum(amount))"),
    ("nosuchdialect", "select a from b"),
]  # fmt: skip

REFUSED = [
    ("sqlite", "drop table t", "DROP"),
    ("sqlite", "delete from t", "DELETE"),
    ("sqlite", "update t set a = 1", "UPDATE"),
    ("sqlite", "insert into t values (1)", "INSERT"),
    ("sqlite", "select 1; drop table t", "2 statements"),
    ("sqlite", "select 1;;select 2;", "2 statements"),
    ("sqlite", "", "0 statements"),
    ("sqlite", "-- nothing", "0 statements"),
    ("sqlite", "attach 'x.db' as x", "ATTACH"),
    ("sqlite", "pragma writable_schema = 1", "PRAGMA"),
    ("sqlite", "vacuum into 'x.db'", "a statement of another kind"),
    ("sqlite", "begin", "TRANSACTION"),
    ("sqlite", "select load_extension('x.so')", "the function load_extension"),
    ("sqlite", "select writefile('x', 'y')", "the function writefile"),
    ("sqlite", "select readfile('/etc/passwd')", "the function readfile"),
    ("sqlite", "select * from pragma_table_info('t')", "the function pragma_table_info"),
    ("sqlite", "select fts3_tokenizer('x', y) from t", "the function fts3_tokenizer"),
    ("sqlite", "with x as (select 1) delete from t", "DELETE"),
    ("sqlite", "values (1)", "no SELECT"),
    ("postgresql", "with gone as (delete from t returning *) select * from gone", "DELETE|RETURNING"),
    ("postgresql", "with made as (insert into t values (1) returning *) select * from made", "INSERT|RETURNING"),
    ("postgresql", "with made as (update t set a = 1 returning *) select * from made", "UPDATE|RETURNING"),
    ("postgresql", "select * into new from t", "SELECT INTO"),
    ("postgresql", "select * from t for update", "FOR UPDATE"),
    ("postgresql", "select pg_read_file('/etc/passwd')", "the function pg_read_file"),
    ("postgresql", "select pg_catalog.pg_read_file('/etc/passwd')", "the function pg_read_file"),
    ("postgresql", "select \"pg_read_file\"('/etc/passwd')", "the function pg_read_file"),
    ("postgresql", "select lo_import('/etc/passwd')", "the function lo_import"),
    ("postgresql", "select * from dblink('host=x', 'select 1') as t(a int)", "the function dblink"),
    ("postgresql", "select pg_sleep(1000)", "the function pg_sleep"),
    ("postgresql", "select nextval('s')", "the function"),
    ("postgresql", "select setval('s', 1)", "the function setval"),
    ("postgresql", "select set_config('a', 'b', false)", "the function set_config"),
    ("postgresql", "select query_to_xml('delete from t', true, true, '')", "the function query_to_xml"),
    ("postgresql", "select pg_terminate_backend(1)", "the function pg_terminate_backend"),
    ("postgresql", "copy t to program 'id'", "COPY"),
    ("postgresql", "call p()", "a statement of another kind"),
    ("postgresql", "do $$ begin delete from t; end $$", "."),
    ("postgresql", "set role admin", "a statement of another kind"),
    ("postgresql", "create table x as select 1", "CREATE"),
    ("postgresql", "explain analyze delete from t", "."),
    ("postgresql", "truncate t", "TRUNCATETABLE"),
    ("postgresql", "grant all on t to public", "GRANT"),
    ("postgresql", "select 1 from t where a = :b", "a placeholder"),
    ("mysql", "select load_file('/etc/passwd')", "the function load_file"),
    ("mysql", "select sleep(1000)", "the function sleep"),
    ("mysql", "select benchmark(1000000000, md5('a'))", "the function benchmark"),
    ("mysql", "select * from t into outfile '/tmp/x'", "."),
    ("mysql", "select 1 /*! into outfile '/tmp/x' */", "a comment that the database would execute"),
    ("mysql", "select get_lock('a', 1000)", "the function get_lock"),
    ("mysql", "select @a := 1", "."),
    ("mysql", "handler t open", "."),
    ("mssql", "select * into new from t", "SELECT INTO"),
    ("mssql", "exec xp_cmdshell 'dir'", "."),
    ("mssql", "select * from openrowset('SQLNCLI', 'x', 'select 1')", "."),
    ("mssql", "select next value for s", "the function NEXT_VALUE_FOR"),
    ("oracle", "select s.nextval from dual where utl_http.request('x') = 'y'", "the function request"),
    ("oracle", "begin delete from t; end;", "."),
    ("duckdb", "select 1) TO 'file.csv' (FORMAT csv); COPY (select * from t", "cannot be read as SQL"),
    ("duckdb", "copy t to 'x.csv'", "COPY"),
    ("duckdb", "attach 'x.db'", "ATTACH"),
    ("duckdb", "install httpfs", "."),
    ("duckdb", "load httpfs", "."),
    ("duckdb", "set enable_external_access = true", "SET"),
    ("duckdb", "call pragma_version()", "."),
    ("duckdb", "select getenv('HOME')", "the function getenv"),
    ("duckdb", "select * from query('drop table t')", "the function query"),
    ("duckdb", "select * from query_table('t')", "the function query_table"),
    ("duckdb", "select * from sqlite_scan('x.db', 't')", "the function sqlite_scan"),
    ("duckdb", "select * from read_text('/etc/passwd')", "the function read_text"),
    ("duckdb", "select * from duckdb_secrets()", "the function duckdb_secrets"),
    ("duckdb", "select nextval('s')", "the function"),
    ("duckdb", "describe t", "DESCRIBE"),
    ("duckdb", "export database 'x'", "."),
    ("snowflake", "select * from table(result_scan(last_query_id()))", "."),
    ("nosuchdialect", "drop table t", "DROP"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "query"), READS)
def test_queries_that_read(dialect, query):
    assert one_select(query, dialect, where="source t") == query


@pytest.mark.parametrize(("dialect", "query", "part"), REFUSED)
def test_queries_that_would_do_more(dialect, query, part):
    with pytest.raises(ParameterError, match=rf"source t: its query .*({part})[^\n]* Write one SELECT; what needs more belongs in a view"):
        one_select(query, dialect, where="source t")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("query", ["drop table t", "select 1; select 2", "select unheard_of(1)", "delete from t"])
def test_every_dialect_refuses(dialect, query):
    with pytest.raises(ParameterError, match=r"its query (has|is) "):
        one_select(query, dialect, where="source t")


def test_a_query_beyond_its_limit(monkeypatch):
    monkeypatch.setenv(variable("query_characters"), "50")
    with pytest.raises(ParameterError, match="a query of a database is limited to 50 characters"):
        one_select("select " + "1 + " * 20 + "1", "sqlite", where="source t")


def test_deep_nesting_is_refused_and_does_not_break_down():
    with pytest.raises(ParameterError, match=r"its query (is nested too deeply|cannot be read)"):
        one_select("select " + "(" * 5_000 + "1" + ")" * 5_000, "sqlite", where="source t")


def test_a_semicolon_and_comments_at_the_end_are_no_second_statement():
    assert one_select("select 1; ", "sqlite", where="t") == "select 1"
    assert one_select("select 1; -- done", "sqlite", where="t").startswith("select 1")

"""Nobody's data in any word: a company of canaries goes through the jobs, and all that they write and print is searched."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
from canary_company import leaks, person, write_company
from made_once import entered

from relkit import cli
from relkit.jobs.build_features import BuildFeatures
from relkit.shapes import shape

if TYPE_CHECKING:
    from pathlib import Path

    from made_once import MadeOnce

STEPS = """
name: canaries
steps:
  - check: {max_quarantine_share: 0.9}
  - features
  - fit: {model: lifetime_value.bg_nbd}
  - fit: {model: survival.kaplan_meier}
  - score
  - deliver: {workbook: false}
"""
REPORT = "  - report: {notebook: segment_customer_value}\n  - report: {notebook: segment_churn_risk}\n"


def run(*words: str) -> tuple[int, str]:
    """Run a command and return its exit code and all that it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = cli.run(list(words))
    return code, printed.getvalue()


def _run_all(folder: Path, store: Path, steps: str) -> None:
    """Run the steps in a new folder on a new company; printed.txt has what was printed."""
    company = write_company(folder.parent / f"{folder.name}_company")
    (folder / "canaries.yaml").write_text(steps)
    with entered(folder, store) as patch:
        patch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        code, printed = run("run", "canaries.yaml", "--data", str(company))
        (folder / "printed.txt").write_text(printed)
        assert code == 0, printed


@pytest.fixture(scope="module")
def place(made_once: MadeOnce, empty_store: Path) -> Path:
    """Return a working directory in which the pipeline has run; do not write to it."""

    def make(folder: Path) -> None:
        _run_all(folder, empty_store, STEPS)

    return made_once("canaries", make)


def test_the_pipeline_leaves_no_canary(place):
    printed = (place / "printed.txt").read_text()
    assert "Not delivered: 1 customer" in printed, "an id that is a formula is a fault, too"
    assert printed.count("quarantined") >= 6, "each table has faulty rows"
    assert leaks(place) == []


def test_the_search_finds_what_is_hidden(tmp_path):
    """A canary of the search itself: in a database, an archive, a Parquet file that is no table, a name and a text."""
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table t as select ? as a", (person(1)["mail"],))
    connection.close()
    pl.DataFrame({"a": [person(1)["phone"]]}).write_parquet(tmp_path / "x.parquet")
    (tmp_path / f"{person(1)['id']}.txt").write_text("")
    (tmp_path / "y.json").write_text(f'{{"a": "{person(2)["birthday"]}"}}')
    (tmp_path / "out" / "default" / "tables").mkdir(parents=True)
    pl.DataFrame({"a": [person(1)["phone"]]}).write_parquet(tmp_path / "out" / "default" / "tables" / "customers.parquet")
    found = leaks(tmp_path, [f"first: {person(3)['name']}"])
    assert len({where.partition(":")[0] for where in found}) == 5
    assert found[0].startswith("printed: ")


HEADERLESS = "\n".join(f"{p['id']};{p['name']};{p['mail']};{p['phone']}" for p in map(person, range(5)))
MAPPED = "sources: {people: {files: people.csv%s}}\ntables:\n  customers: {from: people, columns: {customer_id: %s}}\n"
WRONG = {
    "a file without header": (HEADERLESS, None),
    "names as a header": (HEADERLESS, MAPPED % (", header: true", "client")),
    "another delimiter": (HEADERLESS, MAPPED % (", delimiter: '|'", "client")),
    "other columns": (HEADERLESS, MAPPED % (", columns: [a, b]", "a")),
    "an open quote": (f'id;name\n1;"{person(1)["name"]}\n' + "2;x\n" * 3, MAPPED % ("", "id")),
    "the same name twice": (f"{person(1)['name']};x;{person(1)['name']}\na;b;c\n", MAPPED % ("", "x")),
    "no number": ("id;x\n" + "\n".join(f"{i};{person(i)['text']}" for i in range(3)), MAPPED % ("", "number(x)")),
    "ids that repeat": ("id\n" + f"{person(1)['id']}\n" * 3 + person(2)["id"], MAPPED % ("", "id")),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_file_that_is_refused_is_not_quoted(tmp_path, fault, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, mapping = WRONG[fault]
    (tmp_path / "data").mkdir()
    name = "people.csv" if mapping else "customers.csv"
    (tmp_path / "data" / name).write_text(text)
    if mapping:
        (tmp_path / "data" / "mapping.yaml").write_text(mapping)
    for more in ((), ("--json",)):
        _, printed = run("check", "data", *more)
        assert leaks(tmp_path / "out", [printed]) == []
        assert printed


def test_a_database_that_fails_is_not_quoted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table people as select ? as id, ? as mail", (person(1)["id"], person(1)["mail"]))
    connection.close()
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(f"create table people as select '{person(1)['id']}' as id, '{person(1)['mail']}' as mail")
    query = "select id::integer as id from people"
    declared = {"duckdb": "files: shop.duckdb", "sqlite": f"url: 'sqlite:///{tmp_path}/shop.db'"}
    for kind, source in declared.items():
        asked = query if kind == "duckdb" else "select json_extract(mail, '$.a') as id from people"
        mapping = (
            f'sources: {{people: {{{source}, query: "{asked}"}}}}\ntables:\n  customers: {{from: people, columns: {{customer_id: id}}}}\n'
        )
        (tmp_path / "mapping.yaml").write_text(mapping)
        code, printed = run("check", ".", "--mapping", "mapping.yaml")
        assert code == 2
        assert "the query fails" in printed
        assert leaks(tmp_path / "out", [printed]) == []


@pytest.mark.parametrize("command", ["features", "run"])
def test_a_fault_of_relkit_or_of_a_library_is_not_quoted(place, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(place / "out" / "default" / "tables", tmp_path / "out" / "default" / "tables")
    (tmp_path / "one.yaml").write_text("name: one\nsteps: [features]\n")

    def fail(*_: object) -> None:
        pl.DataFrame({"mail": [person(1)["mail"]]}).cast(pl.Float64)

    monkeypatch.setattr(BuildFeatures, "run", fail)
    code, printed = run(*(["features"] if command == "features" else ["run", "one.yaml"]))
    assert code == 1
    assert "InvalidOperationError" in printed
    logs = list((tmp_path / "out" / "default" / "runs").glob("*.log"))
    assert len(logs) == 1
    assert "Traceback" in logs[0].read_text()
    assert leaks(tmp_path, [printed]) == []


def test_secrets_of_an_address_are_in_no_file_and_no_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for address in (
        "postgresql://h/shop?user=bob&password=s3cr3t",
        "mysql://bob:s3cr@ret@h/x",
        "mssql+pyodbc:///?odbc_connect=PWD%3Ds3cr3t",
    ):
        for more in ((), ("--json",), ("--nonsense", address), ("--as-of", address)):
            code, printed = run("check", address, *more)
            assert code == 2
            assert not any(secret in printed for secret in ("s3cr3t", "s3cr", "ret@"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://bob:s3cr3t@127.0.0.1:1/")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code, printed = run("models")
    assert code in {1, 2}
    assert "s3cr3t" not in printed
    assert "***" in printed
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"s3cr" not in path.read_bytes(), path


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_values_are_shown_on_a_terminal_alone_and_in_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.csv").write_text(HEADERLESS)
    code, printed = run("check", "customers.csv", "--show-values")
    assert code == 2
    assert leaks(tmp_path / "out", [printed]) == []
    assert "none are shown: the output does not go to a terminal" in printed
    terminal, result = Terminal(), io.StringIO()
    with contextlib.redirect_stderr(terminal), contextlib.redirect_stdout(result):
        cli.run(["check", "customers.csv", "--show-values", "--json"])
    assert f"{shape(person(0)['name'])}: {person(0)['name']!r}" in terminal.getvalue()
    assert leaks(tmp_path / "out", [result.getvalue()]) == []


@pytest.mark.slow
def test_the_reports_leave_no_canary(tmp_path_factory, empty_store):
    folder = tmp_path_factory.mktemp("reported_canaries")
    _run_all(folder, empty_store, STEPS + REPORT)
    assert list((folder / "out" / "default" / "reports").rglob("*.html"))
    assert leaks(folder) == []

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from relkit.errors import FitError, GateError, ParameterError, TableError
from relkit.jobs.write_report import WriteReport

OUT = Path("out") / "default"


@pytest.fixture
def place(reported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pipeline's output, in which reports may be written."""
    shutil.copytree(reported / OUT, tmp_path / OUT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def notebook(folder: Path, *, parameters: str = 'as_of = None\nlanguage = "en"\ncolour = "blue"', needs: tuple[str, ...] = ()) -> str:
    cells = [
        new_markdown_cell("# Small"),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell("print(as_of, language, colour)"),
    ]
    book = new_notebook(cells=cells, metadata={"relkit": {"job": "report", "needs": list(needs)}})
    nbformat.write(book, folder / "small.ipynb")
    return str(folder / "small.ipynb")


@pytest.mark.notebook
def test_a_page_is_written_for_the_day_and_the_language(place: Path) -> None:
    job = WriteReport.parse(notebook=notebook(place), language="fr", parameters={"colour": "red"})
    progress: list[str] = []
    result = job.run(lambda what, _done=None: progress.append(what))
    page = result.paths["page"]
    assert page == OUT / "reports" / "2025-06-30" / "small_fr.html"
    assert "2025-06-30 fr red" in page.read_text(encoding="utf-8")
    assert result.details == {"as_of": "2025-06-30", "notebook": "small", "language": "fr"}
    assert result.sentences == (f"Wrote small as of 2025-06-30, in French: {page}.",)
    assert progress[-1] == "writing the page"
    assert [path.name for path in page.parent.iterdir()] == ["small_fr.html"]


def test_parameters_typed_on_a_command_line_take_the_types_of_their_defaults(place: Path) -> None:
    job = WriteReport.parse(
        notebook="interact_customer_journeys", parameters={"lookback_days": "7", "stages": "a, b", "silence_days": "90"}
    )
    given = job._given(job._notebook(), None)
    assert {name: given[name] for name in job.parameters} == {"lookback_days": 7.0, "stages": ["a", "b"], "silence_days": 90}
    wrong = WriteReport.parse(notebook="interact_customer_journeys", parameters={"lookback_days": "week"})
    with pytest.raises(ParameterError, match=r"lookback_days is .week.; the notebook expects a number, such as 30\.0"):
        wrong.verify()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"notebook": "segment_churn_rsik"}, r"unknown notebook 'segment_churn_rsik'; did you mean 'segment_churn_risk'"),
        ({"parameters": {"color": "red"}}, r"small: unknown parameter 'color'; did you mean 'colour'"),
        ({"parameters": {"colour": 3}}, r"small: colour is 3; the notebook expects text, such as 'blue'"),
        ({"parameters": {"as_of": "2025-06-30"}}, r"parameters: as_of is a parameter of the job. Give it as --as-of"),
    ],
)
def test_errors_are_detected_before_anything_runs(place: Path, given, message: str) -> None:
    job = WriteReport.parse(**{"notebook": notebook(place), **given})
    with pytest.raises(ParameterError, match=message):
        job.verify()


def failing(folder: Path, *cells: str) -> str:
    """Write a notebook of a day that prints a frame of customers and goes on with some cells; it says nothing of its kernel."""
    shows = "import polars as pl\nprint(pl.read_parquet(f'{out}/tables/customers.parquet').select('customer_id').head(3))\nprint('shown')"
    sources = ['out = "out"\nas_of = None\nlanguage = "en"', shows, *cells]
    book = new_notebook(cells=[new_code_cell(source) for source in sources], metadata={"relkit": {"job": "report"}})
    book.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(book, folder / "small.ipynb")
    return str(folder / "small.ipynb")


@pytest.mark.notebook
def test_what_ran_of_a_report_that_fails_is_kept_and_its_path_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = OUT / "reports" / "failed" / "small_fr"
    bad = failing(place, "x = 1\n\nraise ValueError('no such thing')")
    with pytest.raises(FitError, match=r"ValueError: .* What ran is kept in out/default/reports/failed/small_fr: error.txt has the cell"):
        WriteReport.parse(notebook=bad, language="fr").run()
    page = (kept / "error.txt").read_text(encoding="utf-8")
    assert "Cellule 3 sur 3, ligne 3" in page
    assert "Affiché auparavant :\n[table]\nshown" in page
    assert "shown" in (kept / "notebook.ipynb").read_text(encoding="utf-8")
    ids = pl.read_parquet(OUT / "tables" / "customers.parquet")["customer_id"].head(3)
    assert not any(name in page + (kept / "notebook.ipynb").read_text(encoding="utf-8") for name in ids)
    with pytest.raises(FitError, match=r"small: its kernel died in cell 3, which begins 'import os.*What ran is kept in"):
        WriteReport.parse(notebook=failing(place, "import os\nos._exit(3)"), language="fr").run()
    assert "[table]\nshown" in (kept / "error.txt").read_text(encoding="utf-8")
    monkeypatch.setenv("RELKIT_MAX_NOTEBOOK_CELL_SECONDS", "1")
    with pytest.raises(FitError, match=r"cell 3, which begins 'import time.* was stopped: one cell of a notebook is limited to 1 seconds"):
        WriteReport.parse(notebook=failing(place, "import time\ntime.sleep(9)"), language="fr").run()
    monkeypatch.delenv("RELKIT_MAX_NOTEBOOK_CELL_SECONDS")
    good = failing(place, "from IPython.display import HTML\nHTML('<img src=\"https://example.org/x.png\">')")
    with pytest.raises(GateError, match=r"would load .* from outside the file. Embed it in the notebook's output. What ran is kept in"):
        WriteReport.parse(notebook=good, language="fr").run()
    assert "sa page n’a pas pu être écrite" in (kept / "error.txt").read_text(encoding="utf-8")
    result = WriteReport.parse(notebook=failing(place, "1 + 1"), language="fr").run()
    assert result.paths["page"].is_file()
    assert not kept.parent.exists()


@pytest.mark.notebook
def test_nothing_is_kept_if_that_is_wanted(place: Path) -> None:
    with pytest.raises(FitError, match="ValueError") as error:
        WriteReport.parse(notebook=failing(place, "raise ValueError('no')"), keep_failed=False).run()
    assert "kept" not in str(error.value)
    assert not (OUT / "reports").exists()


def test_a_language_or_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ParameterError, match="language is 'de'"):
        WriteReport.parse(notebook="x", language="de")
    with pytest.raises(ParameterError, match="unknown parameter 'langage'; did you mean 'language'"):
        WriteReport.parse(notebook="x", langage="fr")


@pytest.mark.parametrize(
    ("need", "sentence"),
    [
        ("tables/complaints", "small: the data have no complaints table."),
        ("features/journeys", "small: there is no features/2025-06-30/journeys.parquet: its tables are absent, or relkit features"),
        ("scores/loyalty", "small: there is no score loyalty as of 2025-06-30: no model gives it, or relkit score"),
    ],
)
def test_what_the_notebook_needs_and_does_not_find_skips_it(place: Path, need: str, sentence: str) -> None:
    result = WriteReport.parse(notebook=notebook(place, needs=("tables/transactions", "scores/p_alive", need))).run()
    assert result.skipped.startswith(sentence)
    assert not (OUT / "reports").exists()


def test_without_scores_of_the_day_the_report_is_skipped(place: Path) -> None:
    shutil.rmtree(OUT / "scores")
    result = WriteReport.parse(notebook="segment_customer_value").run()
    assert "there is no score expected_orders as of 2025-06-30" in result.skipped


def test_data_without_contracts_skip_the_churn_report(place: Path) -> None:
    facts = OUT / "tables" / "facts.json"
    stored = json.loads(facts.read_text())
    del stored["rows"]["contracts"]
    facts.write_text(json.dumps(stored))
    assert WriteReport.parse(notebook="segment_churn_risk").run().skipped == (
        "segment_churn_risk: the data have no contracts table, and the mapping does not say which attributes of customer_snapshots are "
        "the tenure and the end (role)."
    )


def test_a_need_of_no_kind_is_an_error_of_the_notebook(place: Path) -> None:
    with pytest.raises(ParameterError, match=r"small: unknown need 'table/orders'; did you mean 'tables/...'"):
        WriteReport.parse(notebook=notebook(place, needs=("table/orders",))).run()


def test_before_any_table_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TableError, match="there are no validated tables here"):
        WriteReport.parse(notebook="segment_customer_value").run()


def test_its_inputs_are_the_notebook_and_what_it_reads(place: Path) -> None:
    path = notebook(place)
    job = WriteReport.parse(notebook=path, as_of="2025-06-30")
    of_the_day = (OUT / "features" / "2025-06-30", OUT / "scores" / "2025-06-30")
    expected = (Path(path), OUT / "tables" / "facts.json", *of_the_day, OUT / "measurements")
    assert job.inputs()[:-1] == expected
    assert job.inputs()[-1] == OUT / "deliveries" / "default" / "LATEST"
    assert WriteReport.parse(notebook=path).inputs()[2:4] == (OUT / "features", OUT / "scores")


def test_a_study_is_of_no_day_and_its_inputs_are_what_benchmarks_left(place: Path) -> None:
    path = notebook(place, parameters='language = "en"\ntable = None')
    job = WriteReport.parse(notebook=path, parameters={"table": "somewhere.json"})
    job.verify()
    assert job.inputs() == (Path(path), Path("out") / "benchmarks")
    with pytest.raises(ParameterError, match=r"as_of: small is of no day. Leave --as-of out"):
        WriteReport.parse(notebook=path, as_of="2025-06-30").verify()

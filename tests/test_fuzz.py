"""A sample of `make fuzz`: two hundred hostile cases of every kind, none of which may break, leak or lose anything.

Texts of YAML and of expressions come from hypothesis, which shortens what fails; `FUZZ_EXAMPLES` says how many.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from fuzz import front
from fuzz.documents import TRAPS
from fuzz.expressions import FUNCTIONS, LITERALS, OPERATORS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relkit.declarations import read_declaration
from relkit.errors import RelkitError
from relkit.tables import casting
from relkit.tables.expressions import Scope, Value, compile_expression

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = {"tables": range(15), "mappings": range(25), "pipelines": range(25), "settings": range(65), "models": range(70)}
"""Seeds of each kind."""
EXAMPLES = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ROWS = pl.DataFrame({"x": ["1.5", "abc", None], "n": [1, -(2**62), None], "flag": [True, False, None]})


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back the store that a case names, and silence the backtraces of compiled libraries."""
    monkeypatch.setenv("RUST_BACKTRACE", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", os.environ.get("MLFLOW_TRACKING_URI", ""))


@pytest.mark.parametrize("kind", SAMPLE)
@pytest.mark.filterwarnings("ignore")
def test_a_sample_of_cases_shows_no_fault(kind: str, tmp_path: Path) -> None:
    """Each fault is named with the command that shows it again."""
    case, found = front.case_of(kind), []
    for seed in SAMPLE[kind]:
        folder = tmp_path / str(seed)
        folder.mkdir()
        found += [f"{fault}\n    python -m tests.fuzz {kind} {seed}" for fault in case(seed, folder)]
    assert found == []


ANY = st.lists(st.integers(0, sys.maxunicode).map(chr), max_size=8).map("".join)
"""Any text, surrogates included; `st.text` first takes seconds to classify all characters."""
LINES = st.one_of(
    st.sampled_from(TRAPS).map(lambda trap: trap.format("a")),
    st.text(st.sampled_from("ab :-?,[]{}&*!|>'\"%@`#~<=\\\t\n\u00e9\u2028"), max_size=30),
    st.builds("{}: {}\n".format, st.sampled_from("abcd"), ANY),
)


@EXAMPLES
@given(st.lists(LINES, max_size=6).map("".join))
def test_any_text_of_yaml_is_read_or_refused_with_its_file(tmp_path: Path, text: str) -> None:
    """Nothing but plain values comes out, and nothing but an error of ours."""
    path = tmp_path / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_declaration(path)
    except RelkitError as error:
        assert "any.yaml" in str(error)  # noqa: PT017  either outcome is right


ATOMS = st.one_of(st.sampled_from(("x", "n", "flag")), st.sampled_from(LITERALS))
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds(lambda form, *parts: form.format(*parts), st.sampled_from(FUNCTIONS), inner, inner, inner, inner),
    ),
    max_leaves=8,
)


@EXAMPLES
@given(TEXTS)
def test_any_expression_gives_a_column_or_is_refused(text: str) -> None:
    """Compiled or not, no exception but ours comes out, and what compiles also runs."""
    scope = Scope(columns={name: Value(pl.col(name), casting.kind_of(dtype)) for name, dtype in ROWS.schema.items()})
    try:
        value = compile_expression(text, scope)
    except RelkitError:
        return
    assert ROWS.with_columns(**scope.made).select(value.expr).height in {1, 3}

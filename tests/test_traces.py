"""Messages and traces of other programs' errors, without values and secrets."""

from __future__ import annotations

import polars as pl
import pytest

from relkit.errors import TableError
from relkit.traces import trace_of, words_of

MESSAGES = (
    "conversion from `str` to `f64` failed in column 'amount' for 1 out of 1 values: [\"Zoé Dupont\"]",
    "Conversion Error: Could not convert string 'Zoé Dupont' to INT32",
    "(sqlite3.IntegrityError) failed [SQL: insert] [parameters: ('Zoé Dupont', 'zoe.dupont@example.org')]",
    'time data "Zoé Dupont" doesn\'t match format',
    "could not parse `Zoé Dupont` as dtype `i64`",
    "no such id: +33612345678",
    "sent to zoe.dupont@example.org",
    "06 12 34 56 78 is no number",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_value_remains(message):
    words = words_of(ValueError(message))
    assert not any(value in words for value in ("Zoé", "Dupont", "dupont", "612345678", "12 34"))
    assert "character text" in words or "digits" in words


def test_known_names_and_types_stay():
    words = words_of(ValueError("cannot cast 'day' from `str` to `datetime`: \"31/02\""), {"Day"})
    assert words == "cannot cast 'day' from `str` to `datetime`: a 5-character text"


def test_polars_own_message():
    name = "Zoé " + "Dupont"  # in two parts, as a trace shows the line of the code
    with pytest.raises(pl.exceptions.InvalidOperationError) as caught:
        pl.DataFrame({"name": [name]}).cast(pl.Float64)
    assert name in str(caught.value)
    assert name not in words_of(caught.value) + trace_of(caught.value)


def test_a_trace_names_every_cause_and_no_value():
    key, address = "Du" + "rand", "mysql://bob:s3c" + "r3t@h: 'Mar" + "tin'"
    try:
        try:
            {}[key]
        except KeyError as error:
            raise ConnectionError(address) from error
    except ConnectionError as error:
        trace = trace_of(error)
    assert "KeyError: a 6-character text" in trace
    assert trace.index("KeyError") < trace.index("ConnectionError: mysql://bob:***@h: a 6-character text")
    assert not any(word in trace for word in ("Durand", "Martin", "s3cr3t"))
    assert "test_traces.py" in trace


def test_errors_of_ours_keep_their_words():
    assert words_of(TableError("column 'amount' is empty.", where="t.csv")) == "t.csv: column 'amount' is empty."

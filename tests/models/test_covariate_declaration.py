from __future__ import annotations

import polars as pl
import pytest

from relkit.contracts import Contract, check
from relkit.errors import TableError
from relkit.models.covariate_declaration import Declaration

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_equally_frequent_levels_are_taken_in_alphabetical_order() -> None:
    (known,) = Declaration(names=("type",)).learnt(pl.DataFrame({"type": ["b", "a", "a", "b", "c"]}), where="here")
    assert known.levels == ("a", "b", "c")


def test_categories_of_polars_are_texts() -> None:
    contract = Contract(name="some", key=(), columns=Declaration(names=("country", "vip")).asked)
    frame = FRAME.with_columns(pl.col("country").cast(pl.Categorical))
    read = check(frame, Declaration(names=("country", "vip")).given(contract, frame))
    assert read.dtypes == [pl.String, pl.Float64]
    assert [known.is_flag for known in Declaration(names=("vip",)).learnt(read, where="here")] == [True]


def test_a_number_that_is_empty_is_refused() -> None:
    contract = Contract(name="some", key=(), columns=Declaration(names=("age",)).asked)
    frame = pl.DataFrame({"age": [1.0, None]})
    with pytest.raises(TableError, match="age: 1 of 2 rows are null"):
        check(frame, Declaration(names=("age",)).given(contract, frame))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["FR", "FR", None], "country is 'FR' wherever it is known, so it explains nothing. Drop country from the covariates."),
        ([None, None], "country is never known"),
        ([str(i) for i in range(51)], "country has 51 levels, over 50. Group its rare levels"),
    ],
)
def test_an_invalid_category(values: list[str | None], message: str) -> None:
    with pytest.raises(TableError, match=message):
        Declaration(names=("country",)).learnt(pl.DataFrame({"country": values}, schema={"country": pl.String}), where="here")


def test_a_declaration_decides_what_may_be_empty() -> None:
    contract = Contract(name="some", key=(), columns=Declaration(names=("age",)).asked)
    frame = pl.DataFrame({"age": [1.0, None]})
    with pytest.raises(TableError, match="age: 1 of 2 rows are null"):
        check(frame, Declaration(names=("age",)).given(contract, frame))
    indicated = Declaration(names=("age",), missing="indicator")
    assert check(frame, indicated.given(contract, frame))["age"].null_count() == 1
    (known,) = indicated.learnt(frame, where="here")
    assert known.declared.nullable
    assert known.declared.meaning == "A number, or 0 and 1; where it is empty, 1 stands for it."

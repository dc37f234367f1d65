from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.contracts import Contract, check
from relkit.errors import FitError, TableError
from relkit.models import covariates

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_a_category_has_a_column_for_each_level_but_the_most_frequent() -> None:
    known = covariates.learnt(FRAME, ("country", "age"), where="here")
    assert covariates.column_names(known) == ("country=BE", "country=CH", "age")
    assert covariates.matrix(FRAME, known)[:, 0].tolist() == [0, 1, 0, 0, 0, 1, 0]
    assert covariates.matrix(FRAME, known)[:, 2].tolist() == FRAME["age"].to_list()
    assert covariates.typical(known).tolist() == [0, 0, 50]


def test_equally_frequent_levels_are_taken_in_alphabetical_order() -> None:
    (known,) = covariates.learnt(pl.DataFrame({"type": ["b", "a", "a", "b", "c"]}), ("type",), where="here")
    assert known.levels == ("a", "b", "c")


def test_what_the_fit_had_not_seen_counts_as_the_reference() -> None:
    known = covariates.learnt(FRAME, ("country",), where="here")
    assert covariates.matrix(pl.DataFrame({"country": ["LU", None, "CH"]}), known).tolist() == [[0, 0], [0, 0], [0, 1]]
    assert covariates.notes_on(FRAME, known) == ("1 of 7 customers have no country; they count as FR, the reference.",)


def test_categories_of_polars_are_texts() -> None:
    contract = Contract(name="some", key=(), columns=covariates.asked(("country", "vip")))
    frame = FRAME.with_columns(pl.col("country").cast(pl.Categorical))
    read = check(frame, covariates.as_given(contract, ("country", "vip"), frame))
    assert read.dtypes == [pl.String, pl.Float64]
    assert [known.is_flag for known in covariates.learnt(read, ("vip",), where="here")] == [True]


def test_a_number_that_is_empty_is_refused() -> None:
    contract = Contract(name="some", key=(), columns=covariates.asked(("age",)))
    frame = pl.DataFrame({"age": [1.0, None]})
    with pytest.raises(TableError, match="age: 1 of 2 rows are null"):
        check(frame, covariates.as_given(contract, ("age",), frame))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["FR", "FR", None], "country is 'FR' wherever it is known, so it explains nothing. Drop country from the covariates."),
        ([None, None], "country is never known"),
        ([str(i) for i in range(51)], "country has 51 levels, over 50. Group its rare levels"),
    ],
)
def test_a_category_that_is_none(values: list[str | None], message: str) -> None:
    with pytest.raises(TableError, match=message):
        covariates.learnt(pl.DataFrame({"country": values}, schema={"country": pl.String}), ("country",), where="here")


def test_useless_columns_are_named() -> None:
    one = np.array([1.0, 2.0, 4.0, 7.0])
    with pytest.raises(FitError, match="height is 2 for everybody"):
        covariates.refuse_useless(np.column_stack((one, np.full(4, 2.0))), ("age", "height"), where="here")
    with pytest.raises(FitError, match="double follows from age, so their effects cannot be told apart"):
        covariates.refuse_useless(np.column_stack((one, one**2, 2e6 * one + 3)), ("age", "square", "double"), where="here")
    covariates.refuse_useless(np.column_stack((one, one**2, one + 1e-2 * one**3)), ("age", "square", "cubic"), where="here")

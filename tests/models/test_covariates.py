from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from relkit.contracts import Contract, check
from relkit.errors import FitError, TableError
from relkit.models import covariates
from relkit.models.covariates import Declaration

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_a_category_has_a_column_for_each_level_but_the_most_frequent() -> None:
    known = Declaration(names=("country", "age")).learnt(FRAME, where="here")
    assert covariates.column_names(known) == ("country=BE", "country=CH", "age")
    assert covariates.matrix(FRAME, known)[:, 0].tolist() == [0, 1, 0, 0, 0, 1, 0]
    assert covariates.matrix(FRAME, known)[:, 2].tolist() == FRAME["age"].to_list()
    assert covariates.typical(known).tolist() == [0, 0, 50]


def test_equally_frequent_levels_are_taken_in_alphabetical_order() -> None:
    (known,) = Declaration(names=("type",)).learnt(pl.DataFrame({"type": ["b", "a", "a", "b", "c"]}), where="here")
    assert known.levels == ("a", "b", "c")


def test_what_the_fit_had_not_seen_counts_as_the_reference() -> None:
    known = Declaration(names=("country",)).learnt(FRAME, where="here")
    assert covariates.matrix(pl.DataFrame({"country": ["LU", None, "CH"]}), known).tolist() == [[0, 0], [0, 0], [0, 1]]
    assert covariates.notes_on(FRAME, known) == ("1 of 7 customers have no country; they count as FR, the reference.",)


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
def test_a_category_that_is_none(values: list[str | None], message: str) -> None:
    with pytest.raises(TableError, match=message):
        Declaration(names=("country",)).learnt(pl.DataFrame({"country": values}, schema={"country": pl.String}), where="here")


def test_useless_columns_are_named() -> None:
    one = np.array([1.0, 2.0, 4.0, 7.0])
    with pytest.raises(FitError, match="height is 2 for everybody"):
        covariates.refuse_useless(np.column_stack((one, np.full(4, 2.0))), ("age", "height"), where="here")
    with pytest.raises(FitError, match="double follows from age, so their effects cannot be told apart"):
        covariates.refuse_useless(np.column_stack((one, one**2, 2e6 * one + 3)), ("age", "square", "double"), where="here")
    covariates.refuse_useless(np.column_stack((one, one**2, one + 1e-2 * one**3)), ("age", "square", "cubic"), where="here")


def test_an_empty_number_is_the_mean_and_has_a_column_of_its_own() -> None:
    frame = pl.DataFrame({"plan": ["S", "S", "L", None], "age": [30.0, None, 40.0, 80.0], "vip": [1.0, 0, 0, 1]})
    declared = Declaration(names=("plan", "age", "vip"), missing="indicator")
    known = declared.learnt(frame, where="here")
    assert covariates.column_names(known) == ("plan=L", "plan is empty", "age", "age is empty", "vip")
    assert covariates.matrix(frame, known).tolist() == [[0, 0, 30, 0, 1], [0, 0, 50, 1, 0], [1, 0, 40, 0, 0], [0, 1, 80, 0, 1]]
    assert covariates.typical(known).tolist() == [0, 0, 50, 0, 0.5]
    assert [each.is_flag for each in known] == [False, False, True]
    assert covariates.notes_on(frame, known) == (
        "1 of 4 customers have no plan; the effect of its absence is among the terms, as 'plan is empty'.",
        "1 of 4 customers have no age; the effect of its absence is among the terms, as 'age is empty'.",
    )
    # What was never empty in the fit may be so later: the mean stands for it.
    later = frame.with_columns(vip=pl.lit(None, pl.Float64))
    assert covariates.matrix(later, known)[:, 4].tolist() == [0.5] * 4


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


def test_a_bend_is_typically_that_of_the_mean() -> None:
    frame = pl.DataFrame({"age": [*range(18, 90)], "vip": [0, 1] * 36}).cast(pl.Float64)
    (age, vip) = Declaration(names=("age", "vip"), splines={"age": 3}).learnt(frame, where="here")
    assert age.columns == ("age", "age (bend 1)", "age (bend 2)")
    mean = pl.DataFrame({"age": [age.mean], "vip": [vip.mean]})
    assert covariates.typical((age, vip)).tolist() == covariates.matrix(mean, (age, vip))[0].tolist()
    assert covariates.by_covariate((age, vip)) == (("age", slice(0, 3)), ("vip", slice(3, 4)))


def test_levels_that_the_fit_had_not_seen_are_counted() -> None:
    """Of many the most frequent are named, and what is long is cut: a free text is no place for a person's data."""
    known = Declaration(names=("country", "age")).learnt(FRAME, where="here")
    text = "a very long remark about somebody who called twice"
    later = pl.DataFrame({"country": ["FR", None, *"ABCDEFF", text], "age": [1.0] * 10})
    (said,) = covariates.unseen_categories(later, known, who="contracts")
    assert said == (
        "8 of 10 contracts have a country that the model has not seen (F: 2, A: 1, B: 1, C: 1, D: 1, 2 others); "
        "they count as FR, the reference."
    )
    (alone,) = covariates.unseen_categories(later.tail(1), known)
    assert "(a very long remark about somebody who c…)" in alone
    assert covariates.unseen_categories(FRAME, known) == ()
    assert covariates.unseen_categories(FRAME.select("age"), known) == ()
    assert covariates.unseen_categories(FRAME.with_columns(pl.lit("LU", pl.Categorical).alias("country")), known) == (
        "7 of 7 customers have a country that the model has not seen (LU); they count as FR, the reference.",
    )

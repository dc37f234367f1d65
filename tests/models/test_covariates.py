from __future__ import annotations

import polars as pl

from relkit.models import covariates
from relkit.models.covariate_declaration import Declaration

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_a_category_has_a_column_for_each_level_but_the_most_frequent() -> None:
    known = Declaration(names=("country", "age")).learnt(FRAME, where="here")
    assert covariates.column_names(known) == ("country=BE", "country=CH", "age")
    assert covariates.matrix(FRAME, known)[:, 0].tolist() == [0, 1, 0, 0, 0, 1, 0]
    assert covariates.matrix(FRAME, known)[:, 2].tolist() == FRAME["age"].to_list()
    assert covariates.typical(known).tolist() == [0, 0, 50]


def test_a_level_not_in_the_fit_counts_as_the_reference() -> None:
    known = Declaration(names=("country",)).learnt(FRAME, where="here")
    assert covariates.matrix(pl.DataFrame({"country": ["LU", None, "CH"]}), known).tolist() == [[0, 0], [0, 0], [0, 1]]
    assert tuple(remark.en for remark in covariates.remarks_on(FRAME, known)) == (
        "1 of 7 customers have no country; they count as FR, the reference.",
    )


def test_an_empty_number_is_the_mean_and_has_a_column_of_its_own() -> None:
    frame = pl.DataFrame({"plan": ["S", "S", "L", None], "age": [30.0, None, 40.0, 80.0], "vip": [1.0, 0, 0, 1]})
    declared = Declaration(names=("plan", "age", "vip"), missing="indicator")
    known = declared.learnt(frame, where="here")
    assert covariates.column_names(known) == ("plan=L", "plan is empty", "age", "age is empty", "vip")
    assert covariates.matrix(frame, known).tolist() == [[0, 0, 30, 0, 1], [0, 0, 50, 1, 0], [1, 0, 40, 0, 0], [0, 1, 80, 0, 1]]
    assert covariates.typical(known).tolist() == [0, 0, 50, 0, 0.5]
    assert [each.is_flag for each in known] == [False, False, True]
    assert tuple(remark.en for remark in covariates.remarks_on(frame, known)) == (
        "1 of 4 customers have no plan; the effect of its absence is among the terms, as 'plan is empty'.",
        "1 of 4 customers have no age; the effect of its absence is among the terms, as 'age is empty'.",
    )
    # A number never empty in the fit may be so later: the mean stands for it.
    later = frame.with_columns(vip=pl.lit(None, pl.Float64))
    assert covariates.matrix(later, known)[:, 4].tolist() == [0.5] * 4


def test_a_bend_is_typically_that_of_the_mean() -> None:
    frame = pl.DataFrame({"age": [*range(18, 90)], "vip": [0, 1] * 36}).cast(pl.Float64)
    (age, vip) = Declaration(names=("age", "vip"), splines={"age": 3}).learnt(frame, where="here")
    assert age.columns == ("age", "age (bend 1)", "age (bend 2)")
    mean = pl.DataFrame({"age": [age.mean], "vip": [vip.mean]})
    assert covariates.typical((age, vip)).tolist() == covariates.matrix(mean, (age, vip))[0].tolist()
    assert covariates.by_covariate((age, vip)) == (("age", slice(0, 3)), ("vip", slice(3, 4)))

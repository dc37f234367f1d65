from __future__ import annotations

import polars as pl

from relkit.models.covariate_declaration import Declaration
from relkit.models.unseen_categories import unseen_categories

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_levels_that_the_fit_did_not_observe_are_counted() -> None:
    """The most frequent of many are named, and long ones truncated: free text may contain personal data."""
    known = Declaration(names=("country", "age")).learnt(FRAME, where="here")
    text = "a very long remark about somebody who called twice"
    later = pl.DataFrame({"country": ["FR", None, *"ABCDEFF", text], "age": [1.0] * 10})
    (found,) = (remark.en for remark in unseen_categories(later, known, who="contracts"))
    assert found == (
        "8 of 10 contracts have a country that the model has not seen (F: 2, A: 1, B: 1, C: 1, D: 1, 2 others); "
        "they count as FR, the reference."
    )
    (alone,) = (remark.en for remark in unseen_categories(later.tail(1), known))
    assert "(a very long remark about somebody who c…)" in alone
    assert unseen_categories(FRAME, known) == ()
    assert unseen_categories(FRAME.select("age"), known) == ()
    others = FRAME.with_columns(pl.lit("LU", pl.Categorical).alias("country"))
    assert [remark.en for remark in unseen_categories(others, known)] == [
        "7 of 7 customers have a country that the model has not seen (LU); they count as FR, the reference.",
    ]


def test_no_level_of_a_personal_covariate_is_named() -> None:
    known = Declaration(names=("country",)).learnt(FRAME, where="here")
    later = pl.DataFrame({"country": ["FR", "LU", "DE"]})
    (found,) = unseen_categories(later, known, unnamed={"country"})
    assert found.en == "2 of 3 customers have a country that the model has not seen; they count as FR, the reference."
    assert "LU" not in found.fr

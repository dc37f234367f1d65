from __future__ import annotations

import polars as pl

from relkit.models.covariate_declaration import Declaration
from relkit.models.unseen_categories import unseen_categories

FRAME = pl.DataFrame(
    {"country": ["FR", "BE", "FR", None, "CH", "BE", "FR"], "age": [20.0, 30, 40, 50, 60, 70, 80], "vip": [True, False] * 3 + [True]}
)


def test_levels_that_the_fit_had_not_seen_are_counted() -> None:
    """Of many the most frequent are named, and what is long is cut: a free text is no place for a person's data."""
    known = Declaration(names=("country", "age")).learnt(FRAME, where="here")
    text = "a very long remark about somebody who called twice"
    later = pl.DataFrame({"country": ["FR", None, *"ABCDEFF", text], "age": [1.0] * 10})
    (said,) = (remark.en for remark in unseen_categories(later, known, who="contracts"))
    assert said == (
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


def test_of_a_covariate_that_tells_of_a_person_no_level_is_named() -> None:
    known = Declaration(names=("country",)).learnt(FRAME, where="here")
    later = pl.DataFrame({"country": ["FR", "LU", "DE"]})
    (said,) = unseen_categories(later, known, unnamed={"country"})
    assert said.en == "2 of 3 customers have a country that the model has not seen; they count as FR, the reference."
    assert "LU" not in said.fr

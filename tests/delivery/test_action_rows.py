"""Scores by action in a delivery."""

from __future__ import annotations

import polars as pl

from relkit.delivery.action_rows import action_columns, action_rows, protected_without_effects
from relkit.models.uplift.family import UPLIFT
from relkit.score_kinds import Score

EFFECT, OTHER = UPLIFT.at(84, subject="mail", subject_id="MAIL"), Score("p_alive")
TABLE = pl.DataFrame({"customer_id": ["a", "a", "b", "c", "d", "stranger"], "action_id": ["MAIL", "SMS", *["MAIL"] * 4]})
CUSTOMERS = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "consent_profiling": ["granted", "refused", None, "unknown"],
        "is_protected": [False, False, True, None],
    }
)


def test_only_customers_in_the_file_who_may_be_reached_have_rows() -> None:
    found = action_rows(TABLE, [OTHER, EFFECT], CUSTOMERS)
    assert found is not None
    assert found.rows() == [("a", "MAIL"), ("a", "SMS"), ("d", "MAIL")]
    plain = action_rows(TABLE, [EFFECT], CUSTOMERS.select("customer_id"))
    assert plain is not None
    assert plain["customer_id"].unique().sort().to_list() == ["a", "b", "c", "d"]


def test_a_table_without_its_scores_is_not_delivered() -> None:
    assert action_rows(TABLE, [OTHER], CUSTOMERS) is None
    assert action_rows(None, [EFFECT], CUSTOMERS) is None


def test_the_protected_have_no_effects_and_keep_other_scores() -> None:
    scores = {str(EFFECT): TABLE.select("customer_id").unique(maintain_order=True), str(OTHER): pl.DataFrame({"customer_id": ["c"]})}
    records = {str(EFFECT): EFFECT, str(OTHER): OTHER}
    found = protected_without_effects(scores, records, CUSTOMERS)
    assert found[str(EFFECT)]["customer_id"].to_list() == ["a", "b", "d", "stranger"]
    assert found[str(OTHER)]["customer_id"].to_list() == ["c"]
    only = {str(EFFECT): pl.DataFrame({"customer_id": ["c"]})}
    assert protected_without_effects(only, records, CUSTOMERS) == {}
    assert protected_without_effects(scores, records, CUSTOMERS.drop("is_protected")) == scores


def test_columns_name_the_score_that_they_rest_on() -> None:
    found = {column.name: column for column in action_columns("USD", "uplift_mail_84d")}
    assert found["value_usd"].score == "uplift_mail_84d"
    assert found["value_usd"].unit == "USD"
    assert found["cost_usd"].score == ""
    assert found["customer_id"].personal_data == "pseudonym"

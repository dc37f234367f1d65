from __future__ import annotations

from datetime import date

import delivered_company as company
import polars as pl
import pytest
from score_records import kept

from relkit.delivery.customer_files import CustomerFile, customer_file, data_dictionary, in_words, marketer_view, narrowed
from relkit.errors import ParameterError, TableError

DAY = company.JUNE


def made(people: pl.DataFrame, scores: pl.DataFrame | None = None, **more) -> CustomerFile:
    return customer_file(people, None if scores is None else kept(scores), as_of=DAY, **{"currency": "EUR", **more})


def people(*ids: str, **columns) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": list(ids), **columns}, schema_overrides={"customer_id": pl.String})


def valued(margins: list[float], futures: list[float | None]) -> CustomerFile:
    ids = [f"c{i:03d}" for i in range(len(margins))]
    known = [i for i, f in zip(ids, futures, strict=True) if f is not None]
    scored = company.score(known, "future_margin_24m", [f for f in futures if f is not None])
    return made(people(*ids, past_margin_eur=margins), scored)


def test_one_row_a_customer_prospects_included_in_the_order_of_their_ids(file: CustomerFile) -> None:
    assert file.frame["customer_id"].to_list() == sorted(company.customers()["customer_id"])
    prospects = file.frame.filter(pl.col("days_since_last_order").is_null())
    assert len(prospects) == 40
    for column in ("p_alive", "future_margin_24m_eur", "total_margin_eur", "value_decile", "is_top20_margin"):
        assert prospects[column].null_count() == 40, column


def test_a_column_appears_only_when_it_can_be_computed(file: CustomerFile) -> None:
    bare = made(people("a", "b", orders_12m=[1, 2]))
    assert bare.frame.columns == ["customer_id", "as_of", "orders_12m", "score_quality"]
    assert "last_nps" not in file.frame.columns
    assert "future_margin_24m_eur_low" in file.frame.columns
    assert "No total margin" in bare.warnings[0]


def test_no_other_column_of_the_customer_table_leaves_the_house(file: CustomerFile) -> None:
    assert "postcode" in company.customers().columns
    assert "postcode" not in file.frame.columns


def test_bounds_that_no_model_gives_have_no_column() -> None:
    file = made(people("a", past_margin_eur=[1.0]), company.score(["a"], "future_margin_24m", [2.0]))
    assert "future_margin_24m_eur" in file.frame.columns
    assert "future_margin_24m_eur_low" not in file.frame.columns


def test_total_margin_adds_what_the_file_shows() -> None:
    file = valued([1.005, 2.004], [2.004, 0.004])
    shown = file.frame.select("past_margin_eur", "future_margin_24m_eur", "total_margin_eur").rows()
    assert all(round(past + future, 2) == total for past, future, total in shown)


def test_deciles_are_ten_equal_groups_and_one_is_best() -> None:
    file = valued([float(i) for i in range(50)], [0.0] * 50)
    by_decile = file.frame.group_by("value_decile").agg(pl.len(), pl.col("total_margin_eur").min()).sort("value_decile")
    assert by_decile["len"].to_list() == [5] * 10
    assert by_decile["total_margin_eur"].to_list() == [45.0, 40.0, 35.0, 30.0, 25.0, 20.0, 15.0, 10.0, 5.0, 0.0]
    assert file.frame.filter("is_top20_margin")["total_margin_eur"].sort().to_list() == [float(i) for i in range(40, 50)]


def test_the_horizon_of_the_margin_is_that_of_the_score() -> None:
    file = made(people("a", past_margin_eur=[1.0]), company.score(["a"], "future_margin_12m", [2.0]))
    row = file.frame.row(0, named=True)
    assert (row["future_margin_12m_eur"], row["total_margin_eur"]) == (2.0, 3.0)
    entry = next(e for e in data_dictionary(file).iter_rows(named=True) if e["column"] == "total_margin_eur")
    assert entry["meaning_en"] == "Past margin plus expected margin of the next 12 months."


def test_customers_who_refuse_profiling_have_no_score() -> None:
    given = people("a", "b", past_margin_eur=[1.0, 1.0], consent_profiling=["refused", "unknown"])
    file = made(given, pl.concat([company.score(["a", "b"], name, [0.5, 0.5]) for name in ("p_alive", "future_margin_24m")]))
    assert file.frame.select("p_alive", "future_margin_24m_eur", "total_margin_eur", "value_decile").rows() == [
        (None,) * 4,
        (0.5, 0.5, 1.5, 1),
    ]
    assert file.warnings == ("1 customer refuses profiling: there are no scores of them.",)
    assert file.frame["score_quality"].to_list() == ["refused_profiling", "short_history"]
    assert file.frame["segment_value_activity"].to_list() == ["refused_profiling", "best_uncertain"]
    willing = people("a", consent_profiling=["granted"])
    assert made(willing, company.score(["a"], "p_alive", [0.5])).frame["p_alive"].to_list() == [0.5]


def test_equal_margins_fall_into_deciles_in_the_order_of_the_ids() -> None:
    deciles = valued([1.0] * 20, [0.0] * 20).frame["value_decile"].to_list()
    assert deciles == [i // 2 + 1 for i in range(20)]


def test_deciles_count_only_customers_with_a_margin() -> None:
    file = valued([float(i) for i in range(20)], [None] * 10 + [0.0] * 10)
    assert sorted(file.frame["value_decile"].drop_nulls()) == list(range(1, 11))
    assert file.frame["is_top20_margin"].null_count() == 10


def test_the_order_of_the_input_does_not_matter(file: CustomerFile) -> None:
    shuffled = company.customers().sample(fraction=1.0, shuffle=True, seed=5)
    again = made(shuffled, company.scores(company.customers()).reverse())
    assert again.frame.equals(file.frame)


def test_rounding_leaves_no_negative_zero() -> None:
    value = made(people("a", past_margin_eur=[-0.001])).frame["past_margin_eur"][0]
    assert str(value) == "0.0"


def test_identifiers_are_text_and_bad_ones_are_put_aside_with_their_row() -> None:
    file = made(people("b", "=a", "c"))
    assert file.frame["customer_id"].to_list() == ["b", "c"]
    assert file.refused.rows() == [("=a", "the identifier begins like a formula (= + - @, tab)", 2)]


def test_whole_number_identifiers_become_text() -> None:
    assert made(pl.DataFrame({"customer_id": [10, 9]})).frame["customer_id"].to_list() == ["10", "9"]


def test_a_repeated_customer_is_refused() -> None:
    with pytest.raises(TableError, match=r"2 rows share a customer_id"):
        made(people("a", "a", "b"))


def test_scores_of_another_day_are_refused() -> None:
    with pytest.raises(TableError, match="the scores are as of 2025-05-31, the customers as of 2025-06-30"):
        made(people("a"), company.score(["a"], "p_alive", [0.5], as_of=company.MAY))


def test_scores_of_strangers_are_refused() -> None:
    with pytest.raises(TableError, match=r"1 scored customers are not in the customer table"):
        made(people("a"), company.score(["a", "z"], "p_alive", [0.5, 0.5]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(TableError, match=r"1 values of p_alive are not finite numbers"):
        made(people("a"), company.score(["a"], "p_alive", [value]))


def test_two_versions_of_a_model_behind_one_score_are_refused() -> None:
    both = pl.concat([company.score(["a"], "p_alive", [0.5]), company.score(["b"], "p_alive", [0.5], version="2")])
    with pytest.raises(TableError, match=r"p_alive was made by several versions of lifetime_value.bg_nbd \(1, 2\)"):
        made(people("a", "b"), both)


def test_of_two_models_the_first_is_shown_with_a_warning_unless_one_is_preferred() -> None:
    both = pl.concat(
        [company.score(["a"], "churn_probability_90d", [0.1], model=model) for model in ("survival.kaplan_meier", "survival.cox")]
    )
    assert "survival.cox, survival.kaplan_meier; the file shows survival.cox" in made(people("a"), both).warnings[0]
    chosen = made(people("a"), both, prefer=("survival.kaplan_meier",))
    assert chosen.sources["churn_probability_90d"].model == "survival.kaplan_meier"
    assert not [w for w in chosen.warnings if "churn" in w]


def test_a_field_asked_for_needs_to_exist_and_a_purpose() -> None:
    with pytest.raises(ParameterError, match="unknown column 'postcod'; did you mean 'postcode'"):
        made(company.customers(), fields={"postcod": "store mailing"})
    with pytest.raises(ParameterError, match="'postcode' is requested without a purpose"):
        made(company.customers(), fields={"postcode": " "})


def test_a_field_asked_for_comes_with_labels_and_purpose() -> None:
    labels = pl.DataFrame(
        {
            "column": ["postcode"],
            "label_en": ["Postcode"],
            "label_fr": ["Code postal"],
            "meaning": ["Where."],
            "personal_data": ["personal"],
        }
    )
    file = made(company.customers(), fields={"postcode": "store mailing"}, dictionary=labels)
    assert file.frame.columns[-1] == "postcode"
    entry = data_dictionary(file).filter(column="postcode").row(0, named=True)
    assert (entry["label_fr"], entry["purpose"], entry["personal_data"]) == ("Code postal", "store mailing", "personal")


def test_the_customer_table_says_what_its_columns_mean() -> None:
    words = pl.DataFrame(
        {"column": ["orders_12m", "p_alive"], "meaning": ["As counted.", "Not taken."], "meaning_fr": ["Tel que compté.", ""]}
    )
    given = company.customers()
    rows = {row["column"]: row for row in data_dictionary(made(given, company.scores(given), dictionary=words)).iter_rows(named=True)}
    assert (rows["orders_12m"]["meaning_en"], rows["orders_12m"]["meaning_fr"]) == ("As counted.", "Tel que compté.")
    assert rows["orders_12m"]["null_means_en"] == ""
    assert rows["days_since_last_order"]["null_means_en"] == "has never ordered"
    assert rows["p_alive"]["meaning_en"].startswith("Probability")


def test_a_field_without_labels_keeps_its_name_and_counts_as_personal() -> None:
    entry = data_dictionary(made(company.customers(), fields={"postcode": "x"})).filter(column="postcode").row(0, named=True)
    assert (entry["label_en"], entry["personal_data"]) == ("postcode", "personal")


def test_the_marketer_view_is_the_same_whatever_the_file_has(file: CustomerFile) -> None:
    names = [c.name for c in marketer_view(file)]
    bare = made(people("a", "b", orders_12m=[1, 2], last_nps=[None, None]))
    assert [c.name for c in marketer_view(bare)] == names
    shown = narrowed(bare).frame
    assert shown.columns == names
    assert shown["orders_12m"].to_list() == [1, 2]
    assert shown["retention_call_rank"].null_count() == 2


def test_the_dictionary_says_why_a_column_of_the_fixed_view_is_empty_throughout() -> None:
    given = company.customers()
    bare = made(given.drop("orders_12m", "days_since_last_order"), None)
    rows = {row["column"]: row for row in data_dictionary(bare).iter_rows(named=True)}
    for name in ("orders_12m", "days_since_last_order"):
        assert (rows[name]["view"], rows[name]["null_means_en"]) == ("marketer", "no purchases were given")
    whole = {row["column"]: row for row in data_dictionary(made(given, None)).iter_rows(named=True)}
    assert whole["days_since_last_order"]["null_means_fr"] == "n'a jamais commandé"


def test_the_marketer_view_is_the_same_with_and_without_an_offer_or_a_model(file: CustomerFile) -> None:
    given = company.customers()
    scored = company.scores(given)
    ids = given.filter(pl.col("days_since_last_order").is_not_null())["customer_id"][:3]
    offer = [company.score(ids, name, [1.0, 2.0, 3.0]) for name in ("retention_call_rank", "retention_offer_profit")]
    expected = [(c.name, c.label["en"], c.label["fr"]) for c in marketer_view(file)]
    for left_out in ("p_alive", "future_margin_24m", "churn_probability_90d"):
        months = [scored.filter(pl.col("score") != left_out), pl.concat([scored, *offer]), None]
        for month in months:
            assert [(c.name, c.label["en"], c.label["fr"]) for c in marketer_view(made(given, month))] == expected, left_out


def test_the_marketer_view_begins_with_the_most_valuable(file: CustomerFile) -> None:
    shown = narrowed(file).frame
    total = shown["total_margin_eur"].to_list()
    known = [value for value in total if value is not None]
    assert known == sorted(known, reverse=True)
    assert total[len(known) :] == [None] * 40
    last = shown["customer_id"].to_list()[len(known) :]
    assert last == sorted(last)
    ties = narrowed(valued([1.0] * 5, [0.0] * 5)).frame["customer_id"].to_list()
    assert ties == sorted(ties)
    assert file.frame["customer_id"].is_sorted()


def test_codes_are_words_and_flags_yes_or_no_in_french_only(file: CustomerFile) -> None:
    english, french = (in_words(file.frame, file.columns, language) for language in ("en", "fr"))
    assert english["has_open_case"].dtype == pl.Boolean
    assert set(french["has_open_case"]) == {"Oui", "Non"}
    assert set(french["consent_email"]) == {"accord", "refus ou retrait", "jamais exprimé"}
    assert set(english["consent_email"]) == {"agrees", "refuses or withdrew", "never said"}
    assert french["customer_id"].equals(file.frame["customer_id"])
    unknown = made(people("a", channel_profile=["triple"]))
    assert in_words(unknown.frame, unknown.columns, "fr")["channel_profile"].to_list() == ["triple"]


def protected(n: int = 20) -> CustomerFile:
    """Customers of whom the first is protected and the second refuses profiling; each is worth one less than the previous one."""
    ids = [f"c{i:03d}" for i in range(n)]
    given = people(
        *ids,
        past_margin_eur=[float(n - i) for i in range(n)],
        days_since_last_order=[*range(n)],
        repeat_purchases=[n - i for i in range(n)],
        observed_days=[400.0] * n,
        is_protected=[True] + [False] * (n - 1),
        consent_profiling=["granted", "refused"] + ["granted"] * (n - 2),
    )
    return made(given, pl.concat([company.score(ids, name, [0.5] * n) for name in ("p_alive", "future_margin_24m")]))


def test_the_protected_keep_their_scores_and_are_in_no_rank() -> None:
    first, second, third = protected().frame.head(3).iter_rows(named=True)
    ranks = ("value_decile", "is_top20_margin", "rfm_recency", "rfm_frequency", "rfm_label")
    assert [first[name] for name in ranks] == [second[name] for name in ranks] == [None] * 5
    assert (first["p_alive"], first["total_margin_eur"], first["segment_value_activity"]) == (0.5, 20.5, "protected")
    assert (second["p_alive"], second["segment_value_activity"]) == (None, "refused_profiling")
    assert (third["value_decile"], third["rfm_recency"], third["segment_value_activity"]) == (1, 5, "best_uncertain")


def test_tenths_are_of_customers_who_may_be_ranked() -> None:
    counts = protected(22).frame.group_by("value_decile").len().sort("value_decile", nulls_last=True)["len"].to_list()
    assert counts == [2] * 11


def test_the_segment_goes_by_revenue_if_no_margin_is_known() -> None:
    given = people("a", "b", revenue_12m_eur=[10.0, 20.0])
    scored = pl.concat([company.score(["a", "b"], name, [0.5, 0.9]) for name in ("p_alive", "expected_orders_90d", "expected_order_value")])
    file = made(given, scored)
    assert file.frame["segment_value_activity"].to_list() == ["rest_uncertain", "best_active"]
    assert file.frame["score_quality"].to_list() == ["margin_unknown"] * 2


def test_nobody_under_contract_is_judged_by_purchases() -> None:
    given = people("a", "b", past_margin_eur=[1.0, 1.0], active_contracts=[1, 0], contract_age_days=[100, None])
    file = made(given, pl.concat([company.score(["a", "b"], name, [0.9, 0.9]) for name in ("p_alive", "future_margin_24m")]))
    assert file.frame["segment_value_activity"].to_list() == ["best_contract", "rest_active"]
    assert file.frame["score_quality"].to_list() == ["ok", "short_history"]


def test_dictionary_names_the_model_behind_each_score_and_what_rests_on_it(file: CustomerFile) -> None:
    rows = {row["column"]: row for row in data_dictionary(file).iter_rows(named=True)}
    assert list(rows)[: len(file.columns)] == file.frame.columns
    assert {row["view"] for name, row in rows.items() if name not in file.frame.columns} == {"marketer"}
    assert {name for name, row in rows.items() if "marketer" in row["view"]} == {c.name for c in marketer_view(file)}
    assert (rows["churn_probability_90d"]["model"], rows["churn_probability_90d"]["trained_as_of"]) == ("survival.cox", "2025-06-30")
    assert rows["value_decile"]["model"] == "lifetime_value.bg_nbd"
    assert rows["orders_12m"]["model"] == ""
    assert rows["customer_id"]["personal_data"] == "pseudonym"
    assert rows["has_open_case"]["view"] in {"full", "marketer, full"}


def test_input_frames_are_not_changed() -> None:
    people_, scored = company.customers(), company.scores(company.customers())
    before = people_.clone(), scored.clone()
    made(people_, scored)
    assert people_.equals(before[0])
    assert scored.equals(before[1])


def test_nobody_to_deliver_is_an_empty_file() -> None:
    file = customer_file(people(), None, as_of=date(2025, 1, 1), currency="EUR")
    assert file.frame.columns == ["customer_id", "as_of", "score_quality"]
    assert narrowed(file).frame.is_empty()
    assert data_dictionary(file)["column"].to_list()[:3] == ["customer_id", "as_of", "score_quality"]


def test_the_bounds_of_the_margin_ahead_are_in_the_marketer_view(file: CustomerFile) -> None:
    names = [c.name for c in marketer_view(file)]
    assert names[names.index("future_margin_24m_eur") :][:3] == [f"future_margin_24m_eur{end}" for end in ("", "_low", "_high")]
    assert "score_quality" in names


def test_a_margin_of_all_time_is_next_to_the_other_and_not_in_the_total() -> None:
    both = [
        company.score(["a"], "future_margin_24m", [2.0], bounds=([1.0], [3.0])),
        company.score(["a"], "future_margin_endless", [5.0], bounds=([4.0], [6.0])),
    ]
    row = made(people("a", past_margin_eur=[1.0]), pl.concat(both)).frame.row(0, named=True)
    assert [row[f"future_margin_endless_eur{end}"] for end in ("", "_low", "_high")] == [5.0, 4.0, 6.0]
    assert row["total_margin_eur"] == 3.0
    assert "future_margin_endless_eur" not in {c.name for c in marketer_view(made(people("a", past_margin_eur=[1.0]), pl.concat(both)))}


def test_a_loss_ahead_is_delivered_as_one() -> None:
    file = made(people("a", past_margin_eur=[1.0]), company.score(["a"], "future_margin_24m", [-2.0], bounds=([-3.0], [-1.0])))
    assert file.frame.select("future_margin_24m_eur", "total_margin_eur").row(0) == (-2.0, -1.0)


def reasons(**more) -> pl.DataFrame:
    rows = {
        "customer_id": ["a", "a", "b"],
        "rank": [1, 2, 1],
        "code": ["x_high", "y_no", "y_no"],
        "reason_en": ["x above usual", "y: no", "y: no"],
        "reason_fr": ["x au-dessus de l’habituel", "y : non", "y : non"],
    }
    return pl.DataFrame(rows).with_columns(as_of=pl.lit(DAY), model=pl.lit("survival.cox"), version=pl.lit("1")).with_columns(**more)


def test_reasons_are_next_to_the_risk_as_codes_with_words_in_the_dictionary() -> None:
    risk = company.score(["a", "b", "c"], "churn_probability_90d", [0.3, 0.2, 0.1], model="survival.cox")
    file = made(people("a", "b", "c"), risk, reasons=reasons())
    assert file.frame.select(pl.col("^churn_reason_.*$")).rows() == [("x_high", "y_no", None), ("y_no", None, None), (None, None, None)]
    entry = data_dictionary(file).filter(column="churn_reason_1").row(0, named=True)
    assert entry["allowed_values_fr"] == "x_high = x au-dessus de l’habituel; y_no = y : non"
    assert (entry["model"], entry["model_version"], entry["view"]) == ("survival.cox", "1", "marketer, full")
    assert in_words(file.frame, file.columns, "fr")["churn_reason_1"].to_list() == ["x au-dessus de l’habituel", "y : non", None]


@pytest.mark.parametrize(("of_x", "expected"), [("none", "personal"), ("sensitive", "sensitive")])
def test_a_reason_is_as_personal_as_the_attribute_behind_it(of_x: str, expected: str) -> None:
    risk = company.score(["a", "b", "c"], "churn_probability_90d", [0.3, 0.2, 0.1], model="survival.cox")
    words = pl.DataFrame({"column": ["x", "y"], "personal_data": [of_x, "personal"]})
    file = made(people("a", "b", "c"), risk, reasons=reasons(), dictionary=words)
    assert data_dictionary(file).filter(column="churn_reason_2")["personal_data"].item() == expected


def test_reasons_of_another_version_or_of_customers_who_refuse_profiling_are_hidden() -> None:
    risk = company.score(["a", "b"], "churn_probability_90d", [0.3, 0.2], model="survival.cox")
    old = made(people("a", "b"), risk, reasons=reasons(version=pl.lit("2")))
    assert not [name for name in old.frame.columns if name.startswith("churn_reason")]
    file = made(people("a", "b", consent_profiling=["refused", "granted"]), risk, reasons=reasons())
    assert file.frame["churn_reason_1"].to_list() == [None, "y_no"]
    assert "x_high" not in data_dictionary(file).filter(column="churn_reason_1")["allowed_values_en"].item()

"""The next-product model: policies, exclusions, reasons, cold start, what it learns, and bad input."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from models.affinity.shoppers import AS_OF, histories, simulated
from polars.testing import assert_frame_equal

from relkit.errors import NotEnoughEventsError, ParameterError, TableError
from relkit.metrics.recommendation import paired_difference
from relkit.models.affinity.next_judging import judge_lists
from relkit.models.affinity.next_product import FittedNextProduct, NextProduct

WORLD, LATER = simulated(600, seed=1)
CATEGORIES = {f"p{i:02d}": f"taste {i % 5}" for i in range(42)}
"""Two products more than the world has: nobody has bought p40 and p41."""


@pytest.fixture(scope="module")
def fitted() -> FittedNextProduct:
    return NextProduct(neighbours=20).fit(WORLD, as_of=AS_OF)


@pytest.fixture(scope="module")
def plain() -> FittedNextProduct:
    """Return a model of six customers, too few for weights: own frequency and popularity decide, which can be followed by hand."""
    return NextProduct(shrink=0.0).fit(SIX, as_of=AS_OF)


SIX = histories(
    ("a", [(90, "x"), (60, "xy"), (30, "x")]),
    ("b", [(90, "yz"), (30, "yz")]),
    ("c", [(40, "z")]),
    ("d", [(50, "yz"), (20, "yw")]),
    ("e", [(25, "z")]),
    ("none", []),
)


def of(frame: pl.DataFrame, customer: str) -> list[str]:
    return frame.filter(pl.col("customer_id") == customer)["product_id"].to_list()


class TestLists:
    def test_one_row_per_product_in_the_order_of_the_customers(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(WORLD, top=4)
        assert found.columns == [
            "customer_id",
            "rank",
            "product_id",
            "probability",
            "is_repeat",
            "because",
            "reason",
            "is_new_customer",
            "is_new_product",
        ]
        assert found["customer_id"].unique(maintain_order=True).to_list() == WORLD["customer_id"].to_list()
        by_customer = found.group_by("customer_id", maintain_order=True).agg(
            "rank", "probability", pl.col("product_id").n_unique().alias("n")
        )
        assert (by_customer["n"] == 4).all()
        assert by_customer["rank"].to_list() == [[1, 2, 3, 4]] * len(WORLD)
        assert found["probability"].is_between(0, 1).all()
        assert (by_customer["probability"].list.diff().list.max() <= 0).all()

    def test_a_longer_list_begins_with_the_shorter_one(self, fitted: FittedNextProduct) -> None:
        long = fitted.recommend(WORLD, top=9)
        assert_frame_equal(long.filter(pl.col("rank") <= 3), fitted.recommend(WORLD, top=3))

    def test_excluded_products_leave_their_place_to_the_next(self, fitted: FittedNextProduct) -> None:
        first = fitted.recommend(WORLD, top=2)
        out = first["product_id"].value_counts(sort=True)["product_id"].head(3).to_list()
        found = fitted.recommend(WORLD, top=2, exclude=out)
        assert not found["product_id"].is_in(out).any()
        assert (found.group_by("customer_id").len()["len"] == 2).all()
        untouched = first.group_by("customer_id").agg(pl.col("product_id").is_in(out).any().alias("had")).filter(~pl.col("had"))
        same = untouched["customer_id"].implode()
        assert_frame_equal(found.filter(pl.col("customer_id").is_in(same)), first.filter(pl.col("customer_id").is_in(same)))

    def test_candidates_are_the_only_products_offered_and_all_are_ranked(self, fitted: FittedNextProduct) -> None:
        given = ["p03", "p17", "p22", "unheard of"]
        found = fitted.rank_candidates(WORLD, given)
        assert set(found["product_id"]) == {"p03", "p17", "p22"}
        assert (found.group_by("customer_id").len()["len"] == 3).all()
        alone = fitted.recommend(WORLD, top=40, owned="allow").join(found, on=["customer_id", "product_id"], suffix="_given")
        assert len(alone)
        assert alone["probability"].to_list() == pytest.approx(alone["probability_given"].to_list())

    def test_a_category_gives_at_most_its_number(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(WORLD, top=4, per_category=1, categories={k: v for k, v in CATEGORIES.items() if k < "p40"})
        tastes = found.with_columns(taste=pl.col("product_id").replace_strict(CATEGORIES))
        assert (tastes.group_by("customer_id").agg(pl.col("taste").n_unique())["taste"] == 4).all()
        assert_frame_equal(found.filter(rank=1), fitted.recommend(WORLD, top=1))

    def test_fewer_candidates_make_a_shorter_list(self, plain: FittedNextProduct) -> None:
        found = plain.recommend(SIX, top=3, owned="exclude")
        assert [of(found, name) for name in ("a", "b")] == [["z", "w"], ["x", "w"]]
        assert of(plain.recommend(SIX, top=3, owned="repeats_only"), "none") == []


class TestCustomersApart:
    def test_a_list_does_not_depend_on_who_else_is_listed(self, fitted: FittedNextProduct) -> None:
        """Customers of one basket need a usual gap, which is that of the fit and not of the others in the frame."""
        once = WORLD.with_columns(pl.exclude("customer_id").list.head(1))
        mixed = pl.concat([once.head(30), WORLD.slice(30)])
        clock = {"as_of": date(2020, 1, 1), "owned": "allow"}  # long past: each is counted from his own last basket
        whole = fitted.recommend(mixed, top=5, **clock)  # type: ignore[arg-type]
        alone = [fitted.recommend(mixed[at], top=5, **clock) for at in range(0, 60, 3)]  # type: ignore[arg-type]
        ids = pl.concat(alone)["customer_id"].unique().implode()
        assert_frame_equal(whole.filter(pl.col("customer_id").is_in(ids)), pl.concat(alone), abs_tol=1e-12, rel_tol=0)

    def test_customers_ranked_for_a_product_have_the_probabilities_of_their_lists(self, fitted: FittedNextProduct) -> None:
        mixed = pl.concat([WORLD.head(200).with_columns(pl.exclude("customer_id").list.head(1)), WORLD.slice(200, 200)])
        lists = fitted.recommend(mixed, top=40)
        for product in ("p03", "p11"):
            listed = lists.filter(pl.col("product_id") == product)
            ranked = fitted.rank_customers(mixed.sample(fraction=1.0, shuffle=True, seed=1), product)
            both = listed.join(ranked, on="customer_id", suffix="_ranked")
            assert len(both) == len(listed) > 50
            assert (both["probability"] - both["probability_ranked"]).abs().max() < 1e-6  # type: ignore[operator]
            assert both["reason"].equals(both["reason_ranked"])

    def test_lists_of_a_limit_that_does_not_bind_are_those_without_it(self, fitted: FittedNextProduct) -> None:
        """With a limit all candidates are kept and sorted; without one the best are found as they are valued."""
        people = pl.concat([WORLD, histories(("zz new", []))], how="vertical_relaxed")
        everything = {f"p{at:02d}": "all" for at in range(40)}
        for owned in ("allow", "exclude"):
            limited = fitted.recommend(people, top=6, owned=owned, per_category=6, categories=everything)  # type: ignore[arg-type]
            assert_frame_equal(fitted.recommend(people, top=6, owned=owned), limited, abs_tol=1e-12, rel_tol=0)  # type: ignore[arg-type]


class TestPolicies:
    def test_exclude_offers_nothing_that_was_bought_and_repeats_only_nothing_else(self, fitted: FittedNextProduct) -> None:
        had = WORLD.explode("products", "days", "baskets").select("customer_id", product_id="products").unique()
        new = fitted.recommend(WORLD, owned="exclude")
        assert new.join(had, on=["customer_id", "product_id"], how="semi").is_empty()
        assert not new["is_repeat"].any()
        again = fitted.recommend(WORLD, owned="repeats_only")
        assert again.join(had, on=["customer_id", "product_id"], how="anti").is_empty()
        assert again["is_repeat"].all()

    def test_after_the_gap_a_product_may_be_offered_again(self, plain: FittedNextProduct) -> None:
        """Customer a takes x every 30 days and did so 30 days ago; with a day of the last purchase, half the interval has not passed."""
        assert "x" in of(plain.recommend(SIX, owned="allow_after_gap"), "a")
        recent = histories(("a", [(60, "x"), (30, "x"), (1, "x"), (0, "w")]))
        assert "x" in of(plain.recommend(recent, owned="allow"), "a")
        longer = replace(plain, settings=replace(plain.settings, gap_share=1.5))
        assert "x" not in of(longer.recommend(recent, owned="allow_after_gap"), "a")

    def test_a_reason_tells_habit_from_what_is_due(self, plain: FittedNextProduct) -> None:
        found = plain.recommend(SIX, owned="allow", as_of=date(2025, 9, 30)).filter(pl.col("is_repeat"))
        reasons = {(row["customer_id"], row["product_id"]): row["reason"] for row in found.to_dicts()}
        assert reasons["a", "x"] == "due_again"
        assert reasons["c", "z"] == "habit"
        assert found["because"].is_null().all()

    def test_new_products_name_the_one_that_they_go_with(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(WORLD, owned="exclude", top=1)
        together = found.filter(pl.col("reason") == "bought_together")
        assert len(together) > len(found) / 2
        had = WORLD.explode("products", "days", "baskets").select("customer_id", because="products").unique()
        assert together.join(had, on=["customer_id", "because"], how="anti").is_empty()
        taste = [int(one[1:]) % 5 == int(other[1:]) % 5 for one, other in zip(together["product_id"], together["because"], strict=True)]
        assert np.mean(taste) > 0.95
        assert found.filter(pl.col("reason") == "popular")["because"].is_null().all()


class TestColdStart:
    def test_new_customers_get_what_first_baskets_contain(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(histories(("new", [])), top=3)
        assert found["is_new_customer"].all()
        assert found["reason"].to_list() == ["popular"] * 3
        shares = fitted.products.sort("first", "product_id", descending=[True, False]).head(3)
        assert found["product_id"].to_list() == shares["product_id"].to_list()
        assert found["probability"].to_list() == pytest.approx(shares["first"].to_list())

    def test_products_nobody_has_bought_are_judged_by_their_category(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(WORLD, top=20, owned="exclude", categories=CATEGORIES)
        new = found.filter(pl.col("is_new_product"))
        assert set(new["product_id"]) == {"p40", "p41"}
        assert (new["reason"] == "category").all()
        first = WORLD["products"].list.first().to_list()
        tastes = dict(zip(WORLD["customer_id"], [int(name[1:]) % 5 for name in first], strict=True))
        own = [int(row["product_id"][1:]) % 5 == tastes[row["customer_id"]] for row in new.to_dicts()]
        assert new.filter(pl.Series(own))["probability"].mean() > 2 * new.filter(~pl.Series(own))["probability"].mean()  # type: ignore[operator]
        assert "p40" not in set(fitted.recommend(WORLD, top=20, owned="exclude")["product_id"])

    def test_a_new_product_of_an_unknown_category_is_not_offered(self, fitted: FittedNextProduct) -> None:
        found = fitted.recommend(WORLD, candidates=["p01", "p77"], categories=CATEGORIES | {"p77": "hardware"})
        assert set(found["product_id"]) == {"p01"}

    def test_unseen_products_of_a_history_count_as_baskets_only(self, fitted: FittedNextProduct) -> None:
        stranger = histories(("s", [(20, ["nothing we sell"]), (5, ["neither this"])]))
        found = fitted.recommend(stranger)
        assert len(found) == 3
        assert not found["is_new_customer"].any()
        assert found["probability"].is_finite().all()


class TestWhatIsLearnt:
    def test_it_beats_personal_frequency_where_tastes_are_planted(self, fitted: FittedNextProduct) -> None:
        judged = judge_lists(fitted, WORLD, LATER)
        for measure in ("recall", "ndcg", "recall_explore"):
            one, other = (getattr(judged.measures[name], measure) for name in ("model", "personal"))
            assert paired_difference(one, other).lower > 0

    def test_probabilities_are_what_happens(self, fitted: FittedNextProduct) -> None:
        """Customers of another draw of the same world: mean prediction and share bought agree within three standard errors."""
        others, later = simulated(900, seed=2)
        found = fitted.recommend(others, top=20, owned="allow").join(later, on="customer_id")
        bought = found.with_columns(bought=pl.col("product_id").is_in(pl.col("next_products")))
        for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0)):
            part = bought.filter(pl.col("probability").is_between(low, high, closed="left"))
            share: Any = part["bought"].mean()
            error = 3 * np.sqrt(share * (1 - share) / len(part)) + 0.02
            assert part["probability"].mean() == pytest.approx(share, abs=error), (low, high, len(part))

    def test_the_calibration_is_kept_with_the_model(self, fitted: FittedNextProduct) -> None:
        table = fitted.calibration
        assert set(table["kind"]) == {"repeat", "new"}
        near = (table["predicted"] - table["observed"]).abs() * table["candidates"]
        assert near.sum() / table["candidates"].sum() < 0.02  # type: ignore[operator]
        assert ((table["observed_lower"] <= table["observed"]) & (table["observed"] <= table["observed_upper"])).all()

    def test_judging_reports_repeats_and_discoveries_apart_next_to_the_baselines(self, fitted: FittedNextProduct) -> None:
        metrics = fitted.settings.judge(fitted, WORLD, LATER)
        for name in ("recall_10", "ndcg_10", "recall_10_repeat", "recall_10_explore", "precision_10", "hit_10"):
            assert {name, f"{name}_personal", f"{name}_global"} <= set(metrics)
        assert {"coverage_10", "novelty_10", "calibration_error_3"} <= set(metrics)

    @pytest.mark.parametrize("similarity", ["cosine", "bm25", "ease"])
    def test_every_similarity_finds_the_tastes(self, similarity: Any) -> None:
        fitted = NextProduct(similarity=similarity, neighbours=7).fit(WORLD, as_of=AS_OF)
        near = fitted.similar_items("p03", 7)["product_id"].to_list()
        assert [int(name[1:]) % 5 for name in near] == [3] * 7


class TestCustomersForAProduct:
    def test_the_list_is_that_of_recommendations_turned_round(self, fitted: FittedNextProduct) -> None:
        best = fitted.rank_customers(WORLD, "p07", owned="allow")
        assert best["customer_id"].n_unique() == len(WORLD)
        assert best["probability"].is_sorted(descending=True)
        own = fitted.recommend(WORLD, top=40, owned="allow", candidates=["p07"]).select(
            "customer_id", "probability", "is_repeat", "reason", "because"
        )
        assert_frame_equal(best.sort("customer_id"), own.sort("customer_id"))

    def test_the_best_only_and_without_those_who_have_it(self, fitted: FittedNextProduct) -> None:
        found = fitted.rank_customers(WORLD, "p07", top=25, owned="exclude")
        assert len(found) == 25
        assert not found["is_repeat"].any()
        assert fitted.rank_customers(WORLD, "p07", owned="repeats_only")["is_repeat"].all()

    def test_an_unknown_product_is_refused(self, fitted: FittedNextProduct) -> None:
        with pytest.raises(ParameterError, match="unknown product 'p7'"):
            fitted.rank_customers(WORLD, "p7")
        with pytest.raises(ParameterError, match="unknown product 'p7'"):
            fitted.similar_items("p7")


class TestBadInput:
    def test_nobody_who_comes_back_leaves_frequency_and_popularity_with_a_remark(self) -> None:
        once = histories(*[(f"c{i}", [(i, "xy" if i % 2 else "xz")]) for i in range(40)])
        fitted = NextProduct().fit(once, as_of=AS_OF)
        assert [remark.code for remark in fitted.info.remarks] == ["weights_not_learnt", "one_basket"]
        assert fitted.calibration.is_empty()
        assert fitted.recommend(once, top=1, owned="exclude").filter(customer_id="c1")["product_id"].item() == "z"

    def test_one_customer(self) -> None:
        fitted = NextProduct().fit(histories(("a", [(9, "xy"), (2, "x")])), as_of=AS_OF)
        assert fitted.recommend(histories(("b", [(3, "y")])), top=1, owned="exclude")["product_id"].to_list() == ["x"]

    def test_one_product(self) -> None:
        fitted = NextProduct().fit(histories(("a", [(9, "x"), (2, "x")]), ("b", [(4, "x")])), as_of=AS_OF)
        assert fitted.recommend(SIX, owned="allow").filter(customer_id="none")["product_id"].to_list() == ["x"]
        assert fitted.similar_items("x").is_empty()

    def test_a_basket_of_5000_products_and_one_with_a_product_twice(self) -> None:
        wide = [f"w{i:04d}" for i in range(5_000)]
        rows = histories(("shop", [(5, wide)]), ("a", [(9, "xx"), (2, "x")]), ("b", [(4, ["w0001", "w0002"])]))
        fitted = NextProduct().fit(rows, as_of=AS_OF)
        x = fitted.products.filter(product_id="x")
        assert x["popularity"].item() == pytest.approx(2 / 4)
        assert fitted.recommend(rows, top=2, owned="exclude").filter(customer_id="b").height == 2

    def test_nothing_bought_is_refused(self) -> None:
        with pytest.raises(NotEnoughEventsError, match="no customer has bought a product"):
            NextProduct().fit(histories(("a", []), ("b", [])), as_of=AS_OF)

    def test_lists_that_do_not_match_and_nulls_in_them_are_refused(self) -> None:
        short = SIX.with_columns(pl.col("days").list.head(1))
        with pytest.raises(TableError, match=r"the lists of 3 of 6 rows differ in length \(first: row 0\)"):
            NextProduct().fit(short, as_of=AS_OF)
        holed = SIX.with_columns(pl.col("products").list.eval(pl.when(pl.element() != "x").then(pl.element())))
        with pytest.raises(TableError, match="3 of 14 purchases have no product"):
            NextProduct().fit(holed, as_of=AS_OF)

    def test_a_customer_twice_is_refused(self) -> None:
        with pytest.raises(TableError, match="rows share a key"):
            NextProduct().fit(pl.concat([SIX, SIX]), as_of=AS_OF)

    def test_settings_and_arguments_out_of_range(self, plain: FittedNextProduct) -> None:
        with pytest.raises(ParameterError, match="neighbours is 0"):
            NextProduct(neighbours=0)
        with pytest.raises(ParameterError, match="unknown owned 'excluded'; did you mean 'exclude'"):
            plain.recommend(SIX, owned="excluded")  # type: ignore[arg-type]
        with pytest.raises(ParameterError, match="per_category is given without categories"):
            plain.recommend(SIX, per_category=1)
        with pytest.raises(ParameterError, match="top is 0"):
            plain.recommend(SIX, top=0)

    def test_rare_products_beyond_the_limit_are_left_out_with_a_remark(self) -> None:
        fitted = NextProduct(most_products=2).fit(SIX, as_of=AS_OF)
        assert fitted.products["product_id"].to_list() == ["y", "z"]
        assert fitted.info.remarks[0].code == "rare_products"

    def test_nobody_to_judge_on(self, plain: FittedNextProduct) -> None:
        nobody = pl.DataFrame({"customer_id": ["a"], "next_products": [None]}, schema_overrides={"next_products": pl.List(pl.String)})
        with pytest.raises(NotEnoughEventsError, match="nobody bought in the holdout"):
            plain.settings.judge(plain, SIX, nobody)

    def test_types_of_products_and_row_order_within_lists_do_not_matter(self, fitted: FittedNextProduct) -> None:
        coded = WORLD.with_columns(pl.col("products").cast(pl.List(pl.Enum(sorted({f"p{i:02d}" for i in range(40)})))))
        assert_frame_equal(fitted.recommend(coded), fitted.recommend(WORLD))
        turned = WORLD.with_columns(pl.col("products", "days", "baskets").list.reverse())
        assert_frame_equal(fitted.recommend(turned), fitted.recommend(WORLD))

    def test_the_day_may_be_given(self, plain: FittedNextProduct) -> None:
        later = plain.recommend(SIX, owned="allow", as_of=date(2026, 6, 30)).filter(pl.col("is_repeat") & (pl.col("customer_id") == "b"))
        assert later["reason"].unique().to_list() == ["due_again"]


def test_terms_beyond_those_seen_state_no_more_than_the_highest_probability_seen(fitted: FittedNextProduct) -> None:
    """A basket of thousands of products takes the terms of its customer far outside of what was learnt from."""
    for head in (fitted.repeat, fitted.new):
        assert 0.05 < head.highest < 0.99
        assert head.calibrated(np.array([-2.0, 50.0])).tolist() == [head.calibrated(np.array([-2.0]))[0], head.highest]
    assert fitted.recommend(WORLD)["probability"].max() <= fitted.repeat.highest

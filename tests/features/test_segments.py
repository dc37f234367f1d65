from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from relkit.features.segments import MOST, SMALLEST, Segments, candidates
from relkit.reports.summary_tables import SMALLEST_GROUP


def of(values: list | np.ndarray | pl.Series) -> tuple[Segments, list]:
    frame = pl.DataFrame({"x": values})
    found = Segments.of(frame, "x")
    return found, found.places(frame).to_list()


def test_the_smallest_segment_is_the_smallest_group_that_reports_show() -> None:
    assert SMALLEST == SMALLEST_GROUP


def test_a_text_is_a_segment_a_value_and_what_is_rare_goes_with_the_others() -> None:
    found, places = of(["a"] * 30 + ["b"] * 20 + ["c"] * 6 + ["d"] * 5)
    assert (found.values, found.has_others, found.left_out, len(found)) == (("a", "b"), True, 0, 3)
    assert places == [0] * 30 + [1] * 20 + [2] * 11


def test_others_too_few_to_be_shown_are_in_no_segment() -> None:
    found, places = of(["a"] * 30 + ["b"] * 20 + ["c"] * 9)
    assert (found.has_others, found.left_out) == (False, 9)
    assert places[-9:] == [None] * 9


def test_of_many_values_five_are_kept() -> None:
    found, places = of([f"v{i}" for i in range(9) for _ in range(20 + i)])
    assert (found.values, len(found)) == (("v4", "v5", "v6", "v7", "v8"), MOST)
    assert places.count(5) == sum(20 + i for i in range(4))


def test_six_values_stay_six_and_what_is_empty_is_one_of_them() -> None:
    found, places = of([value for value in ("a", "b", "c", "d", "e", None) for _ in range(10)])
    assert found.values == ("a", "b", "c", "d", "e", None)
    assert (found.has_others, places[-1]) == (False, 5)


@pytest.mark.parametrize("values", [[True, False, True] * 10, [1.0, 0.0, 1.0] * 10, [1, 0, 1] * 10])
def test_a_flag_is_zero_and_one_whatever_its_type(values: list) -> None:
    found, places = of(values)
    assert (found.kind, found.values) == ("flag", ("0", "1"))
    assert places == [1, 0, 1] * 10


def test_a_number_with_few_values_has_a_segment_for_each_in_order_of_size() -> None:
    found, _ = of([24.0, 0.0, 12.0, 100.0] * 10)
    assert (found.kind, found.values) == ("number", ("0", "12", "24", "100"))


def test_another_number_is_cut_into_quarters_that_other_rows_fall_into() -> None:
    found, places = of(np.arange(100.0))
    assert (found.kind, found.values) == ("quarters", ("0", "1", "2", "3"))
    assert [places.count(k) for k in range(4)] == pytest.approx([25] * 4, abs=1)
    later = found.places(pl.DataFrame({"x": [-5.0, 1000.0, None, float("nan")]}))
    assert later.to_list() == [0, 3, None, None]


def test_quarters_where_most_are_the_largest_value() -> None:
    found, places = of([float(i) for i in range(12)] + [50.0] * 88)
    assert (found.edges, found.values) == ((11.0,), ("0", "1"))
    assert places == [0] * 12 + [1] * 88


def test_a_day_is_taken_by_year() -> None:
    found, _ = of([date(2023, 5, 1)] * 12 + [date(2024, 2, 1)] * 15)
    assert found.values == ("2023", "2024")


def test_candidates_are_the_columns_that_distinguish_contracts() -> None:
    n = 40
    frame = pl.DataFrame(
        {
            "customer_id": [str(i) for i in range(n)],
            "status": ["active", "ended"] * (n // 2),
            "event": [True, False] * (n // 2),
            "product_id": ["a", "b"] * (n // 2),
            "name": [f"n{i}" for i in range(n)],
            "monthly_amount": np.arange(n) * 1.0,
            "monthly_margin": np.arange(n) * 0.5,
            "constant": [1.0] * n,
            "is_paperless": [True, False] * (n // 2),
            "started_on": [date(2024, 1, 1)] * n,
        }
    )
    assert candidates(frame) == ("product_id", "monthly_amount", "is_paperless")
    assert candidates(frame.drop("monthly_amount")) == ("product_id", "monthly_margin", "is_paperless")

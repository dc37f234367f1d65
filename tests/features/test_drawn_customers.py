"""Customers drawn by a hash: the same in any order, nested, and spread evenly over ids."""

from __future__ import annotations

import polars as pl

from relkit.features.drawn_customers import drawn_customers

IDS = pl.Series([f"K{i:06d}" for i in range(20_000)])


def test_the_sample_has_its_size_does_not_depend_on_the_order_and_is_part_of_a_larger_one() -> None:
    small, large = (drawn_customers(IDS, most) for most in (500, 4_000))
    mixed = drawn_customers(IDS.sample(fraction=1.0, shuffle=True, seed=3), 500)
    assert small is not None
    assert large is not None
    assert mixed is not None
    assert (len(small), small.equals(mixed), small.is_in(large.implode()).all()) == (500, True, True)
    tenths = large.str.slice(1).cast(pl.Int64) // 2_000
    assert tenths.value_counts()["count"].min() > 330  # type: ignore[operator]
    other = drawn_customers(IDS, 500, seed=1)
    assert other is not None
    assert not other.equals(small)


def test_golden_ids() -> None:
    """BLAKE2b of Python 3.11's hashlib, keyed with eight zero bytes; the smallest of little-endian numbers."""
    found = drawn_customers(pl.Series(list("abcdef")), 3)
    assert found is not None
    assert found.to_list() == ["a", "d", "e"]
